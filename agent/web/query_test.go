package web

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"calendarbot/agent/page"
)

func TestQueryOf(t *testing.T) {
	now := at(t, "2026-03-28 15:00") // the day before the clocks change
	unix := func(text string) int64 { return at(t, text).Unix() }
	cases := []struct {
		kind page.Kind
		raw  string
		want page.Query
	}{
		{page.Next, "", page.Query{}},
		{page.Next, "theme=eink&tz=Asia/Tokyo&utm=x", page.Query{Theme: "eink", Zone: "Asia/Tokyo"}},
		{page.Agenda, "days=31&from=2026-03-29", page.Query{Days: 31, From: unix("2026-03-29 00:00")}},
		{page.WhatsNext, "anything=1&tz=rubbish", page.Query{}},
		{page.DoneForDay, "tz=UTC", page.Query{Zone: "UTC"}},
		{page.AlexaNext, "", page.Query{SSML: true}},
		{page.MorningSummary, "", page.Query{Detail: "normal", Max: 50}},
		{page.MorningSummary, "prefer_ssml=true&date=2024-02-29&detail_level=brief&max_events=1&timezone=UTC", page.Query{Day: "2024-02-29", Detail: "brief", Max: 1, Zone: "UTC"}},
		{page.AlexaMorning, "prefer_ssml=TRUE", page.Query{Detail: "normal", Max: 50, SSML: true}},
		{page.AlexaMorning, "prefer_ssml=1", page.Query{Detail: "normal", Max: 50, SSML: true}},
		{page.AlexaMorning, "prefer_ssml=Yes", page.Query{Detail: "normal", Max: 50, SSML: true}},
		{page.AlexaMorning, "prefer_ssml=no", page.Query{Detail: "normal", Max: 50}},
		{page.AlexaMorning, "prefer_ssml=0", page.Query{Detail: "normal", Max: 50}},
		{page.AlexaMorning, "prefer_ssml=False", page.Query{Detail: "normal", Max: 50}},
		{page.AlexaMorning, "prefer_ssml=", page.Query{Detail: "normal", Max: 50}},
		{page.Events, "", page.Query{From: unix("2026-03-28 00:00"), To: unix("2026-04-04 00:00"), Limit: 1000}},
		{page.Events, "days=2", page.Query{From: unix("2026-03-28 00:00"), To: unix("2026-03-30 00:00"), Limit: 1000}},
		{page.Events, "from=2026-03-29&to=2026-03-30&limit=5&calendar=work&search=%C3%84rzte", page.Query{From: unix("2026-03-29 00:00"), To: unix("2026-03-30 00:00"), Limit: 5, Source: "work", Search: "Ärzte"}},
		{page.Events, "from=2026-03-29T10:00:00Z&to=2026-03-29T14:00:00%2B02:00", page.Query{From: unix("2026-03-29 12:00"), To: unix("2026-03-29 14:00"), Limit: 1000}},
		{page.Events, "from=2026-01-01&tz=UTC&days=1", page.Query{Zone: "UTC", From: 1767225600, To: 1767312000, Limit: 1000}},
		{page.Events, "from=2026-01-01&days=366", page.Query{From: unix("2026-01-01 00:00"), To: unix("2027-01-02 00:00"), Limit: 1000}},
	}
	for _, c := range cases {
		c.want.Kind = c.kind
		got, err := queryOf(c.kind, c.raw, now, now.Location())
		if err != nil || got != c.want {
			t.Errorf("%d ?%s:\n got %+v, %v\nwant %+v", c.kind, c.raw, got, err, c.want)
		}
	}
}

