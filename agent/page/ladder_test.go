package page

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"calendarbot/agent/config"
	"calendarbot/agent/feature"
	"calendarbot/agent/guard"
	"calendarbot/agent/store"
)

// steps is a ladder over a real database, whose rungs a test breaks one by one.
type steps struct {
	*Ladder
	store    *store.Store
	path     string
	now      atomic.Pointer[time.Time]
	pipeline *Pipeline
	gate     *guard.Gate
	memory   *Memory
	log      syncBuffer
	fast     atomic.Pointer[Func] // in place of the pipeline
	drawn    atomic.Int64         // how often the disk was asked
}

func newSteps(t testing.TB) *steps {
	t.Helper()
	s := &steps{path: filepath.Join(t.TempDir(), "calendarbot.db")}
	now := time.Date(2026, 10, 22, 14, 35, 20, 0, berlin(t))
	s.now.Store(&now)
	clock := func() time.Time { return *s.now.Load() }
	var err error
	if s.store, err = store.Open(t.Context(), store.Options{Path: s.path, Zone: berlin(t), Now: clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.store.Close(); err != nil {
			t.Log(err) // of a file that the test broke
		}
	})
	if err := s.store.SetConfigured(t.Context(), []config.Source{{ID: "work", Name: "Work", URL: "http://127.0.0.1:9/secret-path.ics"}}); err != nil {
		t.Fatal(err)
	}
	cfg := config.Default()
	direct := NewDirect(DirectOptions{Store: s.store, Config: cfg, Zone: berlin(t), Now: clock, Version: "test"})
	counted := func(ctx context.Context, q Query, at time.Time) (Page, error) {
		s.drawn.Add(1)
		return direct.Draw(ctx, q, at)
	}
	s.memory = NewMemory(MemoryOptions{})
	draw := s.memory.Keep(Bound(counted, 4, 10*time.Second))
	if s.pipeline, err = NewPipeline(PipelineOptions{Draw: draw, Generation: s.store.Generation, Now: clock, Cache: cfg.Cache}); err != nil {
		t.Fatal(err)
	}
	whole := Func(s.pipeline.Page)
	s.fast.Store(&whole)
	s.gate = gateOf(t, guard.Limits{})
	s.Ladder = NewLadder(LadderOptions{
		Fast:  func(ctx context.Context, q Query) (Page, error) { return (*s.fast.Load())(ctx, q) },
		Plain: Filled(draw, clock), Gate: s.gate, Memory: s.memory, Zone: berlin(t), Now: clock,
		Log: slog.New(slog.NewTextHandler(&s.log, nil)),
	})
	return s
}

func gateOf(t testing.TB, l guard.Limits) *guard.Gate {
	t.Helper()
	f, err := feature.Find(feature.RequestPipeline)
	if err != nil {
		t.Fatal(err)
	}
	g := guard.New(f, "a device", l)
	g.Tell(guard.Word{Setting: feature.Setting{Forced: feature.ForcedOn}})
	return g
}

// instead puts another function in place of the pipeline.
func (s *steps) instead(f Func) { s.fast.Store(&f) }

func (s *steps) turn(d time.Duration) {
	now := s.now.Load().Add(d)
	s.now.Store(&now)
}

