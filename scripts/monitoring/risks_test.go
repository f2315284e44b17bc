package monitoring

import (
	"regexp"
	"strings"
	"testing"
)

// risk is a row of agent/doc/risks.md; those without a rule have neither figure nor rule.
type risk struct{ words, figure, rule string }

// risks reads the tables.
func risks(t *testing.T) []risk {
	t.Helper()
	var list []risk
	without := false
	for _, line := range strings.Split(read(t, "../../agent/doc/risks.md"), "\n") {
		if title, ok := strings.CutPrefix(line, "## "); ok {
			without = title == "Without a rule"
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|-") || strings.TrimSpace(cells[0]) == "risk" {
			continue
		}
		want := 4
		if without {
			want = 3
		}
		if len(cells) != want {
			t.Errorf("%q has %d cells, want %d", line, len(cells), want)
			continue
		}
		for i := range cells {
			if cells[i] = strings.Trim(cells[i], " `"); cells[i] == "" {
				t.Errorf("%q has an empty cell", line)
			}
		}
		r := risk{words: cells[0]}
		if !without {
			r.figure, r.rule = cells[2], cells[3]
		}
		list = append(list, r)
	}
	return list
}

// TestRisksAreWatched: each risk's figure is told by the real program and asked for by its rule, no rule is without a risk, and at most one
// risk of twenty has no rule.
func TestRisksAreWatched(t *testing.T) {
	told := series(t)
	seldom(told)
	told["up"] = map[string][]string{} // Prometheus's own
	rules := split(t)
	used, seen, covered := map[string]bool{}, map[string]bool{}, 0
	list := risks(t)
	for _, r := range list {
		if seen[r.words] {
			t.Errorf("%q stands twice", r.words)
		}
		seen[r.words] = true
		if r.rule == "" {
			continue
		}
		covered++
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
	if len(list) < 50 || covered*100 < len(list)*95 {
		t.Errorf("%d of %d risks have a rule; wanted are 95 %% of at least 50", covered, len(list))
	}
	t.Logf("%d of %d risks have a rule (%.1f %%)", covered, len(list), 100*float64(covered)/float64(len(list)))
}
