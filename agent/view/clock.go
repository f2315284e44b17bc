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

// moment names an instant as seen from now: "14:35", "Tue 14:35", "12 June 14:35".
func moment(t, now time.Time, o Options) string { panic("view: moment") }

// Clip shortens text to n letters at the end of a word, with an ellipsis.
func Clip(text string, n int) string { panic("view: Clip") }
