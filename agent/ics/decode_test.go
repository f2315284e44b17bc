package ics

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf16"
)

// plain is a feed that the tests below write in odd ways. It has folds, an umlaut and an event with everything.
const plain = "BEGIN:VCALENDAR\nX-WR-CALNAME:Über uns\nBEGIN:VEVENT\nUID:a\nDTSTART:20250703T100000Z\nSUMMARY:Früh\n stück\nDESCRIPTION:Eins\\n\n zwei\n\t drei\nEND:VEVENT\n" +
	"BEGIN:VEVENT\nUID:b\nDTSTART;VALUE=DATE:20250704\nSUMMARY:Fest\nEND:VEVENT\nEND:VCALENDAR\n"

// TestEncodings reads the same feed in every form in which real files come: the components are the same.
func TestEncodings(t *testing.T) {
	replace := func(old, new string) string { return strings.ReplaceAll(plain, old, new) }
	utf16of := func(bom, little bool) string {
		var b []byte
		text := utf16.Encode([]rune(plain))
		if bom {
			text = append([]uint16{0xFEFF}, text...)
		}
		for _, u := range text {
			if little {
				b = append(b, byte(u), byte(u>>8))
			} else {
				b = append(b, byte(u>>8), byte(u))
			}
		}
		return string(b)
	}
	want := parse(t, plain)
	expect(t, "name", want.report.Name, "Über uns")
	expect(t, "summary", want.event(t, "a").Summary, "Frühstück")
	expect(t, "description", want.event(t, "a").Description, "Eins\nzwei drei")
	for name, feed := range map[string]string{
		"CRLF":                         replace("\n", "\r\n"),
		"bare CR":                      replace("\n", "\r"),
		"CRCRLF":                       replace("\n", "\r\r\n"),
		"blank lines":                  replace("\n", "\r\n\r\n"),
		"byte order mark":              "\uFEFF" + plain,
		"byte order mark in between":   replace("BEGIN:VEVENT", "\uFEFFBEGIN:VEVENT"),
		"NUL":                          replace("S", "\x00S\x00"),
		"Latin-1":                      strings.NewReplacer("Ü", "\xDC", "ü", "\xFC").Replace(plain),
		"UTF-16, little endian":        utf16of(true, true),
		"UTF-16, big endian":           utf16of(true, false),
		"UTF-16 without mark":          utf16of(false, true),
		"UTF-16 BE without mark":       utf16of(false, false),
		"trailing blanks":              strings.NewReplacer("END:VEVENT", "END:VEVENT  ", "BEGIN:VEVENT", "BEGIN:VEVENT\t").Replace(plain),
		"no line end at the end":       strings.TrimSuffix(plain, "\n"),
		"lower-case names":             strings.NewReplacer("BEGIN:", "begin:", "SUMMARY", "summary", "DTSTART", "Dtstart", "END:", "End:", "UID", "uid", "VALUE", "value", "X-WR", "x-wr", "DESC", "desc").Replace(plain),
		"lower-case components":        strings.NewReplacer("VEVENT", "vevent", "VCALENDAR", "vcalendar").Replace(plain),
		"several VCALENDARs":           replace("BEGIN:VEVENT\nUID:b", "END:VCALENDAR\nBEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:b"),
		"properties after components":  strings.Replace(replace("X-WR-CALNAME:Über uns\n", ""), "END:VCALENDAR", "X-WR-CALNAME:Über uns\nEND:VCALENDAR", 1),
		"DTSTAMP and other properties": replace("BEGIN:VEVENT\n", "BEGIN:VEVENT\nDTSTAMP:20250101T000000Z\nX-A_B.C/D;X=\"1:2\":3\nCREATED:1\n"),
		"an unused component":          replace("BEGIN:VEVENT\nUID:b", "BEGIN:VTODO\nUID:x\nDTSTART:20250101\nBEGIN:VALARM\nEND:VALARM\nEND:VTODO\nBEGIN:X-FOO\nBEGIN:X-BAR\nEND:X-BAR\nUID:y\nEND:X-FOO\nBEGIN:VEVENT\nUID:b"),
		"an open unused component":     replace("BEGIN:VEVENT\nUID:b", "BEGIN:VTODO\nBEGIN:VALARM\nBEGIN:VEVENT\nUID:b"),
		"an END that nothing began":    replace("BEGIN:VEVENT\nUID:b", "END:VALARM\nEND:VEVENT\nEND:VTODO\nEND:VTIMEZONE\nBEGIN:VEVENT\nUID:b"),
	} {
		t.Run(name, func(t *testing.T) {
			got := parse(t, feed)
			expect(t, "name", got.report.Name, want.report.Name)
			expect(t, "problems", got.problems(), "")
			if !reflect.DeepEqual(got.components, want.components) {
				t.Errorf("got %s\nwant %s", got.components, want.components)
			}
		})
	}
}

// String shows a component in the tests' messages.
func (c Component) String() string { return fmt.Sprintf("%d-%d\n%s", c.First, c.Last, c.Text) }

