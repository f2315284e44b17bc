package health

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/pressure"
)

// codes are what is told, in its order.
func codes(r Report) (list []Code) {
	for _, p := range r.Problems {
		list = append(list, p.Code)
	}
	return list
}

func TestProblemsStandSinceTheyWereFirstSeen(t *testing.T) {
	w := NewWatch()
	look := func(minute int, change ...func(f *Facts)) Report {
		f := calm()
		f.pass(time.Duration(minute) * time.Minute)
		for _, c := range change {
			c(&f)
		}
		return w.Look(f)
	}
	minute := func(n int) time.Time { return monday().Add(time.Duration(n) * time.Minute) }
	failing := func(i int) func(f *Facts) { return func(f *Facts) { f.fail(i, "html", "A web page came.") } }

	if r := look(0); !r.Fine || !r.Since.Equal(minute(0)) || r.Words != "" || len(r.Problems) != 0 || !r.At.Equal(minute(0)) {
		t.Errorf("at first: %+v", r)
	}
	if r := look(1, func(f *Facts) { f.Restarts = 1 }); !r.Fine || !r.Since.Equal(minute(0)) || r.Words != "" || len(r.Problems) != 1 {
		t.Errorf("a notice alone: %+v", r)
	}
	r := look(2, failing(0))
	if r.Fine || !r.Since.Equal(minute(2)) || r.Words != "A web page came." || !r.Problems[0].Since.Equal(minute(2)) {
		t.Errorf("a calendar fails: %+v", r)
	}
	r = look(3, failing(0), failing(1))
	if r.Fine || !r.Since.Equal(minute(2)) || !r.Problems[0].Since.Equal(minute(2)) || !r.Problems[1].Since.Equal(minute(3)) {
		t.Errorf("another fails too: %+v", r)
	}
	if r = look(4, failing(1)); r.Fine || !r.Since.Equal(minute(3)) || !r.Problems[0].Since.Equal(minute(3)) {
		t.Errorf("the first is back: %+v", r)
	}
	if r = look(5); !r.Fine || !r.Since.Equal(minute(5)) || len(r.Problems) != 0 {
		t.Errorf("all are back: %+v", r)
	}
	hot := func(f *Facts) { f.heat(82, false, false) }
	if r = look(6, hot, failing(1)); len(r.Problems) != 2 || !r.Since.Equal(minute(6)) {
		t.Errorf("two at once: %+v", r)
	}
	if r = look(7, func(f *Facts) { f.ReadOnly = true }, func(f *Facts) { f.Restarts = 1 }); r.Problems[0].Code != ReadOnly || !r.Since.Equal(minute(7)) {
		t.Errorf("told since when something else was wrong: %+v", r)
	}
	look(5)
	if r = look(6, failing(1)); !r.Problems[0].Since.Equal(minute(6)) {
		t.Errorf("what comes again stands since then: %+v", r)
	}
}

// TestCausesStandBeforeTheirConsequences, and weigh as much as the worst of them.
func TestCausesStandBeforeTheirConsequences(t *testing.T) {
	f := at(pressure.CacheFailures, 1, 12)
	f.Config = "calendarbot.yaml:3: wrong."
	f.Clock.Trusted, f.Clock.Words = false, "The clock is not set yet."
	f.fail(0, "dns", "The name can't be looked up.")
	f.fail(1, "dns", "The name can't be looked up.")
	f.Gates = []Gate{{Feature: "request_pipeline", Broken: true, Words: "It rests."}}
	f.Rung, f.Restarts = "plain", 1
	f.Disk.Free = 1e9
	r := NewWatch().Look(f)
	want := []Code{NoNetwork, ClockUnset, CalendarFailing, CalendarFailing, DiskLow, ConfigFile, CacheFailing, PartResting, ShowsPlain, Restarted}
	if got := codes(r); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if r.Words != "None of the 2 calendars can be reached, so the network is probably down." {
		t.Errorf("the worst is %q", r.Words)
	}

	// A warning that explains something severe is told before another warning, and is what the sentence tells of.
	f = calm()
	f.Config = "calendarbot.yaml:3: wrong."
	f.Clock.Trusted = true
	f.Reading.Undervolted = true
	f.Pressure = at(pressure.Processor, 2, 90).Pressure
	r = NewWatch().Look(f)
	if got, want := codes(r), []Code{UnderVoltage, CPUOverload, ConfigFile}; !slices.Equal(got, want) || !strings.Contains(r.Words, "voltage") {
		t.Errorf("%q, %q, want %q", got, r.Words, want)
	}
}

