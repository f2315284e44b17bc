package conn

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"time"

	"calendarbot/agent/guard"
)

const (
	// brief is how long a use waits before the pool grows for it: most waits are over sooner, and a
	// connection costs memory.
	brief = 50 * time.Millisecond
	// suspects is how many places of leaks are told.
	suspects = 5
)

var (
	errClosed  = errors.New("the connections are closed")
	errCrowded = errors.New("no connection became free in time")
)

// pool counts and bounds the uses of connections. What a connection is, and where those rest that
// nobody uses, is the part of who has the pool.
//
// A use that the gate refuses is a plain one: it opens its own connection and closes it afterwards. Plain
// uses are bounded apart, by the ceiling, so that a pool that is stuck doesn't hold them up. A use that
// waits for longer than patience, so that all are in use and growing was no relief, is a failure of the
// pool, and becomes a plain one.
type pool struct {
	name     string
	gate     *guard.Gate // nil: never plain
	adaptive func() bool // nil: always
	patience time.Duration
	bound    time.Duration // a use that takes longer holds a leaked connection

	mu     sync.Mutex
	limits limits
	shared slots
	plain  slots
	why    string
	peak   int // most slots of shared taken at once since the last look
	held   map[*use]struct{}
	counts Stats         // only what is counted
	ended  chan struct{} // closed by close
	closed bool
}

// newPool returns a pool that has the size for its limits; adaptive may be nil.
func newPool(name string, l limits, adaptive func() bool) *pool {
	p := &pool{name: name, adaptive: adaptive, held: map[*use]struct{}{}, ended: make(chan struct{})}
	p.bind(l)
	return p
}

// bind sets the bounds of the size and keeps what others allow.
func (p *pool) bind(l limits) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l.maximum = p.limits.maximum
	if l == p.limits {
		return
	}
	p.limits = l
	p.shared.size = 0 // to begin again at rest
	p.fit(len(p.shared.line), -1)
	p.plain.resize(p.limits.ceiling())
}

// setMaximum bounds the size by n from outside, whatever the configuration and the load say; 0 takes the bound
// back. At least one connection is always allowed.
func (p *pool) setMaximum(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.limits.maximum = max(n, 0)
	p.fit(len(p.shared.line), -1)
	p.plain.resize(p.limits.ceiling())
}

// fit sizes the pool. p.mu is held.
func (p *pool) fit(waiting, peak int) {
	l := load{limits: p.limits, adaptive: p.adaptive == nil || p.adaptive(), size: p.shared.size, waiting: waiting, peak: peak}
	size, why := l.fit()
	if why != "" {
		p.why = why
	}
	p.shared.resize(size)
}

// take waits for a slot and begins a use. The error is the cause of ctx's end, or errClosed.
func (p *pool) take(ctx context.Context, u *use) error {
	u.pool = p
	runtime.Callers(2, u.callers[:])
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if p.gate != nil {
		pass, err := p.gate.Enter()
		u.pass, u.entered, u.plain = pass, err == nil, err != nil
	}
	err := p.slot(ctx, u)
	if errors.Is(err, errCrowded) {
		u.leave(err)
		u.plain = true
		err = p.slot(ctx, u)
	}
	if err != nil {
		u.leave(ctx.Err())
		p.count(func(s *Stats) { s.Failed++ })
		return err
	}
	return nil
}

// slot takes a slot for a use, waiting for it if need be.
func (p *pool) slot(ctx context.Context, u *use) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errClosed
	}
	s := p.slots(u)
	if !s.take() {
		if err := p.wait(ctx, u, s); err != nil {
			return err
		}
	}
	p.peak = max(p.peak, p.shared.taken)
	u.since = time.Now()
	p.held[u] = struct{}{}
	return nil
}

// slots are those that a use needs one of.
func (p *pool) slots(u *use) *slots {
	if u.plain {
		return &p.plain
	}
	return &p.shared
}

