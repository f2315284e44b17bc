package main

import (
	"archive/tar"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/slot"
	"calendarbot/agent/update"
	"calendarbot/agent/update/publish"
)

func TestCheckTellsWhatThereIs(t *testing.T) {
	h := newHome(t)
	h.release("1.1.0")
	said := h.says(0, "check", "--url", h.url)
	for _, want := range []string{"agent:     0.0.0-dev", "system:    1.0.0", "Notes of 1.1.0", "version 1.1.0 of the program", "as a patch", "next on Mon 23 Nov at 02:00", "The address is http"} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q:\n%s", want, said)
		}
	}
	s := h.status()
	if s.Code != "" || !s.Checked.Equal(h.now) || s.From != h.url || len(s.Available) != 1 || s.Available[0].Patch <= 0 || s.Available[0].Patch >= s.Available[0].Size {
		t.Errorf("%+v", s)
	}
	if told := h.told(); told != "" || h.slots(slot.Agent).Trial != nil {
		t.Errorf("a check changed something: %s", told)
	}
	if _, err := os.Stat(filepath.Join(h.root, update.ProgressFile)); !os.IsNotExist(err) {
		t.Errorf("progress is left: %v", err)
	}
}

func TestApplyHasTheProgramTried(t *testing.T) {
	for name, patched := range map[string]bool{"whole": false, "as a patch": true} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			h.release("1.1.0", func(r *publish.Release) {
				if !patched {
					r.From = nil
				}
			})
			said := h.says(0, "apply", "--url", h.url)
			h.tries("1.1.0")
			if told := h.told(); told != startOfTrial {
				t.Errorf("the system was told %q", told)
			}
			if strings.Contains(said, "patch 1.1.0") != patched {
				t.Errorf("a patch was used: %v", !patched)
			}
			if left, err := os.ReadDir(filepath.Join(h.root, update.Folder, "part")); err != nil || len(left) > 0 {
				t.Errorf("of the download is left %v, %v", left, err)
			}
			if s := h.status(); s.Running[slot.Agent] != "1.1.0" || len(s.Available) > 0 {
				t.Errorf("%+v", s)
			}
			for range 3 {
				h.change(slot.Agent, func(s slot.State) (slot.State, error) { s, _ = s.Start(h.now); return s, nil })
			}
			if s := h.status(); s.Running[slot.Agent] != "1.1.0" {
				t.Errorf("with its last try in use %s is said to run", s.Running[slot.Agent])
			}
		})
	}
}

func TestBrokenPatchCostsOnlyTime(t *testing.T) {
	h := newHome(t)
	h.release("1.1.0")
	// What the slot's program is patched from is not what it was when it was hashed: as a card that fails.
	patches, err := filepath.Glob(filepath.Join(h.public, "targets/agent/*from*"))
	if err != nil || len(patches) != 1 {
		t.Fatal(patches, err)
	}
	h.must(os.WriteFile(patches[0], []byte("x"), 0o644))
	h.says(0, "apply", "--url", h.url)
	h.tries("1.1.0")
}

func TestProgramThatDoesNotSayItsVersionIsNotTried(t *testing.T) {
	for name, text := range map[string]string{
		"does not start": "#!/bin/sh\nexit 3\n", "says another": programText("1.0.9"), "says nothing": "#!/bin/sh\n", "is no program": "\x00\x01\x02",
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			h.release("1.1.0", func(r *publish.Release) { r.Agent = h.file(text) })
			said := h.says(1, "apply", "--url", h.url)
			if s := h.slots(slot.Agent); s.Trial != nil || s.Slots[slot.A].Version != "" || s.Slots[slot.B].Version != "" || h.told() != "" {
				t.Errorf("%+v", s)
			}
			if s := h.status(); s.Code != "no_start" || !strings.Contains(said, "1.1.0") {
				t.Errorf("%+v\n%s", s, said)
			}
			if said := h.says(1, "apply", "--url", h.url); strings.Contains(said, "download") || !strings.Contains(said, "It is not taken any more since 22 November: ") {
				t.Errorf("the next time it says %s", said)
			}
		})
	}
}