// corrupt writes over the database behind its back.
func (s *steps) corrupt(t testing.TB) {
	t.Helper()
	for _, name := range []string{s.path, s.path + "-wal"} {
		f, err := os.OpenFile(name, os.O_RDWR, 0)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		info, err := f.Stat()
		if err == nil {
			_, err = f.WriteAt(bytes.Repeat([]byte("broken"), int(info.Size()/6)), 0)
		}
		if err = errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

func (s *steps) ask(t testing.TB, q Query, want Rung) Page {
	t.Helper()
	p := s.Page(t.Context(), q)
	if p.Rung != want || (p.Why == "") != (want == Optimised) || len(p.Body) == 0 || p.Status != 200 || p.Live != nil || p.Type == "" || p.ETag == "" {
		t.Fatalf("%+v: rung %v because of %q, status %d, %d bytes; want rung %v", q, p.Rung, p.Why, p.Status, len(p.Body), want)
	}
	if stale := want == LastGood || want == Foot; stale && !p.Stale {
		t.Fatalf("%+v from rung %v counts as fresh", q, want)
	}
	for _, r := range p.Why {
		if r < ' ' || r > '~' {
			t.Fatalf("%q cannot be said in a header", p.Why)
		}
	}
	return p
}

// Each rung holds when the one above it breaks, whatever breaks it.
func TestLadderStepsDown(t *testing.T) {
	panics := func(context.Context, Query) (Page, error) { panic("a fault of the pipeline") }
	fails := func(context.Context, Query) (Page, error) { return Page{}, errors.New("a fault of the pipeline") }
	for name, breaks := range map[string]func(s *steps){
		"fails": func(s *steps) { s.instead(fails) }, "panics": func(s *steps) { s.instead(panics) },
		"is switched off": func(s *steps) {
			s.gate.Tell(guard.Word{Emergency: "Everything optional is off – until näher\nlooked at.", Setting: feature.Setting{Percent: 100}})
		},
	} {
		t.Run("the pipeline "+name, func(t *testing.T) {
			s := newSteps(t)
			first := s.ask(t, Query{Kind: Next}, Optimised)
			breaks(s)
			plain := s.ask(t, Query{Kind: Next}, Plain)
			if !bytes.Equal(first.Body, plain.Body) || first.ETag != plain.ETag {
				t.Error("the plain page is another")
			}
			s.corrupt(t)
			if err := s.store.Close(); err != nil {
				t.Log(err)
			}
			if old := s.ask(t, Query{Kind: Next}, LastGood); !bytes.Contains(old.Body, []byte("Shown as of Thu 14:35")) {
				t.Errorf("no sign of age in %s", old.Body)
			}
			s.ask(t, Query{Kind: Next, Theme: "dark"}, Foot)
			if got, want := s.Stats(), (LadderStats{1, 1, 1, 1}); got != want {
				t.Errorf("counted %+v, want %+v", got, want)
			}
		})
	}
}

func TestLadderOverABrokenDatabase(t *testing.T) {
	for name, breaks := range map[string]func(t *testing.T, s *steps){
		"closed": func(t *testing.T, s *steps) {
			if err := s.store.Close(); err != nil {
				t.Fatal(err)
			}
		},
		"corrupt and closed": func(t *testing.T, s *steps) {
			s.corrupt(t)
			if err := s.store.Close(); err != nil {
				t.Log(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSteps(t)
			everything := []Query{{Kind: Next}, {Kind: Agenda}, {Kind: WhatsNext}, {Kind: WhatsNextV1}, {Kind: AlexaNext, SSML: true}, {Kind: DoneForDay}}
			for _, q := range everything {
				s.ask(t, q, Optimised)
			}
			breaks(t, s)
			for _, q := range everything {
				s.ask(t, q, Optimised) // what is kept still holds
			}
			s.turn(20 * time.Hour)
			asked := s.drawn.Load()
			for _, q := range everything {
				want := LastGood
				if q.Kind == AlexaNext || q.Kind == DoneForDay || q.Kind == WhatsNext {
					want = Foot // what is said of another day
				}
				s.ask(t, q, want)
			}
			if n := s.drawn.Load() - asked; n != int64(len(everything)) {
				t.Errorf("the disk was asked %d times for %d pages", n, len(everything))
			}
			s.turn(5 * time.Hour)
			for _, q := range everything {
				s.ask(t, q, Foot) // older than a day
			}
			if strings.Contains(s.log.String(), "secret-path") {
				t.Errorf("a secret in the log: %s", s.log.String())
			}
		})
	}
}

// A database that is written over while it is open: pages are answered all the time, and when the store has begun anew they are
// drawn again.
func TestLadderOverACorruptDatabase(t *testing.T) {
	s := newSteps(t)
	s.ask(t, Query{Kind: Next}, Optimised)
	s.corrupt(t)
	for range 20 {
		s.turn(time.Minute)
		for _, q := range []Query{{Kind: Next}, {Kind: Agenda}, {Kind: WhatsNext}} {
			if p := s.Page(t.Context(), q); p.Status != 200 || len(p.Body) == 0 {
				t.Fatalf("%+v", p)
			}
		}
	}
}

func TestLadderWithoutMemory(t *testing.T) {
	s := newSteps(t)
	s.ask(t, Query{Kind: Next}, Optimised)
	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	s.turn(time.Minute)
	s.ask(t, Query{Kind: Next}, LastGood)
	for e := s.memory.screens.order.Front(); e != nil; e = s.memory.screens.order.Front() {
		s.memory.drop(e)
	}
	for kind := Next; kind <= WhatsNextV1; kind++ {
		s.ask(t, Query{Kind: kind}, Foot)
	}
	if p := s.ask(t, Query{Kind: 99}, Foot); !strings.Contains(string(p.Body), unreadWords) {
		t.Errorf("%s", p.Body)
	}
}

// Even when nothing at all works there are words.
func TestLadderWithoutAClock(t *testing.T) {
	s := newSteps(t)
	s.o.Fast = func(context.Context, Query) (Page, error) { return Page{}, &DrawError{errors.New("no disk")} }
	s.o.Now = func() time.Time { panic("no clock") }
	if p := s.ask(t, Query{Kind: Next}, Foot); !strings.HasPrefix(string(p.Body), unreadWords) || p.Type != textType {
		t.Errorf("%+v", p)
	}
	if !strings.Contains(s.log.String(), "no clock") || !strings.Contains(s.log.String(), "stack=") {
		t.Errorf("log %s", s.log.String())
	}
}

// The breaker hears of what stands in front of drawing, and of nothing else.
func TestLadderTellsTheGateItsOwnFaults(t *testing.T) {
	s := newSteps(t)
	s.gate = gateOf(t, guard.Limits{Consecutive: 3, Recovery: time.Hour})
	s.o.Gate = s.gate
	s.instead(func(context.Context, Query) (Page, error) { return Page{}, &DrawError{errors.New("no disk")} })
	for range 10 {
		s.ask(t, Query{Kind: Next}, Foot)
	}
	left, leave := context.WithCancel(t.Context())
	leave()
	s.instead(func(ctx context.Context, _ Query) (Page, error) { return Page{}, ctx.Err() })
	for range 10 {
		if p := s.Page(left, Query{Kind: Next}); p.Rung != Foot {
			t.Fatalf("%+v", p)
		}
	}
	if st := s.gate.Stats(); st.Failures != 0 || st.Breaker != "closed" || s.drawn.Load() != 0 {
		t.Errorf("%+v, %d drawings", st, s.drawn.Load())
	}
	s.instead(func(context.Context, Query) (Page, error) { panic("a fault of the pipeline") })
	for range 3 {
		s.ask(t, Query{Kind: Next}, Plain)
	}
	if st := s.gate.Stats(); st.Failures != 3 || st.Breaker != "open" {
		t.Errorf("%+v", st)
	}
	s.instead(func(context.Context, Query) (Page, error) {
		t.Error("asked through an open breaker")
		return Page{}, nil
	})
	if p := s.ask(t, Query{Kind: Next}, Plain); p.Why == fastFailed {
		t.Errorf("because of %q", p.Why)
	}
}

// A wall polls each second; one failure is told once in a minute, and without what was asked for.
func TestLadderSaysItSeldom(t *testing.T) {
	s := newSteps(t)
	s.instead(func(context.Context, Query) (Page, error) { return Page{}, &DrawError{errors.New("no disk")} })
	synctest.Test(t, func(t *testing.T) {
		for range 180 {
			s.Page(t.Context(), Query{Kind: Events, Search: "my secret"})
			time.Sleep(time.Second)
		}
		if n := strings.Count(s.log.String(), "no disk"); n != 3 || strings.Contains(s.log.String(), "secret") {
			t.Errorf("told %d times in three minutes: %s", n, s.log.String())
		}
		var n atomic.Int64
		s.instead(func(context.Context, Query) (Page, error) {
			return Page{}, &DrawError{errors.New(strings.Repeat("!", int(n.Add(1))))}
		})
		before := strings.Count(s.log.String(), "\n")
		for range 1000 {
			s.Page(t.Context(), Query{Kind: Events})
		}
		if n := strings.Count(s.log.String(), "\n") - before; n > rareMost {
			t.Errorf("%d lines of different causes in a moment", n)
		}
	})
}

// Many clients while rungs break and mend: everyone gets a page, and each answer is counted once.
func TestLadderUnderLoad(t *testing.T) {
	s := newSteps(t)
	whole := *s.fast.Load()
	const clients, each = 8, 60
	var all sync.WaitGroup
	for c := range clients {
		all.Go(func() {
			for i := range each {
				if i%10 == 0 {
					switch (i/10 + c) % 4 {
					case 0:
						s.instead(func(context.Context, Query) (Page, error) { panic("a fault of the pipeline") })
					case 1:
						s.instead(func(context.Context, Query) (Page, error) { return Page{}, &DrawError{errors.New("no disk")} })
					default:
						s.instead(whole)
					}
					s.turn(time.Minute)
				}
				q := Query{Kind: Kind((i + c) % int(WhatsNextV1+1))}
				if p := s.Page(t.Context(), q); p.Status != 200 || len(p.Body) == 0 || p.ETag == "" || p.Live != nil {
					t.Errorf("%+v: %+v", q, p)
				}
			}
		})
	}
	all.Wait()
	st := s.Stats()
	if got := st.Optimised + st.Plain + st.LastGood + st.Foot; got != clients*each || st.Plain == 0 || st.Optimised == 0 {
		t.Errorf("%d answers to %d questions: %+v", got, clients*each, st)
	}
}

// A disk that hangs: the answer comes after the wait of one drawing.
func TestLadderIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		draw := Bound(func(context.Context, Query, time.Time) (Page, error) { <-hang; return Page{}, nil }, 2, 5*time.Second)
		fast := func(ctx context.Context, q Query) (Page, error) {
			p, err := Filled(draw, time.Now)(ctx, q)
			if err != nil {
				err = &DrawError{err}
			}
			return p, err
		}
		l := NewLadder(LadderOptions{Fast: fast, Plain: Filled(draw, time.Now), Gate: gateOf(t, guard.Limits{}), Memory: NewMemory(MemoryOptions{}), Zone: time.UTC, Now: time.Now})
		began := time.Now()
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if p := l.Page(t.Context(), Query{Kind: WhatsNext}); p.Rung != Foot || time.Since(began) != 5*time.Second {
					t.Errorf("%v after %v", p.Rung, time.Since(began))
				}
			})
		}
		all.Wait()
		close(hang)
	})
}

func TestPlainWords(t *testing.T) {
	for text, want := range map[string]string{"": "", "a\r\nb\x7f": "a  b ", "ä–b": "??b", strings.Repeat("x", 500): strings.Repeat("x", 200)} {
		if got := plainWords(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
