package trial

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"calendarbot/agent/slot"
)

// send has an order wait.
func (b *board) send(o slot.Order) {
	b.t.Helper()
	o.By, o.At = "person", b.now
	if err := slot.Send(b.Orders(), o); err != nil {
		b.t.Fatal(err)
	}
}

// carry carries out what waits, and returns what was told at last.
func (b *board) carry() slot.Answer {
	b.t.Helper()
	if err := b.keeper().Carry(context.Background()); err != nil {
		b.t.Fatal(err)
	}
	if name, _, err := slot.Next(b.Orders()); name != "" && b.text("told") != "reboot\n" || err != nil {
		b.t.Errorf("%q still waits, %v", name, err)
	}
	told, err := b.Slots().Told()
	if err != nil {
		b.t.Fatal(err)
	}
	if told == nil {
		return slot.Answer{}
	}
	return *told
}

const (
	programStarts = "reset-failed calendarbot.service, --no-block restart calendarbot.service, reset-failed calendarbot-trial.service, --no-block restart calendarbot-trial.service"
	deviceStarts  = "reboot"
)

func deny(b *board, k slot.Kind, version string) {
	b.t.Helper()
	b.change(k, func(s slot.State) (slot.State, error) { return s.Deny(version, "it was slow", b.now), nil })
}

