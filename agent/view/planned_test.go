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
		{name: "planned when the clock was years ahead", success: 50 * time.Minute, next: 5 * 365 * 24 * time.Hour, stale: true},
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

// A success that was noted while the clock was years ahead has no age that could be told.
func TestSuccessInTheFutureIsNotDated(t *testing.T) {
	now := time.Date(2026, time.June, 15, 9, 0, 0, 0, time.UTC)
	ahead := now.AddDate(5, 0, 0)
	for _, failing := range []bool{false, true} {
		feeds := []Feed{{Name: "Work", Failing: failing, LastSuccess: ahead, Next: ahead, Error: "Work is down."}, {Name: "School", Failing: failing, LastSuccess: ahead, Error: "Work is down."}}
		f := Fresh(feeds, now, time.Hour, Options{Zone: time.UTC})
		if len(f.Lines) != 2 || f.Stale != failing || !f.Until.After(now) || f.Until.After(now.Add(24*time.Hour)) {
			t.Fatalf("failing %v: %+v", failing, f)
		}
		for i, name := range []string{"Work", "School"} {
			if want := "the clock may be wrong: " + name + " was read at a later time"; f.Brief[i] != want {
				t.Errorf("failing %v: %q, want %q", failing, f.Brief[i], want)
			}
		}
	}
}
