package main

import (
	"os"
	"path/filepath"
	"strings"
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
