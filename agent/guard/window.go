package guard

import (
	"sync/atomic"
	"time"
)

const (
	parts    = 10 // of a window: what is older than it is forgotten a tenth at a time
	countBit = 32 // where in a slice its number begins; its count is below
)

// window counts what happened within the last interval. Counting takes a look at the clock and an atomic addition. The zero
// window counts nothing.
type window struct {
	began time.Time
	slice time.Duration // 0: all is one slice
	ring  *[parts]atomic.Uint64
}

// newWindow returns one that begins now; one without an interval counts what happened since it was cleared.
func newWindow(interval time.Duration) window {
	return window{began: time.Now(), slice: interval / parts, ring: &[parts]atomic.Uint64{}}
}

// now is the number of the slice that is counted in, from 1 on.
func (w *window) now() uint64 {
	if w.slice <= 0 {
		return 1
	}
	return uint64(time.Since(w.began)/w.slice) + 1
}

// add counts one.
func (w *window) add() {
	if w.ring == nil {
		return
	}
	n := w.now()
	s := &w.ring[n%parts]
	for {
		held := s.Load()
		if held>>countBit >= n {
			s.Add(1)
			return
		}
		if s.CompareAndSwap(held, n<<countBit|1) {
			return
		}
	}
}

// sum is what was counted.
func (w *window) sum() (sum uint64) {
	if w.ring == nil {
		return 0
	}
	n := w.now()
	for i := range w.ring {
		if held := w.ring[i].Load(); held>>countBit+parts > n {
			sum += held & (1<<countBit - 1)
		}
	}
	return sum
}

// clear forgets what was counted.
func (w *window) clear() {
	if w.ring == nil {
		return
	}
	for i := range w.ring {
		w.ring[i].Store(0)
	}
}
