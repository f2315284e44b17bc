package page

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/clock"

	"golang.org/x/net/html"
)

// sceneOf makes the Direct of a scene by its name.
func sceneOf(t testing.TB, name string) *Direct {
	t.Helper()
	all := scenes()
	return stage(t, all[slices.IndexFunc(all, func(s scene) bool { return s.name == name })])
}

// agedAfter is the page of a scene, when it is answered some time after it was drawn.
func agedAfter(t *testing.T, name string, q Query, wait time.Duration) (Page, bool) {
	t.Helper()
	d := sceneOf(t, name)
	p := drawAt(t, d, q, d.o.Now())
	before := bytes.Clone(p.Body)
	old, ok := aged(p, q, p.Made.Add(wait), d.o.Zone)
	if !bytes.Equal(p.Body, before) {
		t.Error("the kept page was changed")
	}
	if ok && (!old.Stale || old.Rung != LastGood || old.Why == "" || old.ETag != etagOf(old.Body) || old.Live != nil || !old.Until.After(p.Made.Add(wait)) || old.Status != 200) {
		t.Errorf("%s: %+v", name, old)
	}
	return old, ok
}

func TestOldPageSaysSoToPeople(t *testing.T) {
	for _, s := range scenes() {
		for _, kind := range []Kind{Next, Agenda} {
			old, ok := agedAfter(t, s.name, Query{Kind: kind}, 23*time.Hour)
			if !ok {
				t.Fatalf("%s: not shown", s.name)
			}
			when := "Thu " + sceneOf(t, s.name).o.Now().In(berlin(t)).Format("15:04")
			notes := elements(elements(tree(t, old), tagged("main"))[0], classed("stale"))
			said := slices.IndexFunc(notes, func(n *html.Node) bool {
				return text(n) == "Shown as of "+when+": the calendar cannot be read at the moment"
			})
			if s.now == "1970" {
				continue // by the clock it is another day
			}
			if said < 0 || len(elements(tree(t, old), tagged("main"))) != 1 {
				t.Errorf("%s: %d notes in the page", s.name, len(notes))
			}
		}
	}
	if _, ok := agedAfter(t, "later", Query{Kind: Next}, 24*time.Hour); !ok {
		t.Error("a day is not too old")
	}
	if _, ok := agedAfter(t, "later", Query{Kind: Next}, 24*time.Hour+1); ok {
		t.Error("more than a day is too old")
	}
	if _, ok := agedAfter(t, "later", Query{Kind: Next}, -1000*time.Hour); !ok { // a device without a battery for its clock
		t.Error("by a clock that is not set yet nothing is too old")
	}
}

// What programs are told stays right as time goes on, or is not told.
func TestOldWhatsNextCountsOn(t *testing.T) {
	for _, tt := range []struct {
		wait    time.Duration
		message string // "" for no answer
		seconds float64
	}{
		{0, "Starting soon", 700}, {time.Second, "Starting soon", 699}, {10 * time.Minute, "Starting very soon", 100}, {11*time.Minute + 40*time.Second, "Meeting in progress", 0},
		{30 * time.Minute, "Meeting in progress", -1100}, {71*time.Minute + 39*time.Second, "Meeting in progress", -3599}, {71*time.Minute + 40*time.Second, "", 0}, {25 * time.Hour, "", 0}, {-2 * time.Hour, "", 0},
	} {
		old, ok := agedAfter(t, "soon", Query{Kind: WhatsNext}, tt.wait)
		if ok != (tt.message != "") {
			t.Errorf("after %v: %v", tt.wait, ok)
		}
		if !ok {
			continue
		}
		var got struct {
			Meeting map[string]any
			Status  struct{ Message string }
		}
		if err := json.Unmarshal(old.Body, &got); err != nil {
			t.Fatal(err)
		}
		if got.Status.Message != tt.message || got.Meeting["seconds_until_start"] != tt.seconds || got.Meeting["subject"] != "Design review" {
			t.Errorf("after %v: %s", tt.wait, old.Body)
		}
	}
	if _, ok := agedAfter(t, "nothing", Query{Kind: WhatsNext}, 23*time.Hour); ok {
		t.Error("that nothing comes is not known of another day")
	}
}

func TestOldAnswersUnderV1AreMarked(t *testing.T) {
	from := time.Date(2026, 10, 22, 0, 0, 0, 0, time.UTC).Unix()
	for _, name := range []string{"later", "failing", "hostile"} {
		for _, q := range []Query{{Kind: WhatsNextV1}, {Kind: Events, From: from, To: from + 86400}} {
			old, ok := agedAfter(t, name, q, 20*time.Hour)
			var got struct {
				Stale bool     `json:"stale"`
				Notes []string `json:"notes"`
				AsOf  string   `json:"as_of"`
			}
			if err := json.Unmarshal(old.Body, &got); !ok || err != nil {
				t.Fatalf("%s: %v, %v in %s", name, ok, err, old.Body)
			}
			want := 1
			if name == "failing" {
				want = 2
			}
			if !got.Stale || len(got.Notes) != want || !strings.HasPrefix(got.Notes[0], "Shown as of Thu 14:35") || !strings.HasPrefix(got.AsOf, "2026-10-23T10:35:20") {
				t.Errorf("%s: %+v", name, got)
			}
		}
	}
}

