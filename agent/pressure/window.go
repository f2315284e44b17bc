package pressure

import "time"

const (
	recentSpan  = 5 * time.Minute  // over which shares and p99 are taken
	markSpace   = 15 * time.Second // between two marks, or there were hundreds when readings come fast
	hourSpan    = time.Hour
	hourLeast   = 500 // requests of the program to itself, of 720, below which the mean of an hour proves nothing
	hoursInARow = 3
)

// Window is the newest readings, as far back as a rule looks: the last one whole, the figures of service at marks within the last
// five minutes, and the mean latencies of the program's own requests in the last hours.
type Window struct {
	last  Reading
	marks []mark
	fresh time.Duration // latencies from before then do not count
	hour  mark          // where the current hour began
	hours []time.Duration
}

// mark is the figures of service at a time, by Reading.Up.
type mark struct {
	up                       time.Duration
	requests, failures       uint64
	cacheUses, cacheFailures uint64
	hits, misses             uint64
	latency, own             Latency
}

// markOf is the mark of a reading.
func markOf(r *Reading) mark {
	s := &r.Service
	return mark{
		up: r.Up, requests: s.Requests, failures: s.Failures, cacheUses: s.CacheUses, cacheFailures: s.CacheFailures,
		hits: s.Hits, misses: s.Misses, latency: s.Latency, own: s.Own,
	}
}

// since is what happened after an older mark; false when the figures went backwards, as they are of another run then.
func (m *mark) since(old *mark) (d mark, ok bool) {
	latency, ok := m.latency.since(&old.latency)
	own, same := m.own.since(&old.own)
	if !ok || !same || m.up < old.up || m.requests < old.requests || m.failures < old.failures || m.cacheUses < old.cacheUses ||
		m.cacheFailures < old.cacheFailures || m.hits < old.hits || m.misses < old.misses {
		return mark{}, false
	}
	return mark{
		up: m.up - old.up, requests: m.requests - old.requests, failures: m.failures - old.failures, cacheUses: m.cacheUses - old.cacheUses,
		cacheFailures: m.cacheFailures - old.cacheFailures, hits: m.hits - old.hits, misses: m.misses - old.misses, latency: latency, own: own,
	}, true
}

// add takes the next reading. Hours count only while nothing is scarce: what is slow for want of something is no regression.
func (w *Window) add(r Reading, calm bool) {
	w.last = r
	now := markOf(&r)
	if len(w.marks) > 0 {
		if _, ok := now.since(&w.marks[len(w.marks)-1]); !ok {
			w.marks, w.hours, w.fresh, w.hour = w.marks[:0], w.hours[:0], r.Up, now
		}
	}
	w.addHour(now, calm)
	old := 0 // the newest mark that is as old as the span is where it begins; those before it are not needed any more
	for old+1 < len(w.marks) && r.Up-w.marks[old+1].up >= recentSpan {
		old++
	}
	w.marks = w.marks[:copy(w.marks, w.marks[old:])]
	if len(w.marks) == 0 || r.Up-w.marks[len(w.marks)-1].up >= markSpace {
		w.marks = append(w.marks, now)
	}
}

// addHour keeps the mean of an hour that is over.
func (w *Window) addHour(now mark, calm bool) {
	if len(w.marks) == 0 || !calm {
		w.hour = now
		return
	}
	if now.up-w.hour.up < hourSpan {
		return
	}
	if d, ok := now.since(&w.hour); ok && d.own.Count() >= hourLeast {
		if len(w.hours) == hoursInARow {
			w.hours = w.hours[:copy(w.hours, w.hours[1:])]
		}
		w.hours = append(w.hours, d.own.Mean())
	}
	w.hour = now
}

// forget makes latencies count from now on only, as what they hang on has just changed.
func (w *Window) forget() {
	w.fresh, w.hours, w.hour = w.last.Up, w.hours[:0], markOf(&w.last)
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
