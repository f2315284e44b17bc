package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"time"

	"calendarbot/agent/budget"
	"calendarbot/agent/pressure"
)

// Bounds of what is kept about how the device fared. All of it together takes less than a megabyte of memory.
const (
	maxActions   = 1_000
	maxDays      = 400
	maxBaselines = 20
	maxWord      = 40  // runes of a sign, a unit and a release line
	maxDone      = 300 // runes

	// maxNotes is how often in an hour something is written for the ledger alone: a sign that comes and goes all the time must not
	// wear the SD card out. What is above goes with the next write of whatever else, at the latest with the one on Close.
	maxNotes = 30

	insertAction   = `INSERT OR REPLACE INTO action (id, sign, step, value, bound, unit, done, began, ended) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`
	insertDay      = `INSERT OR REPLACE INTO day (date, minutes, requests, failures, tight, critical, figures) VALUES (?, ?, ?, ?, ?, ?, ?)`
	insertBaseline = `INSERT OR REPLACE INTO baseline (line, mean, p99, requests, since) VALUES (?, ?, ?, ?, ?)`
	deleteAction   = `DELETE FROM action WHERE id = ?`
	deleteDay      = `DELETE FROM day WHERE date = ?`
	deleteBaseline = `DELETE FROM baseline WHERE line = ?`
)

// ledger is the part of the picture that tells how the device fared and what it did by itself. It is needed least where the disk
// is worst, so all of it is in memory and what cannot be written is known all the same. Its parts are replaced, not changed.
type ledger struct {
	actions   []budget.Action     // by id
	days      []pressure.Day      // oldest first
	baselines []pressure.Baseline // oldest first
	left      []int64             // actions that the last run of the program did not end
	early     int64               // the last id that an earlier run of the program gave out
	last      int64               // the last id that was given out
	filed     int64               // the last one that the file knows

	// What is ahead of the file: to be written when it is there, to be deleted when not.
	aheadActions map[int64]bool
	aheadDays    map[string]bool
	aheadLines   map[string]bool
}

// ahead tells whether the file does not hold everything.
func (l *ledger) ahead() bool { return len(l.aheadActions)+len(l.aheadDays)+len(l.aheadLines) > 0 }

// marked is a copy of what is ahead, with one more. Nothing is ever put into a map that was published.
func marked[K comparable](ahead map[K]bool, key K) map[K]bool {
	next := make(map[K]bool, len(ahead)+2)
	maps.Copy(next, ahead)
	next[key] = true
	return next
}

// saved is the ledger when the file holds it.
func (l ledger) saved() ledger {
	l.aheadActions, l.aheadDays, l.aheadLines, l.filed = nil, nil, nil, l.last
	return l
}

// unsaved is the ledger for a file that holds nothing of it.
func (l ledger) unsaved() ledger {
	l.aheadActions, l.aheadDays, l.aheadLines, l.filed = map[int64]bool{}, map[string]bool{}, map[string]bool{}, 0
	for _, a := range l.actions {
		l.aheadActions[a.ID] = true
	}
	for i := range l.days {
		l.aheadDays[l.days[i].Date] = true
	}
	for _, b := range l.baselines {
		l.aheadLines[b.Line] = true
	}
	return l
}

// note makes next, a clone of the picture with another ledger, the picture, and writes it. What cannot be written, or not so soon
// after what was written before, is known all the same and goes with the next write. An error says that the disk refused; on a
// file that people were told cannot be written there is none. s.mu is held.
func (s *Store) note(ctx context.Context, doing string, next *picture) error {
	s.picture.Store(next)
	if s.sealed != nil || !s.mayNote() {
		return nil
	}
	saved := next.clone()
	if err := s.commit(ctx, saved, nil); err != nil {
		return inWords(doing, err) // when the file was damaged, the new one holds it
	}
	s.picture.Store(saved)
	return nil
}

// mayNote tells whether something may be written for the ledger alone, and counts it. s.mu is held.
func (s *Store) mayNote() bool {
	now := s.o.Now()
	s.notes = slices.DeleteFunc(s.notes, func(t time.Time) bool { return now.Sub(t) >= time.Hour || t.After(now) })
	if len(s.notes) >= maxNotes {
		return false
	}
	s.notes = append(s.notes, now)
	return true
}

// write saves what is ahead of the file.
func (l *ledger) write(ctx context.Context, tx *sql.Tx) error {
	for id := range l.aheadActions {
		i, there := l.find(id)
		if err := putOrDelete(ctx, tx, there, deleteAction, id, insertAction, func() []any { return actionRow(l.actions[i]) }); err != nil {
			return err
		}
	}
	for date := range l.aheadDays {
		i, there := slices.BinarySearchFunc(l.days, date, byDate)
		if err := putOrDelete(ctx, tx, there, deleteDay, date, insertDay, func() []any { return dayRow(&l.days[i]) }); err != nil {
			return err
		}
	}
	for line := range l.aheadLines {
		i := slices.IndexFunc(l.baselines, func(b pressure.Baseline) bool { return b.Line == line })
		if err := putOrDelete(ctx, tx, i >= 0, deleteBaseline, line, insertBaseline, func() []any { return baselineRow(l.baselines[i]) }); err != nil {
			return err
		}
	}
	return nil
}

// putOrDelete writes the row that is there, or deletes the one that is not any more.
func putOrDelete(ctx context.Context, tx *sql.Tx, there bool, gone string, key any, insert string, row func() []any) error {
	if !there {
		_, err := tx.ExecContext(ctx, gone, key)
		return err
	}
	_, err := tx.ExecContext(ctx, insert, row()...)
	return err
}

// loadLedger reads each table as far as it can be read. Actions that did not end, as the program was ended before them, are ended at
// the last moment that the file knows of, by a clock that was as set as theirs; that is written with the next change.
func (p *picture) loadLedger(ctx context.Context, db *sql.DB) error {
	l := &p.ledger
	actions := each(ctx, db, `SELECT id, sign, step, value, bound, unit, done, began, ended FROM action ORDER BY id`, func(rows *sql.Rows) error {
		a, err := readAction(rows)
		if err == nil {
			l.actions, l.last = append(l.actions, a), a.ID
		}
		return err
	})
	days := each(ctx, db, `SELECT date, minutes, requests, failures, tight, critical, figures FROM day ORDER BY date`, func(rows *sql.Rows) error {
		d, err := readDay(rows)
		if err == nil {
			l.days = append(l.days, d)
		}
		return err
	})
	baselines := each(ctx, db, `SELECT line, mean, p99, requests, since FROM baseline ORDER BY since, line`, func(rows *sql.Rows) error {
		var b pressure.Baseline
		var mean, p99, requests, since int64
		if err := rows.Scan(&b.Line, &mean, &p99, &requests, &since); err != nil {
			return err
		}
		b.Mean, b.P99, b.Requests, b.Since = time.Duration(mean), time.Duration(p99), uint64(requests), instant(since)
		l.baselines = append(l.baselines, b)
		return nil
	})
	l.filed, l.early = l.last, l.last
	p.endLeft()
	return errors.Join(actions, days, baselines)
}

// byDate compares a day with a date.
func byDate(d pressure.Day, date string) int { return cmp.Compare(d.Date, date) }
