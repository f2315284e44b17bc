package feed

import (
	"context"
	"fmt"
	"slices"
	"time"

	"calendarbot/agent/config"
	"calendarbot/agent/ics"
	"calendarbot/agent/store"
)

// Configure sets the operator's sources and reads the others from the store. Those that are new or
// are fetched differently are due now. The first time, the others go on with the pause that the
// store remembers.
func (r *Refresher) Configure(ctx context.Context, sources []config.Source) error {
	r.edit.Lock()
	defer r.edit.Unlock()
	if err := r.o.Store.SetConfigured(ctx, sources); err != nil {
		return fmt.Errorf("set the sources: %w", err)
	}
	list := make([]*source, 0, len(sources))
	for _, src := range sources {
		list = append(list, newSource(src, false))
	}
	return r.load(ctx, list)
}

// reload reads the sources that people added anew; the operator's stay.
func (r *Refresher) reload(ctx context.Context) error {
	r.mu.Lock()
	var list []*source
	for _, s := range r.sources {
		if !s.web {
			list = append(list, s)
		}
	}
	r.mu.Unlock()
	return r.load(ctx, list)
}

// load completes the list with the sources that people added, and makes it the refresher's. What is
// remembered of a source that is fetched as before is kept.
func (r *Refresher) load(ctx context.Context, list []*source) error {
	added, err := r.o.Store.WebSources(ctx)
	if err != nil {
		return fmt.Errorf("read the sources: %w", err)
	}
	for _, src := range added {
		list = append(list, newSource(src, true))
	}
	known, err := r.o.Store.Sources(ctx)
	if err != nil {
		return fmt.Errorf("read the sources: %w", err)
	}
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.configured && r.recovered == "" {
		if r.unresumed = r.timeless; !r.unresumed {
			r.resume(list, known, now)
		}
	}
	asked := make(map[string]time.Time)
	for i, s := range list {
		old := find(r.sources, s.ID)
		if old != nil && sameFeed(old.Source, s.Source) && old.Refresh == s.Refresh && old.Disabled == s.Disabled {
			old.Source, old.web = s.Source, s.web
			list[i] = old
		}
		if at, ok := r.asked[s.host]; ok {
			asked[s.host] = at
		}
	}
	crowded(list)
	r.sources, r.asked, r.configured = list, asked, true
	r.rouse()
	return nil
}

// resume takes up the pauses that the sources were in when the program ended. r.mu is held.
func (r *Refresher) resume(list []*source, known []store.Source, now time.Time) {
	for _, s := range list {
		if i := slices.IndexFunc(known, func(k store.Source) bool { return k.ID == s.ID }); i >= 0 && !s.fetched {
			s.resume(known[i], *r.feeds.Load(), r.o.Now(), now)
		}
	}
}

func find(sources []*source, id string) *source {
	if i := slices.IndexFunc(sources, func(s *source) bool { return s.ID == id }); i >= 0 {
		return sources[i]
	}
	return nil
}

// Add adds a source by a person's word after a trial fetch that must succeed, unless it is
// switched off. The error is a *Failure, that of ctx, or that of the store.
func (r *Refresher) Add(ctx context.Context, src config.Source) (store.Source, error) {
	src, err := config.Complete(src, r.others(""))
	if err != nil {
		return store.Source{}, invalid(err)
	}
	if err := r.try(ctx, src); err != nil {
		return store.Source{}, err
	}
	r.edit.Lock()
	defer r.edit.Unlock()
	// Somebody may have added one under the same id meanwhile.
	if src, err = config.Complete(src, r.others("")); err != nil {
		return store.Source{}, invalid(err)
	}
	return r.put(ctx, src)
}

// Edit replaces a source that a person added, after a trial fetch when it is to be fetched
// differently. The error may also be ErrUnknown or ErrConfigured.
func (r *Refresher) Edit(ctx context.Context, id string, src config.Source) (store.Source, error) {
	r.mu.Lock()
	old := find(r.sources, id)
	web, was := false, config.Source{}
	if old != nil {
		web, was = old.web, old.Source
	}
	r.mu.Unlock()
	switch {
	case old == nil:
		return store.Source{}, ErrUnknown
	case !web:
		return store.Source{}, ErrConfigured
	}
	src.ID = id
	src, err := config.Complete(src, r.others(id))
	if err != nil {
		return store.Source{}, invalid(err)
	}
	if !sameFeed(was, src) || was.Disabled && !src.Disabled {
		if err := r.try(ctx, src); err != nil {
			return store.Source{}, err
		}
	}
	r.edit.Lock()
	defer r.edit.Unlock()
	r.mu.Lock()
	gone := find(r.sources, id) == nil
	r.mu.Unlock()
	if gone {
		return store.Source{}, ErrUnknown
	}
	return r.put(ctx, src)
}

// Delete removes a source that a person added, with its events. The error may be ErrUnknown or
// ErrConfigured.
func (r *Refresher) Delete(ctx context.Context, id string) error {
	r.edit.Lock()
	defer r.edit.Unlock()
	if err := r.o.Store.DeleteWebSource(ctx, id); err != nil {
		return err
	}
	return r.reload(ctx)
}

// others lists the sources but the one with the id.
func (r *Refresher) others(id string) []config.Source {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []config.Source
	for _, s := range r.sources {
		if s.ID != id {
			list = append(list, s.Source)
		}
	}
	return list
}

// try is the trial fetch of a source that is switched on.
func (r *Refresher) try(ctx context.Context, src config.Source) error {
	if src.Disabled {
		return nil
	}
	r.mu.Lock()
	c := r.reading()
	r.mu.Unlock()
	_, err := trial(ctx, request{http: r.o.HTTP, src: src, feeds: *r.feeds.Load(), zone: r.o.Zone, timeless: c.words != ""}, c, func(ics.Component) error { return nil })
	return err
}

// put stores a source and lets the loop fetch it.
func (r *Refresher) put(ctx context.Context, src config.Source) (store.Source, error) {
	if err := r.o.Store.PutWebSource(ctx, src); err != nil {
		return store.Source{}, err
	}
	if err := r.reload(ctx); err != nil {
		return store.Source{}, err
	}
	all, err := r.o.Store.Sources(ctx)
	if err != nil {
		return store.Source{}, err
	}
	if i := slices.IndexFunc(all, func(s store.Source) bool { return s.ID == src.ID }); i >= 0 {
		return all[i], nil
	}
	return store.Source{}, ErrUnknown
}

// invalid is the failure of a source that can't be fetched as it is written.
func invalid(err error) *Failure {
	return &Failure{Code: "invalid", Words: err.Error(), Err: err}
}
