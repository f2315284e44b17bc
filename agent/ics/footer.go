package ics

import (
	"fmt"
	"time"
)

// cycle is how many years a footer is held against: after 28 every date has been every weekday.
const cycle = 28

// footer returns, as a TZ string of POSIX, how a zone goes on after its last change: as in its last years, when each
// of them goes to daylight time and back by the same rules. Otherwise it is "", and what held last stays.
func footer(changes []change) string {
	if len(changes) < 2*cycle {
		return ""
	}
	tail := changes[len(changes)-2*cycle:]
	a, b := tail[0].to, tail[1].to
	if a.daylight == b.daylight || a.from != b.to || b.from != a.to {
		return ""
	}
	toA, toB := dayRule(tail, a), dayRule(tail[1:], b)
	if toA == "" || toB == "" {
		return ""
	}
	if a.daylight {
		a, b, toA, toB = b, a, toB, toA
	}
	return posix(a) + posix(b) + "," + toB + "," + toA
}

// dayRule returns when in a year every second one of the changes is, which must all lead to o, one in each year up to the
// last of zoneSpan: Mm.w.d/time. It is "" when they differ.
func dayRule(changes []change, o *observance) string {
	const last = 5 // of the weekdays in a month
	year := zoneSpan().End.Year() - cycle
	var first time.Time
	week, nth, inLast := 0, true, true
	for i := 0; i < len(changes); i += 2 {
		t := time.Unix(changes[i].at+int64(o.from), 0).UTC()
		if i == 0 {
			first, week = t, (t.Day()-1)/7+1
		}
		if changes[i].to != o || t.Year() != year+i/2 || t.Month() != first.Month() || t.Weekday() != first.Weekday() || t.Format(time.TimeOnly) != first.Format(time.TimeOnly) {
			return ""
		}
		nth = nth && (t.Day()-1)/7+1 == week
		inLast = inLast && t.AddDate(0, 0, 7).Month() != t.Month()
	}
	switch {
	case inLast:
		week = last
	case !nth:
		return ""
	}
	return fmt.Sprintf("M%d.%d.%d/%s", first.Month(), week, first.Weekday(), first.Format(time.TimeOnly))
}

// posix returns the name and the offset, which POSIX counts to the west.
func posix(o *observance) string {
	sign, offset := "-", o.to
	if offset < 0 {
		sign, offset = "", -offset
	}
	return fmt.Sprintf("<%s>%s%d:%02d:%02d", abbreviation(*o), sign, offset/3600, offset/60%60, offset%60)
}
