package pressure

import "time"

// Sign is something that can become scarce or go wrong: a row of Rules.
type Sign string

// The signs, each with the unit of its value.
const (
	UnitMemory    Sign = "unit_memory"    // % of memory.high, without what the kernel can drop at once
	DeviceMemory  Sign = "device_memory"  // MB in use on the device
	MemoryStalls  Sign = "memory_stall"   // % of the last 10 s in which something waited for memory
	Processor     Sign = "cpu"            // % of all processors
	Heat          Sign = "temperature"    // °C; a throttled processor counts as the highest step
	PoolUse       Sign = "pool_use"       // % of the fullest pool
	PoolFailures  Sign = "pool_failures"  // in a row
	CacheFailures Sign = "cache_failures" // % of its uses
	CacheMemory   Sign = "cache_memory"   // % of its budget
	SlowAnswers   Sign = "latency"        // p99 in seconds, of people's requests
	Slower        Sign = "latency_growth" // p99 of an hour of the program's own requests, as a multiple of the baseline's
	Regression    Sign = "regression"     // their mean as a multiple of the baseline's, the best of three hours in a row
	PoolMemory    Sign = "pool_memory"    // MB
	Errors        Sign = "errors"         // % of requests
	Outgrown      Sign = "baseline"       // no row of Rules: see Assessment.Outgrown
)

// Rule is a row of the table of signs.
type Rule struct {
	Sign   Sign
	Unit   string                               // of Value and Steps, for people: "%" (0-100), "MB" (1,000,000 bytes), "°C", "s", "times", "in a row"
	Value  func(w *Window) (v float64, ok bool) // ok false: not known now
	Top    func(w *Window) bool                 // counts as the highest step, whatever the value is; nil: nothing does
	Steps  []float64                            // thresholds, rising; at Steps[i] or more the sign is at step i+1, or only above it: see Above
	Above  bool                                 // a value that is exactly a threshold has not reached it
	Levels []Level                              // of each step
	For    []time.Duration                      // of each step: how long each value must be at the threshold before it counts; 0: at once
	Rest   []time.Duration                      // of each step: how long the value must be away before it ends
	Most   []time.Duration                      // of each step: it ends when it lasted so long, and must be earned anew; 0: never
	Slack  float64                              // a value is away when it is below the threshold by this share of it; for ends only

	// Cured tells whether the highest step, which switches everything optional off, did any good, from the program's own requests while it
	// lasted, and the value that it began with. nil: the sign does not hang on the baseline.
	Cured func(own *Latency, b *Baseline, was float64) bool
}

// Limits are those thresholds that depend on the device or its configuration.
type Limits struct {
	UnitMemory uint64        // bytes that stand for memory.high where the unit has no limit
	Device     uint64        // bytes that the device has; a Policy takes it from its readings
	Recovery   time.Duration // how long a sign that switches optimisations off must be gone before they are tried again
}

const (
	megabyte     = 1e6
	boardUsed    = 400 * megabyte            // of the 512 MB board: more in use is too much
	deviceShare  = 0.78                      // of a larger device
	stillSlow    = 6 * time.Minute           // after the first step of a latency: by then the slow minute that made it has left the five that count
	slowAgain    = hourSpan + 10*time.Minute // after the first step of a latency's growth: by then it was the next hour, which ends with a reading, as well
	trialTime    = 10 * time.Minute          // of the optional parts being off, at least: 120 of the program's own requests
	glance       = time.Second               // all places are taken at more than one reading: for a moment they often are
	leastSamples = 20                        // requests, or uses of the cache, below which a share proves nothing
)

// deviceLimit is how many bytes may be in use on a device. 400 MB is meant for the board with 512 MB; a larger one would always
// be in trouble.
func deviceLimit(total uint64) float64 { return max(boardUsed, deviceShare*float64(total)) }

