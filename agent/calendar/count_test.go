package calendar

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// The end that is reckoned is the instance that is found by looking at each.
func TestCountIsReckoned(t *testing.T) {
	starts := []string{"2023-01-31 09:00:07 UTC", "2024-02-29 23:59:59 UTC", "2024-06-15 00:00 UTC", "1604-12-01 12:30 UTC", "2024-06-15"}
	for _, text := range []string{
		"FREQ=YEARLY", "FREQ=YEARLY;INTERVAL=3", "FREQ=YEARLY;BYMONTH=1,6;BYDAY=MO,-1FR", "FREQ=YEARLY;BYWEEKNO=1,53,-1;BYDAY=SU,MO", "FREQ=YEARLY;BYDAY=20MO",
		"FREQ=MONTHLY", "FREQ=MONTHLY;INTERVAL=7", "FREQ=MONTHLY;BYMONTHDAY=-1,31;BYHOUR=0,9,23;BYMINUTE=0,59",
		"FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO,WE", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU;BYHOUR=8,10",
		"FREQ=DAILY", "FREQ=DAILY;INTERVAL=5;BYMONTH=6,7", "FREQ=DAILY;BYHOUR=8,9;BYMINUTE=1,2;BYSECOND=3,60", "FREQ=DAILY;BYMONTHDAY=13;BYDAY=FR",
		"FREQ=HOURLY", "FREQ=HOURLY;INTERVAL=25", "FREQ=HOURLY;BYDAY=SA,SU", "FREQ=HOURLY;BYHOUR=8,23;BYMINUTE=15,45",
		"FREQ=MINUTELY", "FREQ=MINUTELY;INTERVAL=1441", "FREQ=MINUTELY;BYMONTH=2;BYHOUR=4;BYMINUTE=1,2,59", "FREQ=SECONDLY", "FREQ=SECONDLY;INTERVAL=86399",
		"FREQ=SECONDLY;BYHOUR=23;BYMINUTE=59;BYSECOND=58,59", "FREQ=SECONDLY;INTERVAL=7;BYHOUR=4", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
	} {
		for _, start := range starts {
			m := moment(t, start)
			const most = 100
			all := instances(t, start, text, most)
			for n := 1; n <= len(all) && all[n-1] < m.Wall+400*365*Day; n++ {
				rule, _, err := ParseRule(fmt.Sprintf("%s;COUNT=%d", text, n), m)
				if err != nil {
					t.Fatal(err)
				}
				if rule.last != all[n-1] {
					t.Errorf("%s %s;COUNT=%d ends at %v, want %v", start, text, n, rule.last.UTC(), all[n-1].UTC())
					break
				}
			}
		}
	}
}

// Every event of a feed may have the largest COUNT: its rule is parsed with little work all the same.
func TestCountCostsLittle(t *testing.T) {
	for _, c := range []struct {
		text  string
		steps int
	}{
		{"FREQ=SECONDLY", 1},
		{"FREQ=SECONDLY;INTERVAL=1099511627776", 1},
		{"FREQ=MINUTELY;INTERVAL=7", 1},
		{"FREQ=WEEKLY", 1},
		{"FREQ=YEARLY", 1},
		{"FREQ=SECONDLY;BYMONTH=6", countMonths},
		{"FREQ=DAILY;BYDAY=MO", 1},
		{"FREQ=SECONDLY;INTERVAL=7;BYMONTH=6", countSteps + 1},
		{"FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1", countSteps + 1},
	} {
		rule, _, err := ParseRule(c.text, moment(t, "2024-06-01 09:00 UTC"))
		if err != nil {
			t.Fatal(err)
		}
		if steps := rule.setCount(1<<31-2, !strings.Contains(c.text, "BY")); steps > c.steps {
			t.Errorf("%s takes %d steps, at most %d allowed", c.text, steps, c.steps)
		}
	}
}

func TestCountKnowsFarEnds(t *testing.T) {
	e := event(t, "counted", "2024-06-01 00:00 UTC", "", "FREQ=SECONDLY;COUNT=1000000")
	last := e.Start.Wall.In(time.UTC).Add(999_999 * time.Second)
	list, _ := expand(t, Span{last.Add(-time.Minute), last.Add(time.Hour)}, e)
	if len(list) != 61 || !list[60].Start.Equal(last) {
		t.Errorf("%d occurrences around the last, want 61", len(list))
	}
	if _, last := Bounds(&e); last == Forever {
		t.Error("the end is not known")
	}
}

// What ParseRule does not count to its end the expansion does.
func TestCountGoesOnInTheExpansion(t *testing.T) {
	const rule = "FREQ=SECONDLY;INTERVAL=7;BYMONTH=6;COUNT=20000"
	e := event(t, "counted", "2024-06-01 00:00 UTC", "", rule)
	if _, last := Bounds(&e); last != Forever {
		t.Error("the end is known, which this test is not about")
	}
	last := e.Start.Wall.In(time.UTC).Add(19_999 * 7 * time.Second)
	list, warnings := expand(t, Span{last.Add(-70 * time.Second), last.Add(time.Hour)}, e)
	if len(list) != 11 || !list[len(list)-1].Start.Equal(last) || len(warnings) > 0 {
		t.Errorf("%d occurrences around the last, want 11; warnings %v", len(list), warnings)
	}
}

func TestCountIsBoundedAndKeepsWhatWasFound(t *testing.T) {
	e := event(t, "often", "2024-06-01 00:00 UTC", "", "FREQ=SECONDLY;INTERVAL=7;BYMONTH=6;COUNT=2147483647")
	start := e.Start.Wall.In(time.UTC)
	if list, warnings := expand(t, Span{start, start.Add(time.Hour)}, e); len(list) != 515 || len(warnings) > 0 {
		t.Errorf("%d occurrences in the first hour, want 515; warnings %v", len(list), warnings)
	}
	if list, warnings := expand(t, between(t, "2034-06-01", "2034-06-02"), e); len(list) > 0 || len(warnings) != 1 {
		t.Errorf("%d occurrences after ten years, warnings %v", len(list), warnings)
	}
}
