package web

import (
	"net/http"
	"strings"
	"testing"

	"calendarbot/agent/store"
)

func TestWhatsNext(t *testing.T) {
	d := start(t)
	if got := d.get("/api/whats-next"); path(got, "status", "message") != "Calendar is still loading" || got["meeting"] != nil {
		t.Errorf("before the first fetch: %v", got)
	}
	d.household()
	got := d.get("/api/whats-next")
	for key, want := range map[string]any{
		"subject": "Standup", "start_iso": "2026-06-15T07:00:00Z", "end_iso": "2026-06-15T07:15:00Z", "duration_seconds": 900.0,
		"seconds_until_start": 1800.0, "location": "Room 3B", "description": "Bring news", "raw_source": "", "all_day": false, "calendar": "Work",
	} {
		if path(got, "meeting", key) != want {
			t.Errorf("%s: %v, want %v", key, path(got, "meeting", key), want)
		}
	}
	if id := path(got, "meeting", "meeting_id").(string); !strings.HasPrefix(id, "Standup@example.org_20260615T090000_") {
		t.Errorf("id %q", id)
	}
	if path(got, "status", "message") != "Starting within the hour" {
		t.Errorf("status %v", got["status"])
	}
}

func TestFailingSourceKeepsItsEvents(t *testing.T) {
	d := start(t)
	d.household()
	if err := d.store.Failed(t.Context(), "work", "http_500", "The server has a problem.", at(t, monday)); err != nil {
		t.Fatal(err)
	}
	a := d.ask("GET", "/api/whats-next", "")
	if got := path(d.json(a), "meeting", "subject"); got != "Standup" || a.Header.Get("X-Calendarbot-Stale") != "1" {
		t.Errorf("%v, stale %q", got, a.Header.Get("X-Calendarbot-Stale"))
	}
}

func TestSkipAndClear(t *testing.T) {
	d := start(t)
	d.household()
	id := path(d.get("/api/whats-next"), "meeting", "meeting_id").(string)

	a := d.ask("POST", "/api/skip", `{"meeting_id":"`+id+`"}`)
	if got := d.json(a); a.StatusCode != http.StatusOK || got["skipped_until"] != "2026-06-16T06:30:00Z" {
		t.Fatalf("skip: %d %v", a.StatusCode, got)
	}
	if got := path(d.get("/api/whats-next"), "meeting", "subject"); got != "Budget & plan" {
		t.Errorf("after the skip: %v", got)
	}
	// A skip outlives the next fetch, of the same events in another order.
	d.fill("work", "Budget & plan|20260615T110000|20260615T123000", "Standup|20260615T090000|20260615T091500|RRULE:FREQ=DAILY;COUNT=10")
	if got := path(d.get("/api/whats-next"), "meeting", "subject"); got != "Budget & plan" {
		t.Errorf("after the next fetch: %v", got)
	}

	a = d.ask("DELETE", "/api/skip", "")
	if got := d.json(a); got["cleared"] != true || got["count"] != 1.0 || got["message"] != nil {
		t.Errorf("clear: %v", got)
	}
	if got := path(d.get("/api/whats-next"), "meeting", "subject"); got != "Standup" {
		t.Errorf("after clearing: %v", got)
	}
	if got := d.get("/api/clear_skips"); got["cleared"] != true || got["count"] != 0.0 || got["message"] == "" {
		t.Errorf("clear by GET: %v", got)
	}
	if a := d.ask("HEAD", "/api/clear_skips", ""); a.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("HEAD cleared: %d", a.StatusCode)
	}
}

