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

// The first and the last reading that a recurrence can reach.
const (
	earliest Wall = -62135596800 // 0001-01-01T00:00:00
	latest   Wall = 253402300799 // 9999-12-31T23:59:59
)

// WallOf returns the wall clock reading of a civil date and time. Values out of range
// are normalised as time.Date does it.
func WallOf(year int, month time.Month, day, hour, minute, second int) Wall {
	m := int(month) - 1
	first := dayNumber(year+floorDiv(m, 12), modulo(m, 12)+1, 1)
	return Wall(first+day-1)*Day + Wall(hour)*3600 + Wall(minute)*60 + Wall(second)
}

// WallIn returns what a wall clock in loc shows at the instant t.
func WallIn(t time.Time, loc *time.Location) Wall {
	t = t.In(loc)
	_, offset := t.Zone()
	return Wall(t.Unix() + int64(offset))
}

// wallIn is WallIn for an instant in seconds.
func wallIn(at int64, loc *time.Location) Wall { return WallIn(time.Unix(at, 0), loc) }

// UTC returns the reading as the time.Time in UTC with the same civil fields.
func (w Wall) UTC() time.Time { return time.Unix(int64(w), 0).UTC() }

// Midnight returns the start of the civil day that w lies in.
func (w Wall) Midnight() Wall { return w - w.clock() }

// In returns the instant at which a clock in loc shows w (RFC 5545 section 3.3.5): in the
// gap of a forward change the offset before the gap is used (02:30 becomes 03:30); of two
// instants in the overlap of a backward change the first is meant.
func (w Wall) In(loc *time.Location) time.Time {
	if loc == time.UTC {
		return w.UTC()
	}
	return time.Unix(int64(w)-spanOf(loc, w).offset, 0).In(loc)
}

// clock is the time of day, 0 to Day-1.
func (w Wall) clock() Wall { return modulo(w, Day) }

// day is the number of the civil day, 0 for 1970-01-01.
func (w Wall) day() int { return int(floorDiv(w, Day)) }

func floorDiv[T ~int | ~int64](a, b T) T {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// modulo is the remainder that is never negative, for a positive b.
func modulo[T ~int | ~int64](a, b T) T {
	r := a % b
	if r < 0 {
		r += b
	}
	return r
}

// The proleptic Gregorian calendar is counted in eras of 400 years that start on March 1,
// so that the leap day is the last of its year.
const (
	eraDays  = 146097
	eraEpoch = 719468 // days from 0000-03-01 to 1970-01-01
)

// dayNumber returns the number of the civil day; month is 1 to 12.
func dayNumber(year, month, day int) int {
	if month <= 2 {
		year--
		month += 12
	}
	era := floorDiv(year, 400)
	inEra := year - era*400
	inYear := (153*(month-3)+2)/5 + day - 1
	return era*eraDays + inEra*365 + inEra/4 - inEra/100 + inYear - eraEpoch
}

// civil is the inverse of dayNumber.
func civil(number int) (year, month, day int) {
	number += eraEpoch
	era := floorDiv(number, eraDays)
	inEra := number - era*eraDays
	year = (inEra - inEra/1460 + inEra/36524 - inEra/146096) / 365
	inYear := inEra - (365*year + year/4 - year/100)
	m := (5*inYear + 2) / 153
	day = inYear - (153*m+2)/5 + 1
	year += era * 400
	month = m + 3
	if month > 12 {
		month -= 12
		year++
	}
	return year, month, day
}

// weekday of a day number, 0 for Monday.
func weekday(day int) int { return modulo(day+3, 7) }

func leap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

func daysIn(year, month int) int {
	switch month {
	case 2:
		if leap(year) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

func yearLength(year int) int {
	if leap(year) {
		return 366
	}
	return 365
}
