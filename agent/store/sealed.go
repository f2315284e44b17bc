package store

import (
	"context"
	"fmt"
	"time"

	"calendarbot/agent/conn"
)

// A store is sealed when its file could not be written at the start. It stays so until the next start, even when the file could
// be written meanwhile: what the system refuses once, because a disk fails, it may refuse at any moment.

// told tells a person why nothing can be stored.
func told(sealed error) string {
	if conn.IsReadOnly(sealed) {
		return "The disk is read-only"
	}
	return "The program may not write its database"
}

// advice tells a person what to do about it.
func advice(sealed error) string {
	if conn.IsReadOnly(sealed) {
		return "Restart the device; if this comes again, its SD card is probably failing and should be replaced."
	}
	return "Allow its user to write the file of store.path and the folder of that, and restart the program."
}

// since is a generation that no earlier run of the program has given out: nobody changes things more often than
// once in a second for long.
func since(now time.Time) uint64 { return uint64(max(now.Unix(), 0)) }

// replacement returns what the store goes on with instead of its damaged file: a new file, or for a sealed one, which cannot
// be set aside, a database in memory. The sentence tells a person so. s.files is held.
func (s *Store) replacement(ctx context.Context, old *picture, now time.Time) (db *conn.DB, fresh *picture, words string, err error) {
	if s.sealed == nil {
		aside, err := setAside(s.o.Path, now)
		if err != nil {
			return nil, nil, "", fmt.Errorf("set the damaged database aside: %w", err)
		}
		db, fresh, err = s.start(ctx)
		return db, fresh, sentence(old, aside), err
	}
	words = told(s.sealed) + ", and what is stored there cannot be used: calendars are fetched anew, and changes are lost when the program ends. " + advice(s.sealed)
	if db, err = conn.OpenMemory(ctx, s.o.Path, s.o.DB); err != nil {
		return nil, nil, "", err
	}
	if err = migrate(ctx, db, s.o.Path, s.migrations); err != nil {
		return db, nil, "", err
	}
	fresh, err = load(ctx, db.Write())
	return db, fresh, words, err
}

// Sealed tells whether nothing can be stored until the next start.
func (s *Store) Sealed() bool { return s.sealed != nil }
