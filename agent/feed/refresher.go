package feed

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"calendarbot/agent/clock"
	"calendarbot/agent/config"
	"calendarbot/agent/conn"
	"calendarbot/agent/ics"
	"calendarbot/agent/store"
)

const (
	beatEvery = 10 * time.Second // how often the loop goes round when nothing is due
	maxCause  = 400              // bytes of the technical side of a failure in the log
)

// Refresher fetches every source again and again; a failure never ends it. Its methods may be
// called from any goroutine.
type Refresher struct {
	o     Options
	fetch func(ctx context.Context, q request, open func() (func(ics.Component) error, error)) (answer, error)
	ready chan struct{}
	once  sync.Once
	wake  chan struct{}
	beat  atomic.Pointer[time.Time]
	feeds atomic.Pointer[config.Feeds]

	edit sync.Mutex // held while the list of sources is changed, store and all; taken before mu

	mu         sync.Mutex
	configured bool
	sources    []*source
	asked      map[string]time.Time // when each host was last asked
	behind     time.Duration        // how far the program's clock is behind the servers'
	told       bool                 // whether a server told
	recovered  string               // what the store said of itself when it was last asked
	pace       float64              // pauses are so many times as long
	timeless   bool                 // the clock is not trusted, as the loop knows
	jumps      uint64               // of the clock, as the loop knows
	unresumed  bool                 // pauses from before the start are not taken up, because it was not trusted then
}

// Clock tells whether the time can be believed, and when that changes.
type Clock interface {
	State() clock.State
	Changed() <-chan struct{}
}

// Options of New.
type Options struct {
	HTTP  *conn.HTTP
	Store *store.Store
	Zone  *time.Location
	Feeds config.Feeds
	Now   func() time.Time // the program's clock, for what is recorded; waiting uses real time
	Clock Clock            // nil: always to be believed
	Log   *slog.Logger
}

// New returns a Refresher without sources.
func New(o Options) *Refresher {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Zone == nil {
		o.Zone = time.Local
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	r := &Refresher{
		o: o,
		fetch: func(ctx context.Context, q request, open func() (func(ics.Component) error, error)) (answer, error) {
			return q.fetch(ctx, open)
		},
		ready:     make(chan struct{}),
		wake:      make(chan struct{}, 1),
		asked:     make(map[string]time.Time),
		recovered: o.Store.Recovered(),
		pace:      1,
	}
	if o.Clock != nil {
		state := o.Clock.State()
		r.jumps, r.timeless = state.Jumps, !state.Trusted
	}
	r.feeds.Store(&o.Feeds)
	return r
}

// SetFeeds changes how sources are fetched, from the next fetch on. A source that waits for nothing but the configured
// pause waits for the new one.
func (r *Refresher) SetFeeds(feeds config.Feeds) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := *r.feeds.Swap(&feeds)
	for _, s := range r.sources {
		if s.base > 0 && s.base == s.pause(before) {
			s.plan(s.pause(feeds), r.pace)
		}
	}
	r.rouse()
}

// Run fetches until ctx ends. One goroutine fetches, one feed at a time.
func (r *Refresher) Run(ctx context.Context) error {
	r.mu.Lock()
	configured := r.configured
	r.mu.Unlock()
	if !configured {
		if err := r.reload(ctx); err != nil {
			return err
		}
	}
	r.once.Do(func() { close(r.ready) })
	turned := r.watchClock(ctx)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		now := time.Now()
		r.beat.Store(&now)
		due, wait := r.next(now)
		if due != nil && wait == 0 {
			r.refresh(ctx, due)
			if ctx.Err() != nil {
				return nil
			}
			continue
		}
		if due == nil || wait > beatEvery {
			wait = beatEvery
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return nil
		case <-r.wake:
		case <-timer.C:
		case <-turned:
			turned = r.watchClock(ctx)
		}
	}
}

// Ready is closed when Run has read the list of sources; it does not wait for the network.
func (r *Refresher) Ready() <-chan struct{} { return r.ready }

// String names the task.
func (r *Refresher) String() string { return "refresher" }

// Beat returns when the loop last went round (real time), for health; zero before Run. While all
// is well it is never older than Feeds.Timeout and a minute.
func (r *Refresher) Beat() time.Time {
	if at := r.beat.Load(); at != nil {
		return *at
	}
	return time.Time{}
}

// Refresh makes a source due now ("" for all), or as soon as its server wants to be asked again and
// some seconds have passed since the last try; it does not wait. False: no such source, or it is
// switched off.
func (r *Refresher) Refresh(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	found := id == ""
	for _, s := range r.sources {
		if id == "" || s.ID == id && !s.Disabled {
			s.hurry()
			s.again, found = true, true
		}
	}
	r.rouse()
	return found
}

