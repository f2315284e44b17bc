package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"calendarbot/scripts/demo/household"
	"calendarbot/scripts/demo/mischief"
)

// disturbance is one kind of trouble: steps that follow each other, from the last to the first again.
type disturbance struct {
	name  string
	every time.Duration // from one step to the next
	steps []step
	done  atomic.Int64
}

// step is one thing that happens. An error is of the step itself, such as a change that was refused.
type step struct {
	name string
	do   func(ctx context.Context) error
}

// run does the steps until ctx ends; faults are noted like answers that fail.
func (d *disturbance) run(ctx context.Context, t *tally) {
	for n := 0; ; n++ {
		pause(ctx, d.every)
		s := d.steps[n%len(d.steps)]
		if ctx.Err() != nil {
			return
		}
		if err := s.do(ctx); ctx.Err() == nil {
			if err != nil {
				t.note(d.name+": "+s.name, 0, 0, err)
			}
			d.done.Add(1)
		}
	}
}

// place is where the agent runs: what it reads, and what is changed under it.
type place struct {
	dir   string
	feeds []*server
	roots string
}

// server is that of one calendar.
type server struct {
	*mischief.Server
	address string // Server.URL is not to be asked for while it is opened again
	shut    bool   // it refuses connections
}

// newPlace makes the folder and starts the servers of three calendars; feed n is the nth of them.
func newPlace(dir, roots string) (*place, error) {
	p := &place{dir: dir, roots: roots}
	for range people() {
		feed, err := mischief.Start(mischief.Status(http.StatusServiceUnavailable))
		if err != nil {
			return p, err
		}
		p.feeds = append(p.feeds, &server{Server: feed, address: feed.URL()})
	}
	for i, who := range people() {
		p.feeds[i].Turn(mischief.Good(who.feed(time.Now())))
	}
	if err := p.scarce("calm"); err != nil {
		return p, err
	}
	if err := replace(p.clock(), "0s"); err != nil {
		return p, err
	}
	return p, p.configure("auto")
}

// person is a calendar of the household.
type person struct {
	id   string
	feed func(now time.Time) []byte
}

func people() []person {
	return []person{{"work", household.Work}, {"family", household.Family}, {"school", household.School}}
}

// close ends the servers.
func (p *place) close() {
	for _, f := range p.feeds {
		if f.shut {
			continue
		}
		if err := f.Close(); err != nil {
			say("%v", err)
		}
	}
}

func (p *place) file() string  { return filepath.Join(p.dir, "calendarbot.yaml") }
func (p *place) clock() string { return filepath.Join(p.dir, "clock") }
func (p *place) root() string  { return filepath.Join(p.dir, "root") }

// environment is what makes the agent read what is changed here.
func (p *place) environment() []string {
	return []string{"CALENDARBOT_TEST_CLOCK=" + p.clock(), "CALENDARBOT_TEST_ROOT=" + p.root()}
}

// configure writes the configuration file anew.
func (p *place) configure(theme string) error {
	text := "device: {name: Soak}\ndisplay: {theme: " + theme + "}\nfeeds: {refresh: 1m, timeout: 2s}\n" +
		"pressure: {every: 1s, recovery: 10s}\nbreaker: {recovery: 5s}\nsources:\n"
	for i, who := range people() {
		text += fmt.Sprintf("  - {id: %s, name: %s, url: %q, lan: true}\n", who.id, who.id, p.feeds[i].address)
	}
	return replace(p.file(), text)
}

// scarce puts another fixture in place of /proc and /sys, all of it at once.
func (p *place) scarce(how string) error {
	target := filepath.Join(p.roots, how)
	if _, err := os.Stat(target); err != nil {
		return fmt.Errorf("find a fixture (--roots): %w", err)
	}
	if err := os.Symlink(target, p.root()+".new"); err != nil {
		return err
	}
	return os.Rename(p.root()+".new", p.root())
}

// disturbances is all that happens. A cycle is about how long one kind takes to go round.
func (p *place) disturbances(a *agent, cycle time.Duration, t *tally) []*disturbance {
	var list []*disturbance
	for i, who := range people() {
		list = append(list, p.feedTrouble(a, i, who, cycle))
	}
	return append(list, p.settings(a, cycle), p.jumps(cycle), p.waves(cycle), crowds(a, cycle, t))
}

