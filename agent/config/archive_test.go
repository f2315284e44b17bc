package config

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"
)

// memory is an Archive that lasts as long as a test.
type memory struct {
	mu       sync.Mutex
	runtime  map[string]string
	changes  []Change // oldest first
	accepted []byte
	records  int   // how often something was recorded
	broken   error // what every method says, when not nil
}

func (m *memory) Runtime(context.Context) (map[string]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.runtime), m.broken
}

func (m *memory) Record(_ context.Context, runtime map[string]string, changes []Change, text []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil {
		return m.broken
	}
	m.records++
	m.runtime = maps.Clone(runtime)
	for _, c := range changes {
		c.ID = int64(len(m.changes)) + 1
		m.changes = append(m.changes, c)
	}
	if text != nil {
		m.accepted = slices.Clone(text)
	}
	return nil
}

func (m *memory) Changes(_ context.Context, limit int) ([]Change, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	newest := slices.Clone(m.changes)
	slices.Reverse(newest)
	return newest[:min(limit, len(newest))], m.broken
}

func (m *memory) Accepted(context.Context) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.accepted, m.broken
}

// full breaks the archive, or mends it with nil.
func (m *memory) full(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.broken = err
}

var errFull = errors.New("no space left on device")

// someday is the moment of every change.
func someday() time.Time { return time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC) }

// begun starts with a configuration.
func begun(t *testing.T, in Input, kept Archive) *Live {
	t.Helper()
	l, err := Start(t.Context(), in, kept, someday)
	if err != nil {
		t.Fatal(err)
	}
	return l
}
