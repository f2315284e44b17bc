package board

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// watch asks the device for its page again and again, as its display does, and remembers how it fared.
type watch struct {
	stop func()

	mu            sync.Mutex
	asked, failed int
	first         error // of those that failed
	slowest       time.Duration
	well          bool
	changed       time.Time // when it became what it is now
	worst         time.Time // when it became unwell the first time; zero when it never did
}

// pause is that between two requests.
const pause = 200 * time.Millisecond

// watch begins; each request may take some time until it counts as failed. It ends with stop or the test.
func (r *running) watch(t *testing.T, limit time.Duration) *watch {
	t.Helper()
	w := &watch{well: true, changed: time.Now()}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	w.stop = sync.OnceFunc(func() { cancel(); <-ended })
	t.Cleanup(w.stop)
	// Each second request has a connection of its own, as somebody new at the door.
	kept, fresh := &http.Client{Timeout: limit}, &http.Client{Timeout: limit, Transport: &http.Transport{DisableKeepAlives: true}}
	go func() {
		defer close(ended)
		tick := time.NewTicker(pause)
		defer tick.Stop()
		for client, other := kept, fresh; ; client, other = other, client {
			begin := time.Now()
			var page bytes.Buffer
			err := get(ctx, client, r.Web+"/", &page)
			if err == nil && !strings.Contains(page.String(), "calendarbot-ready") {
				err = fmt.Errorf("the page is none: %.200s", page.String())
			}
			if ctx.Err() != nil {
				return
			}
			w.note(time.Since(begin), err)
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return w
}

func (w *watch) note(took time.Duration, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	w.slowest = max(w.slowest, took)
	if err != nil {
		w.failed++
		if w.first == nil {
			w.first, w.worst = err, time.Now()
		}
	}
	if well := err == nil; well != w.well {
		w.well, w.changed = well, time.Now()
	}
}

// served waits until the page was shown without a break for some time, and returns since when.
func (w *watch) served(t *testing.T, limit, still time.Duration) time.Time {
	t.Helper()
	end := time.NewTimer(limit)
	defer end.Stop()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		w.mu.Lock()
		well, since, first := w.well, w.changed, w.first
		w.mu.Unlock()
		if well && time.Since(since) >= still {
			return since
		}
		select {
		case <-tick.C:
		case <-end.C:
			t.Fatalf("the page is not shown again; the first failure was %v", first)
		}
	}
}

// String tells how many requests there were.
func (w *watch) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := fmt.Sprintf("%d requests, %d failed, the slowest took %.1f s", w.asked, w.failed, w.slowest.Seconds())
	if w.first != nil {
		text += fmt.Sprintf(" (the first that failed: %.200s)", w.first.Error())
	}
	return text
}
