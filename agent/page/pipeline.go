package page

import (
	"context"
	"log/slog"
	"time"

	"calendarbot/agent/calendar"
	"calendarbot/agent/config"
	"calendarbot/agent/store"
)

// PipelineOptions is what NewPipeline needs. The switches and Log may be nil; a nil switch is on.
type PipelineOptions struct {
	Draw       Draw
	Generation func() uint64 // of everything that pages are made from; a change makes every kept page useless
	Now        func() time.Time
	Cache      config.Cache
	Warm       func() bool // cache_warming
	Adapt      func() bool // adaptive_sizing
	Compress   func() bool // http_compression
	Log        *slog.Logger
}

// Pipeline keeps finished pages. Its methods may be called from any goroutine.
type Pipeline struct{}

// NewPipeline returns a Pipeline that keeps nothing yet.
func NewPipeline(o PipelineOptions) (*Pipeline, error) { panic("not yet") }

// Page answers q: a kept page while its picture holds, else a drawn one. Those who ask the same while it is drawn wait for the
// same drawing; one who leaves does not fail the others. Errors of drawing are *DrawError and are not kept.
func (p *Pipeline) Page(ctx context.Context, q Query) (Page, error) { panic("not yet") }

// Run warms what is asked often, gives up what is of no use any more, and adapts the size, until ctx ends.
func (p *Pipeline) Run(ctx context.Context) error { panic("not yet") }

// Ready is closed when Run has begun.
func (p *Pipeline) Ready() <-chan struct{} { panic("not yet") }

// String names the task.
func (p *Pipeline) String() string { return "pipeline" }

// Configure changes the bounds; pages beyond them go at once.
func (p *Pipeline) Configure(c config.Cache) { panic("not yet") }

// Step is how much a Pipeline gives up under pressure.
type Step uint8

// The steps, at 70, 85 and 95 % of a budget.
const (
	NoStep Step = iota
	DropOldest
	DropHalf
	DropAll
)

// StepAt returns the step for used bytes of a budget.
func StepAt(used, budget int64) Step { panic("not yet") }

// Ease gives up kept pages and returns how many. Until the next Ease with NoStep nothing is warmed and the size does not grow.
func (p *Pipeline) Ease(s Step) int { panic("not yet") }

// Drop gives up every kept page and returns how many.
func (p *Pipeline) Drop() int { panic("not yet") }

// PipelineStats is what a Pipeline has counted since the start, and how it stands.
type PipelineStats struct {
	Hits, Misses, Joined uint64 // of Page; a joined one is neither
	Drawn, Failed        uint64 // drawings, and those that ended in an error
	Uncached             uint64 // pages that are not kept: too large, or no success
	Evicted, Warmed      uint64
	Compressed           uint64
	Entries              int
	Bytes, MaxBytes      int64
	MaxEntries           int
	TTL                  time.Duration
	Why                  string // why size and TTL are not the configured ones; "" when they are
	Step                 Step
}

// Stats returns them.
func (p *Pipeline) Stats() PipelineStats { panic("not yet") }

// BatchOptions is what NewBatch needs. On may be nil, which is on.
type BatchOptions struct {
	On     func() bool // request_batching
	Limits config.Batch
}

// Batch gathers questions to the store: the first goes at once; those that come while it runs, and
// whose spans overlap, are asked as one.
type Batch struct{}

// NewBatch returns a Batch before a Reader.
func NewBatch(r Reader, o BatchOptions) *Batch { panic("not yet") }

// Between reads at least what a page for the span needs.
func (b *Batch) Between(ctx context.Context, span calendar.Span) (store.Snapshot, error) {
	panic("not yet")
}

// Configure changes the limits.
func (b *Batch) Configure(c config.Batch) { panic("not yet") }

// BatchStats counts since the start: questions, those answered by another's query, and queries.
type BatchStats struct{ Asked, Shared, Queries uint64 }

// Stats returns them.
func (b *Batch) Stats() BatchStats { panic("not yet") }
