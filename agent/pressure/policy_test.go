package pressure

import (
	"math"
	"testing"
	"time"
)

func TestLevelsHaveNames(t *testing.T) {
	for level, want := range map[Level]string{Normal: "normal", Tight: "tight", Critical: "critical"} {
		if got := level.String(); got != want {
			t.Errorf("%d is %q, want %q", level, got, want)
		}
	}
}

// TestRisingIsImmediateAndFallingNeedsSlack goes up and down with the unit's memory, of which 70, 85 and 95 % are the steps.
func TestRisingIsImmediateAndFallingNeedsSlack(t *testing.T) {
	x := newTrial(t)
	use := func(percent uint64) func(r *Reading) {
		return func(r *Reading) { r.Unit = Unit{Current: percent, High: 100} }
	}
	for _, test := range []struct {
		percent uint64
		pass    time.Duration
		step    int
		when    string
	}{
		{96, 10 * time.Second, 3, "from nothing to the highest step at once"},
		{94, time.Hour, 3, "just below: within the slack"},
		{91, 10 * time.Second, 3, "within the slack still"},
		{90, 20 * time.Second, 3, "away, but not for long"},
		{95, 10 * time.Second, 3, "there again"},
		{90, 30 * time.Second, 3, "the rest begins anew"},
		{90, 10 * time.Second, 2, "away for half a minute"},
		{60, 30 * time.Second, 2, "far away, but not for long"},
		{60, 10 * time.Second, 0, "away from both at the same time"},
		{72, 10 * time.Second, 1, "up again"},
		{86, 10 * time.Second, 2, "and up"},
	} {
		x.pass(test.pass, use(test.percent))
		x.step(UnitMemory, test.step, test.when)
	}
	if s := x.a.Of(UnitMemory); s.Limit != 85 || s.Unit != "%" || !s.Since.Equal(x.r.At) {
		t.Errorf("%+v", s)
	}
}

func TestLevelIsTheWorstOfAllSigns(t *testing.T) {
	x := newTrial(t)
	x.pass(10*time.Second, func(r *Reading) { r.Temperature, r.Service.CacheBytes = 76, 1000 })
	if x.a.Level != Tight {
		t.Errorf("warm: %s", x.a.Level)
	}
	x.pass(10*time.Second, func(r *Reading) { r.MemoryStall.Some10 = 50 })
	if x.a.Level != Critical {
		t.Errorf("warm and stalled: %s", x.a.Level)
	}
	x.pass(time.Minute, func(r *Reading) { r.MemoryStall.Some10 = 0 })
	if x.a.Level != Tight {
		t.Errorf("warm again: %s", x.a.Level)
	}
}

// TestOptimisationsAreTriedAgainOnlyAfterTheRecovery covers those signs whose step rests for as long as is configured.
func TestOptimisationsAreTriedAgainOnlyAfterTheRecovery(t *testing.T) {
	for sign, set := range map[Sign]func(r *Reading){
		DeviceMemory: func(r *Reading) { r.Device.Available = 1e6 },
		Heat:         func(r *Reading) { r.Throttled = true },
		PoolMemory:   func(r *Reading) { r.Service.Pools = []Pool{{Bytes: 200e6}} },
	} {
		x := newTrial(t)
		calm := x.r
		x.pass(20*time.Second, set)
		top := x.a.Of(sign).Step
		if top == 0 {
			t.Errorf("%s: no step", sign)
		}
		well := func(r *Reading) { r.Device, r.Throttled, r.Service.Pools = calm.Device, false, calm.Service.Pools }
		x.pass(limits.Recovery, well)
		x.step(sign, top, "until the recovery is over")
		x.pass(10*time.Second, well)
		x.step(sign, 0, "after the recovery")
	}
}

// TestSlowedDownIsNotHot: a processor that a weak supply slows down for a moment is at the highest step until that has rested, for that
// reason, and at none below it then.
func TestSlowedDownIsNotHot(t *testing.T) {
	x := newTrial(t)
	x.policy.Configure(Limits{UnitMemory: limits.UnitMemory, Recovery: 30 * time.Second}) // shorter than the rest of the first step
	look := func(celsius float64, throttled bool, step int, top bool) {
		t.Helper()
		x.pass(10*time.Second, func(r *Reading) { r.Temperature, r.Throttled = celsius, throttled })
		if s := x.a.Of(Heat); s.Step != step || s.Top != top || s.Value != celsius {
			t.Errorf("%g °C, throttled %t: %+v", celsius, throttled, s)
		}
	}
	look(48, true, 2, true)
	for range 3 {
		look(48, false, 2, true)
	}
	look(48, false, 0, false)

	look(82, false, 2, false)
	look(79, true, 2, false) // the heat's own
	look(79, false, 2, false)
	look(60, false, 2, false)
	look(48, true, 2, true) // it is slowed down for another reason now
	look(81, true, 2, false)
	look(76, false, 2, false)
	for range 2 {
		look(76, false, 2, false)
	}
	look(76, false, 1, false) // which is hot by itself
	look(0, true, 2, true)
}

