package pressure

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for a fact.
const patience = 20 * time.Second

// pipe is a file that has events when something is written into its other end; it stands for the kernel's.
func pipe(t *testing.T) (read, write *os.File) {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(read.Close(), write.Close()); err != nil && !errors.Is(err, os.ErrClosed) {
			t.Error(err)
		}
	})
	return read, write
}

// listening is a trigger on a pipe.
func listening(t *testing.T, file *os.File) *trigger {
	t.Helper()
	tr := &trigger{poll: -1, file: -1, out: -1, end: -1}
	if err := tr.listen(int(file.Fd()), syscall.EPOLLIN); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tr.close(); err != nil {
			t.Error(err)
		}
	})
	return tr
}

func TestTriggerWakesOnceForEachEvent(t *testing.T) {
	read, write := pipe(t)
	tr := listening(t, read)
	ctx, cancel := context.WithCancel(t.Context())
	woken, ended := make(chan byte), make(chan error, 1)
	go func() {
		ended <- tr.wait(ctx, func() {
			var b [1]byte
			if _, err := read.Read(b[:]); err != nil {
				t.Error(err)
			}
			woken <- b[0]
		})
	}()
	for i := range byte(3) {
		if _, err := write.Write([]byte{i}); err != nil {
			t.Fatal(err)
		}
		select {
		case b := <-woken:
			if b != i {
				t.Errorf("woken by %d, want %d", b, i)
			}
		case <-time.After(patience):
			t.Fatal("nothing woke")
		}
	}
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Fatal("waiting does not end with its context")
	}
}

// TestTriggerEndsWhenTheFileTellsNoMore proves that a cgroup that was removed is no loop that never rests.
func TestTriggerEndsWhenTheFileTellsNoMore(t *testing.T) {
	read, write := pipe(t)
	tr := listening(t, read)
	if err := write.Close(); err != nil {
		t.Fatal(err)
	}
	err := tr.wait(t.Context(), func() { t.Error("woken by the end") })
	if err == nil || !strings.Contains(err.Error(), "tells no more") {
		t.Errorf("the error is %v", err)
	}
	broken := &trigger{poll: -1, file: -1, out: -1, end: -1}
	if err := broken.wait(t.Context(), func() { t.Error("woken by nothing") }); !errors.Is(err, syscall.EBADF) {
		t.Errorf("the error is %v", err)
	}
	if err := broken.listen(-1, syscall.EPOLLIN); !errors.Is(err, syscall.EBADF) {
		t.Errorf("the error is %v", err)
	}
	if err := broken.close(); err != nil {
		t.Error(err)
	}
}

// TestTriggerWritesIntoTheKernelsFilesOnly proves that a file that stands in for the kernel's is left as it is.
func TestTriggerWritesIntoTheKernelsFilesOnly(t *testing.T) {
	root := board(t, "calm")
	s := NewSensor(root)
	s.Read(&Reading{})
	tr, err := s.newTrigger()
	if err == nil {
		t.Fatal("a trigger on a file of ours", tr.close())
	}
	for _, path := range []string{ownUnit + "memory.pressure", "proc/pressure/memory"} {
		if !strings.Contains(err.Error(), filepath.Join(root, path)+": this is not the kernel's file") {
			t.Errorf("%s is not named in %v", path, err)
		}
		got, err := os.ReadFile(filepath.Join(root, path))
		if err != nil || !strings.HasPrefix(string(got), "some avg10=0.00") {
			t.Errorf("%s is %q, %v", path, got, err)
		}
	}
	if tr, err = NewSensor(t.TempDir()).newTrigger(); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("nothing there: %v, %v", tr, err)
	}
}

// TestTriggerOfThisKernel sets a real one where that is allowed, and ends it.
func TestTriggerOfThisKernel(t *testing.T) {
	s := NewSensor("")
	s.Read(&Reading{})
	tr, err := s.newTrigger()
	if err != nil {
		t.Skipf("this kernel wakes nobody: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := errors.Join(tr.wait(ctx, func() {}), tr.close()); err != nil {
		t.Error(err)
	}
}

func TestEntriesAreCounted(t *testing.T) {
	dir := t.TempDir()
	for i := range 100 {
		put(t, dir, strings.Repeat("n", i+1), "")
	}
	put(t, dir, ".hidden", "")
	if n, err := entries(dir, make([]byte, 512)); n != 100 || err != nil {
		t.Errorf("%d entries, %v", n, err)
	}
	if _, err := entries(filepath.Join(dir, "n"), make([]byte, 512)); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("a file has entries: %v", err)
	}
	if _, err := text(dir, make([]byte, 512)); !errors.Is(err, syscall.EISDIR) {
		t.Errorf("a folder has text: %v", err)
	}
	if got, err := text("testdata/calm/proc/meminfo", make([]byte, 9)); string(got) != "MemTotal:" || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
}
