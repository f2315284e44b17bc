package conn

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/config"
)

func get(t *testing.T, h *HTTP, url string, lan bool, header http.Header) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	resp, err := h.Do(req, lan)
	if err == nil {
		t.Cleanup(func() {
			if err := resp.Body.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	return resp, err
}

// settled fails the test when a connection was not given back.
func settled(t *testing.T, stats func() Stats) {
	t.Helper()
	s := stats()
	if s.InUse != 0 || s.Waiting != 0 || s.Longest != 0 {
		t.Errorf("a connection leaks: %+v", s)
	}
}

func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s
}

func newClient(t *testing.T, o HTTPOptions) *HTTP {
	t.Helper()
	h := NewHTTP(o)
	t.Cleanup(func() {
		settled(t, h.Stats)
		h.CloseIdle()
	})
	return h
}

func TestAddressIsCheckedAfterDNS(t *testing.T) {
	asked := false
	s := serve(t, func(http.ResponseWriter, *http.Request) { asked = true })
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	h := newClient(t, HTTPOptions{})
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]"} {
		_, err := get(t, h, "http://"+host+":"+port, false, nil)
		if _, ok := errors.AsType[*AddressError](err); !ok {
			t.Errorf("%s: %v, want it refused", host, err)
		}
	}
	if asked {
		t.Error("the server was asked")
	}
	if _, err := get(t, h, "http://localhost:"+port, true, nil); err != nil {
		t.Errorf("with leave: %v", err)
	}
	// A connection that was made with leave is not used without it.
	if _, err := get(t, h, "http://localhost:"+port, false, nil); err == nil {
		t.Error("the connection to the LAN was used again without leave")
	}
}

func TestRedirectIsCheckedToo(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://169.254.169.254/latest/meta-data", http.StatusFound)
	})
	_, err := get(t, newClient(t, HTTPOptions{}), s.URL, true, nil)
	if refused, ok := errors.AsType[*AddressError](err); !ok || refused.Kind != "metadata" {
		t.Errorf("%v, want the metadata address refused", err)
	}
}

func TestErrorsDoNotTellTheAddressOfTheFeed(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/secret-circle":
			http.Redirect(w, r, "/secret-circle", http.StatusFound)
		case "/secret-invalid":
			w.Header().Set("Location", "http://secret%zz/")
			w.WriteHeader(http.StatusFound)
		case "/secret-abort":
			panic(http.ErrAbortHandler)
		}
	})
	h := newClient(t, HTTPOptions{})
	for _, url := range []string{
		closed.URL + "/secret", s.URL + "/secret-circle", s.URL + "/secret-invalid", s.URL + "/secret-abort",
		"https" + strings.TrimPrefix(s.URL, "http") + "/secret", "http://127.0.0.1:1/secret?key=secret",
	} {
		_, err := get(t, h, url, true, nil)
		if err == nil {
			t.Errorf("%s: no error", url)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error tells the secret: %v", url, err)
		}
	}
}

func TestBodyIsHandedOnAsItIs(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte("BEGIN:VCALENDAR")); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Accept-Encoding"); got != "gzip" {
			t.Errorf("Accept-Encoding is %q, want the caller's", got)
		}
		if got := r.Header.Get("User-Agent"); got != "calendarbot-test" {
			t.Errorf("User-Agent is %q", got)
		}
		w.Header().Set("Content-Encoding", "gzip")
		if _, err := w.Write(packed.Bytes()); err != nil {
			t.Error(err)
		}
	})
	resp, err := get(t, newClient(t, HTTPOptions{UserAgent: "calendarbot-test"}), s.URL, true,
		http.Header{"Accept-Encoding": {"gzip"}})
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil || !bytes.Equal(body, packed.Bytes()) {
		t.Errorf("got %q, %v, want the compressed bytes", body, err)
	}
}

