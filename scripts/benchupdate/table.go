package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// row is one line of the table.
type row struct {
	What    string  `json:"what"`
	Value   float64 `json:"value"`
	Unit    string  `json:"unit"`              // bytes, seconds
	Against string  `json:"against,omitempty"` // what the ratio is of
	Ratio   float64 `json:"ratio,omitempty"`
	Goal    float64 `json:"goal,omitempty"` // the ratio is to be at most that
	Where   string  `json:"where"`          // how it was measured
}

// verdict says whether a goal was met.
func (r row) verdict() string {
	switch {
	case r.Goal == 0:
		return ""
	case r.Ratio <= r.Goal:
		return "met"
	default:
		return "missed"
	}
}

func (r row) figure() string {
	switch r.Unit {
	case "bytes":
		if r.Value < 1e6 {
			return fmt.Sprintf("%.1f kB", r.Value/1e3)
		}
		return fmt.Sprintf("%.2f MB", r.Value/1e6)
	default:
		return fmt.Sprintf("%.2f %s", r.Value, r.Unit)
	}
}

// table is the rows as Markdown.
func table(rows []row) string {
	var text strings.Builder
	text.WriteString("| what | figure | ratio | goal | where |\n|---|---|---|---|---|\n")
	for _, r := range rows {
		ratio, goal := "", ""
		if r.Against != "" {
			ratio = fmt.Sprintf("%.1f %% of %s", 100*r.Ratio, r.Against)
		}
		if r.Goal > 0 {
			goal = fmt.Sprintf("at most %.0f %%: %s", 100*r.Goal, r.verdict())
		}
		fmt.Fprintf(&text, "| %s | %s | %s | %s | %s |\n", strings.ReplaceAll(r.What, "|", "/"), r.figure(), ratio, goal, r.Where)
	}
	return text.String()
}

// write prints the table and keeps it. A goal that is missed is an error.
func (p plan) write(rows []row, out io.Writer) error {
	text := table(rows)
	if _, err := io.WriteString(out, text); err != nil {
		return err
	}
	data, err := json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(p.out, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(p.out, "update.md"), []byte(text), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(p.out, "update.json"), append(data, '\n'), 0o644); err != nil {
		return err
	}
	for _, r := range rows {
		if r.verdict() == "missed" {
			return fmt.Errorf("%s: %.1f %% of %s, more than %.0f %%", r.What, 100*r.Ratio, r.Against, 100*r.Goal)
		}
	}
	return nil
}
