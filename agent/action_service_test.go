package main

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/guard"
	"calendarbot/agent/page"
	"calendarbot/agent/pressure"
	"calendarbot/agent/slot"
	"calendarbot/scripts/demo/mischief"
)

// slowly makes an answer have taken longer than a second. That the server takes the time of each is its own test's: an answer that
// takes so long would have to be waited for.
func (w *watched) slowly() { w.slow++ }

// counted adds the slow answers to those that the agent gave.
func (w *watched) counted(s *pressure.Service) {
	const took = 1200 * time.Millisecond
	s.Requests += w.slow
	s.Latency.Sum += time.Duration(w.slow) * took
	s.Latency.Counts[pressure.Bin(took)] += w.slow
}

// breaks makes a gate's uses fail until its breaker is open.
func breaks(t *testing.T, g *guard.Gate, failing, good int) {
	t.Helper()
	if !uses(t, g, failing, good) {
		t.Fatalf("%s is not given up", g.Feature())
	}
}

// heals lets a breaker try again, as the next use does.
func (w *watched) heals(g *guard.Gate) {
	w.t.Helper()
	w.await(g.Feature()+" is tried again", func() bool {
		if pass, err := g.Enter(); err == nil {
			pass.Leave(nil)
		}
		return g.Stats().Breaker == "closed"
	})
}

func actsOfService() []act {
	const recovery = 10 * time.Minute
	return []act{
		{name: "cache failures, 10 %", sign: pressure.CacheFailures, step: 1,
			cause: func(w *watched) { breaks(w.t, w.gates.pipeline, 4, 30); w.read(10 * time.Second) },
			seen: func(w *watched, _, now parts) {
				if resp, _ := w.ask(http.MethodGet, "/", ""); resp.StatusCode != http.StatusOK || resp.Header.Get("X-Calendarbot-Rung") != "plain" || now.gates != "request_pipeline/ breaker; " {
					w.t.Errorf("%s from %q; %s", resp.Status, resp.Header.Get("X-Calendarbot-Rung"), now.gates)
				}
			}, done: "each page is drawn anew", mend: func(w *watched) { w.heals(w.gates.pipeline) }, rest: 6 * time.Minute},
		{name: "pool failures, 5 in a row", sign: pressure.PoolFailures, step: 1,
			cause: func(w *watched) { breaks(w.t, w.gates.http, 5, 0); w.read(10 * time.Second) },
			seen: func(w *watched, _, now parts) {
				if now.gates != "connection_pooling/http breaker; " || w.pools()[0].Pooled {
					w.t.Errorf("%s %+v", now.gates, w.pools()[0])
				}
			}, done: "each use makes its own", mend: func(w *watched) { w.heals(w.gates.http) }, rest: time.Minute},
		{name: "pool use, 95 %", sign: pressure.PoolUse, step: 1, settings: "http: {max_conns: 1, per_host: 1, header_timeout: 1m}\nfeeds: {timeout: 5m}",
			cause: func(w *watched) {
				w.feed.Turn(mischief.Silent)
				if !w.refresher.Refresh("home") {
					w.t.Fatal("no calendar")
				}
				w.await("the connection is in use", func() bool { return w.pools()[0].InUse == 1 })
				w.read(10 * time.Second)
				if s := w.stands.Of(pressure.PoolUse); s.Step != 0 || s.Value != 100*w.pools()[0].Utilisation() {
					w.t.Errorf("it is told as %+v, and as %v", s, w.pools()[0].Utilisation())
				}
				w.read(10 * time.Second)
			},
			seen: func(w *watched, _, now parts) {
				w.feed.Turn(mischief.Good([]byte(daily)))
				req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.feed.URL(), nil)
				if err != nil {
					w.t.Fatal(err)
				}
				resp, err := w.agent.client.Do(req, true) // after waiting for a place, which there is none
				if err != nil {
					w.t.Fatal(err)
				}
				if s := w.pools()[0]; s.InUse != 2 || s.Size != 1 || s.Waits == 0 || now.gates != "" {
					w.t.Errorf("%+v; %s", s, now.gates)
				}
				if err := resp.Body.Close(); err != nil {
					w.t.Error(err)
				}
			}, done: "uses that wait too long get a connection of their own",
			mend: func(w *watched) {
				if err := w.feed.Close(); err != nil { // lets go of who waits
					w.t.Fatal(err)
				}
				if err := w.feed.Reopen(); err != nil {
					w.t.Fatal(err)
				}
				w.feed.Turn(mischief.Good([]byte(daily)))
				w.await("the connection is free", func() bool { return w.pools()[0].InUse == 0 })
			}, rest: time.Minute},
		{name: "cache memory, 90 %", sign: pressure.CacheMemory, step: 1, settings: "cache: {max_bytes: 256 KiB}",
			cause: func(w *watched) {
				const most = 500
				for n := range most {
					if s := w.pipeline.Stats(); s.Bytes*100 >= s.MaxBytes*91 {
						break
					}
					w.ask(http.MethodGet, path("/agenda?", n), "")
				}
				w.read(10 * time.Second)
			},
			seen: func(w *watched, _, now parts) {
				if s := w.pipeline.Stats(); now.step != page.DropOldest || s.Bytes*100 >= s.MaxBytes*90 {
					w.t.Errorf("%+v", s)
				}
			}, done: "the oldest kept pages were dropped", rest: time.Minute},
		{name: "latency, p99 above 1 s", sign: pressure.SlowAnswers, step: 1,
			cause: func(w *watched) { w.slowly(); w.asks(25); w.read(10 * time.Second) },
			seen: func(w *watched, before, now parts) {
				if now.gates != before.gates || now.share.Plain != "" {
					w.t.Errorf("more than a warning: %+v", now)
				}
			}, done: "It was noted", rest: 8 * time.Minute},
		{name: "latency, p99 above 1 s for 5 minutes more", sign: pressure.SlowAnswers, step: 2,
			cause: func(w *watched) {
				for range 4 {
					w.slowly()
					w.asks(25)
					w.pass(2 * time.Minute)
				}
			}, seen: plain, done: "every optional part was switched off", rest: recovery + 6*time.Minute},
		{name: "latency, twice the baseline", sign: pressure.Slower, step: 1,
			cause: func(w *watched) {
				w.fast(time.Minute, time.Microsecond)
				w.hour()
			},
			seen: func(w *watched, before, now parts) {
				if now.gates != before.gates || now.share.Plain != "" {
					w.t.Errorf("more than a warning: %+v", now)
				}
			}, done: "It was noted", rest: time.Hour + 2*time.Minute},
		{name: "latency, twice the baseline for an hour more", sign: pressure.Slower, step: 2,
			cause: func(w *watched) {
				w.fast(time.Minute, time.Microsecond)
				w.hour()
				w.hour()
				w.pass(11 * time.Minute)
			}, seen: plain, done: "every optional part was switched off", rest: recovery + 2*time.Minute},
		{name: "regression, 10 % in three hours", sign: pressure.Regression, step: 1,
			cause: func(w *watched) {
				w.fast(time.Microsecond, time.Minute)
				for range 3 {
					w.hour()
				}
			}, seen: plain, done: "every optional part was switched off", rest: 2*recovery + time.Minute},
		{name: "memory of the pools, 120 MB", sign: pressure.PoolMemory, step: 1, memory: true, // more than the largest pools that can be configured take
			cause: func(w *watched) {
				w.service = func(s *pressure.Service) { s.Pools[0].Bytes = 121e6 }
				w.read(10 * time.Second)
			}, seen: plain, done: "every optional part was switched off", mend: func(w *watched) { w.service = nil }, rest: recovery + time.Minute},
		{name: "errors, 5 % in 5 minutes", sign: pressure.Errors, step: 1,
			cause: func(w *watched) {
				w.pass(5 * time.Minute)
				w.asks(30)
				w.service = func(s *pressure.Service) { s.Failures, s.Requests = s.Failures+3, s.Requests+3 } // no route that reads fails by itself
				w.read(10 * time.Second)
			},
			seen: func(w *watched, _, now parts) {
				asked, err := slot.Asked(filepath.Join(w.care.dir, "rollback"))
				if err != nil || asked == nil || asked.Level != 2 || asked.By != "errors" || asked.Why == "" || asked.Count != 1 {
					w.t.Errorf("the request: %+v, %v", asked, err)
				}
				_, body := w.ask(http.MethodGet, "/api/v1/status", "")
				if now.share.Rollback != 2 || asked != nil && !strings.Contains(string(body), asked.Why) {
					w.t.Errorf("the status does not tell: %s", body)
				}
			}, done: "going back to the other configuration was asked for", rest: 7 * time.Minute},
	}
}

