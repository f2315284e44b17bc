package main

import (
	"math"
	"math/rand/v2"
	"testing"
)

// series is one sample each 10 s for two hours.
func series(of func(second float64, rng *rand.Rand) float64) []point {
	rng := rand.New(rand.NewPCG(1, 2))
	points := make([]point, 720)
	for i := range points {
		at := float64(i) * 10
		points[i] = point{at, of(at, rng)}
	}
	return points
}

func TestFit(t *testing.T) {
	l := fit([]point{{0, 1}, {1, 3}, {2, 5}, {3, 7}})
	if math.Abs(l.Start-1) > 1e-9 || math.Abs(l.Slope-2) > 1e-9 || l.Noise > 1e-9 {
		t.Errorf("%+v", l)
	}
	// By hand: mean 2 and 8/3; slope 1/2; the distances 1/6, 1/3 and 1/6 leave one degree of freedom.
	l = fit([]point{{1, 2}, {2, 3}, {3, 3}})
	if math.Abs(l.Slope-0.5) > 1e-9 || math.Abs(l.Start-5.0/3) > 1e-9 || math.Abs(l.Noise-math.Sqrt(1.0/6)) > 1e-9 {
		t.Errorf("%+v", l)
	}
	for name, points := range map[string][]point{"nothing": nil, "one": {{5, 7}}, "one moment": {{5, 6}, {5, 8}}} {
		if l := fit(points); l.Slope != 0 || math.IsNaN(l.Noise) || len(points) > 0 && l.at(100) != 7 {
			t.Errorf("%s: %+v", name, l)
		}
	}
}

func TestFlatOrNot(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		name  string
		of    func(second float64, rng *rand.Rand) float64
		bound float64
		want  verdict
	}{
		{"level", func(float64, *rand.Rand) float64 { return 20 * mib }, mib, met},
		{"noise", func(_ float64, rng *rand.Rand) float64 { return 20*mib + rng.NormFloat64()*mib }, mib / 10, met},
		{"waves", func(at float64, _ *rand.Rand) float64 { return 20*mib + 4*mib*math.Sin(at/40) }, mib / 10, met},
		{"a warm-up that ends", func(at float64, rng *rand.Rand) float64 {
			return 20*mib - 8*mib*math.Exp(-at/200) + rng.NormFloat64()*mib/10
		}, mib / 2, met},
		{"falling", func(at float64, _ *rand.Rand) float64 { return 40*mib - at*4096 }, mib, met},
		{"below what is of account", func(at float64, _ *rand.Rand) float64 { return 20*mib + at*100 }, mib, met},
		{"a leak of 1 kB a second", func(at float64, _ *rand.Rand) float64 { return 20*mib + at*1024 }, mib, missed},
		{"the same leak in noise", func(at float64, rng *rand.Rand) float64 { return 20*mib + at*1024 + rng.NormFloat64()*mib }, mib, missed},
		{"the same leak in waves", func(at float64, _ *rand.Rand) float64 { return 20*mib + at*1024 + 2*mib*math.Sin(at/40) }, mib, missed},
		{"one goroutine in ten minutes", func(at float64, _ *rand.Rand) float64 { return 30 + math.Floor(at/600) }, 4, missed},
		{"one file in ten minutes among clients who come and go", func(at float64, rng *rand.Rand) float64 {
			return 30 + math.Floor(at/600) + float64(rng.IntN(9)) - 4
		}, 4, missed},
		{"clients who come and go", func(_ float64, rng *rand.Rand) float64 { return 30 + float64(rng.IntN(9)) - 4 }, 2, met},
	} {
		if got := judge(series(c.of), 1200, c.bound); got.Verdict != c.want {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func TestTooFewPointsAreNotJudged(t *testing.T) {
	few := series(func(at float64, _ *rand.Rand) float64 { return at })[:leastPoints+3]
	if got := judge(few, 40, 1); got.Verdict != skipped || got.Points != leastPoints-1 {
		t.Errorf("%+v", got)
	}
	if got := judge(nil, 0, 1); got.Verdict != skipped {
		t.Errorf("%+v", got)
	}
}

func TestTheWarmUpIsNotJudged(t *testing.T) {
	got := judge(series(func(at float64, _ *rand.Rand) float64 { return max(0, 1000-at) + 5 }), 1000, 1)
	if got.Highest != 5 || math.Abs(got.Mean-5) > 1e-9 || got.Rise > 1e-9 || got.Verdict != met {
		t.Errorf("%+v", got)
	}
}