func TestRequestsUnderWayAreBounded(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) {})
	h := newClient(t, HTTPOptions{HTTP: config.HTTP{MaxConns: 1}})
	first, err := get(t, h, s.URL, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	late := errors.New("too late")
	cancel(late)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Do(req, true); !errors.Is(err, late) {
		t.Errorf("a second request: %v, want it to wait until its context ends", err)
	}
	for range 2 { // closing twice gives one slot back
		if err := first.Body.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if n := h.Stats().InUse; n != 0 {
		t.Errorf("%d slots are taken, want none", n)
	}
	if _, err := get(t, h, s.URL, true, nil); err != nil {
		t.Errorf("after the first is done: %v", err)
	}
}

func TestConnectionIsUsedAgain(t *testing.T) {
	ports := map[string]bool{}
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) { ports[r.RemoteAddr] = true })
	h := newClient(t, HTTPOptions{})
	for range 5 {
		resp, err := get(t, h, s.URL, true, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			t.Fatal(err)
		}
	}
	if len(ports) != 1 {
		t.Errorf("5 requests took %d connections", len(ports))
	}
}

// TestConnectionIsUsedAgainAfterAFailure: of a page that tells of one nobody reads anything.
func TestConnectionIsUsedAgainAfterAFailure(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want int
	}{
		"a word": {"no", 1},
		"a page": {strings.Repeat("x", drained-1), 1},
		"a book": {strings.Repeat("x", 1<<20), 3},
	} {
		t.Run(name, func(t *testing.T) {
			ports := map[string]bool{}
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				ports[r.RemoteAddr] = true
				http.Error(w, c.text, http.StatusInternalServerError)
			})
			h := newClient(t, HTTPOptions{})
			for range 3 {
				resp, err := get(t, h, s.URL, true, nil)
				if err != nil {
					t.Fatal(err)
				}
				if err := resp.Body.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if len(ports) != c.want {
				t.Errorf("3 requests took %d connections, want %d", len(ports), c.want)
			}
		})
	}
}

func TestCertificateIsCheckedAgainstTheGivenClock(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // it would tell of each handshake that we refuse
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	for _, c := range []struct {
		now     time.Time
		allowed bool
	}{
		{s.Certificate().NotAfter.Add(-time.Hour), true},
		{s.Certificate().NotAfter.Add(time.Hour), false},
		{s.Certificate().NotBefore.Add(-time.Hour), false},
	} {
		h := newClient(t, HTTPOptions{Roots: roots, Now: func() time.Time { return c.now }})
		_, err := get(t, h, s.URL, true, nil)
		if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); c.allowed && err != nil ||
			!c.allowed && (!ok || invalid.Reason != x509.Expired) {
			t.Errorf("at %s: %v, want allowed %v", c.now, err, c.allowed)
		}
	}
	_, err := get(t, newClient(t, HTTPOptions{}), s.URL, true, nil)
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); !ok {
		t.Errorf("unknown authority: %v", err)
	}
}

func TestHeaderOfAnAnswerIsBounded(t *testing.T) {
	hold := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/large" {
			w.Header().Set("X-Large", strings.Repeat("x", 2*maxHeaderBytes))
			return
		}
		<-hold
	})
	t.Cleanup(func() { close(hold) })
	h := newClient(t, HTTPOptions{HTTP: config.HTTP{Header: 20 * time.Millisecond}})
	if _, err := get(t, h, s.URL+"/large", true, nil); err == nil {
		t.Error("a header of 128 KiB was accepted")
	}
	_, err := get(t, h, s.URL+"/slow", true, nil)
	if e, ok := errors.AsType[net.Error](err); !ok || !e.Timeout() {
		t.Errorf("no header at all: %v, want a timeout", err)
	}
}

func TestOnlyFetchingIsSupported(t *testing.T) {
	h := newClient(t, HTTPOptions{})
	for _, c := range []struct{ method, url string }{
		{http.MethodPost, "http://127.0.0.1/"}, {http.MethodGet, "ftp://127.0.0.1/"}, {http.MethodGet, "file:///etc/passwd"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, c.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Do(req, true); err == nil {
			t.Errorf("%s %s: no error", c.method, c.url)
		}
	}
}
