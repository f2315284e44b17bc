package page

import (
	"encoding/json"
	"testing"
	"time"

	"calendarbot/agent/calendar"
	"calendarbot/agent/view"
)

// at reads "2006-01-02 15:04" or "2006-01-02 15:04:05" in Berlin; 2026-06-15 is a Monday.
func at(t *testing.T, text string) time.Time {
	t.Helper()
	for _, form := range []string{"2006-01-02 15:04", time.DateTime} {
		if moment, err := time.ParseInLocation(form, text, berlin(t)); err == nil {
			return moment
		}
	}
	t.Fatalf("no time: %q", text)
	return time.Time{}
}

// item is a meeting of Monday 2026-06-15, "09:00" to "10:00".
func item(t *testing.T, title, from, to string) view.Item {
	t.Helper()
	return view.Item{ID: "id-" + title, Title: title, Start: at(t, "2026-06-15 "+from), End: at(t, "2026-06-15 "+to), Calendar: "Work"}
}

// allDay is an all-day item of that Monday.
func allDay(t *testing.T, title string, status calendar.Status) view.Item {
	t.Helper()
	it := view.Item{ID: "id-" + title, Title: title, Start: at(t, "2026-06-15 00:00"), End: at(t, "2026-06-16 00:00"), AllDay: true, Status: status}
	it.FirstDay = calendar.WallOf(2026, 6, 15, 0, 0, 0)
	it.EndDay = it.FirstDay + calendar.Day
	return it
}

func skipped(it view.Item) view.Item {
	it.Skipped = true
	return it
}

// seen is a picture of the items at now, of a calendar that was read.
func seen(t *testing.T, now string, items ...view.Item) *picture {
	t.Helper()
	return &picture{items: items, now: at(t, now), zone: berlin(t), fresh: view.Freshness{Feeds: 1, Reached: 1}}
}

