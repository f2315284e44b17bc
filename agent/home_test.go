package main

import (
	"cmp"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"calendarbot/scripts/demo/mischief"
)

// daily is a calendar with one meeting each day.
const daily = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:daily\r\nDTSTART:20200101T080000Z\r\nDTEND:20200101T083000Z\r\n" +
	"RRULE:FREQ=DAILY\r\nSUMMARY:The daily one\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

// began is when a home is first seen: half an hour before the meeting.
func began() time.Time { return time.Date(2026, time.June, 16, 7, 30, 0, 0, time.UTC) }

// soon is so much later that what was fetched at began is too old for /api/health.
func soon() time.Time { return began().Add(20 * time.Minute) }

// home is the program with one calendar from a server that may be told to misbehave.
type home struct {
	*program
	t      *testing.T
	feed   *mischief.Server
	dir    string
	disk   string // where the database is; "" for dir
	url    string // of the feed
	leave  bool   // the feed may be on a private address
	feeds  string // settings of the section feeds
	others string // further sources
	env    []string
	began  time.Time // when it is filled
}

// newHome starts a server that behaves well, and nothing else.
func newHome(t *testing.T) *home {
	t.Helper()
	feed, err := mischief.Start(mischief.Good([]byte(daily)))
	if err != nil {
		t.Fatal(err)
	}
	return homeWith(t, feed)
}

func homeWith(t *testing.T, feed *mischief.Server) *home {
	t.Helper()
	t.Cleanup(func() {
		if err := feed.Close(); err != nil {
			t.Error(err)
		}
	})
	return &home{t: t, feed: feed, dir: t.TempDir(), url: feed.URL(), leave: true, began: began()}
}

func (h *home) database() string { return filepath.Join(cmp.Or(h.disk, h.dir), "calendarbot.db") }

// start runs the program with its clock standing still at now; one that runs is stopped first.
func (h *home) start(now time.Time) {
	h.t.Helper()
	h.stop()
	file := filepath.Join(h.dir, "calendarbot.yaml")
	text := fmt.Sprintf("feeds: {%s}\nsources:\n%s  - {id: home, name: Home, url: %q, lan: %v}\n", h.feeds, h.others, h.url, h.leave)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
	h.program = startProgram(h.t, append([]string{at(now)}, h.env...), "--config", file, "--store", h.database())
}

func (h *home) stop() {
	if h.program != nil {
		h.program.stop()
		h.program = nil
	}
}

// sourceState is the part of /api/v1/sources that these tests read.
type sourceState struct {
	ID           string  `json:"id"`
	State        string  `json:"state"`
	Events       int     `json:"events"`
	LastSuccess  *string `json:"last_success"`
	FailingSince *string `json:"failing_since"`
	Error        string  `json:"error"`
	Code         string  `json:"code"`
}

// source is how the calendar fares.
func (h *home) source() sourceState {
	h.t.Helper()
	var list struct {
		Sources []sourceState `json:"sources"`
	}
	if status := h.getJSON("/api/v1/sources", &list); status != http.StatusOK {
		h.t.Fatalf("/api/v1/sources: %d", status)
	}
	for _, s := range list.Sources {
		if s.ID == "home" {
			return s
		}
	}
	h.t.Fatalf("no source: %+v", list)
	return sourceState{}
}

// refresh asks for the calendar by a person's word.
func (h *home) refresh() {
	h.t.Helper()
	resp, err := http.Post(h.address+"/api/v1/sources/home/refresh", "application/json", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		h.t.Fatalf("refresh: %s", resp.Status)
	}
}

// becomes waits until the source is in the state, for the reason.
func (h *home) becomes(state, code string) sourceState {
	h.t.Helper()
	var s sourceState
	h.await(strings.TrimSpace("the source is "+state+" "+code), func() bool {
		s = h.source()
		return s.State == state && s.Code == code
	})
	return s
}

// fill fetches the good calendar and ends the program.
func (h *home) fill() {
	h.t.Helper()
	h.start(h.began)
	h.becomes("ok", "")
	h.stop()
}

