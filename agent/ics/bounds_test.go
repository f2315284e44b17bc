package ics

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestLongLines(t *testing.T) {
	t.Run("100 KB", func(t *testing.T) {
		p := parse(t, bare("DTSTART:20250703T100000Z", "DESCRIPTION:"+strings.Repeat("word ", 20_000), "SUMMARY:"+strings.Repeat("ü", 50_000)))
		expect(t, "problems", p.problems(), "")
		expect(t, "description", len(p.events[0].Description), longDescription)
		expect(t, "summary", p.events[0].Summary, strings.Repeat("ü", longText/2))
	})
	t.Run("a text longer than the limit is cut", func(t *testing.T) {
		p := parse(t, bare("DTSTART:20250703T100000Z", "DESCRIPTION:"+strings.Repeat("word ", 400_000), "SUMMARY:After"))
		expect(t, "problems", p.problems(), "")
		expect(t, "summary", p.events[0].Summary, "After")
	})
	t.Run("a list longer than the limit skips the event", func(t *testing.T) {
		p := parse(t, bare("DTSTART:20250703T100000Z", "EXDATE:"+strings.Repeat("20250703T100000Z,", 80_000)))
		expect(t, "problems", p.problems(), "one: The event is not shown: line 5 is longer than 1 MB.\n")
	})
	t.Run("a long list is read", func(t *testing.T) {
		p := parse(t, bare("DTSTART:20250703T100000Z", "EXDATE:"+strings.Repeat("20250703T100000Z,", 5_000)))
		expect(t, "problems", p.problems(), "")
		expect(t, "exceptions", len(p.events[0].Except), 5_000)
	})
	t.Run("lists that are together longer than the limit skip the event", func(t *testing.T) {
		p := parse(t, bare("DTSTART:20250703T100000Z", strings.Repeat("EXDATE:"+strings.Repeat("20250703T100000Z,", 5_000)+"\r\n", 20)))
		expect(t, "problems", p.problems(), "one: The event is not shown: it has more text than 1 MB.\n")
	})
	t.Run("a fold at every letter", func(t *testing.T) {
		p := parse(t, bare("DTSTART:20250703T100000Z", "SUMMARY:"+strings.Repeat("\r\n x", 500)))
		expect(t, "summary", p.events[0].Summary, strings.Repeat("x", 500))
	})
}

func TestNesting(t *testing.T) {
	nested := func(n int) string {
		return bare("DTSTART:20250703T100000Z", strings.Repeat("BEGIN:X-A\r\n", n)+strings.Repeat("END:X-A\r\n", n)+"SUMMARY:Deep")
	}
	expect(t, "at the limit", parse(t, nested(16)).events[0].Summary, "Deep")
	expect(t, "beyond", parse(t, nested(17)).problems(), "one: The event is not shown: it contains components nested deeper than 16.\n")
}

func TestRepeatedProperties(t *testing.T) {
	p := parse(t, bare("DTSTART:20250703T100000Z", strings.Repeat("ATTENDEE:mailto:a@example.com\r\n", 5000)+strings.Repeat("CATEGORIES:a,b\r\n", 500)+strings.Repeat("RRULE:FREQ=DAILY;COUNT=1\r\n", 100)))
	expect(t, "attendees", len(p.events[0].Attendees), mostAttendees)
	expect(t, "categories", len(p.events[0].Categories), mostCategories)
	expect(t, "rules", len(p.events[0].Rules), mostRules)
}

func TestManyProblems(t *testing.T) {
	p := parse(t, "BEGIN:VCALENDAR\n"+strings.Repeat("BEGIN:VEVENT\nEND:VEVENT\n", 150)+"END:VCALENDAR\n")
	expect(t, "problems", len(p.report.Problems), 100)
	expect(t, "more", p.report.More, 50)
	expect(t, "skipped", p.report.Skipped, 150)
}

func TestManyZones(t *testing.T) {
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\n")
	for i := range 300 {
		fmt.Fprintf(&b, "BEGIN:VTIMEZONE\nTZID:Zone %dx\nX-FILLER:%s\nTZNAME:unused\nBEGIN:STANDARD\nTZNAME:%s\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\n", i, strings.Repeat("x", 5000), strings.Repeat("y", 5000))
	}
	b.WriteString("BEGIN:VEVENT\nUID:a\nDTSTART;TZID=Zone 1x:20250703T100000\nEND:VEVENT\nEND:VCALENDAR\n")
	p := parse(t, b.String())
	if n := len(p.report.Preamble); n > 1<<20 {
		t.Errorf("the preamble has %d bytes", n)
	}
	if len(p.report.Problems) == 0 || !strings.Contains(p.report.Problems[0].Text, "A time zone's definition is left out") {
		t.Errorf("problems: %s", p.problems())
	}
	expect(t, "a zone that was kept", when(p.events[0].Start), "2025-07-03T10:00:00+01:00 Zone 1x")
}

// endless hands out the same large events again and again up to a number of bytes, without holding them.
type endless struct {
	left   int
	number int
	buf    []byte
	rest   []byte
	closed bool
}

func (e *endless) Read(p []byte) (int, error) {
	for len(e.rest) == 0 {
		switch {
		case e.closed:
			return 0, io.EOF
		case e.number == 0:
			e.buf = append(e.buf[:0], feedHead...)
		case e.left > 0:
			e.buf = appendLargeEvent(e.buf[:0], e.number)
		default:
			e.buf = append(e.buf[:0], feedFoot...)
			e.closed = true
		}
		e.number++
		e.left -= len(e.buf)
		e.rest = e.buf
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

// TestMemory decodes a feed of 20 MB and looks at the heap on the way: it never holds the feed.
func TestMemory(t *testing.T) {
	const most = 16 << 20 // half of what is promised, as garbage not yet collected counts
	var base, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&base)
	peak, events := uint64(0), 0
	r, err := Decode(context.Background(), &endless{left: 19_900_000}, Limits{}, time.UTC, func(Component) error {
		if events++; events%200 == 0 {
			runtime.ReadMemStats(&now)
			peak = max(peak, now.HeapInuse)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.Bytes < 19_000_000 || r.Events < 15_000 {
		t.Fatalf("%d bytes, %d events: this is not the large feed", r.Bytes, r.Events)
	}
	if grown := int64(peak) - int64(base.HeapInuse); grown > most {
		t.Errorf("the heap grew by %d bytes, want at most %d", grown, most)
	}
}

// TestPanicIsAProblem makes the interpretation of one event panic: that event is left out, with words.
func TestPanicIsAProblem(t *testing.T) {
	d := &decoder{}
	line := []byte("DTSTART:20250703T100000")
	d.event.add(dtstart, line, len("DTSTART"))
	_, err := d.component("one") // there is no Interpreter
	if err == nil || !strings.HasPrefix(err.Error(), "it cannot be understood (") {
		t.Errorf("got %v", err)
	}
}

// TestTooLargeIsTold checks the words for a feed above the default limit.
func TestTooLargeIsTold(t *testing.T) {
	_, err := Decode(context.Background(), &endless{left: 21_000_000}, Limits{}, time.UTC, func(Component) error { return nil })
	if err == nil || err.Error() != "the calendar is too large: more than 20 MB" {
		t.Errorf("got %v", err)
	}
}