func TestApplySaysWhyNot(t *testing.T) {
	h := newHome(t)
	h.release("1.1.0")
	h.change(slot.Agent, func(s slot.State) (slot.State, error) {
		s, err := s.Stage(slot.A, slot.Content{Version: "1.1.0", At: h.now})
		h.must(err)
		s, err = s.Try(slot.A, 1, "", h.now)
		h.must(err)
		return s.Back("no page came", "judge", h.now)
	})
	if said := h.says(1, "apply", "--url", h.url); !strings.Contains(said, "It is not taken any more since 22 November: no page came.") {
		t.Error(said)
	}
	if said := h.says(1, "apply", "7.0.0", "--url", h.url); !strings.Contains(said, "There is no version 7.0.0 in the repository.") {
		t.Error(said)
	}
	h.must(h.publisher().Withdraw(h.now, slot.Agent, "1.1.0", "it lost reminders"))
	if said := h.says(1, "apply", "1.1.0", "--url", h.url); !strings.Contains(said, "Version 1.1.0 of the program was withdrawn: it lost reminders.") {
		t.Error(said)
	}
	if s := h.status(); s.Code != "not_taken" {
		t.Errorf("%+v", s)
	}
}

func TestSystemStartsInTheWindowOrAtOnce(t *testing.T) {
	for name, now := range map[string]bool{"in the window": false, "at once": true} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			h.release("1.1.0", h.bundle)
			args := []string{"apply", "--url", h.url}
			if now {
				args = append(args, "--now")
			}
			h.says(0, args...)
			s := h.slots(slot.System)
			if s.Trial == nil || s.Trial.Version != "1.1.0" || s.Trial.Slot != slot.B || s.Slots[slot.B].Size == 0 {
				t.Fatalf("%+v", s)
			}
			told := h.told()
			if !strings.HasPrefix(told, "install-system ") || strings.Contains(told, "reboot") != now {
				t.Errorf("the system was told %q", told)
			}
			if now {
				return
			}
			h.says(0, "run")
			if told := h.told(); told != "" {
				t.Errorf("by day it was told %q", told)
			}
			h.at("2026-11-23T02:10:00Z")
			h.says(0, "run")
			if told := h.told(); told != "systemctl reboot\n" {
				t.Errorf("by night it was told %q", told)
			}
			h.write(releaseFile, "IMAGE_VERSION=1.1.0\n", 0o644)
			h.says(0, "run")
			if told := h.told(); told != "" {
				t.Errorf("when it ran the new one it was told %q", told)
			}
		})
	}
}

func TestSystemThatIsNotWrittenIsNotTried(t *testing.T) {
	h := newHome(t)
	h.release("1.1.0", h.bundle)
	h.write("usr/lib/calendarbot/install-system", "#!/bin/sh\necho 'install-system: RAUC refuses the bundle' >&2\nexit 1\n", 0o755)
	said := h.says(1, "apply", "--url", h.url, "--now")
	if s := h.slots(slot.System); s.Trial != nil || !strings.Contains(said, "RAUC refuses the bundle") || h.told() != "" {
		t.Errorf("%+v\n%s", s, said)
	}
}

func TestRunKeepsTheHours(t *testing.T) {
	h := newHome(t)
	h.release("1.1.0")
	h.write(update.AddressFile, h.url+"\n", 0o644)
	h.says(0, "run")
	if s := h.status(); h.slots(slot.Agent).Trial != nil || !strings.Contains(s.Waiting, "02:00-05:00") {
		t.Fatalf("by day: %+v", s)
	}
	checked := h.status().Checked
	h.at("2026-11-22T13:00:00Z")
	h.says(0, "run")
	if s := h.status(); !s.Checked.Equal(checked) {
		t.Errorf("it asks again after an hour: %s", s.Checked)
	}
	h.at("2026-11-22T18:30:00Z")
	h.says(0, "run")
	if s := h.status(); !s.Checked.Equal(h.now) {
		t.Errorf("it does not ask again after six hours: %s", s.Checked)
	}
	h.at("2026-11-23T02:05:00Z")
	h.says(0, "run")
	h.tries("1.1.0")
}

