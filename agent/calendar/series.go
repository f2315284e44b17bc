package calendar

import (
	"cmp"
	"context"
	"slices"
)

// override is a component that replaces one instance of a series, or all from one on.
type override struct {
	event *Event
	order int   // in the feed
	wall  Wall  // the slot, on the wall clock of the series
	key   int64 // the slot: an instant, or for an all-day series the wall clock
}

// piece is a part of a series that one component describes: the master, or an override with
// RANGE=THISANDFUTURE, which takes over everything from its slot on, moved as it moved.
type piece struct {
	event  *Event
	wall   Wall  // the first slot
	key    int64 // the same, as in override
	shift  Wall
	length extent
	zone   *zone // nil for whole days

	low, high Wall // slots outside cannot be in the window
}

// series expands the components of one UID: x.masters and x.overrides.
func (x *expansion) series(ctx context.Context) error {
	x.newestMasters()
	var primary *Event
	if len(x.masters) > 0 {
		primary = x.masters[0]
	}
	x.newestOverrides(primary)
	for i, m := range x.masters {
		if err := ctx.Err(); err != nil {
			return err
		}
		x.master(m, i == 0)
	}
	for _, o := range x.overrides {
		if e := o.event; e.Status != Hidden {
			slot := Moment{Wall: o.wall, Loc: e.RecurrenceID.Loc, Date: e.RecurrenceID.Date}
			if primary != nil {
				slot.Loc, slot.Date = primary.Start.Loc, primary.Start.Date
			}
			x.single(e, &slot)
		}
	}
	return nil
}

// newestMasters keeps the masters with the highest SEQUENCE; of those with the same start
// the last.
func (x *expansion) newestMasters() {
	if len(x.masters) < 2 {
		return
	}
	highest := x.masters[0].Sequence
	for _, m := range x.masters {
		highest = max(highest, m.Sequence)
	}
	x.masters = slices.DeleteFunc(x.masters, func(m *Event) bool { return m.Sequence < highest })
	slices.Reverse(x.masters) // so that the last of equals comes first
	slices.SortStableFunc(x.masters, func(a, b *Event) int {
		if a.Start.Date != b.Start.Date {
			if a.Start.Date {
				return 1
			}
			return -1
		}
		return cmp.Compare(x.at(a.Start), x.at(b.Start))
	})
	x.masters = slices.CompactFunc(x.masters, func(a, b *Event) bool {
		return a.Start.Date == b.Start.Date && x.at(a.Start) == x.at(b.Start)
	})
}

