package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"calendarbot/agent/config"
)

// Store keeps what config.Live must find again after a restart.
var _ config.Archive = (*Store)(nil)

// Bounds of what is kept about the configuration.
const (
	maxChanges      = 1_000
	maxChangeBytes  = 1 << 20 // of all changes; the newest is kept however long it is
	maxWho          = 200     // runes
	maxWhy          = 500     // runes
	maxSettings     = 1_000
	maxSettingBytes = 1 << 20 // of all keys and texts
	maxAccepted     = 1 << 20 // bytes

	insertChange = `INSERT OR REPLACE INTO change (id, at, who, why, key, layer, before, after, had, has, undoes)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
)

// archive is the part of the picture that belongs to the configuration. Its parts are replaced, not changed.
type archive struct {
	runtime  map[string]string // dotted key -> text
	changes  []config.Change   // oldest first
	accepted []byte            // nil: none
	torn     bool              // not all of it was read
}

// Runtime returns the settings that were changed while the program ran. It costs no query.
func (s *Store) Runtime(context.Context) (map[string]string, error) {
	return maps.Clone(s.picture.Load().archive.runtime), nil
}

// Accepted returns the last configuration file that was found good; nil when there was none. It costs no query.
func (s *Store) Accepted(context.Context) ([]byte, error) {
	return slices.Clone(s.picture.Load().archive.accepted), nil
}

// Changes returns the newest changes of the configuration first, at most limit. It costs no query.
func (s *Store) Changes(_ context.Context, limit int) ([]config.Change, error) {
	all := s.picture.Load().archive.changes
	newest := slices.Clone(all[len(all)-min(max(limit, 0), len(all)):])
	slices.Reverse(newest)
	return newest, nil
}

// Record adds changes to the audit log, numbered on from the newest, makes runtime the settings that were changed while
// the program ran, and keeps text, if it is not nil, as the last file that was found good: all in one
// transaction or, on an error, nothing. Of the log the newest 1000 changes are kept, and not more than 1 MiB. What is
// the same as before is not written again.
func (s *Store) Record(ctx context.Context, runtime map[string]string, changes []config.Change, text []byte) error {
	if err := boundArchive(runtime, text); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := context.Cause(ctx); err != nil { // whoever waited for the others' writes may have been told that it failed
		return fmt.Errorf("save the settings: %w", err)
	}
	next := s.picture.Load().clone()
	old := next.archive
	a := old.with(runtime, changes, text)
	sameRuntime, sameFile := maps.Equal(a.runtime, old.runtime), text == nil || old.accepted != nil && bytes.Equal(text, old.accepted)
	if sameRuntime && sameFile && len(changes) == 0 {
		return nil
	}
	next.archive = a
	err := s.commit(ctx, next, func(tx *sql.Tx) error {
		if !sameRuntime {
			if err := a.writeRuntime(ctx, tx); err != nil {
				return err
			}
		}
		if err := a.writeChanges(ctx, tx, newestID(old.changes)); err != nil {
			return err
		}
		if sameFile {
			return nil
		}
		return a.writeAccepted(ctx, tx)
	})
	if err != nil {
		return inWords("save the settings", err)
	}
	s.picture.Store(next)
	return nil
}

// with returns the archive after a record.
func (a archive) with(runtime map[string]string, changes []config.Change, text []byte) archive {
	next := archive{runtime: maps.Clone(runtime), changes: slices.Clone(a.changes), accepted: a.accepted}
	if text != nil {
		next.accepted = append([]byte{}, text...)
	}
	id := newestID(a.changes)
	for _, c := range changes {
		id++
		c.ID, c.At = id, instant(millis(c.At))
		c.By = config.By{Who: cut(c.By.Who, maxWho), Why: cut(c.By.Why, maxWhy)}
		next.changes = append(next.changes, c)
	}
	next.changes = newest(next.changes)
	return next
}

// newest leaves the oldest changes out until the rest is within the bounds.
func newest(changes []config.Change) []config.Change {
	bytes := 0
	for i, c := range slices.Backward(changes) {
		bytes += len(c.Key) + len(c.From) + len(c.To) + len(c.By.Who) + len(c.By.Why)
		last := len(changes) - 1
		if i < last && (bytes > maxChangeBytes || len(changes)-i > maxChanges) {
			return slices.Clone(changes[i+1:])
		}
	}
	return changes
}

func newestID(changes []config.Change) int64 {
	if len(changes) == 0 {
		return 0
	}
	return changes[len(changes)-1].ID
}

func cut(text string, runes int) string {
	if r := []rune(text); len(r) > runes {
		return string(r[:runes])
	}
	return text
}

func boundArchive(runtime map[string]string, text []byte) error {
	size := 0
	for key, value := range runtime {
		size += len(key) + len(value)
	}
	switch {
	case len(runtime) > maxSettings:
		return fmt.Errorf("save the settings: %d are changed; allowed are %d: %w", len(runtime), maxSettings, ErrTooMany)
	case size > maxSettingBytes:
		return fmt.Errorf("save the settings: they have %d bytes; allowed are %d", size, maxSettingBytes)
	case len(text) > maxAccepted:
		return fmt.Errorf("save the configuration file: it has %d bytes; allowed are %d", len(text), maxAccepted)
	}
	return nil
}

func (a archive) writeRuntime(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM setting`); err != nil {
		return err
	}
	for key, text := range a.runtime {
		if _, err := tx.ExecContext(ctx, `INSERT INTO setting (key, text) VALUES (?, ?)`, key, text); err != nil {
			return err
		}
	}
	return nil
}