// rouse lets the loop look at the sources again.
func (r *Refresher) rouse() {
	select {
	case r.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// next is the source to fetch first. Once the database had to be started anew, all sources
// are due whose servers don't want to be left alone.
func (r *Refresher) next(now time.Time) (*source, time.Duration) {
	words := r.o.Store.Recovered()
	r.mu.Lock()
	defer r.mu.Unlock()
	if words != r.recovered {
		r.recovered = words
		for _, s := range r.sources {
			s.due, s.base = s.held, 0
		}
	}
	return next(r.askable(), r.asked, now)
}

// refresh fetches one source once and records how it went.
func (r *Refresher) refresh(ctx context.Context, s *source) {
	r.mu.Lock()
	s.again = false
	job := *s
	c := r.reading()
	recovered := r.recovered
	r.mu.Unlock()
	feeds := *r.feeds.Load()

	a, draft, err := r.get(ctx, job, feeds)
	c = c.with(a)
	var out outcome
	if err == nil {
		out = judge(job, feeds, a, draft)
		if out.failure == nil {
			err = r.keep(ctx, job, a, draft, r.paced(out.pause))
		}
	}
	if ctx.Err() != nil {
		return
	}
	switch {
	case err == nil:
	case errors.Is(err, store.ErrUnknown), errors.Is(err, store.ErrSuperseded):
		// The source was changed meanwhile, and its new self stands in the list.
		out = outcome{pause: minPause}
	case conn.IsCorrupt(err) && r.o.Store.Recovered() != recovered:
		out = outcome{pause: minPause} // a new database was started: next makes all sources due
	case c.words != "" && aboutTime(err):
		out = outcome{pause: minPause, failures: job.failures, empty: job.empty, own: job.own} // says nothing of the source
	default:
		out = lost(job, feeds, a, explain(job.Source, err, c), rand.Float64())
	}
	if out.failure != nil {
		r.report(ctx, job, out)
	}
	if ctx.Err() == nil {
		r.finish(s, out, c)
	}
}

// get asks for the feed and collects its events in a draft, which is nil when the server sent none.
func (r *Refresher) get(ctx context.Context, job source, feeds config.Feeds) (answer, *store.Draft, error) {
	q := request{http: r.o.HTTP, src: job.Source, feeds: feeds, zone: r.o.Zone, timeless: !r.trusted()}
	if r.holdsEvents(ctx, job.ID) {
		v, err := r.o.Store.Validators(ctx, job.ID)
		if err != nil {
			return answer{}, nil, inStore(err)
		}
		q.validators = v
	}
	var draft *store.Draft
	a, err := r.fetch(ctx, q, func() (func(ics.Component) error, error) {
		var err error
		if draft, err = r.o.Store.Draft(ctx, job.ID); err != nil {
			return nil, inStore(err)
		}
		return func(c ics.Component) error { return inStore(draft.Keep(c)) }, nil
	})
	return a, draft, err
}

// holdsEvents tells whether there is something that "not modified" could be about.
func (r *Refresher) holdsEvents(ctx context.Context, id string) bool {
	sources, err := r.o.Store.Sources(ctx)
	if err != nil {
		return false // asking for the whole feed is always right
	}
	for _, s := range sources {
		if s.ID == id {
			return s.Events > 0
		}
	}
	return false
}

// inStore marks an error of the store, but for those that are about the source.
func inStore(err error) error {
	if err == nil || errors.Is(err, store.ErrUnknown) || errors.Is(err, store.ErrSuperseded) {
		return err
	}
	return &storeError{err}
}

// keep makes what came the source's events, or notes that nothing has changed.
func (r *Refresher) keep(ctx context.Context, job source, a answer, draft *store.Draft, pause time.Duration) error {
	at := r.o.Now().Add(pause)
	if a.unchanged {
		if err := r.o.Store.Unchanged(ctx, job.ID, at); err != nil {
			if errors.Is(err, store.ErrUnknown) || conn.IsCorrupt(err) {
				return inStore(err)
			}
			// The success is known all the same; only a restart would forget it.
			r.o.Log.Warn("save the state of a calendar", "source", job.ID, "error", err)
		}
		return nil
	}
	changed, err := draft.Commit(ctx, a.report, a.validators, at)
	if err != nil {
		return inStore(err)
	}
	if changed {
		r.o.Log.Info("calendar changed", "source", job.ID, "events", a.report.Events, "skipped", a.report.Skipped, "bytes", a.report.Bytes)
	}
	return nil
}

// report records a failure; the last good events stay.
func (r *Refresher) report(ctx context.Context, job source, out outcome) {
	f, wait := out.failure, r.paced(out.pause)
	r.o.Log.Warn("calendar not refreshed", "source", job.ID, "address", job.URL, "code", f.Code, "words", f.Words,
		"cause", cause(f), "failures", out.failures, "next", wait.Round(time.Second).String())
	err := r.o.Store.Failed(ctx, job.ID, f.Code, f.Words, r.o.Now().Add(wait))
	if err != nil && ctx.Err() == nil && !errors.Is(err, store.ErrUnknown) {
		r.o.Log.Warn("save the failure of a calendar", "source", job.ID, "error", err)
	}
}

// cause is the technical side of a failure, for the log.
func cause(f *Failure) string {
	if f.Err == nil {
		return ""
	}
	text := f.Err.Error()
	return text[:min(len(text), maxCause)]
}

// finish puts the source back in line.
func (r *Refresher) finish(s *source, out outcome, c reading) {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.behind, r.told = c.behind, c.known
	r.asked[s.host] = now
	s.tried, s.fetched, s.failures, s.empty, s.own = true, true, out.failures, out.empty, out.own
	s.last, s.held = now, now.Add(out.held)
	s.plan(out.pause, r.pace)
	if s.again {
		s.hurry()
	}
}
