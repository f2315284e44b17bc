package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"calendarbot/scripts/facts"
)

// row is one line of the table.
type row struct {
	Part    string  `json:"part"`
	What    string  `json:"what"`
	Figure  string  `json:"figure"`
	Against string  `json:"against,omitempty"`
	Ratio   float64 `json:"ratio,omitempty"` // of the figure to what it is held against
	Goal    string  `json:"goal,omitempty"`
	Verdict verdict `json:"verdict,omitempty"`
}

// verdict says whether a goal was met.
type verdict string

const (
	met     verdict = "met"
	missed  verdict = "missed"
	skipped verdict = "skipped"
)

// goal returns the row with its goal and whether the value meets it.
func (r row) goal(text string, value float64, holds func(value, bound float64) bool, bound float64) row {
	r.Goal, r.Verdict = text, missed
	if holds(value, bound) {
		r.Verdict = met
	}
	return r
}

func atLeast(value, bound float64) bool { return value >= bound }
func atMost(value, bound float64) bool  { return value <= bound }

// result is a whole run.
type result struct {
	Began   time.Time `json:"began"`
	Version string    `json:"version"`        // of the agent
	Only    string    `json:"only,omitempty"` // the parts that were asked for; "": all
	Took    float64   `json:"took_seconds"`
	Rows    []row     `json:"rows"`
	Bars    []bar     `json:"bars,omitempty"`
}

// measure runs the parts that are asked for, all when none is named. A part that fails is a row, so that
// the others' figures are not lost.
func (p plan) measure(ctx context.Context, only string) (*result, error) {
	for name := range strings.SplitSeq(only, ",") {
		if name != "" && !slices.ContainsFunc(parts(), func(p part) bool { return p.name == name }) {
			return nil, fmt.Errorf("no part %q; there are %s", name, partNames())
		}
	}
	version, err := facts.VersionOf(ctx, p.agent)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	rows := make([][]row, len(parts()))
	var patient sync.WaitGroup
	measure := func(i int, part part) {
		say("%s", part.name)
		sub, err := p.sub(part.name)
		if err == nil {
			rows[i], err = part.measure(ctx, sub)
		}
		if err != nil {
			rows[i] = append(rows[i], row{What: "not measured to the end", Figure: err.Error(), Verdict: missed})
		}
		for j := range rows[i] {
			rows[i][j].Part = part.name
		}
		say("%s: done", part.name)
	}
	wanted := func(part part) bool { return only == "" || slices.Contains(strings.Split(only, ","), part.name) }
	for i, part := range parts() {
		if wanted(part) && part.patient {
			patient.Go(func() { measure(i, part) })
		}
	}
	for i, part := range parts() {
		if !wanted(part) || part.patient {
			continue
		}
		if part.name != "refresh" {
			patient.Wait() // nothing runs beside a load
		}
		measure(i, part)
	}
	patient.Wait()
	r := &result{Began: began.UTC().Truncate(time.Second), Version: version, Only: only, Took: time.Since(began).Round(time.Second).Seconds(), Rows: slices.Concat(rows...)}
	r.Bars = barsOf(r.Rows)
	return r, ctx.Err()
}

// save writes the table, what programs read, and the plot.
func (r *result) save(dest string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{"bench.md": []byte(r.table()), "bench.json": append(text, '\n'), "bench.svg": plot(r.Bars)} {
		if err := os.WriteFile(filepath.Join(dest, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (r *result) table() string {
	var b strings.Builder
	b.WriteString("| part | what | figure | against | ratio | goal | |\n|---|---|---|---|---|---|---|\n")
	counts := map[verdict]int{}
	for _, row := range r.Rows {
		ratio := ""
		if row.Ratio != 0 {
			ratio = fmt.Sprintf("%.3g", row.Ratio)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", row.Part, row.What, strings.ReplaceAll(row.Figure, "\n", " "), row.Against, ratio, row.Goal, row.Verdict)
		counts[row.Verdict]++
	}
	fmt.Fprintf(&b, "\n%d goals met, %d missed, %d skipped. Measured %s in %.0f s.\n", counts[met], counts[missed], counts[skipped], r.Began.Format(time.DateOnly), r.Took)
	return b.String()
}
