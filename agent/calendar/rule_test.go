package calendar

import (
	"slices"
	"strings"
	"testing"
)

// checkRules checks the first instances of rules, with days as in TestExamplesOfRFC5545.
func checkRules(t *testing.T, cases []struct{ name, start, rule, want string }) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			want := days(t, c.want)
			n := len(want)
			if strings.HasSuffix(c.want, ".") {
				n++ // and no more
			}
			got := instances(t, c.start, c.rule, n)
			clock := got[0].clock()
			for i := range got {
				got[i] -= clock
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s from %s\n got %s\nwant %s", c.rule, c.start, walls(got), walls(want))
			}
		})
	}
}

// Where dateutil and what follows it differ from RFC 5545.
func TestRulesFollowTheRFCWhereOthersDoNot(t *testing.T) {
	checkRules(t, []struct{ name, start, rule, want string }{
		{"BYDAY with and without numbers is a union", "2024-01-01 09:00 UTC", "FREQ=MONTHLY;BYDAY=MO,2TU", "2024: Jan 1 8 9 15 22 29 Feb 5 12 13 19 26"},
		{"the same in a year", "2024-01-01 09:00 UTC", "FREQ=YEARLY;BYMONTH=1;BYDAY=MO,-1TU", "2024: Jan 1 8 15 22 29 30 2025: Jan 6 13 20 27 28"},
		{"BYWEEKNO without BYDAY means the weekday of the start", "2024-05-15 09:00 UTC", "FREQ=YEARLY;BYWEEKNO=20,21", "2024: May 15 22 2025: May 14 21"},
		{"BYWEEKNO with BYMONTH means it too", "2024-05-15 09:00 UTC", "FREQ=YEARLY;BYWEEKNO=1,20,52;BYMONTH=5", "2024: May 15 2025: May 14"},
		{"BYWEEKNO with BYMONTHDAY needs none", "2024-05-15 09:00 UTC", "FREQ=YEARLY;BYWEEKNO=20;BYMONTHDAY=15", "2024: May 15 2025: May 15 2026: May 15 2027: 2028: May 15"},
		{"WEEKLY BYSETPOS counts the whole first week", "2024-01-03 09:00 UTC", "FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=2", "2024: Jan 3 10 17"},
		{"the first week is also whole when nothing of it is left", "2024-01-05 09:00 UTC", "FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=1", "2024: Jan 5 8 15"},
		{"the first month too", "2024-01-20 09:00 UTC", "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=3", "2024: Jan 20 Feb 19 Mar 18"},
		{"week 1 begins in the old year", "2018-12-31 09:00 UTC", "FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO", "2018: Dec 31 2019: Dec 30 2021: Jan 4 2022: Jan 3 2023: Jan 2 2024: Jan 1 Dec 30"},
		{"week 53 ends in the new year", "2021-01-01 09:00 UTC", "FREQ=YEARLY;BYWEEKNO=53;BYDAY=FR,SU", "2021: Jan 1 3 2027: Jan 1 3"},
		{"week -1 is 52 or 53", "2020-12-28 09:00 UTC", "FREQ=YEARLY;BYWEEKNO=-1;BYDAY=MO", "2020: Dec 28 2021: Dec 27 2022: Dec 26"},
		{"week -53 is week 1 of long years", "2020-01-01 09:00 UTC", "FREQ=YEARLY;BYWEEKNO=-53;BYDAY=WE", "2020: Jan 1 2025: Dec 31 2032: "},
		{"every second week-numbering year", "2018-12-31 09:00 UTC", "FREQ=YEARLY;INTERVAL=2;BYWEEKNO=1;BYDAY=MO", "2018: Dec 31 2021: Jan 4 2023: Jan 2 2024: Dec 30"},
		{"positions in a week-numbering year", "2018-12-31 09:00 UTC", "FREQ=YEARLY;BYWEEKNO=1,2;BYDAY=MO,FR;BYSETPOS=1,-1", "2018: Dec 31 2019: Jan 11 Dec 30 2020: Jan 10"},
		{"weeks that begin on Sunday", "2024-01-07 09:00 UTC", "FREQ=YEARLY;BYWEEKNO=1;BYDAY=SU;WKST=SU", "2024: Jan 7 Dec 29 2026: Jan 4"},
	})
}

