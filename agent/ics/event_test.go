package ics

import (
	"fmt"
	"strings"
	"testing"

	"calendarbot/agent/calendar"
)

func TestPairs(t *testing.T) {
	p := parseFile(t, "pairs")
	for uid, want := range map[string]string{
		"start-only":      "2025-07-03T10:00:00+02:00 Europe/Vienna to 2025-07-03T11:00:00+02:00 Europe/Vienna",
		"end-only":        "2025-07-03T10:00:00+02:00 Europe/Vienna to 2025-07-03T11:00:00+02:00 Europe/Vienna",
		"end-utc":         "2025-07-03T10:00:00Z UTC to 2025-07-03T11:00:00Z UTC",
		"z-and-tzid":      "2025-07-03T10:00:00+02:00 Europe/Vienna to 2025-07-03T11:00:00+02:00 Europe/Vienna",
		"two-zones":       "2025-07-03T10:00:00+09:00 Asia/Tokyo to 2025-07-03T06:00:00-07:00 America/Los_Angeles",
		"value-says-date": "2025-07-03T10:00:00Z UTC",
		"value-says-time": "2025-07-03",
		"bare-date":       "2025-07-03 to 2025-07-05",
		"end-is-time":     "2025-07-03 to 2025-07-05",
		"end-is-date":     "2025-07-03T10:00:00+02:00 Europe/Vienna to 2025-07-04T00:00:00+02:00 Europe/Vienna",
		"one-day":         "2025-07-03",
		"equal-day":       "2025-07-03 to 2025-07-03",
		"no-end":          "2025-07-03T10:00:00Z UTC",
	} {
		expect(t, uid, span(p.event(t, uid)), want)
	}
	expect(t, "problems", p.problems(), "")
}

func TestLengths(t *testing.T) {
	p := parseFile(t, "lengths")
	for uid, want := range map[string]string{
		"end-before-start":     "2025-07-03T10:00:00Z UTC",
		"end-before-start-day": "2025-07-03",
		"negative":             "2025-07-03T10:00:00Z UTC",
		"too-long":             "2025-07-03T10:00:00Z UTC",
		"unreadable":           "2025-07-03T10:00:00Z UTC",
		"bad-end":              "2025-07-03T10:00:00Z UTC",
		"days":                 "2025-07-03T10:00:00Z UTC for 1d7200s",
		"weeks":                "2025-07-03T10:00:00Z UTC for 14d0s",
		"exact":                "2025-07-03T10:00:00Z UTC for 0d130501s",
		"lower":                "2025-07-03T10:00:00Z UTC for 0d2700s",
		"day-by-hours":         "2025-07-03 for 2d0s",
		"both":                 "2025-07-03T10:00:00Z UTC to 2025-07-03T12:00:00Z UTC",
	} {
		expect(t, uid, span(p.event(t, uid)), want)
	}
	expect(t, "problems", p.problems(), `end-before-start: At 2025-07-03 10:00: Its end is before its start; it is shown at its start.
end-before-start-day: On 2025-07-03: Its end is before its start; it is shown at its start.
negative: At 2025-07-03 10:00: Its length "-PT1H" is negative; it is shown at its start.
too-long: At 2025-07-03 10:00: Its length "PT99999999999999999999H" cannot be read; it is shown at its start.
unreadable: At 2025-07-03 10:00: Its length "one hour" cannot be read; it is shown at its start.
bad-end: At 2025-07-03 10:00: Its end "later" is not a date or time; it is shown without.
`)
}

func TestNumericOffset(t *testing.T) {
	p := parseFile(t, "numeric-offset")
	for uid, want := range map[string]string{
		"east":            "2026-07-15T10:00:00Z UTC to 2026-07-15T11:30:00Z UTC",
		"west":            "2026-07-16T01:30:00Z UTC",
		"no-seconds":      "2026-07-15T10:00:00Z UTC",
		"in-zone":         "2026-07-15T12:00:00+02:00 Europe/Vienna",
		"in-unknown-zone": "2026-07-15T10:00:00Z UTC",
		"end-without":     "2026-07-15T10:00:00Z UTC to 2026-07-15T11:30:00Z UTC",
		"start-without":   "2026-07-15T17:00:00Z UTC to 2026-07-15T18:30:00Z UTC",
	} {
		expect(t, uid, span(p.event(t, uid)), want)
	}
	expect(t, "problems", p.problems(), "bad: The event is not shown: its start \"2026-07-15T12:00:00+99:00\" is not a date or time.\n")
}

