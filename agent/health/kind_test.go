package health

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/clock"
	"calendarbot/agent/pressure"
)

func TestKindsAreDeclaredWhole(t *testing.T) {
	code := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	seen := map[Code]bool{}
	kinds := map[Code]Kind{}
	for _, k := range Kinds() {
		if seen[k.Code] || !code.MatchString(string(k.Code)) {
			t.Errorf("%q is no code, or stands twice", k.Code)
		}
		seen[k.Code], kinds[k.Code] = true, k
		if k.Title == "" || strings.HasSuffix(k.Title, ".") || len(k.Title) > 60 {
			t.Errorf("%s: %q is no title", k.Code, k.Title)
		}
		if k.Severity == Severe && strings.ContainsAny(k.Do, "=_\"") { // it stands on the wall
			t.Errorf("%s: %q are no words for everybody", k.Code, k.Do)
		}
		if k.Do != "" && k.Do != sentence(k.Do) {
			t.Errorf("%s: %q is no sentence", k.Code, k.Do)
		}
		if !slices.Contains([]Severity{Notice, Warning, Severe}, k.Severity) {
			t.Errorf("%s: there is no severity %q", k.Code, k.Severity)
		}
	}
	for _, k := range Kinds() {
		for _, above := range k.Under {
			if !seen[above] {
				t.Errorf("%s is under %s, which is no problem", k.Code, above)
			}
		}
		// No problem explains itself, whatever the way.
		var leads func(c Code, depth int) bool
		leads = func(c Code, depth int) bool {
			return depth < len(kinds) && slices.ContainsFunc(kinds[c].Under, func(up Code) bool { return up == k.Code || leads(up, depth+1) })
		}
		if leads(k.Code, 0) {
			t.Errorf("%s is under itself", k.Code)
		}
	}
	if !slices.IsSortedFunc(Kinds(), func(a, b Kind) int { return a.Severity.rank() - b.Severity.rank() }) {
		t.Error("the worst don't stand first")
	}
}

// at is facts in which one sign is at a step, for an hour.
func at(sign pressure.Sign, step int, value float64) Facts {
	f := calm()
	for i := range f.Pressure.Signs {
		if s := &f.Pressure.Signs[i]; s.Sign == sign {
			s.Step, s.Value, s.Known, s.Limit = step, value, true, limits()[sign][step-1]
		}
	}
	return f
}

// limits are the thresholds of each sign.
func limits() map[pressure.Sign][]float64 {
	list := map[pressure.Sign][]float64{}
	for _, r := range pressure.Rules(pressure.Limits{UnitMemory: 200e6, Recovery: time.Minute}) {
		list[r.Sign] = r.Steps
	}
	return list
}

// calm is facts of a device that is fine.
func calm() Facts {
	f := Facts{
		Now:   monday(),
		Clock: clock.State{Trusted: true},
		Sources: []Source{
			{ID: "family", Name: "Family", LastSuccess: monday().Add(-time.Minute)},
			{ID: "work", Name: "Work", LastSuccess: monday().Add(-time.Minute)},
			{ID: "old", Name: "Old", Words: "It is switched off.", Failing: true, Disabled: true},
		},
		Gates:   []Gate{{Feature: "request_pipeline", Words: "It is on."}},
		Pools:   []Pool{{Name: "http"}, {Name: "database"}},
		Disk:    Disk{Total: 16e9, Free: 8e9},
		Rung:    "optimised",
		Reading: &pressure.Reading{Unit: pressure.Unit{Current: 40e6, High: 200e6}},
	}
	f.Pressure.Room = 200e6
	for sign, steps := range limits() {
		f.Pressure.Signs = append(f.Pressure.Signs, pressure.Standing{Sign: sign, Known: true, Limit: steps[0], Since: monday().Add(-time.Hour)})
	}
	return f
}

// found is the problem of a code in the first look at facts; it fails when there is none.
func found(t *testing.T, f Facts, code Code) Problem {
	t.Helper()
	r := NewWatch().Look(f)
	i := slices.IndexFunc(r.Problems, func(p Problem) bool { return p.Code == code })
	if i < 0 {
		t.Fatalf("there is no problem %s in %+v", code, r.Problems)
	}
	return r.Problems[i]
}

