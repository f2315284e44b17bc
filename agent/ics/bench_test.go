package ics

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	_ "time/tzdata"
)

// feedHead opens a feed with one zone as Outlook defines it.
const feedHead = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//Test//EN\r\nX-WR-CALNAME:Large\r\nX-WR-TIMEZONE:Europe/Berlin\r\n" +
	"BEGIN:VTIMEZONE\r\nTZID:W. Europe Standard Time\r\n" +
	"BEGIN:STANDARD\r\nDTSTART:16010101T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\n" +
	"BEGIN:DAYLIGHT\r\nDTSTART:16010101T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\n" +
	"END:VTIMEZONE\r\n"

// appendLargeEvent writes event number i of a feed in which three of ten recur and every other is written as
// Outlook does, the others as Google does; about 900 bytes each.
func appendLargeEvent(b []byte, i int) []byte {
	day := time.Date(2024, 1, 1, 8, 0, 0, 0, time.UTC).AddDate(0, 0, i%900).Add(time.Duration(i%20) * 30 * time.Minute)
	rule := ""
	switch i % 10 {
	case 1:
		rule = "RRULE:FREQ=WEEKLY;UNTIL=20271231T230000Z;INTERVAL=1;BYDAY=TU;WKST=MO\r\n"
	case 4:
		rule = "RRULE:FREQ=DAILY;COUNT=40\r\nEXDATE;TZID=Europe/Berlin:20240605T090000\r\n"
	case 7:
		rule = "RRULE:FREQ=MONTHLY;BYDAY=2TH\r\n"
	}
	const clock = "20060102T150405"
	if i%2 == 0 {
		return fmt.Appendf(b, "BEGIN:VEVENT\r\nDTSTART;TZID=Europe/Berlin:%s\r\nDTEND;TZID=Europe/Berlin:%s\r\n%sDTSTAMP:20250301T120000Z\r\n"+
			"ORGANIZER;CN=Team Calendar:mailto:c_18850fhq0q0@group.calendar.example.com\r\nUID:%08dabcdefghijklmnop@calendar.example.com\r\n"+
			"ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;CN=Jane Doe;X-NUM-GUESTS=0:mailto:jane.doe@example.com\r\n"+
			"ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;CN=john\r\n .roe@example.com;X-NUM-GUESTS=0:mailto:john.roe@example.com\r\n"+
			"CREATED:20240101T120000Z\r\nDESCRIPTION:Weekly look at what is open\\, what is blocked and what comes next.\\n\r\n \\nJoin: https://meet.google.com/abc-defg-hij\\n\\nPlease add your points to the agen\r\n da before noon\\; thank you.\r\n"+
			"LAST-MODIFIED:20250228T101112Z\r\nLOCATION:Room 4.12\\, Main Street 1\r\nSEQUENCE:1\r\nSTATUS:CONFIRMED\r\nSUMMARY:Project review number %d\r\nTRANSP:OPAQUE\r\nX-GOOGLE-CONFERENCE:https://meet.google.com/abc-defg-hij\r\nEND:VEVENT\r\n",
			day.Format(clock), day.Add(time.Hour).Format(clock), rule, i, i)
	}
	return fmt.Appendf(b, "BEGIN:VEVENT\r\nDESCRIPTION:Agenda\\n\\n1. Figures\\n2. Plans\\n3. Any other business\\n\\n_______\r\n _________________________________________________________\\nMicrosoft Teams m\r\n eeting\\nhttps://teams.microsoft.com/l/meetup-join/19%%3ameeting_abcdef%%40thread\r\n .v2/0\\n\r\n%s"+
		"UID:040000008200E00074C5B7101A82E00800000000%08d000000000000000010000000\r\n 0D3F1C2B4A5968778695A4B3C2D1E0F\r\nSUMMARY:Steering group %d\r\nDTSTART;TZID=W. Europe Standard Time:%s\r\nDTEND;TZID=W. Europe Standard Time:%s\r\nCLASS:PUBLIC\r\nPRIORITY:5\r\nDTSTAMP:20250301T120000Z\r\nTRANSP:OPAQUE\r\nSTATUS:CONFIRMED\r\nSEQUENCE:0\r\nLOCATION:Microsoft Teams Meeting\r\n"+
		"X-MICROSOFT-CDO-APPT-SEQUENCE:0\r\nX-MICROSOFT-CDO-BUSYSTATUS:BUSY\r\nX-MICROSOFT-CDO-INTENDEDSTATUS:BUSY\r\nX-MICROSOFT-CDO-ALLDAYEVENT:FALSE\r\nX-MICROSOFT-CDO-IMPORTANCE:1\r\nX-MICROSOFT-CDO-INSTTYPE:0\r\nX-MICROSOFT-DONOTFORWARDMEETING:FALSE\r\nX-MICROSOFT-DISALLOW-COUNTER:FALSE\r\nBEGIN:VALARM\r\nDESCRIPTION:REMINDER\r\nTRIGGER;RELATED=START:-PT15M\r\nACTION:DISPLAY\r\nEND:VALARM\r\nEND:VEVENT\r\n",
		rule, i, i, day.Format(clock), day.Add(30*time.Minute).Format(clock))
}

const feedFoot = "END:VCALENDAR\r\n"

func largeFeed(events int) []byte {
	b := []byte(feedHead)
	for i := range events {
		b = appendLargeEvent(b, i)
	}
	return append(b, feedFoot...)
}

// BenchmarkLines is the yardstick: what it costs to look for the lines of the same bytes.
func BenchmarkLines(b *testing.B) {
	feed := largeFeed(10_000)
	b.SetBytes(int64(len(feed)))
	for b.Loop() {
		lines := bufio.NewScanner(bytes.NewReader(feed))
		for lines.Scan() {
		}
		if lines.Err() != nil {
			b.Fatal(lines.Err())
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	feed := largeFeed(10_000)
	b.SetBytes(int64(len(feed)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := Decode(context.Background(), bytes.NewReader(feed), Limits{}, time.UTC, func(Component) error { return nil })
		if err != nil || r.Events != 10_000 {
			b.Fatal(r.Events, err)
		}
	}
}

func BenchmarkScan(b *testing.B) {
	feed := largeFeed(10_000)
	b.SetBytes(int64(len(feed)))
	for b.Loop() {
		s := newScanner(bytes.NewReader(feed), 1<<20)
		for s.next() {
		}
		if s.err != io.EOF {
			b.Fatal(s.err)
		}
	}
}

func BenchmarkEvent(b *testing.B) {
	var texts [][]byte
	r, err := Decode(context.Background(), bytes.NewReader(largeFeed(1000)), Limits{}, time.UTC, func(c Component) error {
		texts = append(texts, c.Text)
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	in := NewInterpreter(r.Preamble, time.UTC)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if _, err := in.Event(texts[i%len(texts)]); err != nil {
			b.Fatal(err)
		}
		i++
	}
}
