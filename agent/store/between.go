package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"
	"time"

	"calendarbot/agent/calendar"
	"calendarbot/agent/conn"
	"calendarbot/agent/ics"
)

// Snapshot is everything a page is made from, read in one transaction.
type Snapshot struct {
	Generation uint64
	Events     []calendar.Event     // components of every series that may touch the span; sources in their order
	Unreadable int                  // stored components left out because they can no longer be interpreted
	Sources    []Source             // in the order of configuration, then of adding
	Hidden     map[string]Hidden    // by occurrence ID or series key; not to be changed
	Skipped    map[string]time.Time // by occurrence ID; until when; not to be changed
}

// A component that shares its UID with none is read by itself. A series is read whole as soon as one
// of its components may touch the span: only together do they tell which instances are
// overridden, and which of two versions counts.
const (
	countTouching = `SELECT source, count(*) FROM component INDEXED BY component_span
		WHERE last > ? AND first < ? GROUP BY source`
	selectSingles = `SELECT source, text FROM component INDEXED BY component_span
		WHERE last > ? AND first < ? AND series IS NULL`
	selectSeries = `WITH touching AS (SELECT DISTINCT source, series FROM component INDEXED BY component_span
			WHERE last > ? AND first < ? AND series IS NOT NULL)
		SELECT c.source, c.text FROM touching t CROSS JOIN component c ON c.source = t.source AND c.series = t.series
		ORDER BY c.source, c.ordinal, c.id`
)

// maxSnapshots is how often a snapshot is taken again when a commit came between its two halves.
const maxSnapshots = 3

// Between reads what a page for the span needs. Events of disabled sources are left out.
func (s *Store) Between(ctx context.Context, span calendar.Span) (Snapshot, error) {
	snap, used, err := s.between(ctx, span)
	if broken(err) {
		if err := s.repair(ctx, used); err != nil {
			return Snapshot{}, err
		}
		snap, _, err = s.between(ctx, span)
	}
	if err != nil {
		return Snapshot{}, inWords("read events", err)
	}
	return snap, nil
}

func (s *Store) between(ctx context.Context, span calendar.Span) (snap Snapshot, used *conn.DB, err error) {
	err = s.withDB(func(db *conn.DB) error {
		used = db
		for range maxSnapshots {
			var whole bool
			snap, whole, err = s.snapshot(ctx, db, span)
			if err != nil || whole {
				return err
			}
		}
		return nil // commits came faster than snapshots; the events are only a little older than the rest
	})
	return snap, used, err
}

// snapshot reads once. It is whole when the file and the picture were of the same generation.
func (s *Store) snapshot(ctx context.Context, db *conn.DB, span calendar.Span) (snap Snapshot, whole bool, err error) {
	tx, err := db.Read().BeginTx(ctx, nil)
	if err != nil {
		return Snapshot{}, false, err
	}
	defer func() { err = rollback(tx, err) }() // nothing was written
	var stored int64
	if err := tx.QueryRowContext(ctx, selectGeneration).Scan(&stored); err != nil {
		return Snapshot{}, false, err
	}
	p := s.picture.Load()
	snap = Snapshot{Generation: p.generation, Sources: p.list(), Hidden: p.hidden, Skipped: p.skips}
	if uint64(stored) < p.stored {
		return snap, false, nil // too old; the next try sees the commit
	}
	err = s.readEvents(ctx, tx, p, span, &snap)
	return snap, true, err
}

// readEvents adds the events to the snapshot.
func (s *Store) readEvents(ctx context.Context, tx *sql.Tx, p *picture, span calendar.Span, snap *Snapshot) error {
	interpreters, err := s.interpreters.of(ctx, tx, p, s.o.Zone)
	if err != nil {
		return err
	}
	from, to := calendar.WallIn(span.Start, time.UTC), calendar.WallIn(span.End, time.UTC)
	bySource := map[int64][]calendar.Event{}
	err = each(ctx, tx, countTouching, func(rows *sql.Rows) error {
		var num int64
		var n int
		if err := rows.Scan(&num, &n); err != nil {
			return err
		}
		if interpreters[num] != nil {
			bySource[num] = make([]calendar.Event, 0, n) // overrides elsewhere may come on top
		}
		return nil
	}, int64(from), int64(to))
	if err != nil {
		return err
	}
	add := func(rows *sql.Rows) error {
		var num int64
		var text sql.RawBytes
		if err := rows.Scan(&num, &text); err != nil {
			return err
		}
		in := interpreters[num]
		if in == nil {
			return nil // disabled, or removed this moment
		}
		e, err := in.Event(text)
		if err != nil {
			// It was readable when it was stored: another version of the program stored it.
			snap.Unreadable++
			return nil
		}
		bySource[num] = append(bySource[num], e)
		return nil
	}
	for _, query := range []string{selectSingles, selectSeries} {
		if err := each(ctx, tx, query, add, int64(from), int64(to)); err != nil {
			return err
		}
	}
	var inOrder [][]calendar.Event
	for _, src := range p.sources {
		events := bySource[src.num]
		for i := range events {
			events[i].Source = src.id
		}
		if len(events) > 0 {
			inOrder = append(inOrder, events)
		}
	}
	if len(inOrder) == 1 {
		snap.Events = inOrder[0]
		return nil
	}
	snap.Events = slices.Concat(inOrder...)
	return nil
}

// interpreters keeps an interpreter for each source, as reading its zones costs more than reading
// its events of one day.
type interpreters struct {
	mu     sync.Mutex
	byFeed map[int64]interpreter
}

type interpreter struct {
	preamble [hashSize]byte
	*ics.Interpreter
}

// of returns the interpreters of the sources that are switched on, by their number.
func (k *interpreters) of(ctx context.Context, tx *sql.Tx, p *picture, zone *time.Location) (map[int64]*ics.Interpreter, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	on := map[int64]bool{}
	for _, src := range p.sources {
		on[src.num] = !src.settings.Disabled
	}
	current := map[int64]interpreter{}
	var missing []int64
	err := each(ctx, tx, `SELECT source, hash FROM feed`, func(rows *sql.Rows) error {
		var num int64
		var hash []byte
		if err := rows.Scan(&num, &hash); err != nil {
			return err
		}
		if !on[num] {
			return nil
		}
		in := interpreter{Interpreter: k.byFeed[num].Interpreter}
		copy(in.preamble[:], hash)
		if in.Interpreter == nil || in.preamble != k.byFeed[num].preamble {
			missing = append(missing, num)
		}
		current[num] = in
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, num := range missing {
		var preamble []byte
		if err := tx.QueryRowContext(ctx, `SELECT preamble FROM feed WHERE source = ?`, num).Scan(&preamble); err != nil {
			return nil, err
		}
		current[num] = interpreter{current[num].preamble, ics.NewInterpreter(preamble, zone)}
	}
	k.byFeed = current
	found := make(map[int64]*ics.Interpreter, len(current))
	for num, in := range current {
		found[num] = in.Interpreter
	}
	return found, nil
}

// broken tells that the file has to be replaced.
func broken(err error) bool { return conn.IsCorrupt(err) || errors.Is(err, errGone) }
