package health

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestLoopsThatDoNotGoRoundAreLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBeats()
		expectLate(t, b)
		control := b.Expect("control", 30*time.Second)
		time.Sleep(20 * time.Second)
		page := b.Expect("page", 10*time.Second)
		expectLate(t, b)
		time.Sleep(10 * time.Second)
		expectLate(t, b) // both just in time
		time.Sleep(time.Nanosecond)
		expectLate(t, b, "control", "page")
		page()
		expectLate(t, b, "control")
		control()
		expectLate(t, b)
		time.Sleep(10*time.Second + 1)
		expectLate(t, b, "page")
		time.Sleep(365 * 24 * time.Hour)
		expectLate(t, b, "control", "page")
		page()
		control()
		expectLate(t, b)
	})
}

func expectLate(t *testing.T, b *Beats, want ...string) {
	t.Helper()
	if got := b.Late(); !slices.Equal(got, want) {
		t.Errorf("late are %q, want %q", got, want)
	}
}

// TestLoopsAreAskedForTheirLastRound: by a clock that is years off, jumps both ways, and may stand still.
func TestLoopsAreAskedForTheirLastRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBeats()
		var last time.Time
		within := time.Minute
		b.Ask("refresher", func() (time.Time, time.Duration) { return last, within })
		time.Sleep(time.Minute)
		expectLate(t, b) // it may still begin
		time.Sleep(time.Second)
		expectLate(t, b, "refresher")
		for _, year := range []int{1970, 2026, 1999, 2262} {
			last = time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
			expectLate(t, b)
			time.Sleep(time.Minute)
			expectLate(t, b)
			time.Sleep(time.Second)
			expectLate(t, b, "refresher") // whatever year it says
		}
		within = time.Hour // the round that it is at may take longer
		expectLate(t, b)
		time.Sleep(time.Hour - time.Minute)
		expectLate(t, b, "refresher")
	})
}

func TestBeatsFromManyGoroutines(t *testing.T) {
	b := NewBeats()
	var rounds atomic.Int64
	b.Ask("asked", func() (time.Time, time.Duration) { return time.Unix(rounds.Load(), 0), time.Hour })
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			beat := b.Expect("loop", time.Hour)
			for range 1000 {
				beat()
				rounds.Add(1)
			}
		})
		group.Go(func() {
			for range 1000 {
				if late := b.Late(); late != nil {
					t.Errorf("late: %q", late)
				}
			}
		})
	}
	group.Wait()
}
