package calendar

import (
	"strings"
	"testing"
	"time"
)

// daysOf writes the days of a month: "1 2 3."
func daysOf(list []Wall) string {
	var b strings.Builder
	for _, w := range list {
		b.WriteString(w.UTC().Format(" 2"))
	}
	return b.String()[1:] + "."
}

// UNTIL is read as leniently as a start.
func TestUntilAsRealFilesWriteIt(t *testing.T) {
	for _, c := range []struct{ start, until, want string }{
		{"2026-07-01 10:00 Europe/Berlin", "20260703T0800Z", "1 2 3."},
		{"2026-07-01 10:00 Europe/Berlin", "20260703T0759Z", "1 2."},
		{"2026-07-01 10:00 Europe/Berlin", "20260703t080000z", "1 2 3."},
		{"2026-07-01 10:00 Europe/Berlin", "20260703 080000Z", "1 2 3."},
		{"2026-07-01 10:00 Europe/Berlin", "2026-07-03", "1 2 3."},
		{"2026-07-01 10:00 Europe/Berlin", "2026-07-03T08:00:00Z", "1 2 3."},
		{"2026-07-01 10:00 Europe/Berlin", "2026-07-03T10:00:00+02:00", "1 2 3."},
		{"2026-07-01 10:00 Europe/Berlin", "2026-07-03T09:59:59+02:00", "1 2."},
		{"2026-07-01 10:00 Europe/Berlin", "2026-07-03T04:00:00-04:00", "1 2 3."},
		{"2026-07-01 10:00 Europe/Berlin", "20260703T100000+02", "1 2 3."},
		{"2026-07-01 10:00 Europe/Berlin", "20260703T240000Z", "1 2 3."},
		{"2026-07-01 00:00 UTC", "20260703T240000Z", "1 2 3 4."},
		{"2026-07-01", "20260703T240000Z", "1 2 3."},
		{"2026-07-01", "2026-07-03T00:30:00+02:00", "1 2 3."},
	} {
		text := "FREQ=DAILY;UNTIL=" + c.until
		if got := daysOf(instances(t, c.start, text, 9)); got != c.want {
			t.Errorf("%s %s\n got %s\nwant %s", c.start, text, got, c.want)
		}
		if _, warnings, err := ParseRule(text, moment(t, c.start)); err != nil || len(warnings) > 0 {
			t.Errorf("%s: error %v, warnings %v", text, err, warnings)
		}
	}
}

// A person would rather see the meeting: what cannot be read of an end is told and left out.
func TestBadEndsAreIgnoredWithAWarning(t *testing.T) {
	for _, c := range []struct{ text, want, warning string }{
		{"FREQ=DAILY;UNTIL=;COUNT=2", "1 2.", `UNTIL="", which is not a date`},
		{"FREQ=DAILY;COUNT=2;UNTIL=tomorrow", "1 2.", `UNTIL="TOMORROW", which is not a date`},
		{"FREQ=DAILY;UNTIL=20260230", "1 2 3 4.", `UNTIL="20260230"`},
		{"FREQ=DAILY;UNTIL=20261301", "1 2 3 4.", "without end"},
		{"FREQ=DAILY;UNTIL=00000101", "1 2 3 4.", "without end"},
		{"FREQ=DAILY;UNTIL=2026+7+2", "1 2 3 4.", "without end"},
		{"FREQ=DAILY;UNTIL=20260702T", "1 2 3 4.", "without end"},
		{"FREQ=DAILY;UNTIL=20260702T240001Z", "1 2 3 4.", "without end"},
		{"FREQ=DAILY;UNTIL=20260702T236000Z", "1 2 3 4.", "without end"},
		{"FREQ=DAILY;UNTIL=20260702T235961Z", "1 2 3 4.", "without end"},
		{"FREQ=DAILY;UNTIL=20260702T100000+2500", "1 2 3 4.", "without end"},
		{"FREQ=DAILY;UNTIL=20260702T100000+02Z", "1 2 3 4.", "without end"},
		{"FREQ=DAILY;COUNT=0", "1 2 3 4.", `COUNT="0"; that part is ignored`},
		{"FREQ=DAILY;COUNT=", "1 2 3 4.", `COUNT=""; that part is ignored`},
		{"FREQ=DAILY;COUNT=0;UNTIL=20260702", "1 2.", `COUNT="0"; that part is ignored`},
		{"FREQ=DAILY;INTERVAL=0;COUNT=3", "1 2 3.", `INTERVAL="0"; that part is ignored`},
		{"FREQ=DAILY;INTERVAL=;COUNT=3", "1 2 3.", `INTERVAL=""; that part is ignored`},
	} {
		_, warnings, err := ParseRule(c.text, moment(t, "2026-07-01 10:00 UTC"))
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if got := daysOf(instances(t, "2026-07-01 10:00 UTC", c.text, 4)); got != c.want || len(warnings) != 1 || !strings.Contains(warnings[0], c.warning) {
			t.Errorf("%s\n got %s %q\nwant %s %q", c.text, got, warnings, c.want, c.warning)
		}
	}
}

func TestRuleWithItsNameTwice(t *testing.T) {
	for _, text := range []string{"RRULE:FREQ=DAILY;COUNT=2", " rrule:FREQ=DAILY;COUNT=2"} {
		if got := daysOf(instances(t, "2026-07-01 10:00 UTC", text, 4)); got != "1 2." {
			t.Errorf("%s: %s", text, got)
		}
	}
}

// WallOf normalises as time.Date does.
func TestWallOf(t *testing.T) {
	for _, c := range [][6]int{{2024, 2, 29, 1, 2, 3}, {2023, 2, 29, 0, 0, 0}, {2024, 13, 1, 0, 0, 0}, {2024, 0, 0, -1, 60, 61}, {2024, -25, 400, 25, -1, -1}, {1, 1, 1, 0, 0, 0}, {1604, 12, 31, 23, 59, 59}, {9999, 12, 31, 23, 59, 59}} {
		want := time.Date(c[0], time.Month(c[1]), c[2], c[3], c[4], c[5], 0, time.UTC)
		if got := WallOf(c[0], time.Month(c[1]), c[2], c[3], c[4], c[5]); got.UTC() != want {
			t.Errorf("%v: %v, want %v", c, got.UTC(), want)
		}
	}
}
