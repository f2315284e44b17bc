package pressure

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// watch is a monitor over a board, in a bubble, with what it told.
type watch struct {
	t       *testing.T
	root    string
	monitor *Monitor
	end     func()

	mu sync.Mutex
	world
	at   []time.Duration // of the readings
	days []Day
	log  bytes.Buffer
}

// Write takes the log.
func (w *watch) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(line)
}

// times is when it was read.
func (w *watch) times() []time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.at)
}

// kept is the parts of days that were kept.
func (w *watch) kept() []Day {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.days)
}

// text is what was logged.
func (w *watch) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.String()
}

// world is what the monitor finds around it.
type world struct {
	full    bool          // nothing can be kept
	shift   time.Duration // of the clock
	service Service
}

// change changes the world.
func (w *watch) change(how func(*world)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	how(&w.world)
}

// now is the world as it is.
func (w *watch) now() world {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.world
}

// today is how far the clock of the device is ahead of a bubble's, which begins in 2000: it begins at midnight of 2026-01-01 UTC.
const today = 9497 * 24 * time.Hour

// newWatch runs a monitor on a copy of a fixture. It ends with w.end, or with the test.
func newWatch(t *testing.T, fixture string) *watch {
	w := &watch{t: t, root: board(t, fixture), world: world{shift: today}}
	began := time.Now()
	w.monitor = NewMonitor(Options{
		Sensor: NewSensor(w.root), Limits: limits, Every: 10 * time.Second, Now: func() time.Time { return time.Now().Add(w.now().shift) },
		Service: func() Service { return w.now().service }, Log: slog.New(slog.NewTextHandler(w, nil)),
		Judged: func(Assessment, *Reading) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.at = append(w.at, time.Since(began))
		},
		Days: func(ctx context.Context, d Day) error {
			if ctx.Err() != nil {
				t.Error("a day is to be kept with a context that is over")
			}
			if w.now().full {
				return errors.New("disk full")
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			w.days = append(w.days, d)
			return nil
		},
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- w.monitor.Run(ctx) }()
	w.end = func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		w.end = func() {}
	}
	<-w.monitor.Ready()
	synctest.Wait()
	return w
}

// pass lets time go by.
func (w *watch) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestMonitorReadsSlowlyWhileAllIsWellAndFasterElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatch(t, "calm")
		defer w.end()
		w.pass(20 * time.Second)
		put(t, w.root, "sys/class/thermal/thermal_zone0/temp", "76000\n")
		w.pass(16 * time.Second)
		want := []time.Duration{0, 10, 20, 30, 32, 34, 36} // in seconds; what changes at 20 s is seen at 30 s
		for i := range want {
			want[i] *= time.Second
		}
		if !slices.Equal(w.times(), want) {
			t.Errorf("read at %v, want %v", w.times(), want)
		}
		a, r := w.monitor.State()
		if a.Level != Tight || r.Temperature != 76 || a.Of(Heat).Step != 1 || r.Up != 36*time.Second {
			t.Errorf("%s at %g °C: %+v", a.Level, r.Temperature, a.Of(Heat))
		}
		w.monitor.Configure(limits, time.Second)
		w.pass(3 * time.Second)
		if n := len(w.times()); n != len(want)+3 {
			t.Errorf("%d readings in 3 s, want one each second at most", n-len(want))
		}
		put(t, w.root, "sys/class/thermal/thermal_zone0/temp", "45000\n")
		w.pass(2 * time.Minute)
		w.monitor.Configure(limits, time.Minute)
		n := len(w.times())
		w.pass(5 * time.Minute)
		if got := len(w.times()) - n; got != 5 {
			t.Errorf("%d readings in 5 minutes, want 5", got)
		}
	})
}

// TestTriggerMakesTheMonitorReadAtOnce proves that it is woken, but not more often than once in a second.
func TestTriggerMakesTheMonitorReadAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatch(t, "calm")
		defer w.end()
		w.pass(5 * time.Second)
		for range 100 {
			select {
			case w.monitor.woken <- struct{}{}:
			default:
			}
		}
		w.pass(time.Millisecond)
		if want := []time.Duration{0, 5 * time.Second}; !slices.Equal(w.times(), want) {
			t.Errorf("read at %v, want %v", w.times(), want)
		}
		for range 40 {
			select {
			case w.monitor.woken <- struct{}{}:
			default:
			}
			w.pass(100 * time.Millisecond)
		}
		if n := len(w.times()); n < 5 || n > 6 {
			t.Errorf("%d readings, want one each second: %v", n, w.times())
		}
	})
}

func TestMonitorSaysWhenNothingWakesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatch(t, "calm")
		defer w.end()
		w.pass(time.Minute)
		if _, r := w.monitor.State(); !slices.Equal(r.Missing, []string{noTrigger}) {
			t.Errorf("missing: %q", r.Missing)
		}
		if !strings.Contains(w.text(), "memory pressure does not wake the program") {
			t.Errorf("the log is %s", w.text())
		}
		for _, path := range []string{"proc/pressure", ownUnit + "memory.pressure"} {
			drop(t, w.root, path)
		}
		w.pass(time.Minute)
		if _, r := w.monitor.State(); !slices.Equal(r.Missing, []string{noStalls}) {
			t.Errorf("without stalls nobody expects to be woken by them: %q", r.Missing)
		}
	})
}

func TestMonitorRemembersADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatch(t, "calm")
		defer w.end()
		if a, _ := w.monitor.State(); a.Level != Normal {
			t.Errorf("the level is %s", a.Level)
		}
		if n := len(w.monitor.History()); n != 0 {
			t.Errorf("%d minutes after the first reading", n)
		}
		w.monitor.Configure(limits, 30*time.Second)
		w.pass(26 * time.Hour)
		list := w.monitor.History()
		if again := w.monitor.History(); &again[0] != &list[0] {
			t.Error("who asks twice within a minute makes a second copy")
		}
		if len(list) != minutes {
			t.Fatalf("%d samples, want %d", len(list), minutes)
		}
		if s := list[minutes-1]; s.Mean[QTemperature] != 48.312 || s.High[QUnit] != 62914560-8388608 {
			t.Errorf("%+v", s)
		}
		for i := 1; i < len(list); i++ {
			if gap := list[i].At.Sub(list[i-1].At); gap != time.Minute {
				t.Fatalf("%s between two samples", gap)
			}
		}
	})
	if m := NewMonitor(Options{Sensor: NewSensor("")}); m.History() != nil {
		t.Error("a history before the first reading")
	}
}

// TestDaysAreKept proves that each day's parts add up to the day: it begins at midnight of 2026-01-01 UTC.
func TestDaysAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatch(t, "tight")
		w.monitor.Configure(limits, 5*time.Minute)          // a minute, as it is tight
		w.change(func(o *world) { o.service.Requests = 7 }) // before the second reading
		w.pass(30 * time.Hour)
		w.change(func(o *world) { o.service.Requests, o.service.Failures = 107, 3 })
		w.pass(time.Minute)
		w.end()
		sum := map[string]Day{}
		for _, d := range w.kept() {
			all := sum[d.Date]
			all.Minutes, all.Requests, all.Failures, all.Tight = all.Minutes+d.Minutes, all.Requests+d.Requests, all.Failures+d.Failures, all.Tight+d.Tight
			sum[d.Date] = all
			if d.High[QTemperature] != 76.4 || !math.IsNaN(d.Mean[QHitRate]) {
				t.Errorf("%+v", d)
			}
		}
		first, second := sum["2026-01-01"], sum["2026-01-02"]
		if len(sum) != 2 || first.Requests != 7 || second.Requests != 100 || second.Failures != 3 {
			t.Errorf("%d days: %+v, %+v", len(sum), first, second)
		}
		if first.Minutes != 24*60-1 || second.Minutes < 6*60 || second.Minutes > 6*60+2 {
			t.Errorf("%d and %d minutes", first.Minutes, second.Minutes)
		}
		if all := first.Tight + second.Tight; all != 30*time.Hour+time.Minute {
			t.Errorf("%s were tight", all)
		}
		if n := len(w.kept()); n != 6 { // every six hours, at midnight, and at the end
			t.Errorf("%d parts", n)
		}
	})
}

