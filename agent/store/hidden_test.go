package store

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestHiddenStaysHidden(t *testing.T) {
	k := newStore(t)
	ctx := t.Context()
	since := time.Date(2026, 3, 1, 7, 0, 0, 0, time.UTC)
	k.grows(1, "hidden", func() { k.must(k.Hide(ctx, Hidden{ID: "a", Title: "A", Since: since})) })
	k.grows(0, "hidden again", func() { k.must(k.Hide(ctx, Hidden{ID: "a", Title: "A"})) })
	k.grows(1, "its series too", func() { k.must(k.Hide(ctx, Hidden{ID: "a", Series: true, Title: "A", Since: since})) })
	k.must(k.Hide(ctx, Hidden{ID: "b", Title: strings.Repeat("ü", 1000)}))
	for range 2 {
		hidden := k.between(day(3)).Hidden
		if a := hidden["a"]; len(hidden) != 2 || !a.Series || a.Title != "A" || !a.Since.Equal(since) {
			t.Errorf("hidden: %+v", hidden)
		}
		if got := hidden["b"].Title; got != strings.Repeat("ü", maxTitle) {
			t.Errorf("the long title has %d bytes", len(got))
		}
		k.restart()
	}
	for id, want := range map[string]int{"a": 1, "none": 0} {
		if n, err := k.Unhide(ctx, id); n != want || err != nil {
			t.Errorf("unhide %s: %d, %v, want %d", id, n, err, want)
		}
	}
	k.restart()
	if hidden := k.between(day(3)).Hidden; len(hidden) != 1 {
		t.Errorf("after unhiding: %+v", hidden)
	}
}

func TestSkipsEnd(t *testing.T) {
	k := newStore(t)
	ctx := t.Context()
	now := k.clock.Now()
	k.grows(1, "a skip", func() { k.must(k.Skip(ctx, "short", now.Add(time.Minute))) })
	k.must(k.Skip(ctx, "long", now.Add(time.Hour)))
	k.clock.advance(2 * time.Minute)
	k.restart()
	if got := k.between(day(3)).Skipped; len(got) != 2 || !got["long"].Equal(now.Add(time.Hour)) {
		t.Errorf("skipped: %v", got)
	}
	k.must(k.Skip(ctx, "new", now.Add(time.Hour)))
	for range 2 {
		if got := k.between(day(3)).Skipped; len(got) != 2 || !got["short"].IsZero() {
			t.Errorf("the skip that has run out is still there: %v", got)
		}
		k.restart()
	}
	k.grows(1, "cleared", func() {
		if n, err := k.ClearSkips(ctx); n != 2 || err != nil {
			t.Errorf("cleared %d, %v, want 2", n, err)
		}
	})
	k.grows(0, "nothing to clear", func() {
		if n, err := k.ClearSkips(ctx); n != 0 || err != nil {
			t.Errorf("cleared %d, %v, want 0", n, err)
		}
	})
	k.restart()
	if got := k.between(day(3)).Skipped; len(got) != 0 {
		t.Errorf("after a restart: %v", got)
	}
}

func TestWhatPeopleHideAndSkipIsBounded(t *testing.T) {
	k := newStore(t)
	ctx := t.Context()
	for what, id := range map[string]string{"empty": "", "long": strings.Repeat("x", maxIDBytes+1)} {
		if k.Hide(ctx, Hidden{ID: id}) == nil || k.Skip(ctx, id, k.clock.Now()) == nil {
			t.Errorf("an id that is %s was taken", what)
		}
	}
	until := k.clock.Now().Add(time.Hour)
	full := k.picture.Load().clone()
	full.setHidden(func(m map[string]Hidden) {
		for i := range maxHidden {
			m[fmt.Sprint(i)] = Hidden{ID: fmt.Sprint(i)}
		}
	})
	full.setSkips(func(m map[string]time.Time) {
		for i := range maxSkips {
			m[fmt.Sprint(i)] = until
		}
	})
	k.picture.Store(full)
	if err := k.Hide(ctx, Hidden{ID: "one more"}); !errors.Is(err, ErrTooMany) {
		t.Errorf("one more hidden: %v", err)
	}
	if err := k.Skip(ctx, "one more", until); !errors.Is(err, ErrTooMany) {
		t.Errorf("one more skipped: %v", err)
	}
	k.must(k.Skip(ctx, "7", until))
	k.clock.advance(2 * time.Hour)
	k.must(k.Skip(ctx, "one more", until.Add(2*time.Hour)))
}
