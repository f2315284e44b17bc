package guard

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// state is a Stats' breaker and the number of its openings.
func state(g *Gate) string {
	s := g.Stats()
	return fmt.Sprintf("%s after %d", s.Breaker, s.Trips)
}

func TestBreakerOpensAfterFailuresInARow(t *testing.T) {
	g := gate(t, Limits{Consecutive: 5})
	for _, err := range []error{errBroken, errBroken, errBroken, errBroken, nil, errBroken, errBroken, errBroken, errBroken} {
		use(t, g, err)
	}
	if got := state(g); got != "closed after 0" || !g.On() {
		t.Fatalf("four in a row, twice: %s", got)
	}
	use(t, g, errBroken)
	if got := state(g); got != "open after 1" || g.On() || use(t, g, nil) != Breaker {
		t.Errorf("five in a row: %s", got)
	}
}

// TestFailuresInARowAreCountedBeyondTheWindow: seldom used is not less broken.
func TestFailuresInARowAreCountedBeyondTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gate(t, Limits{Consecutive: 3, Ratio: 0.9, Least: 100, Interval: time.Second})
		for i := range 3 {
			if got := use(t, g, errBroken); got != "" {
				t.Fatalf("closed before use %d: %s", i, got)
			}
			<-time.After(time.Hour)
		}
		if got := g.Stats().Trips; got != 1 {
			t.Errorf("%d trips", got)
		}
	})
}

func TestBreakerOpensAboveARatio(t *testing.T) {
	limits := Limits{Ratio: 0.1, Least: 20, Interval: 10 * time.Second, Recovery: time.Minute}
	synctest.Test(t, func(t *testing.T) {
		g := gate(t, limits)
		// 2 of 20 are ten percent, which is not above it; fewer uses than 20 say nothing.
		for range 2 {
			use(t, g, errBroken)
		}
		for range 18 {
			use(t, g, nil)
		}
		if got := state(g); got != "closed after 0" {
			t.Fatalf("2 of 20: %s", got)
		}
		use(t, g, errBroken)
		if got := state(g); got != "open after 1" {
			t.Errorf("3 of 21: %s", got)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		g := gate(t, limits)
		for range 19 {
			use(t, g, errBroken)
		}
		if got := state(g); got != "closed after 0" {
			t.Fatalf("19 of 19, too few to say: %s", got)
		}
		<-time.After(limits.Interval + time.Second)
		for range 19 {
			use(t, g, errBroken)
		}
		if got := state(g); got != "closed after 0" {
			t.Fatalf("those before the window counted: %s", got)
		}
		use(t, g, errBroken)
		if got := state(g); got != "open after 1" {
			t.Errorf("20 of 20: %s", got)
		}
	})
}

// TestWindowSlides: failures at the end of one window and the beginning of the next are seen together.
func TestWindowSlides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gate(t, Limits{Ratio: 0.5, Least: 10, Interval: 10 * time.Second})
		<-time.After(8 * time.Second)
		for range 5 {
			use(t, g, errBroken)
		}
		<-time.After(4 * time.Second)
		for range 5 {
			use(t, g, errBroken)
		}
		if got := state(g); got != "open after 1" {
			t.Errorf("%s", got)
		}
	})
}

// TestBreakerRecovers: half-open after the period, one trial at a time, closed by a success, open again after a failure.
func TestBreakerRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gate(t, Limits{Consecutive: 1, Recovery: 30 * time.Second})
		use(t, g, errBroken)
		<-time.After(30 * time.Second)
		if got := state(g); got != "open after 1" || g.On() {
			t.Fatalf("at 30 s: %s", got)
		}
		<-time.After(time.Millisecond)
		if got := state(g); got != "half-open after 1" || !g.On() || !g.Stats().On {
			t.Fatalf("after 30 s: %s", got)
		}
		trial, err := g.Enter()
		if err != nil {
			t.Fatal(err)
		}
		if got := use(t, g, nil); got != Breaker {
			t.Errorf("a second one during the trial: %q", got)
		}
		trial.Leave(errBroken)
		if got := state(g); got != "open after 2" {
			t.Fatalf("after the failed trial: %s", got)
		}

		<-time.After(31 * time.Second)
		if got := use(t, g, nil); got != "" {
			t.Fatalf("the next trial: %q", got)
		}
		if got := state(g); got != "closed after 2" || !g.On() {
			t.Errorf("after a success: %s", got)
		}
	})
}

