package web

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// feedServer is a calendar on 127.0.0.1 that wants a password; what it was asked is counted.
func feedServer(t *testing.T) (url string, asked *atomic.Int64) {
	t.Helper()
	asked = new(atomic.Int64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		switch user, password, _ := r.BasicAuth(); {
		case r.URL.Path == "/page":
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<!DOCTYPE html><html><body>Sign in</body></html>")
		case user != "ann" || password != "pass":
			w.WriteHeader(http.StatusUnauthorized)
		default:
			w.Header().Set("Content-Type", "text/calendar")
			fmt.Fprint(w, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\nBEGIN:VEVENT\r\nUID:choir@example.org\r\nDTSTAMP:20260101T000000Z\r\n"+
				"DTSTART:20260615T180000Z\r\nDTEND:20260615T190000Z\r\nSUMMARY:Choir\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
		}
	}))
	t.Cleanup(s.Close)
	return s.URL, asked
}

// until waits for something to become true.
func (d *device) until(what string, true_ func() bool) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !true_() {
		select {
		case <-ctx.Done():
			d.t.Fatalf("%s did not happen", what)
		case <-tick.C:
		}
	}
}

// source finds one in the list.
func (d *device) source(id string) map[string]any {
	d.t.Helper()
	for _, s := range d.get("/api/v1/sources")["sources"].([]any) {
		if path(s, "id") == id {
			return s.(map[string]any)
		}
	}
	return nil
}

