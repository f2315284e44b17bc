package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	maxStarts      = 20 // that are remembered
	maxStartsBytes = 4 << 10
)

// starts knows when the program had to be started again since the system was, as it had not ended in order before: a crash, or
// the watchdog. Times are of the system's running, as the clock may be set meanwhile. It is a file beside the database, written
// at the start and at the end.
type starts struct {
	file  string
	Boot  string          `json:"boot"`  // what the kernel calls this running of the system
	Ended bool            `json:"ended"` // the last program ended in order
	Again []time.Duration `json:"again"` // after the system's start, oldest first
}

// newStarts reads the file and notes that a program begins, in a system that has run for up. What cannot be read counts as
// nothing; the error is of writing.
func newStarts(dir, boot string, up time.Duration) (*starts, error) {
	s := &starts{file: filepath.Join(dir, "starts.json")}
	text, err := os.ReadFile(s.file)
	if err != nil || len(text) > maxStartsBytes || json.Unmarshal(text, s) != nil || s.Boot != boot {
		s.Ended, s.Again = true, nil // that the system was started again is no fault of the program
	}
	if !s.Ended {
		s.Again = append(s.Again, up)
	}
	s.Again = s.Again[max(0, len(s.Again)-maxStarts):]
	s.Boot, s.Ended = boot, false
	return s, s.write()
}

// since counts the starts again from then on.
func (s *starts) since(then time.Duration) (n int) {
	for _, at := range s.Again {
		if at >= then {
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

// write replaces the file whole. It is not synced: what a power cut takes with it does not count after it.
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

// bootID is what the kernel calls this running of the system; "" when it does not tell (random(4)).
func bootID() string {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
