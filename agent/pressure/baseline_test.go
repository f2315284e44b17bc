package pressure

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func TestBaselineIsLearnedFromTheOwnRequestInHoursOfNormalService(t *testing.T) {
	r := Reading{At: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	l := NewLearning("1.4")
	learn := func(d time.Duration, level Level, requests uint64, took time.Duration) (b Baseline, ok bool) {
		for range int(d / time.Hour) {
			r.Up, r.At = r.Up+time.Hour, r.At.Add(time.Hour)
			both(ask(requests, took), answer(500, time.Minute))(&r)
			b, ok = l.Learn(&r, level)
		}
		return b, ok
	}
	if _, ok := l.Learn(&r, Normal); ok {
		t.Error("learned from one reading")
	}
	if _, ok := learn(30*time.Hour, Normal, 10, 100*time.Microsecond); ok {
		t.Error("learned from 300 requests")
	}
	if _, ok := learn(30*time.Hour, Tight, 1000, time.Second); ok {
		t.Error("learned while the level was not normal")
	}
	b, ok := learn(time.Hour, Normal, 700, 100*time.Microsecond)
	want := Baseline{Line: "1.4", Mean: 100 * time.Microsecond, P99: 102957, Requests: 1000, Since: r.At}
	if !ok || b != want {
		t.Errorf("%+v, %t; want %+v", b, ok, want)
	}
	if b, ok = learn(time.Hour, Normal, 5000, time.Second); !ok || b != want {
		t.Errorf("it goes on to learn: %+v, %t", b, ok)
	}
	l = NewLearning("1.4")
	if _, ok := learn(6*time.Hour, Normal, 1000, time.Millisecond); ok {
		t.Error("learned from 5 hours: the first reading tells nothing")
	}
	if _, ok := learn(time.Hour, Normal, 1000, time.Millisecond); !ok {
		t.Error("6 hours and thousands of requests are enough")
	}
}

// household is a device over days: a policy, with the learning of its baseline, and how long its own page takes to be drawn, which varies.
type household struct {
	*trial
	learning *Learning
	random   *rand.Rand
	sigma    float64                  // of the logarithm
	typical  func(plain bool) float64 // seconds; plain: everything optional is off

	plain                    bool
	warned, switched, forgot int // times that a warning began, that everything optional was switched off, and that the baseline was forgotten
	learned                  int
	outgrown                 Standing // the last one
}

func newHousehold(t *testing.T, sigma float64, seed uint64) *household {
	h := &household{trial: newTrial(t), learning: NewLearning("1.0"), random: rand.New(rand.NewPCG(seed, 1)), sigma: sigma, typical: func(bool) float64 { return 0.003 }}
	h.r.Service.Baseline = Baseline{}
	return h
}

// live lets time go by as on a device: what follows from each reading is done before the next.
func (h *household) live(d time.Duration) {
	for end := h.r.Up + d; h.r.Up < end; {
		warns := h.a.Of(Slower).Step > 0
		h.r.Up, h.r.At = h.r.Up+30*time.Second, h.r.At.Add(30*time.Second)
		for range 6 {
			h.r.Service.Own.Add(time.Duration(h.typical(h.plain) * math.Exp(h.sigma*h.random.NormFloat64()) * 1e9))
		}
		h.judge()
		off := h.a.Of(Slower).Step == 2 || h.a.Of(Regression).Step == 1
		if off && !h.plain {
			h.switched++
		}
		if h.a.Of(Slower).Step > 0 && !warns {
			h.warned++
		}
		h.plain = off
		switch {
		case h.a.Outgrown.Sign != "":
			h.forgot++
			h.outgrown, h.r.Service.Baseline, h.learning = h.a.Outgrown, Baseline{}, NewLearning("1.0")
		case h.r.Service.Baseline.Requests == 0:
			if b, ok := h.learning.Learn(&h.r, h.a.Level); ok {
				h.r.Service.Baseline = b
				h.learned++
			}
		}
	}
}

const day = 24 * time.Hour

// TestDrawingThatOnlyVariesIsNoGrowth: a week in which nothing changes, however much the times vary, is one without a word.
func TestDrawingThatOnlyVariesIsNoGrowth(t *testing.T) {
	t.Parallel()
	for _, sigma := range []float64{0.8, 1.0} {
		h := newHousehold(t, sigma, 7)
		h.live(7 * day)
		if h.warned > 0 || h.switched > 0 || h.learned != 1 {
			t.Errorf("sigma %g: %d warnings, switched off %d times, learned %d times", sigma, h.warned, h.switched, h.learned)
		}
	}
}

// TestLargerCalendarsAreLearnedAnew: the page takes longer to be drawn from the second day on, as there is more to draw. That is tried once
// without the optional parts, which is no faster, and then it is how long it takes.
func TestLargerCalendarsAreLearnedAnew(t *testing.T) {
	t.Parallel()
	for _, longer := range []float64{1.3, 2, 3} {
		h := newHousehold(t, 0.3, 3)
		h.live(day)
		if h.switched > 0 || h.learned != 1 {
			t.Fatalf("switched off %d times, learned %d times", h.switched, h.learned)
		}
		h.typical = func(bool) float64 { return 0.003 * longer }
		h.live(day)
		if h.switched != 1 || h.forgot != 1 || h.learned != 2 || h.plain || h.a.Level != Normal {
			t.Errorf("%g times as long: switched off %d times, forgotten %d times, learned %d times", longer, h.switched, h.forgot, h.learned)
		}
		if s := h.outgrown; s.Value < 1.1 || s.Value > 1.2*longer || s.Words() == "" || s.Step != 1 || s.Limit < 1 {
			t.Errorf("%g times as long is told as %+v: %s", longer, s, s.Words())
		}
		h.typical = func(bool) float64 { return 0.003 * longer * 1.5 }
		h.live(day / 2)
		if h.switched != 2 {
			t.Errorf("with the new baseline it is noticed %d times that it takes longer still", h.switched-1)
		}
	}
}

// TestOptionalPartsThatAreTheCauseAreFound: without them it is faster, though perhaps not as fast as with them when they were well, so the baseline
// stands. More than twice as slow is found by the slowest, less by the mean.
func TestOptionalPartsThatAreTheCauseAreFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ with, without float64 }{{0.007, 0.003}, {0.0045, 0.0036}} {
		h := newHousehold(t, 0.3, 5)
		h.live(day / 2)
		h.typical = func(plain bool) float64 {
			if plain {
				return c.without
			}
			return c.with
		}
		h.live(day / 2)
		if h.forgot > 0 || h.switched < 3 {
			t.Errorf("%+v: forgotten %d times, switched off %d times", c, h.forgot, h.switched)
		}
		// Nobody can tell when the program does not ask itself while they are off.
		h.typical = func(plain bool) float64 {
			if plain {
				h.r.Service.Own = Latency{}
			}
			return c.with
		}
		h.live(5 * time.Hour)
		if h.forgot != 1 {
			t.Errorf("%+v: forgotten %d times", c, h.forgot)
		}
	}
}

