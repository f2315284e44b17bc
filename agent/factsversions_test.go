package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/slot"
	"calendarbot/agent/update"
)

// TestVersionsAreFactsOfTheDevice: what runs, what is tried and what is newer is read where the slots' keeper and the updater tell it.
func TestVersionsAreFactsOfTheDevice(t *testing.T) {
	t.Parallel()
	w := newWatched(t, "")
	write := func(name string, v any) {
		t.Helper()
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		w.write("/"+name, string(text))
	}
	if v := w.care.versions(); v.Checks || v.Trial != "" || v.Back != nil || v.Running != 0 {
		t.Errorf("without slots: %+v", v)
	}
	now := w.now()
	write("data/slots/config.json", slot.State{Active: slot.A})
	if v := w.care.versions(); v.Checks || v.Running <= 0 || v.Trial != "" || v.TrialFor != 3*time.Minute {
		t.Errorf("without an address to look at: %+v", v)
	}
	w.write("/"+update.AddressFile, "https://updates.example/stable\n")
	if v := w.care.versions(); !v.Checks || !v.Checked.IsZero() {
		t.Errorf("with one that was baked: %+v", v)
	}
	write("data/slots/agent.json", slot.State{Active: slot.A, Last: &slot.Outcome{Slot: slot.B, Version: "1.2.3", Why: "the page was not there.", At: now.Add(-time.Hour)}})
	write("data/slots/system.json", slot.State{Active: slot.A, Trial: &slot.Trial{Slot: slot.B, Version: "1.3.0", Began: now}})
	write("data/update/status.json", update.Status{Checked: now.Add(-time.Hour), Code: "expired", Problem: "It is too old.", From: "/var/lib/calendarbot/update/upload/" + update.UploadName})
	w.write("/data/config/a/conflicts.json", `[{"key":"web.port","mine":"80","other":"8080"}]`)
	v := w.care.versions()
	if v.Trial != "version 1.3.0 of the system" || v.Code != "expired" || v.Problem != "It is too old." || !v.ByHand || !v.Checked.Equal(now.Add(-time.Hour)) || !slices.Equal(v.Conflicts, []string{"web.port"}) {
		t.Errorf("%+v", v)
	}
	if len(v.Back) != 1 || v.Back[0].What != "version 1.2.3 of the program" || v.Back[0].Words != "What ran before runs again, because the page was not there." {
		t.Errorf("%+v", v.Back)
	}
	write("data/update/status.json", update.Status{Code: "rolled_back", From: "/run/calendarbot-stick/calendarbot-update"})
	if !w.care.versions().ByHand {
		t.Error("an old stick is told as something of the address")
	}
	write("data/update/status.json", update.Status{From: "https://updates.example/stable"})
	if w.care.versions().ByHand {
		t.Error("what came from the network is told as a file")
	}
	if err := os.Remove(filepath.Join(w.root, update.AddressFile)); err != nil {
		t.Fatal(err)
	}
	if w.care.versions().Checks {
		t.Error("nobody says where to look, but it is to be looked")
	}
	if p := w.care.places(); p.Root != w.root || !strings.HasPrefix(w.care.rollbackDir(), p.State) {
		t.Errorf("%+v", p)
	}
}
