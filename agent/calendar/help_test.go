package calendar

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func location(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// moment reads "2024-03-01" as a DATE and "2024-03-01 09:00[:00] Europe/Berlin" as a time.
func moment(t testing.TB, text string) Moment {
	t.Helper()
	fields := strings.Fields(text)
	date, err := time.Parse(time.DateOnly, fields[0])
	if err != nil {
		t.Fatal(err)
	}
	m := Moment{Wall: Wall(date.Unix()), Date: len(fields) == 1}
	if m.Date {
		return m
	}
	layout := "15:04"
	if len(fields[1]) > 5 {
		layout = time.TimeOnly
	}
	clock, err := time.Parse(layout, fields[1])
	if err != nil {
		t.Fatal(err)
	}
	m.Wall += Wall(clock.Hour()*3600 + clock.Minute()*60 + clock.Second())
	m.Loc = location(t, fields[2])
	return m
}

func moments(t testing.TB, texts ...string) (list []Moment) {
	for _, text := range texts {
		list = append(list, moment(t, text))
	}
	return list
}

// event makes an event; end may be "".
func event(t testing.TB, uid, start, end string, rules ...string) Event {
	t.Helper()
	e := Event{UID: uid, Summary: uid, Start: moment(t, start)}
	if end != "" {
		m := moment(t, end)
		e.End = &m
	}
	for _, text := range rules {
		rule, _, err := ParseRule(text, e.Start)
		if err != nil {
			t.Fatal(err)
		}
		e.Rules = append(e.Rules, rule)
	}
	return e
}

// change makes an override of the slot.
func change(t testing.TB, uid, slot, start, end, summary string) Event {
	t.Helper()
	e := event(t, uid, start, end)
	m := moment(t, slot)
	e.RecurrenceID, e.Summary = &m, summary
	return e
}

// between is the window from one moment to another; a date is its midnight in Berlin.
func between(t testing.TB, from, to string) Span {
	t.Helper()
	instant := func(text string) time.Time {
		m := moment(t, text)
		if m.Date {
			m.Loc = location(t, "Europe/Berlin")
		}
		return m.Wall.In(m.Loc)
	}
	return Span{instant(from), instant(to)}
}

// show writes an occurrence as "2024-03-31 03:30 +0200 1h0m0s name", or "2024-03-31 2d name".
func show(o Occurrence) string {
	if o.AllDay {
		return fmt.Sprintf("%s %dd %s", o.FirstDay.UTC().Format(time.DateOnly), (o.EndDay-o.FirstDay)/Day, o.Event.Summary)
	}
	return fmt.Sprintf("%s %v %s", o.Start.Format("2006-01-02 15:04 -0700"), time.Duration(o.End.Unix()-o.Start.Unix())*time.Second, o.Event.Summary)
}

func expand(t testing.TB, window Span, events ...Event) ([]Occurrence, []Warning) {
	t.Helper()
	list, warnings, err := Expand(t.Context(), events, window, location(t, "Europe/Berlin"))
	if err != nil {
		t.Fatal(err)
	}
	return list, warnings
}

// check expands for viewers in Berlin and compares what they see.
func check(t testing.TB, window Span, events []Event, want ...string) {
	t.Helper()
	list, warnings := expand(t, window, events...)
	got := make([]string, len(list))
	for i, o := range list {
		got[i] = show(o)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
	if len(warnings) > 0 {
		t.Errorf("warnings %v", warnings)
	}
}

// instances lists the first n instances of a rule with its start, as "2006-01-02 15:04:05".
func instances(t testing.TB, start, text string, n int) []Wall {
	t.Helper()
	m := moment(t, start)
	rule, _, err := ParseRule(text, m)
	if err != nil {
		t.Fatal(err)
	}
	list := []Wall{m.Wall}
	var g walk
	g.run(&rule, earliest, latest, MaxSteps, func(w Wall) bool {
		if !rule.over(w.In(zoneOr(m.Loc)).Unix()) {
			list = append(list, w)
		}
		return len(list) < n
	})
	return list
}
