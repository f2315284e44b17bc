package conn

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"calendarbot/agent/config"
	"calendarbot/agent/feature"
	"calendarbot/agent/guard"
)

// pooling is the gate of pools, with the breaker that they are meant to have.
func pooling(t testing.TB) *guard.Gate {
	t.Helper()
	f, err := feature.Find(feature.ConnectionPooling)
	if err != nil {
		t.Fatal(err)
	}
	g := guard.New(f, "device", guard.Limits{Consecutive: 5, Recovery: 30 * time.Second})
	g.Tell(guard.Word{Setting: feature.Setting{Forced: feature.ForcedOn}})
	return g
}

func off(g *guard.Gate) { g.Tell(guard.Word{Setting: feature.Setting{Forced: feature.ForcedOff}}) }
func on(g *guard.Gate)  { g.Tell(guard.Word{Setting: feature.Setting{Forced: feature.ForcedOn}}) }

// testPool is a pool of 2 at rest and 4 at most.
func testPool() *pool {
	p := newPool("test", limits{rest: 2, fixed: 2, most: 4}, nil)
	p.patience, p.bound = time.Second, time.Minute
	return p
}

func mustTake(t *testing.T, p *pool) *use {
	t.Helper()
	u := &use{}
	if err := p.take(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	return u
}

// takers begin uses that have to wait, one after the other, and tell in which order they were let in.
func takers(ctx context.Context, p *pool, n int, in chan<- string) {
	for i := range n {
		go func() {
			u := &use{}
			if err := p.take(ctx, u); err != nil {
				in <- fmt.Sprintf("%d: %v", i, err)
				return
			}
			in <- fmt.Sprint(i)
			u.end(nil)
		}()
		synctest.Wait()
	}
}

func TestWhoComesFirstIsServedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := testPool()
		p.adaptive = func() bool { return false }
		first, second := mustTake(t, p), mustTake(t, p)
		in := make(chan string, 5)
		takers(t.Context(), p, 5, in)
		if s := p.stats(0); s.Waiting != 5 || s.InUse != 2 || s.Waits != 5 {
			t.Errorf("%+v", s)
		}
		first.end(nil)
		synctest.Wait()
		second.end(nil)
		synctest.Wait()
		close(in)
		var order []string
		for name := range in {
			order = append(order, name)
		}
		if got := strings.Join(order, " "); got != "0 1 2 3 4" {
			t.Errorf("let in: %s", got)
		}
		settled(t, func() Stats { return p.stats(0) })
	})
}

func TestWhoLeavesTheLineHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := testPool()
		p.setMaximum(1)
		held := mustTake(t, p)
		gone := errors.New("gone")
		ctx, leave := context.WithCancelCause(t.Context())
		in := make(chan string, 4)
		takers(t.Context(), p, 1, in)
		takers(ctx, p, 1, in)
		takers(t.Context(), p, 1, in)
		leave(gone)
		if got := <-in; got != "0: gone" {
			t.Errorf("who left: %s", got)
		}
		if err := p.take(ctx, &use{}); !errors.Is(err, gone) {
			t.Errorf("who had left before: %v", err)
		}
		held.end(nil)
		<-in
		<-in
		settled(t, func() Stats { return p.stats(0) })
		if s := p.stats(0); s.Failed != 1 {
			t.Errorf("%d failed", s.Failed)
		}
	})
}

// TestCalledAndLeftAtOnce: a slot that is given to somebody who leaves at the same moment is not lost.
func TestCalledAndLeftAtOnce(t *testing.T) {
	for range 200 {
		p := testPool()
		p.setMaximum(1)
		held := mustTake(t, p)
		ctx, leave := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			u := &use{}
			if err := p.take(ctx, u); err == nil {
				u.end(nil)
			}
		}()
		go leave()
		held.end(nil)
		<-done
		settled(t, func() Stats { return p.stats(0) })
	}
}

func TestPoolGrowsForThoseWhoWaitAndShrinksAfterwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := testPool()
		uses := []*use{mustTake(t, p), mustTake(t, p)}
		begin := time.Now()
		uses = append(uses, mustTake(t, p), mustTake(t, p))
		if took := time.Since(begin); took != 2*brief {
			t.Errorf("two uses waited for %v", took)
		}
		s := p.stats(0)
		if s.Size != 4 || s.InUse != 4 || s.Waits != 2 || s.Waited != 2*brief || s.Utilisation() != 1 || !strings.HasPrefix(s.Why, "grown") {
			t.Errorf("%+v", s)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := p.take(ctx, &use{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("beyond the ceiling: %v", err)
		}
		if s := p.stats(0); s.Size != 4 || !strings.HasPrefix(s.Why, "at its ceiling") {
			t.Errorf("%+v", s)
		}
		for _, u := range uses {
			u.end(nil)
		}
		var sizes []int
		for range 4 {
			p.look()
			sizes = append(sizes, p.stats(0).Size)
		}
		if !slices.Equal(sizes, []int{4, 3, 2, 2}) {
			t.Errorf("after the load the sizes are %v", sizes)
		}
	})
}

