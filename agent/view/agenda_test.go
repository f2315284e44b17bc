package view

import (
	"fmt"
	"slices"
	"testing"

	"calendarbot/agent/calendar"
)

// outline is an agenda in a few words.
func outline(a Agenda) []string {
	var lines []string
	for _, d := range a.Days {
		lines = append(lines, d.Name+" "+d.Date)
		if d.Text != "" {
			lines = append(lines, d.Text)
		}
		mark := func(r Row) string {
			s := fmt.Sprintf("%s %s", r.When, r.Title)
			for _, m := range []struct {
				on   bool
				word string
			}{{r.Note != "", " (" + r.Note + ")"}, {r.Running, " running"}, {r.Past, " past"}} {
				if m.on {
					s += m.word
				}
			}
			return s
		}
		for _, r := range d.AllDay {
			lines = append(lines, mark(r))
		}
		if d.Earlier != "" {
			lines = append(lines, d.Earlier)
		}
		for i, r := range d.Rows {
			if i == d.NowAt {
				lines = append(lines, "-now-")
			}
			lines = append(lines, mark(r))
		}
		if d.NowAt == len(d.Rows) && d.NowAt > 0 {
			lines = append(lines, "-now-")
		}
		if d.More != "" {
			lines = append(lines, d.More)
		}
	}
	if a.More != "" {
		lines = append(lines, a.More)
	}
	return lines
}

