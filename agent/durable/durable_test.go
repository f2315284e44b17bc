package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// text is what a file says.
func text(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// names are what lies in a folder.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func try(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestWriteReplaces(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "file")
	for _, c := range []struct {
		text string
		mode fs.FileMode
	}{{"first", 0o644}, {"", 0o600}, {strings.Repeat("long ", 10_000), 0o755}, {"last", 0o4755 & fs.ModePerm}} {
		try(t, os.WriteFile(name+beside, []byte("left by a crash"), 0o400))
		try(t, Write(name, []byte(c.text), c.mode))
		info, err := os.Stat(name)
		try(t, err)
		if got := text(t, name); got != c.text || info.Mode() != c.mode {
			t.Errorf("%.20q with %v, want %.20q with %v", got, info.Mode(), c.text, c.mode)
		}
	}
	if got := names(t, dir); !slices.Equal(got, []string{"file"}) {
		t.Errorf("left in the folder: %q", got)
	}
}

func TestPermissionsDoNotDependOnTheUmask(t *testing.T) {
	dir := t.TempDir()
	old := syscall.Umask(0o077)
	defer syscall.Umask(old)
	try(t, MakeFolder(filepath.Join(dir, "a", "b"), 0o755))
	try(t, Write(filepath.Join(dir, "a", "b", "file"), nil, 0o644))
	try(t, Write(filepath.Join(dir, "a", "b", "own"), nil, 0))
	for name, want := range map[string]fs.FileMode{"a": 0o755, "a/b": 0o755, "a/b/file": 0o644, "a/b/own": 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		try(t, err)
		if info.Mode().Perm() != want {
			t.Errorf("%s: %v, want %v", name, info.Mode().Perm(), want)
		}
	}
}

func TestNothingIsSeenBeforeCommit(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "file")
	try(t, Write(name, []byte("old"), 0o644))
	for _, end := range []string{"abandon", "commit"} {
		f, err := Create(name, 0o644)
		try(t, err)
		for _, part := range []string{"ne", "w"} {
			if n, err := f.Write([]byte(part)); n != len(part) || err != nil {
				t.Fatal(n, err)
			}
		}
		try(t, f.Chown(-1, -1))
		if got := text(t, name); got != "old" {
			t.Errorf("before the end: %q", got)
		}
		want := "old"
		if end == "commit" {
			want = "new"
			try(t, f.Commit())
		} else {
			try(t, f.Abandon())
		}
		if got := text(t, name); got != want {
			t.Errorf("%s: %q", end, got)
		}
		if got := names(t, dir); len(got) != 1 {
			t.Errorf("%s left %q", end, got)
		}
	}
}

