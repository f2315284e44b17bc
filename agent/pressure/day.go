package pressure

import "time"

// Day is the roll-up of one day, or of a part of it: see Merge. Quantities that are not known are 0, and so is how often they were.
type Day struct {
	Date               string // 2026-01-31, in the device's zone
	Low, Mean, High    [Quantities]float64
	Known              [Quantities]int // readings of which Mean is
	Minutes            int             // samples
	Requests, Failures uint64
	Tight, Critical    time.Duration // time spent there
}

// Merge is two parts of the same day as one.
func Merge(a, b Day) Day {
	for i := range a.Known {
		switch {
		case b.Known[i] <= 0:
			continue
		case a.Known[i] <= 0:
			a.Low[i], a.Mean[i], a.High[i], a.Known[i] = b.Low[i], b.Mean[i], b.High[i], b.Known[i]
			continue
		}
		n, m := float64(a.Known[i]), float64(b.Known[i])
		a.Low[i], a.High[i] = min(a.Low[i], b.Low[i]), max(a.High[i], b.High[i])
		a.Mean[i] = a.Mean[i]*(n/(n+m)) + b.Mean[i]*(m/(n+m))
		a.Known[i] += b.Known[i]
	}
	a.Minutes += b.Minutes
	a.Requests += b.Requests
	a.Failures += b.Failures
	a.Tight += b.Tight
	a.Critical += b.Critical
	return a
}

// roll gathers the part of a day that was not kept yet.
type roll struct {
	day   Day
	tally tally
	began time.Duration // of the part, by Reading.Up
	last  mark
	level Level
	begun bool // last is a reading's
	open  bool
}

// add takes the next reading, of a date, and how things stand with it. The time before it counts as the level before it.
func (l *roll) add(date string, r *Reading, q [Quantities]float64, level Level) {
	now := markOf(r)
	if !l.open {
		l.day, l.tally, l.began, l.open = Day{Date: date}, tally{}, r.Up, true
	}
	if d, ok := now.since(&l.last); ok && l.begun {
		l.day.Requests += d.requests
		l.day.Failures += d.failures
		switch l.level {
		case Normal:
		case Tight:
			l.day.Tight += d.up
		case Critical:
			l.day.Critical += d.up
		}
	}
	l.last, l.level, l.begun = now, level, true
	l.tally.add(q)
}

// take returns the part that was gathered, and begins a new one with the next reading; false when there is none.
func (l *roll) take() (Day, bool) {
	if !l.open {
		return Day{}, false
	}
	l.open = false
	d := l.day
	d.Low, d.High, d.Known = l.tally.low, l.tally.high, l.tally.count
	for i := range d.Mean {
		if d.Known[i] > 0 {
			d.Mean[i] = l.tally.mean(i)
		}
	}
	return d, true
}