func TestOrders(t *testing.T) {
	two := func(b *board) { b.stage(slot.Agent, slot.A, "1.1"); b.stage(slot.Agent, slot.B, "1.2") }
	for _, c := range []struct {
		name    string
		lay     func(b *board)
		o       slot.Order
		words   string
		refused bool
		told    string
		booted  string
	}{
		{"try a program", func(b *board) { b.stage(slot.Agent, slot.A, "1.1") }, slot.Order{Kind: slot.Agent, Do: "try"}, "Program 1.1 is tried now.", false, programStarts, ""},
		{"try one of two", two, slot.Order{Kind: slot.Agent, Do: "try", Version: "1.1"}, "Program 1.1 is tried now.", false, programStarts, ""},
		{"try one that there is not", two, slot.Order{Kind: slot.Agent, Do: "try", Version: "9"}, "program 9 is not staged: it lies in no slot", true, "", ""},
		{"try nothing", func(*board) {}, slot.Order{Kind: slot.Agent, Do: "try"}, "nothing is staged that could be tried: no program but the one in use lies in a slot", true, "", ""},
		{"try what is in use", func(b *board) { b.stage(slot.Agent, slot.A, "1.1", "try", "start", "keep") }, slot.Order{Kind: slot.Agent, Do: "try", Version: "1.1"}, "program 1.1 is in use already", true, "", ""},
		{"keep a program", func(b *board) { b.stage(slot.Agent, slot.A, "1.1", "try", "start") }, slot.Order{Kind: slot.Agent, Do: "keep"}, "Program 1.1 is kept.", false, "", ""},
		{"keep one that was not started", func(b *board) { b.stage(slot.Agent, slot.A, "1.1", "try") }, slot.Order{Kind: slot.Agent, Do: "keep"}, "it was not started yet", true, "", ""},
		{"keep nothing", func(*board) {}, slot.Order{Kind: slot.Agent, Do: "keep"}, "nothing is on trial", true, "", ""},
		{"keep another one", func(b *board) { b.stage(slot.Agent, slot.A, "1.1", "try", "start") }, slot.Order{Kind: slot.Agent, Do: "keep", Version: "1.0"}, "1.0 is meant, but by now it is 1.1", true, "", ""},
		{"back from a program", func(b *board) { b.stage(slot.Agent, slot.A, "1.1", "try", "start", "keep") }, slot.Order{Kind: slot.Agent, Do: "back"}, "The program of the system is used again.", false, programStarts, ""},
		{"back to a program", func(b *board) {
			b.stage(slot.Agent, slot.A, "1.1", "try", "start", "keep")
			b.stage(slot.Agent, slot.B, "1.2", "try", "start")
		}, slot.Order{Kind: slot.Agent, Do: "back", Version: "1.2"}, "Program 1.1 is used again.", false, programStarts, ""},
		{"back from nothing", func(*board) {}, slot.Order{Kind: slot.Agent, Do: "back"}, "there is nothing to go back to", true, "", ""},
		{"allow a program", func(b *board) { deny(b, slot.Agent, "1.1") }, slot.Order{Kind: slot.Agent, Do: "allow", Version: "1.1"}, "Program 1.1 may be tried again.", false, "", ""},
		{"another word for programs", func(*board) {}, slot.Order{Kind: slot.Agent, Do: "fly"}, `there is no "fly" for the agent; allowed are try, keep, back and allow`, true, "", ""},
		{"try a system", func(b *board) { b.stage(slot.System, slot.B, "5.0") }, slot.Order{Kind: slot.System, Do: "try"}, "System 5.0 is tried with the restart that comes now.", false, deviceStarts, "B first, 9 and 3"},
		{"try no system", func(*board) {}, slot.Order{Kind: slot.System, Do: "try"}, "nothing is staged that could be tried: no system", true, "", ""},
		{"keep a system", func(b *board) { b.stage(slot.System, slot.B, "5.0", "try"); b.boot("b", "B A", 9, 2) }, slot.Order{Kind: slot.System, Do: "keep"}, "System 5.0 is kept.", false, "", "B first, 9 and 9"},
		{"keep a system that was not started", func(b *board) { b.stage(slot.System, slot.B, "5.0", "try"); b.boot("a", "B A", 9, 3) }, slot.Order{Kind: slot.System, Do: "keep"}, "it was not started yet", true, "", ""},
		{"keep no system", func(*board) {}, slot.Order{Kind: slot.System, Do: "keep"}, "nothing is on trial", true, "", ""},
		{"back from a system on trial", func(b *board) { b.stage(slot.System, slot.B, "5.0", "try"); b.boot("b", "B A", 9, 2) }, slot.Order{Kind: slot.System, Do: "back"}, "System slot a is used from the next start on.", false, deviceStarts, "A first, 9 and 0"},
		{"back from a system that was not started", func(b *board) { b.stage(slot.System, slot.B, "5.0", "try"); b.boot("a", "B A", 9, 3) }, slot.Order{Kind: slot.System, Do: "back"}, "System slot a is used from the next start on.", false, "", "A first, 9 and 0"},
		{"to the other system", func(*board) {}, slot.Order{Kind: slot.System, Do: "back"}, "System slot b is used from the next start on.", false, deviceStarts, "B first, 9 and 9"},
		{"there is no other system", func(b *board) { b.boot("a", "A B", 9, 0) }, slot.Order{Kind: slot.System, Do: "back"}, "the other system cannot be started: there is nothing to go back to", true, "", ""},
		{"a system that is another one by now", func(*board) {}, slot.Order{Kind: slot.System, Do: "back", Version: "4.0"}, "4.0 is meant, but by now it is of a version that is not known", true, "", ""},
		{"allow a system that is not refused", func(b *board) { deny(b, slot.System, "4.0") }, slot.Order{Kind: slot.System, Do: "allow", Version: "5.0"}, "system 5.0 is not refused; not tried again: 4.0", true, "", ""},
		{"allow a system", func(b *board) { deny(b, slot.System, "5.0") }, slot.Order{Kind: slot.System, Do: "allow", Version: "5.0"}, "System 5.0 may be tried again.", false, "", ""},
		{"another word for systems", func(*board) {}, slot.Order{Kind: slot.System, Do: "fly"}, `there is no "fly" for the system`, true, "", ""},
		{"no boot state", func(b *board) { b.remove(bootSector) }, slot.Order{Kind: slot.System, Do: "back"}, "this machine has no second system", true, "", ""},
		{"a boot state that cannot be read", func(b *board) { b.remove(bootState) }, slot.Order{Kind: slot.System, Do: "back"}, "read the boot state", true, "", ""},
		{"a configuration", func(*board) {}, slot.Order{Kind: slot.Config, Do: "try"}, "It is tried.", false, deviceStarts, ""},
		{"a wrong configuration", func(*board) {}, slot.Order{Kind: slot.Config, Do: "stage"}, "this is wrong with line 1", true, "", ""},
		{"another kind", func(*board) {}, slot.Order{Kind: "weather", Do: "try"}, `there is no "weather" with slots`, true, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBoard(t)
			c.lay(b)
			b.send(c.o)
			got := b.carry()
			if !strings.Contains(got.Words, c.words) || got.Refused != c.refused || got.Do != c.o.Do || !got.At.Equal(b.now) {
				t.Errorf("%+v", got)
			}
			if told := b.told(); told != c.told {
				t.Errorf("systemd was told: %s", told)
			}
			if c.booted != "" && b.booted() != c.booted {
				t.Errorf("the boot state: %s", b.booted())
			}
		})
	}
}

