package trial

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/slot"
)

// again has the request stand that was carried out last, as after a power cut, or by a program that wants it so.
func (b *board) again(level int) slot.Answer {
	b.t.Helper()
	if err := slot.Ask(b.Rollback(), slot.Request{Level: level, Why: "once more", By: "errors", At: b.now}); err != nil {
		b.t.Fatal(err)
	}
	return b.carry()
}

// TestRequestsAreCarriedOutOnce: one that stands still is known by its time, goes no further back, and has nothing started again that runs as it is chosen.
func TestRequestsAreCarriedOutOnce(t *testing.T) {
	b := newBoard(t)
	b.stage(slot.Agent, slot.A, "1.1", "try", "start", "keep")
	b.stage(slot.Agent, slot.B, "1.2", "try", "start", "keep")
	b.started(slot.B)
	b.ask(3)
	b.carry()
	b.told()
	if got := b.again(3); got.Words != "it was carried out already" || b.state(slot.Agent).Active != slot.A || b.told() != programStarts {
		t.Errorf("%+v, %+v", got, b.state(slot.Agent))
	}
	b.started(slot.A)
	if got := b.again(3); got.Words != "it was carried out already" || b.told() != "" {
		t.Errorf("%+v", got)
	}

	b = newBoard(t)
	b.write(bootName, "one\n", 0o444)
	b.stage(slot.Config, slot.B, "1.0", "try", "start", "keep")
	b.write(foundConfig, "b\n", 0o644)
	b.ask(2)
	b.carry()
	b.told()
	if got := b.again(2); got.Words != "it was carried out already" || b.told() != deviceStarts {
		t.Errorf("%+v", got)
	}
	b.remove(bootName)
	b.write(bootName, "two\n", 0o444) // whatever it led to: it does not start the device again and again
	if got := b.again(2); got.Words != "it was carried out already" || b.told() != "" {
		t.Errorf("%+v", got)
	}
}

// started has a program run.
func (b *board) started(n slot.Name) {
	b.t.Helper()
	if err := Point(b.Program(n), b.path(programLink)); err != nil {
		b.t.Fatal(err)
	}
}

// TestWhatIsDecidedIsDone though nobody can be told of it, and though systemd refuses once.
func TestWhatIsDecidedIsDone(t *testing.T) {
	b := newBoard(t)
	b.stage(slot.Config, slot.B, "1.0", "try", "start", "keep")
	b.write("data/slots/answer.json/x", "", 0o644)
	b.ask(2)
	if err := b.keeper().Carry(context.Background()); err == nil || b.told() != deviceStarts {
		t.Errorf("%v", err)
	}
	b = newBoard(t)
	b.write(bootName, "one\n", 0o444)
	b.stage(slot.Config, slot.B, "1.0", "try", "start", "keep")
	b.write(foundConfig, "b\n", 0o644)
	b.write("refuse", "", 0o644)
	b.ask(2)
	if err := b.keeper().Carry(context.Background()); err == nil {
		t.Error("systemd refused")
	}
	b.told()
	b.remove("refuse")
	if got := b.carry(); got.Refused || b.told() != deviceStarts {
		t.Errorf("%+v", got)
	}
	if r, err := slot.Asked(b.Rollback()); r != nil || err != nil {
		t.Errorf("it still stands: %+v, %v", r, err)
	}
}