// Rules is the table: sign, thresholds, and how long each step takes to begin and to end. What is done about a step is budget's
// business.
//
// Steps that switch every optimisation off rest for Limits.Recovery. As that cures or worsens the very sign, those that hang on
// the program's own work last no longer than that either: then optimisations are tried again, and the sign begins anew.
//
// Those that compare with the baseline are judged by whole hours of the program's own requests, of which there are 720: of the 60 of five minutes
// the slowest hundredth is the slowest one, which says nothing. When switching everything optional off makes them no better, that
// was not the cause, and the baseline is of something else: see Assessment.Outgrown.
func Rules(l Limits) []Rule {
	const minute = time.Minute
	again, tried := l.Recovery, max(l.Recovery, trialTime)
	all := func(d ...time.Duration) []time.Duration { return d }
	return []Rule{
		{Sign: UnitMemory, Unit: "%", Value: unitMemory(l.UnitMemory), Steps: []float64{70, 85, 95}, Levels: []Level{Tight, Tight, Critical},
			For: all(0, 0, 0), Rest: all(minute/2, minute/2, minute/2), Most: all(0, 0, 0), Slack: 0.05},
		{Sign: DeviceMemory, Unit: "MB", Value: deviceMemory, Above: true, Steps: []float64{deviceLimit(l.Device) / megabyte}, Levels: []Level{Tight},
			For: all(0), Rest: all(again), Most: all(0), Slack: 0.05},
		{Sign: MemoryStalls, Unit: "%", Value: memoryStalls, Steps: []float64{10, 30}, Levels: []Level{Tight, Critical},
			For: all(0, 0), Rest: all(minute/2, minute/2), Most: all(0, 0), Slack: 0.3},
		{Sign: Processor, Unit: "%", Value: processor, Above: true, Steps: []float64{80, 80}, Levels: []Level{Tight, Critical},
			For: all(minute, 2*minute), Rest: all(minute, again), Most: all(0, again), Slack: 0.1},
		{Sign: Heat, Unit: "°C", Value: heat, Top: throttled, Steps: []float64{75, 80}, Levels: []Level{Tight, Critical},
			For: all(0, 0), Rest: all(minute, again), Most: all(0, 0), Slack: 0.04},
		{Sign: PoolUse, Unit: "%", Value: poolUse, Above: true, Steps: []float64{95}, Levels: []Level{Normal},
			For: all(glance), Rest: all(minute / 2), Most: all(0), Slack: 0.1},
		{Sign: PoolFailures, Unit: "in a row", Value: poolFailures, Steps: []float64{5}, Levels: []Level{Normal},
			For: all(0), Rest: all(0), Most: all(0), Slack: 0.2},
		{Sign: CacheFailures, Unit: "%", Value: cacheFailures, Above: true, Steps: []float64{10}, Levels: []Level{Normal},
			For: all(0), Rest: all(minute / 2), Most: all(0), Slack: 0.2},
		{Sign: CacheMemory, Unit: "%", Value: cacheMemory, Above: true, Steps: []float64{90}, Levels: []Level{Normal},
			For: all(0), Rest: all(minute / 2), Most: all(0), Slack: 0.05},
		{Sign: SlowAnswers, Unit: "s", Value: slowAnswers, Above: true, Steps: []float64{1, 1}, Levels: []Level{Normal, Tight},
			For: all(0, stillSlow), Rest: all(minute, again), Most: all(0, again), Slack: 0.2},
		{Sign: Slower, Unit: "times", Value: slower, Above: true, Steps: []float64{muchSlower, muchSlower}, Levels: []Level{Normal, Tight},
			For: all(0, slowAgain), Rest: all(minute, tried), Most: all(0, tried), Slack: 0.2, Cured: fastAgain},
		{Sign: Regression, Unit: "times", Value: regression, Above: true, Steps: []float64{slowerThan}, Levels: []Level{Normal},
			For: all(0), Rest: all(tried), Most: all(tried), Slack: 0.03, Cured: meanAgain},
		{Sign: PoolMemory, Unit: "MB", Value: poolMemory, Above: true, Steps: []float64{120}, Levels: []Level{Tight},
			For: all(0), Rest: all(again), Most: all(0), Slack: 0.1},
		{Sign: Errors, Unit: "%", Value: failures, Above: true, Steps: []float64{5}, Levels: []Level{Normal},
			For: all(0), Rest: all(minute), Most: all(0), Slack: 0.2},
	}
}

// unitMemory is measured against memory.high, else memory.max, else a limit of our own. Without a memory cgroup the program's
// resident memory stands for the unit's.
func unitMemory(own uint64) func(w *Window) (float64, bool) {
	return func(w *Window) (float64, bool) {
		unit := &w.last.Unit
		used, limit := unit.Used(), room(unit, own)
		if unit.Current == 0 {
			used = w.last.Self.Resident
		}
		return percent(used, limit), used != 0 && limit != 0
	}
}

