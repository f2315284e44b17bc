package pressure

import (
	"math"
	"slices"
	"testing"
	"time"
)

// limits are those of the tests.
var limits = Limits{UnitMemory: 200e6, Recovery: 10 * time.Minute}

// trial is a policy and the reading that it is given next.
type trial struct {
	t      *testing.T
	policy *Policy
	r      Reading
	a      Assessment
}

// newTrial has seen one calm reading, and has a baseline of a fifth of a second.
func newTrial(t *testing.T) *trial {
	x := &trial{t: t, policy: NewPolicy(limits)}
	x.r = Reading{
		At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Up: time.Minute,
		Device: Memory{Total: 447e6, Available: 300e6}, Self: Self{Resident: 40e6}, Temperature: 45,
		Service: Service{
			Pools: []Pool{{Name: "db", Size: 10}, {Name: "http", Size: 10}}, CacheBudget: 1000,
			Baseline: Baseline{Line: "1.0", Mean: 100 * time.Millisecond, P99: 200 * time.Millisecond, Requests: 1000},
		},
	}
	x.judge()
	return x
}

// judge judges the reading as it is.
func (x *trial) judge() { x.a = x.policy.Judge(x.r) }

// pass lets time go by, with a reading every ten seconds that each changes.
func (x *trial) pass(d time.Duration, each func(r *Reading)) {
	for end := x.r.Up + d; x.r.Up < end; {
		step := min(10*time.Second, end-x.r.Up)
		x.r.Up += step
		x.r.At = x.r.At.Add(step)
		each(&x.r)
		x.judge()
	}
}

// step is the step of a sign; another one than wanted is an error.
func (x *trial) step(s Sign, want int, when string) {
	x.t.Helper()
	if got := x.a.Of(s); got.Step != want {
		x.t.Errorf("%s: step %d, want %d; %s: %+v", s, got.Step, want, when, got)
	}
}

// still changes nothing.
func still(*Reading) {}

// answer counts people's requests that took so long each.
func answer(n uint64, took time.Duration) func(r *Reading) {
	return func(r *Reading) {
		r.Service.Requests += n
		r.Service.Latency.count(n, took)
	}
}

// ask counts requests of the program to itself.
func ask(n uint64, took time.Duration) func(r *Reading) {
	return func(r *Reading) { r.Service.Own.count(n, took) }
}

// both does one after the other.
func both(one, other func(r *Reading)) func(r *Reading) {
	return func(r *Reading) { one(r); other(r) }
}

// count counts requests that took so long each.
func (l *Latency) count(n uint64, took time.Duration) {
	l.Sum += time.Duration(n) * took
	l.Counts[Bin(took)] += n
}