func TestRenameRemoveLinkAndFolders(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	try(t, MakeFolder(at("x/y/z"), 0o755))
	try(t, MakeFolder(at("x/y/z"), 0o700)) // is left as it is
	try(t, Write(at("one"), []byte("1"), 0o644))
	try(t, Write(at("x/two"), []byte("2"), 0o644))
	try(t, Rename(at("one"), at("three")))
	try(t, Rename(at("three"), at("x/two")))
	if got := text(t, at("x/two")); got != "1" {
		t.Errorf("renamed over: %q", got)
	}
	for _, target := range []string{"x/two", "x/y"} {
		try(t, os.Symlink("left by a crash", at("link")+beside))
		try(t, Link(target, at("link")))
		if got, err := os.Readlink(at("link")); got != target || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
	for range 2 {
		try(t, Remove(at("link")))
		try(t, Remove(at("x/y/z")))
	}
	if got := names(t, dir); !slices.Equal(got, []string{"x"}) {
		t.Errorf("left: %q", got)
	}
}

// TestRefusalsChangeNothing: what stands in the way is named, and nothing is left behind.
func TestRefusalsChangeNothing(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	try(t, Write(at("file"), []byte("old"), 0o644))
	try(t, MakeFolder(at("full/inner"), 0o755))
	try(t, MakeFolder(at("held"+beside+"/inner"), 0o755))
	try(t, os.Symlink("gone/away", at("nowhere")))
	before := names(t, dir)
	for name, err := range map[string]error{
		"write over a folder":          Write(at("full"), []byte("x"), 0o644),
		"write under a file":           Write(at("file/x"), []byte("x"), 0o644),
		"write into no folder":         Write(at("none/x"), []byte("x"), 0o644),
		"write with the way blocked":   Write(at("held"), []byte("x"), 0o644),
		"link over a folder":           Link("x", at("full")),
		"link with the way blocked":    Link("x", at("held")),
		"link into no folder":          Link("x", at("none/x")),
		"rename of nothing":            Rename(at("none"), at("file")),
		"rename over a full folder":    Rename(at("file"), at("full")),
		"remove of a full folder":      Remove(at("full")),
		"a folder where a file is":     MakeFolder(at("file"), 0o755),
		"a folder under a file":        MakeFolder(at("file/x"), 0o755),
		"a folder behind a dead link":  MakeFolder(at("nowhere"), 0o755),
		"sync of a folder that is not": Sync(at("none")),
	} {
		if err == nil || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := names(t, dir); !slices.Equal(got, before) || text(t, at("file")) != "old" {
		t.Errorf("left: %q", got)
	}
}

func TestClosedFilesAreErrors(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "file")
	f, err := Create(name, 0o644)
	try(t, err)
	try(t, f.file.Close())
	if _, err := f.Write([]byte("x")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("write: %v", err)
	}
	if err := f.Commit(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("commit: %v", err)
	}
	if got := names(t, dir); len(got) != 0 {
		t.Errorf("left: %q", got)
	}
}

// TestFullDisksAreErrors writes to the device that is always full.
func TestFullDisksAreErrors(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	f := &File{file: full, name: filepath.Join(t.TempDir(), "file")}
	if _, err := f.Write([]byte("x")); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%v", err)
	}
	if err := f.Abandon(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

// TestRemoveAll takes away whatever stands there, and a link without what it leads to.
func TestRemoveAll(t *testing.T) {
	top := t.TempDir()
	name, kept := filepath.Join(top, "name"), filepath.Join(top, "kept", "file")
	if err := errors.Join(os.Mkdir(filepath.Dir(kept), 0o755), os.WriteFile(kept, nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	for what, lay := range map[string]func() error{
		"nothing":  func() error { return nil },
		"a file":   func() error { return os.WriteFile(name, nil, 0o644) },
		"a link":   func() error { return os.Symlink(filepath.Dir(kept), name) },
		"a pipe":   func() error { return syscall.Mkfifo(name, 0o600) },
		"a folder": func() error { return os.MkdirAll(filepath.Join(name, "a", "b"), 0o755) },
		"with a link": func() error {
			return errors.Join(os.Mkdir(name, 0o755), os.Symlink(filepath.Dir(kept), filepath.Join(name, "out")))
		},
	} {
		if err := errors.Join(lay(), RemoveAll(name)); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there: %v", what, err)
		}
		if _, err := os.Stat(kept); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := RemoveAll(filepath.Join(kept, "name")); err == nil {
		t.Error("below a file")
	}
}

// TestPipesAreRefused, and nobody waits for who would write to one.
func TestPipesAreRefused(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Sync(pipe); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("%v", err)
	}
}

// TestFilesAreSynced: a database that was copied is a file.
func TestFilesAreSynced(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Sync(name); err != nil {
		t.Error(err)
	}
}

func TestReadTakesRegularFilesOfALength(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"short": "abc", "whole": "abcd", "long": "abcde"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600), os.Symlink("short", filepath.Join(dir, "link"))); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"short": "abc", "whole": "abcd", "long": "abcd", "pipe": "", "link": "", ".": "", "gone": ""} {
		got, err := Read(filepath.Join(dir, name), 4)
		if string(got) != want || errors.Is(err, ErrTooLong) != (name == "long") || (err == nil) != (name == "short" || name == "whole") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if err != nil && !strings.Contains(err.Error(), filepath.Join(dir, name)) {
			t.Errorf("%s is not named: %v", name, err)
		}
	}
}
