package trial

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/slot"
)

func ill() Observation { return with(func(o *Observation) { o.Page = "/ does not answer" }) }

func TestNothingToWatchEndsAtOnce(t *testing.T) {
	b := newBoard(t)
	if took, err := b.watched(well); took != 0 || err != nil || b.told() != "" {
		t.Errorf("%s, %v", took, err)
	}
	if _, err := os.Stat(b.path("data/slots")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something was written: %v", err)
	}
	b.remove(bootSector) // a machine that is no device
	if took, err := b.watched(well); took != 0 || err != nil {
		t.Errorf("%s, %v", took, err)
	}
}

func TestGoodProgramsAreKept(t *testing.T) {
	b := newBoard(t)
	b.stage(slot.Agent, slot.A, "1.1", "try", "start")
	took, err := b.watched(well)
	if s := b.state(slot.Agent); err != nil || took != 3*time.Minute+5*time.Second || s.Active != slot.A || s.Trial != nil || !s.Last.Kept || b.told() != "" {
		t.Errorf("%s, %v, %+v", took, err, s)
	}
}

func TestBadProgramsGiveWay(t *testing.T) {
	for _, c := range []struct {
		name  string
		looks []func() Observation
		why   string
		most  time.Duration
	}{
		{"never ready", []func() Observation{func() Observation { return Observation{Unit: "activating"} }}, "it was not well within 3m0s", 3*time.Minute + 5*time.Second},
		{"never well", []func() Observation{ill}, "it was not well within 3m0s: / does not answer", 3*time.Minute + 5*time.Second},
		{"eats memory", []func() Observation{well, func() Observation { return with(func(o *Observation) { o.Memory = o.High + 1 }) }}, "it was not well for 1m30s: the program takes 200 MiB", 2 * time.Minute},
		{"hangs", []func() Observation{well, ill}, "it was not well for 1m30s: / does not answer", 2 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBoard(t)
			b.stage(slot.Agent, slot.A, "1.1", "try", "start")
			took, err := b.watched(c.looks...)
			s := b.state(slot.Agent)
			if err != nil || took > c.most || s.Active != slot.Baked || s.Trial != nil || s.Last.Kept || !strings.Contains(s.Last.Why, c.why) || s.Last.By != "judge" || s.Denied[0].Version != "1.1" {
				t.Errorf("%s, %v, %+v", took, err, s.Last)
			}
			if got := b.told(); got != "reset-failed calendarbot.service, --no-block restart calendarbot.service" {
				t.Errorf("systemd was told: %s", got)
			}
		})
	}
}

// TestCrashesAreCountedByTheStarts: the trial is over once the starts are used up, and the judge with it.
func TestCrashesAreCountedByTheStarts(t *testing.T) {
	b := newBoard(t)
	b.stage(slot.Agent, slot.A, "1.1", "try", "start")
	crash := func() Observation {
		if _, _, err := b.Choose("1.0", b.now); err != nil {
			b.say("%v", err)
		}
		return with(func(o *Observation) { o.Unit = "activating" })
	}
	took, err := b.watched(crash)
	if s := b.state(slot.Agent); err != nil || took != 15*time.Second || s.Active != slot.Baked || s.Last.By != "tries" || b.told() != "" {
		t.Errorf("%s, %v, %+v", took, err, s.Last)
	}
}

func TestTrialsThatNobodyStartedAreStarted(t *testing.T) {
	b := newBoard(t)
	b.stage(slot.Agent, slot.A, "1.1", "try")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var elapsed time.Duration
	w := &Watch{
		Device: b.Device, Limits: Usual(3 * time.Minute), Now: func() time.Time { return b.now }, Elapsed: func() time.Duration { return elapsed }, Say: b.say,
		See: func(context.Context) Observation { return well() },
		Pause: func(context.Context) error {
			elapsed += 5 * time.Second
			if b.first("told") != "" {
				b.told()
				_, _, err := b.Choose("1.0", b.now)
				return err
			}
			return nil
		},
	}
	if err := w.Run(ctx); err != nil || elapsed > time.Minute+3*time.Minute+10*time.Second || !b.state(slot.Agent).Last.Kept || !b.heard("was not started: it is now") {
		t.Errorf("%s, %v, %q", elapsed, err, b.said)
	}
}

