package conn

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

// neighbourhood is a client for which 127.0.0.2 and 127.0.0.4 are on the internet, and four servers
// on 127.0.0.1 to 127.0.0.4, each of which sends those who ask on to the servers that the path names.
func neighbourhood(t *testing.T) (h *HTTP, address func(way string) string) {
	t.Helper()
	g := newFence()
	g.blocks = append([]block{{netip.MustParsePrefix("127.0.0.2/32"), "", false}, {netip.MustParsePrefix("127.0.0.4/32"), "", false}}, g.blocks...)
	h = newHTTP(HTTPOptions{}, g)
	t.Cleanup(h.CloseIdle)
	servers := map[string]string{}
	address = func(way string) string { return "http://" + servers[way[:1]] + "/" + way[1:] }
	for _, n := range []string{"1", "2", "3", "4"} {
		l, err := net.Listen("tcp", "127.0.0."+n+":0")
		if err != nil {
			t.Skipf("no address 127.0.0.%s here: %v", n, err)
		}
		servers[n] = l.Addr().String()
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if rest := r.URL.Path[1:]; rest != "" {
				http.Redirect(w, r, address(rest), http.StatusFound)
			}
		}))
		s.Listener.Close()
		s.Listener = l
		s.Start()
		t.Cleanup(s.Close)
	}
	return h, address
}

func TestNobodyOnTheInternetSendsUsHome(t *testing.T) {
	h, address := neighbourhood(t)
	for _, c := range []struct {
		way     string // 1 and 3 are at home, 2 and 4 on the internet
		lan     bool
		refused bool
	}{
		{"1", true, false},
		{"2", true, false},
		{"13", true, false},
		{"131", true, false},
		{"134", true, false},
		{"24", true, false},
		{"22", true, false},
		{"21", true, true},
		{"241", true, true},
		{"121", true, true},
		{"123", true, true},
		{"1243", true, true},
		{"24", false, false},
		{"21", false, true},
		{"1", false, true},
	} {
		// Each way twice: a connection that is used again counts like a new one.
		for range 2 {
			resp, err := get(t, h, address(c.way), c.lan, nil)
			if err == nil {
				resp.Body.Close() // it holds one of few slots
			}
			refused, ok := errors.AsType[*AddressError](err)
			if ok != c.refused || !c.refused && err != nil {
				t.Errorf("%s with lan %v: %v, want it refused: %v", c.way, c.lan, err, c.refused)
			}
			if ok && (refused.Kind != "loopback" || !refused.Allowed) {
				t.Errorf("%s: %+v", c.way, refused)
			}
		}
	}
}

func TestErrorNamesTheHostThatItIsAbout(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	_, goneHost, _ := strings.Cut(gone.URL, "//")
	other := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path, http.StatusFound)
	})
	_, otherHost, _ := strings.Cut(other.URL, "//")
	long := strings.Repeat("a", 5000) + ".invalid"
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", map[string]string{
			"/refused": gone.URL, "/circle": other.URL + "/", "/dns": "http://calendar.invalid/", "/long": "http://" + long,
			"/scheme": "file:///etc/passwd", "/same": "/refused-at-home", "/invalid": "http://",
		}[r.URL.Path])
		w.WriteHeader(http.StatusFound)
	})
	h := newClient(t, HTTPOptions{})
	for path, want := range map[string]string{
		"/refused": goneHost, "/circle": otherHost, "/dns": "calendar.invalid", "/long": long[:maxHost] + "…",
		"/scheme": "", "/invalid": "",
	} {
		_, err := get(t, h, s.URL+path, true, nil)
		if err == nil {
			t.Errorf("%s: no error", path)
			continue
		}
		host := ""
		if e, ok := errors.AsType[*HopError](err); ok {
			host = e.Host
		}
		if host != want || strings.Contains(err.Error(), "passwd") {
			t.Errorf("%s: %v: on host %q, want %q", path, err, host, want)
		}
	}
	// That the redirect itself is refused is about the host that answered.
	_, err := get(t, h, s.URL+"/scheme", true, nil)
	if e, ok := errors.AsType[*RedirectError](err); !ok || e.Host != "" || e.Why != `"file" addresses are not supported` || strings.Contains(err.Error(), "to :") {
		t.Errorf("%v", err)
	}
}

func TestHopIsOnlyToAnotherHost(t *testing.T) {
	at := func(host string) *url.URL { return &url.URL{Scheme: "https", Host: host} }
	fault := errors.New("fault")
	if err := Hop(at("a.example"), at("A.example"), fault); err != fault {
		t.Errorf("the same host: %v", err)
	}
	if err := Hop(at("a.example"), at("b.example"), nil); err != nil {
		t.Errorf("no fault: %v", err)
	}
	if err := Hop(at("a.example"), at("b.example"), fault); !errors.Is(err, fault) || !strings.Contains(err.Error(), "b.example") {
		t.Errorf("another host: %v", err)
	}
}
