package conn

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"calendarbot/agent/guard"
)

// depth is how much is remembered of where a connection was taken: enough to get out of database/sql, as each frame costs time.
const depth = 10

// use is one use of a pool, from the taking of a connection to giving it back.
type use struct {
	pool    *pool
	pass    guard.Pass
	entered bool // pass has to be left
	plain   bool // with a connection of its own, which is closed afterwards
	since   time.Time
	callers [depth]uintptr
	told    bool // that it is held for too long
	broke   bool // a connection failed in it that had been used before
}

// Leak is a connection that is held for longer than any use should take.
type Leak struct {
	Pool  string
	Place string        // where it was taken: "store/between.go:76"
	Held  time.Duration // until now
}

// leak describes the use as one.
func (u *use) leak(now time.Time) Leak {
	return Leak{Pool: u.pool.name, Place: place(u.callers[:]), Held: now.Sub(u.since)}
}

// place is the first of some callers that is neither this package nor one that it is reached through.
func place(callers []uintptr) string {
	frames := runtime.CallersFrames(callers)
	for {
		f, more := frames.Next()
		if f.File != "" && !passage(f) {
			return fmt.Sprintf("%s:%d", filepath.Join(filepath.Base(filepath.Dir(f.File)), filepath.Base(f.File)), f.Line)
		}
		if !more {
			return "an unknown place"
		}
	}
}

// passage tells whether a function only leads to the pools.
func passage(f runtime.Frame) bool {
	if strings.HasPrefix(f.Function, "runtime.") || strings.HasPrefix(f.Function, "database/sql.") {
		return true
	}
	return strings.Contains(f.Function, "/agent/conn.") && !strings.HasSuffix(f.File, "_test.go")
}
