package guard

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
)

// Limits say when a breaker opens. The zero Limits are no breaker.
type Limits struct {
	Consecutive uint32        // failures in a row that open it; 0: not asked
	Ratio       float64       // share of failures within Interval above which it opens; 0: not asked
	Least       uint32        // uses within Interval before Ratio counts
	Interval    time.Duration // the window that Ratio looks at; 0: since the breaker closed
	Recovery    time.Duration // how long it stays open before one use is tried again; default 30s
}

const (
	defaultRecovery = 30 * time.Second
	stateOpen       = "open"
)

// recoveryOf is a duration that the breaker takes.
func recoveryOf(d time.Duration) time.Duration {
	if d <= 0 {
		return defaultRecovery
	}
	return d
}

// exceeded tells whether failures open the breaker: so many in a row, or so many of the uses that ended within the window.
func (l Limits) exceeded(inARow, successes, failures uint64) bool {
	ended := successes + failures
	return l.Consecutive > 0 && inARow >= uint64(l.Consecutive) ||
		l.Ratio > 0 && ended >= uint64(l.Least) && float64(failures) > l.Ratio*float64(ended)
}

// failed tells whether the end of a use speaks against the feature.
func failed(err error) bool { return err != nil && !errors.Is(err, context.Canceled) }

// breaker opens when a part keeps failing, and lets one use try again after a while. It counts itself how uses end while it is
// closed, and tells the library of failures alone: to take its lock and its clock twice for every use that goes well cost more
// than all else that a gate does. While it is not closed the library knows of every use.
type breaker struct {
	limits   Limits
	name     string
	closed   *Closed // the error while it is open
	recovery atomic.Int64
	current  atomic.Pointer[circuit]
	era      atomic.Uint64 // grows when the state changes: a use of another one says nothing about this
	inARow   atomic.Uint64 // failures since the last success

	successes, failures window // of this era
	trips               atomic.Uint64
}

// circuit is one of the library's breakers. Its recovery is fixed, so that another one takes its place for another.
type circuit struct {
	*gobreaker.TwoStepCircuitBreaker[struct{}]
	recovery time.Duration
	shut     atomic.Bool // closed, which is cheaper to look at than State
}

// newBreaker returns a closed breaker; nil for limits that ask nothing.
func newBreaker(name string, l Limits) *breaker {
	if l.Consecutive == 0 && l.Ratio == 0 {
		return nil
	}
	b := &breaker{limits: l, name: name, closed: &Closed{
		Feature: name, Reason: Breaker, Words: name + " failed too often; it rests for a while and is then tried again.",
	}}
	if l.Ratio > 0 { // nothing else asks them
		b.successes, b.failures = newWindow(l.Interval), newWindow(l.Interval)
	}
	b.recovery.Store(int64(recoveryOf(l.Recovery)))
	b.current.Store(b.circuit(false))
	return b
}

// circuit returns one with the recovery that is wanted now, closed or already opened.
func (b *breaker) circuit(opened bool) *circuit {
	c := &circuit{recovery: time.Duration(b.recovery.Load())}
	c.shut.Store(true)
	settled := !opened
	c.TwoStepCircuitBreaker = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name:       b.name,
		Timeout:    c.recovery,
		IsExcluded: func(err error) bool { return errors.Is(err, context.Canceled) },
		ReadyToTrip: func(gobreaker.Counts) bool {
			return !settled || b.limits.exceeded(b.inARow.Load(), b.successes.sum(), b.failures.sum())
		},
		OnStateChange: func(_ string, _, to gobreaker.State) {
			b.era.Add(1)
			b.inARow.Store(0)
			b.successes.clear()
			b.failures.clear()
			c.shut.Store(to == gobreaker.StateClosed)
			if settled && to == gobreaker.StateOpen {
				b.opened(c)
			}
		},
	})
	if opened {
		if done, err := c.Allow(); err == nil {
			done(b.closed)
		}
		settled = true
	}
	return c
}

// opened counts, and puts a circuit of another recovery in place when that is wanted.
func (b *breaker) opened(c *circuit) {
	b.trips.Add(1)
	if time.Duration(b.recovery.Load()) != c.recovery {
		b.current.Store(b.circuit(true))
	}
}

// entry is a use that was let in.
type entry struct {
	era  uint64
	done func(error) // tells the library how it ended; nil while the breaker is closed
}

// enter lets a use in, or returns a *Closed.
func (b *breaker) enter() (entry, error) {
	era, c := b.era.Load(), b.current.Load()
	if c.shut.Load() {
		return entry{era: era}, nil
	}
	done, err := c.Allow() // which may make it half-open
	if err != nil {
		return entry{}, b.closed
	}
	return entry{era: b.era.Load(), done: done}, nil
}

// leave counts the end of a use.
func (b *breaker) leave(e entry, err error) {
	if e.era == b.era.Load() {
		switch {
		case err == nil:
			if b.inARow.Load() != 0 { // which it seldom is; every use would write to the same place else
				b.inARow.Store(0)
			}
			b.successes.add()
		case failed(err):
			b.inARow.Add(1)
			b.failures.add()
			if e.done == nil {
				e.done = b.told()
			}
		}
	}
	if e.done != nil {
		e.done(err)
	}
}

// told tells the library of a use that it has not heard of yet, and returns what is to be called at its end; nil when that is of
// no interest to it any more.
func (b *breaker) told() func(error) {
	done, err := b.current.Load().Allow()
	if err != nil {
		return nil
	}
	return done
}

// open tells whether no use may be tried now.
func (b *breaker) open() bool {
	c := b.current.Load()
	return !c.shut.Load() && c.State() == gobreaker.StateOpen
}

// state is closed, half-open or open.
func (b *breaker) state() string { return b.current.Load().State().String() }
