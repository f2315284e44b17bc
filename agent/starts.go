package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

const (
	maxStarts      = 20 // that are remembered
	maxStartsBytes = 4 << 10
)

// starts knows when the program had to be started again, as it had not ended in order before: a crash, the watchdog, a power cut.
// It is a file beside the database, written at the start and at the end.
type starts struct {
	file  string
	Ended bool        `json:"ended"` // the last program ended in order
	Again []time.Time `json:"again"` // oldest first
}

// newStarts reads the file and notes that a program begins. What cannot be read counts as nothing; the error is of writing.
func newStarts(dir string, now time.Time) (*starts, error) {
	s := &starts{file: filepath.Join(dir, "starts.json")}
	text, err := os.ReadFile(s.file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.Ended = true
	case err != nil || len(text) > maxStartsBytes || json.Unmarshal(text, s) != nil:
		s.Ended, s.Again = true, nil
	}
	if !s.Ended {
		s.Again = append(s.Again, now)
	}
	s.Again = s.Again[max(0, len(s.Again)-maxStarts):]
	s.Ended = false
	return s, s.write()
}

// since counts the starts again after t. A time in the future is of a clock that was wrong, and counts.
func (s *starts) since(t time.Time) (n int) {
	for _, at := range s.Again {
		if at.After(t) {
			n++
		}
	}
	return n
}

// end notes that the program ends in order.
func (s *starts) end() error {
	s.Ended = true
	return s.write()
}

// write replaces the file whole. It is not synced: what a power cut takes with it is one count.
func (s *starts) write() error {
	text, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("note the start: %w", err)
	}
	if err := os.WriteFile(s.file+".new", text, 0o600); err != nil {
		return fmt.Errorf("note the start: %w", err)
	}
	if err := os.Rename(s.file+".new", s.file); err != nil {
		return fmt.Errorf("note the start: %w", err)
	}
	return nil
}
