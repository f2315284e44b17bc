package overlay

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"calendarbot/agent/slot"
)

func TestWhatIsShownHidesSecrets(t *testing.T) {
	b := newBoard(t)
	b.start()
	b.put(upperA+agentFile, stable+"web: {pin: \"2468\", write_token: secret-token}\nsources:\n- {name: Family, url: \"https://calendar.example/secret.ics\"}\n")
	b.put(upperA+"wpa_supplicant/wpa_supplicant-wlan0.conf", "psk=\"secret horse\"\n")
	b.put(upperA+"hostname", "hall\n")
	b.put(upperB+"hostname", "kitchen\n")
	b.put(upperB+"issue", "x\n")
	shown := Show(b.root)
	if shown.Active != slot.A || shown.Running != slot.A || shown.Next != slot.A || len(shown.Slots) != 2 {
		t.Errorf("%+v", shown)
	}
	if got := fmt.Sprint(shown.Slots[0].Files, len(shown.Slots[0].Changes)); got != "[/etc/hostname /etc/wpa_supplicant/wpa_supplicant-wlan0.conf] 3" {
		t.Error(got)
	}
	differences, err := Diff(b.root, slot.A, slot.B)
	if err != nil {
		t.Fatal(err)
	}
	want := "[{/etc/hostname changed} {/etc/issue added} {/etc/wpa_supplicant/wpa_supplicant-wlan0.conf removed}]"
	if got := fmt.Sprint(differences.Files); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	want = "[{features.request_pipeline 0% 100%} {features.cache_warming 0% 100%} {web.pin *** } {web.write_token *** } {sources.Family a source }]"
	if got := fmt.Sprint(differences.Settings); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, v := range []any{shown, differences} {
		text, err := json.Marshal(v)
		if err != nil || strings.Contains(string(text), "secret") || strings.Contains(string(text), "2468") {
			t.Errorf("%v: %s", err, text)
		}
	}
	same, err := Diff(b.root, slot.A, slot.A)
	if err != nil || len(same.Files)+len(same.Settings) > 0 {
		t.Errorf("%+v, %v", same, err)
	}
	if text, err := json.Marshal(same); err != nil || strings.Contains(string(text), "null") {
		t.Errorf("%s, %v", text, err)
	}
}

func TestWhatCannotBeReadIsTold(t *testing.T) {
	b := newBoard(t)
	b.put("data/slots/config.json", "{")
	b.put(upperA+agentFile, "a: [")
	b.put("data/config/b/conflicts.json", "{")
	shown := Show(b.root)
	if !strings.Contains(shown.Wrong, "config.json") || !strings.Contains(shown.Slots[0].Wrong, "cannot be read") || !strings.Contains(shown.Slots[1].Wrong, "conflicts.json") {
		t.Errorf("%+v", shown)
	}
	if _, err := Diff(b.root, slot.A, slot.B); err == nil {
		t.Error("compared")
	}
	if shown := Show(t.TempDir()); shown.Active != slot.A || shown.Running != "" || shown.Wrong != "" {
		t.Errorf("of nothing: %+v", shown)
	}
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	b.put(upperA+"secret", "x")
	if err := os.Chmod(b.root+"/"+upperA+"secret", 0); err != nil {
		t.Fatal(err)
	}
	b.put(upperA+"private/secret", "x")
	if err := os.Chmod(b.root+"/"+upperA+"private", 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.Chmod(b.root+"/"+upperA+"private", 0o755); err != nil {
			t.Error(err)
		}
	})
	b.put(upperA+agentFile, stable)
	if d, err := Diff(b.root, slot.A, slot.B); err != nil || fmt.Sprint(d.Files) != "[{/etc/secret unknown}]" {
		t.Errorf("%+v, %v", d, err)
	}
}
