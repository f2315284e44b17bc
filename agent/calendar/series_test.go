package calendar

import (
	"strings"
	"testing"
	"time"
)

// everyday is a series at nine in Berlin for an hour.
func everyday(t *testing.T, rules ...string) Event {
	if len(rules) == 0 {
		rules = []string{"FREQ=DAILY;COUNT=4"}
	}
	return event(t, "series", "2024-06-03 09:00 Europe/Berlin", "2024-06-03 10:00 Europe/Berlin", rules...)
}

func TestExceptionDates(t *testing.T) {
	window := between(t, "2024-06-01", "2024-06-10")
	for _, c := range []struct {
		name   string
		except []string
	}{
		{"local", []string{"2024-06-04 09:00 Europe/Berlin", "2024-06-06 09:00 Europe/Berlin"}},
		{"UTC", []string{"2024-06-04 07:00 UTC", "2024-06-06 07:00 UTC"}},
		{"another zone", []string{"2024-06-04 03:00 America/New_York", "2024-06-06 16:00 Asia/Tokyo"}},
		{"a date on a timed series takes out that day", []string{"2024-06-04", "2024-06-06"}},
		{"mixed, out of order, twice, and some of no instance", []string{"2024-06-06", "2024-06-04 07:00 UTC", "2024-06-04 09:00 Europe/Berlin", "2024-06-03 09:01 Europe/Berlin", "2031-01-01"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := everyday(t)
			e.Except = moments(t, c.except...)
			check(t, window, []Event{e}, "2024-06-03 09:00 +0200 1h0m0s series", "2024-06-05 09:00 +0200 1h0m0s series")
		})
	}
	t.Run("COUNT is counted before EXDATE", func(t *testing.T) {
		e := everyday(t, "FREQ=DAILY;COUNT=2")
		e.Except = moments(t, "2024-06-03 09:00 Europe/Berlin")
		check(t, window, []Event{e}, "2024-06-04 09:00 +0200 1h0m0s series")
	})
	t.Run("all-day series", func(t *testing.T) {
		e := event(t, "series", "2024-06-03", "", "FREQ=DAILY;COUNT=4")
		e.Except = moments(t, "2024-06-04", "2024-06-06 00:00 Europe/Berlin", "2024-06-03 00:00 UTC")
		check(t, window, []Event{e}, "2024-06-05 1d series")
	})
	t.Run("the day is the day of the series' zone", func(t *testing.T) {
		e := event(t, "series", "2024-06-03 23:00 America/New_York", "", "FREQ=DAILY;COUNT=2")
		e.Except = moments(t, "2024-06-03")
		check(t, window, []Event{e}, "2024-06-04 23:00 -0400 0s series")
	})
	t.Run("floating: in the zone of the series", func(t *testing.T) {
		e := everyday(t, "FREQ=DAILY;COUNT=3")
		e.Except = []Moment{{Wall: WallOf(2024, 6, 4, 9, 0, 0), Loc: location(t, "Asia/Tokyo"), Floating: true}}
		e.Dates = []Period{{Start: Moment{Wall: WallOf(2024, 6, 8, 9, 0, 0), Loc: location(t, "Asia/Tokyo"), Floating: true}}}
		o := change(t, "series", "2024-06-05 09:00 Asia/Tokyo", "2024-06-05 12:00 Asia/Tokyo", "", "moved")
		o.RecurrenceID.Floating = true
		check(t, window, []Event{e, o}, "2024-06-03 09:00 +0200 1h0m0s series", "2024-06-05 12:00 +0900 0s moved", "2024-06-08 09:00 +0200 1h0m0s series")
	})
	t.Run("in the spring gap", func(t *testing.T) {
		e := event(t, "series", "2024-03-30 02:30 Europe/Berlin", "", "FREQ=DAILY;COUNT=3")
		e.Except = moments(t, "2024-03-31 01:30 UTC")
		check(t, between(t, "2024-03-01", "2024-04-10"), []Event{e}, "2024-03-30 02:30 +0100 0s series", "2024-04-01 02:30 +0200 0s series")
	})
	t.Run("an event that does not recur", func(t *testing.T) {
		e := event(t, "once", "2024-06-03 09:00 Europe/Berlin", "")
		e.Except = moments(t, "2024-06-03 07:00 UTC")
		check(t, window, []Event{e})
	})
}

