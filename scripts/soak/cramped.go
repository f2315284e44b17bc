package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"calendarbot/scripts/demo/household"
	"calendarbot/scripts/demo/mischief"
)

// drill is the agent and a hog in one group of little memory.
type drill struct {
	agent string        // the agent's binary
	roots string        // fixtures, for a kernel whose groups the agent does not read
	dir   string        // scratch
	self  []string      // this program as a hog
	wait  time.Duration // for the agent to see and do something
}

// crampedCommand runs the drill again and again.
func crampedCommand(ctx context.Context, args []string, out io.Writer) error {
	fs := newFlags("soak cramped", out)
	var p plan
	fs.StringVar(&p.agent, "agent", "bin/calendarbot", "the agent's binary")
	fs.StringVar(&p.roots, "roots", "agent/pressure/testdata", "folder with the fixture calm, for control groups of version 1")
	runs := fs.Int("runs", 10, "how often, 1 to 1000")
	wait := fs.Duration("wait", 3*time.Minute, "how long the agent may take to notice, 5s to 1h")
	dest := fs.String("out", "dist/soak", "folder for scratch and the result")
	if err := parse(fs, args); err != nil {
		return err
	}
	if *runs < 1 || *runs > 1000 || *wait < 5*time.Second || *wait > time.Hour {
		return fmt.Errorf("--runs %d is not between 1 and 1000, or --wait %v not between 5s and 1h", *runs, *wait)
	}
	clean, err := p.prepare(*dest)
	if err != nil {
		return err
	}
	defer clean()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var rows []squeezed
	for n := range *runs {
		d := drill{agent: p.agent, roots: p.roots, dir: filepath.Join(p.dir, fmt.Sprint(n)), self: []string{self, "hog"}, wait: *wait}
		say("cramped: run %d of %d", n+1, *runs)
		row, err := d.run(ctx)
		if err != nil {
			return fmt.Errorf("run %d: %w", n+1, err)
		}
		rows = append(rows, row)
	}
	text := crampedTable(rows)
	if err := os.WriteFile(filepath.Join(*dest, "cramped.md"), []byte(text), 0o644); err != nil {
		return err
	}
	_, err = io.WriteString(out, text)
	return err
}

// squeezed is what one run showed.
type squeezed struct {
	version int             // of the control group
	seen    []time.Duration // until the agent gave up the oldest pages, half of them, all
	back    time.Duration   // until all was as before, after the memory was given back
	good    int             // answers
	slowest time.Duration
	most    uint64 // bytes in use, without what can be dropped
}

func crampedTable(rows []squeezed) string {
	var b strings.Builder
	b.WriteString("| run | control group | oldest, half, all kept pages given up after | as before after | most in use | answers, slowest |\n|---|---|---|---|---|---|\n")
	for i, r := range rows {
		var seen []string
		for _, d := range r.seen {
			seen = append(seen, fmt.Sprintf("%.1f s", d.Seconds()))
		}
		kind := "version 2, read by the agent"
		if r.version == 1 {
			kind = "version 1, shown to the agent as version 2"
		}
		fmt.Fprintf(&b, "| %d | %s | %s | %.1f s | %.1f of %d MiB | %d, %.2f s |\n", i+1, kind, strings.Join(seen, ", "), r.back.Seconds(),
			float64(r.most)/(1<<20), limitBytes>>20, r.good, r.slowest.Seconds())
	}
	fmt.Fprintf(&b, "\n%d runs. The agent was never killed and every request was answered.\n", len(rows))
	return b.String()
}

