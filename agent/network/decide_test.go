package network

import (
	"testing"
	"time"
)

// moment is one look: what was seen so many seconds after the first one, and what is to be done.
type moment struct {
	at      int
	facts   Facts
	step    Step
	outcome Outcome
}

func TestDecide(t *testing.T) {
	known := Facts{Radio: true, Configured: true, Station: true}
	home, stranger := known, Facts{Radio: true}
	home.Joined = "Home"
	open := Facts{Radio: true, Open: true}
	openKnown := Facts{Radio: true, Configured: true, Open: true}
	with := func(f Facts, change func(*Facts)) Facts { change(&f); return f }
	wired := func(f Facts) Facts { f.Wired = true; return f }
	asks := func(f Facts) Facts { f.Asked = "New"; return f }
	guests := func(f Facts) Facts { f.Guests = true; return f }

	for name, moments := range map[string][]moment{
		"all is well": {{0, home, Stay, 0}, {600, home, Stay, 0}, {6000, wired(stranger), Stay, 0}},
		"nothing is known: the access point opens soon": {
			{0, stranger, Stay, 0}, {15, stranger, Stay, 0}, {20, stranger, Host, 0}, {25, open, Stay, 0}, {6000, open, Stay, 0}},
		"nothing is known, but there is a cable": {{0, wired(stranger), Stay, 0}, {6000, wired(stranger), Stay, 0}},
		"the network is lost": {
			{0, home, Stay, 0}, {15, known, Stay, 0}, {134, known, Stay, 0}, {135, known, Host, 0}, {140, openKnown, Stay, 0}},
		"it comes back in time": {
			{0, known, Stay, 0}, {119, known, Stay, 0}, {120, home, Stay, 0}, {125, known, Stay, 0}, {240, known, Stay, 0}, {245, known, Host, 0}},
		"the known ones are tried again every ten minutes": {
			{0, openKnown, Stay, 0}, {599, openKnown, Stay, 0}, {600, openKnown, Join, 0}, {605, known, Stay, 0}, {659, known, Stay, 0}, {660, known, Host, 0},
			{665, openKnown, Stay, 0}, {1259, openKnown, Stay, 0}, {1260, openKnown, Join, 0}, {1280, home, Stay, 0}, {1285, home, Stay, 0}},
		"nobody is cut off for that": {
			{0, openKnown, Stay, 0}, {600, guests(openKnown), Stay, 0}, {700, guests(openKnown), Stay, 0}, {705, openKnown, Join, 0}},
		"a guest who stays is cut off for a minute each hour": {
			{0, guests(openKnown), Stay, 0}, {3599, guests(openKnown), Stay, 0}, {3600, guests(openKnown), Join, 0}, {3605, known, Stay, 0}, {3660, known, Host, 0},
			{3665, guests(openKnown), Stay, 0}, {7259, guests(openKnown), Stay, 0}, {7260, guests(openKnown), Join, 0}, {7280, home, Stay, 0}, {7285, home, Stay, 0}},
		"a guest is not cut off where nothing is known": {{0, guests(open), Stay, 0}, {3600, guests(open), Stay, 0}, {86400, guests(open), Stay, 0}},
		"with nothing known nothing is tried":           {{0, open, Stay, 0}, {600, open, Stay, 0}, {86400, open, Stay, 0}},
		"a person's network is joined": {
			{0, open, Stay, 0}, {60, asks(guests(open)), Join, 0}, {65, known, Stay, 0}, {70, with(known, func(f *Facts) { f.Joined = "New" }), Stay, Kept}, {75, home, Stay, 0}},
		"a person's network cannot be joined": {
			{0, open, Stay, 0}, {60, asks(open), Join, 0}, {65, known, Stay, 0}, {119, known, Stay, 0}, {120, known, Host, Failed}, {125, open, Stay, 0}},
		"another one is joined instead": {
			{0, home, Stay, 0}, {10, asks(home), Join, 0}, {20, home, Stay, 0}, {69, home, Stay, 0}, {70, home, Join, Failed}, {75, home, Stay, 0}},
		"a person's network cannot be joined, but there is a cable": {
			{0, wired(stranger), Stay, 0}, {10, asks(wired(stranger)), Join, 0}, {70, wired(known), Join, Failed}, {75, wired(stranger), Stay, 0}},
		"a person asks twice": {
			{0, open, Stay, 0}, {10, asks(open), Join, 0}, {60, asks(known), Join, 0}, {119, known, Stay, 0}, {120, known, Host, Failed}},
		"a cable is put in while the access point is open": {{0, open, Stay, 0}, {5, wired(open), Join, 0}, {10, wired(stranger), Stay, 0}},
		"there is no radio":                        {{0, Facts{}, Stay, 0}, {600, Facts{}, Stay, 0}, {605, asks(Facts{}), Stay, 0}, {610, wired(Facts{}), Stay, 0}},
		"the radio goes while a network is tried":  {{0, asks(open), Join, 0}, {5, Facts{Configured: true}, Join, Failed}, {10, Facts{}, Stay, 0}},
		"the program of the radio has ended":       {{0, with(known, func(f *Facts) { f.Station = false }), Join, 0}, {5, known, Stay, 0}},
		"it began while the access point was open": {{100, openKnown, Stay, 0}, {699, openKnown, Stay, 0}, {700, openKnown, Join, 0}},
		"the access point does not open": {
			{0, stranger, Stay, 0}, {20, stranger, Host, 0}, {25, stranger, Stay, 0}, {79, stranger, Stay, 0}, {80, stranger, Host, 0}, {85, open, Stay, 0}},
		"the access point does not open, and a network is known": {
			{0, known, Stay, 0}, {120, known, Host, 0}, {125, known, Stay, 0}, {180, known, Join, 0}, {200, home, Stay, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			var m Memory
			start := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
			for _, want := range moments {
				var step Step
				var outcome Outcome
				m, step, outcome = Decide(m, want.facts, start.Add(time.Duration(want.at)*time.Second))
				if step != want.step || outcome != want.outcome {
					t.Fatalf("after %d s: step %d, outcome %d; wanted %d, %d", want.at, step, outcome, want.step, want.outcome)
				}
			}
		})
	}
}