// holds waits until the events are there on the day of the test.
func (h *home) holds(want ...string) {
	h.t.Helper()
	h.await(fmt.Sprintf("the events of the day are %q", want), func() bool {
		var list struct {
			Events []struct {
				Title string `json:"title"`
			} `json:"events"`
		}
		if status := h.getJSON("/api/v1/events?calendar=home&days=1&from="+url.QueryEscape(h.began.Format(time.DateOnly)), &list); status != http.StatusOK {
			h.t.Fatalf("/api/v1/events: %d", status)
		}
		var got []string
		for _, e := range list.Events {
			got = append(got, e.Title)
		}
		return strings.Join(got, ", ") == strings.Join(want, ", ")
	})
}

// text is the what's-next page as a person reads it.
func (h *home) text() string {
	h.t.Helper()
	status, body := h.get("/")
	if status != http.StatusOK {
		h.t.Fatalf("the page: %d", status)
	}
	return html.UnescapeString(string(body))
}

// dataHealth is the part of /api/health that these tests read.
type dataHealth struct {
	Status string `json:"status"`
	Data   struct {
		Events int    `json:"event_count"`
		Age    *int64 `json:"last_refresh_success_age_s"`
	} `json:"data_status"`
}

// failing checks all that is promised while a source fails: the last good events are served,
// marked stale, and the reason is shown.
func (h *home) failing(code, words string) {
	h.t.Helper()
	s := h.becomes("failing", code)
	if s.Events != 1 || s.LastSuccess == nil || *s.LastSuccess != h.began.Format(time.RFC3339) || s.FailingSince == nil {
		h.t.Errorf("the source: %+v", s)
	}
	if !strings.Contains(s.Error, words) {
		h.t.Errorf("the reason: %q, want %q", s.Error, words)
	}
	h.holds("The daily one")
	// The page is read from afar: it tells what happened; what to do may be cut there.
	reason, _, _ := strings.Cut(strings.TrimSuffix(s.Error, "."), ". ")
	page := h.text()
	told := strings.Contains(page, "no calendar reached since") || strings.Contains(page, "Home as of ") && strings.Contains(page, ", not reached: ") ||
		strings.Contains(page, "Home was read at a later time") // by a clock that is behind now
	if !told || !strings.Contains(page, reason) {
		h.t.Errorf("the page does not say %q:\n%s", reason, page)
	}
	if status, _ := h.get("/readyz"); status != http.StatusOK {
		h.t.Errorf("/readyz: %d", status)
	}
	for _, said := range []string{h.stderr(), h.text(), s.Error} {
		if strings.Contains(said, "secret-path") {
			h.t.Errorf("the path of the feed is told:\n%s", said)
		}
	}
}

// degraded checks what the drop-in routes say twenty minutes after the last success.
func (h *home) degraded() {
	h.t.Helper()
	var next whatsNext
	if status := h.getJSON("/api/whats-next", &next); status != http.StatusOK || next.Meeting == nil || next.Meeting.Subject != "The daily one" {
		h.t.Errorf("/api/whats-next: %d %+v", status, next)
	}
	if page := h.text(); !strings.Contains(page, "The daily one") {
		h.t.Errorf("the page does not show the meeting:\n%s", page)
	}
	var got dataHealth
	status := h.getJSON("/api/health", &got)
	if status != http.StatusServiceUnavailable || got.Status != "degraded" || got.Data.Events != 1 || got.Data.Age == nil || *got.Data.Age != 1200 {
		h.t.Errorf("/api/health: %d %+v", status, got)
	}
}

// well checks that all is as if nothing had happened.
func (h *home) well() {
	h.t.Helper()
	s := h.becomes("ok", "")
	if s.Error != "" || s.FailingSince != nil || s.LastSuccess == nil || *s.LastSuccess != soon().Format(time.RFC3339) {
		h.t.Errorf("the source: %+v", s)
	}
	h.holds("The daily one")
	var got dataHealth
	if status := h.getJSON("/api/health", &got); status != http.StatusOK || got.Status != "ok" {
		h.t.Errorf("/api/health: %d %+v", status, got)
	}
	if page := h.text(); strings.Contains(page, "not reached") || strings.Contains(page, "no calendar reached") {
		h.t.Errorf("the page still complains:\n%s", page)
	}
}
