package page

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"calendarbot/agent/config"
	"calendarbot/agent/store"
)

// TestPipelineAnswersAsDirectDoes walks through time at random, changes events, and asks everything there is to ask: each answer has
// the bytes that Direct draws, also when it was kept, drawn ahead or compressed.
func TestPipelineAnswersAsDirectDoes(t *testing.T) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			s := shelved(t, seed)
			r := rand.New(rand.NewPCG(seed, 10))
			e := newEasel(t, nil)
			direct := NewDirect(DirectOptions{
				Store: s, Config: config.Default(), Zone: berlin(t), Version: "test", Now: e.now,
				Addresses: func() []string { return []string{"http://kitchen.local:8080/"} },
			})
			batched := NewDirect(DirectOptions{
				Store: NewBatch(s, BatchOptions{Limits: config.Default().Batch}), Config: config.Default(), Zone: berlin(t), Version: "test", Now: e.now,
				Addresses: func() []string { return []string{"http://kitchen.local:8080/"} },
			})
			e.o.Draw, e.o.Generation = batched.Draw, s.Generation
			w := warmer{Pipeline: e.Pipeline, seen: e.key(Query{}), aged: time.Now()}
			queries := []Query{
				{Kind: Next}, {Kind: Next, Theme: "eink"}, {Kind: Agenda}, {Kind: Agenda, Days: 14, Zone: "America/New_York"}, {Kind: WhatsNext}, {Kind: WhatsNextV1},
				{Kind: DoneForDay}, {Kind: MorningSummary, Detail: "normal", Max: 50}, {Kind: AlexaNext, SSML: true}, {Kind: AlexaTimeUntil},
				{Kind: AlexaDone, SSML: true}, {Kind: AlexaLaunch}, {Kind: AlexaMorning, Detail: "brief", Max: 5},
				{Kind: Events, From: days(3, 4).Start.Unix(), To: days(20, 21).Start.Unix(), Limit: 100},
			}
			ctx := t.Context()
			for step := range 300 {
				switch r.IntN(20) {
				case 0:
					e.clock.Add(-int64(time.Duration(r.IntN(3600)) * time.Second))
				case 1:
					e.clock.Add(int64(time.Duration(r.IntN(10)) * time.Hour))
				case 2:
					hidden := store.Hidden{ID: fmt.Sprintf("u%d", r.IntN(90)), Series: true, Title: "Hidden", Since: e.now()}
					if err := s.Hide(ctx, hidden); err != nil {
						t.Fatal(err)
					}
				case 3, 4, 5: // to just before the picture changes, and over it
					p := e.get(t, queries[r.IntN(len(queries))])
					if p.Until.After(e.now()) {
						e.clock.Store(p.Until.Add(-time.Second).UnixNano())
						w.look(ctx)
						e.clock.Store(p.Until.UnixNano())
					}
				default:
					e.clock.Add(int64(time.Duration(r.IntN(20_000)) * time.Millisecond))
				}
				q := queries[r.IntN(len(queries))]
				want, err := direct.Page(ctx, q)
				if err != nil {
					t.Fatal(err)
				}
				got := e.get(t, q)
				if !bytes.Equal(got.Body, want.Body) || got.ETag != want.ETag || got.Type != want.Type || got.Stale != want.Stale || got.Mark != want.Mark {
					t.Fatalf("step %d at %v, %+v: got (drawn %v, until %v)\n%s\nwant (until %v)\n%s", step, e.now(), q, got.Made, got.Until, got.Body, want.Until, want.Body)
				}
				q.Encoding = "gzip"
				if packed := e.get(t, q); packed.Encoding != "" {
					if !bytes.Equal(unpacked(t, packed.Body), want.Body) || packed.ETag == want.ETag {
						t.Fatalf("step %d: the variant of %+v has other bytes", step, q)
					}
				} else if !bytes.Equal(packed.Body, want.Body) {
					t.Fatalf("step %d: %+v has other bytes", step, q)
				}
			}
			if st := e.Stats(); st.Hits < 150 || st.Warmed == 0 || st.Compressed == 0 || st.Failed != 0 {
				t.Errorf("the walk did not show much: %+v", st)
			} else {
				t.Logf("%+v", st)
			}
		})
	}
}

// TestPipelineFromManySides asks, changes, eases, configures and drops at once, before a real store.
func TestPipelineFromManySides(t *testing.T) {
	s := shelved(t, 4)
	e := newEasel(t, func(o *PipelineOptions) { o.Now = time.Now })
	direct := NewDirect(DirectOptions{Store: NewBatch(s, BatchOptions{Limits: config.Default().Batch}), Config: config.Default(), Zone: berlin(t), Version: "test", Now: time.Now})
	e.o.Draw, e.o.Generation = direct.Draw, s.Generation
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	var wg sync.WaitGroup
	for worker := range uint64(8) {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(worker, 11))
			for range 100 {
				switch r.IntN(40) {
				case 0:
					e.Ease(Step(r.IntN(4)))
				case 1:
					e.Drop()
				case 2:
					c := config.Default().Cache
					c.MaxEntries = 1 + r.IntN(20)
					e.Configure(c)
				case 3:
					if err := s.Hide(ctx, store.Hidden{ID: fmt.Sprintf("u%d", r.IntN(90)), Series: true, Since: time.Now()}); err != nil {
						t.Error(err)
					}
				default:
					q := Query{Kind: Kind(r.IntN(int(WhatsNextV1) + 1)), Max: 10, Limit: 10, Encoding: []string{"", "gzip"}[r.IntN(2)]}
					if p, err := e.Page(ctx, q); err != nil || p.Status == 0 || len(p.Body) == 0 {
						t.Errorf("%+v: %v, status %d", q, err, p.Status)
					}
				}
			}
		})
	}
	wg.Wait()
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if s := e.Stats(); s.Failed != 0 || s.Hits == 0 {
		t.Errorf("stats %+v", s)
	}
}
