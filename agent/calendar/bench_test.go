package calendar

import (
	"fmt"
	"testing"
	"time"
)

// household makes n recurring events of the usual kinds in the usual zones.
func household(b *testing.B, n int) []Event {
	b.Helper()
	var zones []*time.Location
	for _, name := range []string{"Europe/Berlin", "America/New_York", "America/Los_Angeles", "Europe/London", "Asia/Tokyo"} {
		zones = append(zones, location(b, name))
	}
	texts := []string{
		"FREQ=WEEKLY;BYDAY=MO,WE", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", "FREQ=DAILY;UNTIL=20251231T230000Z", "FREQ=MONTHLY;BYDAY=2TU",
		"FREQ=WEEKLY", "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=YEARLY", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "FREQ=WEEKLY;COUNT=400", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
	}
	events := make([]Event, n)
	for i := range events {
		start := Moment{Wall: WallOf(2018+i%7, time.Month(1+i%12), 1+i%28, 8+i%9, 30*(i%2), 0), Loc: zones[i%len(zones)]}
		end := start
		end.Wall += 3600
		rule, _, err := ParseRule(texts[i%len(texts)], start)
		if err != nil {
			b.Fatal(err)
		}
		events[i] = Event{Source: "work", UID: fmt.Sprintf("event-%d@example.org", i), Summary: "Meeting", Start: start, End: &end, Rules: []Rule{rule}}
	}
	return events
}

// BenchmarkExpand expands 3,000 series for four weeks across a change of the clocks.
func BenchmarkExpand(b *testing.B) {
	events := household(b, 3000)
	zone := events[0].Start.Loc
	window := Span{time.Date(2025, 3, 10, 0, 0, 0, 0, zone), time.Date(2025, 4, 7, 0, 0, 0, 0, zone)}
	b.ReportAllocs()
	var found int
	for b.Loop() {
		occurrences, _, err := Expand(b.Context(), events, window, zone)
		if err != nil {
			b.Fatal(err)
		}
		found = len(occurrences)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(events)), "ns/event")
	b.ReportMetric(float64(found), "instances")
}

// BenchmarkExpandOnce expands 10,000 single events, a few of which are in the window.
func BenchmarkExpandOnce(b *testing.B) {
	events := household(b, 10000)
	for i := range events {
		events[i].Rules = nil
	}
	zone := events[0].Start.Loc
	window := Span{time.Date(2024, 3, 10, 0, 0, 0, 0, zone), time.Date(2024, 4, 7, 0, 0, 0, 0, zone)}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Expand(b.Context(), events, window, zone); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(events)), "ns/event")
}

func BenchmarkParseRule(b *testing.B) {
	start := moment(b, "2020-03-02 09:00 Europe/Berlin")
	for _, text := range []string{"FREQ=WEEKLY;BYDAY=MO,WE", "FREQ=DAILY;UNTIL=20301231T230000Z", "FREQ=MONTHLY;BYDAY=2TU", "FREQ=WEEKLY;COUNT=50", "FREQ=YEARLY"} {
		b.Run(text, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := ParseRule(text, start); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
