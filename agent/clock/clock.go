// Package clock is the clock of a device that has no battery for it: the time, whether it can be believed, and how often it jumped.
package clock

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// State is what is known of the clock at one moment.
type State struct {
	Trusted bool          // the time can be acted on: pages tell what is now, certificates are judged by it
	Words   string        // a sentence for a person: why it is not trusted, or that nothing confirms it; else ""
	Floor   time.Time     // it is surely later than that: the program was built then, or it is Seen
	Seen    time.Time     // the newest moment that the device has lived through by a trusted clock, as far as is known; zero: none
	Jumps   uint64        // how often the time moved against the monotonic clock by more than Slack since the start
	Jumped  time.Duration // the last jump, forward when positive
	Since   time.Time     // when the clock became trusted, or untrusted, by itself as it is now: a jump moves it too
	Turns   uint64        // grows whenever Trusted, Words or Jumps change: what was made of the time before may be wrong
}

// Slack is how far the time may move against the monotonic clock in one step and still be no jump: what time synchronisation
// slews, leap seconds, and a person who sets the minutes right.
const Slack = 30 * time.Second

// Grace is how long after the system's start the network may take to tell the time. Later a clock that nothing confirms is trusted
// all the same, and Words say so: a home that lets no time through must see its calendar too.
const Grace = 3 * time.Minute

// How often the clock is looked at. A jump is found at the latest after the longer time.
const (
	lookSoon = 2 * time.Second // while it is not trusted
	lookLate = 30 * time.Second
)

// Options of New.
type Options struct {
	Now     func() time.Time     // the system's clock, or a test's
	Elapsed func() time.Duration // since any moment, by a clock that is never set; nil for the system's own
	Root    string               // in front of /run and /proc; "" for the system's own
	Floor   time.Time            // when the program was built, or zero
	// Given says that a person gave the time by hand, for a test: it is believed whatever it is.
	Given bool
	// Synchronised asks the kernel whether something keeps its clock right (adjtimex(2), STA_UNSYNC); nil for the kernel's word,
	// which does not count where Root is given.
	Synchronised func() (bool, error)
	// Asleep is for how long the system has slept since any moment, when Elapsed stands still; nil for the system's word, which does
	// not count where Root is given.
	Asleep func() time.Duration
	// Moved is called with how far the clock was set, forward when positive, before State tells of the jump: what was noted by it
	// before moves with it. A device that slept had no clock set. It is called from any goroutine, once at a time; nil for nobody.
	Moved func(by time.Duration)
}

// Clock is a run.Task: Run looks at the clock. Its other methods may be called from any goroutine, and cost no system call but those of
// the clocks.
type Clock struct {
	o       Options
	uptime  time.Duration // of the system, at the zero of Elapsed
	ready   chan struct{}
	found   atomic.Pointer[found]
	changed atomic.Pointer[chan struct{}]

	mu     sync.Mutex
	mind   mind
	slept  time.Duration // Asleep at the last look
	raised chan struct{} // Run is to look again
}

// found is what the last look found, and when.
type found struct {
	State
	now     time.Time
	elapsed time.Duration
}

// New returns a clock that was looked at once.
func New(o Options) *Clock {
	if o.Elapsed == nil {
		start := time.Now()
		o.Elapsed = func() time.Duration { return time.Since(start) }
	}
	if o.Synchronised == nil {
		o.Synchronised = kernelSynchronised
		if o.Root != "" {
			o.Synchronised = func() (bool, error) { return false, nil }
		}
	}
	c := &Clock{o: o, ready: make(chan struct{}), raised: make(chan struct{}, 1)}
	c.uptime = uptime(o.Root) - o.Elapsed()
	if c.o.Asleep == nil {
		c.o.Asleep = c.asleep
		if o.Root != "" {
			c.o.Asleep = func() time.Duration { return 0 }
		}
	}
	c.mind.built = Earliest()
	if o.Floor.After(c.mind.built) {
		c.mind.built = o.Floor.Round(0)
	}
	close(c.ready)
	changed := make(chan struct{})
	c.changed.Store(&changed)
	c.look()
	return c
}

// Now is the time as the system tells it, believed or not.
func (c *Clock) Now() time.Time { return c.o.Now() }

// State returns what is known. A jump since the last look is found now, so that nobody reckons with a time that it knows nothing of.
func (c *Clock) State() State {
	last := c.found.Load()
	if jump(c.o.Now().Sub(last.now), c.o.Elapsed()-last.elapsed) != 0 {
		c.look()
		last = c.found.Load()
	}
	return last.State
}

// Turns is State's as of the last look, for those who ask with each request: it reads no clock.
func (c *Clock) Turns() uint64 { return c.found.Load().Turns }

// Raise says that it is surely later than t, which was read or shown when the clock was trusted. It is believed less than a
// synchronised clock, and less than somebody who sets the clock back while the program runs.
func (c *Clock) Raise(t time.Time) {
	c.mu.Lock()
	later := t.After(c.mind.state.Seen)
	if later {
		c.mind.state.Seen = t.Round(0)
	}
	c.mu.Unlock()
	if !later {
		return
	}
	c.look()
	select {
	case c.raised <- struct{}{}:
	default: // it will look anyway
	}
}

// Changed returns a channel that is closed when State differs from now in Turns.
func (c *Clock) Changed() <-chan struct{} { return *c.changed.Load() }

// Run looks at the clock until ctx ends.
func (c *Clock) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-c.raised:
		case <-timer.C:
			c.look()
		}
		pause := lookLate
		if !c.State().Trusted {
			pause = lookSoon
		}
		timer.Reset(pause)
	}
}

// Ready is closed at once.
func (c *Clock) Ready() <-chan struct{} { return c.ready }

// String names the task.
func (c *Clock) String() string { return "clock" }

// look takes in how the clock stands now.
func (c *Clock) look() {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.mind.state
	c.mind = c.mind.judge(c.sight())
	state, slept := c.mind.state, c.o.Asleep()
	if by := state.Jumped - (slept - c.slept); state.Jumps != before.Jumps && by.Abs() > Slack {
		if state.Trusted == before.Trusted { // or it would have begun years ago, or be yet to come
			state.Since = state.Since.Add(by)
			c.mind.state.Since = state.Since
		}
		if c.o.Moved != nil {
			c.o.Moved(by)
		}
	}
	c.slept = slept
	c.found.Store(&found{State: state, now: c.mind.now, elapsed: c.mind.elapsed})
	if state.Turns == before.Turns {
		return
	}
	fresh := make(chan struct{})
	close(*c.changed.Swap(&fresh))
}
