package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"calendarbot/agent/slot"
	"calendarbot/agent/update"
	"calendarbot/agent/update/install"
)

// cutProgram is the updater as it is built for power cuts.
func cutProgram(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "calendarbot-update")
	build := exec.CommandContext(t.Context(), "go", "build", "-tags", "powercut", "-o", name, ".")
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	return name
}

// runs runs the updater, which dies before its durable step number cut; 0 for none. It returns how many it made, and whether it died.
func (h *home) runs(program string, cut int, args ...string) (made int, died bool) {
	h.t.Helper()
	steps := filepath.Join(h.root, "steps")
	if err := os.Remove(steps); err != nil && !os.IsNotExist(err) {
		h.t.Fatal(err)
	}
	command := exec.CommandContext(h.t.Context(), program, append(args, "--root", h.root)...)
	command.Env = append(os.Environ(), "CALENDARBOT_TEST_STEPS="+steps, "CALENDARBOT_TEST_CUT="+strconv.Itoa(cut))
	said := &bytes.Buffer{}
	command.Stdout, command.Stderr = said, said
	err := command.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		died = exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL
	}
	if err != nil && !died {
		h.t.Fatalf("cut %d: %v\n%s", cut, err, said)
	}
	text, err := os.ReadFile(steps)
	if err != nil {
		return 0, died
	}
	made, err = strconv.Atoi(strings.TrimSpace(string(text)))
	h.must(err)
	return made, died
}

// whole expects that what a start of the device would choose now is whole, and that the state can be read.
func (h *home) whole(cut int) {
	h.t.Helper()
	s := h.slots(slot.Agent)
	text := h.read(install.Program(h.root, s.Runs()))
	if text != programText("0.0.0-dev") && text != programText("1.1.0") {
		h.t.Fatalf("cut %d: a start would choose slot %q, where %.60q lies", cut, s.Runs(), text)
	}
	if _, err := update.ReadStatus(h.root); err != nil {
		h.t.Fatalf("cut %d: %v", cut, err)
	}
	told, err := os.ReadFile(filepath.Join(h.root, "told"))
	if system := h.slots(slot.System); err == nil && strings.Contains(string(told), "install-system") && system.Trial == nil && (system.Coming == nil || system.Coming.Content.Version != "1.1.0") {
		h.t.Fatalf("cut %d: the next start tries a system of which nothing is known: %+v", cut, system)
	}
	if system := h.slots(slot.System); system.Trial != nil && system.Slots[system.Trial.Slot].Digest == "" {
		h.t.Fatalf("cut %d: a system is on trial that is not staged: %+v", cut, system)
	}
}

// Each cut is one before a durable step of an update, of which the next run makes a whole one, whatever was left.
func TestPowerCutAtEachStepOfAnUpdate(t *testing.T) {
	program := cutProgram(t)
	for name, c := range map[string]struct {
		publish func(h *home)
		order   func(h *home) // leaves one on the device
		args    func(h *home) []string
		done    func(h *home)
	}{
		"program": {
			func(h *home) { h.release("1.1.0") },
			func(*home) {},
			func(h *home) []string { return []string{"apply", "--url", h.url} },
			func(h *home) { h.tries("1.1.0") },
		},
		"system": {
			func(h *home) { h.release("1.1.0", h.bundle) },
			func(*home) {},
			func(h *home) []string { return []string{"apply", "--url", h.url, "--now"} },
			func(h *home) {
				if s := h.slots(slot.System); s.Trial == nil || s.Trial.Version != "1.1.0" {
					h.t.Fatalf("%+v", s)
				}
				if told := h.told(); !strings.HasSuffix(told, "systemctl reboot\n") {
					h.t.Fatalf("the system was told %q", told)
				}
			},
		},
		"order": {
			func(h *home) { h.release("1.1.0") },
			func(h *home) {
				h.write(update.AddressFile, h.url, 0o644)
				h.order(slot.Order{Do: "apply"})
			},
			func(h *home) []string { return []string{"run"} },
			func(h *home) { h.tries("1.1.0") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			c.publish(h)
			c.order(h)
			count, _ := h.runs(program, 0, c.args(h)...)
			c.done(h)
			t.Logf("%d durable steps", count)
			for cut := 1; cut <= count; cut++ {
				h.device()
				c.order(h)
				if _, died := h.runs(program, cut, c.args(h)...); !died {
					t.Fatalf("cut %d of %d: it did not die", cut, count)
				}
				h.whole(cut)
				h.runs(program, 0, c.args(h)...)
				h.whole(cut)
				c.done(h)
			}
			if count < 20 {
				t.Errorf("%d durable steps: fewer than there have to be", count)
			}
		})
	}
}
