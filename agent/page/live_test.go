package page

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// live serves one scene whose clock is turned by the test, and which can fall silent.
type live struct {
	changes chan struct{}

	mu   sync.Mutex
	d    *Direct
	now  time.Time
	down bool
	beat int
}

func (l *live) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	down := l.down
	l.mu.Unlock()
	if down {
		panic(http.ErrAbortHandler)
	}
	switch {
	case r.URL.Path == "/stream":
		l.stream(w, r)
	case r.URL.Path == "/api/browser-heartbeat":
		l.mu.Lock()
		l.beat++
		l.mu.Unlock()
	case strings.HasPrefix(r.URL.Path, "/assets/"):
		body, contentType, _ := Asset(strings.TrimPrefix(r.URL.Path, "/assets/"))
		w.Header().Set("Content-Type", contentType)
		w.Write(body)
	default:
		l.mu.Lock()
		p, err := l.d.Page(r.Context(), Query{Kind: Next})
		l.mu.Unlock()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", p.Type)
		w.Header().Set("Content-Security-Policy", policy)
		w.Write(p.Body)
	}
}

func (l *live) stream(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	flush := w.(http.Flusher).Flush
	flush()
	for {
		select {
		case <-r.Context().Done():
			return
		case <-l.changes:
			fmt.Fprint(w, "event: change\ndata: {}\n\n")
			flush()
		}
	}
}

// turn sets the clock and tells the browser.
func (l *live) turn(t *testing.T, ctx context.Context, now time.Time) {
	t.Helper()
	l.mu.Lock()
	l.now = now
	l.mu.Unlock()
	select {
	case l.changes <- struct{}{}:
	case <-ctx.Done():
		t.Fatal("the page does not listen to the stream")
	}
}

// until waits for a fact in the page.
func until(t *testing.T, ctx context.Context, fact string) {
	t.Helper()
	wait := "new Promise((done) => { const look = () => (" + fact + ") ? done(true) : setTimeout(look, 20); look(); })"
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](wait, chromedp.EvalAwaitPromise)); err != nil {
		t.Fatalf("waiting for %s: %v", fact, err)
	}
}

func keptCurrent(t *testing.T, ctx context.Context, found *complaints) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	all := scenes()
	d := stage(t, all[slices.IndexFunc(all, func(s scene) bool { return s.name == "backtoback" })])
	l := &live{d: d, now: d.o.Now(), changes: make(chan struct{})}
	d.o.Now = func() time.Time { return l.now } // asked for under the lock alone
	start := l.now
	server := httptest.NewServer(l)
	defer server.Close()
	defer server.CloseClientConnections()

	if err := chromedp.Do(ctx, chromedp.Navigate(server.URL+"/")); err != nil {
		t.Fatal(err)
	}
	const say = "document.getElementById('say').textContent"
	until(t, ctx, "document.querySelector('.amount strong').textContent === '5 min' && "+say+" === ''")
	until(t, ctx, "document.querySelector('.hide button').focus(), window.kept = true")

	l.turn(t, ctx, start.Add(2*time.Minute)) // another amount is not worth a word
	until(t, ctx, "document.querySelector('.amount strong').textContent === '3 min'")
	until(t, ctx, say+" === '' && window.kept && document.activeElement.getAttribute('aria-label') === 'Hide Design review'")

	l.turn(t, ctx, start.Add(5*time.Minute)) // another event is
	until(t, ctx, say+" === 'Now: Budget call, 14:40–15:10' && document.title.startsWith('Now: Budget call') && window.kept")
	found.none(t)

	l.mu.Lock()
	l.down = true
	l.mu.Unlock()
	until(t, ctx, "Date.now = ((now) => () => now() + 60000)(Date.now), dispatchEvent(new Event('online'))")
	until(t, ctx, "!document.getElementById('lost').hidden && /since \\d/.test(document.getElementById('lost').textContent)")
	until(t, ctx, "document.querySelector('h1').textContent === 'Budget call'") // what was known stays

	l.mu.Lock()
	l.down, l.now = false, start.Add(3*time.Hour)
	l.mu.Unlock()
	until(t, ctx, "dispatchEvent(new Event('online'))")
	until(t, ctx, "document.getElementById('lost').hidden && document.querySelector('h1').textContent === 'Pick up Mia from judo' && window.kept")
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.beat == 0 {
		t.Error("the browser gave no sign of life")
	}
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil { // before the server goes
		t.Fatal(err)
	}
	found.forget() // that the server was gone for a while
}