func TestRecurrenceDates(t *testing.T) {
	window := between(t, "2024-06-01", "2024-06-10")
	dates := func(texts ...string) (list []Period) {
		for _, m := range moments(t, texts...) {
			list = append(list, Period{Start: m})
		}
		return list
	}
	t.Run("local, UTC, another zone, and a date at the time of the series", func(t *testing.T) {
		e := everyday(t, "FREQ=DAILY;COUNT=1")
		e.Dates = dates("2024-06-04 12:00 Europe/Berlin", "2024-06-05 07:30 UTC", "2024-06-05 20:00 Asia/Tokyo", "2024-06-07", "2024-05-01", "2025-05-01")
		check(t, window, []Event{e}, "2024-06-03 09:00 +0200 1h0m0s series", "2024-06-04 12:00 +0200 1h0m0s series", "2024-06-05 09:30 +0200 1h0m0s series",
			"2024-06-05 13:00 +0200 1h0m0s series", "2024-06-07 09:00 +0200 1h0m0s series")
	})
	t.Run("without a rule", func(t *testing.T) {
		e := everyday(t)
		e.Rules = nil
		e.Dates = dates("2024-06-04 12:00 Europe/Berlin")
		check(t, window, []Event{e}, "2024-06-03 09:00 +0200 1h0m0s series", "2024-06-04 12:00 +0200 1h0m0s series")
	})
	t.Run("before the start", func(t *testing.T) {
		e := everyday(t, "FREQ=DAILY;COUNT=1")
		e.Dates = dates("2024-06-01 12:00 Europe/Berlin")
		check(t, window, []Event{e}, "2024-06-01 12:00 +0200 1h0m0s series", "2024-06-03 09:00 +0200 1h0m0s series")
	})
	t.Run("equal to an instance counts once", func(t *testing.T) {
		e := everyday(t, "FREQ=DAILY;COUNT=2")
		e.Dates = dates("2024-06-04 07:00 UTC", "2024-06-03 09:00 Europe/Berlin", "2024-06-04")
		check(t, window, []Event{e}, "2024-06-03 09:00 +0200 1h0m0s series", "2024-06-04 09:00 +0200 1h0m0s series")
	})
	t.Run("taken out by EXDATE", func(t *testing.T) {
		e := everyday(t, "FREQ=DAILY;COUNT=1")
		e.Dates = dates("2024-06-05 12:00 Europe/Berlin")
		e.Except = moments(t, "2024-06-05 10:00 UTC")
		check(t, window, []Event{e}, "2024-06-03 09:00 +0200 1h0m0s series")
	})
	t.Run("on an all-day series", func(t *testing.T) {
		e := event(t, "series", "2024-06-03", "2024-06-05", "FREQ=WEEKLY;COUNT=1")
		e.Dates = dates("2024-06-07", "2024-06-06 00:00 UTC")
		check(t, window, []Event{e}, "2024-06-03 2d series", "2024-06-06 2d series", "2024-06-07 2d series")
	})
	t.Run("PERIOD with its own length", func(t *testing.T) {
		e := everyday(t, "FREQ=DAILY;COUNT=2")
		end := moment(t, "2024-06-05 15:00 Europe/Berlin")
		e.Dates = []Period{
			{Start: moment(t, "2024-06-05 12:00 Europe/Berlin"), End: &end},
			{Start: moment(t, "2024-06-06 10:00 UTC"), Length: &Length{Seconds: 1800}},
			{Start: moment(t, "2024-06-04 09:00 Europe/Berlin"), Length: &Length{Seconds: 600}}, // equal to an instance: says more than it
		}
		check(t, window, []Event{e}, "2024-06-03 09:00 +0200 1h0m0s series", "2024-06-04 09:00 +0200 10m0s series",
			"2024-06-05 12:00 +0200 3h0m0s series", "2024-06-06 12:00 +0200 30m0s series")
	})
	t.Run("PERIOD that began long before the window", func(t *testing.T) {
		e := everyday(t, "FREQ=DAILY;COUNT=1")
		e.Dates = []Period{{Start: moment(t, "2024-01-01 12:00 Europe/Berlin"), Length: &Length{Days: 200}}}
		check(t, between(t, "2024-06-05", "2024-06-06"), []Event{e}, "2024-01-01 12:00 +0100 4799h0m0s series")
	})
	t.Run("PERIOD on an all-day series", func(t *testing.T) {
		e := event(t, "series", "2024-06-03", "", "FREQ=WEEKLY;COUNT=1")
		end := moment(t, "2024-06-08")
		e.Dates = []Period{{Start: moment(t, "2024-06-05"), End: &end}}
		check(t, window, []Event{e}, "2024-06-03 1d series", "2024-06-05 3d series")
	})
}