// TestCopiesAreNotTriedAsWhatWasLeft, also before the judge has seen that they are copies.
func TestCopiesAreNotTriedAsWhatWasLeft(t *testing.T) {
	b := newBoard(t)
	b.stage(slot.System, slot.B, "6.0", "try")
	b.boot("b", "B A", 9, 2)
	if _, err := b.watched(ill); err != nil {
		t.Fatal(err)
	}
	b.boot("a", "A B", 9, 3)
	b.told()
	k := b.keeper()
	if _, err := k.Obey(context.Background(), slot.Order{Kind: slot.System, Do: "allow", Version: "6.0", At: b.now}); err != nil {
		t.Error(err)
	}
	if _, err := k.Obey(context.Background(), slot.Order{Kind: slot.System, Do: "try", Version: "6.0", At: b.now}); err == nil || !strings.Contains(err.Error(), "system 6.0 is not staged") || b.told() != "" {
		t.Errorf("%v, %s", err, b.booted())
	}
}

func TestOrdersAreCarriedOutOneAfterTheOther(t *testing.T) {
	b := newBoard(t)
	b.stage(slot.Agent, slot.A, "1.1", "try", "start")
	b.send(slot.Order{Kind: slot.Agent, Do: "fly"})
	b.write("var/lib/calendarbot/orders/000000002.json", "{", 0o644)
	b.send(slot.Order{Kind: slot.Agent, Do: "keep"})
	b.send(slot.Order{Kind: slot.System, Do: "back"})
	b.send(slot.Order{Kind: slot.Agent, Do: "back"})
	b.carry()
	if b.state(slot.Agent).Active != slot.A || b.told() != deviceStarts || !b.heard("it is not an order") {
		t.Errorf("%+v, %q", b.state(slot.Agent), b.said)
	}
	if b.carry(); b.state(slot.Agent).Active != slot.Baked {
		t.Error("what waited for the next start was lost")
	}
}

func TestOrdersAtOnce(t *testing.T) {
	b := newBoard(t)
	o := slot.Order{Kind: slot.Agent, Do: "back", At: b.now}
	if _, err := b.keeper().Obey(context.Background(), o); !errors.Is(err, slot.ErrNothingToGoBackTo) || !errors.Is(err, errRefused) {
		t.Errorf("%v", err)
	}
	b.stage(slot.Agent, slot.A, "1.1", "try", "start", "keep")
	if words, err := b.keeper().Obey(context.Background(), o); err != nil || words != "The program of the system is used again." {
		t.Errorf("%s, %v", words, err)
	}
	if last := b.state(slot.Agent).Last; last.Why != "it was asked for" {
		t.Errorf("%+v", last)
	}
}

