package main

import (
	"path/filepath"
	"strings"
	"testing"

	"calendarbot/agent/slot"
	"calendarbot/agent/update"
)

const nothingNewer = "There is nothing newer."

// TestTrialIsTold by each word, and how it ended when it went back; nobody is told meanwhile that there is nothing newer.
func TestTrialIsTold(t *testing.T) {
	h := newHome(t)
	h.write(update.AddressFile, h.url, 0o644)
	h.says(0, "check")
	tells := func(code int, want string, args ...string) {
		t.Helper()
		if said := h.says(code, args...); !strings.Contains(said, want) || strings.Contains(said, nothingNewer) != (want == nothingNewer) {
			t.Errorf("%q says %s", args, said)
		}
	}
	tells(0, nothingNewer, "status")
	h.release("1.1.0", whole)
	tells(0, "Version 1.1.0 of the program is on trial, and waits for its start, which comes in a moment. Until that is over nothing else is installed.\n", "apply")
	tells(0, "version 1.1.0 of the program is on trial, and is started\n", "apply")
	h.change(slot.Agent, func(s slot.State) (slot.State, error) { s, _ = s.Start(h.now); return s, nil })
	const watched = "Version 1.1.0 of the program is on trial: it is watched, kept when it runs well, and left else. Until that is over nothing else is installed.\n"
	tells(0, watched, "status")
	if trial := h.status().Slots[slot.Agent].Trial; trial == nil || trial.Version != "1.1.0" {
		t.Errorf("--json tells the trial %+v", trial)
	}
	tells(0, watched, "apply")
	tells(0, watched, "check")
	tells(1, "Version 1.1.0 of the program is on trial already.", "apply", "1.1.0")
	h.release("1.2.0", whole)
	tells(1, "Version 1.2.0 of the program waits. Version 1.1.0 of the program is on trial; one at a time.", "apply")
	tells(0, watched, "status")
	h.must(h.publisher().Withdraw(h.now, slot.Agent, "1.2.0", "it was late"))
	tells(0, watched, "check")
	h.change(slot.Agent, func(s slot.State) (slot.State, error) { return s.Back("no page came\x1b.", "judge", h.now) })
	if last := h.status().Slots[slot.Agent].Last; last == nil || last.Kept || last.By != "judge" {
		t.Errorf("--json tells the outcome %+v", last)
	}
	const back = "Version 1.1.0 of the program went back on Sun 22 Nov 2026 at 12:00: no page came.\n"
	tells(0, back, "status")
	tells(0, "Other versions ran when that was looked for", "status")
	tells(0, back, "check")
}

func TestTrialOfASystemAndAConfigurationIsTold(t *testing.T) {
	h := newHome(t)
	h.release("1.1.0", h.bundle)
	want := "Version 1.1.0 of the system is on trial, and waits for the start of the device: in the hours 02:00-05:00 (update.window), or with \"calendarbot update apply --now\"."
	if said := h.says(0, "apply", "--url", h.url); !strings.Contains(said, want) || strings.Contains(said, nothingNewer) || strings.Contains(said, "1.1.0 of the system waits.") {
		t.Error(said)
	}
	h.write(releaseFile, "IMAGE_VERSION=1.1.0\n", 0o644)
	if said := h.says(0, "status"); !strings.Contains(said, "Version 1.1.0 of the system is on trial: it is watched") {
		t.Error(said)
	}
	h.change(slot.System, func(s slot.State) (slot.State, error) { return s.Back("", "person", h.now) })
	h.change(slot.Config, func(s slot.State) (slot.State, error) {
		s, err := s.Stage(slot.B, slot.Content{Version: "config-1", At: h.now})
		h.must(err)
		return s.Try(slot.B, 1, "", h.now)
	})
	said := h.says(0, "status")
	for _, want := range []string{"Another configuration is on trial, and waits for the start of the device.", "Version 1.1.0 of the system went back on Sun 22 Nov 2026 at 12:00.\n"} {
		if !strings.Contains(said, want) {
			t.Error(said)
		}
	}
	for kind, want := range map[slot.Kind]string{slot.Agent: "The program", slot.System: "The system"} {
		if got := thing(kind, ""); got != want {
			t.Errorf("%s of no version is %q", kind, got)
		}
	}
}

// TestTheSameIsSaidOnce: what is wrong is no part of the state that is printed with it.
func TestTheSameIsSaidOnce(t *testing.T) {
	h := newHome(t)
	h.release("1.1.0", whole)
	for _, c := range []struct {
		want string
		args []string
	}{
		{"No address of updates is set (update.url).", []string{"check"}},
		{"There is no version 9.9.9 in the repository.", []string{"apply", "9.9.9", "--url", h.url}},
	} {
		if said := h.says(1, c.args...); strings.Count(said, c.want) != 1 || strings.Contains(said, nothingNewer) {
			t.Errorf("%q says %s", c.args, said)
		}
		if said := h.says(0, "status"); strings.Count(said, c.want) != 1 {
			t.Errorf("after %q the state is %s", c.args, said)
		}
		if s := h.status(); !strings.HasPrefix(s.Problem, c.want) || s.Waiting != "" {
			t.Errorf("after %q the state is %+v", c.args, s)
		}
	}
}

// TestBackSaysFromWhat, so that it does not hit what comes meanwhile.
func TestBackSaysFromWhat(t *testing.T) {
	h := newHome(t)
	keep := func(s slot.State) (slot.State, error) { return s.Keep(h.now) }
	goesBack := func(kind slot.Kind, version string, args ...string) {
		t.Helper()
		h.says(0, args...)
		orders := filepath.Join(h.root, keeperOrders)
		name, o, err := slot.Next(orders)
		if name == "" || err != nil || o.Do != "back" || o.Kind != kind || o.Version != version {
			t.Fatalf("the keeper got %q %+v, %v", name, o, err)
		}
		h.must(slot.Done(orders, name))
	}
	goesBack(slot.System, "", "back", "--kind", "system") // as it was flashed, nobody knows it
	h.release("1.1.0", whole)
	h.says(0, "apply", "--url", h.url)
	goesBack(slot.Agent, "1.1.0", "back")
	h.change(slot.Agent, keep)
	goesBack(slot.Agent, "1.1.0", "back")
	h.order(slot.Order{Do: "back", Kind: slot.Agent, Version: "1.0.9"})
	goesBack(slot.Agent, "1.0.9", "run") // and is refused, as it is another one by now
	h.release("1.2.0", h.bundle)
	h.says(0, "apply", "--url", h.url)
	goesBack(slot.System, "1.2.0", "back", "--kind", "system")
	h.write("data/slots/system.json", "{", 0o644)
	goesBack(slot.System, "", "back", "--kind", "system")
}
