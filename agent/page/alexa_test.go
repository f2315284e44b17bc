package page

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/view"
)

func TestSpokenWait(t *testing.T) {
	cases := map[int64]string{
		-5: "now", 0: "now", 1: "in 1 second", 59: "in 59 seconds", 60: "in 1 minute", 119: "in 1 minute", 120: "in 2 minutes",
		3599: "in 59 minutes", 3600: "in 1 hour", 3660: "in 1 hour and 1 minute", 7200 + 25*60: "in 2 hours and 25 minutes",
		86400: "in 1 day", 86400 + 3600: "in 1 day and 1 hour", 3*86400 + 59*60: "in 3 days",
	}
	for seconds, want := range cases {
		if got := spokenWait(seconds); got != want {
			t.Errorf("%d: %q, want %q", seconds, got, want)
		}
	}
}

func TestSpokenLength(t *testing.T) {
	for length, want := range map[time.Duration]string{
		time.Minute: "1 minute", 45 * time.Minute: "45 minutes", time.Hour: "1 hour", 90 * time.Minute: "1 hour and 30 minutes",
	} {
		if got := spokenLength(length); got != want {
			t.Errorf("%v: %q, want %q", length, got, want)
		}
	}
}

func TestSpokenTime(t *testing.T) {
	pic := seen(t, "2026-06-15 08:00")
	for text, want := range map[string]string{
		"2026-06-15 00:00": "12 am", "2026-06-15 09:05": "9:05 am", "2026-06-15 12:00": "12 pm", "2026-06-15 17:30": "5:30 pm",
	} {
		if got := pic.spokenTime(at(t, text)); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"2026-06-15 23:59": "today", "2026-06-16 00:00": "tomorrow", "2026-06-18 10:00": "on Thursday", "2026-06-22 10:00": "on June 22",
	} {
		if got := pic.spokenDay(at(t, text)); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// heard is what a voice says of SSML; it fails when that is not well-formed XML with the one root that voices take.
func heard(t *testing.T, ssml string) string {
	t.Helper()
	var said strings.Builder
	d := xml.NewDecoder(strings.NewReader(ssml))
	first := true
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return said.String()
		}
		if err != nil {
			t.Fatalf("%s: %v", ssml, err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if first && token.Name.Local != "speak" {
				t.Fatalf("root is %s", token.Name.Local)
			}
			first = false
		case xml.EndElement:
			if token.Name.Local == "s" {
				said.WriteByte(' ')
			}
		case xml.CharData:
			said.Write(token)
		}
	}
}

// Whatever a feed calls its events, the marked speech says the same as the plain one.
func TestSSMLSaysTheSame(t *testing.T) {
	titles := []string{"Budget", `<break time="10s"/>`, `A & B "quoted" 'n' <x>`, "日本語 🎉", "]]>", strings.Repeat("long title ", 40)}
	for _, title := range titles {
		out := drawn(t, alexaNextJSON, seen(t, "2026-06-15 08:00", item(t, title, "09:00", "10:00")), Query{SSML: true})
		m := out["meeting"].(map[string]any)
		if got, want := strings.TrimSpace(heard(t, m["ssml"].(string))), m["speech_text"]; got != want {
			t.Errorf("marked %q, plain %q", got, want)
		}
		if len(m["speech_text"].(string)) > 600 {
			t.Errorf("%d bytes of speech", len(m["speech_text"].(string)))
		}
	}
}

func TestAlexaNext(t *testing.T) {
	out := drawn(t, alexaNextJSON, seen(t, "2026-06-15 08:30", item(t, "Budget", "09:00", "10:00")), Query{SSML: true})
	m := out["meeting"].(map[string]any)
	for key, want := range map[string]any{
		"subject": "Budget", "start_iso": "2026-06-15T07:00:00Z", "seconds_until_start": 1800.0, "duration_spoken": "in 30 minutes",
		"speech_text": "Budget starts in 30 minutes.", "ssml": `<speak><s><emphasis level="moderate">Budget</emphasis> starts in 30 minutes.</s></speak>`,
	} {
		if m[key] != want {
			t.Errorf("%s: %v, want %v", key, m[key], want)
		}
	}

	none := drawn(t, alexaNextJSON, seen(t, "2026-06-15 09:30", item(t, "Budget", "09:00", "10:00")), Query{})
	if got, ok := none["meeting"]; !ok || got != nil || none["speech_text"] == "" || none["ssml"] != nil {
		t.Errorf("a meeting that runs is not the next one: %v", none)
	}

	loading := seen(t, "2026-06-15 08:30")
	loading.fresh = view.Freshness{Feeds: 1, Waiting: 1}
	if got := drawn(t, alexaNextJSON, loading, Query{})["speech_text"]; got != "Your calendar is still loading." {
		t.Errorf("%v", got)
	}
}

func TestAlexaTimeUntil(t *testing.T) {
	out := drawn(t, alexaTimeUntilJSON, seen(t, "2026-06-15 07:55", item(t, "Budget", "09:00", "10:00")), Query{SSML: true})
	if out["seconds_until_start"] != 3900.0 || out["duration_spoken"] != "in 1 hour and 5 minutes" || out["ssml"] == nil {
		t.Errorf("%v", out)
	}
	none := drawn(t, alexaTimeUntilJSON, seen(t, "2026-06-15 07:55"), Query{})
	if got, ok := none["seconds_until_start"]; !ok || got != nil || none["duration_spoken"] != "" {
		t.Errorf("%v", none)
	}
}

func TestAlexaDone(t *testing.T) {
	meet := item(t, "Budget", "09:00", "17:30")
	cases := []struct {
		now, want string
		items     []view.Item
	}{
		{"2026-06-15 08:00", "Your last meeting today ends at 5:30 pm.", []view.Item{meet}},
		{"2026-06-15 17:30", "Your meetings for today are over.", []view.Item{meet}},
		{"2026-06-15 08:00", "You have no meetings today.", nil},
	}
	for _, c := range cases {
		out := drawn(t, alexaDoneJSON, seen(t, c.now, c.items...), Query{SSML: true})
		if out["speech_text"] != c.want {
			t.Errorf("%s: %v, want %v", c.now, out["speech_text"], c.want)
		}
		if card := out["card"].(map[string]any); card["content"] != c.want || card["title"] == "" {
			t.Errorf("card %v", card)
		}
	}
}

func TestAlexaLaunch(t *testing.T) {
	first, second := item(t, "Budget", "09:00", "10:00"), item(t, "Review", "11:00", "12:00")
	tomorrow := item(t, "Dentist", "09:00", "10:00")
	tomorrow.Start, tomorrow.End = tomorrow.Start.Add(24*time.Hour), tomorrow.End.Add(24*time.Hour)
	cases := []struct {
		name, now, want, next string
		items                 []view.Item
	}{
		{"before", "2026-06-15 08:30", "Budget starts in 30 minutes. Your last meeting today ends at 12 pm.", "Budget", []view.Item{first, second, tomorrow}},
		{"in one", "2026-06-15 09:30", "You are in Budget until 10 am. Review starts in 1 hour and 30 minutes. Your last meeting today ends at 12 pm.", "Review", []view.Item{first, second, tomorrow}},
		{"in the last", "2026-06-15 11:30", "You are in Review until 12 pm. Your last meeting today ends at 12 pm.", "", []view.Item{first, second, tomorrow}},
		{"after", "2026-06-15 12:30", "Your meetings for today are over.", "", []view.Item{first, second, tomorrow}},
		{"none today", "2026-06-15 12:30", "You have no meetings today. The next one is Dentist, tomorrow at 9 am.", "Dentist", []view.Item{tomorrow}},
		{"none at all", "2026-06-15 12:30", "There is nothing coming up in your calendar.", "", nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			out := drawn(t, alexaLaunchJSON, seen(t, c.now, c.items...), Query{})
			if out["speech_text"] != c.want {
				t.Errorf("says %q, want %q", out["speech_text"], c.want)
			}
			next, _ := out["next_meeting"].(map[string]any)
			if got, _ := next["subject"].(string); got != c.next {
				t.Errorf("next %v, want %q", out["next_meeting"], c.next)
			}
			if _, ok := out["done_for_day"].(map[string]any); !ok || out["ssml"] != nil {
				t.Errorf("%v", out)
			}
		})
	}
}