// ask has a request stand, at another moment each time.
func (b *board) ask(level int) {
	b.t.Helper()
	b.now = b.now.Add(time.Second)
	if err := os.MkdirAll(b.path("var/lib/calendarbot"), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := slot.Ask(b.Rollback(), slot.Request{Level: level, Why: "it does not stay up", By: "crash loop", At: b.now}); err != nil {
		b.t.Fatal(err)
	}
}

func TestLevels(t *testing.T) {
	kept := func(b *board) { b.stage(slot.Agent, slot.A, "1.1", "try", "start", "keep") }
	configB := func(b *board) { b.stage(slot.Config, slot.B, "1.0", "try", "start", "keep") }
	for _, c := range []struct {
		name    string
		lay     func(b *board)
		level   int
		words   string
		refused bool
		told    string
		kind    slot.Kind
		active  slot.Name
	}{
		{"2: from b to a", configB, 2, "configuration slot a is used again", false, deviceStarts, slot.Config, slot.A},
		{"2: a is used already", func(*board) {}, 2, "configuration slot a is in use, and the other one holds none that was used before: there is nothing to go back to", true, "", slot.Config, slot.A},
		{"2: from a that came after b to b", func(b *board) { configB(b); b.stage(slot.Config, slot.A, "1.1", "try", "start", "keep") }, 2, "configuration slot b is used again", false, deviceStarts, slot.Config, slot.B},
		{"2: not to one that was staged and never tried", func(b *board) { configB(b); b.stage(slot.Config, slot.A, "1.1") }, 2, "configuration slot b is in use, and the other one holds none that was used before: there is nothing to go back to", true, "", slot.Config, slot.B},
		{"2: from a trial of b", func(b *board) { b.stage(slot.Config, slot.B, "1.0", "try", "start") }, 2, "configuration slot a is used again", false, deviceStarts, slot.Config, slot.A},
		{"2: from a trial of a to b", func(b *board) { configB(b); b.stage(slot.Config, slot.A, "1.1", "try", "start") }, 2, "configuration slot b is used again", false, deviceStarts, slot.Config, slot.B},
		{"2: what is on trial is the first to go", func(b *board) { configB(b); b.stage(slot.Agent, slot.A, "1.1", "try", "start") }, 2, "", false, deviceStarts, slot.Config, slot.A},
		{"3: from a program to that of the system", kept, 3, "program of the system is used again", false, programStarts, slot.Agent, slot.Baked},
		{"3: from a program to the one before", func(b *board) { kept(b); b.stage(slot.Agent, slot.B, "1.2", "try", "start", "keep") }, 3, "program 1.1 is used again", false, programStarts, slot.Agent, slot.A},
		{"3: from a trial", func(b *board) { b.stage(slot.Agent, slot.A, "1.1", "try", "start") }, 3, "program of the system is used again", false, programStarts, slot.Agent, slot.Baked},
		{"3: the program of the system runs: the other system", func(*board) {}, 3, "system slot b is started again", false, deviceStarts, slot.System, slot.B},
		{"3: a trial of a configuration goes first", func(b *board) { kept(b); b.stage(slot.Config, slot.B, "1.0", "try", "start") }, 3, "configuration slot a is used again", false, deviceStarts, slot.Config, slot.A},
		{"3: a trial of a system goes first", func(b *board) {
			kept(b)
			b.stage(slot.System, slot.B, "5.0", "try")
			b.boot("b", "B A", 9, 2)
		}, 3, "system slot a is started again", false, deviceStarts, slot.System, slot.A},
		{"3: a cut came after the boot state was written", func(b *board) { b.boot("b", "B A", 9, 9) }, 3, "system slot b is started again", false, deviceStarts, slot.System, slot.B},
		{"3: there is no other system", func(b *board) { b.boot("a", "A B", 9, 0) }, 3, "the other system cannot be started: there is nothing to go back to", true, "", slot.System, slot.A},
		{"3: this machine has one system", func(b *board) { b.remove(bootSector) }, 3, "this machine has no second system: there is nothing to go back to", true, "", slot.System, slot.A},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBoard(t)
			c.lay(b)
			b.ask(c.level)
			if strings.Contains(c.name, "the first to go") {
				c.words, c.told, c.kind, c.active = "program of the system is used again", programStarts, slot.Agent, slot.Baked
			}
			got := b.carry()
			if !strings.Contains(got.Words, c.words) || got.Refused != c.refused || got.Do != "rollback" || got.Level != c.level {
				t.Errorf("%+v", got)
			}
			s := b.state(c.kind)
			if s.Active != c.active || s.Trial != nil {
				t.Errorf("%+v", s)
			}
			if !c.refused && (s.Last == nil || s.Last.Why != "it does not stay up" || s.Last.By != "crash loop" || !s.Last.Asked.Equal(b.now)) {
				t.Errorf("%+v", s.Last)
			}
			if c.refused && len(s.Denied) > 0 {
				t.Errorf("it stays in use, and is denied: %+v", s.Denied)
			}
			if told := b.told(); told != c.told {
				t.Errorf("systemd was told: %s", told)
			}
			if r, err := slot.Asked(b.Rollback()); r != nil || err != nil {
				t.Errorf("it still stands: %+v, %v", r, err)
			}
		})
	}
}