// TestCriticalMetricsOfTheRecordsAreCovered crosses the problems with the list of critical metrics of the design records, as it stands
// there: each has a problem that names it, is found where the metric is beyond its threshold, and is no less severe than its alert level.
func TestCriticalMetricsOfTheRecordsAreCovered(t *testing.T) {
	metrics := []struct {
		metric string
		level  Severity
		beyond Facts // the threshold of the records: the smallest value at which they raise the alert
		code   Code
	}{
		{"memory_usage_mb", Severe, at(pressure.DeviceMemory, 1, 400), DeviceMemory},
		{"request_latency_ms", Warning, at(pressure.SlowAnswers, 1, 1), SlowAnswers},
		{"cpu_usage_percent", Severe, at(pressure.Processor, 2, 80), CPUOverload},
		{"error_rate_percent", Warning, at(pressure.Errors, 1, 5), Errors},
		{"connection_pool_exhaustion", Severe, at(pressure.PoolUse, 1, 95), PoolFull},
		{"cache_memory_pressure", Warning, at(pressure.CacheMemory, 1, 90), CacheFull},
	}
	thresholds := map[string]float64{
		"memory_usage_mb": 400, "request_latency_ms": 1000, "cpu_usage_percent": 80, "error_rate_percent": 5, "connection_pool_exhaustion": 95, "cache_memory_pressure": 90,
	}
	for _, m := range metrics {
		t.Run(m.metric, func(t *testing.T) {
			p := found(t, m.beyond, m.code)
			if p.Seeds != m.metric {
				t.Errorf("%s covers %q", p.Code, p.Seeds)
			}
			if p.Severity.rank() > m.level.rank() {
				t.Errorf("%s is %s, less than the %s of the records", p.Code, p.Severity, m.level)
			}
			for _, s := range m.beyond.Pressure.Signs {
				factor := 1.0
				if s.Sign == pressure.SlowAnswers {
					factor = 1000 // ms in a second
				}
				if s.Step > 0 && s.Limit*factor != thresholds[m.metric] {
					t.Errorf("%s begins at %v, not at %v", s.Sign, s.Limit*factor, thresholds[m.metric])
				}
			}
		})
	}
	var named []string
	for _, k := range Kinds() {
		if k.Seeds != "" {
			named = append(named, k.Seeds)
		}
	}
	if len(named) != len(metrics) {
		t.Errorf("the problems cover %q, of which there are %d in the records", named, len(metrics))
	}
}

// TestEveryStepOfEverySignIsAProblem, with the severity that its effect on people has.
func TestEveryStepOfEverySignIsAProblem(t *testing.T) {
	want := map[pressure.Sign][]Code{
		pressure.UnitMemory:    {MemoryTight, MemoryHigh, MemoryExhausted},
		pressure.DeviceMemory:  {DeviceMemory},
		pressure.MemoryStalls:  {MemoryStall, MemoryStall},
		pressure.Processor:     {CPUBusy, CPUOverload},
		pressure.Heat:          {Heat, Overheat},
		pressure.PoolUse:       {PoolFull},
		pressure.PoolFailures:  {PoolFailing},
		pressure.CacheFailures: {CacheFailing},
		pressure.CacheMemory:   {CacheFull},
		pressure.SlowAnswers:   {SlowAnswers, SlowAnswers},
		pressure.Slower:        {SlowerThanNew, SlowerThanNew},
		pressure.Regression:    {Regression},
		pressure.PoolMemory:    {PoolMemory},
		pressure.Errors:        {Errors},
	}
	for sign, steps := range limits() {
		if len(want[sign]) != len(steps) {
			t.Errorf("%s has %d steps, and problems for %d", sign, len(steps), len(want[sign]))
			continue
		}
		for i, limit := range steps {
			p := found(t, at(sign, i+1, limit), want[sign][i])
			standing := pressure.Standing{Sign: sign, Value: limit, Step: i + 1, Limit: limit}
			if p.Words != sentence(standing.Words()) || p.Severity == "" || p.Title == "" || !p.Since.Equal(monday()) {
				t.Errorf("%s %d: %+v", sign, i+1, p)
			}
		}
	}
}
