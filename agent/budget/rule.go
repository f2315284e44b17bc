package budget

import (
	"math"

	"calendarbot/agent/pressure"
)

// rule is a row of the table: what is done while a sign is at a step. What is zero is left as it is.
type rule struct {
	sign pressure.Sign
	step int

	cache    uint8   // Budget.CacheStep
	pools    int     // connections are divided by that, down to one
	memory   float64 // share of the unit's memory that the Go runtime is held to: see memoryLimit
	batch    int     // the size of batches is divided by that, down to one
	cold     bool    // nothing is drawn before somebody asks
	pace     float64 // Budget.Pace
	rate     float64 // Budget.ClientRate
	plain    string  // what follows "because": every optimisation is off
	rollback int     // Budget.Rollback
	note     string  // what is done elsewhere, by guard's breakers or not yet, as a part of a sentence
}

// one divides anything that can be configured down to one.
const one = math.MaxInt

// rules is the table: a sign at a step, and what is done about it. A row holds while the sign is at exactly that step.
//
// Memory of the unit: kept pages go first, as they only save time; then connections. The last step also fetches feeds half as often,
// as reading one takes more memory than anything else that the program does. Unused memory is given back at each step.
// Memory of the device: what is kept for speed is of no use while the optimisations are off, and goes too.
// A warning of latency does nothing yet: it may have many causes, and most pass.
// A breaker acts by itself, long before the next reading: the row only tells of it.
func rules() []rule {
	return []rule{
		{sign: pressure.UnitMemory, step: 1, cache: 1, pools: 2, memory: 0.80, cold: true},
		{sign: pressure.UnitMemory, step: 2, cache: 2, pools: 4, memory: 0.70, cold: true},
		{sign: pressure.UnitMemory, step: 3, cache: 3, pools: one, memory: 0.60, cold: true, batch: one, pace: 2},

		{sign: pressure.DeviceMemory, step: 1, cache: 3, memory: 0.80, plain: "too much of the device's memory is in use"},

		{sign: pressure.MemoryStalls, step: 1, cache: 1, memory: 0.80, cold: true},
		{sign: pressure.MemoryStalls, step: 2, cache: 2, memory: 0.70, cold: true, pools: 2, pace: 2},

		{sign: pressure.Processor, step: 1, batch: 2, pace: 2, rate: 5},
		{sign: pressure.Processor, step: 2, batch: 2, pace: 4, rate: 2, plain: "the processor has been busy for minutes"},

		{sign: pressure.Heat, step: 1, pace: 2},
		{sign: pressure.Heat, step: 2, cold: true, batch: one, pace: 8, rate: 2, plain: "the processor is too hot, or slowed down because of heat or voltage"},

		{sign: pressure.PoolUse, step: 1, note: "uses that wait too long get a connection of their own"},
		{sign: pressure.PoolFailures, step: 1, note: "common connections were left alone for a while: each use makes its own"},
		{sign: pressure.CacheFailures, step: 1, note: "kept pages were left alone for a while: each page is drawn anew"},
		{sign: pressure.CacheMemory, step: 1, cache: 1},

		{sign: pressure.SlowAnswers, step: 1, note: "it was noted, and optional parts are switched off if it lasts"},
		{sign: pressure.SlowAnswers, step: 2, plain: "answers have been slow for minutes"},
		{sign: pressure.Slower, step: 1, note: "it was noted, and optional parts are switched off if it lasts"},
		{sign: pressure.Slower, step: 2, plain: "answers have been far slower than when this version was new, for minutes"},
		{sign: pressure.Regression, step: 1, plain: "answers have been slower than when this version was new, for hours"},
		{sign: pressure.PoolMemory, step: 1, pools: 2, memory: 0.80, plain: "connections take too much memory"},

		{sign: pressure.Errors, step: 1, rollback: 2},
	}
}

// of returns the row of a sign at a step; false where nothing is done.
func of(s pressure.Sign, step int) (rule, bool) {
	for _, r := range rules() {
		if r.sign == s && r.step == step {
			return r, true
		}
	}
	return rule{}, false
}
