package pressure

import (
	"math"
	"time"
)

// Sample is a minute: of each quantity the mean and the highest. Quantities that are not known are NaN.
type Sample struct {
	At         time.Time // its last reading, by the clock as it is now: one that jumped since moves them all
	Mean, High [Quantities]float32
}

// Quantity is something of which there is a history.
type Quantity uint8

// The quantities.
const (
	QResident    Quantity = iota // bytes, of the program
	QUnit                        // bytes, of the unit, without what the kernel can drop at once
	QDevice                      // bytes in use on the device
	QCPU                         // share of all processors
	QTemperature                 // °C
	QMemoryStall                 // percent, Some10
	QLatency                     // p99 in seconds, of the last five minutes
	QHitRate                     // share, 0-1, of the last five minutes
	QRequests                    // per second, of the last five minutes
	Quantities                   // how many there are
)

// figuresOf are the quantities of the newest reading.
func figuresOf(w *Window) (q [Quantities]float64) {
	for i := range q {
		q[i] = math.NaN()
	}
	tell := func(i Quantity, v float64, known bool) {
		if known {
			q[i] = v
		}
	}
	r, served := &w.last, w.recent()
	tell(QResident, float64(r.Self.Resident), r.Self.Resident != 0)
	tell(QUnit, float64(r.Unit.Used()), r.Unit.Current != 0)
	tell(QDevice, float64(r.Device.Used()), r.Device.Total != 0)
	tell(QCPU, r.CPU, r.unknown&noCPU == 0)
	tell(QTemperature, r.Temperature, r.Temperature != 0)
	tell(QMemoryStall, r.MemoryStall.Some10, r.unknown&noMemoryStall == 0)
	tell(QLatency, served.latency.Quantile(0.99).Seconds(), served.latency.Count() > 0)
	tell(QHitRate, float64(served.hits)/float64(served.hits+served.misses), served.hits+served.misses > 0)
	tell(QRequests, float64(served.requests)/served.up.Seconds(), served.up > 0)
	return q
}

// tally is what some readings come to.
type tally struct {
	low, high, sum [Quantities]float64
	count          [Quantities]int
}

// add takes the next quantities.
func (t *tally) add(q [Quantities]float64) {
	for i, v := range q {
		if math.IsNaN(v) {
			continue
		}
		if t.count[i] == 0 {
			t.low[i], t.high[i] = v, v
		}
		t.low[i], t.high[i] = min(t.low[i], v), max(t.high[i], v)
		t.sum[i] += v
		t.count[i]++
	}
}

// mean is that of a quantity; NaN when it is not known.
func (t *tally) mean(i int) float64 { return t.sum[i] / float64(t.count[i]) }

// minutes is how many of them a history has: a day.
const minutes = 24 * 60

// history is a ring of minutes, by Reading.Up: a clock that jumps leaves it in order.
type history struct {
	ring  [minutes]moment
	next  int // where the next one goes
	count int
	now   tally // of the minute that runs
	began time.Duration
	last  time.Duration // its newest reading
	open  bool
}

// moment is one minute, in half the bytes of a Sample's tally.
type moment struct {
	up         time.Duration
	mean, high [Quantities]float32
}

// add takes the next quantities, and tells whether a minute is over with them.
func (h *history) add(up time.Duration, q [Quantities]float64) (over bool) {
	over = h.open && up.Truncate(time.Minute) != h.began
	if over {
		h.keep()
	}
	if over || !h.open {
		h.now, h.began, h.open = tally{}, up.Truncate(time.Minute), true
	}
	h.now.add(q)
	h.last = up
	return over
}

// keep puts the minute that is over into the ring.
func (h *history) keep() {
	t := &h.now
	m := moment{up: h.last}
	for i := range m.mean {
		m.mean[i], m.high[i] = float32(t.mean(i)), float32(math.NaN())
		if t.count[i] > 0 {
			m.high[i] = float32(t.high[i])
		}
	}
	h.ring[h.next] = m
	h.next = (h.next + 1) % minutes
	h.count = min(h.count+1, minutes)
}

// samples are the minutes of the last day, seen from a reading.
func (h *history) samples(now *Reading) []Sample {
	list := make([]Sample, 0, h.count)
	for i := range h.count {
		m := &h.ring[(h.next-h.count+i+minutes)%minutes]
		if age := now.Up - m.up; age <= 24*time.Hour {
			list = append(list, Sample{At: now.At.Add(-age), Mean: m.mean, High: m.high})
		}
	}
	return list
}
