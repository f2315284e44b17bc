package calendar

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestWallTimeIsKeptAcrossTheClockChange(t *testing.T) {
	e := event(t, "series", "2024-03-29 02:30 Europe/Berlin", "2024-03-29 03:00 Europe/Berlin", "FREQ=DAILY")
	check(t, between(t, "2024-03-30", "2024-04-02"), []Event{e},
		"2024-03-30 02:30 +0100 30m0s series", "2024-03-31 03:30 +0200 30m0s series", "2024-04-01 02:30 +0200 30m0s series")
	check(t, between(t, "2024-10-26", "2024-10-29"), []Event{e},
		"2024-10-26 02:30 +0200 30m0s series", "2024-10-27 02:30 +0200 30m0s series", "2024-10-28 02:30 +0100 30m0s series")
}

func TestLengthOfATimedEvent(t *testing.T) {
	for _, c := range []struct {
		name, start, end string
		length           *Length
		want             string
	}{
		{"neither end nor length: none", "2024-06-03 09:00 Europe/Berlin", "", nil, "2024-06-03 09:00 +0200 0s e"},
		{"end is exact across the autumn change", "2024-11-03 01:30 America/New_York", "2024-11-03 02:30 America/New_York", nil, "2024-11-03 01:30 -0400 2h0m0s e"},
		{"end is exact across the spring change", "2024-03-31 01:00 Europe/Berlin", "2024-03-31 04:00 Europe/Berlin", nil, "2024-03-31 01:00 +0100 2h0m0s e"},
		{"end in another zone", "2024-06-03 09:00 Europe/Berlin", "2024-06-03 09:00 America/New_York", nil, "2024-06-03 09:00 +0200 6h0m0s e"},
		{"end before the start is clamped", "2024-06-03 09:00 Europe/Berlin", "2024-06-03 08:00 Europe/Berlin", nil, "2024-06-03 09:00 +0200 0s e"},
		{"end as a date", "2024-06-03 09:00 Europe/Berlin", "2024-06-04", nil, "2024-06-03 09:00 +0200 15h0m0s e"},
		{"days are nominal", "2024-03-30 12:00 Europe/Berlin", "", &Length{Days: 1}, "2024-03-30 12:00 +0100 23h0m0s e"},
		{"hours are exact", "2024-03-30 12:00 Europe/Berlin", "", &Length{Seconds: 86400}, "2024-03-30 12:00 +0100 24h0m0s e"},
		{"days come before hours", "2024-03-30 01:30 Europe/Berlin", "", &Length{Days: 1, Seconds: 3600}, "2024-03-30 01:30 +0100 25h0m0s e"},
		{"days from the gap into the next day", "2024-03-31 02:30 Europe/Berlin", "", &Length{Days: 1}, "2024-03-31 03:30 +0200 23h0m0s e"},
		{"an end beats a length", "2024-06-03 09:00 Europe/Berlin", "2024-06-03 10:00 Europe/Berlin", &Length{Days: 3}, "2024-06-03 09:00 +0200 1h0m0s e"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := event(t, "e", c.start, c.end)
			e.Length = c.length
			check(t, between(t, "2024-01-01", "2025-01-01"), []Event{e}, c.want)
		})
	}
	t.Run("each instance of a series has the exact length of the first", func(t *testing.T) {
		e := event(t, "e", "2024-03-30 22:00 Europe/Berlin", "2024-03-31 06:00 Europe/Berlin", "FREQ=DAILY;COUNT=2")
		check(t, between(t, "2024-03-01", "2024-05-01"), []Event{e}, "2024-03-30 22:00 +0100 7h0m0s e", "2024-03-31 22:00 +0200 7h0m0s e")
	})
	t.Run("days of a series are nominal in each instance", func(t *testing.T) {
		e := event(t, "e", "2024-03-29 12:00 Europe/Berlin", "", "FREQ=DAILY;COUNT=3")
		e.Length = &Length{Days: 1}
		check(t, between(t, "2024-03-01", "2024-05-01"), []Event{e}, "2024-03-29 12:00 +0100 24h0m0s e", "2024-03-30 12:00 +0100 23h0m0s e", "2024-03-31 12:00 +0200 24h0m0s e")
	})
	t.Run("longer than the calendar", func(t *testing.T) {
		e := event(t, "e", "2024-06-03 09:00 UTC", "", "FREQ=DAILY;COUNT=2")
		e.Length = &Length{Days: 1 << 40, Seconds: 1 << 60}
		if list, _ := expand(t, between(t, "2600-01-01", "2600-01-02"), e); len(list) != 2 {
			t.Errorf("%d occurrences", len(list))
		}
	})
}

