package main

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"calendarbot/agent/guard"
)

// uses enters g so many times, the last ones of them in vain, and tells whether its breaker is open afterwards.
func uses(t *testing.T, g *guard.Gate, failing, good int) (open bool) {
	t.Helper()
	for i := range failing + good {
		pass, err := g.Enter()
		if err != nil {
			t.Fatalf("%s refuses use %d: %v", g.Feature(), i+1, err)
		}
		if i < good {
			pass.Leave(nil)
		} else {
			pass.Leave(errors.New("broken"))
		}
	}
	return g.Stats().Breaker == "open"
}

func freshGates(t *testing.T) gates {
	t.Helper()
	g, err := newGates("a device")
	if err != nil {
		t.Fatal(err)
	}
	for _, gate := range g.list() {
		word := guard.Word{}
		word.Setting.Percent = 100
		gate.Tell(word)
	}
	return g
}

// The fifth failure in a row gives up a pool of connections, and the other pool has nothing to do with it.
func TestFiveFailuresInARowCloseAPool(t *testing.T) {
	g := freshGates(t)
	for _, c := range []struct{ pool, other *guard.Gate }{{g.http, g.database}, {g.database, g.http}} {
		name, trips := c.pool.Stats().Part, c.other.Stats().Trips
		if uses(t, c.pool, 4, 0) || uses(t, c.pool, 4, 1) {
			t.Errorf("%s: four in a row closed it", name)
		}
		if !uses(t, c.pool, 1, 0) {
			t.Errorf("%s: five in a row did not close it", name)
		}
		if c.other.Stats().Trips != trips {
			t.Errorf("%s closed the other pool", name)
		}
	}
}

// More than a tenth of at least twenty requests within a minute gives up the pipeline.
func TestATenthOfTheRequestsClosesThePipeline(t *testing.T) {
	for _, c := range []struct {
		failing, good int
		want          bool
	}{
		{2, 18, false}, {2, 17, false}, {19, 0, false}, {3, 0, false}, {10, 90, false}, {10, 89, true},
	} {
		if got := uses(t, freshGates(t).pipeline, c.failing, c.good); got != c.want {
			t.Errorf("%d of %d fail: closed %v", c.failing, c.failing+c.good, got)
		}
	}
	if g := freshGates(t).pipeline; uses(t, g, 2, 17) || !uses(t, g, 1, 0) {
		t.Error("3 of 20 do not close it, or 2 of 19 do")
	}
	for wait, want := range map[time.Duration]bool{45 * time.Second: true, 61 * time.Second: false} {
		synctest.Test(t, func(t *testing.T) {
			g := freshGates(t).pipeline
			early := uses(t, g, 2, 17)
			time.Sleep(wait)
			if got := uses(t, g, 1, 0); early || got != want {
				t.Errorf("the third failure of 20 after %v: closed %v", wait, got)
			}
		})
	}
}

// What cannot fail by itself has no breaker.
func TestOtherGatesHaveNoBreaker(t *testing.T) {
	g := freshGates(t)
	for _, gate := range []*guard.Gate{g.batching, g.warming, g.adapting, g.compression} {
		if state := gate.Stats().Breaker; state != "" {
			t.Errorf("%s has one: %s", gate.Feature(), state)
		}
	}
}