// TestIgnoredProperties checks that each property which has no effect is told once.
func TestIgnoredProperties(t *testing.T) {
	p := parseFile(t, "ignored")
	expect(t, "problems", p.problems(), `future: At 2025-07-03 12:00: It changes later instances and has recurrence properties of its own (RRULE); they are ignored.
prior: At 2025-07-03 12:00: Its RANGE "THISANDPRIOR" is not THISANDFUTURE; it changes one instance.
no-number: At 2025-07-03 10:00: Its length "PT" cannot be read; it is shown at its start.
two-starts: At 2025-07-03 10:00: It has more than one DTSTART; the first is used.
two-ends: At 2025-07-03 10:00: It has more than one DTEND; the first is used.
`)
}

// series shows what repeats an event and what it takes out.
func series(e calendar.Event) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d rules", len(e.Rules))
	for _, d := range e.Dates {
		b.WriteString("\n+ " + span(calendar.Event{Start: d.Start, End: d.End, Length: d.Length}))
	}
	for _, x := range e.Except {
		b.WriteString("\n- " + when(x))
	}
	if e.RecurrenceID != nil {
		b.WriteString("\n= " + when(*e.RecurrenceID))
	}
	if e.Future {
		b.WriteString(" and later")
	}
	return b.String()
}

func TestRecurrenceProperties(t *testing.T) {
	p := parseFile(t, "recurrence")
	for uid, want := range map[string]string{
		"master": `1 rules
+ 2025-08-01T10:00:00+02:00 Europe/Vienna
+ 2025-08-02
+ 2025-08-03T10:00:00Z UTC to 2025-08-03T12:00:00Z UTC
+ 2025-08-04T10:00:00Z UTC for 0d10800s
- 2025-07-04T10:00:00+02:00 Europe/Vienna
- 2025-07-05T10:00:00+02:00 Europe/Vienna
- 2025-07-06T08:00:00Z UTC
- 2025-07-07T17:00:00+09:00 Asia/Tokyo
- 2025-07-08`,
		"override":      "0 rules\n= 2025-07-03T10:00:00+02:00 Europe/Vienna",
		"override-date": "0 rules\n= 2025-07-03",
		"override-zone": "0 rules\n= 2025-07-03T17:00:00+09:00 Asia/Tokyo",
		"future":        "0 rules\n= 2025-07-03T10:00:00Z UTC and later",
		"two-rules":     "2 rules",
		"bad-rule":      "0 rules",
		"bad-lists":     "1 rules\n+ 2025-08-01T10:00:00Z UTC\n- 2025-07-04T10:00:00Z UTC",
		"broken-list":   "1 rules\n- 2025-07-04T10:00:00Z UTC\n- 2025-07-05T10:00:00Z UTC",
	} {
		expect(t, uid, series(p.event(t, uid)), want)
	}
	cancelled := p.event(t, "cancelled-without-start")
	expect(t, "start of a cancelled instance", when(cancelled.Start), "2025-07-04T10:00:00Z UTC")
	expect(t, "status of a cancelled instance", cancelled.Status, calendar.Hidden)
	expect(t, "sequence", p.event(t, "override").Sequence, 3)
	for _, want := range []string{
		`bad-rule: At 2025-07-03 10:00: Its recurrence rule "FREQ=SOMETIMES" cannot be read (`,
		`bad-lists: At 2025-07-03 10:00: The excepted date "never" cannot be read; it is ignored.`,
		`bad-lists: At 2025-07-03 10:00: The additional date "soon" cannot be read; it is ignored.`,
		`bad-lists: At 2025-07-03 10:00: EXRULE is no longer part of iCalendar; what it takes out is still shown.`,
	} {
		if !strings.Contains(p.problems(), want) {
			t.Errorf("no problem %q in\n%s", want, p.problems())
		}
	}
	expect(t, "number of problems", len(p.report.Problems), 4)
}

