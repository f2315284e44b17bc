package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// verdict says whether something held.
type verdict string

const (
	met     verdict = "met"
	missed  verdict = "missed"
	skipped verdict = "skipped"
)

// count is how often something was done.
type count struct {
	Name string `json:"name"`
	Done int64  `json:"done"`
}

// quantity is something that is to be flat.
type quantity struct {
	Name  string `json:"name"`
	Unit  string `json:"unit"`
	trend        // of its samples

	of    func(sample) float64
	scale float64 // of a unit
}

// MarshalJSON gives the trend beside the names.
func (q quantity) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Name string `json:"name"`
		Unit string `json:"unit"`
		trend
	}{q.Name, q.Unit, q.trend})
}

// result is a whole run.
type result struct {
	Began        time.Time  `json:"began"`
	Version      string     `json:"version"` // of the agent
	Took         float64    `json:"took_seconds"`
	WarmUp       float64    `json:"warm_up_seconds"`
	Quantities   []quantity `json:"quantities"`
	Good         int        `json:"answers"`
	Limited      int        `json:"limited"`
	Bad          int        `json:"bad"`
	Faults       []string   `json:"faults,omitempty"`
	Slowest      float64    `json:"slowest_seconds"`
	Stopped      float64    `json:"stop_seconds"`
	Ended        string     `json:"ended,omitempty"` // why the agent did not end as it should
	Disturbances []count    `json:"disturbances"`
	Samples      []sample   `json:"samples"`

	tally tally
	log   string // the end of the agent's
}

// judge fits the lines and sums up the answers.
func (r *result) judge(p plan) {
	r.WarmUp = p.warmUp().Seconds()
	const mib = 1 << 20
	for _, q := range []struct {
		quantity
		bound float64
	}{
		{quantity{Name: "resident memory", Unit: "MiB", scale: mib, of: func(s sample) float64 { return s.Resident }}, p.bounds.memory},
		{quantity{Name: "its own memory", Unit: "MiB", scale: mib, of: func(s sample) float64 { return s.Anonymous }}, p.bounds.memory},
		{quantity{Name: "goroutines", scale: 1, of: func(s sample) float64 { return s.Goroutines }}, p.bounds.goroutines},
		{quantity{Name: "open files", scale: 1, of: func(s sample) float64 { return s.Files }}, p.bounds.files},
	} {
		q.trend = judge(r.series(q.quantity), r.WarmUp, q.bound/q.scale)
		r.Quantities = append(r.Quantities, q.quantity)
	}
	r.Good, r.Limited, r.Bad = r.tally.all()
	r.Faults, r.Slowest = r.tally.Faults, r.tally.Slowest.Seconds()
}

func (r *result) series(q quantity) []point {
	points := make([]point, len(r.Samples))
	for i, s := range r.Samples {
		points[i] = point{s.At, q.of(s) / q.scale}
	}
	return points
}

// held tells whether nothing was missed.
func (r *result) held() bool {
	for _, q := range r.Quantities {
		if q.Verdict == missed {
			return false
		}
	}
	return r.Bad == 0 && r.Good > 0 && r.Ended == ""
}

func verdictOf(good bool) verdict {
	if good {
		return met
	}
	return missed
}

// table is the result for people.
func (r *result) table() string {
	var b strings.Builder
	b.WriteString("| what | mean | highest | noise | rise | allowed | |\n|---|---|---|---|---|---|---|\n")
	for _, q := range r.Quantities {
		cell := func(v float64) string { return strings.TrimSpace(fmt.Sprintf("%.2f %s", v, q.Unit)) }
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", q.Name, cell(q.Mean), cell(q.Highest), cell(q.Noise), cell(q.Rise), cell(q.Allowed), q.Verdict)
	}
	fmt.Fprintf(&b, "\n| what | figure | |\n|---|---|---|\n| answers | %d, the slowest in %.2f s | |\n| asked to come later (429) | %d | |\n| wrong or no answer | %d | %s |\n",
		r.Good, r.Slowest, r.Limited, r.Bad, verdictOf(r.Bad == 0 && r.Good > 0))
	end := fmt.Sprintf("%.2f s", r.Stopped)
	if r.Ended != "" {
		end, _, _ = strings.Cut(r.Ended, "\n")
	}
	fmt.Fprintf(&b, "| the end, when asked to | %s | %s |\n", end, verdictOf(r.Ended == ""))
	var done []string
	for _, d := range r.Disturbances {
		done = append(done, fmt.Sprintf("%s %d", d.Name, d.Done))
	}
	fmt.Fprintf(&b, "| disturbances | %s | |\n", strings.Join(done, ", "))
	fmt.Fprintf(&b, "\n%s in %.0f s, of them %.0f s of warm-up, %d samples.\n", r.Began.Format(time.DateOnly), r.Took, r.WarmUp, len(r.Samples))
	for _, f := range r.Faults {
		fmt.Fprintf(&b, "\n    %s", f)
	}
	if len(r.Faults) > 0 {
		b.WriteString("\n")
	}
	return b.String()
}

// save writes the table, what programs read, the plot, and the end of the agent's log.
func (r *result) save(dest string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{"soak.md": []byte(r.table()), "soak.json": append(text, '\n'), "soak.svg": r.plot(), "agent.log": []byte(r.log)} {
		if err := os.WriteFile(filepath.Join(dest, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
