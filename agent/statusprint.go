package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// statusScreen is where a status is printed.
type statusScreen struct {
	to    io.Writer
	width int  // columns
	plots bool // it is a terminal, which shows blocks and bold letters
}

// page gathers what is printed; the first failure to write is kept.
type statusPage struct {
	statusScreen
	err error
}

func (p *statusPage) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.to, format+"\n", args...)
	}
}

// bold is a line that a terminal shows as a heading.
func (p *statusPage) bold(text string) {
	if p.plots {
		text = "\x1b[1m" + text + "\x1b[0m"
	}
	p.line("%s", text)
}

func (p *statusPage) heading(text string) {
	p.line("")
	p.bold(text)
}

// text prints words, wrapped and indented.
func (p *statusPage) text(indent int, words string) {
	for _, line := range wrapped(words, max(20, p.width-indent)) {
		p.line("%s%s", strings.Repeat(" ", indent), line)
	}
}

// wrapped breaks a text at spaces into lines of at most so many columns; a longer word has a line of its own. What would steer a
// terminal is left out.
func wrapped(text string, width int) []string {
	var lines []string
	line, used := "", 0
	for _, word := range strings.Fields(printable(text)) {
		length := utf8.RuneCountInString(word)
		if used > 0 && used+1+length > width {
			lines, line, used = append(lines, line), "", 0
		}
		if used > 0 {
			line, used = line+" ", used+1
		}
		line, used = line+word, used+length
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// printable leaves out what is no text, and what turns the order of letters round, by which one text looks like another: names of
// calendars come from elsewhere.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Bidi_Control, r):
			return -1
		case unicode.IsControl(r), unicode.In(r, unicode.Zl, unicode.Zp):
			return ' '
		}
		return r
	}, text)
}

// print prints everything as of now.
func (a *statusAnswer) print(screen statusScreen, history historyAnswer, now time.Time) error {
	p := &statusPage{statusScreen: screen}
	p.bold(strings.Join(wrapped(strings.ToUpper(a.State)+": "+a.Headline+since(a.Since), p.width), "\n"))
	if a.LevelWords != "" {
		p.text(0, a.LevelWords)
	}
	a.printProblems(p)
	if len(a.Actions) > 0 {
		p.heading("What was done by itself")
		for _, done := range a.Actions {
			until := "still so"
			if !done.Ended.IsZero() {
				until = "until " + local(done.Ended)
			}
			p.line("  %s, %s", local(done.Began), until)
			p.text(4, done.Done)
		}
	}
	if p.plots {
		history.print(p, now)
	}
	a.printCalendars(p)
	p.heading("Optional parts")
	if a.Off.On {
		p.text(2, a.Off.Words)
	}
	for _, f := range a.Features {
		p.text(2, fmt.Sprintf("%s (%s): %s", f.Name, f.Setting, f.state()))
	}
	a.printProgram(p)
	return p.err
}

func (a *statusAnswer) printProblems(p *statusPage) {
	depth := map[string]int{}
	for _, coming := range []bool{false, true} {
		first := true
		for _, problem := range a.Problems {
			if (problem.In > 0) != coming {
				continue
			}
			if first {
				first = false
				p.heading(map[bool]string{false: "What is wrong", true: "What will go wrong"}[coming])
			}
			under := 0
			if d, known := depth[problem.Of]; known && !coming {
				under = min(d+1, 4)
			}
			if _, known := depth[problem.Code]; !known && !coming {
				depth[problem.Code] = under
			}
			problem.print(p, 2+4*under)
		}
	}
}

func (problem problemAnswer) print(p *statusPage, indent int) {
	title, severity := problem.Title, problem.Severity
	if problem.About != "" && !strings.Contains(title, problem.About) {
		title += ": " + problem.About
	}
	when := since(problem.Since)
	if problem.In > 0 {
		when = ", in about " + roughly(time.Duration(problem.In)*time.Second)
	}
	p.text(indent, "["+severity+"] "+title+when)
	p.text(indent+2, problem.Words)
	if problem.Do != "" {
		p.text(indent+2, "What to do: "+problem.Do)
	}
}

func (a *statusAnswer) printCalendars(p *statusPage) {
	p.heading("Calendars")
	if len(a.Calendars) == 0 {
		p.line("  There is no calendar yet.")
	}
	for _, c := range a.Calendars {
		name := c.Name
		if name == "" {
			name = c.ID
		}
		state := map[string]string{"disabled": "switched off", "waiting": "not fetched yet"}[c.State]
		switch c.State {
		case "ok":
			state = fmt.Sprintf("%d events, fetched %s", c.Events, local(c.LastSuccess))
		case "failing":
			state = "failing" + since(c.FailingSince)
			if !c.NextTry.IsZero() {
				state += ", next try " + local(c.NextTry)
			}
		}
		p.text(2, name+": "+state)
		p.text(4, c.Error)
	}
}

func (a *statusAnswer) printProgram(p *statusPage) {
	p.heading("The program")
	p.line("  version %s, runs for %s", printable(a.Version), roughly(time.Duration(a.Uptime)*time.Second))
	if a.Clock != nil {
		words := cmp.Or(strings.TrimSuffix(a.Clock.Words, "."), "the clock is right")
		if a.Clock.Jumps > 0 {
			words += fmt.Sprintf("; times that it jumped: %d", a.Clock.Jumps)
		}
		p.text(2, words)
	}
	if a.Rollback != nil {
		p.text(2, "asked to go back: "+a.Rollback.Words())
	}
	if len(a.Missing) > 0 {
		p.heading("What this device cannot tell")
	}
	for _, missing := range a.Missing {
		p.text(2, missing)
	}
}

func since(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return ", since " + local(t)
}

// local is a time for a person at this terminal.
func local(t time.Time) string { return t.Local().Format("Mon 2 Jan, 15:04") }

// roughly is a time to the two largest units.
func roughly(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%d days", d/(24*time.Hour))
}
