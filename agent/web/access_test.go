package web

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"calendarbot/agent/config"
)

func TestKnownHost(t *testing.T) {
	names := hostNames([]string{"Calendar.Example.ORG", "board."}, func() (string, error) { return "Kitchen", nil })
	for host, want := range map[string]bool{
		"": true, "127.0.0.1": true, "192.168.1.5:8080": true, "[::1]:8080": true, "[fe80::1]": true, "localhost:80": true, "LOCALHOST": true, "localhost.": true,
		"calendarbot.local": true, "calendarbot.local:8080": true, "kitchen": true, "KITCHEN:8080": true, "calendar.example.org": true, "board": true, "a.localhost": true,
		"evil.example": false, "evil.example:8080": false, "local": false, ".": false, "127.0.0.1.evil.example": false, "calendarbot.local.evil.example": false,
		"kitchen.evil.example": false, "localhost.evil.example": false, "127.0.0.1:8080:1": false, "user@127.0.0.1": false, "0x7f.1": false,
	} {
		if got := knownHost(host, names); got != want {
			t.Errorf("%q: %v, want %v", host, got, want)
		}
	}
	if names := hostNames(nil, func() (string, error) { return "", errors.New("none") }); knownHost("kitchen", names) || !knownHost("localhost", names) {
		t.Error("without a host name")
	}
}

func TestNamesLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST:8080": true, "localhost.": true, "127.0.0.1": true, "127.1.2.3:8080": true, "[::1]:8080": true, "::1": true, "[::ffff:127.0.0.1]": true,
		"": false, "calendarbot.local": false, "192.168.1.5:8080": false, "localhost.evil.example": false, "a.localhost": false, "0.0.0.0": false, "[fe80::1]": false,
	} {
		if got := namesLoopback(host); got != want {
			t.Errorf("%q: %v, want %v", host, got, want)
		}
	}
}

// A web site that lets its own name point here reads nothing.
func TestForeignHostIsRefused(t *testing.T) {
	d := start(t)
	d.household()
	for _, p := range []string{"/", "/api/whats-next", "/api/v1/events", "/healthz", "/stream", "/nowhere"} {
		a := d.ask("GET", p, "", header{"Host", "evil.example:8080"})
		if a.StatusCode != http.StatusMisdirectedRequest || strings.Contains(string(a.body), "Standup") {
			t.Errorf("%s: %d", p, a.StatusCode)
		}
	}
	if a := d.ask("GET", "/healthz", "", header{"Host", "calendarbot.local:8080"}); a.StatusCode != http.StatusOK {
		t.Errorf("its .local name: %d", a.StatusCode)
	}
}

func TestSameOrigin(t *testing.T) {
	cases := []struct {
		who  requester
		want bool
	}{
		{requester{host: "a:8080"}, true},
		{requester{host: "a:8080", origin: "http://a:8080"}, true},
		{requester{host: "A:8080", origin: "http://a:8080"}, true},
		{requester{host: "a", origin: "https://a"}, true}, // a proxy in front adds TLS
		{requester{host: "a:80", origin: "http://a"}, true},
		{requester{host: "[::1]:8080", origin: "http://[::1]:8080"}, true},
		{requester{host: "a:8080", origin: "http://a:8081"}, false},
		{requester{host: "a:8080", origin: "http://b:8080"}, false},
		{requester{host: "a:8080", origin: "null"}, false},
		{requester{host: "a:8080", origin: "http://a:8080.evil.example"}, false},
		{requester{host: "", origin: "null"}, false},
		{requester{host: "a", origin: "file://a"}, false},
		{requester{host: "a", origin: "%%"}, false},
		{requester{host: "a", origin: "http://b", fetchSite: "same-origin"}, false},
		{requester{host: "a", fetchSite: "same-origin"}, true},
		{requester{host: "a", fetchSite: "none"}, true},
		{requester{host: "a", fetchSite: "cross-site"}, false},
		{requester{host: "a", fetchSite: "same-site"}, false},
		{requester{host: "a", referer: "http://a/agenda"}, true},
		{requester{host: "a", referer: "http://b/"}, false},
	}
	for _, c := range cases {
		if got := sameOrigin(c.who); got != c.want {
			t.Errorf("%+v: %v, want %v", c.who, got, c.want)
		}
	}
}