func TestWhatFailedIsNotFetchedEachHour(t *testing.T) {
	h := newHome(t)
	h.release("1.1.0", func(r *publish.Release) { r.From = nil })
	h.write(update.AddressFile, h.url, 0o644)
	targets, err := filepath.Glob(filepath.Join(h.public, "targets/agent/*"))
	if err != nil || len(targets) != 1 {
		t.Fatal(targets, err)
	}
	good := h.read(targets[0])
	h.must(os.WriteFile(targets[0], []byte(strings.Repeat("x", len(good))), 0o644))
	h.at("2026-11-23T02:05:00Z")
	h.says(1, "run")
	if s := h.status(); s.Code != "wrong_hash" {
		t.Fatalf("%+v", s)
	}
	h.must(os.WriteFile(targets[0], []byte(good), 0o644))
	h.at("2026-11-23T03:05:00Z")
	if said := h.says(0, "run"); strings.Contains(said, "download") {
		t.Error(said)
	}
	h.at("2026-11-24T02:05:00Z")
	h.says(0, "run")
	h.tries("1.1.0")
}

func TestServerThatWasAwayIsAskedEachHour(t *testing.T) {
	h := newHome(t)
	h.write(update.AddressFile, "http://127.0.0.1:1", 0o644)
	h.says(1, "run")
	h.write(update.AddressFile, h.url, 0o644)
	h.at("2026-11-22T13:05:00Z")
	h.says(0, "run")
	if s := h.status(); s.Code != "" || !s.Checked.Equal(h.now) {
		t.Errorf("%+v", s)
	}
}

// TestNoWindowIsMissed: with the first run in it the repository is asked, however lately that was before, and then again when an hour is over.
func TestNoWindowIsMissed(t *testing.T) {
	h := newHome(t)
	h.write(update.AddressFile, h.url, 0o644)
	h.write(filepath.Join(stateFolder, update.SettingsFile), `{"channel":"stable","automatic":"all","window":"03:00-03:30","zone":"UTC"}`, 0o640)
	h.release("1.1.0", func(r *publish.Release) { r.Percent = 0 })
	for _, c := range []struct {
		at    string
		asked bool
	}{{"02:50", true}, {"02:59", false}, {"03:00", true}, {"03:15", false}, {"03:29", false}, {"03:40", false}, {"04:10", false}} {
		h.at("2026-11-23T" + c.at + ":00Z")
		h.says(0, "run")
		if asked := h.status().Checked.Equal(h.now); asked != c.asked {
			t.Errorf("at %s it asked: %v", c.at, asked)
		}
	}
	h.release("1.2.0")
	h.at("2026-11-24T02:55:00Z")
	h.says(0, "check")
	h.at("2026-11-24T03:10:00Z")
	h.says(0, "run")
	h.tries("1.2.0")
}

// TestClockIsAskedForAgainOnlyWhenItIsSet: nothing is written meanwhile.
func TestClockIsAskedForAgainOnlyWhenItIsSet(t *testing.T) {
	h := newHome(t)
	h.release("1.1.0")
	h.must(os.MkdirAll(filepath.Join(h.root, "run/systemd/timesync"), 0o755))
	h.must(os.Unsetenv("CALENDARBOT_TEST_TIME"))
	h.must(h.publisher().Refresh(time.Now()))
	h.write(update.AddressFile, h.url, 0o644)
	h.says(1, "run")
	checked := h.status().Checked
	h.says(0, "run")
	if s := h.status(); s.Code != "clock" || !s.Checked.Equal(checked) {
		t.Errorf("it asked again: %+v", s)
	}
	h.write("run/systemd/timesync/synchronized", "", 0o644)
	h.says(0, "run")
	if s := h.status(); s.Code != "" {
		t.Errorf("with the time it did not ask again: %+v", s)
	}
}

// TestStateIsToldAfterANewSystem that came by day: the page would tell of the former one for hours.
func TestStateIsToldAfterANewSystem(t *testing.T) {
	h := newHome(t)
	h.write(update.AddressFile, h.url, 0o644)
	h.release("1.1.0", h.bundle)
	h.order(slot.Order{Do: "apply", Kind: slot.System, Version: "1.1.0"})
	h.says(0, "run")
	h.write(releaseFile, "IMAGE_VERSION=1.1.0\n", 0o644)
	h.change(slot.System, func(s slot.State) (slot.State, error) { return s.Keep(h.now) })
	h.at("2026-11-22T12:20:00Z")
	h.says(0, "run")
	s, err := update.ReadStatus(h.root)
	if err != nil || s.Running[slot.System] != "1.1.0" || len(s.Available) > 0 || s.Waiting != "" {
		t.Errorf("%+v, %v", s, err)
	}
	h.at("2026-11-22T12:40:00Z")
	h.says(0, "run")
	if again := h.status(); !again.Checked.Equal(s.Checked) {
		t.Errorf("it asks each time: %s", again.Checked)
	}
}

