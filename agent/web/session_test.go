package web

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"calendarbot/agent/config"
)

const pinOfTests = "24680"

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// login logs in as a browser does, and returns the header with the cookie.
func (d *device) login(pin, back string) (answer, header) {
	d.t.Helper()
	a := d.ask("POST", "/login", url.Values{"pin": {pin}, "back": {back}}.Encode(), asForm(), header{"Origin", d.url})
	text, _, _ := strings.Cut(a.Header.Get("Set-Cookie"), ";")
	return a, header{"Cookie", text}
}

func TestLogin(t *testing.T) {
	d := start(t, said(t, "web.pin", pinOfTests))
	if a := d.ask("GET", "/login?back=/agenda", ""); a.StatusCode != http.StatusOK || !strings.Contains(string(a.body), `name="pin"`) || !strings.Contains(string(a.body), `value="/agenda"`) || strings.Contains(string(a.body), "<script") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	for pin, want := range map[string]int{"": 400, "24681": 401} {
		a, cookie := d.login(pin, "/agenda")
		if a.StatusCode != want || cookie.value != "" || !strings.Contains(string(a.body), `role="alert"`) || !strings.Contains(string(a.body), `value="/agenda"`) {
			t.Errorf("%q: %d %s", pin, a.StatusCode, a.body)
		}
	}
	a, cookie := d.login(pinOfTests, "/agenda?days=2")
	set := a.Header.Get("Set-Cookie")
	if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/agenda?days=2" || !strings.Contains(set, "HttpOnly") || !strings.Contains(set, "SameSite=Strict") || !strings.Contains(strings.ToLower(set), "path=/") {
		t.Fatalf("%d %q %q", a.StatusCode, a.Header.Get("Location"), set)
	}
	if a, _ := d.login(pinOfTests, "//evil.example/"); a.Header.Get("Location") != "/" {
		t.Errorf("led to %q", a.Header.Get("Location"))
	}
	if a, _ := d.login(writeToken, "/"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("with the token: %d", a.StatusCode)
	}

	// A browser that is logged in reads and writes; its cookie alone, without saying where the request comes from, does not.
	if a := d.ask("GET", "/api/v1/config", "", cookie); a.StatusCode != http.StatusOK {
		t.Errorf("read: %d", a.StatusCode)
	}
	for _, c := range []struct {
		from header
		want int
	}{{header{"Origin", d.url}, 200}, {header{"Sec-Fetch-Site", "same-origin"}, 200}, {header{"Referer", d.url + "/"}, 403}, {header{"X-Nothing", ""}, 403}, {header{"Origin", "http://evil.example"}, 403}} {
		if a := d.ask("DELETE", "/api/v1/cache", "", cookie, c.from); a.StatusCode != c.want {
			t.Errorf("write with %v: %d", c.from, a.StatusCode)
		}
	}
	for _, forged := range []string{"calendarbot=", "calendarbot=x", cookie.value + "A", strings.Replace(cookie.value, "=", "=A", 1), "other=" + cookie.value} {
		if a := d.ask("GET", "/api/v1/config", "", header{"Cookie", forged}); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %d", forged, a.StatusCode)
		}
	}
}

func TestLoginIsBounded(t *testing.T) {
	d := start(t, said(t, "web.pin", pinOfTests))
	for range freeTries {
		if a, _ := d.login("99999", "/"); a.StatusCode != http.StatusUnauthorized {
			t.Fatalf("%d", a.StatusCode)
		}
	}
	a, _ := d.login(pinOfTests, "/")
	if a.StatusCode != http.StatusTooManyRequests || atoi(t, a.Header.Get("Retry-After")) < 1 || !strings.Contains(string(a.body), "too often") {
		t.Errorf("%d %v", a.StatusCode, a.Header)
	}
	b := d.ask("DELETE", "/api/v1/cache", "", withToken())
	if b.StatusCode != http.StatusTooManyRequests || d.json(b)["code"] != "too_many_tries" || atoi(t, b.Header.Get("Retry-After")) < 1 {
		t.Errorf("%d %s", b.StatusCode, b.body)
	}
}

func TestLogout(t *testing.T) {
	d := start(t, said(t, "web.pin", pinOfTests))
	_, cookie := d.login(pinOfTests, "/")
	page := d.ask("GET", "/settings", "", cookie)
	token := formToken(t, page)
	here := header{"Origin", d.url}
	if a := d.ask("POST", "/logout", "token=wrong", asForm(), cookie, here); a.StatusCode != http.StatusForbidden {
		t.Errorf("a wrong token: %d", a.StatusCode)
	}
	if a := d.ask("GET", "/api/v1/config", "", cookie); a.StatusCode != http.StatusOK {
		t.Errorf("logged out by a wrong form: %d", a.StatusCode)
	}
	a := d.ask("POST", "/logout", "token="+token, asForm(), cookie, here)
	if a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Set-Cookie"), "calendarbot=;") {
		t.Errorf("%d %q", a.StatusCode, a.Header.Get("Set-Cookie"))
	}
	if a := d.ask("GET", "/api/v1/config", "", cookie); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("the cookie still holds: %d", a.StatusCode)
	}
}

// formToken finds the token in the forms of a page.
func formToken(t *testing.T, a answer) string {
	t.Helper()
	found := regexp.MustCompile(`name="token" value="([^"]+)"`).FindSubmatch(a.body)
	if found == nil {
		t.Fatalf("%d, no token: %.500s", a.StatusCode, a.body)
	}
	return string(found[1])
}

