package calendar

import (
	"strings"
	"time"
)

// ending is a parsed UNTIL.
type ending struct {
	wall Wall // a day's end at 24:00 is the midnight after
	day  Wall // the midnight of the date as it is written
	date bool // a DATE
	utc  bool // with Z, or with an offset that wall is without
}

// parseUntil reads YYYYMMDD or YYYYMMDDTHHMMSS, with or without Z, in upper case. Like the start of an event it may
// also lack the seconds, have the punctuation and the numeric offset of ISO 8601, a 24:00, and a second 60.
func parseUntil(value string) (e ending, ok bool) {
	const separators = 10 // no shorter value has them
	if len(value) >= separators && value[4] == '-' {
		if i := strings.LastIndexAny(value, "+-"); i > separators {
			value = strings.ReplaceAll(value[:i], "-", "") + value[i:]
		} else {
			value = strings.ReplaceAll(value, "-", "")
		}
	}
	value = strings.ReplaceAll(value, ":", "")
	if len(value) < 8 {
		return e, false
	}
	year, month, day := digits(value[:4]), digits(value[4:6]), digits(value[6:8])
	if year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return e, false
	}
	e.day = Wall(dayNumber(year, month, day)) * Day
	e.wall = e.day
	if len(value) == 8 {
		e.date = true
		return e, true
	}
	if value[8] != 'T' && value[8] != ' ' {
		return e, false
	}
	clock, east, ok := cutOffset(value[9:])
	if !ok || len(clock) != 4 && len(clock) != 6 {
		return e, false
	}
	e.utc = len(clock) < len(value)-9
	hour, minute, second := digits(clock[:2]), digits(clock[2:4]), 0
	if len(clock) == 6 {
		second = digits(clock[4:])
	}
	if hour < 0 || minute < 0 || minute > 59 || second < 0 || second > 60 || hour > 23 && (hour != 24 || minute+second != 0) {
		return e, false
	}
	e.wall += Wall(hour*3600+minute*60+min(second, 59)) - east
	return e, true
}

// cutOffset takes a Z, +HHMM or +HH off a time of day.
func cutOffset(text string) (clock string, east Wall, ok bool) {
	i := strings.IndexAny(text, "Z+-")
	if i < 0 {
		return text, 0, true
	}
	clock, offset := text[:i], text[i:]
	if offset == "Z" {
		return clock, 0, true
	}
	if len(offset) == 3 {
		offset += "00"
	}
	if len(offset) != 5 {
		return clock, 0, false
	}
	hour, minute := digits(offset[1:3]), digits(offset[3:])
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 {
		return clock, 0, false
	}
	east = Wall(hour*3600 + minute*60)
	if offset[0] == '-' {
		east = -east
	}
	return clock, east, true
}

// digits is the number that at most four digits make, -1 for anything else.
func digits(text string) int {
	n, ok := smallNumber(text)
	if !ok || text[0] < '0' {
		return -1
	}
	return n
}

// setEnding bounds the rule by UNTIL.
func (r *Rule) setEnding(e ending, start Moment) {
	switch {
	case start.Date:
		r.last = e.day
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
