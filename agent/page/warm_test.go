package page

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"calendarbot/agent/config"
)

// running is a Pipeline that runs in a bubble of fake time.
type running struct {
	*easel
	mu   sync.Mutex
	seen []Query // what was drawn
	stop context.CancelFunc
	done chan error
}

// run starts a Pipeline whose first two drawings are those after the start.
func run(t *testing.T, change func(*PipelineOptions)) *running {
	t.Helper()
	r := &running{done: make(chan error, 1)}
	r.easel = newEasel(t, func(o *PipelineOptions) {
		o.Now = time.Now
		if change != nil {
			change(o)
		}
		draw := o.Draw
		o.Draw = func(ctx context.Context, q Query, at time.Time) (Page, error) {
			r.mu.Lock()
			r.seen = append(r.seen, q)
			r.mu.Unlock()
			return draw(ctx, q, at)
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	r.stop = cancel
	go func() { r.done <- r.Run(ctx) }()
	<-r.Ready()
	synctest.Wait()
	return r
}

func (r *running) end(t *testing.T) {
	t.Helper()
	r.stop()
	if err := <-r.done; err != nil {
		t.Error(err)
	}
}

// drawn returns what was drawn since the last call.
func (r *running) since() []Query {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := r.seen
	r.seen = nil
	return seen
}

func (r *running) ask(t *testing.T, q Query, times int) {
	t.Helper()
	for range times {
		r.get(t, q)
	}
}

func TestWarmAfterStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, nil)
		defer r.end(t)
		if got := r.since(); !slices.Equal(got, []Query{{Kind: Next}, {Kind: WhatsNext}}) {
			t.Errorf("drawn: %v", got)
		}
		r.get(t, Query{Kind: Next})
		r.get(t, Query{Kind: WhatsNext})
		if s := r.Stats(); s.Warmed != 2 || s.Hits != 2 || s.Misses != 0 {
			t.Errorf("stats %+v", s)
		}
		pass(10 * time.Second)
		r.generation.Add(1) // the first refresh brings events
		pass(lookInterval + time.Millisecond)
		if got := r.since(); !slices.Equal(got, []Query{{Kind: Next}, {Kind: WhatsNext}}) {
			t.Errorf("drawn after the first refresh: %v", got)
		}
		pass(2 * slowInterval)
		r.generation.Add(1)
		pass(2 * slowInterval)
		if got := r.since(); len(got) != 0 {
			t.Errorf("drawn later, when nobody asks: %v", got)
		}
		if r.String() != "pipeline" {
			t.Error(r.String())
		}
	})
}

func TestWarmAfterAChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, nil)
		defer r.end(t)
		r.ask(t, Query{Kind: Agenda}, 2)
		r.ask(t, Query{Kind: WhatsNext}, 3)
		r.ask(t, Query{Kind: Events, Search: "once"}, 1)
		pass(slowInterval + time.Second) // it sees that somebody asks again and again
		r.since()
		r.generation.Add(1)
		pass(lookInterval + time.Millisecond)
		if got := r.since(); !slices.Equal(got, []Query{{Kind: WhatsNext}, {Kind: Agenda}}) {
			t.Errorf("drawn after the change: %v", got)
		}
		if n := r.Stats().Entries; n != 2 {
			t.Errorf("%d pages are kept, want those of this generation", n)
		}
		before := r.Stats()
		r.ask(t, Query{Kind: Agenda}, 1)
		r.ask(t, Query{Kind: WhatsNext}, 1)
		if s := r.Stats(); s.Misses != before.Misses || s.Hits != before.Hits+2 {
			t.Errorf("after warming somebody had to wait: %+v", s)
		}
	})
}

func TestWarmAfterDropAndConfigure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, nil)
		defer r.end(t)
		r.ask(t, Query{Kind: Agenda}, 2)
		pass(slowInterval + time.Second)
		for _, change := range []func(){func() { r.Drop() }, func() { r.Configure(config.Default().Cache) }} {
			r.since()
			change()
			pass(lookInterval + time.Millisecond)
			if got := r.since(); !slices.Equal(got, []Query{{Kind: Agenda}}) {
				t.Errorf("drawn: %v", got)
			}
		}
	})
}