func TestAlexaMorning(t *testing.T) {
	items := []view.Item{item(t, "Standup", "07:30", "08:00"), item(t, "Review", "08:05", "09:00")}
	brief := ""
	for _, detail := range []string{"brief", "normal", "detailed", "verbose"} {
		q := Query{Detail: detail, SSML: true}
		out := drawn(t, alexaMorningJSON, morningPicture(t, q, items...), q)
		said := out["speech_text"].(string)
		if got := strings.TrimSpace(heard(t, out["ssml"].(string))); got != said {
			t.Errorf("marked %q, plain %q", got, said)
		}
		switch {
		case detail == "brief":
			brief = said
		case !strings.HasPrefix(said, brief) || len(said) <= len(brief):
			t.Errorf("%s says no more than brief: %q", detail, said)
		}
		if strings.Contains(said, "Getting up") != (detail == "detailed" || detail == "verbose") {
			t.Errorf("%s: %q", detail, said)
		}
	}
	if brief != "You start early tomorrow, at 7:30 am, with 2 meetings before noon." {
		t.Errorf("brief: %q", brief)
	}
	free := drawn(t, alexaMorningJSON, morningPicture(t, Query{}), Query{})
	if free["speech_text"] != "The morning is free tomorrow." || free["ssml"] != nil {
		t.Errorf("%v", free)
	}
	if got := free["summary"].(map[string]any)["wake_up_recommendation"]; got != nil {
		t.Errorf("woken for nothing at %v", got)
	}
}
