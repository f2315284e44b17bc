package hwtest

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// cutIn begins a run, ends its context by a signal once 31-pipeline has changed something, and returns the exit status and what was said.
func (f *fixture) cutIn(signal os.Signal, words ...string) (int, string) {
	f.t.Helper()
	second := f.Second
	f.Second = time.Second // the step would wait for its load for long
	defer func() { f.Second = second }()
	asked := make(chan os.Signal, 1)
	type ended struct {
		code int
		said string
	}
	done := make(chan ended, 1)
	go func() {
		code, said := f.command(stoppable(asked, func() {}), words...)
		done <- ended{code, said}
	}()
	for {
		f.mu.Lock()
		changed := f.seen[piping+" off"] > 0
		f.mu.Unlock()
		if changed {
			break
		}
		select {
		case e := <-done:
			f.t.Fatalf("it ended with %d before it changed anything: %s", e.code, e.said)
		case <-time.After(time.Millisecond):
		}
	}
	asked <- signal
	e := <-done
	return e.code, e.said
}

// trigger is what the kernel was told by sysrq.
func (f *fixture) trigger() string {
	text, err := f.Device.text("/proc/sysrq-trigger")
	if err != nil {
		f.t.Error(err)
	}
	return text
}

// TestPersonEndsARun: what it changed is taken back at once, and no start of the device goes on with it.
func TestPersonEndsARun(t *testing.T) {
	f := newFixture(t)
	code, said := f.cutIn(os.Interrupt, "--panic", "--only", "31-pipeline,90-panic")
	if code != exitRestarting || !strings.Contains(said, "taken back") || strings.Contains(said, "goes on") {
		t.Errorf("status %d: %s", code, said)
	}
	if f.noted(runFile) || f.noted(undoFile) {
		t.Error("the next start would do something")
	}
	asBefore(f)
	if code, said := f.command(t.Context(), "--resume"); code != exitBroken || f.trigger() != "" {
		t.Errorf("status %d: %s", code, said)
	}
}

// TestWhatAPersonEndedIsNotGoneOnWith, also when the program does not answer, and the next start has to take the change back.
func TestWhatAPersonEndedIsNotGoneOnWith(t *testing.T) {
	f := newFixture(t)
	if err := f.save(runFile, Record{Options: Options{Mode: Quick, Panic: true, Only: []string{"90-panic"}}}); err != nil {
		t.Fatal(err)
	}
	if err := f.before(Undo{Step: "x", Words: "all", Method: "GET", Path: "/nothing"}); err != nil {
		t.Fatal(err)
	}
	if err := f.end(t.Context()); err == nil || f.noted(runFile) || !f.noted(undoFile) {
		t.Errorf("%v; the run is still noted: %t", err, f.noted(runFile))
	}
}

// TestSystemdEndsARun, as the device restarts: the next start goes on with it, unless that comes much later.
func TestSystemdEndsARun(t *testing.T) {
	for name, c := range map[string]struct {
		away  time.Duration
		clock bool // that is set after the start
		soak  time.Duration
		goes  bool
	}{
		"at once":                            {time.Minute, true, 0, true},
		"after a month":                      {30 * 24 * time.Hour, true, 0, false},
		"after a month, by a clock not set":  {30 * 24 * time.Hour, false, 0, true},
		"after a night in which it soaked":   {9 * time.Hour, true, 9 * time.Hour, true},
		"after a month in which it may soak": {30 * 24 * time.Hour, true, 9 * time.Hour, false},
	} {
		f := newFixture(t)
		code, said := f.cutIn(syscall.SIGTERM, "--panic", "--only", "10-board,31-pipeline,90-panic")
		if code != exitRestarting || !f.noted(runFile) || !f.noted(undoFile) {
			t.Fatalf("%s: status %d: %s", name, code, said)
		}
		var r Record
		if err := f.load(runFile, &r); err != nil || !r.Clock {
			t.Fatalf("%+v, %v", r, err)
		}
		r.Options.Soak = c.soak
		if err := f.save(runFile, r); err != nil {
			t.Fatal(err)
		}
		if !c.clock {
			f.drop("/run/systemd/timesync/synchronized")
		}
		f.Waits = 0.001
		f.Now = func() time.Time { return time.Now().Add(c.away) }
		_, said = f.command(t.Context(), "--resume")
		if (f.trigger() == "c") != c.goes || strings.Contains(said, "not gone on with") == c.goes {
			t.Errorf("%s: the kernel was told %q: %s", name, f.trigger(), said)
		}
		if !strings.Contains(said, "FAIL 31-pipeline") || f.noted(runFile) {
			t.Errorf("%s: %s", name, said)
		}
		asBefore(f)
	}
}

// TestSignals tells a person's from others.
func TestSignals(t *testing.T) {
	for s, person := range map[os.Signal]bool{os.Interrupt: true, syscall.SIGTERM: false} {
		asked, first := make(chan os.Signal, 1), make(chan struct{})
		ctx := stoppable(asked, func() { close(first) })
		asked <- s
		<-ctx.Done()
		<-first
		if errors.Is(context.Cause(ctx), errStopped) != person {
			t.Errorf("%v: %v", s, context.Cause(ctx))
		}
	}
}
