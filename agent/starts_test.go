package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestStartsAfterADisorderlyEndAreCounted(t *testing.T) {
	dir, now := t.TempDir(), time.Date(2026, time.June, 16, 7, 0, 0, 0, time.UTC)
	start := func(want int) *starts {
		t.Helper()
		s, err := newStarts(dir, now)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.since(now.Add(-time.Hour)); got != want {
			t.Errorf("%d starts in the last hour, want %d", got, want)
		}
		return s
	}
	if err := start(0).end(); err != nil {
		t.Fatal(err)
	}
	start(0) // it ended in order; this one will not
	now = now.Add(30 * time.Minute)
	start(1)
	now = now.Add(40 * time.Minute)
	start(2)
	now = now.Add(2 * time.Hour)
	if err := start(1).end(); err != nil {
		t.Fatal(err)
	}
	for range 3 * maxStarts {
		start(1)
		now = now.Add(2 * time.Hour)
	}
	if s := start(1); len(s.Again) != maxStarts {
		t.Errorf("%d are remembered", len(s.Again))
	}
	for _, text := range []string{"", "{", string(make([]byte, 2*maxStartsBytes))} {
		if err := os.WriteFile(filepath.Join(dir, "starts.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		start(0)
	}
	if _, err := newStarts(filepath.Join(dir, "none"), now); err == nil {
		t.Error("no error without the folder")
	}
}
