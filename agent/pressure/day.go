package pressure

import (
	"math"
	"time"
)

// Day is the roll-up of one day, or of a part of it: parts of the same date add up, their means weighted by their minutes.
// Quantities that are not known are NaN.
type Day struct {
	Date               string // 2026-01-31, in the device's zone
	Low, Mean, High    [Quantities]float64
	Minutes            int // samples
	Requests, Failures uint64
	Tight, Critical    time.Duration // time spent there
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
	for i := range d.Mean {
		d.Low[i], d.Mean[i], d.High[i] = math.NaN(), math.NaN(), math.NaN()
		if l.tally.count[i] > 0 {
			d.Low[i], d.Mean[i], d.High[i] = l.tally.low[i], l.tally.mean(i), l.tally.high[i]
		}
	}
	return d, true
}
