package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"calendarbot/agent/conn"
)

const (
	maxRenewals   = 3 // in an hour; a disk that damages more is not helped by one more file
	keptCorrupt   = 2 // files set aside; the oldest go
	corruptSuffix = ".corrupt-"
	corruptTime   = "20060102T150405Z"
)

// repair replaces the file after a read from failed has found it corrupt, unless somebody
// else has done so.
func (s *Store) repair(ctx context.Context, failed *conn.DB) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files.RLock()
	current := s.db
	s.files.RUnlock()
	if s.closed {
		return ErrClosed
	}
	if current != failed {
		return nil
	}
	return s.renew(ctx, s.picture.Load())
}

// renew sets the corrupt file aside and starts a new one with what p still knows: sources, with the
// credentials of those that a person added, hidden, skips and changed settings. Events and validators are
// gone, so that the next fetch brings all events again. A sealed file stays where it is. s.mu is held.
func (s *Store) renew(ctx context.Context, p *picture) error {
	now := s.o.Now()
	s.renewals = slices.DeleteFunc(s.renewals, func(t time.Time) bool {
		return now.Sub(t) >= time.Hour || t.After(now)
	})
	if len(s.renewals) >= maxRenewals {
		return fmt.Errorf("the database was damaged %d times within an hour: the disk is probably failing", maxRenewals)
	}
	s.renewals = append(s.renewals, now)

	s.files.Lock()
	defer s.files.Unlock()
	// What a damaged database says while it closes tells nothing new.
	if err := s.retire(); err != nil && !conn.IsCorrupt(err) {
		return fmt.Errorf("close the damaged database: %w", err)
	}
	db, fresh, words, err := s.replacement(ctx, p, now)
	if err != nil {
		if db != nil {
			err = errors.Join(err, db.Close())
		}
		return inWords("start a new database", err)
	}
	fresh.refill(p, now)
	if err := fresh.writeAll(ctx, db.Write()); err != nil {
		return inWords("start a new database", errors.Join(err, db.Close()))
	}
	fresh.written(now)
	s.db = db
	s.picture.Store(fresh)
	s.tell(words)
	return nil
}

// sentence tells a person what happened to the database, and what is lost.
func sentence(p *picture, aside string) string {
	lost := "Sources, settings and hidden events were kept"
	if len(p.sources) == 0 {
		lost = "Calendars added on the web page and hidden events have to be entered again"
	}
	if p.archive.torn {
		lost += "; settings that were changed while the program ran may be those of the configuration file again"
	}
	return fmt.Sprintf("The database was damaged and has been set aside as %s. %s; all calendars are being fetched anew.",
		filepath.Base(aside), lost)
}

// refill takes over from the picture of the damaged file what does not depend on events.
func (p *picture) refill(old *picture, now time.Time) {
	// A client may still hold a page of the old file: no generation is given out twice.
	p.generation = max(old.generation, since(now)) + generationGap
	p.hidden, p.skips, p.archive = old.hidden, old.skips, old.archive
	p.archive.torn = false
	p.ledger = old.ledger.unsaved()
	for _, src := range old.sources {
		p.sources = append(p.sources, &source{
			id: src.id, web: src.web, position: src.position,
			settings: src.settings, fingerprint: src.fingerprint,
		})
	}
}

// writeAll fills a new file.
func (p *picture) writeAll(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for _, src := range p.sources {
		if err := src.write(ctx, tx); err != nil {
			return rollback(tx, err)
		}
	}
	for _, h := range p.hidden {
		if err := h.write(ctx, tx); err != nil {
			return rollback(tx, err)
		}
	}
	for id, until := range p.skips {
		if err := writeSkip(ctx, tx, id, until); err != nil {
			return rollback(tx, err)
		}
	}
	if err := p.archive.write(ctx, tx); err != nil {
		return rollback(tx, err)
	}
	if err := p.write(ctx, tx); err != nil {
		return rollback(tx, err)
	}
	return tx.Commit()
}

// setAside renames the database and its companions, and removes the oldest of those that were set
// aside before.
func setAside(path string, now time.Time) (string, error) {
	aside := path + corruptSuffix + now.UTC().Format(corruptTime)
	for n := 2; ; n++ {
		if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
			break
		}
		aside = fmt.Sprintf("%s%s%s-%d", path, corruptSuffix, now.UTC().Format(corruptTime), n)
	}
	for _, suffix := range companions() {
		if err := os.Rename(path+suffix, aside+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	prune(path, aside)
	return aside, nil
}

// companions are the file itself, its log and the index of the log.
func companions() []string { return []string{"", "-wal", "-shm"} }

// prune removes files set aside until keptCorrupt are left, the newest among them. As with copies it tells of no error.
func prune(path, newest string) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return
	}
	type file struct {
		name string
		time time.Time
	}
	var old []file
	for _, e := range entries {
		name := filepath.Join(filepath.Dir(path), e.Name())
		if len(name) <= len(path+corruptSuffix) || name[:len(path+corruptSuffix)] != path+corruptSuffix {
			continue
		}
		if ext := name[len(name)-4:]; ext == "-wal" || ext == "-shm" || name == newest {
			continue
		}
		info, err := e.Info()
		if err != nil {
			continue // gone meanwhile
		}
		old = append(old, file{name, info.ModTime()})
	}
	slices.SortFunc(old, func(a, b file) int { return b.time.Compare(a.time) })
	for i := keptCorrupt - 1; i < len(old); i++ {
		discard(old[i].name)
	}
}
