package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"calendarbot/agent/update/publish"
)

// TestStickOfAnotherChannelIsToldAsSuch, and not as nothing newer.
func TestStickOfAnotherChannelIsToldAsSuch(t *testing.T) {
	h := newHome(t)
	h.release("1.1.0", func(r *publish.Release) { r.Channel = "beta" })
	said := h.says(1, "apply", "--from", h.public)
	if s := h.status(); s.Code != "not_taken" || !strings.Contains(said, "of the channel beta") || strings.Contains(said, "nothing newer") {
		t.Errorf("%q: %s", s.Code, said)
	}
}

func TestOneUpdaterAtATime(t *testing.T) {
	h := newHome(t)
	u, err := newUpdater(wish{root: h.root}, os.Stderr)
	h.must(err)
	h.must(u.alone(t.Context(), 0, func(context.Context) error {
		if said := h.says(1, "check", "--url", h.url); !strings.Contains(said, "another update is under way") {
			t.Error(said)
		}
		return nil
	}))
}

// TestStickWaitsForAnotherUpdate, and not for ever, nor when it is pulled out.
func TestStickWaitsForAnotherUpdate(t *testing.T) {
	h := newHome(t)
	other, err := newUpdater(wish{root: h.root}, os.Stderr)
	h.must(err)
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		h.must(other.alone(t.Context(), 0, func(context.Context) error {
			u, err := newUpdater(wish{root: h.root}, io.Discard)
			h.must(err)
			do := func(context.Context) error { return errors.New("it did not wait") }
			if err := u.alone(t.Context(), time.Hour, do); !errors.Is(err, errBusy) || time.Since(begun) != time.Hour {
				t.Errorf("after %s: %v", time.Since(begun), err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if err := u.alone(ctx, time.Hour, do); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			return nil
		}))
		done := make(chan error, 1)
		h.must(other.alone(t.Context(), 0, func(context.Context) error {
			go func() {
				u, err := newUpdater(wish{root: h.root}, io.Discard)
				done <- errors.Join(err, u.alone(t.Context(), time.Hour, func(context.Context) error { return nil }))
			}()
			time.Sleep(time.Minute)
			return nil
		}))
		begun = time.Now()
		if err := <-done; err != nil || time.Since(begun) > 2*lockEvery {
			t.Errorf("after %s: %v", time.Since(begun), err)
		}
	})
}
