package web

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"calendarbot/agent/page"
)

func TestPages(t *testing.T) {
	d := start(t)
	d.household()
	for p, want := range map[string]string{
		"/": `<meta name="calendarbot-ready" content="1">`, "/?theme=eink&tz=UTC": "Standup", "/agenda": "Budget &amp; plan", "/agenda?days=2&from=2026-06-16": "Review",
	} {
		a := d.ask("GET", p, "")
		if a.StatusCode != http.StatusOK || !strings.Contains(string(a.body), want) || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: %d, no %q", p, a.StatusCode, want)
		}
		for _, asset := range regexp.MustCompile(`/assets/[^"]+`).FindAllString(string(a.body), -1) {
			got := d.ask("GET", asset, "")
			if got.StatusCode != http.StatusOK || !strings.Contains(got.Header.Get("Cache-Control"), "immutable") || len(got.body) == 0 {
				t.Errorf("%s: %d, %q", asset, got.StatusCode, got.Header.Get("Cache-Control"))
			}
		}
	}
	if a := d.ask("GET", "/favicon.ico", ""); a.StatusCode != http.StatusOK || len(a.body) > 4000 || a.Header.Get("Content-Type") != "image/svg+xml" {
		t.Errorf("favicon: %d, %d bytes of %q", a.StatusCode, len(a.body), a.Header.Get("Content-Type"))
	}
}

// A wall has nobody to read an error: what cannot be used counts as not given, and the rest holds.
func TestPagesPassOverBadParameters(t *testing.T) {
	d := start(t)
	d.household()
	for bad, good := range map[string]string{
		"/?theme=pink": "/", "/?tz=Foo/Bar": "/", "/?tz=Foo/Bar&theme=dark": "/?theme=dark", "/?theme=dark&theme=light": "/", "/?%zz": "/", "/?tz=Local": "/",
		"/?tz=" + strings.Repeat("x", 5000): "/", "/agenda?days=999": "/agenda", "/agenda?days=-1&theme=eink": "/agenda?theme=eink", "/agenda?from=%00": "/agenda",
		"/agenda?from=2026-02-30&days=2": "/agenda?days=2", "/agenda?days=9&tz=%ff": "/agenda?days=9",
	} {
		got, want := d.ask("GET", bad, ""), d.ask("GET", good, "")
		if got.StatusCode != http.StatusOK || !bytes.Equal(got.body, want.body) {
			t.Errorf("%.40s: %d, not the page of %s:\n%.300s", bad, got.StatusCode, good, got.body)
		}
	}
}

// Titles of strangers stay text.
func TestHostileTitles(t *testing.T) {
	d := start(t)
	d.fill("work", `<script>alert(1)</script>|20260615T090000|20260615T093000|DESCRIPTION:</script><img src=x onerror=alert(1)>|LOCATION:"><svg onload=alert(1)>`)
	for _, p := range []string{"/", "/agenda", "/api/whats-next", "/api/v1/events"} {
		a := d.ask("GET", p, "")
		for _, tag := range []string{"<script>alert", "<img", "<svg onload"} {
			if strings.Contains(string(a.body), tag) {
				t.Errorf("%s has %q", p, tag)
			}
		}
	}
	if got := path(d.get("/api/whats-next"), "meeting", "subject"); got != "<script>alert(1)</script>" {
		t.Errorf("%v", got)
	}
}

func TestHeaders(t *testing.T) {
	d := start(t)
	for _, p := range []string{"/", "/login", "/api/whats-next", "/nowhere", "/api/v1/events?days=x", "/api/alexa/next-meeting"} {
		a := d.ask("GET", p, "")
		if h := a.Header; h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cross-Origin-Resource-Policy") != "same-origin" || h.Get("Server") != "" || h.Get("Cache-Control") == "" {
			t.Errorf("%s: %v", p, h)
		}
		page := strings.HasPrefix(a.Header.Get("Content-Type"), "text/html")
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'", "Referrer-Policy": "same-origin", "X-Frame-Options": "SAMEORIGIN", "Permissions-Policy": "camera=()",
		} {
			if got := a.Header.Get(name); page && !strings.Contains(got, want) || !page && got != "" {
				t.Errorf("%s: %s is %q", p, name, got)
			}
		}
		policy := a.Header.Get("Content-Security-Policy")
		if page && (strings.Contains(policy, "unsafe") || !strings.Contains(policy, "frame-ancestors 'self'")) {
			t.Errorf("%s: %v", p, a.Header)
		}
	}
}

