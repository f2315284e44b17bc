package board

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"calendarbot/scripts/facts"
)

// keeping is held while a figure is written: two boards are tried beside each other.
var keeping sync.Mutex

// figure keeps what a test measured on the emulated board, for agent/CRITERIA.md. A later one of the same name takes its place.
func figure(t *testing.T, name string, value float64, unit string) {
	t.Helper()
	version := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(os.Getenv(asked)), "calendarbot-"), "-pizero2w.img")
	if version == "" || version == "." {
		t.Fatalf("%s is measured without an image", name)
	}
	f := facts.Figure{Name: "board/" + name, Value: value, Unit: unit, Command: targetOf(t.Name()), Where: facts.EmulatedBoard, Version: version, Date: time.Now().UTC().Truncate(time.Second)}
	keeping.Lock()
	defer keeping.Unlock()
	if err := facts.Keep(filepath.Join(repository, filepath.FromSlash(facts.Folder), "board.json"), f); err != nil {
		t.Fatal(err)
	}
	t.Logf("figure %s: %.1f %s", name, value, unit)
}

// targetOf is what runs a test again.
func targetOf(test string) string {
	name, _, _ := strings.Cut(test, "/")
	switch level := strings.TrimPrefix(name, "TestDrillLevel"); {
	case level != name:
		return "make drill-" + level
	case name == "TestUpdatePowerCuts":
		return "make test-powercut-board"
	case name == "TestUpdate":
		return "make test-update"
	}
	return "make test-image"
}

func TestFiguresNameWhatMeasuresThem(t *testing.T) {
	for test, want := range map[string]string{
		"TestImage/figures": "make test-image", "TestHardwareTest": "make test-image", "TestDrillLevel2": "make drill-2",
		"TestUpdate/agent/crash": "make test-update", "TestUpdatePowerCuts": "make test-powercut-board",
	} {
		if got := targetOf(test); got != want {
			t.Errorf("%s: %s, want %s", test, got, want)
		}
	}
}