// TestDaysWaitForADiskThatTakesNothing proves that nothing is lost by an error, and that what waits is bounded.
func TestDaysWaitForADiskThatTakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatch(t, "calm")
		w.monitor.Configure(limits, 10*time.Minute)
		w.change(func(o *world) { o.full = true })
		w.pass(13 * time.Hour)
		w.change(func(o *world) { o.full = false })
		w.pass(6 * time.Hour)
		if len(w.kept()) != 3 {
			t.Errorf("%d parts are kept, want 3", len(w.kept()))
		}
		w.change(func(o *world) { o.full = true })
		w.pass(10 * 24 * time.Hour)
		if !strings.Contains(w.text(), "disk full") {
			t.Error("the log says nothing")
		}
		w.change(func(o *world) { o.full = false })
		w.end()
		if n := len(w.kept()); n != 3+waiting+1 {
			t.Errorf("%d parts are kept, want %d", n, 3+waiting+1)
		}
	})
}

// TestNoDayIsKeptOfAClockThatIsNotSet: a board begins in 1970 until the network tells the time.
func TestNoDayIsKeptOfAClockThatIsNotSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatch(t, "tight")
		unset := func(o *world) { o.shift = -30 * 365 * 24 * time.Hour }
		w.change(unset)
		w.pass(10 * time.Second)
		w.change(func(o *world) { o.service.Requests = 500 })
		w.pass(13 * time.Hour) // long enough for two parts
		if n := len(w.kept()); n != 1 || w.kept()[0].Date != "2026-01-01" {
			t.Errorf("kept before the clock was set: %+v", w.kept())
		}
		w.change(func(o *world) { o.shift = today })
		w.pass(time.Minute)
		w.change(func(o *world) { o.service.Requests = 507 })
		w.pass(time.Hour)
		w.change(unset)
		w.pass(time.Minute)
		w.end()
		kept := w.kept()
		if len(kept) != 2 || kept[1].Date != "2026-01-01" || kept[1].Requests != 7 || (kept[1].Tight-time.Hour).Abs() > 2*time.Minute {
			t.Errorf("%d parts: %+v", len(kept), kept)
		}
	})
}

// TestClockThatJumpsLeavesDurationsRight proves it for the first synchronisation after a start, years forward, and for one back.
func TestClockThatJumpsLeavesDurationsRight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatch(t, "tight")
		w.pass(10 * time.Minute)
		w.change(func(o *world) { o.shift = today + 26*365*24*time.Hour })
		w.pass(10 * time.Minute)
		a, r := w.monitor.State()
		if lasts := r.At.Sub(a.Of(Heat).Since); lasts != 20*time.Minute || r.Up != 20*time.Minute {
			t.Errorf("hot for %s after %s", lasts, r.Up)
		}
		list := w.monitor.History()
		if got := list[len(list)-1].At.Sub(list[0].At); got != 18*time.Minute && got != 19*time.Minute {
			t.Errorf("%d samples over %s", len(list), got)
		}
		w.change(func(o *world) { o.shift = today - 365*24*time.Hour })
		w.pass(10 * time.Minute)
		w.end()
		if len(w.kept()) != 3 {
			t.Fatalf("%d days, want 3", len(w.kept()))
		}
		tight := time.Duration(0)
		for _, d := range w.kept() {
			tight += d.Tight
		}
		if tight != 30*time.Minute {
			t.Errorf("tight for %s, want 30m", tight)
		}
	})
}

// TestMonitorRunsOnThisMachine proves the loop with the real kernel's files, and that it ends.
func TestMonitorRunsOnThisMachine(t *testing.T) {
	var log bytes.Buffer
	judged := make(chan *Reading, 1)
	m := NewMonitor(Options{
		Sensor: NewSensor(""), Limits: limits, Every: time.Hour, Now: time.Now, Log: slog.New(slog.NewTextHandler(&log, nil)),
		Judged: func(a Assessment, r *Reading) { judged <- r },
	})
	if m.String() != "pressure monitor" {
		t.Errorf("the task is called %s", m)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- m.Run(ctx) }()
	select {
	case r := <-judged:
		if r.Device.Total == 0 {
			t.Errorf("%+v", r)
		}
	case <-time.After(patience):
		t.Fatal("nothing was read")
	}
	<-m.Ready()
	m.woken <- struct{}{}
	select {
	case <-judged:
	case <-time.After(patience):
		t.Fatal("it was woken and read nothing")
	}
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Fatal("it does not end")
	}
	if strings.Contains(log.String(), "level=WARN") {
		t.Error(log.String())
	}
}