// TestNewWindowAfterRecovery: what was counted before the breaker opened is forgotten when it closes.
func TestNewWindowAfterRecovery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gate(t, Limits{Ratio: 0.5, Least: 4, Interval: time.Hour, Recovery: time.Second})
		for range 4 {
			use(t, g, errBroken)
		}
		<-time.After(2 * time.Second)
		use(t, g, nil)
		for range 3 {
			use(t, g, errBroken)
		}
		if got := state(g); got != "closed after 1" {
			t.Fatalf("three after the recovery: %s", got)
		}
		use(t, g, errBroken)
		if got := state(g); got != "open after 2" {
			t.Errorf("four after the recovery: %s", got)
		}
	})
}

// TestRecoveryIsSettable: from the next opening on, whether that is the first or one after a failed trial.
func TestRecoveryIsSettable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gate(t, Limits{Consecutive: 2, Recovery: 30 * time.Second})
		use(t, g, errBroken)
		g.SetRecovery(5 * time.Second)
		use(t, g, errBroken)
		if got := state(g); got != "open after 1" {
			t.Fatalf("the first failure was forgotten: %s", got)
		}
		g.SetRecovery(time.Minute)
		<-time.After(5*time.Second + time.Millisecond)
		if got := state(g); got != "half-open after 1" {
			t.Fatalf("after the 5 s that held when it opened: %s", got)
		}
		use(t, g, errBroken)
		<-time.After(time.Minute)
		if got := state(g); got != "open after 2" {
			t.Fatalf("before the new minute is over: %s", got)
		}
		<-time.After(time.Millisecond)
		if got := use(t, g, nil); got != "" || state(g) != "closed after 2" {
			t.Fatalf("after the new minute: %q, %s", got, state(g))
		}

		g.SetRecovery(0)
		use(t, g, errBroken)
		use(t, g, errBroken)
		<-time.After(defaultRecovery + time.Millisecond)
		if got := state(g); got != "half-open after 3" {
			t.Errorf("after the default: %s", got)
		}
	})
}

// TestGivenUpUsesCountNeitherWay: who leaves says nothing about the feature, and a trial that is given up leaves room for the next.
func TestGivenUpUsesCountNeitherWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		left := fmt.Errorf("wait for the page: %w", context.Canceled)
		g := gate(t, Limits{Consecutive: 2, Ratio: 0.1, Least: 2, Recovery: time.Second})
		for range 10 {
			use(t, g, left)
		}
		use(t, g, errBroken)
		use(t, g, left)
		if got := state(g); got != "closed after 0" || g.Stats().Failures != 1 {
			t.Fatalf("one failure among those given up: %s", got)
		}
		use(t, g, errBroken)
		if got := state(g); got != "open after 1" {
			t.Fatalf("two failures: %s", got)
		}
		<-time.After(2 * time.Second)
		use(t, g, left)
		if got := use(t, g, nil); got != "" || state(g) != "closed after 1" {
			t.Errorf("after a trial that was given up: %q, %s", got, state(g))
		}
		if got := use(t, g, fmt.Errorf("wait: %w", context.DeadlineExceeded)); got != "" || g.Stats().Failures != 3 {
			t.Errorf("a use that took too long is no failure: %+v", g.Stats())
		}
	})
}

// TestLateEndsDoNotCount: what began before the breaker opened says nothing about the time after it closed.
func TestLateEndsDoNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := gate(t, Limits{Consecutive: 1, Recovery: time.Second})
		late, err := g.Enter()
		if err != nil {
			t.Fatal(err)
		}
		use(t, g, errBroken)
		g.SetRecovery(time.Minute)
		<-time.After(2 * time.Second)
		use(t, g, nil)
		late.Leave(errBroken)
		if got := state(g); got != "closed after 1" {
			t.Errorf("%s", got)
		}
	})
}
