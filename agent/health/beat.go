package health

import (
	"sync"
	"sync/atomic"
	"time"
)

// Beats knows when each of the program's loops last went round, by the monotonic clock: it does not matter what the time of day
// does. The watchdog is told only while none is late. Its methods may be called from any goroutine.
type Beats struct {
	start time.Time // carries the monotonic clock

	mu    sync.Mutex
	loops []*loop
}

// loop is one of them.
type loop struct {
	name  string
	every time.Duration
	beat  atomic.Int64 // when it last went round, as far as is known: nanoseconds after Beats.start

	last Round     // nil where it beats itself
	seen time.Time // what last returned
}

// Round tells when a loop last went round, by whatever clock (zero: it has not begun), and how long the round that it is at may take.
type Round func() (last time.Time, within time.Duration)

// NewBeats returns one without loops.
func NewBeats() *Beats { return &Beats{start: time.Now()} }

// now is the monotonic clock.
func (b *Beats) now() int64 { return int64(time.Since(b.start)) }

// Expect adds a loop that is to beat at least every so often, from now on. It returns what the loop calls each time it goes round,
// which costs next to nothing.
func (b *Beats) Expect(name string, every time.Duration) (beat func()) {
	l := b.add(&loop{name: name, every: every})
	return func() { l.beat.Store(b.now()) }
}

// Ask adds a loop that keeps the time of its last round itself; one that has not begun has as long for it as for each round. That
// time is not reckoned with, as the clock that it was taken from may jump: a loop has gone round when it has changed since it was
// asked for. So a loop is found late as much later as there is time between two calls of Late.
func (b *Beats) Ask(name string, last Round) {
	seen, within := last()
	b.add(&loop{name: name, every: within, last: last, seen: seen})
}

// add makes a loop one of those that are looked at, as if it had just gone round.
func (b *Beats) add(l *loop) *loop {
	l.beat.Store(b.now())
	b.mu.Lock()
	defer b.mu.Unlock()
	b.loops = append(b.loops, l)
	return l
}

// Late names the loops that are late, in the order in which they were added.
func (b *Beats) Late() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var late []string
	for _, l := range b.loops {
		if l.last != nil {
			at, within := l.last()
			l.every = within
			if at != l.seen { // not Equal: what differs only in the monotonic clock is another round too
				l.seen = at
				l.beat.Store(b.now())
			}
		}
		if time.Duration(b.now()-l.beat.Load()) > l.every {
			late = append(late, l.name)
		}
	}
	return late
}
