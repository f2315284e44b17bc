package differential

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/calendar"
	"calendarbot/agent/ics"
)

// TestFeeds takes each feed under testdata/feeds from bytes to occurrences. A feed says itself what is
// asked (X-WINDOW, X-DEVICE) and what is expected: X-WANT for every occurrence in order, "START/END
// SUMMARY", with the status behind it when it is not busy, and X-WARN for words of a warning.
func TestFeeds(t *testing.T) {
	files, err := filepath.Glob("testdata/feeds/*.ics")
	if err != nil || len(files) == 0 {
		t.Fatalf("no feeds: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".ics"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			device := location(one(t, text, "X-DEVICE"))
			d, err := decode(string(text), ics.DefaultLimits(), device)
			if err != nil {
				t.Fatal(err)
			}
			from, to, _ := strings.Cut(one(t, text, "X-WINDOW"), "/")
			found, more, err := calendar.Expand(t.Context(), d.events, calendar.Span{Start: instant(t, from), End: instant(t, to)}, device)
			if err != nil {
				t.Fatal(err)
			}
			var got, want []string
			for _, o := range found {
				got = append(got, shown(o))
			}
			for _, line := range property(text, "X-WANT") {
				span, rest, _ := strings.Cut(line, " ")
				from, to, _ := strings.Cut(span, "/")
				if len(from) > len(time.DateOnly) {
					span = instant(t, from).UTC().Format(time.RFC3339) + "/" + instant(t, to).UTC().Format(time.RFC3339)
				}
				want = append(want, span+" "+rest)
			}
			if !slices.Equal(got, want) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
			}
			var warnings strings.Builder
			for _, p := range d.report.Problems {
				warnings.WriteString(p.Text + "\n")
			}
			for _, w := range more {
				warnings.WriteString(w.Text + "\n")
			}
			words := property(text, "X-WARN")
			for _, w := range words {
				if !strings.Contains(warnings.String(), w) {
					t.Errorf("no warning says %q:\n%s", w, warnings.String())
				}
			}
			if len(words) == 0 && warnings.Len() > 0 {
				t.Errorf("warnings:\n%s", warnings.String())
			}
		})
	}
}

// shown writes an occurrence as X-WANT does, in UTC.
func shown(o calendar.Occurrence) string {
	text := o.Start.UTC().Format(time.RFC3339) + "/" + o.End.UTC().Format(time.RFC3339)
	if o.AllDay {
		text = o.FirstDay.UTC().Format(time.DateOnly) + "/" + o.EndDay.UTC().Format(time.DateOnly)
	}
	text += " " + o.Event.Summary
	if o.Event.Status != calendar.Busy {
		text += " " + o.Event.Status.String()
	}
	return text
}

// property returns the values of a property that stands on lines of its own.
func property(text []byte, name string) []string {
	var found []string
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			found = append(found, strings.TrimSuffix(value, "\n"))
		}
	}
	return found
}

func one(t *testing.T, text []byte, name string) string {
	t.Helper()
	values := property(text, name)
	if len(values) != 1 {
		t.Fatalf("%d %s in the feed, want one", len(values), name)
	}
	return values[0]
}

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
