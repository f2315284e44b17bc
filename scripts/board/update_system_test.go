package board

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/slot"
	"calendarbot/scripts/emulator"
)

// hangTime is how long the emulated board may say nothing in a stage until its watchdog is stood in for. The real one is armed by U-Boot and
// waits for 16 s at most.
const hangTime = 90 * time.Second

// sickness is what is wrong with a system.
type sickness struct {
	name string
	make func(*testing.T, System)
	// after is what the console says last before the system hangs, and then what it says where it does not: the board's watchdog ends what hangs.
	after, then string
	figure      string // the name under which the time until the former system is back is kept; "" for not
}

// sicknesses are the bad systems.
func sicknesses() []sickness {
	return []sickness{
		{name: "kernel panic", figure: "level 3: a system whose kernel panics", after: saysKernel, then: saysSystemd, make: func(t *testing.T, s System) {
			// The first program ends. The watchdog's driver is there, as always in the initramfs: without it no panic ends.
			if err := s.Script(t.Context(), "/bin/busybox mount -t devtmpfs dev /dev\n/bin/busybox modprobe -q bcm2835_wdt\nexit 1\n"); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "init hang", after: saysKernel, then: saysSystemd, make: func(t *testing.T, s System) {
			file := filepath.Join(t.TempDir(), "systemd")
			if _, err := Subject(t.Context(), Silent, "0.0.0", "", file); err != nil {
				t.Fatal(err)
			}
			if err := s.Put(t.Context(), file, "/usr/lib/systemd/systemd", "755"); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "program broken", make: func(t *testing.T, s System) {
			// Nothing of ours runs there: nobody finds out that it is ill, or could say so.
			file := filepath.Join(t.TempDir(), "calendarbot")
			if _, err := Subject(t.Context(), Crash, "0.0.0", "/nowhere", file); err != nil {
				t.Fatal(err)
			}
			if err := s.Put(t.Context(), file, "/usr/bin/calendarbot", "755"); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "agent never ready", make: func(t *testing.T, s System) { s.ail(t, Silent) }},
		{name: "agent crashes", make: func(t *testing.T, s System) { s.ail(t, Crash) }},
	}
}

// ail puts a program with a fault in the place of the system's own, whose other words go on working.
func (s System) ail(t *testing.T, fault Fault) {
	t.Helper()
	const program, healthy = "/usr/bin/calendarbot", "/usr/lib/calendarbot/healthy"
	folder := t.TempDir()
	own, bad := filepath.Join(folder, "own"), filepath.Join(folder, "bad")
	if err := s.Get(t.Context(), program, own); err != nil {
		t.Fatal(err)
	}
	if _, err := Subject(t.Context(), fault, "0.0.0", healthy, bad); err != nil {
		t.Fatal(err)
	}
	for to, from := range map[string]string{healthy: own, program: bad} {
		if err := s.Put(t.Context(), from, to, "755"); err != nil {
			t.Fatal(err)
		}
	}
}

// bundle makes a system with a version of the one on the card, changed, and offers it.
func (h *home) bundle(t *testing.T, c *channel, change func(*testing.T, System)) (version string) {
	t.Helper()
	begin := time.Now()
	folder := t.TempDir()
	s, err := h.card.Slot(t.Context(), filepath.Join(folder, "system.ext4"))
	if err != nil {
		t.Fatal(err)
	}
	change(t, s)
	file, version := c.file()
	if err := s.mark(t.Context(), version); err != nil {
		t.Fatal(err)
	}
	if err := s.Bundle(t.Context(), version, updateKeys(t), file); err != nil {
		t.Fatal(err)
	}
	c.offer(t, slot.System, version, file)
	t.Logf("made a bundle in %.1f s", time.Since(begin).Seconds())
	return version
}

// standIn resets the board whenever a boot hangs between two lines of its console, as the real board's watchdog does, until the context ends. It returns how often.
func (r *running) standIn(ctx context.Context, t *testing.T, after, then string) (resets int) {
	said := r.Console.Said()
	for {
		_, next, err := r.Console.Until(ctx, said, after)
		if err != nil {
			return resets
		}
		hangs, cancel := context.WithTimeout(ctx, hangTime)
		line := emulator.Line{}
		for line, next, err = r.Console.Next(hangs, next); err == nil && !strings.Contains(line.Text, then) && !strings.Contains(line.Text, after); {
			line, next, err = r.Console.Next(hangs, next)
		}
		cancel()
		if err == nil && strings.Contains(line.Text, after) {
			said = next - 1 // it started anew by itself: its time begins again
			continue
		}
		said = r.Console.Said()
		if err == nil || ctx.Err() != nil {
			continue
		}
		resets++
		t.Logf("the emulated board has no watchdog: the harness stands in for it and resets the board, %v after %q", hangTime, after)
		if _, err := r.Ask("system_reset", nil); err != nil {
			t.Error(err)
			return resets
		}
	}
}

// systemTime is the longest that installing a system may take, and three tries of one that is bad.
const systemTime = 40 * time.Minute

// takesSystems has the device take systems: from bad ones it comes back, a good one stays.
func (h *home) takesSystems(t *testing.T, b *running, c *channel) {
	own := b.slot()
	if !t.Run("refused", func(t *testing.T) { b.refusesSystems(t) }) {
		return
	}
	bad := sicknesses()
	if !all() {
		bad = bad[:1]
	}
	for _, sick := range bad {
		t.Run(sick.name, func(t *testing.T) {
			defer b.log(t)
			version := h.bundle(t, c, sick.make)
			ctx, cancel := context.WithCancel(t.Context())
			stood := make(chan struct{})
			go func() {
				defer close(stood)
				if sick.after != "" {
					b.standIn(ctx, t, sick.after, sick.then)
				}
			}()
			defer func() { cancel(); <-stood }()

			said := b.Console.Said()
			installed := b.takesStick(t, c, version)
			begin := time.Now()
			b.starts(t, said)
			// Where it is judged by what runs in it, it is left after that.
			s := b.await(t, slot.System, systemTime, func(s slot.State) bool { return judged(version)(s) && (s.Last.Kept || b.slot() == own) })
			if s.Last.Kept {
				t.Fatalf("%s is kept: %+v; slot %s runs", version, s.Last, b.slot())
			}
			b.restarted(t, said)
			took := time.Since(begin)
			t.Logf("a system of the kind %q: installed from a stick in %.0f s, back after %.0f s, %.1f plain restarts; told: %s",
				sick.name, installed.Seconds(), took.Seconds(), took.Seconds()/h.Reboot, s.Last.Why)
			if sick.figure != "" {
				figure(t, sick.figure, took.Seconds(), "s")
			}
			b.tellsOutcome(t, s)
			b.keepsPerson(t)
		})
		if t.Failed() {
			return
		}
	}
	t.Run("good", func(t *testing.T) {
		defer b.log(t)
		version := h.bundle(t, c, func(*testing.T, System) {})
		// This one comes by the network, which is slow on the emulated board.
		begin, said := time.Now(), b.Console.Said()
		b.take(t)
		b.starts(t, said)
		installed := time.Since(begin)
		s := b.await(t, slot.System, systemTime, judged(version))
		kept := time.Since(begin)
		if !s.Last.Kept || b.slot() == own {
			t.Fatalf("%s is not kept: %+v; slot %s runs", version, s.Last, b.slot())
		}
		if left := b.run(t, bootState+" get BOOT_"+b.slot()+"_LEFT"); left != "9" {
			t.Errorf("slot %s has %s tries left, it is to be confirmed", b.slot(), left)
		}
		t.Logf("a good system: installed in %.0f s, kept after %.0f s", installed.Seconds(), kept.Seconds())
		b.tellsOutcome(t, s)
		b.keepsPerson(t)
		b.restart(t)
		if b.slot() == own {
			t.Errorf("after one more restart slot %s runs", b.slot())
		}
		b.keepsPerson(t)
	})
}

// takesStick has the device take a system from a stick, and start anew for it, as it would by itself in its window. It returns how long installing took.
func (r *running) takesStick(t *testing.T, c *channel, version string) time.Duration {
	t.Helper()
	file := filepath.Join(t.TempDir(), "stick.img")
	if err := Stick(t.Context(), c.published, file); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), waitTime)
	defer cancel()
	if err := r.HearTime(ctx); err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if err := r.Plug(file); err != nil {
		t.Fatal(err)
	}
	r.await(t, slot.System, systemTime, func(s slot.State) bool { return s.Trial != nil && s.Trial.Version == version })
	installed := time.Since(begin)
	r.run(t, "systemctl reboot --no-block")
	return installed
}

// starts waits until the device starts anew after a line of its console, and returns the number of the next one.
func (r *running) starts(t *testing.T, said int) (next int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), systemTime)
	defer cancel()
	_, next, err := r.Console.Until(ctx, said, saysSlot)
	if err != nil {
		text, _ := r.Run(context.WithoutCancel(t.Context()), "cat /data/update/status.json")
		t.Fatalf("wait until the device starts anew: %v; %s", err, text)
	}
	return next
}
