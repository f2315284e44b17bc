package clock

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// desk is a clock whose wall time a test sets, under a root of its own. It must be made in a bubble of synctest, whose time is the
// one that is never set.
type desk struct {
	*Clock
	t      *testing.T
	root   string
	offset atomic.Int64 // of the wall clock, in nanoseconds
}

// newDesk makes one; up is the text of /proc/uptime, and folders are there from the start.
func newDesk(t *testing.T, up string, o Options, folders ...string) *desk {
	t.Helper()
	d := &desk{t: t, root: t.TempDir()}
	for _, name := range folders {
		d.folder(name)
	}
	d.offset.Store(int64(start().Sub(time.Now())))
	if up != "" {
		d.write("proc/uptime", up)
	}
	o.Root, o.Now = d.root, func() time.Time { return time.Now().Add(time.Duration(d.offset.Load())) }
	d.Clock = New(o)
	return d
}

func (d *desk) run() {
	d.t.Helper()
	ctx, cancel := context.WithCancel(d.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	<-d.Ready()
	d.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			d.t.Error(err)
		}
	})
}

func (d *desk) write(name, text string) {
	d.t.Helper()
	name = filepath.Join(d.root, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte(text), 0o600)); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) folder(name string) {
	d.t.Helper()
	if err := os.MkdirAll(filepath.Join(d.root, name), 0o700); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) jump(by time.Duration) { d.offset.Add(int64(by)) }

// pass lets time pass.
func (d *desk) pass(t time.Duration) State {
	<-time.After(t)
	synctest.Wait()
	return d.State()
}

func TestBootWithoutTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, "12.50 40.00\n", Options{Floor: start().Add(-24 * time.Hour)}, timesyncFolder)
		d.Raise(start().Add(-time.Hour))
		d.run()
		if s := d.State(); s.Trusted || s.Words == "" || !s.Floor.Equal(start().Add(-time.Hour)) || !s.Seen.Equal(s.Floor) {
			t.Fatalf("%+v", s)
		}
		changed := d.Changed()
		if s := d.pass(time.Minute); s.Trusted {
			t.Fatalf("after a minute: %+v", s)
		}
		select {
		case <-changed:
			t.Fatal("told of a change that was none")
		default:
		}
		d.write(filepath.Join(timesyncFolder, timesyncHeard), "")
		d.jump(21 * 24 * time.Hour)
		if s := d.pass(lookSoon); !s.Trusted || s.Words != "" || s.Jumps != 1 || s.Jumped != 21*24*time.Hour || !s.Seen.Equal(d.Now()) {
			t.Fatalf("set: %+v", s)
		}
		select {
		case <-changed:
		default:
			t.Fatal("nobody is told")
		}
		if d.Changed() == changed {
			t.Error("the next change would be told at once")
		}
	})
}

func TestJumpIsFoundWhileTheClockIsTrusted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, "4000 1\n", Options{})
		d.run()
		for i, by := range []time.Duration{5 * year, -5 * year, time.Hour, -time.Hour, Slack + time.Second} {
			changed := d.Changed()
			d.jump(by)
			if s := d.pass(lookLate); s.Jumps != uint64(i+1) || s.Jumped != by || !s.Trusted || s.Turns != s.Jumps {
				t.Errorf("jump by %v: %+v", by, s)
			}
			<-changed
		}
		if s := d.pass(100 * 24 * time.Hour); s.Jumps != 5 || s.Turns != 5 {
			t.Errorf("at rest: %+v", s)
		}
	})
}

