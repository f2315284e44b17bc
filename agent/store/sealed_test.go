package store

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"calendarbot/agent/conn"
	"calendarbot/scripts/demo/mischief"
)

// onDisk returns a filled store that was closed, on a disk that may be sealed; nil when the test ran, or was skipped, elsewhere.
func onDisk(t *testing.T) *kept {
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
	k := &kept{t: t, path: dir + "/calendarbot.db", clock: newClock()}
	k.open()
	k.fill()
	k.must(k.Close())
	k.must(mischief.Seal(dir))
	t.Cleanup(func() { k.must(errors.Join(k.Close(), mischief.Unseal(dir))) })
	return k
}

// repaired makes the disk writable and starts anew.
func (k *kept) repaired() {
	k.t.Helper()
	k.must(k.Close())
	k.must(mischief.Unseal(strings.TrimSuffix(k.path, "/calendarbot.db")))
	k.open()
	if k.Recovered() != "" {
		k.t.Errorf("on a disk that can be written: %s", k.Recovered())
	}
}

func (k *kept) says(want ...string) {
	k.t.Helper()
	for _, w := range want {
		if !strings.Contains(k.Recovered(), w) {
			k.t.Errorf("people are told %q, want %q", k.Recovered(), w)
		}
	}
}

func TestReadOnlyDiskIsShownAndRefusesChanges(t *testing.T) {
	k := onDisk(t)
	if k == nil {
		return
	}
	ctx := t.Context()
	k.open()
	k.says("The disk is read-only: nothing new can be stored", "as they were stored last", "SD card")
	snap := k.between(day(3))
	if len(snap.Events) != 300 || len(snap.Sources) != 2 || len(snap.Hidden) != 1 || len(snap.Skipped) != 1 {
		t.Errorf("%d events, %d sources, hidden %v, skipped %v", len(snap.Events), len(snap.Sources), snap.Hidden, snap.Skipped)
	}
	generation := k.Generation()
	for what, err := range map[string]error{
		"hide":    k.Hide(ctx, Hidden{ID: "x"}),
		"source":  k.PutWebSource(ctx, secretive("other")),
		"setting": k.Record(ctx, map[string]string{"display.days": "3"}, nil, nil),
		"failure": k.Failed(ctx, "work", "dns", "no such host", time.Time{}),
	} {
		if !conn.IsReadOnly(err) || !strings.Contains(err.Error(), "the file or its disk is read-only") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if len(k.between(day(3)).Hidden) != 1 {
		t.Error("an event is hidden that will come back")
	}
	d, r := k.draft("work", large(500, "new"))
	if _, err := d.Commit(ctx, r, Validators{}, time.Time{}); !conn.IsReadOnly(err) {
		t.Errorf("the commit: %v", err)
	}
	k.clock.advance(time.Minute)
	k.must(k.Close())
	k.open()
	if k.Generation() < generation+uint64(time.Minute/time.Second) {
		t.Errorf("after a restart the generation is %d, after %d: pages may get one that was given out", k.Generation(), generation)
	}
	k.repaired()
	if n := len(k.between(day(3)).Events); n != 300 {
		t.Errorf("%d events when the disk can be written again, want 300", n)
	}
	k.must(k.Hide(ctx, Hidden{ID: "x"}))
}

// What cannot be read from a read-only disk is fetched again, into memory.
func TestReadOnlyDiskWithoutUse(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(k *kept)
		later bool // the file is to be migrated
		kept  bool // sources of people and hidden events are still known
	}{
		"no database":   {spoil: func(k *kept) { k.must(os.Remove(k.path)) }},
		"empty":         {spoil: func(k *kept) { k.must(os.Truncate(k.path, 0)) }},
		"damaged":       {spoil: func(k *kept) { k.damage(0) }},
		"older version": {spoil: func(*kept) {}, later: true, kept: true},
	} {
		t.Run(name, func(t *testing.T) {
			k := onDisk(t)
			if k == nil {
				return
			}
			dir := strings.TrimSuffix(k.path, "/calendarbot.db")
			k.must(mischief.Unseal(dir))
			c.spoil(k)
			k.must(mischief.Seal(dir))
			migrations := schema()
			if c.later {
				migrations = later(t, "ALTER TABLE source ADD COLUMN later TEXT NOT NULL DEFAULT 'yes';")
			}
			var err error
			k.Store, err = open(t.Context(), k.options(), migrations)
			k.must(err)
			k.says("The disk is read-only", "lost when the program ends", "SD card")
			if got := len(k.between(day(3)).Events) == 300; got != c.kept {
				t.Errorf("events are shown: %v, want %v", got, c.kept)
			}
			if got := len(k.between(day(3)).Hidden) == 1; got != c.kept {
				t.Errorf("hidden events are known: %v, want %v", got, c.kept)
			}
			k.configure("work")
			k.refill()
			d, r := k.draft("work", large(3000, strings.Repeat("new", 100))) // more than is kept in memory as a rule
			if _, err := d.Commit(t.Context(), r, Validators{}, time.Time{}); err != nil {
				t.Errorf("the commit: %v", err)
			}
			k.must(k.Hide(t.Context(), Hidden{ID: "x"}))
			if n := k.source("work").Events; n != 3000 {
				t.Errorf("%d events, want 3000", n)
			}
			if words := k.Recovered(); words == "" {
				t.Error("people are no longer told")
			}
			if len(k.aside()) != 0 {
				t.Error("something was set aside")
			}
			k.must(k.Close())
			if _, err := os.Stat(k.path); name == "no database" && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a file was made: %v", err)
			}
			k.must(mischief.Unseal(dir))
			k.open()
			k.must(k.Close())
			k.must(mischief.Seal(dir))
		})
	}
}

func TestWhatIsToldOfASealedFileFitsItsReason(t *testing.T) {
	for _, c := range []struct {
		sealed     error
		told, hint string
	}{
		{&fs.PathError{Op: "open", Path: "a.db", Err: syscall.EROFS}, "The disk is read-only", "SD card"},
		{&fs.PathError{Op: "open", Path: "a.db", Err: syscall.EACCES}, "The program may not write its database", "store.path"},
		{&fs.PathError{Op: "write", Path: "a.db", Err: syscall.ENOSPC}, "The disk is too full", "Make room"},
		{&fs.PathError{Op: "link", Path: "a.db", Err: syscall.EMLINK}, "could not be taken over", "install the other version"},
	} {
		if got := told(c.sealed) + ": " + advice(c.sealed); !strings.Contains(got, c.told) || !strings.Contains(got, c.hint) {
			t.Errorf("%v: %s", c.sealed, got)
		}
	}
}
