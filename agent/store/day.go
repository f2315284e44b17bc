package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"calendarbot/agent/pressure"
)

// AddDay keeps the roll-up of a day, or of a part of it: what is already there of the same date is taken together with it, the means
// weighted by the minutes. Of all days the newest 400 are kept. An error says that the date is none, or that the disk refused; the day
// is then in memory, and saved with the next write. On a disk that cannot be written from the start there is no error.
func (s *Store) AddDay(ctx context.Context, d pressure.Day) error {
	if _, err := time.Parse(time.DateOnly, d.Date); err != nil {
		return fmt.Errorf("save the figures of a day: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.picture.Load().clone()
	next.ledger.addDay(d)
	return s.note(ctx, "save the figures of "+d.Date, next)
}

// ForgetDaysAfter drops the days after a date: a clock that was wrong made them, and they would be told as the newest for years. As to errors
// it is like AddDay.
func (s *Store) ForgetDaysAfter(ctx context.Context, date string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.picture.Load().clone()
	if !next.ledger.forgetDaysAfter(date) {
		return nil
	}
	return s.note(ctx, "drop the figures of days to come", next)
}

// Days returns the newest days first, at most limit. It costs no query.
func (s *Store) Days(_ context.Context, limit int) ([]pressure.Day, error) {
	return newestFirst(s.picture.Load().ledger.days, limit), nil
}

// SetBaseline keeps how fast a release line answers, in place of what was kept of it. Of all lines the newest 20 are kept. As to
// errors it is like AddDay.
func (s *Store) SetBaseline(ctx context.Context, b pressure.Baseline) error {
	b.Line, b.Since = cut(b.Line, maxWord), instant(millis(b.Since))
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.picture.Load().clone()
	if !next.ledger.setBaseline(b) {
		return nil
	}
	return s.note(ctx, "save how fast "+b.Line+" is", next)
}

// ForgetBaseline drops what is kept of a release line. As to errors it is like AddDay.
func (s *Store) ForgetBaseline(ctx context.Context, line string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.picture.Load().clone()
	if !next.ledger.forgetBaseline(cut(line, maxWord)) {
		return nil
	}
	return s.note(ctx, "forget how fast "+line+" is", next)
}

// Baselines returns those of all release lines, the newest first. It costs no query.
func (s *Store) Baselines(context.Context) ([]pressure.Baseline, error) {
	return newestFirst(s.picture.Load().ledger.baselines, maxBaselines), nil
}

// addDay adds a day or takes it together with the one of its date.
func (l *ledger) addDay(d pressure.Day) {
	l.days = slices.Clone(l.days)
	l.aheadDays = marked(l.aheadDays, d.Date)
	i, there := slices.BinarySearchFunc(l.days, d.Date, byDate)
	if there {
		l.days[i] = merged(&l.days[i], &d)
		return
	}
	l.days = slices.Insert(l.days, i, d)
	if len(l.days) > maxDays {
		l.aheadDays[l.days[0].Date] = true // a map of our own
		l.days = slices.Delete(l.days, 0, 1)
	}
}

// forgetDaysAfter drops the days after a date, and tells whether there were any.
func (l *ledger) forgetDaysAfter(date string) bool {
	first := slices.IndexFunc(l.days, func(d pressure.Day) bool { return d.Date > date })
	if first < 0 {
		return false
	}
	for i := range l.days[first:] {
		l.aheadDays = marked(l.aheadDays, l.days[first+i].Date)
	}
	l.days = slices.Clone(l.days[:first])
	return true
}

// merged takes two parts of a day together.
func merged(a, b *pressure.Day) pressure.Day {
	d := *a
	d.Minutes += b.Minutes
	d.Requests += b.Requests
	d.Failures += b.Failures
	d.Tight += b.Tight
	d.Critical += b.Critical
	for q := range d.Mean {
		switch {
		case math.IsNaN(b.Mean[q]):
			continue
		case math.IsNaN(a.Mean[q]):
			d.Low[q], d.Mean[q], d.High[q] = b.Low[q], b.Mean[q], b.High[q]
			continue
		}
		d.Low[q], d.High[q] = min(a.Low[q], b.Low[q]), max(a.High[q], b.High[q])
		if d.Minutes > 0 {
			d.Mean[q] += (b.Mean[q] - a.Mean[q]) * float64(b.Minutes) / float64(d.Minutes)
		}
	}
	return d
}

// setBaseline puts a baseline in place of the one of its line, and tells whether that changes anything.
func (l *ledger) setBaseline(b pressure.Baseline) bool {
	if slices.Contains(l.baselines, b) {
		return false
	}
	l.baselines = slices.DeleteFunc(slices.Clone(l.baselines), func(old pressure.Baseline) bool { return old.Line == b.Line })
	l.baselines = append(l.baselines, b)
	slices.SortStableFunc(l.baselines, func(a, b pressure.Baseline) int { return a.Since.Compare(b.Since) })
	l.aheadLines = marked(l.aheadLines, b.Line)
	if len(l.baselines) > maxBaselines {
		l.aheadLines[l.baselines[0].Line] = true // a map of our own
		l.baselines = slices.Delete(l.baselines, 0, 1)
	}
	return true
}

// forgetBaseline drops the baseline of a line, and tells whether there was one.
func (l *ledger) forgetBaseline(line string) bool {
	kept := slices.DeleteFunc(slices.Clone(l.baselines), func(b pressure.Baseline) bool { return b.Line == line })
	if len(kept) == len(l.baselines) {
		return false
	}
	l.baselines, l.aheadLines = kept, marked(l.aheadLines, line)
	return true
}

// baselineRow is what insertBaseline takes.
func baselineRow(b pressure.Baseline) []any {
	return []any{b.Line, int64(b.Mean), int64(b.P99), int64(b.Requests), millis(b.Since)}
}

// dayRow is what insertDay takes.
func dayRow(d *pressure.Day) []any {
	return []any{d.Date, d.Minutes, int64(d.Requests), int64(d.Failures), int64(d.Tight), int64(d.Critical), figures(d)}
}

// figures writes the quantities of a day in their order, which only ever grows at its end.
func figures(d *pressure.Day) string {
	list := make([][]float64, pressure.Quantities)
	for q := range list {
		if of := []float64{d.Low[q], d.Mean[q], d.High[q]}; !slices.ContainsFunc(of, endless) {
			list[q] = of
		}
	}
	text, err := json.Marshal(list)
	if err != nil {
		panic(err) // finite numbers can be written
	}
	return string(text)
}

// endless tells whether JSON has no word for a number.
func endless(f float64) bool { return math.IsNaN(f) || math.IsInf(f, 0) }

// readDay reads a row of the table day.
func readDay(rows *sql.Rows) (d pressure.Day, err error) {
	var requests, failures, tight, critical int64
	var text []byte
	if err := rows.Scan(&d.Date, &d.Minutes, &requests, &failures, &tight, &critical, &text); err != nil {
		return d, err
	}
	d.Requests, d.Failures, d.Tight, d.Critical = uint64(requests), uint64(failures), time.Duration(tight), time.Duration(critical)
	var list [][]float64
	if err := json.Unmarshal(text, &list); err != nil {
		return d, fmt.Errorf("figures of %s: %w", d.Date, err)
	}
	for q := range d.Mean {
		d.Low[q], d.Mean[q], d.High[q] = math.NaN(), math.NaN(), math.NaN()
		if q < len(list) && len(list[q]) == 3 {
			d.Low[q], d.Mean[q], d.High[q] = list[q][0], list[q][1], list[q][2]
		}
	}
	return d, nil
}
