package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/conn"
)

// limit bounds the file, as a full disk does; 0 lifts that.
func (k *kept) limit(pages int) {
	k.t.Helper()
	if pages == 0 {
		pages = 1 << 30
	}
	var n int
	k.must(k.db.Write().QueryRow(fmt.Sprint("PRAGMA max_page_count = ", pages)).Scan(&n))
}

func TestFullDiskLosesNothingAndIsShown(t *testing.T) {
	k := newStore(t)
	k.fill()
	ctx := t.Context()
	k.limit(1) // as many as there are
	d, r := k.draft("work", large(500, "new"))
	_, err := d.Commit(ctx, r, Validators{}, time.Time{})
	if !conn.IsFull(err) || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("the commit: %v", err)
	}
	if n := len(k.between(day(3)).Events); n != 300 {
		t.Errorf("%d events, want the last good 300", n)
	}

	// Not even the status can be saved when the disk really is full.
	k.readOnly(true)
	if err := k.Failed(ctx, "work", "store_full", "the disk is full", time.Time{}); err == nil {
		t.Error("a failure that could not be saved is no error")
	}
	if err := k.Hide(ctx, Hidden{ID: "x"}); err == nil {
		t.Error("a person was told that an event is hidden, but it is not stored")
	}
	snap := k.between(day(3))
	if snap.Sources[0].Code != "store_full" || snap.Generation != k.Generation() || len(snap.Hidden) != 1 {
		t.Errorf("the failure is not shown: %+v, hidden %v", snap.Sources[0], snap.Hidden)
	}
	k.readOnly(false)
	k.limit(0)
	d, r = k.draft("work", large(500, "new"))
	if _, err := d.Commit(ctx, r, Validators{}, time.Time{}); err != nil {
		t.Errorf("when there is room again: %v", err)
	}
	k.restart()
	if src := k.source("work"); src.State != OK || src.Events != 500 {
		t.Errorf("when there is room again: %+v", src)
	}
}

// readOnly lets every write fail.
func (k *kept) readOnly(on bool) {
	k.t.Helper()
	_, err := k.db.Write().Exec(fmt.Sprintf("PRAGMA query_only = %v", on))
	k.must(err)
}

func TestWhatCouldNotBeSavedIsSavedLater(t *testing.T) {
	k := newStore(t)
	k.configure("work", "home")
	k.fetch("work", calendarOf(event("a", 3, "A")))
	k.readOnly(true)
	k.grows(1, "a failure", func() {
		if err := k.Failed(t.Context(), "work", "dns", "no such host", time.Time{}); !conn.IsReadOnly(err) {
			t.Errorf("got %v", err)
		}
	})
	k.readOnly(false)
	k.fetch("home", calendarOf(event("h", 3, "H")))
	k.restart()
	if src := k.source("work"); src.Code != "dns" || !src.LastTry.Equal(k.clock.Now()) {
		t.Errorf("after a restart: %+v", src)
	}
}

func TestLockedDatabaseIsReadOn(t *testing.T) {
	k := newStore(t)
	k.fill()
	other, err := conn.OpenDB(t.Context(), k.path, conn.DBOptions{})
	k.must(err)
	defer func() { k.must(other.Close()) }()
	tx, err := other.Write().Begin()
	k.must(err)
	d, r := k.draft("work", calendarOf(event("a", 3, "A")))
	_, err = d.Commit(t.Context(), r, Validators{}, time.Time{})
	if !conn.IsBusy(err) || !strings.Contains(err.Error(), "another program holds the database") {
		t.Errorf("the commit: %v", err)
	}
	if n := len(k.between(day(3)).Events); n != 300 {
		t.Errorf("%d events, want the last good 300", n)
	}
	k.must(tx.Rollback())
	if changed, err := d.Commit(t.Context(), r, Validators{}, time.Time{}); !changed || err != nil {
		t.Errorf("the same commit when the lock is gone: %v, %v", changed, err)
	}
	if got := k.titles(day(3)); got != "work:A" {
		t.Errorf("got %s", got)
	}
}