// newestOverrides finds the slots of the overrides and keeps one for each: the one with the highest
// SEQUENCE, and of equals the last. Those for this and future are chosen among themselves, in x.futures: one of
// the same slot that changes a single instance takes that slot alone, however new it is.
func (x *expansion) newestOverrides(primary *Event) {
	x.wholeDays, x.futures = x.wholeDays[:0], x.futures[:0]
	if len(x.overrides) == 0 {
		return
	}
	for i := range x.overrides {
		o := &x.overrides[i]
		o.wall, o.key = x.slotOf(*o.event.RecurrenceID, primary)
		if primary != nil && o.event.RecurrenceID.Date && !primary.Start.Date {
			x.wholeDays = append(x.wholeDays, o.wall.Midnight())
		}
	}
	slices.Sort(x.wholeDays)
	slices.SortFunc(x.overrides, func(a, b override) int {
		if a.key == b.key && a.event.Future != b.event.Future {
			if b.event.Future {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(b.event.Sequence, a.event.Sequence), cmp.Compare(b.order, a.order))
	})
	for _, o := range x.overrides {
		if n := len(x.futures); o.event.Future && (n == 0 || x.futures[n-1].key != o.key) {
			x.futures = append(x.futures, o)
		}
	}
	x.overrides = slices.CompactFunc(x.overrides, func(a, b override) bool { return a.key == b.key })
}

// slotOf reads a RECURRENCE-ID in the terms of the series: a DATE on a timed series is that
// day at the time of the series, a time on an all-day series its date.
func (x *expansion) slotOf(id Moment, m *Event) (wall Wall, key int64) {
	switch {
	case m == nil && id.Date, m != nil && m.Start.Date:
		wall = id.Wall.Midnight()
		return wall, int64(wall)
	case m == nil:
		return id.Wall, x.at(id)
	}
	if id.Floating {
		id.Loc = m.Start.Loc
	}
	clock := m.Start.Wall.clock()
	if id.Date {
		wall = id.Wall.Midnight() + clock
		return wall, x.zone(m.Start.Loc).at(wall)
	}
	key = x.at(id)
	if zoneOr(id.Loc) == zoneOr(m.Start.Loc) {
		return id.Wall, key
	}
	wall = wallIn(key, zoneOr(m.Start.Loc))
	// In a gap the series has its own time of day, which no clock shows.
	if usual := wall.Midnight() + clock; x.zone(m.Start.Loc).at(usual) == key {
		wall = usual
	}
	return wall, key
}

// single places an event once, where its own start says.
func (x *expansion) single(e *Event, slot *Moment) {
	length := extentOf(e.Start, e.End, e.Length, x.at)
	if e.Start.Date {
		x.placeDays(e, e.Start.Wall.Midnight(), length, slot)
		return
	}
	z := x.zone(e.Start.Loc)
	x.place(e, e.Start.Wall, z.at(e.Start.Wall), length, z, slot)
}

// master expands one master, with the overrides of the series.
func (x *expansion) master(m *Event, primary bool) {
	if len(m.Rules) == 0 && len(m.Dates) == 0 {
		x.lone(m)
		return
	}
	x.makePieces(m, primary)
	x.makeExceptions(m)
	for i := range x.pieces {
		p := &x.pieces[i]
		if p.event.Status == Hidden || p.low > p.high {
			continue
		}
		x.collect(m, p)
		for j := range x.slots {
			s := &x.slots[j]
			if s.at < p.key || i+1 < len(x.pieces) && s.at >= x.pieces[i+1].key || x.replaced(m, s.wall, s.at) || x.excepted(m, s.wall, s.at) {
				continue
			}
			x.instance(m, p, s)
		}
	}
}

// lone places a master that does not recur.
func (x *expansion) lone(m *Event) {
	if m.Status == Hidden {
		return
	}
	if len(x.overrides) > 0 || len(m.Except) > 0 {
		x.pieces = append(x.pieces[:0], piece{low: m.Start.Wall, high: m.Start.Wall})
		x.makeExceptions(m)
		wall, key := x.slotOf(m.Start, m)
		if x.replaced(m, wall, key) || x.excepted(m, wall, key) {
			return
		}
	}
	x.single(m, nil)
}

// instance places one slot of a series.
func (x *expansion) instance(m *Event, p *piece, s *slot) {
	wall := s.wall
	id := Moment{Wall: s.wall, Loc: m.Start.Loc, Date: m.Start.Date}
	length := p.length
	if s.period != nil && p.event == m {
		length = x.periodExtent(m, s.period)
	}
	if p.zone == nil {
		x.placeDays(p.event, wall.Midnight()+p.shift, length, &id)
		return
	}
	at := s.at
	if wall += p.shift; p.shift != 0 || m.Start.Date {
		at = p.zone.at(wall)
	}
	x.place(p.event, wall, at, length, p.zone, &id)
}

// makePieces divides the series among the master and the overrides for THISANDFUTURE.
func (x *expansion) makePieces(m *Event, primary bool) {
	p := piece{event: m, key: -1 << 63, length: extentOf(m.Start, m.End, m.Length, x.at)}
	if !m.Start.Date {
		p.zone = x.zone(m.Start.Loc)
	}
	x.pieces = append(x.pieces[:0], p)
	for i := range x.futures {
		if !primary {
			break
		}
		o := &x.futures[i]
		e := o.event
		p := piece{event: e, wall: o.wall, key: o.key, length: extentOf(e.Start, e.End, e.Length, x.at)}
		switch {
		case e.Start.Date:
			p.shift = e.Start.Wall.Midnight() - o.wall.Midnight()
		case m.Start.Date:
			p.zone = x.zone(e.Start.Loc)
			p.shift = e.Start.Wall - o.wall
		default:
			p.zone = x.zone(m.Start.Loc)
			p.shift = e.Start.Wall - o.wall
			if zoneOr(e.Start.Loc) != p.zone.loc {
				p.shift = wallIn(x.at(e.Start), p.zone.loc) - o.wall
			}
			if x.at(e.Start) == o.key { // in a gap one instant has two readings
				p.shift = 0
			}
		}
		x.pieces = append(x.pieces, p)
	}
	for i := range x.pieces {
		p := &x.pieces[i]
		p.low, p.high = x.reach(p)
		if p.zone == nil && !m.Start.Date {
			p.high += Day
		}
		if i > 0 {
			p.low = max(p.low, p.wall-widest)
			x.pieces[i-1].high = min(x.pieces[i-1].high, p.wall+widest)
		}
	}
}

// reach returns the slots between which a piece can touch the window.
func (x *expansion) reach(p *piece) (low, high Wall) {
	length := p.length.wall()
	if p.zone == nil {
		return x.dayFrom - length - p.shift, x.dayUntil - p.shift
	}
	least := p.zone.least
	if p.length.days > 0 || length > backward-2*widest {
		least = -2 * widest
	}
	return Wall(x.from+least) - length - p.shift, Wall(x.to+p.zone.most) - p.shift
}