func TestConfigurationsAreJudged(t *testing.T) {
	for _, c := range []struct {
		name, mounted string
		look          func() Observation
		active        slot.Name
		why, told     string
	}{
		{"good", "b", well, slot.B, "", ""},
		{"good, and the initramfs tells nothing", "", well, slot.B, "", ""},
		{"bad", "b", ill, slot.A, "it was not well within 3m0s", "reboot"},
		{"another one is mounted", "a", well, slot.A, "it could not be mounted", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBoard(t)
			b.stage(slot.Config, slot.B, "1.0", "try", "start")
			b.write(foundConfig, c.mounted, 0o644)
			_, err := b.watched(c.look)
			s := b.state(slot.Config)
			if err != nil || s.Active != c.active || !strings.Contains(s.Last.Why, c.why) || b.told() != c.told {
				t.Errorf("%v, %+v", err, s.Last)
			}
		})
	}
	b := newBoard(t)
	b.stage(slot.Config, slot.B, "1.0", "try")
	if took, err := b.watched(ill); took != 0 || err != nil || b.state(slot.Config).Trial == nil {
		t.Errorf("it waits for the next start: %s, %v", took, err)
	}
}

func TestSystemsAreConfirmed(t *testing.T) {
	b := newBoard(t)
	b.boot("a", "A B", 2, 0) // the first start of a device
	took, err := b.watched(ill, ill, well)
	s := b.state(slot.System)
	if err != nil || took != 3*time.Minute+15*time.Second || b.booted() != "A first, 9 and 0" || s.Active != slot.A || s.Slots[slot.A].Version != "5.0" || s.Last != nil {
		t.Errorf("%s, %v, %s, %+v", took, err, b.booted(), s)
	}

	b = newBoard(t)
	b.stage(slot.System, slot.B, "5.0", "try")
	b.boot("b", "B A", 9, 2)
	took, err = b.watched(well)
	s = b.state(slot.System)
	if err != nil || took != 3*time.Minute+5*time.Second || b.booted() != "B first, 9 and 9" || s.Active != slot.B || s.Former != slot.A || !s.Last.Kept {
		t.Errorf("%s, %v, %s, %+v", took, err, b.booted(), s)
	}
}

// TestConfirmationSurvivesACut between the boot state and what is written of it.
func TestConfirmationSurvivesACut(t *testing.T) {
	b := newBoard(t)
	b.stage(slot.System, slot.B, "5.0", "try")
	b.boot("b", "B A", 9, 9)
	if _, err := b.watched(well); err != nil || b.state(slot.System).Active != slot.B || b.booted() != "B first, 9 and 9" {
		t.Errorf("%v, %+v", err, b.state(slot.System))
	}
}