// TestWhatWaitsForItsStartIsNoReason to go back: what runs is, so it is left, and what waits is not denied for it.
func TestWhatWaitsForItsStartIsNoReason(t *testing.T) {
	lay := func(b *board) {
		b.stage(slot.Config, slot.B, "1.0", "try", "start", "keep")
		b.stage(slot.Agent, slot.A, "1.1", "try", "start", "keep")
	}
	systemWaits := func(b *board) { b.stage(slot.System, slot.B, "5.0", "try"); b.boot("a", "B A", 9, 3) }
	for _, c := range []struct {
		name  string
		lay   func(b *board)
		level int
		words string
		told  string
		waits slot.Kind // "" for nothing any more
	}{
		{"a system", func(b *board) { lay(b); systemWaits(b) }, 2, "configuration slot a is used again", deviceStarts, slot.System},
		{"a system", func(b *board) { lay(b); systemWaits(b) }, 3, "program of the system is used again", programStarts, slot.System},
		{"a system, and no other one", systemWaits, 3, "the other slot holds system 5.0, which waits to be tried: there is nothing to go back to", "", slot.System},
		{"a configuration", func(b *board) { lay(b); b.stage(slot.Config, slot.A, "1.2", "try") }, 3, "program of the system is used again", programStarts, slot.Config},
		{"a configuration, and no other one", func(b *board) { lay(b); b.stage(slot.Config, slot.A, "1.2", "try") }, 2, "configuration slot b is in use, and the other one holds none that was used before", "", slot.Config},
		{"the configuration before", func(b *board) {
			lay(b)
			b.stage(slot.Config, slot.A, "1.1", "try", "start", "keep")
			b.change(slot.Config, func(s slot.State) (slot.State, error) { return s.Try(slot.B, 3, "person", b.now) })
		}, 2, "configuration slot b is used again", deviceStarts, ""},
		{"a program", func(b *board) { lay(b); b.stage(slot.Agent, slot.B, "1.2", "try") }, 2, "configuration slot a is used again", deviceStarts, slot.Agent},
		{"a program", func(b *board) { lay(b); b.stage(slot.Agent, slot.B, "1.2", "try") }, 3, "program of the system is used again", programStarts, ""},
	} {
		t.Run(fmt.Sprintf("%s, level %d", c.name, c.level), func(t *testing.T) {
			b := newBoard(t)
			c.lay(b)
			booted := b.booted()
			b.ask(c.level)
			got := b.carry()
			if told := b.told(); !strings.HasPrefix(got.Words, c.words) || got.Refused != (c.told == "") || told != c.told {
				t.Errorf("%+v, systemd was told: %s", got, told)
			}
			if b.booted() != booted {
				t.Errorf("the boot state: %s", b.booted())
			}
			kind, trial, err := b.Slots().Trial()
			if err != nil || kind != c.waits || (trial == nil) != (c.waits == "") {
				t.Errorf("%s %+v waits, %v", kind, trial, err)
			}
			for _, k := range slot.Kinds() {
				for _, d := range b.state(k).Denied {
					if d.Version == "5.0" || d.Version == "1.2" {
						t.Errorf("%s is denied: %+v", k, d)
					}
				}
			}
		})
	}
}

