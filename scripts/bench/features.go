package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"calendarbot/agent/feature"
	"calendarbot/scripts/demo/household"
	"calendarbot/scripts/demo/mischief"
)

// featureRows shows what each feature gains, by itself, in what it is for: the agent with everything on against
// the same without the one. Warming shows in the household's life (householdRows),
// and sizing takes minutes (sizingRows).
func featureRows(ctx context.Context, p plan) ([]row, error) {
	var rows []row
	for _, f := range []struct {
		name    string
		measure func(plan, context.Context) ([]row, error)
	}{
		{feature.RequestPipeline, plan.pipelineGain},
		{feature.HTTPCompression, plan.compressionGain},
		{feature.RequestBatching, plan.batchingGain},
		{feature.ConnectionPooling, plan.poolingGain},
	} {
		say("features: %s", f.name)
		sub, err := p.sub(f.name)
		if err != nil {
			return rows, err
		}
		more, err := f.measure(sub, ctx)
		if err != nil {
			more = append(more, row{What: "not measured to the end", Figure: err.Error(), Verdict: missed})
		}
		for i := range more {
			more[i].What = f.name + ": " + more[i].What
		}
		rows = append(rows, more...)
	}
	return rows, ctx.Err()
}

// pair is the agent with everything on, and without one thing.
type pair struct{ on, off *process }

func (b pair) stop() error { return stopAll(b.on, b.off) }

// both starts a pair on a feed; env is for both.
func (p plan) both(ctx context.Context, name, feed string, env ...string) (b pair, err error) {
	for _, side := range []struct {
		env   []string
		agent **process
	}{{allOn(), &b.on}, {without(name), &b.off}} {
		dir, err := os.MkdirTemp(p.dir, "agent-")
		if err != nil {
			return b, err
		}
		s := setup{dir: dir, feed: feed, clock: standing(), env: append(side.env, env...), prefix: firstCore()}
		if *side.agent, err = p.serve(ctx, s); err != nil {
			return b, err
		}
		if _, _, err := (*side.agent).wait(ctx, whatsNext, hasMeeting); err != nil {
			return b, err
		}
	}
	return b, nil
}

// pipelineGain is the same page again and again.
func (p plan) pipelineGain(ctx context.Context) ([]row, error) {
	server := newFeedServer(household.Large(500, 1))
	defer server.Close()
	b, err := p.both(ctx, feature.RequestPipeline, server.URL)
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, path := range []string{whatsNext, "/"} {
		var on, off []load
		for range p.rounds {
			for _, side := range []struct {
				agent *process
				loads *[]load
			}{{b.on, &on}, {b.off, &off}} {
				l, err := p.loaded(ctx, 16, side.agent.url(path), []*process{side.agent})
				if err != nil {
					return rows, err
				}
				*side.loads = append(*side.loads, l)
			}
		}
		with, without := medianLoad(on), medianLoad(off)
		rows = append(rows, row{What: path + " at 16 connections", Figure: with.String(), Against: "off " + without.String(), Ratio: with.rate / without.rate})
	}
	return rows, b.stop()
}

// compressionGain is the bytes of a page on the wire.
func (p plan) compressionGain(ctx context.Context) ([]row, error) {
	server := newFeedServer(household.Large(500, 1))
	defer server.Close()
	b, err := p.both(ctx, feature.HTTPCompression, server.URL)
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, path := range []string{"/", "/agenda", "/api/v1/events?days=7"} {
		with, err := wire(ctx, b.on, path)
		if err != nil {
			return rows, err
		}
		without, err := wire(ctx, b.off, path)
		if err != nil {
			return rows, err
		}
		rows = append(rows, row{What: "bytes of " + path, Figure: fmt.Sprint(with), Against: fmt.Sprintf("off %d", without), Ratio: float64(with) / float64(without)})
	}
	return rows, b.stop()
}

// wire is the bytes of a body as it is sent to a client that takes gzip; asked twice, as a page may be compressed when
// it is kept.
func wire(ctx context.Context, pr *process, path string) (int64, error) {
	var n int64
	for range 2 {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, pr.url(path), nil)
		if err != nil {
			return 0, err
		}
		req.Header.Set("Accept-Encoding", "gzip")
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			return 0, err
		}
		n, err = io.Copy(io.Discard, resp.Body)
		if closeErr := resp.Body.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			return 0, err
		}
	}
	return n, nil
}

// burst asks for different things at the same time and returns how long each took.
func burst(ctx context.Context, pr *process, paths []string) ([]time.Duration, error) {
	took, errs := make([]time.Duration, len(paths)), make([]error, len(paths))
	var all sync.WaitGroup
	start := make(chan struct{})
	for i, path := range paths {
		all.Go(func() {
			<-start
			began := time.Now()
			status, _, err := get(ctx, pr.url(path))
			took[i], errs[i] = time.Since(began), err
			if err == nil && status != http.StatusOK {
				errs[i] = fmt.Errorf("ask for %s: status %d", path, status)
			}
		})
	}
	close(start)
	all.Wait()
	return took, errors.Join(errs...)
}

