package web

import (
	"regexp"
	"strings"
	"testing"

	"calendarbot/agent/config"
)

func TestHash(t *testing.T) {
	hash, err := Hash("1234")
	if err != nil || !regexp.MustCompile(`^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`).MatchString(hash) {
		t.Fatalf("%q, %v", hash, err)
	}
	for _, key := range []string{"web.pin", "web.write_token"} {
		if err := config.Check(key, hash); err != nil {
			t.Errorf("the configuration does not take it as %s: %v", key, err)
		}
	}
	for _, wrong := range []string{"", strings.Repeat("x", maxSecret+1)} {
		if hash, err := Hash(wrong); err == nil {
			t.Errorf("%d bytes: %q", len(wrong), hash)
		}
	}
}

func TestHolds(t *testing.T) {
	hash, err := Hash("1234")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		kept, given string
		want        bool
	}{
		{"1234", "1234", true}, {"1234", "12345", false}, {"1234", "", false}, {"", "", false}, {"", "x", false}, {hash, "1234", true}, {hash, "1235", false},
		{hash, hash, false}, {hash, "", false}, {hash, strings.Repeat("1", maxSecret+1), false}, {"$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$", "1234", false},
		{"$argon2id$", "1234", false}, {"$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHQ$c29tZXNhbHQ", "1234", false}, {"$argon2id$v=19$m=64,t=1,p=1$!$c29tZXNhbHQ", "1234", false},
		{"$argon2id$v=19$x$c29tZXNhbHQ$c29tZXNhbHQ", "1234", false},
	} {
		if got := holds(config.Secret(c.kept), c.given); got != c.want {
			t.Errorf("%s holds %q: %v", c.kept, c.given, got)
		}
	}
}
