package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"math"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"calendarbot/agent/budget"
	"calendarbot/agent/config"
	"calendarbot/agent/pressure"
)

// control owns the configuration that holds, and what follows from how scarce things are: every change of either, and of the
// emergency file, ends in one function that tells the parts, under one lock. It is the task that reads the configuration again:
// at SIGHUP and when its file changed.
type control struct {
	controlOptions
	ready     chan struct{}
	emergency atomic.Pointer[string]
	share     atomic.Pointer[budget.Budget] // what the parts were told last

	round    atomic.Pointer[time.Time] // when the task last went round
	spare    atomic.Int64              // how long changes took since then, in nanoseconds
	changing atomic.Bool               // mu is held

	mu      sync.Mutex    // held during a change, so that parts are told of changes in their order
	began   time.Time     // when mu was taken
	applied *config.State // what the parts were told last; nil before settle
	stands  pressure.Assessment
	present bool   // the emergency file is there
	noted   bool   // the log of changes says of that file what is so, or was asked to
	fault   string // why that cannot be told
}

// controlOptions are what a control is made of.
type controlOptions struct {
	Live *config.Live
	File string // the configuration file; "" for none
	Log  *slog.Logger
	// Apply tells the parts what holds: the configuration, in a sentence why everything optional is off ("" when it is
	// not), and what each may use. It is called with one change at a time, and must not change the configuration itself.
	Apply func(state *config.State, emergency string, share budget.Budget)
	// Beat is called whenever the task goes round, at least every lookEvery; nil for nobody.
	Beat func()
	// Reloading is called with what reads the configuration again and returns a status in words: run.Group.Reload.
	Reloading func(read func() (status string))
}

// lookEvery is how often the emergency file is looked for beside being watched: a watch does not see a file
// that comes with its whole file system, or its folder.
const lookEvery = 5 * time.Second

func newControl(o controlOptions) *control {
	c := &control{controlOptions: o, ready: make(chan struct{})}
	c.emergency.Store(new(string))
	c.share.Store(&budget.Budget{})
	return c
}

// Ready is closed once signals are listened to.
func (c *control) Ready() <-chan struct{} { return c.ready }

func (c *control) String() string { return "control" }

// State returns the configuration that holds.
func (c *control) State() *config.State { return c.Live.State() }

// Emergency tells in a sentence why everything optional is off; "" when it is not.
func (c *control) Emergency() string { return *c.emergency.Load() }

// Changes returns the newest changes first, at most limit, secrets in full.
func (c *control) Changes(ctx context.Context, limit int) ([]config.Change, error) {
	return c.Live.Changes(ctx, limit)
}

// Set changes settings of the runtime layer, all or none, and tells the parts. What Live.Set says of features.emergency_off holds here too.
func (c *control) Set(ctx context.Context, settings map[string]*string, by config.By) (*config.State, error) {
	before := c.State().Problem
	state, err := c.change(func() (*config.State, error) { return c.Live.Set(ctx, settings, by) })
	if err == nil && state.Problem != "" && state.Problem != before {
		c.Log.Error("settings were changed, with a problem", "problem", state.Problem)
	}
	if err == nil {
		c.Log.Info("settings changed", "keys", strings.Join(slices.Sorted(maps.Keys(settings)), " "), "by", by.Who)
	}
	return state, err
}

// Undo takes a change of the runtime layer back, the newest when id is 0, and tells the parts.
func (c *control) Undo(ctx context.Context, id int64, by config.By) (*config.State, error) {
	state, err := c.change(func() (*config.State, error) { return c.Live.Undo(ctx, id, by) })
	if err == nil {
		c.Log.Info("a change of settings was taken back", "by", by.Who)
	}
	return state, err
}

// Note adds to the log of changes what is no setting here: see config.Live.
func (c *control) Note(ctx context.Context, key, from, to string, by config.By) error {
	return c.Live.Note(ctx, key, from, to, by)
}

// Reload reads file and environment again and tells the parts and the service manager. On an error all stays as it was.
func (c *control) Reload(ctx context.Context, by config.By) (state *config.State, err error) {
	c.Reloading(func() string {
		before := c.Live.State().Revision
		state, err = c.change(func() (*config.State, error) { return c.Live.Reload(ctx, by) })
		switch {
		case err != nil:
			c.Log.Error("the configuration was not taken; what held before holds on", "by", by.Who, "error", err)
		case state.Revision != before:
			c.Log.Info("configuration read again", "by", by.Who, "pending", strings.Join(state.Pending, " "))
		}
		return statusWords(c.Live.State())
	})
	return state, err
}

// change makes a change and tells the parts.
func (c *control) change(change func() (*config.State, error)) (*config.State, error) {
	c.lock()
	defer c.unlock()
	state, err := change()
	if err != nil {
		return state, err
	}
	c.tell()
	return state, nil
}

// Judge takes over how everything stands, and returns what the parts were told of it.
func (c *control) Judge(a pressure.Assessment) budget.Budget {
	c.lock()
	defer c.unlock()
	c.stands = a
	c.tell()
	return c.Share()
}

// Share is what each part may use now.
func (c *control) Share() budget.Budget { return *c.share.Load() }

// settle tells the parts what holds, if they were not told before.
func (c *control) settle() {
	c.lock()
	defer c.unlock()
	c.tell()
}

