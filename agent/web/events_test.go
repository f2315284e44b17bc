package web

import (
	"net/http"
	"strings"
	"testing"
)

// titles are those of a list of events.
func titles(list any) string {
	var all []string
	events, _ := list.([]any)
	for _, e := range events {
		title, _ := path(e, "title").(string)
		all = append(all, title)
	}
	return strings.Join(all, ", ")
}

func TestEvents(t *testing.T) {
	d := start(t)
	d.household()
	cases := []struct{ query, want string }{
		{"?days=1", "Fair, Standup, Budget & plan, Dentist"},
		{"?from=2026-06-16&to=2026-06-17", "Fair, Review, Standup"},
		{"?from=2026-06-15T10:00:00%2B02:00&to=2026-06-15T17:00:00%2B02:00", "Fair, Budget & plan"},
		{"?days=2&calendar=family", "Fair, Dentist"},
		{"?days=2&search=BUDGET", "Budget & plan"},
		{"?days=1&search=room+3b", "Standup"},
		{"?days=1&search=nothing", ""},
		{"?from=1999-01-01&days=366", ""},
		{"?days=1&limit=2", "Fair, Standup"},
	}
	for _, c := range cases {
		if got := titles(d.get("/api/v1/events" + c.query)["events"]); got != c.want {
			t.Errorf("%s: %q, want %q", c.query, got, c.want)
		}
	}
	if got := d.get("/api/v1/events?days=1&limit=1"); got["more"] != 3.0 {
		t.Errorf("more: %v", got["more"])
	}

	got := d.get("/api/v1/events?days=1&tz=America/New_York")
	if got["from"] != "2026-06-15T00:00:00-04:00" || got["zone"] != "America/New_York" || got["stale"] != false {
		t.Errorf("%v", got)
	}
	got = d.get("/api/v1/events?days=1")
	events := got["events"].([]any)
	for key, want := range map[string]any{"title": "Fair", "start": "2026-06-15", "end": "2026-06-17", "all_day": true, "source": "family", "calendar": "Family", "color": "#7f371a"} {
		if path(events[0], key) != want {
			t.Errorf("all-day event: %s is %v, want %v", key, path(events[0], key), want)
		}
	}
	for key, want := range map[string]any{"start": "2026-06-15T11:00:00+02:00", "end": "2026-06-15T12:30:00+02:00", "status": "busy", "all_day": false} {
		if path(events[2], key) != want {
			t.Errorf("timed event: %s is %v, want %v", key, path(events[2], key), want)
		}
	}
	if people := path(events[2], "attendees").([]any); path(people[0], "address") != "ann@example.org" {
		t.Errorf("attendees %v", people)
	}
}

func TestEventsRefuse(t *testing.T) {
	d := start(t)
	for query, code := range map[string]string{
		"?from=yesterday": "bad_parameter", "?days=400": "bad_parameter", "?from=2026-01-02&to=2026-01-01": "bad_parameter", "?from=2020-01-01&to=2026-01-01": "bad_parameter",
		"?unknown=1": "bad_parameter", "?limit=a": "bad_parameter", "?tz=Nowhere": "bad_parameter", "?search=%01": "bad_parameter", "?calendar=nobody": "unknown_source",
		"?calendar=%27%20OR%201=1": "unknown_source", "?search=%ff%fe": "bad_parameter", "?" + strings.Repeat("a", 5000): "bad_parameter",
	} {
		a := d.ask("GET", "/api/v1/events"+query, "")
		if got := d.json(a); got["code"] != code || a.StatusCode < 400 || a.StatusCode > 404 {
			t.Errorf("%.60s: %d %v", query, a.StatusCode, got)
		}
	}
	if a := d.ask("GET", "/api/v1/whats-next?days=1", ""); a.StatusCode != http.StatusBadRequest {
		t.Errorf("whats-next: %d", a.StatusCode)
	}
}

func TestWhatsNextV1(t *testing.T) {
	d := start(t)
	if got := d.get("/api/v1/whats-next"); got["state"] != "loading" || got["next"] != nil {
		t.Errorf("before the first fetch: %v", got)
	}
	d.household()
	got := d.get("/api/v1/whats-next")
	if got["state"] != "next" || path(got, "next", "title") != "Standup" || titles(got["all_day"]) != "Fair" || got["changes_at"] != "2026-06-15T08:45:00+02:00" ||
		!strings.HasPrefix(titles(got["following"]), "Budget & plan, Dentist, Review, Standup") {
		t.Errorf("%v", got)
	}
	d.fill("work", "Long talk|20260615T080000|20260615T093000")
	got = d.get("/api/v1/whats-next")
	if got["state"] != "now" || titles(got["running"]) != "Long talk" || path(got, "next", "title") != "Dentist" {
		t.Errorf("while something runs: %v", got)
	}
}
