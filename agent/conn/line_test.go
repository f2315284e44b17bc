package conn

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"calendarbot/agent/config"
)

// fetch asks once and reads the answer.
func fetch(t *testing.T, h *HTTP, url string) error {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := h.Do(req, true)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Error(err)
	}
	return resp.Body.Close()
}

// await waits until a fact holds.
func await(t *testing.T, what string, fact func() bool) {
	t.Helper()
	for limit := time.Now().Add(20 * time.Second); !fact(); runtime.Gosched() {
		if time.Now().After(limit) {
			t.Fatalf("in vain: %s", what)
		}
	}
}

func TestConnectionsAreUsedAgainInNormalWork(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "BEGIN:VCALENDAR") })
	h := newClient(t, HTTPOptions{})
	var feeds sync.WaitGroup
	for range 4 { // 12 calendars of one server
		feeds.Go(func() {
			for range 3 {
				if err := fetch(t, h, s.URL); err != nil {
					t.Error(err)
				}
			}
		})
	}
	feeds.Wait()
	got := h.Stats()
	if got.Takes != 12 || got.Reuse() < 0.8 || got.Opened > 2 {
		t.Errorf("reuse of %.0f %%: %+v", 100*got.Reuse(), got)
	}
	t.Logf("reuse %.1f %%, %d opened", 100*got.Reuse(), got.Opened)
}

func TestEachRequestOpensItsOwnWithoutPooling(t *testing.T) {
	var mu sync.Mutex
	ports := map[string]bool{}
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		ports[r.RemoteAddr] = true
	})
	g := pooling(t)
	h := newClient(t, HTTPOptions{Gate: g})
	if err := fetch(t, h, s.URL); err != nil {
		t.Fatal(err)
	}
	off(g)
	for range 5 {
		if err := fetch(t, h, s.URL); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "plain connections are closed", func() bool { return h.Stats().Closed == 5 })
	if got := h.Stats(); len(ports) != 6 || got.Pooled || got.Opened != 6 || got.Reused != 0 {
		t.Errorf("%d connections seen, %+v", len(ports), got)
	}
	tend(t, h)
	if got := h.Stats(); got.Idle != 0 || got.Closed != 6 {
		t.Errorf("what rested before is kept: %+v", got)
	}
}

func TestConnectionThatTheServerClosedIsReplaced(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) {})
	h := newClient(t, HTTPOptions{Gate: pooling(t)})
	for i := range uint64(10) {
		if err := fetch(t, h, s.URL); err != nil {
			t.Fatal(err)
		}
		s.CloseClientConnections()
		await(t, "it is found", func() bool { return h.Stats().Broken == i+1 })
		await(t, "it is closed", func() bool { return h.Stats().Idle == 0 })
	}
	if got := h.Stats(); got.Opened != 10 || got.Closed != 10 || got.Reused != 0 || !got.Pooled {
		t.Errorf("%+v", got)
	}
}

// TestNoRequestIsLostWithAConnection closes connections just before they are used again.
func TestNoRequestIsLostWithAConnection(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) {})
	g := pooling(t)
	h := newClient(t, HTTPOptions{Gate: g})
	for i := range 300 {
		if err := fetch(t, h, s.URL); err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			s.CloseClientConnections()
		} else if err := h.lines.trim(0); err != nil {
			t.Fatal(err)
		}
	}
	if !g.On() {
		t.Error("what was replaced in time opens the breaker")
	}
}

// pair is a connection over the loopback and its other end.
func pair(t *testing.T) (ours, theirs net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	ours, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	theirs, err = l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	return ours, theirs
}

func TestConnectionIsLookedAtBeforeItIsUsedAgain(t *testing.T) {
	for name, spoil := range map[string]func(ours, theirs net.Conn) error{
		"the server closes it":         func(_, theirs net.Conn) error { return theirs.Close() },
		"the server talks unasked":     func(_, theirs net.Conn) error { _, err := io.WriteString(theirs, "x"); return err },
		"it was closed here meanwhile": func(ours, _ net.Conn) error { return ours.Close() },
	} {
		l := newLines()
		ours, theirs := pair(t)
		n := l.add(ours)
		for range 2 {
			if !n.take() {
				t.Fatalf("%s: refused while it was well", name)
			}
			n.give()
		}
		if s := l.stats(); s.Idle != 1 || s.Broken != 0 {
			t.Errorf("%s: %+v", name, s)
		}
		if err := spoil(ours, theirs); err != nil {
			t.Fatal(err)
		}
		await(t, name, func() bool { return !quiet(ours) })
		if n.take() {
			t.Errorf("%s: it is used again", name)
		}
		if s := l.stats(); s.Broken != 1 || s.Closed != 1 || s.Idle != 0 {
			t.Errorf("%s: %+v", name, s)
		}
	}
	if ours, _ := net.Pipe(); !quiet(ours) {
		t.Error("what cannot be looked at is taken for well")
	}
}