func TestBadSystemsGiveWay(t *testing.T) {
	for _, c := range []struct {
		name           string
		lay            func(b *board)
		look           func() Observation
		booted, told   string
		why, by        string
		active, denied string
	}{
		{"judged", func(b *board) { b.stage(slot.System, slot.B, "5.0", "try"); b.boot("b", "B A", 9, 2) }, ill, "A first, 9 and 0", "reboot", "it was not well within 3m0s: / does not answer", "judge", "a", "5.0"},
		{"crashed or hung at each start", func(b *board) { b.stage(slot.System, slot.B, "5.0", "try"); b.boot("a", "B A", 9, 0) }, well, "A first, 9 and 0", "", "it was started 3 times, and did not come so far", "start", "a", "5.0"},
		{"could not be loaded", func(b *board) { b.stage(slot.System, slot.B, "5.0", "try"); b.boot("a", "B A", 9, 2) }, well, "A first, 9 and 0", "", "it was started once, and did not come so far", "start", "a", "5.0"},
		{"cut after the boot state was written", func(b *board) { b.stage(slot.System, slot.B, "5.0", "try"); b.boot("a", "A B", 9, 0) }, well, "A first, 9 and 0", "", "it was started 3 times", "start", "a", "5.0"},
		{"nobody asked to try it", func(b *board) { b.boot("b", "B A", 9, 2) }, ill, "A first, 9 and 0", "reboot", "it was not well within 3m0s", "judge", "a", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBoard(t)
			c.lay(b)
			_, err := b.watched(c.look)
			s := b.state(slot.System)
			if err != nil || b.booted() != c.booted || b.told() != c.told {
				t.Errorf("%v, %s", err, b.booted())
			}
			if string(s.Active) != c.active || s.Trial != nil || s.Last == nil || s.Last.Kept || !strings.Contains(s.Last.Why, c.why) || s.Last.By != c.by {
				t.Errorf("%+v, %+v", s, s.Last)
			}
			if c.denied != "" && s.Denied[0].Version != c.denied {
				t.Errorf("%+v", s.Denied)
			}
		})
	}
}

func TestSystemsWaitForTheirStart(t *testing.T) {
	b := newBoard(t)
	b.stage(slot.System, slot.B, "5.0", "try")
	b.boot("a", "B A", 9, 3)
	if took, err := b.watched(ill); took != 0 || err != nil || b.state(slot.System).Trial == nil || b.told() != "" {
		t.Errorf("%s, %v", took, err)
	}
	b.boot("b", "B A", 9, 1)
	if _, err := b.watched(ill); err != nil || b.state(slot.System).Active != slot.A {
		t.Errorf("%v", err)
	}
}

// TestStartsOfSystemsAreTold as U-Boot counts them.
func TestStartsOfSystemsAreTold(t *testing.T) {
	b := newBoard(t)
	b.stage(slot.System, slot.B, "5.0", "try")
	b.boot("b", "B A", 9, 1)
	var seen slot.Trial
	if _, err := b.watched(func() Observation { seen = *b.state(slot.System).Trial; return well() }); err != nil || seen.Tries != 1 || seen.Started != 2 {
		t.Errorf("%v, %+v", err, seen)
	}
}

// TestWithoutASecondSystemItWaits, as there is nothing to go back to, whatever is wrong.
func TestWithoutASecondSystemItWaits(t *testing.T) {
	b := newBoard(t)
	b.boot("a", "A B", 2, 0)
	if _, err := b.watched(ill); !errors.Is(err, context.Canceled) || b.told() != "" || b.booted() != "A first, 2 and 0" || !b.heard("there is no other system to go back to") {
		t.Errorf("%v, %s, %q", err, b.booted(), b.said)
	}
}

// TestAnotherSystemIsTakenOver: U-Boot began anew, or a person chose.
func TestAnotherSystemIsTakenOver(t *testing.T) {
	b := newBoard(t)
	b.boot("b", "B A", 9, 9)
	if took, err := b.watched(well); took != 0 || err != nil || b.state(slot.System).Active != slot.B {
		t.Errorf("%s, %v, %+v", took, err, b.state(slot.System))
	}
	b = newBoard(t)
	b.boot("b", "B A", 0, 2)
	if _, err := b.watched(well); err != nil || b.state(slot.System).Active != slot.B || b.booted() != "B first, 0 and 9" {
		t.Errorf("%v, %+v", err, b.state(slot.System))
	}
}

