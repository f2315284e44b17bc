package main

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

func TestClockOfATestIsMovedByAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "clock")
	move := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		move("-1h\n")
		t.Setenv("CALENDARBOT_TEST_CLOCK", file)
		now, err := programClock()
		if err != nil {
			t.Fatal(err)
		}
		off := func(want time.Duration) {
			t.Helper()
			if got := now().Sub(time.Now().Round(0)); got != want {
				t.Errorf("the clock is off by %v, want %v", got, want)
			}
		}
		off(-time.Hour)
		for _, c := range []struct {
			text string
			want time.Duration
		}{{"8760h", 8760 * time.Hour}, {"no duration", 8760 * time.Hour}, {"0s", 0}} {
			move(c.text)
			time.Sleep(lookAtClock)
			off(c.want)
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		time.Sleep(lookAtClock)
		now()
		if _, err := programClock(); err == nil {
			t.Error("a file that is not there is no error")
		}
		move("three o'clock")
		if _, err := programClock(); err == nil {
			t.Error("a file without a duration is no error")
		}
	})
}
