package web

import (
	"math"
	"time"

	"calendarbot/agent/budget"
	"calendarbot/agent/clock"
	"calendarbot/agent/health"
	"calendarbot/agent/pressure"
	"calendarbot/agent/store"
)

// unlessZero is a number of bytes, of which zero says that it is not known: NaN, which is not told.
func unlessZero(bytes uint64) float64 {
	if bytes == 0 {
		return math.NaN()
	}
	return float64(bytes)
}

// tell puts a number that is one.
func tell(to *exposition, value float64, labels ...string) {
	if !math.IsNaN(value) {
		to.put(value, labels...)
	}
}

// ofReading reads a number of the last reading.
func ofReading(number func(*pressure.Reading) float64) func(*look, *exposition) {
	return func(l *look, to *exposition) {
		if l.reading != nil {
			tell(to, number(l.reading))
		}
	}
}

// ofUnit reads a number of the unit's own cgroup.
func ofUnit(number func(*pressure.Unit) float64) func(*look, *exposition) {
	return func(l *look, to *exposition) {
		if l.reading != nil && l.reading.Unit.Current != 0 {
			tell(to, number(&l.reading.Unit))
		}
	}
}

// always and knownOnly say of which signs something is told.
func always(*pressure.Standing) bool      { return true }
func knownOnly(s *pressure.Standing) bool { return s.Known }

// ofSign reads a number of each sign.
func ofSign(number func(*pressure.Standing) float64, of func(*pressure.Standing) bool) func(*look, *exposition) {
	return func(l *look, to *exposition) {
		for i := range l.standing.Signs {
			if s := &l.standing.Signs[i]; of(s) {
				tell(to, number(s), string(s.Sign), s.Unit)
			}
		}
	}
}

func readStep(l *look, to *exposition) {
	for i := range l.standing.Signs {
		to.put(float64(l.standing.Signs[i].Step), string(l.standing.Signs[i].Sign))
	}
}

// ofActs reads a number of the actions about each sign; zero of signs that there were none of, as a rate over a counter that
// begins with its first event misses that one.
func ofActs(number func(store.Acts) float64) func(*look, *exposition) {
	return func(l *look, to *exposition) {
		for i := range l.standing.Signs {
			sign := l.standing.Signs[i].Sign
			to.put(number(l.acts[sign]), string(sign))
		}
	}
}

// ofBudget reads a number of what each part may use.
func ofBudget(number func(*budget.Budget) float64) func(*look, *exposition) {
	return func(l *look, to *exposition) {
		if l.share != nil {
			tell(to, number(l.share))
		}
	}
}

// ofClock reads a number of the clock.
func ofClock(number func(*clock.State) float64) func(*look, *exposition) {
	return func(l *look, to *exposition) {
		if l.clock != nil {
			to.put(number(l.clock))
		}
	}
}

func readLevel(l *look, to *exposition) {
	if l.reading == nil {
		return
	}
	for _, level := range [...]pressure.Level{pressure.Normal, pressure.Tight, pressure.Critical} {
		to.put(truth(l.standing.Level == level), level.String())
	}
}

func readStalls(l *look, to *exposition) {
	if l.reading == nil {
		return
	}
	for _, of := range [...]struct {
		resource string
		stall    *pressure.Stall
	}{{"cpu", &l.reading.CPUStall}, {"io", &l.reading.IOStall}, {"memory", &l.reading.MemoryStall}} {
		to.put(of.stall.Some10/100, of.resource, "some", "10s")
		to.put(of.stall.Some60/100, of.resource, "some", "60s")
		to.put(of.stall.Full10/100, of.resource, "all", "10s")
		to.put(of.stall.Full60/100, of.resource, "all", "60s")
	}
}

func readEvents(l *look, to *exposition) {
	if l.reading == nil || l.reading.Unit.Current == 0 {
		return
	}
	to.put(float64(l.reading.Unit.HighEvents), "high")
	to.put(float64(l.reading.Unit.OOM), "oom")
	to.put(float64(l.reading.Unit.OOMKilled), "oom_kill")
}

func readRollback(l *look, to *exposition) {
	if l.rollback == nil {
		return
	}
	asked := 0
	if r := l.rollback(); r != nil {
		asked = r.Level
	}
	to.put(truth(asked == 2), "2")
	to.put(truth(asked == 3), "3")
}

func readBaseline(l *look, to *exposition) {
	if l.reading == nil || l.reading.Service.Baseline.Requests == 0 {
		return
	}
	b := &l.reading.Service.Baseline
	to.put(b.Mean.Seconds(), "mean", b.Line)
	to.put(b.P99.Seconds(), "tail", b.Line)
}

func readProblems(l *look, to *exposition) {
	if l.report == nil {
		return
	}
	for _, severity := range [...]health.Severity{health.Notice, health.Warning, health.Severe} {
		n := 0
		for i := range l.report.Problems {
			if l.report.Problems[i].Severity == severity {
				n++
			}
		}
		to.put(float64(n), string(severity))
	}
}

// readProblemCodes tells each code once, however many calendars or parts have the problem.
func readProblemCodes(l *look, to *exposition) {
	if l.report == nil {
		return
	}
	problems := l.report.Problems
	for i := range problems {
		n, first := 0, true
		for j := range problems {
			if problems[j].Code == problems[i].Code && problems[j].Severity == problems[i].Severity {
				n++
				first = first && j >= i
			}
		}
		if first {
			to.put(float64(n), string(problems[i].Code), string(problems[i].Severity))
		}
	}
}

// readPredicted tells of each code the problem that comes first.
func readPredicted(l *look, to *exposition) {
	if l.report == nil {
		return
	}
	problems := l.report.Problems
	for i := range problems {
		soonest, first := time.Duration(0), problems[i].In > 0
		for j := range problems {
			if p := &problems[j]; p.In > 0 && p.Code == problems[i].Code {
				if soonest == 0 || p.In < soonest {
					soonest = p.In
				}
				first = first && j >= i
			}
		}
		if first {
			to.put(soonest.Seconds(), string(problems[i].Code))
		}
	}
}