// TestOnlyWhatRunsIsJudged: what was on trial ended while its start could not be counted, so what was used before runs. It is well, and is not what is tried.
func TestOnlyWhatRunsIsJudged(t *testing.T) {
	b := newBoard(t)
	b.stage(slot.Agent, slot.A, "1.1", "try", "start")
	b.started(slot.A)
	looks := 0
	choose := func() {
		file, _, err := b.Choose("1.0", b.now)
		if err := errors.Join(err, Point(file, b.path(programLink))); err != nil {
			b.say("%v", err)
		}
	}
	var elapsed time.Duration
	w := &Watch{
		Device: b.Device, Limits: Usual(3 * time.Minute), Version: "1.0", Now: func() time.Time { return b.now }, Elapsed: func() time.Duration { return elapsed }, Say: b.say,
		See: func(context.Context) Observation {
			if looks++; looks == 3 { // it ends, and cannot be counted
				b.full(slot.Agent)
				choose()
				b.remove("data/slots/agent.json.new")
			}
			return well()
		},
		Pause: func(context.Context) error {
			if elapsed += 5 * time.Second; elapsed > time.Hour {
				return errors.New("this has no end")
			}
			if b.told() != "" {
				choose()
			}
			return nil
		},
	}
	err := w.Run(context.Background())
	if s := b.state(slot.Agent); err != nil || elapsed < time.Minute+3*time.Minute || s.Active != slot.A || !s.Last.Kept || !b.heard("agent 1.1 in slot a was not started: it is now") {
		t.Errorf("%s, %v, %+v, %q", elapsed, err, s, b.said)
	}
}

// TestAHealthyProgramIsNotStartedForEver where what is on trial, or what was gone back to, cannot be started.
func TestAHealthyProgramIsNotStartedForEver(t *testing.T) {
	const most = "--no-block restart calendarbot.service"
	b := newBoard(t)
	b.stage(slot.Agent, slot.A, "1.1", "try")
	if _, err := b.watched(well); !errors.Is(err, context.Canceled) || strings.Count(b.told(), most) != Tries || b.state(slot.Agent).Trial == nil {
		t.Errorf("%v, %+v", err, b.state(slot.Agent))
	}
	b = newBoard(t)
	b.started(slot.B)
	if took, err := b.watched(well); err != nil || took > (Tries+1)*startTime || strings.Count(b.told(), most) != Tries || !b.heard("the program of the system was not started") {
		t.Errorf("%s, %v, %q", took, err, b.said)
	}
}

// TestTheJudgeDoesWhatWasDecided, and did not come as systemd refused once.
func TestTheJudgeDoesWhatWasDecided(t *testing.T) {
	for _, c := range []struct {
		name string
		lay  func(b *board)
		told string
		done func(b *board)
	}{
		{"a program", func(b *board) { b.stage(slot.Agent, slot.A, "1.1", "try", "start"); b.started(slot.A) },
			"reset-failed calendarbot.service, --no-block restart calendarbot.service", func(b *board) { b.started(slot.Baked) }},
		{"a configuration", func(b *board) {
			b.stage(slot.Config, slot.B, "1.1", "try", "start")
			b.write(foundConfig, "b\n", 0o644)
		}, deviceStarts, nil},
		{"a system", func(b *board) { b.stage(slot.System, slot.B, "5.0", "try"); b.boot("b", "B A", 9, 2) }, deviceStarts, nil},
		{"a system that nobody asked to try", func(b *board) { b.boot("b", "B A", 9, 2) }, deviceStarts, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBoard(t)
			b.write(bootName, "one\n", 0o444)
			c.lay(b)
			b.write("refuse", "", 0o644)
			if _, err := b.watched(ill); err == nil {
				t.Error("systemd refused")
			}
			b.told()
			b.remove("refuse")
			look := func() Observation { t.Error("what was left is judged"); return well() }
			if took, err := b.watched(look); err != nil || took > (Tries+1)*startTime || !strings.HasPrefix(b.told(), c.told) {
				t.Errorf("%s, %v, %q", took, err, b.said)
			}
			// It is done, or the device was started, whatever that led to.
			b.remove(bootName)
			b.write(bootName, "two\n", 0o444)
			if c.done != nil {
				c.done(b)
			}
			if b.boot("a", "A B", 9, 0); c.name == "a configuration" {
				b.write(foundConfig, "b\n", 0o644)
			}
			if took, err := b.watched(look); err != nil || took != 0 || b.told() != "" {
				t.Errorf("%s, %v, %q", took, err, b.said)
			}
		})
	}
}