// TestReportsAreOrdered whatever there is: each consequence stands after its cause, and each problem once.
func TestReportsAreOrdered(t *testing.T) {
	f := calm()
	for i := range f.Pressure.Signs {
		s := &f.Pressure.Signs[i]
		steps := limits()[s.Sign]
		s.Step, s.Limit, s.Value = len(steps), steps[len(steps)-1], steps[len(steps)-1]
	}
	f.Clock.Trusted, f.Clock.Words = false, "The clock is not set yet."
	f.Disk.Free, f.ReadOnly, f.Rung, f.Restarts = 1, true, "plain", 9
	f.Config, f.Emergency, f.Database, f.Rollback = "c.", "e.", "d.", "r."
	f.Late, f.Pools[0].Leaks, f.Reading.Unit.OOMKilled, f.Reading.Undervolted, f.Reading.Missing = []string{"a", "b"}, 1, 1, true, []string{"x"}
	for i := range f.Sources {
		f.fail(i, "dns", "The name can't be looked up.")
	}
	f.Gates = []Gate{{Feature: "a", Broken: true, Words: "w"}, {Feature: "b", Broken: true, Words: "w"}}
	r := NewWatch().Look(f)
	var seen []Code
	once := map[string]bool{}
	for _, p := range r.Problems {
		name := fmt.Sprint(p.Code, " ", p.About)
		if once[name] {
			t.Errorf("%s stands twice", name)
		}
		once[name] = true
		if p.Of != "" && (!slices.Contains(seen, p.Of) || !slices.Contains(p.Under, p.Of)) {
			t.Errorf("%s stands before its cause %s", name, p.Of)
		}
		if p.Title == "" || p.Words == "" || p.Since.IsZero() {
			t.Errorf("not whole: %+v", p)
		}
		seen = append(seen, p.Code)
	}
	if len(r.Problems) < 30 {
		t.Errorf("only %d problems: %q", len(r.Problems), seen)
	}
}

// TestClockThatIsSetMovesWhatBegan: what began an hour before began an hour ago, and not in 1970; nothing begins in the future. What
// began after the clock was set, which is told of later, stays where it is.
func TestClockThatIsSetMovesWhatBegan(t *testing.T) {
	w := NewWatch()
	look := func(now time.Time, up time.Duration, jumps uint64, jumped time.Duration, restarts int) Report {
		f := calm()
		f.fail(0, "html", "A web page came.")
		f.Sources[0].LastSuccess, f.Sources[1].LastSuccess = now, now
		f.Pools[0].Leaks, f.Restarts = 1, restarts
		f.Now, f.Reading.Up, f.Clock.Jumps, f.Clock.Jumped = now, up, jumps, jumped
		return w.Look(f)
	}
	since := func(r Report, code Code) time.Time {
		t.Helper()
		i := slices.IndexFunc(r.Problems, func(p Problem) bool { return p.Code == code })
		if i < 0 {
			t.Fatalf("%s is not among %+v", code, r.Problems)
		}
		return r.Problems[i].Since
	}
	early := time.Date(1970, 1, 1, 0, 1, 0, 0, time.UTC)
	look(early, 0, 0, 0, 0)
	r := look(monday(), time.Hour, 0, 0, 1)
	if at := monday().Add(-time.Hour); !since(r, CalendarFailing).Equal(at) || !r.Since.Equal(at) || len(r.Problems) != 2 {
		t.Errorf("set forward: %+v", r) // and the leak was an hour ago, so it is not told any more
	}
	later := monday().Add(10 * time.Second)
	r = look(later, time.Hour+10*time.Second, 1, monday().Add(-time.Hour).Sub(early), 1)
	if !since(r, Restarted).Equal(monday()) || !since(r, CalendarFailing).Equal(monday().Add(-time.Hour)) {
		t.Errorf("what began since, or was moved, is moved when the jump is told of: %+v", r)
	}
	back := later.AddDate(-10, 0, 0)
	r = look(back, 2*time.Hour, 3, time.Minute, 1) // twice, of which only the last is told
	if at := back.Add(-2 * time.Hour); !since(r, CalendarFailing).Equal(at) || !r.Since.Equal(at) {
		t.Errorf("set back: %+v", r)
	}
	r = look(back.Add(time.Hour), 3*time.Hour, 3, time.Minute, 1)
	if at := back.Add(-2 * time.Hour); !since(r, CalendarFailing).Equal(at) {
		t.Errorf("moved twice by one jump: %+v", r)
	}
	r = look(back.Add(time.Hour+20*time.Second), 3*time.Hour, 3, time.Minute, 1)
	if at := back.Add(-2 * time.Hour); !since(r, CalendarFailing).Equal(at) {
		t.Errorf("a look that comes late is no jump: %+v", r)
	}
}

