package store

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"calendarbot/agent/calendar"
)

func TestBetweenReadsWholeSeries(t *testing.T) {
	k := newStore(t)
	k.configure("work")
	k.fetch("work", calendarOf(
		event("weekly", 2, "Weekly", "RRULE:FREQ=WEEKLY"),
		event("weekly", 27, "Moved", "RECURRENCE-ID:20260309T120000Z"),
		event("ended", 2, "Ended", "RRULE:FREQ=DAILY;COUNT=3"),
		event("single", 16, "Single"),
		event("twice", 16, "Old", "SEQUENCE:1"),
		event("twice", 25, "New", "SEQUENCE:2"),
	))
	for _, c := range []struct {
		day  int
		want string
	}{
		{16, "Moved New Old Single Weekly"}, // what overrides them comes along, although it is elsewhere
		{25, "Moved New Old Weekly"},
		{9, "Moved Weekly"},
		{3, "Ended Moved Weekly"},
	} {
		var got []string
		for _, e := range k.between(day(c.day)).Events {
			got = append(got, e.Summary)
		}
		slices.Sort(got)
		if strings.Join(got, " ") != c.want {
			t.Errorf("March %d: got %v, want %s", c.day, got, c.want)
		}
	}
	before := calendar.Span{Start: day(1).Start.AddDate(-1, 0, 0), End: day(1).Start.AddDate(0, -1, 0)}
	if got := k.titles(before); got != "" {
		t.Errorf("before all events: %s", got)
	}
	after := calendar.Span{Start: day(1).Start.AddDate(50, 0, 0), End: day(1).Start.AddDate(50, 0, 1)}
	if got := k.titles(after); got != "work:Weekly work:Moved" {
		t.Errorf("in 50 years: %s, want the series that does not end", got)
	}
}