func TestSeveralRules(t *testing.T) {
	e := everyday(t, "FREQ=DAILY;COUNT=3", "FREQ=DAILY;INTERVAL=2;UNTIL=20240608T000000Z", "FREQ=WEEKLY;BYDAY=SA;COUNT=2")
	check(t, between(t, "2024-06-01", "2024-06-30"), []Event{e}, "2024-06-03 09:00 +0200 1h0m0s series", "2024-06-04 09:00 +0200 1h0m0s series",
		"2024-06-05 09:00 +0200 1h0m0s series", "2024-06-07 09:00 +0200 1h0m0s series", "2024-06-08 09:00 +0200 1h0m0s series")
}

func TestOverrides(t *testing.T) {
	window := between(t, "2024-06-01", "2024-06-10")
	first, third, fourth := "2024-06-03 09:00 +0200 1h0m0s series", "2024-06-05 09:00 +0200 1h0m0s series", "2024-06-06 09:00 +0200 1h0m0s series"
	for _, slot := range []string{"2024-06-04 09:00 Europe/Berlin", "2024-06-04 07:00 UTC", "2024-06-04 16:00 Asia/Tokyo", "2024-06-04"} {
		o := change(t, "series", slot, "2024-06-04 14:00 Europe/Berlin", "2024-06-04 14:30 Europe/Berlin", "moved")
		want := []string{first, "2024-06-04 14:00 +0200 30m0s moved", third, fourth}
		t.Run("after its master, slot "+slot, func(t *testing.T) { check(t, window, []Event{everyday(t), o}, want...) })
		t.Run("before its master, slot "+slot, func(t *testing.T) { check(t, window, []Event{o, everyday(t)}, want...) })
	}
	t.Run("moved across days leaves no phantom", func(t *testing.T) {
		o := change(t, "series", "2024-06-04 09:00 Europe/Berlin", "2024-06-08 14:00 Europe/Berlin", "2024-06-08 15:00 Europe/Berlin", "moved")
		check(t, window, []Event{everyday(t), o}, first, third, fourth, "2024-06-08 14:00 +0200 1h0m0s moved")
		check(t, between(t, "2024-06-08", "2024-06-09"), []Event{everyday(t), o}, "2024-06-08 14:00 +0200 1h0m0s moved")
		check(t, between(t, "2024-06-04", "2024-06-05"), []Event{everyday(t), o})
	})
	t.Run("moved to another zone", func(t *testing.T) {
		o := change(t, "series", "2024-06-04 09:00 Europe/Berlin", "2024-06-04 09:00 America/New_York", "2024-06-04 10:00 America/New_York", "moved")
		check(t, window, []Event{everyday(t), o}, first, "2024-06-04 09:00 -0400 1h0m0s moved", third, fourth)
	})
	t.Run("cancelled", func(t *testing.T) {
		o := change(t, "series", "2024-06-04 09:00 Europe/Berlin", "2024-06-04 09:00 Europe/Berlin", "", "cancelled")
		o.Status = Hidden
		check(t, window, []Event{everyday(t), o}, first, third, fourth)
	})
	t.Run("orphan is shown", func(t *testing.T) {
		o := change(t, "series", "2024-06-04 07:00 UTC", "2024-06-05 09:00 Europe/Berlin", "2024-06-05 10:00 Europe/Berlin", "orphan")
		check(t, window, []Event{o}, "2024-06-05 09:00 +0200 1h0m0s orphan")
		d := change(t, "series", "2024-06-04", "2024-06-05", "", "day")
		check(t, window, []Event{d, o}, "2024-06-05 1d day", "2024-06-05 09:00 +0200 1h0m0s orphan")
	})
	t.Run("of a slot that the rule does not have is shown", func(t *testing.T) {
		o := change(t, "series", "2024-06-09 09:00 Europe/Berlin", "2024-06-09 12:00 Europe/Berlin", "", "extra")
		check(t, window, []Event{everyday(t, "FREQ=DAILY;COUNT=1"), o}, first, "2024-06-09 12:00 +0200 0s extra")
	})
	t.Run("of a slot that is also EXDATEd is shown", func(t *testing.T) {
		e := everyday(t, "FREQ=DAILY;COUNT=2")
		e.Except = moments(t, "2024-06-04 09:00 Europe/Berlin")
		o := change(t, "series", "2024-06-04 09:00 Europe/Berlin", "2024-06-04 12:00 Europe/Berlin", "", "shown")
		check(t, window, []Event{e, o}, first, "2024-06-04 12:00 +0200 0s shown")
	})
	t.Run("of an RDATE", func(t *testing.T) {
		e := everyday(t, "FREQ=DAILY;COUNT=1")
		e.Dates = []Period{{Start: moment(t, "2024-06-07 12:00 Europe/Berlin")}}
		o := change(t, "series", "2024-06-07 12:00 Europe/Berlin", "2024-06-07 15:00 Europe/Berlin", "", "moved")
		check(t, window, []Event{e, o}, first, "2024-06-07 15:00 +0200 0s moved")
	})
	t.Run("several for one slot: highest SEQUENCE, then the last", func(t *testing.T) {
		slots := []string{"2024-06-04 09:00 Europe/Berlin", "2024-06-04 07:00 UTC", "2024-06-04"}
		var list []Event
		for i, sequence := range []int{1, 2, 2, 0} {
			o := change(t, "series", slots[i%3], "2024-06-04 14:00 Europe/Berlin", "", string(rune('a'+i)))
			o.Sequence = sequence
			list = append(list, o)
		}
		want := []string{first, "2024-06-04 14:00 +0200 0s c", third, fourth}
		check(t, window, append(list, everyday(t)), want...)
	})
	t.Run("timed becomes all-day", func(t *testing.T) {
		o := change(t, "series", "2024-06-04 09:00 Europe/Berlin", "2024-06-04", "", "all day")
		check(t, window, []Event{everyday(t), o}, first, "2024-06-04 1d all day", third, fourth)
	})
	t.Run("all-day becomes timed", func(t *testing.T) {
		e := event(t, "series", "2024-06-03", "", "FREQ=DAILY;COUNT=3")
		o := change(t, "series", "2024-06-04", "2024-06-04 09:00 Europe/Berlin", "2024-06-04 10:00 Europe/Berlin", "timed")
		check(t, window, []Event{e, o}, "2024-06-03 1d series", "2024-06-04 09:00 +0200 1h0m0s timed", "2024-06-05 1d series")
		o.RecurrenceID = &moments(t, "2024-06-04 00:00 Europe/Berlin")[0]
		check(t, window, []Event{e, o}, "2024-06-03 1d series", "2024-06-04 09:00 +0200 1h0m0s timed", "2024-06-05 1d series")
	})
	t.Run("in the spring gap", func(t *testing.T) {
		e := event(t, "series", "2024-03-30 02:30 Europe/Berlin", "", "FREQ=DAILY;COUNT=3")
		for _, slot := range []string{"2024-03-31 01:30 UTC", "2024-03-31 02:30 Europe/Berlin", "2024-03-31 03:30 Europe/Berlin"} {
			o := change(t, "series", slot, "2024-03-31 12:00 Europe/Berlin", "", "moved")
			check(t, between(t, "2024-03-01", "2024-04-10"), []Event{e, o}, "2024-03-30 02:30 +0100 0s series", "2024-03-31 12:00 +0200 0s moved", "2024-04-01 02:30 +0200 0s series")
		}
	})
	t.Run("of an event that does not recur", func(t *testing.T) {
		e := event(t, "once", "2024-06-03 09:00 Europe/Berlin", "")
		o := change(t, "once", "2024-06-03 07:00 UTC", "2024-06-04 09:00 Europe/Berlin", "", "moved")
		check(t, window, []Event{e, o}, "2024-06-04 09:00 +0200 0s moved")
	})
	t.Run("a hidden master hides its own instances only", func(t *testing.T) {
		e := everyday(t)
		e.Status = Hidden
		o := change(t, "series", "2024-06-04 09:00 Europe/Berlin", "2024-06-04 14:00 Europe/Berlin", "", "busy")
		check(t, window, []Event{e, o}, "2024-06-04 14:00 +0200 0s busy")
		e.Rules = nil
		check(t, window, []Event{e})
	})
}

