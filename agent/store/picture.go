package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"calendarbot/agent/ics"
)

// picture is everything but the events. One that is published is never changed.
type picture struct {
	generation uint64
	stored     uint64 // the generation in the file, which may be behind
	sources    []*source
	hidden     map[string]Hidden
	skips      map[string]time.Time
	archive    archive
	ledger     ledger
}

// source is one source with what is known about it. It is replaced, not changed.
type source struct {
	num         int64
	id          string
	web         bool
	position    int
	settings    settings
	fingerprint [hashSize]byte

	validators            Validators
	events, skipped       int
	lastSuccess, lastTry  time.Time
	nextTry, failingSince time.Time
	code, words           string
	ours                  ours
	saved                 time.Time // when the above was last written, by the program's clock
	dirty                 bool      // the above is newer than the file

	// Of the table feed.
	revision int64
	feedName string
	preamble [hashSize]byte
	problems []ics.Problem
	more     int
}

func newPicture() *picture {
	return &picture{hidden: map[string]Hidden{}, skips: map[string]time.Time{}, archive: archive{runtime: map[string]string{}, torn: true}}
}

// clone returns a picture whose parts may be replaced, but not changed.
func (p *picture) clone() *picture {
	c := *p
	c.sources = slices.Clone(p.sources)
	return &c
}

// find returns the source and its place, or -1.
func (p *picture) find(id string) (*source, int) {
	for i, src := range p.sources {
		if src.id == id {
			return src, i
		}
	}
	return nil, -1
}

// edit puts a copy of the source, which may be changed, in its place. p must be a clone.
func (p *picture) edit(id string) (*source, error) {
	src, i := p.find(id)
	if src == nil {
		return nil, ErrUnknown
	}
	c := *src
	p.sources[i] = &c
	return &c, nil
}

// sort puts the sources in their order: as configured, then as added.
func (p *picture) sort() {
	slices.SortFunc(p.sources, func(a, b *source) int {
		switch {
		case a.web != b.web && a.web:
			return 1
		case a.web != b.web:
			return -1
		case a.web:
			return int(a.num - b.num)
		}
		return a.position - b.position
	})
}

// setHidden and setSkips replace the maps by copies with the change made.
func (p *picture) setHidden(change func(map[string]Hidden)) {
	p.hidden = maps.Clone(p.hidden)
	change(p.hidden)
}

func (p *picture) setSkips(change func(map[string]time.Time)) {
	p.skips = maps.Clone(p.skips)
	change(p.skips)
}

// load reads the picture. On an error it returns what could be read.
func load(ctx context.Context, db *sql.DB) (*picture, error) {
	p := newPicture()
	err := errors.Join(
		p.loadGeneration(ctx, db),
		p.loadSources(ctx, db),
		p.loadFeeds(ctx, db),
		p.loadHidden(ctx, db),
		p.loadSkips(ctx, db),
		p.loadArchive(ctx, db),
		p.loadLedger(ctx, db), // after the sources, which know of late moments
	)
	p.sort()
	return p, err
}

func (p *picture) loadGeneration(ctx context.Context, db *sql.DB) error {
	var g int64
	if err := db.QueryRowContext(ctx, selectGeneration).Scan(&g); err != nil {
		return err
	}
	p.generation, p.stored = uint64(g), uint64(g)
	return nil
}

func (p *picture) loadSources(ctx context.Context, db *sql.DB) error {
	return each(ctx, db, `SELECT num, id, web, position, settings, fingerprint, etag, last_modified, events, skipped,
		last_success, last_try, next_try, failing_since, code, error FROM source`,
		func(rows *sql.Rows) error {
			s := &source{}
			var saved, fingerprint []byte
			var success, try, next, failing int64
			err := rows.Scan(&s.num, &s.id, &s.web, &s.position, &saved, &fingerprint, &s.validators.ETag,
				&s.validators.LastModified, &s.events, &s.skipped, &success, &try, &next, &failing, &s.code, &s.words)
			if err != nil {
				return err
			}
			if err := json.Unmarshal(saved, &s.settings); err != nil {
				return err
			}
			copy(s.fingerprint[:], fingerprint)
			s.lastSuccess, s.lastTry, s.nextTry, s.failingSince = instant(success), instant(try), instant(next), instant(failing)
			s.saved = s.lastTry
			p.sources = append(p.sources, s)
			return nil
		})
}

func (p *picture) loadFeeds(ctx context.Context, db *sql.DB) error {
	return each(ctx, db, `SELECT source, revision, name, hash, problems, more FROM feed`,
		func(rows *sql.Rows) error {
			var f source
			var hash, problems []byte
			if err := rows.Scan(&f.num, &f.revision, &f.feedName, &hash, &problems, &f.more); err != nil {
				return err
			}
			i := slices.IndexFunc(p.sources, func(s *source) bool { return s.num == f.num })
			if i < 0 {
				return nil
			}
			s := p.sources[i]
			s.revision, s.feedName, s.more = f.revision, f.feedName, f.more
			copy(s.preamble[:], hash)
			return json.Unmarshal(problems, &s.problems)
		})
}

func (p *picture) loadHidden(ctx context.Context, db *sql.DB) error {
	return each(ctx, db, `SELECT id, series, title, since FROM hidden`, func(rows *sql.Rows) error {
		var h Hidden
		var since int64
		if err := rows.Scan(&h.ID, &h.Series, &h.Title, &since); err != nil {
			return err
		}
		h.Since = instant(since)
		p.hidden[h.ID] = h
		return nil
	})
}

func (p *picture) loadSkips(ctx context.Context, db *sql.DB) error {
	return each(ctx, db, `SELECT id, expires FROM skip`, func(rows *sql.Rows) error {
		var id string
		var until int64
		if err := rows.Scan(&id, &until); err != nil {
			return err
		}
		p.skips[id] = instant(until)
		return nil
	})
}

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// each calls row for every row of the query.
func each(ctx context.Context, q querier, query string, row func(*sql.Rows) error, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	for rows.Next() {
		if err := row(rows); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

// instant and millis translate times; the zero time is 0.
func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
