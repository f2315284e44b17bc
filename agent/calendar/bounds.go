package calendar

// Forever is the last bound of a series that does not end.
const Forever Wall = 1 << 62

// Bounds returns the earliest and the latest wall clock reading, in whatever zone, that
// any occurrence of the event can touch, both widened by 26 hours so that they hold for every zone. An
// override also covers the slot it replaces. A series without a known end has last ==
// Forever.
func Bounds(e *Event) (first, last Wall) {
	recurs := e.RecurrenceID == nil && len(e.Rules)+len(e.Dates) > 0
	length := wallExtent(e, recurs)
	first, last = e.Start.Wall, e.Start.Wall+length
	if id := e.RecurrenceID; id != nil {
		first, last = min(first, id.Wall), max(last, id.Wall)
		if id.Date {
			last = max(last, id.Wall+Day)
		}
		if e.Future {
			last = Forever
		}
	}
	if recurs {
		for i := range e.Rules {
			r := &e.Rules[i]
			switch {
			case r.freq == never || r.last < r.first:
			case r.last == Forever:
				last = Forever
			case last < Forever:
				last = max(last, r.last+length)
			}
		}
		for i := range e.Dates {
			wall, own := dateBounds(e, &e.Dates[i], length)
			first = min(first, wall)
			if last < Forever {
				last = max(last, wall+own)
			}
		}
	}
	if last < Forever {
		last += widest
	}
	return first - widest, last
}

// dateBounds returns where an RDATE begins on the wall clock of the event, and its length.
func dateBounds(e *Event, d *Period, length Wall) (wall, own Wall) {
	start := d.Start
	start.Date = e.Start.Date
	if d.End != nil || d.Length != nil {
		length = extentOf(start, d.End, d.Length, instant).wall()
	}
	wall = start.Wall
	switch {
	case e.Start.Date:
		wall = wall.Midnight()
	case d.Start.Date:
		wall = wall.Midnight() + e.Start.Wall.clock()
	case zoneOr(start.Loc) != zoneOr(e.Start.Loc):
		wall = wallIn(instant(start), zoneOr(e.Start.Loc))
	}
	return wall, length
}

func instant(m Moment) int64 { return m.Wall.In(zoneOr(m.Loc)).Unix() }

// wallExtent is how far an occurrence reaches on the wall clock. For an event that happens
// once the difference of the readings will do, so that no zone need be asked.
func wallExtent(e *Event, recurs bool) Wall {
	if end := e.End; end != nil && !recurs && !e.Start.Date && !end.Date && zoneOr(end.Loc) == zoneOr(e.Start.Loc) {
		return max(0, end.Wall-e.Start.Wall)
	}
	return extentOf(e.Start, e.End, e.Length, instant).wall()
}
