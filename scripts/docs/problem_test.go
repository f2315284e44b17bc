package docs

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"calendarbot/agent/health"
)

// TestEveryProblemIsInTheRunbook compares the tables of operating.md with the kinds of agent/health: each is there once, with its title, code
// and severity, and with words for what it means, what the device does, and what a person does.
func TestEveryProblemIsInTheRunbook(t *testing.T) {
	rows := map[health.Code][]string{}
	row := regexp.MustCompile("^\\| (.+) `([a-z_]+)` \\| (critical|warning|notice) \\|")
	for _, line := range strings.Split(read(t, "agent/doc/operating.md"), "\n") {
		found := row.FindStringSubmatch(line)
		if found == nil {
			continue
		}
		code := health.Code(found[2])
		if rows[code] != nil {
			t.Errorf("%s stands twice", code)
		}
		rows[code] = strings.Split(strings.Trim(line, "|"), "|")
	}
	for _, kind := range health.Kinds() {
		cells := rows[kind.Code]
		delete(rows, kind.Code)
		switch {
		case cells == nil:
			t.Errorf("operating.md does not tell of %s: %q", kind.Code, kind.Title)
			continue
		case len(cells) != 5:
			t.Errorf("%s has %d cells, want 5", kind.Code, len(cells))
			continue
		}
		if want := " " + kind.Title + " `" + string(kind.Code) + "` "; cells[0] != want {
			t.Errorf("%s is called %q, want %q", kind.Code, cells[0], want)
		}
		if got := health.Severity(strings.TrimSpace(cells[1])); got != kind.Severity {
			t.Errorf("%s is %q in operating.md, and %q on the page", kind.Code, got, kind.Severity)
		}
		if slices.ContainsFunc(cells, func(cell string) bool { return len(strings.TrimSpace(cell)) < 6 }) {
			t.Errorf("%s has a cell that says nothing: %q", kind.Code, cells)
		}
	}
	for code := range rows {
		t.Errorf("operating.md tells of %s, which nobody can tell of", code)
	}
}

// TestTestsThatAreNamedAreThere looks up pieces of code that name a test, as "agent/web.TestHeaders".
func TestTestsThatAreNamedAreThere(t *testing.T) {
	named := regexp.MustCompile(`^[a-z]+(/[a-z]+)*\.(Test|Fuzz)[A-Z]\w+$`)
	count := 0
	for _, d := range documents(t) {
		_, prose := d.parts()
		list, _ := spans(prose)
		for _, span := range list {
			if !named.MatchString(span) {
				continue
			}
			count++
			if err := there(span); err != nil {
				t.Errorf("%s: %v", d.name, err)
			}
		}
	}
	if count < 20 {
		t.Errorf("only %d tests are named", count)
	}
}
