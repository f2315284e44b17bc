package calendar

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// work counts the steps that a rule takes in a window.
func work(t testing.TB, start Moment, text string, low, high Wall) (found, steps int) {
	t.Helper()
	rule, _, err := ParseRule(text, start)
	if err != nil {
		t.Fatal(err)
	}
	var g walk
	g.run(&rule, low, high, MaxSteps, func(Wall) bool {
		found++
		return found < MaxInstances
	})
	return found, MaxSteps - g.steps
}

// Expansion costs the window, not the history, and never more than its bounds.
func TestHostileRulesAreBounded(t *testing.T) {
	for _, c := range []struct {
		start, rule  string
		found, steps int // most
	}{
		{"1990-01-01 09:00 UTC", "FREQ=DAILY", 28, 40},
		{"1604-01-01 09:00 UTC", "FREQ=YEARLY", 1, 5},
		{"1601-01-01 00:00 UTC", "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", 1, 5},
		{"1970-01-01 00:00 UTC", "FREQ=SECONDLY", MaxInstances, 10_100},
		{"1970-01-01 00:00 UTC", "FREQ=SECONDLY;INTERVAL=86399", 30, 80},
		{"2020-01-01 00:00 UTC", "FREQ=MINUTELY", MaxInstances, 10_100},
		{"2020-01-01 06:00 UTC", "FREQ=HOURLY;INTERVAL=24;BYHOUR=5", 0, 80},
		{"2020-01-01 06:00 UTC", "FREQ=MINUTELY;INTERVAL=1440;BYHOUR=5", 0, 80},
		{"2020-01-01 06:00 UTC", "FREQ=SECONDLY;INTERVAL=86400;BYHOUR=5", 0, 80},
		{"2020-01-01 06:00 UTC", "FREQ=SECONDLY;BYHOUR=5;BYMINUTE=0;BYSECOND=0", 28, 160},
		{"2020-01-01 06:00 UTC", "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=31", 0, 10},
		{"2020-01-01 06:00 UTC", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31", 0, 10},
		{"2020-01-01 06:00 UTC", "FREQ=MONTHLY;BYDAY=53MO", 0, 10},
		{"2020-01-01 06:00 UTC", "FREQ=DAILY;INTERVAL=9223372036854775807", 0, 10},
		{"2020-01-01 06:00 UTC", "FREQ=WEEKLY;INTERVAL=9223372036854775806;BYDAY=MO,TU", 0, 10},
		{"2020-01-01 06:00 UTC", "FREQ=YEARLY;INTERVAL=9223372036854775807;BYSETPOS=1;BYDAY=MO", 0, 10},
		{"2020-01-01 06:00 UTC", "FREQ=MONTHLY;INTERVAL=9223372036854775807;BYSETPOS=1;BYDAY=MO", 0, 10},
		{"2020-01-01 06:00 UTC", "FREQ=WEEKLY;INTERVAL=9223372036854775807;BYSETPOS=1;BYDAY=MO", 0, 10},
		{"2020-01-01 06:00 UTC", "FREQ=DAILY;INTERVAL=9223372036854775807;BYSETPOS=1;BYDAY=MO", 0, 10},
		{"2020-01-01 06:00 UTC", "FREQ=HOURLY;INTERVAL=9223372036854775807", 0, 10},
		{"2020-01-01 06:00 UTC", "FREQ=SECONDLY;INTERVAL=99999999999999999999999", 0, 10},
		{"2020-06-15 00:00 UTC", "FREQ=YEARLY;" + everyClock(), MaxInstances, 10_100},
		{"2020-06-15 00:00 UTC", "FREQ=YEARLY;BYSETPOS=1,-1,366,-366;" + everyClock(), 4, 20},
		{"2020-06-15 00:00 UTC", "FREQ=DAILY;BYSETPOS=-1;" + everyClock(), 29, 80},
		{"2020-01-01 06:00 UTC", "FREQ=MINUTELY;BYSETPOS=2", 0, 41_000},
		{"2020-01-01 06:00 UTC", "FREQ=YEARLY;BYYEARDAY=" + list(1, 366) + ";BYWEEKNO=" + list(1, 53) + ";BYMONTHDAY=" + list(1, 31), 30, 40},
	} {
		name := c.rule
		if len(name) > 60 {
			name = name[:60]
		}
		t.Run(name, func(t *testing.T) {
			found, steps := work(t, moment(t, c.start), c.rule, WallOf(2024, 6, 1, 0, 0, 0), WallOf(2024, 6, 29, 0, 0, 0))
			if found > c.found || steps > c.steps {
				t.Errorf("%d instances in %d steps, at most %d in %d allowed", found, steps, c.found, c.steps)
			}
		})
	}
}

func everyClock() string {
	return "BYHOUR=" + list(0, 23) + ";BYMINUTE=" + list(0, 59) + ";BYSECOND=" + list(0, 59)
}

func list(from, to int) string {
	var b strings.Builder
	for i := from; i <= to; i++ {
		fmt.Fprintf(&b, ",%d", i)
	}
	return b.String()[1:]
}

func TestTooManyInstancesAreCutWithAWarning(t *testing.T) {
	window := between(t, "2024-06-01", "2024-06-29")
	e := event(t, "often", "1970-01-01 00:00 UTC", "", "FREQ=SECONDLY")
	list, warnings := expand(t, window, e)
	if len(list) != MaxInstances {
		t.Errorf("%d occurrences, want %d", len(list), MaxInstances)
	}
	if !list[0].Start.Equal(window.Start) {
		t.Errorf("the first is %v, the window begins at %v", list[0].Start, window.Start)
	}
	if len(warnings) != 1 || warnings[0].UID != "often" || warnings[0].Summary != "often" || !strings.Contains(warnings[0].Text, "more than 10000 instances") {
		t.Errorf("warnings %v", warnings)
	}
}

func TestTooManyStepsAreCutWithAWarning(t *testing.T) {
	window := between(t, "2024-06-01", "2054-06-01")
	e := event(t, "slow", "2024-05-01 00:00 UTC", "", "FREQ=MINUTELY;BYSETPOS=2;BYSECOND=0", "FREQ=DAILY")
	list, warnings := expand(t, window, e)
	if len(list) != 0 || len(warnings) != 1 || !strings.Contains(warnings[0].Text, "more than 100000 steps") {
		t.Errorf("%d occurrences, warnings %v", len(list), warnings)
	}
}

// A window centuries after the start is as near as any.
func TestWindowFarFromTheStart(t *testing.T) {
	birthday := event(t, "birthday", "1604-05-20", "", "FREQ=YEARLY")
	check(t, between(t, "2024-05-01", "2024-06-01"), []Event{birthday}, "2024-05-20 1d birthday")
	check(t, between(t, "9024-05-01", "9024-06-01"), []Event{birthday}, "9024-05-20 1d birthday")
	check(t, between(t, "1604-05-01", "1604-06-01"), []Event{birthday}, "1604-05-20 1d birthday")
	weekly := event(t, "weekly", "1601-01-01 09:00 Europe/Berlin", "", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;BYSETPOS=1")
	check(t, between(t, "2024-05-06", "2024-05-20"), []Event{weekly}, "2024-05-13 09:00 +0200 0s weekly")
}

func TestManyPiecesShareOneBound(t *testing.T) {
	e := event(t, "series", "2024-06-01 00:00 UTC", "", "FREQ=SECONDLY;BYSECOND=1;BYSETPOS=2")
	events := []Event{e}
	for i := range 3000 {
		o := change(t, "series", "2024-06-01 00:00 UTC", "2024-06-03 00:00 UTC", "", "piece")
		o.RecurrenceID.Wall += Wall(i)
		o.Future = true
		events = append(events, o)
	}
	_, warnings := expand(t, between(t, "2024-06-02", "2024-06-04"), events...)
	if len(warnings) > 1 {
		t.Errorf("%d warnings", len(warnings))
	}
}

// endingContext is a context that ends when it has been asked a number of times.
type endingContext struct {
	context.Context
	asked, last int
}

func (c *endingContext) Err() error {
	if c.asked++; c.asked > c.last {
		return context.Canceled
	}
	return nil
}

// Events may be many, and so may be the masters of one UID: each looks at the context.
func TestExpandEndsWithItsContext(t *testing.T) {
	events := []Event{event(t, "a", "2024-06-03 09:00 UTC", ""), event(t, "a", "2024-06-03 10:00 UTC", ""), event(t, "b", "2024-06-03 09:00 UTC", "")}
	for last := range 6 {
		ctx := &endingContext{Context: t.Context(), last: last}
		list, _, err := Expand(ctx, events, between(t, "2024-06-01", "2024-06-10"), location(t, "UTC"))
		if last < 5 && !errors.Is(err, context.Canceled) || last == 5 && (err != nil || len(list) != 3) {
			t.Errorf("ended at %d: %d occurrences, error %v", last, len(list), err)
		}
	}
}
