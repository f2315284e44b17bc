package web

import (
	"math/bits"
	"sync/atomic"
	"time"

	"calendarbot/agent/pressure"
)

// The histogram of latencies counts by powers of two, so that counting needs no search: kept pages take microseconds, drawn ones
// milliseconds, and what takes longer than half a minute is given up. It has the bounds of pressure.Latency.
const (
	bounds    = 19 // there are so many, and one bucket for what is above all
	leastTime = 128 * time.Microsecond
)

// bound is the i-th upper bound: 128 µs, twice as much each time, up to 33.554432 s.
func bound(i int) time.Duration { return leastTime << i }

// histogram counts durations by the bound that they stay within. Adding takes two atomic additions and nothing of the heap.
type histogram struct {
	within [bounds + 1]atomic.Uint64 // by bound; the last is for those above all
	took   atomic.Int64              // nanoseconds, in all
}

// add counts a duration.
func (h *histogram) add(took time.Duration) {
	took = max(took, 1)
	at := bits.Len64(uint64((took - 1) / leastTime)) // at most 128 µs: 0, at most 256 µs: 1, ...
	h.within[min(at, bounds)].Add(1)
	h.took.Add(int64(took))
}

// read returns how many were at most each bound, all at the end, and their sum. What is added meanwhile may be in one and not
// in the other.
func (h *histogram) read() pressure.Latency {
	l := pressure.Latency{Sum: time.Duration(h.took.Load())}
	total := uint64(0)
	for i := range h.within {
		total += h.within[i].Load()
		l.Within[i] = total
	}
	return l
}
