package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestStartsAfterADisorderlyEndAreCounted(t *testing.T) {
	dir, boot, up := t.TempDir(), "first", 20*time.Second
	start := func(want int) *starts {
		t.Helper()
		s, err := newStarts(dir, boot, up)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.since(up - time.Hour); got != want {
			t.Errorf("%d starts in the last hour, want %d", got, want)
		}
		return s
	}
	if err := start(0).end(); err != nil {
		t.Fatal(err)
	}
	start(0) // it ended in order; this one will not
	up += 30 * time.Minute
	start(1)
	up += 40 * time.Minute
	start(2)
	up += 2 * time.Hour
	if err := start(1).end(); err != nil {
		t.Fatal(err)
	}
	up += 2 * time.Hour
	start(0)
	for range 3 * maxStarts {
		up += 2 * time.Hour
		start(1)
	}
	if s := start(2); len(s.Again) != maxStarts {
		t.Errorf("%d are remembered", len(s.Again))
	}
	boot, up = "second", 20*time.Second // the power went
	start(0)
	start(1)
	for _, text := range []string{"", "{", string(make([]byte, 2*maxStartsBytes))} {
		if err := os.WriteFile(filepath.Join(dir, "starts.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		start(0)
	}
	if _, err := newStarts(filepath.Join(dir, "none"), boot, up); err == nil {
		t.Error("no error without the folder")
	}
	if bootID() == "" || bootID() != bootID() {
		t.Errorf("this boot is %q", bootID())
	}
}