func TestSourcesList(t *testing.T) {
	d := start(t)
	if got := d.source("work"); got["state"] != "waiting" || got["last_success"] != nil || got["origin"] != "configuration" {
		t.Errorf("%v", got)
	}
	d.household()
	if err := d.store.Failed(t.Context(), "work", "http_500", "The server of Work has a problem.", at(t, monday).Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	got := d.source("work")
	for key, want := range map[string]any{
		"state": "failing", "code": "http_500", "error": "The server of Work has a problem.", "events": 3.0, "last_success": "2026-06-15T06:30:00Z",
		"next_try": "2026-06-15T06:31:00Z", "failing_since": "2026-06-15T06:30:00Z",
	} {
		if got[key] != want {
			t.Errorf("%s: %v, want %v", key, got[key], want)
		}
	}
	if a := d.ask("GET", "/api/v1/sources", ""); strings.Contains(string(a.body), "secret-path") {
		t.Errorf("the address is told whole: %s", a.body)
	}
}

func TestSourceIsAddedEditedAndDeleted(t *testing.T) {
	d := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.server.o.Refresher.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	url, asked := feedServer(t)

	body := `{"name":"Choir","url":"` + url + `/secret-path.ics","username":"ann","password":"pass","lan":true,"refresh":"15m","headers":{"X-Key":"abc"}}`
	a := d.ask("POST", "/api/v1/sources", body, asJSON(), withToken())
	added := d.json(a)
	if a.StatusCode != http.StatusCreated || added["id"] != "choir" || added["origin"] != "web" || a.Header.Get("Location") != "/api/v1/sources/choir" {
		t.Fatalf("add: %d %v", a.StatusCode, added)
	}
	for _, secret := range []string{"secret-path", "pass", "abc"} {
		if strings.Contains(string(a.body), `"`+secret) || strings.Contains(string(a.body), secret+".ics") {
			t.Errorf("%q is told: %s", secret, a.body)
		}
	}
	d.until("the first fetch", func() bool { return d.source("choir")["state"] == "ok" })
	if got := titles(d.get("/api/v1/events?days=1&calendar=choir")["events"]); got != "Choir" {
		t.Errorf("events %q", got)
	}
	if got := d.json(d.ask("GET", "/api/health", "")); path(got["background_tasks"].([]any)[0], "status") != "running" {
		t.Errorf("%v", got["background_tasks"])
	}

	a = d.ask("PUT", "/api/v1/sources/choir", `{"name":"Choir practice"}`, asJSON(), withToken())
	if got := d.json(a); a.StatusCode != http.StatusOK || got["name"] != "Choir practice" {
		t.Errorf("edit: %d %v", a.StatusCode, got)
	}
	before := asked.Load()
	if a := d.ask("POST", "/api/v1/sources/choir/refresh", "", withToken()); a.StatusCode != http.StatusAccepted {
		t.Errorf("refresh: %d", a.StatusCode)
	}
	d.until("the fetch that was asked for", func() bool { return asked.Load() > before })

	for _, c := range []struct {
		name, body, code string
		status           int
	}{
		{"wrong password", `{"password":"wrong"}`, "trial_failed", 422},
		{"another id", `{"id":"other"}`, "bad_member", 400},
		{"a bad color", `{"color":"red"}`, "bad_member", 400},
		{"a bad pause", `{"refresh":"soon"}`, "bad_member", 400},
		{"too short a pause", `{"refresh":"1s"}`, "bad_member", 400},
		{"null where text belongs", `{"name":7}`, "bad_member", 400},
	} {
		a := d.ask("PUT", "/api/v1/sources/choir", c.body, asJSON(), withToken())
		if got := d.json(a); a.StatusCode != c.status || got["code"] != c.code {
			t.Errorf("%s: %d %v", c.name, a.StatusCode, got)
		}
	}

	if a := d.ask("DELETE", "/api/v1/sources/choir", "", withToken()); a.StatusCode != http.StatusNoContent {
		t.Errorf("delete: %d %s", a.StatusCode, a.body)
	}
	if d.source("choir") != nil {
		t.Error("still there")
	}
}

// A password for one server is not sent to another only because an address was changed.
func TestCredentialsStayWithTheirHost(t *testing.T) {
	old := configSource("https://a.example/x", "ann", "pass")
	moved, other := "https://a.example/y", "https://b.example/x"
	if got, err := (sourceInput{URL: &moved}).apply(old); err != nil || got.Password != "pass" || got.URL.Reveal() != moved {
		t.Errorf("same host: %v, %v", got.Password == "pass", err)
	}
	if got, err := (sourceInput{URL: &other}).apply(old); err != nil || got.Password != "" || got.Username != "" || got.Bearer != "" || got.Headers != nil {
		t.Errorf("another host: %+v, %v", got, err)
	}
}

func TestSourceRefuses(t *testing.T) {
	d := start(t)
	for _, c := range badBodies() {
		if c.code == "bad_member" && strings.HasPrefix(c.body, `{"id":"a"`) {
			continue
		}
		for _, route := range []struct{ method, path string }{{"POST", "/api/v1/sources"}, {"PUT", "/api/v1/sources/work"}} {
			a := d.ask(route.method, route.path, c.body, asJSON(), withToken())
			if got := d.json(a); got["code"] != c.code {
				t.Errorf("%s %.40s: %d %v", route.method, c.body, a.StatusCode, got)
			}
		}
	}
	url, _ := feedServer(t)
	for _, c := range []struct {
		name, body, code, reason string
		status                   int
	}{
		{"no address", `{"name":"x"}`, "bad_member", "", 400},
		{"no http", `{"url":"ftp://a.example/x"}`, "bad_member", "", 400},
		{"no host", `{"url":"https:///x"}`, "bad_member", "", 400},
		{"a header that is ours", `{"url":"https://a.example/x","headers":{"Host":"b"}}`, "bad_member", "", 400},
		{"an id that is taken", `{"url":"https://a.example/x","id":"work","disabled":true}`, "bad_member", "", 400},
		{"this network without the opt-in", `{"url":"` + url + `/a.ics"}`, "trial_failed", "address", 422},
		{"no password", `{"url":"` + url + `/a.ics","lan":true}`, "trial_failed", "http_401", 422},
		{"a web page", `{"url":"` + url + `/page","lan":true}`, "trial_failed", "html", 422},
	} {
		a := d.ask("POST", "/api/v1/sources", c.body, asJSON(), withToken())
		got := d.json(a)
		reason, _ := got["reason"].(string)
		if a.StatusCode != c.status || got["code"] != c.code || reason != c.reason {
			t.Errorf("%s: %d %v", c.name, a.StatusCode, got)
		}
	}
	for _, c := range []struct {
		method, path, body, code string
		status                   int
	}{
		{"PUT", "/api/v1/sources/work", `{"name":"x"}`, "configured", 409}, {"DELETE", "/api/v1/sources/work", "", "configured", 409},
		{"PUT", "/api/v1/sources/nobody", `{"name":"x"}`, "unknown_source", 404}, {"DELETE", "/api/v1/sources/nobody", "", "unknown_source", 404},
		{"DELETE", "/api/v1/sources/%2e%2e", "", "unknown_source", 404}, {"DELETE", "/api/v1/sources/" + strings.Repeat("x", 3000), "", "unknown_source", 404},
		{"POST", "/api/v1/sources/nobody/refresh", "", "unknown_source", 404},
	} {
		a := d.ask(c.method, c.path, c.body, asJSON(), withToken())
		if got := d.json(a); a.StatusCode != c.status || got["code"] != c.code {
			t.Errorf("%s %.40s: %d %v", c.method, c.path, a.StatusCode, got)
		}
	}
	if n := len(d.get("/api/v1/sources")["sources"].([]any)); n != 2 {
		t.Errorf("%d sources", n)
	}
}

// Only a few calendars are tried at a time.
func TestTrialsAreBounded(t *testing.T) {
	d := start(t)
	for range maxTrials {
		leave, err := d.server.enterTrial()
		if err != nil {
			t.Fatal(err)
		}
		defer leave()
	}
	a := d.ask("POST", "/api/v1/sources", `{"url":"https://a.example/x"}`, asJSON(), withToken())
	if a.StatusCode != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

// Who added, changed and removed a calendar stands in the audit log, without what is secret of its address, and is not undone there.
func TestCalendarsAreInTheAuditLog(t *testing.T) {
	d := start(t, said(t, "web.pin", pinOfTests))
	feed, _ := feedServer(t)
	host := strings.TrimPrefix(feed, "http://")
	body := `{"id":"choir","name":"Choir","url":"http://ann:pass@` + host + `/secret-path.ics?key=abc","lan":true}`
	if a := d.send("POST", "/api/v1/sources", body); a.StatusCode != http.StatusCreated {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	if a := d.send("PUT", "/api/v1/sources/choir", `{"name":"Singing"}`); a.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	p := d.person()
	p.done("remove", "id", "choir")
	p.done("add", "url", "http://ann:pass@"+host+"/secret-path.ics", "name", "Band", "lan", "1")
	if a := p.press("remove", "id", "work"); a.StatusCode != http.StatusConflict {
		t.Errorf("%d", a.StatusCode)
	}
	const program, human = "a program with the token, from 127.0.0.1", "the settings page, from 127.0.0.1"
	answer := d.ask("GET", "/api/v1/config/log?limit=4", "", withToken())
	list := d.json(answer)["changes"].([]any)
	for i, want := range []struct {
		key, who string
		from, to any
	}{
		{"sources.band", human, nil, "Band (" + host + ")"}, {"sources.choir", human, "Singing (" + host + ")", nil},
		{"sources.choir", program, "Choir (" + host + ")", "Singing (" + host + ")"}, {"sources.choir", program, nil, "Choir (" + host + ")"},
	} {
		if got := list[i]; path(got, "key") != want.key || path(got, "who") != want.who || path(got, "from") != want.from || path(got, "to") != want.to {
			t.Errorf("%d: %v, want %+v", i, got, want)
		}
	}
	page := p.page("")
	for _, secret := range []string{"secret-path", "pass", "abc"} {
		if strings.Contains(string(answer.body), secret) || has(page, secret+"@") || has(page, "secret-path") {
			t.Errorf("%s is told", secret)
		}
	}
	if !has(page, "sources.band became “Band (") || has(page, "Undo: sources.") {
		t.Errorf("%s", page.body)
	}
}
