package docs

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// allTargets are those of the Makefile that people may ask for.
func allTargets(t *testing.T) []string {
	t.Helper()
	var list []string
	for _, found := range regexp.MustCompile(`(?m)^\.PHONY: ([a-z0-9-]+)$`).FindAllStringSubmatch(read(t, "Makefile"), -1) {
		list = append(list, found[1])
	}
	if len(list) < 20 {
		t.Fatalf("only %d targets found", len(list))
	}
	return list
}

// TestMakeListsItsTargets: "make help" has a line for each.
func TestMakeListsItsTargets(t *testing.T) {
	text := output(t, "make", "--no-print-directory", "-C", top, "help", "VERSION=0.0.0")
	for _, target := range allTargets(t) {
		if !regexp.MustCompile(`(?m)^ +` + target + ` +[a-z]`).MatchString(text) {
			t.Errorf("make help does not explain %s", target)
		}
	}
}

// TestMakeSaysWhatItWouldDo reads each target without running it; the scripts and programs that it would run are there.
func TestMakeSaysWhatItWouldDo(t *testing.T) {
	for _, target := range allTargets(t) {
		if target == "clean" {
			continue
		}
		text := output(t, "make", "--dry-run", "--no-print-directory", "-C", top, target, "VERSION=0.0.0")
		if strings.TrimSpace(text) == "" || strings.Contains(text, "make: ***") {
			t.Errorf("make %s would do nothing, or fails:\n%s", target, text)
		}
		for _, path := range regexp.MustCompile(`(?:^|[\s'])\.?/?((?:scripts|image|agent)/[\w/-]+)`).FindAllStringSubmatch(text, -1) {
			if found, err := filepath.Glob(filepath.Join(top, path[1]) + "*"); err != nil || len(found) == 0 {
				t.Errorf("make %s asks for %s, which is not there", target, path[1])
			}
		}
	}
}
