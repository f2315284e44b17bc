package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"calendarbot/agent/budget"
	"calendarbot/agent/config"
	"calendarbot/agent/page"
	"calendarbot/agent/pressure"
	"calendarbot/agent/store"
	"calendarbot/agent/web"
	"calendarbot/scripts/demo/mischief"
)

// watched is the whole agent within the test, over a fixture in place of /proc and /sys. Its own monitor reads once at the start;
// after that the test takes the readings, so that minutes pass without waiting.
type watched struct {
	*agent
	*fixture
	t       *testing.T
	feed    *mischief.Server
	url     string // of the agent
	policy  *pressure.Policy
	sensor  *pressure.Sensor
	passed  atomic.Int64              // since the start
	set     atomic.Int64              // by how much the program's clock was set since the start
	service func(s *pressure.Service) // changes what the agent tells of itself; nil for nothing
	stands  pressure.Assessment
	client  *http.Client
	slow    uint64 // answers that took longer than a second
}

// strangers lets connections come from another device of the house: the device itself is not limited.
type strangers struct{ net.Listener }

func (l strangers) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return stranger{c}, nil
}

// stranger is at 192.168.x.y when it comes from 127.0.x.y.
type stranger struct{ net.Conn }

func (s stranger) RemoteAddr() net.Addr {
	from, ok := s.Conn.RemoteAddr().(*net.TCPAddr)
	if !ok || from.IP.To4() == nil {
		return s.Conn.RemoteAddr()
	}
	ip := from.IP.To4()
	return &net.TCPAddr{IP: net.IPv4(192, 168, ip[2], ip[3]), Port: from.Port}
}

// newWatched starts the agent with settings beside its own, as the sections of a file.
func newWatched(t *testing.T, settings string) *watched {
	t.Helper()
	feed, err := mischief.Start(mischief.Good([]byte(daily)))
	if err != nil {
		t.Fatal(err)
	}
	w := &watched{t: t, fixture: newFixture(t), feed: feed, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}}}
	w.sensor = pressure.NewSensor(w.root)
	dir := t.TempDir()
	file := filepath.Join(dir, "calendarbot.yaml")
	text := fmt.Sprintf("%s\nbreaker: {recovery: 1s}\npressure: {every: 5m, recovery: 10m}\nfeatures: {request_batching: on, adaptive_sizing: on, emergency_file: \"\"}\nweb: {socket: \"\", write_token: %s}\nstore: {path: %q}\n"+
		"sources:\n  - {id: home, name: Home, url: %q, lan: true}\n", settings, voiceToken, filepath.Join(dir, "calendarbot.db"), feed.URL())
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	o := options{
		input: config.Input{Path: file, Env: func(string) (string, bool) { return "", false }}, now: w.now, passed: func() time.Duration { return time.Duration(w.passed.Load()) }, tested: true, root: w.root,
		log: slog.New(slog.DiscardHandler), level: new(slog.LevelVar),
	}
	ctx, cancel := context.WithCancel(t.Context())
	if w.agent, err = newAgent(ctx, o); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.url, o.listener = "http://"+listener.Addr().String(), strangers{listener}
	w.assemble(o)
	w.policy = pressure.NewPolicy(limits(w.live.State().Config.Pressure))
	ended := make(chan error, 1)
	go func() { ended <- w.group.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		w.client.CloseIdleConnections()
		if err := <-ended; err != nil && ctx.Err() == nil {
			t.Error(err)
		}
		if err := w.close(); err != nil {
			t.Error(err)
		}
		if err := feed.Close(); err != nil {
			t.Error(err)
		}
		debug.SetMemoryLimit(math.MaxInt64)
	})
	for _, ready := range []<-chan struct{}{w.server.Ready(), w.monitor.Ready(), w.ownPage.Ready()} {
		select {
		case <-ready:
		case <-time.After(patience):
			t.Fatal("the agent did not become ready")
		}
	}
	w.await("the calendar was read", func() bool { return w.source().State == store.OK })
	w.read(0)
	return w
}

// now is the program's clock.
func (w *watched) now() time.Time {
	return began().Add(time.Duration(w.passed.Load() + w.set.Load()))
}

// read takes a reading after some time, and lets follow what follows.
func (w *watched) read(after time.Duration) {
	w.t.Helper()
	up := time.Duration(w.passed.Add(int64(after)))
	r := pressure.Reading{At: w.now(), Up: up, Service: w.agent.service()}
	w.counted(&r.Service)
	if w.service != nil {
		w.service(&r.Service)
	}
	w.sensor.Read(&r)
	w.stands = w.policy.Judge(r)
	w.care.judged(w.stands, &r)
}

// pass lets time pass, with readings.
func (w *watched) pass(d time.Duration) {
	w.t.Helper()
	const every = 10 * time.Second
	for ; d > 0; d -= every {
		w.read(min(d, every))
	}
}