func TestShortWaitsDoNotGrowThePool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := testPool()
		first, second := mustTake(t, p), mustTake(t, p)
		time.AfterFunc(brief-time.Millisecond, func() { first.end(nil) })
		mustTake(t, p).end(nil)
		second.end(nil)
		if s := p.stats(0); s.Size != 2 || s.Waits != 1 {
			t.Errorf("%+v", s)
		}
	})
}

func TestMaximumFromOutside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := testPool()
		uses := []*use{mustTake(t, p), mustTake(t, p)}
		p.setMaximum(1)
		if s := p.stats(0); s.Size != 1 || s.Ceiling != 1 || s.InUse != 2 || s.Utilisation() != 1 {
			t.Errorf("what is taken stays taken: %+v", s)
		}
		in := make(chan string, 2)
		takers(t.Context(), p, 2, in)
		uses[0].end(nil)
		synctest.Wait()
		if len(in) != 0 {
			t.Error("somebody was let in beyond the maximum")
		}
		p.setMaximum(0)
		<-in
		<-in
		uses[1].end(nil)
		p.setMaximum(-7)
		if s := p.stats(0); s.Ceiling != 4 {
			t.Errorf("%+v", s)
		}
		p.setMaximum(1)
		p.bind(limits{rest: 3, fixed: 3, most: 8})
		if s := p.stats(0); s.Size != 1 {
			t.Errorf("the configuration overrules the maximum: %+v", s)
		}
	})
}

// A pool has the size from the start that it is to have, not that of another way of sizing until its first look.
func TestPoolsBeginWithTheirSize(t *testing.T) {
	for word, want := range map[bool]int{true: 2, false: 8} {
		adaptive := func() bool { return word }
		why := map[bool]string{true: atRest, false: "fixed, as sizing by load is off"}[word]
		client := NewHTTP(HTTPOptions{HTTP: config.HTTP{MaxConns: 8, PerHost: 2}, Adaptive: adaptive})
		if s := client.Stats(); s.Size != want || s.Why != why {
			t.Errorf("of HTTP, sizing by load %v: %d, %s", word, s.Size, s.Why)
		}
		client.CloseIdle()
		if s := newPool("test", limits{rest: 2, fixed: 8, most: 8}, adaptive).stats(0); s.Size != want || s.Why != why {
			t.Errorf("sizing by load %v: %d, %s", word, s.Size, s.Why)
		}
	}
}

// A slot that becomes free belongs to who waits from that moment on: nobody who comes later can take it.
func TestSlotsBelongToWhoWaits(t *testing.T) {
	for name, free := range map[string]func(*slots){
		"given back": (*slots).give,
		"one more":   func(s *slots) { s.resize(2) },
	} {
		s := &slots{size: 1}
		if !s.take() {
			t.Fatal("none is free")
		}
		waits := s.wait()
		free(s)
		if s.take() {
			t.Errorf("%s: who came later took it", name)
		}
		select {
		case <-waits.called:
		default:
			t.Errorf("%s: who waits was not called", name)
		}
	}
}

func TestGateMakesUsesPlain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := testPool()
		p.gate = pooling(t)
		pooled := mustTake(t, p)
		off(p.gate)
		var plain []*use
		for range 4 { // the ceiling
			u := mustTake(t, p)
			if !u.plain {
				t.Error("a use is pooled though the gate refused it")
			}
			plain = append(plain, u)
		}
		if s := p.stats(0); s.Pooled || s.InUse != 5 || s.Size != 4 || s.Why != "each use opens its own connection" {
			t.Errorf("%+v", s)
		}
		in := make(chan string, 1)
		takers(t.Context(), p, 1, in)
		<-time.After(time.Minute)
		if len(in) != 0 || p.stats(0).Waiting != 1 {
			t.Error("plain uses are not bounded")
		}
		for _, u := range append(plain, pooled) {
			u.end(nil)
		}
		<-in
		on(p.gate)
		u := mustTake(t, p)
		if u.plain || !p.stats(0).Pooled {
			t.Error("not pooled again")
		}
		u.end(nil)
	})
}

// TestCrowdedPoolOpensTheBreakerAndRecovers: all connections are in use for long and the pool cannot grow. Uses go on with
// their own connections, the fifth of them opens the breaker, and after the recovery one tries again.
func TestCrowdedPoolOpensTheBreakerAndRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := testPool()
		p.gate = pooling(t)
		var stuck []*use
		for range 4 {
			stuck = append(stuck, mustTake(t, p))
		}
		wait := func() (plain bool, took time.Duration) {
			begin := time.Now()
			u := mustTake(t, p)
			u.end(nil)
			return u.plain, time.Since(begin)
		}
		for range 5 {
			if !p.stats(0).Pooled {
				t.Fatal("the breaker opened early")
			}
			if plain, took := wait(); !plain || took != p.patience {
				t.Errorf("plain %v after %v", plain, took)
			}
		}
		if plain, took := wait(); !plain || took != 0 || p.stats(0).Pooled || p.gate.Stats().Trips != 1 {
			t.Errorf("with the breaker open: plain %v after %v, %+v", plain, took, p.gate.Stats())
		}
		<-time.After(31 * time.Second)
		if plain, took := wait(); !plain || took != p.patience || p.gate.Stats().Trips != 2 {
			t.Errorf("the trial, still crowded: plain %v after %v", plain, took)
		}
		for _, u := range stuck {
			u.end(nil)
		}
		<-time.After(31 * time.Second)
		if plain, took := wait(); plain || took != 0 || !p.stats(0).Pooled {
			t.Errorf("the trial: plain %v after %v", plain, took)
		}
	})
}

