// Package run keeps the program's tasks running together and tells the service manager
// how they fare (sd_notify).
package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// patience is how long tasks may take to stop. It is below the 90 s after which systemd kills,
// so that the task that hangs is still named.
const patience = 10 * time.Second

// Task is a part that runs until its context ends.
type Task interface {
	Run(ctx context.Context) error
	Ready() <-chan struct{} // closed once the task does its work
	String() string
}

// Group runs tasks together.
type Group struct {
	log     *slog.Logger
	tasks   []Task
	late    func() []string // for the watchdog; see Watch
	service service
}

// NewGroup returns a group of tasks; none is started.
func NewGroup(log *slog.Logger, tasks ...Task) *Group {
	return &Group{log: log, tasks: tasks, service: service{log: log, words: "running"}}
}

// Run starts every task, tells the service manager READY=1 when all are ready, WATCHDOG=1 as Watch says from then on, and STOPPING=1
// when ctx ends, waits for all (at most 10 s; then the error names those that hang) and returns
// the first error. A task that ends early by itself, with an error or without, ends the group;
// a panic of its goroutine is an error of the task, with its stack in the log.
func (g *Group) Run(ctx context.Context) error {
	tasks, running := errgroup.WithContext(ctx)
	ended := make([]chan struct{}, len(g.tasks))
	for i, t := range g.tasks {
		ended[i] = make(chan struct{})
		tasks.Go(func() error {
			defer close(ended[i])
			return g.runTask(running, t)
		})
	}
	if g.awaitReady(running) {
		g.service.ready()
		g.patWatchdog(running)
	}
	<-running.Done()
	g.service.stopping()
	return g.awaitEnd(running, tasks, ended)
}

// runTask runs one task to its end. Ending is an error unless it was asked for.
func (g *Group) runTask(ctx context.Context, t Task) (err error) {
	defer func() {
		if p := recover(); p != nil {
			g.log.Error("a task panicked", "task", t.String(), "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("%s: panic: %v", t, p)
		}
	}()
	err = t.Run(ctx)
	switch {
	case ctx.Err() == nil && err == nil:
		return fmt.Errorf("%s: ended without being asked to", t)
	case err == nil, ctx.Err() != nil && errors.Is(err, context.Canceled):
		return nil
	}
	return fmt.Errorf("%s: %w", t, err)
}

// awaitReady waits for every task's readiness and says which one it waits for; false when the
// group ends before.
func (g *Group) awaitReady(ctx context.Context) bool {
	for _, t := range g.tasks {
		select {
		case <-t.Ready():
			continue
		default:
		}
		g.service.starting(fmt.Sprintf("starting: waiting for the %s", t))
		select {
		case <-t.Ready():
		case <-ctx.Done():
			return false
		}
	}
	return ctx.Err() == nil
}

// awaitEnd waits for the tasks' end, as long as patience lasts.
func (g *Group) awaitEnd(running context.Context, tasks *errgroup.Group, ended []chan struct{}) error {
	all := make(chan error, 1)
	go func() { all <- tasks.Wait() }()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case err := <-all:
		return err
	case <-timer.C:
	}
	var hang []string
	for i, t := range g.tasks {
		select {
		case <-ended[i]:
		default:
			hang = append(hang, t.String())
		}
	}
	hanging := fmt.Errorf("stop: still running after %s: %s", patience, strings.Join(hang, ", "))
	if first := context.Cause(running); !errors.Is(first, context.Canceled) {
		return errors.Join(first, hanging)
	}
	return hanging
}
