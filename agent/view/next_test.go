package view

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"calendarbot/agent/calendar"
)

func berlin(t testing.TB) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// at reads a civil time; "14:35" is on Thursday 22 October 2026, three days before a clock change.
func at(t testing.TB, text string) time.Time {
	t.Helper()
	for _, form := range []string{"2006-01-02 15:04:05", "2006-01-02 15:04"} {
		for _, prefix := range []string{"", "2026-10-22 "} {
			if c, err := time.Parse(form, prefix+text); err == nil {
				return calendar.Wall(c.Unix()).In(berlin(t))
			}
		}
	}
	t.Fatalf("time %q", text)
	return time.Time{}
}

// timed makes an item from one civil time to another.
func timed(t testing.TB, title, from, to string) Item {
	t.Helper()
	return Item{ID: title, Title: title, Start: at(t, from), End: at(t, to)}
}

// wholeDays makes an all-day item of n days from a day such as 2026-10-22.
func wholeDays(t testing.TB, title, day string, n int) Item {
	t.Helper()
	first := calendar.WallIn(at(t, day+" 00:00"), berlin(t))
	end := first + calendar.Wall(n)*calendar.Day
	return Item{ID: title, Title: title, AllDay: true, FirstDay: first, EndDay: end, Start: first.In(berlin(t)), End: end.In(berlin(t)), Status: calendar.Free}
}

func fine() Freshness { return Freshness{Feeds: 1, Reached: 1} }

// sketch is a picture in a few words.
func sketch(n Next) []string {
	lines := []string{n.State.String()}
	if n.Until != "" {
		lines[0] += " " + n.Until
	}
	for _, h := range n.Heads {
		lines = append(lines, fmt.Sprintf("%s | %s | %s | %s | urgency %d | %d%%", h.Title, h.Amount, h.Range, h.Length, h.Urgency, h.Progress))
	}
	if n.Text != "" {
		lines = append(lines, n.Text)
	}
	if n.Then != "" {
		lines = append(lines, n.Then)
	}
	for _, c := range n.Chips {
		lines = append(lines, "chip "+c.Title+" "+c.Note)
	}
	for _, f := range n.Following {
		lines = append(lines, "+ "+f.When+" "+f.Title)
	}
	if n.More != "" {
		lines = append(lines, n.More)
	}
	return lines
}