// TestTheJudgeChangesWhatIsThere, and not what was there before it could: somebody else changed it meanwhile.
func TestTheJudgeChangesWhatIsThere(t *testing.T) {
	b := newBoard(t)
	b.stage(slot.System, slot.B, "5.0", "try")
	b.boot("a", "B A", 9, 0)
	w := &Watch{Device: b.Device, Version: "5.0", Now: func() time.Time { return b.now }, Say: func(string, ...any) {
		b.change(slot.System, func(s slot.State) (slot.State, error) { return s.Deny("4.0", "it was withdrawn", b.now), nil })
	}}
	if err := w.reconcile(context.Background()); err != nil {
		t.Fatal(err)
	}
	if s := b.state(slot.System); s.Trial != nil || len(s.Denied) != 2 {
		t.Errorf("%+v", s)
	}
}

// TestABootStateThatBeganAnew says nothing against the system that was in use: it may be gone back to, and installed again.
func TestABootStateThatBeganAnew(t *testing.T) {
	for _, left := range []int{9, 3} {
		b := newBoard(t)
		b.stage(slot.System, slot.B, "6.0", "try")
		b.boot("b", "B A", 9, 2)
		if _, err := b.watched(well); err != nil {
			t.Fatal(err)
		}
		b.boot("a", "A B", left, left)
		if _, err := b.watched(well); err != nil {
			t.Fatal(err)
		}
		s := b.state(slot.System)
		if s.Active != slot.A || s.Former != slot.B || len(s.Denied) != 0 || b.booted() != fmt.Sprintf("A first, 9 and %d", left) {
			t.Errorf("%d starts left: %s, %+v", left, b.booted(), s)
		}
		b.ask(3)
		if a := b.carry(); a.Refused || a.Words != "system slot b is started again" {
			t.Errorf("%d starts left: %+v", left, a)
		}
	}
}

// TestProgramAndSystemAreConfirmedTogether: the first start of a new device may meet an update.
func TestProgramAndSystemAreConfirmedTogether(t *testing.T) {
	b := newBoard(t)
	b.boot("a", "A B", 2, 0)
	b.stage(slot.Agent, slot.A, "1.1", "try", "start")
	if _, err := b.watched(well); err != nil || b.state(slot.Agent).Active != slot.A || b.booted() != "A first, 9 and 0" {
		t.Errorf("%v, %s", err, b.booted())
	}
}

func TestTroubleOfTheJudgeIsAnError(t *testing.T) {
	b := newBoard(t)
	b.stage(slot.System, slot.B, "5.0", "try")
	b.remove(bootSector)
	if _, err := b.watched(well); err == nil || !strings.Contains(err.Error(), "this machine has no boot state") {
		t.Errorf("%v", err)
	}
	b = newBoard(t)
	b.write(bootState, "#!/bin/sh\nexit 1\n", 0o755)
	if _, err := b.watched(well); err == nil || !strings.Contains(err.Error(), "read the boot state") {
		t.Errorf("%v", err)
	}
	b = newBoard(t)
	b.stage(slot.Agent, slot.A, "1.1", "try", "start")
	b.write("refuse", "", 0o644)
	if _, err := b.watched(ill); err == nil || !strings.Contains(err.Error(), "restart calendarbot.service: exit status 1") || b.state(slot.Agent).Trial != nil {
		t.Errorf("%v", err)
	}
	b = newBoard(t)
	b.stage(slot.Agent, slot.A, "1.1", "try", "start")
	b.write("data/slots/agent.json.new/in/the/way", "", 0o644)
	for _, look := range []func() Observation{well, ill} {
		if _, err := b.watched(look); err == nil || !strings.Contains(err.Error(), "change the slots of the agent") {
			t.Errorf("%v", err)
		}
	}
	b.write("data/slots/config.json", "{", 0o644)
	if _, err := b.watched(well); err == nil {
		t.Error("it cannot be written")
	}
}

// TestAPersonKeepsASystem that the judge would go back from, which then has no say any more.
func TestAPersonKeepsASystem(t *testing.T) {
	b := newBoard(t)
	b.stage(slot.System, slot.B, "5.0", "try")
	b.boot("b", "B A", 9, 2)
	looks := 0
	took, err := b.watched(func() Observation {
		if looks++; looks == 10 {
			if _, err := b.keeper().Obey(context.Background(), slot.Order{Kind: slot.System, Do: "keep", By: "person", At: b.now}); err != nil {
				t.Error(err)
			}
		}
		return ill()
	})
	if s := b.state(slot.System); err != nil || took != 50*time.Second || s.Active != slot.B || !s.Last.Kept || b.booted() != "B first, 9 and 9" || b.told() != "" {
		t.Errorf("%s, %v, %s, %+v", took, err, b.booted(), s)
	}
}