// TestRulesOfStanding goes through the signs that are how things stand now: what makes each step, what does not, and its level.
func TestRulesOfStanding(t *testing.T) {
	unit := func(current, high, max, cache uint64) func(r *Reading) {
		return func(r *Reading) { r.Unit = Unit{Current: current, High: high, Max: max, Cache: cache} }
	}
	pools := func(p ...Pool) func(r *Reading) { return func(r *Reading) { r.Service.Pools = p } }
	for _, test := range []struct {
		name  string
		sign  Sign
		set   func(r *Reading)
		step  int
		level Level
		value float64
	}{
		{"calm", UnitMemory, still, 0, Normal, 20},
		{"69 %", UnitMemory, unit(69, 100, 0, 0), 0, Normal, 69},
		{"70 %", UnitMemory, unit(70, 100, 200, 0), 1, Tight, 70},
		{"85 %", UnitMemory, unit(85, 100, 0, 0), 2, Tight, 85},
		{"95 %", UnitMemory, unit(95, 100, 0, 0), 3, Critical, 95},
		{"without what can be dropped at once", UnitMemory, unit(95, 100, 0, 30), 0, Normal, 65},
		{"of memory.max where there is no high", UnitMemory, unit(150, 0, 200, 0), 1, Tight, 75},
		{"of the configuration where there is neither", UnitMemory, unit(150e6, 0, 0, 0), 1, Tight, 75},
		{"of the program where there is no cgroup", UnitMemory, func(r *Reading) { r.Self.Resident = 190e6 }, 3, Critical, 95},
		{"399 MB", DeviceMemory, func(r *Reading) { r.Device.Available = 48e6 }, 0, Normal, 399},
		{"400 MB", DeviceMemory, func(r *Reading) { r.Device.Available = 47e6 }, 0, Normal, 400},
		{"more than 400 MB", DeviceMemory, func(r *Reading) { r.Device.Available = 46e6 }, 1, Tight, 401},
		{"400 MB of a larger device", DeviceMemory, func(r *Reading) { r.Device = Memory{Total: 1000e6, Available: 600e6} }, 0, Normal, 400},
		{"78 % of a larger device", DeviceMemory, func(r *Reading) { r.Device = Memory{Total: 1000e6, Available: 220e6} }, 0, Normal, 780},
		{"more than that", DeviceMemory, func(r *Reading) { r.Device = Memory{Total: 1000e6, Available: 219e6} }, 1, Tight, 781},
		{"a tenth", MemoryStalls, func(r *Reading) { r.MemoryStall.Some10 = 10 }, 1, Tight, 10},
		{"three tenths", MemoryStalls, func(r *Reading) { r.MemoryStall.Some10 = 30 }, 2, Critical, 30},
		{"74 °C", Heat, func(r *Reading) { r.Temperature = 74.9 }, 0, Normal, 74.9},
		{"75 °C", Heat, func(r *Reading) { r.Temperature = 75 }, 1, Tight, 75},
		{"80 °C", Heat, func(r *Reading) { r.Temperature = 80 }, 2, Critical, 80},
		{"throttled", Heat, func(r *Reading) { r.Temperature, r.Throttled = 60, true }, 2, Critical, 60},
		{"throttled without a thermometer", Heat, func(r *Reading) { r.Temperature, r.Throttled = 0, true }, 2, Critical, 0},
		{"nine of ten", PoolUse, pools(Pool{InUse: 9, Size: 10}, Pool{InUse: 1, Size: 10}), 0, Normal, 90},
		{"95 %", PoolUse, pools(Pool{InUse: 19, Size: 20}), 0, Normal, 95},
		{"all of one, for a moment", PoolUse, pools(Pool{InUse: 1, Size: 10}, Pool{InUse: 4, Size: 4}, Pool{InUse: 3}), 0, Normal, 100},
		{"four failures", PoolFailures, pools(Pool{Size: 1, InARow: 4}), 0, Normal, 4},
		{"five failures", PoolFailures, pools(Pool{Size: 1, InARow: 1}, Pool{Size: 1, InARow: 5}), 1, Normal, 5},
		{"119 MB", PoolMemory, pools(Pool{Bytes: 100e6}, Pool{Bytes: 19e6}), 0, Normal, 119},
		{"120 MB", PoolMemory, pools(Pool{Bytes: 100e6}, Pool{Bytes: 20e6}), 0, Normal, 120},
		{"121 MB", PoolMemory, pools(Pool{Bytes: 100e6}, Pool{Bytes: 21e6}), 1, Tight, 121},
		{"89 %", CacheMemory, func(r *Reading) { r.Service.CacheBytes = 899 }, 0, Normal, 89.9},
		{"90 %", CacheMemory, func(r *Reading) { r.Service.CacheBytes = 900 }, 0, Normal, 90},
		{"91 %", CacheMemory, func(r *Reading) { r.Service.CacheBytes = 910 }, 1, Normal, 91},
		{"of few uses", CacheFailures, func(r *Reading) { r.Service.CacheUses, r.Service.CacheFailures = 19, 19 }, 0, Normal, 0},
		{"9 % of uses", CacheFailures, func(r *Reading) { r.Service.CacheUses, r.Service.CacheFailures = 100, 9 }, 0, Normal, 9},
		{"10 % of uses", CacheFailures, func(r *Reading) { r.Service.CacheUses, r.Service.CacheFailures = 100, 10 }, 0, Normal, 10},
		{"11 % of uses", CacheFailures, func(r *Reading) { r.Service.CacheUses, r.Service.CacheFailures = 100, 11 }, 1, Normal, 11},
		{"of few requests", Errors, func(r *Reading) { r.Service.Requests, r.Service.Failures = 19, 19 }, 0, Normal, 0},
		{"half of the requests of ten seconds", Errors, func(r *Reading) { r.Service.Requests, r.Service.Failures = 100, 50 }, 0, Normal, 0},
		{"few requests", SlowAnswers, answer(19, 5*time.Second), 0, Normal, 0},
		{"fast requests", SlowAnswers, answer(1000, time.Millisecond), 0, Normal, 0.001},
		{"slow requests", SlowAnswers, answer(20, 2*time.Second), 1, Normal, 2},
		{"half a second", SlowAnswers, answer(1000, 530*time.Millisecond), 0, Normal, 0.53},
		{"nearly a second", SlowAnswers, answer(1000, 950*time.Millisecond), 0, Normal, 0.95},
		{"a second", SlowAnswers, answer(1000, time.Second), 0, Normal, 1},
		{"just above a second", SlowAnswers, answer(1000, 1050*time.Millisecond), 1, Normal, 1.05},
		{"a hundredth above a second", SlowAnswers, both(answer(990, 900*time.Millisecond), answer(10, 1100*time.Millisecond)), 0, Normal, 0.9},
		{"a little more above a second", SlowAnswers, both(answer(989, 900*time.Millisecond), answer(11, 1100*time.Millisecond)), 1, Normal, 1.1},
		{"the own request is slow, and nobody asks", SlowAnswers, ask(20, 2*time.Second), 0, Normal, 0},
		{"an hour has not passed", Slower, ask(2000, time.Second), 0, Normal, 0},
		{"too little is known", Regression, ask(2000, time.Second), 0, Normal, 0},
	} {
		x := newTrial(t)
		x.pass(10*time.Second, test.set)
		x.step(test.sign, test.step, test.name)
		if got := x.a.Of(test.sign).Value; math.Abs(got-test.value) > 0.05 {
			t.Errorf("%s: %s: the value is %g, want %g", test.sign, test.name, got, test.value)
		}
		if x.a.Level != test.level {
			t.Errorf("%s: %s: the level is %s, want %s", test.sign, test.name, x.a.Level, test.level)
		}
	}
}