// TestALevelThatWasCutShort after the boot state was written goes on with the system, and goes no further back.
func TestALevelThatWasCutShort(t *testing.T) {
	for _, level := range []int{2, 3} {
		b := newBoard(t)
		b.stage(slot.Config, slot.B, "1.0", "try", "start", "keep")
		b.stage(slot.Agent, slot.A, "1.1", "try", "start", "keep")
		b.stage(slot.System, slot.B, "5.0", "try")
		b.boot("a", "A B", 9, 0)
		b.ask(level)
		got := b.carry()
		if got.Words != "system slot a is started again" || b.state(slot.Agent).Active != slot.A || b.state(slot.Config).Active != slot.B || b.state(slot.System).Denied[0].Version != "5.0" {
			t.Errorf("%+v", got)
		}
	}
}

// TestAFullCardLosesNoRequest: it is carried out once there is room.
func TestAFullCardLosesNoRequest(t *testing.T) {
	for level, k := range map[int]slot.Kind{2: slot.Config, 3: slot.Agent} {
		b := newBoard(t)
		b.stage(k, slot.B, "1.1", "try", "start", "keep")
		b.full(k)
		b.ask(level)
		if err := b.keeper().Carry(context.Background()); !errors.Is(err, slot.ErrNotWritten) || b.told() != "" {
			t.Errorf("%v", err)
		}
		if r, err := slot.Asked(b.Rollback()); err != nil || r == nil || r.Level != level {
			t.Errorf("it is gone: %+v, %v", r, err)
		}
		b.remove("data/slots/" + string(k) + ".json.new")
		if got := b.carry(); got.Refused || b.state(k).Active == slot.B || b.told() == "" {
			t.Errorf("%+v", got)
		}
	}
}

// TestWorseWishesOutlastOthers: one of a higher level that came while another one was carried out still stands; the same once more does not.
func TestWorseWishesOutlastOthers(t *testing.T) {
	for _, c := range []struct{ level, meanwhile, stands int }{{2, 3, 3}, {2, 2, 0}, {3, 3, 0}} {
		b := newBoard(t)
		b.stage(slot.Config, slot.B, "1.0", "try", "start", "keep")
		b.stage(slot.Agent, slot.A, "1.1", "try", "start", "keep")
		b.ask(c.level)
		k := b.keeper()
		k.Say = func(string, ...any) {
			if b.state(slot.Config).Last.Asked.Equal(b.now) || b.state(slot.Agent).Last.Asked.Equal(b.now) {
				b.ask(c.meanwhile)
			}
		}
		if err := k.Carry(context.Background()); err != nil {
			t.Error(err)
		}
		stands := 0
		if r, err := slot.Asked(b.Rollback()); err != nil {
			t.Error(err)
		} else if r != nil {
			stands = r.Level
		}
		if stands != c.stands {
			t.Errorf("level %d stands, want %d", stands, c.stands)
		}
	}
}

// TestLevelThreeGoesFurther: a second time within a quarter of an hour the program was not the reason; later it may be again. From the other system
// there is no way back to the one that was left.
func TestLevelThreeGoesFurther(t *testing.T) {
	for _, c := range []struct {
		after time.Duration
		want  string
	}{{5 * time.Minute, "system slot b is started again"}, {20 * time.Minute, "program of the system is used again"}, {-time.Hour, "program of the system is used again"}} {
		b := newBoard(t)
		b.stage(slot.Agent, slot.A, "1.1", "try", "start", "keep")
		b.stage(slot.Agent, slot.B, "1.2", "try", "start", "keep")
		b.ask(3)
		if got := b.carry(); got.Words != "program 1.1 is used again" {
			t.Errorf("%+v", got)
		}
		b.now = b.now.Add(c.after)
		b.ask(3)
		if got := b.carry(); got.Words != c.want {
			t.Errorf("after %s: %+v, want %s", c.after, got, c.want)
		}
	}
	b := newBoard(t)
	b.ask(3)
	b.carry()
	b.boot("b", "B A", 9, 9)
	b.told()
	b.ask(3)
	if got := b.carry(); !got.Refused || !strings.Contains(got.Words, "the other system was left because of this: it does not stay up") || b.told() != "" {
		t.Errorf("%+v", got)
	}
}

