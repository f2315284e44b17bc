package calendar

import (
	"slices"
	"strings"
	"testing"
)

func TestParseRuleIsLenient(t *testing.T) {
	want := instances(t, "2024-03-01 09:00 UTC", "FREQ=MONTHLY;INTERVAL=2;BYDAY=2TU,-1FR;COUNT=9", 20)
	for _, text := range []string{
		"freq=monthly;interval=2;byday=2tu,-1fr;count=9",
		"FREQ=MONTHLY;INTERVAL=2;BYDAY=2TU,-1FR;COUNT=9;",
		"COUNT=9;BYDAY=-1FR,+2TU;INTERVAL=2;FREQ=MONTHLY",
		" FREQ = MONTHLY ;; INTERVAL=02; BYDAY= 2TU , -01FR,2TU;COUNT=09 ",
		"FREQ=MONTHLY;INTERVAL=2;BYDAY=2TU,-1FR;COUNT=9;WKST=SU",
	} {
		if got := instances(t, "2024-03-01 09:00 UTC", text, 20); !slices.Equal(got, want) {
			t.Errorf("%s\n got %s\nwant %s", text, walls(got), walls(want))
		}
	}
}

func TestParseRuleWarns(t *testing.T) {
	for _, c := range []struct{ start, text, want string }{
		{"2024-03-01 09:00 UTC", "FREQ=DAILY", ""},
		{"2024-03-01 09:00 UTC", "RSCALE=GREGORIAN;FREQ=YEARLY", `RSCALE="GREGORIAN"; that part is ignored`},
		{"2024-03-01 09:00 UTC", "RSCALE=HEBREW;FREQ=YEARLY;SKIP=FORWARD", `SKIP="FORWARD"; that part is ignored`},
		{"2024-03-01 09:00 UTC", "FREQ=YEARLY;BYEASTER=0", `"BYEASTER", which is not known`},
		{"2024-03-01 09:00 UTC", "FREQ=YEARLY;X-NOTE=hello", `"X-NOTE", which is not known`},
		{"2024-03-01 09:00 UTC", "FREQ=WEEKLY;BYDAY=", `"BYDAY" without a value`},
		{"2024-03-01 09:00 UTC", "FREQ=WEEKLY;COUNT=3;COUNT=4", "COUNT more than once"},
		{"2024-03-01 09:00 UTC", "FREQ=WEEKLY;COUNT=3;UNTIL=20250101", "both COUNT and UNTIL"},
		{"2024-03-01 09:00 UTC", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31", "matches no time"},
		{"2024-03-01 09:00 UTC", "FREQ=MONTHLY;BYDAY=53MO", "matches no time"},
		{"2024-03-01 06:00 UTC", "FREQ=HOURLY;INTERVAL=24;BYHOUR=5", "matches no time"},
		{"2024-03-01 06:00 UTC", "FREQ=MINUTELY;INTERVAL=1440;BYHOUR=5", "matches no time"},
		{"2024-03-01 06:00 UTC", "FREQ=DAILY;INTERVAL=7;BYDAY=MO", "matches no time"},
		{"2024-03-01 06:00 UTC", "FREQ=WEEKLY;BYDAY=2MO", "numbers are ignored"},
		{"2024-03-01 06:00 UTC", "FREQ=MONTHLY;BYWEEKNO=9", "BYWEEKNO, which is not allowed with FREQ=MONTHLY"},
		{"2024-03-01 06:00 UTC", "FREQ=WEEKLY;BYMONTHDAY=9", "BYMONTHDAY, which is not allowed with FREQ=WEEKLY"},
		{"2024-03-01 06:00 UTC", "FREQ=DAILY;BYYEARDAY=9", "BYYEARDAY, which is not allowed with FREQ=DAILY"},
		{"2024-03-01", "FREQ=DAILY;BYHOUR=9", "ignored for an all-day event"},
		{"2024-03-01", "FREQ=HOURLY", "cannot repeat HOURLY"},
	} {
		t.Run(c.text, func(t *testing.T) {
			_, warnings, err := ParseRule(c.text, moment(t, c.start))
			if err != nil {
				t.Fatal(err)
			}
			if c.want == "" && len(warnings) > 0 || !strings.Contains(strings.Join(warnings, "\n"), c.want) {
				t.Errorf("warnings %q, want %q", warnings, c.want)
			}
		})
	}
	_, warnings, err := ParseRule(strings.Repeat("X-A=1;", 1000)+"FREQ=DAILY", moment(t, "2024-03-01"))
	if err != nil || len(warnings) != maxWarnings {
		t.Errorf("%d warnings, error %v", len(warnings), err)
	}
}

// A rule that ends or begins late is no rule that matches nothing.
func TestParseRuleDoesNotWarnOfShortRules(t *testing.T) {
	for _, text := range []string{"FREQ=WEEKLY;BYDAY=MO;UNTIL=20240302T000000Z", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;COUNT=1", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "FREQ=DAILY;BYMONTHDAY=13;BYDAY=FR;BYMONTH=2"} {
		if _, warnings, err := ParseRule(text, moment(t, "2024-03-01 09:00 UTC")); err != nil || len(warnings) > 0 {
			t.Errorf("%s: %v %q", text, err, warnings)
		}
	}
}

func TestParseRuleRefusesNonsense(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", `recurrence rule "" has no FREQ`},
		{";;", "has no FREQ"},
		{"BYDAY=MO", "has no FREQ"},
		{"FREQ=", "FREQ="},
		{"FREQ=FORTNIGHTLY", `FREQ="FORTNIGHTLY": allowed are YEARLY, MONTHLY`},
		{"FREQ=NEVER", "allowed are"},
		{"WEEKLY", `"WEEKLY" is not of the form NAME=VALUE`},
		{"FREQ=DAILY;COUNT=-1", "a whole number from 1"},
		{"FREQ=DAILY;COUNT=ten", `COUNT="TEN"`},
		{"FREQ=DAILY;INTERVAL=1.5", "a whole number from 1"},
		{"FREQ=DAILY;BYMONTH=13", `BYMONTH has "13": allowed are numbers from 1 to 12`},
		{"FREQ=DAILY;BYMONTH=0", "numbers from 1 to 12"},
		{"FREQ=YEARLY;BYMONTH=5L", `has "5L"`},
		{"FREQ=DAILY;BYMONTH=1,,2", `has ""`},
		{"FREQ=DAILY;BYMONTHDAY=0", "numbers from -31 to 31 except 0"},
		{"FREQ=DAILY;BYMONTHDAY=32", "numbers from -31 to 31"},
		{"FREQ=YEARLY;BYYEARDAY=367", "numbers from -366 to 366"},
		{"FREQ=YEARLY;BYWEEKNO=54", "numbers from -53 to 53"},
		{"FREQ=YEARLY;BYSETPOS=0", "except 0"},
		{"FREQ=DAILY;BYHOUR=24", "numbers from 0 to 23"},
		{"FREQ=DAILY;BYMINUTE=60", "numbers from 0 to 59"},
		{"FREQ=DAILY;BYSECOND=61", "numbers from 0 to 60"},
		{"FREQ=DAILY;BYSECOND=-1", "numbers from 0 to 60"},
		{"FREQ=DAILY;BYSECOND=99999999999999999999", "numbers from 0 to 60"},
		{"FREQ=DAILY;BYSECOND=1x", "numbers from 0 to 60"},
		{"FREQ=WEEKLY;BYDAY=XX", `BYDAY has "XX": allowed are the weekdays`},
		{"FREQ=WEEKLY;BYDAY=M", "allowed are the weekdays"},
		{"FREQ=MONTHLY;BYDAY=0MO", "must be 1 to 53 or -1 to -53"},
		{"FREQ=MONTHLY;BYDAY=54MO", "must be 1 to 53 or -1 to -53"},
		{"FREQ=MONTHLY;BYDAY=1.MO", "must be 1 to 53"},
		{"FREQ=WEEKLY;WKST=XX", `WKST="XX"`},
	} {
		_, _, err := ParseRule(c.text, moment(t, "2024-03-01 09:00 UTC"))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.text, err, c.want)
		}
	}
	long := "FREQ=" + strings.Repeat("A", 100_000)
	if _, _, err := ParseRule(long, moment(t, "2024-03-01")); err == nil || len(err.Error()) > 300 {
		t.Errorf("the error about a long value is itself long")
	}
}

func TestUntilWithALeapSecond(t *testing.T) {
	if got := instances(t, "2024-03-01 23:59:59 UTC", "FREQ=DAILY;UNTIL=20240302T235960Z", 5); len(got) != 2 {
		t.Errorf("got %s", walls(got))
	}
}
