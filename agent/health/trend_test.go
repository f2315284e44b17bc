package health

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// monday is when the trends of these tests end.
func monday() time.Time { return time.Date(2026, 3, 9, 8, 0, 0, 0, time.UTC) }

// course is a point for each minute of some hours before monday; value is given the hours before it, which are not positive.
func course(hours float64, value func(h float64) float64) []Point {
	var points []Point
	for m := -int(hours * 60); m <= 0; m++ {
		points = append(points, Point{At: monday().Add(time.Duration(m) * time.Minute), Value: value(float64(m) / 60)})
	}
	return points
}

func TestTrendsReachTheirLimit(t *testing.T) {
	noise := rand.New(rand.NewPCG(1, 2))
	rising := func(h float64) float64 { return 100 + 2*h } // 100 at the end, 2 in an hour
	nan := math.NaN()
	for _, c := range []struct {
		name   string
		points []Point
		limit  float64
		reach  time.Duration
		want   time.Duration // 0: nothing is predicted
	}{
		{"a straight line", course(6, rising), 120, trendReach, 10 * time.Hour},
		{"as soon as there are three hours", course(3, rising), 120, trendReach, 10 * time.Hour},
		{"not of less than three hours", course(2.9, rising), 120, trendReach, 0},
		{"just within a day", course(6, rising), 147.9, trendReach, 23*time.Hour + 57*time.Minute},
		{"after more than a day", course(6, rising), 148.1, trendReach, 0},
		{"a caller's reach is never more than a day", course(6, rising), 148.1, 48 * time.Hour, 0},
		{"beyond the reach", course(6, rising), 120, 9 * time.Hour, 0},
		{"what is there is not predicted", course(6, rising), 100, trendReach, 0},
		{"falling", course(6, func(h float64) float64 { return 100 - 2*h }), 120, trendReach, 0},
		{"level", course(6, func(float64) float64 { return 100 }), 120, trendReach, 0},
		{"a line in little noise", course(6, func(h float64) float64 { return rising(h) + noise.Float64() - 0.5 }), 120, 24 * time.Hour, 10 * time.Hour},
		{"a line that is lost in noise", course(6, func(h float64) float64 { return 100 + h + 20*noise.NormFloat64() }), 120, trendReach, 0},
		{"a step", course(6, func(h float64) float64 {
			if h < -3 {
				return 80
			}
			return 100
		}), 120, trendReach, 0},
		{"a settling after the start", course(6, func(h float64) float64 { return 100 - 30*math.Exp(-(h+6)/1.5) }), 101, trendReach, 0},
		{"a peak that is over", course(6, func(h float64) float64 { return 100 - 3*math.Abs(h+2) }), 120, trendReach, 0},
		{"only the last six hours count", course(24, func(h float64) float64 {
			if h < -6 {
				return 500
			}
			return rising(h)
		}), 120, trendReach, 10 * time.Hour},
		{"what is not known is left out", course(6, func(h float64) float64 {
			if int(math.Round(h*60))%3 == 0 {
				return nan
			}
			return rising(h)
		}), 120, trendReach, 10 * time.Hour},
		{"nothing is known", course(6, func(float64) float64 { return nan }), 120, trendReach, 0},
		{"too few points", thinned(course(6, rising), 15), 120, trendReach, 0},
		{"one for each ten minutes", thinned(course(6, rising), 10), 120, trendReach, 10 * time.Hour},
		{"the clock went forward before", append(moved(course(3, rising), -40*365*24*time.Hour), course(2, rising)...), 120, trendReach, 0},
		{"the clock went back before", append(moved(course(3, rising), 40*365*24*time.Hour), course(2, rising)...), 120, trendReach, 0},
		{"the clock stood still", moved(thinned(course(0, rising), 1), 0), 120, trendReach, 0},
		{"there is nothing", nil, 120, trendReach, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			in, ok := Trend(c.points, c.limit, c.reach)
			near := (in - c.want).Abs() <= c.want/50
			if ok != (c.want > 0) || !near {
				t.Errorf("in %v (%v), want %v", in, ok, c.want)
			}
		})
	}
}

// thinned keeps each n-th point, and the last one.
func thinned(points []Point, n int) (list []Point) {
	for i := len(points) - 1; i >= 0; i -= n {
		list = append([]Point{points[i]}, list...)
	}
	return list
}

// moved is the same at another time.
func moved(points []Point, by time.Duration) (list []Point) {
	for _, p := range points {
		list = append(list, Point{At: p.At.Add(by), Value: p.Value})
	}
	return list
}

// TestNoisePredictsNothing: neither values that have nothing to do with each other, nor the way in which the day goes up and down, whenever
// it is looked at.
func TestNoisePredictsNothing(t *testing.T) {
	noise := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		spread := 1 + 20*noise.Float64()
		points := course(6, func(float64) float64 { return 100 + spread*noise.NormFloat64() })
		if in, ok := Trend(points, 100+2*spread, trendReach); ok {
			t.Fatalf("noise of %.1f is to reach its limit in %v", spread, in)
		}
	}
	const coolest, warmest = 48.0, 60.0 // °C, within a day
	for hour := range 24 {
		points := course(6, func(h float64) float64 {
			return (coolest+warmest)/2 + (warmest-coolest)/2*math.Sin(2*math.Pi*(h+float64(hour))/24)
		})
		if in, ok := Trend(points, 75, followsDay); ok {
			t.Errorf("the heat of a day, seen at hour %d, is to reach 75 °C in %v", hour, in)
		}
	}
}

func BenchmarkTrend(b *testing.B) {
	points := course(24, func(h float64) float64 { return 100 + h })
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := Trend(points, 120, trendReach); !ok {
			b.Fatal("nothing is predicted")
		}
	}
}
