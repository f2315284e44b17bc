package page

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"calendarbot/agent/config"

	"github.com/maypok86/otter/v2"
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
type Pipeline struct {
	o       PipelineOptions
	pages   *otter.Cache[key, *kept]
	front   front
	asked   *interests
	bounds  bounds
	sizing  sync.Mutex // one changes the bounds at a time
	gzip    packer
	counts  pipelineCounts
	step    atomic.Uint32 // a Step
	drops   atomic.Uint64 // how often Drop was called: what was drawn before is not found after it
	resting atomic.Bool   // Run has nothing to do until a page is drawn
	wake    chan struct{}
	ready   chan struct{}
	begun   sync.Once
}

// NewPipeline returns a Pipeline that keeps nothing yet.
func NewPipeline(o PipelineOptions) (*Pipeline, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	p := &Pipeline{o: o, asked: newInterests(), wake: make(chan struct{}, 1), ready: make(chan struct{})}
	p.bounds.configure(o.Cache)
	// Without an expiry of its own otter needs no goroutine and no clock: what a page holds for is the program's clock's
	// business, and Run takes out what has ended. Its upkeep is short and runs on the caller, so that bounds hold at once.
	pages, err := otter.New(&otter.Options[key, *kept]{
		MaximumWeight:    uint64(p.bounds.now().bytes),
		Weigher:          func(k key, e *kept) uint32 { return p.bounds.weight(k, e) },
		InitialCapacity:  128, // so that it counts from the start who is asked for how often
		OnAtomicDeletion: p.deleted,
		Executor:         func(fn func()) { fn() },
		Logger:           discard{},
	})
	if err != nil {
		return nil, fmt.Errorf("make the pipeline: %w", err)
	}
	p.pages = pages
	return p, nil
}

// String names the task.
func (p *Pipeline) String() string { return "pipeline" }

// Ready is closed when Run has begun.
func (p *Pipeline) Ready() <-chan struct{} { return p.ready }

// Page answers q: a kept page while its picture holds, else a drawn one. Those who ask the same while it is drawn wait for the
// same drawing; one who leaves does not fail the others. Errors of drawing are *DrawError and are not kept.
func (p *Pipeline) Page(ctx context.Context, q Query) (Page, error) {
	if q.Encoding == gzipped && on(p.o.Compress) {
		return p.packedPage(ctx, q)
	}
	q.Encoding = ""
	k, now := p.key(q), p.o.Now()
	e := p.hit(k, now)
	if e == nil {
		var err error
		if e, err = p.miss(ctx, k); err != nil {
			return Page{}, err
		}
		now = p.o.Now()
	}
	return *e.shown(now), nil
}

// identity finds or draws the page of q without an encoding. What is live is left out.
func (p *Pipeline) identity(ctx context.Context, q Query) (*kept, error) {
	k := p.key(q)
	if e := p.hit(k, p.o.Now()); e != nil {
		return e, nil
	}
	return p.miss(ctx, k)
}

// key is where the page of q is kept now.
func (p *Pipeline) key(q Query) key { return key{q, p.o.Generation(), p.drops.Load()} }

// current tells whether anybody will still ask for k.
func (p *Pipeline) current(k key) bool {
	return k.generation == p.o.Generation() && k.drops == p.drops.Load()
}

// hit returns the kept page that holds at a moment, or nil, and counts it.
func (p *Pipeline) hit(k key, now time.Time) *kept {
	e := p.find(&k)
	if e == nil {
		return nil
	}
	if e = e.at(now); e != nil {
		p.counts.hits.Add(1)
		e.asked.times.Add(1)
	}
	return e
}

