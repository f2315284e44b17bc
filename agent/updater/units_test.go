package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"calendarbot/agent/slot"
	"calendarbot/agent/update"
)

// stopPosts are what systemd runs after a unit, as it stands in its file.
func stopPosts(t *testing.T, unit string) []string {
	t.Helper()
	text, err := os.ReadFile("../../systemd/" + unit)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, match := range regexp.MustCompile(`(?m)^ExecStopPost=-?(.*)$`).FindAllStringSubmatch(string(text), -1) {
		lines = append(lines, match[1])
	}
	if len(lines) == 0 {
		t.Fatalf("%s has no ExecStopPost=", unit)
	}
	return lines
}

// ends runs what comes after a unit on the device of a test.
func (h *home) ends(unit string) {
	h.t.Helper()
	for _, line := range stopPosts(h.t, unit) {
		if !strings.Contains(line, "/data/update/lock") {
			continue
		}
		line = strings.NewReplacer("/usr/bin/systemctl", "systemctl", "/data/", h.root+"/data/", "/run/", h.root+"/run/").Replace(line)
		if said, err := exec.CommandContext(h.t.Context(), "sh", "-c", line).CombinedOutput(); err != nil && len(said) > 0 {
			h.t.Errorf("%s: %v: %s", line, err, said)
		}
	}
}

// TestTheEndOfOneUpdaterLeavesAnother: any stick that is plugged in begins and ends one.
func TestTheEndOfOneUpdaterLeavesAnother(t *testing.T) {
	for _, unit := range []string{"calendarbot-update.service", "calendarbot-stick@.service"} {
		t.Run(unit, func(t *testing.T) {
			h := newHome(t)
			u, err := newUpdater(wish{root: h.root}, os.Stderr)
			h.must(err)
			there := func() bool {
				_, err := os.Stat(filepath.Join(h.root, update.ProgressFile))
				return err == nil
			}
			h.must(u.alone(t.Context(), 0, func(context.Context) error {
				u.tell(update.Progress{Step: "install", Version: "1.1.0", Since: h.now})
				h.ends(unit)
				if told := h.told(); told != "" || !there() {
					t.Errorf("while another updater works the system is told %q, and its progress is there: %v", told, there())
				}
				return nil
			}))
			h.write(update.ProgressFile, `{"step":"install","version":"1.1.0","since":"2026-11-22T12:00:00Z"}`, 0o644) // of one that was killed
			h.ends(unit)
			if told := h.told(); told != "systemctl stop rauc.service\n" || there() {
				t.Errorf("after the last updater the system is told %q, and its progress is there: %v", told, there())
			}
		})
	}
}

// TestOrdersThatStayDoNotKeepTheProcessorBusy: the path unit starts the updater as long as there are any.
func TestOrdersThatStayDoNotKeepTheProcessorBusy(t *testing.T) {
	for name, c := range map[string]struct {
		result, status string
		waits          bool
	}{
		"it went well":       {"success", "0", false},
		"nobody answers":     {"exit-code", "1", false},
		"stuck":              {"exit-code", strconv.Itoa(stuck), true},
		"no program":         {"exit-code", "203", true},
		"it was killed":      {"signal", "KILL", true},
		"it took the memory": {"oom-kill", "KILL", true},
		"it never ended":     {"timeout", "TERM", true},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			h.write("bin/sleep", "#!/bin/sh\necho \"sleep $*\" >>'"+h.root+"/told'\n", 0o755)
			t.Setenv("SERVICE_RESULT", c.result)
			t.Setenv("EXIT_STATUS", c.status)
			for _, line := range stopPosts(t, "calendarbot-update.service") {
				if strings.Contains(line, "/data/update/lock") {
					continue
				}
				line = strings.ReplaceAll(line, "$$", "$")
				if said, err := exec.CommandContext(t.Context(), "sh", "-c", line).CombinedOutput(); err != nil {
					t.Errorf("%s: %v: %s", line, err, said)
				}
			}
			if told := h.told(); (told == "sleep 15\n") != c.waits {
				t.Errorf("it told %q", told)
			}
		})
	}
}

// TestRunThatCannotTakeOrdersAwaySaysSo, so that it is not started again at once.
func TestRunThatCannotTakeOrdersAwaySaysSo(t *testing.T) {
	h := newHome(t)
	h.write(update.Folder, "", 0o644) // no lock can be taken
	h.order(slot.Order{Do: "check"})
	h.says(stuck, "run")
	h.says(1, "check", "--url", h.url)
	h.must(os.Remove(filepath.Join(h.root, update.Folder)))

	// Nothing can be taken out of a folder that is mounted over.
	mount := filepath.Join(h.root, update.OrdersFolder, "000000001.json")
	h.must(os.RemoveAll(filepath.Dir(mount)))
	h.must(os.MkdirAll(mount, 0o755))
	if err := syscall.Mount("none", mount, "tmpfs", 0, ""); err != nil {
		t.Skipf("nothing can be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(mount, 0); err != nil {
			t.Error(err)
		}
	})
	h.says(stuck, "run")
}

// TestTheTimerMissesNoHalfHour, which is what the configuration's file says of update.window.
func TestTheTimerMissesNoHalfHour(t *testing.T) {
	text, err := os.ReadFile("../../systemd/calendarbot-update.timer")
	if err != nil {
		t.Fatal(err)
	}
	var between time.Duration
	for _, key := range []string{"OnUnitInactiveSec", "RandomizedDelaySec", "AccuracySec"} {
		match := regexp.MustCompile(`(?m)^` + key + `=(\d+)min$`).FindStringSubmatch(string(text))
		if match == nil {
			t.Fatalf("it says nothing of %s in minutes", key)
		}
		minutes, err := strconv.Atoi(match[1])
		if err != nil {
			t.Fatal(err)
		}
		between += time.Duration(minutes) * time.Minute
	}
	if between > 25*time.Minute {
		t.Errorf("between two runs there are %s", between)
	}
}
