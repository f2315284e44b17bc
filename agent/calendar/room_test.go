package calendar

import (
	"fmt"
	"strings"
	"testing"
)

// crowd makes n series of a source with one rule.
func crowd(t testing.TB, n int, source, start, rule string) []Event {
	t.Helper()
	events := make([]Event, n)
	for i := range events {
		events[i] = event(t, fmt.Sprintf("%s %d", source, i), start, "", rule)
		events[i].Source = source
	}
	return events
}

// perUID counts the occurrences of each UID.
func perUID(list []Occurrence) map[string]int {
	counts := make(map[string]int)
	for _, o := range list {
		counts[o.Event.UID]++
	}
	return counts
}

// A small feed of dense rules must take neither the memory of the device nor the place of the other events.
func TestDenseSeriesShareTheRoom(t *testing.T) {
	events := crowd(t, 2000, "often", "1970-01-01 00:00 UTC", "FREQ=SECONDLY")
	daily := event(t, "daily", "2024-01-01 09:00 UTC", "", "FREQ=DAILY")
	daily.Source = "often"
	single := event(t, "single", "2024-06-10 09:00 UTC", "")
	single.Source = "often"
	list, warnings := expand(t, between(t, "2024-06-01", "2024-06-29"), append(events, daily, single)...)
	if len(list) > MaxPerSource+1 {
		t.Errorf("%d occurrences, at most %d allowed", len(list), MaxPerSource+1)
	}
	counts := perUID(list)
	if counts["daily"] != 28 || counts["single"] != 1 {
		t.Errorf("beside dense series %d of 28 and %d of 1 are shown", counts["daily"], counts["single"])
	}
	for i := range 2000 {
		if n := counts[fmt.Sprintf("often %d", i)]; n < 9 || n > 11 {
			t.Fatalf("series %d has %d instances, an equal share is 9 to 11", i, n)
		}
	}
	if len(warnings) != MaxWarnings+1 || !strings.Contains(warnings[0].Text, "repeats too often") || !strings.HasPrefix(warnings[MaxWarnings].Text, "1900 more events") {
		t.Errorf("%d warnings, %q to %q", len(warnings), warnings[0], warnings[len(warnings)-1])
	}
}

func TestSourcesShareTheRoom(t *testing.T) {
	var events []Event
	for i := range 4 {
		events = append(events, crowd(t, 50, fmt.Sprintf("source %d", i), "1970-01-01 00:00 UTC", "FREQ=SECONDLY")...)
	}
	list, _ := expand(t, between(t, "2024-06-01", "2024-06-29"), events...)
	if len(list) > MaxTotal {
		t.Errorf("%d occurrences, at most %d allowed", len(list), MaxTotal)
	}
	for uid, n := range perUID(list) {
		if n < MaxTotal/200-1 || n > MaxTotal/200+1 {
			t.Errorf("%s has %d instances, an equal share is %d", uid, n, MaxTotal/200)
		}
	}
	list, _ = expand(t, between(t, "2024-06-01", "2024-06-29"), events[:50]...)
	if len(list) != MaxPerSource {
		t.Errorf("one source has %d occurrences, want %d", len(list), MaxPerSource)
	}
}

// What is dropped after the tryout is not kept in memory.
func TestTryoutsAreForgotten(t *testing.T) {
	events := crowd(t, 1000, "often", "1970-01-01 00:00 UTC", "FREQ=SECONDLY")
	x := newExpansion(between(t, "2024-06-01", "2024-06-29"), location(t, "UTC"), serverRoom())
	most := 0
	rest, err := x.ordinary(events, groupByUID(events), func(group int) error {
		x.masters = append(x.masters[:0], &events[group])
		x.found.begin(events[group].UID)
		err := x.series(t.Context())
		most = max(most, len(x.found.blocks)*blockSize)
		return err
	})
	if err != nil || len(rest) != len(events) || x.found.count() != 0 || most > 2*tryout {
		t.Errorf("%d of %d series are dense, %d instances are kept, %d had room at once, error %v", len(rest), len(events), x.found.count(), most, err)
	}
}

func TestSlowSeriesShareTheSteps(t *testing.T) {
	events := crowd(t, 2000, "slow", "2024-05-01 00:00 UTC", "FREQ=MINUTELY;BYSETPOS=2;BYSECOND=0,1;BYHOUR=5")
	for i := range events { // nothing comes of it
		events[i].Rules[0].positions = []int16{3}
	}
	daily := event(t, "daily", "2024-01-01 09:00 UTC", "", "FREQ=DAILY")
	list, warnings := expand(t, between(t, "2024-06-01", "2025-06-01"), append(events, daily)...)
	if n := perUID(list)["daily"]; n != 365 || len(list) != n {
		t.Errorf("%d occurrences, %d of them daily, want 365", len(list), n)
	}
	if len(warnings) != MaxWarnings+1 {
		t.Fatalf("%d warnings", len(warnings))
	}
	for _, w := range warnings[:MaxWarnings] {
		var steps int
		if _, err := fmt.Sscanf(w.Text, "Its recurrence takes more than %d steps", &steps); err != nil || steps > MaxTotalSteps/1900 {
			t.Fatalf("%q, want about %d steps", w.Text, MaxTotalSteps/2000)
		}
	}
}

// As many as a large company has in four weeks are whole.
func TestOrdinarySeriesAreNotCut(t *testing.T) {
	events := crowd(t, 2500, "work", "2020-01-06 09:00 Europe/Berlin", "FREQ=WEEKLY")
	events = append(events, crowd(t, 100, "shifts", "2020-01-06 00:30 Europe/Berlin", "FREQ=DAILY;BYHOUR=0,8,16")...)
	list, warnings := expand(t, between(t, "2024-06-03", "2024-07-01"), events...)
	if len(list) != 2500*4+100*28*3 || len(warnings) > 0 {
		t.Errorf("%d occurrences, want %d; warnings %v", len(list), 2500*4+100*28*3, warnings)
	}
}
