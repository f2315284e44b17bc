package main

import (
	"context"
	"errors"
	"regexp"

	"calendarbot/agent/budget"
	"calendarbot/agent/pressure"
)

// releaseLine is the release line of a version: major and minor, such as 1.4 of v1.4.2-rc1; "dev" of what was built outside of releases.
func releaseLine(version string) string {
	m := regexp.MustCompile(`^v?(\d+\.\d+)(\.|-|$)`).FindStringSubmatch(version)
	if m == nil {
		return "dev"
	}
	return m[1]
}

// baseline is how fast this release line was when it was new; zero while that is being learned.
func (c *care) baseline() pressure.Baseline { return c.base }

// recall looks for the baseline of this release line.
func (c *care) recall() {
	line := releaseLine(version)
	c.learning = pressure.NewLearning(line)
	all, err := c.a.store.Baselines(context.Background())
	if err != nil {
		c.log.Warn("read how fast this release was", "error", err)
	}
	for _, b := range all {
		if b.Line == line {
			c.base = b
		}
	}
}

// relearn forgets a baseline that was outgrown, and keeps a record of it.
func (c *care) relearn(s pressure.Assessment) {
	if s.Outgrown.Sign == "" {
		return
	}
	done := budget.Relearned(s.Outgrown, s.At)
	c.log.Warn("the baseline is of something else", "line", c.base.Line, "mean", c.base.Mean, "p99", c.base.P99, "value", s.Outgrown.Value, "did", done.Done)
	c.base, c.learning = pressure.Baseline{}, pressure.NewLearning(releaseLine(version))
	ctx, cancel := context.WithTimeout(context.Background(), keepTime)
	defer cancel()
	kept, err := c.a.store.AddAction(ctx, done)
	if err := errors.Join(err, c.a.store.EndAction(ctx, kept.ID, done.Ended), c.a.store.ForgetBaseline(ctx, releaseLine(version))); err != nil {
		c.log.Warn("keep what was done", "error", err)
	}
}

// learn goes on learning the baseline, and keeps it once it is known.
func (c *care) learn(s pressure.Assessment, r *pressure.Reading) {
	if c.base.Requests > 0 {
		return
	}
	b, done := c.learning.Learn(r, s.Level)
	if !done {
		return
	}
	c.base = b
	ctx, cancel := context.WithTimeout(context.Background(), keepTime)
	defer cancel()
	if err := c.a.store.SetBaseline(ctx, b); err != nil {
		c.log.Warn("keep how fast this release is", "error", err)
	}
	c.log.Info("learned how fast this release answers", "line", b.Line, "mean", b.Mean, "p99", b.P99, "requests", b.Requests)
}