func TestText(t *testing.T) {
	p := parseFile(t, "text")
	e := p.event(t, "person")
	expect(t, "summary", e.Summary, `Café, Tee; Kuchen \o/`)
	expect(t, "description", e.Description, "Zeile 1\nZeile 2\nZeile 3")
	expect(t, "location", e.Location, "Raum 1, Haus 2")
	expect(t, "url", e.URL, "https://example.com/a,b")
	expect(t, "categories", strings.Join(e.Categories, "|"), "Arbeit|Rot, dunkel|Dritte")
	expect(t, "private", e.Private, true)
	expect(t, "sequence", e.Sequence, 7)
	expect(t, "organizer", e.Organizer, calendar.Person{Name: "Doe, Jane", Address: "jane@example.com"})
	for i, want := range []calendar.Person{
		{Name: "Joe 'Hawk' Doe", Address: "joe@example.com", Status: "ACCEPTED"},
		{Name: "O'Neil", Address: "neil@example.com", Status: "DECLINED"},
		{Name: "George Herman 'Babe' Ruth", Address: "babe@example.com"},
		{Address: "bare@example.com"},
	} {
		expect(t, "attendee", e.Attendees[i], want)
	}
	expect(t, "no title", p.event(t, "no-title").Summary, "Busy")
	expect(t, "blank title", p.event(t, "blank-title").Summary, "Busy")
	expect(t, "title given twice", p.event(t, "twice").Summary, "first")
	expect(t, "start given twice", when(p.event(t, "twice").Start), "2025-07-03T10:00:00Z UTC")
	expect(t, "an address that is a script", p.event(t, "bad-url").URL, "")
	expect(t, "a meeting by telephone", p.event(t, "bad-url").Conference, "")
}

func TestConference(t *testing.T) {
	p := parseFile(t, "conference-rank")
	for uid, want := range map[string]string{
		"google":      "https://meet.google.com/abc-defg-hij",
		"rfc7986":     "https://example.com/3",
		"teams":       "https://teams.microsoft.com/l/meetup-join/2",
		"external":    "https://example.com/5",
		"location":    "https://zoom.us/j/2?pwd=a,b",
		"description": "https://firm.webex.com/meet/jane",
		"jitsi":       "https://meet.jit.si/OurRoom",
		"none":        "",
	} {
		expect(t, uid, p.event(t, uid).Conference, want)
	}
}

// TestConferenceBehindLongText checks that the address is found where the description is cut for keeping.
func TestConferenceBehindLongText(t *testing.T) {
	p := parse(t, bare("DTSTART:20250703T100000Z", "DESCRIPTION:"+strings.Repeat("long ", 2000)+"https://zoom.us/j/42"))
	expect(t, "conference", p.events[0].Conference, "https://zoom.us/j/42")
	expect(t, "length of the description", len(p.events[0].Description), longDescription)
}

func TestStatus(t *testing.T) {
	const day, hour = "DTSTART;VALUE=DATE:20250703", "DTSTART:20250703T100000Z"
	for _, test := range []struct {
		name  string
		lines []string
		want  calendar.Status
	}{
		{"nothing said", []string{hour}, calendar.Busy},
		{"deleted in Outlook", []string{hour, "X-OUTLOOK-DELETED:TRUE", "STATUS:TENTATIVE"}, calendar.Hidden},
		{"not deleted in Outlook", []string{hour, "X-OUTLOOK-DELETED:FALSE"}, calendar.Busy},
		{"free by Outlook and followed", []string{hour, "X-MICROSOFT-CDO-BUSYSTATUS:FREE", "SUMMARY:Following: Board", "STATUS:CANCELLED"}, calendar.Tentative},
		{"free by Outlook", []string{hour, "X-MICROSOFT-CDO-BUSYSTATUS:FREE", "STATUS:TENTATIVE"}, calendar.Hidden},
		{"all day and free by Outlook", []string{day, "X-MICROSOFT-CDO-BUSYSTATUS:FREE"}, calendar.Hidden},
		{"cancelled", []string{hour, "STATUS:CANCELLED", "X-MICROSOFT-CDO-BUSYSTATUS:OOF"}, calendar.Hidden},
		{"canceled", []string{hour, "STATUS:CANCELED", "X-MICROSOFT-CDO-BUSYSTATUS:BUSY"}, calendar.Hidden},
		{"tentative", []string{hour, "STATUS:TENTATIVE", "TRANSP:TRANSPARENT"}, calendar.Tentative},
		{"transparent and confirmed", []string{hour, "STATUS:CONFIRMED", "TRANSP:TRANSPARENT"}, calendar.Tentative},
		{"transparent", []string{hour, "TRANSP:TRANSPARENT", "X-MICROSOFT-CDO-BUSYSTATUS:OOF"}, calendar.Hidden},
		{"transparent all day", []string{day, "TRANSP:TRANSPARENT"}, calendar.Free},
		{"transparent, confirmed, all day", []string{day, "STATUS:CONFIRMED", "TRANSP:TRANSPARENT"}, calendar.Tentative},
		{"out of office", []string{hour, "X-MICROSOFT-CDO-BUSYSTATUS:OOF", "STATUS:CONFIRMED", "TRANSP:OPAQUE"}, calendar.OutOfOffice},
		{"working elsewhere", []string{hour, "X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE"}, calendar.Elsewhere},
		{"busy by Outlook", []string{hour, "X-MICROSOFT-CDO-BUSYSTATUS:BUSY"}, calendar.Busy},
		{"lower case", []string{hour, "status:cancelled"}, calendar.Hidden},
	} {
		t.Run(test.name, func(t *testing.T) {
			expect(t, "status", parse(t, bare(test.lines...)).events[0].Status, test.want)
		})
	}
}

