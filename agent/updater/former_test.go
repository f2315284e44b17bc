package main

import (
	"os"
	"path/filepath"
	"testing"

	"calendarbot/agent/slot"
	"calendarbot/agent/update"
	"calendarbot/agent/update/install"
	"calendarbot/agent/update/publish"
)

// whole has a release without patches.
func whole(r *publish.Release) { r.From = nil }

// TestWhatCouldBeGoneBackToStaysUntilTheNewOneIsThere whatever keeps that from coming.
func TestWhatCouldBeGoneBackToStaysUntilTheNewOneIsThere(t *testing.T) {
	for name, c := range map[string]struct {
		code  string
		spoil func(h *home, u *updater)
	}{
		"it is missing": {"missing", func(h *home, _ *updater) {
			h.must(os.Remove(h.target("1.3.0")))
		}},
		"it is broken": {"wrong_hash", func(h *home, _ *updater) {
			info, err := os.Stat(h.target("1.3.0"))
			h.must(err)
			h.must(os.WriteFile(h.target("1.3.0"), make([]byte, info.Size()), 0o644))
		}},
		"there is no room":  {"no_space", func(_ *home, u *updater) { u.limits.Spare = 1 << 60 }},
		"nobody is reached": {"unreachable", func(_ *home, u *updater) { u.wish.url = "http://127.0.0.1:1" }},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			for _, v := range []string{"1.1.0", "1.2.0"} {
				h.release(v, whole)
				h.says(0, "apply", "--url", h.url)
				h.change(slot.Agent, func(s slot.State) (slot.State, error) { return s.Keep(h.now) })
			}
			h.release("1.3.0", whole)
			u, err := newUpdater(wish{root: h.root, url: h.url}, os.Stderr)
			h.must(err)
			c.spoil(h, u)
			if err := u.apply(t.Context(), "", update.Asked{Now: true}, false); err == nil {
				t.Fatal("it was installed")
			}
			if code := h.status().Code; code != c.code {
				t.Errorf("it is told as %q", code)
			}
			back, err := h.slots(slot.Agent).Back("it is ugly", "person", h.now)
			if err != nil || back.Slots[back.Active].Version != "1.1.0" || h.read(install.Program(h.root, back.Active)) != programText("1.1.0") {
				t.Errorf("going back leads to %q: %+v, %v", back.Active, back, err)
			}
		})
	}
}

// target is the file of a program in the repository.
func (h *home) target(version string) string {
	h.t.Helper()
	files, err := filepath.Glob(filepath.Join(h.public, "targets/agent/*"+version+"*"))
	h.must(err)
	if len(files) != 1 {
		h.t.Fatalf("of %s there are %v", version, files)
	}
	return files[0]
}
