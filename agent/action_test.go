package main

import (
	"cmp"
	"net/http"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/page"
	"calendarbot/agent/pressure"
)

// act is a row of the table "sign, threshold, action" at one step: the sign is caused, what is done about it is seen on the parts, in
// the record and on the status, and when the cause is gone all is as before.
type act struct {
	name     string
	sign     pressure.Sign
	step     int
	memory   bool             // it sets the memory limit, of which the test's process has one
	settings string           // of the configuration, beside the test's own
	cause    func(w *watched) // up to the reading with which the step begins
	seen     func(w *watched, before, now parts)
	done     string           // stands in the record
	mend     func(w *watched) // nil: the fixture is calm again
	rest     time.Duration    // until the step is over
}

// every closed gate says that it is because of what is scarce.
func plain(w *watched, _, now parts) {
	w.t.Helper()
	for _, g := range w.gates.list() {
		if s := g.Stats(); s.On || s.Reason != "pressure" || s.Words == "" {
			w.t.Errorf("%s %s: %+v", s.Feature, s.Part, s)
		}
	}
	if resp, _ := w.ask(http.MethodGet, "/", ""); resp.StatusCode != http.StatusOK || resp.Header.Get("X-Calendarbot-Rung") != "plain" {
		w.t.Errorf("the page: %s from %q", resp.Status, resp.Header.Get("X-Calendarbot-Rung"))
	}
}

// eased checks what a lack of memory does to the parts; 0 connections are as many as before.
func eased(step page.Step, http, database int) func(w *watched, before, now parts) {
	return func(w *watched, before, now parts) {
		w.t.Helper()
		http, database := cmp.Or(http, before.http), cmp.Or(database, before.database)
		if now.step != step || now.http != http || now.database != database || now.memory >= before.memory || now.memory != now.share.MemoryLimit {
			w.t.Errorf("parts: %+v", now)
		}
		if !strings.Contains(now.gates, "cache_warming/ pressure; ") || strings.Contains(now.gates, "request_pipeline") {
			w.t.Errorf("gates: %s", now.gates)
		}
	}
}

// paced checks the refresher's pace and whether a client is limited.
func paced(pace float64, limited bool) func(w *watched, before, now parts) {
	return func(w *watched, _, now parts) {
		w.t.Helper()
		if got := w.pace(); got != pace {
			w.t.Errorf("pace %v, want %v", got, pace)
		}
		if got := w.limited(); got != limited {
			w.t.Errorf("one client is limited: %v (%v)", got, now.share.ClientRate)
		}
	}
}

func both(checks ...func(w *watched, before, now parts)) func(w *watched, before, now parts) {
	return func(w *watched, before, now parts) {
		w.t.Helper()
		for _, check := range checks {
			check(w, before, now)
		}
	}
}

// now is a cause of the fixture that counts with the next reading.
func now(change func(f *fixture)) func(w *watched) {
	return func(w *watched) {
		change(w.fixture)
		w.read(10 * time.Second)
	}
}

func acts() []act {
	const recovery = 10 * time.Minute
	return []act{
		{name: "unit memory, 70 %", sign: pressure.UnitMemory, step: 1, memory: true, cause: now(func(f *fixture) { f.unit(71) }),
			seen: eased(page.DropOldest, 4, 1), done: "the oldest kept pages were dropped", rest: time.Minute},
		{name: "unit memory, 85 %", sign: pressure.UnitMemory, step: 2, memory: true, cause: now(func(f *fixture) { f.unit(86) }),
			seen: eased(page.DropHalf, 2, 1), done: "kept pages were halved", rest: time.Minute},
		{name: "unit memory, 95 %", sign: pressure.UnitMemory, step: 3, memory: true, cause: now(func(f *fixture) { f.unit(96) }),
			seen: both(eased(page.DropAll, 1, 1), paced(2, false)), done: "all kept pages were dropped", rest: time.Minute},
		{name: "device memory, 400 MB", sign: pressure.DeviceMemory, step: 1, memory: true, cause: now(func(f *fixture) { f.deviceUsed(402) }),
			seen: plain, done: "every optional part was switched off", rest: recovery + time.Minute},
		{name: "stalls for memory, 10 %", sign: pressure.MemoryStalls, step: 1, memory: true, cause: now(func(f *fixture) { f.stalls(12) }),
			seen: eased(page.DropOldest, 0, 0), done: "the oldest kept pages were dropped", rest: time.Minute},
		{name: "stalls for memory, 30 %", sign: pressure.MemoryStalls, step: 2, memory: true, cause: now(func(f *fixture) { f.stalls(35) }),
			seen: eased(page.DropHalf, 4, 1), done: "kept pages were halved", rest: time.Minute},
		{name: "processor, 80 % for a minute", sign: pressure.Processor, step: 1,
			cause: func(w *watched) { w.cpu(0.95); w.pass(70 * time.Second) },
			seen: both(paced(2, true), func(w *watched, before, now parts) {
				if now.share.BatchSize*2 != before.share.BatchSize || now.gates != before.gates {
					w.t.Errorf("batches of %d after %d; gates %s", now.share.BatchSize, before.share.BatchSize, now.gates)
				}
			}), done: "each client was limited to", rest: 2 * time.Minute},
		{name: "processor, 80 % for two minutes", sign: pressure.Processor, step: 2,
			cause: func(w *watched) { w.cpu(0.95); w.pass(130 * time.Second) },
			seen:  both(paced(4, true), plain0), done: "every optional part was switched off", rest: recovery + 2*time.Minute},
		{name: "temperature, 75 °C", sign: pressure.Heat, step: 1, cause: now(func(f *fixture) { f.celsius(76) }),
			seen: paced(2, false), done: "2 times as long", rest: 2 * time.Minute},
		{name: "temperature, 80 °C", sign: pressure.Heat, step: 2, cause: now(func(f *fixture) { f.celsius(81) }),
			seen: both(plain, paced(8, true)), done: "every optional part was switched off", rest: recovery + time.Minute},
		{name: "the firmware slows the processor", sign: pressure.Heat, step: 2, cause: now(func(f *fixture) { f.throttled(true) }),
			seen: plain, done: "every optional part was switched off", rest: recovery + time.Minute},
	}
}