// TestBlocks reads the same feed through readers that hand it out in pieces, so that every line, fold and
// letter is once at the edge of a block.
func TestBlocks(t *testing.T) {
	want := parse(t, plain)
	decode := func(r io.Reader) (got []Component) {
		t.Helper()
		if _, err := Decode(context.Background(), r, Limits{}, newYork(t), func(c Component) error {
			got = append(got, c)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return got
	}
	for name, feed := range map[string]string{"LF": plain, "CRLF": strings.ReplaceAll(plain, "\n", "\r\n"), "CR": strings.ReplaceAll(plain, "\n", "\r")} {
		if got := decode(iotest.OneByteReader(strings.NewReader(feed))); !reflect.DeepEqual(got, want.components) {
			t.Errorf("%s by single bytes: %s", name, got)
		}
		if got := decode(iotest.DataErrReader(strings.NewReader(feed))); !reflect.DeepEqual(got, want.components) {
			t.Errorf("%s with the end at once: %s", name, got)
		}
		for pad := range 300 {
			filler := "BEGIN:VCALENDAR\nX-FILLER:" + strings.Repeat("x", block-pad-20) + "\nEND:VCALENDAR\n"
			if got := decode(strings.NewReader(filler + feed)); !reflect.DeepEqual(got, want.components) {
				t.Fatalf("%s moved by %d: %s", name, pad, got)
			}
		}
	}
}

func TestRefused(t *testing.T) {
	event := bare("DTSTART:20250703T100000Z")
	for _, test := range []struct {
		name, feed string
		limits     Limits
		want       error
		words      string
	}{
		{"empty", "", Limits{}, ErrEmpty, "the answer is empty"},
		{"blank", "\r\n \r\n", Limits{}, ErrEmpty, "the answer is empty"},
		{"a web page", "<!DOCTYPE html>\n<html><head><title>Sign&nbsp;in\nto Mail</title>", Limits{}, ErrHTML, `this is a web page, not a calendar: it is titled "Sign in to Mail"`},
		{"a web page without title", "<html>", Limits{}, ErrHTML, "this is a web page, not a calendar"},
		{"JSON", `{"error": "not found"}`, Limits{}, ErrNotICS, `this is not a calendar: it begins with "{\"error\": \"not found\"}"`},
		{"garbage", strings.Repeat("\x8f\x01\xff", 30000), Limits{}, ErrNotICS, "this is not a calendar: it begins with"},
		{"no END:VCALENDAR", strings.TrimSuffix(event, "END:VCALENDAR\r\n"), Limits{}, ErrTruncated, "the calendar breaks off before its end: no END:VCALENDAR after line 6"},
		{"cut in END:VCALENDAR", strings.TrimSuffix(event, "AR\r\n"), Limits{}, ErrTruncated, "the calendar breaks off before its end: no END:VCALENDAR after line 6"},
		{"cut in an event", event[:50], Limits{}, ErrTruncated, "the calendar breaks off before its end: the last event, which begins in line 2, has no end"},
		{"cut in a bare event", "BEGIN:VEVENT\nUID:a\nDTSTART:20250703\n", Limits{}, ErrTruncated, "the last event, which begins in line 1, has no end"},
		{"the second calendar is cut", event + "BEGIN:VCALENDAR\r\n", Limits{}, ErrTruncated, "no END:VCALENDAR after line 8"},
		{"too large", event, Limits{Bytes: int64(len(event)) - 1}, ErrTooLarge, "the calendar is too large: more than 92 bytes"},
		{"too large to measure", event + strings.Repeat("\n", 3_000_000), Limits{Bytes: 2_000_000}, ErrTooLarge, "the calendar is too large: more than 2 MB"},
		{"too many", event + event + event, Limits{Events: 2}, ErrTooMany, "the calendar has too many events: more than 2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Decode(context.Background(), strings.NewReader(test.feed), test.limits, time.UTC, func(Component) error { return nil })
			if !errors.Is(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			if !strings.Contains(err.Error(), test.words) {
				t.Errorf("got %q, want it to say %q", err, test.words)
			}
		})
	}
	for name, limits := range map[string]Limits{"bytes": {Bytes: int64(len(event))}, "events": {Events: 1}} {
		if _, err := Decode(context.Background(), strings.NewReader(event), limits, time.UTC, func(Component) error { return nil }); err != nil {
			t.Errorf("at the limit of %s: %v", name, err)
		}
	}
}

func TestNoEventsIsNoError(t *testing.T) {
	p := parse(t, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n")
	expect(t, "events", p.report.Events, 0)
}

func TestOtherErrors(t *testing.T) {
	stop := errors.New("stop")
	kept := 0
	if _, err := Decode(context.Background(), strings.NewReader(plain), Limits{}, time.UTC, func(Component) error { kept++; return stop }); err != stop || kept != 1 {
		t.Errorf("keep's error: got %v after %d events", err, kept)
	}
	if _, err := Decode(context.Background(), io.MultiReader(strings.NewReader(plain), iotest.ErrReader(stop)), Limits{}, time.UTC, func(Component) error { return nil }); !errors.Is(err, stop) {
		t.Errorf("the reader's error: got %v", err)
	}
	if _, err := Decode(context.Background(), iotest.ErrReader(stop), Limits{}, time.UTC, func(Component) error { return nil }); !errors.Is(err, stop) {
		t.Errorf("the reader's error at once: got %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	if _, err := Decode(ctx, strings.NewReader(plain), Limits{}, time.UTC, func(Component) error { cancel(); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("the context's end between events: got %v", err)
	}
}

func TestBadEventsAreSkipped(t *testing.T) {
	p := parseFile(t, "bad-events")
	expect(t, "events", p.report.Events, 2)
	expect(t, "skipped", p.report.Skipped, 4)
	expect(t, "problems", p.problems(), `no-start: The event is not shown: it has no start.
bad-start: The event is not shown: its start "tomorrow at ten" is not a date or time.
no-such-day: The event is not shown: its start "20250230" is not a date or time.
bad-slot: The event is not shown: the instance that it changes, "last one", is not a date or time.
`)
	one := p.report.Problems[1]
	expect(t, "summary", one.Summary, "bad-start")
	expect(t, "line", one.Line, 13)
	expect(t, "skipped", one.Skipped, true)
}

func TestFrameFaults(t *testing.T) {
	for _, test := range []struct{ name, feed, problems string }{
		{"END:VEVENT missing before the next", strings.Replace(plain, "END:VEVENT\n", "", 1), "a: At 2025-07-03 10:00: In the feed its END:VEVENT is missing; it is shown as far as it goes.\n"},
		{"END:VEVENT missing at the end", strings.Replace(plain, "END:VEVENT\nEND:VCAL", "END:VCAL", 1), "b: On 2025-07-04: In the feed its END:VEVENT is missing; it is shown as far as it goes.\n"},
		{"something before the calendar", "<br />\n<b>Warning</b>: include()\n" + plain, ": The calendar begins in line 3; what stands before it is left out.\n"},
		{"events without a calendar", strings.NewReplacer("BEGIN:VCALENDAR\nX-WR-CALNAME:Über uns\n", "", "END:VCALENDAR\n", "").Replace(plain), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := parse(t, test.feed)
			expect(t, "problems", p.problems(), test.problems)
			expect(t, "summary", p.event(t, "a").Summary, "Frühstück")
			expect(t, "summary", p.event(t, "b").Summary, "Fest")
		})
	}
}

func TestAlarms(t *testing.T) {
	p := parseFile(t, "alarms")
	for uid, want := range map[string]string{"closed": "After the alarm", "open": "Open alarm", "stray": "Stray end"} {
		expect(t, uid, p.event(t, uid).Summary, want)
		expect(t, uid, p.event(t, uid).Description, "")
	}
	expect(t, "length of an event whose alarm repeats", span(p.event(t, "closed")), "2025-07-03T10:00:00Z UTC")
	expect(t, "start behind an open alarm", when(p.event(t, "open").Start), "2025-07-03T11:00:00Z UTC")
	expect(t, "place behind an open alarm", p.event(t, "open").Location, "Hall")
}

func TestUnfoldedDescription(t *testing.T) {
	e := parseFile(t, "unfolded").event(t, "unfolded")
	expect(t, "description", e.Description, "First line\nSecond line, no colon\nMeeting ID: 123 456\nhttps//broken")
	expect(t, "summary", e.Summary, "Still here")
	expect(t, "location", e.Location, "Room")
}

func TestOddNames(t *testing.T) {
	e := parseFile(t, "odd-names").event(t, "odd")
	expect(t, "summary", e.Summary, "Lower")
	expect(t, "start", when(e.Start), "2025-07-03T10:00:00+02:00 Europe/Vienna")
}

func TestMissingUID(t *testing.T) {
	p := parseFile(t, "no-uid")
	a, b := p.components[0].UID, p.components[1].UID
	if a == "" || a == b {
		t.Errorf("the UIDs are %q and %q, want two", a, b)
	}
	changed := parse(t, "BEGIN:VEVENT\nDTSTAMP:20250101T000000Z\nDTSTART:20250703T100000Z\nSUMMARY:A\nDESCRIPTION:other\nEND:VEVENT\n")
	expect(t, "UID after the description changed", changed.components[0].UID, a)
}

func TestCanonicalText(t *testing.T) {
	expect(t, "text", string(parseFile(t, "canonical").components[0].Text), `UID:canonical
DTSTART;TZID="Europe/Vienna":20250703T100000
SUMMARY:Kept
ATTENDEE;CN="Jane":mailto:jane@example.com
`)
}

func TestCalendarProperties(t *testing.T) {
	p := parseFile(t, "calendar-properties")
	expect(t, "name", p.report.Name, "Family, all")
	expect(t, "refresh", p.report.Refresh, 6*time.Hour)
	expect(t, "time zone", p.report.TimeZone, "")
	expect(t, "preamble", string(p.report.Preamble), "")
	p = parseFile(t, "zone-unknown")
	expect(t, "time zone", p.report.TimeZone, "Asia/Tokyo")
	expect(t, "preamble", string(p.report.Preamble), "X-WR-TIMEZONE:Asia/Tokyo\n")
}
