package page

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"calendarbot/agent/calendar"
	"calendarbot/agent/config"
	"calendarbot/agent/store"
)

// A drawn page is answered again and again until its picture changes. That is right only when nobody can tell the
// difference: at every moment until then it must be what would be drawn at that moment, byte for byte.
func TestPagesHoldUntilTheyChange(t *testing.T) {
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 7))
		d, start, edges := anyHousehold(t, r)
		for range 12 {
			q, at := anyQuery(r, start), start.Add(anyTime(r, 26*time.Hour))
			if len(edges) > 0 && r.IntN(2) == 0 {
				at = edges[r.IntN(len(edges))].Add(nearEdge(r))
			}
			first := drawAt(t, d, q, at)
			if !first.Until.After(at) {
				t.Fatalf("seed %d, %+v: drawn at %v, until %v", seed, q, at, first.Until)
			}
			if !first.Made.Equal(at) {
				t.Fatalf("made at %v, not %v", first.Made, at)
			}
			room := first.Until.Sub(at)
			for _, later := range []time.Duration{0, room - 1, time.Duration(r.Int64N(int64(room))), min(room-1, time.Second)} {
				moment := at.Add(later)
				sameAnswer(t, fmt.Sprintf("seed %d, %+v, drawn at %v, until %v, at %v", seed, q, at, first.Until, moment),
					Fill(first, moment), Fill(drawAt(t, d, q, moment), moment))
			}
		}
	}
}

