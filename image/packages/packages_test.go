package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"calendarbot/scripts/debian"
	"calendarbot/scripts/debian/debiantest"
)

func TestListNamesPackages(t *testing.T) {
	l, err := readList("# all\n\nwheel # round\nclock\n only: meta\nonly:alone\n")
	if err != nil || !slices.Equal(l.whole, []string{"clock", "wheel"}) || !slices.Equal(l.lone, []string{"alone", "meta"}) {
		t.Errorf("got %v, %v", l, err)
	}
	same, err := readList("only: alone\nonly: meta\nclock\nwheel\n")
	if err != nil || same.mark() != l.mark() {
		t.Errorf("another mark for the same, %v", err)
	}
	other, err := readList("alone\nmeta\nclock\nwheel\n")
	if err != nil || other.mark() == l.mark() {
		t.Errorf("the same mark for another, %v", err)
	}
	for text, want := range map[string]string{
		"":                     "it is empty",
		"clock\nclock wheel\n": `line 2: "clock wheel" is no name`,
		"clock\nonly: clock\n": "line 2: clock is there twice",
		"only:\n":              `line 1: "" is no name`,
		"--yes\n":              `line 1: "--yes" is no name`,
	} {
		if _, err := readList(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v", text, err)
		}
	}
	text, err := os.ReadFile("../packages.txt")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := readList(string(text)); err != nil {
		t.Error(err)
	}
}

