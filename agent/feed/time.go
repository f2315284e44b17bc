package feed

import (
	"context"
	"slices"
	"time"
)

// trusted tells whether the time can be believed.
func (r *Refresher) trusted() bool { return r.o.Clock == nil || r.o.Clock.State().Trusted }

// reading is what is known about the time now. r.mu is held.
func (r *Refresher) reading() reading {
	c := reading{now: r.o.Now(), behind: r.behind, known: r.told}
	if r.o.Clock != nil {
		if state := r.o.Clock.State(); !state.Trusted {
			c.words = state.Words
		}
	}
	return c
}

// askable are the sources that can be asked: while the time is not known, none whose server has to prove itself by a certificate,
// which would be judged by a wrong date. r.mu is held.
func (r *Refresher) askable() []*source {
	if !r.timeless {
		return r.sources
	}
	return slices.DeleteFunc(slices.Clone(r.sources), (*source).byCertificate)
}

// watchClock takes in what the clock says, and returns what is closed when that changes. When the time has become another than was
// thought, all sources are due: what was stored of them is older, or younger, than it seemed.
func (r *Refresher) watchClock(ctx context.Context) <-chan struct{} {
	if r.o.Clock == nil {
		return nil
	}
	changed := r.o.Clock.Changed()
	state := r.o.Clock.State()
	known, err := r.o.Store.Sources(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	turned := state.Jumps != r.jumps || state.Trusted && r.timeless
	r.jumps, r.timeless = state.Jumps, !state.Trusted
	if !turned || r.timeless {
		return changed
	}
	if r.unresumed && err == nil { // their servers' wishes, by the right clock
		r.resume(r.sources, known, time.Now())
	}
	r.unresumed = false
	r.told = false // it was told of the time before
	for _, s := range r.sources {
		s.retime()
	}
	r.o.Log.Info("the time is known anew; all calendars are fetched", "now", r.o.Now(), "jumps", state.Jumps)
	return changed
}

// SetPace makes pauses between fetches so many times as long, from now on; less than 1 is 1, and none is longer than a day. What a
// person asks for does not wait for it.
func (r *Refresher) SetPace(factor float64) {
	if !(factor >= 1) { // no number is 1 too
		factor = 1
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if factor == r.pace {
		return
	}
	r.pace = factor
	for _, s := range r.sources {
		s.repace(factor)
	}
	r.rouse()
}

// paced is a pause at the pace that holds.
func (r *Refresher) paced(pause time.Duration) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return paced(pause, r.pace)
}
