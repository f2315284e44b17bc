package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"calendarbot/scripts/demo/household"
)

// idle is how long the agent is left alone before its memory and CPU are read.
const idle = 3 * time.Second

// fourWeeks is the question that makes the agent expand.
const fourWeeks = "/api/v1/events?days=28&limit=1000"

// feedServer serves one feed with a validator and counts what it answered.
type feedServer struct {
	*httptest.Server
	forgetful        bool // without a validator
	whole, unchanged atomic.Int64
}

func newFeedServer(body []byte) *feedServer {
	f := &feedServer{}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !f.forgetful {
			w.Header().Set("ETag", `"1"`)
		}
		if r.Header.Get("If-None-Match") == `"1"` {
			f.unchanged.Add(1)
			w.WriteHeader(http.StatusNotModified)
			return
		}
		f.whole.Add(1)
		w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
		if _, err := w.Write(body); err != nil {
			return // the agent went away
		}
	}))
	return f
}

// scan is the thing that refreshing is measured against: fetch the feed and split its lines, no more.
func scan(ctx context.Context, url string, out io.Writer) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	lines, events := 0, 0
	s := bufio.NewScanner(resp.Body)
	for s.Scan() {
		lines++
		if name, _, _ := strings.Cut(s.Text(), ":"); name == "BEGIN" {
			events++
		}
	}
	fmt.Fprintln(out, lines, events)
	return s.Err()
}

// refreshRows measures a feed on its way from the network to the answer.
func refreshRows(ctx context.Context, p plan) ([]row, error) {
	var rows []row
	for _, n := range []int{500, 10_000} {
		more, err := p.refresh(ctx, n)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

func (p plan) refresh(ctx context.Context, n int) ([]row, error) {
	body := household.Large(n, 1)
	server := newFeedServer(body)
	defer server.Close()
	var scanned, refreshed, unchanged, first []time.Duration
	var peak, resting []float64
	for i := range p.runs {
		dir := filepath.Join(p.dir, fmt.Sprintf("refresh-%d-%d", n, i))
		if err := os.Mkdir(dir, 0o755); err != nil {
			return nil, err
		}
		cmd := exec.CommandContext(ctx, p.self, "scan", server.URL)
		if err := cmd.Run(); err != nil {
			return nil, fmt.Errorf("scan: %w", err)
		}
		scanned = append(scanned, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())

		agent, err := p.serve(ctx, setup{dir: dir, feed: server.URL, clock: standing()})
		if err != nil {
			return nil, err
		}
		if _, _, err := agent.wait(ctx, fourWeeks, hasEvents); err != nil {
			return nil, err
		}
		cpu, err := agent.cpu()
		if err != nil {
			return nil, err
		}
		high, err := agent.memory("VmHWM")
		if err != nil {
			return nil, err
		}
		if _, err := agent.stop(); err != nil {
			return nil, err
		}
		refreshed, peak = append(refreshed, cpu), append(peak, high)

		agent, err = p.serve(ctx, setup{dir: dir, feed: server.URL, clock: standing()})
		if err != nil {
			return nil, err
		}
		took, _, err := agent.wait(ctx, "/api/whats-next", hasMeeting)
		if err != nil {
			return nil, err
		}
		first = append(first, took)
		cpu, rss, err := p.unchanged(ctx, agent, server)
		if err != nil {
			return nil, err
		}
		unchanged, resting = append(unchanged, cpu), append(resting, rss)
		if _, err := agent.stop(); err != nil {
			return nil, err
		}
	}
	name := fmt.Sprintf("%d events (%.1f MB)", n, float64(len(body))/1e6)
	whole := row{What: name + ": fetch, parse, store, expand 4 weeks, CPU", Figure: ms(median(refreshed)), Against: "bare line scanner " + ms(median(scanned)), Ratio: float64(median(refreshed)) / float64(median(scanned))}
	most := row{What: name + ": peak resident memory", Figure: mib(median(peak))}
	same := row{What: name + ": the same feed unchanged, CPU", Figure: ms(median(unchanged)), Against: "the first fetch", Ratio: float64(median(unchanged)) / float64(median(refreshed))}
	if n >= 10_000 {
		whole = whole.goal("≤ 12", whole.Ratio, atMost, 12)
		most = most.goal("≤ 32 MiB", median(peak), atMost, 32)
		same = same.goal("≤ 0.01", same.Ratio, atMost, 0.01)
	}
	return []row{
		whole, most, same,
		row{What: name + ": exec to first right answer, database filled", Figure: ms(median(first))}.goal("≤ 50 ms", median(first).Seconds(), atMost, 0.050),
		row{What: name + ": idle resident memory", Figure: mib(median(resting))}.goal("≤ 20 MiB", median(resting), atMost, 20),
	}, nil
}

// unchanged lets the agent fetch a feed that did not change and returns what that cost, less what it costs to
// be idle for the same time, and the memory at rest.
func (p plan) unchanged(ctx context.Context, agent *process, server *feedServer) (time.Duration, float64, error) {
	spent := func() (time.Duration, error) {
		before, err := agent.cpu()
		if err != nil {
			return 0, err
		}
		time.Sleep(idle)
		after, err := agent.cpu()
		return after - before, err
	}
	time.Sleep(idle)
	rest, err := spent()
	if err != nil {
		return 0, 0, err
	}
	rss, err := agent.memory("VmRSS")
	if err != nil {
		return 0, 0, err
	}
	seen := server.unchanged.Load()
	before, err := agent.cpu()
	if err != nil {
		return 0, 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+agent.address+"/api/v1/sources/default/refresh", nil)
	if err != nil {
		return 0, 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, 0, err
	}
	if err := resp.Body.Close(); err != nil {
		return 0, 0, err
	}
	time.Sleep(idle)
	after, err := agent.cpu()
	if err != nil {
		return 0, 0, err
	}
	if server.unchanged.Load() == seen {
		return 0, 0, fmt.Errorf("the agent did not ask again within %s of being told to (status %d)", idle, resp.StatusCode)
	}
	return max(0, after-before-rest), rss, nil
}
