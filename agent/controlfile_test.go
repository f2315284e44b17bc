package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestFileThatMayBeHalfWrittenIsLeftAloneForLonger(t *testing.T) {
	for _, c := range []struct {
		name           string
		size, accepted int64
		want           time.Duration
	}{
		{"gone", -1, 100, 10 * time.Second},
		{"gone, and there was none", -1, 0, 10 * time.Second},
		{"empty", 0, 100, 10 * time.Second},
		{"empty, and there was none", 0, 0, 10 * time.Second},
		{"shorter", 99, 100, 10 * time.Second},
		{"as long", 100, 100, time.Second},
		{"longer", 101, 100, time.Second},
		{"the first", 1, 0, time.Second},
	} {
		if got := leftAlone(c.size, c.accepted); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestFileIsTakenOnceItWasLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "calendarbot.yaml")
		write := func(text string) {
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		begin := time.Now()
		u := newUnsettled(file)
		told := func(what string, at time.Duration, want bool) {
			t.Helper()
			<-u.due.C
			if left := u.left(10); left != want || time.Since(begin) != at {
				t.Errorf("%s: %v after %s, want %v after %s", what, left, time.Since(begin), want, at)
			}
		}
		write("0123456789")
		u.touched(10)
		write("01234") // its change is about to be told
		told("cut while it was waited for", time.Second, false)
		u.touched(10)
		time.Sleep(9 * time.Second)
		u.touched(10)
		told("cut, and touched once more", 20*time.Second, true)
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		u.touched(10)
		told("gone", 30*time.Second, true)
		u.file = filepath.Join(t.TempDir(), "calendarbot.yaml", "x")
		if got := sizeOf(u.file); got != -1 {
			t.Errorf("the size of none is %d", got)
		}
	})
}

// TestCutFileIsTakenOnlyWhenSomebodySaysSo has the watch see a file that is cut; then a signal.
func TestCutFileIsTakenOnlyWhenSomebodySaysSo(t *testing.T) {
	c := newControlled(t)
	c.runs()
	c.until("the file", func() { c.write("display: {theme: dark, days: 3}") }, theme("dark"))
	c.write("display: {theme: eink}")
	c.until("the emergency file, which is not waited for", func() {
		if err := os.WriteFile(c.stop, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}, func(t told) bool { return t.emergency != "" })
	if got := c.State().Config.Display; got.Theme != "dark" || got.Days != 3 {
		t.Errorf("half a file is taken: %+v", got)
	}
	c.until("SIGHUP", func() {
		if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}, theme("eink"))
	changes, err := c.Changes(t.Context(), 1)
	if err != nil || len(changes) != 1 || changes[0].By.Who != "signal SIGHUP" {
		t.Errorf("the log: %+v, %v", changes, err)
	}
}

// TestEmergencyFileCountsWhenItsFolderComesLate makes what no watch could be told of: a look finds it.
func TestEmergencyFileCountsWhenItsFolderComesLate(t *testing.T) {
	c := newControlled(t)
	if err := os.Remove(filepath.Dir(c.stop)); err != nil {
		t.Fatal(err)
	}
	c.runs()
	<-c.told
	if err := os.Mkdir(filepath.Dir(c.stop), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(c.stop, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-c.told:
		if got.emergency == "" {
			t.Error("the parts were told of something else")
		}
	case <-time.After(25 * time.Second): // the watch looks for folders each 30 s
		t.Error("the file does not count yet")
	}
}