func TestLastPageIsRememberedWhileNobodyAsks(t *testing.T) {
	w := NewWatch()
	for i, c := range []struct {
		rung string
		want []Code
	}{{"", nil}, {"last_good", []Code{ShowsLastGood}}, {"", []Code{ShowsLastGood}}, {"plain", []Code{ShowsPlain}}, {"", []Code{ShowsPlain}}, {"optimised", nil}, {"", nil}} {
		f := calm()
		f.Rung = c.rung
		if got := codes(w.Look(f)); !slices.Equal(got, c.want) {
			t.Errorf("%d: %q, want %q", i, got, c.want)
		}
	}
}

// TestWhatHappenedIsToldForAWhile: leaks for an hour, and what was killed for a day, each time anew.
func TestWhatHappenedIsToldForAWhile(t *testing.T) {
	w := NewWatch()
	for _, c := range []struct {
		at           time.Duration
		leaks, kills uint64
		want         []Code
	}{
		{0, 0, 0, nil},
		{time.Minute, 1, 0, []Code{PoolLeak}},
		{time.Hour, 1, 1, []Code{MemoryKill, PoolLeak}},
		{time.Hour + time.Minute, 1, 1, []Code{MemoryKill}},
		{2 * time.Hour, 2, 1, []Code{MemoryKill, PoolLeak}},
		{25 * time.Hour, 2, 1, nil},
		{26 * time.Hour, 0, 0, nil}, // another run, or another control group
		{27 * time.Hour, 1, 1, []Code{MemoryKill, PoolLeak}},
	} {
		f := calm()
		f.pass(c.at)
		for i := range f.Sources {
			f.Sources[i].LastSuccess = f.Now
		}
		f.Pools[0].Leaks, f.Reading.Unit.OOMKilled = c.leaks, c.kills
		if got := codes(w.Look(f)); !slices.Equal(got, c.want) {
			t.Errorf("after %v: %q, want %q", c.at, got, c.want)
		}
	}
}

// pass lets time go by.
func (f *Facts) pass(d time.Duration) { f.Now, f.Reading.Up = f.Now.Add(d), f.Reading.Up+d }

// history is a sample for each minute of some hours; quantities are given the hours before the end.
func history(hours int, values map[pressure.Quantity]func(h float64) float64) []pressure.Sample {
	var list []pressure.Sample
	for m := -hours * 60; m <= 0; m++ {
		s := pressure.Sample{At: monday().Add(time.Duration(m) * time.Minute)}
		for q := range s.Mean {
			s.Mean[q], s.High[q] = float32(math.NaN()), float32(math.NaN())
			if value := values[pressure.Quantity(q)]; value != nil {
				s.Mean[q] = float32(value(float64(m) / 60))
			}
		}
		list = append(list, s)
	}
	return list
}

// rising reaches a value in so many hours, at a pace in an hour.
func rising(value, in, pace float64) func(h float64) float64 {
	return func(h float64) float64 { return value - pace*in + pace*h }
}

func TestTrendsArePredictedProblems(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(f *Facts)
		code   Code
		in     time.Duration
		words  string
	}{
		{"memory of the unit", func(f *Facts) {
			f.History = history(6, map[pressure.Quantity]func(float64) float64{pressure.QUnit: rising(140e6, 10, 4e6), pressure.QResident: rising(140e6, 2, 4e6)})
		}, MemorySoon, 10 * time.Hour, "If it goes on as in the last hours, the program uses 140 MB, 70 % of the memory it may use, in about 10 hours."},
		{"memory of the program, without a control group", func(f *Facts) {
			f.Reading.Unit = pressure.Unit{}
			f.History = history(4, map[pressure.Quantity]func(float64) float64{pressure.QResident: rising(140e6, 20, 4e6)})
		}, MemorySoon, 20 * time.Hour, "If it goes on as in the last hours, the program uses 140 MB, 70 % of the memory it may use, in about 20 hours."},
		{"memory of the device", func(f *Facts) {
			f.History = history(24, map[pressure.Quantity]func(float64) float64{pressure.QDevice: rising(400e6, 1.5, 10e6)})
		}, DeviceMemorySoon, 90 * time.Minute, "If it goes on as in the last hours, 400 MB of the device's memory are in use in about 90 minutes."},
		{"temperature", func(f *Facts) {
			f.History = history(6, map[pressure.Quantity]func(float64) float64{pressure.QTemperature: rising(75, 5, 2)})
		}, HeatSoon, 5 * time.Hour, "If it goes on as in the last hours, the processor is 75 °C hot in about 5 hours."},
		{"latency", func(f *Facts) {
			f.History = history(6, map[pressure.Quantity]func(float64) float64{pressure.QLatency: rising(1, 5, 0.05)})
		}, SlowSoon, 5 * time.Hour, "If it goes on as in the last hours, the slowest hundredth of the answers takes 1 s in about 5 hours."},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := calm()
			c.change(&f)
			r := NewWatch().Look(f)
			if len(r.Problems) != 1 || r.Fine || r.Words != c.words {
				t.Fatalf("%+v", r)
			}
			if p := r.Problems[0]; p.Code != c.code || (p.In-c.in).Abs() > 2*time.Minute || p.Severity != Warning || p.Words != c.words {
				t.Errorf("%+v", p)
			}
		})
	}
}

