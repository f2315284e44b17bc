package config

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
)

// patience is how long a test waits for what must happen.
const patience = time.Minute

// hasty is for tests that need not tell bursts from single changes.
var hasty = tempo{quiet: time.Millisecond, latest: 50 * time.Millisecond, again: 5 * time.Millisecond}

// watcher is a Watch that runs.
type watcher struct {
	*testing.T
	told chan string
}

// watching watches files and returns once it does: a file beside them, which is made again and again until it is told, says so.
func watching(t *testing.T, p tempo, files ...string) watcher {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w := watcher{T: t, told: make(chan string)}
	done := make(chan error, 1)
	sign := filepath.Join(t.TempDir(), "sign")
	go func() {
		done <- p.watch(ctx, append(slices.Clone(files), sign, ""), func(file string) {
			select {
			case w.told <- file:
			case <-ctx.Done():
			}
		})
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(patience):
			t.Error("it goes on")
		}
	})
	for n, tick := 0, time.NewTicker(p.latest+p.quiet); ; n++ {
		rewrite(t, sign, fmt.Sprint(n))
		select {
		case <-w.told:
			tick.Stop()
			return w
		case <-tick.C:
		case <-time.After(patience):
			t.Fatal("nothing is watched")
		}
	}
}

// expect waits until a file is told; those before it are returned.
func (w watcher) expect(file string) (others []string) {
	w.Helper()
	late := time.After(patience)
	for {
		select {
		case got := <-w.told:
			if got == file {
				return others
			}
			others = append(others, got)
		case <-late:
			w.Fatalf("%s was not told", file)
		}
	}
}

// do makes a change of a file and waits until it is told.
func (w watcher) do(name string, change func() error) {
	w.Helper()
	if err := change(); err != nil {
		w.Fatal(err)
	}
	w.expect(name)
}

func write(name, text string) func() error {
	return func() error { return os.WriteFile(name, []byte(text), 0o600) }
}

// TestWatchSeesEveryKindOfChange changes one file in the ways in which editors and people do.
func TestWatchSeesEveryKindOfChange(t *testing.T) {
	dir := t.TempDir()
	elsewhere := t.TempDir()
	for i, c := range []struct {
		name   string
		change func(name string) error
	}{
		{"written", func(name string) error { return write(name, "b")() }},
		{"appended", func(name string) error {
			f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteString("c")
			return errors.Join(err, f.Close())
		}},
		{"replaced at once", func(name string) error {
			return errors.Join(write(name+"~", "d")(), os.Rename(name+"~", name))
		}},
		{"replaced from another directory", func(name string) error {
			other := filepath.Join(elsewhere, "x")
			return errors.Join(write(other, "d")(), os.Rename(other, name))
		}},
		{"moved away and written anew", func(name string) error {
			return errors.Join(os.Rename(name, name+".bak"), write(name, "e")())
		}},
		{"moved away", func(name string) error { return os.Rename(name, name+".bak") }},
		{"removed", os.Remove},
		{"removed and made again", func(name string) error { return errors.Join(os.Remove(name), write(name, "f")()) }},
		{"made readable", func(name string) error { return os.Chmod(name, 0o644) }},
		{"replaced by a link", func(name string) error {
			return errors.Join(os.Symlink("nowhere", name+".link"), os.Rename(name+".link", name))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := filepath.Join(dir, fmt.Sprintf("%d.yaml", i))
			if err := write(name, "a")(); err != nil {
				t.Fatal(err)
			}
			w := watching(t, hasty, name)
			w.do(name, func() error { return c.change(name) })
		})
	}
}

func TestWatchSeesAFileThatIsMade(t *testing.T) {
	name := filepath.Join(t.TempDir(), "calendarbot.yaml")
	w := watching(t, hasty, name)
	w.do(name, write(name, "a"))
}

func TestWatchTellsOnlyOfItsFiles(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")
	w := watching(t, hasty, one)
	if err := errors.Join(write(two, "a")(), os.Remove(two), os.Mkdir(filepath.Join(dir, "three"), 0o700), os.Remove(filepath.Join(dir, "three"))); err != nil {
		t.Fatal(err)
	}
	if err := write(one, "a")(); err != nil {
		t.Fatal(err)
	}
	for _, other := range w.expect(one) {
		if other == two {
			t.Error("a file is told that nobody asked for")
		}
	}
}

