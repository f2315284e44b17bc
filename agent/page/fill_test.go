package page

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestFill(t *testing.T) {
	zone := berlin(t)
	now := time.Date(2026, 6, 15, 8, 59, 30, 999, zone)
	start := time.Date(2026, 6, 15, 9, 0, 0, 0, zone)
	for _, tt := range []struct {
		name       string
		page       Page
		body, etag string
	}{
		{"nothing live", Page{Body: []byte("abc"), ETag: `"e"`}, "abc", `"e"`},
		{"seconds", Page{Body: []byte(`{"s":}`), ETag: `"e"`, Live: []Live{{At: 5, Until: start}}}, `{"s":30}`, `"e-30"`},
		{"seconds since", Page{Body: []byte(`{"s":}`), ETag: `"e"`, Live: []Live{{At: 5, Until: start.Add(-31 * time.Second)}}}, `{"s":-1}`, `"e--1"`},
		{"a part of a second before", Page{Body: []byte(`{"s":}`), ETag: `"e"`, Live: []Live{{At: 5, Until: start.Add(-30*time.Second - 1)}}}, `{"s":-1}`, `"e--1"`},
		{"now", Page{Body: []byte(`{"t":}`), ETag: `"e"`, Live: []Live{{At: 5, Layout: `"15:04:05Z07:00"`, Zone: zone}}}, `{"t":"08:59:30+02:00"}`, `"e-08:59:30+02:00"`},
		{"now in UTC", Page{Body: []byte(`x`), ETag: `"e"`, Live: []Live{{At: 1, Layout: "15:04:05"}}}, `x06:59:30`, `"e-06:59:30"`},
		{"both, at the ends", Page{Body: []byte(`,`), ETag: `"e"`, Live: []Live{{At: 0, Until: start}, {At: 1, Layout: "5"}}}, `30,30`, `"e-30-30"`},
	} {
		got := Fill(tt.page, now)
		if string(got.Body) != tt.body || got.ETag != tt.etag || got.Live != nil {
			t.Errorf("%s: %s, %s, %v; want %s, %s", tt.name, got.Body, got.ETag, got.Live, tt.body, tt.etag)
		}
	}
}

// What a mark points at stays where it was.
func TestFillMovesTheMark(t *testing.T) {
	p := Fill(Page{Body: []byte("ab<here>c"), Mark: 2, Live: []Live{{At: 1, Layout: "2006"}, {At: 9, Layout: "2006"}}}, time.Unix(0, 0))
	if !strings.HasPrefix(string(p.Body[p.Mark:]), "<here>") {
		t.Errorf("%s at %d", p.Body, p.Mark)
	}
}

// A page is filled each time it is answered: one allocation for the body and one for the tag.
func TestFillIsCheap(t *testing.T) {
	p, err := whatsNextJSON(seen(t, "2026-06-15 08:59:30", item(t, "Budget", "09:00", "10:00")), Query{})
	if err != nil || len(p.Live) != 1 {
		t.Fatal(err, p.Live)
	}
	now := at(t, "2026-06-15 08:59:30")
	if n := testing.AllocsPerRun(100, func() { Fill(p, now) }); n > 2 {
		t.Errorf("%v allocations", n)
	}
}

// No text of a feed is taken for a place where something live is written, however it imitates one.
func TestGapsAreNotImitated(t *testing.T) {
	hostile := []string{gapHead + "00", `"` + gapHead + "00,", `\` + gapHead + "00", `\\` + gapHead + "00", "-9223372036000000000", `{"a":-9223372036000000000}`, "x\x00\x01\u2028" + gapHead + "01", gapHead, gapHead + "0", gapHead + "-1"}
	for _, text := range hostile {
		pic := seen(t, "2026-06-15 08:59:30")
		value := map[string]any{"a" + text: text, "b": pic.until(at(t, "2026-06-15 09:00")), "c": []string{text}, "d": pic.moment("15:04", berlin(t)), text: text}
		p, err := pic.answer(value, pic.nextDay())
		if err != nil || len(p.Live) != 2 {
			t.Fatalf("%q: %v, %v in %s", text, err, p.Live, p.Body)
		}
		var got map[string]any
		if err := json.Unmarshal(Fill(p, pic.now).Body, &got); err != nil {
			t.Fatalf("%q: %v in %s", text, err, p.Body)
		}
		if got["b"] != 30.0 || got["d"] != "08:59" || got["c"].([]any)[0] != strings.ReplaceAll(text, "\xff", "\ufffd") {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func FuzzGaps(f *testing.F) {
	f.Add("Budget", "key")
	f.Add(gapHead+"00", `\`)
	f.Fuzz(func(t *testing.T, text, name string) {
		pic := seen(t, "2026-06-15 08:59:30")
		value := []any{text, struct {
			Text  string `json:"text"`
			Until gap    `json:"until"`
			Last  string `json:"last"`
		}{text, pic.until(at(t, "2026-06-15 09:00")), name}, name}
		p, err := pic.answer(value, pic.nextDay())
		if err != nil {
			t.Skip()
		}
		want, err := json.Marshal([]any{text, struct {
			Text  string `json:"text"`
			Until int64  `json:"until"`
			Last  string `json:"last"`
		}{text, 30, name}, name})
		if err != nil {
			t.Fatal(err)
		}
		if got := Fill(p, pic.now).Body; string(got) != string(want) {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}
