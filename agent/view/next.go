package view

import (
	"slices"
	"time"

	"calendarbot/agent/calendar"
)

// State says what a person should know first.
type State uint8

// The states of what's next.
const (
	Now       State = iota // something is running
	Upcoming               // something starts within soonest
	Free                   // until something starts
	Open                   // nothing is known to come
	Done                   // what today held is over
	Loading                // no source was read yet
	Unreached              // no source could be read, ever
	Empty                  // there is no source
	NoClock                // the clock has not been set since the device started
)

const (
	soonest   = 4 * time.Hour   // a start within this is Upcoming, later it is Free
	backTo    = 5 * time.Minute // a smaller gap is no gap
	maxHeads  = 2
	maxFollow = 4
	maxChips  = 3
)

// clockFloor is before any moment at which the program can run; a clock that shows less has not been set.
const clockFloor = 1735689600 // 2025-01-01T00:00:00Z

// Urgency of a head, said by form first.
type Urgency uint8

// The urgencies.
const (
	Calm     Urgency = iota
	Soon             // starts within 15 minutes
	Pressing         // starts within 2 minutes, or runs
)

// Head is one of the items that matter now; several have equal weight.
type Head struct {
	Item
	Amount   Amount
	Range    string // "14:00–14:30"
	Length   string // "30 min"
	Urgency  Urgency
	Progress int // percent of a running item, else -1
}

// Row is an item in a list.
type Row struct {
	Item
	When    string // "14:30", "Tomorrow 09:00", "all day", "until 17:00"
	Range   string // "14:30–15:00", "" for all-day items
	Length  string
	Note    string // "day 2 of 5", "" for none
	Running bool
	Past    bool
}

// Next is the what's-next picture.
type Next struct {
	State      State
	Until      string // of Free: when it ends
	Heads      []Head // none, one, or two of equal weight
	Text       string // said where there is no head
	Then       string // what comes after the running items
	Chips      []Row  // all-day items of today, and what else is not counted down to
	MoreChips  string // "+2 more"
	Following  []Row
	More       string // "+35 more today"
	Clock      string // "" while the clock is not set
	Date       string
	Fresh      []string
	Stale      bool
	Say        string // changes only with the event or the state
	ValidUntil time.Time
}

// WhatsNext decides what is next. Items must be in order of start, and reach from the start of today as far as
// the person looks ahead.
func WhatsNext(items []Item, fresh Freshness, now time.Time, o Options) Next {
	n := Next{Fresh: fresh.Lines, Stale: fresh.Stale, ValidUntil: earlier(nextMinute(now), fresh.Until)}
	clockSet := now.Unix() >= clockFloor
	if clockSet {
		n.Clock, n.Date = Clock(now, o), Date(now, o)
	}
	switch {
	case fresh.Feeds == 0:
		n.State = Empty
	case !clockSet:
		n.State = NoClock
	case fresh.Reached == 0 && len(items) == 0 && fresh.Waiting > 0:
		n.State = Loading
	case fresh.Reached == 0 && len(items) == 0:
		n.State = Unreached
	default:
		n.fill(items, now, o)
		return n
	}
	n.Say = sayState(n.State, "")
	return n
}

// fill decides among the states that speak of events.
func (n *Next) fill(items []Item, now time.Time, o Options) {
	var running, long, coming, days []Item // long of those that run, days of all-day items to come
	ended := false
	for _, it := range items {
		n.ValidUntil = earlier(n.ValidUntil, nextEdge(&it, now))
		switch {
		case it.Aside():
			if onDay(&it, now, o) && !it.over(now) {
				n.Chips = append(n.Chips, chipRow(it, now, o))
			} else if it.Status != calendar.Elsewhere && !it.Skipped && it.Start.After(now) {
				days = append(days, it)
			}
		case it.over(now):
			ended = true
		case it.Skipped:
		case it.running(now) && it.Long():
			long = append(long, it)
		case it.running(now):
			running = append(running, it)
		default:
			coming = append(coming, it)
		}
	}
	if len(running) == 0 {
		running = long
	} else { // of a trade fair and a visit to the dentist a person is in the latter
		for _, it := range long {
			n.Chips = append(n.Chips, chipRow(it, now, o))
		}
	}
	apart := len(n.Chips)+len(days) > 0
	if extra := len(n.Chips) - maxChips; extra > 0 {
		n.Chips, n.MoreChips = n.Chips[:maxChips], more(extra)
	}

	heads, rest := running, coming
	if len(running) > 0 {
		n.State = Now
		if extra := len(running) - maxHeads; extra > 0 { // what began last is what a person is in
			heads = running[extra:]
			rest = slices.Concat(running[:extra], coming)
		}
		n.Then = then(running, coming, now, o)
	} else {
		heads, rest = simultaneous(coming)
		n.State = waitState(heads, ended, now, o)
	}
	if n.State == Free {
		n.Until = when(heads[0].Start, now, o)
	}
	for _, it := range heads {
		n.Heads = append(n.Heads, headOf(it, n.State, now, o))
	}
	if len(heads) == 0 {
		n.Text = nothingMore
		if apart {
			n.Text = nothingTimed
		}
	}
	rest = slices.Concat(rest, days)
	slices.SortStableFunc(rest, func(a, b Item) int { return a.Start.Compare(b.Start) })
	n.follow(rest, now, o)
	n.Say = n.say()
}