func TestWhatsNext(t *testing.T) {
	review := timed(t, "Review", "14:00", "15:00")
	skipped := review
	skipped.Skipped = true
	elsewhere := timed(t, "Home office", "08:00", "17:00")
	elsewhere.Status = calendar.Elsewhere
	fair := timed(t, "Trade fair", "2026-10-21 08:00", "2026-10-24 18:00")
	freeFair := fair
	freeFair.Status = calendar.Free
	tests := []struct {
		name  string
		now   string
		items []Item
		want  []string
	}{
		{"in more than an hour", "11:50", []Item{review}, []string{"Next", "Review | in 2 h 10 | 14:00–15:00 | 1 h | urgency 0 | -1%"}},
		{"seconds do not count", "11:50:59", []Item{review}, []string{"Next", "Review | in 2 h 10 | 14:00–15:00 | 1 h | urgency 0 | -1%"}},
		{"four hours by the clock", "10:00:10", []Item{timed(t, "Review", "14:00:30", "15:00")}, []string{"Next", "Review | in 4 h | 14:00–15:00 | 59 min | urgency 0 | -1%"}},
		{"an hour", "13:00", []Item{review}, []string{"Next", "Review | in 1 h | 14:00–15:00 | 1 h | urgency 0 | -1%"}},
		{"under an hour", "13:00:30", []Item{timed(t, "Review", "14:00", "15:00")}, []string{"Next", "Review | in 1 h | 14:00–15:00 | 1 h | urgency 0 | -1%"}},
		{"59 minutes", "13:01", []Item{review}, []string{"Next", "Review | in 59 min | 14:00–15:00 | 1 h | urgency 0 | -1%"}},
		{"soon", "13:45", []Item{review}, []string{"Next", "Review | in 15 min | 14:00–15:00 | 1 h | urgency 1 | -1%"}},
		{"pressing", "13:58", []Item{review}, []string{"Next", "Review | in 2 min | 14:00–15:00 | 1 h | urgency 2 | -1%"}},
		{"in the last minute", "13:59:01", []Item{review}, []string{"Next", "Review | starts now | 14:00–15:00 | 1 h | urgency 2 | -1%"}},
		{"begins", "14:00", []Item{review}, []string{"Now", "Review | ends in 1 h | 14:00–15:00 | 1 h | urgency 2 | 0%", "then nothing more today"}},
		{"runs", "14:48:30", []Item{review}, []string{"Now", "Review | ends in 12 min | 14:00–15:00 | 1 h | urgency 2 | 80%", "then nothing more today"}},
		{"ends", "14:59:59", []Item{review}, []string{"Now", "Review | ends now | 14:00–15:00 | 1 h | urgency 2 | 98%", "then nothing more today"}},
		{"is over", "15:00", []Item{review}, []string{"Done for today", "Nothing planned for two weeks"}},
		{"overlap", "14:30", []Item{review, timed(t, "Plumber", "14:15", "16:00"), timed(t, "Call", "15:30", "15:45")}, []string{"Now",
			"Review | ends in 30 min | 14:00–15:00 | 1 h | urgency 2 | 50%", "Plumber | ends in 1 h 30 | 14:15–16:00 | 1 h 45 | urgency 2 | 14%",
			"Call begins at 15:30", "+ 15:30 Call"}},
		{"three at once: the first waits in the list", "14:30", []Item{timed(t, "Deep work", "13:00", "17:00"), review, timed(t, "Plumber", "14:15", "16:00")}, []string{"Now",
			"Review | ends in 30 min | 14:00–15:00 | 1 h | urgency 2 | 50%", "Plumber | ends in 1 h 30 | 14:15–16:00 | 1 h 45 | urgency 2 | 14%",
			"then nothing more today", "+ until 17:00 Deep work"}},
		{"two start together", "13:50", []Item{review, timed(t, "Plumber", "14:00", "16:00"), timed(t, "Third", "14:00", "14:30")}, []string{"Next",
			"Review | in 10 min | 14:00–15:00 | 1 h | urgency 1 | -1%", "Plumber | in 10 min | 14:00–16:00 | 2 h | urgency 1 | -1%", "+ 14:00 Third"}},
		{"back to back", "14:30", []Item{review, timed(t, "Call", "15:00", "15:30")}, []string{"Now",
			"Review | ends in 30 min | 14:00–15:00 | 1 h | urgency 2 | 50%", "then straight on to Call", "+ 15:00 Call"}},
		{"a gap", "14:30", []Item{review, timed(t, "Call", "15:05", "15:30")}, []string{"Now",
			"Review | ends in 30 min | 14:00–15:00 | 1 h | urgency 2 | 50%", "then free until 15:05", "+ 15:05 Call"}},
		{"a gap over midnight", "23:00", []Item{timed(t, "Watch", "22:30", "23:30"), timed(t, "Call", "2026-10-23 00:30", "2026-10-23 01:00")}, []string{"Now",
			"Watch | ends in 30 min | 22:30–23:30 | 1 h | urgency 2 | 50%", "then free until 00:30", "+ Tomorrow 00:30 Call"}},
		{"a night between", "23:00", []Item{timed(t, "Watch", "22:30", "23:30"), timed(t, "Call", "2026-10-23 09:00", "2026-10-23 10:00")}, []string{"Now",
			"Watch | ends in 30 min | 22:30–23:30 | 1 h | urgency 2 | 50%", "then nothing more today", "+ Tomorrow 09:00 Call"}},
		{"only all-day", "14:35", []Item{wholeDays(t, "Birthday", "2026-10-22", 1), wholeDays(t, "Holiday", "2026-10-21", 5)}, []string{"Free",
			"Nothing at a fixed time", "chip Birthday ", "chip Holiday day 2 of 5"}},
		{"an all-day item of tomorrow is not today's", "14:35", []Item{wholeDays(t, "Exam", "2026-10-23", 1), wholeDays(t, "Trip", "2026-10-26", 3)}, []string{"Free", "Nothing at a fixed time", "+ Tomorrow Exam", "+ Mon Trip"}},
		{"all-day items stand among what follows", "14:35", []Item{wholeDays(t, "Exam", "2026-10-23", 1), timed(t, "Review", "2026-10-23 09:00", "2026-10-23 10:00"), timed(t, "Call", "2026-10-23 11:00", "2026-10-23 12:00"), wholeDays(t, "Fair", "2026-10-30", 1)}, []string{"Free until Tomorrow 09:00",
			"Review | Tomorrow 09:00 in 18 h 25 | 09:00–10:00 | 1 h | urgency 0 | -1%", "+ Tomorrow Exam", "+ Tomorrow 11:00 Call", "+ Fri 30 Oct Fair"}},
		{"free until later today", "08:00", []Item{review}, []string{"Free until 14:00", "Review | 14:00 in 6 h | 14:00–15:00 | 1 h | urgency 0 | -1%"}},
		{"free until another day", "14:35", []Item{timed(t, "Review", "2026-10-25 09:00", "2026-10-25 10:00")}, []string{"Free until Sun 09:00", "Review | Sun 09:00 | 09:00–10:00 | 1 h | urgency 0 | -1%"}},
		{"free until next week", "14:35", []Item{timed(t, "Review", "2026-10-30 09:00", "2026-10-30 10:00")}, []string{"Free until Fri 30 Oct 09:00", "Review | Fri 30 Oct 09:00 | 09:00–10:00 | 1 h | urgency 0 | -1%"}},
		{"free until tomorrow, under 24 hours", "14:35", []Item{timed(t, "Review", "2026-10-23 09:00", "2026-10-23 10:00")}, []string{"Free until Tomorrow 09:00", "Review | Tomorrow 09:00 in 18 h 25 | 09:00–10:00 | 1 h | urgency 0 | -1%"}},
		{"done, tomorrow's first", "20:00", []Item{review, timed(t, "Planning", "2026-10-23 09:00", "2026-10-23 10:30")}, []string{"Done for today", "Planning | Tomorrow 09:00 | 09:00–10:30 | 1 h 30 | urgency 0 | -1%"}},
		{"after midnight soon", "23:30", []Item{review, timed(t, "Flight", "2026-10-23 01:10", "2026-10-23 03:00")}, []string{"Next", "Flight | in 1 h 40 | 01:10–03:00 | 1 h 50 | urgency 0 | -1%"}},
		{"skipped is passed over", "13:50", []Item{skipped, timed(t, "Call", "15:00", "15:30")}, []string{"Next", "Call | in 1 h 10 | 15:00–15:30 | 30 min | urgency 0 | -1%"}},
		{"nothing", "14:35", nil, []string{"Free", "Nothing planned for two weeks"}},
		{"working elsewhere is a place", "14:35", []Item{elsewhere}, []string{"Free", "Nothing at a fixed time", "chip Home office until 17:00"}},
		{"in the middle of a busy time of days", "14:35", []Item{fair}, []string{"Now", "Trade fair | until Sat 18:00 | Wed 08:00–Sat 18:00 | 3 days 10 h | urgency 2 | 37%"}},
		{"on its last day", "2026-10-24 14:35", []Item{fair}, []string{"Now", "Trade fair | ends in 3 h 25 | Wed 08:00–Sat 18:00 | 3 days 10 h | urgency 2 | 95%", "then nothing more today"}},
		{"something short in it", "14:35", []Item{fair, review, timed(t, "Dentist", "14:30", "15:30")}, []string{"Now", "Review | ends in 25 min | 14:00–15:00 | 1 h | urgency 2 | 58%",
			"Dentist | ends in 55 min | 14:30–15:30 | 1 h | urgency 2 | 8%", "then nothing more today", "chip Trade fair until Sat 18:00"}},
		{"something short tomorrow in it", "14:35", []Item{fair, timed(t, "Dentist", "2026-10-23 09:00", "2026-10-23 10:00")}, []string{"Now", "Trade fair | until Sat 18:00 | Wed 08:00–Sat 18:00 | 3 days 10 h | urgency 2 | 37%",
			"Dentist begins tomorrow 09:00", "+ Tomorrow 09:00 Dentist"}},
		{"free time of days is a chip", "14:35", []Item{freeFair}, []string{"Free", "Nothing at a fixed time", "chip Trade fair until Sat 18:00"}},
		{"no length", "14:00", []Item{timed(t, "Pill", "14:00", "14:00")}, []string{"Now", "Pill | ends now | 14:00 |  | urgency 2 | 0%", "then nothing more today"}},
		{"no length, a minute on", "14:01", []Item{timed(t, "Pill", "14:00", "14:00")}, []string{"Done for today", "Nothing planned for two weeks"}},
		{"over midnight", "23:50", []Item{timed(t, "Party", "21:00", "2026-10-23 02:00")}, []string{"Now", "Party | ends in 2 h 10 | 21:00–02:00 | 5 h | urgency 2 | 56%"}},
		{"six hours over the night of the clock change", "2026-10-25 00:30", []Item{timed(t, "Shift", "2026-10-25 04:00", "2026-10-25 05:00")}, []string{"Free until 04:00", "Shift | 04:00 in 4 h 30 | 04:00–05:00 | 1 h | urgency 0 | -1%"}},
		{"the night that is an hour short", "2027-03-28 01:30", []Item{timed(t, "Shift", "2027-03-28 04:00", "2027-03-28 05:00")}, []string{"Next", "Shift | in 1 h 30 | 04:00–05:00 | 1 h | urgency 0 | -1%"}},
		{"the hour that comes twice", "2026-10-25 01:50", []Item{timed(t, "Shift", "2026-10-25 01:30", "2026-10-25 02:30")}, []string{"Now", "Shift | ends in 40 min | 01:30–02:30 | 1 h | urgency 2 | 33%", "then nothing more today"}},
	}
	o := Options{Zone: berlin(t)}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := WhatsNext(tt.items, fine(), at(t, tt.now), o)
			if got := sketch(n); !slices.Equal(got, tt.want) {
				t.Errorf("got\n%q\nwant\n%q", got, tt.want)
			}
		})
	}
}

