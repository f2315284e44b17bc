package main

import (
	"regexp"
	"testing"
	"time"

	"calendarbot/agent/health"
	"calendarbot/agent/pressure"
)

// jumps sets the program's clock, as a person or the network does.
func (w *watched) jumps(to time.Time) { w.set.Add(int64(to.Sub(w.now()))) }

// Whoever takes a reading right after the clock was set knows of it: no calendar is old because of it, and what was begun before
// lasts as long as it did.
func TestClockThatIsSetMakesNothingOldAndNothingLast(t *testing.T) {
	w := newWatched(t, "")
	otherDay := regexp.MustCompile(`as of (\d+ )?[A-Z]|at a later time`) // not 08:15
	for _, to := range []time.Time{
		time.Date(1970, time.January, 1, 0, 1, 0, 0, time.UTC), began().Add(time.Hour), began().AddDate(10, 0, 0), began().Add(2 * time.Hour),
	} {
		w.celsius(81)
		w.read(10 * time.Second)
		lasts := w.action(pressure.Heat)
		if !lasts.Ended.IsZero() || lasts.Step != 2 {
			t.Fatalf("%v: %+v", to, lasts)
		}
		w.pass(time.Minute)
		w.jumps(to)
		w.read(0)
		for _, p := range w.care.Report().Problems {
			if p.Code == health.CalendarOld || p.Code == health.CalendarFailing {
				t.Errorf("%v: %+v", to, p)
			}
		}
		if s := w.source(); w.now().Sub(s.LastSuccess) < 0 || w.now().Sub(s.LastSuccess) > 2*time.Hour || s.NextTry.Before(s.LastSuccess) {
			t.Errorf("%v: %+v", to, s)
		}
		if _, body := w.ask("GET", "/", ""); otherDay.Match(body) {
			t.Errorf("%v: the page says that the calendar was read on another day", to)
		}
		if a := w.action(pressure.Heat); a.ID != lasts.ID || !a.Ended.IsZero() || !a.Began.Equal(to.Add(-time.Minute)) {
			t.Errorf("%v: %+v", to, a)
		}
		w.calm()
		w.pass(15 * time.Minute)
		if a := w.action(pressure.Heat); a.ID != lasts.ID || a.Ended.IsZero() || a.Ended.Sub(a.Began) > 20*time.Minute || to.Year() > 1970 && a.Began.Before(began()) {
			t.Errorf("%v: %+v", to, a)
		}
	}
	// What was over before the clock was set has its time too.
	actions, err := w.store.Actions(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range actions {
		if a.Began.Year() < 2026 || a.Ended.Sub(a.Began) > time.Hour {
			t.Errorf("the record says %+v", a)
		}
	}
}
