package page

import (
	"encoding/json"
	"strings"
	"testing"

	"calendarbot/agent/calendar"
)

// endless adds n events of every second.
func endless(t *testing.T, n int, change ...func(*calendar.Event)) func(*builder) {
	return func(b *builder) {
		for range n {
			b.timed("work", "Tick", -1, "00:00", 0, change...)
			e := &b.snap.Events[len(b.snap.Events)-1]
			rule, _, err := calendar.ParseRule("FREQ=SECONDLY", e.Start)
			if err != nil {
				t.Fatal(err)
			}
			e.Rules = []calendar.Rule{rule}
		}
	}
}

// Events that are cut are told: on the pages in one note, to programs each by name.
func TestEventsThatAreCutAreTold(t *testing.T) {
	for _, c := range []struct {
		n     int
		note  string
		named int
	}{
		{0, "", 0},
		{1, "1 event repeats too often to be shown whole", 1},
		{30, "30 events repeat too often to be shown whole", mostCuts},
		{130, "More than 100 events repeat too often to be shown whole", mostCuts},
	} {
		d := stage(t, scene{"cut", "14:35", "", endless(t, c.n)})
		for _, kind := range []Kind{Next, Agenda} {
			body := string(draw(t, d, Query{Kind: kind}).Body)
			if strings.Count(body, "too often to be shown whole") > 1 || !strings.Contains(body, c.note) || c.note == "" && strings.Contains(body, "too often") {
				t.Errorf("%d events: page %d lacks %q, or says it more than once", c.n, kind, c.note)
			}
		}
		if got := cutsOf(t, d); len(got) != c.named || c.named > 0 && (got[0].UID == "" || got[0].Summary != "Tick" || got[0].Text == "") {
			t.Errorf("%d events: %d are named, want %d: %v", c.n, len(got), c.named, got)
		}
	}
}

// cutsOf asks /api/v1/events.
func cutsOf(t *testing.T, d *Direct) []cut {
	t.Helper()
	var got struct{ Warnings []cut }
	now := d.o.Now()
	page := draw(t, d, Query{Kind: Events, From: now.Unix(), To: now.AddDate(0, 0, 7).Unix()})
	if err := json.Unmarshal(page.Body, &got); err != nil {
		t.Fatal(err)
	}
	if got.Warnings == nil {
		t.Error("warnings is no list")
	}
	return got.Warnings
}

func TestPrivateEventsThatAreCut(t *testing.T) {
	for setting, want := range map[string]string{"show": "Tick", "mask": "Private", "hide": ""} {
		events := endless(t, 1, func(e *calendar.Event) { e.Private = true })
		d := stage(t, scene{"cut", "14:35", "", func(b *builder) { b.config.Display.Private = setting; events(b) }})
		summary := ""
		for _, c := range cutsOf(t, d) {
			summary += c.Summary
		}
		if summary != want {
			t.Errorf("private: %s names %q, want %q", setting, summary, want)
		}
	}
}
