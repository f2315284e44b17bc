package main

import (
	"strconv"
	"strings"

	"calendarbot/agent/health"
)

// notice is what people should read on the pages: about the database, the configuration, and what is so bad that somebody should
// do something about it.
func (a *agent) notice() string {
	if words := a.store.Recovered(); words != "" {
		return words
	}
	if problem := a.live.State().Problem; problem != "" {
		return configurationNotice(problem)
	}
	return healthNotice(a.care.Report())
}

// healthNotice is the worst problem that the pages do not tell anyway, and what to do about it.
func healthNotice(r health.Report) string {
	for _, p := range r.Problems {
		switch p.Code {
		case health.ShowsClockOnly, health.ShowsLastGood, health.NoNetwork, health.CalendarOld, health.ConfigFile, health.ReadOnly:
			continue
		}
		if p.Severity == health.Severe && p.Of == "" && p.Do != "" {
			return p.Words + " " + p.Do
		}
	}
	return ""
}

// configurationNotice is what a page says of a problem with the configuration: the first line of it that names a line of the
// file. Without one it may be about anything else, such as a variable or a change that could not be stored.
func configurationNotice(problem string) string {
	const most = 160 // runes of that line
	for line := range strings.Lines(problem) {
		line = strings.TrimSpace(line)
		if !namesLine(line) {
			continue
		}
		if r := []rune(line); len(r) > most {
			line = string(r[:most-1]) + "…"
		}
		return "The configuration file cannot be used; the last good one holds: " + line
	}
	return "Something is wrong with the configuration; \"calendarbot config show\" says what"
}

// namesLine tells whether a line begins with the name of a file and a number in it, as in calendarbot.yaml:3.
func namesLine(line string) bool {
	place, _, _ := strings.Cut(line, ": ")
	i := strings.LastIndexByte(place, ':')
	if i < 1 {
		return false
	}
	_, err := strconv.ParseUint(place[i+1:], 10, 31)
	return err == nil
}