func TestSkipRefuses(t *testing.T) {
	d := start(t)
	cases := []struct{ body, want string }{
		{``, "invalid json"}, {`{`, "invalid json"}, {`{"meeting_id":"a"} x`, "invalid json"},
		{`[]`, "missing or invalid meeting_id"}, {`"a"`, "missing or invalid meeting_id"}, {`null`, "missing or invalid meeting_id"},
		{`{}`, "missing or invalid meeting_id"}, {`{"meeting_id":""}`, "missing or invalid meeting_id"}, {`{"meeting_id":5}`, "missing or invalid meeting_id"},
		{`{"meeting_id":null}`, "missing or invalid meeting_id"}, {`{"meeting_id":["a"]}`, "missing or invalid meeting_id"},
		{`{"meeting_id":"a\u0000b"}`, "missing or invalid meeting_id"}, {`{"meeting_id":"` + strings.Repeat("x", 1025) + `"}`, "missing or invalid meeting_id"},
		{strings.Repeat(`[`, 20_000), "invalid json"},
	}
	for _, c := range cases {
		a := d.ask("POST", "/api/skip", c.body)
		if got := d.json(a); a.StatusCode != http.StatusBadRequest || got["error"] != c.want {
			t.Errorf("%.40s: %d %v, want %q", c.body, a.StatusCode, got, c.want)
		}
	}
	// A compressed body is not unpacked: it is no JSON.
	if a := d.ask("POST", "/api/skip", "\x1f\x8b\x08\x00", header{"Content-Encoding", "gzip"}); a.StatusCode != http.StatusBadRequest {
		t.Errorf("compressed: %d", a.StatusCode)
	}
	if n := len(d.kept().Skipped); n != 0 {
		t.Errorf("%d skipped", n)
	}
}

func TestHeartbeat(t *testing.T) {
	d := start(t)
	d.household()
	if got := d.get("/api/health")["display_probe"]; path(got, "last_render_probe_iso") != nil || path(got, "last_probe_ok") != nil {
		t.Errorf("before: %v", got)
	}
	if got := d.json(d.ask("POST", "/api/browser-heartbeat", "")); got["status"] != "ok" || got["timestamp"] != "2026-06-15T06:30:00Z" {
		t.Errorf("%v", got)
	}
	got := d.get("/api/health")["display_probe"]
	if path(got, "last_render_probe_iso") != "2026-06-15T06:30:00Z" || path(got, "last_probe_ok") != true || path(got, "last_probe_notes") != "browser-heartbeat" {
		t.Errorf("after: %v", got)
	}
}

func TestDoneForDay(t *testing.T) {
	d := start(t)
	d.household()
	got := d.get("/api/done-for-day")
	if got["has_meetings_today"] != true || got["last_meeting_start_iso"] != "2026-06-15T15:00:00Z" || got["last_meeting_end_iso"] != "2026-06-15T15:30:00Z" ||
		got["last_meeting_end_local_iso"] != "2026-06-15T17:30:00+02:00" || got["tz"] != nil || got["now_iso"] != "2026-06-15T06:30:00Z" {
		t.Errorf("%v", got)
	}
	got = d.get("/api/done-for-day?tz=America/New_York")
	if got["tz"] != "America/New_York" || got["last_meeting_end_local_iso"] != "2026-06-15T11:30:00-04:00" {
		t.Errorf("%v", got)
	}
	if note, ok := got["note"]; !ok || note != nil {
		t.Errorf("note %v", note)
	}
}

func TestMorningSummary(t *testing.T) {
	d := start(t)
	d.household()
	a := d.ask("POST", "/api/morning-summary", "")
	s := d.json(a)["summary"]
	for key, want := range map[string]any{
		"timeframe_start": "2026-06-16T06:00:00+02:00", "total_meetings_equivalent": 2.5, "early_start_flag": true, "density": "moderate",
		"wake_up_recommendation_time": "2026-06-16T06:00:00+02:00", "back_to_back_count": 0.0,
	} {
		if path(s, key) != want {
			t.Errorf("%s: %v, want %v", key, path(s, key), want)
		}
	}
	a = d.ask("POST", "/api/morning-summary?date=2026-06-15&timezone=UTC&detail_level=brief&max_events=3", "ignored")
	s = d.json(a)["summary"]
	if path(s, "timeframe_start") != "2026-06-15T06:00:00+00:00" || path(s, "metadata", "preview_for") != "monday_morning" {
		t.Errorf("%v", s)
	}
}

