package web

import (
	"math/bits"
	"sync/atomic"
	"time"

	"calendarbot/agent/pressure"
)

// The histogram of latencies counts by powers of two, so that counting needs no search: kept pages take microseconds, drawn ones
// milliseconds, and what takes longer than half a minute is given up. What is judged is counted once more, in finer bins: see fine.
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
func (h *histogram) read() (within [bounds + 1]uint64, sum time.Duration) {
	sum = time.Duration(h.took.Load())
	total := uint64(0)
	for i := range h.within {
		total += h.within[i].Load()
		within[i] = total
	}
	return within, sum
}

// fine counts durations in the bins by which they are judged, of which there are too many to tell them of each route. Adding takes two atomic
// additions and nothing of the heap.
type fine struct {
	counts [len(pressure.Latency{}.Counts)]atomic.Uint64
	took   atomic.Int64 // nanoseconds, in all
}

// add counts a duration.
func (f *fine) add(took time.Duration) {
	took = max(took, 1)
	f.counts[pressure.Bin(took)].Add(1)
	f.took.Add(int64(took))
}

// read returns what was counted. What is added meanwhile may be in the counts and not in the sum.
func (f *fine) read() pressure.Latency {
	l := pressure.Latency{Sum: time.Duration(f.took.Load())}
	for i := range f.counts {
		l.Counts[i] = f.counts[i].Load()
	}
	return l
}