// TestWarmBeforeThePictureChanges: a screen that asks every ten seconds never waits for a drawing, over hours of pictures that change by the minute.
func TestWarmBeforeThePictureChanges(t *testing.T) {
	for _, encoding := range []string{"", "gzip"} {
		t.Run("encoding "+encoding, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := run(t, nil)
				defer r.end(t)
				r.painter(func(ctx context.Context, q Query, at time.Time) (Page, error) {
					p, err := painted(ctx, q, at)
					p.Body = append(p.Body, strings.Repeat(" ", 2000)...)
					return p, err
				})
				q := Query{Kind: Agenda, Encoding: encoding}
				r.ask(t, q, 2)
				pass(2 * slowInterval)
				r.ask(t, q, 1)
				before := r.Stats()
				const asks = 2 * 60 * 6
				for range asks {
					pass(10 * time.Second)
					p := r.get(t, q)
					body := p.Body
					if encoding != "" {
						body = unpacked(t, body)
					}
					if minute := time.Now().UTC().Truncate(time.Minute); !strings.Contains(string(body), minute.Format("15:04:05")) {
						t.Fatalf("at %v: %s", time.Now().UTC(), body)
					}
				}
				s := r.Stats()
				if s.Misses != before.Misses || s.Hits != before.Hits+asks {
					t.Errorf("somebody had to wait: %+v", s)
				}
				if drawn := s.Drawn - before.Drawn; drawn > 2*60+2 {
					t.Errorf("%d drawings for 120 pictures", drawn)
				}
				if s.Entries > 2 || s.Failed != 0 {
					t.Errorf("stats %+v", s)
				}
			})
		})
	}
}

func TestWarmCountsTheNextPicture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, nil)
		defer r.end(t)
		r.painter(letters(5000))
		r.ask(t, Query{Kind: Agenda}, 2)
		k := r.key(Query{Kind: Agenda})
		pass(slowInterval)
		one, _ := r.pages.GetEntryQuietly(k)
		pass(config.Default().Cache.TTL - slowInterval - time.Second)
		two, ok := r.pages.GetEntryQuietly(k)
		if !ok || two.Value.next == nil || two.Value.bytes(k) < one.Value.bytes(k)+5000 {
			t.Errorf("with the next picture %d bytes, without %d", two.Value.bytes(k), one.Value.bytes(k))
		}
		if two.Weight < one.Weight {
			t.Errorf("weight %d became %d", one.Weight, two.Weight)
		}
	})
}

func TestWarmForgetsWhatNobodyAsksFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, nil)
		defer r.end(t)
		r.ask(t, Query{Kind: Agenda}, 5)
		pass((maxQuiet + 2) * slowInterval)
		r.since()
		r.generation.Add(1)
		pass(time.Hour)
		if got := r.since(); len(got) != 0 {
			t.Errorf("nobody asks, and drawn is %v", got)
		}
		if n := r.Stats().Entries; n != 0 {
			t.Errorf("%d pages that have ended are kept", n)
		}
	})
}

// TestPipelineRestsWithoutATimer: when nobody asks, nothing wakes the processor; the next who asks ends the rest.
func TestPipelineRestsWithoutATimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var looks atomic.Int64
		r := run(t, func(o *PipelineOptions) {
			generation := o.Generation
			o.Generation = func() uint64 { looks.Add(1); return generation() }
		})
		defer r.end(t)
		pass(time.Hour)
		before := looks.Load()
		pass(1000 * time.Hour)
		if n := looks.Load() - before; n != 0 {
			t.Errorf("%d looks while nobody asks", n)
		}
		for range 3 {
			r.ask(t, Query{Kind: Agenda}, 2)
			pass(slowInterval)
			r.since()
			r.generation.Add(1)
			pass(lookInterval + time.Millisecond)
			if got := r.since(); len(got) != 1 {
				t.Errorf("after a rest, drawn is %v", got)
			}
			pass(time.Hour)
		}
	})
}

func TestWarmOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, func(o *PipelineOptions) { o.Warm = func() bool { return false } })
		defer r.end(t)
		if got := r.since(); len(got) != 0 {
			t.Errorf("drawn after the start: %v", got)
		}
		r.ask(t, Query{Kind: Agenda}, 3)
		pass(slowInterval + time.Second)
		r.since()
		r.generation.Add(1)
		pass(slowInterval)
		if got := r.since(); len(got) != 0 || r.Stats().Warmed != 0 {
			t.Errorf("drawn after the change: %v", got)
		}
		if n := r.Stats().Entries; n != 0 {
			t.Errorf("%d pages of a dead generation are kept", n)
		}
	})
}

func TestNothingIsWarmedUnderPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, nil)
		defer r.end(t)
		r.ask(t, Query{Kind: Agenda}, 3)
		pass(slowInterval + time.Second)
		r.Ease(DropOldest)
		r.since()
		r.generation.Add(1)
		pass(slowInterval + lookInterval)
		if got := r.since(); len(got) != 0 {
			t.Errorf("drawn under pressure: %v", got)
		}
		r.Ease(NoStep)
		r.ask(t, Query{Kind: Agenda}, 1)
		pass(slowInterval)
		r.since()
		r.generation.Add(1)
		pass(lookInterval + time.Millisecond)
		if got := r.since(); len(got) != 1 {
			t.Errorf("drawn after it: %v", got)
		}
	})
}

// TestWarmTakesHalfOfOneCore draws slowly.
func TestWarmTakesHalfOfOneCore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, nil)
		defer r.end(t)
		var busy atomic.Int64
		r.painter(func(_ context.Context, _ Query, at time.Time) (Page, error) {
			pass(100 * time.Millisecond)
			busy.Add(1)
			return Page{Status: 200, Body: make([]byte, 10), Until: at.Add(time.Hour)}, nil
		})
		for i := range 40 {
			r.ask(t, Query{Kind: Events, From: int64(i)}, 2)
		}
		pass(slowInterval)
		busy.Store(0)
		r.generation.Add(1)
		pass(lookInterval + time.Second)
		synctest.Wait()
		if n := busy.Load(); n < 3 || n > 10 {
			t.Errorf("%d drawings of 100 ms in 2 s", n)
		}
		pass(time.Minute)
		if n := busy.Load(); n != maxWarmed {
			t.Errorf("%d drawings, want %d", n, maxWarmed)
		}
	})
}

func TestWarmEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, nil)
		r.painter(func(_ context.Context, _ Query, at time.Time) (Page, error) {
			pass(time.Second)
			return Page{Status: 200, Until: at.Add(time.Hour)}, nil
		})
		for i := range 10 {
			r.ask(t, Query{Kind: Events, From: int64(i)}, 2)
		}
		pass(slowInterval)
		r.since()
		r.generation.Add(1)
		pass(lookInterval + time.Second)
		r.end(t)
		if got := r.since(); len(got) == 0 || len(got) > 3 {
			t.Errorf("drawn after the end: %v", got)
		}
	})
}

