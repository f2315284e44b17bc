package health

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"calendarbot/agent/clock"
)

const (
	leakTold = time.Hour      // how long a leak is told after the last one
	killTold = 24 * time.Hour // how long that something was ended is told
)

// Watch finds problems, and remembers since when each stands. It belongs to one goroutine.
type Watch struct {
	kinds map[Code]Kind
	order map[Code]int

	began map[string]time.Time // of each problem that stands, by name
	fine  bool
	since time.Time     // of fine
	rung  string        // of the last page
	at    time.Time     // of the last look
	up    time.Duration // of its reading; by that nothing jumps

	counts map[string]count // figures that only grow

	disk     []Point // how much of it was in use
	newest   time.Time
	forecast []Problem
}

// count is a figure that grows when something happens.
type count struct {
	n  uint64
	at time.Time // when it grew last
}

// NewWatch returns a watch that has seen nothing.
func NewWatch() *Watch {
	w := &Watch{kinds: map[Code]Kind{}, order: map[Code]int{}, began: map[string]time.Time{}, counts: map[string]count{}}
	for i, k := range Kinds() {
		w.kinds[k.Code], w.order[k.Code] = k, i
	}
	return w
}

// Look returns the problems that stand: worst first, each followed by its consequences, and what is only predicted after what is there
// among those that are as bad. It is to be called with each reading; the trends are looked at when there is a new sample.
func (w *Watch) Look(f Facts) Report {
	w.followClock(&f)
	if f.Rung == "" {
		f.Rung = w.rung
	}
	w.rung = f.Rung

	problems := find(&f)
	problems = append(problems, w.happened(&f)...)
	problems = append(problems, w.predicted(&f)...)
	w.date(problems, f.Now)
	problems = w.sort(problems)

	r := Report{At: f.Now, Fine: true, Problems: problems}
	for _, p := range problems {
		if p.Severity != Notice {
			r.Fine = false
		}
	}
	if w.since.IsZero() || r.Fine != w.fine {
		w.fine, w.since = r.Fine, f.Now
	}
	r.Since = w.since
	if !r.Fine {
		r.Words = problems[0].Words // the worst one's, or those of what it comes from
		r.Since = foremost(problems).Since
	}
	return r
}

// foremost is the first problem above a notice that is there, else that will be; there is one.
func foremost(problems []Problem) Problem {
	above := func(p Problem) bool { return p.Severity != Notice }
	at := slices.IndexFunc(problems, func(p Problem) bool { return above(p) && p.In == 0 })
	if at < 0 {
		at = slices.IndexFunc(problems, above)
	}
	return problems[at]
}

// followClock moves what is remembered with the clock: what began an hour before it was set began an hour ago. How far it was set is seen
// between two looks: when package clock tells of it, something may have begun since, or it was set again.
func (w *Watch) followClock(f *Facts) {
	if f.Reading == nil {
		return
	}
	at, up := w.at, w.up
	w.at, w.up = f.Now, f.Reading.Up
	by := f.Now.Sub(at) - (w.up - up)
	if at.IsZero() || by.Abs() <= clock.Slack {
		return
	}
	move := func(t time.Time) time.Time {
		if t = t.Add(by); t.After(f.Now) {
			return f.Now
		}
		return t
	}
	for name, at := range w.began {
		w.began[name] = move(at)
	}
	for name, c := range w.counts {
		c.at = move(c.at)
		w.counts[name] = c
	}
	for i := range w.disk {
		w.disk[i].At = w.disk[i].At.Add(by)
	}
	if !w.since.IsZero() {
		w.since = move(w.since)
	}
}

