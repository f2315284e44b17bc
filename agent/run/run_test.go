package run

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// task is ready when its channel is closed and runs what it is given.
type task struct {
	name  string
	ready chan struct{}
	run   func(ctx context.Context) error
}

func (t task) Run(ctx context.Context) error { return t.run(ctx) }
func (t task) Ready() <-chan struct{}        { return t.ready }
func (t task) String() string                { return t.name }

// untilEnd runs until its context ends, as a task should.
func untilEnd(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// ready makes a task that is ready at once.
func ready(name string, run func(ctx context.Context) error) task {
	t := task{name: name, ready: make(chan struct{}), run: run}
	close(t.ready)
	return t
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestGroupEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error, 1)
		group := NewGroup(quiet(), ready("one", untilEnd), ready("two", untilEnd))
		go func() { result <- group.Run(ctx) }()
		synctest.Wait()
		select {
		case err := <-result:
			t.Fatalf("ended before its context: %v", err)
		default:
		}
		cancel()
		if err := <-result; err != nil {
			t.Errorf("a stop that was asked for is no error: %v", err)
		}
	})
}

func TestTaskThatEndsEndsTheGroup(t *testing.T) {
	broken := errors.New("disk is on fire")
	for _, c := range []struct {
		name string
		run  func(context.Context) error
		want string
	}{
		{"with an error", func(context.Context) error { return broken }, "store: disk is on fire"},
		{"without an error", func(context.Context) error { return nil }, "store: ended without being asked to"},
		{"with a cancellation of its own", func(context.Context) error { return context.Canceled }, "store: context canceled"},
		{"with a panic", func(context.Context) error { panic("index out of range") }, "store: panic: index out of range"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				other := false
				group := NewGroup(quiet(), ready("store", c.run), ready("web", func(ctx context.Context) error {
					<-ctx.Done()
					other = true
					return nil
				}))
				err := group.Run(t.Context())
				if err == nil || err.Error() != c.want {
					t.Errorf("got %v, want %s", err, c.want)
				}
				if !other {
					t.Error("the other task was not stopped")
				}
			})
		})
	}
}

func TestFirstErrorIsReturned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := errors.New("first")
		err := NewGroup(quiet(),
			ready("a", func(ctx context.Context) error { <-ctx.Done(); return errors.New("second") }),
			ready("b", func(context.Context) error { return first }),
		).Run(t.Context())
		if !errors.Is(err, first) {
			t.Errorf("got %v", err)
		}
	})
}

func TestErrorWhileStoppingIsReturned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := NewGroup(quiet(), ready("store", func(ctx context.Context) error {
			<-ctx.Done()
			return errors.New("write back: disk full")
		})).Run(ctx)
		if err == nil || err.Error() != "store: write back: disk full" {
			t.Errorf("got %v", err)
		}
	})
}

func TestPanicLeavesItsStackInTheLog(t *testing.T) {
	var log bytes.Buffer
	group := NewGroup(slog.New(slog.NewTextHandler(&log, nil)), ready("store", explode))
	if err := group.Run(t.Context()); err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"task=store", "panic=boom", "run.explode"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %s in %s", want, &log)
		}
	}
}

func explode(context.Context) error { panic("boom") }

func TestTaskThatHangsIsNamedAndLeftBehind(t *testing.T) {
	for _, c := range []struct{ name, early, want string }{
		{"after a stop", "", "stop: still running after 10s: web, refresher"},
		{"after an error", "disk full", "store: disk full\nstop: still running after 10s: web, refresher"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				hang := func(context.Context) error { <-release; return nil }
				ctx, cancel := context.WithCancel(t.Context())
				store := untilEnd
				if c.early != "" {
					store = func(context.Context) error { return errors.New(c.early) }
				} else {
					cancel()
				}
				began := time.Now()
				err := NewGroup(quiet(), ready("web", hang), ready("store", store), ready("refresher", hang)).Run(ctx)
				if err == nil || err.Error() != c.want {
					t.Errorf("got %v, want %s", err, c.want)
				}
				if waited := time.Since(began); waited != patience {
					t.Errorf("waited %s of the bubble's time", waited)
				}
				close(release)
				cancel()
			})
		})
	}
}

func TestSlowStopIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		written := false
		err := NewGroup(quiet(), ready("store", func(context.Context) error {
			<-time.After(patience - time.Second)
			written = true
			return nil
		})).Run(ctx)
		if err != nil || !written {
			t.Errorf("got %v, written %v", err, written)
		}
	})
}
