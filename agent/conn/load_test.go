package conn

import (
	"strings"
	"testing"
)

func TestSizeFollowsTheLoad(t *testing.T) {
	db := limits{rest: 3, fixed: 3, most: 10}
	held := func(n int) limits { l := db; l.maximum = n; return l }
	for _, c := range []struct {
		name string
		load load
		size int
		why  string
	}{
		{"starts at rest", load{limits: db, adaptive: true, peak: -1}, 3, "at rest"},
		{"rests", load{limits: db, adaptive: true, size: 3, peak: 0}, 3, "at rest"},
		{"grows for one", load{limits: db, adaptive: true, size: 3, waiting: 1, peak: 3}, 4, "grown, as 1 use had to wait"},
		{"grows for many", load{limits: db, adaptive: true, size: 3, waiting: 4, peak: -1}, 7, "grown, as 4 uses had to wait"},
		{"grows to the ceiling", load{limits: db, adaptive: true, size: 8, waiting: 50, peak: 8}, 10, "grown, as 50 uses had to wait"},
		{"not beyond", load{limits: db, adaptive: true, size: 10, waiting: 2, peak: 10}, 10, "at its ceiling, though 2 uses wait"},
		{"keeps what is needed", load{limits: db, adaptive: true, size: 6, peak: 6}, 6, "kept, as all are in use at times"},
		{"shrinks by one", load{limits: db, adaptive: true, size: 6, peak: 5}, 5, "shrinking, as at most 5 of 6 were in use"},
		{"shrinks by one when idle", load{limits: db, adaptive: true, size: 10, peak: 0}, 9, "shrinking, as at most 0 of 10 were in use"},
		{"shrinks only at a look", load{limits: db, adaptive: true, size: 6, peak: -1}, 6, ""},
		{"not below rest", load{limits: db, adaptive: true, size: 4, peak: 0}, 3, "shrinking, as at most 0 of 4 were in use"},
		{"held from outside", load{limits: held(2), adaptive: true, size: 6, peak: -1}, 2, "held to 2 from outside"},
		{"held while some wait", load{limits: held(2), adaptive: true, size: 2, waiting: 1, peak: 2}, 2, "held to 2 from outside, though 1 use waits"},
		{"still held", load{limits: held(2), adaptive: true, size: 2, peak: 0}, 2, "held to 2 from outside"},
		{"held to more than is needed", load{limits: held(8), adaptive: true, size: 3, peak: 0}, 3, "at rest"},
		{"let go", load{limits: db, adaptive: true, size: 2, peak: -1}, 3, "at rest"},
		{"fixed", load{limits: db, size: 7, waiting: 9, peak: 7}, 3, "fixed, as sizing by load is off"},
		{"fixed and held", load{limits: held(1), size: 7, peak: 7}, 1, "held to 1 from outside"},
		{"fixed for HTTP is all", load{limits: limits{rest: 2, fixed: 8, most: 8}, size: 2}, 8, "fixed, as sizing by load is off"},
	} {
		if size, why := c.load.fit(); size != c.size || why != c.why {
			t.Errorf("%s: %d (%s), want %d (%s)", c.name, size, why, c.size, c.why)
		}
	}
}

func FuzzSizeStaysWithinItsBounds(f *testing.F) {
	f.Add(3, 3, 10, 0, 5, 2, 4, true)
	f.Add(2, 8, 8, 1, 8, 0, -1, false)
	f.Fuzz(func(t *testing.T, rest, fixed, most, maximum, size, waiting, peak int, adaptive bool) {
		for _, n := range []int{rest, fixed, most, maximum, size, waiting} {
			if n < 0 || n > 1000 {
				return
			}
		}
		if rest < 1 || fixed < rest || most < fixed {
			return
		}
		l := load{limits: limits{rest, fixed, most, maximum}, adaptive: adaptive, size: size, waiting: waiting, peak: peak}
		got, why := l.fit()
		if got < 1 || got > l.limits.ceiling() || got > most || maximum > 0 && got > maximum {
			t.Errorf("%+v: %d (%s)", l, got, why)
		}
		if strings.Contains(why, "grown") && got <= size && size >= rest || strings.Contains(why, "shrinking") && got != size-1 {
			t.Errorf("%+v: %d (%s)", l, got, why)
		}
	})
}
