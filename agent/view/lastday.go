package view

import "time"

// LastDay is the picture while the clock is not set: the civil day of seen, the last moment that is known, as a list. Nothing is
// running and nothing is counted. A zero seen is not known, and no day is shown.
func LastDay(items []Item, fresh Freshness, seen time.Time, o Options) Next {
	n := Next{State: NoClock, Fresh: fresh.Lines, Stale: true}
	if fresh.Feeds == 0 {
		n.State = Empty
	}
	n.Say = sayState(n.State, "")
	if n.State == Empty || seen.IsZero() {
		return n
	}
	a := MakeAgenda(items, dayOf(seen, o.Zone), 1, Room{}, time.Time{}, o)
	if len(a.Days) == 0 {
		return n
	}
	day := a.Days[0]
	n.Chips = day.AllDay
	if extra := len(n.Chips) - maxChips; extra > 0 {
		n.Chips, n.MoreChips = n.Chips[:maxChips], more(extra)
	}
	rows := day.Rows
	for len(rows) > maxFollow && rows[0].Item.over(seen) {
		rows = rows[1:]
	}
	n.Following = rows[:min(len(rows), maxFollow)]
	if extra := len(day.Rows) - len(n.Following); extra > 0 {
		n.More = more(extra)
	}
	return n
}
