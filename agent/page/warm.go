package page

import (
	"context"
	"time"

	"github.com/maypok86/otter/v2"
)

const (
	lookInterval = time.Second     // between looks at what changes, while somebody asks again and again
	slowInterval = time.Minute     // the same while pages are kept that nobody asks for again
	aheadTime    = 2 * time.Second // before the picture changes, the next one is drawn
)

// Run warms what is asked often, gives up what is of no use any more, and adapts the size, until ctx ends. While nothing is
// kept and nobody asks it sleeps without a timer.
func (p *Pipeline) Run(ctx context.Context) error {
	p.begun.Do(func() { close(p.ready) })
	w := warmer{Pipeline: p, seen: p.key(Query{}), first: []Query{{Kind: Next}, {Kind: WhatsNext}}, aged: time.Now()}
	w.hits, w.pushed = p.counts.hits.Load(), p.counts.pushed.Load()
	w.warm(ctx)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		pause := w.pause()
		if pause > 0 {
			timer.Reset(pause)
		} else {
			timer.Stop()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		case <-p.wake:
		}
		w.look(ctx)
	}
}

// warmer is what Run knows from look to look.
type warmer struct {
	*Pipeline
	seen         key       // of the empty query: another one says that what is kept is of no use
	first        []Query   // what is likely to be asked first; none when the start is over
	aged         time.Time // when interests aged last, by real time: the program's clock may stand still
	hits, pushed uint64    // of the counts, then
}

// pause is how long until the next look; 0 when there is nothing to look at until a page is drawn.
func (w *warmer) pause() time.Duration {
	if len(w.wanted())+len(w.first) > 0 {
		return lookInterval
	}
	w.resting.Store(true)
	if w.pages.EstimatedSize() == 0 && w.asked.none() {
		w.resize(w.bounds.reset)
		return 0
	}
	w.resting.Store(false)
	return slowInterval
}

// wanted is what is drawn ahead: what was asked lately, or nothing when warming is off or memory is short.
func (w *warmer) wanted() []Query {
	if !on(w.o.Warm) || Step(w.step.Load()) != NoStep {
		return nil
	}
	return w.asked.lately()
}

// look does what has become due.
func (w *warmer) look(ctx context.Context) {
	if k := w.key(Query{}); k != w.seen {
		w.seen = k
		w.sweep()
		w.warm(ctx)
	} else {
		w.each(ctx, w.wanted(), w.ahead)
	}
	if now := time.Now(); now.Sub(w.aged) >= adaptInterval {
		w.aged, w.first = now, nil
		w.asked.age()
		w.sweep()
		w.judge()
	}
}

// judge adapts the size to what happened since it was last judged.
func (w *warmer) judge() {
	hits, pushed := w.counts.hits.Load(), w.counts.pushed.Load()
	_, used := w.used()
	past := window{hits: hits - w.hits, evicted: pushed - w.pushed, used: used}
	w.hits, w.pushed = hits, pushed
	w.resize(func() size {
		if !on(w.o.Adapt) || Step(w.step.Load()) != NoStep {
			return w.bounds.reset()
		}
		return w.bounds.adapt(past)
	})
}

// warm draws those pages that are likely to be asked for and not kept, unless warming is off or memory is short.
func (w *warmer) warm(ctx context.Context) { w.each(ctx, append(w.wanted(), w.first...), w.fresh) }

// each draws for one query after the other. It waits as long as a drawing took before the next, so that warming takes at most half
// of one core, and stops when warming is no longer wanted. draw tells whether it had something to do.
func (w *warmer) each(ctx context.Context, queries []Query, draw func(ctx context.Context, q Query) (bool, error)) {
	for _, q := range queries {
		if ctx.Err() != nil || !on(w.o.Warm) || Step(w.step.Load()) != NoStep {
			return
		}
		began := time.Now()
		did, err := draw(ctx, q)
		switch {
		case !did:
			continue
		case err != nil:
			w.o.Log.Debug("a page could not be drawn ahead", "error", err)
		default:
			w.counts.warmed.Add(1)
		}
		select {
		case <-ctx.Done():
		case <-time.After(min(time.Since(began), lookInterval)):
		}
	}
}

// fresh draws the page of q, if none is kept that holds.
func (w *warmer) fresh(ctx context.Context, q Query) (bool, error) {
	k := w.key(q)
	if e, ok := w.pages.GetEntryQuietly(k); ok && e.Value.at(w.o.Now()) != nil {
		return false, nil
	}
	plain := k
	plain.query.Encoding = ""
	e, did, err := w.load(ctx, plain, func(ctx context.Context) (*kept, error) { return w.drawn(ctx, plain, w.o.Now()) })
	if err == nil && k != plain && packable(e) {
		_, did, err = w.load(ctx, k, func(context.Context) (*kept, error) { return w.packed(k, e) })
	}
	return did, err
}

// ahead draws the picture that follows the one that is kept for q, when that ends soon.
func (w *warmer) ahead(ctx context.Context, q Query) (bool, error) {
	k := w.key(q)
	held, e := w.ending(k)
	if e == nil {
		return false, nil
	}
	next, err := w.following(ctx, k, time.Unix(0, e.until).In(w.o.Now().Location()))
	if next == nil {
		return err != nil, err
	}
	w.pages.ComputeIfPresent(k, func(found *kept) (*kept, otter.ComputeOp) {
		if found != held {
			return found, otter.CancelOp // another took its place meanwhile
		}
		return e.followedBy(next), otter.WriteOp
	})
	return true, nil
}

// ending returns what is kept under k and the picture in it that holds now, when that ends soon and none follows it.
func (w *warmer) ending(k key) (held, e *kept) {
	found, ok := w.pages.GetEntryQuietly(k)
	if !ok {
		return nil, nil
	}
	now := w.o.Now()
	e = found.Value.at(now)
	if e == nil || e.next != nil || e.until-now.UnixNano() > int64(aheadTime) {
		return nil, nil
	}
	return found.Value, e
}

// following makes the picture for k as of a moment to come; nil when there is none to be had.
func (w *warmer) following(ctx context.Context, k key, at time.Time) (*kept, error) {
	if k.query.Encoding == "" {
		return w.drawn(ctx, k, at)
	}
	plain := k
	plain.query.Encoding = ""
	if _, err := w.ahead(ctx, plain.query); err != nil {
		return nil, err
	}
	found, ok := w.pages.GetEntryQuietly(plain)
	if !ok {
		return nil, nil
	}
	next := found.Value.at(at)
	if next == nil || !packable(next) {
		return nil, nil
	}
	return w.packed(k, next)
}
