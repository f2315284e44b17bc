package view

import (
	"slices"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/calendar"
)

func TestItems(t *testing.T) {
	now := at(t, "14:35")
	occurrence := func(uid, title string, change func(*calendar.Event)) calendar.Occurrence {
		e := &calendar.Event{Source: "work", UID: uid, Summary: title, Location: "Room 3B, Building 7", Description: "notes", Conference: "https://meet.google.com/x",
			Attendees: []calendar.Person{{Name: "Kim"}}}
		change(e)
		return calendar.Occurrence{Event: e, Start: now, End: now.Add(time.Hour)}
	}
	occ := []calendar.Occurrence{
		occurrence("a", " Review \r\n\tof\u202e it\x00", func(*calendar.Event) {}),
		occurrence("b", "Doctor", func(e *calendar.Event) { e.Private = true }),
		occurrence("c", "Newsletter", func(*calendar.Event) {}),
		occurrence("d", "Cancelled", func(e *calendar.Event) { e.Status = calendar.Hidden }),
		occurrence("e", "\u2066", func(e *calendar.Event) { e.Source = "gone" }),
	}
	source := func(id string) (string, string) {
		if id == "work" {
			return "Work", "#1f6feb"
		}
		return id, ""
	}
	hidden := func(o *calendar.Occurrence) bool { return o.Event.UID == "c" }
	skipped := map[string]time.Time{"a": now.Add(time.Minute), "e": now}

	titles := func(private string) (list []string) {
		for _, it := range Items(occ, source, hidden, skipped, now, Options{Zone: berlin(t), Private: private}) {
			list = append(list, it.Title)
		}
		return list
	}
	for private, want := range map[string][]string{
		"show": {"Review of it", "Doctor", "Busy"}, "mask": {"Review of it", "Private", "Busy"}, "hide": {"Review of it", "Busy"},
	} {
		if got := titles(private); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", private, got, want)
		}
	}
	items := Items(occ, source, hidden, skipped, now, Options{Zone: berlin(t), Private: "mask"})
	if it := items[0]; it.Place != "Room 3B · Meet" || it.Calendar != "Work" || it.Color != "#1f6feb" || it.Notes != "notes" || len(it.Attendees) != 1 || !it.Skipped || it.ID != "a" {
		t.Errorf("%+v", it)
	}
	if it := items[1]; it.Place != "" || it.Location != "" || it.Notes != "" || it.JoinURL != "" || it.Attendees != nil || !it.Private {
		t.Errorf("a masked item tells: %+v", it)
	}
	if it := items[2]; it.Calendar != "gone" || it.Skipped {
		t.Errorf("%+v", it)
	}
}

func TestFresh(t *testing.T) {
	o := Options{Zone: berlin(t)}
	now := at(t, "14:35")
	ok := func(name, last string) Feed { return Feed{Name: name, LastSuccess: at(t, last)} }
	failing := func(name, last string) Feed {
		f := Feed{Name: name, Failing: true, Error: "the server\nrefused the connection. Nothing to do unless it lasts."}
		if last != "" {
			f.LastSuccess = at(t, last)
		}
		return f
	}
	for _, tt := range []struct {
		name  string
		feeds []Feed
		stale bool
		until string
		want  []string
	}{
		{"none", nil, false, "2026-10-23 00:00", nil},
		{"well", []Feed{ok("Work", "14:33")}, false, "14:48", nil},
		{"old", []Feed{ok("Work", "14:20")}, true, "2026-10-23 00:00", []string{"Work as of 14:20"}},
		{"switched off", []Feed{{Name: "Work", Off: true, Failing: true}, ok("Family", "14:33")}, false, "14:48", nil},
		{"one fails", []Feed{ok("Work", "14:33"), failing("Family", "13:05")}, true, "14:48", []string{"Family as of 13:05, not reached: the server refused the connection"}},
		{"fails since a restart days later", []Feed{ok("Work", "14:33"), failing("Family", "2026-10-19 13:05")}, true, "14:48", []string{"Family as of Mon 13:05, not reached: the server refused the connection"}},
		{"fails since a restart a week later", []Feed{failing("Family", "2026-10-15 13:05")}, true, "2026-10-23 00:00", []string{"Family as of 15 Oct 13:05, not reached: the server refused the connection"}},
		{"one was never read", []Feed{ok("Work", "14:33"), failing("Family", "")}, true, "14:48", []string{"Family could not be read yet: the server refused the connection"}},
		{"one waits", []Feed{ok("Work", "14:33"), {Name: "Family"}}, false, "14:48", []string{"Family is still loading"}},
		{"all fail", []Feed{failing("Work", ""), failing("Family", "13:05"), failing("School", "13:07")}, true, "2026-10-23 00:00", []string{"as of 13:05; no calendar reached since then: the server refused the connection"}},
		{"all fail from the start", []Feed{failing("Work", ""), failing("Family", "")}, true, "2026-10-23 00:00", []string{"the last try: the server refused the connection"}},
		{"many", []Feed{ok("A", "14:33"), failing("B", "13:05"), ok("C", "14:00"), ok("D", "2026-10-20 14:00"), ok("E", "2026-10-01 14:00")}, true, "14:48",
			[]string{"B as of 13:05, not reached: the server refused the connection", "C as of 14:00", "and 2 more"}},
		{"the clock went back", []Feed{ok("Work", "2027-10-22 14:00")}, false, "2026-10-23 00:00", []string{"the clock may be wrong: Work was read at a later time"}},
	} {
		f := Fresh(tt.feeds, now, 15*time.Minute, o)
		brief := slices.Clone(tt.want)
		for i, line := range brief {
			brief[i] = strings.TrimSuffix(line, ": the server refused the connection")
		}
		if !slices.Equal(f.Brief, brief) {
			t.Errorf("%s: in brief %q", tt.name, f.Brief)
		}
		if f.Stale != tt.stale || !slices.Equal(f.Lines, tt.want) || !f.Until.Equal(at(t, tt.until)) {
			t.Errorf("%s: stale %v, until %v, %q", tt.name, f.Stale, f.Until, f.Lines)
		}
	}
}
