// Package budget says what each part may use now, and what was done about it: pure functions of the configuration and of how
// everything stands.
package budget

import (
	"time"

	"calendarbot/agent/config"
	"calendarbot/agent/pressure"
)

// Budget is what each part may use now. The zero Budget bounds nothing.
type Budget struct {
	CacheStep   uint8   // how much kept pages give up: 0 nothing, 1 the oldest, 2 half, 3 all (70, 85, 95 % of the unit's memory)
	HTTPConns   int     // at most so many connections to servers; 0: what the configuration says
	Readers     int     // at most so many readers of the database; 0: what the configuration says
	MemoryLimit int64   // soft limit of the Go runtime in bytes (GOMEMLIMIT); 0: none
	FreeMemory  bool    // give unused memory back to the system now
	BatchSize   int     // of gathered questions
	Warm        bool    // pages may be drawn before somebody asks
	Pace        float64 // pauses between fetches are so many times as long; 1 or more
	ClientRate  float64 // requests per second that one client may make in the long run; 0: no limit
	Plain       string  // why every optimisation is off (rollback level 1), as a sentence; "" when they are not
	Rollback    int     // the level of rollback that is asked for: 0 none, 2 the other configuration slot
	Why         string  // of Rollback, as a sentence
}

// For says what each part may use now.
func For(cfg config.Config, a pressure.Assessment) Budget { panic("not yet") }

// Action is something that was done by itself: it begins when a sign reaches a step, and ends when it leaves it.
type Action struct {
	ID    int64 // given by whoever keeps it
	Sign  pressure.Sign
	Step  int
	Value float64 // the reading that caused it
	Limit float64
	Unit  string
	Done  string    // what was done, as a sentence for a person
	Began time.Time // by the program's clock
	Ended time.Time // zero: it lasts
}

// Actions compares two assessments: what begins with the second one, and what of the running ones ends with it.
// A step of a sign is one action; going from step 1 to 2 ends the first and begins the second.
func Actions(running []Action, a pressure.Assessment, b Budget) (begun, ended []Action) {
	panic("not yet")
}