func TestWhatIsNotPredicted(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(f *Facts)
	}{
		{"what is there already", func(f *Facts) {
			*f = at(pressure.UnitMemory, 1, 70)
			f.History = history(6, map[pressure.Quantity]func(float64) float64{pressure.QUnit: rising(170e6, 10, 4e6)})
		}},
		{"what has no limit", func(f *Facts) {
			f.Pressure.Room = 0
			f.History = history(6, map[pressure.Quantity]func(float64) float64{pressure.QUnit: rising(140e6, 10, 4e6)})
		}},
		{"what is not known now", func(f *Facts) {
			f.Pressure.Signs = nil
			f.History = history(6, map[pressure.Quantity]func(float64) float64{pressure.QTemperature: rising(75, 5, 2)})
		}},
		{"heat further ahead than it was seen", func(f *Facts) {
			f.History = history(6, map[pressure.Quantity]func(float64) float64{pressure.QTemperature: rising(75, 7, 2)})
		}},
		{"slowness further ahead than it was seen", func(f *Facts) {
			f.History = history(6, map[pressure.Quantity]func(float64) float64{pressure.QLatency: rising(1, 7, 0.05)})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := calm()
			c.change(&f)
			for _, p := range NewWatch().Look(f).Problems {
				if p.In > 0 {
					t.Errorf("%+v", p)
				}
			}
		})
	}
}

// TestDiskThatFillsUpIsPredicted from what the watch itself has seen, at first below a tenth, then below a fiftieth.
func TestDiskThatFillsUpIsPredicted(t *testing.T) {
	w := NewWatch()
	var first, second time.Duration
	for m := 0; m <= 20*60; m += 5 {
		hours := float64(m) / 60
		f := calm()
		f.pass(time.Duration(m) * time.Minute)
		for i := range f.Sources {
			f.Sources[i].LastSuccess = f.Now
		}
		f.Disk.Free = uint64(max(0, 3.6e9-0.2e9*hours)) // below 1.6 GB after 10 hours, below 0.32 GB after 16.4
		r := w.Look(f)
		if len(w.disk) > diskMost {
			t.Fatalf("%d points are kept", len(w.disk))
		}
		soon := slices.IndexFunc(r.Problems, func(p Problem) bool { return p.Code == DiskSoon })
		want := time.Duration(0) // from when on it is predicted
		switch {
		case hours < 3 || hours > 16.4:
		case hours < 9.9:
			want = time.Duration((10 - hours) * float64(time.Hour))
		case hours > 10.2 && hours < 16.2:
			want = time.Duration((16.4 - hours) * float64(time.Hour))
		default:
			continue // at the thresholds themselves
		}
		if (soon >= 0) != (want > 0) {
			t.Fatalf("after %.1f hours: %+v, want in %v", hours, r.Problems, want)
		}
		if soon < 0 {
			continue
		}
		in := r.Problems[soon].In
		if (in - want).Abs() > 15*time.Minute {
			t.Errorf("after %.1f hours in %v, want %v: %s", hours, in, want, r.Problems[soon].Words)
		}
		if hours < 10 {
			first = in
		} else {
			second = in
		}
	}
	if first == 0 || second == 0 {
		t.Error("it was not predicted both times")
	}
}

// TestPredictionsFollowWhatIsThere, and are no cause of anything.
func TestPredictionsFollowWhatIsThere(t *testing.T) {
	f := calm()
	f.History = history(6, map[pressure.Quantity]func(float64) float64{pressure.QTemperature: rising(75, 5, 2)})
	f.fail(0, "html", "A web page came.")
	w := NewWatch()
	r := w.Look(f)
	if got, want := codes(r), []Code{CalendarFailing, HeatSoon}; !slices.Equal(got, want) || r.Words != "A web page came." {
		t.Errorf("%q, want %q", got, want)
	}
	f.Sources[0].Failing = false
	f.pass(time.Minute)
	if r = w.Look(f); r.Fine || len(r.Problems) != 1 || r.Problems[0].Code != HeatSoon || !r.Since.Equal(monday()) {
		t.Errorf("only what will be is left: %+v", r)
	}
}

func BenchmarkLook(b *testing.B) {
	w := NewWatch()
	f := calm()
	f.fail(0, "html", "A web page came.")
	b.ReportAllocs()
	for b.Loop() {
		w.Look(f)
	}
}
