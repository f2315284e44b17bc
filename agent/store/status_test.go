package store

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"time"
)

func TestStateOfASource(t *testing.T) {
	k := newStore(t)
	ctx := t.Context()
	k.configure("work")
	if got := k.source("work"); got.State != Waiting || !got.LastTry.IsZero() {
		t.Errorf("at first: %+v", got)
	}
	next := k.clock.Now().Add(time.Minute)
	k.grows(1, "the first failure", func() { k.must(k.Failed(ctx, "work", "dns", "no such host", next)) })
	since := k.clock.Now()
	k.clock.advance(time.Minute)
	k.grows(0, "the same failure", func() { k.must(k.Failed(ctx, "work", "dns", "no such host", next)) })
	got := k.source("work")
	if got.State != Failing || got.Code != "dns" || got.Error != "no such host" || !got.FailingSince.Equal(since) ||
		!got.LastTry.Equal(k.clock.Now()) || !got.NextTry.Equal(next) || !got.LastSuccess.IsZero() {
		t.Errorf("failing: %+v", got)
	}
	k.grows(1, "another failure", func() { k.must(k.Failed(ctx, "work", "refused", "refused", next)) })
	if got := k.source("work"); got.Code != "refused" || !got.FailingSince.Equal(since) {
		t.Errorf("failing otherwise: %+v", got)
	}
	k.grows(1, "the first success", func() { k.must(k.Unchanged(ctx, "work", next)) })
	got = k.source("work")
	if got.State != OK || got.Error != "" || got.Code != "" || !got.FailingSince.IsZero() || !got.LastSuccess.Equal(k.clock.Now()) {
		t.Errorf("well: %+v", got)
	}
	k.clock.advance(time.Minute)
	k.grows(0, "still well", func() { k.must(k.Unchanged(ctx, "work", next)) })
	if got := k.between(day(3)).Sources[0]; !got.LastSuccess.Equal(k.clock.Now()) {
		t.Errorf("a snapshot tells an old success: %+v", got)
	}
	k.grows(1, "a failure", func() { k.must(k.Failed(ctx, "work", "", "", next)) })
	if got := k.source("work"); got.State != Failing || got.Code == "" || got.LastSuccess.IsZero() {
		t.Errorf("failing after a success: %+v", got)
	}
	for what, err := range map[string]error{
		"Failed": k.Failed(ctx, "none", "dns", "", next), "Unchanged": k.Unchanged(ctx, "none", next),
	} {
		if !errors.Is(err, ErrUnknown) {
			t.Errorf("%s of no source: %v", what, err)
		}
	}
}

func TestStateSurvivesARestart(t *testing.T) {
	k := newStore(t)
	ctx := t.Context()
	k.configure("well", "failing")
	next := k.clock.Now().Add(time.Minute)
	k.fetch("well", calendarOf(event("a", 3, "A")))
	k.fetch("failing", calendarOf(event("a", 3, "A")))
	k.clock.advance(time.Minute)
	k.must(k.Unchanged(ctx, "well", next))
	k.must(k.Failed(ctx, "failing", "http_404", "not found", next))
	want := fmt.Sprintf("%+v", k.list())
	k.restart()
	if got := fmt.Sprintf("%+v", k.list()); got != want {
		t.Errorf("after a restart:\n%s\nwant\n%s", got, want)
	}
	if v, err := k.Validators(ctx, "well"); err != nil || v.ETag != `"1"` {
		t.Errorf("validators: %+v, %v", v, err)
	}
	if _, err := k.Validators(ctx, "none"); !errors.Is(err, ErrUnknown) {
		t.Errorf("validators of no source: %v", err)
	}
}

func TestOtherWordsForTheSameFailureAreShownInTheEnd(t *testing.T) {
	k := newStore(t)
	k.configure("work")
	failed := func(words string) { k.must(k.Failed(t.Context(), "work", "timeout", words, k.clock.Now())) }
	failed("after 60.1 s")
	k.clock.advance(5 * time.Minute)
	k.grows(0, "other words", func() { failed("after 60.2 s") })
	k.clock.advance(saveEvery)
	k.grows(1, "other words after a while", func() { failed("after 60.3 s") })
}

func TestAnIdleHourHardlyWrites(t *testing.T) {
	k := newStore(t)
	ctx := t.Context()
	sources := []string{"a", "b", "c", "d"}
	k.configure(sources...)
	feeds := map[string]string{}
	for _, id := range sources {
		feeds[id] = calendarOf(event("1", 3, "One"), event("2", 4, "Two"))
		k.fetch(id, feeds[id])
	}
	watcher, err := k.db.Read().Conn(ctx)
	k.must(err)
	defer func() { k.must(watcher.Close()) }()
	version := func() (n int64) {
		k.must(watcher.QueryRowContext(ctx, "PRAGMA data_version").Scan(&n))
		return n
	}
	size := func() int64 {
		info, err := os.Stat(k.path + "-wal")
		k.must(err)
		return info.Size()
	}
	commits, before, last := 0, size(), version()
	for range 12 {
		k.clock.advance(5 * time.Minute)
		for i, id := range sources {
			switch i {
			case 0: // the server knows no 304
				if k.fetch(id, feeds[id]) {
					t.Error("the same feed is a change")
				}
			case 1: // it fails all the time
				k.must(k.Failed(ctx, id, "dns", fmt.Sprintf("no such host at %s", k.clock.Now()), k.clock.Now()))
			default:
				k.must(k.Unchanged(ctx, id, k.clock.Now()))
			}
			if v := version(); v != last {
				last = v
				commits++
			}
		}
	}
	if commits > 5 {
		t.Errorf("%d transactions in an hour without news, want at most 5", commits)
	}
	if grown := size() - before; grown > 200_000 {
		t.Errorf("%d bytes were written in an hour without news", grown)
	}
	if commits == 0 {
		t.Error("how the sources fare was never saved")
	}
}
