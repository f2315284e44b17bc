//go:build powercut

package durable

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

const asVictim = "DURABLE_TEST_VICTIM" // the folder to work in

func TestMain(m *testing.M) {
	if dir := os.Getenv(asVictim); dir != "" {
		os.Exit(victim(dir))
	}
	os.Exit(m.Run())
}

// victim does one of each.
func victim(dir string) int {
	at := func(name string) string { return filepath.Join(dir, name) }
	f, err := Create(at("stream"), 0o644)
	if err == nil {
		_, first := f.Write([]byte("new "))
		_, second := f.Write([]byte("stream"))
		err = errors.Join(first, second, f.Commit())
	}
	err = errors.Join(err, Write(at("file"), []byte("new file"), 0o644), MakeFolder(at("x/y"), 0o755), Rename(at("moved"), at("x/moved")),
		Link("new", at("link")), Remove(at("gone")))
	if err != nil {
		os.Stderr.WriteString(err.Error())
		return 1
	}
	return 0
}

// TestCutAtEveryStep ends the program in front of each durable step: what was there or what is new is there, whole.
func TestCutAtEveryStep(t *testing.T) {
	work := func(cut int) (dir string, made int, err error) {
		dir = t.TempDir()
		for _, name := range []string{"stream", "file", "moved", "gone"} {
			try(t, os.WriteFile(filepath.Join(dir, name), []byte("old "+name), 0o644))
		}
		try(t, os.Symlink("old", filepath.Join(dir, "link")))
		steps := filepath.Join(t.TempDir(), "steps")
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), asVictim+"="+dir, "CALENDARBOT_TEST_CUT="+strconv.Itoa(cut), "CALENDARBOT_TEST_STEPS="+steps)
		err = cmd.Run()
		if data, readErr := os.ReadFile(steps); readErr == nil {
			made, readErr = strconv.Atoi(strings.TrimSpace(string(data)))
			try(t, readErr)
		}
		return dir, made, err
	}
	_, all, err := work(0)
	try(t, err)
	t.Logf("%d durable steps", all)
	for cut := 1; cut <= all+1; cut++ {
		dir, made, err := work(cut)
		var ended *exec.ExitError
		if killed := errors.As(err, &ended) && ended.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL; killed != (cut <= all) {
			t.Fatalf("cut %d: %v", cut, err)
		}
		if made != min(cut-1, all) {
			t.Errorf("cut %d: %d steps were made", cut, made)
		}
		for _, name := range []string{"stream", "file"} {
			if got := text(t, filepath.Join(dir, name)); got != "old "+name && got != "new "+name {
				t.Errorf("cut %d: %s says %q", cut, name, got)
			}
		}
		if target, err := os.Readlink(filepath.Join(dir, "link")); err != nil || target != "old" && target != "new" {
			t.Errorf("cut %d: the link leads to %q, %v", cut, target, err)
		}
		_, here := os.Stat(filepath.Join(dir, "moved"))
		_, there := os.Stat(filepath.Join(dir, "x/moved"))
		if (here == nil) == (there == nil) {
			t.Errorf("cut %d: %v, %v", cut, here, there)
		}
		if _, err := os.Stat(filepath.Join(dir, "gone")); cut > all && err == nil {
			t.Error("it is not removed")
		}
	}
}
