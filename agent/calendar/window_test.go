package calendar

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// A window shows what a wider one shows of it, whatever the series; and no occurrence lies
// outside the bounds of the components that it comes from.
func TestEveryWindowShowsTheSameSeries(t *testing.T) {
	cases := 3000
	if testing.Short() {
		cases = 300
	}
	random := rand.New(rand.NewPCG(1604, 9999))
	var zones []*time.Location
	for _, name := range []string{"Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Pacific/Apia", "Australia/Lord_Howe", "America/Havana", "UTC"} {
		zones = append(zones, location(t, name))
	}
	total := 0
	for range cases {
		events := randomSeries(random, zones)
		viewer := zones[random.IntN(len(zones))]
		// The wide window has room for all instances of the rules that are not too frequent.
		from := events[0].Start.Wall + Wall(random.IntN(400)-40)*Day
		wide := Span{from.UTC(), (from + 120*Day).UTC()}
		all, warnings, err := Expand(t.Context(), events, wide, viewer)
		if err != nil {
			t.Fatal(err)
		}
		if len(warnings) > 0 {
			continue
		}
		start := wide.Start.Add(time.Duration(random.IntN(100*24*60)) * time.Minute)
		narrow := Span{start, start.Add(time.Duration(1+random.IntN(20*24*60)) * time.Minute)}
		var want []string
		for _, o := range all {
			if o.Start.Before(narrow.End) && o.End.After(narrow.Start) || o.Start.Equal(o.End) && !o.Start.Before(narrow.Start) && o.Start.Before(narrow.End) {
				want = append(want, describe(o))
			}
			checkBounds(t, events, o)
		}
		some, _, err := Expand(t.Context(), events, narrow, viewer)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, o := range some {
			got = append(got, describe(o))
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("window %v to %v, rule %+v\n got %q\nwant %q", narrow.Start, narrow.End, events[0].Rules, got, want)
		}
		total += len(all)
	}
	if total < cases {
		t.Errorf("only %d occurrences in %d cases", total, cases)
	}
}

func describe(o Occurrence) string { return o.ID() + " " + show(o) }

func checkBounds(t *testing.T, events []Event, o Occurrence) {
	t.Helper()
	low, high := Forever, -Forever
	for i := range events {
		first, last := Bounds(&events[i])
		low, high = min(low, first), max(high, last)
	}
	for _, hours := range []int{-12, 14} {
		zone := time.FixedZone("", hours*3600)
		if start, end := WallIn(o.Start, zone), WallIn(o.End, zone); start < low || end > high {
			t.Fatalf("%s in %v is outside of %v to %v", describe(o), zone, low.UTC(), high.UTC())
		}
	}
}

// randomSeries makes a master with everything that may come with it.
func randomSeries(random *rand.Rand, zones []*time.Location) []Event {
	chance := func(of int) bool { return random.IntN(of) == 0 }
	near := func(w Wall, days int) Moment {
		m := Moment{Wall: w + Wall(random.IntN(2*days+1)-days)*Day, Loc: zones[random.IntN(len(zones))]}
		if chance(3) {
			return Moment{Wall: m.Wall.Midnight(), Date: true}
		}
		if chance(2) {
			m.Wall += Wall(random.IntN(48)) * 1800
		}
		return m
	}
	length := func(e *Event) {
		switch {
		case chance(3):
			e.Length = &Length{Days: random.IntN(3), Seconds: int64(random.IntN(3) * 4000)}
		case chance(2):
			end := e.Start
			end.Wall += Wall(random.IntN(80)) * 3600
			e.End = &end
		}
	}
	text, start := randomRule(random)
	start.Loc = zones[random.IntN(len(zones))]
	if chance(4) {
		start = Moment{Wall: start.Wall.Midnight(), Date: true}
	}
	master := Event{UID: "u", Summary: "master", Start: start}
	length(&master)
	rule, _, err := ParseRule(text, start)
	if err != nil {
		panic(fmt.Sprintf("%s: %v", text, err))
	}
	master.Rules = []Rule{rule}
	for range random.IntN(4) {
		p := Period{Start: near(start.Wall, 100)}
		if chance(3) {
			p.Length = &Length{Seconds: 7200}
		}
		master.Dates = append(master.Dates, p)
		master.Except = append(master.Except, near(start.Wall, 40))
	}
	events := []Event{master}
	var slots []Wall
	var g walk
	g.run(&rule, earliest, latest, MaxSteps, func(w Wall) bool {
		slots = append(slots, w)
		return len(slots) < 30
	})
	for i := 0; i < random.IntN(4) && len(slots) > 0; i++ {
		slot := start
		slot.Wall = slots[random.IntN(len(slots))]
		o := Event{UID: "u", Summary: fmt.Sprint("override ", i), Start: near(slot.Wall, 20), RecurrenceID: &slot, Future: chance(3)}
		if chance(6) {
			o.Status = Hidden
		}
		length(&o)
		events = append(events, o)
	}
	return events
}