// tell calls Apply unless nothing changed since it was called last. c.mu is held.
func (c *control) tell() {
	state := c.Live.State()
	file, was := state.Config.Features.EmergencyFile, c.present
	before, words := c.Emergency(), emergencyWords(state, c.look(file))
	c.noted = c.noted && was == c.present
	defer c.note(file) // once the parts are told: writing may take its time
	share := budget.For(state.Config, c.stands)
	if c.applied != nil && c.applied.Revision == state.Revision && before == words && share == c.Share() {
		return
	}
	c.emergency.Store(&words)
	c.Apply(state, words, share)
	c.share.Store(&share)
	c.applied = state
	switch {
	case words != "" && before != words:
		c.Log.Warn("emergency off", "reason", words)
	case words != before:
		c.Log.Info("emergency off has ended")
	}
}

// note has the log of changes say whether the emergency file is there, when what it says last is something else. c.mu is held.
func (c *control) note(file string) {
	if c.noted {
		return
	}
	c.noted = true
	ctx := context.Background()
	changes, err := c.Changes(ctx, math.MaxInt32)
	if err != nil {
		c.Log.Warn("read the log of changes", "error", err)
		return
	}
	from, to := "", config.There
	if !c.present {
		from, to = to, from
	}
	// Without an earlier note the file was not there.
	i := slices.IndexFunc(changes, func(n config.Change) bool {
		return n.Key == config.EmergencyFile && n.Layer == config.File && (n.From == config.There || n.To == config.There)
	})
	if said := i >= 0 && changes[i].To == config.There; said == c.present {
		return
	}
	if err := c.Note(ctx, config.EmergencyFile, from, to, config.By{Who: "the file " + file}); err != nil {
		c.Log.Warn("note that the emergency file came or went", "error", err)
	}
}

// look tells whether the emergency file is there. When that cannot be told it is as it was. c.mu is held.
func (c *control) look(file string) bool {
	if file == "" {
		c.present, c.fault = false, ""
		return false
	}
	_, err := os.Lstat(file)
	switch {
	case err == nil:
		c.present, c.fault = true, ""
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		c.present, c.fault = false, ""
	case c.fault != err.Error():
		c.fault = err.Error()
		c.Log.Warn("look for the emergency file", "error", err)
	}
	return c.present
}

// Run reads the configuration again at SIGHUP and when its file changed, and looks for the emergency file.
func (c *control) Run(ctx context.Context) error {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	c.settle()
	close(c.ready)

	look := time.NewTicker(lookEvery)
	defer look.Stop()
	watching := c.watch(ctx)
	defer func() { watching.stop() }()
	changed := newUnsettled(c.File)
	defer changed.due.Stop()
	for {
		c.beat()
		var by string
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-hangup:
			by = "signal SIGHUP"
		case file := <-watching.changed:
			if file != watching.emergency {
				changed.touched(len(c.State().Text))
			}
		case <-changed.due.C:
			if changed.left(len(c.State().Text)) {
				by = "change of the file " + c.File
			}
		case <-look.C:
		}
		if by == "" {
			c.settle()
		} else if _, err := c.Reload(ctx, config.By{Who: by}); err != nil && ctx.Err() != nil {
			return ctx.Err() // any other error was logged, and is in the state
		}
		if watching.emergency != c.State().Config.Features.EmergencyFile {
			watching.stop()
			watching = c.watch(ctx)
		}
	}
}

// beat notes that the task goes round.
func (c *control) beat() {
	if c.Beat != nil {
		c.Beat()
	}
	c.spare.Store(0)
	now := time.Now()
	c.round.Store(&now)
}

func (c *control) lock() {
	c.mu.Lock()
	c.began = time.Now()
	c.changing.Store(true)
}

func (c *control) unlock() {
	c.spare.Add(int64(time.Since(c.began)))
	c.changing.Store(false)
	c.mu.Unlock()
}

// Round is when the task last went round, and how long it may take now: longer during a change, which writes to the disk, and by as much as
// changes took since then, for which it may have waited. A change is no sign that the task itself goes round: what the monitor finds is told
// through here every few seconds.
func (c *control) Round() (last time.Time, within time.Duration) {
	if at := c.round.Load(); at != nil {
		last = *at
	}
	within = controlBeat
	if c.changing.Load() {
		within = changeBeat
	}
	return last, within + time.Duration(c.spare.Load())
}

// watching is the watch over the configuration file and the emergency file.
type watching struct {
	emergency string
	changed   chan string
	stop      func() // waits for its end
}

func (c *control) watch(ctx context.Context) watching {
	ctx, cancel := context.WithCancel(ctx)
	w := watching{emergency: c.State().Config.Features.EmergencyFile, changed: make(chan string)}
	var watchers sync.WaitGroup
	for _, file := range []string{c.File, w.emergency} {
		if file == "" {
			continue
		}
		watchers.Go(func() {
			err := config.Watch(ctx, 0, []string{file}, func(file string) {
				select {
				case w.changed <- file:
				case <-ctx.Done():
				}
			})
			if err != nil && ctx.Err() == nil {
				c.Log.Warn("changes of a file are not seen at once; SIGHUP or \"calendarbot config reload\" makes it be looked at", "file", file, "error", err)
			}
		})
	}
	w.stop = func() {
		cancel()
		watchers.Wait()
	}
	return w
}
