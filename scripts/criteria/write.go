package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"calendarbot/scripts/facts"
)

const head = `<!-- Written by "make criteria". What stands here is made of scripts/criteria and of what was measured: change those. -->

# Criteria

Two design records stood at the beginning: the architectural decisions (000) and the implementation roadmap (004). Each target, gate, threshold and success criterion in them
is a row here, with the line of the record. ` + "`make criteria`" + ` takes in what was measured and writes this page; nobody writes whether something is met. What is marked

- **met** or **not met** follows from the figure and the rule in the text, or from tests that have to pass before a change lands;
- **only on a board** is shown by a step of the hardware test on a Zero 2 W; where an emulated board shows something of it, that is said;
- **does not apply** asks for a saving that is larger than all there is, or for something that this program does not have; the reason stands beside it.

The records were written for a program that took hundreds of megabytes. "Off" is this program with everything optional off, or
with the part off that is named; "on" is the same with everything on.
An emulated board has the speed of the emulator, not of the board. The program's other figures are in [ARCHITECTURE.md](ARCHITECTURE.md#figures).
`

// page is the whole of CRITERIA.md.
func page(have []facts.Figure) (string, error) {
	of := map[string]facts.Figure{}
	for _, f := range have {
		of[f.Name] = f
	}
	var text, tables strings.Builder
	counts, byTests := map[verdict]int{}, 0
	for _, r := range records() {
		fmt.Fprintf(&tables, "\n## %s\n", r.title)
		rows := slices.Clone(r.rows)
		slices.SortStableFunc(rows, func(a, b row) int { return a.line - b.line })
		section := ""
		for _, one := range rows {
			j, err := one.judge(of)
			if err != nil {
				return "", fmt.Errorf("%s, %w", r.title, err)
			}
			if now := r.section(one.line); now != section {
				section = now
				fmt.Fprintf(&tables, "\n### %s\n\n| line | what is asked | kind | how it is measured here | figure | measured on | command | |\n|---|---|---|---|---|---|---|---|\n", section)
			}
			if counts[j.verdict]++; j.verdict == met && j.on == "" && j.step == "" {
				byTests++
			}
			fmt.Fprintf(&tables, "| %s |\n", strings.Join(j.cells(), " | "))
		}
	}
	text.WriteString(head)
	text.WriteString("\n| | rows |\n|---|---|\n")
	sum := 0
	for _, v := range []verdict{met, notMet, onlyOnBoard, notOurs} {
		sum += counts[v]
		if v == met {
			fmt.Fprintf(&text, "| met, by a figure | %d |\n| met, by tests | %d |\n", counts[v]-byTests, byTests)
			continue
		}
		fmt.Fprintf(&text, "| %s | %d |\n", v, counts[v])
	}
	fmt.Fprintf(&text, "| all | %d |\n", sum)
	text.WriteString(tables.String())
	text.WriteString(origins(have))
	return text.String(), nil
}

// cells are those of a row of the table. None is empty.
func (j judged) cells() []string {
	how := j.how
	if j.on != "" {
		how += ": " + j.rule.String()
	}
	end := "**" + string(j.verdict) + "**"
	if j.reason != "" {
		end += ": " + j.reason
	}
	return []string{fmt.Sprint(j.line), j.text, string(j.kind), how, j.figure, j.where, j.command, end}
}

// origins says of when and which version the figures are.
func origins(have []facts.Figure) string {
	type origin struct{ command, where, version, day string }
	seen := map[origin]int{}
	for _, f := range have {
		seen[origin{f.Command, f.Where, f.Version, f.Date.UTC().Format(time.DateOnly)}]++
	}
	list := make([]origin, 0, len(seen))
	for s := range seen {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b origin) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	var text strings.Builder
	text.WriteString("\n## Where the figures are from\n\n| command | measured on | version | day | figures |\n|---|---|---|---|---|\n")
	for _, s := range list {
		fmt.Fprintf(&text, "| %s | %s | %s | %s | %d |\n", code(s.command), s.where, s.version, s.day, seen[s])
	}
	return text.String()
}