func TestETag(t *testing.T) {
	d := start(t)
	d.household()
	plain := header{"Accept-Encoding", "identity"} // as the test's client unpacks by itself
	for _, p := range []string{"/", "/agenda", "/api/whats-next", "/api/v1/events", "/api/v1/openapi.yaml", "/favicon.ico"} {
		first := d.ask("GET", p, "", plain)
		tag := first.Header.Get("ETag")
		if !regexp.MustCompile(`^"[0-9a-f]{16,}(-[0-9T:+-]+)?"$`).MatchString(tag) {
			t.Fatalf("%s: ETag %q", p, tag)
		}
		kept := "private, no-cache"
		if p == "/favicon.ico" {
			kept = "public, max-age=604800"
		}
		for given, want := range map[string]int{tag: 304, `"x", W/` + tag: 304, "*": 304, `"x"`: 200, "": 200} {
			a := d.ask("GET", p, "", plain, header{"If-None-Match", given})
			if a.StatusCode != want || (want == 304 && (len(a.body) != 0 || a.Header.Get("ETag") != tag)) {
				t.Errorf("%s with %s: %d, %d bytes", p, given, a.StatusCode, len(a.body))
			}
			if got := a.Header.Get("Cache-Control"); got != kept {
				t.Errorf("%s with %s: Cache-Control %q", p, given, got)
			}
		}
		head := d.ask("HEAD", p, "", plain)
		if head.StatusCode != http.StatusOK || len(head.body) != 0 || head.Header.Get("ETag") != tag || head.ContentLength != int64(len(first.body)) {
			t.Errorf("HEAD %s: %d, %d bytes of %d, ETag %q", p, head.StatusCode, len(head.body), head.ContentLength, head.Header.Get("ETag"))
		}
	}
	before := d.ask("GET", "/api/v1/events", "").Header.Get("ETag")
	d.fill("work")
	if after := d.ask("GET", "/api/v1/events", ""); after.Header.Get("ETag") == before {
		t.Error("other events, same ETag")
	}
}