func TestSessionsEnd(t *testing.T) {
	web := config.Web{PIN: "1234"}
	s, now := newSessions(), time.Unix(1_800_000_000, 0)
	n := s.begin(now)
	cookie := s.cookie(n, web)
	holds := func(text string, at time.Time, w config.Web) bool {
		_, ok := s.read(text, w, at)
		return ok
	}
	if !holds(cookie, now.Add(sessionIdle-time.Second), web) || holds(cookie, now.Add(sessionIdle), web) {
		t.Error("not idle for as long as it is said")
	}
	if !holds(cookie, now.Add(-renewAfter), web) || holds(cookie, now.Add(-renewAfter-time.Second), web) || holds(cookie, now.AddDate(-5, 0, 0), web) {
		t.Error("a clock that was set back makes it hold for longer")
	}
	if holds(cookie, now, config.Web{PIN: "12345"}) || holds(cookie, now, config.Web{PIN: "1234", WriteToken: "x"}) {
		t.Error("it outlives another PIN")
	}
	if other := newSessions(); func() bool { _, ok := other.read(cookie, web, now); return ok }() {
		t.Error("it outlives the program")
	}
	at := now
	for range 100 {
		at = at.Add(sessionIdle - time.Minute)
		if !holds(s.cookie(n, web), at, web) {
			break
		}
		if !n.stale(at) {
			t.Fatal("not renewed")
		}
		n = n.renewed(at)
	}
	if long := at.Sub(now); long < sessionLong || long > sessionLong+sessionIdle {
		t.Errorf("it held for %s", long)
	}
	if s.begin(now).stale(now.Add(renewAfter)) || s.fits(s.formToken(n, web), session{}, web) || !s.fits(s.formToken(n, web), n, web) || s.fits("", n, web) {
		t.Error("renewed too often, or a form fits another session")
	}
	first := s.begin(now)
	for range maxEnded {
		s.end(s.begin(now), now)
	}
	if !holds(s.cookie(first, web), now, web) {
		t.Error("others' logout counts for all")
	}
	before := s.cookie(first, web)
	s.end(s.begin(now), now)
	if holds(before, now, web) || len(s.ended) > maxEnded {
		t.Error("one logout too many is forgotten")
	}
	s.end(s.begin(now), now)
	s.end(s.begin(now.Add(2*sessionLong)), now.Add(2*sessionLong))
	if len(s.ended) != 1 {
		t.Errorf("%d are remembered", len(s.ended))
	}
}

// Where reading is closed, strangers see nothing of the calendar; the device itself does.
func TestClosedReads(t *testing.T) {
	d := start(t, said(t, "web.pin", pinOfTests), said(t, "web.reads", "closed"))
	d.household()
	far := header{"X-Forwarded-For", "192.168.1.7"}
	_, cookie := d.login(pinOfTests, "/")
	for _, r := range new(Server).routes() {
		p := strings.NewReplacer(":id", "work", ":name", "x").Replace(r.path)
		if r.method != "GET" || r.access == voice || p == "/stream" {
			continue
		}
		a := d.ask("GET", p, "", far)
		switch r.access {
		case open:
			if a.StatusCode == http.StatusUnauthorized {
				t.Errorf("%s: %d", p, a.StatusCode)
			}
		case viewing, settling, visiting:
			if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/login?back="+url.QueryEscape(p) {
				t.Errorf("%s: %d %q", p, a.StatusCode, a.Header.Get("Location"))
			}
		default:
			if want := map[bool]string{true: "token", false: "closed"}[r.access == knowing]; a.StatusCode != http.StatusUnauthorized || d.json(a)["code"] != want {
				t.Errorf("%s: %d %s", p, a.StatusCode, a.body)
			}
		}
		if strings.Contains(string(a.body), "Standup") {
			t.Errorf("%s shows the calendar", p)
		}
		if r.access == reading || r.access == viewing || r.access == dropIn {
			for _, h := range []header{cookie, withToken(), {"Authorization", basic("x", pinOfTests)}} {
				if a := d.ask("GET", p, "", far, h); a.StatusCode != http.StatusOK {
					t.Errorf("%s with %s: %d", p, h.name, a.StatusCode)
				}
			}
			if a := d.ask("GET", p, ""); a.StatusCode != http.StatusOK {
				t.Errorf("%s on the device: %d", p, a.StatusCode)
			}
		}
	}
	if a := d.ask("POST", "/api/skip", `{"meeting_id":"a"}`, far); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("a stranger skips: %d", a.StatusCode)
	}
	if a := d.ask("GET", "/stream", "", far); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("/stream: %d", a.StatusCode)
	}
}

// A login holds as long as somebody looks at the settings.
func TestSessionIsRenewed(t *testing.T) {
	var now atomic.Pointer[time.Time]
	begin := at(t, monday)
	now.Store(&begin)
	d := start(t, said(t, "web.pin", pinOfTests), func(o *Options) { o.Now = func() time.Time { return *now.Load() } })
	_, cookie := d.login(pinOfTests, "/")
	if a := d.ask("GET", "/settings", "", cookie); a.Header.Get("Set-Cookie") != "" {
		t.Error("renewed at once")
	}
	later := begin.Add(sessionIdle - time.Minute)
	now.Store(&later)
	a := d.ask("GET", "/settings", "", cookie)
	text, _, _ := strings.Cut(a.Header.Get("Set-Cookie"), ";")
	if text == "" {
		t.Fatal("not renewed")
	}
	much := later.Add(sessionIdle - time.Minute)
	now.Store(&much)
	if a := d.ask("GET", "/api/v1/config", "", header{"Cookie", text}); a.StatusCode != http.StatusOK {
		t.Errorf("the new one: %d", a.StatusCode)
	}
	if a := d.ask("GET", "/api/v1/config", "", cookie); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("the old one: %d", a.StatusCode)
	}
}
