package page

import (
	"testing"
	"time"

	"calendarbot/agent/calendar"
)

// A busy time of two days is a meeting to whoever asks in the middle of it.
func TestBusyTimeOfDaysIsAMeeting(t *testing.T) {
	fair := item(t, "Fair", "08:00", "08:00")
	fair.End = fair.End.Add(48 * time.Hour)
	now := "2026-06-16 12:00"
	out := drawn(t, whatsNextJSON, seen(t, now, fair), Query{})
	meeting, _ := out["meeting"].(map[string]any)
	status, _ := out["status"].(map[string]any)
	if meeting["subject"] != "Fair" || status["message"] != "Meeting in progress" {
		t.Errorf("in its middle: %v", out)
	}
	done := drawn(t, doneForDayJSON, seen(t, now, fair), Query{})
	if done["has_meetings_today"] != true || done["last_meeting_end_iso"] != "2026-06-17T06:00:00Z" {
		t.Errorf("done for the day: %v", done)
	}
	launch := drawn(t, alexaLaunchJSON, seen(t, now, fair), Query{})
	if want := "You are in Fair until tomorrow at 8 am. Your last meeting today ends tomorrow at 8 am."; launch["speech_text"] != want {
		t.Errorf("says %q, want %q", launch["speech_text"], want)
	}
	if v1 := drawn(t, whatsNextV1JSON, seen(t, now, fair), Query{}); v1["state"] != "now" {
		t.Errorf("state %v", v1["state"])
	}
	fair.Status = calendar.Free
	if out := drawn(t, doneForDayJSON, seen(t, now, fair), Query{}); out["has_meetings_today"] != false {
		t.Errorf("free time counts: %v", out)
	}
	dentist := item(t, "Dentist", "12:00", "13:00")
	dentist.Start, dentist.End = dentist.Start.Add(24*time.Hour), dentist.End.Add(24*time.Hour)
	fair.Status = calendar.Busy
	if v := runningMeeting(seen(t, now, fair, dentist).items, at(t, now)); v == nil || v.Title != "Dentist" {
		t.Errorf("of two that run: %+v", v)
	}
}

func TestLaunchTellsTheMeetingByItself(t *testing.T) {
	next := item(t, "Budget", "09:00", "10:00")
	next.Place = "Room 3B"
	out := drawn(t, alexaLaunchJSON, seen(t, "2026-06-15 08:30", next), Query{})
	m, _ := out["next_meeting"].(map[string]any)
	if want := "Budget starts in 30 minutes. Where: Room 3B."; m["speech_text"] != want {
		t.Errorf("%q, want %q", m["speech_text"], want)
	}
}
