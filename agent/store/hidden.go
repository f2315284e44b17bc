package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Bounds of what people hide and skip.
const (
	maxHidden  = 10_000
	maxSkips   = 1_000
	maxIDBytes = 4 << 10
	maxTitle   = 200 // runes
)

// Hidden is an event that a person does not want to see.
type Hidden struct {
	ID     string // calendar.Occurrence.ID, or for the whole series its UID
	Series bool
	Title  string
	Since  time.Time
}

// Hide hides an event, or a whole series. Hiding it again changes nothing.
func (s *Store) Hide(ctx context.Context, h Hidden) error {
	if err := validID(h.ID); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.picture.Load().clone()
	old, again := next.hidden[h.ID]
	if again && old.Series == h.Series {
		return nil
	}
	if !again && len(next.hidden) >= maxHidden {
		return fmt.Errorf("%d hidden events: %w", maxHidden, ErrTooMany)
	}
	if r := []rune(h.Title); len(r) > maxTitle {
		h.Title = string(r[:maxTitle])
	}
	if h.Since.IsZero() {
		h.Since = s.o.Now()
	}
	next.setHidden(func(m map[string]Hidden) { m[h.ID] = h })
	return s.change(ctx, "hide the event", next, func(tx *sql.Tx) error { return h.write(ctx, tx) })
}

func (h Hidden) write(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO hidden (id, series, title, since) VALUES (?, ?, ?, ?)`,
		h.ID, h.Series, h.Title, millis(h.Since))
	return err
}

// Unhide shows again what was hidden under the id, and tells how many that were: 0 or 1.
func (s *Store) Unhide(ctx context.Context, id string) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.picture.Load().clone()
	if _, ok := next.hidden[id]; !ok {
		return 0, nil
	}
	next.setHidden(func(m map[string]Hidden) { delete(m, id) })
	err := s.change(ctx, "show the event again", next, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM hidden WHERE id = ?`, id)
		return err
	})
	if err != nil {
		return 0, err
	}
	return 1, nil
}

// Skip leaves an occurrence out until the given time. Skips that have run out are forgotten with
// the next one.
func (s *Store) Skip(ctx context.Context, id string, until time.Time) error {
	if err := validID(id); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Now()
	next := s.picture.Load().clone()
	next.setSkips(func(m map[string]time.Time) {
		for other, t := range m {
			if !t.After(now) {
				delete(m, other)
			}
		}
		m[id] = until
	})
	if len(next.skips) > maxSkips {
		return fmt.Errorf("%d skipped events: %w", maxSkips, ErrTooMany)
	}
	return s.change(ctx, "skip the event", next, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM skip WHERE expires <= ?`, millis(now)); err != nil {
			return err
		}
		return writeSkip(ctx, tx, id, until)
	})
}

func writeSkip(ctx context.Context, tx *sql.Tx, id string, until time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO skip (id, expires) VALUES (?, ?)`, id, millis(until))
	return err
}

// ClearSkips ends all skips and tells how many were still in force.
func (s *Store) ClearSkips(ctx context.Context) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Now()
	next := s.picture.Load().clone()
	if len(next.skips) == 0 {
		return 0, nil
	}
	n := 0
	for _, until := range next.skips {
		if until.After(now) {
			n++
		}
	}
	next.skips = map[string]time.Time{}
	err := s.change(ctx, "clear the skips", next, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM skip`)
		return err
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

func validID(id string) error {
	if id == "" {
		return errors.New("the id of the event is empty")
	}
	if len(id) > maxIDBytes {
		return fmt.Errorf("the id of the event is longer than %d bytes", maxIDBytes)
	}
	return nil
}