// happened are the problems that figures tell by growing: each is told for some time.
func (w *Watch) happened(f *Facts) []Problem {
	var l list
	for _, p := range f.Pools {
		if w.grew("leaks "+p.Name, p.Leaks, f.Now, leakTold) {
			l.add(PoolLeak, p.Name, "A connection was held for too long: "+strconv.FormatUint(p.Leaks, 10)+" since the start.")
		}
	}
	if r := f.Reading; r != nil && w.grew("kills", r.Unit.OOMKilled, f.Now, killTold) {
		l.add(MemoryKill, "", "The system ended a program of this unit for want of memory, "+strconv.FormatUint(r.Unit.OOMKilled, 10)+" times so far.")
	}
	return l.problems
}

// grew tells whether a figure has grown within some time; one that is not 0 when it is first seen has.
func (w *Watch) grew(name string, n uint64, now time.Time, within time.Duration) bool {
	c, known := w.counts[name]
	if n > c.n {
		c.at = now
	}
	c.n = n
	if known || n > 0 {
		w.counts[name] = c
	}
	return !c.at.IsZero() && now.Sub(c.at) < within
}

// predicted are the problems to come. They change once for each new sample.
func (w *Watch) predicted(f *Facts) []Problem {
	fresh := false
	if f.Disk.Total > 0 {
		if n := len(w.disk); n == 0 || f.Now.Sub(w.disk[n-1].At).Abs() >= diskEvery {
			if n == diskMost {
				w.disk = slices.Delete(w.disk, 0, 1)
			}
			w.disk = append(w.disk, Point{At: f.Now, Value: float64(f.Disk.Total - min(f.Disk.Free, f.Disk.Total))})
			fresh = true
		}
	}
	if n := len(f.History); n > 0 && !f.History[n-1].At.Equal(w.newest) {
		w.newest, fresh = f.History[n-1].At, true
	}
	if fresh {
		w.forecast = forecasts(f, w.disk)
	}
	return w.forecast
}

// date says since when each problem stands, and forgets those that do not.
func (w *Watch) date(problems []Problem, now time.Time) {
	stand := make(map[string]time.Time, len(problems))
	for i := range problems {
		name := string(problems[i].Code) + " " + problems[i].About
		began, known := w.began[name]
		if !known {
			began = now
		}
		stand[name] = began
		problems[i].Since = began
	}
	w.began = stand
}

// sort fills in what is declared of the problems, finds which follow from which, and puts them in order.
func (w *Watch) sort(problems []Problem) []Problem {
	stands := map[Code]bool{}
	for i := range problems {
		p := &problems[i]
		p.Kind = w.kinds[p.Code]
		if p.In == 0 {
			stands[p.Code] = true
		}
	}
	follow := map[Code][]Problem{} // the consequences of each; "" for what stands by itself
	worst := map[Code]int{}        // the rank of the worst consequence of each
	for _, p := range problems {
		if at := slices.IndexFunc(p.Under, func(c Code) bool { return stands[c] }); at >= 0 && p.In == 0 {
			p.Of = p.Under[at]
		}
		follow[p.Of] = append(follow[p.Of], p)
	}
	var weigh func(c Code) int
	weigh = func(c Code) int {
		if rank, ok := worst[c]; ok {
			return rank
		}
		rank := w.kinds[c].Severity.rank()
		for _, p := range follow[c] {
			rank = min(rank, weigh(p.Code))
		}
		worst[c] = rank
		return rank
	}
	order := func(a, b Problem) int {
		return cmp.Or(cmp.Compare(weigh(a.Code), weigh(b.Code)), cmp.Compare(min(a.In, 1), min(b.In, 1)), cmp.Compare(w.order[a.Code], w.order[b.Code]), cmp.Compare(a.About, b.About))
	}
	sorted := make([]Problem, 0, len(problems))
	var tell func(of Code)
	tell = func(of Code) {
		list := follow[of]
		delete(follow, of)
		slices.SortFunc(list, order)
		for i, p := range list {
			sorted = append(sorted, p)
			if i == len(list)-1 || list[i+1].Code != p.Code { // after the last of several of a kind
				tell(p.Code)
			}
		}
	}
	tell("")
	return sorted
}
