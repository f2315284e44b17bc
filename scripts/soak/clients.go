package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"
)

// patience is how long an answer may take; a page is drawn within 8 s or an older one is shown.
const patience = 15 * time.Second

// client is somebody in the house who asks for things.
type client struct {
	name  string
	paths []string // in turn
	every time.Duration
	tags  bool // sends the ETag of what it has
	fresh bool // a connection for each request, as e-ink frames make that sleep between
}

// residents are who asks all day, faster than people do so that hours stand for weeks.
func residents() []client {
	return []client{
		{name: "wall", paths: []string{"/", "/api/whats-next"}, every: time.Second, tags: true},
		{name: "phone", paths: []string{"/", "/agenda", "/agenda?days=14", "/settings"}, every: 1500 * time.Millisecond, tags: true},
		{name: "other phone", paths: []string{"/agenda", "/?theme=light"}, every: 2300 * time.Millisecond},
		{name: "home automation", paths: []string{"/api/v1/whats-next", "/api/v1/events?days=7", "/api/health", "/api/done-for-day"}, every: 700 * time.Millisecond, tags: true},
		{name: "e-ink frame", paths: []string{"/?theme=eink"}, every: 3 * time.Second, fresh: true},
		{name: "status page", paths: []string{"/status", "/api/v1/status", "/api/v1/pressure", "/api/v1/sources", "/api/v1/pools"}, every: 1100 * time.Millisecond},
		{name: "monitoring", paths: []string{"/metrics", "/readyz"}, every: 2 * time.Second},
	}
}

// crowd is what a wave of load asks for.
func crowd() []string {
	return []string{"/", "/api/whats-next", "/agenda", "/api/v1/events?days=7", "/?theme=eink", "/api/whats-next"}
}

// tally counts answers. It may be used by any goroutine.
type tally struct {
	mu      sync.Mutex
	Good    int           // 2xx and 304
	Limited int           // 429: asked to come again later
	Bad     int           // anything else, and no answer
	Slowest time.Duration // of the good ones
	Faults  []string      // the first of Bad, in words
}

// mostFaults are told; more would say nothing new.
const mostFaults = 20

// note takes an answer, or its lack.
func (t *tally) note(what string, status int, took time.Duration, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case err == nil && answered(what, status):
		t.Good++
		t.Slowest = max(t.Slowest, took)
		return
	case err == nil && status == http.StatusTooManyRequests:
		t.Limited++
		return
	case err == nil:
		err = fmt.Errorf("status %d", status)
	}
	if t.Bad++; len(t.Faults) < mostFaults {
		t.Faults = append(t.Faults, fmt.Sprintf("%s %s: %s", time.Now().Format(time.TimeOnly), what, words(err)))
	}
}

// answered tells whether a status is what was asked for. /api/health says with a 503 that a calendar is old, which is so here.
func answered(what string, status int) bool {
	return status >= 200 && status < 400 || status == http.StatusServiceUnavailable && strings.HasPrefix(what, "/api/health")
}

func (t *tally) all() (good, limited, bad int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.Good, t.Limited, t.Bad
}

// visit asks again and again until ctx ends. What is under way then is not counted.
func (c client) visit(ctx context.Context, a *agent, t *tally) {
	transport := &http.Transport{DisableKeepAlives: c.fresh, MaxIdleConnsPerHost: 1}
	defer transport.CloseIdleConnections()
	web := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	tags := map[string]string{}
	tick := time.NewTicker(c.every)
	defer tick.Stop()
	for n := 0; ; n++ {
		path := c.paths[n%len(c.paths)]
		began := time.Now()
		status, tag, err := fetch(ctx, web, a.url(path), tags[path])
		if ctx.Err() != nil {
			return
		}
		if t.note(path, status, time.Since(began), err); c.tags && tag != "" {
			tags[path] = tag
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// fetch asks once and reads all of the answer.
func fetch(ctx context.Context, web *http.Client, url, tag string) (status int, newTag string, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	if tag != "" {
		req.Header.Set("If-None-Match", tag)
	}
	resp, err := web.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, resp.Header.Get("ETag"), err
}

// ask sends one request with a JSON body and returns the status.
func ask(ctx context.Context, web *http.Client, method, url, body string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := web.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, err
}

// subscribers listen to the agent's events at a time; fewer than it allows.
const subscribers = 5

// subscribe listens for a few seconds, leaves and comes again, until ctx ends.
func subscribe(ctx context.Context, a *agent, t *tally) {
	for ctx.Err() == nil {
		began := time.Now()
		status, err := listen(ctx, a, time.Duration(1+rand.IntN(8))*time.Second)
		if ctx.Err() == nil {
			t.note("/stream", status, 0, err)
		}
		if time.Since(began) < time.Second {
			pause(ctx, time.Second) // it was refused, which is counted once
		}
	}
}

// listen reads events for so long. An end before that is an error.
func listen(ctx context.Context, a *agent, long time.Duration) (int, error) {
	own, leave := context.WithCancel(ctx)
	defer leave()
	req, err := http.NewRequestWithContext(own, http.MethodGet, a.url("/stream"), nil)
	if err != nil {
		return 0, err
	}
	transport := &http.Transport{DisableKeepAlives: true, ResponseHeaderTimeout: patience}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return resp.StatusCode, nil
	}
	left := make(chan struct{})
	timer := time.AfterFunc(long, func() {
		close(left)
		leave()
	})
	defer timer.Stop()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
	}
	select {
	case <-left:
		return resp.StatusCode, nil
	default:
		return 0, fmt.Errorf("the stream ended by itself: %w", cmp.Or(lines.Err(), io.EOF))
	}
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, long time.Duration) {
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