// plain0 is plain without a page, which a client that is limited does not get.
func plain0(w *watched, _, now parts) {
	w.t.Helper()
	if n := strings.Count(now.gates, " pressure; "); n != len(w.gates.list()) {
		w.t.Errorf("gates: %s", now.gates)
	}
}

func TestActionTable(t *testing.T) {
	for _, c := range append(acts(), actsOfService()...) {
		t.Run(c.name, func(t *testing.T) {
			if !c.memory {
				t.Parallel()
			}
			c.check(newWatched(t, c.settings))
		})
	}
}

func (c act) check(w *watched) {
	w.t.Helper()
	before := w.parts()
	c.cause(w)
	stands := w.stands.Of(c.sign)
	if stands.Step != c.step {
		w.t.Fatalf("the sign stands so: %+v", stands)
	}
	now := w.parts()
	if c.seen != nil {
		c.seen(w, before, now)
	}
	a := w.action(c.sign)
	if a.Step != c.step || !a.Ended.IsZero() || a.Began.IsZero() || a.Limit != stands.Limit || !strings.Contains(strings.ToLower(a.Done), strings.ToLower(c.done)) {
		w.t.Errorf("the record: %+v", a)
	}
	if a.Value < a.Limit && !strings.Contains(c.name, "firmware") {
		w.t.Errorf("the record has no reading that is a reason: %+v", a)
	}
	if done, running := w.shown(c.sign); done != a.Done || !running {
		w.t.Errorf("the status says %q, running %v", done, running)
	}

	if c.mend != nil {
		c.mend(w)
	} else {
		w.calm()
	}
	w.pass(c.rest)
	if s := w.stands.Of(c.sign); s.Step != 0 {
		w.t.Fatalf("the sign does not end: %+v", s)
	}
	if a := w.action(c.sign); a.Ended.IsZero() || a.Ended.Before(a.Began) {
		w.t.Errorf("the record of the end: %+v", a)
	}
	if _, running := w.shown(c.sign); running {
		w.t.Error("the status says that it lasts")
	}
	if after := w.parts(); after != before {
		w.t.Errorf("before %+v\nafter  %+v", before, after)
	}
	if c.sign == pressure.Heat && c.step == 1 { // each fetch by a person's word waits for the one before
		paced(1, false)(w, before, before)
	}
}

// The readings of TestActionTable are taken by the test; here the running program takes them.
func TestScarcityIsNoticedByTheRunningProgram(t *testing.T) {
	t.Parallel()
	h, f := newHome(t), newFixture(t)
	h.env = []string{"CALENDARBOT_TEST_ROOT=" + f.root, "CALENDARBOT_PRESSURE_EVERY=1s"}
	h.start(h.began)
	h.becomes("ok", "")
	f.unit(96)
	h.await("kept pages are given up", func() bool { return h.metric("calendarbot_cache_pressure_step") == "3" })
	f.celsius(81)
	h.await("everything optional is off", func() bool { return h.metric("calendarbot_budget_plain") == "1" })
	var status struct {
		Level   string
		Actions []struct{ Sign, Done string }
	}
	if code := h.getJSON("/api/v1/status", &status); code != http.StatusOK || status.Level != "critical" || len(status.Actions) != 2 || status.Actions[0].Sign != "temperature" || status.Actions[0].Done == "" {
		t.Errorf("%d %+v", code, status)
	}
}
