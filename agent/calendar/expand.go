package calendar

import (
	"context"
	"fmt"
	"time"
)

// MaxInstances is how many instances one series may have in one window; more are cut off
// with a warning.
const MaxInstances = 10_000

// Expand returns the occurrences of events that touch the window, sorted by start, then
// UID, then slot. The events may come from several sources and in any order, but all
// components of a series must be there (master and overrides are matched by source and
// UID). All-day events are read in zone. An occurrence is in the window when its start is
// before the window's end and its end after the window's start; one without length when it
// starts in it. Hidden events are left out; the same UID in two sources is returned
// once, from the source whose events come first.
//
// Components of one UID are weighed so: of masters the highest SEQUENCE counts, and of those with
// the same start the last; several masters with different starts all stay. Of overrides of one
// slot the highest SEQUENCE counts, then the last. An override is shown where it says, also when its slot is
// excepted, when no rule gives that slot, and when the master is missing or hidden; a hidden one takes its
// slot away. One for this and future moves all later slots as it moved and stands for them, also when another
// override stands for its own slot. Instances that fall on one instant, as in the gap of a forward change, are one.
//
// The cost is proportional to the window, not to the age of a series, and bounded for any
// rules: one series has at most MaxInstances and MaxSteps, all of a source MaxPerSource and all together MaxTotal.
// When that is too little the densest series are cut, each to an equal share, never those that happen
// a few times a day; a warning names each, up to MaxWarnings. It returns an error only when ctx ends.
func Expand(ctx context.Context, events []Event, window Span, zone *time.Location) ([]Occurrence, []Warning, error) {
	return ExpandWithin(ctx, events, window, zone, serverRoom())
}

// ExpandWithin is Expand with another room, for windows of years and machines with more memory.
func ExpandWithin(ctx context.Context, events []Event, window Span, zone *time.Location, room Room) ([]Occurrence, []Warning, error) {
	x := newExpansion(window, zoneOr(zone), room)
	g := groupByUID(events)
	expand := func(group int) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		x.masters, x.overrides = x.masters[:0], x.overrides[:0]
		x.found.begin(events[g.first[group]].UID)
		for j := g.first[group]; j >= 0; j = g.next[j] {
			if e := &events[j]; e.RecurrenceID == nil {
				x.masters = append(x.masters, e)
			} else {
				x.overrides = append(x.overrides, override{event: e, order: len(x.overrides)})
			}
		}
		return x.series(ctx)
	}
	rest, err := x.ordinary(events, g, expand)
	if err == nil {
		err = x.shared(rest, func(group int) error {
			err := expand(group)
			x.tell(&events[g.first[group]])
			return err
		})
	}
	if err != nil {
		return nil, nil, fmt.Errorf("expand %d events: %w", len(events), err)
	}
	return x.found.sorted(), x.allWarnings(), nil
}

// groups are the components of each UID, in lists that run through next and end with -1.
// Of a UID in several sources only the components of the first source are in.
type groups struct{ first, next []int32 }

func groupByUID(events []Event) groups {
	g := groups{first: make([]int32, 0, len(events)), next: make([]int32, len(events))}
	last := make([]int32, 0, len(events))
	byUID := make(map[string]int32, len(events))
	for i := range events {
		g.next[i] = -1
		e := &events[i]
		if group, ok := byUID[e.UID]; ok && e.UID != "" {
			if events[g.first[group]].Source == e.Source {
				g.next[last[group]] = int32(i)
				last[group] = int32(i)
			}
			continue
		}
		byUID[e.UID] = int32(len(g.first))
		g.first, last = append(g.first, int32(i)), append(last, int32(i))
	}
	return g
}

// expansion is the state of one Expand. Its buffers are used again from series to series.
type expansion struct {
	// The window in seconds since 1970, and rounded so that whole seconds compare exactly:
	// an end must be after from, a start before to, one without length not before fromUp.
	from, fromUp, to  int64
	dayFrom, dayUntil Wall // the civil days that the window touches in the viewer's zone

	viewer *zone
	zones  map[*time.Location]*zone
	recent *zone

	masters   []*Event
	overrides []override // one for each slot
	futures   []override // those of them, or beside them, for this and future
	wholeDays []Wall     // days named by a DATE in an override of a timed series
	pieces    []piece
	exceptAt  []int64
	exceptDay []Wall

	collector
	walk walk

	left    room
	granted struct{ room, steps int } // to the series

	found    gathering
	warnings []Warning
	unnamed  int // events beyond MaxWarnings
}

// backward is how far before the window the offsets of a zone are known to zone.near, in
// seconds; events that last longer use the widest bounds.
const backward = 40 * 86400

func newExpansion(window Span, viewer *time.Location, room Room) *expansion {
	x := &expansion{zones: make(map[*time.Location]*zone), left: newRoom(room)}
	bound := func(t int64) int64 { return min(max(t, int64(earliest)-widest), int64(latest)+widest) }
	x.from, x.fromUp, x.to = window.Start.Unix(), window.Start.Unix(), window.End.Unix()
	if window.Start.Nanosecond() > 0 {
		x.fromUp++
	}
	if window.End.Nanosecond() > 0 {
		x.to++
	}
	x.from, x.fromUp, x.to = bound(x.from), bound(x.fromUp), bound(x.to)
	x.viewer = x.zone(viewer)
	x.dayFrom = (Wall(x.from) + Wall(x.viewer.least)).Midnight()
	x.dayUntil = (Wall(x.to) + Wall(x.viewer.most)).Midnight()
	x.yield = x.add
	return x
}

// zone returns the resolver of a location, the same one each time.
func (x *expansion) zone(loc *time.Location) *zone {
	loc = zoneOr(loc)
	if x.recent != nil && x.recent.loc == loc {
		return x.recent
	}
	z, ok := x.zones[loc]
	if !ok {
		z = newZone(loc)
		z.near(x.from-backward, x.to+widest)
		x.zones[loc] = z
	}
	x.recent = z
	return z
}

// at is the instant of a moment; a DATE is the midnight of its zone.
func (x *expansion) at(m Moment) int64 { return x.zone(m.Loc).at(m.Wall) }

// inWindow decides for whole seconds since 1970.
func (x *expansion) inWindow(start, end int64) bool {
	if start == end {
		return start >= x.fromUp && start < x.to
	}
	return start < x.to && end > x.from
}

// place adds a timed occurrence when it is in the window. z is the zone that wall is read in.
func (x *expansion) place(e *Event, wall Wall, at int64, length extent, z *zone, slot *Moment) {
	end := at + length.seconds
	if length.days > 0 {
		end = max(at, z.at(wall+Wall(length.days)*Day)) + length.seconds
	}
	if !x.inWindow(at, end) {
		return
	}
	loc := zoneOr(e.Start.Loc)
	x.found.add(Occurrence{
		Event: e,
		Start: time.Unix(at, 0).In(loc),
		End:   time.Unix(end, 0).In(loc),
	}, at, slot)
}

// placeDays adds an all-day occurrence when it is in the window.
func (x *expansion) placeDays(e *Event, first Wall, length extent, slot *Moment) {
	until := first + Wall(length.days)*Day
	start, end := x.viewer.at(first), x.viewer.at(until)
	if !x.inWindow(start, end) {
		return
	}
	x.found.add(Occurrence{
		Event:    e,
		Start:    time.Unix(start, 0).In(x.viewer.loc),
		End:      time.Unix(end, 0).In(x.viewer.loc),
		AllDay:   true,
		FirstDay: first,
		EndDay:   until,
	}, start, slot)
}