func TestAllDayEvents(t *testing.T) {
	for _, c := range []struct {
		name, start, end string
		length           *Length
		want             string
	}{
		{"no end: one day", "2024-06-03", "", nil, "2024-06-03 1d e"},
		{"end equal to the start: one day", "2024-06-03", "2024-06-03", nil, "2024-06-03 1d e"},
		{"end before the start: one day", "2024-06-03", "2024-06-01", nil, "2024-06-03 1d e"},
		{"the end is exclusive", "2024-06-03", "2024-06-08", nil, "2024-06-03 5d e"},
		{"end as a time: its date", "2024-06-03", "2024-06-05 12:00 UTC", nil, "2024-06-03 2d e"},
		{"length in days", "2024-06-03", "", &Length{Days: 3}, "2024-06-03 3d e"},
		{"length in hours is whole days", "2024-06-03", "", &Length{Seconds: 86401}, "2024-06-03 2d e"},
		{"no length: one day", "2024-06-03", "", &Length{}, "2024-06-03 1d e"},
		{"over the clock change", "2024-03-30", "2024-04-02", nil, "2024-03-30 3d e"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := event(t, "e", c.start, c.end)
			e.Length = c.length
			check(t, between(t, "2024-01-01", "2025-01-01"), []Event{e}, c.want)
		})
	}
	t.Run("a date is read in the viewer's zone", func(t *testing.T) {
		e := event(t, "e", "2024-06-03", "", "FREQ=DAILY;COUNT=2")
		for zone, want := range map[string]string{
			"Pacific/Kiritimati":  "2024-06-03T00:00:00+14:00 2024-06-04T00:00:00+14:00",
			"America/Los_Angeles": "2024-06-03T00:00:00-07:00 2024-06-04T00:00:00-07:00",
		} {
			loc := location(t, zone)
			day := Span{WallOf(2024, 6, 3, 0, 0, 0).In(loc), WallOf(2024, 6, 4, 0, 0, 0).In(loc)}
			list, _, err := Expand(t.Context(), []Event{e}, day, loc)
			if err != nil || len(list) != 1 {
				t.Fatalf("%s: %d occurrences, error %v", zone, len(list), err)
			}
			if got := list[0].Start.Format(time.RFC3339) + " " + list[0].End.Format(time.RFC3339); got != want {
				t.Errorf("%s: %s, want %s", zone, got, want)
			}
		}
	})
	t.Run("a day that begins at one", func(t *testing.T) {
		loc := location(t, "America/Sao_Paulo")
		e := event(t, "e", "2017-10-14", "2017-10-16")
		list, _, err := Expand(t.Context(), []Event{e}, Span{WallOf(2017, 10, 15, 0, 0, 0).In(loc), WallOf(2017, 10, 15, 12, 0, 0).In(loc)}, loc)
		if err != nil || len(list) != 1 || list[0].End.Sub(list[0].Start) != 47*time.Hour {
			t.Errorf("%v %v", list, err)
		}
	})
}

func TestEdgesOfTheWindow(t *testing.T) {
	window := between(t, "2024-06-03 09:00 UTC", "2024-06-03 12:00 UTC")
	for _, c := range []struct {
		start, end string
		in         bool
	}{
		{"2024-06-03 08:00 UTC", "2024-06-03 09:00 UTC", false},
		{"2024-06-03 08:00 UTC", "2024-06-03 09:01 UTC", true},
		{"2024-06-03 11:59 UTC", "2024-06-03 13:00 UTC", true},
		{"2024-06-03 12:00 UTC", "2024-06-03 13:00 UTC", false},
		{"2024-06-01 08:00 UTC", "2024-06-09 09:01 UTC", true},
		{"2024-06-03 09:00 UTC", "", true},
		{"2024-06-03 08:59 UTC", "", false},
		{"2024-06-03 12:00 UTC", "", false},
	} {
		for _, rules := range [][]string{nil, {"FREQ=YEARLY"}} {
			e := event(t, "e", c.start, c.end, rules...)
			if list, _ := expand(t, window, e); (len(list) == 1) != c.in {
				t.Errorf("%s to %s, rules %v: %d occurrences", c.start, c.end, rules, len(list))
			}
		}
	}
	half := 500 * time.Millisecond
	e := event(t, "e", "2024-06-03 09:00:00 UTC", "2024-06-03 09:00:01 UTC")
	none := event(t, "none", "2024-06-03 09:00:00 UTC", "")
	for _, c := range []struct {
		from, to time.Duration
		want     int
	}{{half, time.Second, 1}, {time.Second, 2 * time.Second, 0}, {-time.Second, half, 2}, {-time.Second, 0, 0}, {0, half, 2}} {
		s := Span{window.Start.Add(c.from), window.Start.Add(c.to)}
		if list, _ := expand(t, s, e, none); len(list) != c.want {
			t.Errorf("window from %v to %v: %d occurrences, want %d", c.from, c.to, len(list), c.want)
		}
	}
	if list, _ := expand(t, Span{}, e); len(list) != 0 {
		t.Errorf("an empty window holds %d", len(list))
	}
	if list, _ := expand(t, Span{time.Time{}, time.Unix(1<<60, 0)}, e, none); len(list) != 2 {
		t.Errorf("all of time holds %d", len(list))
	}
}

