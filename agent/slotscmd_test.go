package main

import (
	"strings"
	"testing"

	"calendarbot/agent/slot"
)

// TestSlotsTextClaimsNothing of what nobody noted: a person may have changed it since it came.
func TestSlotsTextClaimsNothing(t *testing.T) {
	states := map[slot.Kind]slot.State{}
	for _, k := range slot.Kinds() {
		states[k] = k.First()
	}
	want := "Configuration: slot a, of no known version\nProgram: that of the system\nSystem: slot a, of no known version\n"
	if got := slotsText(states, nil); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	states[slot.Config] = slot.Config.First().Holds(slot.A, slot.Content{Version: "config-1"})
	if got := slotsText(states, nil); !strings.HasPrefix(got, "Configuration: slot a, config-1\n") {
		t.Error(got)
	}
}
