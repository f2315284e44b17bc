package web

import (
	"net/http"
	"strings"
	"testing"
)

func TestAlexa(t *testing.T) {
	d := start(t)
	d.household()

	next := d.get("/api/alexa/next-meeting", withVoice())
	if path(next, "meeting", "subject") != "Standup" || path(next, "meeting", "duration_spoken") != "in 30 minutes" || path(next, "meeting", "seconds_until_start") != 1800.0 {
		t.Errorf("next: %v", next)
	}
	if ssml, _ := path(next, "meeting", "ssml").(string); !strings.HasPrefix(ssml, "<speak>") {
		t.Errorf("ssml %q", ssml)
	}
	if got := d.get("/api/alexa/time-until-next", withVoice()); got["seconds_until_start"] != 1800.0 || got["duration_spoken"] != "in 30 minutes" {
		t.Errorf("time until: %v", got)
	}
	done := d.get("/api/alexa/done-for-day?tz=Europe/London", withVoice())
	if done["speech_text"] != "Your last meeting today ends at 4:30 pm." || path(done, "card", "content") != done["speech_text"] || done["tz"] != "Europe/London" {
		t.Errorf("done: %v", done)
	}
	launch := d.get("/api/alexa/launch-summary", withVoice())
	if launch["has_meetings_today"] != true || path(launch, "next_meeting", "subject") != "Standup" || path(launch, "done_for_day", "last_meeting_end_iso") != "2026-06-15T15:30:00Z" {
		t.Errorf("launch: %v", launch)
	}
	morning := d.get("/api/alexa/morning-summary?detail_level=verbose", withVoice())
	if path(morning, "summary", "preview_for") != "tomorrow_morning" || path(morning, "summary", "wake_up_recommendation") != "2026-06-16T06:00:00+02:00" || morning["ssml"] != nil {
		t.Errorf("morning: %v", morning)
	}
	if got := d.get("/api/alexa/morning-summary?prefer_ssml=true", withVoice()); got["ssml"] == nil {
		t.Errorf("no ssml: %v", got)
	}
}

func alexaRoutes() []string {
	return []string{"next-meeting", "time-until-next", "done-for-day", "launch-summary", "morning-summary"}
}

func TestAlexaNeedsItsToken(t *testing.T) {
	d := start(t)
	closed := start(t, said(t, "alexa.bearer_token", ""))
	for _, route := range alexaRoutes() {
		for _, authorization := range []string{"", "Bearer", "Bearer ", "Bearer wrong", "Basic " + voiceToken, voiceToken, "Bearer " + voiceToken + "x", "Bearer " + writeToken} {
			a := d.ask("GET", "/api/alexa/"+route, "", header{"Authorization", authorization})
			if got := d.json(a); a.StatusCode != http.StatusUnauthorized || got["error"] != "Unauthorized" || len(got) != 1 {
				t.Errorf("%s with %q: %d %v", route, authorization, a.StatusCode, got)
			}
		}
		if a := closed.ask("GET", "/api/alexa/"+route, "", header{"Authorization", "Bearer "}); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s without a token set: %d", route, a.StatusCode)
		}
	}
}

func TestAlexaRefuses(t *testing.T) {
	d := start(t)
	cases := []string{
		"next-meeting?tz=Nowhere/City", "time-until-next?tz=../etc/passwd", "done-for-day?tz=Local", "launch-summary?tz=" + strings.Repeat("A", 65),
		"morning-summary?date=tomorrow", "morning-summary?date=2026-02-30", "morning-summary?detail_level=huge", "morning-summary?max_events=0",
		"morning-summary?max_events=101", "morning-summary?max_events=ten", "morning-summary?timezone=%00", "morning-summary?timezone=UTC&timezone=UTC",
		"next-meeting?tz=%zz",
	}
	for _, query := range cases {
		a := d.ask("GET", "/api/alexa/"+query, "", withVoice())
		got := d.json(a)
		if message, _ := got["message"].(string); a.StatusCode != http.StatusBadRequest || got["error"] != "Bad request" || !strings.HasSuffix(message, ".") {
			t.Errorf("%s: %d %v", query, a.StatusCode, got)
		}
	}
}
