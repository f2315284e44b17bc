package publish_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"calendarbot/agent/slot"
	"calendarbot/agent/update/publish"
)

// opened is what opening the repository says.
func (s *stage) opened() error {
	s.t.Helper()
	keys, err := publish.LoadKeys(s.keys, nil)
	s.must(err)
	_, err = publish.Open(s.repo, keys)
	return err
}

// TestAnOlderStateIsNeverSignedAnew: who may write the published folder could else bring back what was withdrawn, and have devices take it after a few
// refreshes by the timer.
func TestAnOlderStateIsNeverSignedAnew(t *testing.T) {
	s := newStage(t, one(), "")
	s.create()
	s.must(s.add("1.0.0", "stable", 0))
	name := filepath.Join(s.repo, "metadata", "timestamp.json")
	old, err := os.ReadFile(name)
	s.must(err)
	r := s.open()
	s.must(r.Withdraw(now(), slot.Agent, "1.0.0", "It forgets things."))
	newer, err := os.ReadFile(name)
	s.must(err)
	s.must(os.WriteFile(name, old, 0o600))
	if err := s.opened(); !errors.Is(err, publish.ErrOlder) || !strings.Contains(err.Error(), "last.json") {
		t.Errorf("opened: %v", err)
	}
	if err := r.Refresh(now()); !errors.Is(err, publish.ErrOlder) {
		t.Errorf("refreshed by who had it open: %v", err)
	}
	if text, err := os.ReadFile(name); err != nil || string(text) != string(old) {
		t.Errorf("something was signed: %v", err)
	}
	// By another way to the folder it is the same repository.
	link := filepath.Join(t.TempDir(), "link")
	s.must(os.Symlink(s.repo, link))
	there := s.repo
	s.repo = link
	if err := s.opened(); !errors.Is(err, publish.ErrOlder) {
		t.Errorf("opened through a link: %v", err)
	}
	s.repo = there
	s.must(os.WriteFile(name, newer, 0o600))
	s.must(s.open().Refresh(now()))
	// Where it is meant, a person takes the file away.
	s.must(os.WriteFile(name, old, 0o600))
	s.must(os.Remove(filepath.Join(s.keys, "last.json")))
	s.must(s.opened())
	// One that cannot be read protects nothing, so nothing is signed.
	s.must(os.WriteFile(filepath.Join(s.keys, "last.json"), []byte("{"), 0o600))
	if err := s.opened(); err == nil || !strings.Contains(err.Error(), "what was signed last") {
		t.Errorf("with a damaged file: %v", err)
	}
}

// TestManyRepositoriesOfTheSameKeys do not stand in each other's way, and one that is made anew goes on where the former ended.
func TestManyRepositoriesOfTheSameKeys(t *testing.T) {
	s := newStage(t, one(), "")
	s.create()
	s.must(s.add("1.0.0", "stable", 0))
	first, known := s.repo, t.TempDir()
	_, err := s.device(s.baked, known)
	s.must(err)
	for n := range 70 {
		s.repo = filepath.Join(t.TempDir(), fmt.Sprint(n))
		s.create()
	}
	s.repo = first
	s.must(s.open().Refresh(now()))
	text, err := os.ReadFile(filepath.Join(s.keys, "last.json"))
	if count := strings.Count(string(text), `"repository"`); err != nil || count != 64 {
		t.Errorf("%d are kept: %v", count, err)
	}
	s.must(os.RemoveAll(s.repo))
	s.create()
	if _, err := s.device(s.baked, known); err != nil {
		t.Errorf("a device that knows the former one: %v", err)
	}
}
