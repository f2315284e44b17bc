package pressure

import (
	"math"
	"testing"
	"time"
	"unsafe"
)

// same is a reading's quantities, each the same number.
func same(v float64) (q [Quantities]float64) {
	for i := range q {
		q[i] = v
	}
	return q
}

func TestHistoryIsADayOfMinutes(t *testing.T) {
	t.Logf("a history takes %d bytes, a copy of it %d", unsafe.Sizeof(history{}), minutes*unsafe.Sizeof(Sample{}))
	if size := unsafe.Sizeof(history{}); size > 128<<10 {
		t.Errorf("a history takes %d bytes", size)
	}
	var h history
	over := 0
	var now Reading
	for up := time.Duration(0); up < 30*time.Hour; up += 10 * time.Second {
		now = Reading{At: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(up), Up: up}
		if h.add(up, same(float64(up/time.Minute)+float64(up%time.Minute)/1e12)) {
			over++
		}
	}
	if over != 30*60-1 {
		t.Errorf("%d minutes were over, want %d", over, 30*60-1)
	}
	list := h.samples(&now)
	if len(list) != minutes {
		t.Fatalf("%d samples, want %d", len(list), minutes)
	}
	for i, s := range list {
		minute := float32(30*60 - 1 - minutes + i)
		if s.Mean[QCPU] < minute || s.Mean[QCPU] > minute+0.04 || s.High[QCPU] <= s.Mean[QCPU] {
			t.Fatalf("sample %d is %+v, want minute %g", i, s, minute)
		}
		if want := time.Date(2026, 1, 1, 0, int(minute), 50, 0, time.UTC); !s.At.Equal(want) {
			t.Fatalf("sample %d is at %s, want %s", i, s.At, want)
		}
	}
	// A clock that jumps moves them all, and leaves them in order.
	now.At = now.At.AddDate(50, 0, 0)
	moved := h.samples(&now)
	if age := now.At.Sub(moved[len(moved)-1].At); age != time.Minute {
		t.Errorf("the last minute was %s ago", age)
	}
	// What is older than a day goes, though nothing came after it.
	now.Up += 23 * time.Hour
	if n := len(h.samples(&now)); n != 60 {
		t.Errorf("%d samples, want 60", n)
	}
}

func TestWhatIsNotKnownIsNoNumber(t *testing.T) {
	var w Window
	w.add(&Reading{unknown: noCPU | noMemoryStall}, calm)
	for i, v := range figuresOf(&w) {
		if !math.IsNaN(v) {
			t.Errorf("quantity %d is %g", i, v)
		}
	}
	var h history
	h.add(0, figuresOf(&w))
	h.add(time.Minute, same(1))
	s := h.samples(&Reading{Up: time.Minute})
	if len(s) != 1 || !math.IsNaN(float64(s[0].Mean[QCPU])) || !math.IsNaN(float64(s[0].High[QCPU])) {
		t.Errorf("%+v", s)
	}
}

func TestQuantitiesOfAReading(t *testing.T) {
	x := newTrial(t)
	x.pass(10*time.Second, func(r *Reading) {
		answer(20, 100*time.Microsecond)(r)
		r.Unit = Unit{Current: 70, Cache: 20}
		r.CPU, r.MemoryStall.Some10 = 0.25, 3
		r.Service.Hits, r.Service.Misses = 15, 5
	})
	q := figuresOf(&x.policy.window)
	want := [Quantities]float64{
		QResident: 40e6, QUnit: 50, QDevice: 147e6, QCPU: 0.25, QTemperature: 45, QMemoryStall: 3, QLatency: 0.000102959, QHitRate: 0.75, QRequests: 2,
	}
	for i := range q {
		if math.Abs(q[i]-want[i]) > 1e-8 {
			t.Errorf("quantity %d is %g, want %g", i, q[i], want[i])
		}
	}
}

func TestDayIsRolledUp(t *testing.T) {
	l := &roll{}
	r := Reading{Service: Service{Requests: 1000}}
	if _, ok := l.take(); ok {
		t.Error("a day without a reading")
	}
	for i, v := range []float64{3, 1, 4, 1, 5, 9, 2, 7} {
		r.Up += time.Minute
		r.Service.Requests += 10
		r.Service.Failures++
		q := same(v)
		q[QTemperature] = math.NaN()
		if i < 4 {
			q[QUnit] = math.NaN()
		}
		l.add("2026-01-31", &r, q, Level(i%3))
	}
	d, ok := l.take()
	if !ok || d.Date != "2026-01-31" || d.Requests != 70 || d.Failures != 7 || d.Tight != 2*time.Minute || d.Critical != 2*time.Minute {
		t.Errorf("%+v, %t", d, ok)
	}
	for q, want := range map[Quantity][3]float64{QCPU: {1, 4, 9}, QUnit: {2, 5.75, 9}} {
		if got := [3]float64{d.Low[q], d.Mean[q], d.High[q]}; got != want {
			t.Errorf("quantity %d is %v, want %v", q, got, want)
		}
	}
	if q := QTemperature; !math.IsNaN(d.Low[q]) || !math.IsNaN(d.Mean[q]) || !math.IsNaN(d.High[q]) {
		t.Errorf("nobody knew the temperature: %+v", d)
	}
	if _, ok := l.take(); ok {
		t.Error("a day was taken twice")
	}
	r.Up, r.Service.Requests = r.Up+time.Minute, r.Service.Requests+10
	l.add("2026-01-31", &r, same(1), Normal)
	if d, _ := l.take(); d.Requests != 10 || d.Tight != time.Minute || d.High[QCPU] != 1 {
		t.Errorf("the next part is %+v", d)
	}
}