// full has no state of a kind be written any more, as on a card that is full.
func (b *board) full(k slot.Kind) { b.write("data/slots/"+string(k)+".json.new/in/the/way", "", 0o644) }

// TestAFullCardKeepsNothingBad: what cannot be counted is not started, so it is left without a note of it.
func TestAFullCardKeepsNothingBad(t *testing.T) {
	b := newBoard(t)
	b.stage(slot.Agent, slot.A, "1.1", "try", "start")
	b.full(slot.Agent)
	if _, err := b.watched(ill); !errors.Is(err, slot.ErrNotWritten) || b.told() != "reset-failed calendarbot.service, --no-block restart calendarbot.service" {
		t.Errorf("%v", err)
	}
	if _, n, err := b.Choose("1.0", b.now); n != slot.Baked || !errors.Is(err, slot.ErrNotWritten) {
		t.Errorf("%q is started again, %v", n, err)
	}
	b = newBoard(t)
	b.stage(slot.Config, slot.B, "1.0", "try", "start")
	b.full(slot.Config)
	if _, err := b.watched(ill); !errors.Is(err, slot.ErrNotWritten) || b.told() != deviceStarts {
		t.Errorf("%v", err)
	}
}

// TestLooksStartNoPrograms but where something has changed: on a small board a program that is started costs more than all else of a look.
func TestLooksStartNoPrograms(t *testing.T) {
	b := newBoard(t)
	b.stage(slot.System, slot.B, "5.0", "try")
	b.boot("b", "B A", 9, 2)
	b.Page = pages(t, map[string]string{"/": readyTag, "/healthz": "{}"})
	b.write(unitGroup+"/cgroup.procs", "100\n101\n", 0o644)
	var elapsed time.Duration
	looks := 0
	w := &Watch{
		Device: b.Device, Limits: Usual(3 * time.Minute), Version: "5.0", Now: func() time.Time { return b.now }, Elapsed: func() time.Duration { return elapsed }, Say: b.say,
		Pause: func(ctx context.Context) error {
			looks++
			elapsed += 10 * time.Second
			if looks == 5 { // it ends, and is started again
				b.write(unitGroup+"/cgroup.procs", "200\n", 0o644)
				b.write("unit", "ActiveState=activating\nNRestarts=1\n", 0o644)
			}
			if looks == 8 {
				b.write("unit", "ActiveState=active\nNRestarts=1\n", 0o644)
			}
			return ctx.Err()
		},
	}
	if err := w.Run(context.Background()); err != nil || b.state(slot.System).Active != slot.B {
		t.Fatalf("%v, %q", err, b.said)
	}
	asked, states := strings.Count(b.text("asked"), "asked"), strings.Count(b.text("usr/lib/calendarbot/state/asked"), "\n")
	if looks != 27 || asked != 5 || states != 3 {
		t.Errorf("in %d looks systemd was asked %d times, and the boot state %d times; want one time and four while it was not ready, and twice at the begin and at the end", looks, asked, states)
	}
}

