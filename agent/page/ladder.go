package page

import (
	"context"
	"log/slog"
	"time"

	"calendarbot/agent/guard"
)

// Rung is a step of the ladder.
type Rung uint8

// The rungs, from the top.
const (
	Optimised Rung = iota // Pipeline
	Plain                 // Direct
	LastGood              // the newest page that was drawn for the query
	Foot                  // the built-in clock page; for programs an answer that says that nothing can be read
)

// DrawError marks an error of drawing, as apart from one of what stands in front of it: the ladder does not draw again.
type DrawError struct{ Err error }

// Error returns the text of what it marks.
func (e *DrawError) Error() string { return e.Err.Error() }

// Unwrap returns what it marks.
func (e *DrawError) Unwrap() error { return e.Err }

// LadderOptions is what NewLadder needs. Log may be nil.
type LadderOptions struct {
	Fast, Plain Func
	Gate        *guard.Gate // before Fast
	Memory      *Memory     // the last good pages
	Zone        func() *time.Location
	Now         func() time.Time
	Log         *slog.Logger
}

// Ladder always answers.
type Ladder struct{}

// NewLadder returns a Ladder.
func NewLadder(o LadderOptions) *Ladder { panic("not yet") }

// Page answers q from the highest rung that can. A panic counts as an error. Only an error of Fast that is not a
// *DrawError steps down to Plain; an error of drawing goes on to the last good page, so that the disk is asked once.
func (l *Ladder) Page(ctx context.Context, q Query) Page { panic("not yet") }

// LadderStats counts answers by rung since the start.
type LadderStats struct{ Optimised, Plain, LastGood, Foot uint64 }

// Stats returns them.
func (l *Ladder) Stats() LadderStats { panic("not yet") }

// Bound draws with at most places others at the same time, and gives up after wait, its turn included.
func Bound(draw Draw, places int, wait time.Duration) Draw { panic("not yet") }

// MemoryOptions is what NewMemory needs. Log may be nil.
type MemoryOptions struct {
	Dir        string // where the pages that a screen shows are kept over a restart; "" for nowhere
	MaxPages   int    // in memory; default 64
	MaxBytes   int    // in memory; default 1 MiB
	Generation func() uint64
	Now        func() time.Time
	Log        *slog.Logger
}

// Memory keeps the last good page of each query, bounded.
type Memory struct{}

// NewMemory returns a Memory that holds what is found in o.Dir.
func NewMemory(o MemoryOptions) *Memory { panic("not yet") }

// Keep returns draw with every good page kept.
func (m *Memory) Keep(draw Draw) Draw { panic("not yet") }

// Last returns the last good page for q.
func (m *Memory) Last(q Query) (Page, bool) { panic("not yet") }

// Run saves to the directory what changed, seldom enough for an SD card, and at the end.
func (m *Memory) Run(ctx context.Context) error { panic("not yet") }

// Ready is closed when Run has begun.
func (m *Memory) Ready() <-chan struct{} { panic("not yet") }

// String names the task.
func (m *Memory) String() string { return "last good pages" }
