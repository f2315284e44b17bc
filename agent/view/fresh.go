package view

import "time"

// Feed is how one source fares, as far as a person needs to know.
type Feed struct {
	Name        string
	Off         bool      // switched off: never spoken of
	Failing     bool      // the last try failed
	LastSuccess time.Time // zero: never
	Next        time.Time // when it is fetched again by plan: later than the limit where its server asks for that; zero: not told
	Error       string    // the last failure in words
}

// Freshness says how far the picture can be trusted. It has lines only when something is stale, failing or
// not there yet.
type Freshness struct {
	Lines   []string // sentences without a full stop, the most important first
	Brief   []string // the same without reasons
	Stale   bool     // a source is failing, or older than the limit
	Feeds   int      // sources that are on
	Reached int      // of these, how many have ever been read
	Waiting int      // of these, how many were never read and have not failed
	Until   time.Time
}

// freshLines is how many sources are spoken of one by one.
const freshLines = 3

// planSlack is how late a planned fetch may be before the source counts as too old. One that is planned for longer than maxPlan from
// now was planned by a clock that was wrong then, or is wrong now.
const (
	planSlack = time.Minute
	maxPlan   = 25 * time.Hour
)

// wrongClock is how far in the future a success lies that was noted by a clock that was wrong then, or is wrong now.
const wrongClock = time.Hour

// Fresh judges the sources at now. A source whose last success is more than limit ago is too old, unless its
// next fetch is planned for later and not overdue.
func Fresh(feeds []Feed, now time.Time, limit time.Duration, o Options) Freshness {
	f := Freshness{Until: nextMidnight(now, o.Zone)}
	var failing []Feed
	var oldest time.Time // the first of the last successes: what is shown is no newer
	for _, s := range feeds {
		if s.Off {
			continue
		}
		f.Feeds++
		if !s.LastSuccess.IsZero() {
			f.Reached++
		}
		old := s.LastSuccess.Add(limit)
		if planned := s.Next.Add(planSlack); s.Next.After(now.Add(maxPlan)) {
			f.Until = earlier(f.Until, s.Next.Add(-maxPlan))
		} else if planned.After(old) {
			old = planned
		}
		ahead := s.LastSuccess.After(now.Add(wrongClock))
		if ahead {
			f.Until = earlier(f.Until, s.LastSuccess.Add(-wrongClock))
		}
		switch {
		case s.Failing && ahead:
			f.Stale = true
			f.add(futureLine(s.Name), s.Error)
		case s.Failing:
			f.Stale = true
			failing = append(failing, s)
			oldest = earlier(oldest, s.LastSuccess)
			f.add(failingLine(s, now, o), s.Error)
		case s.LastSuccess.IsZero():
			f.Waiting++
			f.add(loadingLine(s.Name), "")
		case !now.Before(old):
			f.Stale = true
			f.add(asOfLine(s.Name, moment(s.LastSuccess, now, o)), "")
		case ahead:
			f.add(futureLine(s.Name), "")
		default:
			f.Until = earlier(f.Until, old)
		}
	}
	if n := len(failing); n > 1 && n == f.Feeds {
		f.Lines, f.Brief = nil, nil
		f.add(noneReachedLine(oldest, now, o), failing[0].Error)
	}
	if n := len(f.Lines); n > freshLines {
		rest := moreLines(n - freshLines + 1)
		f.Lines, f.Brief = append(f.Lines[:freshLines-1:freshLines-1], rest), append(f.Brief[:freshLines-1:freshLines-1], rest)
	}
	return f
}

// add adds a line with its reason, "" for none.
func (f *Freshness) add(line, reason string) {
	f.Lines, f.Brief = append(f.Lines, because(line, reason)), append(f.Brief, line)
}