// TestRulesAreWhole proves that every step of every row has all that it needs.
func TestRulesAreWhole(t *testing.T) {
	seen := map[Sign]bool{}
	for _, r := range Rules(limits) {
		n := len(r.Steps)
		if n == 0 || len(r.Levels) != n || len(r.For) != n || len(r.Rest) != n || len(r.Most) != n || r.Unit == "" || r.Value == nil {
			t.Errorf("%s: %+v", r.Sign, r)
		}
		if r.Slack <= 0 || r.Slack >= 1 {
			t.Errorf("%s: the slack is %g", r.Sign, r.Slack)
		}
		for i := 1; i < n; i++ {
			if r.Steps[i] < r.Steps[i-1] || r.Levels[i] < r.Levels[i-1] || (r.Steps[i] == r.Steps[i-1] && r.For[i] <= r.For[i-1]) {
				t.Errorf("%s: step %d does not come after step %d", r.Sign, i+1, i)
			}
		}
		if seen[r.Sign] {
			t.Errorf("%s: two rows", r.Sign)
		}
		seen[r.Sign] = true
		if words := (Standing{Sign: r.Sign, Value: 7, Limit: 5}).Words(); words == string(r.Sign)+" was 7" || words == "" {
			t.Errorf("%s: no words for a person", r.Sign)
		}
	}
	if len(seen) != 14 {
		t.Errorf("%d rows, want 14", len(seen))
	}
}

// TestProcessorMustBeBusyForAMinute covers the row of the processor: 60 s until step 1, 60 s more until step 2, half-open after the recovery.
func TestProcessorMustBeBusyForAMinute(t *testing.T) {
	x := newTrial(t)
	busy := func(r *Reading) { r.CPU = 0.9 }
	x.pass(10*time.Second, busy)
	x.pass(50*time.Second, busy)
	x.step(Processor, 0, "after 50 s")
	x.pass(10*time.Second, busy)
	x.step(Processor, 1, "after 60 s")
	x.pass(50*time.Second, busy)
	x.step(Processor, 1, "after 110 s")
	x.pass(10*time.Second, func(r *Reading) { r.CPU = 0.81 })
	x.step(Processor, 2, "after 120 s")
	if x.a.Level != Critical {
		t.Errorf("the level is %s", x.a.Level)
	}
	x.pass(limits.Recovery-10*time.Second, busy)
	x.step(Processor, 2, "until the recovery is over")
	x.pass(10*time.Second, busy)
	x.step(Processor, 1, "then optimisations are tried again")
	x.pass(110*time.Second, busy)
	x.step(Processor, 1, "for two minutes")
	x.pass(10*time.Second, busy)
	x.step(Processor, 2, "and given up again")
	x.pass(20*time.Second, func(r *Reading) { r.CPU = 0.1 })
	x.pass(9*time.Minute, still)
	x.step(Processor, 2, "idle, but not for long enough")
	x.pass(time.Minute, still)
	x.step(Processor, 0, "idle for the recovery")
}

