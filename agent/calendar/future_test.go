package calendar

import "testing"

// An override of one slot, newer or older, leaves the override for this and future of the same slot its later slots.
func TestSingleOverrideLeavesThisAndFuture(t *testing.T) {
	window := between(t, "2026-07-01", "2026-07-10")
	for _, c := range []struct {
		name           string
		ranged, single int // SEQUENCE
		hidden         bool
		want           []string
	}{
		{"the single one is newer", 1, 2, false, []string{"2026-07-03 15:00 +0200 0s single"}},
		{"the single one is older", 2, 1, false, []string{"2026-07-03 15:00 +0200 0s single"}},
		{"as new", 0, 0, false, []string{"2026-07-03 15:00 +0200 0s single"}},
		{"cancelled", 0, 1, true, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			master := event(t, "s", "2026-07-01 10:00 Europe/Berlin", "", "FREQ=DAILY;COUNT=4")
			ranged := change(t, "s", "2026-07-03 10:00 Europe/Berlin", "2026-07-03 12:00 Europe/Berlin", "", "ranged")
			ranged.Future, ranged.Sequence = true, c.ranged
			single := change(t, "s", "2026-07-03 10:00 Europe/Berlin", "2026-07-03 15:00 Europe/Berlin", "", "single")
			if single.Sequence = c.single; c.hidden {
				single.Status = Hidden
			}
			want := append([]string{"2026-07-01 10:00 +0200 0s s", "2026-07-02 10:00 +0200 0s s"}, c.want...)
			want = append(want, "2026-07-04 12:00 +0200 0s ranged")
			check(t, window, []Event{master, ranged, single}, want...)
			check(t, window, []Event{single, ranged, master}, want...)
		})
	}
}

// Of several for this and future of one slot the newest counts, beside one of the slot alone.
func TestNewestThisAndFutureCounts(t *testing.T) {
	master := event(t, "s", "2026-07-01 10:00 UTC", "", "FREQ=DAILY;COUNT=3")
	events := []Event{master}
	for i, start := range []string{"2026-07-02 12:00 UTC", "2026-07-02 14:00 UTC", "2026-07-02 13:00 UTC"} {
		o := change(t, "s", "2026-07-02 10:00 UTC", start, "", "ranged")
		o.Future, o.Sequence = true, 1-i/2
		events = append(events, o)
	}
	check(t, between(t, "2026-07-01", "2026-07-10"), events,
		"2026-07-01 10:00 +0000 0s s", "2026-07-02 14:00 +0000 0s ranged", "2026-07-03 14:00 +0000 0s ranged")
	events = append(events, change(t, "s", "2026-07-02 10:00 UTC", "2026-07-02 16:00 UTC", "", "single"))
	check(t, between(t, "2026-07-01", "2026-07-10"), events,
		"2026-07-01 10:00 +0000 0s s", "2026-07-02 16:00 +0000 0s single", "2026-07-03 14:00 +0000 0s ranged")
}
