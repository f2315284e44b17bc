package conn

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

func TestFiveRedirectsAreFollowed(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		left, err := strconv.Atoi(r.URL.Path[1:])
		if err != nil {
			t.Error(err)
		}
		if left > 0 {
			http.Redirect(w, r, "/"+strconv.Itoa(left-1), http.StatusTemporaryRedirect)
		}
	})
	h := newClient(t, HTTPOptions{})
	if _, err := get(t, h, s.URL+"/5", true, nil); err != nil {
		t.Errorf("5 redirects: %v", err)
	}
	_, err := get(t, h, s.URL+"/6", true, nil)
	if e, ok := errors.AsType[*RedirectError](err); !ok || !e.Loop {
		t.Errorf("6 redirects: %v, want them refused", err)
	}
	if n := h.Stats().InUse; n != 1 { // the first answer is still open
		t.Errorf("%d slots are taken, want 1", n)
	}
}

func TestCircleIsNoticedAtOnce(t *testing.T) {
	asked := 0
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		http.Redirect(w, r, map[string]string{"/a": "/b", "/b": "/a#again"}[r.URL.Path], http.StatusMovedPermanently)
	})
	_, err := get(t, newClient(t, HTTPOptions{}), s.URL+"/a", true, nil)
	if e, ok := errors.AsType[*RedirectError](err); !ok || !e.Loop || asked != 2 {
		t.Errorf("%v after %d requests, want a circle after 2", err, asked)
	}
}

func TestPlacesThatARedirectMayNotLeadTo(t *testing.T) {
	for _, location := range []string{"file:///etc/passwd", "ftp://127.0.0.1/a", "http://", "http:///a", "://", "webcal://127.0.0.1/", "data:text/calendar,a", "http://[::1"} {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", location)
			w.WriteHeader(http.StatusFound)
		})
		_, err := get(t, newClient(t, HTTPOptions{}), s.URL, true, nil)
		if e, ok := errors.AsType[*RedirectError](err); !ok || e.Loop {
			t.Errorf("%q: %v, want the redirect refused", location, err)
		}
	}
}

// secrets is a header with all kinds of credentials and what a fetch sends besides.
func secrets() http.Header {
	return http.Header{
		"Authorization": {"Bearer secret"}, "X-Api-Key": {"secret"}, "x-lower-case": {"secret"}, "Cookie": {"secret"},
		"Accept": {"text/calendar"}, "If-None-Match": {`"1"`},
	}
}

func secretsIn(h http.Header) int {
	n := 0
	for _, values := range h {
		n += strings.Count(strings.Join(values, " "), "secret")
	}
	return n
}

func TestCredentialsStayWithTheirHost(t *testing.T) {
	seen := map[string]http.Header{}
	var home string
	other := serve(t, func(w http.ResponseWriter, r *http.Request) {
		seen["other"+r.URL.Path] = r.Header.Clone()
		if r.URL.Path == "/back" {
			http.Redirect(w, r, home+"/came-back", http.StatusFound)
		}
	})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		seen["home"+r.URL.Path] = r.Header.Clone()
		switch r.URL.Path {
		case "/stay":
			http.Redirect(w, r, "/stayed", http.StatusFound)
		case "/leave-secret":
			http.Redirect(w, r, other.URL+"/left", http.StatusFound)
		case "/leave-and-return":
			http.Redirect(w, r, other.URL+"/back", http.StatusFound)
		}
	})
	home = s.URL
	h := newClient(t, HTTPOptions{})
	for _, path := range []string{"/stay", "/leave-secret", "/leave-and-return"} {
		if _, err := get(t, h, s.URL+path, true, secrets()); err != nil {
			t.Fatal(err)
		}
	}
	for place, want := range map[string]int{
		"home/stay": 4, "home/stayed": 4, "other/left": 0, "other/back": 0, "home/came-back": 0,
	} {
		if seen[place] == nil {
			t.Errorf("%s was not asked", place)
		} else if got := secretsIn(seen[place]); got != want {
			t.Errorf("%s saw %d secrets, want %d: %v", place, got, want, seen[place])
		}
	}
	if got := seen["other/left"]; got.Get("Accept") != "text/calendar" || got.Get("If-None-Match") != `"1"` {
		t.Errorf("the other host did not see what may be seen: %v", got)
	}
}

