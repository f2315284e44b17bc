package calendar

import (
	"cmp"
	"slices"
)

// slot is the original start of one instance.
type slot struct {
	wall   Wall
	at     int64   // the instant, or for an all-day series the wall clock
	period *Period // the RDATE with a length of its own, else nil
}

// collector gathers the slots of one piece of one master.
type collector struct {
	slots   []slot
	ordered bool // slots are in order and differ

	base  *zone // of the slots; nil for whole days
	rule  *Rule
	piece *piece
	plain bool // slots are starts, and last piece.length.seconds

	steps int // left for the series
	room  int // instances left for the series
	cut   bool
	yield func(Wall) bool
}

// collect gathers in x.slots what the start, the rules and the dates of m give for p.
func (x *expansion) collect(m *Event, p *piece) {
	x.slots, x.ordered = x.slots[:0], len(m.Rules) < 2 && len(m.Dates) == 0
	x.rule, x.piece = nil, p
	x.base = nil
	if !m.Start.Date {
		x.base = x.zone(m.Start.Loc)
	}
	x.plain = p.zone != nil && p.shift == 0 && p.length.days == 0 && !m.Start.Date
	start := m.Start.Wall
	if m.Start.Date {
		start = start.Midnight()
	}
	if start >= p.low && start <= p.high {
		x.add(start)
	}
	for i := range m.Rules {
		if x.steps <= 0 || x.cut {
			break
		}
		x.rule = &m.Rules[i]
		if x.rule.left > 0 {
			x.countOn(x.rule, p)
		} else {
			x.walk.run(x.rule, p.low, p.high, x.steps, x.yield)
		}
		x.steps = x.walk.steps
	}
	x.rule, x.plain = nil, false
	for i := range m.Dates {
		x.addDate(m, &m.Dates[i])
	}
	if !x.ordered {
		slices.SortFunc(x.slots, func(a, b slot) int {
			if c := cmp.Compare(a.at, b.at); c != 0 {
				return c
			}
			if (a.period == nil) != (b.period == nil) { // the one with its own length stays
				if a.period != nil {
					return -1
				}
				return 1
			}
			return cmp.Compare(a.wall, b.wall)
		})
		x.slots = slices.CompactFunc(x.slots, func(a, b slot) bool { return a.at == b.at })
	}
	x.room -= len(x.slots)
}

// countOn walks a rule of which ParseRule did not count all instances.
func (x *expansion) countOn(r *Rule, p *piece) {
	left := r.left
	x.walk.run(r, min(p.low, r.counted+1), p.high, x.steps, func(w Wall) bool {
		if w > r.counted {
			if left == 0 {
				return false
			}
			left--
		}
		return w < p.low || x.add(w)
	})
}

// add takes one slot of the start or of a rule. It returns false when there is no room.
func (x *expansion) add(w Wall) bool {
	at := int64(w)
	if x.base != nil {
		at = x.base.at(w)
	}
	if x.rule != nil && x.rule.over(at) {
		return true
	}
	if x.plain && !x.inWindow(at, at+x.piece.length.seconds) {
		return true
	}
	return x.push(slot{wall: w, at: at})
}

func (x *expansion) push(s slot) bool {
	if len(x.slots) >= x.room {
		x.cut = true
		return false
	}
	if n := len(x.slots); n > 0 && s.at <= x.slots[n-1].at {
		x.ordered = false
	}
	x.slots = append(x.slots, s)
	return true
}

// addDate takes one RDATE: on a timed series a DATE means that day at the time of the series, on an
// all-day series a time means its date.
func (x *expansion) addDate(m *Event, d *Period) {
	if x.steps <= 0 {
		return
	}
	x.steps--
	s := slot{}
	s.wall, s.at = x.slotOf(d.Start, m)
	low := x.piece.low
	if d.End != nil || d.Length != nil {
		s.period = d
		low -= x.periodExtent(m, d).wall() + widest
	}
	if s.wall >= low && s.wall <= x.piece.high {
		x.push(s)
	}
}

// periodExtent is the length of an RDATE with VALUE=PERIOD.
func (x *expansion) periodExtent(m *Event, d *Period) extent {
	start := d.Start
	start.Date = m.Start.Date
	return extentOf(start, d.End, d.Length, x.at)
}

// makeExceptions notes the EXDATEs that can matter for the pieces: instants, and whole days.
func (x *expansion) makeExceptions(m *Event) {
	x.exceptAt, x.exceptDay = x.exceptAt[:0], x.exceptDay[:0]
	if len(m.Except) == 0 {
		return
	}
	low, high := x.pieces[0].low, x.pieces[0].high
	for _, p := range x.pieces {
		low, high = min(low, p.low), max(high, p.high)
	}
	low, high = low-2*widest, high+2*widest
	for _, d := range m.Dates { // one with its own length may begin before every piece
		low = min(low, d.Start.Wall-2*widest)
	}
	for _, e := range m.Except {
		switch {
		case e.Wall < low || e.Wall > high:
		case e.Date || m.Start.Date:
			x.exceptDay = append(x.exceptDay, e.Wall.Midnight())
		case e.Floating:
			x.exceptAt = append(x.exceptAt, x.zone(m.Start.Loc).at(e.Wall))
		default:
			x.exceptAt = append(x.exceptAt, x.at(e))
		}
	}
	slices.Sort(x.exceptAt)
	slices.Sort(x.exceptDay)
}

// excepted reports whether an EXDATE takes out the slot.
func (x *expansion) excepted(m *Event, wall Wall, at int64) bool {
	if len(x.exceptDay) > 0 {
		if _, ok := slices.BinarySearch(x.exceptDay, wall.Midnight()); ok {
			return true
		}
	}
	_, ok := slices.BinarySearch(x.exceptAt, at)
	return ok
}

// replaced reports whether an override stands for the slot.
func (x *expansion) replaced(m *Event, wall Wall, at int64) bool {
	if len(x.overrides) == 0 || x.masters[0].Start.Date != m.Start.Date {
		return false
	}
	if _, ok := slices.BinarySearch(x.wholeDays, wall.Midnight()); ok {
		return true
	}
	_, ok := slices.BinarySearchFunc(x.overrides, at, func(o override, at int64) int { return cmp.Compare(o.key, at) })
	return ok
}