func drawAt(t testing.TB, d *Direct, q Query, at time.Time) Page {
	t.Helper()
	p, err := d.Draw(context.Background(), q, at)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func sameAnswer(t *testing.T, when string, a, b Page) {
	t.Helper()
	if !bytes.Equal(a.Body, b.Body) {
		t.Fatalf("%s\nkept  %s\ndrawn %s", when, a.Body, b.Body)
	}
	if a.ETag != b.ETag || a.Stale != b.Stale || a.Status != b.Status || a.Type != b.Type || a.Mark != b.Mark || !a.Until.Equal(b.Until) {
		a.Body, b.Body = nil, nil
		t.Fatalf("%s\nkept  %+v\ndrawn %+v", when, a, b)
	}
}

// anyTime is a time from 0 to most, often at a whole minute or second, or just before.
func anyTime(r *rand.Rand, most time.Duration) time.Duration {
	d := time.Duration(r.Int64N(int64(most)))
	switch r.IntN(6) {
	case 0:
		return d.Truncate(time.Minute)
	case 1:
		return d.Truncate(time.Second)
	case 2:
		return d.Truncate(time.Minute) + time.Minute - 1
	case 3:
		return d.Truncate(15 * time.Minute)
	}
	return d
}

// nearEdge is a time around a start or an end at which something else may be said.
func nearEdge(r *rand.Rand) time.Duration {
	before := []time.Duration{0, 0, 0, time.Minute, 3 * time.Minute, 16 * time.Minute, 61 * time.Minute, 4 * time.Hour, 24 * time.Hour}
	slack := []time.Duration{0, 0, 1, -1, time.Second, -time.Second, 500 * time.Millisecond, -30 * time.Second}
	return slack[r.IntN(len(slack))] - before[r.IntN(len(before))]
}

// anyQuery asks for any kind of page.
func anyQuery(r *rand.Rand, start time.Time) Query {
	q := Query{Kind: Kind(r.IntN(int(WhatsNextV1) + 1)), SSML: r.IntN(2) == 0}
	q.Zone = []string{"", "", "", "Asia/Tokyo", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"}[r.IntN(7)]
	q.Theme = []string{"", "dark", "light", "eink"}[r.IntN(4)]
	q.Detail = []string{"brief", "normal", "detailed", "verbose"}[r.IntN(4)]
	switch q.Kind {
	case Agenda:
		q.Days = r.IntN(9)
		if r.IntN(3) == 0 {
			q.From = start.Add(time.Duration(r.IntN(96)-48) * time.Hour).Unix()
		}
	case Events:
		q.From = start.Add(time.Duration(r.IntN(96)-48) * time.Hour).Unix()
		q.To, q.Limit = q.From+86400*int64(1+r.IntN(3)), r.IntN(20)
		q.Source = []string{"", "", "work", "nobody"}[r.IntN(4)]
	case MorningSummary, AlexaMorning:
		q.Max = r.IntN(20)
		if r.IntN(3) == 0 {
			q.Day = start.Add(time.Duration(r.IntN(96)-48) * time.Hour).Format(time.DateOnly)
		}
	}
	return q
}

// anyHousehold has feeds of every kind and events around the start of a day on which clocks may change. The edges are starts and
// ends.
func anyHousehold(t testing.TB, r *rand.Rand) (d *Direct, start time.Time, edges []time.Time) {
	t.Helper()
	zone := berlin(t)
	b := &builder{zone: zone, config: config.Default()}
	b.now = []time.Time{
		time.Date(2026, 6, 15, 0, 0, 0, 0, zone), time.Date(2026, 10, 24, 12, 0, 0, 0, zone),
		time.Date(2027, 3, 27, 20, 0, 0, 0, zone), time.Date(2024, 12, 31, 12, 0, 0, 0, zone),
	}[r.IntN(4)]
	b.config.Display.Clock = []string{"24h", "12h"}[r.IntN(2)]
	b.config.Display.Private = []string{"show", "mask", "hide"}[r.IntN(3)]
	around := func(hours int) time.Time {
		return b.now.Add(anyTime(r, time.Duration(hours)*time.Hour) - time.Duration(hours/4)*time.Hour)
	}
	for _, id := range []string{"work", "family", "school"}[:r.IntN(4)] {
		s := store.Source{ID: id, Name: id, Color: "#1f6feb", State: []store.State{store.OK, store.OK, store.Failing, store.Waiting, store.Disabled}[r.IntN(5)]}
		if s.State != store.Waiting || r.IntN(2) == 0 {
			s.LastSuccess = around(30)
		}
		if r.IntN(3) == 0 {
			s.NextTry = around(30)
		}
		s.Error = "the server refused the connection"
		b.snap.Sources = append(b.snap.Sources, s)
	}
	b.snap.Hidden, b.snap.Skipped = map[string]store.Hidden{}, map[string]time.Time{}
	statuses := []calendar.Status{calendar.Busy, calendar.Busy, calendar.Busy, calendar.Tentative, calendar.Free, calendar.OutOfOffice, calendar.Elsewhere}
	titles := []string{"Design review", "Lunch", "Focus time", "Anna's birthday", `<b>"&amp;'\`, "Vacation", gapHead + "00,", `\":-9223372036000000000,`}
	for range r.IntN(14) {
		source := []string{"work", "family", "school"}[r.IntN(3)]
		if r.IntN(5) == 0 {
			b.allDay(source, titles[r.IntN(len(titles))], r.IntN(5)-2, 1+r.IntN(3))
			continue
		}
		from := calendar.WallIn(around(48), zone)
		if r.IntN(3) > 0 {
			from -= from % 300
		}
		b.timed(source, titles[r.IntN(len(titles))], 0, "00:00", 0, status(statuses[r.IntN(len(statuses))]), func(e *calendar.Event) {
			e.Start.Wall = from
			e.Length.Seconds = []int64{0, 60, 900, 1800, 3600, 5400, 3601, 30 * 3600}[r.IntN(8)]
			edges = append(edges, from.In(zone), from.In(zone).Add(time.Duration(e.Length.Seconds)*time.Second))
			e.Private = r.IntN(6) == 0
			if r.IntN(5) == 0 {
				b.snap.Skipped[(&calendar.Occurrence{Event: e}).ID()] = around(30)
			}
			if r.IntN(8) == 0 {
				b.snap.Hidden[e.UID] = store.Hidden{ID: e.UID, Title: e.Summary, Since: around(30)}
			}
		})
	}
	notice := []string{"", "the store was damaged. It begins anew."}[r.IntN(2)]
	return NewDirect(DirectOptions{
		Store: shelf{snap: b.snap}, Config: b.config, Zone: zone, Version: "test", Now: func() time.Time { return b.now },
		Addresses: func() []string { return nil }, Notice: func() string { return notice },
	}), b.now, edges
}
