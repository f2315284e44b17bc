package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"calendarbot/agent/budget"
	"calendarbot/agent/config"
	"calendarbot/agent/conn"
	"calendarbot/agent/health"
	"calendarbot/agent/store"
)

// told is what the parts were told once.
type told struct {
	state     *config.State
	emergency string
}

// controlled is a control over a real file, a real database and a part that remembers what it is told.
type controlled struct {
	*control
	t    *testing.T
	file string
	stop string // the emergency file
	db   string
	told chan told

	mu       sync.Mutex
	log      bytes.Buffer
	statuses []string
}

func (c *controlled) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.log.Write(p)
}

func (c *controlled) logged() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.log.String()
}

func newControlled(t *testing.T) *controlled {
	t.Helper()
	dir := t.TempDir()
	c := &controlled{t: t, file: filepath.Join(dir, "calendarbot.yaml"), stop: filepath.Join(dir, "boot", "stop"), told: make(chan told, 100)}
	if err := os.Mkdir(filepath.Dir(c.stop), 0o755); err != nil {
		t.Fatal(err)
	}
	c.db = filepath.Join(dir, "calendarbot.db")
	c.write("display: {theme: light}")
	events, err := store.Open(t.Context(), store.Options{Path: c.db, Zone: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := events.Close(); err != nil {
			t.Error(err)
		}
	})
	live, err := config.Start(t.Context(), config.Input{Path: c.file}, events, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	c.control = newControl(controlOptions{
		Live: live, File: c.file, Log: slog.New(slog.NewTextHandler(c, nil)),
		Apply: func(state *config.State, emergency string, _ budget.Budget) { c.told <- told{state, emergency} },
		Reloading: func(read func() string) {
			status := read()
			c.mu.Lock()
			defer c.mu.Unlock()
			c.statuses = append(c.statuses, status)
		},
	})
	return c
}

// write puts a text into the configuration file, beside where the emergency file is.
func (c *controlled) write(text string) {
	c.t.Helper()
	text = "features: {emergency_file: " + c.stop + "}\n" + text + "\n"
	if err := os.WriteFile(c.file, []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// hears returns what the parts were told; once in all.
func (c *controlled) hears(what string) told {
	c.t.Helper()
	if len(c.told) != 1 {
		c.t.Fatalf("%s: the parts were told %d times, want once", what, len(c.told))
	}
	return <-c.told
}

func (c *controlled) silent(what string) {
	c.t.Helper()
	if len(c.told) != 0 {
		c.t.Errorf("%s: the parts were told %+v", what, (<-c.told).state.Values)
	}
}

func (c *controlled) set(key, text string) error {
	_, err := c.Set(c.t.Context(), map[string]*string{key: &text}, config.By{Who: "a test"})
	return err
}

func TestEveryChangeIsToldOnce(t *testing.T) {
	c := newControlled(t)
	ctx, by := t.Context(), config.By{Who: "a test", Why: "to see"}
	c.settle()
	if got := c.hears("at first"); got.state.Config.Display.Theme != "light" || got.emergency != "" {
		t.Errorf("at first: %s, %q", got.state.Config.Display.Theme, got.emergency)
	}
	c.settle()
	c.silent("nothing changed")
	for range 2 {
		if err := c.set("display.theme", "dark"); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.hears("set twice"); got.state.Config.Display.Theme != "dark" || got.state != c.State() {
		t.Errorf("set: %s", got.state.Config.Display.Theme)
	}
	if err := c.set("display.theme", "pink"); err == nil || !strings.Contains(err.Error(), "display.theme") {
		t.Errorf("a value that is not allowed: %v", err)
	}
	c.silent("a refused value")
	if _, err := c.Undo(ctx, 0, by); err != nil {
		t.Fatal(err)
	}
	if got := c.hears("undo"); got.state.Config.Display.Theme != "light" {
		t.Errorf("undo: %s", got.state.Config.Display.Theme)
	}
	if _, err := c.Undo(ctx, 99, by); err == nil {
		t.Error("an unknown change was taken back")
	}
	c.silent("an unknown change")
	changes, err := c.Changes(ctx, 10)
	if err != nil || len(changes) != 2 || changes[0].Undoes != changes[1].ID || changes[0].By != by {
		t.Errorf("the log: %+v, %v", changes, err)
	}
	if log := c.logged(); !strings.Contains(log, `msg="settings changed" keys=display.theme by="a test"`) {
		t.Errorf("the log of the program: %s", log)
	}
}

func TestFileIsTakenWholeOrNotAtAll(t *testing.T) {
	c := newControlled(t)
	ctx, by := t.Context(), config.By{Who: "a test"}
	c.settle()
	c.hears("at first")
	if _, err := c.Reload(ctx, by); err != nil {
		t.Error(err)
	}
	c.silent("the same file")
	c.write("display: {theme: dark, scale: huge}")
	state, err := c.Reload(ctx, by)
	if err == nil || !strings.Contains(err.Error(), "calendarbot.yaml:2") || state.Config.Display.Theme != "light" {
		t.Errorf("a broken file: %v, theme %s", err, state.Config.Display.Theme)
	}
	c.silent("a broken file")
	if got := c.State().Problem; !strings.Contains(got, "display.scale") {
		t.Errorf("the problem is %q", got)
	}
	if log := c.logged(); !strings.Contains(log, "what held before holds on") || !strings.Contains(log, "display.scale") {
		t.Errorf("the log: %s", log)
	}
	c.write("display: {theme: dark}\nweb: {port: 9999}")
	if _, err := c.Reload(ctx, by); err != nil {
		t.Error(err)
	}
	if got := c.hears("a mended file"); got.state.Config.Display.Theme != "dark" || got.state.Problem != "" {
		t.Errorf("a mended file: %s, %q", got.state.Config.Display.Theme, got.state.Problem)
	}
	if log := c.logged(); !strings.Contains(log, "pending=web.port") {
		t.Errorf("what takes effect at the next start is not in the log: %s", log)
	}
	if len(c.statuses) != 3 || c.statuses[0] != "running" || c.statuses[2] != "running" || !strings.Contains(c.statuses[1], "display.scale") || strings.Contains(c.statuses[1], "\n") {
		t.Errorf("the service manager was told %q", c.statuses)
	}
}

func TestPipeInPlaceOfTheFileHoldsNothingUp(t *testing.T) {
	c := newControlled(t)
	c.settle()
	c.hears("at first")
	if err := os.Remove(c.file); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(c.file, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Reload(t.Context(), config.By{Who: "a test"}); err == nil || !strings.Contains(err.Error(), "is a named pipe; allowed is a regular file") {
		t.Errorf("got %v", err)
	}
	if err := c.set("display.theme", "dark"); err != nil || c.State().Config.Display.Theme != "dark" {
		t.Errorf("got %v", err)
	}
}

func TestChangesAreToldInTheirOrder(t *testing.T) {
	c := newControlled(t)
	under := 0 // without a lock of its own: -race tells when two are told at once
	var seen uint64
	c.Apply = func(state *config.State, _ string, _ budget.Budget) {
		under++
		if state.Revision <= seen {
			t.Errorf("revision %d after %d", state.Revision, seen)
		}
		seen = state.Revision
	}
	c.settle()
	const changers, changes = 4, 10
	var all sync.WaitGroup
	for i := range changers {
		all.Go(func() {
			for n := range changes {
				if err := c.set("display.days", fmt.Sprint(1+(i+n*changers)%31)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if seen != c.State().Revision || under < 2 {
		t.Errorf("told last: %d of %d, %d times", seen, c.State().Revision, under)
	}
}

func TestEmergencyIsToldByFileAndBySetting(t *testing.T) {
	c := newControlled(t)
	c.settle()
	c.hears("at first")
	if err := os.WriteFile(c.stop, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c.settle()
	if got := c.hears("the file").emergency; got != "Everything optional is off: the file "+c.stop+" is there." || c.Emergency() != got {
		t.Errorf("the file: %q, %q", got, c.Emergency())
	}
	if err := c.set("features.emergency_off", "true"); err != nil {
		t.Fatal(err)
	}
	if got := c.hears("both").emergency; !strings.Contains(got, "is there; and it was switched off while the program ran.") {
		t.Errorf("both: %q", got)
	}
	if err := os.Remove(c.stop); err != nil {
		t.Fatal(err)
	}
	c.settle()
	if got := c.hears("the setting").emergency; got != "Everything optional is off: it was switched off while the program ran." {
		t.Errorf("the setting: %q", got)
	}
	if err := c.set("features.emergency_off", "false"); err != nil {
		t.Fatal(err)
	}
	if got := c.hears("none").emergency; got != "" || c.Emergency() != "" {
		t.Errorf("none: %q", got)
	}
	if log := c.logged(); !strings.Contains(log, `msg="emergency off" reason=`) || !strings.Contains(log, "emergency off has ended") {
		t.Errorf("the log: %s", log)
	}
	if err := os.RemoveAll(filepath.Dir(c.stop)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Dir(c.stop), nil, 0o600); err != nil { // no directory
		t.Fatal(err)
	}
	c.settle()
	c.silent("no directory")
}

func TestEmergencyOffIsToldWhileTheDatabaseIsLocked(t *testing.T) {
	c := newControlled(t)
	c.settle()
	c.hears("at first")
	other, err := conn.OpenDB(t.Context(), c.db, conn.DBOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := other.Close(); err != nil {
			t.Error(err)
		}
	}()
	tx, err := other.Write().Begin()
	if err != nil {
		t.Fatal(err)
	}
	err = c.set("features.emergency_off", "true")
	if got := c.hears("emergency"); err != nil || got.emergency == "" || !strings.Contains(got.state.Problem, "was not kept") {
		t.Errorf("got %v, %q, %q", err, got.emergency, got.state.Problem)
	}
	if log := c.logged(); !strings.Contains(log, "settings were changed, with a problem") {
		t.Errorf("the log: %s", log)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := c.set("display.theme", "dark"); err != nil {
		t.Fatal(err)
	}
	if got := c.hears("the next change"); got.state.Problem != "" || got.emergency == "" {
		t.Errorf("got %q, %q", got.state.Problem, got.emergency)
	}
	if changes, err := c.Changes(t.Context(), 10); err != nil || len(changes) != 2 || changes[1].Key != "features.emergency_off" {
		t.Errorf("the log of changes: %+v, %v", changes, err)
	}
}

func TestEmergencyFileIsInTheLogOfChanges(t *testing.T) {
	c := newControlled(t)
	c.settle()
	steps := []func() error{
		func() error { return os.WriteFile(c.stop, nil, 0o600) },
		func() error { c.control = newControl(c.controlOptions); return nil }, // a restart: the log knows
		func() error { return os.Remove(c.stop) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			t.Fatal(err)
		}
		c.settle()
		c.settle()
	}
	changes, err := c.Changes(t.Context(), 10)
	if err != nil || len(changes) != 2 || changes[1].Key != "features.emergency_file" || changes[1].To != "there" || changes[0].From != "there" || changes[0].By.Who != "the file "+c.stop {
		t.Errorf("the log: %+v, %v", changes, err)
	}
}

func TestEmergencyFileThatCannotBeLookedForIsAsItWas(t *testing.T) {
	c := newControlled(t)
	unknown := filepath.Join(t.TempDir(), strings.Repeat("a", 300)) // longer than a name can be
	for _, before := range []bool{true, false} {
		c.present = before
		for range 2 {
			if got := c.look(unknown); got != before {
				t.Errorf("it was %v, and is %v", before, got)
			}
		}
	}
	if n := strings.Count(c.logged(), "look for the emergency file"); n != 1 {
		t.Errorf("it was logged %d times", n)
	}
	if c.present = true; c.look("") {
		t.Error("no name, and there it is")
	}
}

// runs starts the control and ends it with the test.
func (c *controlled) runs() {
	c.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	c.t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			c.t.Errorf("it ended with %v", err)
		}
	})
	<-c.Ready()
}

// until does something again and again until the parts are told what is wanted. Nothing says when a watch has begun.
func (c *controlled) until(what string, do func(), wanted func(told) bool) {
	c.t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	again := time.NewTicker(5 * time.Second) // a file is taken when it is left alone
	defer again.Stop()
	for do(); ; {
		select {
		case got := <-c.told:
			if wanted(got) {
				return
			}
		case <-again.C:
			do()
		case <-deadline.C:
			c.t.Fatalf("%s: the parts were never told\n%s", what, c.logged())
		}
	}
}

func theme(name string) func(told) bool {
	return func(t told) bool { return t.state.Config.Display.Theme == name }
}

func TestFileIsReadAgainAtSIGHUP(t *testing.T) {
	c := newControlled(t)
	c.File = "" // so that no watch is faster
	c.runs()
	c.write("display: {theme: eink}")
	c.until("SIGHUP", func() {
		if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}, theme("eink"))
	changes, err := c.Changes(t.Context(), 1)
	if err != nil || len(changes) != 1 || changes[0].By.Who != "signal SIGHUP" {
		t.Errorf("the log: %+v, %v", changes, err)
	}
	if c.String() != "control" {
		t.Error(c.String())
	}
}

func TestFilesAreFollowed(t *testing.T) {
	c := newControlled(t)
	c.runs()
	c.until("the file", func() { c.write("display: {theme: dark} # no shorter") }, theme("dark"))
	changes, err := c.Changes(t.Context(), 1)
	if err != nil || len(changes) != 1 || changes[0].By.Who != "change of the file "+c.file {
		t.Errorf("the log: %+v, %v", changes, err)
	}
	touch := func() {
		if err := os.WriteFile(c.stop, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	remove := func() {
		if err := os.Remove(c.stop); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	off, on := func(t told) bool { return t.emergency != "" }, func(t told) bool { return t.emergency == "" }
	c.until("the emergency file", touch, off)
	c.until("its end", remove, on)

	c.stop = filepath.Join(t.TempDir(), "elsewhere")
	longer := strings.Repeat("#", 200) // than the one before
	c.until("its name", func() { c.write("display: {theme: light}\n" + longer) }, theme("light"))
	c.until("the emergency file elsewhere", touch, off)
	c.until("its end elsewhere", remove, on)
}

func TestWordsOfEmergencyAndStatus(t *testing.T) {
	state := func(layer config.Layer, origin string) *config.State {
		return &config.State{
			Config: config.Config{Features: config.Features{EmergencyOff: true}},
			Values: []config.Value{{Key: "web.port"}, {Key: "features.emergency_off", Layer: layer, Origin: origin}},
		}
	}
	for want, s := range map[string]*config.State{
		"CALENDARBOT_EMERGENCY_OFF is set in the environment of the program": state(config.Environment, "CALENDARBOT_EMERGENCY_OFF"),
		"features.emergency_off is true in calendarbot.yaml:4":               state(config.File, "calendarbot.yaml:4"),
		"it was switched off while the program ran":                          state(config.Runtime, ""),
		"features.emergency_off is true":                                     {Config: state("", "").Config},
	} {
		if got := emergencyWords(s, false); got != "Everything optional is off: "+want+"." {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := emergencyWords(&config.State{}, false); got != "" {
		t.Errorf("off without a reason: %q", got)
	}
	if got := statusWords(&config.State{Problem: "one\ntwo " + strings.Repeat("ü", 500)}); !strings.HasPrefix(got, "running; one two ü") || len([]rune(got)) != 300 || !strings.HasSuffix(got, "…") {
		t.Errorf("a long problem: %q", got)
	}
}

// Who changes something for others does not cover up that the task stands still; the task may wait for a long change.
func TestControlIsLateThoughOthersChangeThings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c control
		beats := health.NewBeats()
		beats.Ask("control", c.Round)
		change := func(long time.Duration) {
			c.lock()
			time.Sleep(long)
			if late := beats.Late(); len(late) > 0 {
				t.Errorf("late are %q during a change of %s", late, long)
			}
			c.unlock()
		}
		c.beat()
		change(changeBeat)
		time.Sleep(controlBeat)
		if late := beats.Late(); len(late) > 0 {
			t.Errorf("late are %q: there is no time for a round after a change", late)
		}
		c.beat()
		for range 2 {
			change(time.Second)
			time.Sleep(controlBeat / 2)
		}
		if late := beats.Late(); len(late) > 0 {
			t.Errorf("late are %q", late)
		}
		time.Sleep(2*time.Second + 1)
		if late := beats.Late(); len(late) == 0 {
			t.Error("it is not late though it stands still")
		}
	})
}