// await asks again until the fact holds.
func (w *watched) await(fact string, holds func() bool) {
	w.t.Helper()
	(&program{t: w.t}).await(fact, holds)
}

// ask returns the answer to a request of another device, whose user may change things.
func (w *watched) ask(method, path, body string) (*http.Response, []byte) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+voiceToken)
	if path == web.SelfPath {
		req.Header.Set(web.SelfHeader, w.server.SelfKey())
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := w.client.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(resp.Body); err != nil {
		w.t.Fatal(err)
	}
	return resp, text.Bytes()
}

// asks asks for the page so many times.
func (w *watched) asks(n int) { w.asksFor("/api/whats-next", n) }

// asksItself asks n times as the program asks itself.
func (w *watched) asksItself(n int) { w.asksFor(web.SelfPath, n) }

func (w *watched) asksFor(path string, n int) {
	w.t.Helper()
	for range n {
		if resp, body := w.ask(http.MethodGet, path, ""); resp.StatusCode != http.StatusOK {
			w.t.Fatalf("%s: %s", resp.Status, body)
		}
	}
}

// source is how the calendar fares.
func (w *watched) source() store.Source {
	w.t.Helper()
	list, err := w.store.Sources(w.t.Context())
	if err != nil || len(list) != 1 {
		w.t.Fatalf("%d calendars, %v", len(list), err)
	}
	return list[0]
}

// pace is how many times as long as usual the pause is after a fetch by a person's word.
func (w *watched) pace() float64 {
	w.t.Helper()
	w.passed.Add(int64(time.Second)) // so that the new try is another one
	before := w.source()
	if !w.refresher.Refresh(before.ID) {
		w.t.Fatal("the refresher does not know the calendar")
	}
	var after store.Source
	w.await("the calendar was read again", func() bool {
		after = w.source()
		return after.LastSuccess.After(before.LastSuccess)
	})
	return after.NextTry.Sub(after.LastTry).Minutes() / w.live.State().Config.Feeds.Refresh.Minutes()
}

// limited tells whether one client that asks without a pause is told to come later. It is another one than those of ask.
func (w *watched) limited() bool {
	w.t.Helper()
	from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 7, 20)}}
	client := &http.Client{Transport: &http.Transport{DialContext: from.DialContext}}
	defer client.CloseIdleConnections()
	const more = 200 // than anybody may ask for at once
	for range more {
		resp, err := client.Get(w.url + "/api/v1/features")
		if err != nil {
			w.t.Fatal(err)
		}
		_, err = io.Copy(io.Discard, resp.Body)
		if err := errors.Join(err, resp.Body.Close()); err != nil {
			w.t.Fatal(err)
		}
		switch resp.StatusCode {
		case http.StatusTooManyRequests:
			if resp.Header.Get("Retry-After") == "" {
				w.t.Error("who is told to come later is not told when")
			}
			return true
		case http.StatusOK:
		default:
			w.t.Fatal(resp.Status)
		}
	}
	return false
}

// parts is how the parts stand.
type parts struct {
	share          budget.Budget
	step           page.Step
	http, database int
	memory         int64
	gates          string // those that are closed, and why
}

func (w *watched) parts() parts {
	p := parts{
		share: w.told.share, step: w.pipeline.Stats().Step, memory: debug.SetMemoryLimit(-1),
		http: w.pools()[0].Ceiling, database: w.pools()[1].Ceiling,
	}
	for _, g := range w.gates.list() {
		if s := g.Stats(); !s.On {
			p.gates += fmt.Sprintf("%s/%s %s; ", s.Feature, s.Part, s.Reason)
		}
	}
	return p
}

// action is the newest one of a sign.
func (w *watched) action(sign pressure.Sign) (found budget.Action) {
	w.t.Helper()
	list, err := w.store.Actions(w.t.Context(), 100)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, a := range list {
		if a.Sign == sign {
			return a
		}
	}
	return budget.Action{}
}

// shown is what /api/v1/status says of the newest action of a sign.
func (w *watched) shown(sign pressure.Sign) (done string, running bool) {
	w.t.Helper()
	resp, body := w.ask(http.MethodGet, "/api/v1/status", "")
	if resp.StatusCode != http.StatusOK {
		w.t.Fatalf("%s: %s", resp.Status, body)
	}
	var status struct {
		Actions []struct {
			Sign, Done string
			Ended      *string
		}
	}
	if err := json.Unmarshal(body, &status); err != nil {
		w.t.Fatalf("%v: %s", err, body)
	}
	for _, a := range status.Actions {
		if a.Sign == string(sign) {
			return a.Done, a.Ended == nil
		}
	}
	return "", false
}
