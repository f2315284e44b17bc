package page

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"calendarbot/agent/calendar"
	"calendarbot/agent/config"
	"calendarbot/agent/store"
)

// counter is a Reader whose queries take as long as a test wants; a snapshot's generation is the number of its query.
type counter struct {
	mu     sync.Mutex
	spans  []calendar.Span
	ended  int // queries broken off
	gate   chan struct{}
	answer func(span calendar.Span) (store.Snapshot, error)
}

func (c *counter) Between(ctx context.Context, span calendar.Span) (store.Snapshot, error) {
	c.mu.Lock()
	c.spans = append(c.spans, span)
	n := uint64(len(c.spans))
	c.mu.Unlock()
	if c.gate != nil {
		select {
		case <-c.gate:
		case <-ctx.Done():
			c.mu.Lock()
			c.ended++
			c.mu.Unlock()
			return store.Snapshot{}, ctx.Err()
		}
	}
	if c.answer != nil {
		return c.answer(span)
	}
	return store.Snapshot{Generation: n}, nil
}

func (c *counter) queries() []calendar.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.spans
}

// days is the span from one day of March 2026 up to another.
func days(from, to int) calendar.Span {
	return calendar.Span{Start: time.Date(2026, 3, from, 0, 0, 0, 0, time.UTC), End: time.Date(2026, 3, to, 0, 0, 0, 0, time.UTC)}
}

type told struct {
	snap store.Snapshot
	err  error
}

// askBatch asks in the background and waits until everything stands still.
func askBatch(ctx context.Context, b *Batch, span calendar.Span) <-chan told {
	answer := make(chan told, 1)
	go func() {
		snap, err := b.Between(ctx, span)
		answer <- told{snap, err}
	}()
	synctest.Wait()
	return answer
}

func TestBatchNeverDelaysALoneOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &counter{}
		b := NewBatch(c, BatchOptions{Limits: config.Default().Batch})
		began := time.Now()
		for range 5 {
			if _, err := b.Between(t.Context(), days(1, 2)); err != nil {
				t.Fatal(err)
			}
		}
		if waited := time.Since(began); waited != 0 {
			t.Errorf("waited %v", waited)
		}
		if s := b.Stats(); s != (BatchStats{Asked: 5, Queries: 5}) {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestBatchGathersWhileOneRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &counter{gate: make(chan struct{})}
		b := NewBatch(c, BatchOptions{Limits: config.Default().Batch})
		first := askBatch(t.Context(), b, days(1, 2))
		others := []<-chan told{
			askBatch(t.Context(), b, days(3, 6)), askBatch(t.Context(), b, days(1, 4)), askBatch(t.Context(), b, days(4, 5)),
			askBatch(t.Context(), b, days(20, 21)), askBatch(t.Context(), b, days(6, 7)),
		}
		if n := len(c.queries()); n != 1 {
			t.Fatalf("%d queries while the first runs", n)
		}
		c.gate <- struct{}{}
		if a := <-first; a.err != nil || a.snap.Generation != 1 {
			t.Errorf("the first got %+v", a)
		}
		synctest.Wait()
		close(c.gate)
		for i, o := range others {
			if a := <-o; a.err != nil {
				t.Errorf("question %d: %v", i, a.err)
			}
		}
		asked := map[calendar.Span]int{}
		for _, span := range c.queries() {
			asked[span]++
		}
		if len(c.queries()) != 3 || asked[days(1, 7)] != 1 || asked[days(20, 21)] != 1 {
			t.Errorf("asked %v", c.queries())
		}
		if s := b.Stats(); s != (BatchStats{Asked: 6, Shared: 3, Queries: 3}) {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestBatchSizeAndWindowAreCaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &counter{gate: make(chan struct{})}
		b := NewBatch(c, BatchOptions{Limits: config.Batch{Size: 3, Window: time.Second}})
		askBatch(t.Context(), b, days(1, 2))
		askBatch(t.Context(), b, days(1, 2))
		askBatch(t.Context(), b, days(1, 2))
		if n := len(c.queries()); n != 1 {
			t.Errorf("%d queries with two gathered", n)
		}
		askBatch(t.Context(), b, days(1, 2))
		if n := len(c.queries()); n != 2 {
			t.Errorf("%d queries with three gathered: they go without waiting for the first", n)
		}
		askBatch(t.Context(), b, days(1, 2))
		pass(time.Second - 1)
		if n := len(c.queries()); n != 2 {
			t.Errorf("%d queries before the window ends", n)
		}
		pass(1)
		synctest.Wait()
		if n := len(c.queries()); n != 3 {
			t.Errorf("%d queries after the window", n)
		}
		b.Configure(config.Batch{Size: 1, Window: time.Second})
		askBatch(t.Context(), b, days(1, 2))
		if n := len(c.queries()); n != 4 {
			t.Errorf("%d queries when none are gathered", n)
		}
		close(c.gate)
	})
}

func TestBatchOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &counter{gate: make(chan struct{})}
		b := NewBatch(c, BatchOptions{Limits: config.Default().Batch, On: func() bool { return false }})
		for range 3 {
			askBatch(t.Context(), b, days(1, 2))
		}
		if n := len(c.queries()); n != 3 {
			t.Errorf("%d queries for three questions", n)
		}
		if s := b.Stats(); s != (BatchStats{Asked: 3, Queries: 3}) {
			t.Errorf("stats %+v", s)
		}
		close(c.gate)
	})
}

func TestBatchOneWhoLeavesFailsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &counter{gate: make(chan struct{})}
		b := NewBatch(c, BatchOptions{Limits: config.Default().Batch})
		first := askBatch(t.Context(), b, days(1, 2))
		ctx, leave := context.WithCancel(t.Context())
		leaver, stayer := askBatch(ctx, b, days(1, 2)), askBatch(t.Context(), b, days(1, 2))
		early, goes := context.WithCancel(t.Context())
		gone := askBatch(early, b, days(1, 9))
		goes() // before it is asked: its span is left out
		if a := <-gone; !errors.Is(a.err, context.Canceled) {
			t.Errorf("who left early got %v", a.err)
		}
		synctest.Wait()
		c.gate <- struct{}{}
		<-first
		synctest.Wait()
		leave()
		if a := <-leaver; !errors.Is(a.err, context.Canceled) {
			t.Errorf("who left got %v", a.err)
		}
		c.gate <- struct{}{}
		if a := <-stayer; a.err != nil {
			t.Errorf("who stayed got %v", a.err)
		}
		if got := c.queries(); len(got) != 2 || got[1] != days(1, 2) {
			t.Errorf("asked %v", got)
		}
	})
}

func TestBatchBreaksOffWhatNobodyWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &counter{gate: make(chan struct{})}
		b := NewBatch(c, BatchOptions{Limits: config.Default().Batch})
		first := askBatch(t.Context(), b, days(1, 2))
		ctx, leave := context.WithCancel(t.Context())
		askBatch(ctx, b, days(1, 2))
		askBatch(ctx, b, days(1, 2))
		c.gate <- struct{}{}
		<-first
		synctest.Wait()
		leave()
		synctest.Wait()
		if c.ended != 1 || b.running != 0 {
			t.Errorf("%d queries broken off, %d running", c.ended, b.running)
		}
	})
}

