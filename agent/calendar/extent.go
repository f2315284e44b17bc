package calendar

// extent is how long an event lasts: whole civil days, then exact seconds.
type extent struct {
	days    int
	seconds int64
}

// wall is how far the extent reaches on a wall clock that never changes.
func (x extent) wall() Wall { return Wall(x.days)*Day + Wall(x.seconds) }

// maxDays bounds the length of an event: the calendar is no longer.
const maxDays = 3_700_000

// extentOf reads the length of an event or of an RDATE period. A DATE lasts a day when
// nothing else is given. An end is taken as exact elapsed time, never less than none;
// days of a length are nominal, its seconds exact.
func extentOf(start Moment, end *Moment, length *Length, at func(Moment) int64) extent {
	switch {
	case start.Date:
		days := 0
		if end != nil {
			days = end.Wall.day() - start.Wall.day()
		} else if length != nil {
			days = length.Days + int(min(length.Seconds+86399, maxDays*86400)/86400)
		}
		return extent{days: min(max(days, 1), maxDays)}
	case end != nil:
		e := *end
		if e.Date { // the event has the time, so the end is a midnight of its zone
			e.Loc = start.Loc
		}
		return extent{seconds: min(max(at(e)-at(start), 0), maxDays*86400)}
	case length != nil:
		return extent{days: min(max(length.Days, 0), maxDays), seconds: min(max(length.Seconds, 0), maxDays*86400)}
	}
	return extent{}
}
