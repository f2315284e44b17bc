package pressure

import "time"

const (
	recentSpan  = 5 * time.Minute  // over which shares and p99 are taken
	markSpace   = 15 * time.Second // between two marks, or there were hundreds when readings come fast
	hourSpan    = time.Hour
	hourLeast   = 500 // requests of the program to itself, of 720, below which an hour proves nothing
	hoursInARow = 3
)

// Window is the newest readings, as far back as a rule looks: the last one whole, the figures of service at marks within the last
// five minutes, and how fast the program's own requests were answered in the last hours.
type Window struct {
	last  Reading
	marks []mark
	fresh time.Duration // latencies from before then do not count
	began time.Duration // of the current hour
	own   Latency       // Service.Own then
	hours []hour        // the last in a row, oldest first
}

// hour is how fast the program answered its own requests in one.
type hour struct{ mean, p99 time.Duration }

// mark is the figures of service at a time, by Reading.Up.
type mark struct {
	up                       time.Duration
	requests, failures       uint64
	cacheUses, cacheFailures uint64
	hits, misses             uint64
	latency                  Latency
}

// markOf is the mark of a reading.
func markOf(r *Reading) mark {
	s := &r.Service
	return mark{
		up: r.Up, requests: s.Requests, failures: s.Failures, cacheUses: s.CacheUses, cacheFailures: s.CacheFailures,
		hits: s.Hits, misses: s.Misses, latency: s.Latency,
	}
}

// since is what happened after an older mark; false when the figures went backwards, as they are of another run then.
func (m *mark) since(old *mark) (d mark, ok bool) {
	latency, ok := m.latency.since(&old.latency)
	if !ok || m.up < old.up || m.requests < old.requests || m.failures < old.failures || m.cacheUses < old.cacheUses ||
		m.cacheFailures < old.cacheFailures || m.hits < old.hits || m.misses < old.misses {
		return mark{}, false
	}
	return mark{
		up: m.up - old.up, requests: m.requests - old.requests, failures: m.failures - old.failures, cacheUses: m.cacheUses - old.cacheUses,
		cacheFailures: m.cacheFailures - old.cacheFailures, hits: m.hits - old.hits, misses: m.misses - old.misses, latency: latency,
	}, true
}

// pace is what the hours are about at a reading.
type pace uint8

const (
	calm   pace = iota // nothing is scarce: this time counts
	trying             // it is tried whether the program is faster without the optional parts: what was counted before stands
	scarce             // what is slow for want of something says nothing of the program: the hours in a row are over
)

// add takes the next reading, and how things stood before it.
func (w *Window) add(r *Reading, p pace) {
	w.last = *r
	now := markOf(r)
	if len(w.marks) > 0 {
		if _, ok := now.since(&w.marks[len(w.marks)-1]); !ok {
			w.marks, w.fresh = w.marks[:0], r.Up
			w.restart()
		}
	}
	w.addHour(p)
	old := 0 // the newest mark that is as old as the span is where it begins; those before it are not needed any more
	for old+1 < len(w.marks) && r.Up-w.marks[old+1].up >= recentSpan {
		old++
	}
	w.marks = w.marks[:copy(w.marks, w.marks[old:])]
	if len(w.marks) == 0 || r.Up-w.marks[len(w.marks)-1].up >= markSpace {
		w.marks = append(w.marks, now)
	}
}

// addHour keeps an hour that is over.
func (w *Window) addHour(p pace) {
	switch {
	case len(w.marks) == 0 || p == scarce:
		w.restart()
		return
	case p == trying:
		w.beginHour()
		return
	}
	d, ok := w.last.Service.Own.since(&w.own)
	switch {
	case !ok:
		w.restart()
		return
	case w.last.Up-w.began < hourSpan:
		return
	case d.Count() < hourLeast:
		w.hours = w.hours[:0]
	default:
		if len(w.hours) == hoursInARow {
			w.hours = w.hours[:copy(w.hours, w.hours[1:])]
		}
		w.hours = append(w.hours, hour{d.Mean(), d.Quantile(0.99)})
	}
	w.beginHour()
}

// beginHour begins an hour with the last reading.
func (w *Window) beginHour() { w.began, w.own = w.last.Up, w.last.Service.Own }

// restart begins the hours in a row anew.
func (w *Window) restart() {
	w.hours = w.hours[:0]
	w.beginHour()
}

// forget makes latencies count from now on only, as what they hang on has just changed.
func (w *Window) forget() {
	w.fresh = w.last.Up
	w.restart()
}

// recent is what happened within the last five minutes, or since the first reading.
func (w *Window) recent() mark { return w.after(0) }

// answered is what happened within the last five minutes, as far as its latencies count.
func (w *Window) answered() mark { return w.after(w.fresh) }

// after is what happened after the first mark that is not older than a time.
func (w *Window) after(from time.Duration) mark {
	now := markOf(&w.last)
	for i := range w.marks {
		if w.marks[i].up >= from {
			d, ok := now.since(&w.marks[i])
			if !ok {
				return mark{}
			}
			return d
		}
	}
	return mark{}
}