// run is one drill: the agent under load, and a hog that takes step by step what is left, and gives all back. The agent must step down
// with each, step up again, answer everything and live. The hog stays below the limit: there the kernel kills it, and until its memory
// is back, some milliseconds later, everybody else in the group who asks for a page.
func (d drill) run(ctx context.Context) (r squeezed, err error) {
	if err := os.MkdirAll(d.dir, 0o755); err != nil {
		return r, err
	}
	g, err := newGroup(fmt.Sprintf("calendarbot-cramped-%d-%s", os.Getpid(), filepath.Base(d.dir)))
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, g.remove()) }()
	feed, err := mischief.Start(mischief.Good(household.Large(500, 1)))
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, feed.Close()) }()
	r.version = g.version
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all sync.WaitGroup
	defer func() { cancel(); all.Wait() }()
	var env []string
	if g.version == 1 {
		root := filepath.Join(d.dir, "root")
		m, err := newMirror(g, filepath.Join(d.roots, "calm"), root)
		if err != nil {
			return r, err
		}
		env = append(env, "CALENDARBOT_TEST_ROOT="+root)
		all.Go(func() { m.follow(ctx) })
	}
	file := filepath.Join(d.dir, "calendarbot.yaml")
	if err := replace(file, fmt.Sprintf("pressure: {every: 1s, recovery: 10s}\nsources: [{id: large, url: %q, lan: true}]\n", feed.URL())); err != nil {
		return r, err
	}
	a, err := startAgent(ctx, d.agent, d.dir, file, env, g.enter()...)
	if err != nil {
		return r, err
	}
	defer func() {
		_, stopErr := a.stop() // an end by itself, or by the kernel's hand, is an error
		err = errors.Join(err, stopErr)
	}()
	var t tally
	load, quiet := context.WithCancel(ctx)
	defer quiet()
	for range crowdSize {
		all.Go(func() { client{paths: crowd(), every: crowdPace}.visit(load, a, &t) })
	}
	err = d.squeeze(ctx, g, a, &r)
	quiet()
	good, _, bad := t.all()
	r.good, r.slowest = good, t.Slowest
	if err == nil && (bad > 0 || good == 0) {
		err = fmt.Errorf("%d of %d answers failed: %s", bad, good+bad, strings.Join(t.Faults, "; "))
	}
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, a.log.text())
	}
	return r, err
}

// follow shows what is in use until ctx ends.
func (m *mirror) follow(ctx context.Context) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := m.copy(); err != nil {
				say("%v", err)
			}
		}
	}
}

// squeeze is what the hog does.
func (d drill) squeeze(ctx context.Context, g *group, a *agent, r *squeezed) error {
	h, err := startHog(g, d.self)
	if err != nil {
		return err
	}
	defer func() {
		if err := h.stop(); err != nil {
			say("%v", err)
		}
	}()
	for step, share := range []float64{0.77, 0.90, 0.97} { // above 70, 85 and 95 % of memory.high
		began := time.Now()
		err := d.until(ctx, a, fmt.Sprintf("step %d is taken", step+1), func(now float64) (bool, error) {
			used, _, err := g.used()
			if err != nil {
				return false, err
			}
			r.most = max(r.most, used)
			// The agent gives memory back as it steps down, so the hog takes more to stay where it wants to be.
			wanted := int64(share*highBytes) - int64(used) + int64(h.holds)
			if err := h.hold(ctx, uint64(max(0, wanted))); err != nil {
				return false, err
			}
			return now >= float64(step+1), nil
		})
		if err != nil {
			return err
		}
		r.seen = append(r.seen, time.Since(began))
	}
	if err := h.hold(ctx, 0); err != nil {
		return err
	}
	began := time.Now()
	if err := d.until(ctx, a, "all is as before", func(now float64) (bool, error) { return now == 0, nil }); err != nil {
		return err
	}
	r.back = time.Since(began)
	return nil
}

// until asks the agent for the step that it is at, until what is awaited holds.
func (d drill) until(ctx context.Context, a *agent, what string, holds func(now float64) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, d.wait)
	defer cancel()
	var now float64
	for {
		if !a.runs() {
			return fmt.Errorf("the agent ended: %w", a.err)
		}
		figures, err := a.figures(ctx, http.DefaultClient)
		if err == nil {
			now = figures["calendarbot_cache_pressure_step"]
			if done, err := holds(now); err != nil || done {
				return err
			}
		}
		pause(ctx, 200*time.Millisecond)
		if ctx.Err() != nil {
			return fmt.Errorf("it did not come true that %s: step %v, %w", what, now, errors.Join(ctx.Err(), err))
		}
	}
}
