package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"calendarbot/agent/config"
	"calendarbot/agent/overlay"
)

// lines gathers lines for people.
type lines struct{ strings.Builder }

func (l *lines) add(format string, args ...any) { fmt.Fprintf(&l.Builder, format+"\n", args...) }

// printTo writes them.
func (l *lines) printTo(w io.Writer) error {
	_, err := io.WriteString(w, l.String())
	return err
}

// orNone is a value for people.
func orNone(text string) string {
	if text == "" {
		return "nothing"
	}
	return text
}

func printDone(w io.Writer, done overlay.Done) error {
	var l lines
	l.add("%s", done.Words)
	l.conflicts(done.Conflicts)
	switch {
	case done.Slot != "":
		l.add("What would change: calendarbot slots config diff. To try it: calendarbot slots config try")
	case done.Restart:
		l.add("The device is to be restarted for that.")
	}
	return l.printTo(w)
}

func (l *lines) conflicts(list []config.Conflict) {
	for _, c := range list {
		l.add("  %s: yours holds (%s); it came with: %s", c.Key, orNone(c.Mine), orNone(c.Other))
	}
}

func printConfigSlots(w io.Writer, shown overlay.Shown) error {
	var l lines
	l.add("In use: slot %s", orNone(string(shown.Running)))
	if shown.Next != shown.Running {
		l.add("At the next start: slot %s", shown.Next)
	}
	if shown.Former != "" {
		l.add("To go back to: slot %s", shown.Former)
	}
	if t := shown.Trial; t != nil {
		l.add("On trial: slot %s (%s) since %s, %d starts left", t.Slot, orNone(t.Version), t.Began.Format(time.RFC3339), t.Tries)
	}
	if o := shown.Last; o != nil {
		became := "was kept"
		if !o.Kept {
			became = "was left: " + orNone(o.Why)
		}
		l.add("Last: slot %s (%s) %s (%s)", o.Slot, orNone(o.Version), became, o.At.Format(time.RFC3339))
	}
	for _, d := range shown.Denied {
		l.add("Not tried again: %s, %s", d.Version, d.Why)
	}
	if shown.Wrong != "" {
		l.add("Wrong: %s", shown.Wrong)
	}
	for _, s := range shown.Slots {
		l.add("")
		l.slot(s)
	}
	return l.printTo(w)
}

// slot tells of one slot.
func (l *lines) slot(s overlay.ShownSlot) {
	title := "Slot " + string(s.Name)
	if s.Staged != nil {
		title += fmt.Sprintf(": %s, staged %s", s.Version, s.Staged.Format(time.RFC3339))
	}
	l.add("%s", title)
	if len(s.Changes)+len(s.Files) == 0 {
		l.add("  as it came")
	}
	l.settings(s.Changes)
	for _, name := range s.Files {
		l.add("  %s", name)
	}
	if len(s.Conflicts) > 0 {
		l.add("  A newer system came with something else for what you changed:")
		l.conflicts(s.Conflicts)
	}
	if s.Wrong != "" {
		l.add("  Wrong: %s", s.Wrong)
	}
}

// settings tells of settings that differ.
func (l *lines) settings(list []config.Difference) {
	table := tabwriter.NewWriter(&l.Builder, 0, 0, 2, ' ', 0)
	for _, d := range list {
		fmt.Fprintf(table, "  %s\t%s -> %s\n", d.Key, orNone(d.From), orNone(d.To))
	}
	// A strings.Builder takes everything.
	table.Flush() //nolint:errcheck
}

func printDifferences(w io.Writer, d overlay.Differences) error {
	var l lines
	if len(d.Settings)+len(d.Files) == 0 {
		l.add("The slots %s and %s are the same.", d.From, d.To)
		return l.printTo(w)
	}
	l.add("From slot %s to slot %s:", d.From, d.To)
	l.settings(d.Settings)
	for _, f := range d.Files {
		l.add("  %s  %s", f.Name, f.How)
	}
	return l.printTo(w)
}
