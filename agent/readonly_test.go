package main

import (
	"errors"
	"os"
	"strings"
	"testing"

	"calendarbot/scripts/demo/mischief"
)

// onDisk is a home on a disk that may be sealed; nil when the test ran, or was skipped, elsewhere.
func onDisk(t *testing.T) *home {
	t.Helper()
	dir, err := mischief.WithDisk(t.Context(), t.Name(), t.TempDir())
	switch {
	case errors.Is(err, mischief.ErrNoDisk):
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	case dir == "":
		return nil
	}
	h := newHome(t)
	h.disk = dir
	return h
}

func (h *home) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// A failing SD card is made read-only by the system, and the device is restarted.
func TestReadOnlyDisk(t *testing.T) {
	h := onDisk(t)
	if h == nil {
		return
	}
	h.fill()
	h.must(mischief.Seal(h.disk))
	h.feed.Turn(mischief.Good(more()))
	h.start(soon())
	h.failing("store", "the disk is read-only")
	h.degraded()
	if page := h.text(); !strings.Contains(page, "The disk is read-only: nothing new can be stored") {
		t.Errorf("people are not told:\n%s", page)
	}
	h.stop()

	h.must(mischief.Unseal(h.disk))
	h.start(soon())
	h.refresh()
	h.becomes("ok", "")
	h.holds("The daily one", "The second one")
	if page := h.text(); strings.Contains(page, "read-only") {
		t.Errorf("people are still told:\n%s", page)
	}
}

// A disk that was lost before anything was stored there.
func TestReadOnlyDiskWithoutDatabase(t *testing.T) {
	h := onDisk(t)
	if h == nil {
		return
	}
	h.fill()
	h.must(os.Remove(h.database()))
	h.must(mischief.Seal(h.disk))
	h.start(soon())
	h.becomes("ok", "")
	h.holds("The daily one")
	h.well()
	if page := h.text(); !strings.Contains(page, "The disk is read-only, and what is stored there cannot be used") {
		t.Errorf("people are not told:\n%s", page)
	}
	h.stop()
	h.must(mischief.Unseal(h.disk))
}