// Whoever asks for the time after a jump knows of it, whenever Run looks next; what was noted moves by how far the clock was set.
func TestJumpIsKnownToWhoeverAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var moved []time.Duration
		var slept time.Duration
		var d *desk
		d = newDesk(t, "4000 1\n", Options{Asleep: func() time.Duration { return slept }, Moved: func(by time.Duration) {
			if d.found.Load().Jumped == by {
				t.Error("the jump is told before what was noted moved")
			}
			moved = append(moved, by)
		}})
		for i, by := range []time.Duration{10 * year, -10 * year, -Slack - time.Second} {
			changed, lasts := d.Changed(), d.Now().Sub(d.State().Since)
			d.jump(by)
			if got := d.Now().Sub(d.State().Since); got != lasts {
				t.Errorf("jump by %v: it is believed for %v, and was for %v", by, got, lasts)
			}
			if s := d.State(); s.Jumps != uint64(i+1) || s.Jumped != by || len(moved) != i+1 || moved[i] != by {
				t.Errorf("jump by %v: %+v, moved by %v", by, s, moved)
			}
			<-changed
		}
		d.jump(Slack)
		if s := d.State(); s.Jumps != 3 || len(moved) != 3 {
			t.Errorf("set right by a little: %+v, moved by %v", s, moved)
		}
		d.jump(-Slack)
		// A device that slept for a night has the right time: what was read in the evening is a night old.
		d.jump(8 * time.Hour)
		slept = 8*time.Hour - time.Second
		since := d.found.Load().Since
		if s := d.State(); !s.Since.Equal(since) || s.Jumps != 4 || len(moved) != 3 {
			t.Errorf("slept: %+v, moved by %v", s, moved)
		}
		d.jump(3 * time.Hour)
		slept += time.Hour
		if s := d.State(); s.Jumps != 5 || len(moved) != 4 || moved[3] != 2*time.Hour {
			t.Errorf("slept, and was set: %+v, moved by %v", s, moved)
		}
	})
}

func TestSleepIsTold(t *testing.T) {
	c := New(Options{Now: time.Now})
	if slept := c.o.Asleep(); slept != 0 {
		t.Errorf("it slept %v while the test ran", slept)
	}
	c.uptime -= time.Hour
	if slept := c.o.Asleep(); (slept - time.Hour).Abs() > 30*time.Second {
		t.Errorf("%v, want an hour", slept)
	}
}

// While it is not trusted a device looks often, and Raise makes it look again.
func TestRaiseMakesDoubtAndGraceEndsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, "", Options{})
		d.run()
		d.pass(time.Second)
		if s := d.State(); !s.Trusted {
			t.Fatalf("%+v", s)
		}
		d.Raise(start().Add(year))
		d.Raise(start()) // nothing new
		if s := d.State(); s.Trusted {
			t.Fatalf("%+v", s)
		}
		if s := d.pass(Grace); !s.Trusted || s.Words != pastWords {
			t.Fatalf("%+v", s)
		}
	})
}

func TestGivenTimeIsBelieved(t *testing.T) {
	at := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	c := New(Options{Now: func() time.Time { return at }, Root: t.TempDir(), Given: true})
	c.Raise(start())
	if s := c.State(); !s.Trusted || s.Words != "" || !c.Now().Equal(at) || c.String() == "" {
		t.Errorf("%+v", s)
	}
}

func TestKeeperIsFound(t *testing.T) {
	yes, no, forbidden := func() (bool, error) { return true, nil }, func() (bool, error) { return false, nil }, func() (bool, error) { return true, errors.New("operation not permitted") }
	for name, tt := range map[string]struct {
		kernel        func() (bool, error)
		folder, heard bool
		want          keeper
	}{
		"nobody": {no, false, false, nobody}, "the kernel's word": {yes, false, false, heard}, "it may not be asked": {forbidden, false, false, nobody},
		"timesyncd waits": {no, true, false, waiting}, "timesyncd has heard": {no, true, true, heard}, "it waits and the kernel may not be asked": {forbidden, true, false, waiting},
		"not asked under a root": {nil, false, false, nobody},
	} {
		d := newDesk(t, "", Options{Synchronised: tt.kernel})
		if tt.folder {
			d.folder(timesyncFolder)
		}
		if tt.heard {
			d.write(filepath.Join(timesyncFolder, timesyncHeard), "")
		}
		if got := d.keeper(); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

// The kernel of this machine answers one thing or the other, or that it may not be asked; asking sets nothing.
func TestKernelIsAsked(t *testing.T) {
	c := New(Options{Now: time.Now})
	if s := c.State(); s.Since.IsZero() || c.uptime+c.o.Elapsed() <= 0 {
		t.Errorf("%+v, up since %v", s, c.uptime)
	}
	if yes, err := kernelSynchronised(); err != nil && (yes || !errors.Is(err, os.ErrPermission)) {
		t.Errorf("%v, %v", yes, err)
	}
}

func TestUptime(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"23086.04 18782.50\n": 23086*time.Second + 40*time.Millisecond, "0.00 0.00": 0, "": 0, "soon": 0, "-4 1": 0, "NaN 1": 0, "1e300 1": 0, "+Inf": 0,
	} {
		d := newDesk(t, text, Options{})
		if got := uptime(d.root); got.Round(time.Millisecond) != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