// TestConnectionsThatFailWhenUsedAgainOpenTheBreaker: five connections are made at once, and each of them fails in its second use.
func TestConnectionsThatFailWhenUsedAgainOpenTheBreaker(t *testing.T) {
	var waiting atomic.Int32
	all := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/together":
			if waiting.Add(1) == 5 {
				close(all)
			}
			<-all
		case "/nonsense":
			c, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			if _, err := io.WriteString(c, "NONSENSE\r\n\r\n"); err != nil {
				t.Error(err)
			}
		}
	})
	g := pooling(t)
	h := newClient(t, HTTPOptions{HTTP: config.HTTP{PerHost: 5}, Gate: g})
	for range 6 {
		if err := fetch(t, h, s.URL+"/nonsense"); err == nil {
			t.Error("nonsense is taken for an answer")
		}
	}
	if !g.On() {
		t.Fatal("a server that answers nonsense on new connections opens the breaker")
	}
	var feeds sync.WaitGroup
	for range 5 {
		feeds.Go(func() {
			if err := fetch(t, h, s.URL+"/together"); err != nil {
				t.Error(err)
			}
		})
	}
	feeds.Wait()
	await(t, "all rest", func() bool { return h.Stats().Idle == 5 })
	for i := range 5 {
		if !g.On() {
			t.Errorf("the breaker opened after %d failures", i)
		}
		if err := fetch(t, h, s.URL+"/nonsense"); err == nil {
			t.Error("nonsense is taken for an answer")
		}
	}
	if g.On() {
		t.Error("five failures in a row on connections that were used before don't open the breaker")
	}
	if err := fetch(t, h, s.URL+"/well"); err != nil {
		t.Errorf("with the breaker open: %v", err)
	}
}

func TestWhoLeavesARequestSaysNothingAboutThePool(t *testing.T) {
	hold, there := make(chan struct{}), make(chan struct{})
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			there <- struct{}{}
			<-hold
		}
	})
	t.Cleanup(func() { close(hold) })
	g := pooling(t)
	h := newClient(t, HTTPOptions{Gate: g})
	for range 6 {
		if err := fetch(t, h, s.URL); err != nil {
			t.Fatal(err)
		}
		ctx, leave := context.WithCancel(t.Context())
		go func() {
			<-there
			leave()
		}()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/slow", nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Do(req, true); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	}
	if got := g.Stats(); got.Failures != 0 || got.Entered != 12 {
		t.Errorf("%+v", got)
	}
}

func TestSizesOfTheClientAreBounded(t *testing.T) {
	for _, c := range []struct{ conns, perHost, ceiling, size int }{
		{0, 0, 8, 2}, {-1, -1, 8, 2}, {1, 5, 1, 1}, {12, 3, 12, 3}, {100, 30, 100, 30}, {5000, 5000, 100, 30},
	} {
		h := newClient(t, HTTPOptions{HTTP: config.HTTP{MaxConns: c.conns, PerHost: c.perHost}})
		if s := h.Stats(); s.Ceiling != c.ceiling || s.Size != c.size || s.Name != "http" {
			t.Errorf("%+v: %+v", c, s)
		}
	}
}

func TestMaximumClosesIdleConnections(t *testing.T) {
	one, other := serve(t, func(http.ResponseWriter, *http.Request) {}), serve(t, func(http.ResponseWriter, *http.Request) {})
	h := newClient(t, HTTPOptions{})
	for _, url := range []string{one.URL, other.URL} {
		if err := fetch(t, h, url); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "both rest", func() bool { return h.Stats().Idle == 2 })
	tend(t, h)
	if s := h.Stats(); s.Idle != 2 {
		t.Errorf("closed without need: %+v", s)
	}
	h.SetMaximum(1)
	tend(t, h)
	if s := h.Stats(); s.Idle != 1 || s.Size != 1 {
		t.Errorf("%+v", s)
	}
	if err := fetch(t, h, other.URL); err != nil {
		t.Fatal(err)
	}
	if s := h.Stats(); s.Reused != 1 {
		t.Errorf("not the one that was used last is kept: %+v", s)
	}
}

func TestRequestsUnderWayOutliveTheirSettings(t *testing.T) {
	hold := make(chan struct{})
	release := sync.OnceFunc(func() { close(hold) })
	t.Cleanup(release)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-hold
		}
		if _, err := io.WriteString(w, "1"); err != nil {
			t.Error(err)
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
		if r.URL.Path == "/long" {
			<-hold
		}
		if _, err := io.WriteString(w, "2"); err != nil {
			t.Error(err)
		}
	})
	h := newClient(t, HTTPOptions{})
	if err := fetch(t, h, s.URL); err != nil {
		t.Fatal(err)
	}
	resp, err := get(t, h, s.URL+"/long", true, nil)
	if err != nil {
		t.Fatal(err)
	}
	h.Configure(config.HTTP{Header: time.Millisecond})
	if err := fetch(t, h, s.URL+"/slow"); err == nil {
		t.Error("the new limit of a millisecond doesn't hold")
	}
	release()
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "12" {
		t.Errorf("the request under way ended with %q, %v", body, err)
	}
	before := h.routes.Load()
	h.Configure(config.HTTP{Header: time.Millisecond})
	if h.routes.Load() != before {
		t.Error("the same settings cost all connections")
	}
	h.Configure(config.HTTP{MaxConns: 20, PerHost: 4})
	if s := h.Stats(); s.Ceiling != 20 || s.Size != 4 {
		t.Errorf("%+v", s)
	}
}

func TestLeakOfAnAnswerIsToldWithItsPlace(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) {})
	h := newClient(t, HTTPOptions{})
	h.pool.bound = 0
	resp, err := h.Do(httptest.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, nil), true)
	if err != nil {
		t.Fatal(err)
	}
	leaks := tend(t, h)
	if len(leaks) != 1 || !strings.HasPrefix(leaks[0].Place, "conn/line_test.go:") || leaks[0].Pool != "http" {
		t.Errorf("%+v", leaks)
	}
	if err := resp.Body.Close(); err != nil {
		t.Error(err)
	}
}

func TestEncryptedConnectionsAreCountedToo(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	h := newClient(t, HTTPOptions{Roots: roots})
	for range 5 {
		if err := fetch(t, h, s.URL); err != nil {
			t.Fatal(err)
		}
	}
	if got := h.Stats(); got.Opened != 1 || got.Reused != 4 || got.Broken != 0 {
		t.Errorf("%+v", got)
	}
	s.CloseClientConnections()
	await(t, "it is found", func() bool { return h.Stats().Broken == 1 })
}