func TestHealth(t *testing.T) {
	d := start(t)
	degraded := d.ask("GET", "/api/health", "")
	got := d.json(degraded)
	if degraded.StatusCode != http.StatusServiceUnavailable || got["status"] != "degraded" || path(got, "data_status", "initial_refresh_complete") != false {
		t.Errorf("never refreshed: %d %v", degraded.StatusCode, got)
	}
	if a := d.ask("GET", "/readyz", ""); a.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("ready without events: %d", a.StatusCode)
	}
	d.household()
	got = d.get("/api/health")
	for _, c := range []struct {
		want any
		keys []string
	}{
		{"ok", []string{"status"}}, {"2026-06-15T06:30:00Z", []string{"server_time_iso"}},
		{5.0, []string{"data_status", "event_count"}}, {0.0, []string{"data_status", "last_refresh_success_age_s"}},
		{true, []string{"data_status", "initial_refresh_complete"}}, {true, []string{"data_status", "event_window_initialized"}},
	} {
		if path(got, c.keys...) != c.want {
			t.Errorf("%v: %v, want %v", c.keys, path(got, c.keys...), c.want)
		}
	}
	if task := path(got, "background_tasks").([]any)[0]; path(task, "name") != "refresher_task" || path(task, "status") != "unknown" {
		t.Errorf("%v", task)
	}
	d.get("/readyz")
	if got := d.get("/healthz"); got["version"] != "test" {
		t.Errorf("%v", got)
	}
}

func TestDataOf(t *testing.T) {
	now := at(t, monday)
	src := func(state store.State, age, next int) store.Source {
		return store.Source{State: state, Events: 3, LastSuccess: now.Add(-sec(age)), NextTry: now.Add(sec(next))}
	}
	never := store.Source{State: store.Waiting}
	cases := []struct {
		name     string
		sources  []store.Source
		degraded bool
	}{
		{"no source", nil, true},
		{"never read", []store.Source{never}, true},
		{"one of two never read", []store.Source{src(store.OK, 10, 290), never}, true},
		{"fresh", []store.Source{src(store.OK, 300, 10)}, false},
		{"failing for 900 seconds", []store.Source{src(store.Failing, 900, 60)}, false},
		{"failing for 901 seconds", []store.Source{src(store.Failing, 901, 60)}, true},
		{"one of two failing long", []store.Source{src(store.OK, 10, 290), src(store.Failing, 4000, 60)}, true},
		{"the refresher is stuck", []store.Source{src(store.OK, 901, -600)}, true},
		{"its server asked for an hour", []store.Source{src(store.OK, 1800, 1800)}, false},
		{"fetched when the clock was years ahead", []store.Source{src(store.OK, -5*365*86400, 5*365*86400)}, true},
		{"planned when the clock was years ahead", []store.Source{src(store.OK, 1800, 5*365*86400)}, true},
		{"the clock was set back a little", []store.Source{src(store.OK, -1800, 2100)}, false},
		{"switched off", []store.Source{src(store.OK, 10, 290), src(store.Disabled, 4000, 0)}, false},
	}
	for _, c := range cases {
		if _, degraded := dataOf(c.sources, now); degraded != c.degraded {
			t.Errorf("%s: degraded %v", c.name, degraded)
		}
	}
}

// The page's own sign of life is heard where changes without a token are not taken.
func TestHeartbeatWithClosedWrites(t *testing.T) {
	d := start(t, said(t, "web.drop_in_writes", "false"))
	if a := d.ask("POST", "/api/browser-heartbeat", "", header{"Origin", d.url}); a.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	if got := path(d.json(d.ask("GET", "/api/health", "")), "display_probe", "last_probe_ok"); got != true {
		t.Errorf("the display is %v", got)
	}
	if a := d.ask("POST", "/api/browser-heartbeat", "", header{"Origin", "http://evil.example"}); a.StatusCode != http.StatusForbidden {
		t.Errorf("from another site: %d", a.StatusCode)
	}
}