func TestBetweenMissesNothingThatExpandShows(t *testing.T) {
	k := newStore(t)
	k.configure("work")
	k.fetch("work", calendarOf(
		"BEGIN:VEVENT\r\nUID:east\r\nDTSTART;TZID=Pacific/Kiritimati:20260310T003000\r\nDURATION:PT1H\r\nSUMMARY:East\r\nEND:VEVENT\r\n",
		"BEGIN:VEVENT\r\nUID:west\r\nDTSTART;TZID=Pacific/Pago_Pago:20260309T233000\r\nDURATION:PT1H\r\nSUMMARY:West\r\nEND:VEVENT\r\n",
		"BEGIN:VEVENT\r\nUID:day\r\nDTSTART;VALUE=DATE:20260310\r\nSUMMARY:Day\r\nEND:VEVENT\r\n",
		"BEGIN:VEVENT\r\nUID:instant\r\nDTSTART:20260310T000000Z\r\nSUMMARY:Instant\r\nEND:VEVENT\r\n",
	))
	everything := k.between(calendar.Span{Start: day(1).Start.AddDate(-1, 0, 0), End: day(1).Start.AddDate(1, 0, 0)}).Events
	if len(everything) != 4 {
		t.Fatalf("%d events are stored, want 4", len(everything))
	}
	shown := 0
	for hour := range 24 * 4 {
		start := day(8).Start.Add(time.Duration(hour) * time.Hour)
		span := calendar.Span{Start: start, End: start.Add(time.Hour)}
		want, _, err := calendar.Expand(t.Context(), everything, span, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := calendar.Expand(t.Context(), k.between(span).Events, span, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) {
			t.Errorf("hour %d: %d occurrences from the store, %d from all events", hour, len(got), len(want))
		}
		shown += len(want)
	}
	if shown == 0 {
		t.Error("nothing was shown at all")
	}
}

func TestSnapshotHasSourcesInOrderAndWhatIsHidden(t *testing.T) {
	k := newStore(t)
	k.configure("b", "a")
	k.must(k.PutWebSource(t.Context(), configured("c")[0]))
	for _, id := range []string{"a", "b", "c"} {
		k.fetch(id, calendarOf(event("e", 3, "E")))
	}
	k.must(k.Hide(t.Context(), Hidden{ID: "x", Series: true, Title: "X"}))
	until := day(4).Start
	k.must(k.Skip(t.Context(), "y", until))
	snap := k.between(day(3))
	if got := k.titles(day(3)); got != "b:E a:E c:E" {
		t.Errorf("events are in the order %s", got)
	}
	if len(snap.Sources) != 3 || snap.Sources[0].ID != "b" || snap.Sources[2].ID != "c" || !snap.Sources[2].Web {
		t.Errorf("sources: %+v", snap.Sources)
	}
	if h := snap.Hidden["x"]; !h.Series || h.Title != "X" || !h.Since.Equal(k.clock.Now()) {
		t.Errorf("hidden: %+v", snap.Hidden)
	}
	if !snap.Skipped["y"].Equal(until) {
		t.Errorf("skipped: %v", snap.Skipped)
	}
	if snap.Generation != k.Generation() {
		t.Errorf("generation %d, want %d", snap.Generation, k.Generation())
	}
}

func TestUnreadableRowsAreCountedAndLeftOut(t *testing.T) {
	k := newStore(t)
	k.configure("work")
	k.fetch("work", calendarOf(event("a", 3, "A"), event("b", 3, "B")))
	if _, err := k.db.Write().Exec("UPDATE component SET text = 'of another version' WHERE ordinal = 0"); err != nil {
		t.Fatal(err)
	}
	snap := k.between(day(3))
	if len(snap.Events) != 1 || snap.Events[0].Summary != "B" || snap.Unreadable != 1 {
		t.Errorf("%d events, %d unreadable, want 1 and 1", len(snap.Events), snap.Unreadable)
	}
}

func TestZonesOfTheFeedAreThoseOfItsLastPreamble(t *testing.T) {
	k := newStore(t)
	k.configure("work")
	floating := "BEGIN:VEVENT\r\nUID:a\r\nDTSTART:20260303T120000\r\nSUMMARY:A\r\nEND:VEVENT\r\n"
	feed := func(zone string) string {
		return strings.Replace(calendarOf(floating), "X-WR-CALNAME:Test", "X-WR-TIMEZONE:"+zone, 1)
	}
	for _, zone := range []string{"Asia/Tokyo", "America/New_York"} {
		if !k.fetch("work", feed(zone)) {
			t.Error("another zone of the feed changed nothing")
		}
		for range 2 {
			if got := k.between(day(3)).Events[0].Start.Loc.String(); got != zone {
				t.Errorf("the zone is %s, want %s", got, zone)
			}
		}
		k.restart()
		if got := k.between(day(3)).Events[0].Start.Loc.String(); got != zone {
			t.Errorf("after a restart the zone is %s, want %s", got, zone)
		}
	}
}

// TestSnapshotsAreNeverAMix commits two versions of two feeds by turns while others read.
func TestSnapshotsAreNeverAMix(t *testing.T) {
	k := newStore(t)
	k.configure("work")
	version := func(n int) string {
		title := []string{"Even", "Odd"}[n%2]
		return calendarOf(event("a", 3, title), event("b", 3, title), event("c", 3, title))
	}
	k.fetch("work", version(0))
	ctx, cancel := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for ctx.Err() == nil {
				before := k.Generation()
				snap, err := k.Between(context.Background(), day(3))
				if err != nil {
					t.Error(err)
					return
				}
				if snap.Generation < before {
					t.Errorf("generation %d was read after %d was told", snap.Generation, before)
				}
				if len(snap.Events) != 3 || snap.Events[0].Summary != snap.Events[2].Summary || snap.Events[0].Summary != snap.Events[1].Summary {
					t.Errorf("a mix of versions: %d events", len(snap.Events))
				}
			}
		})
	}
	for n := range 40 {
		if !k.fetch("work", version(n+1)) {
			t.Error("a new version changed nothing")
		}
	}
	cancel()
	readers.Wait()
}

func TestEventsAreLookedUpByIndex(t *testing.T) {
	k := newStore(t)
	for query, want := range map[string][]string{
		selectSingles: {"SEARCH component USING INDEX component_span (last>?)"},
		countTouching: {"SEARCH component USING COVERING INDEX component_span (last>?)"},
		selectSeries: {"SEARCH component USING COVERING INDEX component_span (last>?)",
			"SEARCH c USING INDEX component_series (source=? AND series=?)"},
	} {
		plan := ""
		err := each(t.Context(), k.db.Read(), "EXPLAIN QUERY PLAN "+query, func(rows *sql.Rows) error {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				return err
			}
			plan += detail + "\n"
			return nil
		}, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range want {
			if !strings.Contains(plan, step) {
				t.Errorf("the plan does not %s:\n%s", step, plan)
			}
		}
	}
}