func TestWhatsNextCountsWhatIsLeftOut(t *testing.T) {
	var items []Item
	for i := range 40 {
		items = append(items, timed(t, fmt.Sprint(i), fmt.Sprintf("%02d:%02d", 9+i/4, i%4*15), fmt.Sprintf("%02d:%02d", 9+(i+1)/4, (i+1)%4*15)))
	}
	for i := range 6 {
		items = append(items, wholeDays(t, fmt.Sprint("day ", i), "2026-10-22", 1))
	}
	n := WhatsNext(items, fine(), at(t, "09:00"), Options{Zone: berlin(t)})
	if n.More != "+35 more today" || len(n.Following) != 4 || len(n.Chips) != 3 || n.MoreChips != "+3 more" {
		t.Errorf("%d following, %q; %d chips, %q", len(n.Following), n.More, len(n.Chips), n.MoreChips)
	}
}

func TestWhatsNextWithoutEvents(t *testing.T) {
	o := Options{Zone: berlin(t)}
	review := timed(t, "Review", "14:00", "15:00")
	for _, tt := range []struct {
		name  string
		now   time.Time
		fresh Freshness
		items []Item
		want  State
	}{
		{"no source", at(t, "14:35"), Freshness{}, nil, Empty},
		{"not read yet", at(t, "14:35"), Freshness{Feeds: 2, Waiting: 1}, nil, Loading},
		{"never reached", at(t, "14:35"), Freshness{Feeds: 2}, nil, Unreached},
		{"one of two read", at(t, "14:35"), Freshness{Feeds: 2, Reached: 1, Waiting: 1}, nil, Open},
		{"clock not set", time.Unix(200, 0), Freshness{Feeds: 2, Reached: 2}, []Item{review}, NoClock},
		{"no source and no clock", time.Unix(200, 0), Freshness{}, nil, Empty},
		{"events of last time before the first success", at(t, "13:00"), Freshness{Feeds: 1, Waiting: 1}, []Item{review}, Upcoming},
	} {
		n := WhatsNext(tt.items, tt.fresh, tt.now, o)
		if n.State != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, n.State, tt.want)
		}
		if clock := n.Clock != ""; clock != (tt.now.Year() > 2000) {
			t.Errorf("%s: clock %q", tt.name, n.Clock)
		}
		if n.Say == "" || !n.ValidUntil.After(tt.now) {
			t.Errorf("%s: says %q until %v", tt.name, n.Say, n.ValidUntil)
		}
	}
}