// writeChanges writes what is newer than the change of an id, and forgets what is too old.
func (a archive) writeChanges(ctx context.Context, tx *sql.Tx, after int64) error {
	for _, c := range a.changes {
		if c.ID <= after {
			continue
		}
		_, err := tx.ExecContext(ctx, insertChange, c.ID, millis(c.At), c.By.Who, c.By.Why, c.Key, string(c.Layer),
			c.From, c.To, c.Had, c.Has, c.Undoes)
		if err != nil {
			return err
		}
	}
	if len(a.changes) == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM change WHERE id < ?`, a.changes[0].ID)
	return err
}

func (a archive) writeAccepted(ctx context.Context, tx *sql.Tx) error {
	if a.accepted == nil {
		return nil
	}
	_, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO accepted (one, text) VALUES (1, ?)`, a.accepted)
	return err
}

// write fills a new file.
func (a archive) write(ctx context.Context, tx *sql.Tx) error {
	if err := a.writeRuntime(ctx, tx); err != nil {
		return err
	}
	if err := a.writeChanges(ctx, tx, 0); err != nil {
		return err
	}
	return a.writeAccepted(ctx, tx)
}

// loadArchive reads each table as far as it can be read.
func (p *picture) loadArchive(ctx context.Context, db *sql.DB) error {
	a := &p.archive
	var faults []error
	read := func(query string, row func(rows *sql.Rows) error) {
		if err := each(ctx, db, query, row); err != nil {
			faults = append(faults, err)
		}
	}
	read(`SELECT key, text FROM setting`, func(rows *sql.Rows) error {
		var key, text string
		if err := rows.Scan(&key, &text); err != nil {
			return err
		}
		a.runtime[key] = text
		return nil
	})
	read(`SELECT id, at, who, why, key, layer, before, after, had, has, undoes FROM change ORDER BY id`, func(rows *sql.Rows) error {
		var c config.Change
		var at int64
		var layer string
		err := rows.Scan(&c.ID, &at, &c.By.Who, &c.By.Why, &c.Key, &layer, &c.From, &c.To, &c.Had, &c.Has, &c.Undoes)
		if err != nil {
			return err
		}
		c.At, c.Layer = instant(at), config.Layer(layer)
		a.changes = append(a.changes, c)
		return nil
	})
	read(`SELECT text FROM accepted`, func(rows *sql.Rows) error { return rows.Scan(&a.accepted) })
	a.torn = len(faults) > 0
	return errors.Join(faults...)
}
