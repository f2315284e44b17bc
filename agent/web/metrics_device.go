package web

import (
	"math"

	"calendarbot/agent/budget"
	"calendarbot/agent/clock"
	"calendarbot/agent/health"
	"calendarbot/agent/pressure"
	"calendarbot/agent/slot"
	"calendarbot/agent/store"
)

// fares is one look at how the device fares. What is nil is not there, or not yet.
type fares struct {
	standing pressure.Assessment
	reading  *pressure.Reading
	acts     map[pressure.Sign]store.Acts
	share    *budget.Budget
	report   *health.Report
	clock    *clock.State
	late     func() []string
	rollback func() *slot.Request
	versions Versions
}

// lookAtDevice asks what is known; nothing but the versions is read from files.
func (m *meter) lookAtDevice() fares {
	d := fares{late: m.o.Late, rollback: m.o.Rollback, versions: m.o.Places.Look()}
	if m.o.Pressure != nil {
		d.standing, d.reading = m.o.Pressure()
	}
	if m.o.Store != nil {
		d.acts = m.o.Store.Acts()
	}
	if m.o.Budget != nil {
		b := m.o.Budget()
		d.share = &b
	}
	if m.o.Health != nil {
		if r := m.o.Health(); !r.At.IsZero() {
			d.report = &r
		}
	}
	if m.o.Clock != nil {
		c := m.o.Clock()
		d.clock = &c
	}
	return d
}

