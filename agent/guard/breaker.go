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
	slices          = 10 // of the window: what is older than it is forgotten a tenth at a time
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
func (l Limits) exceeded(inARow uint64, c gobreaker.Counts) bool {
	ended := c.TotalSuccesses + c.TotalFailures
	return l.Consecutive > 0 && inARow >= uint64(l.Consecutive) ||
		l.Ratio > 0 && ended >= l.Least && float64(c.TotalFailures) > l.Ratio*float64(ended)
}

// failed tells whether the end of a use speaks against the feature.
func failed(err error) bool { return err != nil && !errors.Is(err, context.Canceled) }

// breaker opens when a part keeps failing, and lets one use try again after a while.
type breaker struct {
	limits   Limits
	name     string
	closed   *Closed // the error while it is open
	recovery atomic.Int64
	current  atomic.Pointer[circuit]
	inARow   atomic.Uint64 // failures since the last success
	trips    atomic.Uint64
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
		Name:         b.name,
		Interval:     b.limits.Interval,
		BucketPeriod: b.limits.Interval / slices,
		Timeout:      c.recovery,
		IsExcluded:   func(err error) bool { return errors.Is(err, context.Canceled) },
		ReadyToTrip: func(counts gobreaker.Counts) bool {
			return !settled || b.limits.exceeded(b.inARow.Load(), counts)
		},
		OnStateChange: func(_ string, _, to gobreaker.State) {
			c.shut.Store(to == gobreaker.StateClosed)
			b.inARow.Store(0)
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

// enter returns what is to be called at the end of the use, or a *Closed.
func (b *breaker) enter() (func(error), error) {
	done, err := b.current.Load().Allow()
	if err != nil {
		return nil, b.closed
	}
	return done, nil
}

// leave counts the end of a use.
func (b *breaker) leave(done func(error), err error) {
	switch {
	case err == nil:
		if b.inARow.Load() != 0 { // which it seldom is; every use would write to the same place else
			b.inARow.Store(0)
		}
	case failed(err):
		b.inARow.Add(1)
	}
	done(err)
}

// open tells whether no use may be tried now.
func (b *breaker) open() bool {
	c := b.current.Load()
	return !c.shut.Load() && c.State() == gobreaker.StateOpen
}

// state is closed, half-open or open.
func (b *breaker) state() string { return b.current.Load().State().String() }
