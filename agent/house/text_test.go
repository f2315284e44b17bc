package house

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The most lines that a file has; tests may be longer, as tables are.
const (
	maxLines     = 400
	maxTestLines = 600
)

func TestFilesAreShort(t *testing.T) {
	tree := repository(t)
	for _, s := range tree.sources {
		most := maxLines
		if s.test() {
			most = maxTestLines
		}
		if s.lines > most && !s.generated {
			t.Errorf("%s has %d lines; allowed are %d. Split it by noun", s.path, s.lines, most)
		}
	}
	for name, data := range tree.files {
		if lines := strings.Count(string(data), "\n"); slices.Contains([]string{".sh", ".py", ".js", ".css", ".html"}, path.Ext(name)) && lines > maxLines {
			t.Errorf("%s has %d lines; allowed are %d", name, lines, maxLines)
		}
	}
}

// TestTextIsFinished looks for notes to oneself and for paths of somebody's machine.
func TestTextIsFinished(t *testing.T) {
	notes := regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|X` + `XX|HA` + `CK)\b`)
	paths := regexp.MustCompile("(^|[\\s\"'`(=:])/(work" + "|root)/")
	for name, data := range repository(t).files {
		if name == "go.sum" {
			continue
		}
		for i, line := range strings.Split(string(data), "\n") {
			if found := notes.FindString(line); found != "" {
				t.Errorf("%s:%d: %s: finish it, or leave it out", name, i+1, found)
			}
			if found := paths.FindString(line); found != "" {
				t.Errorf("%s:%d: %q is of one machine", name, i+1, found)
			}
		}
	}
}

func TestTextEndsInOneNewline(t *testing.T) {
	for name, data := range repository(t).files {
		text := string(data)
		if text != "" && (!strings.HasSuffix(text, "\n") || strings.HasSuffix(text, "\n\n")) {
			t.Errorf("%s does not end in one newline", name)
		}
		if strings.Contains(text, "\r") {
			t.Errorf("%s has carriage returns", name)
		}
	}
}