// TestRepositoryIsAskedSeldomWhileASystemWaits for its hours, whoever had it installed.
func TestRepositoryIsAskedSeldomWhileASystemWaits(t *testing.T) {
	h := newHome(t)
	h.write(update.AddressFile, h.url, 0o644)
	h.release("1.1.0", h.bundle)
	h.says(0, "apply", "--from", h.public)
	if s := h.slots(slot.System); s.Trial == nil {
		t.Fatalf("no system waits: %+v", s)
	}
	for _, c := range []struct {
		at    string
		asked bool
	}{{"12:20", true}, {"12:40", false}, {"13:00", false}, {"18:25", true}, {"18:45", false}} {
		h.at("2026-11-22T" + c.at + ":00Z")
		h.says(0, "run")
		if asked := h.status().Checked.Equal(h.now); asked != c.asked {
			t.Errorf("at %s it asked: %v", c.at, asked)
		}
	}
}

func TestRunWithoutAnAddress(t *testing.T) {
	h := newHome(t)
	if said := h.says(0, "run"); !strings.Contains(said, "no address of updates is set") {
		t.Error(said)
	}
	h.says(1, "check")
	if s := h.status(); s.Code != "no_address" {
		t.Errorf("%+v", s)
	}
}

func TestOrdersAreCarriedOut(t *testing.T) {
	h := newHome(t)
	h.release("1.1.0")
	h.write(update.AddressFile, h.url, 0o644)
	h.order(slot.Order{Do: "check"})
	h.order(slot.Order{Do: "dance"})
	h.order(slot.Order{Do: "apply", Version: "1.1.0"})
	if said := h.says(1, "run"); !strings.Contains(said, `there is no order "dance"`) {
		t.Error(said)
	}
	h.tries("1.1.0")
	if left, err := filepath.Glob(filepath.Join(h.root, update.OrdersFolder, "*")); err != nil || len(left) > 0 {
		t.Errorf("%v are left, %v", left, err)
	}
	h.told()
	h.order(slot.Order{Do: "back", Kind: slot.Agent, Why: "it is ugly"})
	h.says(0, "run")
	name, o, err := slot.Next(filepath.Join(h.root, keeperOrders))
	if name == "" || err != nil || o.Do != "back" || o.Kind != slot.Agent || o.Why != "it is ugly" {
		t.Errorf("the keeper got %q %+v, %v", name, o, err)
	}
}

func TestOrderThatNeverEndsIsGivenUp(t *testing.T) {
	h := newHome(t)
	h.write(update.Folder+"/order.json", `{"order":{"do":"check","at":"2026-11-22T11:00:00Z"},"begun":3}`, 0o600)
	if said := h.says(1, "run"); !strings.Contains(said, "it was begun 3 times") {
		t.Error(said)
	}
	if _, err := os.Stat(filepath.Join(h.root, update.Folder, "order.json")); !os.IsNotExist(err) {
		t.Errorf("it is still there: %v", err)
	}
}

func TestUploadIsApplied(t *testing.T) {
	h := newHome(t)
	h.release("1.1.0")
	name := filepath.Join(h.root, update.UploadFolder, update.UploadName)
	h.must(os.MkdirAll(filepath.Dir(name), 0o755))
	pack(t, h.public, name)
	h.order(slot.Order{Do: "apply", Text: upload})
	h.says(0, "run")
	h.tries("1.1.0")
	if _, err := os.Stat(name); !os.IsNotExist(err) {
		t.Errorf("the upload is still there: %v", err)
	}
}