func TestAgenda(t *testing.T) {
	many := func(n int) (items []Item) {
		for i := range n {
			items = append(items, timed(t, fmt.Sprint("e", i), fmt.Sprintf("%02d:00", 8+i), fmt.Sprintf("%02d:30", 8+i)))
		}
		return items
	}
	tests := []struct {
		name  string
		now   string
		first string
		days  int
		room  Room
		items []Item
		want  []string
	}{
		{"empty", "14:35", "2026-10-22", 7, Room{}, nil, []string{"Today 22 October", "Nothing planned"}},
		{"days without items are left out", "14:35", "2026-10-22", 7, Room{}, []Item{timed(t, "Call", "2026-10-24 09:00", "2026-10-24 10:00")},
			[]string{"Today 22 October", "Nothing planned", "Saturday 24 October", "09:00 Call"}},
		{"the now line", "14:35", "2026-10-22", 1, Room{}, []Item{timed(t, "Lunch", "12:00", "13:00"), timed(t, "Review", "14:00", "15:00"), timed(t, "Call", "16:00", "17:00")},
			[]string{"Today 22 October", "12:00 Lunch past", "14:00 Review running", "-now-", "16:00 Call"}},
		{"the day is over", "18:00", "2026-10-22", 1, Room{}, []Item{timed(t, "Lunch", "12:00", "13:00")}, []string{"Today 22 October", "12:00 Lunch past", "-now-"}},
		{"several days", "14:35", "2026-10-22", 3, Room{}, []Item{wholeDays(t, "Holiday", "2026-10-21", 5)},
			[]string{"Today 22 October", "all day Holiday (day 2 of 5)", "Tomorrow 23 October", "all day Holiday (day 3 of 5)", "Saturday 24 October", "all day Holiday (day 4 of 5)"}},
		{"timed over days", "14:35", "2026-10-22", 5, Room{}, []Item{timed(t, "Fair", "2026-10-22 08:00", "2026-10-24 18:00")},
			[]string{"Today 22 October", "from 08:00 Fair (day 1 of 3) running", "-now-", "Tomorrow 23 October", "all day Fair (day 2 of 3)", "Saturday 24 October", "until 18:00 Fair (day 3 of 3)"}},
		{"to midnight is one day", "14:35", "2026-10-22", 3, Room{}, []Item{timed(t, "Party", "20:00", "2026-10-23 00:00")}, []string{"Today 22 October", "-now-", "20:00 Party"}},
		{"a night out belongs to its evening", "14:35", "2026-10-22", 3, Room{}, []Item{timed(t, "Party", "20:00", "2026-10-23 02:00")}, []string{"Today 22 October", "-now-", "20:00 Party"}},
		{"but is seen while it runs", "2026-10-23 00:30", "2026-10-23", 1, Room{}, []Item{timed(t, "Party", "20:00", "2026-10-23 02:00")},
			[]string{"Today 23 October", "until 02:00 Party (day 2 of 2) running", "-now-"}},
		{"a night shift is on both days", "14:35", "2026-10-22", 2, Room{}, []Item{timed(t, "Shift", "22:00", "2026-10-23 07:00")},
			[]string{"Today 22 October", "-now-", "from 22:00 Shift (day 1 of 2)", "Tomorrow 23 October", "until 07:00 Shift (day 2 of 2)"}},
		{"clock change", "14:35", "2026-10-24", 3, Room{}, []Item{wholeDays(t, "Sunday", "2026-10-25", 1), timed(t, "Late", "2026-10-25 23:30", "2026-10-25 23:45")},
			[]string{"Sunday 25 October", "all day Sunday", "23:30 Late"}},
		{"other year, yesterday", "2027-01-01 10:00", "2026-12-31", 2, Room{}, []Item{timed(t, "Ball", "2026-12-31 20:00", "2026-12-31 23:00")},
			[]string{"Yesterday 31 December 2026", "20:00 Ball past", "Today 1 January", "Nothing planned"}},
		{"too many: what is over goes first", "11:10", "2026-10-22", 1, Room{Day: 4}, many(8),
			[]string{"Today 22 October", "+3 earlier", "11:00 e3 running", "-now-", "12:00 e4", "13:00 e5", "14:00 e6", "+1 more"}},
		{"little of what is over", "13:40", "2026-10-22", 1, Room{Past: 2}, many(7),
			[]string{"Today 22 October", "+4 earlier", "12:00 e4 past", "13:00 e5 past", "-now-", "14:00 e6"}},
		{"too many on another day", "11:10", "2026-10-21", 1, Room{Day: 3}, []Item{timed(t, "a", "2026-10-21 08:00", "2026-10-21 09:00"), timed(t, "b", "2026-10-21 08:00", "2026-10-21 09:00"), timed(t, "c", "2026-10-21 08:00", "2026-10-21 09:00"), timed(t, "d", "2026-10-21 08:00", "2026-10-21 09:00")},
			[]string{"Yesterday 21 October", "08:00 a past", "08:00 b past", "08:00 c past", "+1 more"}},
		{"too many in all", "07:00", "2026-10-22", 3, Room{Day: 4, Whole: 3}, append(many(2), timed(t, "x", "2026-10-23 08:00", "2026-10-23 09:00"), timed(t, "y", "2026-10-23 08:00", "2026-10-23 09:00"), timed(t, "z", "2026-10-24 08:00", "2026-10-24 09:00")),
			[]string{"Today 22 October", "-now-", "08:00 e0", "09:00 e1", "Tomorrow 23 October", "08:00 x", "+1 more", "+1 more"}},
		{"all-day items leave room for others", "07:00", "2026-10-22", 1, Room{Day: 4}, append([]Item{wholeDays(t, "a", "2026-10-22", 1), wholeDays(t, "b", "2026-10-22", 1), wholeDays(t, "c", "2026-10-22", 1)}, many(3)...),
			[]string{"Today 22 October", "all day a", "all day b", "-now-", "08:00 e0", "09:00 e1", "+2 more"}},
	}
	o := Options{Zone: berlin(t)}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := MakeAgenda(tt.items, calendar.WallIn(at(t, tt.first+" 00:00"), o.Zone), tt.days, tt.room, at(t, tt.now), o)
			if got := outline(a); !slices.Equal(got, tt.want) {
				t.Errorf("got\n%q\nwant\n%q", got, tt.want)
			}
		})
	}
}

func TestAgendaIsValidUntilItChanges(t *testing.T) {
	o := Options{Zone: berlin(t)}
	items := []Item{timed(t, "Review", "14:00", "15:00")}
	for _, tt := range [][2]string{{"09:00", "14:00"}, {"14:00", "15:00"}, {"15:00", "2026-10-23 00:00"}, {"2026-10-24 12:00", "2026-10-25 00:00"}, {"2026-10-25 12:00", "2026-10-26 00:00"}} {
		a := MakeAgenda(items, dayOf(at(t, tt[0]), o.Zone), 3, Room{}, at(t, tt[0]), o)
		if !a.ValidUntil.Equal(at(t, tt[1])) {
			t.Errorf("at %s until %v, want %s", tt[0], a.ValidUntil, tt[1])
		}
	}
}