// drawn decodes what a drawer made.
func drawn(t *testing.T, draw func(*picture, Query) (Page, error), pic *picture, q Query) map[string]any {
	t.Helper()
	p, err := draw(pic, q)
	if err != nil {
		t.Fatal(err)
	}
	if !p.Until.After(pic.now) {
		t.Errorf("the answer holds until %v, which is not after %v", p.Until, pic.now)
	}
	var out map[string]any
	if err := json.Unmarshal(Fill(p, pic.now).Body, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestStatusOf(t *testing.T) {
	const hour = 3600
	cases := []struct {
		until int64
		want  dropInStatus
	}{
		{-hour, dropInStatus{"Meeting ended", false, false}},
		{-hour + 1, dropInStatus{"Meeting in progress", true, false}},
		{0, dropInStatus{"Meeting in progress", true, false}},
		{1, dropInStatus{"Starting very soon", true, true}},
		{2*60 + 59, dropInStatus{"Starting very soon", true, true}},
		{3 * 60, dropInStatus{"Starting soon", true, false}},
		{15*60 + 59, dropInStatus{"Starting soon", true, false}},
		{16 * 60, dropInStatus{"Starting within the hour", false, false}},
		{60*60 + 59, dropInStatus{"Starting within the hour", false, false}},
		{61 * 60, dropInStatus{"Plenty of time", false, false}},
	}
	for _, c := range cases {
		if got := statusOf(c.until, hour); got != c.want {
			t.Errorf("%d seconds before: %+v, want %+v", c.until, got, c.want)
		}
	}
}

func TestChosen(t *testing.T) {
	long := item(t, "Fair", "00:00", "23:00")
	long.End = long.End.Add(48 * time.Hour)
	cases := []struct {
		name, now string
		items     []view.Item
		want      string // title, "" for none
	}{
		{"none", "2026-06-15 08:00", nil, ""},
		{"the earliest", "2026-06-15 08:00", []view.Item{item(t, "A", "09:00", "10:00"), item(t, "B", "11:00", "12:00")}, "A"},
		{"starting this second", "2026-06-15 09:00", []view.Item{item(t, "A", "09:00", "10:00"), item(t, "B", "11:00", "12:00")}, "A"},
		{"over", "2026-06-15 10:00", []view.Item{item(t, "A", "09:00", "10:00")}, ""},
		{"the next one before the one that runs", "2026-06-15 09:58", []view.Item{item(t, "A", "09:00", "10:00"), item(t, "B", "10:00", "11:00")}, "B"},
		{"one that runs when none is to come", "2026-06-15 09:30", []view.Item{item(t, "A", "09:00", "10:00")}, "A"},
		{"skipped", "2026-06-15 08:00", []view.Item{skipped(item(t, "A", "09:00", "10:00")), item(t, "B", "11:00", "12:00")}, "B"},
		{"focus time", "2026-06-15 08:00", []view.Item{item(t, "FOCUS TIME", "09:00", "10:00"), item(t, "B", "11:00", "12:00")}, "B"},
		{"deep work", "2026-06-15 08:00", []view.Item{item(t, "Deep work: report", "09:00", "10:00"), item(t, "B", "11:00", "12:00")}, "B"},
		{"thinking time", "2026-06-15 08:00", []view.Item{item(t, "My thinking time", "09:00", "10:00"), item(t, "B", "11:00", "12:00")}, "B"},
		{"planning time", "2026-06-15 08:00", []view.Item{item(t, "Planning Time", "09:00", "10:00"), item(t, "B", "11:00", "12:00")}, "B"},
		{"planning without time", "2026-06-15 08:00", []view.Item{item(t, "Sprint planning", "09:00", "10:00")}, "Sprint planning"},
		{"business within 30 minutes beats lunch", "2026-06-15 08:00", []view.Item{item(t, "Lunch", "12:00", "13:00"), item(t, "B", "12:30", "13:00")}, "B"},
		{"business after 31 minutes does not", "2026-06-15 08:00", []view.Item{item(t, "Lunch", "12:00", "13:00"), item(t, "B", "12:31", "13:00")}, "Lunch"},
		{"two lunches", "2026-06-15 08:00", []view.Item{item(t, "Lunch", "12:00", "13:00"), item(t, "Team lunch", "12:10", "13:00")}, "Lunch"},
		{"lunch of eleven letters is business", "2026-06-15 08:00", []view.Item{item(t, "Board lunch", "12:00", "13:00"), item(t, "B", "12:10", "13:00")}, "Board lunch"},
		{"business before lunch", "2026-06-15 08:00", []view.Item{item(t, "A", "11:45", "12:00"), item(t, "Lunch", "12:00", "13:00")}, "A"},
		{"lunch alone", "2026-06-15 08:00", []view.Item{item(t, "Lunch", "12:00", "13:00")}, "Lunch"},
		{"all-day items do not hide a meeting", "2026-06-14 20:00", []view.Item{allDay(t, "Trip", calendar.Busy), item(t, "B", "09:00", "10:00")}, "B"},
		{"an all-day item when there is nothing else", "2026-06-14 20:00", []view.Item{allDay(t, "Trip", calendar.Busy)}, "Trip"},
		{"a birthday is nobody's meeting", "2026-06-14 20:00", []view.Item{allDay(t, "Birthday", calendar.Free)}, ""},
		{"what lasts for days does not hide a meeting", "2026-06-14 20:00", []view.Item{long, item(t, "B", "09:00", "10:00")}, "B"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := ""
			if it := chosen(c.items, at(t, c.now)); it != nil {
				got = it.Title
			}
			if got != c.want {
				t.Errorf("chosen %q, want %q", got, c.want)
			}
		})
	}
}

func TestNothingWords(t *testing.T) {
	cases := []struct {
		fresh view.Freshness
		want  string
	}{
		{view.Freshness{}, "No calendar set up yet"},
		{view.Freshness{Feeds: 2, Waiting: 1}, "Calendar is still loading"},
		{view.Freshness{Feeds: 1}, "Calendar could not be reached yet"},
		{view.Freshness{Feeds: 1, Reached: 1}, "No meetings scheduled"},
	}
	for _, c := range cases {
		pic := seen(t, "2026-06-15 08:00")
		pic.fresh = c.fresh
		out := drawn(t, whatsNextJSON, pic, Query{})
		if got := out["status"].(map[string]any)["message"]; got != c.want || out["meeting"] != nil {
			t.Errorf("%+v: %v, %v", c.fresh, got, out["meeting"])
		}
	}
}

func TestWhatsNextMeeting(t *testing.T) {
	it := item(t, "Budget", "09:00", "10:30")
	it.Notes, it.Location, it.JoinURL = "Bring <numbers>", "Room 3B", "https://meet.example/x"
	it.Attendees = []calendar.Person{{Name: "Ann", Address: "ann@example.org"}, {Name: "Bob"}, {}}
	out := drawn(t, whatsNextJSON, seen(t, "2026-06-15 08:59:30", it), Query{})
	got, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"meeting":{"all_day":false,"attendees":["ann@example.org","Bob"],"calendar":"Work","description":"Bring \u003cnumbers\u003e",` +
		`"duration_seconds":5400,"end_iso":"2026-06-15T08:30:00Z","join_url":"https://meet.example/x","location":"Room 3B","meeting_id":"id-Budget",` +
		`"raw_source":"","seconds_until_start":30,"start_iso":"2026-06-15T07:00:00Z","subject":"Budget"},` +
		`"status":{"is_critical":true,"is_urgent":true,"message":"Starting very soon"}}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// The length of a meeting is elapsed time, also when the clocks change in it.
func TestDurationAcrossClockChange(t *testing.T) {
	it := view.Item{ID: "night", Title: "Night shift", Start: at(t, "2026-10-25 01:30"), End: at(t, "2026-10-25 03:30")}
	out := drawn(t, whatsNextJSON, seen(t, "2026-10-24 20:00", it), Query{})
	if got := out["meeting"].(map[string]any)["duration_seconds"]; got != 3.0*3600 {
		t.Errorf("duration %v, want three hours", got)
	}
	if got := out["meeting"].(map[string]any)["seconds_until_start"]; got != 5.5*3600 {
		t.Errorf("until start %v", got)
	}
}

func TestDayEnd(t *testing.T) {
	overnight := item(t, "Night", "00:00", "02:00")
	overnight.Start = overnight.Start.Add(-2 * time.Hour)
	before := item(t, "Yesterday", "00:00", "00:00")
	before.Start = before.Start.Add(-time.Hour)
	tomorrow := item(t, "Tomorrow", "09:00", "10:00")
	tomorrow.Start, tomorrow.End = tomorrow.Start.Add(24*time.Hour), tomorrow.End.Add(24*time.Hour)
	cases := []struct {
		name  string
		items []view.Item
		want  string // of the end in the zone asked for, "" for none
	}{
		{"none", nil, ""},
		{"the latest end, not the latest start", []view.Item{item(t, "A", "09:00", "17:00"), item(t, "B", "11:00", "12:00")}, "2026-06-15T17:00:00+02:00"},
		{"over already", []view.Item{item(t, "A", "07:00", "07:30")}, "2026-06-15T07:30:00+02:00"},
		{"skipped ones do not count", []view.Item{item(t, "A", "09:00", "10:00"), skipped(item(t, "B", "11:00", "12:00"))}, "2026-06-15T10:00:00+02:00"},
		{"all-day items do not count", []view.Item{allDay(t, "Fair", calendar.Busy)}, ""},
		{"began yesterday", []view.Item{overnight}, "2026-06-15T02:00:00+02:00"},
		{"ended at midnight", []view.Item{before}, ""},
		{"not tomorrow's", []view.Item{item(t, "A", "09:00", "10:00"), tomorrow}, "2026-06-15T10:00:00+02:00"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			out := drawn(t, doneForDayJSON, seen(t, "2026-06-15 08:00", c.items...), Query{Zone: "Europe/Berlin"})
			got, _ := out["last_meeting_end_local_iso"].(string)
			if got != c.want || out["has_meetings_today"] != (c.want != "") {
				t.Errorf("%v", out)
			}
			if out["tz"] != "Europe/Berlin" || out["now_iso"] != "2026-06-15T06:00:00Z" {
				t.Errorf("tz %v, now %v", out["tz"], out["now_iso"])
			}
		})
	}
}
