package view

import (
	"time"

	"calendarbot/agent/calendar"
)

// Day is one civil day of an agenda.
type Day struct {
	Day     calendar.Wall // its midnight
	Name    string        // "Today", "Thursday"
	Date    string        // "12 June"
	Today   bool
	AllDay  []Row  // all-day items, and the days of longer ones that they fill
	Rows    []Row  // by start
	Earlier string // "+3 earlier": of today, left out for want of room
	More    string // "+12 more"
	NowAt   int    // the now line stands before this row of Rows; -1 for none
	Text    string // said when the day is empty
}

// Agenda is the coming days.
type Agenda struct {
	Days       []Day
	More       string        // "+12 more": in days left out for want of room
	MoreDay    calendar.Wall // the first of them
	ValidUntil time.Time
}

// Room bounds an agenda; 0 is no bound.
type Room struct {
	Day   int // items of one day
	Past  int // items of today that are over
	Whole int // items in all
}

// nightEnd is the hour until which a night out belongs to the evening on which it began.
const nightEnd = 6 * 3600

// MakeAgenda sorts items, which must be in order of start, into the n civil days from first. Only days with
// items are in it, and today.
func MakeAgenda(items []Item, first calendar.Wall, n int, room Room, now time.Time, o Options) Agenda {
	first = first.Midnight()
	today := dayOf(now, o.Zone)
	list := make([]Day, n)
	for i := range list {
		day := first + calendar.Wall(i)*calendar.Day
		list[i] = Day{Day: day, Name: dayName(day, today), Date: dayDate(day, today), Today: day == today, NowAt: -1}
	}
	a := Agenda{ValidUntil: nextMidnight(now, o.Zone)}
	for _, it := range items {
		a.ValidUntil = earlier(a.ValidUntil, nextEdge(&it, now))
		from, to := days(&it, o)
		for day := max(from, first); day <= min(to, first+calendar.Wall(n-1)*calendar.Day); day += calendar.Day {
			list[(day-first)/calendar.Day].add(it, from, to, now, o)
		}
	}
	left := room.Whole
	dropped := 0
	for i := range list {
		d := &list[i]
		held := len(d.AllDay) + len(d.Rows)
		if held == 0 && !d.Today {
			continue
		}
		if room.Whole > 0 && left <= 0 {
			if dropped == 0 {
				a.MoreDay = d.Day
			}
			dropped += held
			continue
		}
		d.finish(room, left, now)
		left -= len(d.AllDay) + len(d.Rows)
		a.Days = append(a.Days, *d)
	}
	if dropped > 0 {
		a.More = more(dropped)
	}
	return a
}

// days returns the first and the last civil day that the item touches.
func days(it *Item, o Options) (first, last calendar.Wall) {
	if it.AllDay {
		return it.FirstDay, max(it.FirstDay, it.EndDay-calendar.Day)
	}
	first = dayOf(it.Start, o.Zone)
	if !it.End.After(it.Start) {
		return first, first
	}
	return first, max(first, dayOf(it.End.Add(-1), o.Zone))
}

// add puts the part of an item that falls on the day.
func (d *Day) add(it Item, first, last calendar.Wall, now time.Time, o Options) {
	r := Row{Item: it, Running: d.Today && !it.AllDay && it.running(now), Past: it.over(now)}
	if it.AllDay {
		r.When, r.Note = wholeDay, dayNote(first, last+calendar.Day, d.Day)
		d.AllDay = append(d.AllDay, r)
		return
	}
	r.Length = Length(it.End.Sub(it.Start))
	if first == last {
		r.When, r.Range = Clock(it.Start, o), Span(it.Start, it.End, o)
		d.Rows = append(d.Rows, r)
		return
	}
	short := it.End.Sub(it.Start) < 24*time.Hour
	night := short && last == first+calendar.Day && calendar.WallIn(it.End, o.Zone)-last <= nightEnd
	switch {
	case night && d.Day == first:
		r.When, r.Range = Clock(it.Start, o), Span(it.Start, it.End, o)
		d.Rows = append(d.Rows, r)
		return
	case night && !(d.Today && r.Running):
		return
	}
	r.Note = dayNote(first, last+calendar.Day, d.Day)
	switch d.Day {
	case first:
		r.When = fromTime(it.Start, o)
		d.Rows = append(d.Rows, r)
	case last:
		r.When = untilTime(it.End, o)
		d.Rows = append(d.Rows, r)
	default:
		r.When, r.Running = wholeDay, false
		d.AllDay = append(d.AllDay, r)
	}
}

// dayNote returns "day 2 of 5"; "" for an item of one day.
func dayNote(first, end, day calendar.Wall) string {
	n := int((end - first) / calendar.Day)
	if n <= 1 {
		return ""
	}
	return dayOfDays(int((day-first)/calendar.Day)+1, n)
}

// finish leaves out what there is no room for, what is over first, and places the now line.
func (d *Day) finish(room Room, left int, now time.Time) {
	if len(d.AllDay)+len(d.Rows) == 0 {
		d.Text = nothingDay
		return
	}
	fit := room.Day
	if fit == 0 || (left > 0 && left < fit) {
		fit = left
	}
	d.cut(fit, room.Past)
	if d.Today {
		d.NowAt = len(d.Rows)
		for i := range d.Rows {
			if d.Rows[i].Start.After(now) {
				d.NowAt = i
				break
			}
		}
	}
}

// cut keeps room items, and of those that are over at most past; 0 is no bound.
func (d *Day) cut(room, past int) {
	over := 0
	for d.Today && over < len(d.Rows) && d.Rows[over].Past {
		over++
	}
	gone := 0
	if past > 0 {
		gone = max(0, over-past)
	}
	cut := 0
	if room > 0 {
		if extra := len(d.AllDay) - max(room/2, room-len(d.Rows)); extra > 0 {
			d.AllDay, cut = d.AllDay[:len(d.AllDay)-extra], extra
		}
		room -= len(d.AllDay)
		gone = max(gone, min(over, len(d.Rows)-room))
	}
	if gone > 0 {
		d.Rows, d.Earlier = d.Rows[gone:], before(gone)
	}
	if extra := len(d.Rows) - room; room > 0 && extra > 0 {
		d.Rows, cut = d.Rows[:room], cut+extra
	}
	if cut > 0 {
		d.More = more(cut)
	}
}
