package monitoring

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// risk is a row of agent/doc/risks.md; those without a rule have neither figure nor rule.
type risk struct{ part, words, said, figure, rule string }

// ofRecords tells whether the design records name it; what the threat model names is said with its kind and a colon.
func (r risk) ofRecords() bool { return !strings.Contains(r.said, ": ") }

// sum is the table in front of all parts.
const sum = ""

// risks reads the tables, and the rows of the sum.
func risks(t *testing.T) (list []risk, sums []string) {
	t.Helper()
	part := sum
	for _, line := range strings.Split(read(t, "../../agent/doc/risks.md"), "\n") {
		if title, ok := strings.CutPrefix(line, "## "); ok {
			part = title
		}
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| risk ") || strings.HasPrefix(line, "| | ") {
			continue
		}
		if part == sum {
			sums = append(sums, line)
			continue
		}
		cells := cellsOf(t, line)
		want := 3
		if strings.HasPrefix(part, "Of the ") {
			want = 4
		}
		if len(cells) != want {
			t.Fatalf("%q has %d cells, want %d", line, len(cells), want)
		}
		r := risk{part: part, words: cells[0], said: cells[1]}
		if want == 4 {
			r.figure, r.rule = cells[2], cells[3]
		}
		list = append(list, r)
	}
	return list, sums
}

// cellsOf are the cells of a table's row, none of which is empty.
func cellsOf(t *testing.T, line string) []string {
	t.Helper()
	cells := strings.Split(strings.Trim(line, "|"), "|")
	for i := range cells {
		if cells[i] = strings.Trim(cells[i], " `"); cells[i] == "" {
			t.Errorf("%q has an empty cell", line)
		}
	}
	return cells
}

// TestRisksAreWatched: each risk's figure is told by the real program and asked for by its rule, no rule is without a risk, and at most one
// risk of twenty has no rule, of those that the design records name and of all that nobody has accepted. The sum is right, and counts the
// accepted ones as well.
func TestRisksAreWatched(t *testing.T) {
	told := series(t)
	seldom(told)
	told["up"] = map[string][]string{} // Prometheus's own
	rules := split(t)
	used, seen := map[string]bool{}, map[string]bool{}
	type count struct{ risks, covered int }
	var records, open, all count
	list, sums := risks(t)
	for _, r := range list {
		for _, c := range []struct {
			*count
			counts bool
		}{{&records, r.ofRecords()}, {&open, r.part != "Accepted"}, {&all, true}} {
			if c.counts {
				c.risks++
			}
			if c.counts && r.rule != "" {
				c.covered++
			}
		}
		if seen[r.words] {
			t.Errorf("%q stands twice", r.words)
		}
		seen[r.words] = true
		if r.rule == "" {
			continue
		}
		used[r.rule] = true
		_, there := told[r.figure]
		if _, histogram := told[r.figure+"_bucket"]; !there && !histogram {
			t.Errorf("%q: the program does not tell %s", r.words, r.figure)
		}
		if !regexp.MustCompile(`(?s)expr:.*\b` + r.figure + `(_bucket)?\b.*labels:`).MatchString(rules[r.rule]) {
			t.Errorf("%q: the rule %s is not there, or does not ask for %s", r.words, r.rule, r.figure)
		}
	}
	for name := range rules {
		// Warnings that are the earlier step of a rule have the same risk.
		if !used[name] && rules[strings.TrimSuffix(name, "High")] == "" {
			t.Errorf("no risk is behind the rule %s", name)
		}
	}
	share := func(c count) float64 { return 100 * float64(c.covered) / float64(c.risks) }
	if all.risks < 50 || share(records) < 95 || share(all) < 95 {
		t.Errorf("%+v of the records, %+v that are not accepted, %+v in all; wanted are 95 %% of at least 50", records, open, all)
	}
	var want []string
	for _, c := range []struct {
		words string
		count
	}{{"named by the design records", records}, {"all but those that are accepted", open}, {"all", all}} {
		want = append(want, fmt.Sprintf("| %s | %d | %d | %.1f %% |", c.words, c.risks, c.covered, share(c.count)))
	}
	if !slices.Equal(sums, want) {
		t.Errorf("the sum is\n%s\nwant\n%s", strings.Join(sums, "\n"), strings.Join(want, "\n"))
	}
}

// threats are what agent/doc/security.md names, each as risks.md has to call it: what somebody tries, up to the first comma, colon or
// bracket; keys that are lost or stolen; and what is not protected.
func threats(t *testing.T) []string {
	t.Helper()
	var list []string
	part := ""
	for _, line := range strings.Split(read(t, "../../agent/doc/security.md"), "\n") {
		if strings.HasPrefix(line, "#") {
			part = strings.TrimLeft(line, "# ")
		}
		row := strings.HasPrefix(line, "| ") && !strings.HasPrefix(line, "| attacker |") && !strings.HasPrefix(line, "| key |")
		switch {
		case part == "Who could do what" && row:
			tries := regexp.MustCompile(`^[^,:;(]+`).FindString(strings.Split(line, "|")[2])
			list = append(list, "tries: "+strings.TrimSpace(tries))
		case part == "What the loss of each means" && row:
			list = append(list, "keys: "+cellsOf(t, line)[0])
		case part == "What is not protected" && strings.HasPrefix(line, "- "):
			words := regexp.MustCompile(`^- \*\*(.+?)\.?\*\*`).FindStringSubmatch(line)
			if words == nil {
				t.Errorf("%q does not begin with what it is about", line)
				continue
			}
			list = append(list, "open: "+strings.ReplaceAll(words[1], "`", ""))
		}
	}
	return list
}

// TestThreatsAreNamed: each attack, each key and each thing that is not protected has a row among the risks, and no row names another one.
// What is accepted is said to be not protected.
func TestThreatsAreNamed(t *testing.T) {
	named, list := map[string]bool{}, threats(t)
	if len(list) < 30 {
		t.Fatalf("only %d threats found: %q", len(list), list)
	}
	all, _ := risks(t)
	for _, r := range all {
		if r.ofRecords() {
			continue
		}
		if r.part == "Accepted" && !strings.Contains(r.said, "open: ") {
			t.Errorf("%q is accepted, and security.md does not say that it is not protected", r.words)
		}
		for said := range strings.SplitSeq(r.said, "; ") {
			if named[said] = true; !slices.Contains(list, said) {
				t.Errorf("%q: security.md does not name %q", r.words, said)
			}
		}
	}
	for _, threat := range list {
		if !named[threat] {
			t.Errorf("risks.md does not name %q", threat)
		}
	}
}
