//go:build powercut

package trial

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/slot"
)

const (
	asVictim = "TRIAL_TEST_VICTIM" // the root of the device
	victimDo = "TRIAL_TEST_DO"
)

func TestMain(m *testing.M) {
	root := os.Getenv(asVictim)
	if root == "" {
		os.Exit(m.Run())
	}
	d := Device{Root: root, Systemctl: filepath.Join(root, "systemctl")}
	now := time.Date(2026, 3, 9, 9, 0, 0, 0, time.UTC)
	if err := victim(d, os.Getenv(victimDo), now); err != nil {
		os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
	os.Exit(0)
}

// victim does what the units of the device do.
func victim(d Device, do string, now time.Time) error {
	ctx := context.Background()
	say := func(string, ...any) {}
	switch do {
	case "carry":
		return (&Keeper{Device: d, Now: func() time.Time { return now }, Say: say}).Carry(ctx)
	case "choose":
		file, _, err := d.Choose("1.0", now)
		if err != nil && !strings.Contains(err.Error(), "it was started") {
			return err
		}
		return Point(file, filepath.Join(d.Root, "run/program"))
	}
	elapsed := time.Duration(0)
	see := func(context.Context) Observation {
		if do == "back" {
			return Observation{Unit: "failed"}
		}
		return Observation{Unit: "active"}
	}
	w := &Watch{
		Device: d, Limits: Usual(time.Minute), Now: func() time.Time { return now }, Say: say, See: see,
		Elapsed: func() time.Duration { return elapsed }, Pause: func(context.Context) error { elapsed += 30 * time.Second; return nil },
	}
	return w.Run(ctx)
}

// TestCutAtEveryStep ends the units in front of each durable step, and starts them again, as the next start of the device does. They come to the same end as
// without a cut.
func TestCutAtEveryStep(t *testing.T) {
	two := func(b *board) {
		b.stage(slot.Agent, slot.A, "1.1", "try", "start", "keep")
		b.stage(slot.Agent, slot.B, "1.2", "try", "start", "keep")
	}
	for _, c := range []struct {
		name string
		lay  func(b *board)
		do   string
		kind slot.Kind
		want slot.Name
	}{
		{"a request of level 3 goes back one program, not two", func(b *board) { two(b); b.ask(3) }, "carry", slot.Agent, slot.A},
		{"a request of level 3 goes to the other system once", func(b *board) { b.ask(3) }, "carry", slot.System, slot.B},
		{"a program is kept", func(b *board) { b.stage(slot.Agent, slot.A, "1.1", "try", "start") }, "keep", slot.Agent, slot.A},
		{"a program goes back", func(b *board) { b.stage(slot.Agent, slot.A, "1.1", "try", "start") }, "back", slot.Agent, slot.Baked},
		{"a configuration goes back", func(b *board) { b.stage(slot.Config, slot.B, "1.1", "try", "start") }, "back", slot.Config, slot.A},
		{"a system is kept", func(b *board) { b.stage(slot.System, slot.B, "5.0", "try"); b.boot("b", "B A", 9, 2) }, "keep", slot.System, slot.B},
		{"a system goes back", func(b *board) { b.stage(slot.System, slot.B, "5.0", "try"); b.boot("a", "B A", 9, 0) }, "back", slot.System, slot.A},
		{"a trial without tries goes back", func(b *board) { b.stage(slot.Agent, slot.A, "1.1", "try", "start", "start", "start") }, "choose", slot.Agent, slot.Baked},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := func(b *board, cut int) (made int, ended bool) {
				steps := filepath.Join(b.Root, "steps")
				cmd := exec.Command(os.Args[0])
				cmd.Env = append(os.Environ(), asVictim+"="+b.Root, victimDo+"="+c.do, "CALENDARBOT_TEST_CUT="+strconv.Itoa(cut), "CALENDARBOT_TEST_STEPS="+steps)
				out, err := cmd.CombinedOutput()
				if len(out) > 0 {
					t.Fatalf("cut %d: %v\n%s", cut, err, out)
				}
				return count(b.first("steps")), err == nil
			}
			check := func(b *board, cut int) {
				t.Helper()
				s := b.state(c.kind)
				if s.Active != c.want || s.Trial != nil || s.Last == nil {
					t.Errorf("cut %d: %+v", cut, s)
				}
				if r, err := slot.Asked(b.Rollback()); r != nil || err != nil {
					t.Errorf("cut %d: %+v, %v", cut, r, err)
				}
			}
			b := newBoard(t)
			c.lay(b)
			all, ended := run(b, 0)
			if !ended || all == 0 {
				t.Fatalf("%d steps", all)
			}
			check(b, 0)
			for cut := 1; cut <= all; cut++ {
				b := newBoard(t)
				c.lay(b)
				if _, ended := run(b, cut); ended {
					t.Fatalf("cut %d: it was not cut", cut)
				}
				if _, ended := run(b, 0); !ended {
					t.Fatalf("cut %d: it does not come to an end", cut)
				}
				check(b, cut)
			}
			t.Logf("%d durable steps, each of them cut", all)
		})
	}
}
