package household

import (
	"bytes"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// text writes iCalendar content lines: CRLF, folded at 75 octets (RFC 5545 section 3.1).
type text struct{ bytes.Buffer }

// line writes one content line as it is.
func (t *text) line(format string, args ...any) {
	s := format
	if len(args) > 0 {
		s = fmt.Sprintf(format, args...)
	}
	for width := 75; len(s) > width; width = 74 {
		cut := width
		for !utf8.RuneStart(s[cut]) {
			cut--
		}
		t.WriteString(s[:cut])
		t.WriteString("\r\n ")
		s = s[cut:]
	}
	t.WriteString(s)
	t.WriteString("\r\n")
}

// words writes a property whose value is TEXT, escaped.
func (t *text) words(name, value string) {
	if value == "" {
		return
	}
	value = strings.NewReplacer("\\", "\\\\", ";", "\\;", ",", "\\,", "\n", "\\n").Replace(value)
	t.line("%s:%s", name, value)
}

func wall(t time.Time) string { return t.Format("20060102T150405") }
func utc(t time.Time) string  { return t.UTC().Format("20060102T150405Z") }
func date(t time.Time) string { return t.Format("20060102") }

// noon is the civil day `days` after t's, at 12:00, which no daylight-saving change touches.
func noon(t time.Time, days int) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d+days, 12, 0, 0, 0, t.Location())
}

// clock is the given wall clock time on day's civil day.
func clock(day time.Time, hour, minute int) time.Time {
	y, m, d := day.Date()
	return time.Date(y, m, d, hour, minute, 0, 0, day.Location())
}

// onOrAfter is the first day on or after t that falls on w, at noon.
func onOrAfter(t time.Time, w time.Weekday) time.Time {
	return noon(t, (int(w)-int(t.Weekday())+7)%7)
}

// workday is the n-th (from 1) day after t that is neither Saturday nor Sunday, at noon.
func workday(t time.Time, n int) time.Time {
	day := noon(t, 0)
	for n > 0 {
		day = noon(day, 1)
		if w := day.Weekday(); w != time.Saturday && w != time.Sunday {
			n--
		}
	}
	return day
}
