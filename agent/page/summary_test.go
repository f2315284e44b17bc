package page

import (
	"fmt"
	"strings"
	"testing"

	"calendarbot/agent/calendar"
	"calendarbot/agent/view"
)

// morningPicture is what the store gives for the morning of Monday 2026-06-15, seen on Sunday evening.
func morningPicture(t *testing.T, q Query, items ...view.Item) *picture {
	t.Helper()
	pic := seen(t, "2026-06-14 20:00", items...)
	pic.span = morningSpan(q, pic.now, pic.zone)
	return pic
}

func TestMorningSpan(t *testing.T) {
	now, zone := at(t, "2026-03-28 20:00"), berlin(t)
	cases := []struct{ day, from, to string }{
		{"", "2026-03-29 06:00", "2026-03-29 12:00"}, // the clocks change that night
		{"2026-06-15", "2026-06-15 06:00", "2026-06-15 12:00"},
		{"2024-02-29", "2024-02-29 06:00", "2024-02-29 12:00"},
	}
	for _, c := range cases {
		got := morningSpan(Query{Day: c.day}, now, zone)
		if !got.Start.Equal(at(t, c.from)) || !got.End.Equal(at(t, c.to)) {
			t.Errorf("%q: %v", c.day, got)
		}
	}
}

func TestMorningRules(t *testing.T) {
	five := []view.Item{
		item(t, "A", "08:00", "08:30"), item(t, "B", "08:40", "09:00"), item(t, "C", "09:15", "09:30"),
		item(t, "D", "10:00", "10:30"), item(t, "E", "11:00", "12:00"),
	}
	cases := []struct {
		name    string
		items   []view.Item
		total   float64
		density string
		early   bool
		close   int
		free    string // local hours
		wake    string
	}{
		{"free", nil, 0, "light", false, 0, "06:00-12:00", ""},
		{"one", []view.Item{item(t, "A", "09:00", "10:00")}, 1, "light", false, 0, "06:00-09:00 10:00-12:00", ""},
		{"two are light", five[:2], 2, "light", false, 1, "06:00-08:00 09:00-12:00", ""},
		{"three are moderate", five[:3], 3, "moderate", false, 1, "06:00-08:00 09:30-12:00", ""},
		{"four are moderate", five[:4], 4, "moderate", false, 1, "06:00-08:00 09:30-10:00 10:30-12:00", ""},
		{"five are busy", five, 5, "busy", false, 1, "06:00-08:00 09:30-10:00 10:30-11:00", ""},
		{"all day counts half", []view.Item{allDay(t, "Fair", calendar.Busy), five[0], five[1]}, 2.5, "moderate", false, 1, "06:00-08:00 09:00-12:00", ""},
		{"birthday", []view.Item{allDay(t, "Ann's Birthday", calendar.Free)}, 0, "light", false, 0, "06:00-12:00", ""},
		{"holiday", []view.Item{allDay(t, "Public holiday", calendar.Free)}, 0, "light", false, 0, "06:00-12:00", ""},
		{"vacation", []view.Item{allDay(t, "Vacation Bob", calendar.Busy)}, 0, "light", false, 0, "06:00-12:00", ""},
		{"out of office", []view.Item{allDay(t, "Away", calendar.OutOfOffice)}, 0, "light", false, 0, "06:00-12:00", ""},
		{"early", []view.Item{item(t, "A", "07:59", "09:00")}, 1, "light", true, 0, "06:00-07:59 09:00-12:00", "06:29"},
		{"eight is not early", []view.Item{item(t, "A", "08:00", "09:00")}, 1, "light", false, 0, "06:00-08:00 09:00-12:00", ""},
		{"nobody is woken before six", []view.Item{item(t, "A", "06:30", "07:00")}, 1, "light", true, 0, "06:00-06:30 07:00-12:00", "06:00"},
		{"a gap of 15 minutes is a gap", []view.Item{item(t, "A", "09:00", "10:00"), item(t, "B", "10:15", "11:00")}, 2, "light", false, 0, "06:00-09:00 11:00-12:00", ""},
		{"a gap of 14 minutes is none", []view.Item{item(t, "A", "09:00", "10:00"), item(t, "B", "10:14", "11:00")}, 2, "light", false, 1, "06:00-09:00 11:00-12:00", ""},
		{"29 minutes are not told", []view.Item{item(t, "A", "06:29", "11:31")}, 1, "light", true, 0, "", "06:00"},
		{"30 minutes are", []view.Item{item(t, "A", "06:30", "11:30")}, 1, "light", true, 0, "06:00-06:30 11:30-12:00", "06:00"},
		{"overlapping", []view.Item{item(t, "A", "08:00", "11:00"), item(t, "B", "08:30", "09:00")}, 2, "light", false, 1, "06:00-08:00 11:00-12:00", ""},
		{"focus time is not free and no meeting", []view.Item{item(t, "Focus", "09:00", "10:00")}, 0, "light", false, 0, "06:00-09:00 10:00-12:00", ""},
		{"skipped", []view.Item{skipped(item(t, "A", "09:00", "10:00"))}, 0, "light", false, 0, "06:00-12:00", ""},
		{"runs over noon", []view.Item{item(t, "A", "11:00", "14:00")}, 1, "light", false, 0, "06:00-11:00", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			pic := morningPicture(t, Query{}, c.items...)
			m := pic.morning(Query{})
			var free []string
			for _, f := range m.free {
				free = append(free, f.Start.In(pic.zone).Format("15:04")+"-"+f.End.In(pic.zone).Format("15:04"))
			}
			wake := ""
			if !m.wake.IsZero() {
				wake = m.wake.In(pic.zone).Format("15:04")
			}
			got := fmt.Sprint(m.total, m.density(), m.early, m.close, strings.Join(free, " "), wake)
			want := fmt.Sprint(c.total, c.density, c.early, c.close, c.free, c.wake)
			if got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestMorningSummary(t *testing.T) {
	online := item(t, "Standup", "07:30", "08:00")
	online.JoinURL = "https://meet.example/x"
	online.Attendees = []calendar.Person{{Name: "Ann"}, {Name: "Bob"}}
	items := []view.Item{online, item(t, "Review", "08:05", "09:00")}

	t.Run("tomorrow", func(t *testing.T) {
		s := drawn(t, morningSummaryJSON, morningPicture(t, Query{}, items...), Query{})["summary"].(map[string]any)
		for key, want := range map[string]any{
			"timeframe_start": "2026-06-15T06:00:00+02:00", "timeframe_end": "2026-06-15T12:00:00+02:00", "analysis_time": "2026-06-14T18:00:00+00:00",
			"total_meetings_equivalent": 2.0, "early_start_flag": true, "density": "light", "back_to_back_count": 1.0,
			"wake_up_recommendation_time": "2026-06-15T06:00:00+02:00",
		} {
			if s[key] != want {
				t.Errorf("%s: %v, want %v", key, s[key], want)
			}
		}
		first := s["meeting_insights"].([]any)[0].(map[string]any)
		for key, want := range map[string]any{
			"meeting_id": "id-Standup", "subject": "Standup", "start_time": "2026-06-15T07:30:00+02:00", "end_time": "2026-06-15T08:00:00+02:00",
			"time_until_minutes": 690.0, "is_online": true, "attendees_count": 2.0, "short_note": nil, "preparation_needed": false,
		} {
			if first[key] != want {
				t.Errorf("%s: %v, want %v", key, first[key], want)
			}
		}
		last := s["free_blocks"].([]any)[1].(map[string]any)
		if last["start_time"] != "2026-06-15T09:00:00+02:00" || last["duration_minutes"] != 180.0 || last["is_significant"] != true {
			t.Errorf("last free block %v", last)
		}
		if got := s["metadata"].(map[string]any)["preview_for"]; got != "tomorrow_morning" {
			t.Errorf("preview for %v", got)
		}
	})
	t.Run("a day by its date", func(t *testing.T) {
		q := Query{Day: "2026-06-15"}
		s := drawn(t, morningSummaryJSON, morningPicture(t, q, items...), q)["summary"].(map[string]any)
		meta := s["metadata"].(map[string]any)
		if meta["preview_for"] != "monday_morning" || meta["generation_context"].(map[string]any)["reference_day"] != "Monday" {
			t.Errorf("metadata %v", meta)
		}
	})
	t.Run("at most so many", func(t *testing.T) {
		q := Query{Max: 1}
		s := drawn(t, morningSummaryJSON, morningPicture(t, q, items...), q)["summary"].(map[string]any)
		if n := len(s["meeting_insights"].([]any)); n != 1 {
			t.Errorf("%d insights, want 1", n)
		}
	})
	t.Run("nothing yet", func(t *testing.T) {
		s := drawn(t, morningSummaryJSON, morningPicture(t, Query{}), Query{})["summary"].(map[string]any)
		if _, ok := s["wake_up_recommendation_time"]; ok || len(s["meeting_insights"].([]any)) != 0 {
			t.Errorf("%v", s)
		}
	})
}