// broken is a server whose pages fail in the given way.
func broken(t *testing.T, log *bytes.Buffer, draw func(context.Context, page.Query) page.Page) *device {
	t.Helper()
	return start(t, func(o *Options) {
		o.Page = draw
		o.Log = slog.New(slog.NewTextHandler(&locked{w: log}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
}

// locked lets several goroutines write.
type locked struct {
	mu sync.Mutex
	w  *bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// jsonPages are the routes that draw a page for programs.
func jsonPages() []struct{ method, path string } {
	all := []struct{ method, path string }{
		{"GET", "/api/whats-next"}, {"GET", "/api/done-for-day"}, {"POST", "/api/morning-summary"}, {"GET", "/api/v1/events"}, {"GET", "/api/v1/whats-next"},
	}
	for _, route := range alexaRoutes() {
		all = append(all, struct{ method, path string }{"GET", "/api/alexa/" + route})
	}
	return all
}

// What the ladder says of a page becomes header fields, and the page is answered whatever it is.
func TestLadderIsTold(t *testing.T) {
	now := at(t, monday)
	var given page.Page
	d := start(t, func(o *Options) { o.Page = func(context.Context, page.Query) page.Page { return given } })
	for _, c := range []struct {
		p                page.Page
		stale, rung, age string
	}{
		{page.Page{Made: now}, "", "", "0"},
		{page.Page{Made: now.Add(-90 * time.Second), Stale: true}, "1", "", "90"},
		{page.Page{Made: now.Add(time.Hour), Rung: page.Plain, Why: "secret reasons"}, "", "plain", "0"},
		{page.Page{Rung: page.LastGood, Stale: true}, "1", "last_good", ""},
		{page.Page{Rung: page.Foot}, "", "foot", ""},
	} {
		given = c.p
		given.Status, given.Type, given.Body = http.StatusOK, "text/html; charset=utf-8", []byte("hello")
		a := d.ask("GET", "/", "")
		if a.StatusCode != http.StatusOK || string(a.body) != "hello" || a.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%+v: %d %v", c, a.StatusCode, a.Header)
		}
		if h := a.Header; h.Get("X-CalendarBot-Stale") != c.stale || h.Get("X-CalendarBot-Rung") != c.rung || h.Get("Age") != c.age || strings.Contains(fmt.Sprint(h), "reasons") {
			t.Errorf("%+v: %v", c, h)
		}
	}
	given.Status, given.Type, given.Body = http.StatusServiceUnavailable, "application/problem+json", []byte(`{"type":"about:blank","title":"x","status":503,"code":"unavailable","detail":"x"}`)
	for _, p := range jsonPages() {
		a := d.ask(p.method, p.path, "", withVoice())
		if a.StatusCode != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %v", p.path, a.StatusCode, a.Header)
		}
	}
}

// A compressed page is asked for by those who take it, and told apart.
func TestCompressedPages(t *testing.T) {
	d := start(t, func(o *Options) {
		o.Page = func(_ context.Context, q page.Query) page.Page {
			p := page.Page{Status: 200, Type: "text/html; charset=utf-8", Body: []byte("plain"), ETag: `"plain"`}
			if q.Encoding != "" {
				p.Body, p.ETag, p.Encoding = []byte("packed"), `"packed"`, q.Encoding
			}
			return p
		}
	})
	for accepted, want := range map[string]string{"gzip": "gzip", "br, gzip;q=0.8": "gzip", "identity": "", "gzip;q=0": "", "": ""} {
		a := d.ask("GET", "/", "", header{"Accept-Encoding", accepted})
		if a.Header.Get("Content-Encoding") != want || (string(a.body) == "packed") != (want == "gzip") {
			t.Errorf("%q: %v %q", accepted, a.Header, a.body)
		}
		other := map[string]string{"gzip": `"plain"`, "": `"packed"`}[want]
		if b := d.ask("GET", "/", "", header{"Accept-Encoding", accepted}, header{"If-None-Match", a.Header.Get("ETag")}); b.StatusCode != http.StatusNotModified || b.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: its own tag: %d", accepted, b.StatusCode)
		}
		if b := d.ask("GET", "/", "", header{"Accept-Encoding", accepted}, header{"If-None-Match", other}); b.StatusCode != http.StatusOK {
			t.Errorf("%q: the other's tag: %d", accepted, b.StatusCode)
		}
	}
}

func TestTakesGzip(t *testing.T) {
	for text, want := range map[string]bool{
		"": false, "gzip": true, "GZIP": true, "x-gzip": true, "deflate, gzip": true, "gzip;q=1.0": true, "gzip; q=0.001": true, "gzip;q=0": false, "gzip;q=0.000": false,
		"*": true, "*;q=0": false, "*;q=0, gzip": true, "*, gzip;q=0": false, "identity": false, "identity;q=0.5, gzip": true, "identity, gzip;q=0.5": false,
		"identity, *;q=0.1": false, "gzip;q=2": false, "gzip;q=x": false, "gzip;q=NaN": false, "gzip;level=9;q=0": false, "br;q=1, , gzip ;Q=0.4": true, "gzipped": false,
	} {
		if got := takesGzip([]byte(text)); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestPanicBecomes500(t *testing.T) {
	var log bytes.Buffer
	d := broken(t, &log, func(context.Context, page.Query) page.Page { panic("nobody expects this") })
	for _, p := range append(jsonPages(), struct{ method, path string }{"GET", "/"}) {
		a := d.ask(p.method, p.path+"?", "", withVoice())
		if got := d.json(a); a.StatusCode != http.StatusInternalServerError || got["code"] != "internal" || strings.Contains(string(a.body), "expects") {
			t.Errorf("%s: %d %v", p.path, a.StatusCode, got)
		}
	}
	d.listen() // the pulse looks at the page on a goroutine of its own
	d.until("watching", func() bool { return d.server.pulse.watching.Load() })
	d.get("/healthz")
	if err := d.stop(); err != nil {
		t.Error(err)
	}
	if text := log.String(); !strings.Contains(text, "nobody expects this") || !strings.Contains(text, "pages_test.go") || !strings.Contains(text, "pictureUntil") {
		t.Errorf("the log does not say where: %.500s", text)
	}
}

// The access log names what was asked and how it went, but not what may be secret.
func TestAccessLog(t *testing.T) {
	var log bytes.Buffer
	d := broken(t, &log, func(context.Context, page.Query) page.Page {
		return page.Page{Status: 200, Type: "application/json", Body: []byte(`{}`)}
	})
	server := d.url
	res, err := http.Get(server + "/agenda?from=2026-06-16&secret=hush") //nolint:noctx // the deadline of the test is enough
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	if err := d.stop(); err != nil {
		t.Error(err)
	}
	text := log.String()
	if !strings.Contains(text, "path=/agenda status=200") || strings.Contains(text, "hush") || strings.Contains(text, "2026-06-16") {
		t.Errorf("%s", text)
	}
}
