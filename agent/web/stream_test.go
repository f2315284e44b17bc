package web

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"calendarbot/agent/page"
)

// listener is an open event stream.
type listener struct {
	t     *testing.T
	lines chan string // closed at its end
	leave context.CancelFunc
}

// listen opens the stream of the pictures and waits for its first line.
func (d *device) listen(headers ...header) *listener {
	d.t.Helper()
	return d.listenTo("/stream", headers...)
}

// listenTo opens a stream and waits for its first line.
func (d *device) listenTo(path string, headers ...header) *listener {
	d.t.Helper()
	ctx, cancel := context.WithCancel(d.t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url+path, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, h := range headers {
		r.Header.Set(h.name, h.value)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" {
		d.t.Fatalf("%d %q", res.StatusCode, res.Header.Get("Content-Type"))
	}
	l := &listener{t: d.t, lines: make(chan string, 100), leave: cancel}
	go func() {
		defer close(l.lines)
		s := bufio.NewScanner(res.Body)
		for s.Scan() {
			l.lines <- s.Text()
		}
		_ = res.Body.Close() // it was read to its end
	}()
	l.until("retry: 3000")
	return l
}

// until reads lines up to one; "" waits for the end.
func (l *listener) until(want string) {
	l.t.Helper()
	late := time.After(time.Minute)
	for {
		select {
		case line, ok := <-l.lines:
			if !ok && want != "" {
				l.t.Fatalf("the stream ended before %q", want)
			}
			if !ok || (want != "" && line == want) {
				return
			}
		case <-late:
			l.t.Fatalf("%q did not come", want)
		}
	}
}

func TestStreamTellsChanges(t *testing.T) {
	d := start(t)
	first, second := d.listen(), d.listen()
	d.until("watching", func() bool { return d.server.pulse.watching.Load() })
	d.household()
	for _, l := range []*listener{first, second} {
		l.until("event: change")
	}
	first.leave()
	d.fill("work")
	second.until("event: change")
	if err := d.stop(); err != nil {
		t.Error(err)
	}
	second.until("") // the end of the server is the end of the stream
}

func TestStreamTellsWhoeverComesBack(t *testing.T) {
	d := start(t)
	d.listen(header{"Last-Event-ID", "1"}).until("event: change")
}

// When the picture changes because time passes, listeners are told although nothing was stored.
func TestStreamTellsTheTime(t *testing.T) {
	var now atomic.Pointer[time.Time]
	begin := at(t, monday)
	now.Store(&begin)
	d := start(t, func(o *Options) {
		o.Now = func() time.Time { return *now.Load() }
		o.Page = func(context.Context, page.Query) page.Page {
			return page.Page{Until: now.Load().Truncate(time.Minute).Add(time.Minute)}
		}
	})
	l := d.listen()
	d.until("watching", func() bool { return d.server.pulse.watching.Load() })
	for i := range 3 {
		next := begin.Add(time.Duration(i+1) * time.Minute)
		now.Store(&next)
		l.until("event: change")
	}
}

func TestStreamsAreBounded(t *testing.T) {
	d := start(t)
	var open []*listener
	for range maxStreams {
		open = append(open, d.listen())
	}
	a := d.ask("GET", "/stream", "")
	if a.StatusCode != http.StatusServiceUnavailable || d.json(a)["code"] != "streams" {
		t.Errorf("one too many: %d", a.StatusCode)
	}
	if a := d.ask("HEAD", "/stream", ""); a.StatusCode != http.StatusOK {
		t.Errorf("HEAD: %d", a.StatusCode)
	}
	// Whoever goes frees the place, without anything having to be sent.
	for _, l := range open[:3] {
		l.leave()
	}
	d.until("three places", func() bool { return d.server.pulse.count() == maxStreams-3 })
	for range 3 {
		d.listen()
	}
	for _, l := range open[3:] {
		l.leave()
	}
	d.until("empty", func() bool { return d.server.pulse.count() == 3 })
}

// Many changes between two looks of a listener are one, and nobody waits for a slow one.
func TestPulseCoalesces(t *testing.T) {
	p := newPulse(func() uint64 { return 0 }, func(context.Context) time.Time { return time.Time{} }, time.Now)
	slow, quick := p.listen(), p.listen()
	for i := range uint64(100) {
		p.tell(i)
		if got := <-quick; got != i {
			t.Fatalf("told %d, want %d", got, i)
		}
	}
	if got := <-slow; got != 0 || len(slow) != 0 {
		t.Errorf("the slow one is told %d, %d wait", got, len(slow))
	}
	p.leave(quick)
	p.end()
	if _, ok := <-slow; ok {
		t.Error("not ended")
	}
	if p.listen() != nil {
		t.Error("a listener after the end")
	}
}

func TestNoPlaceIsLost(t *testing.T) {
	d := start(t)
	for range 3 * maxStreams {
		l := d.listen()
		l.leave()
		l.until("")
		d.until("free", func() bool { return d.server.pulse.count() == 0 })
	}
	if got := strings.Count(d.server.String(), "web"); got != 1 {
		t.Error("no name")
	}
}

// TestStreamOutlivesTheLimitOfItsRequest leaves a connection as a request does: with a limit that passes.
func TestStreamOutlivesTheLimitOfItsRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := net.Pipe()
		if err := server.SetReadDeadline(time.Now().Add(readTimeout)); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			send(server, bufio.NewWriter(server), nil, nil, "hello\n")
		}()
		lines := bufio.NewReader(client)
		for _, want := range []string{"hello\n", ":\n", "\n", ":\n", "\n"} { // a sign of life each twenty seconds
			if line, err := lines.ReadString('\n'); line != want {
				t.Fatalf("%q, %v", line, err)
			}
		}
		synctest.Wait()
		select {
		case <-ended:
			t.Error("the stream ended by itself")
		default:
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		<-ended
	})
}

// Whichever way the clock is set, listeners are told at once, and once: what was to change at a time by the clock before may be years away.
func TestPulseFollowsAClockThatIsSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var offset atomic.Int64
		now := func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
		p := newPulse(func() uint64 { return 7 }, func(context.Context) time.Time { return now().Add(time.Minute) }, now)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); p.run(ctx) }()
		ch := p.listen()
		<-time.After(time.Second)
		synctest.Wait()
		for _, by := range []time.Duration{5 * 365 * 24 * time.Hour, -5 * 365 * 24 * time.Hour, time.Hour, -time.Hour} {
			offset.Add(int64(by))
			<-time.After(pulseEvery)
			synctest.Wait()
			select {
			case <-ch:
			default:
				t.Fatalf("nobody is told of %v", by)
			}
			<-time.After(10 * time.Second)
			synctest.Wait()
			select {
			case <-ch:
				t.Fatalf("told again after %v", by)
			default:
			}
		}
		cancel()
		<-ended
	})
}