// feedTrouble is how a server fails. After each step the agent is told to fetch, as it would not before a minute is over.
func (p *place) feedTrouble(a *agent, i int, who person, cycle time.Duration) *disturbance {
	feed := p.feeds[i]
	d := &disturbance{name: "feed " + who.id}
	add := func(name string, change func() error) {
		d.steps = append(d.steps, step{name, func(ctx context.Context) error {
			if feed.shut {
				if err := feed.Reopen(); err != nil {
					return err
				}
				feed.shut = false
			}
			if err := change(); err != nil {
				return err
			}
			status, err := ask(ctx, http.DefaultClient, http.MethodPost, a.url("/api/v1/sources/"+who.id+"/refresh"), "")
			if err == nil && status != http.StatusAccepted && status != http.StatusTooManyRequests {
				err = fmt.Errorf("refresh: status %d", status)
			}
			return err
		}})
	}
	turn := func(name string, behave http.HandlerFunc) {
		add(name, func() error { feed.Turn(behave); return nil })
	}
	good := func(days int) {
		name := fmt.Sprintf("good, of %d days later", days)
		add(name, func() error { feed.Turn(mischief.Good(who.feed(time.Now().AddDate(0, 0, days)))); return nil })
	}
	good(0)
	turn("500", mischief.Status(http.StatusInternalServerError))
	good(1)
	turn("truncated", mischief.Truncated(who.feed(time.Now())))
	turn("a web page", mischief.HTML)
	good(0)
	add("refused", func() error { feed.shut = true; return feed.Close() })
	good(2)
	turn("slow", mischief.Drip)
	turn("garbage", mischief.Body("text/calendar", mischief.Noise(20_000)))
	good(0)
	turn("silent", mischief.Silent)
	turn("empty", mischief.Empty)
	d.every = cycle/time.Duration(len(d.steps)) + time.Duration(i)*97*time.Millisecond
	return d
}

// settings is how the configuration changes.
func (p *place) settings(a *agent, cycle time.Duration) *disturbance {
	hangup := func() error { return a.cmd.Process.Signal(syscall.SIGHUP) }
	api := func(method, path, body string, want ...int) func(context.Context) error {
		return func(ctx context.Context) error {
			status, err := ask(ctx, http.DefaultClient, method, a.url(path), body)
			if err != nil {
				return err
			}
			for _, w := range want {
				if status == w {
					return nil
				}
			}
			return fmt.Errorf("status %d", status)
		}
	}
	steps := []step{
		{"file changes", func(context.Context) error { return p.configure("light") }},
		{"SIGHUP without a change", func(context.Context) error { return hangup() }},
		{"API sets", api(http.MethodPatch, "/api/v1/config", `{"set":{"display.clock":"12h"}}`, http.StatusOK)},
		{"file is broken", func(context.Context) error { return p.configure("pink") }},
		{"API reloads a broken file", api(http.MethodPost, "/api/v1/config/reload", "{}", http.StatusUnprocessableEntity, http.StatusBadRequest, http.StatusConflict)},
		{"file is mended, SIGHUP", func(context.Context) error {
			if err := p.configure("dark"); err != nil {
				return err
			}
			return hangup()
		}},
		{"API reloads", api(http.MethodPost, "/api/v1/config/reload", "{}", http.StatusOK)},
		{"API undoes", api(http.MethodPost, "/api/v1/config/undo", "{}", http.StatusOK)},
	}
	return &disturbance{name: "configuration", steps: steps, every: cycle / time.Duration(len(steps))}
}

// jumps is how the clock is set, years both ways among them: a device without a battery begins in the past.
func (p *place) jumps(cycle time.Duration) *disturbance {
	d := &disturbance{name: "clock"}
	for _, offset := range []string{"1h", "0s", "-1h", "0s", "61s", "8784h", "0s", "-17520h", "0s", "-438300h", "0s"} {
		d.steps = append(d.steps, step{offset, func(context.Context) error { return replace(p.clock(), offset) }})
	}
	d.every = cycle / time.Duration(len(d.steps))
	return d
}

// waves is how memory and heat grow scarce, and are there again.
func (p *place) waves(cycle time.Duration) *disturbance {
	d := &disturbance{name: "pressure"}
	for _, how := range []string{"tight", "critical", "tight", "calm", "critical", "calm", "calm"} {
		d.steps = append(d.steps, step{how, func(context.Context) error { return p.scarce(how) }})
	}
	d.every = cycle / time.Duration(len(d.steps))
	return d
}

// crowdSize clients make a wave of load, each asking crowdPace after its last answer.
const (
	crowdSize = 8
	crowdPace = 4 * time.Millisecond
)

// crowds is a wave of real load for a sixth of the cycle.
func crowds(a *agent, cycle time.Duration, t *tally) *disturbance {
	return &disturbance{name: "load", every: cycle * 5 / 6, steps: []step{{"wave", func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, cycle/6)
		defer cancel()
		var workers sync.WaitGroup
		for range crowdSize {
			workers.Go(func() { client{paths: crowd(), every: crowdPace}.visit(ctx, a, t) })
		}
		workers.Wait()
		return nil
	}}}}
}
