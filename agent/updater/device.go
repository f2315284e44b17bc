package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"calendarbot/agent/clock"
	"calendarbot/agent/config"
	"calendarbot/agent/slot"
	"calendarbot/agent/update"
	"calendarbot/agent/update/install"
	"calendarbot/agent/update/repository"
)

// Where things are, below the root folder.
const (
	stateFolder  = "var/lib/calendarbot" // of the program
	keeperOrders = "var/lib/calendarbot/orders"
	configFile   = "etc/calendarbot/calendarbot.yaml"
	machineFile  = "etc/machine-id"
	releaseFile  = "usr/lib/os-release"
)

// updater is one run of the program.
type updater struct {
	wish     wish
	root     string
	settings update.Settings
	wrong    string // why they are not those that the program noted, as a sentence; ""
	window   update.Window
	zone     *time.Location
	limits   repository.Limits
	said     io.Writer // what is under way, a line each
	progress progress
	carried  func() error // notes that the order in hand needs no more of this program
	enough   bool         // what this run began is to come to its end before it does more by itself
	own      bool         // it looks by itself, as nobody asked
}

func newUpdater(w wish, said io.Writer) (*updater, error) {
	u := &updater{wish: w, root: w.root, limits: repository.Usual(), said: said, carried: func() error { return nil }}
	u.progress.name = filepath.Join(u.root, update.ProgressFile)
	var found bool
	var err error
	if u.settings, found, err = notedSettings(filepath.Join(u.root, stateFolder)); err != nil {
		u.wrong = fmt.Sprintf("What the program noted for updates cannot be used, so the configuration file holds: %s.", strings.ReplaceAll(err.Error(), "\n", "; "))
		if w.word != "status" { // which anybody may ask for, and may not read that
			u.say("%s", u.wrong)
		}
	}
	if !found {
		// What is wrong with the file is told by the program.
		c, _, err := config.Load(config.Input{Path: filepath.Join(u.root, configFile), Optional: true, Env: os.LookupEnv})
		if err != nil {
			u.say("calendarbot-update: the configuration is not all usable: %v", err)
		}
		u.settings = update.Settings{URL: c.Update.URL, Channel: c.Update.Channel, Automatic: c.Update.Automatic, Window: c.Update.Window, Zone: c.Device.Location().String()}
	}
	if u.window, err = update.ParseWindow(u.settings.Window); err != nil {
		return nil, err
	}
	if u.zone, err = time.LoadLocation(u.settings.Zone); err != nil {
		u.zone = time.Local
	}
	return u, nil
}

// notedSettings are what the program noted, each allowed as in a configuration: the program that did may be broken, and may do less than this one.
func notedSettings(state string) (s update.Settings, found bool, err error) {
	s, found, err = update.NotedSettings(state)
	if !found || err != nil {
		return update.Settings{}, false, err
	}
	var wrong []error
	for _, c := range []struct{ key, text string }{
		{"update.url", s.URL}, {"update.channel", s.Channel}, {"update.automatic", s.Automatic}, {"update.window", s.Window}, {"device.time_zone", s.Zone},
	} {
		wrong = append(wrong, config.Check(c.key, c.text))
	}
	if err := errors.Join(wrong...); err != nil {
		return update.Settings{}, false, err
	}
	return s, true, nil
}

// now is the time in the household's zone; for tests of the whole program the one of CALENDARBOT_TEST_TIME.
func (u *updater) now() time.Time {
	if t, err := time.Parse(time.RFC3339, os.Getenv("CALENDARBOT_TEST_TIME")); err == nil {
		return t.In(u.zone)
	}
	return time.Now().In(u.zone)
}

func (u *updater) slots() slot.Folder { return slot.Folder(filepath.Join(u.root, install.SlotsFolder)) }

// clock says how far the time can be believed.
func (u *updater) clock() clock.State {
	o := clock.Options{Now: u.now, Root: u.root, Floor: built(), Given: os.Getenv("CALENDARBOT_TEST_TIME") != ""}
	if o.Root == "/" {
		o.Root = ""
	}
	return clock.New(o).State()
}

// built is when this program was built, as far as is known.
func built() time.Time {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return time.Time{}
	}
	for _, s := range info.Settings {
		if t, err := time.Parse(time.RFC3339, s.Value); s.Key == "vcs.time" && err == nil {
			return t
		}
	}
	return time.Time{}
}