func TestWhatsNextSpeaksOfChangesOnly(t *testing.T) {
	o := Options{Zone: berlin(t)}
	items := []Item{timed(t, "Review", "14:00", "15:00"), timed(t, "Call", "16:00", "16:30")}
	var said []string
	for now := at(t, "09:00"); now.Before(at(t, "18:00")); now = now.Add(time.Minute) {
		if s := WhatsNext(items, fine(), now, o).Say; len(said) == 0 || said[len(said)-1] != s {
			said = append(said, s)
		}
	}
	want := []string{"Free until 14:00", "Next: Review, 14:00–15:00", "Now: Review, 14:00–15:00", "Next: Call, 16:00–16:30", "Now: Call, 16:00–16:30", "Done for today"}
	if !slices.Equal(said, want) {
		t.Errorf("said %q", said)
	}
}

// The picture holds until ValidUntil, whatever is in it: this is what lets it be kept.
func TestWhatsNextHoldsUntilValidUntil(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		o := Options{Zone: berlin(t), Clock12: seed%2 == 0}
		now := at(t, "2026-10-24 20:00").Add(time.Duration(r.IntN(12*3600)) * time.Second)
		var items []Item
		for i := range r.IntN(12) {
			it := Item{Title: fmt.Sprint("e", i), Start: now.Add(time.Duration(r.IntN(60*3600)-20*3600) * time.Second)}
			it.End = it.Start.Add(time.Duration(r.IntN(5*3600)) * time.Second)
			if r.IntN(6) == 0 {
				it = wholeDays(t, it.Title, it.Start.In(o.Zone).Format(time.DateOnly), 1+r.IntN(3))
			}
			items = append(items, it)
		}
		slices.SortStableFunc(items, func(a, b Item) int { return a.Start.Compare(b.Start) })
		feeds := []Feed{{Name: "Work", LastSuccess: now.Add(-time.Duration(r.IntN(1200)) * time.Second)}}
		draw := func(now time.Time) Next {
			n := WhatsNext(items, Fresh(feeds, now, 15*time.Minute, o), now, o)
			return n
		}
		first := draw(now)
		if !first.ValidUntil.After(now) || first.ValidUntil.Sub(now) > time.Minute {
			t.Fatalf("seed %d: at %v valid until %v", seed, now, first.ValidUntil)
		}
		if last := draw(first.ValidUntil.Add(-time.Nanosecond)); !reflect.DeepEqual(first, last) {
			t.Fatalf("seed %d: from %v to %v\n%+v\n%+v", seed, now, first.ValidUntil, first, last)
		}
		for _, day := range []int{0, 3} {
			a := MakeAgenda(items, dayOf(now, o.Zone)-calendar.Wall(day)*calendar.Day, 5, Room{Day: 4, Whole: 12}, now, o)
			b := MakeAgenda(items, dayOf(now, o.Zone)-calendar.Wall(day)*calendar.Day, 5, Room{Day: 4, Whole: 12}, a.ValidUntil.Add(-time.Nanosecond), o)
			if !a.ValidUntil.After(now) || !reflect.DeepEqual(a, b) {
				t.Fatalf("seed %d: agenda from %v to %v\n%+v\n%+v", seed, now, a.ValidUntil, a, b)
			}
		}
	}
}