// hour is one in which the program asks itself as often as it does.
func (w *watched) hour() {
	w.asksItself(600)
	w.pass(time.Hour)
}

// fast makes the program have been so fast when it was new.
func (w *watched) fast(mean, p99 time.Duration) {
	w.care.base = pressure.Baseline{Line: releaseLine(version), Mean: mean, P99: p99, Requests: 5000, Since: began()}
}

// TestOutgrownBaselineIsForgotten: when switching everything optional off does not help, the program asks itself anew how fast it is, says so,
// and leaves the optional parts on meanwhile.
func TestOutgrownBaselineIsForgotten(t *testing.T) {
	t.Parallel()
	w := newWatched(t, "")
	w.fast(time.Microsecond, time.Minute)
	if err := w.store.SetBaseline(t.Context(), w.care.base); err != nil {
		t.Fatal(err)
	}
	var own pressure.Latency
	w.service = func(s *pressure.Service) { s.Own = own }
	lasts := func(d time.Duration) { // as long as each request takes a millisecond
		for ; d > 0; d -= 10 * time.Second {
			own.Add(time.Millisecond)
			own.Add(time.Millisecond)
			w.read(10 * time.Second)
		}
	}
	lasts(3*time.Hour + time.Minute)
	if w.stands.Of(pressure.Regression).Step != 1 || w.parts().share.Plain == "" {
		t.Fatalf("%+v", w.stands.Of(pressure.Regression))
	}
	lasts(11 * time.Minute)
	a := w.action(pressure.Outgrown)
	if !strings.Contains(a.Done, "measured anew") || a.Began.IsZero() || !a.Ended.Equal(a.Began) || a.Value < 1.1 || a.Limit != 1.1 {
		t.Errorf("the record: %+v", a)
	}
	if done, running := w.shown(pressure.Outgrown); done != a.Done || running {
		t.Errorf("the status says %q, running %v", done, running)
	}
	for range 4 {
		lasts(time.Hour)
		if now := w.parts(); now.share.Plain != "" || w.stands.Of(pressure.Regression).Known {
			t.Fatalf("without a baseline: %+v, %+v", now, w.stands.Of(pressure.Regression))
		}
	}
	if kept, err := w.store.Baselines(t.Context()); err != nil || len(kept) != 0 {
		t.Errorf("kept are %+v, %v", kept, err)
	}
	lasts(3 * time.Hour)
	if kept, err := w.store.Baselines(t.Context()); err != nil || len(kept) != 1 || kept[0] != w.care.base || kept[0].Mean != time.Millisecond {
		t.Errorf("learned are %+v, %v", kept, err)
	}
}