// running is the versions of what runs. Where there are no slots nothing is updated.
func (u *updater) running() map[slot.Kind]string {
	runs := map[slot.Kind]string{}
	if state, err := u.slots().Read(slot.Agent); err == nil {
		runs[slot.Agent] = version
		n := state.Runs()
		if t := state.Trial; t != nil && t.Started > 0 {
			n = t.Slot // with its last try in use no other start would choose it
		}
		// One older than the system's is not started: that comes with a newer system, on trial or not.
		if n != slot.Baked && !slot.Newer(version, state.Slots[n].Version) {
			runs[slot.Agent] = state.Slots[n].Version
		}
	}
	if system := u.system(); system != "" {
		runs[slot.System] = system
	}
	return runs
}

// system is the version of the system that runs: what it says of itself, as the boot decides what runs and not what is noted.
func (u *updater) system() string {
	file, err := os.Open(filepath.Join(u.root, releaseFile))
	if err != nil {
		return ""
	}
	found := ""
	for lines := bufio.NewScanner(io.LimitReader(file, 64<<10)); lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), "IMAGE_VERSION="); ok {
			found = strings.Trim(text, `"'`)
		}
	}
	if file.Close() != nil {
		return ""
	}
	return found
}

// facts are what decides what this device takes.
func (u *updater) facts(asked update.Asked, withdrawn []update.Withdrawal) (update.Facts, error) {
	f := update.Facts{
		Now: u.now(), Device: u.device(), Channel: u.settings.Channel, Automatic: u.settings.Automatic, Window: u.window,
		Running: u.running(), Baked: version, Denied: map[slot.Kind][]slot.Denial{}, Withdrawn: withdrawn, Asked: asked,
	}
	var wrong []error
	for _, kind := range slot.Kinds() {
		state, err := u.slots().Read(kind)
		wrong = append(wrong, err)
		f.Denied[kind] = state.Denied
		switch kind {
		case slot.Agent:
			sum, _, err := install.Digest(install.Program(u.root, state.Runs()))
			if errors.Is(err, fs.ErrNotExist) {
				err = nil // what has no file takes no patch
			}
			f.Digest, wrong = sum, append(wrong, err)
		case slot.System:
			n := state.Active
			if state.Trial != nil && state.Trial.Started > 0 {
				n = state.Trial.Slot
			}
			f.Bundle = state.Slots[n].Digest
		case slot.Config:
			if format := state.Slots[state.Active].Format; format > 0 {
				f.Formats = append(f.Formats, format)
			}
		}
		if state.Trial != nil {
			f.Trial = update.Thing(kind, state.Trial.Version)
			if kind == slot.Config {
				f.Trial = "a configuration"
			}
		}
	}
	return f, errors.Join(wrong...)
}

// device names this device among all for roll-outs; it is hashed there, and never shown.
func (u *updater) device() string {
	id, err := os.ReadFile(filepath.Join(u.root, machineFile))
	if text := strings.TrimSpace(string(id)); err == nil && text != "" {
		return text
	}
	name, err := os.Hostname()
	if err != nil {
		return "calendarbot"
	}
	return name
}

var errBusy = errors.New("another update is under way; \"calendarbot update status\" tells how far it is")

// How often, and for how long at most, another updater is waited for.
const (
	lockEvery = time.Second
	lockEver  = 12 * time.Hour
)

// alone does something that no other updater does meanwhile, and waits so long at most until the other one has ended.
func (u *updater) alone(ctx context.Context, wait time.Duration, do func(context.Context) error) error {
	folder := filepath.Join(u.root, update.Folder)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	file, err := os.OpenFile(filepath.Join(folder, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := u.lock(ctx, file, wait); err != nil {
		return errors.Join(err, file.Close())
	}
	err = do(ctx)
	return errors.Join(err, u.progress.end(), file.Close())
}

// lock asks for the lock again and again, as waiting in the kernel would not end with ctx.
func (u *updater) lock(ctx context.Context, file *os.File, wait time.Duration) error {
	until := time.Now().Add(wait)
	for asked := 0; ; asked++ {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		if !time.Now().Before(until) {
			return errBusy
		}
		if asked == 0 {
			u.say("another update is under way, and is waited for")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lockEvery):
		}
	}
}
