// Package facts keeps what was measured, so that it can be told later with where and when that was. What measures writes a file of them
// into dist/figures, and scripts/criteria takes them from there.
package facts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"calendarbot/agent/durable"
)

// Folder is where what measures leaves its files, from the top of the repository.
const Folder = "dist/figures"

// Where something was measured.
const (
	Computer      = "a computer"
	EmulatedBoard = "an emulated board"
	Board         = "a board"
)

// Figure is one that was measured.
type Figure struct {
	Name    string    `json:"name"` // with what measured it in front: "bench/memory/..."
	Value   float64   `json:"value"`
	Unit    string    `json:"unit,omitempty"` // "" for what is counted
	Command string    `json:"command"`        // that measures it again
	Where   string    `json:"where"`
	Version string    `json:"version"` // of what was measured
	Date    time.Time `json:"date"`
}

// Read returns the figures of a file, sorted by name; none of one that is not there.
func Read(file string) ([]Figure, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []Figure
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	for _, f := range list {
		if f.Name == "" || f.Command == "" || f.Where == "" || f.Version == "" || f.Date.IsZero() {
			return nil, fmt.Errorf("read %s: %q does not say what it is, or of which command, place, version and date", file, f.Name)
		}
	}
	return list, nil
}

// Merge returns both, by name; of two with the same name the newer one, but never one of an emulated board in the place of one of a board.
func Merge(old, more []Figure) []Figure {
	of := map[string]Figure{}
	for _, f := range slices.Concat(old, more) {
		was, there := of[f.Name]
		better := !f.Date.Before(was.Date)
		if f.Where != was.Where && (f.Where == Board || was.Where == Board) {
			better = f.Where == Board
		}
		if !there || better {
			of[f.Name] = f
		}
	}
	list := make([]Figure, 0, len(of))
	for _, f := range of {
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b Figure) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Write puts figures into a file in the place of those that it had, and makes its folder.
func Write(file string, list []Figure) error {
	text, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return durable.Write(file, append(text, '\n'), 0o644)
}

// Keep adds figures to those of a file.
func Keep(file string, more ...Figure) error {
	old, err := Read(file)
	if err != nil {
		return err
	}
	return Write(file, Merge(old, more))
}

// VersionOf asks the agent's binary for its version.
func VersionOf(ctx context.Context, binary string) (string, error) {
	out, err := exec.CommandContext(ctx, binary, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("ask %s for its version: %w", binary, err)
	}
	words := strings.Fields(string(out))
	if len(words) < 2 || words[0] != "calendarbot" {
		return "", fmt.Errorf("ask %s for its version: it says %q", binary, out)
	}
	return words[1], nil
}