// wait waits in line. p.mu is held, but not meanwhile.
func (p *pool) wait(ctx context.Context, u *use, s *slots) error {
	t := s.wait()
	start := time.Now()
	p.counts.Waits++
	defer func() { p.counts.Waited += time.Since(start) }()
	timer := time.NewTimer(brief)
	defer timer.Stop()
	for grown := false; ; {
		p.mu.Unlock()
		var err error
		select {
		case <-t.called:
			p.mu.Lock()
			return nil
		case <-ctx.Done():
			err = context.Cause(ctx)
		case <-p.ended:
			err = errClosed
		case <-timer.C:
			err = errCrowded
		}
		p.mu.Lock()
		crowded := errors.Is(err, errCrowded)
		switch {
		case crowded && !u.plain && !grown:
			grown = true
			p.fit(len(s.line), -1)
			timer.Reset(max(p.patience-brief, 0))
			continue
		case crowded && (u.plain || !u.entered):
			continue // there is nothing else to try
		}
		if !s.leave(t) {
			if crowded {
				return nil
			}
			s.give()
		}
		return err
	}
}

// end ends a use that take has begun. failure is what speaks against pooling, if anything does.
func (u *use) end(failure error) {
	p := u.pool
	p.mu.Lock()
	delete(p.held, u)
	p.slots(u).give()
	p.mu.Unlock()
	u.leave(failure)
}

// leave tells the gate how the use went, once.
func (u *use) leave(failure error) {
	if u.entered {
		u.entered = false
		u.pass.Leave(failure)
	}
}

// count changes what is counted.
func (p *pool) count(change func(*Stats)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.counts)
}

// look sizes the pool by what was asked of it since the last look, and returns the leaks that are new.
func (p *pool) look() []Leak {
	now := time.Now()
	p.mu.Lock()
	var leaked []use
	for u := range p.held {
		if !u.told && now.Sub(u.since) > p.bound {
			u.told = true
			p.counts.Leaks++
			leaked = append(leaked, use{pool: p, since: u.since, callers: u.callers})
		}
	}
	p.fit(len(p.shared.line), p.peak)
	p.peak = p.shared.taken
	p.mu.Unlock()

	var leaks []Leak
	for _, u := range leaked {
		leaks = append(leaks, u.leak(now))
	}
	return leaks
}

// spare is how many connections may rest: those that the uses which are free to begin could take.
func (p *pool) spare() int { return p.unused(func() int { return p.shared.size - p.shared.taken }) }

// kept is how many connections may rest at most, while some that are given back still count as taken.
func (p *pool) kept() int { return p.unused(func() int { return p.shared.size }) }

// room is how many connections may rest that cost little: as many as the pool could grow to use.
func (p *pool) room() int {
	return p.unused(func() int { return p.limits.ceiling() - p.shared.taken })
}

// unused returns a number of connections, 0 while they would not be used again.
func (p *pool) unused(n func() int) int {
	if !p.pooled() {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(0, n())
}

// pooled tells whether the next use would take a connection that rests.
func (p *pool) pooled() bool { return p.gate == nil || p.gate.On() }

// stats returns what was counted and how the pool stands; idle is how many connections rest.
func (p *pool) stats(idle int) Stats {
	pooled := p.pooled()
	now := time.Now()
	p.mu.Lock()
	s := p.counts
	s.Name, s.Pooled, s.Why = p.name, pooled, p.why
	s.Size, s.Ceiling = p.shared.size, p.limits.ceiling()
	s.InUse, s.Waiting = p.shared.taken, len(p.shared.line)
	if !pooled {
		s.Size, s.Why = p.plain.size, "each use opens its own connection"
	}
	s.InUse += p.plain.taken
	s.Waiting += len(p.plain.line)
	s.Idle = idle
	var leaked []use
	for u := range p.held {
		s.Longest = max(s.Longest, now.Sub(u.since))
		if u.told && len(leaked) < suspects {
			leaked = append(leaked, use{pool: p, since: u.since, callers: u.callers})
		}
	}
	p.mu.Unlock()
	for _, u := range leaked {
		s.Suspects = append(s.Suspects, u.leak(now).Place)
	}
	slices.Sort(s.Suspects)
	return s
}

// close sends those away who wait, and all who come later.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.closed = true
		close(p.ended)
	}
}
