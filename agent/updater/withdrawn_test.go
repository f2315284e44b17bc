package main

import (
	"path/filepath"
	"strings"
	"testing"

	"calendarbot/agent/slot"
	"calendarbot/agent/update"
	"calendarbot/agent/update/publish"
)

// TestSystemThatWaitsMayBeWithdrawn: it is asked for as often as ever, and once more before it is started.
func TestSystemThatWaitsMayBeWithdrawn(t *testing.T) {
	for name, c := range map[string]struct {
		at   string
		args []string
	}{
		"while it waits":    {"2026-11-22T18:30:00Z", []string{"run"}},
		"before it starts":  {"2026-11-23T02:05:00Z", []string{"run"}},
		"started by a word": {"2026-11-22T12:30:00Z", []string{"apply", "--now"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			h.write(update.AddressFile, h.url, 0o644)
			h.release("1.1.0", h.bundle)
			h.says(0, "apply")
			h.must(h.publisher().Withdraw(h.now, slot.System, "1.1.0", "it forgets the time"))
			// What runs is withdrawn too: then it is the one on trial that goes, and not both.
			h.release("1.0.0", h.bundle, func(r *publish.Release) { r.Channel = "beta" })
			h.must(h.publisher().Withdraw(h.now, slot.System, "1.0.0", "it is slow"))
			h.told()
			h.at(c.at)
			h.says(0, c.args...)
			if told := h.told(); told != "" {
				t.Errorf("the system was told %q", told)
			}
			orders := filepath.Join(h.root, keeperOrders)
			name, o, err := slot.Next(orders)
			if name == "" || err != nil || o.Do != "back" || o.Kind != slot.System || o.Version != "1.1.0" || o.Why != "it was withdrawn: it forgets the time" {
				t.Fatalf("the keeper got %q %+v, %v", name, o, err)
			}
			h.must(slot.Done(orders, name))
			if name, o, err := slot.Next(orders); name != "" || err != nil {
				t.Errorf("the keeper got %q %+v too, %v", name, o, err)
			}
		})
	}
}

// TestSystemThatWaitsIsStartedThoughNobodyAnswers: it was signed, and nobody says that it is withdrawn.
func TestSystemThatWaitsIsStartedThoughNobodyAnswers(t *testing.T) {
	h := newHome(t)
	h.release("1.1.0", h.bundle)
	h.says(0, "apply", "--url", h.url)
	h.told()
	h.write(update.AddressFile, "http://127.0.0.1:1", 0o644)
	h.at("2026-11-23T02:05:00Z")
	said := h.says(0, "run")
	if told := h.told(); told != "systemctl reboot\n" || !strings.Contains(said, "127.0.0.1") {
		t.Errorf("the system was told %q:\n%s", told, said)
	}
}

// TestCheckLeavesWhatIsWithdrawn: whoever has the repository asked again and again does not keep it running.
func TestCheckLeavesWhatIsWithdrawn(t *testing.T) {
	h := newHome(t)
	h.release("1.1.0")
	h.says(0, "apply", "--url", h.url)
	h.change(slot.Agent, func(s slot.State) (slot.State, error) { return s.Keep(h.now) })
	h.must(h.publisher().Withdraw(h.now, slot.Agent, "1.1.0", "it lost reminders"))
	h.write(update.AddressFile, h.url, 0o644)
	h.order(slot.Order{Do: "check"})
	h.says(0, "run")
	name, o, err := slot.Next(filepath.Join(h.root, keeperOrders))
	if name == "" || err != nil || o.Do != "back" || o.Kind != slot.Agent || o.Version != "1.1.0" {
		t.Errorf("the keeper got %q %+v, %v", name, o, err)
	}
}
