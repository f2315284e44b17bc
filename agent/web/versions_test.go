package web

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"calendarbot/agent/slot"
	"calendarbot/agent/update"
)

// slotted is a device with slots.
type slotted struct {
	*device
	root, state string
}

func startSlotted(t *testing.T, changes ...func(*Options)) *slotted {
	t.Helper()
	s := &slotted{root: t.TempDir(), state: t.TempDir()}
	s.device = start(t, append(changes, func(o *Options) { o.Places = Places{Root: s.root, State: s.state} })...)
	s.file("data/slots/.keep", "")
	return s
}

// file writes a file below the root.
func (s *slotted) file(name, text string) {
	s.t.Helper()
	name = filepath.Join(s.root, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// json writes a value as a file below the root.
func (s *slotted) json(name string, v any) {
	s.t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		s.t.Fatal(err)
	}
	s.file(name, string(text))
}

// order is the only order that waits in a folder below the state, which is taken away; nil for none.
func (s *slotted) order(folder string) *slot.Order {
	s.t.Helper()
	dir := filepath.Join(s.state, folder)
	name, o, err := slot.Next(dir)
	if err != nil {
		s.t.Fatal(err)
	}
	if name == "" {
		return nil
	}
	if err := slot.Done(dir, name); err != nil {
		s.t.Fatal(err)
	}
	if more, _, err := slot.Next(dir); err != nil || more != "" {
		s.t.Errorf("there is another order: %s %v", more, err)
	}
	return &o
}

const digestOfTests = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

// tried is a device on which a program went back yesterday, a system was kept, and a configuration is staged.
func (s *slotted) tried() {
	now := at(s.t, monday)
	s.json("data/slots/agent.json", slot.State{
		Active: slot.A, Former: slot.Baked,
		Slots: map[slot.Name]slot.Content{
			slot.A: {Version: "1.2.2", Digest: digestOfTests, At: now.AddDate(0, 0, -20)},
			slot.B: {Version: "1.2.3", Digest: digestOfTests, At: now.AddDate(0, 0, -1)},
		},
		Last:   &slot.Outcome{Slot: slot.B, Version: "1.2.3", Why: "the page was <not> there for 90 seconds", By: "judge", At: now.Add(-26 * time.Hour)},
		Denied: []slot.Denial{{Version: "1.2.3", Why: "the page was <not> there for 90 seconds", At: now.Add(-26 * time.Hour)}},
	})
	s.json("data/slots/system.json", slot.State{
		Active: slot.B, Former: slot.A,
		Slots: map[slot.Name]slot.Content{slot.A: {Version: "1.2.0", At: now.AddDate(0, -2, 0)}, slot.B: {Version: "1.2.2", At: now.AddDate(0, 0, -21)}},
		Last:  &slot.Outcome{Slot: slot.B, Version: "1.2.2", Kept: true, By: "judge", At: now.AddDate(0, 0, -20)},
	})
	s.json("data/slots/config.json", slot.State{
		Active: slot.A, Slots: map[slot.Name]slot.Content{slot.B: {Version: "config-9f86d081884c", Digest: digestOfTests, At: now.Add(-time.Hour)}},
	})
	s.file("usr/share/calendarbot/overlay/a/etc/calendarbot/calendarbot.yaml", "features:\n  request_pipeline: off\n")
	s.file("usr/share/calendarbot/overlay/b/etc/calendarbot/calendarbot.yaml", "features:\n  request_pipeline: on\n")
	s.file("data/config/a/etc/calendarbot/calendarbot.yaml", "features:\n  request_pipeline: off\nweb:\n  pin: \"1234-old\"\n")
	s.file("data/config/b/etc/calendarbot/calendarbot.yaml", "features:\n  request_pipeline: on\nweb:\n  pin: \"1234-new\"\n")
	s.file("data/config/b/etc/motd", "hello\n")
}

// offered is what the updater told at its last check.
func (s *slotted) offered() update.Status {
	now := at(s.t, monday)
	return update.Status{
		Checked: now.Add(-5 * time.Hour), From: "https://me:secret@updates.example/stable?key=secret",
		Running: map[slot.Kind]string{slot.Agent: "1.2.2", slot.System: "1.2.2"},
		Available: []update.Release{
			{Kind: slot.Agent, Version: "1.3.0", Notes: "Calendars with <thousands> of events are read faster.\n\nBirthdays are shown with the age.", Size: 8_200_000, Patch: 940_000, Published: now.AddDate(0, 0, -2), Percent: 25, WhyNot: "It waits for the time between 02:00 and 05:00."},
			{Kind: slot.System, Version: "1.3.0", Size: 148_000_000, Published: now.AddDate(0, 0, -2), Percent: 100, WhyNot: "One after the other: version 1.3.0 of the program comes first."},
			{Kind: slot.Agent, Version: "1.2.3", Size: 8_100_000, Published: now.AddDate(0, 0, -9), Percent: 100, WhyNot: "It was tried and went back: the page was not there for 90 seconds.", Refused: true},
		},
		Waiting: "Version 1.3.0 of the program waits. It waits for the time between 02:00 and 05:00.",
	}
}

// Each thing that somebody takes note of stays noted when another one is.
func TestWhatIsNotedStaysSo(t *testing.T) {
	p, now := Places{State: t.TempDir()}, at(t, monday)
	kinds := append([]slot.Kind{conflictsNoted}, slot.Kinds()...)
	for i, k := range append(kinds, kinds...) {
		if err := p.note(k, now.Add(time.Duration(i)*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	noted, err := p.noted()
	if err != nil || len(noted) != len(kinds) {
		t.Fatalf("%v %v", noted, err)
	}
	for i, k := range kinds {
		if want := now.Add(time.Duration(len(kinds)+i) * time.Hour); !noted[k].Equal(want) {
			t.Errorf("%s is noted up to %v, not %v", k, noted[k], want)
		}
	}
}
