package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"calendarbot/agent/config"
	"calendarbot/agent/page"
)

// unprovoked are answers that this test does not bring about: each needs a store that is full, or a client that runs wild elsewhere
// (TestClientRate).
func unprovoked() map[string]bool {
	return map[string]bool{
		"POST /api/skip 409": true, "POST /api/v1/hidden 409": true, "POST /api/v1/sources 409": true, "POST /hide 409": true, "POST /unhide 409": true,
		"PUT /api/v1/update/upload 507": true, "DELETE /api/v1/rollback 503": true,
		"GET / 429": true, "GET /agenda 429": true, "GET /status 429": true,
	}
}

// Every answer that the description names is given by the real server, and (in ask) is as it is described.
func TestEveryDescribedAnswer(t *testing.T) {
	seen := map[string]bool{}
	note := func(d *device, method, path, body string, headers ...header) {
		t.Helper()
		a := d.ask(method, path, body, headers...)
		r, err := http.NewRequestWithContext(t.Context(), method, d.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if route := operation(contract(t), r); route != nil {
			seen[fmt.Sprintf("%s %s %d", method, route.Path, a.StatusCode)] = true
		}
	}

	empty := start(t)
	for _, p := range []string{"/api/health", "/readyz"} {
		note(empty, "GET", p, "")
	}

	d := start(t)
	d.household()
	note(d, "GET", "/api/health", "")
	feed, _ := feedServer(t)
	added := `"url":"` + feed + `/a.ics","username":"ann","password":"pass","lan":true}`
	note(d, "POST", "/api/v1/sources", `{"id":"choir",`+added, asJSON(), withToken())
	for _, p := range []string{
		"/", "/agenda", "/favicon.ico", "/api/whats-next", "/api/clear_skips", "/api/done-for-day", "/api/v1/events", "/api/v1/whats-next",
		"/api/v1/sources", "/api/v1/hidden", "/api/v1/openapi.yaml", "/healthz", "/readyz", "/assets/nothing", "/api/v1/events?calendar=nobody",
		"/api/v1/settings", "/api/v1/features", "/api/v1/emergency-off", "/api/v1/cache", "/api/v1/pools", "/api/v1/status", "/api/v1/pressure", "/api/v1/pressure/history", "/api/v1/pressure/history?range=x", "/status", "/stream?of=x", "/metrics", "/login", "/api/v1/config", "/api/v1/config/log",
		"/api/done-for-day?tz=x", "/api/v1/events?days=x", "/api/v1/whats-next?tz=x",
	} {
		note(d, "GET", p, "")
	}
	for _, route := range alexaRoutes() {
		note(d, "GET", "/api/alexa/"+route, "", withVoice())
		note(d, "GET", "/api/alexa/"+route, "")
		note(d, "GET", "/api/alexa/"+route+"?tz=x&timezone=x", "", withVoice())
	}
	css := d.ask("GET", "/", "").body
	asset := css[bytes.Index(css, []byte("/assets/")):]
	note(d, "GET", string(asset[:bytes.IndexByte(asset, '"')]), "")
	for _, c := range []struct {
		method, path, body string
		kind               header
	}{
		{"POST", "/api/morning-summary", "", asJSON()}, {"POST", "/api/morning-summary?max_events=x", "", asJSON()},
		{"POST", "/api/skip", `{"meeting_id":"a"}`, asJSON()}, {"POST", "/api/skip", `{}`, asJSON()}, {"DELETE", "/api/skip", "", asJSON()},
		{"POST", "/api/browser-heartbeat", "", asJSON()},
		{"POST", "/hide", "id=a", asForm()}, {"POST", "/hide", "", asForm()}, {"POST", "/hide", "id=a", asJSON()},
		{"POST", "/unhide", "id=a", asForm()}, {"POST", "/unhide", "", asForm()}, {"POST", "/unhide", "id=a", asJSON()},
		{"POST", "/api/v1/hidden", `{"id":"a"}`, asJSON()}, {"POST", "/api/v1/hidden", `{`, asJSON()}, {"POST", "/api/v1/hidden", `{}`, asForm()},
		{"DELETE", "/api/v1/hidden?id=a", "", asJSON()}, {"DELETE", "/api/v1/hidden?id=a", "", asJSON()}, {"DELETE", "/api/v1/hidden", "", asJSON()},
		{"POST", "/api/v1/sources", `{`, asJSON()}, {"POST", "/api/v1/sources", `{}`, asForm()}, {"POST", "/api/v1/sources", `{"url":"` + feed + `/page","lan":true}`, asJSON()},
		{"PUT", "/api/v1/sources/choir", `{"name":"Choir"}`, asJSON()}, {"PUT", "/api/v1/sources/choir", `{`, asJSON()}, {"PUT", "/api/v1/sources/choir", `{}`, asForm()},
		{"PUT", "/api/v1/sources/choir", `{"password":"x"}`, asJSON()}, {"PUT", "/api/v1/sources/work", `{}`, asJSON()}, {"PUT", "/api/v1/sources/nobody", `{}`, asJSON()},
		{"POST", "/api/v1/sources/choir/refresh", "", asJSON()}, {"POST", "/api/v1/sources/nobody/refresh", "", asJSON()},
		{"PUT", "/api/v1/sources/choir", `{"disabled":true}`, asJSON()}, {"POST", "/api/v1/sources/choir/refresh", "", asJSON()},
		{"DELETE", "/api/v1/sources/choir", "", asJSON()}, {"DELETE", "/api/v1/sources/nobody", "", asJSON()}, {"DELETE", "/api/v1/sources/work", "", asJSON()},
		{"PATCH", "/api/v1/settings", `{"set":{"display.days":5}}`, asJSON()}, {"PATCH", "/api/v1/settings", `{}`, asJSON()}, {"PATCH", "/api/v1/settings", `{}`, asForm()},
		{"PATCH", "/api/v1/config", `{"set":{"display.days":"6"}}`, asJSON()}, {"PATCH", "/api/v1/config", `{}`, asJSON()}, {"PATCH", "/api/v1/config", `{}`, asForm()},
		{"GET", "/api/v1/config", "", asJSON()}, {"GET", "/api/v1/config/log", "", asJSON()}, {"GET", "/api/v1/config/log?limit=x", "", asJSON()},
		{"POST", "/api/v1/config/undo", `{}`, asJSON()}, {"POST", "/api/v1/config/undo", `{"id":4711}`, asJSON()}, {"POST", "/api/v1/config/undo", `{`, asJSON()}, {"POST", "/api/v1/config/undo", `{}`, asForm()},
		{"POST", "/api/v1/config/reload", `{}`, asJSON()}, {"POST", "/api/v1/config/reload", `{`, asJSON()}, {"POST", "/api/v1/config/reload", `{}`, asForm()},
		{"PUT", "/api/v1/features/request_batching", `{"setting":"on"}`, asJSON()}, {"PUT", "/api/v1/features/request_batching", `{"setting":"x"}`, asJSON()},
		{"PUT", "/api/v1/features/nothing", `{"setting":"on"}`, asJSON()}, {"PUT", "/api/v1/features/request_batching", `{}`, asForm()},
		{"POST", "/api/v1/emergency-off", `{}`, asJSON()}, {"POST", "/api/v1/emergency-off", `{`, asJSON()}, {"POST", "/api/v1/emergency-off", `{}`, asForm()},
		{"DELETE", "/api/v1/emergency-off", `{}`, asJSON()}, {"DELETE", "/api/v1/emergency-off", `{`, asJSON()}, {"DELETE", "/api/v1/emergency-off", `{}`, asForm()},
		{"DELETE", "/api/v1/cache", "", asJSON()}, {"POST", "/logout", "", asJSON()}, {"POST", "/login", "", asForm()}, {"POST", "/login", "", asJSON()},
	} {
		note(d, c.method, c.path, c.body, c.kind, withToken())
	}
	coverSettings(t, note)

	closed := start(t, said(t, "web.drop_in_writes", "false"))
	for _, c := range changes() {
		note(closed, c.method, c.path, c.body, c.kind)
		note(closed, c.method, c.path, c.body, c.kind, header{"Origin", "null"})
	}

	shut := start(t)
	note(shut, "POST", "/hide", "id=a", asForm())
	if err := shut.store.Close(); err != nil {
		t.Fatal(err)
	}
	note(shut, "POST", "/hide", "id=b", asForm())
	note(shut, "POST", "/unhide", "id=a", asForm())

	var log bytes.Buffer
	failing := broken(t, &log, answers(func(context.Context, page.Query) (page.Page, error) { return page.Page{}, errors.New("broken") }))
	for _, p := range jsonPages() {
		note(failing, p.method, p.path, "", withVoice())
	}

	note(d, "GET", SelfPath, "")
	note(d, "GET", SelfPath, "", header{SelfHeader, d.server.SelfKey()})

	for range maxTrials {
		leave, err := d.server.enterTrial()
		if err != nil {
			t.Fatal(err)
		}
		defer leave()
	}
	note(d, "POST", "/api/v1/sources", `{}`, asJSON(), withToken())
	note(d, "PUT", "/api/v1/sources/choir", `{}`, asJSON(), withToken())
	note(d, "HEAD", "/stream", "")
	seen["GET /stream 200"] = true // TestStreamTellsChanges listens
	for range maxStreams {
		if d.server.pulse.listen() == nil {
			t.Fatal("no place")
		}
	}
	note(d, "GET", "/stream", "")

	stranger := start(t, said(t, "web.write_token", ""), said(t, "web.reads", "closed"))
	far := header{"X-Forwarded-For", "192.168.1.7"}
	for _, p := range []string{"/", "/agenda", "/status", "/settings", "/setup", "/update", "/api/v1/config", "/api/v1/config/log"} {
		note(stranger, "GET", p, "", far)
	}
	for _, c := range changes() {
		note(stranger, c.method, c.path, c.body, c.kind, far)
	}

	coverSetup(t, note)
	coverUpdates(t, note)
	left := unprovoked()
	for path, item := range contract(t).Paths.Map() {
		for method, op := range item.Operations() {
			for status := range op.Responses.Map() {
				key := strings.Join([]string{method, path, status}, " ")
				if !seen[key] && !left[key] {
					t.Errorf("%s is described, but nothing brings it about", key)
				}
			}
		}
	}
}

// coverSettings brings about the answers of the pages on which something is set, and those that need a file.
func coverSettings(t *testing.T, note func(d *device, method, path, body string, headers ...header)) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "calendarbot.yaml")
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(file, "web:\n  write_token: "+writeToken+"\n  pin: \""+pinOfTests+"\"\nfeatures:\n  emergency_file: "+file+".off\n")
	d := start(t, func(o *Options) {
		live, err := config.Start(t.Context(), config.Input{Path: file}, o.Store, o.Now)
		if err != nil {
			t.Fatal(err)
		}
		o.Control = told{live, o.Gates}
	})
	write(file+".off", "")
	note(d, "DELETE", "/api/v1/emergency-off", `{}`, asJSON(), withToken())
	write(file, "nonsense: [")
	note(d, "POST", "/api/v1/config/reload", `{}`, asJSON(), withToken())

	p, from := d.person(), header{"Origin", d.url}
	note(d, "GET", "/settings", "", p.cookie)
	note(d, "GET", "/settings", "")
	feed, _ := feedServer(t)
	for _, body := range []string{"do=refresh&id=work", "do=x", "do=refresh&id=nobody", "do=remove&id=work", "do=add&lan=1&url=" + url.QueryEscape(feed+"/page")} {
		note(d, "POST", "/settings", body+"&token="+p.token, asForm(), p.cookie, from)
	}
	note(d, "POST", "/settings", "do=x", asForm(), p.cookie, from)
	note(d, "POST", "/settings", "do=x", asForm())
	note(d, "POST", "/settings", "", asJSON(), p.cookie, from)
	if err := d.store.Close(); err != nil {
		t.Fatal(err)
	}
	note(d, "POST", "/settings", "do=choose&display.days=3&token="+p.token, asForm(), p.cookie, from)
	note(d, "POST", "/logout", "token="+p.token, asForm(), p.cookie, from)
	for range freeTries + 1 {
		note(d, "POST", "/login", "pin=wrong", asForm(), from)
	}
}
