package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"calendarbot/scripts/demo/household"
)

// What the small machine has: a quarter of a processor and so much memory.
const (
	quotaMicros  = 25_000
	periodMicros = 100_000
	memoryBytes  = 64 << 20
)

// cell is a control group with little of everything.
type cell struct {
	procs   []string // files that a process is written into to be inside
	dirs    []string // to be removed
	crowded string   // file that counts how often memory was too little
}

// newCell makes one, in version 2 of control groups where its controllers are there, else in version 1.
func newCell(name string) (c *cell, err error) {
	const top = "/sys/fs/cgroup"
	defer func() {
		if err != nil {
			err = errors.Join(err, c.remove())
		}
	}()
	c = &cell{}
	set := func(dir string, values map[string]string) error {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
		c.dirs = append(c.dirs, dir)
		c.procs = append(c.procs, filepath.Join(dir, "cgroup.procs"))
		for file, value := range values {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(value), 0o644); err != nil {
				return err
			}
		}
		return nil
	}
	if have, readErr := os.ReadFile(top + "/cgroup.controllers"); readErr == nil {
		for _, controller := range []string{"cpu", "memory"} {
			if !strings.Contains(string(have), controller) {
				return c, fmt.Errorf("find the %s controller: this kernel has none in /sys/fs/cgroup", controller)
			}
		}
		if err := os.WriteFile(top+"/cgroup.subtree_control", []byte("+cpu +memory"), 0o644); err != nil {
			return c, err
		}
		dir := filepath.Join(top, name)
		c.crowded = filepath.Join(dir, "memory.events")
		return c, set(dir, map[string]string{"cpu.max": fmt.Sprintf("%d %d", quotaMicros, periodMicros), "memory.max": strconv.Itoa(memoryBytes), "memory.swap.max": "0"})
	}
	c.crowded = filepath.Join(top, "memory", name, "memory.oom_control")
	if err := set(filepath.Join(top, "cpu", name), map[string]string{"cpu.cfs_quota_us": strconv.Itoa(quotaMicros), "cpu.cfs_period_us": strconv.Itoa(periodMicros)}); err != nil {
		return c, err
	}
	return c, set(filepath.Join(top, "memory", name), map[string]string{"memory.limit_in_bytes": strconv.Itoa(memoryBytes)})
}

// remove takes the groups away; those inside have ended.
func (c *cell) remove() error {
	var errs []error
	for _, dir := range c.dirs {
		err := os.Remove(dir)
		for tries := 0; err != nil && !errors.Is(err, fs.ErrNotExist) && tries < 50; tries++ {
			time.Sleep(20 * time.Millisecond) // the kernel needs a moment after the last has left
			err = os.Remove(dir)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// prefix is a command that goes inside and becomes the one that follows.
func (c *cell) prefix() []string {
	enter := ""
	for _, file := range c.procs {
		enter += "echo $$ >'" + file + "'; "
	}
	return []string{"sh", "-ec", enter + `exec taskset -c 0 "$@"`, "sh"}
}

// kills is how many processes the kernel killed inside for want of memory.
func (c *cell) kills() (string, error) {
	text, err := os.ReadFile(c.crowded)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if name, value, _ := strings.Cut(strings.TrimSpace(line), " "); name == "oom_kill" {
			return value, nil
		}
	}
	return "0", nil
}

// quarterRows loads the agent with little of everything.
func quarterRows(ctx context.Context, p plan) (rows []row, err error) {
	what := "a quarter of a CPU and 64 MiB, 64 connections, what a household asks for"
	if os.Geteuid() != 0 {
		return []row{{What: what, Figure: "needs root, to make a control group", Goal: "no failure", Verdict: skipped}}, nil
	}
	script, err := p.script()
	if err != nil {
		return nil, err
	}
	for i, c := range []struct {
		name, path string
		env        []string
		events     int
		more       []string
	}{
		{"everything on, 500 events", "/", allOn(), 500, script},
		{"everything on, 10,000 events", "/", allOn(), 10_000, script},
		{"everything on, 500 events, " + whatsNext + " alone", whatsNext, allOn(), 500, []string{"--timeout", "20s"}},
		{"everything off, 500 events", "/", allOff(), 500, script},
	} {
		say("quarter: %s", c.name)
		sub, err := p.sub(strconv.Itoa(i))
		if err != nil {
			return rows, err
		}
		r, err := sub.quarter(ctx, i, c.events, c.env, c.path, c.more)
		if err != nil {
			r = row{Figure: err.Error()}
		}
		r.What = what + ": " + c.name
		if c.name[:len(everythingOn)] == everythingOn {
			r.Goal, r.Verdict = "no failure", met
			if err != nil {
				r.Verdict = missed
			}
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// quarter is one load inside a cell; an answer that fails is an error.
func (p plan) quarter(ctx context.Context, n, events int, env []string, path string, more []string) (r row, err error) {
	c, err := newCell(fmt.Sprintf("calendarbot-bench-%d-%d", os.Getpid(), n))
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, c.remove()) }()
	server := newFeedServer(household.Large(events, 1))
	defer server.Close()
	agent, err := p.serve(ctx, setup{dir: p.dir, feed: server.URL, clock: standing(), env: env, prefix: c.prefix()})
	if err != nil {
		return r, err
	}
	defer func() {
		if agent.cmd.ProcessState == nil {
			_, stopErr := agent.stop()
			err = errors.Join(err, stopErr)
		}
	}()
	if _, _, err = agent.wait(ctx, whatsNext, hasMeeting); err != nil {
		return r, err
	}
	p.load = max(p.load, 5*time.Second)
	l, err := p.wrk(ctx, 64, agent.url(path), more...)
	if err != nil {
		return r, err
	}
	high, err := agent.memory("VmHWM")
	if err != nil {
		return r, err
	}
	kills, err := c.kills()
	if err != nil {
		return r, err
	}
	if kills != "0" {
		return r, fmt.Errorf("the kernel killed %s processes for want of memory", kills)
	}
	return row{Figure: fmt.Sprintf("%.0f req/s, p50 %s, p99 %s", l.rate, short(l.p50), short(l.p99)), Against: "peak " + mib(high)}, nil
}
