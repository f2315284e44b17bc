package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"calendarbot/scripts/demo/household"
)

// The shortest pause between refreshes that can be configured, the default, and how long an agent is watched.
const (
	shortestPause = time.Minute
	defaultPause  = 5 * time.Minute
	watched       = 4*time.Minute + 10*time.Second
	savePause     = 10 * time.Minute // what is saved now and then, and at the end, is saved no more often
)

// tmpfs is the file system type of memory (statfs(2), TMPFS_MAGIC).
const tmpfs = 0x01021994

// idleRows counts what an agent that nobody looks at writes to its disk: SD cards wear out. It refreshes as often as
// can be configured, an unchanged feed that has a validator and one that has none.
func idleRows(ctx context.Context, p plan) ([]row, error) {
	const limit = 1e6
	what := "bytes written to the disk per hour of idling"
	var fs syscall.Statfs_t
	if err := syscall.Statfs(p.dir, &fs); err != nil {
		return nil, err
	}
	if fs.Type == tmpfs {
		return []row{{What: what, Figure: "the folder for the results is in memory; choose another with --out", Goal: "≤ 1 MB", Verdict: skipped}}, nil
	}
	good := newFeedServer(household.Large(500, 1))
	defer good.Close()
	plain := newFeedServer(household.Large(500, 1))
	plain.forgetful = true
	defer plain.Close()
	type watch struct {
		name   string
		feed   *feedServer
		agent  *process
		asked  int64
		before int64
	}
	list := []*watch{{name: "unchanged feed with a validator", feed: good}, {name: "unchanged feed without a validator", feed: plain}}
	for i, w := range list {
		dir := filepath.Join(p.dir, fmt.Sprint(i))
		if err := os.Mkdir(dir, 0o755); err != nil {
			return nil, err
		}
		// The first one fills the database and writes all of it; the second one is watched.
		for filled := range 2 {
			var err error
			if w.agent, err = p.serve(ctx, setup{dir: dir, feed: w.feed.URL, env: append(allOn(), "CALENDARBOT_FEEDS_REFRESH="+shortestPause.String())}); err != nil {
				return nil, err
			}
			if _, _, err := w.agent.wait(ctx, whatsNext, hasMeeting); err != nil {
				return nil, err
			}
			if filled == 0 {
				if err := stopAll(w.agent); err != nil {
					return nil, err
				}
			}
		}
	}
	if !pause(ctx, 10*time.Second) { // what belongs to the start is written by then
		return nil, ctx.Err()
	}
	for _, w := range list {
		var err error
		if w.before, err = w.agent.written(); err != nil {
			return nil, err
		}
		w.asked = w.feed.whole.Load() + w.feed.unchanged.Load()
	}
	if !pause(ctx, watched) {
		return nil, ctx.Err()
	}
	var rows []row
	for _, w := range list {
		after, err := w.agent.written()
		if err != nil {
			return nil, err
		}
		if err := stopAll(w.agent); err != nil {
			return nil, err
		}
		refreshes := w.feed.whole.Load() + w.feed.unchanged.Load() - w.asked
		if refreshes == 0 {
			return rows, fmt.Errorf("watch the idle agent: it did not refresh in %s", watched)
		}
		usage, ok := w.agent.cmd.ProcessState.SysUsage().(*syscall.Rusage)
		if !ok {
			return rows, errors.New("read what the agent wrote at its end: the system does not say")
		}
		saved := usage.Oublock*512 - after
		each := float64(after-w.before) / float64(refreshes)
		hourly := each*float64(time.Hour/defaultPause) + float64(saved)*float64(time.Hour/savePause)
		rows = append(rows, row{
			What:    fmt.Sprintf("%s, %s", what, w.name),
			Figure:  fmt.Sprintf("%.0f kB with a refresh every %s", hourly/1e3, defaultPause),
			Against: fmt.Sprintf("%d bytes in %d refreshes, %d in a save", after-w.before, refreshes, saved),
		}.goal("≤ 1 MB", hourly, atMost, limit))
	}
	return rows, nil
}
