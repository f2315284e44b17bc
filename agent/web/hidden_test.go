package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestHidden(t *testing.T) {
	d := start(t)
	d.household()
	first := d.get("/api/v1/events?days=1&search=standup")["events"].([]any)[0]
	id := path(first, "id").(string)

	a := d.ask("POST", "/api/v1/hidden", `{"id":"`+id+`","title":" Standup\n today "}`, asJSON(), withToken())
	if got := d.json(a); a.StatusCode != http.StatusCreated || got["title"] != "Standup today" || got["series"] != false {
		t.Fatalf("hide: %d %v", a.StatusCode, got)
	}
	if got := titles(d.get("/api/v1/events?days=2&search=standup")["events"]); got != "Standup" {
		t.Errorf("one of two instances is hidden: %q", got)
	}
	a = d.ask("POST", "/api/v1/hidden", `{"id":"Standup@example.org","series":true}`, asJSON(), withToken())
	if a.StatusCode != http.StatusCreated {
		t.Fatalf("hide series: %d %s", a.StatusCode, a.body)
	}
	if got := titles(d.get("/api/v1/events?days=2&search=standup")["events"]); got != "" {
		t.Errorf("the series is hidden: %q", got)
	}
	list := d.get("/api/v1/hidden")["hidden"].([]any)
	if len(list) != 2 || path(list[0], "since") != "2026-06-15T06:30:00Z" {
		t.Errorf("%v", list)
	}
	for _, one := range []string{id, "Standup@example.org"} {
		if a := d.ask("DELETE", "/api/v1/hidden?id="+url.QueryEscape(one), "", withToken()); a.StatusCode != http.StatusNoContent {
			t.Errorf("show again: %d %s", a.StatusCode, a.body)
		}
	}
	if got := titles(d.get("/api/v1/events?days=2&search=standup")["events"]); got != "Standup, Standup" {
		t.Errorf("shown again: %q", got)
	}
	if a := d.ask("DELETE", "/api/v1/hidden?id=nobody", "", withToken()); a.StatusCode != http.StatusNotFound || d.json(a)["code"] != "unknown_event" {
		t.Errorf("unknown: %d %s", a.StatusCode, a.body)
	}
	if a := d.ask("DELETE", "/api/v1/hidden", "", withToken()); a.StatusCode != http.StatusBadRequest {
		t.Errorf("without id: %d", a.StatusCode)
	}
}

// badBodies are bodies that no route under /api/v1 takes, and the code of the refusal.
func badBodies() []struct{ body, code string } {
	return []struct{ body, code string }{
		{``, "bad_json"}, {`{`, "bad_json"}, {`{"id":"a"} {}`, "bad_json"}, {`[]`, "bad_json"}, {`"a"`, "bad_json"}, {`{"id":"a",}`, "bad_json"}, {`{'id':'a'}`, "bad_json"},
		{`{"id":5}`, "bad_member"}, {`{"id":["a"]}`, "bad_member"}, {`{"id":"a","nonsense":1}`, "bad_member"},
		{strings.Repeat(`{"id":`, 10_000), "bad_json"}, {strings.Repeat(`[`, 30_000), "bad_json"}, {"\xff\xfe{\x00", "bad_json"},
	}
}

func TestHideRefuses(t *testing.T) {
	d := start(t)
	for _, c := range badBodies() {
		a := d.ask("POST", "/api/v1/hidden", c.body, asJSON(), withToken())
		if got := d.json(a); got["code"] != c.code {
			t.Errorf("%.40s: %d %v", c.body, a.StatusCode, got)
		}
	}
	for _, body := range []string{`{}`, `{"id":""}`, `{"id":null}`, `{"id":"a\u0001"}`, `{"id":"` + strings.Repeat("x", 1025) + `"}`} {
		a := d.ask("POST", "/api/v1/hidden", body, asJSON(), withToken())
		if got := d.json(a); a.StatusCode != http.StatusBadRequest || got["code"] != "bad_id" {
			t.Errorf("%.40s: %d %v", body, a.StatusCode, got)
		}
	}
	for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/jsonx", ";"} {
		a := d.ask("POST", "/api/v1/hidden", `{"id":"a"}`, withToken(), header{"Content-Type", kind})
		if a.StatusCode != http.StatusUnsupportedMediaType {
			t.Errorf("type %q: %d", kind, a.StatusCode)
		}
	}
	if n := len(d.kept().Hidden); n != 0 {
		t.Errorf("%d hidden", n)
	}
}

func TestForms(t *testing.T) {
	d := start(t)
	d.household()
	id := path(d.get("/api/v1/events?days=1&search=budget")["events"].([]any)[0], "id").(string)
	form := url.Values{"id": {id}, "title": {"Budget"}, "back": {"/agenda?days=3"}}.Encode()

	a := d.ask("POST", "/hide", form, asForm(), header{"Origin", d.url})
	if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/agenda?days=3" {
		t.Fatalf("hide: %d to %q", a.StatusCode, a.Header.Get("Location"))
	}
	if got := titles(d.get("/api/v1/events?days=1")["events"]); strings.Contains(got, "Budget") {
		t.Errorf("still there: %q", got)
	}
	a = d.ask("POST", "/unhide", url.Values{"id": {id}, "back": {"//evil.example"}}.Encode(), asForm())
	if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/" {
		t.Errorf("unhide: %d to %q", a.StatusCode, a.Header.Get("Location"))
	}
	if got := titles(d.get("/api/v1/events?days=1")["events"]); !strings.Contains(got, "Budget") {
		t.Errorf("not shown again: %q", got)
	}
	for _, p := range []string{"/hide", "/unhide"} {
		for body, status := range map[string]int{"": 400, "id=": 400, "id=%00": 400, "id=%zz": 400, "id=" + strings.Repeat("x", 1025): 400} {
			if a := d.ask("POST", p, body, asForm()); a.StatusCode != status || !d.tells(a, formal, "", "The ") {
				t.Errorf("%s %.20s: %d, want %d: %s", p, body, a.StatusCode, status, a.body)
			}
		}
		if a := d.ask("POST", p, `{"id":"a"}`, asJSON()); a.StatusCode != http.StatusUnsupportedMediaType || !d.tells(a, formal, "", "The body must be a form.") {
			t.Errorf("%s with JSON: %d %s", p, a.StatusCode, a.body)
		}
	}
}

// A refused form says so in a sentence and leads back by itself, to this server only.
func TestRefusedFormLeadsBack(t *testing.T) {
	d := start(t)
	for given, want := range map[string]string{"/agenda?days=3&theme=dark": "/agenda?days=3&amp;theme=dark", "//evil.example": "/", `/"><script>`: "/%22%3E%3Cscript%3E", "": "/"} {
		a := d.ask("POST", "/hide", url.Values{"back": {given}}.Encode(), asForm())
		for _, part := range []string{`content="15; url=` + want + `"`, `<a href="` + want + `">`, "<p>The id of an event is missing, too long or not text.</p>"} {
			if !strings.Contains(string(a.body), part) {
				t.Errorf("%s: no %s in\n%s", given, part, a.body)
			}
		}
		if a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%v", a.Header)
		}
	}
}