// miss draws what is not kept for somebody who asks, and counts it.
func (p *Pipeline) miss(ctx context.Context, k key) (*kept, error) {
	p.asked.of(k.query).times.Add(1)
	e, own, err := p.load(ctx, k, func(ctx context.Context) (*kept, error) { return p.drawn(ctx, k, p.o.Now()) })
	if own {
		p.counts.misses.Add(1)
	} else {
		p.counts.joined.Add(1)
	}
	if p.resting.CompareAndSwap(true, false) {
		select {
		case p.wake <- struct{}{}:
		default:
		}
	}
	return e, err
}

// maxTries is how often a page is looked for that has ended each time when it is found.
const maxTries = 3

// load gets the page that load makes, joined with all who ask for k meanwhile, and keeps it if it is worth it. own says that
// this caller made it. What a caller waited for must still hold; what it made itself is as new as can be.
func (p *Pipeline) load(ctx context.Context, k key, load func(ctx context.Context) (*kept, error)) (e *kept, own bool, err error) {
	loader := otter.LoaderFunc[key, *kept](func(ctx context.Context, _ key) (made *kept, err error) {
		own = true
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("keep page: panic: %v", r)
			}
		}()
		return load(context.WithoutCancel(ctx)) // others may wait for it; Bound ends it
	})
	for range maxTries {
		e, err = p.pages.Get(ctx, k, loader)
		var passed *unkept
		if errors.As(err, &passed) {
			return passed.kept, own, nil
		}
		if err != nil {
			return nil, own, drawErrorIf(ctx.Err() != nil, err)
		}
		if own || e.at(p.o.Now()) != nil {
			break
		}
		p.forget(k, e)
	}
	if held := e.at(p.o.Now()); held != nil {
		e = held
	}
	return e, own, nil
}

// drawErrorIf marks the error of one who stopped waiting for a drawing: it is no fault of the pipeline, and drawing again
// would be no use to somebody who has left.
func drawErrorIf(left bool, err error) error {
	var drawing *DrawError
	if left && !errors.As(err, &drawing) {
		return &DrawError{fmt.Errorf("wait for page: %w", err)}
	}
	return err
}

// forget takes out e, if k is still it.
func (p *Pipeline) forget(k key, e *kept) {
	p.pages.ComputeIfPresent(k, func(held *kept) (*kept, otter.ComputeOp) {
		if held == e {
			return nil, otter.InvalidateOp
		}
		return held, otter.CancelOp
	})
}

// drawn draws the page for k as of a moment. The error is a *DrawError, or an *unkept that has the page.
func (p *Pipeline) drawn(ctx context.Context, k key, at time.Time) (*kept, error) {
	p.counts.drawn.Add(1)
	page, err := p.draw(ctx, k.query, at)
	if err != nil {
		p.counts.failed.Add(1)
		return nil, err
	}
	e := newKept(page, at, p.bounds.now().ttl, k, p.asked.of(k.query))
	if page.Status != 200 || e.until <= e.from || int64(len(page.Body)) > p.bounds.maxEntry.Load() {
		p.counts.uncached.Add(1)
		return nil, loose(e)
	}
	if !p.current(k) {
		return nil, loose(e) // right for those who wait, and out of date for those to come
	}
	return e, nil
}

// draw turns every way in which drawing can go wrong into a *DrawError.
func (p *Pipeline) draw(ctx context.Context, q Query, at time.Time) (page Page, err error) {
	defer func() {
		if r := recover(); r != nil {
			p.o.Log.Error("drawing a page broke off", "panic", r, "stack", string(debug.Stack()))
			err = &DrawError{fmt.Errorf("draw page: panic: %v", r)}
		}
	}()
	page, err = p.o.Draw(ctx, q, at)
	var marked *DrawError
	if err != nil && !errors.As(err, &marked) {
		err = &DrawError{err}
	}
	return page, err
}

// on tells whether a switch is on; nil is.
func on(is func() bool) bool { return is == nil || is() }

// discard is where the library's own log goes: all that it can say is also an error that a caller gets.
type discard struct{}

func (discard) Warn(context.Context, string, error)  {}
func (discard) Error(context.Context, string, error) {}
