package scripts

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/mod/semver"
)

// TestVersion has a repository grow, and looks what each state of it is called, and that a later one is newer.
func TestVersion(t *testing.T) {
	dir := t.TempDir()
	in := func(name string, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir),
			"GIT_AUTHOR_DATE=@1700000000 +0000", "GIT_COMMITTER_DATE=@1700000000 +0000")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	commit := func(text string) {
		t.Helper()
		write("file", text)
		in("git", "add", ".")
		in("git", "-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-q", "-m", "change")
	}
	script, err := os.ReadFile("version")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "scripts"), 0o755); err != nil {
		t.Fatal(err)
	}
	write("scripts/version", string(script))
	var last string
	is := func(want string) {
		t.Helper()
		got := in("scripts/version")
		if !regexp.MustCompile("^" + want + "$").MatchString(got) {
			t.Errorf("it is %s, want %s", got, want)
		}
		if !semver.IsValid("v" + got) {
			t.Errorf("%s is no semantic version", got)
		}
		if last != "" && semver.Compare("v"+got, "v"+last) <= 0 {
			t.Errorf("%s is not newer than %s", got, last)
		}
		last = got
	}

	is(`0\.0\.0-dev`)
	in("git", "init", "-q")
	commit("one")
	is(`0\.0\.1-dev\.1700000000\.g[0-9a-f]{7}`)
	write("more", "")
	is(`0\.0\.1-dev\.1700000000\.g[0-9a-f]{7}\.dirty`)
	if err := os.Remove(filepath.Join(dir, "more")); err != nil {
		t.Fatal(err)
	}
	in("git", "tag", "nightly")
	in("git", "tag", "v1.2.9")
	is(`1\.2\.9`)
	write("file", "other")
	is(`1\.2\.10-dev\.1700000000\.g[0-9a-f]{7}\.dirty`)
	last = ""
	commit("two")
	is(`1\.2\.10-dev\.1700000000\.g[0-9a-f]{7}`)
	in("git", "tag", "v1.3.0-rc.1")
	is(`1\.3\.0-rc\.1`)
	last = ""
	commit("three")
	is(`1\.3\.0-dev\.1700000000\.g[0-9a-f]{7}`)
}

// TestVersionIsASnapshots wants what the Makefile builds to be called as what a snapshot of the same commit is.
func TestVersionIsASnapshots(t *testing.T) {
	text, err := os.ReadFile("../.goreleaser.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const template = `version_template: '{{ incpatch .Version }}-dev.{{ .CommitTimestamp }}.g{{ .ShortCommit }}{{ if .IsGitDirty }}.dirty{{ end }}'`
	if !strings.Contains(string(text), template) {
		t.Errorf("scripts/version follows another template than %s", template)
	}
}
