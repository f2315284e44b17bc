package pressure

import "time"

// Latency counts the requests that took at most 128 µs << i, all at the end, and the sum of what they took.
type Latency struct {
	Within [20]uint64 // cumulative
	Sum    time.Duration
}

// finest is the bound of the first count.
const finest = 128 * time.Microsecond

// Count is how many requests were counted.
func (l *Latency) Count() uint64 { return l.Within[len(l.Within)-1] }

// Mean is what a request took in the mean; 0 without one.
func (l *Latency) Mean() time.Duration {
	if l.Count() == 0 {
		return 0
	}
	return time.Duration(float64(l.Sum) / float64(l.Count()))
}

// Quantile is the time within which a share of the requests was answered, 0-1, interpolated between two bounds; 0 without a
// request. What is above the last bound counts as at most twice that.
func (l *Latency) Quantile(share float64) time.Duration {
	wanted := share * float64(l.Count())
	if !(wanted > 0) {
		return 0
	}
	below := uint64(0)
	for i, within := range l.Within {
		if float64(within) < wanted {
			below = max(below, within)
			continue
		}
		low, high := time.Duration(0), finest<<i
		if i > 0 {
			low = high / 2
		}
		part := 1.0
		if within > below {
			part = (wanted - float64(below)) / float64(within-below)
		}
		return low + time.Duration(part*float64(high-low))
	}
	return finest << (len(l.Within) - 1)
}

// since is what was counted after another count; false when that was not of the same run of the program.
func (l *Latency) since(before *Latency) (d Latency, ok bool) {
	for i := range l.Within {
		if l.Within[i] < before.Within[i] {
			return Latency{}, false
		}
		d.Within[i] = l.Within[i] - before.Within[i]
	}
	d.Sum = l.Sum - before.Sum
	return d, d.Sum >= 0
}

// add counts another's requests too.
func (l *Latency) add(o *Latency) {
	for i := range l.Within {
		l.Within[i] += o.Within[i]
	}
	l.Sum += o.Sum
}