func TestThisAndFuture(t *testing.T) {
	window := between(t, "2024-06-01", "2024-06-12")
	future := func(slot, start, end, summary string) Event {
		o := change(t, "series", slot, start, end, summary)
		o.Future = true
		return o
	}
	t.Run("shifts the time, the length and the rest", func(t *testing.T) {
		o := future("2024-06-05 09:00 Europe/Berlin", "2024-06-05 10:30 Europe/Berlin", "2024-06-05 12:00 Europe/Berlin", "later")
		check(t, window, []Event{everyday(t), o}, "2024-06-03 09:00 +0200 1h0m0s series", "2024-06-04 09:00 +0200 1h0m0s series",
			"2024-06-05 10:30 +0200 1h30m0s later", "2024-06-06 10:30 +0200 1h30m0s later")
	})
	t.Run("written in UTC it keeps the wall clock of the series", func(t *testing.T) {
		e := event(t, "series", "2024-10-24 09:00 Europe/Berlin", "", "FREQ=DAILY;COUNT=5")
		o := future("2024-10-25 07:00 UTC", "2024-10-25 08:00 UTC", "", "later")
		list, _ := expand(t, between(t, "2024-10-01", "2024-11-01"), e, o)
		var hours []string
		for _, occ := range list {
			hours = append(hours, occ.Start.In(location(t, "Europe/Berlin")).Format("2 15:04"))
		}
		if got := strings.Join(hours, ", "); got != "24 09:00, 25 10:00, 26 10:00, 27 10:00, 28 10:00" {
			t.Errorf("got %s", got)
		}
	})
	t.Run("moved by days, looked at from where they moved to", func(t *testing.T) {
		e := event(t, "series", "2024-06-03 09:00 Europe/Berlin", "", "FREQ=WEEKLY;COUNT=4")
		o := future("2024-06-10 09:00 Europe/Berlin", "2024-06-30 09:00 Europe/Berlin", "", "later")
		check(t, between(t, "2024-07-01", "2024-08-01"), []Event{o, e}, "2024-07-07 09:00 +0200 0s later", "2024-07-14 09:00 +0200 0s later")
		o = future("2024-06-10 09:00 Europe/Berlin", "2024-05-10 09:00 Europe/Berlin", "", "earlier")
		check(t, between(t, "2024-05-01", "2024-06-01"), []Event{o, e}, "2024-05-10 09:00 +0200 0s earlier", "2024-05-17 09:00 +0200 0s earlier", "2024-05-24 09:00 +0200 0s earlier")
	})
	t.Run("one after the other, with single changes between", func(t *testing.T) {
		check(t, window, []Event{
			everyday(t, "FREQ=DAILY;COUNT=7"),
			future("2024-06-07 09:00 Europe/Berlin", "2024-06-07 11:00 Europe/Berlin", "", "second"),
			future("2024-06-04 09:00 Europe/Berlin", "2024-06-04 10:00 Europe/Berlin", "", "first"),
			change(t, "series", "2024-06-06 09:00 Europe/Berlin", "2024-06-06 20:00 Europe/Berlin", "", "single"),
			change(t, "series", "2024-06-08 09:00 Europe/Berlin", "2024-06-08 20:00 Europe/Berlin", "", "single"),
		}, "2024-06-03 09:00 +0200 1h0m0s series", "2024-06-04 10:00 +0200 0s first", "2024-06-05 10:00 +0200 0s first", "2024-06-06 20:00 +0200 0s single",
			"2024-06-07 11:00 +0200 0s second", "2024-06-08 20:00 +0200 0s single", "2024-06-09 11:00 +0200 0s second")
	})
	t.Run("cancelled ends the series", func(t *testing.T) {
		o := future("2024-06-05 09:00 Europe/Berlin", "2024-06-05 09:00 Europe/Berlin", "", "cancelled")
		o.Status = Hidden
		check(t, window, []Event{everyday(t), o}, "2024-06-03 09:00 +0200 1h0m0s series", "2024-06-04 09:00 +0200 1h0m0s series")
	})
	t.Run("timed becomes all-day", func(t *testing.T) {
		o := future("2024-06-05 09:00 Europe/Berlin", "2024-06-06", "", "all day")
		check(t, window, []Event{everyday(t), o}, "2024-06-03 09:00 +0200 1h0m0s series", "2024-06-04 09:00 +0200 1h0m0s series",
			"2024-06-06 1d all day", "2024-06-07 1d all day")
	})
	t.Run("all-day becomes timed, and moves", func(t *testing.T) {
		e := event(t, "series", "2024-06-03", "", "FREQ=DAILY;COUNT=4")
		o := future("2024-06-05", "2024-06-05 18:00 Europe/Berlin", "2024-06-05 19:00 Europe/Berlin", "timed")
		check(t, window, []Event{e, o}, "2024-06-03 1d series", "2024-06-04 1d series", "2024-06-05 18:00 +0200 1h0m0s timed", "2024-06-06 18:00 +0200 1h0m0s timed")
		o = future("2024-06-05", "2024-06-06", "2024-06-08", "two days")
		check(t, window, []Event{e, o}, "2024-06-03 1d series", "2024-06-04 1d series", "2024-06-06 2d two days", "2024-06-07 2d two days")
	})
	t.Run("a hidden master with a visible future", func(t *testing.T) {
		e := everyday(t)
		e.Status = Hidden
		o := future("2024-06-05 09:00 Europe/Berlin", "2024-06-05 10:00 Europe/Berlin", "", "back")
		check(t, window, []Event{e, o}, "2024-06-05 10:00 +0200 0s back", "2024-06-06 10:00 +0200 0s back")
	})
	t.Run("orphan", func(t *testing.T) {
		check(t, window, []Event{future("2024-06-05 09:00 Europe/Berlin", "2024-06-05 10:00 Europe/Berlin", "", "alone")}, "2024-06-05 10:00 +0200 0s alone")
	})
}

