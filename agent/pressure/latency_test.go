package pressure

import (
	"math"
	"testing"
	"time"
)

// TestBinsJoin goes through all bins: each begins where the one before ends, and none is wider than 3.2 %, or 4 µs.
func TestBinsJoin(t *testing.T) {
	low := time.Duration(0)
	for bin := range over {
		high := bound(bin)
		if Bin(low+1) != bin || Bin(high) != bin || Bin(high+1) != bin+1 {
			t.Fatalf("bin %d is from %d to %d, but these are in %d and %d, and what follows in %d", bin, low, high, Bin(low+1), Bin(high), Bin(high+1))
		}
		if wide := high - low; wide > 4*time.Microsecond && float64(wide) > 0.032*float64(low) {
			t.Errorf("bin %d is from %s to %s", bin, low, high)
		}
		low = high
	}
	if low != longest || bound(over) != 2*longest {
		t.Errorf("the last bounds are %s and %s", low, bound(over))
	}
	if bound(Bin(time.Second)) != time.Second {
		t.Errorf("a second is below %s", bound(Bin(time.Second)))
	}
	for took, want := range map[time.Duration]int{math.MinInt64: 0, -1: 0, 0: 0, 1: 0, time.Hour: over, math.MaxInt64: over} {
		if got := Bin(took); got != want {
			t.Errorf("%d is in %d, want %d", took, got, want)
		}
	}
}

func TestQuantileIsInterpolated(t *testing.T) {
	var l Latency
	if l.Quantile(0.99) != 0 || l.Mean() != 0 {
		t.Error("no request, but a latency")
	}
	for range 99 {
		l.Add(100 * time.Microsecond)
	}
	l.Add(time.Hour)
	low, high := bound(25), bound(26) // of the bin of 100 µs
	for share, want := range map[float64]time.Duration{
		0.99: high, 0.495: (low + high) / 2, 1: 2 * longest, 0.995: longest * 3 / 2, 0: 0, 2: 2 * longest,
	} {
		if got := l.Quantile(share); (got - want).Abs() > time.Microsecond {
			t.Errorf("%g: %s, want %s", share, got, want)
		}
	}
	if got := l.Quantile(math.NaN()); got != 0 {
		t.Errorf("no share: %s", got)
	}
	if want := (99*100*time.Microsecond + time.Hour) / 100; l.Mean() != want {
		t.Errorf("the mean is %s, want %s", l.Mean(), want)
	}
}

// TestQuantilesCanBeCompared: what takes 1.9 or 2.1 times as long is told as such, wherever the bounds lie.
func TestQuantilesCanBeCompared(t *testing.T) {
	p99 := func(took float64) float64 {
		var l Latency
		for range 720 {
			l.Add(time.Duration(took))
		}
		return float64(l.Quantile(0.99))
	}
	for took := float64(200 * time.Microsecond); took < float64(time.Second); took *= 1.013 {
		if less, more, same := p99(1.9*took)/p99(took), p99(2.1*took)/p99(took), p99(1.06*took)/p99(took); less >= 2 || more <= 2 || same >= 1.1 {
			t.Fatalf("1.9, 2.1 and 1.06 times %s are told as %.2f, %.2f and %.2f", time.Duration(took), less, more, same)
		}
	}
}
