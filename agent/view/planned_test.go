package view

import (
	"testing"
	"time"
)

// A source whose server asked for a longer pause is fresh while the refresher keeps to that.
func TestSourceThatIsFetchedByPlanIsFresh(t *testing.T) {
	now := time.Date(2026, time.June, 15, 9, 0, 0, 0, time.UTC)
	const limit = 15 * time.Minute
	for _, c := range []struct {
		name    string
		success time.Duration // before now
		next    time.Duration // after now
		failing bool
		stale   bool
	}{
		{name: "young", success: time.Minute, next: 4 * time.Minute},
		{name: "an hour's pause", success: 50 * time.Minute, next: 10 * time.Minute},
		{name: "a little late", success: 50 * time.Minute, next: -30 * time.Second},
		{name: "overdue", success: 50 * time.Minute, next: -2 * time.Minute, stale: true},
		{name: "failing", success: 50 * time.Minute, next: 10 * time.Minute, failing: true, stale: true},
	} {
		f := Fresh([]Feed{{Name: "School", Failing: c.failing, LastSuccess: now.Add(-c.success), Next: now.Add(c.next)}}, now, limit, Options{Zone: time.UTC})
		if f.Stale != c.stale || (len(f.Lines) > 0) != c.stale {
			t.Errorf("%s: %+v", c.name, f)
		}
		if !c.stale && !f.Until.After(now) {
			t.Errorf("%s: holds until %v", c.name, f.Until)
		}
	}
}
