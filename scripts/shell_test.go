// Package scripts has the tests of the scripts: of this folder's own, and of how every script of the
// repository looks.
package scripts

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// shells returns every shell script of the repository, by its ending or its first line.
func shells(t *testing.T) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir("..", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if slices.Contains([]string{".git", "bin", "dist", "build", "node_modules", "testdata"}, entry.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		first, _, _ := bytes.Cut(data, []byte("\n"))
		if filepath.Ext(name) == ".sh" || regexp.MustCompile(`^#!.*\b(ba)?sh$`).Match(first) {
			list = append(list, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(list, "setup") && !slices.Contains(list, filepath.Join("..", "scripts", "setup")) {
		t.Fatalf("scripts/setup is not among %v", list)
	}
	return list
}

func TestScriptsPassTheirCheckers(t *testing.T) {
	for _, checker := range [][]string{{"shellcheck"}, {"shfmt", "-d", "-i", "4", "-ci"}} {
		t.Run(checker[0], func(t *testing.T) {
			out, err := exec.CommandContext(t.Context(), checker[0], append(checker[1:], shells(t)...)...).CombinedOutput()
			if err != nil {
				t.Errorf("%s: %v (scripts/setup test installs it)\n%s", strings.Join(checker, " "), err, out)
			}
		})
	}
}

// TestScriptsHaveTheirParts reads each script for what style asks of it: what it is for and how it is
// called, strictness, everything in functions and main last.
func TestScriptsHaveTheirParts(t *testing.T) {
	for _, name := range shells(t) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range faults(string(data), info.Mode()) {
			t.Errorf("%s: %s", name, fault)
		}
	}
}

// faults names what a script lacks.
func faults(text string, mode fs.FileMode) []string {
	var list []string
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	strict := "set -euo pipefail"
	switch lines[0] {
	case "#!/usr/bin/env bash":
	case "#!/bin/sh":
		strict = "set -eu"
	case "#!/bin/busybox sh": // the first program of the device, which goes on whatever ends with an error
		strict = "set -u"
	default:
		list = append(list, "the first line is neither #!/usr/bin/env bash nor #!/bin/sh")
	}
	var header []string
	for _, line := range lines[1:] {
		if !strings.HasPrefix(line, "#") {
			break
		}
		header = append(header, line)
	}
	if len(header) == 0 || !regexp.MustCompile(`^# [A-Z].*[.:]?$`).MatchString(header[0]) {
		list = append(list, "the second line does not say what it is for")
	}
	// The steps of image/bake tell instead what they need and what they make.
	if !slices.ContainsFunc(header, func(line string) bool {
		return strings.HasPrefix(line, "# Usage: ") || strings.HasPrefix(line, "# Makes: ")
	}) {
		list = append(list, `the header has no "# Usage: " line`)
	}
	if after := lines[min(1+len(header), len(lines)-1)]; after != strict {
		list = append(list, "the header is not followed by "+strict)
	}
	if lines[len(lines)-1] != `main "$@"` {
		list = append(list, `the last line is not main "$@"`)
	}
	for _, line := range lines {
		if strings.Contains(line, "shellcheck disable") && !regexp.MustCompile(`shellcheck disable=SC[0-9]+ # .`).MatchString(line) {
			list = append(list, "an exception from shellcheck without a reason: "+strings.TrimSpace(line))
		}
	}
	if mode.Perm()&0o111 == 0 {
		list = append(list, "it is not executable")
	}
	return list
}

func TestFaults(t *testing.T) {
	const good = "#!/usr/bin/env bash\n# Does a thing.\n# Usage: thing\nset -euo pipefail\n\nmain() {\n    :\n}\n\nmain \"$@\"\n"
	for _, c := range []struct {
		old, new string
		mode     fs.FileMode
		want     string
	}{
		{"", "", 0o755, ""},
		{"", "", 0o644, "it is not executable"},
		{"env bash", "env zsh", 0o755, "the first line is neither #!/usr/bin/env bash nor #!/bin/sh"},
		{"/usr/bin/env bash\n", "/bin/sh\n", 0o755, "the header is not followed by set -eu"},
		{"# Does a thing.\n", "#\n", 0o755, "the second line does not say what it is for"},
		{"# Usage: thing\n", "", 0o755, `the header has no "# Usage: " line`},
		{"set -euo pipefail\n", "set -e\n", 0o755, "the header is not followed by set -euo pipefail"},
		{"\nmain \"$@\"\n", "\nmain\n", 0o755, `the last line is not main "$@"`},
		{"    :\n", "    # shellcheck disable=SC2016\n    :\n", 0o755, "an exception from shellcheck without a reason: # shellcheck disable=SC2016"},
		{"    :\n", "    # shellcheck disable=SC2016 # meant literally\n    :\n", 0o755, ""},
	} {
		got := strings.Join(faults(strings.Replace(good, c.old, c.new, 1), c.mode), "; ")
		if got != c.want {
			t.Errorf("%q for %q: got %q, want %q", c.new, c.old, got, c.want)
		}
	}
}
