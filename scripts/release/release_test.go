package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"calendarbot/scripts/spdx"
)

func TestNotesGoByRelease(t *testing.T) {
	const log = "HEAD -> main\x002026-11-22\x00Show the week\n" +
		"\x002026-11-21\x00Mend a \x00 thing\n" +
		"tag: v1.1.0, origin/main\x002026-11-20\x00Show the month\n" +
		"other, tag: v1.0.0\x002026-10-01\x00Show the day\n" +
		"tag: backup\x002026-09-01\x00Begin\n"
	const want = `# What changed

## Not released yet (2026-11-22)

- Show the week
- Mend a ` + "\x00" + ` thing

## 1.1.0 (2026-11-20)

- Show the month

## 1.0.0 (2026-10-01)

- Show the day
- Begin
`
	if got := changes(log); got != want {
		t.Errorf("got %q", got)
	}
	if got := changes(""); got != "# What changed\n" {
		t.Errorf("of nothing: %q", got)
	}
	if _, err := os.Stat("../../.git"); err != nil {
		t.Skip("this tree is not git's")
	}
	file := filepath.Join(t.TempDir(), "new", "notes")
	if err := run(t.Context(), []string{"notes", file}, io.Discard); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(text), "# What changed\n\n## ") {
		t.Errorf("of this repository: %.60q, %v", text, err)
	}
}

// TestLicensesAreThoseOfEveryModule names a few that are always linked, and one that only a script uses.
func TestLicensesAreThoseOfEveryModule(t *testing.T) {
	text, err := licenses(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"github.com/gofiber/fiber/v2 v", "github.com/mattn/go-sqlite3 v", "gopkg.in/yaml.v3 v", "golang.org/x/crypto v",
		"The Go standard library (LICENSE)", "SQLite (", "The GNU C Library (", "Permission is hereby granted", "Lesser General Public License",
	} {
		if !strings.Contains(strings.ToLower(string(text)), strings.ToLower(want)) {
			t.Errorf("there is no %q", want)
		}
	}
	if strings.Contains(string(text), "chromedp") {
		t.Error("what only a script uses is there")
	}
	var parts bytes.Buffer
	if err := addLicenses(&parts, "example.org/none v1", t.TempDir()); err == nil || !strings.Contains(err.Error(), "find the licence of example.org/none v1: there is none") {
		t.Errorf("a module without: %v", err)
	}
}

// TestBillOfMaterialIsThatOfTheProgram takes this test's own.
func TestBillOfMaterialIsThatOfTheProgram(t *testing.T) {
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "sbom.json")
	if err := run(t.Context(), []string{"sbom", "--version", "1.0.0", "--created", "2026-11-22T00:00:00Z", own, file}, io.Discard); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var doc spdx.Document
	if err := json.Unmarshal(text, &doc); err != nil || doc.Version != "SPDX-2.3" || doc.License != "CC0-1.0" || len(doc.Packages) < 2 {
		t.Errorf("%v: %s", err, text)
	}
	if _, err := sbom(t.Context(), "main.go", "1", "now"); err == nil || !strings.HasPrefix(err.Error(), "read what main.go is made of: ") {
		t.Errorf("of a text: %v", err)
	}
}

func TestWordsThatAreWrong(t *testing.T) {
	for _, args := range [][]string{nil, {"nonsense"}, {"notes"}, {"licenses", "a", "b"}, {"sbom"}, {"sbom", "--version", "1", "program", "file"}, {"sbom", "--what"}} {
		if err := run(t.Context(), args, io.Discard); err == nil || !strings.Contains(err.Error(), "Usage:") {
			t.Errorf("%q: %v", args, err)
		}
	}
}

// TestReleaseIsBuiltAsTheMakefileBuilds holds the two places together that say how the program is built.
func TestReleaseIsBuiltAsTheMakefileBuilds(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	release, err := os.ReadFile("../../.goreleaser.yaml")
	if err != nil {
		t.Fatal(err)
	}
	find := func(text []byte, pattern string) string {
		t.Helper()
		found := regexp.MustCompile(`(?m)^\s*` + pattern).FindSubmatch(text)
		if found == nil {
			t.Fatalf("there is no %s", pattern)
		}
		return string(found[1])
	}
	made := find(makefile, `TAGS\s*:= (.*)$`)
	if got := strings.ReplaceAll(find(release, `tags: \[(.*)\]$`), " ", ""); got != made || made != tags {
		t.Errorf("tags: the Makefile has %s, the release %s, its licences %s", made, got, tags)
	}
	linked := strings.Replace(find(makefile, `LDFLAGS\s*:?= (.*)$`), "$(VERSION)", "{{ .Version }}", 1)
	if got := find(release, `ldflags:\n\s*- (.*)$`); got != linked {
		t.Errorf("the Makefile links with %s, the release with %s", linked, got)
	}
	if !strings.Contains(string(release), "flags: [-trimpath") {
		t.Error("the release has paths of the machine in it")
	}
}
