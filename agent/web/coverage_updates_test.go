package web

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// coverUpdates brings about the answers about slots, rollback and updates.
func coverUpdates(t *testing.T, note func(d *device, method, path, body string, headers ...header)) {
	t.Helper()
	s := startSlotted(t, said(t, "web.pin", pinOfTests))
	s.tried()
	p, from := s.person(), header{"Origin", s.url}
	writes := []struct{ method, path, body string }{
		{"POST", "/api/v1/slots/agent", `{"do":"back"}`}, {"POST", "/api/v1/rollback", `{"level":1}`}, {"POST", "/api/v1/rollback", `{"level":3}`}, {"DELETE", "/api/v1/rollback", ""},
		{"POST", "/api/v1/update", `{"do":"check"}`}, {"PUT", "/api/v1/update/upload?offset=0", "x"}, {"DELETE", "/api/v1/update/upload", ""},
	}
	for _, path := range []string{"/api/v1/slots", "/api/v1/rollback", "/api/v1/update"} {
		note(s.device, "GET", path, "")
	}
	for _, w := range writes {
		kind := asJSON()
		if w.method == "PUT" {
			kind = header{"Content-Type", "application/octet-stream"}
		}
		note(s.device, w.method, w.path, w.body, kind, withToken())
		note(s.device, w.method, w.path, w.body, kind)
		note(s.device, w.method, w.path, w.body, kind, withToken(), header{"Origin", "http://evil.example"})
		if w.method == "POST" {
			note(s.device, w.method, w.path, `{`, kind, withToken())
			note(s.device, w.method, w.path, `{}`, asForm(), withToken())
		}
	}
	note(s.device, "POST", "/api/v1/slots/disk", `{"do":"back"}`, asJSON(), withToken())
	note(s.device, "POST", "/api/v1/slots/config", `{"do":"keep"}`, asJSON(), withToken())
	note(s.device, "POST", "/api/v1/update", `{"do":"apply","from":"upload"}`, asJSON(), withToken())
	for _, c := range []struct{ query, body string }{{"offset=7", "x"}, {"offset=0", ""}, {"offset=299999999", "xx"}, {"offset=0", strings.Repeat("x", 4096)}} {
		note(s.device, "PUT", "/api/v1/update/upload?"+c.query, c.body, header{"Content-Type", "application/octet-stream"}, withToken())
	}
	note(start(t), "POST", "/api/v1/rollback", `{"level":2}`, asJSON(), withToken())

	press := func(body string, headers ...header) {
		note(s.device, "POST", "/update", body+"&token="+url.QueryEscape(p.token), append(headers, p.cookie, from)...)
	}
	note(s.device, "GET", "/update", "", p.cookie)
	note(s.device, "GET", "/update", "")
	press("do=check", asForm())
	press("do=level&level=9", asForm())
	press("do=keep", asForm())
	press("", asJSON())
	note(s.device, "POST", "/update", "do=check", asForm(), p.cookie, from)
	note(s.device, "POST", "/update", "do=check", asForm())

	// A card on which nothing can be kept: where folders are to be, there are files.
	for _, name := range []string{"orders", "update", "rollback"} {
		name = filepath.Join(s.state, name)
		if err := os.RemoveAll(name); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, w := range writes {
		kind := asJSON()
		if w.method == "PUT" {
			kind = header{"Content-Type", "application/octet-stream"}
		}
		note(s.device, w.method, w.path, w.body, kind, withToken())
	}
	press("do=check", asForm())
}