func TestReadMoment(t *testing.T) {
	for text, want := range map[string]string{
		"20250703":             "2025-07-03",
		"20250703T100000":      "2025-07-03 10:00:00",
		"20250703T100000Z":     "2025-07-03 10:00:00Z",
		"20250703t100000z":     "2025-07-03 10:00:00Z",
		"20250703T1000":        "2025-07-03 10:00:00",
		"2025-07-03T10:00:00Z": "2025-07-03 10:00:00Z",
		"2025-07-03":           "2025-07-03",
		"20250703T240000":      "2025-07-04 00:00:00",
		"20161231T235960Z":     "2016-12-31 23:59:59Z",
		"20240229":             "2024-02-29",
		"00010101":             "0001-01-01",
		"99991231T235959":      "9999-12-31 23:59:59",
		"20250703T120000+0200": "2025-07-03 10:00:00Z",
		"20250703T2200-0330":   "2025-07-04 01:30:00Z",
		"20250703T120000+2400": "", "20250703T120000Z+0200": "", "20250703T+0200": "", "2025-07-03+02:00": "", "20250703T120000+": "",
		"20250229": "", "19000229": "", "20251301": "", "20250700": "", "00000101": "", "": "", "2025": "", "20250703T": "",
		"20250703T250000": "", "20250703T240001": "", "20250703T106000": "", "20250703X100000": "", "2025070３": "", "-0250703": "",
	} {
		m, ok := readMoment(text)
		got := ""
		if ok && m.date {
			got = m.wall.UTC().Format("2006-01-02")
		} else if ok {
			got = m.wall.UTC().Format("2006-01-02 15:04:05")
			if m.utc {
				got += "Z"
			}
		}
		expect(t, text, got, want)
	}
}

func TestReadOffset(t *testing.T) {
	for text, want := range map[string]int{
		"+0100": 3600, "-0330": -12600, "+01:00": 3600, "0100": 3600, "+1": 3600, "-053730": -20250, "+2359": 86340,
	} {
		if got, ok := readOffset(text); !ok || got != want {
			t.Errorf("%s is %d, %v; want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "+", "+2400", "+0160", "+01000000", "one", "+-100"} {
		if got, ok := readOffset(text); ok {
			t.Errorf("%q is %d, want an error", text, got)
		}
	}
}

func TestUnescape(t *testing.T) {
	for text, want := range map[string]string{
		`plain`: "plain", `a\,b\;c\\d\:e\"f`: `a,b;c\d:e"f`, `a\nb\Nc`: "a\nb\nc", `C:\temp\x`: `C:\temp\x`, `end\`: "end",
		"bell\x07tab\tdel\x7f": "belltab\tdel", `\\n`: `\n`, `\\\n`: "\\\n", `\`: "", `\n`: "\n", `ü\,ß`: "ü,ß",
	} {
		expect(t, text, unescape(text), want)
	}
}

func TestWholeRunes(t *testing.T) {
	for _, test := range []struct {
		text string
		n    int
		want string
	}{{"abc", 3, "abc"}, {"abc", 2, "ab"}, {"aü", 2, "a"}, {`a\n`, 2, "a"}, {`a\\n`, 3, `a\\`}, {`\\\n`, 3, `\\`}} {
		expect(t, test.text, string(wholeRunes([]byte(test.text), test.n)), test.want)
	}
}
