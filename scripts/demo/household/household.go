// Package household writes the calendar feeds of a household that does not exist, around a
// given time: for demonstrations, tests and benchmarks. It is pure; the location of the time
// given is where the household lives, and the same time gives the same bytes.
package household

import "time"

// Running and Next are the two work meetings that stand at now whatever the hour: one that
// has begun and ends within 15 minutes, and the one after it, in 20 to 35 minutes.
func Running(now time.Time) (start, end time.Time) {
	quarter := quarterOf(now)
	return quarter.Add(-30 * time.Minute), quarter.Add(15 * time.Minute)
}

// Next is the start and the end of the meeting after the running one.
func Next(now time.Time) (start, end time.Time) {
	start = quarterOf(now.Add(20*time.Minute + 15*time.Minute - time.Nanosecond))
	return start, start.Add(45 * time.Minute)
}

// quarterOf is the quarter of an hour, by the wall clock, that t lies in.
func quarterOf(t time.Time) time.Time {
	past := time.Duration(t.Minute()%15)*time.Minute + time.Duration(t.Second())*time.Second + time.Duration(t.Nanosecond())
	return t.Add(-past)
}

// atWork tells whether an office is open at t.
func atWork(t time.Time) bool {
	w := t.Weekday()
	return w != time.Saturday && w != time.Sunday && t.Hour() >= 8 && t.Hour() < 18
}
