package config

import (
	"strings"
	"testing"
)

func TestKeysAreDescribed(t *testing.T) {
	restarts := 0
	for _, k := range Keys() {
		if k.Key == "" || k.Allowed == "" {
			t.Errorf("%+v", k)
		}
		if k.Restart {
			restarts++
		}
		if want := k.Key == "web.pin" || k.Key == "web.write_token" || k.Key == "alexa.bearer_token"; k.Secret != want {
			t.Errorf("%s: secret is %v", k.Key, k.Secret)
		}
	}
	if restarts != len(restart()) {
		t.Errorf("%d keys need a restart, not %d: one of them is no setting", restarts, len(restart()))
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct{ key, text, want string }{
		{"display.theme", "dark", ""}, {"display.theme", "pink", "eink"}, {"display.days", "40", "31"}, {"display.day", "4", "display.days"}, {"web.pin", "1234", ""},
		{"web.pin", "123", "4 to 64"}, {"web.write_token", "short", "8 to 512"},
	} {
		err := Check(c.key, c.text)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s = %s: %v", c.key, c.text, err)
		}
		if err != nil && strings.Contains(c.key, "pin") && strings.Contains(err.Error(), `"`+c.text) {
			t.Errorf("the secret is told: %v", err)
		}
	}
}

// A secret that is set is the one that is kept, as any other setting is.
func TestSecretsKeepWhatIsSet(t *testing.T) {
	for _, key := range []string{"web.pin", "web.write_token", "alexa.bearer_token"} {
		scratch := Default()
		if text, err := allowed(scratch.settings(), key, "2468-2468"); err != nil || text != "2468-2468" {
			t.Errorf("%s: %q, %v", key, text, err)
		}
	}
}
