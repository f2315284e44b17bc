package calendar

import "testing"

func TestBounds(t *testing.T) {
	const slack = 26 * 3600
	future := change(t, "e", "2024-06-03 09:00 UTC", "2024-06-10 09:00 UTC", "", "")
	future.Future = true
	with := func(e Event, f func(*Event)) Event { f(&e); return e }
	at := func(text string) Wall { return moment(t, text).Wall }
	end := moment(t, "2024-07-02 12:00 UTC")
	for _, c := range []struct {
		name        string
		event       Event
		first, last Wall
	}{
		{"single", event(t, "e", "2024-06-03 09:00 Europe/Berlin", "2024-06-03 10:00 Europe/Berlin"), at("2024-06-03 09:00 UTC"), at("2024-06-03 10:00 UTC")},
		{"single with a length", with(event(t, "e", "2024-06-03 09:00 Europe/Berlin", ""), func(e *Event) { e.Length = &Length{Days: 1, Seconds: 60} }), at("2024-06-03 09:00 UTC"), at("2024-06-04 09:01 UTC")},
		{"end in another zone", event(t, "e", "2024-06-03 09:00 Europe/Berlin", "2024-06-03 09:00 America/New_York"), at("2024-06-03 09:00 UTC"), at("2024-06-03 15:00 UTC")},
		{"end before the start", event(t, "e", "2024-06-03 09:00 UTC", "2024-06-01 09:00 UTC"), at("2024-06-03 09:00 UTC"), at("2024-06-03 09:00 UTC")},
		{"all-day", event(t, "e", "2024-06-03", ""), at("2024-06-03"), at("2024-06-04")},
		{"no end", event(t, "e", "2024-06-03 09:00 UTC", "", "FREQ=DAILY"), at("2024-06-03 09:00 UTC"), Forever},
		{"UNTIL", event(t, "e", "2024-06-03 09:00 Europe/Berlin", "2024-06-03 10:00 Europe/Berlin", "FREQ=DAILY;UNTIL=20240801T070000Z"), at("2024-06-03 09:00 UTC"), at("2024-08-01 10:00 UTC")},
		{"UNTIL before the start", event(t, "e", "2024-06-03 09:00 UTC", "", "FREQ=DAILY;UNTIL=20240101"), at("2024-06-03 09:00 UTC"), at("2024-06-03 09:00 UTC")},
		{"COUNT", event(t, "e", "2024-06-03 09:00 UTC", "", "FREQ=WEEKLY;COUNT=500"), at("2024-06-03 09:00 UTC"), at("2033-12-26 09:00 UTC")},
		{"all-day UNTIL", event(t, "e", "2024-06-03", "2024-06-05", "FREQ=DAILY;UNTIL=20240610T000000Z"), at("2024-06-03"), at("2024-06-12")},
		{"never", event(t, "e", "2024-06-03 09:00 UTC", "", "FREQ=HOURLY;INTERVAL=24;BYHOUR=5;COUNT=3"), at("2024-06-03 09:00 UTC"), at("2024-06-03 09:00 UTC")},
		{"the longer of two rules", event(t, "e", "2024-06-03 09:00 UTC", "", "FREQ=DAILY;COUNT=2", "FREQ=DAILY;COUNT=5", "FREQ=DAILY;COUNT=3"), at("2024-06-03 09:00 UTC"), at("2024-06-07 09:00 UTC")},
		{"one of two rules without end", event(t, "e", "2024-06-03 09:00 UTC", "", "FREQ=DAILY", "FREQ=DAILY;COUNT=5"), at("2024-06-03 09:00 UTC"), Forever},
		{"RDATE", with(event(t, "e", "2024-06-03 09:00 Europe/Berlin", "2024-06-03 10:00 Europe/Berlin"), func(e *Event) {
			e.Dates = []Period{{Start: moment(t, "2024-06-01 09:00 Europe/Berlin")}, {Start: moment(t, "2024-07-01 09:00 UTC")}, {Start: moment(t, "2024-07-01")}}
		}), at("2024-06-01 09:00 UTC"), at("2024-07-01 12:00 UTC")},
		{"RDATE of a day", with(event(t, "e", "2024-06-03 22:00 Europe/Berlin", "2024-06-03 23:00 Europe/Berlin"), func(e *Event) { e.Dates = []Period{{Start: moment(t, "2024-07-01")}} }), at("2024-06-03 22:00 UTC"), at("2024-07-01 23:00 UTC")},
		{"RDATE with its own length", with(event(t, "e", "2024-06-03 09:00 UTC", ""), func(e *Event) { e.Dates = []Period{{Start: moment(t, "2024-07-01 12:00 UTC"), End: &end}} }), at("2024-06-03 09:00 UTC"), end.Wall},
		{"RDATE beside a rule without end", with(event(t, "e", "2024-06-03 09:00 UTC", "", "FREQ=DAILY"), func(e *Event) { e.Dates = []Period{{Start: moment(t, "2024-05-01")}} }), at("2024-05-01 09:00 UTC"), Forever},
		{"override moved later", change(t, "e", "2024-06-03 09:00 UTC", "2024-06-10 09:00 UTC", "2024-06-10 10:00 UTC", ""), at("2024-06-03 09:00 UTC"), at("2024-06-10 10:00 UTC")},
		{"override moved earlier", change(t, "e", "2024-06-10 09:00 UTC", "2024-06-03 09:00 UTC", "", ""), at("2024-06-03 09:00 UTC"), at("2024-06-10 09:00 UTC")},
		{"override of a day", change(t, "e", "2024-06-10", "2024-06-03 09:00 UTC", "", ""), at("2024-06-03 09:00 UTC"), at("2024-06-11")},
		{"THISANDFUTURE", future, at("2024-06-03 09:00 UTC"), Forever},
		{"rules of an override are not used", with(change(t, "e", "2024-06-03 09:00 UTC", "2024-06-03 09:00 UTC", "", ""), func(e *Event) { e.Rules = event(t, "e", "2024-06-03 09:00 UTC", "", "FREQ=DAILY").Rules }), at("2024-06-03 09:00 UTC"), at("2024-06-03 09:00 UTC")},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantLast := c.last
			if wantLast < Forever {
				wantLast += slack
			}
			first, last := Bounds(&c.event)
			if first != c.first-slack || last != wantLast {
				t.Errorf("%v to %v, want %v to %v", first.UTC(), last.UTC(), (c.first - slack).UTC(), wantLast.UTC())
			}
		})
	}
}
