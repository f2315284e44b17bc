package page

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"calendarbot/agent/calendar"
	"calendarbot/agent/config"
	"calendarbot/agent/store"
)

// BatchOptions is what NewBatch needs. On may be nil, which is on.
type BatchOptions struct {
	On     func() bool // request_batching
	Limits config.Batch
}

// Batch gathers questions to the store: the first goes at once; those that come while it runs, and
// whose spans overlap, are asked as one.
type Batch struct {
	reader                 Reader
	on                     func() bool
	asked, shared, queries atomic.Uint64

	mu      sync.Mutex
	limits  config.Batch
	running int         // queries under way
	waiting []*question // gathered while one runs
	patient *time.Timer // ends the gathering, while there are any
}

// NewBatch returns a Batch before a Reader.
func NewBatch(r Reader, o BatchOptions) *Batch {
	return &Batch{reader: r, on: o.On, limits: o.Limits}
}

// question is somebody who waits.
type question struct {
	span  calendar.Span
	group *group        // set when the question is asked
	done  chan struct{} // closed when the answer is there
	snap  store.Snapshot
	err   error
	alone bool // nobody else asked with it
	left  bool // whoever asked no longer waits; the Batch's mu is held
}

// Between reads at least what a page for the span needs.
func (b *Batch) Between(ctx context.Context, span calendar.Span) (store.Snapshot, error) {
	b.asked.Add(1)
	if !on(b.on) {
		b.queries.Add(1)
		return b.reader.Between(ctx, span)
	}
	q := b.gather(span)
	if q == nil {
		b.queries.Add(1)
		defer b.ended()
		return b.reader.Between(ctx, span)
	}
	select {
	case <-q.done:
	case <-ctx.Done():
		b.leave(q)
		return store.Snapshot{}, ctx.Err()
	}
	switch {
	case q.err != nil || q.alone:
		return q.snap, q.err
	case q.snap.Unreadable > 0: // how many of them lie in this span only the store can tell
		b.queries.Add(1)
		return b.reader.Between(ctx, span)
	}
	return narrow(q.snap, span), nil
}

// gather adds a question to those that wait. It returns nil, and counts a query as running, when none does: then the
// question goes at once.
func (b *Batch) gather(span calendar.Span) *question {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.running == 0 {
		b.running++
		return nil
	}
	q := &question{span: span, done: make(chan struct{})}
	b.waiting = append(b.waiting, q)
	if len(b.waiting) == 1 {
		b.patient = time.AfterFunc(b.limits.Window, b.outOfPatience)
	}
	if len(b.waiting) >= b.limits.Size {
		b.ask()
	}
	return q
}

// outOfPatience asks what has waited for the whole window.
func (b *Batch) outOfPatience() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ask()
}

// ended tells that a query has: those that came meanwhile are asked.
func (b *Batch) ended() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.running--
	b.ask()
}

// ask starts a query for each group of those that wait. b.mu is held.
func (b *Batch) ask() {
	if len(b.waiting) == 0 {
		return
	}
	b.patient.Stop()
	for _, g := range groups(b.waiting) {
		ctx, cancel := context.WithCancel(context.Background())
		g.cancel = cancel
		b.running++
		b.queries.Add(1)
		go b.query(ctx, g)
	}
	b.waiting = nil
}

// query asks for a group and answers all in it.
func (b *Batch) query(ctx context.Context, g *group) {
	defer b.ended()
	defer g.cancel()
	snap, err := readSpan(ctx, b.reader, g.span)
	b.shared.Add(uint64(len(g.questions) - 1))
	for _, q := range g.questions {
		q.snap, q.err, q.alone = snap, err, len(g.questions) == 1
		close(q.done)
	}
}

// leave tells that nobody waits for q any more. A query that nobody waits for is broken off.
func (b *Batch) leave(q *question) {
	b.mu.Lock()
	defer b.mu.Unlock()
	q.left = true
	if q.group != nil && q.group.deserted() {
		q.group.cancel()
	}
}

// Configure changes the limits.
func (b *Batch) Configure(c config.Batch) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.limits = c
}

// BatchStats counts since the start: questions, those answered by another's query, and queries.
type BatchStats struct{ Asked, Shared, Queries uint64 }

// Stats returns them.
func (b *Batch) Stats() BatchStats {
	return BatchStats{Asked: b.asked.Load(), Shared: b.shared.Load(), Queries: b.queries.Load()}
}
