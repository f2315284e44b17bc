// Package clock is the clock of a device that has no battery for it: the time, whether it can be believed, and how often it jumped.
package clock

import (
	"context"
	"time"
)

// State is what is known of the clock at one moment.
type State struct {
	Trusted bool          // the time can be believed
	Words   string        // a sentence for a person when it cannot; else ""
	Floor   time.Time     // it is surely later than that: the program was built then, or something was read then
	Jumps   uint64        // how often the time moved against the monotonic clock by more than Slack since the start
	Jumped  time.Duration // the last jump, forward when positive
	Since   time.Time     // when the clock became trusted, or untrusted, by itself
}

// Slack is how far the time may move against the monotonic clock in one step and still be no jump: what time synchronisation
// slews, leap seconds, and a person who sets the minutes right.
const Slack = 30 * time.Second

// Options of New.
type Options struct {
	Now   func() time.Time // the system's clock, or a test's
	Root  string           // in front of /run and /proc; "" for the system's own
	Floor time.Time        // when the program was built, or zero
	// Synchronised asks the kernel whether something keeps its clock right (adjtimex(2), STA_UNSYNC); nil for the kernel's word.
	Synchronised func() (bool, error)
}

// Clock is a run.Task: Run looks at the clock. Its other methods may be called from any goroutine, and cost no system call but Now's.
type Clock struct{}

// New returns a clock that was looked at once.
func New(o Options) *Clock { panic("not yet") }

// Now is the time as the system tells it, believed or not.
func (c *Clock) Now() time.Time { panic("not yet") }

// State returns what is known.
func (c *Clock) State() State { panic("not yet") }

// Raise says that it is surely later than t, which was read or shown when the clock was trusted.
func (c *Clock) Raise(t time.Time) { panic("not yet") }

// Changed returns a channel that is closed when State differs from now in Trusted or Jumps.
func (c *Clock) Changed() <-chan struct{} { panic("not yet") }

// Run looks at the clock until ctx ends.
func (c *Clock) Run(ctx context.Context) error { panic("not yet") }

// Ready is closed at once.
func (c *Clock) Ready() <-chan struct{} { panic("not yet") }

// String names the task.
func (c *Clock) String() string { return "clock" }
