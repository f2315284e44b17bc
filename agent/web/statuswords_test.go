package web

import (
	"testing"
	"time"

	"calendarbot/agent/clock"
)

func TestClockInWords(t *testing.T) {
	const day = 24 * time.Hour
	for want, state := range map[string]*clock.State{
		"not watched": nil,
		"right":       {Trusted: true},
		"The clock may be wrong: the calendars were read at a later time":                              {Trusted: true, Words: "The clock may be wrong: the calendars were read at a later time."},
		"The clock is not set yet; it jumped once, 20 years back":                                      {Words: "The clock is not set yet.", Jumps: 1, Jumped: -20 * 365 * day},
		"right; it jumped 2 times, the last time 57 years ahead":                                       {Trusted: true, Jumps: 2, Jumped: 20779 * day},
		"right; it jumped 3 times, the last time 540 days back":                                        {Trusted: true, Jumps: 3, Jumped: -540 * day},
		"right; it jumped once, 60 minutes back":                                                       {Trusted: true, Jumps: 1, Jumped: -time.Hour},
		"No time has come from the network yet: the clock may be wrong; it jumped once, 2 years ahead": {Trusted: true, Words: "No time has come from the network yet: the clock may be wrong.", Jumps: 1, Jumped: 730 * day},
	} {
		if got := clockWords(&fare{clock: state}); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A time of another year names it, or ten years later it would be taken for yesterday's.
func TestMomentsNameAnotherYear(t *testing.T) {
	began := at(t, monday)
	zone := began.Location()
	for _, c := range []struct {
		ended, now time.Time
		want       string
	}{
		{began.Add(48 * time.Hour), began, "Mon 15 Jun, 08:30 to Wed 17 Jun, 08:30"},
		{began.Add(time.Hour), began, "Mon 15 Jun, 08:30 to 09:30"},
		{time.Time{}, began, "since Mon 15 Jun, 08:30"},
		{began.AddDate(10, 0, 0), began, "Mon 15 Jun, 08:30 to Sun 15 Jun 2036, 08:30"},
		{began.AddDate(10, 0, 0), began.AddDate(10, 0, 0), "Mon 15 Jun 2026, 08:30 to Sun 15 Jun, 08:30"},
		{time.Time{}, began.AddDate(1, 0, 0), "since Mon 15 Jun 2026, 08:30"},
	} {
		if got := actionTime(began, c.ended, c.now, zone); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	if got := sinceWords(time.Time{}, began, zone); got != "" {
		t.Errorf("since nothing: %q", got)
	}
}