func TestShortBurstsOfTheProcessorAreNoSign(t *testing.T) {
	x := newTrial(t)
	for range 20 {
		x.pass(50*time.Second, func(r *Reading) { r.CPU = 1 })
		x.pass(10*time.Second, func(r *Reading) { r.CPU = 0.3 })
		x.step(Processor, 0, "bursts")
	}
	// The slack is for ends: what is only near the threshold is not sustained.
	for range 4 {
		x.pass(10*time.Second, func(r *Reading) { r.CPU = 0.81 })
		x.step(Processor, 0, "at the threshold now and then")
		x.pass(50*time.Second, func(r *Reading) { r.CPU = 0.73 })
		x.step(Processor, 0, "near the threshold")
	}
	x.pass(5*time.Minute, func(r *Reading) { r.CPU = 0.80 })
	x.step(Processor, 0, "exactly at the threshold")
	x.pass(70*time.Second, func(r *Reading) { r.CPU = 0.81 })
	x.step(Processor, 1, "sustained")
	x.pass(10*time.Minute, func(r *Reading) { r.CPU = 0.73 })
	x.step(Processor, 1, "near the threshold: no end, and no rise either")
}

// TestNearlySlowAnswersAreNoLastingOnes: the second step is for answers that are slow all the time.
func TestNearlySlowAnswersAreNoLastingOnes(t *testing.T) {
	s := stage{}
	rule := Rules(limits)[slices.IndexFunc(Rules(limits), func(r Rule) bool { return r.Sign == SlowAnswers })]
	for up := time.Duration(0); up < time.Hour; up += 10 * time.Second {
		v := 0.95
		if up%time.Minute == 0 {
			v = 1.2
		}
		if s.judge(&rule, 1, v, up); s.active {
			t.Fatalf("after %s the second step begins", up)
		}
	}
}

// TestSlowAnswersWarnFirst covers latency: step 1 at once, step 2 when it is still so later, half-open after the recovery.
func TestSlowAnswersWarnFirst(t *testing.T) {
	x := newTrial(t)
	slow := answer(5, 1500*time.Millisecond)
	x.pass(40*time.Second, slow)
	x.step(SlowAnswers, 1, "20 slow requests")
	if x.a.Level != Normal {
		t.Errorf("a warning is no pressure, but the level is %s", x.a.Level)
	}
	x.pass(stillSlow-10*time.Second, slow)
	x.step(SlowAnswers, 1, "not yet long enough")
	x.pass(10*time.Second, slow)
	x.step(SlowAnswers, 2, "still so")
	if x.a.Level != Tight {
		t.Errorf("the level is %s", x.a.Level)
	}
	x.pass(limits.Recovery, slow)
	x.step(SlowAnswers, 1, "tried again")
	x.pass(10*time.Second, answer(100, time.Millisecond))
	if s := x.a.Of(SlowAnswers); s.Value > 0.01 {
		t.Errorf("the trial is judged by what was before it: %+v", s)
	}
	x.pass(2*time.Minute, answer(10, time.Millisecond))
	x.step(SlowAnswers, 0, "fast again")
	if x.a.Outgrown.Sign != "" {
		t.Errorf("what people ask for says nothing of the baseline: %+v", x.a.Outgrown)
	}
}