func TestBears(t *testing.T) {
	const token = config.Secret("secret")
	for authorization, want := range map[string]bool{
		"Bearer secret": true, "bearer secret": true, "Bearer secre": false, "Bearer secrett": false, "Bearer": false, "": false, "secret": false, "Basic secret": false,
		"Bearer  secret": false,
	} {
		if got := bears(authorization, token); got != want {
			t.Errorf("%q: %v", authorization, got)
		}
	}
	if bears("Bearer ", "") || bears("", "") {
		t.Error("an empty token is carried by everybody")
	}
}

// changes are the requests that change something, with a body that is understood.
func changes() []struct {
	method, path, body string
	kind               header
	access             access
} {
	return []struct {
		method, path, body string
		kind               header
		access             access
	}{
		{"POST", "/api/skip", `{"meeting_id":"a"}`, asJSON(), dropIn},
		{"DELETE", "/api/skip", "", asJSON(), dropIn},
		{"GET", "/api/clear_skips", "", asJSON(), dropIn},
		{"POST", "/api/browser-heartbeat", "", asJSON(), beating},
		{"POST", "/hide", "id=a", asForm(), formal},
		{"POST", "/unhide", "id=a", asForm(), formal},
		{"POST", "/api/v1/hidden", `{"id":"a"}`, asJSON(), writing},
		{"DELETE", "/api/v1/hidden?id=a", "", asJSON(), writing},
		{"POST", "/api/v1/sources", `{"url":"https://a.example/a","disabled":true}`, asJSON(), writing},
		{"PUT", "/api/v1/sources/nobody", `{}`, asJSON(), writing},
		{"DELETE", "/api/v1/sources/nobody", "", asJSON(), writing},
		{"POST", "/api/v1/sources/nobody/refresh", "", asJSON(), writing},
		{"PATCH", "/api/v1/settings", `{"set":{"display.days":5}}`, asJSON(), writing},
		{"PATCH", "/api/v1/config", `{"set":{"display.days":"6"}}`, asJSON(), writing},
		{"POST", "/api/v1/config/undo", `{}`, asJSON(), writing},
		{"POST", "/api/v1/config/reload", `{}`, asJSON(), writing},
		{"PUT", "/api/v1/features/request_pipeline", `{"setting":"off"}`, asJSON(), writing},
		{"POST", "/api/v1/emergency-off", "", asJSON(), writing},
		{"DELETE", "/api/v1/emergency-off", "", asJSON(), writing},
		{"POST", "/api/v1/slots/agent", `{"do":"back"}`, asJSON(), writing},
		{"POST", "/api/v1/rollback", `{"level":1}`, asJSON(), writing},
		{"DELETE", "/api/v1/rollback", "", asJSON(), writing},
		{"POST", "/api/v1/update", `{"do":"check"}`, asJSON(), writing},
		{"PUT", "/api/v1/update/upload?offset=0", "x", header{"Content-Type", "application/octet-stream"}, writing},
		{"DELETE", "/api/v1/update/upload", "", asJSON(), writing},
		{"DELETE", "/api/v1/cache", "", asJSON(), writing},
		{"POST", "/login", "pin=" + writeToken, asForm(), entering},
		{"POST", "/logout", "", asForm(), entering},
		{"POST", "/settings", "do=refresh&id=nobody&token=x", asForm(), changing},
		{"POST", "/update", "do=check&token=x", asForm(), changing},
		{"POST", "/setup", "token=x", asForm(), joining},
	}
}

// Every route that changes something is in changes, so that no new one is forgotten.
func TestChangesAreAll(t *testing.T) {
	listed := map[string]access{}
	for _, c := range changes() {
		p, _, _ := strings.Cut(strings.NewReplacer("nobody", ":id", "request_pipeline", ":name", "slots/agent", "slots/:kind").Replace(c.path), "?")
		listed[c.method+" "+p] = c.access
	}
	for _, r := range new(Server).routes() {
		key := r.method + " " + r.path
		if a, ok := listed[key]; ok && a != r.access {
			t.Errorf("%s has access %d", key, r.access)
		}
		_, ok := listed[key]
		reads := r.access == open || r.access == reading || r.access == viewing || r.access == knowing || r.access == settling || r.access == visiting || r.access == voice
		if !ok && (!reads || (r.method != "GET" && r.path != "/api/morning-summary")) {
			t.Errorf("%s is not tested", key)
		}
	}
}

