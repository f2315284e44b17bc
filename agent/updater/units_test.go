package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

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
			h.must(u.alone(t.Context(), func(context.Context) error {
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
