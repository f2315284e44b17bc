package web

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"calendarbot/agent/health"
	"calendarbot/agent/page"
	"calendarbot/agent/pressure"
)

// Every word of the status that is not told by others, or by package page, stands in this file.

// state is fine, warning, critical, or unknown.
func (f *fare) state() string {
	switch {
	case f.report == nil:
		return "unknown"
	case f.report.Fine:
		return "fine"
	}
	for _, p := range f.report.Problems {
		if p.Severity == health.Severe && p.In == 0 {
			return "critical"
		}
	}
	return "warning"
}

// headline is the state in a few words: the worst problem, and how many others there are.
func (f *fare) headline() string {
	switch f.state() {
	case "unknown":
		return "How the device fares is not known yet"
	case "fine":
		return "Everything is fine"
	}
	title, others := "", 0
	for _, p := range f.report.Problems {
		switch {
		case p.Severity == health.Notice || p.In > 0:
		case title == "":
			title = titleOf(p)
		default:
			others++
		}
	}
	switch {
	case title == "": // only what will be
		return "Something will go wrong"
	case others == 0:
		return title
	case others == 1:
		return title + ", and one more problem"
	}
	return fmt.Sprintf("%s, and %d more problems", title, others)
}

// titleOf is a problem in a few words.
func titleOf(p health.Problem) string {
	if p.About == "" || strings.Contains(p.Title, p.About) {
		return p.Title
	}
	return p.Title + ": " + p.About
}

// levelWords says how scarce things are, and what is.
func (f *fare) levelWords() string {
	if f.judged == nil {
		return ""
	}
	words := map[pressure.Level]string{
		pressure.Normal: "Nothing is scarce", pressure.Tight: "Things are getting scarce", pressure.Critical: "Very little is left",
	}[f.judged.Level]
	var causes []string
	for _, s := range f.judged.Signs {
		if s.Known && s.Step > 0 {
			causes = append(causes, s.Words())
		}
	}
	if len(causes) == 0 {
		return words + "."
	}
	return words + ": " + strings.Join(causes, "; ") + "."
}

func severityWord(s health.Severity) string {
	switch s {
	case health.Severe:
		return "serious"
	case health.Warning:
		return "warning"
	}
	return "to know"
}

// moment is a time for a person; one of another year than now names it.
func moment(t, now time.Time, zone *time.Location) string {
	if t = t.In(zone); t.Year() != now.In(zone).Year() {
		return t.Format("Mon 2 Jan 2006, 15:04")
	}
	return t.Format("Mon 2 Jan, 15:04")
}

func sinceWords(t, now time.Time, zone *time.Location) string {
	if t.IsZero() {
		return ""
	}
	return "since " + moment(t, now, zone)
}

// spell is about how long something takes, for a person.
func spell(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d seconds", int(d/time.Second))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d minutes", int(d/time.Minute))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d hours", int(d/time.Hour))
	}
	return fmt.Sprintf("%d days", int(d/(24*time.Hour)))
}

// actionTime says when something was done.
func actionTime(began, ended, now time.Time, zone *time.Location) string {
	switch {
	case ended.IsZero():
		return sinceWords(began, now, zone)
	case began.In(zone).Format(time.DateOnly) == ended.In(zone).Format(time.DateOnly):
		return moment(began, now, zone) + " to " + ended.In(zone).Format("15:04")
	}
	return moment(began, now, zone) + " to " + moment(ended, now, zone)
}

const (
	noDeeds     = "Nothing had to be done."
	unreadDeeds = "The record of it cannot be read at the moment."
)

// facts are what else a person may ask about the program.
func (s *Server) facts(f *fare) []page.FactRow {
	rows := []page.FactRow{{Name: "Version", Text: s.o.Version}, {Name: "Runs for", Text: spell(f.uptime)}, {Name: "Clock", Text: clockWords(f)}}
	if r := f.reading; r != nil {
		if m := r.Device; m.Total > 0 {
			rows = append(rows, page.FactRow{Name: "Memory of the device", Text: fmt.Sprintf("%s of %s in use", megabytes(m.Used()), megabytes(m.Total))})
		}
		if most := r.Unit.High; most > 0 {
			rows = append(rows, page.FactRow{Name: "Memory of the program", Text: fmt.Sprintf("%s, should stay below %s", megabytes(r.Unit.Current), megabytes(most))})
		}
	}
	for _, p := range s.pools() {
		text := fmt.Sprintf("%d of %d in use", p.InUse, p.Size)
		if p.Why != "" {
			text += "; " + p.Why
		}
		rows = append(rows, page.FactRow{Name: "Connections, " + p.Name, Text: text})
	}
	if r := f.rollback; r != nil {
		rows = append(rows, page.FactRow{Name: "Asked to go back", Text: r.Words() + " (" + moment(r.At, f.now, s.o.Zone) + ")"})
	}
	return rows
}

func megabytes(n uint64) string { return fmt.Sprintf("%.0f MB", float64(n)/1e6) }

// clockWords say whether the time is right, and whether it was set.
func clockWords(f *fare) string {
	if f.clock == nil {
		return "not watched"
	}
	words := cmp.Or(strings.TrimSuffix(f.clock.Words, "."), "right")
	switch f.clock.Jumps {
	case 0:
		return words
	case 1:
		return words + "; it jumped once, " + jumpWords(f.clock.Jumped)
	}
	return fmt.Sprintf("%s; it jumped %d times, the last time %s", words, f.clock.Jumps, jumpWords(f.clock.Jumped))
}

// jumpWords say how far the clock was set, and which way.
func jumpWords(by time.Duration) string {
	const year = 365.2425 * 24
	way, far := "ahead", by.Abs()
	if by < 0 {
		way = "back"
	}
	if years := far.Hours() / year; years > 1.5 {
		return fmt.Sprintf("%.0f years %s", years, way)
	}
	return spell(far) + " " + way
}
