// Package calendar holds the nouns of a calendar (Event, Occurrence, Span) and expands
// recurring events into occurrences. It is pure: it reads no clock, no file and no network.
//
// Recurrences are computed on unzoned wall clocks and each result is then resolved in its
// time zone, as RFC 5545 section 3.3.5 asks for; a rule never sees a daylight-saving change.
package calendar

import "time"

// Wall is a reading of a wall clock that knows no time zone: the seconds from
// 1970-01-01T00:00:00 to that reading, counted as if every day had 86,400 seconds.
// Years from 1 to 9999 are meaningful.
type Wall int64

// Day is the length of a civil day in units of Wall.
const Day Wall = 86400

// WallOf returns the wall clock reading of a civil date and time. Values out of range
// are normalised as time.Date does it.
func WallOf(year int, month time.Month, day, hour, minute, second int) Wall {
	return Wall(time.Date(year, month, day, hour, minute, second, 0, time.UTC).Unix())
}

// WallIn returns what a wall clock in loc shows at the instant t.
func WallIn(t time.Time, loc *time.Location) Wall {
	t = t.In(loc)
	_, offset := t.Zone()
	return Wall(t.Unix() + int64(offset))
}

// UTC returns the reading as the time.Time in UTC with the same civil fields.
func (w Wall) UTC() time.Time { return time.Unix(int64(w), 0).UTC() }

// Midnight returns the start of the civil day that w lies in.
func (w Wall) Midnight() Wall {
	r := w % Day
	if r < 0 {
		r += Day
	}
	return w - r
}

// In returns the instant at which a clock in loc shows w (RFC 5545 section 3.3.5): in the
// gap of a forward change the offset before the gap is used (02:30 becomes 03:30); of two
// instants in the overlap of a backward change the first is meant.
func (w Wall) In(loc *time.Location) time.Time {
	panic("calendar: Wall.In")
}