// room is how many bytes the unit may use; own stands for the limit of a unit that has none.
func room(unit *Unit, own uint64) uint64 {
	switch {
	case unit.High != 0:
		return unit.High
	case unit.Max != 0:
		return unit.Max
	}
	return own
}

func deviceMemory(w *Window) (float64, bool) {
	return float64(w.last.Device.Used()) / megabyte, w.last.Device.Total != 0
}

func memoryStalls(w *Window) (float64, bool) {
	return w.last.MemoryStall.Some10, w.last.unknown&noMemoryStall == 0
}

func processor(w *Window) (float64, bool) { return 100 * w.last.CPU, w.last.unknown&noCPU == 0 }

func heat(w *Window) (float64, bool) { return w.last.Temperature, w.last.Temperature != 0 }

func throttled(w *Window) bool { return w.last.Throttled }

// poolUse is of the places that there are now, as conn.Stats.Utilisation, be there as many as are configured or fewer.
func poolUse(w *Window) (most float64, ok bool) {
	for _, p := range w.last.Service.Pools {
		if p.Size > 0 {
			most, ok = max(most, 100*min(1, float64(p.InUse)/float64(p.Size))), true
		}
	}
	return most, ok
}

func poolFailures(w *Window) (most float64, ok bool) {
	for _, p := range w.last.Service.Pools {
		most, ok = max(most, float64(p.InARow)), true
	}
	return most, ok
}

// poolMemory is reckoned from how many connections there are, and stays far below its threshold as long as these are within the ceilings of
// the configuration.
func poolMemory(w *Window) (sum float64, ok bool) {
	for _, p := range w.last.Service.Pools {
		sum, ok = sum+float64(p.Bytes)/megabyte, true
	}
	return sum, ok
}

func cacheMemory(w *Window) (float64, bool) {
	s := &w.last.Service
	return percent(s.CacheBytes, s.CacheBudget), s.CacheBudget != 0
}

func cacheFailures(w *Window) (float64, bool) {
	r := w.recent()
	return percent(r.cacheFailures, r.cacheUses), r.cacheUses >= leastSamples
}

// failures is judged once there were five minutes. One failure alone, which may be of anything, is no more than 5 % of the least number of requests.
func failures(w *Window) (float64, bool) {
	r := w.recent()
	return percent(r.failures, r.requests), r.requests >= leastSamples && r.up >= recentSpan
}

func slowAnswers(w *Window) (float64, bool) {
	l := w.answered().latency
	return l.Quantile(0.99).Seconds(), l.Count() >= leastSamples
}

// Thresholds of what is compared with the baseline.
const (
	muchSlower = 2
	slowerThan = 1.1
)

// slower is of the last hour.
func slower(w *Window) (float64, bool) {
	base := w.last.Service.Baseline.P99
	if base <= 0 || len(w.hours) == 0 {
		return 0, false
	}
	return w.hours[len(w.hours)-1].p99.Seconds() / base.Seconds(), true
}

// fastAgain is Rule.Cured of slower: pages that are drawn are the slowest of those that are asked for at any time.
func fastAgain(own *Latency, b *Baseline, _ float64) bool {
	return own.Count() >= leastSamples && own.Quantile(0.99).Seconds() <= muchSlower*b.P99.Seconds()
}

// regression is the best of three hours in a row: one slow hour proves nothing on a device whose load varies.
func regression(w *Window) (float64, bool) {
	base := w.last.Service.Baseline.Mean
	if base <= 0 || len(w.hours) < hoursInARow {
		return 0, false
	}
	best := w.hours[0].mean
	for _, h := range w.hours[1:] {
		best = min(best, h.mean)
	}
	return best.Seconds() / base.Seconds(), true
}

// meanAgain is Rule.Cured of regression. Without kept pages the mean is not what it was with them, so it is enough to be better by as much as counts
// as worse.
func meanAgain(own *Latency, b *Baseline, was float64) bool {
	return own.Count() >= leastSamples && own.Mean().Seconds()*slowerThan <= was*b.Mean.Seconds()
}

// percent is part of whole, 0-100; 0 when there is no whole.
func percent(part, whole uint64) float64 {
	if whole == 0 {
		return 0
	}
	return 100 * float64(part) / float64(whole)
}