func TestWaitThatEndsWithItsDeadlineIsAFailureOfThePool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := testPool()
		p.gate = pooling(t)
		p.setMaximum(1)
		held := mustTake(t, p)
		for range 5 {
			ctx, leave := context.WithCancel(t.Context())
			time.AfterFunc(time.Millisecond, leave)
			if err := p.take(ctx, &use{}); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		}
		if !p.gate.On() {
			t.Error("those who leave open the breaker")
		}
		for range 5 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			if err := p.take(ctx, &use{}); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			cancel()
		}
		if p.gate.On() {
			t.Error("five deadlines in a row don't open the breaker")
		}
		held.end(nil)
	})
}

func TestLeakIsToldOnceWithItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := testPool()
		u := mustTake(t, p)
		<-time.After(p.bound)
		if leaks := p.look(); len(leaks) != 0 {
			t.Errorf("%v", leaks)
		}
		<-time.After(time.Second)
		leaks := p.look()
		if len(leaks) != 1 || !strings.HasPrefix(leaks[0].Place, "conn/pool_test.go:") || leaks[0].Pool != "test" || leaks[0].Held != p.bound+time.Second {
			t.Fatalf("%+v", leaks)
		}
		if again := p.look(); len(again) != 0 {
			t.Errorf("told again: %v", again)
		}
		if s := p.stats(0); s.Leaks != 1 || !slices.Equal(s.Suspects, []string{leaks[0].Place}) || s.Longest != leaks[0].Held {
			t.Errorf("%+v", s)
		}
		u.end(nil)
		if s := p.stats(0); s.Leaks != 1 || len(s.Suspects) != 0 || s.Longest != 0 {
			t.Errorf("after it came back: %+v", s)
		}
		for range 4 {
			mustTake(t, p)
		}
		p.setMaximum(0)
		for range suspects {
			go p.take(t.Context(), &use{})
		}
		synctest.Wait()
		p.close()
		p.close()
		synctest.Wait()
		if err := p.take(t.Context(), &use{}); !errors.Is(err, errClosed) {
			t.Errorf("after the end: %v", err)
		}
		if s := p.stats(0); s.Waiting != 0 || s.Failed != suspects+1 {
			t.Errorf("some still wait: %+v", s)
		}
	})
}

// TestNothingIsLostInACrowd lets many come, wait, leave and use at once while size and mode change.
func TestNothingIsLostInACrowd(t *testing.T) {
	p := testPool()
	p.patience = brief + time.Millisecond
	p.gate = pooling(t)
	var crowd sync.WaitGroup
	for i := range 8 {
		crowd.Go(func() {
			for j := range 300 {
				ctx, leave := context.WithCancel(t.Context())
				if (i+j)%3 == 0 {
					go leave()
				}
				u := &use{}
				if err := p.take(ctx, u); err == nil {
					u.end(nil)
				}
				leave()
				switch (i + j) % 50 {
				case 0:
					off(p.gate)
				case 1:
					on(p.gate)
				case 2:
					p.setMaximum(1 + j%4)
				case 3:
					p.look()
				}
			}
		})
	}
	crowd.Wait()
	settled(t, func() Stats { return p.stats(0) })
	p.setMaximum(0)
	on(p.gate)
	var uses []*use
	for range p.stats(0).Size {
		uses = append(uses, mustTake(t, p))
	}
	for _, u := range uses {
		u.end(nil)
	}
	if p.plain.taken != 0 || len(p.held) != 0 {
		t.Errorf("%d plain, %d held", p.plain.taken, len(p.held))
	}
}

func TestUnknownPlace(t *testing.T) {
	if got := place(nil); got != "an unknown place" {
		t.Error(got)
	}
}

func TestStatsOfASuccessorGoOn(t *testing.T) {
	before := Stats{Size: 9, Takes: 1, Reused: 2, Opened: 3, Closed: 4, Broken: 5, Failed: 6, Waits: 7, Waited: 8, Leaks: 9}
	got := Stats{Name: "database", Size: 3, Takes: 10}.Plus(before)
	want := Stats{Name: "database", Size: 3, Takes: 11, Reused: 2, Opened: 3, Closed: 4, Broken: 5, Failed: 6, Waits: 7, Waited: 8, Leaks: 9}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%+v", got)
	}
	if (Stats{}).Reuse() != 1 || (Stats{}).Utilisation() != 0 || (Stats{Takes: 4, Reused: 1}).Reuse() != 0.25 {
		t.Error("shares")
	}
}
