package main

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"time"

	"calendarbot/agent/budget"
	"calendarbot/agent/health"
	"calendarbot/agent/page"
	"calendarbot/agent/pressure"
	"calendarbot/agent/slot"
)

const keepTime = 5 * time.Second // for writing down what was done

// care is what the program does about itself: from each reading it lets follow what is to be done, keeps a record of it, and
// says how the device is.
type care struct {
	a       *agent
	log     *slog.Logger
	now     func() time.Time
	dir     string // of the database: state that outlives the program
	root    string // in front of /proc, /sys and the like
	watch   *health.Watch
	starts  *starts
	running []budget.Action

	base     pressure.Baseline
	learning *pressure.Learning
	wished   int // the level of rollback that was asked for last
	rungs    page.LadderStats
	report   atomic.Pointer[health.Report]
	round    atomic.Pointer[time.Time] // when a reading was taken last
	asked    atomic.Pointer[slot.Request]
	fault    string // why a rollback cannot be asked for, or who asked cannot be read; "" for neither
}

func newCare(a *agent, o options) *care {
	c := &care{
		a: a, log: o.log, now: o.now, dir: filepath.Dir(a.live.State().Config.Store.Path), root: o.root, watch: health.NewWatch(),
	}
	var err error
	if c.starts, err = newStarts(c.dir, bootID(), uptime()); err != nil {
		c.log.Warn("it will not be known whether this start was wanted", "error", err)
	}
	c.report.Store(&health.Report{})
	c.recall()
	c.tellOpen()
	return c
}

// tellOpen logs what was scarce when the program was ended the last time without notice: it may be why.
func (c *care) tellOpen() {
	open, err := c.a.store.OpenActions(context.Background())
	if err != nil {
		c.log.Warn("read what was done before", "error", err)
	}
	for _, action := range open {
		c.log.Warn("the program ended while this lasted", "sign", action.Sign, "step", action.Step, "did", action.Done)
	}
}

// end notes that the program ends in order, and with it what it did by itself. It is called once the tasks have ended.
func (c *care) end() {
	ctx, cancel := context.WithTimeout(context.Background(), keepTime)
	defer cancel()
	for _, action := range c.running {
		if err := c.a.store.EndAction(ctx, action.ID, c.now()); err != nil {
			c.log.Warn("keep what was done", "error", err)
		}
	}
	if err := c.starts.end(); err != nil {
		c.log.Warn("note the end", "error", err)
	}
}

// Report says how the device is.
func (c *care) Report() health.Report { return *c.report.Load() }

// Rollback is the rollback that is asked for; nil for none.
func (c *care) Rollback() *slot.Request { return c.asked.Load() }

// judged takes a reading: one goroutine calls it with each.
func (c *care) judged(s pressure.Assessment, r *pressure.Reading) {
	now := time.Now()
	c.round.Store(&now)
	share := c.a.control.Judge(s)
	c.record(s, share)
	c.wish(share)
	c.relearn(s)
	c.learn(s, r)
	report := c.watch.Look(c.facts(s, r))
	c.report.Store(&report)
	c.a.group.Status(c.status(report))
}

// Round is when a reading was taken last, and how long the next may take.
func (c *care) Round() (last time.Time, within time.Duration) {
	if at := c.round.Load(); at != nil {
		last = *at
	}
	return last, monitorBeat + 3*c.a.live.State().Config.Pressure.Every
}

// record keeps what was done by itself, and why.
func (c *care) record(s pressure.Assessment, share budget.Budget) {
	ctx, cancel := context.WithTimeout(context.Background(), keepTime)
	defer cancel()
	c.a.clock.State() // finds a jump of the clock, with which what is kept moves
	for i, action := range c.running {
		if kept, there := c.a.store.Action(action.ID); there {
			c.running[i].Began = kept.Began
		}
	}
	begun, ended := budget.Actions(c.running, s, share)
	var running []budget.Action
	for _, action := range c.running {
		if over(action, ended) {
			continue
		}
		running = append(running, action)
	}
	for _, action := range ended {
		c.log.Info("over", "sign", action.Sign, "step", action.Step, "did", action.Done)
		if err := c.a.store.EndAction(ctx, action.ID, action.Ended); err != nil {
			c.log.Warn("keep what was done", "error", err)
		}
	}
	for _, action := range begun {
		c.log.Warn("scarce", "sign", action.Sign, "step", action.Step, "value", action.Value, "limit", action.Limit, "unit", action.Unit, "did", action.Done)
		kept, err := c.a.store.AddAction(ctx, action)
		if err != nil {
			c.log.Warn("keep what is done", "error", err) // it is known, and will be written with what comes next
		}
		running = append(running, kept)
	}
	c.running = running
}

// over tells whether an action is among those that ended.
func over(action budget.Action, ended []budget.Action) bool {
	for _, e := range ended {
		if e.Sign == action.Sign && e.Step == action.Step {
			return true
		}
	}
	return false
}

// wish asks for a rollback that others carry out, once for each time that it comes to be wanted. What hinders it is told by c.fault,
// and logged when it begins and when it ends.
func (c *care) wish(share budget.Budget) {
	dir, fault := c.rollbackDir(), ""
	if share.Rollback < c.wished {
		c.wished = share.Rollback
	}
	if share.Rollback > c.wished {
		request := slot.Request{Level: share.Rollback, Why: share.Why, By: "errors", At: c.now()}
		if err := slot.Ask(dir, request); err != nil {
			fault = "going back is called for and cannot be asked for: " + err.Error() // tried again with the next reading
		} else {
			c.log.Error("a rollback is asked for", "level", request.Level, "why", request.Why)
			c.wished = share.Rollback
		}
	}
	asked, err := slot.Asked(dir)
	if err != nil && fault == "" {
		fault = err.Error()
	}
	c.asked.Store(asked)
	switch {
	case fault != "" && c.fault != fault:
		c.log.Error("go back", "error", fault)
	case fault != c.fault:
		c.log.Info("going back can be asked for again")
	}
	c.fault = fault
}

func (c *care) rollbackDir() string { return filepath.Join(c.dir, "rollback") }

// keepDay keeps the roll-up of a day, or of a part of it, and drops days that are yet to come, by a clock that is sure of the time.
func (c *care) keepDay(ctx context.Context, d pressure.Day) error {
	err := c.a.store.AddDay(ctx, d)
	if clock := c.a.clock.State(); clock.Trusted && clock.Words == "" {
		tomorrow := c.now().In(c.a.live.State().Config.Device.Location()).AddDate(0, 0, 1) // which the day is in some zone
		err = errors.Join(err, c.a.store.ForgetDaysAfter(ctx, tomorrow.Format(time.DateOnly)))
	}
	return err
}

// status is what the service manager shows: how the configuration fares, and the worst problem.
func (c *care) status(r health.Report) string {
	words := statusWords(c.a.live.State())
	if r.Fine || len(r.Problems) == 0 {
		return words
	}
	worst := r.Problems[0]
	if worst.About != "" {
		worst.Title += " (" + worst.About + ")"
	}
	return words + "; " + worst.Title + ": " + worst.Words
}
