package view

import (
	"time"

	"calendarbot/agent/calendar"
)

// dayOf returns the civil day that t lies in.
func dayOf(t time.Time, zone *time.Location) calendar.Wall {
	return calendar.WallIn(t, zone).Midnight()
}

// Midnight returns the instant at which a civil day begins in zone.
func Midnight(day calendar.Wall, zone *time.Location) time.Time { return day.In(zone) }

// nextMidnight returns the first start of a civil day after t.
func nextMidnight(t time.Time, zone *time.Location) time.Time {
	m := Midnight(dayOf(t, zone)+calendar.Day, zone)
	for !m.After(t) { // a clock set back across midnight shows the same midnight twice
		m = m.Add(time.Hour)
	}
	return m
}

// nextMinute returns the next change of a clock without seconds.
func nextMinute(t time.Time) time.Time { return t.Truncate(time.Minute).Add(time.Minute) }

// earlier returns the earlier of two instants; a zero one does not count.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

// wholeMinutes is the time from now to t as a clock without seconds shows it: at 13:35:40 there are 25 minutes to 14:00,
// the same as at 13:35:00, so that amounts change when the clock does.
func wholeMinutes(now, t time.Time) int {
	return int(t.Sub(now.Truncate(time.Minute)) / time.Minute)
}

// daysUntil counts the civil days from now's to t's.
func daysUntil(now, t time.Time, zone *time.Location) int {
	return int((dayOf(t, zone) - dayOf(now, zone)) / calendar.Day)
}

// civil returns t's civil day and time as a time.Time in UTC, for formatting.
func civil(t time.Time, zone *time.Location) time.Time { return calendar.WallIn(t, zone).UTC() }