// pack puts a folder into a tar file, as people do: with a folder around it.
func pack(t *testing.T, folder, name string) {
	t.Helper()
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(file)
	err = filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		within, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		if err := w.WriteHeader(&tar.Header{Name: "calendarbot-update/" + within, Mode: 0o644, Size: int64(len(text))}); err != nil {
			return err
		}
		_, err = w.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestClockThatNobodySet(t *testing.T) {
	h := newHome(t)
	h.release("1.1.0")
	// timesyncd runs and has heard nothing, and no test gives the time.
	h.must(os.MkdirAll(filepath.Join(h.root, "run/systemd/timesync"), 0o755))
	h.must(os.Unsetenv("CALENDARBOT_TEST_TIME"))
	h.now = time.Now()
	h.must(h.publisher().Refresh(h.now))
	h.says(1, "check", "--url", h.url)
	if s := h.status(); s.Code != "clock" {
		t.Errorf("%+v", s)
	}
	h.says(0, "apply", "--from", h.public)
	h.tries("1.1.0")
	if s := h.status(); !strings.Contains(s.Notice, "Nobody has told this device what time it is") {
		t.Errorf("%+v", s)
	}
}

func TestWithdrawnProgramGoesBack(t *testing.T) {
	h := newHome(t)
	h.release("1.1.0")
	h.says(0, "apply", "--url", h.url)
	h.change(slot.Agent, func(s slot.State) (slot.State, error) { return s.Keep(h.now) })
	h.must(h.publisher().Withdraw(h.now, slot.Agent, "1.1.0", "it lost reminders"))
	h.told()
	h.write(update.AddressFile, h.url, 0o644)
	h.at("2026-11-22T20:00:00Z")
	h.says(0, "run")
	name, o, err := slot.Next(filepath.Join(h.root, keeperOrders))
	if name == "" || err != nil || o.Do != "back" || o.Kind != slot.Agent || !strings.Contains(o.Why, "it lost reminders") {
		t.Errorf("the keeper got %q %+v, %v", name, o, err)
	}
	if s := h.status(); len(s.Withdrawn) != 1 || s.Withdrawn[0].Version != "1.1.0" {
		t.Errorf("%+v", s)
	}
}

// TestWithdrawnFormerOnesAreDenied: a rollback does not bring back what was withdrawn while it lay in the other slot.
func TestWithdrawnFormerOnesAreDenied(t *testing.T) {
	h := newHome(t)
	h.write(update.AddressFile, h.url, 0o644)
	for _, version := range []string{"1.1.0", "1.2.0"} {
		h.release(version, func(r *publish.Release) { r.From = nil })
		h.says(0, "apply", "--url", h.url)
		h.change(slot.Agent, func(s slot.State) (slot.State, error) { return s.Keep(h.now) })
	}
	h.must(h.publisher().Withdraw(h.now, slot.Agent, "1.1.0", "it lost reminders"))
	h.release("0.9.0", h.bundle)
	h.must(h.publisher().Withdraw(h.now, slot.System, "0.9.0", "it is not here"))
	for _, at := range []string{"2026-11-22T20:00:00Z", "2026-11-23T08:00:00Z"} {
		h.at(at)
		h.says(0, "run")
		s := h.slots(slot.Agent)
		if len(s.Denied) != 1 || s.Denied[0].Version != "1.1.0" || s.Denied[0].Why != "it was withdrawn: it lost reminders" || s.Slots[s.Active].Version != "1.2.0" {
			t.Errorf("%+v", s)
		}
	}
	if s := h.slots(slot.System); len(s.Denied) != 0 {
		t.Errorf("what is not here is denied: %+v", s)
	}
	if back, err := h.slots(slot.Agent).Back("it is bad", "person", h.now); err != nil || back.Active != slot.Baked {
		t.Errorf("%v, %+v", err, back)
	}
}

// TestProgramOlderThanTheSystemsDoesNotRun: a newer system has come, so the one in the slot waits for the other system, and is not what runs.
func TestProgramOlderThanTheSystemsDoesNotRun(t *testing.T) {
	h := newHome(t)
	h.release("0.0.0-alpha", func(r *publish.Release) { r.From = nil })
	h.change(slot.Agent, func(s slot.State) (slot.State, error) {
		s, err := s.Stage(slot.A, slot.Content{Version: "0.0.0-alpha", At: h.now})
		h.must(err)
		s, err = s.Try(slot.A, 1, "", h.now)
		h.must(err)
		return s.Keep(h.now)
	})
	if got := h.status().Running[slot.Agent]; got != "0.0.0-dev" {
		t.Errorf("%s is said to run", got)
	}
	h.must(h.publisher().Withdraw(h.now, slot.Agent, "0.0.0-alpha", "it lost reminders"))
	h.write(update.AddressFile, h.url, 0o644)
	h.says(0, "run")
	if name, o, err := slot.Next(filepath.Join(h.root, keeperOrders)); name != "" || err != nil {
		t.Errorf("it goes back from what does not run: %+v, %v", o, err)
	}
}

// TestSystemThatTheJudgeFoundIsOnTrial: it may come between the writing and the note of it.
func TestSystemThatTheJudgeFoundIsOnTrial(t *testing.T) {
	h := newHome(t)
	h.release("1.1.0", h.bundle)
	trial := `{"active":"a","slots":{"b":{"version":"1.1.0","at":"2026-11-22T12:00:00Z"}},"trial":{"slot":"b","version":"1.1.0","tries":3,"started":0,"began":"2026-11-22T12:00:00Z"}}`
	h.write("usr/lib/calendarbot/install-system", "#!/bin/sh\ncp '"+h.file(trial)+"' '"+filepath.Join(h.root, "data/slots/system.json")+"'\n", 0o755)
	h.says(0, "apply", "--url", h.url)
	if s := h.slots(slot.System); s.Trial == nil || s.Trial.Version != "1.1.0" {
		t.Errorf("%+v", s)
	}
}

func TestBackSaysWhenThereIsNothing(t *testing.T) {
	h := newHome(t)
	if said := h.says(1, "back"); !strings.Contains(said, slot.ErrNothingToGoBackTo.Error()) {
		t.Error(said)
	}
}

// TestBackSaysThatItIsAskedFor and nothing of what an earlier check found.
func TestBackSaysThatItIsAskedFor(t *testing.T) {
	h := newHome(t)
	h.says(1, "check")
	if said := h.says(0, "back", "--kind", "system"); !strings.Contains(said, "It is asked for: the device starts anew with the other system") || strings.Contains(said, "No address") {
		t.Error(said)
	}
	if said := h.says(0, "back", "--kind", "system", "--json"); !strings.Contains(said, `"running"`) {
		t.Error(said)
	}
	h.release("1.1.0")
	h.says(0, "apply", "--url", h.url)
	if said := h.says(0, "back"); !strings.Contains(said, "It is asked for: the program that ran before is started in a moment; \"calendarbot slots show\"") {
		t.Error(said)
	}
	h.write(releaseFile, "NAME=x\n", 0o644)
	if said := h.says(1, "back", "--kind", "system"); !strings.Contains(said, "this machine has no second system") || strings.Contains(said, "asked for") {
		t.Error(said)
	}
}

func TestWordsAndFlags(t *testing.T) {
	h := newHome(t)
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"dance"}, 2, "allowed are status, check, apply, back, run"},
		{[]string{"check", "now"}, 2, "at most 0 arguments"},
		{[]string{"apply", "1.0.0", "1.1.0"}, 2, "at most 1 arguments"},
		{[]string{"apply", "notaversion"}, 2, `"notaversion" is no version`},
		{[]string{"--json", "status"}, 0, `"running"`},
		{[]string{"--json"}, 2, "it takes one of the words"},
		{[]string{"apply", "--kind", "config"}, 2, "neither agent nor system"},
		{[]string{"apply", "--from", "https://example.org"}, 2, "for an address there is --url"},
		{[]string{"apply", "--url", "ftp://example.org"}, 2, "does not begin with https"},
		{[]string{"apply", "--never"}, 2, "never"},
		{[]string{"apply", "--wait", "13h"}, 2, "is not from 0s to 12h0m0s"},
		{[]string{"apply", "--help"}, 0, "Examples:"},
		{[]string{"--help"}, 0, "Examples:"},
		{[]string{"--version"}, 0, "calendarbot-update 0.0.0-dev"},
		{[]string{"status"}, 0, "checked:   never"},
		{[]string{"apply", "--from", filepath.Join(h.root, "nowhere")}, 1, "There is no repository at"},
		{[]string{"check", "--from", filepath.Join(h.root, "usr")}, 1, "The repository lacks the file metadata/timestamp.json."},
	} {
		if said := h.says(c.code, c.args...); !strings.Contains(said, c.want) {
			t.Errorf("%q says %q", c.args, said)
		}
	}
	if said := new(strings.Builder); command(t.Context(), nil, said, said) != 2 {
		t.Error(said.String())
	}
}
