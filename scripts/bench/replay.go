package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"calendarbot/agent/feature"
	"calendarbot/scripts/demo/household"
	"calendarbot/scripts/trace"
)

// replayed is what came of asking a trace again.
type replayed struct {
	asked     int
	unchanged int             // answered 304
	failed    []string        // answers of 500 and more, and none at all
	turns     []time.Duration // how long the first answers after a full minute took, when the picture changes
}

// caller is one client of a trace: its connections, and what it knows.
type caller struct {
	http   *http.Client
	tags   map[string]string // ETag by target
	page   []byte            // the newest page, for the names of its files
	hangUp context.CancelFunc
	minute map[string]int64 // by target: the minute of the last look
}

// replay asks a trace again, in real time from begin, a full minute, on.
func replay(ctx context.Context, base string, list []trace.Request, begin time.Time) (*replayed, error) {
	var done replayed
	var mu sync.Mutex
	var waiting sync.WaitGroup
	clients := map[string]chan trace.Request{}
	for _, r := range list {
		if clients[r.Client] == nil {
			requests := make(chan trace.Request, len(list))
			clients[r.Client] = requests
			waiting.Go(func() {
				c := &caller{http: &http.Client{Transport: &http.Transport{DisableCompression: true}, Timeout: 30 * time.Second}, tags: map[string]string{}, minute: map[string]int64{}}
				defer c.leave()
				for r := range requests {
					if !pause(ctx, time.Until(begin.Add(r.At))) {
						return
					}
					status, took, turn, err := c.ask(ctx, base, r)
					mu.Lock()
					done.asked++
					switch {
					case err != nil && ctx.Err() == nil:
						done.failed = append(done.failed, fmt.Sprintf("%s: %v", r.Target, err))
					case status >= http.StatusInternalServerError:
						done.failed = append(done.failed, fmt.Sprintf("%s: status %d", r.Target, status))
					case status == http.StatusNotModified:
						done.unchanged++
					}
					if turn {
						done.turns = append(done.turns, took)
					}
					mu.Unlock()
				}
			})
		}
		clients[r.Client] <- r
	}
	for _, requests := range clients {
		close(requests)
	}
	waiting.Wait()
	return &done, ctx.Err()
}

// ask asks one request; turn tells whether it is the client's first of a page in its minute, after one in another.
func (c *caller) ask(ctx context.Context, base string, r trace.Request) (status int, took time.Duration, turn bool, err error) {
	target := trace.Actual(r.Target, c.page)
	if target == "/stream" {
		return c.listen(ctx, base+target)
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, base+target, nil)
	if err != nil {
		return 0, 0, false, err
	}
	if r.Gzip {
		req.Header.Set("Accept-Encoding", "gzip")
	}
	if r.Revalidates && c.tags[target] != "" {
		req.Header.Set("If-None-Match", c.tags[target])
	}
	began := time.Now()
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, 0, false, err
	}
	body, err := io.ReadAll(resp.Body)
	took = time.Since(began)
	if closeErr := resp.Body.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return 0, 0, false, err
	}
	if tag := resp.Header.Get("ETag"); tag != "" {
		c.tags[target] = tag
	}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") && resp.StatusCode == http.StatusOK && resp.Header.Get("Content-Encoding") == "" {
		c.page = body
	}
	if minute := began.Unix() / 60; r.Method == http.MethodGet && !strings.HasPrefix(target, "/assets/") {
		turn = c.minute[target] != 0 && c.minute[target] != minute
		c.minute[target] = minute
	}
	return resp.StatusCode, took, turn, nil
}

// listen opens the client's stream in the place of the one before.
func (c *caller) listen(ctx context.Context, url string) (int, time.Duration, bool, error) {
	c.leave()
	ctx, c.hangUp = context.WithCancel(ctx)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, 0, false, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, 0, false, err
	}
	go func() {
		defer resp.Body.Close()
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			return // the listener has hung up
		}
	}()
	return resp.StatusCode, 0, false, nil
}

func (c *caller) leave() {
	if c.hangUp != nil {
		c.hangUp()
	}
}