func TestRulePartsOfEveryFrequency(t *testing.T) {
	checkRules(t, []struct{ name, start, rule, want string }{
		{"leap day", "2024-02-29 09:00 UTC", "FREQ=YEARLY", "2024: Feb 29 2028: Feb 29 2032: Feb 29"},
		{"leap day by INTERVAL", "2096-02-29 09:00 UTC", "FREQ=YEARLY;INTERVAL=4", "2096: Feb 29 2104: Feb 29"},
		{"short months are left out", "2024-01-31 09:00 UTC", "FREQ=MONTHLY", "2024: Jan 31 Mar 31 May 31 Jul 31"},
		{"last day of February", "2023-02-28 09:00 UTC", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1", "2023: Feb 28 2024: Feb 29 2025: Feb 28"},
		{"day -31 is the first of long months", "2024-01-01 09:00 UTC", "FREQ=MONTHLY;BYMONTHDAY=-31", "2024: Jan 1 Mar 1 May 1"},
		{"last day of the year", "2023-12-31 09:00 UTC", "FREQ=YEARLY;BYYEARDAY=-1,366", "2023: Dec 31 2024: Dec 31 2025: Dec 31"},
		{"day 366", "2024-12-31 09:00 UTC", "FREQ=YEARLY;BYYEARDAY=366", "2024: Dec 31 2028: Dec 31"},
		{"day -366", "2024-01-01 09:00 UTC", "FREQ=YEARLY;BYYEARDAY=-366", "2024: Jan 1 2028: Jan 1"},
		{"numbers count in the year", "2024-01-01 09:00 UTC", "FREQ=YEARLY;BYDAY=1MO,-1FR", "2024: Jan 1 Dec 27 2025: Jan 6 Dec 26"},
		{"numbers count in the month with BYMONTH", "2024-03-04 09:00 UTC", "FREQ=YEARLY;BYMONTH=3;BYDAY=1MO,-1FR", "2024: Mar 4 29 2025: Mar 3 28"},
		{"a 53rd Monday", "2024-12-30 09:00 UTC", "FREQ=YEARLY;BYDAY=53MO", "2024: Dec 30 2029: Dec 31"},
		{"a fifth Monday", "2024-04-29 09:00 UTC", "FREQ=MONTHLY;BYDAY=5MO", "2024: Apr 29 Jul 29 Sep 30 Dec 30"},
		{"a fifth Monday from the end", "2024-04-01 09:00 UTC", "FREQ=MONTHLY;BYDAY=-5MO", "2024: Apr 1 Jul 1 Sep 2 Dec 2"},
		{"days of the year in one month", "2024-01-05 09:00 UTC", "FREQ=YEARLY;BYMONTH=2;BYYEARDAY=5,32,60", "2024: Jan 5 Feb 1 29 2025: Feb 1"},
		{"months of a daily rule", "2024-02-28 09:00 UTC", "FREQ=DAILY;BYMONTH=2;INTERVAL=2", "2024: Feb 28 2025: Feb 2 4 6"},
		{"weekdays of a daily rule", "2024-03-01 09:00 UTC", "FREQ=DAILY;BYDAY=FR,SA", "2024: Mar 1 2 8 9"},
		{"position of a daily rule", "2024-03-01 09:00 UTC", "FREQ=DAILY;INTERVAL=3;BYHOUR=9,15;BYSETPOS=1", "2024: Mar 1 4 7"},
		{"last workday of a quarter", "2024-03-29 09:00 UTC", "FREQ=MONTHLY;INTERVAL=3;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "2024: Mar 29 Jun 28 Sep 30 Dec 31"},
		{"positions out of reach", "2024-03-01 09:00 UTC", "FREQ=MONTHLY;BYMONTHDAY=1,15;BYSETPOS=1,2,3,-3", "2024: Mar 1 15 Apr 1 15"},
		{"the same position twice", "2024-03-01 09:00 UTC", "FREQ=MONTHLY;BYMONTHDAY=1,15;BYSETPOS=1,-2", "2024: Mar 1 Apr 1 May 1"},
		{"position of a year with an interval", "2024-12-31 09:00 UTC", "FREQ=YEARLY;INTERVAL=3;BYDAY=TU;BYSETPOS=-1", "2024: Dec 31 2027: Dec 28 2030: Dec 31"},
		{"position of every second week", "2024-01-05 09:00 UTC", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;BYSETPOS=-1", "2024: Jan 5 19 Feb 2 16 Mar 1"},
		{"weeks across New Year", "2024-12-30 09:00 UTC", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU", "2024: Dec 30 2025: Jan 5 13 19"},
		{"hourly by weeks", "2024-03-01 09:00 UTC", "FREQ=HOURLY;INTERVAL=168", "2024: Mar 1 8 15"},
		{"minutely by days", "2024-03-01 09:00 UTC", "FREQ=MINUTELY;INTERVAL=1440;BYDAY=MO,FR", "2024: Mar 1 4 8 11"},
		{"secondly by days of the year", "2024-03-01 09:00 UTC", "FREQ=SECONDLY;INTERVAL=86400;BYYEARDAY=1,100,-1", "2024: Mar 1 Apr 9 Dec 31 2025: Jan 1"},
		{"secondly on a 13th that is a Friday", "2024-09-13 09:00 UTC", "FREQ=SECONDLY;BYHOUR=9;BYMINUTE=0;BYSECOND=0;BYMONTHDAY=13;BYDAY=FR", "2024: Sep 13 Dec 13 2025: Jun 13"},
		{"before 1970", "1604-02-29 09:00 UTC", "FREQ=YEARLY;COUNT=3", "1604: Feb 29 1608: Feb 29 1612: Feb 29."},
		{"until the end of the calendar", "9997-06-01 09:00 UTC", "FREQ=YEARLY", "9997: Jun 1 9998: Jun 1 9999: Jun 1."},
		{"BYMONTHDAY narrows a week", "2024-03-04 09:00 UTC", "FREQ=WEEKLY;BYDAY=MO;BYMONTHDAY=4,11", "2024: Mar 4 11 Nov 4 11"},
		{"a number does not count in a week", "2024-03-04 09:00 UTC", "FREQ=WEEKLY;BYDAY=2MO,TU", "2024: Mar 4 5 11 12"},
		{"a number does not count with BYWEEKNO", "2024-05-13 09:00 UTC", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=1MO", "2024: May 13 2025: May 12"},
		{"BYWEEKNO narrows months", "2024-05-15 09:00 UTC", "FREQ=MONTHLY;BYWEEKNO=20;BYDAY=WE", "2024: May 15 2025: May 14"},
		{"BYYEARDAY narrows days", "2024-01-01 09:00 UTC", "FREQ=DAILY;BYYEARDAY=1,3", "2024: Jan 1 3 2025: Jan 1"},
	})
}

func TestTimesOfTheDay(t *testing.T) {
	for _, c := range []struct{ name, start, rule, want string }{
		{"positions of an hour", "2024-03-01 09:10 UTC", "FREQ=HOURLY;BYMINUTE=10,20,50;BYSETPOS=-1,1", "09:10:00 09:50:00 10:10:00 10:50:00"},
		{"positions of a minute", "2024-03-01 09:10:30 UTC", "FREQ=MINUTELY;INTERVAL=2;BYSECOND=10,30,50;BYSETPOS=2", "09:10:30 09:12:30 09:14:30"},
		{"the second before the start is not one", "2024-03-01 09:10:30 UTC", "FREQ=MINUTELY;BYSECOND=10,30,50;BYSETPOS=1", "09:10:30 09:11:10 09:12:10"},
		{"a second has one position", "2024-03-01 09:10:30 UTC", "FREQ=SECONDLY;INTERVAL=20;BYSETPOS=-1", "09:10:30 09:10:50 09:11:10"},
		{"a leap second is the last", "2024-03-01 09:10:59 UTC", "FREQ=MINUTELY;BYSECOND=60", "09:10:59 09:11:59"},
		{"a leap second beside the last is one", "2024-03-01 09:10:59 UTC", "FREQ=MINUTELY;BYSECOND=59,60,0", "09:10:59 09:11:00 09:11:59 09:12:00"},
		{"hours narrow minutes", "2024-03-01 09:58 UTC", "FREQ=MINUTELY;BYHOUR=9,11", "09:58:00 09:59:00 11:00:00 11:01:00"},
		{"minutes narrow seconds", "2024-03-01 09:58:59 UTC", "FREQ=SECONDLY;BYMINUTE=58,0", "09:58:59 10:00:00 10:00:01"},
		{"seconds in hours", "2024-03-01 09:00 UTC", "FREQ=HOURLY;BYMINUTE=0,30;BYSECOND=0,15", "09:00:00 09:00:15 09:30:00 09:30:15 10:00:00"},
		{"an interval that jumps over hours", "2024-03-01 09:00 UTC", "FREQ=MINUTELY;INTERVAL=7;BYHOUR=9,12;BYMINUTE=0,28,31", "09:00:00 09:28:00 12:31:00"},
		{"a day with many times", "2024-03-01 09:00 UTC", "FREQ=DAILY;BYHOUR=9,8,17;BYMINUTE=15,0", "09:00:00 09:15:00 17:00:00 17:15:00 08:00:00"},
		{"positions among times of days", "2024-03-01 09:00 UTC", "FREQ=WEEKLY;BYDAY=FR,SA;BYHOUR=9,17;BYMINUTE=0,30;BYSETPOS=1,4,-1", "09:00:00 17:30:00 17:30:00 09:00:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := strings.Fields(c.want)
			var got []string
			for _, w := range instances(t, c.start, c.rule, len(want)) {
				got = append(got, w.UTC().Format("15:04:05"))
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s\n got %v\nwant %v", c.rule, got, want)
			}
		})
	}
}

func TestStartIsAlwaysTheFirstInstance(t *testing.T) {
	checkRules(t, []struct{ name, start, rule, want string }{
		{"outside its rule", "2024-03-01 09:00 UTC", "FREQ=WEEKLY;BYDAY=MO", "2024: Mar 1 4 11"},
		{"outside its rule it counts", "2024-03-01 09:00 UTC", "FREQ=WEEKLY;BYDAY=MO;COUNT=3", "2024: Mar 1 4 11."},
		{"COUNT=1 is the start alone", "2024-03-01 09:00 UTC", "FREQ=WEEKLY;BYDAY=MO;COUNT=1", "2024: Mar 1."},
		{"UNTIL before the start", "2024-03-01 09:00 UTC", "FREQ=DAILY;UNTIL=20240101T000000Z", "2024: Mar 1."},
		{"a rule that never matches", "2024-03-01 09:00 UTC", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31;COUNT=5", "2024: Mar 1."},
		{"BYMONTHDAY beyond every month", "2024-03-01 09:00 UTC", "FREQ=MONTHLY;BYDAY=53MO", "2024: Mar 1."},
	})
}

func TestFormsOfUntil(t *testing.T) {
	checkRules(t, []struct{ name, start, rule, want string }{
		{"UTC, on the instant", "2024-03-01 09:00 Europe/Berlin", "FREQ=DAILY;UNTIL=20240303T080000Z", "2024: Mar 1 2 3."},
		{"UTC, a second before", "2024-03-01 09:00 Europe/Berlin", "FREQ=DAILY;UNTIL=20240303T075959Z", "2024: Mar 1 2."},
		{"UTC, in summer time", "2024-03-29 09:00 Europe/Berlin", "FREQ=DAILY;UNTIL=20240401T070000Z", "2024: Mar 29 30 31 Apr 1."},
		{"UTC, in summer time, a second before", "2024-03-01 09:00 Europe/Berlin", "FREQ=MONTHLY;UNTIL=20240701T065959Z", "2024: Mar 1 Apr 1 May 1 Jun 1."},
		{"UTC, west of Greenwich", "2024-03-01 20:00 America/New_York", "FREQ=DAILY;UNTIL=20240304T010000Z", "2024: Mar 1 2 3."},
		{"local, on the time", "2024-03-01 09:00 Europe/Berlin", "FREQ=DAILY;UNTIL=20240303T090000", "2024: Mar 1 2 3."},
		{"local, a second before", "2024-03-01 09:00 Europe/Berlin", "FREQ=DAILY;UNTIL=20240303T085959", "2024: Mar 1 2."},
		{"local for a UTC start", "2024-03-01 09:00 UTC", "FREQ=DAILY;UNTIL=20240303T090000", "2024: Mar 1 2 3."},
		{"date: that whole day", "2024-03-01 23:59 Europe/Berlin", "FREQ=DAILY;UNTIL=20240303", "2024: Mar 1 2 3."},
		{"date for a date", "2024-03-01", "FREQ=DAILY;UNTIL=20240303", "2024: Mar 1 2 3."},
		{"time for a date: its date", "2024-03-01", "FREQ=DAILY;UNTIL=20240303T000000Z", "2024: Mar 1 2 3."},
		{"late time for a date", "2024-03-01", "FREQ=DAILY;UNTIL=20240303T235959", "2024: Mar 1 2 3."},
		{"UTC, between the two times of the autumn", "2024-10-26 02:45 Europe/Berlin", "FREQ=DAILY;UNTIL=20241027T010000Z", "2024: Oct 26 27."},
		{"UTC, before what the spring gap becomes", "2024-03-30 02:30 Europe/Berlin", "FREQ=DAILY;UNTIL=20240331T011500Z", "2024: Mar 30."},
		{"the same with COUNT", "2024-03-30 02:30 Europe/Berlin", "FREQ=DAILY;UNTIL=20240331T011500Z;COUNT=10", "2024: Mar 30."},
		{"COUNT ends first", "2024-03-01 09:00 UTC", "FREQ=DAILY;COUNT=2;UNTIL=20240303", "2024: Mar 1 2."},
		{"UNTIL ends first", "2024-03-01 09:00 UTC", "FREQ=DAILY;COUNT=20;UNTIL=20240303", "2024: Mar 1 2 3."},
	})
}

func TestClocksAreIgnoredForADate(t *testing.T) {
	checkRules(t, []struct{ name, start, rule, want string }{
		{"BYHOUR", "2024-03-01", "FREQ=DAILY;BYHOUR=9,10;BYMINUTE=5;BYSECOND=1;COUNT=3", "2024: Mar 1 2 3."},
		{"HOURLY", "2024-03-01", "FREQ=HOURLY;INTERVAL=2;COUNT=3", "2024: Mar 1 2 3."},
	})
}