func TestQueryRefuses(t *testing.T) {
	now := at(t, monday)
	cases := []struct {
		kind page.Kind
		raw  string
		say  string // in the sentence
	}{
		{page.Next, "theme=pink", `"pink"; it can be auto, dark, light, eink`}, {page.Next, "tz=Mars", `"Mars", which is not a time zone`},
		{page.Next, "tz=" + strings.Repeat("x", 65), "longer than 64 bytes"}, {page.Next, "%zz", "not properly encoded"}, {page.Next, "a;b", "not properly encoded"},
		{page.Next, strings.Repeat("x", 4097), "longer than 4 KB"}, {page.Next, "theme=dark&theme=light", "more than once"},
		{page.Agenda, "days=0", "a whole number from 1 to 31"}, {page.Agenda, "days=32", "1 to 31"}, {page.Agenda, "days=1.5", "1 to 31"}, {page.Agenda, "from=today", "a date such as"},
		{page.Agenda, "from=1899-12-31", "1900 to 2199"}, {page.Agenda, "from=2200-01-01", "1900 to 2199"},
		{page.Events, "form=2026-01-01", `"form" does not exist here; there are: from`}, {page.Events, "days=367", "1 to 366"},
		{page.Events, "from=2026-01-01&to=2027-01-04", "more than 366 days"}, {page.Events, "from=2026-01-02&to=2026-01-01", "not after from"},
		{page.Events, "from=2026-01-01&to=2026-01-01", "not after from"}, {page.Events, "to=2026-07-01&days=3", "together with to"},
		{page.Events, "from=2026-01-01T10:00", "a time such as"}, {page.Events, "from=2026-01-01T10:00:00+01:00", "a time such as"}, // "+" is a blank there
		{page.Events, "limit=1001", "1 to 1000"}, {page.Events, "limit=0", "1 to 1000"}, {page.Events, "search=" + strings.Repeat("x", 201), "200 characters"},
		{page.Events, "search=%00", "not text"}, {page.Events, "search=%ff", "not text"}, {page.Events, "calendar=" + strings.Repeat("x", 65), "64 bytes"},
		{page.WhatsNextV1, "days=1", "does not exist here; there are: tz"},
		{page.MorningSummary, "date=2026-02-29", "a date such as"}, {page.MorningSummary, "max_events=-1", "1 to 100"}, {page.AlexaMorning, "prefer_ssml=on", `"on"; it can be 1, true, yes, 0, false or no`},
		{page.AlexaMorning, "prefer_ssml=2", "it can be 1, true"}, {page.AlexaMorning, "prefer_ssml=" + strings.Repeat("x", 65), "longer than 64 bytes"},
	}
	for _, c := range cases {
		_, err := queryOf(c.kind, c.raw, now, now.Location())
		var wrong *badQuery
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), c.say) || strings.Contains(err.Error(), "%!") {
			t.Errorf("%d ?%.60s: %v, want %q", c.kind, c.raw, err, c.say)
		}
	}
}

// Whatever stands after the question mark, the query is within its bounds, or the refusal a short sentence.
func FuzzQuery(f *testing.F) {
	for kind := page.Next; kind <= page.WhatsNextV1; kind++ {
		f.Add(uint8(kind), "from=2026-01-01&to=2026-02-01&days=3&calendar=work&search=a&limit=5&tz=Europe/Berlin&theme=dark")
		f.Add(uint8(kind), "date=2026-01-01&timezone=UTC&detail_level=brief&max_events=3&prefer_ssml=true&tz=%41")
	}
	f.Add(uint8(page.Events), "from=2199-12-31T23:59:59-23:59&days=366")
	f.Add(uint8(page.Events), "from=1900-01-01&to=1900-01-02T00:00:00.999999999%2B14:00")
	now := at(f, monday)
	f.Fuzz(func(t *testing.T, kind uint8, raw string) {
		q, err := queryOf(page.Kind(kind), raw, now, now.Location())
		if err != nil {
			text := err.Error()
			if len(text) > 700 || !strings.HasSuffix(text, ".") || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }) || !utf8.ValidString(text) {
				t.Errorf("%q", text)
			}
			if kind := page.Kind(kind); kind != page.Next && kind != page.Agenda {
				return
			}
		}
		if q.Kind != page.Kind(kind) || q.Days < 0 || q.Days > 31 || q.Max < 0 || q.Max > 100 || q.Limit < 0 || q.Limit > 1000 || len(q.Search) > 800 || len(q.Source) > 64 {
			t.Errorf("%+v", q)
		}
		if q.Kind == page.Events && (q.From >= q.To || q.To-q.From > 367*86400 || q.Limit == 0) {
			t.Errorf("range %+v", q)
		}
		if q.Zone != "" {
			if _, err := time.LoadLocation(q.Zone); err != nil || q.Zone == "Local" {
				t.Errorf("zone %q", q.Zone)
			}
		}
		if q.Day != "" {
			if _, err := time.Parse(time.DateOnly, q.Day); err != nil {
				t.Errorf("day %q", q.Day)
			}
		}
	})
}

func TestWayBack(t *testing.T) {
	for given, want := range map[string]string{
		"": "/", "/": "/", "/agenda?days=3": "/agenda?days=3", "//evil.example": "/", "https://evil.example/": "/", "/\\evil.example": "/", "agenda": "/",
		"/a\r\nX: y": "/", "javascript:alert(1)": "/", "/%zz": "/",
	} {
		if got := wayBack(given); got != want {
			t.Errorf("%q: %q, want %q", given, got, want)
		}
	}
}

func FuzzWayBack(f *testing.F) {
	f.Add("/agenda?theme=dark")
	f.Add("//evil.example/")
	f.Fuzz(func(t *testing.T, given string) {
		got := wayBack(given)
		u, err := url.Parse(got)
		if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(got, "/") || strings.HasPrefix(got, "//") || strings.ContainsAny(got, "\\\r\n") {
			t.Errorf("%q leads to %q", given, got)
		}
	})
}
