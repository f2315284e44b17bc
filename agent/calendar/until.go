package calendar

import (
	"fmt"
	"time"
)

// ending is a parsed UNTIL.
type ending struct {
	wall Wall
	date bool // a DATE
	utc  bool // with Z
}

// parseUntil reads YYYYMMDD, YYYYMMDDTHHMMSS or YYYYMMDDTHHMMSSZ.
func parseUntil(value string) (ending, error) {
	digits := func(from, to int) int {
		n, ok := smallNumber(value[from:to])
		if !ok || value[from] < '0' {
			return -1
		}
		return n
	}
	var e ending
	switch {
	case len(value) == 8:
		e.date = true
	case len(value) == 15 && value[8] == 'T':
	case len(value) == 16 && value[8] == 'T' && value[15] == 'Z':
		e.utc = true
	default:
		return e, badUntil(value)
	}
	year, month, day := digits(0, 4), digits(4, 6), digits(6, 8)
	if year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return e, badUntil(value)
	}
	e.wall = Wall(dayNumber(year, month, day)) * Day
	if e.date {
		return e, nil
	}
	hour, minute, second := digits(9, 11), digits(11, 13), digits(13, 15)
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 {
		return e, badUntil(value)
	}
	e.wall += Wall(hour*3600 + minute*60 + min(second, 59))
	return e, nil
}

func badUntil(value string) error {
	return fmt.Errorf("recurrence rule part UNTIL=%s: a date like 20241231 or a time like 20241231T225959Z is allowed", clip(value))
}

// setEnding bounds the rule by UNTIL.
func (r *Rule) setEnding(e ending, start Moment) {
	switch {
	case start.Date:
		r.last = e.wall.Midnight()
	case e.date:
		r.last = e.wall + Day - 1
	case e.utc:
		// Wall clock order is the order of instants except near a change of the offset; there
		// the bound is taken wide and each instant compared.
		r.until = int64(e.wall)
		s := spanOf(zoneOr(start.Loc), e.wall)
		r.last = e.wall + Wall(s.offset)
		if s.low > e.wall-far || s.high < e.wall+far {
			r.last = wallIn(r.until, zoneOr(start.Loc)) + widest
			r.exact = true
		}
	default:
		r.last = e.wall
	}
}

// over reports whether an instant is after an UNTIL that wall clocks cannot tell.
func (r *Rule) over(at int64) bool { return r.exact && at > r.until }

// zoneOr reads a missing zone as UTC.
func zoneOr(loc *time.Location) *time.Location {
	if loc == nil {
		return time.UTC
	}
	return loc
}