func TestWarmSurvivesWhatCannotBeDrawn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, nil)
		defer r.end(t)
		for _, q := range []Query{{Kind: Agenda}, {Kind: Agenda, Encoding: "gzip"}} {
			r.ask(t, q, 2)
		}
		pass(2 * slowInterval)
		r.ask(t, Query{Kind: Agenda, Encoding: "gzip"}, 1)
		r.painter(func(context.Context, Query, time.Time) (Page, error) { return Page{}, errors.New("no disk") })
		warmed := r.Stats().Warmed
		pass(3 * slowInterval)
		r.generation.Add(1)
		pass(slowInterval)
		s := r.Stats()
		if s.Warmed != warmed || s.Failed == 0 || s.Failed > 10 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestAdaptiveSizeFollowsThrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var on atomic.Bool
		on.Store(true)
		small := config.Cache{TTL: 5 * time.Minute, MaxEntries: 1000, MaxBytes: 64 << 10, MaxEntryBytes: 100 << 10}
		r := run(t, func(o *PipelineOptions) { o.Cache, o.Adapt = small, on.Load })
		defer r.end(t)
		r.painter(letters(2000))
		thrash := func(minutes int) {
			for range minutes {
				for i := range 100 {
					r.get(t, Query{Kind: Events, From: int64(i)})
				}
				pass(time.Minute)
			}
			synctest.Wait()
		}
		thrash(1)
		s := r.Stats()
		if s.MaxBytes != 128<<10 || s.MaxEntries <= 1000 || s.Why == "" {
			t.Errorf("after thrash: %+v", s)
		}
		if r.Ease(DropOldest); r.Stats().MaxBytes != small.MaxBytes || r.Stats().Why != "" {
			t.Errorf("under pressure: %+v", r.Stats())
		}
		thrash(2)
		if s := r.Stats(); s.MaxBytes != small.MaxBytes {
			t.Errorf("grown under pressure: %+v", s)
		}
		r.Ease(NoStep)
		thrash(6)
		s = r.Stats()
		if s.MaxBytes < 256<<10 || s.MaxBytes > 1<<20 || s.Bytes > s.MaxBytes {
			t.Errorf("after much thrash: %+v", s)
		}
		hits := r.Stats().Hits
		for i := range 100 {
			r.get(t, Query{Kind: Events, From: int64(i)})
		}
		if got := r.Stats().Hits - hits; got < 60 {
			t.Errorf("%d of 100 are kept in the adapted size", got)
		}
		pass(30 * time.Minute)
		if s := r.Stats(); s.MaxBytes != small.MaxBytes || s.Why != "" {
			t.Errorf("after a calm time: %+v", s)
		}
		on.Store(false)
		thrash(3)
		if s := r.Stats(); s.MaxBytes != small.MaxBytes {
			t.Errorf("grown while it is off: %+v", s)
		}
	})
}

func TestRestEndsWhatWasAdapted(t *testing.T) {
	e := newEasel(t, nil)
	if got := e.bounds.adapt(window{evicted: 100}); got.bytes != 32<<20 || e.Stats().Why == "" {
		t.Fatalf("adapted to %+v", got)
	}
	w := warmer{Pipeline: e.Pipeline}
	if pause := w.pause(); pause != 0 {
		t.Errorf("looks again in %v", pause)
	}
	if s := e.Stats(); s.MaxBytes != config.Default().Cache.MaxBytes || s.Why != "" {
		t.Errorf("at rest: %+v", s)
	}
}

func TestInterestsAreBounded(t *testing.T) {
	in := newInterests()
	often := Query{Kind: Agenda}
	in.of(often).times.Add(2)
	for i := range 1000 {
		in.of(Query{Kind: Events, From: int64(i)}).times.Add(1)
	}
	if n := len(in.byQuery); n != maxInterests {
		t.Errorf("%d are remembered, want %d", n, maxInterests)
	}
	if got := in.lately(); !slices.Equal(got, []Query{often}) {
		t.Errorf("lately asked: %v", got)
	}
	for range maxQuiet {
		in.age()
	}
	if !slices.Equal(in.lately(), []Query{often}) {
		t.Error("forgotten too early")
	}
	in.age()
	if !in.none() || len(in.lately()) != 0 {
		t.Error("still remembered")
	}
	in.of(often).times.Add(2)
	for range 100 {
		in.age()
		in.of(often).times.Add(1)
	}
	if len(in.lately()) != 1 {
		t.Error("what is asked all the time is forgotten")
	}
}

// pass lets fake time pass.
func pass(d time.Duration) { <-time.After(d) }
