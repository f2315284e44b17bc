package pressure

import (
	"math/bits"
	"time"
)

// A latency is counted by 32 bins in each doubling, so that a quantile is known to 3 % (its bin is no wider): up to 1/4096 s in steps of
// 2^-18 s, above that in steps that double with each doubling, up to 32 s, and one bin for what is above. A bound is exactly at one second,
// so whether more than a share of the answers took longer than that is counted and not guessed.
const (
	fraction = 18 // a step of the finest bins is 2^-18 s, about 3.8 µs
	parts    = 32 // bins of a doubling
	linear   = 2 * parts
	longest  = 32 * time.Second
	over     = linear + 17*parts // the bin of what is above
)

// Latency counts requests by what they took, in the bins of Bin, and the sum of that.
type Latency struct {
	Counts [over + 1]uint64
	Sum    time.Duration
}

// Bin is where Latency.Counts counts a duration. It costs a multiplication, and takes any duration; one below zero counts as nothing.
func Bin(took time.Duration) int {
	if took > longest {
		return over
	}
	// Of the steps that it reaches into, the last, from 0: what is exactly at a bound is below it.
	step := max(int64(took)<<fraction-1, 0) / int64(time.Second)
	if step < linear {
		return int(step)
	}
	doubling := bits.Len64(uint64(step)) - bits.Len64(linear-1)
	return doubling*parts + int(step>>doubling)
}

// bound is the upper bound of a bin; of the last one twice the one before, as which counts what is above it.
func bound(bin int) time.Duration {
	steps := int64(bin) + 1
	if bin >= linear {
		doubling := bin/parts - 1
		steps = int64(bin%parts+parts+1) << doubling
	}
	if bin == over {
		return 2 * longest
	}
	return time.Duration(steps * int64(time.Second) >> fraction)
}

// Add counts a request.
func (l *Latency) Add(took time.Duration) {
	l.Counts[Bin(took)]++
	l.Sum += took
}

// Count is how many requests were counted.
func (l *Latency) Count() (n uint64) {
	for _, c := range &l.Counts {
		n += c
	}
	return n
}

// Mean is what a request took in the mean; 0 without one.
func (l *Latency) Mean() time.Duration {
	n := l.Count()
	if n == 0 {
		return 0
	}
	return time.Duration(float64(l.Sum) / float64(n))
}

// Quantile is the time within which a share of the requests was answered, 0-1, interpolated within a bin; 0 without a request. It is off by
// 3 % at most above 122 µs, and by 4 µs below; it is more than a second exactly when more than the rest of them took longer. What is above the last
// bound counts as at most twice that.
func (l *Latency) Quantile(share float64) time.Duration {
	wanted := share * float64(l.Count())
	if !(wanted > 0) {
		return 0
	}
	below, low, last := 0.0, time.Duration(0), time.Duration(0)
	for bin, n := range &l.Counts {
		high := bound(bin)
		if n > 0 {
			last = high
			if below+float64(n) >= wanted {
				return low + time.Duration((wanted-below)/float64(n)*float64(high-low))
			}
			below += float64(n)
		}
		low = high
	}
	return last // of more than all
}

// since is what was counted after another count; false when that was not of the same run of the program.
func (l *Latency) since(before *Latency) (d Latency, ok bool) {
	for i := range l.Counts {
		if l.Counts[i] < before.Counts[i] {
			return Latency{}, false
		}
		d.Counts[i] = l.Counts[i] - before.Counts[i]
	}
	d.Sum = l.Sum - before.Sum
	return d, d.Sum >= 0
}

// add counts another's requests too.
func (l *Latency) add(o *Latency) {
	for i := range l.Counts {
		l.Counts[i] += o.Counts[i]
	}
	l.Sum += o.Sum
}
