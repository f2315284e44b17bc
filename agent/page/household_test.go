package page

import (
	"bytes"
	"context"
	"time"

	"calendarbot/agent/calendar"
	"calendarbot/agent/ics"
	demo "calendarbot/scripts/demo/household"
)

// household is what `make run` shows: the calendars of the demonstration, one of which cannot be read.
func household(b *builder) {
	for i, feed := range [][]byte{demo.Work(b.now), demo.Family(b.now), demo.School(b.now)} {
		for _, e := range read(feed, b.zone) {
			e.Source = b.snap.Sources[i].ID
			b.snap.Events = append(b.snap.Events, e)
		}
	}
	broken := b.snap.Sources[2]
	broken.ID, broken.Name = "broken", "Sports club"
	b.snap.Sources = append(b.snap.Sources, broken)
	b.failing(3)
	b.snap.Sources[3].LastSuccess = time.Time{}
	b.snap.Sources[3].Error = "The server answered with 500 Internal Server Error, which says that it has a problem of its own."
}

// read returns the events of a feed.
func read(feed []byte, zone *time.Location) []calendar.Event {
	var texts [][]byte
	report, err := ics.Decode(context.Background(), bytes.NewReader(feed), ics.DefaultLimits(), zone, func(c ics.Component) error {
		texts = append(texts, c.Text)
		return nil
	})
	if err != nil {
		panic(err)
	}
	var events []calendar.Event
	in := ics.NewInterpreter(report.Preamble, zone)
	for _, text := range texts {
		e, err := in.Event(text)
		if err != nil {
			panic(err)
		}
		events = append(events, e)
	}
	return events
}
