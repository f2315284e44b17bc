package store

import (
	"errors"
	"testing"
	"time"

	"calendarbot/agent/pressure"
)

// unset is a clock that nobody has set since the start.
func unset() time.Time { return time.Date(1970, time.January, 1, 0, 1, 0, 0, time.UTC) }

// set sets the clock, and tells the store as it is told by whoever finds the jump.
func (k *kept) set(to time.Time) {
	by := to.Sub(k.clock.Now())
	k.clock.ms.Store(to.UnixMilli())
	k.Moved(by)
}

// TestWhatWasNotedMovesWithTheClock: a device starts in 1970, and later somebody sets its clock ten years ahead, and back.
func TestWhatWasNotedMovesWithTheClock(t *testing.T) {
	k := newStore(t)
	ctx, right := t.Context(), k.clock.Now()
	k.configure("well", "failing", "before", "never")
	k.fetch("before", calendarOf(event("a", 3, "A")))
	k.must(k.Failed(ctx, "before", "dns", "no such host", right.Add(time.Minute)))
	k.restart()
	before, never := k.source("before"), k.source("never")

	k.clock.ms.Store(unset().UnixMilli())
	k.fetch("well", calendarOf(event("a", 3, "A")))
	k.fetch("failing", calendarOf(event("a", 3, "A")))
	over := k.begin(k.hot(1))
	k.clock.advance(2 * time.Minute)
	k.end(over.ID)
	lasts := k.begin(k.hot(2))
	k.must(errors.Join(k.Failed(ctx, "failing", "dns", "no such host", k.clock.Now().Add(time.Minute)), k.Unchanged(ctx, "well", k.clock.Now().Add(5*time.Minute))))
	k.clock.advance(time.Minute)

	for _, to := range []time.Time{right, right.AddDate(10, 0, 0), right.Add(time.Hour)} {
		k.set(to)
		s := k.source("well")
		if !s.LastSuccess.Equal(to.Add(-time.Minute)) || !s.LastTry.Equal(s.LastSuccess) || !s.NextTry.Equal(to.Add(4*time.Minute)) || !s.FailingSince.IsZero() {
			t.Errorf("%v: %+v", to, s)
		}
		s = k.source("failing")
		if !s.LastSuccess.Equal(to.Add(-3*time.Minute)) || !s.LastTry.Equal(to.Add(-time.Minute)) || !s.NextTry.Equal(to) || !s.FailingSince.Equal(s.LastTry) {
			t.Errorf("%v: %+v", to, s)
		}
		if s := k.source("before"); s.LastSuccess != before.LastSuccess || s.LastTry != before.LastTry || s.FailingSince != before.FailingSince {
			t.Errorf("%v: nobody knows how long ago: %+v", to, s)
		}
		if s := k.source("never"); s.LastTry != never.LastTry || s.LastSuccess != never.LastSuccess || s.NextTry != never.NextTry {
			t.Errorf("%v: %+v", to, s)
		}
		if a, there := k.Action(lasts.ID); !there || !a.Began.Equal(to.Add(-time.Minute)) || !a.Ended.IsZero() {
			t.Errorf("%v: %+v", to, a)
		}
		// It was over when the clock was set first, and stays where it was since.
		if a, there := k.Action(over.ID); !there || !a.Began.Equal(right.Add(-3*time.Minute)) || !a.Ended.Equal(right.Add(-time.Minute)) {
			t.Errorf("%v: %+v", to, a)
		}
	}
	if _, there := k.Action(99); there {
		t.Error("an action that is none")
	}
	k.end(lasts.ID)
	if a := k.actions(1)[0]; a.Ended.Sub(a.Began) != time.Minute {
		t.Errorf("it lasted a minute: %+v", a)
	}
	want := k.actions(9)
	well := k.source("well")
	k.crash() // the end was written, and all with it
	if got := k.actions(9); len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("%+v\nwant\n%+v", got, want)
	}
	if s := k.source("well"); !s.LastSuccess.Equal(well.LastSuccess) {
		t.Errorf("%+v\nwant\n%+v", s, well)
	}
}

// TestTimesCarryNoOtherClock: a time of the system's that is moved tells ages by the clock that people see.
func TestTimesCarryNoOtherClock(t *testing.T) {
	k := newStore(t)
	k.o.Now = time.Now
	k.configure("work")
	k.must(k.Unchanged(t.Context(), "work", time.Now().Add(time.Minute)))
	k.Moved(10 * time.Hour)
	if s := k.source("work"); time.Until(s.LastSuccess) < 9*time.Hour || s.LastSuccess != s.LastSuccess.Round(0) || s.NextTry != s.NextTry.Round(0) {
		t.Errorf("%+v", s)
	}
}

// TestActionOfAnUnsetClockEndsByIt: what the power ended before the clock was set has not lasted for fifty years.
func TestActionOfAnUnsetClockEndsByIt(t *testing.T) {
	k := newStore(t)
	k.end(k.begin(k.hot(1)).ID)
	lasts := k.hot(1)
	lasts.Sign = pressure.Processor
	right := k.begin(lasts)
	k.clock.ms.Store(unset().UnixMilli())
	lost := k.begin(k.hot(2))
	k.clock.advance(time.Minute)
	lasts = k.hot(1)
	lasts.Sign = pressure.PoolUse
	k.begin(lasts)
	k.crash()
	a, _ := k.Action(lost.ID)
	b, _ := k.Action(right.ID)
	if len(k.openActions()) != 3 || !a.Began.Equal(unset()) || a.Ended.Sub(a.Began) != time.Minute || !b.Ended.Equal(b.Began) {
		t.Errorf("%+v\n%+v", a, b)
	}
}
