package view

import (
	"strconv"
	"time"
)

// Every word that this package shows stands in this file.

func loadingLine(name string) string    { return name + " is still loading" }
func asOfLine(name, when string) string { return name + " as of " + when }
func futureLine(name string) string {
	return "the clock may be wrong: " + name + " was read at a later time"
}
func moreLines(n int) string { return "and " + strconv.Itoa(n) + " more" }
func because(line, reason string) string {
	if reason == "" {
		return line
	}
	return line + ": " + Clip(reason, 120)
}

func failingLine(s Feed, now time.Time, o Options) string {
	if s.LastSuccess.IsZero() {
		return because(s.Name+" could not be read yet", s.Error)
	}
	since := s.FailingSince
	if since.IsZero() {
		since = s.LastSuccess
	}
	return because(s.Name+" not reached since "+moment(since, now, o), s.Error)
}

// noneReachedLine speaks for all sources at once.
func noneReachedLine(failing []Feed, oldest, now time.Time, o Options) string {
	line := "no calendar could be read yet"
	if !oldest.IsZero() {
		line = "as of " + moment(oldest, now, o) + "; no calendar reached since then"
	}
	return because(line, failing[0].Error)
}

// focusWords mark time that a person keeps for work alone; lunchWord marks the break.
func focusWords() []string {
	return []string{"focus time", "focus", "deep work", "thinking time", "planning time"}
}

const lunchWord = "lunch"