// waitState tells how the time until the next heads is called.
func waitState(heads []Item, ended bool, now time.Time, o Options) State {
	switch {
	case len(heads) == 0 && ended:
		return Done
	case len(heads) == 0:
		return Open
	case time.Duration(wholeMinutes(now, heads[0].Start))*time.Minute <= soonest:
		return Upcoming
	case ended && daysUntil(now, heads[0].Start, o.Zone) > 0:
		return Done
	}
	return Free
}

// simultaneous parts the items that start first, at most maxHeads, from the others.
func simultaneous(coming []Item) (heads, rest []Item) {
	i := 0
	for i < len(coming) && i < maxHeads && coming[i].Start.Equal(coming[0].Start) {
		i++
	}
	return coming[:i], coming[i:]
}

func headOf(it Item, s State, now time.Time, o Options) Head {
	h := Head{Item: it, Range: Span(it.Start, it.End, o), Length: Length(it.End.Sub(it.Start)), Progress: -1}
	minutes := wholeMinutes(now, it.Start)
	switch {
	case s == Now:
		h.Amount, h.Urgency = endsIn(now, it.end(), o), Pressing
		h.Progress = progress(&it, now)
	case s == Free && minutes < 24*60:
		h.Amount = Amount{Text: when(it.Start, now, o), After: startsIn(now, it.Start, o).String()}
	case s == Upcoming:
		h.Amount = startsIn(now, it.Start, o)
	default:
		h.Amount = Amount{Text: when(it.Start, now, o)}
	}
	if s == Upcoming && minutes <= 2 {
		h.Urgency = Pressing
	} else if s == Upcoming && minutes <= 15 {
		h.Urgency = Soon
	}
	return h
}

// progress is how much of a running item is over, in percent, by whole minutes.
func progress(it *Item, now time.Time) int {
	whole := it.end().Sub(it.Start)
	part := now.Truncate(time.Minute).Sub(it.Start)
	return int(min(max(part, 0), whole) * 100 / whole)
}

// then says what comes after the running items.
func then(running, coming []Item, now time.Time, o Options) string {
	end := running[0].end()
	for i := range running {
		if e := running[i].end(); e.After(end) {
			end = e
		}
	}
	last := daysUntil(now, end, o.Zone) // 0: what runs ends today
	switch {
	case len(coming) == 0 || (daysUntil(now, coming[0].Start, o.Zone) > last && coming[0].Start.Sub(end) > soonest):
		if last > 0 {
			return ""
		}
		return thenNothing
	case coming[0].Start.Before(end):
		return meanwhile(coming[0].Title, coming[0].Start, now, o)
	case coming[0].Start.Sub(end) < backTo:
		return thenAtOnce(coming[0].Title)
	}
	return thenFree(coming[0].Start, o)
}

// follow lists what comes after the heads.
func (n *Next) follow(rest []Item, now time.Time, o Options) {
	today := 0
	for i, it := range rest {
		if i < maxFollow {
			n.Following = append(n.Following, followRow(it, now, o))
		} else if daysUntil(now, it.Start, o.Zone) <= 0 {
			today++
		}
	}
	if today > 0 {
		n.More = moreToday(today)
	}
}

func followRow(it Item, now time.Time, o Options) Row {
	if it.AllDay {
		return Row{Item: it, When: whenDay(it.FirstDay, dayOf(now, o.Zone)), Length: dayCount(it.FirstDay, it.EndDay)}
	}
	r := Row{Item: it, When: when(it.Start, now, o), Range: Span(it.Start, it.End, o), Length: Length(it.End.Sub(it.Start))}
	if it.running(now) {
		r.Running, r.When = true, untilWhen(it.end(), now, o)
	}
	return r
}

// chipRow says an item that is not counted down to.
func chipRow(it Item, now time.Time, o Options) Row {
	r := Row{Item: it, Running: it.running(now)}
	switch {
	case it.AllDay:
		r.Note = dayNote(it.FirstDay, it.EndDay, dayOf(now, o.Zone))
	case r.Running:
		r.Note = untilWhen(it.end(), now, o)
	default:
		r.Note = fromTime(it.Start, o)
	}
	return r
}

// onDay tells whether the item touches the civil day of now.
func onDay(it *Item, now time.Time, o Options) bool {
	today := dayOf(now, o.Zone)
	first, last := days(it, o)
	return first <= today && today <= last
}

// nextEdge is the next of the item's start and end.
func nextEdge(it *Item, now time.Time) time.Time {
	switch end := it.end(); {
	case it.Start.After(now):
		return it.Start
	case end.After(now):
		return end
	}
	return time.Time{}
}

func (n *Next) say() string {
	if n.State == Now || n.State == Upcoming {
		return sayHeads(n.State, n.Heads)
	}
	return sayState(n.State, n.Until)
}
