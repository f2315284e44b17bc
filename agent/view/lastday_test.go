package view

import (
	"fmt"
	"testing"
	"time"
)

// While the clock is not set a day is a list: nothing runs, nothing is counted, nothing is called today.
func TestLastDay(t *testing.T) {
	o := Options{Zone: berlin(t)}
	seen := at(t, "14:35")
	item := func(title, from, to string) Item { return Item{Title: title, Start: at(t, from), End: at(t, to)} }
	var busy []Item
	for h := 8; h < 20; h++ {
		busy = append(busy, item(fmt.Sprint(h), fmt.Sprintf("%02d:00", h), fmt.Sprintf("%02d:30", h)))
	}
	for name, tt := range map[string]struct {
		items []Item
		feeds int
		seen  time.Time
		state State
		rows  []string
		more  string
	}{
		"a day":            {[]Item{item("Dentist", "09:00", "09:30"), item("Review", "14:00", "15:00"), item("Dinner", "19:00", "21:00")}, 1, seen, NoClock, []string{"09:00 Dentist", "14:00 Review", "19:00 Dinner"}, ""},
		"another day":      {[]Item{item("Dentist", "2026-10-23 09:00", "2026-10-23 09:30")}, 1, seen, NoClock, nil, ""},
		"an empty day":     {nil, 1, seen, NoClock, nil, ""},
		"a long day":       {busy, 1, seen, NoClock, []string{"15:00 15", "16:00 16", "17:00 17", "18:00 18"}, "+8 more"},
		"the end of it":    {busy, 1, at(t, "23:00"), NoClock, []string{"16:00 16", "17:00 17", "18:00 18", "19:00 19"}, "+8 more"},
		"no day is known":  {busy, 1, time.Time{}, NoClock, nil, ""},
		"without a source": {nil, 0, seen, Empty, nil, ""},
	} {
		n := LastDay(tt.items, Freshness{Feeds: tt.feeds, Lines: []string{"a note"}}, tt.seen, o)
		if n.State != tt.state || n.Clock != "" || n.Date != "" || len(n.Heads) != 0 || !n.Stale || n.More != tt.more || n.Say == "" || len(n.Following) != len(tt.rows) {
			t.Errorf("%s: %+v", name, n)
			continue
		}
		for i, r := range n.Following {
			if got := r.When + " " + r.Title; got != tt.rows[i] || r.Running || r.Past || r.Length == "" {
				t.Errorf("%s: %+v, want %q", name, r, tt.rows[i])
			}
		}
	}
}

func TestLastDayHasChips(t *testing.T) {
	var items []Item
	for i := range 5 {
		items = append(items, wholeDays(t, fmt.Sprint(i), "2026-10-22", 1))
	}
	if n := LastDay(items, Freshness{Feeds: 1}, at(t, "14:35"), Options{Zone: berlin(t)}); len(n.Chips) != maxChips || n.MoreChips != "+2 more" {
		t.Errorf("%+v", n)
	}
}