// TestGrowthIsOfWholeHours covers the growth of latency: a slow hour is a warning, two in a row are more, a slow minute is none.
func TestGrowthIsOfWholeHours(t *testing.T) {
	slow, fast := ask(2, 500*time.Millisecond), ask(2, 150*time.Millisecond)
	x := newTrial(t)
	x.pass(59*time.Minute, slow)
	x.step(Slower, 0, "not an hour")
	x.pass(2*time.Minute, slow)
	x.step(Slower, 1, "an hour")
	if x.a.Level != Normal {
		t.Errorf("a warning is no pressure, but the level is %s", x.a.Level)
	}
	x.pass(slowAgain-2*time.Minute, slow)
	x.step(Slower, 1, "not yet long enough")
	x.pass(2*time.Minute, slow)
	x.step(Slower, 2, "the next hour too")
	if s := x.a.Of(Slower); x.a.Level != Tight || math.Abs(s.Value-2.5) > 0.1 {
		t.Errorf("the level is %s: %+v", x.a.Level, s)
	}
	x.pass(limits.Recovery, fast)
	x.step(Slower, 1, "tried again")
	if x.a.Outgrown.Sign != "" {
		t.Errorf("without optional parts it was fast: %+v", x.a.Outgrown)
	}
	x.pass(2*time.Minute, fast)
	x.step(Slower, 0, "the hours begin anew")

	for name, hours := range map[string][3]func(r *Reading){
		"1.9 times as long":               {ask(2, 380*time.Millisecond), ask(2, 380*time.Millisecond), ask(2, 380*time.Millisecond)},
		"few requests":                    {still, ask(1, 500*time.Millisecond), still},
		"an hour, and one under pressure": {slow, func(r *Reading) { slow(r); r.Temperature = 76 }, func(r *Reading) { fast(r); r.Temperature = 45 }},
		"what people ask for":             {answer(2, 900*time.Millisecond), answer(2, 900*time.Millisecond), answer(2, 900*time.Millisecond)},
	} {
		x := newTrial(t)
		for _, each := range hours {
			x.pass(time.Hour, each)
			if x.a.Of(Slower).Step == 2 {
				t.Errorf("%s: %+v", name, x.a.Of(Slower))
			}
		}
		x.pass(time.Minute, still)
		x.step(Slower, 0, name)
	}
	x = newTrial(t)
	x.pass(time.Hour, ask(2, 420*time.Millisecond))
	x.step(Slower, 1, "2.1 times as long")

	x = newTrial(t)
	x.pass(time.Minute, ask(2, 5*time.Second))
	for range 180 {
		x.pass(time.Minute, fast)
		if x.a.Of(Slower).Step == 2 {
			t.Fatal("a slow minute switches everything optional off")
		}
	}
	x.step(Slower, 0, "a slow minute is forgotten")
}