func TestSameUIDTwice(t *testing.T) {
	window := between(t, "2024-06-01", "2024-06-10")
	at := func(start, summary string, sequence int) Event {
		e := event(t, "same", start, "")
		e.Summary, e.Sequence = summary, sequence
		return e
	}
	nine, ten := "2024-06-03 09:00 Europe/Berlin", "2024-06-03 10:00 Europe/Berlin"
	t.Run("higher SEQUENCE replaces", func(t *testing.T) {
		check(t, window, []Event{at(nine, "new", 2), at(ten, "old", 1)}, "2024-06-03 09:00 +0200 0s new")
		check(t, window, []Event{at(ten, "old", 1), at(nine, "new", 2)}, "2024-06-03 09:00 +0200 0s new")
	})
	t.Run("a higher one that is cancelled takes the event away", func(t *testing.T) {
		gone := at(nine, "gone", 2)
		gone.Status = Hidden
		check(t, window, []Event{at(nine, "old", 1), gone})
	})
	t.Run("equal SEQUENCE and another start: both stay", func(t *testing.T) {
		check(t, window, []Event{at(ten, "b", 1), at(nine, "a", 1), at("2024-06-03", "c", 1), at("2024-06-02", "d", 1)},
			"2024-06-02 1d d", "2024-06-03 1d c", "2024-06-03 09:00 +0200 0s a", "2024-06-03 10:00 +0200 0s b")
	})
	t.Run("a day and its midnight are different starts", func(t *testing.T) {
		midnight := at("2024-06-03 00:00 Europe/Berlin", "midnight", 1)
		check(t, window, []Event{midnight, at("2024-06-03", "day", 1)}, "2024-06-03 00:00 +0200 0s midnight", "2024-06-03 1d day")
		check(t, window, []Event{at("2024-06-03", "day", 1), midnight}, "2024-06-03 00:00 +0200 0s midnight", "2024-06-03 1d day")
	})
	t.Run("equal SEQUENCE and start: the last", func(t *testing.T) {
		check(t, window, []Event{at(nine, "a", 1), at("2024-06-03 07:00 UTC", "b", 1)}, "2024-06-03 07:00 +0000 0s b")
	})
	t.Run("an override finds its slot in either series", func(t *testing.T) {
		a, b := everyday(t, "FREQ=DAILY;COUNT=2"), event(t, "series", "2024-06-03 12:00 Europe/Berlin", "", "FREQ=DAILY;COUNT=2")
		o := change(t, "series", "2024-06-04 12:00 Europe/Berlin", "2024-06-04 13:00 Europe/Berlin", "", "moved")
		d := event(t, "series", "2024-06-08", "", "FREQ=DAILY;COUNT=2")
		check(t, window, []Event{a, b, o, d}, "2024-06-03 09:00 +0200 1h0m0s series", "2024-06-03 12:00 +0200 0s series",
			"2024-06-04 09:00 +0200 1h0m0s series", "2024-06-04 13:00 +0200 0s moved", "2024-06-08 1d series", "2024-06-09 1d series")
	})
}