func TestOccurrencesAreInOrder(t *testing.T) {
	b := event(t, "b", "2024-06-03 09:00 Europe/Berlin", "", "FREQ=DAILY;COUNT=2")
	a := event(t, "a", "2024-06-03 09:00 Europe/Berlin", "", "FREQ=DAILY;COUNT=2")
	day := event(t, "c", "2024-06-04", "")
	moved := change(t, "a", "2024-06-03 09:00 Europe/Berlin", "2024-06-04 09:00 Europe/Berlin", "", "moved")
	check(t, between(t, "2024-06-01", "2024-06-10"), []Event{b, day, a, moved},
		"2024-06-03 09:00 +0200 0s b", "2024-06-04 1d c", "2024-06-04 09:00 +0200 0s moved", "2024-06-04 09:00 +0200 0s a", "2024-06-04 09:00 +0200 0s b")
}

func TestHiddenEventsAreLeftOut(t *testing.T) {
	for status := Busy; status <= Hidden; status++ {
		once, series := event(t, "once", "2024-06-03 09:00 UTC", ""), event(t, "series", "2024-06-03 09:00 UTC", "", "FREQ=DAILY;COUNT=2")
		once.Status, series.Status = status, status
		want := 3
		if status == Hidden {
			want = 0
		}
		if list, _ := expand(t, between(t, "2024-06-01", "2024-06-10"), once, series); len(list) != want {
			t.Errorf("%s: %d occurrences, want %d", status, len(list), want)
		}
	}
}

func TestIdentityIsStable(t *testing.T) {
	window := between(t, "2024-06-01", "2024-06-10")
	ids := func(events ...Event) (list []string) {
		occurrences, _ := expand(t, window, events...)
		for _, o := range occurrences {
			list = append(list, o.ID())
		}
		slices.Sort(list)
		return list
	}
	once := event(t, "once", "2024-06-03 09:00 Europe/Berlin", "")
	if got := ids(once); !slices.Equal(got, []string{"once"}) {
		t.Errorf("single event: %v", got)
	}
	series := event(t, "s", "2024-06-03 09:00 Europe/Berlin", "", "FREQ=DAILY;COUNT=3")
	plain := ids(series)
	// These are written down: a hidden event stays hidden with every later version.
	if want := []string{"s_20240603T090000_91eb94d0", "s_20240604T090000_8599dbde", "s_20240605T090000_5209f177"}; !slices.Equal(plain, want) {
		t.Errorf("series: %v, want %v", plain, want)
	}
	for _, slot := range []string{"2024-06-04 09:00 Europe/Berlin", "2024-06-04 07:00 UTC", "2024-06-04"} {
		o := change(t, "s", slot, "2024-06-07 15:00 America/New_York", "", "moved")
		if got := ids(series, o); !slices.Equal(got, plain) {
			t.Errorf("slot %s: the moved instance changes the identities to %v", slot, got)
		}
	}
	future := change(t, "s", "2024-06-04 07:00 UTC", "2024-06-04 15:00 Europe/Berlin", "", "later")
	future.Future = true
	if got := ids(series, future); !slices.Equal(got, plain) {
		t.Errorf("THISANDFUTURE changes the identities to %v", got)
	}
	gap := event(t, "s", "2024-03-30 02:30 Europe/Berlin", "", "FREQ=DAILY;COUNT=3")
	window = between(t, "2024-03-01", "2024-05-01")
	plain = ids(gap)
	if got := ids(gap, change(t, "s", "2024-03-31 01:30 UTC", "2024-04-07 15:00 UTC", "", "moved")); !slices.Equal(got, plain) {
		t.Errorf("in the spring gap %v became %v", plain, got)
	}
	other := series
	other.Source = "elsewhere"
	window = between(t, "2024-06-01", "2024-06-10")
	if slices.Equal(ids(other), ids(series)) {
		t.Error("the source does not count")
	}
	day := event(t, "day", "2024-06-03", "", "FREQ=DAILY;COUNT=1")
	if got := ids(day); len(got) != 1 || !regexp.MustCompile(`^day_20240603T000000_[0-9a-f]{8}$`).MatchString(got[0]) {
		t.Errorf("all-day: %v", got)
	}
}

func TestStatusWords(t *testing.T) {
	var words []string
	for status := Busy; status <= Hidden; status++ {
		words = append(words, status.String())
	}
	if got := strings.Join(words, " "); got != "busy tentative free oof elsewhere hidden" {
		t.Errorf("%s", got)
	}
}

func TestZonesMayBeMissing(t *testing.T) {
	e := Event{UID: "e", Summary: "e", Start: Moment{Wall: WallOf(2024, 6, 3, 9, 0, 0)}}
	list, _, err := Expand(t.Context(), []Event{e, {UID: "d", Summary: "d", Start: Moment{Wall: WallOf(2024, 6, 3, 0, 0, 0), Date: true}}}, between(t, "2024-06-01", "2024-06-10"), nil)
	if err != nil || len(list) != 2 || show(list[0]) != "2024-06-03 1d d" || show(list[1]) != "2024-06-03 09:00 +0000 0s e" {
		t.Errorf("%v %v", list, err)
	}
}
