package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestWhatKilledOnesLeftIsRemoved with the next folder, and nobody else's.
func TestWhatKilledOnesLeftIsRemoved(t *testing.T) {
	where := t.TempDir()
	left, others := filepath.Join(where, "powercut-123"), filepath.Join(where, "powercut-figures")
	for _, name := range []string{left + "/mounted/device", others} {
		if err := os.MkdirAll(name, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	first, firstDone, err := workFolder(where)
	if err != nil {
		t.Fatal(err)
	}
	second, secondDone, err := workFolder(where)
	if err != nil {
		t.Fatal(err)
	}
	there := func() []string {
		t.Helper()
		names, err := filepath.Glob(filepath.Join(where, "*"))
		if err != nil {
			t.Fatal(err)
		}
		return names
	}
	want := []string{first, second, others}
	slices.Sort(want)
	if got := there(); !slices.Equal(got, want) {
		t.Errorf("there are %v, want %v", got, want)
	}
	if err := errors.Join(firstDone(), secondDone()); err != nil {
		t.Error(err)
	}
	if got := there(); !slices.Equal(got, []string{others}) {
		t.Errorf("at the end there are %v", got)
	}
}
