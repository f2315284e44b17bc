package differential

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"calendarbot/agent/calendar"
	"calendarbot/agent/ics"
)

// FuzzFeed takes any bytes from feed to occurrences, hostile zones and rules together: it ends, and what it
// shows is in order, in the window, bounded in number and within the bounds of its component.
func FuzzFeed(f *testing.F) {
	files, err := filepath.Glob("../ics/testdata/*.ics")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text), int64(1735689600), uint16(30))
	}
	for i := range 40 {
		c := newCase(5, i)
		f.Add(c.feed, c.start.Unix(), uint16(c.end.Sub(c.start)/(24*time.Hour)))
	}
	device := location("America/Sao_Paulo")
	limits := ics.Limits{Bytes: 1 << 18, Events: 30, Line: 8192, Depth: 4, Preamble: 16384, Problems: 5}
	f.Fuzz(func(t *testing.T, feed string, from int64, days uint16) {
		d, err := decode(feed, limits, device)
		if err != nil {
			return
		}
		start := time.Unix(from%(250_000_000_000), 0)
		window := calendar.Span{Start: start, End: start.Add(time.Duration(days%3000) * 24 * time.Hour)}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		found, _, err := calendar.Expand(ctx, d.events, window, device)
		if err != nil {
			t.Fatalf("no end: %v", err)
		}
		if len(found) > len(d.events)*(calendar.MaxInstances+1) {
			t.Fatalf("%d occurrences of %d events", len(found), len(d.events))
		}
		if !slices.IsSortedFunc(found, func(a, b calendar.Occurrence) int { return a.Start.Compare(b.Start) }) {
			t.Fatal("out of order")
		}
		for _, o := range found {
			inside := o.Start.Before(window.End) && (o.End.After(window.Start) || o.End.Equal(o.Start) && !o.Start.Before(window.Start))
			if !inside || o.End.Before(o.Start) {
				t.Fatalf("%v to %v is not in the window %v to %v", o.Start, o.End, window.Start, window.End)
			}
			if err := d.covers(o); err != nil {
				t.Fatal(err)
			}
		}
	})
}