func TestLockIsReadAsItIsWritten(t *testing.T) {
	hash := strings.Repeat("0123456789abcdef", 4)
	l := lock{"mark", []debian.Deb{{Name: "clock", Version: "2:1", SHA256: hash, Architecture: "arm64"}, {Name: "wheel", Version: "2", SHA256: hash, Architecture: "all"}}}
	got, err := readLock(l.String())
	if err != nil || got.mark != l.mark || !slices.Equal(got.debs, l.debs) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, text := range []string{"clock 1 " + hash, "clock 1 hash arm64", "clock 1 " + hash + " arm64\nclock 2 " + hash + " arm64\n"} {
		if _, err := readLock(text); err == nil || !strings.Contains(err.Error(), "read the lock: line ") {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

// bench is an archive, and a task that works with it.
type bench struct {
	task
	archive  *debiantest.Archive
	out, err *bytes.Buffer
}

func newBench(t *testing.T, names string) bench {
	t.Helper()
	dir := t.TempDir()
	b := bench{archive: debiantest.New(t), out: &bytes.Buffer{}, err: &bytes.Buffer{}}
	b.task = task{
		list: filepath.Join(dir, "packages.txt"), lock: filepath.Join(dir, "packages.lock"), into: filepath.Join(dir, "into"),
		tsv: filepath.Join(dir, "out.tsv"), cache: filepath.Join(dir, "cache"), out: b.out, errors: b.err,
		find: func(context.Context) (debian.Archive, []string, error) {
			return b.archive.Source(), []string{"trixie-updates"}, nil
		},
	}
	if err := os.WriteFile(b.list, []byte(names), 0o644); err != nil {
		t.Fatal(err)
	}
	return b
}

// debs are the packages that a task left, which must be whole.
func (b bench) debs(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(b.into, "*.deb"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, name := range found {
		if _, err := debian.ReadControl(t.Context(), name); err != nil {
			t.Error(err)
		}
		names = append(names, strings.TrimSuffix(filepath.Base(name), "_arm64.deb"))
	}
	return strings.Join(names, " ")
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func clocks(version string) []debiantest.Package {
	return []debiantest.Package{
		{Name: "clock", Version: version, Depends: "wheel", Source: "tower (9)", Files: map[string]string{"usr/bin/clock": version}},
		{Name: "wheel", Version: "4", Files: map[string]string{"usr/lib/wheel": "o"}},
		{Name: "meta", Version: version, Depends: "real-" + version + " (= " + version + "), more", Files: map[string]string{"usr/share/doc/meta/readme": "x"}},
		{Name: "real-" + version, Version: version, Depends: "tools", Files: map[string]string{"boot/real": "x"}},
		{Name: "alone", Version: "7", Depends: "tools", Files: map[string]string{"boot/alone": "x"}},
	}
}

const clockList = "clock\nonly: meta\nonly: alone\n"

func TestPackagesAreFetchedOnce(t *testing.T) {
	b := newBench(t, clockList)
	b.archive.Publish(clocks("1")...)
	if err := refresh(t.Context(), b.task); err != nil {
		t.Fatal(err)
	}
	if want := "packages: 5 locked, 5 different from before\n"; !strings.HasSuffix(b.out.String(), want) {
		t.Errorf("said %q", b.out)
	}
	b.strict = true
	if err := fetch(t.Context(), b.task); err != nil {
		t.Fatal(err)
	}
	if got := b.debs(t); got != "alone_7 clock_1 meta_1 real-1_1 wheel_4" {
		t.Errorf("got %s", got)
	}
	table := read(t, b.tsv)
	if lines := strings.Split(table, "\n"); len(lines) != 6 || !strings.HasPrefix(lines[1], "clock\t1\tarm64\ttower (9)\t") || !strings.HasPrefix(lines[4], "wheel\t4\tarm64\twheel\t") {
		t.Errorf("got %q", table)
	}
	if read(t, filepath.Join(b.into, "packages.tsv")) != table || read(t, filepath.Join(b.into, "differences.txt")) != "" {
		t.Error("another table, or differences")
	}
	if said := b.err.String(); !strings.Contains(said, "the mirror does not have trixie-updates") || !strings.Contains(said, "packages: 3 of 3, ") {
		t.Errorf("said %q", said)
	}

	// What is locked and here needs no mirror, and what nobody wants any more goes.
	b.archive.Asked()
	b.find = nil
	if err := os.WriteFile(filepath.Join(b.into, "old_1_arm64.deb"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := fetch(t.Context(), b.task); err != nil {
		t.Fatal(err)
	}
	if asked := b.archive.Asked(); len(asked) != 0 || b.debs(t) != "alone_7 clock_1 meta_1 real-1_1 wheel_4" || read(t, b.tsv) != table {
		t.Errorf("asked for %q, got %s", asked, b.debs(t))
	}
}

func TestBrokenPackageInTheCacheIsFetchedAgain(t *testing.T) {
	b := newBench(t, "clock\n")
	b.archive.Publish(clocks("1")...)
	if err := fetch(t.Context(), b.task); err != nil {
		t.Fatal(err)
	}
	kept, err := filepath.Glob(filepath.Join(b.cache, "debs", "*.deb"))
	if err != nil || len(kept) != 2 {
		t.Fatalf("kept %q, %v", kept, err)
	}
	if err := os.Remove(kept[0]); err != nil { // not written to: it may be linked
		t.Fatal(err)
	}
	if err := os.WriteFile(kept[0], []byte("half"), 0o644); err != nil {
		t.Fatal(err)
	}
	b.archive.Asked()
	if err := fetch(t.Context(), b.task); err != nil {
		t.Fatal(err)
	}
	asked := slices.DeleteFunc(b.archive.Asked(), func(path string) bool { return !strings.HasSuffix(path, ".deb") })
	if len(asked) != 1 || b.debs(t) != "clock_1 wheel_4" {
		t.Errorf("asked for %q, got %s", asked, b.debs(t))
	}
}

func TestLockedVersionIsTakenWhileTheMirrorHasIt(t *testing.T) {
	b := newBench(t, clockList)
	b.archive.Publish(clocks("1")...)
	if err := refresh(t.Context(), b.task); err != nil {
		t.Fatal(err)
	}
	b.archive.Publish(append(clocks("1"), clocks("2")...)...)
	if err := fetch(t.Context(), b.task); err != nil {
		t.Fatal(err)
	}
	if got := b.debs(t); got != "alone_7 clock_1 meta_1 real-1_1 wheel_4" || read(t, filepath.Join(b.into, "differences.txt")) != "" {
		t.Errorf("got %s", got)
	}
}

func TestGoneVersionIsReplacedOrAnError(t *testing.T) {
	b := newBench(t, clockList)
	b.archive.Publish(clocks("1")...)
	if err := refresh(t.Context(), b.task); err != nil {
		t.Fatal(err)
	}
	b.archive.Publish(clocks("2")...)
	const want = "clock: 1 is locked, and the mirror has 2\nmeta: 1 is locked, and the mirror has 2\n" +
		"real-1: 1 is locked, and not needed any more\nreal-2: 2 is not locked\n"
	strict := b.task
	strict.strict = true
	if err := fetch(t.Context(), strict); err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), "\n  ", "\n")+"\n", want) {
		t.Errorf("locked: got %v", err)
	}
	if _, err := os.Stat(b.into); err == nil {
		t.Error("locked: left packages")
	}
	if err := fetch(t.Context(), b.task); err != nil {
		t.Fatal(err)
	}
	if got := read(t, filepath.Join(b.into, "differences.txt")); got != want || b.debs(t) != "alone_7 clock_2 meta_2 real-2_2 wheel_4" {
		t.Errorf("got %s with %q", b.debs(t), got)
	}
	before := read(t, b.lock)
	b.out.Reset()
	if err := refresh(t.Context(), b.task); err != nil {
		t.Fatal(err)
	}
	if said := b.out.String(); said != want+"packages: 5 locked, 4 different from before\n" || read(t, b.lock) == before {
		t.Errorf("said %q", said)
	}
}

func TestOtherContentUnderOneVersionIsAnError(t *testing.T) {
	b := newBench(t, "clock\n")
	b.archive.Publish(clocks("1")...)
	if err := refresh(t.Context(), b.task); err != nil {
		t.Fatal(err)
	}
	changed := clocks("1")
	changed[0].Files = map[string]string{"usr/bin/clock": "another"}
	b.archive.Publish(changed...)
	if err := fetch(t.Context(), b.task); err == nil || !strings.Contains(err.Error(), "clock_1_arm64.deb has the SHA-256") {
		t.Errorf("got %v", err)
	}
}

func TestLockedNeedsALock(t *testing.T) {
	b := newBench(t, "clock\n")
	b.strict = true
	if err := fetch(t.Context(), b.task); err == nil || !strings.Contains(err.Error(), "read the lock") {
		t.Errorf("got %v", err)
	}
}

func TestHelpIsNoProblem(t *testing.T) {
	for _, args := range []string{"--help", "-h", "fetch --help", "lock -h"} {
		var out, problems bytes.Buffer
		if err := run(t.Context(), strings.Fields(args), &out, &problems); err != nil || out.String() != usage || problems.Len() > 0 {
			t.Errorf("%s: printed %q and %q, %v", args, out.String(), problems.String(), err)
		}
	}
}

func TestCommandLine(t *testing.T) {
	for _, args := range []string{"", "fetch", "fetch --list a --lock b", "fetch --list a --lock b --into c d", "fetch --list a --into c --locked", "lock --list a", "lock --list a --lock b --into c", "eat --list a --lock b"} {
		if err := run(t.Context(), strings.Fields(args), &bytes.Buffer{}, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "Usage:") {
			t.Errorf("%q: got %v", args, err)
		}
	}
	if err := run(t.Context(), strings.Fields("fetch --list nowhere --lock b --into c --cache d --tsv e --locked"), &bytes.Buffer{}, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("got %v", err)
	}
}