func TestBatchErrorsAndPanicsReachTheWholeGroup(t *testing.T) {
	for name, answer := range map[string]func(calendar.Span) (store.Snapshot, error){
		"error": func(calendar.Span) (store.Snapshot, error) { return store.Snapshot{}, errors.New("no disk") },
		"panic": func(calendar.Span) (store.Snapshot, error) { panic("no disk") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &counter{gate: make(chan struct{})}
				b := NewBatch(c, BatchOptions{Limits: config.Default().Batch})
				first := askBatch(t.Context(), b, days(1, 2))
				group := []<-chan told{askBatch(t.Context(), b, days(1, 3)), askBatch(t.Context(), b, days(2, 4))}
				c.gate <- struct{}{}
				<-first
				c.answer = answer
				close(c.gate)
				for _, o := range group {
					if a := <-o; a.err == nil || !strings.Contains(a.err.Error(), "no disk") {
						t.Errorf("got %v", a.err)
					}
				}
				c.answer = nil
				if _, err := b.Between(t.Context(), days(1, 2)); err != nil || b.running != 0 {
					t.Errorf("afterwards: %v, %d running", err, b.running)
				}
			})
		})
	}
}

// TestBatchPanicOfALoneOne: it is the caller's, and the next question goes at once again.
func TestBatchPanicOfALoneOne(t *testing.T) {
	c := &counter{answer: func(calendar.Span) (store.Snapshot, error) { panic("no disk") }}
	b := NewBatch(c, BatchOptions{Limits: config.Default().Batch})
	func() {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		_, err := b.Between(t.Context(), days(1, 2))
		t.Error(err)
	}()
	if b.running != 0 {
		t.Errorf("%d running", b.running)
	}
}

// TestBatchAsksAgainForWhatCannotBeCounted: how many events could not be read is told of the own span alone.
func TestBatchAsksAgainForWhatCannotBeCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &counter{gate: make(chan struct{})}
		c.answer = func(span calendar.Span) (store.Snapshot, error) {
			return store.Snapshot{Unreadable: int(span.End.Sub(span.Start) / (24 * time.Hour))}, nil
		}
		b := NewBatch(c, BatchOptions{Limits: config.Default().Batch})
		askBatch(t.Context(), b, days(1, 2))
		two, three := askBatch(t.Context(), b, days(1, 3)), askBatch(t.Context(), b, days(2, 5))
		close(c.gate)
		if a := <-two; a.snap.Unreadable != 2 {
			t.Errorf("two days: %+v", a)
		}
		if a := <-three; a.snap.Unreadable != 3 {
			t.Errorf("three days: %+v", a)
		}
	})
}

func TestGroupsNeverReadMore(t *testing.T) {
	span := func(from, to int) *question { return &question{span: days(from, to)} }
	for _, c := range []struct {
		name  string
		asked []*question
		want  []calendar.Span
	}{
		{"none", nil, nil},
		{"one", []*question{span(1, 2)}, []calendar.Span{days(1, 2)}},
		{"same", []*question{span(1, 2), span(1, 2)}, []calendar.Span{days(1, 2)}},
		{"inside", []*question{span(3, 4), span(1, 9)}, []calendar.Span{days(1, 9)}},
		{"overlap", []*question{span(3, 6), span(1, 4)}, []calendar.Span{days(1, 6)}},
		{"touch", []*question{span(1, 2), span(2, 3)}, []calendar.Span{days(1, 3)}},
		{"apart", []*question{span(3, 4), span(1, 2)}, []calendar.Span{days(1, 2), days(3, 4)}},
		{"chain", []*question{span(1, 4), span(5, 9), span(3, 6), span(20, 25)}, []calendar.Span{days(1, 9), days(20, 25)}},
		{"left", []*question{{span: days(1, 9), left: true}, span(1, 2)}, []calendar.Span{days(1, 2)}},
	} {
		var got []calendar.Span
		for _, g := range groups(c.asked) {
			got = append(got, g.span)
			var sum time.Duration
			for _, q := range g.questions {
				sum += q.span.End.Sub(q.span.Start)
			}
			if g.span.End.Sub(g.span.Start) > sum {
				t.Errorf("%s: %v is more than its questions", c.name, g.span)
			}
		}
		if len(got) != len(c.want) {
			t.Errorf("%s: got %v", c.name, got)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: got %v", c.name, got)
			}
		}
	}
}
