package main

import (
	"fmt"
	"strings"
	"testing"

	"calendarbot/agent/slot"
	"calendarbot/agent/update"
	"calendarbot/agent/update/install"
)

// installer has the system's installer end so.
func (h *home) installer(status int, words string) {
	h.t.Helper()
	h.write(install.SystemWriter, fmt.Sprintf("#!/bin/sh\necho install >>'%s/told'\necho '%s' >&2\nexit %d\n", h.root, words, status), 0o755)
}

// TestSystemThatIsRefusedIsNotInstalledForEver: not each hour, and not each night.
func TestSystemThatIsRefusedIsNotInstalledForEver(t *testing.T) {
	h := newHome(t)
	h.write(update.AddressFile, h.url, 0o644)
	h.release("1.1.0", h.bundle)
	h.installer(3, "install-system: RAUC refuses the bundle")
	for _, night := range []string{"23", "24", "25"} {
		h.at("2026-11-" + night + "T02:05:00Z")
		h.says(1, "run")
		s := h.status()
		if told := h.told(); told != "install\n" || s.Code != "not_installed" || s.Problem != "Version 1.1.0 of the system could not be installed: install-system: RAUC refuses the bundle." {
			t.Errorf("in the night of the %sth the system was told %q: %q, %q", night, told, s.Code, s.Problem)
		}
		for _, later := range []string{"03:10", "04:15"} {
			h.at("2026-11-" + night + "T" + later + ":00Z")
			h.says(0, "run")
		}
		if told := h.told(); told != "" {
			t.Errorf("later in that night it was told %q", told)
		}
	}
	h.at("2026-11-26T02:05:00Z")
	h.says(0, "run")
	s := h.status()
	if told := h.told(); told != "" || len(s.Available) != 1 || !s.Available[0].Refused || !strings.Contains(s.Available[0].WhyNot, "it could not be installed 3 times. Version 1.1.0") {
		t.Errorf("after three nights it was told %q: %+v", told, s)
	}
	h.release("1.2.0", h.bundle)
	h.at("2026-11-27T02:05:00Z")
	h.says(1, "run")
	if s := h.status(); s.Failed == nil || s.Failed.Version != "1.2.0" || s.Failed.Times != 1 {
		t.Errorf("of the next one it tells %+v", s.Failed)
	}
}

// TestSystemForWhichItIsNoTimeIsNotHeldAgainstIt: it is tried again with the next run, however often.
func TestSystemForWhichItIsNoTimeIsNotHeldAgainstIt(t *testing.T) {
	h := newHome(t)
	h.write(update.AddressFile, h.url, 0o644)
	h.release("1.1.0", h.bundle)
	h.installer(2, "install-system: slot A is not confirmed yet")
	for _, at := range []string{"02:05", "03:10", "04:15", "04:45"} {
		h.at("2026-11-23T" + at + ":00Z")
		h.says(1, "apply")
		if s := h.status(); h.told() != "install\n" || s.Code != "not_ready" || len(h.slots(slot.System).Denied) > 0 {
			t.Errorf("at %s: %+v", at, s)
		}
	}
}

// TestSystemThatCouldBeGoneBackToStaysKnown where the installer says that it wrote nothing, and only there.
func TestSystemThatCouldBeGoneBackToStaysKnown(t *testing.T) {
	for status, known := range map[int]bool{2: true, 3: true, 1: false} {
		t.Run(fmt.Sprint("status ", status), func(t *testing.T) {
			h := newHome(t)
			h.release("1.1.0", h.bundle)
			h.says(0, "apply", "--url", h.url)
			h.write(releaseFile, "IMAGE_VERSION=1.1.0\n", 0o644)
			h.change(slot.System, func(s slot.State) (slot.State, error) { return s.Keep(h.now) })
			h.change(slot.System, func(s slot.State) (slot.State, error) {
				return s.Holds(slot.A, slot.Content{Version: "1.0.0", At: h.now}), nil
			})
			before := h.slots(slot.System)
			h.release("1.2.0", h.bundle)
			h.installer(status, "no")
			h.says(1, "apply", "--url", h.url)
			s := h.slots(slot.System)
			if known && (s.Former != slot.A || s.Slots[slot.A] != before.Slots[slot.A] || s.Coming != nil) {
				t.Errorf("it was %+v and is %+v", before, s)
			}
			if !known && (s.Slots[slot.A].Version != "" || s.Coming == nil || s.Former == slot.A) {
				t.Errorf("what may be half written is said to be whole: %+v", s)
			}
		})
	}
}

// TestSystemThatCallsItselfOtherwiseIsInstalledOnce: it is known by its bundle, and neither started nor installed again and again.
func TestSystemThatCallsItselfOtherwiseIsInstalledOnce(t *testing.T) {
	h := newHome(t)
	h.write(update.AddressFile, h.url, 0o644)
	h.release("1.1.0", h.bundle)
	h.at("2026-11-23T02:05:00Z")
	h.says(0, "run")
	if told := h.told(); !strings.HasPrefix(told, "install-system ") || !strings.HasSuffix(told, "systemctl reboot\n") {
		t.Fatalf("in the first night the system was told %q", told)
	}
	h.write(releaseFile, "IMAGE_VERSION=1.0.0-7-gabc\n", 0o644)
	h.change(slot.System, func(s slot.State) (slot.State, error) { s, _ = s.Start(h.now); return s, nil })
	h.at("2026-11-23T02:20:00Z")
	h.says(0, "run")
	h.change(slot.System, func(s slot.State) (slot.State, error) { return s.Keep(h.now) })
	for _, at := range []string{"2026-11-24T02:05:00Z", "2026-11-25T02:05:00Z"} {
		h.at(at)
		h.says(0, "run")
	}
	if told := h.told(); told != "" {
		t.Errorf("then it was told %q", told)
	}
	if said := h.says(1, "apply", "1.1.0"); !strings.Contains(said, "Version 1.1.0 of the system runs already, and calls itself 1.0.0-7-gabc.") {
		t.Error(said)
	}
	if s := h.status(); len(s.Available) > 0 {
		t.Errorf("there is to be something newer: %+v", s.Available)
	}
	h.release("1.2.0", h.bundle)
	h.at("2026-11-26T02:05:00Z")
	h.says(0, "run")
	if told := h.told(); !strings.HasPrefix(told, "install-system ") {
		t.Errorf("of the next one it was told %q", told)
	}
}
