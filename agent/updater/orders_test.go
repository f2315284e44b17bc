package main

import (
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"calendarbot/agent/slot"
	"calendarbot/agent/update"
)

// TestOrdersDoNotKeepTheDeviceFromItsUpdates: whoever may order, as a program that is to be replaced.
func TestOrdersDoNotKeepTheDeviceFromItsUpdates(t *testing.T) {
	for name, leave := range map[string]func(h *home, dir string){
		"a folder as an order":         func(h *home, dir string) { h.must(os.MkdirAll(filepath.Join(dir, "000000001.json", "x"), 0o755)) },
		"a file in the folder's place": func(h *home, _ string) { h.write(update.OrdersFolder, "", 0o644) },
		"no order":                     func(h *home, _ string) { h.write(filepath.Join(update.OrdersFolder, "000000001.json"), "{", 0o644) },
		"one that is refused":          func(h *home, _ string) { h.order(slot.Order{Do: "dance"}) },
		"one that goes well":           func(h *home, _ string) { h.order(slot.Order{Do: "check"}) },
		"an upload that is refused": func(h *home, _ string) {
			h.write(filepath.Join(update.UploadFolder, update.UploadName), "no repository", 0o644)
			h.order(slot.Order{Do: "apply", Text: upload})
		},
		"one that was begun too often": func(h *home, _ string) {
			h.write(update.Folder+"/order.json", `{"order":{"do":"check","at":"2026-11-22T11:00:00Z"},"begun":3}`, 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			h.release("1.1.0")
			h.write(update.AddressFile, h.url, 0o644)
			h.at("2026-11-23T02:05:00Z")
			leave(h, filepath.Join(h.root, update.OrdersFolder))
			var said strings.Builder
			command(t.Context(), []string{"run", "--root", h.root}, &said, &said)
			h.tries("1.1.0")
		})
	}
}

// TestWhatIsOrderedIsBegunOnce: what a run does by itself does not get in the way of what it was ordered to do.
func TestWhatIsOrderedIsBegunOnce(t *testing.T) {
	h := newHome(t)
	h.release("1.1.0")
	h.write(update.AddressFile, h.url, 0o644)
	h.at("2026-11-23T02:05:00Z")
	h.order(slot.Order{Do: "apply"})
	h.says(0, "run")
	h.tries("1.1.0")
	if told := h.told(); told != startOfTrial {
		t.Errorf("the system was told %q", told)
	}
	h.change(slot.Agent, func(s slot.State) (slot.State, error) { return s.Keep(h.now) })
	h.release("1.2.0")
	h.at("2026-11-24T02:05:00Z")
	h.order(slot.Order{Do: "back", Kind: slot.Agent})
	h.says(0, "run")
	if s := h.slots(slot.Agent); s.Trial != nil {
		t.Errorf("before the keeper went back another was installed: %+v", s)
	}
}

// TestOrderOfTheRestartIsNotCarriedOutAgain: the start of the new system ends the program in the middle of what it was ordered.
func TestOrderOfTheRestartIsNotCarriedOutAgain(t *testing.T) {
	h := newHome(t)
	h.release("1.1.0", h.bundle)
	name := filepath.Join(h.root, update.UploadFolder, update.UploadName)
	h.must(os.MkdirAll(filepath.Dir(name), 0o755))
	pack(t, h.public, name)
	h.write("bin/systemctl", "#!/bin/sh\necho \"systemctl $*\" >>'"+h.root+"/told'\nif [ \"$1\" = reboot ]; then kill -TERM $PPID; exec cat '"+h.root+"/ends'; fi\n", 0o755)
	h.must(syscall.Mkfifo(filepath.Join(h.root, "ends"), 0o600))
	h.order(slot.Order{Do: "apply", Kind: slot.System, Text: upload})
	ctx, stop := signal.NotifyContext(t.Context(), syscall.SIGTERM)
	var said strings.Builder
	command(ctx, []string{"run", "--root", h.root}, &said, &said)
	ended := ctx.Err() != nil
	stop()
	if told := h.told(); !ended || !strings.HasSuffix(told, "systemctl reboot\n") {
		t.Fatalf("the system was told %q:\n%s", told, said.String())
	}
	if _, err := os.Stat(name); !os.IsNotExist(err) {
		t.Errorf("the upload is still there: %v", err)
	}
	h.write(releaseFile, "IMAGE_VERSION=1.1.0\n", 0o644)
	h.change(slot.System, func(s slot.State) (slot.State, error) { return s.Keep(h.now) })
	h.at("2026-11-22T12:30:00Z")
	if said := h.says(0, "run"); strings.Contains(said, "asks to") {
		t.Error(said)
	}
	if s := h.status(); s.Problem != "" {
		t.Errorf("it tells %q", s.Problem)
	}
}

// TestSecondUploadIsLeft to its own order, while the first one is carried out.
func TestSecondUploadIsLeft(t *testing.T) {
	h := newHome(t)
	h.release("1.1.0", h.bundle)
	name := filepath.Join(h.root, update.UploadFolder, update.UploadName)
	h.must(os.MkdirAll(filepath.Dir(name), 0o755))
	pack(t, h.public, name)
	h.write("usr/lib/calendarbot/install-system", "#!/bin/sh\necho second >'"+name+".part' && mv '"+name+".part' '"+name+"'\n", 0o755)
	h.order(slot.Order{Do: "apply", Text: upload})
	h.says(0, "run")
	if text := h.read(name); text != "second\n" {
		t.Errorf("there is %.40q", text)
	}
}

// TestUploadThatWasAppliedAlready is no problem of what is installed.
func TestUploadThatWasAppliedAlready(t *testing.T) {
	h := newHome(t)
	h.order(slot.Order{Do: "apply", Text: upload})
	if said := h.says(1, "run"); !strings.Contains(said, "not there any more") {
		t.Error(said)
	}
	if s := h.status(); s.Problem != "" {
		t.Errorf("it tells %q", s.Problem)
	}
}
