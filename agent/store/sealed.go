package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"calendarbot/agent/conn"
)

// A store is sealed when its file could not be written at the start, or not be made one of this program's schema. It stays so until the next start, even when the file could
// be written meanwhile: what the system refuses once, because a disk fails, it may refuse at any moment.

// told tells a person why nothing can be stored.
func told(sealed error) string {
	switch {
	case conn.IsReadOnly(sealed):
		return "The disk is read-only"
	case conn.IsFull(sealed):
		return "The disk is too full to take over the database of another version of the program"
	case conn.Unwritable(sealed):
		return "The program may not write its database"
	}
	return "The database of another version of the program could not be taken over"
}

// advice tells a person what to do about it.
func advice(sealed error) string {
	switch {
	case conn.IsReadOnly(sealed):
		return "Restart the device; if this comes again, its SD card is probably failing and should be replaced."
	case conn.IsFull(sealed):
		return "Make room on the disk, and restart the device."
	case !conn.Unwritable(sealed):
		return "Restart the device; if this comes again, install the other version again."
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

// startInMemory opens, instead of a file that is of another schema and cannot be changed for the reason, a copy of it in memory. When
// there can be none, it returns the file with the picture of it as far as the schema is the same. db is the file; nil when it was closed.
func (s *Store) startInMemory(ctx context.Context, db *conn.DB, why error) (_ *conn.DB, p *picture, err error) {
	s.sealed = why
	if db == nil {
		if db, err = conn.OpenDB(ctx, s.o.Path, s.o.DB); err != nil {
			return nil, newPicture(), errors.Join(why, err)
		}
	}
	if db.Unwritable() != nil {
		s.sealed = db.Unwritable()
	}
	memory, err := s.lend(ctx, db)
	if err == nil {
		if p, err = load(ctx, memory.Write()); err == nil {
			return memory, p, db.Close()
		}
		err = errors.Join(err, memory.Close())
	}
	p, rest := load(ctx, db.Write())
	return db, p, errors.Join(why, err, rest)
}
