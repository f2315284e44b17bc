package update

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/slot"
)

// leave puts a file below a root folder.
func leave(t *testing.T, root, name, text string) {
	t.Helper()
	file := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestReadStatus(t *testing.T) {
	root := t.TempDir()
	if s, err := ReadStatus(root); err != nil || !reflect.DeepEqual(s, Status{}) {
		t.Fatalf("a device that never looked has %+v, %v", s, err)
	}
	text, err := os.ReadFile("testdata/status.json")
	if err != nil {
		t.Fatal(err)
	}
	leave(t, root, StatusFile, string(text))
	s, err := ReadStatus(root)
	if err != nil || s.Running[slot.Agent] != "1.2.3" || len(s.Available) != 3 || s.Available[0].Patch != 700000 || !s.Available[2].Refused ||
		s.Withdrawn[0].Why != "It lost reminders." || s.Progress != nil {
		t.Fatalf("%+v, %v", s, err)
	}
	leave(t, root, ProgressFile, `{"step":"download","version":"1.3.0","done":5,"total":10,"since":"2026-11-22T03:00:00Z"}`)
	if s, err = ReadStatus(root); err != nil || s.Progress == nil || s.Progress.Step != "download" || s.Progress.Done != 5 {
		t.Errorf("%+v, %v", s.Progress, err)
	}
	leave(t, root, ProgressFile, `{"step":`)
	if s, err = ReadStatus(root); err == nil || s.Running[slot.Agent] != "1.2.3" {
		t.Errorf("a broken progress takes the state along: %+v, %v", s, err)
	}
	for name, broken := range map[string]string{"half": `{"checked":`, "long": strings.Repeat(" ", MostStatusFile) + "{}", "list": "[]"} {
		leave(t, root, StatusFile, broken)
		if s, err := ReadStatus(root); err == nil || !reflect.DeepEqual(s, Status{}) {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
}

func TestSettingsAreNoted(t *testing.T) {
	state := filepath.Join(t.TempDir(), "calendarbot")
	if s, found, err := NotedSettings(state); found || err != nil || s != (Settings{}) {
		t.Fatalf("%+v, %v, %v", s, found, err)
	}
	want := Settings{URL: "https://updates.example.org", Channel: "beta", Automatic: AutomaticOff, Window: "01:00-02:00", Zone: "Europe/Berlin"}
	for range 2 {
		if err := NoteSettings(state, want); err != nil {
			t.Fatal(err)
		}
	}
	name := filepath.Join(state, SettingsFile)
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(name, old, old); err != nil {
		t.Fatal(err)
	}
	if err := NoteSettings(state, want); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(name); err != nil || info.ModTime().After(old.Add(time.Second)) {
		t.Errorf("what stands already was written again: %v", err)
	}
	if s, found, err := NotedSettings(state); s != want || !found || err != nil {
		t.Errorf("%+v, %v, %v", s, found, err)
	}
	for _, broken := range []string{"{", `{"window":"never"}`} {
		leave(t, state, SettingsFile, broken)
		if s, found, err := NotedSettings(state); found || err == nil {
			t.Errorf("%s is read as %+v", broken, s)
		}
	}
}

func TestParseOffer(t *testing.T) {
	good := whole("1.1.0").Custom
	for name, c := range map[string]struct {
		name   string
		change func(*Custom)
		wrong  string // a part; "" when it is right
	}{
		"right":            {"agent/calendarbot-1.1.0-arm64.zst", func(*Custom) {}, ""},
		"a system":         {"system/calendarbot-1.1.0-pizero2w.raucb", func(c *Custom) { c.Kind, c.Content = slot.System, Content{} }, ""},
		"a patch":          {"agent/calendarbot-1.1.0-arm64.from-aaaaaaaaaaaa.zst", func(c *Custom) { c.From.SHA256 = sumA }, ""},
		"another kind":     {"config/calendarbot-1.1.0", func(c *Custom) { c.Kind = slot.Config }, "allowed are agent and system"},
		"another folder":   {"system/calendarbot-1.1.0-arm64.zst", func(*Custom) {}, "it is not in the folder agent"},
		"deeper":           {"agent/more/calendarbot-1.1.0-arm64.zst", func(*Custom) {}, "it is not in the folder agent"},
		"no version":       {"agent/calendarbot-1.1.0-arm64.zst", func(c *Custom) { c.Version = "new" }, `version "new" is none`},
		"another version":  {"agent/calendarbot-1.2.0-arm64.zst", func(*Custom) {}, "its name does not have the version 1.1.0"},
		"no channel":       {"agent/calendarbot-1.1.0-arm64.zst", func(c *Custom) { c.Channel = "" }, "it is for no channel"},
		"101 percent":      {"agent/calendarbot-1.1.0-arm64.zst", func(c *Custom) { c.Percent = 101 }, "percent is 101"},
		"long notes":       {"agent/calendarbot-1.1.0-arm64.zst", func(c *Custom) { c.Notes = strings.Repeat("x", MostNotes+1) }, "the notes are longer"},
		"no minimum":       {"agent/calendarbot-1.1.0-arm64.zst", func(c *Custom) { c.MinAgent = "old" }, "min_agent or min_system is no version"},
		"many formats":     {"agent/calendarbot-1.1.0-arm64.zst", func(c *Custom) { c.ConfigFormats = make([]int, 65) }, "more than 64 formats"},
		"no content":       {"agent/calendarbot-1.1.0-arm64.zst", func(c *Custom) { c.Content.SHA256 = "" }, "content is to have"},
		"too big":          {"agent/calendarbot-1.1.0-arm64.zst", func(c *Custom) { c.Content.Size = MostContent + 1 }, "content is to have"},
		"patch of no hash": {"agent/calendarbot-1.1.0-arm64.zst", func(c *Custom) { c.From.SHA256 = "../x" }, "from is to be"},
		"system patch":     {"system/calendarbot-1.1.0", func(c *Custom) { c.Kind, c.From.SHA256 = slot.System, sumA }, "from is to be"},
	} {
		custom := good
		c.change(&custom)
		text, err := json.Marshal(custom)
		if err != nil {
			t.Fatal(err)
		}
		o, err := ParseOffer(c.name, 10, sumA, text)
		if (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) || err == nil && (o.Name != c.name || o.Length != 10) {
			t.Errorf("%s: %+v, %v", name, o, err)
		}
	}
}

func TestParseWithdrawn(t *testing.T) {
	list, err := ParseWithdrawn([]byte(`[{"kind":"agent","version":"1.2.8","why":"` + strings.Repeat("x", 500) + `"}]`))
	if err != nil || len(list) != 1 || list[0].Version != "1.2.8" || len(list[0].Why) > 404 {
		t.Errorf("%+v, %v", list, err)
	}
	for _, wrong := range []string{"{}", `[{"kind":"config","version":"1.0.0"}]`, `[{"kind":"agent","version":""}]`, "[" + strings.Repeat(`{"kind":"agent","version":"1.0.0"},`, 1000) + `{"kind":"agent","version":"1.0.0"}]`} {
		if list, err := ParseWithdrawn([]byte(wrong)); err == nil {
			t.Errorf("%.60s is read as %d entries", wrong, len(list))
		}
	}
}

func FuzzReadStatus(f *testing.F) {
	text, err := os.ReadFile("testdata/status.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text, []byte(`{"step":"check"}`))
	f.Add([]byte(`{"available":[{"kind":1}]}`), []byte(`{}`))
	f.Fuzz(func(t *testing.T, status, progress []byte) {
		root := t.TempDir()
		leave(t, root, StatusFile, string(status))
		leave(t, root, ProgressFile, string(progress))
		s, err := ReadStatus(root)
		if len(s.Available) > mostListed || len(s.Withdrawn) > mostListed || s.Progress != nil && s.Progress.Step == "" {
			t.Errorf("%+v, %v", s, err)
		}
	})
}

func FuzzParseOffer(f *testing.F) {
	f.Add("agent/calendarbot-1.1.0-arm64.zst", []byte(`{"kind":"agent","version":"1.1.0","channel":"stable","percent":5,"content":{"sha256":"`+sumA+`","size":5}}`), []byte(`[{"kind":"agent","version":"1.0.0"}]`))
	f.Fuzz(func(t *testing.T, name string, custom, withdrawn []byte) {
		list, err := ParseWithdrawn(withdrawn)
		if err == nil && len(list) > mostWithdrawn {
			t.Errorf("%d withdrawals", len(list))
		}
		o, err := ParseOffer(name, 10, sumA, custom)
		if err != nil {
			return
		}
		if o.Percent < 0 || o.Percent > 100 || len(o.Notes) > MostNotes || o.Content.Size > MostContent || slot.Newer(o.Version, o.Version) {
			t.Errorf("%+v", o)
		}
		facts := device()
		facts.Withdrawn = list
		if c := Choose([]Offer{o}, facts); c.Install != nil && !slot.Newer(o.Version, "1.0.0") && len(list) == 0 {
			t.Errorf("it goes back to %s", o.Version)
		}
	})
}