// TestWatchTellsABurstOnce writes a file often in a moment, then another.
func TestWatchTellsABurstOnce(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one"), filepath.Join(dir, "two")
	slow := tempo{quiet: 2 * time.Second, latest: time.Hour, again: time.Hour}
	ctx, cancel := context.WithCancel(t.Context())
	told, done := make(chan string, 100), make(chan error, 1)
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	started := make(chan struct{})
	go func() {
		close(started)
		done <- slow.watch(ctx, []string{one, two}, func(file string) { told <- file })
	}()
	<-started
	next := func() string {
		select {
		case file := <-told:
			return file
		case <-time.After(patience):
			t.Fatal("nothing is told")
			return ""
		}
	}
	// Until the first is told it may not yet be watching.
	tick := time.NewTicker(slow.quiet + slow.quiet/2)
	defer tick.Stop()
	for first := false; !first; {
		if err := write(one, "a")(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-told:
			first = true
		case <-tick.C:
		}
	}
	for range 200 {
		rewrite(t, one, "b")
	}
	if got := next(); got != one {
		t.Errorf("got %s", got)
	}
	if err := write(two, "a")(); err != nil {
		t.Fatal(err)
	}
	if got := next(); got != two {
		t.Errorf("%s is told twice", got)
	}
}

func TestBurst(t *testing.T) {
	p := tempo{quiet: time.Second, latest: 3 * time.Second}
	start := someday()
	var b burst
	for at, want := range []time.Duration{1, 2, 3, 3, 3} {
		if got := b.due(start.Add(time.Duration(at)*time.Second), p); !got.Equal(start.Add(want * time.Second)) {
			t.Errorf("after %d s: due at %s", at, got)
		}
	}
}

// seen writes a file again and again until that was told more often than what happened before can have been.
func (w watcher) seen(name string) {
	w.Helper()
	tick := time.NewTicker(hasty.latest)
	defer tick.Stop()
	late := time.After(patience)
	for told := 0; told < 10; {
		if err := write(name, "again")(); err != nil {
			w.Fatal(err)
		}
		select {
		case got := <-w.told:
			if got == name {
				told++
			}
		case <-tick.C:
		case <-late:
			w.Fatalf("%s is not watched", name)
		}
	}
}

func TestWatchWaitsForADirectory(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(dir string) error // after which the directory is not there
	}{
		{"missing at first", nil},
		{"removed", os.RemoveAll},
		{"removed with the one above", func(dir string) error { return os.RemoveAll(filepath.Dir(dir)) }},
		{"moved", func(dir string) error { return os.Rename(dir, dir+".old") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "a", "b")
			name := filepath.Join(dir, "calendarbot.yaml")
			w := watching(t, hasty, name)
			w.do(name, func() error { return errors.Join(os.MkdirAll(dir, 0o700), write(name, "a")()) })
			w.seen(name)
			if c.change == nil {
				return
			}
			w.do(name, func() error { return c.change(dir) })
			if err := os.MkdirAll(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			w.seen(name)
		})
	}
}

func TestWatchWaitsWhereAFileStandsForTheDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a")
	if err := write(dir, "")(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "b", "calendarbot.yaml")
	w := watching(t, hasty, name)
	w.do(name, func() error {
		return errors.Join(os.Remove(dir), os.MkdirAll(filepath.Dir(name), 0o700), write(name, "a")())
	})
}

func TestWatchOfARelativeName(t *testing.T) {
	t.Chdir(t.TempDir())
	w := watching(t, hasty, "calendarbot.yaml")
	w.do("calendarbot.yaml", write("calendarbot.yaml", "a"))
}

func TestWatchOfADirectoryThatCannotBe(t *testing.T) {
	long := "/" + strings.Repeat("a", 5000) + "/x"
	if err := Watch(t.Context(), 0, []string{long}, func(string) {}); !errors.Is(err, syscall.ENAMETOOLONG) || !strings.HasPrefix(err.Error(), "watch the configuration: /aaa") {
		t.Errorf("got %v", err)
	}
}

// TestWatchedAfterLostEvents takes every file as changed when the kernel lost count.
func TestWatchedAfterLostEvents(t *testing.T) {
	w := watched{files: map[string]string{"/a/b": "b", "/a/c": "c"}, news: map[string]bool{}}
	if err := w.trouble(fsnotify.ErrEventOverflow); err != nil || !w.fresh || len(w.news) != 2 {
		t.Errorf("got %v, %v", err, w.news)
	}
	if err := w.trouble(os.ErrClosed); !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

// TestWatchAndReload changes the file as an editor does, and waits until the configuration follows.
func TestWatchAndReload(t *testing.T) {
	name := written(t, "display:\n  days: 3\n")
	l := begun(t, Input{Path: name}, &memory{})
	w := watching(t, hasty, name)
	rewrite(t, name, "display:\n  days: 4\n")
	for l.State().Config.Display.Days != 4 {
		w.expect(name)
		if _, err := l.Reload(t.Context(), By{Who: "the file"}); err != nil {
			t.Fatal(err)
		}
	}
}
