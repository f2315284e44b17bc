package repository_test

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"calendarbot/agent/update/repository"
)

// A stick or an upload may be anybody's: nothing on it keeps the device waiting or reading for ever.
func TestSticksAndUploadsWithTrapsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		place func(w *world) string
		code  repository.Code
		words string
	}{
		"a link out of a stick": {func(w *world) string {
			w.must(os.Remove(w.metadata("timestamp.json")))
			w.must(os.Symlink("/proc/self/environ", w.metadata("timestamp.json")))
			return w.public
		}, repository.Unreachable, "cannot be read"},
		"a pipe on a stick": {func(w *world) string {
			w.must(os.Remove(w.metadata("timestamp.json")))
			w.must(syscall.Mkfifo(w.metadata("timestamp.json"), 0o600))
			return w.public
		}, repository.Broken, "is no file"},
		"a device on a stick": {func(w *world) string {
			w.must(os.Remove(w.metadata("timestamp.json")))
			const zero = 1<<8 | 5
			if err := syscall.Mknod(w.metadata("timestamp.json"), syscall.S_IFCHR|0o600, zero); err != nil {
				w.t.Skip("only root makes devices")
			}
			return w.public
		}, repository.Broken, "is no file"},
		"names that lead out of an upload": {func(w *world) string { return w.packed("../../../../tmp/") }, repository.Missing, "lacks the file"},
		"very many files": {func(w *world) string {
			many := make([]*tar.Header, 20_000)
			for i := range many {
				many[i] = &tar.Header{Name: "x", Mode: 0o644}
			}
			return w.packed("", many...)
		}, repository.Broken, "more than"},
		"a file that says to be endless": {func(w *world) string {
			name := filepath.Join(w.t.TempDir(), "upload.tar")
			var all bytes.Buffer
			w.must(tar.NewWriter(&all).WriteHeader(&tar.Header{Name: "metadata/timestamp.json", Mode: 0o644, Size: 1 << 40}))
			w.must(os.WriteFile(name, all.Bytes(), 0o644))
			return name
		}, repository.Broken, "ends too early"},
		"a pipe for an upload": {func(w *world) string {
			name := filepath.Join(w.t.TempDir(), "pipe")
			w.must(syscall.Mkfifo(name, 0o600))
			return name
		}, repository.Broken, "neither a file nor a folder"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			before := tree(t, w.folder)
			_, err := w.from(c.place(w))
			refusedWith(t, err, c.code, c.words)
			if tree(t, w.folder) != before {
				t.Error("something was kept of what was refused")
			}
		})
	}
}

// A stick that is older than what the network has told is no way back.
func TestAnOldStickIsRefused(t *testing.T) {
	w := newWorld(t, 1)
	stick := filepath.Join(t.TempDir(), "stick")
	w.must(os.CopyFS(stick, os.DirFS(w.public)))
	w.release("1.2.0")
	w.reads("1.2.0")
	_, err := w.from(stick)
	refusedWith(t, err, repository.RolledBack, "older")
}

// A file of a folder that others write to, which is now a file and now a pipe, is read or refused; nobody waits for it.
func TestAFileThatBecomesAPipeIsNotWaitedFor(t *testing.T) {
	dir := t.TempDir()
	plain, pipe, next := filepath.Join(dir, "plain"), filepath.Join(dir, "pipe"), filepath.Join(dir, "next")
	try := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	try(os.WriteFile(plain, []byte("text"), 0o600))
	try(syscall.Mkfifo(pipe, 0o600))
	source, err := repository.Open(dir, repository.Web{})
	if err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for range 20_000 {
			if file, err := source.Open(t.Context(), "file", 0, ""); err == nil {
				try(file.Close())
			}
		}
	}()
	for give := time.Now().Add(time.Minute); ; {
		select {
		case <-read:
			try(source.Close())
			return
		default:
			for _, becomes := range []string{pipe, plain} {
				try(os.Link(becomes, next))
				try(os.Rename(next, filepath.Join(dir, "file")))
			}
		}
		if time.Now().After(give) {
			t.Fatal("it waits for a pipe that nobody writes to")
		}
	}
}