// TestLatencyIsOfTheLastFiveMinutes proves that a slow minute is forgotten, and is no more than a warning.
func TestLatencyIsOfTheLastFiveMinutes(t *testing.T) {
	x := newTrial(t)
	x.pass(time.Minute, answer(10, 3*time.Second))
	x.step(SlowAnswers, 1, "slow")
	x.pass(4*time.Minute, answer(10, time.Millisecond))
	x.step(SlowAnswers, 1, "still within the five minutes")
	for range 12 {
		x.pass(10*time.Second, answer(10, time.Millisecond))
		if x.a.Level != Normal {
			t.Fatalf("one slow minute switches optimisations off: %+v", x.a.Of(SlowAnswers))
		}
	}
	x.pass(time.Minute, answer(10, time.Millisecond))
	x.step(SlowAnswers, 0, "forgotten")
}

// TestErrorsAreOfFiveMinutes: more than 5 % of them, and not 5 %, and not of a shorter time.
func TestErrorsAreOfFiveMinutes(t *testing.T) {
	fail := func(requests, failures uint64) func(r *Reading) {
		return func(r *Reading) { r.Service.Requests += requests; r.Service.Failures += failures }
	}
	for _, test := range []struct {
		requests, failures uint64
		step               int
	}{{20, 1, 0}, {100, 5, 0}, {100, 6, 1}, {20, 2, 1}, {19, 19, 0}} {
		x := newTrial(t)
		x.pass(10*time.Second, fail(test.requests, test.failures))
		x.pass(280*time.Second, still)
		x.step(Errors, 0, "before five minutes are over")
		x.pass(10*time.Second, still)
		if got := x.a.Of(Errors); got.Step != test.step {
			t.Errorf("%d of %d: %+v", test.failures, test.requests, got)
		}
	}
}

// TestErrorsEndWhenNobodyAsks proves that a sign without figures ends, and does not stand for ever.
func TestErrorsEndWhenNobodyAsks(t *testing.T) {
	x := newTrial(t)
	x.pass(5*time.Minute, still)
	x.pass(10*time.Second, func(r *Reading) { r.Service.Requests += 30; r.Service.Failures += 30 })
	x.step(Errors, 1, "all failed")
	x.pass(4*time.Minute, still)
	x.step(Errors, 1, "within five minutes")
	x.pass(3*time.Minute, still)
	x.step(Errors, 0, "nobody asks")
	if x.a.Of(Errors).Known {
		t.Error("nobody asks, but the share is known")
	}
}

// TestRegressionNeedsThreeHours covers the row of regression.
func TestRegressionNeedsThreeHours(t *testing.T) {
	slow := ask(2, 120*time.Millisecond) // 720 in an hour, 20 % slower
	x := newTrial(t)
	x.pass(2*time.Hour, slow)
	x.step(Regression, 0, "two hours")
	x.pass(59*time.Minute, slow)
	x.step(Regression, 0, "almost three hours")
	x.pass(2*time.Minute, slow)
	x.step(Regression, 1, "three hours")
	if s := x.a.Of(Regression); math.Abs(s.Value-1.2) > 0.001 || s.Limit != 1.1 {
		t.Errorf("%+v", s)
	}
	x.pass(limits.Recovery, slow)
	x.step(Regression, 0, "tried again")
	x.pass(170*time.Minute, slow)
	x.step(Regression, 0, "the hours begin anew")
	x.pass(15*time.Minute, slow)
	x.step(Regression, 1, "and prove the same")

	for name, hours := range map[string][3]func(r *Reading){
		"one fast hour of three":    {slow, ask(2, 100*time.Millisecond), slow},
		"one hour of few requests":  {slow, func(r *Reading) { r.Service.Baseline.Requests++ }, slow},
		"only people's take longer": {answer(2, 120*time.Millisecond), both(answer(2, 5*time.Second), ask(2, 100*time.Millisecond)), answer(2, 120*time.Millisecond)},
		"one hour under pressure":   {slow, func(r *Reading) { slow(r); r.Temperature = 76 }, func(r *Reading) { slow(r); r.Temperature = 45 }},
	} {
		x := newTrial(t)
		for _, each := range hours {
			x.pass(time.Hour, each)
		}
		x.pass(10*time.Second, still)
		x.step(Regression, 0, name)
	}
	x = newTrial(t)
	x.r.Service.Baseline = Baseline{}
	x.pass(4*time.Hour, slow)
	if s := x.a.Of(Regression); s.Known || x.a.Of(Slower).Known {
		t.Errorf("without a baseline nothing is known: %+v", s)
	}
}
