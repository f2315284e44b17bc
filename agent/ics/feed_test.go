package ics

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/calendar"
)

// newYork stands for the device's zone, so that it shows wherever it is used.
func newYork(t testing.TB) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// parsed is a feed decoded and interpreted.
type parsed struct {
	report     Report
	components []Component
	events     []calendar.Event
}

// parse decodes a feed that must not be refused.
func parse(t testing.TB, feed string) parsed {
	t.Helper()
	var p parsed
	var err error
	device := newYork(t)
	p.report, err = Decode(context.Background(), strings.NewReader(feed), Limits{}, device, func(c Component) error {
		p.components = append(p.components, c)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	in := NewInterpreter(p.report.Preamble, device)
	for _, c := range p.components {
		e, err := in.Event(c.Text)
		if err != nil {
			t.Fatalf("%s: %v\n%s", c.UID, err, c.Text)
		}
		if e.UID != c.UID {
			t.Errorf("the component's UID is %q, the event's %q", c.UID, e.UID)
		}
		p.events = append(p.events, e)
	}
	return p
}

// parseFile is parse for testdata/NAME.ics.
func parseFile(t testing.TB, name string) parsed {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".ics"))
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(text))
}

// event returns the one event with the UID.
func (p parsed) event(t testing.TB, uid string) calendar.Event {
	t.Helper()
	for _, e := range p.events {
		if e.UID == uid {
			return e
		}
	}
	t.Fatalf("no event %q", uid)
	return calendar.Event{}
}

// problems returns the texts of the problems, one a line, each after its event's UID.
func (p parsed) problems() string {
	var b strings.Builder
	for _, one := range p.report.Problems {
		fmt.Fprintf(&b, "%s: %s\n", one.UID, one.Text)
	}
	return b.String()
}

// when shows a moment: a date, or an instant with its offset and the name of its zone.
func when(m calendar.Moment) string {
	if m.Date {
		return m.Wall.UTC().Format(time.DateOnly)
	}
	return m.Wall.In(m.Loc).Format(time.RFC3339) + " " + m.Loc.String()
}

// span shows the start, and the end or length.
func span(e calendar.Event) string {
	s := when(e.Start)
	if e.End != nil {
		s += " to " + when(*e.End)
	}
	if e.Length != nil {
		s += fmt.Sprintf(" for %dd%ds", e.Length.Days, e.Length.Seconds)
	}
	return s
}

// bare is a feed around lines of one event.
func bare(lines ...string) string {
	return "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:one\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
}

func expect[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n got %v\nwant %v", what, got, want)
	}
}