func TestPasswordInTheAddressIsSentAsBasic(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if user, password, ok := r.BasicAuth(); !ok || user != "anna" || password != "p w" {
			t.Errorf("got %q %q %v", user, password, ok)
		}
	})
	if _, err := get(t, newClient(t, HTTPOptions{}), strings.Replace(s.URL, "//", "//anna:p%20w@", 1), true, nil); err != nil {
		t.Error(err)
	}
}

func TestNextHop(t *testing.T) {
	for _, c := range []struct {
		from, location string
		follows, keeps bool // with credentials
	}{
		{"https://a.example/x", "/y", true, true},
		{"https://a.example/x", "https://A.EXAMPLE/y", true, true},
		{"https://a.example/x", "https://a.example:443/y", true, true},
		{"https://a.example/x", "//a.example/y", true, true},
		{"http://a.example/x", "https://a.example/y", true, true},
		{"http://a.example:8080/x", "https://a.example/y", true, false},
		{"http://a.example/x", "https://a.example:8443/y", true, false},
		{"https://a.example/x", "https://a.example:8443/y", true, false},
		{"https://a.example/x", "https://b.a.example/y", true, false},
		{"https://a.example/x", "https://b.example/y", true, false},
		{"https://a.example/x", "http://a.example/y", false, false},
		{"https://a.example/x", "http://b.example/y", false, false},
		{"https://a.example:80/x", "http://a.example:80/y", false, false},
	} {
		from, err := url.Parse(c.from)
		if err != nil {
			t.Fatal(err)
		}
		req := (&http.Request{Method: http.MethodGet, URL: from, Header: secrets()}).WithContext(t.Context())
		name := fmt.Sprintf("%s to %s", c.from, c.location)
		next, err := hop(req, []*url.URL{from}, c.location)
		switch {
		case (err == nil) != c.follows:
			t.Errorf("%s: %v, want followed %v", name, err, c.follows)
		case err == nil && (secretsIn(next.Header) > 0) != c.keeps:
			t.Errorf("%s: credentials go along: %v, want %v", name, !c.keeps, c.keeps)
		}
		req.Header = http.Header{"Accept": {"text/calendar"}}
		if _, err := hop(req, []*url.URL{from}, c.location); (err == nil) != c.follows {
			t.Errorf("%s without credentials: %v, want followed %v", name, err, c.follows)
		}
		if len(req.Header) != 1 {
			t.Errorf("%s changed the header of the request before", name)
		}
	}
}

func TestNoServerLearnsWhereWeCameFrom(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Referer"); got != "" {
			t.Errorf("%s was told %q", r.URL.Path, got)
		}
		if r.URL.Path == "/secret" {
			http.Redirect(w, r, "/next", http.StatusFound)
		}
	})
	if _, err := get(t, newClient(t, HTTPOptions{}), s.URL+"/secret", true, nil); err != nil {
		t.Error(err)
	}
}

func FuzzHop(f *testing.F) {
	for _, location := range []string{"/y", "//b.example/", "http://a.example/", "https://a.example:443", "ftp://a.example", "?", "#", "https://a.example@b.example/"} {
		f.Add("https://a.example/x", location)
	}
	f.Fuzz(func(t *testing.T, start, location string) {
		from, err := url.Parse(start)
		if err != nil || from.Host == "" || from.Scheme != "http" && from.Scheme != "https" {
			return
		}
		req := (&http.Request{Method: http.MethodGet, URL: from, Header: secrets()}).WithContext(t.Context())
		next, err := hop(req, []*url.URL{from}, location)
		if err != nil {
			if _, ok := errors.AsType[*RedirectError](err); !ok || err.Error() == "" {
				t.Errorf("%#v is no redirect error", err)
			}
			return
		}
		to := next.URL
		if to.Scheme != "http" && to.Scheme != "https" || to.Hostname() == "" || to.String() == from.String() {
			t.Errorf("from %s to %s", from, to)
		}
		if secretsIn(next.Header) > 0 && (!strings.EqualFold(to.Hostname(), from.Hostname()) || from.Scheme == "https" && to.Scheme == "http") {
			t.Errorf("credentials go from %s to %s", from, to)
		}
	})
}
