package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"calendarbot/agent/slot"
	"calendarbot/agent/update"
)

// show prints the state. What went wrong just now is said elsewhere, and not once more here.
func (u *updater) show(out io.Writer, wrong error) error {
	s, err := update.ReadStatus(u.root)
	runs := u.running()
	fresh := maps.Equal(s.Running, runs)
	s.Running = runs
	tried, unread := u.tried()
	if u.wish.json {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return errors.Join(err, unread, encoder.Encode(stateJSON{s, tried.slots}))
	}
	if wrong != nil && strings.Contains(wrong.Error(), s.Problem) {
		s.Problem = ""
	}
	_, unsaid := io.WriteString(out, stateText(s, tried, fresh, u.now()))
	return errors.Join(err, unread, unsaid)
}

// stateJSON is the state for programs.
type stateJSON struct {
	update.Status
	Slots map[slot.Kind]slot.State `json:"slots"` // what is on trial, and how the last trial ended
}

// stateText is the state for people. What was found is fresh while what ran then still does.
func stateText(s update.Status, t tried, fresh bool, now time.Time) string {
	var b strings.Builder
	for _, kind := range []slot.Kind{slot.Agent, slot.System} {
		if runs := s.Running[kind]; runs != "" {
			fmt.Fprintf(&b, "%-10s %s\n", string(kind)+":", runs)
		}
	}
	checked := "never"
	if !s.Checked.IsZero() {
		checked = s.Checked.In(now.Location()).Format("Mon 2 Jan 2006 15:04")
		if s.From != "" {
			checked += ", " + s.From
		}
	}
	fmt.Fprintf(&b, "%-10s %s\n", "checked:", checked)
	if p := s.Progress; p != nil {
		fmt.Fprintf(&b, "%-10s %s %s", "now:", p.Step, p.Version)
		if p.Total > 0 {
			fmt.Fprintf(&b, " %d %%", p.Done*100/p.Total)
		}
		b.WriteByte('\n')
	}
	if len(t.trials) > 0 {
		s.Waiting = "" // for that
	}
	for _, text := range slices.Concat(t.trials, t.back, []string{s.Problem, s.Notice, s.Waiting}) {
		if text != "" {
			fmt.Fprintf(&b, "%s\n", plain(text))
		}
	}
	switch {
	case len(s.Available) > 0 || s.Code != "" || s.Checked.IsZero() || len(t.trials) > 0:
	case !fresh:
		b.WriteString("Other versions ran when that was looked for; \"calendarbot update check\" looks anew.\n")
	default:
		b.WriteString("There is nothing newer.\n")
	}
	for _, r := range s.Available {
		bytes, how := r.Size, "whole"
		if r.Patch > 0 {
			bytes, how = r.Patch, "as a patch"
		}
		fmt.Fprintf(&b, "\n%s, %.1f MB %s\n", update.Thing(r.Kind, r.Version), float64(bytes)/1e6, how)
		for line := range strings.Lines(r.Notes) {
			fmt.Fprintf(&b, "  %s\n", strings.TrimRight(plain(line), " "))
		}
		if r.WhyNot != "" {
			fmt.Fprintf(&b, "  (%s)\n", r.WhyNot)
		}
	}
	return b.String()
}

// plain takes out of a line what could steer a terminal.
func plain(line string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, line)
}