// Nobody hears a voice say "in 5 minutes" an hour later.
func TestOldWordsAreNotSpoken(t *testing.T) {
	for _, kind := range []Kind{DoneForDay, MorningSummary, AlexaNext, AlexaTimeUntil, AlexaDone, AlexaLaunch, AlexaMorning} {
		if _, ok := agedAfter(t, "soon", Query{Kind: kind}, 30*time.Second); !ok {
			t.Errorf("kind %d: not said while it holds", kind)
		}
		if _, ok := agedAfter(t, "soon", Query{Kind: kind}, 20*time.Hour); ok {
			t.Errorf("kind %d: said the next day", kind)
		}
	}
}

// When nothing can be read and nothing is kept, each kind of page still has an answer of its shape that says so.
func TestFootAnswersEveryKind(t *testing.T) {
	now := time.Date(2026, 10, 22, 14, 35, 20, 0, berlin(t))
	words := map[Kind]string{
		Next: "cannot be read", Agenda: "cannot be read", WhatsNext: `"message":"The calendar cannot be read at the moment"`,
		DoneForDay: `"note":"The calendar cannot be read at the moment"`, MorningSummary: `"note":"The calendar cannot be read at the moment"`,
		AlexaNext: `"speech_text":"Your calendar cannot be read at the moment."`, AlexaTimeUntil: `"speech_text":"Your calendar cannot be read at the moment."`,
		AlexaDone: `"speech_text":"Your calendar cannot be read at the moment."`, AlexaLaunch: `"speech_text":"Your calendar cannot be read at the moment."`,
		AlexaMorning: `"speech_text":"Your calendar cannot be read at the moment."`,
		Events:       `"notes":["The calendar cannot be read at the moment"]`, WhatsNextV1: `"notes":["The calendar cannot be read at the moment"]`,
	}
	for kind := Next; kind <= WhatsNextV1; kind++ {
		q := Query{Kind: kind, SSML: true, From: now.Unix(), To: now.Unix() + 86400, Source: "work", Zone: "Asia/Tokyo", Theme: "eink"}
		p, err := foot(q, now, zoneOf(q.Zone, berlin(t)), clock.State{Trusted: true})
		if err != nil {
			t.Fatal(err)
		}
		if p.Status != 200 || !p.Stale || p.Rung != Foot || p.Why == "" || p.Live != nil || p.Until.Sub(now) != 40*time.Second || p.ETag == "" {
			t.Errorf("kind %d: %+v", kind, p)
		}
		if !bytes.Contains(p.Body, []byte(words[kind])) {
			t.Errorf("kind %d does not say so: %s", kind, p.Body)
		}
		if kind == Next || kind == Agenda {
			if !bytes.Contains(p.Body, []byte(`data-theme="eink"`)) || !bytes.Contains(p.Body, []byte("21:35")) || bytes.Contains(p.Body, []byte("calendarbot-ready")) {
				t.Errorf("clock: %s", p.Body)
			}
			continue
		}
		shape, got := keys(t, Fill(drawAt(t, sceneOf(t, "nothing"), Query{Kind: kind, SSML: true}, now), now).Body), keys(t, p.Body)
		delete(got, "summary.note")
		if !maps.Equal(shape, got) {
			t.Errorf("kind %d has the shape %v, not %v", kind, got, shape)
		}
		for _, wrong := range []string{"duration_minutes", "No meetings", `"subject"`, "free"} {
			if kind != MorningSummary && strings.Contains(string(p.Body), wrong) || strings.Contains(string(p.Body), "duration_minutes") {
				t.Errorf("kind %d claims to know: %s", kind, p.Body)
			}
		}
	}
	if _, err := foot(Query{Kind: 99}, now, time.UTC, clock.State{Trusted: true}); err == nil {
		t.Error("an unknown kind has an answer")
	}
}

// keys are the paths of the keys in a JSON object, but for those in lists.
func keys(t *testing.T, text []byte) map[string]bool {
	t.Helper()
	var root map[string]any
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	all := map[string]bool{}
	var walk func(prefix string, v map[string]any)
	walk = func(prefix string, v map[string]any) {
		for k, v := range v {
			all[prefix+k] = true
			if inner, ok := v.(map[string]any); ok {
				walk(prefix+k+".", inner)
			}
		}
	}
	walk("", root)
	return all
}