// householdFile writes the configuration of an agent with the demo household's calendars.
func householdFile(dir, feeds string) (string, error) {
	var b strings.Builder
	b.WriteString("sources:\n")
	for _, name := range household.Feeds() {
		fmt.Fprintf(&b, "  - name: %s\n    url: %s/%s\n", strings.TrimSuffix(name, ".ics"), feeds, name)
	}
	file := filepath.Join(dir, "calendarbot.yaml")
	return file, os.WriteFile(file, []byte(b.String()), 0o600)
}

// householdRows lives the recorded household's life again, in front of the agent with everything on and of one without warming.
func householdRows(ctx context.Context, p plan) ([]row, error) {
	whole, err := trace.Household()
	if err != nil {
		return nil, err
	}
	list := trace.Busiest(whole, p.replay)
	if len(list) == 0 {
		return nil, errors.New("read the household's trace: it is empty")
	}
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		return nil, err
	}
	feeds := httptest.NewServer(household.Handler(time.Now().In(zone)))
	defer feeds.Close()
	// Both live at the same time. What is counted before begin is not the household's.
	begin := time.Now().Add(5 * time.Second).Truncate(time.Minute).Add(time.Minute)
	type life struct {
		seen *replayed
		f    figures
		err  error
	}
	lives := make([]life, 2)
	var both sync.WaitGroup
	for i, env := range [][]string{allOn(), without(feature.CacheWarming)} {
		both.Go(func() {
			l := &lives[i]
			l.seen, l.f, l.err = p.live(ctx, fmt.Sprint(i), feeds.URL, env, list, begin)
		})
	}
	both.Wait()
	if err := errors.Join(lives[0].err, lives[1].err); err != nil {
		return nil, err
	}
	on, cold := lives[0], lives[1]
	kept := on.f.hitRate()
	reuse := on.f.reuse("")
	slices.Sort(on.seen.turns)
	slices.Sort(cold.seen.turns)
	rows := []row{
		row{
			What:   fmt.Sprintf("hit rate, the busiest %s of the trace (%d requests)", p.replay, on.seen.asked),
			Figure: percent(kept), Against: "without cache_warming " + percent(cold.f.hitRate()), Ratio: share(kept, cold.f.hitRate()),
		}.goal("≥ 70 %", kept, atLeast, 0.70),
		row{
			What:   "connections found open, of all uses",
			Figure: percent(reuse), Against: fmt.Sprintf("of it database %s, feeds %s", percent(on.f.reuse("database")), percent(on.f.reuse("http"))),
		}.goal("≥ 80 %", reuse, atLeast, 0.80),
		row{
			What:   "requests without an answer, or with one of 500 and more",
			Figure: fmt.Sprint(len(on.seen.failed)), Against: strings.Join(on.seen.failed[:min(3, len(on.seen.failed))], "; "),
		}.goal("0", float64(len(on.seen.failed)), atMost, 0),
	}
	if len(on.seen.turns) > 0 && len(cold.seen.turns) > 0 {
		a, b := on.seen.turns, cold.seen.turns
		rows = append(rows, row{
			What:   fmt.Sprintf("cache_warming: first answer after the picture changes, median and longest of %d", len(a)),
			Figure: short(median(a)) + ", " + short(a[len(a)-1]), Against: "without " + short(median(b)) + ", " + short(b[len(b)-1]),
			Ratio: float64(median(a)) / float64(median(b)),
		})
	}
	return rows, nil
}

// live runs an agent through a trace.
func (p plan) live(ctx context.Context, name, feeds string, env []string, list []trace.Request, begin time.Time) (*replayed, figures, error) {
	dir := filepath.Join(p.dir, name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, nil, err
	}
	file, err := householdFile(dir, feeds)
	if err != nil {
		return nil, nil, err
	}
	agent, err := p.serve(ctx, setup{dir: dir, file: file, env: env})
	if err != nil {
		return nil, nil, err
	}
	if _, _, err := agent.wait(ctx, whatsNext, hasMeeting); err != nil {
		return nil, nil, err
	}
	before, err := agent.figures(ctx)
	if err != nil {
		return nil, nil, err
	}
	seen, err := replay(ctx, "http://"+agent.address, list, begin)
	if err != nil {
		return nil, nil, err
	}
	after, err := agent.figures(ctx)
	if err != nil {
		return nil, nil, err
	}
	return seen, after.less(before), stopAll(agent)
}