// TestWhatIsNotKnownBeginsNothingAndEnds proves that a sensor that falls silent leaves no step behind.
func TestWhatIsNotKnownBeginsNothingAndEnds(t *testing.T) {
	x := newTrial(t)
	x.pass(10*time.Second, func(r *Reading) { r.Temperature = math.NaN() })
	if s := x.a.Of(Heat); s.Known || s.Step != 0 || s.Value != 0 {
		t.Errorf("no number: %+v", s)
	}
	x.pass(10*time.Second, func(r *Reading) { r.Temperature = 77 })
	x.step(Heat, 1, "hot")
	x.pass(time.Minute, func(r *Reading) { r.Temperature = 0 })
	x.step(Heat, 1, "silent")
	x.pass(10*time.Second, still)
	x.step(Heat, 0, "silent for a minute")
	if s := (&Assessment{}).Of(Heat); s.Sign != Heat || s.Known || s.Step != 0 {
		t.Errorf("nothing was judged: %+v", s)
	}
}

// TestClockThatJumpsMovesSinceWithIt proves that durations are real ones: the device has no clock battery.
func TestClockThatJumpsMovesSinceWithIt(t *testing.T) {
	x := newTrial(t)
	x.pass(10*time.Second, func(r *Reading) { r.CPU, r.Temperature = 0.9, 76 })
	began := x.a.Of(Heat).Since
	x.pass(20*time.Second, func(r *Reading) { r.At = r.At.Add(100 * time.Millisecond) }) // slewed
	if got := x.a.Of(Heat).Since; !got.Equal(began) {
		t.Errorf("the step began at %s, but was told to have at %s", began, got)
	}
	const years = 10 * 365 * 24 * time.Hour
	x.pass(10*time.Second, func(r *Reading) { r.At = r.At.Add(years) })
	if got := x.r.At.Sub(x.a.Of(Heat).Since); got != 30*time.Second {
		t.Errorf("the step lasts %s, want 30s", got)
	}
	x.step(Processor, 0, "30 s and ten years")
	x.pass(10*time.Second, func(r *Reading) { r.At = r.At.Add(-2 * years) })
	if got := x.r.At.Sub(x.a.Of(Heat).Since); got != 40*time.Second {
		t.Errorf("the step lasts %s, want 40s", got)
	}
	x.pass(20*time.Second, still)
	x.step(Processor, 1, "60 s of real time")
}

func TestPolicyTakesNewLimits(t *testing.T) {
	x := newTrial(t)
	if x.a.Room != 200e6 {
		t.Errorf("the unit may use %d", x.a.Room)
	}
	x.pass(10*time.Second, func(r *Reading) { r.Device = Memory{Total: 1000e6, Available: 100e6} })
	x.step(DeviceMemory, 1, "900 MB of 1000")
	x.policy.Configure(Limits{UnitMemory: 50e6, Recovery: time.Minute})
	x.pass(10*time.Second, func(r *Reading) { r.Device.Available = 500e6 })
	x.step(UnitMemory, 1, "40 MB of 50")
	if s := x.a.Of(DeviceMemory); s.Limit != 780 {
		t.Errorf("the device's limit is %g MB, want 780", s.Limit)
	}
	x.pass(time.Minute, still)
	x.step(DeviceMemory, 0, "after the new recovery")
	x.pass(10*time.Second, func(r *Reading) { r.Unit = Unit{Current: 1, Max: 7} })
	if x.a.Room != 7 {
		t.Errorf("the unit may use %d", x.a.Room)
	}
	x.pass(10*time.Second, func(r *Reading) { r.Unit.High = 5 })
	if x.a.Room != 5 {
		t.Errorf("the unit may use %d", x.a.Room)
	}
}

// TestFiguresOfAnotherRunAreNotTheSame proves that figures that go backwards begin anew, and are no billions of requests.
func TestFiguresOfAnotherRunAreNotTheSame(t *testing.T) {
	x := newTrial(t)
	x.pass(time.Minute, answer(50, time.Second))
	x.pass(10*time.Second, func(r *Reading) { r.Service = Service{Requests: 1} })
	if n := x.policy.window.recent().requests; n != 0 {
		t.Errorf("%d requests after the figures began anew", n)
	}
	x.pass(time.Minute, answer(50, time.Millisecond))
	if n := x.policy.window.recent().requests; n != 300 {
		t.Errorf("%d requests, want 300", n)
	}
	own := ask(5, time.Millisecond)
	x.pass(59*time.Minute, own)
	x.r.Service.Own = Latency{}
	x.pass(10*time.Second, still)
	x.pass(59*time.Minute, own)
	if n := len(x.policy.window.hours); n != 0 {
		t.Errorf("%d hours, after the figures began anew in each", n)
	}
	x.pass(time.Minute, own)
	if n := len(x.policy.window.hours); n != 1 {
		t.Errorf("%d hours, want one", n)
	}
}

// TestWindowIsBounded proves that readings that come fast, for long, take no memory.
func TestWindowIsBounded(t *testing.T) {
	x := newTrial(t)
	for range 20000 {
		x.r.Up += 200 * time.Millisecond
		answer(1, 120*time.Millisecond)(&x.r)
		ask(1, 120*time.Millisecond)(&x.r)
		x.judge()
	}
	if n := cap(x.policy.window.marks); n > 64 {
		t.Errorf("%d marks", n)
	}
	if n := cap(x.policy.window.hours); n > 2*hoursInARow {
		t.Errorf("%d hours", n)
	}
	if got := x.policy.window.recent(); got.up < recentSpan || got.up > recentSpan+markSpace || got.requests != uint64(got.up/(200*time.Millisecond)) {
		t.Errorf("the last five minutes are %s with %d requests", got.up, got.requests)
	}
}
