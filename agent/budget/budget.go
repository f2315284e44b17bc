// Package budget says what each part may use now, and what was done about it: pure functions of the configuration and of how
// everything stands.
package budget

import (
	"fmt"

	"calendarbot/agent/config"
	"calendarbot/agent/feature"
	"calendarbot/agent/pressure"
)

// Budget is what each part may use now. The zero Budget bounds nothing. Two budgets are equal when nothing is to be done
// differently: there is no figure in it that changes with each reading.
type Budget struct {
	CacheStep   uint8   // how much kept pages give up: 0 nothing, 1 the oldest, 2 half, 3 all (70, 85, 95 % of the unit's memory)
	HTTPConns   int     // at most so many connections to servers; 0: what the configuration says
	Readers     int     // at most so many readers of the database; 0: what the configuration says
	MemoryLimit int64   // soft limit of the Go runtime in bytes (GOMEMLIMIT); 0: none
	FreeMemory  bool    // give unused memory back to the system, once, when this budget begins
	BatchSize   int     // of gathered questions
	Warm        bool    // pages may be drawn before somebody asks
	Pace        float64 // pauses between fetches are so many times as long; 1 or more
	ClientRate  float64 // requests per second that one client may make in the long run; 0: no limit
	Plain       string  // why every optimisation is off (rollback level 1), as a sentence; "" when they are not
	Rollback    int     // the level of rollback that is asked for: 0 none, 2 the other configuration slot
	Why         string  // of Rollback, as a sentence

	// Of the configuration: words name only what takes effect. Whether a part that is on for some devices is on for this one isn't known.
	conns, readers, batch            int  // connections to servers, of the database, and questions that are gathered at most
	gathers, drawsLate, keepsNothing bool // questions may be gathered; pages are never drawn before somebody asks; no page is ever kept
}

// For says what each part may use now: what the configuration says, less what the signs take. Where several do, the strictest wins.
func For(cfg config.Config, a pressure.Assessment) Budget {
	b := Budget{
		BatchSize: cfg.Batch.Size, Warm: true, Pace: 1, conns: cfg.HTTP.MaxConns, readers: cfg.DB.Readers, batch: cfg.Batch.Size,
		gathers: possible(cfg, feature.RequestBatching), drawsLate: !possible(cfg, feature.CacheWarming), keepsNothing: !possible(cfg, feature.RequestPipeline),
	}
	room := a.Room
	if room == 0 {
		room = uint64(cfg.Pressure.UnitMemory)
	}
	for _, s := range a.Signs {
		if r, ok := of(s.Sign, s.Step); ok {
			b.take(r, s, room)
		}
	}
	return b
}

// possible tells whether a part may be on, for all that the configuration says.
func possible(cfg config.Config, name string) bool {
	s := cfg.Features.Setting(name)
	return s.Forced == feature.ForcedOn || s.Forced == feature.NotForced && s.Percent > 0
}

// take bounds the budget by a row too.
func (b *Budget) take(r rule, s pressure.Standing, room uint64) {
	b.CacheStep = max(b.CacheStep, r.cache)
	if r.pools > 0 {
		b.HTTPConns, b.Readers = lower(b.HTTPConns, r.conns(b.conns)), lower(b.Readers, r.conns(b.readers))
	}
	if r.memory > 0 {
		b.MemoryLimit = lower(b.MemoryLimit, memoryLimit(room, r.memory))
		b.FreeMemory = true
	}
	if r.batch > 0 {
		b.BatchSize = min(b.BatchSize, r.gathered(b.batch))
	}
	if r.cold || r.plain != "" {
		b.Warm = false
	}
	b.Pace = max(b.Pace, r.pace)
	if r.rate > 0 {
		b.ClientRate = lower(b.ClientRate, r.rate)
	}
	if r.plain != "" && b.Plain == "" {
		b.Plain = "Optional parts are switched off, because " + r.plain + "."
	}
	if r.rollback > b.Rollback {
		b.Rollback, b.Why = r.rollback, fmt.Sprintf("More than %v %% of the requests of five minutes failed.", s.Limit)
	}
}

// conns is how many connections a row leaves of those that are configured.
func (r rule) conns(configured int) int { return max(1, configured/max(1, r.pools)) }

// gathered is the same of the questions that are put into one.
func (r rule) gathered(configured int) int { return max(1, configured/max(1, r.batch)) }

// lower is the smaller of two bounds, of which the first may be none yet.
func lower[T int | int64 | float64](bound, other T) T {
	if bound == 0 {
		return other
	}
	return min(bound, other)
}

const (
	outside   = 16 << 20 // bytes of the unit's that are not the Go runtime's: SQLite's pages, its code, what the kernel keeps for it
	leastHeap = 32 << 20 // bytes that the Go runtime needs at 10,000 events, with some left over
	leastPart = 0.4      // of the unit's memory
)

// memoryLimit is what the Go runtime is held to (GOMEMLIMIT): a share of the unit's memory, less what of it is not the runtime's
// own. The shares fall so that collecting brings the unit below the threshold of the step, where it can: 80 % at the step that begins at
// 70 %, 70 % at 85 %, and 60 % at 95 %. In normal there is no limit, as collecting more often than usual is enough then (SetGCPercent).
//
// A limit below what lives makes the collector run without a pause and free nothing, with up to half of the processor: so it never is
// below what the program needs with a large calendar, nor below two fifths of the unit's memory. What then is too much the kernel
// holds back by memory.high.
func memoryLimit(room uint64, share float64) int64 {
	return int64(max(share*float64(room)-outside, leastPart*float64(room), leastHeap))
}