// TestSystemsThatNobodyNotedAsATrial: the power went between the installation, after which U-Boot starts it, and the note of the trial.
func TestSystemsThatNobodyNotedAsATrial(t *testing.T) {
	for _, c := range []struct {
		name           string
		left           []int // of a and b; the order is B A
		running        string
		look           func() Observation
		booted         string
		active, denied string
		kept           bool
	}{
		{"well", []int{9, 2}, "b", well, "B first, 9 and 9", "b", "", true},
		{"ill", []int{9, 2}, "b", ill, "A first, 9 and 0", "a", "5.0", false},
		{"crashed or hung at each start", []int{9, 0}, "a", well, "A first, 9 and 0", "a", "5.0", false},
		{"could not be loaded", []int{9, 1}, "a", well, "A first, 9 and 0", "a", "5.0", false},
	} {
		for _, beside := range []string{"alone", "beside a program"} {
			t.Run(c.name+", "+beside, func(t *testing.T) {
				b := newBoard(t)
				b.expect("5.0")
				if beside != "alone" {
					b.stage(slot.Agent, slot.A, "6.0", "try", "start")
				}
				b.boot(c.running, "B A", c.left...)
				_, err := b.watched(c.look)
				s := b.state(slot.System)
				if err != nil || b.booted() != c.booted || string(s.Active) != c.active || s.Trial != nil || s.Last == nil || s.Last.Kept != c.kept || s.Last.Version != "5.0" {
					t.Errorf("%v, %s, %+v, %+v", err, b.booted(), s, s.Last)
				}
				if (c.denied == "") != (len(s.Denied) == 0) || c.denied != "" && s.Denied[0].Version != c.denied {
					t.Errorf("denied are %+v", s.Denied)
				}
				if beside != "alone" && b.state(slot.Agent).Trial != nil {
					t.Error("the program is still on trial")
				}
			})
		}
	}
	b := newBoard(t)
	b.expect("5.0")
	b.boot("a", "B A", 9, 3) // the updater ended early, the device did not: the next start tries it
	if took, err := b.watched(ill); took != 0 || err != nil || b.state(slot.System).Trial.Version != "5.0" {
		t.Errorf("%s, %v, %+v", took, err, b.state(slot.System))
	}
	b = newBoard(t)
	b.expect("5.0")
	b.boot("a", "A", 9, 0) // half written
	if took, err := b.watched(ill); took != 0 || err != nil || b.state(slot.System).Trial != nil || b.state(slot.System).Denied != nil || b.booted() != "A first, 9 and 0" {
		t.Errorf("%s, %v, %+v", took, err, b.state(slot.System))
	}
}

// TestSystemsThatWereNotWritten are not what is started: an installation was refused before it began, and the slot holds what it held.
func TestSystemsThatWereNotWritten(t *testing.T) {
	for _, running := range []string{"a", "b"} {
		b := newBoard(t)
		b.expect("6.0")
		b.boot(running, strings.ToUpper(running)+" A B", 9, 9)
		took, err := b.watched(well)
		if s := b.state(slot.System); took != 0 || err != nil || s.Trial != nil || s.Coming != nil || string(s.Active) != running || s.Last != nil || len(s.Denied) != 0 {
			t.Errorf("from %s: %s, %v, %+v", running, took, err, s)
		}
		if left := b.booted(); !strings.HasSuffix(left, "9 and 9") {
			t.Errorf("from %s: %s", running, left)
		}
	}
}

// TestCopiesThatWereNotWrittenOver go by their own version, and are judged as such: the installation of another one was refused.
func TestCopiesThatWereNotWrittenOver(t *testing.T) {
	for _, look := range []func() Observation{well, ill} {
		b := newBoard(t)
		b.expect("6.0")
		b.boot("b", "B A", 9, 2)
		if _, err := b.watched(look); err != nil {
			t.Fatal(err)
		}
		s := b.state(slot.System)
		for _, d := range s.Denied {
			if d.Version != "5.0" {
				t.Errorf("%+v", d)
			}
		}
		if s.Last != nil && s.Last.Version != "5.0" || s.Slots[slot.B].Version != "5.0" {
			t.Errorf("%+v, %+v", s, s.Last)
		}
	}
}

// expect has a system written to slot b.
func (b *board) expect(version string) {
	b.t.Helper()
	b.change(slot.System, func(s slot.State) (slot.State, error) {
		return s.Expect(slot.B, slot.Content{Version: version, At: b.now}, "updater")
	})
}