// batchingGain is a burst of questions that nobody has asked yet, about days that overlap.
func (p plan) batchingGain(ctx context.Context) ([]row, error) {
	const bursts, size = 30, 24
	server := newFeedServer(household.Large(10_000, 1))
	defer server.Close()
	b, err := p.both(ctx, feature.RequestBatching, server.URL)
	if err != nil {
		return nil, err
	}
	type side struct {
		cpu     time.Duration
		took    []time.Duration
		queries float64
	}
	measure := func(pr *process) (s side, err error) {
		before, err := pr.figures(ctx)
		if err != nil {
			return s, err
		}
		began, err := pr.cpu()
		if err != nil {
			return s, err
		}
		for n := range bursts {
			paths := make([]string, size)
			for i := range paths {
				paths[i] = fmt.Sprintf("/api/v1/events?days=%d&search=none%d", 7+i%8, n*size+i)
			}
			took, err := burst(ctx, pr, paths)
			if err != nil {
				return s, err
			}
			s.took = append(s.took, took...)
		}
		ended, err := pr.cpu()
		if err != nil {
			return s, err
		}
		after, err := pr.figures(ctx)
		s.cpu, s.queries = (ended-began)/bursts, after.less(before)["calendarbot_batch_queries_total"]/bursts
		return s, err
	}
	on, err := measure(b.on)
	if err != nil {
		return nil, err
	}
	off, err := measure(b.off)
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("%d different questions at once, 10,000 events", size)
	return []row{
		{What: what + ", CPU", Figure: ms(on.cpu), Against: "off " + ms(off.cpu), Ratio: float64(on.cpu) / float64(off.cpu)},
		{What: what + ", median answer", Figure: short(median(on.took)), Against: "off " + short(median(off.took)), Ratio: float64(median(on.took)) / float64(median(off.took))},
		{What: what + ", queries", Figure: fmt.Sprintf("%.1f", on.queries), Against: fmt.Sprintf("off %.1f", off.queries)},
	}, b.stop()
}

// secureFeed is a feed over TLS that counts connections, and the file of the authority that signed for it.
type secureFeed struct {
	server *httptest.Server
	opened atomic.Int64
	asked  chan struct{} // a request was there
	trust  string
}

func (p plan) secureFeed(body []byte) (*secureFeed, error) {
	authority, err := mischief.NewAuthority()
	if err != nil {
		return nil, err
	}
	certificate, err := authority.Issue(household.LargeNow().AddDate(-1, 0, 0), time.Now().AddDate(10, 0, 0))
	if err != nil {
		return nil, err
	}
	f := &secureFeed{asked: make(chan struct{}, 64), trust: filepath.Join(p.dir, "authority.pem")}
	f.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case f.asked <- struct{}{}:
		default: // nobody waits for it
		}
		w.Header().Set("ETag", `"1"`)
		if r.Header.Get("If-None-Match") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
		if _, err := w.Write(body); err != nil {
			return // the agent went away
		}
	}))
	f.server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			f.opened.Add(1)
		}
	}
	f.server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	f.server.StartTLS()
	return f, os.WriteFile(f.trust, authority.PEM(), 0o600)
}

// poolingGain is what it costs to ask a feed's server again, and to read from the database when nothing is kept.
func (p plan) poolingGain(ctx context.Context) ([]row, error) {
	const refreshes = 4 // a person's word is followed every five seconds
	f, err := p.secureFeed(household.Large(500, 1))
	if err != nil {
		return nil, err
	}
	defer f.server.Close()
	b, err := p.both(ctx, feature.ConnectionPooling, f.server.URL, "SSL_CERT_FILE="+f.trust, switched(feature.RequestPipeline, "off"))
	if err != nil {
		return nil, err
	}
	type side struct {
		cpu    time.Duration
		opened int64
		reads  []load
	}
	sides := map[*process]*side{b.on: {}, b.off: {}}
	for _, pr := range []*process{b.on, b.off} {
		s := sides[pr]
		opened := f.opened.Load()
		before, err := pr.cpu()
		if err != nil {
			return nil, err
		}
		for range refreshes {
			if err := f.refresh(ctx, pr); err != nil {
				return nil, err
			}
		}
		after, err := pr.cpu()
		if err != nil {
			return nil, err
		}
		s.cpu, s.opened = (after-before)/refreshes, f.opened.Load()-opened
	}
	for range p.rounds {
		for _, pr := range []*process{b.on, b.off} {
			l, err := p.loaded(ctx, 4, pr.url(whatsNext), []*process{pr})
			if err != nil {
				return nil, err
			}
			sides[pr].reads = append(sides[pr].reads, l)
		}
	}
	on, off := sides[b.on], sides[b.off]
	with, without := medianLoad(on.reads), medianLoad(off.reads)
	return []row{
		{What: "CPU of a refresh over TLS, unchanged feed", Figure: ms(on.cpu), Against: "off " + ms(off.cpu), Ratio: float64(on.cpu) / float64(off.cpu)},
		{What: fmt.Sprintf("connections to the feed's server in %d refreshes", refreshes), Figure: fmt.Sprint(on.opened), Against: fmt.Sprintf("off %d", off.opened)},
		{What: "pages drawn from the database, 4 connections", Figure: with.String(), Against: "off " + without.String(), Ratio: with.rate / without.rate},
	}, b.stop()
}

// refresh tells the agent to refresh and waits until the feed's server was asked.
func (f *secureFeed) refresh(ctx context.Context, pr *process) error {
	for len(f.asked) > 0 {
		<-f.asked
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, pr.url("/api/v1/sources/default/refresh"), nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	if err := resp.Body.Close(); err != nil {
		return err
	}
	select {
	case <-f.asked:
		return nil
	case <-time.After(30 * time.Second):
		return fmt.Errorf("wait for a refresh: the feed's server was not asked (status %d)", resp.StatusCode)
	}
}