func TestTroubleOfTheKeeper(t *testing.T) {
	b := newBoard(t)
	b.write("var/lib/calendarbot/rollback/request.json", "{", 0o644)
	if b.carry(); !b.heard("it is taken away") {
		t.Errorf("%q", b.said)
	}
	b.boot("c", "", 9, 9)
	b.ask(3)
	if err := b.keeper().Carry(context.Background()); err == nil || !strings.Contains(err.Error(), "which there is not") {
		t.Errorf("%v", err)
	}
	if r, err := slot.Asked(b.Rollback()); r != nil || err != nil {
		t.Errorf("it would be asked for ever: %+v, %v", r, err)
	}
	b.write("var/lib/calendarbot/orders", "a file", 0o644)
	if err := b.keeper().Carry(context.Background()); err == nil {
		t.Error("orders in a file")
	}
	b.remove("var/lib/calendarbot/orders")
	for _, k := range slot.Kinds() {
		b.write("data/slots/"+string(k)+".json", "{", 0o644)
	}
	b.boot("a", "A B", 9, 9)
	b.ask(3)
	if got := b.carry(); got.Words != "system slot b is started again" || !b.heard("not the state of slots") {
		t.Errorf("%+v", got)
	}
}

// TestWhatStandsInTheWay of orders and requests is put there by a program that does not want to be left: it is left all the same.
func TestWhatStandsInTheWay(t *testing.T) {
	for _, c := range []struct {
		name string
		lay  func(b *board)
		err  bool
		want slot.Name
	}{
		{"a full folder for an order", func(b *board) { b.write("var/lib/calendarbot/orders/000000001.json/x", "", 0o644); b.ask(3) }, false, slot.Baked},
		{"a full folder for an order, and another order", func(b *board) {
			b.write("var/lib/calendarbot/orders/000000001.json/x", "", 0o644)
			b.send(slot.Order{Kind: slot.Agent, Do: "back"})
		}, false, slot.Baked},
		{"a file for the orders", func(b *board) { b.write("var/lib/calendarbot/orders", "", 0o644); b.ask(3) }, true, slot.Baked},
		{"a pipe for the orders", func(b *board) {
			b.ask(3)
			if err := syscall.Mkfifo(b.Orders(), 0o600); err != nil {
				b.t.Fatal(err)
			}
		}, true, slot.Baked},
		{"many files in the folder for the orders", func(b *board) {
			for i := range 1001 {
				b.write("var/lib/calendarbot/orders/file"+strconv.Itoa(i), "", 0o644)
			}
			b.ask(3)
		}, true, slot.Baked},
		{"the first number for an order", func(b *board) {
			b.write("var/lib/calendarbot/orders/000000000.json", "{}", 0o644)
			b.send(slot.Order{Kind: slot.Agent, Do: "back"})
		}, false, slot.Baked},
		{"a full folder for the request", func(b *board) { b.write("var/lib/calendarbot/rollback/request.json/x", "", 0o644) }, false, slot.A},
		{"a pipe for the folder of the request", func(b *board) {
			if err := errors.Join(os.MkdirAll(b.path("var/lib/calendarbot"), 0o755), syscall.Mkfifo(b.Rollback(), 0o600)); err != nil {
				b.t.Fatal(err)
			}
		}, false, slot.A},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBoard(t)
			b.stage(slot.Agent, slot.A, "1.1", "try", "start", "keep")
			c.lay(b)
			if err := b.keeper().Carry(context.Background()); (err != nil) != c.err || b.state(slot.Agent).Active != c.want {
				t.Errorf("%v, %+v", err, b.state(slot.Agent))
			}
			if waits, err := filepath.Glob(b.Orders() + "/[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9].json"); len(waits) > 0 || err != nil {
				t.Errorf("the unit waits no longer for what is still there: %q, %v", waits, err)
			}
			b.ask(3)
			if r, err := slot.Asked(b.Rollback()); r == nil || err != nil {
				t.Errorf("nobody can ask any more: %v", err)
			}
		})
	}
}
