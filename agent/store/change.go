package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"calendarbot/agent/conn"
)

const (
	selectGeneration = `SELECT value FROM meta WHERE name = 'generation'`
	updateGeneration = `UPDATE meta SET value = ? WHERE name = 'generation'`
	updateStatus     = `UPDATE source SET etag = ?, last_modified = ?, events = ?, skipped = ?, last_success = ?,
		last_try = ?, next_try = ?, failing_since = ?, code = ?, error = ? WHERE num = ?`
)

// change makes next, a clone of the picture, the picture: write changes the file in one transaction,
// and the generation grows. On an error neither file nor picture changes. s.mu is held.
func (s *Store) change(ctx context.Context, doing string, next *picture, write func(tx *sql.Tx) error) error {
	next.generation++
	if err := s.commit(ctx, next, write); err != nil {
		return inWords(doing, err)
	}
	s.picture.Store(next)
	return nil
}

// report is change for what is only known about sources: it is shown even when it
// cannot be saved, because that the disk is full must be shown too.
func (s *Store) report(ctx context.Context, doing string, next *picture) error {
	next.generation++
	err := s.commit(ctx, next, nil)
	if broken(err) {
		return inWords(doing, err) // renew has already published what is left
	}
	s.picture.Store(next)
	if err != nil {
		return inWords(doing, err)
	}
	return nil
}

// save writes what is only in memory, if anything is. s.mu is held.
func (s *Store) save(ctx context.Context, next *picture) error {
	if !next.ledger.ahead() && !slices.ContainsFunc(next.sources, func(src *source) bool { return src.dirty }) {
		return nil
	}
	if err := s.commit(ctx, next, nil); err != nil {
		return err
	}
	s.picture.Store(next)
	return nil
}

// commit writes next and whatever write adds to it. When the file turns out to be corrupt it is
// replaced, next is lost, and the error is returned all the same. s.mu is held.
func (s *Store) commit(ctx context.Context, next *picture, write func(tx *sql.Tx) error) error {
	err := s.withDB(func(db *conn.DB) error {
		tx, err := db.Write().BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		if write != nil {
			if err := write(tx); err != nil {
				return rollback(tx, err)
			}
		}
		if err := next.write(ctx, tx); err != nil {
			return rollback(tx, err)
		}
		return tx.Commit()
	})
	if broken(err) {
		return errors.Join(err, s.renew(ctx, s.picture.Load()))
	}
	if err != nil {
		return err
	}
	next.written(s.o.Now())
	if s.cramped {
		s.cramped = false
		s.tell("")
	}
	return nil
}

// write saves the generation, the ledger and the status of every source as far as they are ahead of the file.
func (p *picture) write(ctx context.Context, tx *sql.Tx) error {
	for _, src := range p.sources {
		if !src.dirty {
			continue
		}
		_, err := tx.ExecContext(ctx, updateStatus, src.validators.ETag, src.validators.LastModified, src.events,
			src.skipped, millis(src.lastSuccess), millis(src.lastTry), millis(src.nextTry), millis(src.failingSince),
			src.code, src.words, src.num)
		if err != nil {
			return err
		}
	}
	if err := p.ledger.write(ctx, tx); err != nil {
		return err
	}
	if p.stored == p.generation {
		return nil
	}
	_, err := tx.ExecContext(ctx, updateGeneration, int64(p.generation))
	return err
}

// written notes that the file holds what the picture holds.
func (p *picture) written(now time.Time) {
	p.stored = p.generation
	p.ledger = p.ledger.saved()
	for i, src := range p.sources {
		if src.dirty {
			c := *src
			c.dirty, c.saved = false, now
			p.sources[i] = &c
		}
	}
}

// rollback gives the transaction up and returns why.
func rollback(tx *sql.Tx, err error) error {
	if e := tx.Rollback(); e != nil && !errors.Is(e, sql.ErrTxDone) {
		return errors.Join(err, e)
	}
	return err
}

// withDB calls f with the database, which stays open meanwhile.
func (s *Store) withDB(f func(db *conn.DB) error) error {
	s.files.RLock()
	defer s.files.RUnlock()
	switch {
	case s.closed:
		return ErrClosed
	case s.db == nil:
		return errGone
	}
	return f(s.db)
}