func TestSameEventInTwoSourcesIsShownOnce(t *testing.T) {
	window := between(t, "2024-06-01", "2024-06-10")
	mine, theirs := everyday(t), everyday(t)
	mine.Source, theirs.Source = "mine", "theirs"
	o := change(t, "series", "2024-06-04 09:00 Europe/Berlin", "2024-06-04 14:00 Europe/Berlin", "", "theirs only")
	o.Source = "theirs"
	list, _ := expand(t, window, mine, theirs, o)
	if len(list) != 4 {
		t.Fatalf("%d occurrences", len(list))
	}
	for _, occ := range list {
		if occ.Event.Source != "mine" {
			t.Errorf("%s is from %s", show(occ), occ.Event.Source)
		}
	}
	twin := everyday(t)
	twin.UID, twin.Source = "twin", "theirs"
	if list, _ := expand(t, window, mine, twin); len(list) != 8 {
		t.Errorf("equal title and time under another UID: %d occurrences, not 8", len(list))
	}
	var nameless [2]Event
	for i := range nameless {
		nameless[i] = everyday(t)
		nameless[i].UID = ""
	}
	if list, _ := expand(t, window, nameless[:]...); len(list) != 8 {
		t.Errorf("two events without UID: %d occurrences, not 8", len(list))
	}
}

func TestHourlySeriesAcrossTheClockChange(t *testing.T) {
	e := event(t, "series", "2024-03-31 00:15 Europe/Berlin", "", "FREQ=HOURLY;COUNT=5")
	check(t, between(t, "2024-03-31", "2024-04-01"), []Event{e}, "2024-03-31 00:15 +0100 0s series", "2024-03-31 01:15 +0100 0s series",
		"2024-03-31 03:15 +0200 0s series", "2024-03-31 04:15 +0200 0s series")
	e = event(t, "series", "2024-03-31 01:40 Europe/Berlin", "", "FREQ=MINUTELY;INTERVAL=20;COUNT=9")
	list, _ := expand(t, between(t, "2024-03-31", "2024-04-01"), e)
	for i := 1; i < len(list); i++ {
		if list[i].Start.Sub(list[i-1].Start) != 20*time.Minute {
			t.Errorf("%v after %v", list[i].Start, list[i-1].Start)
		}
	}
}