// deviceTable is what is told of how the device fares, and of what the program does about it.
func deviceTable() []metric {
	sign, line := []string{"sign", "unit"}, []string{"figure", "line"}
	return []metric{
		{"calendarbot_pressure_level", "1 for how scarce things are (normal, tight, critical), 0 for the other levels.", gauge, []string{"level"}, readLevel},
		{"calendarbot_pressure_reading_age_seconds", "Time since the device was last looked at; not there before the first time.", gauge, nil, func(l *look, to *exposition) {
			if l.reading != nil {
				to.put(since(l.reading.At, l.now))
			}
		}},
		{"calendarbot_pressure_unknown", "Figures that this kernel or device does not tell; the status names them.", gauge, nil, ofReading(func(r *pressure.Reading) float64 { return float64(len(r.Missing)) })},
		{"calendarbot_stall_ratio", "Share of time in which some, or all that could run, had to wait for a resource, over a window; of memory, those of the unit alone where it is known.", gauge, []string{"resource", "waits", "window"}, readStalls},
		{"calendarbot_sign_value", "How a sign stands, in its unit; not there while that is not known.", gauge, sign, ofSign(func(s *pressure.Standing) float64 { return s.Value }, knownOnly)},
		{"calendarbot_sign_limit", "The threshold of the step that a sign is at, or of its first one, in its unit.", gauge, sign, ofSign(func(s *pressure.Standing) float64 { return s.Limit }, always)},
		{"calendarbot_sign_step", "The step that a sign is at; 0 while all is well.", gauge, []string{"sign"}, readStep},
		{"calendarbot_actions_begun_total", "Times that something was done by itself, by the sign that caused it.", counter, []string{"sign"}, ofActs(func(a store.Acts) float64 { return float64(a.Begun) })},
		{"calendarbot_actions_running", "What is being done by itself now, by the sign that caused it.", gauge, []string{"sign"}, ofActs(func(a store.Acts) float64 { return float64(a.Lasts) })},

		{"calendarbot_device_memory_bytes", "Memory of the device.", gauge, nil, ofReading(func(r *pressure.Reading) float64 { return unlessZero(r.Device.Total) })},
		{"calendarbot_device_memory_used_bytes", "Memory of the device that cannot be had any more.", gauge, nil, ofReading(func(r *pressure.Reading) float64 { return unlessZero(r.Device.Used()) })},
		{"calendarbot_device_swap_used_bytes", "Memory that is swapped out.", gauge, nil, ofReading(func(r *pressure.Reading) float64 {
			return float64(r.Device.SwapTotal - min(r.Device.SwapFree, r.Device.SwapTotal))
		})},
		{"calendarbot_device_cpu_ratio", "Share of all processors in use, of all programs.", gauge, nil, ofReading(func(r *pressure.Reading) float64 { return r.CPU })},
		{"calendarbot_device_temperature_celsius", "The hottest place of the device; not there when it has no sensor.", gauge, nil, ofReading(func(r *pressure.Reading) float64 {
			if r.Temperature == 0 {
				return math.NaN()
			}
			return r.Temperature
		})},
		{"calendarbot_device_throttled", "1 while the processor is slowed down because of heat or voltage.", gauge, nil, ofReading(func(r *pressure.Reading) float64 { return truth(r.Throttled) })},
		{"calendarbot_device_undervolted", "1 while the power supply gives too little voltage.", gauge, nil, ofReading(func(r *pressure.Reading) float64 { return truth(r.Undervolted) })},
		{"calendarbot_unit_memory_bytes", "Memory of the unit, files that the kernel can drop included; like the others of the unit only there in a cgroup of its own.", gauge, nil, ofUnit(func(u *pressure.Unit) float64 { return float64(u.Current) })},
		{"calendarbot_unit_memory_used_bytes", "Memory of the unit that the kernel cannot drop at once.", gauge, nil, ofUnit(func(u *pressure.Unit) float64 { return float64(u.Used()) })},
		{"calendarbot_unit_memory_high_bytes", "Memory from which on the unit is held back; not there without such a limit.", gauge, nil, ofUnit(func(u *pressure.Unit) float64 { return unlessZero(u.High) })},
		{"calendarbot_unit_memory_max_bytes", "The most memory that the unit may have; not there without such a limit.", gauge, nil, ofUnit(func(u *pressure.Unit) float64 { return unlessZero(u.Max) })},
		{"calendarbot_unit_memory_events_total", "Times that the unit was held back (high), had no memory left (oom), or something of it was killed for that (oom_kill).", counter, []string{"event"}, readEvents},
		{"calendarbot_unit_cpus", "Processors that the unit uses: 0.5 is half of one.", gauge, nil, ofReading(func(r *pressure.Reading) float64 { return r.UnitCPU })},
		{"calendarbot_unit_cpu_held_ratio", "Share of time in which the unit was held back by its share of the processors.", gauge, nil, ofReading(func(r *pressure.Reading) float64 { return r.UnitHeld })},

		{"calendarbot_budget_memory_limit_bytes", "Memory that Go is told to stay below, because of a sign; not there while none says so.", gauge, nil, ofBudget(func(b *budget.Budget) float64 { return unlessZero(uint64(max(b.MemoryLimit, 0))) })},
		{"calendarbot_budget_pace", "How many times as long as usual the pauses between fetches are.", gauge, nil, ofBudget(func(b *budget.Budget) float64 { return b.Pace })},
		{"calendarbot_budget_client_rate", "Requests per second that one client may make; 0 while that is not limited.", gauge, nil, ofBudget(func(b *budget.Budget) float64 { return b.ClientRate })},
		{"calendarbot_budget_cache_step", "What kept pages are to give up: 0 nothing, 1 the oldest, 2 half of them, 3 all.", gauge, nil, ofBudget(func(b *budget.Budget) float64 { return float64(b.CacheStep) })},
		{"calendarbot_budget_plain", "1 while everything optional is off because of a sign.", gauge, nil, ofBudget(func(b *budget.Budget) float64 { return truth(b.Plain != "") })},
		{"calendarbot_rollback_asked", "1 for the level of rollback that is asked for and not carried out: 2 the other configuration, 3 the other program or system.", gauge, []string{"level"}, readRollback},
		{"calendarbot_baseline_seconds", "How fast the running release line answered when it was new: the mean, and what 99 of 100 answers stayed below (tail). Not there while it is not known.", gauge, line, readBaseline},

		{"calendarbot_health_fine", "1 while there is no problem above a notice.", gauge, nil, func(l *look, to *exposition) {
			if l.report != nil {
				to.put(truth(l.report.Fine))
			}
		}},
		{"calendarbot_problems", "Problems that stand, predicted ones included.", gauge, []string{"severity"}, readProblems},
		{"calendarbot_problem", "Problems that stand, by what they are; a problem that does not stand is not there.", gauge, []string{"code", "severity"}, readProblemCodes},
		{"calendarbot_problem_predicted_seconds", "Time until something will become a problem, if it goes on so; only there while one is predicted.", gauge, []string{"code"}, readPredicted},
		{"calendarbot_loops_late", "Loops of the program that do not go round; while there is one, the watchdog is not told that all is well.", gauge, nil, func(l *look, to *exposition) {
			if l.late != nil {
				to.put(float64(len(l.late())))
			}
		}},
		{"calendarbot_clock_trusted", "1 while the time can be believed.", gauge, nil, ofClock(func(c *clock.State) float64 { return truth(c.Trusted) })},
		{"calendarbot_clock_jumps_total", "Times that the clock jumped by more than half a minute.", counter, nil, ofClock(func(c *clock.State) float64 { return float64(c.Jumps) })},
		{"calendarbot_clock_jumped_seconds", "The last jump of the clock, forward when positive; 0 without any.", gauge, nil, ofClock(func(c *clock.State) float64 { return c.Jumped.Seconds() })},
	}
}