// tells whether a refusal is as it is for who may read it: a problem with this code, or for people a page with these words.
func (d *device) tells(a answer, to access, code, words string) bool {
	d.t.Helper()
	if to == formal || to == entering || to == changing || to == joining {
		return strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") && strings.Contains(string(a.body), "<p>"+words)
	}
	return d.json(a)["code"] == code
}

func TestOtherSitesChangeNothing(t *testing.T) {
	d := start(t)
	for _, c := range changes() {
		for _, from := range []header{{"Origin", "http://evil.example"}, {"Origin", "null"}, {"Sec-Fetch-Site", "cross-site"}, {"Referer", "http://evil.example/"}} {
			a := d.ask(c.method, c.path, c.body, c.kind, withToken(), from)
			if a.StatusCode != http.StatusForbidden || !d.tells(a, c.access, "cross_origin", "Another web site may not change anything here.") {
				t.Errorf("%s %s from %v: %d %s", c.method, c.path, from, a.StatusCode, a.body)
			}
		}
		a := d.ask(c.method, c.path, c.body, c.kind, withToken(), header{"Origin", d.url})
		if c.access != changing && c.access != joining && (a.StatusCode == http.StatusForbidden || a.StatusCode == http.StatusUnauthorized) {
			t.Errorf("%s %s from the page itself: %d", c.method, c.path, a.StatusCode)
		}
	}
}

func TestWritesNeedTheToken(t *testing.T) {
	open, closed := start(t), start(t, said(t, "web.drop_in_writes", "false"))
	for _, c := range changes() {
		for _, authorization := range []string{"", "Bearer wrong", "Bearer " + voiceToken} {
			for _, d := range []*device{open, closed} {
				d.forgive()
				a := d.ask(c.method, c.path, c.body, c.kind, header{"Authorization", authorization})
				refused := a.StatusCode == http.StatusUnauthorized
				if want := c.access == writing || c.access == changing || c.access == joining || d == closed && c.access != beating && c.access != entering; refused != want {
					t.Errorf("%s %s with %q: %d", c.method, c.path, authorization, a.StatusCode)
				}
				if refused && (!d.tells(a, c.access, "token", "Changes need the header") || a.Header.Get("WWW-Authenticate") != "Bearer") {
					t.Errorf("%s %s: %s", c.method, c.path, a.body)
				}
			}
		}
		for _, d := range []*device{open, closed} {
			d.forgive()
			if a := d.ask(c.method, c.path, c.body, c.kind, withToken()); a.StatusCode == http.StatusUnauthorized {
				t.Errorf("%s %s with the token: %d", c.method, c.path, a.StatusCode)
			}
		}
	}
}

// Without a token set, changes are taken from this machine; whoever comes through a proxy is not on it.
func TestWithoutTokenOnlyThisMachineWrites(t *testing.T) {
	d := start(t, said(t, "web.write_token", ""))
	for _, c := range changes() {
		if a := d.ask(c.method, c.path, c.body, c.kind); a.StatusCode == http.StatusForbidden && c.access != changing && c.access != joining { // whose form has a token

			t.Errorf("%s %s from this machine: %s", c.method, c.path, a.body)
		}
		for _, through := range []header{
			{"X-Forwarded-For", "192.168.1.7"}, {"Forwarded", "for=192.168.1.7"}, {"X-Real-IP", "192.168.1.7"}, {"Via", "1.1 proxy"}, {"x-forwarded-proto", "https"},
			{"X-Forwarded-Host", ""}, {"Host", "calendarbot.local"}, {"Host", "192.168.1.5:8080"},
		} {
			a := d.ask(c.method, c.path, c.body, c.kind, through)
			if c.access == writing && (a.StatusCode != http.StatusForbidden || d.json(a)["code"] != "local_only") {
				t.Errorf("%s %s with %v: %d", c.method, c.path, through, a.StatusCode)
			}
		}
	}
	if _, err := d.server.mayUse(writing, requester{}); err == nil {
		t.Error("a stranger may write")
	}
}