// TestSystemsThatNobodyNamedAreDenied by what they say of themselves, and it is them that were left.
func TestSystemsThatNobodyNamedAreDenied(t *testing.T) {
	b := newBoard(t)
	b.boot("b", "B A", 9, 2)
	_, err := b.watched(ill)
	if s := b.state(slot.System); err != nil || s.Active != slot.A || s.Last.Slot != slot.B || s.Last.Version != "5.0" || s.Denied[0].Version != "5.0" {
		t.Errorf("%v, %+v, %+v", err, s, s.Last)
	}
}

// TestCopiesAreNoLongerWhatWasLeft: the slot of a system that was left holds a copy of the one that runs by now, which may be gone to.
func TestCopiesAreNoLongerWhatWasLeft(t *testing.T) {
	b := newBoard(t)
	b.stage(slot.System, slot.B, "5.0", "try")
	b.boot("a", "A B", 9, 0)
	if _, err := b.watched(well); err != nil {
		t.Fatal(err)
	}
	b.ask(3)
	if a := b.carry(); !a.Refused {
		t.Errorf("it goes to what may not be booted: %+v", a)
	}
	b.boot("a", "A B", 9, 3)
	if took, err := b.watched(well); took != 0 || err != nil {
		t.Errorf("%s, %v", took, err)
	}
	if s := b.state(slot.System); len(s.Slots) != 0 || len(s.Denied) != 1 {
		t.Errorf("%+v", s)
	}
	b.ask(3)
	if a := b.carry(); a.Refused || b.booted() != "B first, 9 and 3" {
		t.Errorf("%+v, %s", a, b.booted())
	}
}

// TestASystemOnTrialForgetsNoProgram: its own may be newer, and what was in use is again when it goes back; once it is kept, that is over.
func TestASystemOnTrialForgetsNoProgram(t *testing.T) {
	for _, c := range []struct {
		name string
		look func() Observation
		want slot.Name
	}{{"it goes back", ill, slot.A}, {"it is kept", well, slot.Baked}} {
		t.Run(c.name, func(t *testing.T) {
			b := newBoard(t)
			b.stage(slot.Agent, slot.A, "1.1", "try", "start", "keep")
			b.stage(slot.System, slot.B, "5.0", "try")
			b.boot("b", "B A", 9, 2)
			if _, n, err := b.Choose("5.0", b.now); n != slot.Baked || err == nil {
				t.Errorf("%q, %v", n, err)
			}
			if _, err := b.watched(c.look); err != nil {
				t.Fatal(err)
			}
			if s := b.state(slot.Agent); s.Active != c.want || len(s.Denied) != 0 {
				t.Errorf("%+v", s)
			}
		})
	}
	b := newBoard(t)
	b.stage(slot.Agent, slot.A, "1.1", "try", "start", "keep")
	if took, err := b.watched(ill); took != 0 || err != nil || b.state(slot.Agent).Active != slot.Baked { // the power went before it could be noted
		t.Errorf("%s, %v, %+v", took, err, b.state(slot.Agent))
	}
}

// TestSystemThatIsKeptIsKnownByItsBundle though it calls itself otherwise; one that came by other means is not.
func TestSystemThatIsKeptIsKnownByItsBundle(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	bundle := strings.Repeat("ab", 32)
	w := &Watch{Version: "5.0", Now: func() time.Time { return now }}
	s, err := slot.System.First().Stage(slot.B, slot.Content{Version: "5.1", Digest: bundle, Size: 7, At: now})
	if err != nil {
		t.Fatal(err)
	}
	tried, err := s.Try(slot.B, Tries, "updater", now)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		s      slot.State
		digest string
	}{"on trial": {tried, bundle}, "found": {s, ""}} {
		got, err := w.confirm(c.s, slot.B)
		if b := got.Slots[slot.B]; err != nil || got.Active != slot.B || b.Version != "5.0" || b.Digest != c.digest {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
