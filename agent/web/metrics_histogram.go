package web

import (
	"sync/atomic"
	"time"
)

// bounds are the upper bounds of the histogram of latencies: kept pages take microseconds, drawn ones milliseconds; a person
// waits from a quarter of a second on, and the alert is at one second.
func bounds() [7]time.Duration {
	return [...]time.Duration{
		500 * time.Microsecond, 2 * time.Millisecond, 10 * time.Millisecond, 50 * time.Millisecond, 250 * time.Millisecond, time.Second, 5 * time.Second,
	}
}

// histogram counts durations by the bound that they stay within. Adding takes two atomic additions and nothing of the heap.
type histogram struct {
	within [8]atomic.Uint64 // by bound; the last is for those above all
	took   atomic.Int64     // nanoseconds, in all
}

// add counts a duration.
func (h *histogram) add(took time.Duration) {
	at := 0
	for _, bound := range bounds() {
		if took <= bound {
			break
		}
		at++
	}
	h.within[at].Add(1)
	h.took.Add(int64(took))
}

// read returns how many were at most each bound, all at the end, and their sum. What is added meanwhile may be in one and not
// in the other.
func (h *histogram) read() (counts [8]uint64, sum time.Duration) {
	total := uint64(0)
	for i := range h.within {
		total += h.within[i].Load()
		counts[i] = total
	}
	return counts, time.Duration(h.took.Load())
}
