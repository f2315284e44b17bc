package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"calendarbot/scripts/facts"
)

// soak runs the agent until the time is over or ctx ends, and judges what was sampled.
func (p plan) soak(ctx context.Context) (r *result, err error) {
	if err := os.MkdirAll(p.dir, 0o755); err != nil {
		return nil, err
	}
	version, err := facts.VersionOf(ctx, p.agent)
	if err != nil {
		return nil, err
	}
	where, err := newPlace(p.dir, p.roots)
	defer where.close()
	if err != nil {
		return nil, err
	}
	a, err := startAgent(ctx, p.agent, p.dir, where.file(), where.environment())
	if err != nil {
		return nil, err
	}
	cycle := max(20*time.Second, min(p.length/12, 4*time.Minute))
	say("soaking %s for %v at http://%s; Ctrl-C ends it with the figures so far", filepath.Base(p.agent), p.length, a.address)
	r = &result{Began: time.Now().UTC().Truncate(time.Second), Version: version}

	within, cancel := context.WithTimeout(ctx, p.length)
	defer cancel()
	list := where.disturbances(a, cycle, &r.tally)
	var all sync.WaitGroup
	for _, c := range residents() {
		all.Go(func() { c.visit(within, a, &r.tally) })
	}
	for range subscribers {
		all.Go(func() { subscribe(within, a, &r.tally) })
	}
	for _, d := range list {
		all.Go(func() { d.run(within, &r.tally) })
	}
	r.watch(within, p, a)
	cancel()
	all.Wait()
	if a.runs() {
		took, stopErr := a.stop()
		r.Stopped = took.Seconds()
		err = stopErr
	} else {
		err = errors.Join(errors.New("the agent ended by itself"), a.err)
	}
	if err != nil {
		r.Ended = err.Error()
	}
	for _, d := range list {
		r.Disturbances = append(r.Disturbances, count{d.name, d.done.Load()})
	}
	r.log = a.log.text()
	r.judge(p)
	return r, nil
}

// watch samples until ctx ends, or the agent does.
func (r *result) watch(ctx context.Context, p plan, a *agent) {
	web := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}}
	defer web.CloseIdleConnections()
	began := time.Now()
	sampling, telling := time.NewTicker(between(p.length)), time.NewTicker(time.Minute)
	defer sampling.Stop()
	defer telling.Stop()
	defer func() { r.Took = time.Since(began).Seconds() }()
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.ended:
			return
		case <-telling.C:
			r.tell(time.Since(began), p.length)
		case <-sampling.C:
			s, err := a.look(ctx, web)
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				r.tally.note("/metrics", 0, 0, err)
				continue
			}
			good, limited, bad := r.tally.all()
			s.At, s.Requests = time.Since(began).Seconds(), float64(good+limited+bad)
			r.Samples = append(r.Samples, s)
		}
	}
}

// tell prints the line of progress.
func (r *result) tell(since, length time.Duration) {
	good, limited, bad := r.tally.all()
	var s sample
	if n := len(r.Samples); n > 0 {
		s = r.Samples[n-1]
	}
	say("%v of %v: %d answers, %d limited, %d bad; %.1f MiB resident, %.1f MiB its own, %.0f goroutines, %.0f files",
		since.Round(time.Second), length, good, limited, bad, s.Resident/(1<<20), s.Anonymous/(1<<20), s.Goroutines, s.Files)
}
