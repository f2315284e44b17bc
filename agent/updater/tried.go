package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"calendarbot/agent/slot"
	"calendarbot/agent/update"
)

// tried is what is on trial, and what was and went back, as sentences.
type tried struct {
	trials, back []string
	slots        map[slot.Kind]slot.State // of which those are
}

// tried reads it from the slots, as it may have changed since a repository was looked at.
func (u *updater) tried() (tried, error) {
	all := tried{slots: map[slot.Kind]slot.State{}}
	var wrong []error
	for _, kind := range slot.Kinds() {
		state, err := u.slots().Read(kind)
		wrong = append(wrong, err)
		all.slots[kind] = state
		if t := state.Trial; t != nil {
			started := t.Started > 0 || kind == slot.System && t.Version == u.system()
			all.trials = append(all.trials, trialWords(kind, t.Version, started, u.window))
		}
		if last := state.Last; last != nil && !last.Kept {
			all.back = append(all.back, backWords(kind, *last, u.zone))
		}
	}
	return all, errors.Join(wrong...)
}

// trialWords say what is on trial and how far that is.
func trialWords(kind slot.Kind, version string, started bool, w update.Window) string {
	const then = " Until that is over nothing else is installed."
	words := thing(kind, version) + " is on trial"
	switch {
	case started:
		return words + ": it is watched, kept when it runs well, and left else." + then
	case kind == slot.System && w != (update.Window{}):
		return words + fmt.Sprintf(", and waits for the start of the device: in the hours %s (update.window), or with \"calendarbot update apply --now\".", w) + then
	case kind != slot.Agent:
		return words + ", and waits for the start of the device." + then
	}
	return words + ", and waits for its start, which comes in a moment." + then
}

// backWords say what was left, and why.
func backWords(kind slot.Kind, last slot.Outcome, zone *time.Location) string {
	words := thing(kind, last.Version) + " went back on " + last.At.In(zone).Format("Mon 2 Jan 2006 at 15:04")
	if last.Why != "" {
		words += ": " + strings.TrimRight(last.Why, ". ")
	}
	return words + "."
}

// thing names a version at the beginning of a sentence.
func thing(kind slot.Kind, version string) string {
	switch {
	case kind == slot.Config:
		return "Another configuration"
	case version == "" && kind == slot.System:
		return "The system"
	case version == "":
		return "The program"
	}
	words := update.Thing(kind, version)
	return strings.ToUpper(words[:1]) + words[1:]
}
