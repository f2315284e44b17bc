package feed

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/config"
	"calendarbot/agent/conn"
	"calendarbot/agent/ics"
	"calendarbot/scripts/demo/household"
	"calendarbot/scripts/demo/mischief"
)

// school is a small good calendar.
func school() []byte { return household.School(household.LargeNow()) }

// patient are bounds that no good fetch meets.
func patient() config.Feeds {
	return config.Feeds{Refresh: 5 * time.Minute, Timeout: 2 * time.Minute, MaxBytes: 20_000_000, MaxEvents: 100_000}
}

// misbehaving starts a server for the test.
func misbehaving(t *testing.T, behave http.HandlerFunc) *mischief.Server {
	t.Helper()
	s, err := mischief.Start(behave)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func client(t *testing.T, o conn.HTTPOptions) *conn.HTTP {
	t.Helper()
	h := conn.NewHTTP(o)
	t.Cleanup(func() {
		h.CloseIdle()
		if s := h.Stats(); s.InUse != 0 {
			t.Errorf("a connection leaks: %+v", s)
		}
	})
	return h
}

// tried fetches once from an address at home.
func tried(t *testing.T, src config.Source, feeds config.Feeds) (events int, report ics.Report, failure *Failure) {
	t.Helper()
	report, err := Trial(t.Context(), client(t, conn.HTTPOptions{}), src, feeds, time.UTC, func(ics.Component) error {
		events++
		return nil
	})
	if err != nil && !errors.As(err, &failure) {
		t.Fatalf("not a failure: %v", err)
	}
	return events, report, failure
}

func TestTrialOfAGoodFeed(t *testing.T) {
	text := string(school())
	for name, behave := range map[string]http.HandlerFunc{
		"plain":            mischief.Good(school()),
		"gzip":             mischief.Body("text/calendar", gzipped(t, text)),
		"deflate":          mischief.Body("text/calendar", deflated(t, text)),
		"as a web page":    mischief.Body("text/html", []byte(text)),
		"as bytes":         mischief.Body("application/octet-stream", []byte(text)),
		"with a BOM":       mischief.Body("text/calendar", []byte("\ufeff"+text)),
		"without anything": mischief.Body("text/calendar", []byte("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")),
	} {
		t.Run(name, func(t *testing.T) {
			s := misbehaving(t, behave)
			events, report, failure := tried(t, config.Source{URL: config.Secret(s.URL()), LAN: true}, patient())
			want := 6
			if name == "without anything" {
				want = 0
			}
			if failure != nil || events != want || report.Events != want {
				t.Fatalf("%d events, report of %d, %v", events, report.Events, failure)
			}
			if want > 0 && (report.Name != "Hillside School" || report.Refresh != time.Hour) {
				t.Errorf("report %+v", report)
			}
		})
	}
}

// Each way to fail has its code, and words that name the server but not the secret part of the address.
func TestFailures(t *testing.T) {
	small := patient()
	small.MaxBytes = 1_000_000
	few := patient()
	few.MaxEvents = 3
	soon := patient()
	soon.Timeout = 200 * time.Millisecond
	zipped := gzipped(t, string(school()))
	for _, c := range []struct {
		name   string
		behave http.HandlerFunc
		feeds  config.Feeds
		code   string
		words  string
	}{
		{"401", mischief.Status(401), patient(), "http_401", "wants a user name and a password (401)"},
		{"403", mischief.Status(403), patient(), "http_403", "does not allow this calendar to be read (403)"},
		{"404", mischief.Status(404), patient(), "http_404", "has no calendar at this address (404)"},
		{"410", mischief.Status(410), patient(), "http_410", "has no calendar at this address (410)"},
		{"418", mischief.Status(418), patient(), "http_418", "refuses the request (418)"},
		{"429", mischief.Status(429), patient(), "http_429", "is asked too often (429)"},
		{"500", mischief.Status(500), patient(), "http_500", "has a fault of its own (500)"},
		{"503", mischief.Status(503), patient(), "http_503", "has a fault of its own (503)"},
		{"304 unasked", mischief.Status(304), patient(), "http_304", "says that nothing has changed (304)"},
		{"204", mischief.Status(204), patient(), "http_204", "answers without a calendar (204)"},
		{"206", replying(206, "", school()), patient(), "http_206", "answers without a calendar (206)"},
		{"redirect nowhere", mischief.Status(302), patient(), "http_302", "points to somewhere else without saying where (302)"},
		{"redirect in a circle", mischief.Circle, patient(), "redirect", "in a circle of redirects"},
		{"redirect to a file", mischief.Redirect("file:///etc/passwd"), patient(), "redirect", "redirects to an address which can't be followed: \"file\" addresses are not supported"},
		{"redirect to nobody", mischief.Redirect("http://calendar.invalid/x"), patient(), "dns", " sends us on to calendar.invalid, and "},
		{"redirect to an unspecified address", mischief.Redirect("http://0.0.0.0/x"), patient(), "address", " sends us on to 0.0.0.0, and 0.0.0.0 leads to 0.0.0.0, an unspecified address."},
		{"redirect to metadata", mischief.Redirect("http://169.254.169.254/latest/meta-data/"), patient(), "address", "169.254.169.254, a metadata address. Calendars are never fetched from there"},
		{"a web page", mischief.HTML, patient(), "html", "sent a web page, not a calendar"},
		{"nothing", mischief.Empty, patient(), "empty", "sent nothing"},
		{"blank lines", mischief.Body("text/calendar", []byte("\r\n\r\n")), patient(), "empty", "sent nothing"},
		{"connection cut", mischief.Truncated(school()), patient(), "truncated", "broke off in the middle"},
		{"no end", mischief.Body("text/calendar", school()[:700]), patient(), "truncated", "broke off in the middle"},
		{"gzip cut", mischief.Body("text/calendar", zipped[:len(zipped)/2]), patient(), "truncated", "broke off in the middle"},
		{"gzip damaged", mischief.Body("text/calendar", []byte("\x1f\x8bnot really compressed")), patient(), "decompress", "can't be decompressed"},
		{"gzip bomb", mischief.Bomb(30_000_000), patient(), "too_large", "larger than allowed"},
		{"too large, and says so", mischief.Body("text/calendar", household.Large(1300, 1)), small, "too_large", "larger than allowed"},
		{"too large without saying", mischief.Huge(2_000_000), small, "too_large", "larger than allowed"},
		{"too many events", mischief.Good(school()), few, "too_large", "more events than allowed"},
		{"JSON", mischief.Body("application/json", []byte(`{"events": []}`)), patient(), "not_calendar", "is not a calendar"},
		{"noise", mischief.Body("text/calendar", mischief.Noise(100_000)), patient(), "not_calendar", "is not a calendar"},
		{"no HTTP", mischief.Garbage, patient(), "network", "broke"},
		{"slow drip", mischief.Drip, soon, "timeout", "did not deliver the calendar in time"},
		{"silence", mischief.Silent, soon, "timeout", "did not deliver the calendar in time"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := misbehaving(t, c.behave)
			_, _, failure := tried(t, config.Source{URL: config.Secret(s.URL() + "?token=abc"), LAN: true}, c.feeds)
			checkFailure(t, failure, c.code, c.words)
			if failure != nil && !strings.Contains(failure.Words, s.Host()) {
				t.Errorf("the words do not name %s: %s", s.Host(), failure.Words)
			}
		})
	}
}

func checkFailure(t *testing.T, f *Failure, code, words string) {
	t.Helper()
	if f == nil {
		t.Fatalf("no failure, want %s", code)
	}
	if f.Code != code || !strings.Contains(f.Words, words) {
		t.Errorf("%s: %s (%v)\nwant %s: %s", f.Code, f.Words, f.Err, code, words)
	}
	if !strings.HasSuffix(f.Words, ".") || f.Error() != f.Words {
		t.Errorf("not a sentence: %s", f.Words)
	}
	for _, secret := range []string{"secret", "token=", "abc", "hunter2"} {
		if strings.Contains(f.Words, secret) || f.Err != nil && strings.Contains(f.Err.Error(), secret) {
			t.Errorf("%q is told: %s (%v)", secret, f.Words, f.Err)
		}
	}
}

func TestFailuresOfTheWay(t *testing.T) {
	closed, err := mischief.Start(mischief.Empty)
	if err != nil {
		t.Fatal(err)
	}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	open := misbehaving(t, mischief.Good(school()))
	for _, c := range []struct{ name, url, code, words string }{
		{"refused", closed.URL(), "refused", "refuses the connection"},
		{"unknown name", "http://calendar.invalid" + mischief.Path, "dns", "calendar.invalid"},
		{"https where http is", "https://" + open.Host() + mischief.Path, "tls", "does not speak https here"},
		{"webcal is https", "webcal://" + open.Host() + mischief.Path, "tls", "does not speak https here"},
		{"no scheme", "calendar.example" + mischief.Path, "invalid", "Correct the address."},
		{"another scheme", "ftp://calendar.example" + mischief.Path, "invalid", "does not begin with https://"},
		{"no address", "http://[::1" + mischief.Path, "invalid", "Correct the address."},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, failure := tried(t, config.Source{URL: config.Secret(c.url), LAN: true}, patient())
			checkFailure(t, failure, c.code, c.words)
		})
	}
	t.Run("not at home", func(t *testing.T) {
		_, _, failure := tried(t, config.Source{URL: config.Secret(open.URL())}, patient())
		checkFailure(t, failure, "address", "allow the local network (lan) for this calendar")
	})
}

func TestCredentials(t *testing.T) {
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("ann:hunter2"))
	for _, c := range []struct {
		name string
		src  config.Source
		want http.Header
	}{
		{"none", config.Source{}, http.Header{}},
		{"basic", config.Source{Username: "ann", Password: "hunter2"}, http.Header{"Authorization": {basic}}},
		{"bearer", config.Source{Bearer: "hunter2"}, http.Header{"Authorization": {"Bearer hunter2"}}},
		{"header", config.Source{Headers: map[string]config.Secret{"X-Api-Key": "hunter2"}}, http.Header{"X-Api-Key": {"hunter2"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := misbehaving(t, mischief.Good(school()))
			c.src.URL, c.src.LAN = config.Secret(s.URL()), true
			if _, _, failure := tried(t, c.src, patient()); failure != nil {
				t.Fatal(failure)
			}
			got := s.Requests()[0]
			for _, name := range []string{"Authorization", "X-Api-Key"} {
				if got.Get(name) != c.want.Get(name) {
					t.Errorf("%s: %q, want %q", name, got.Get(name), c.want.Get(name))
				}
			}
			s.Turn(mischief.Status(401))
			_, _, failure := tried(t, c.src, patient())
			words := "Enter them anew"
			if c.name == "none" {
				words = "Enter them for this calendar"
			}
			checkFailure(t, failure, "http_401", words)
		})
	}
}

func TestCertificates(t *testing.T) {
	authority, err := mischief.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority.PEM())
	now := time.Date(2026, 6, 15, 9, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	for _, c := range []struct {
		name        string
		from, until time.Time
		names       []string
		roots       *x509.CertPool
		clock       reading
		code, words string
	}{
		{"good", now.Add(-day), now.Add(day), nil, roots, reading{now: now}, "", ""},
		{"from nobody", now.Add(-day), now.Add(day), nil, x509.NewCertPool(), reading{now: now}, "tls", "comes from nobody this device knows"},
		{"of another", now.Add(-day), now.Add(day), []string{"other.example"}, roots, reading{now: now}, "tls", "belongs to another name"},
		{"expired", now.Add(-30 * day), now.Add(-day), nil, roots, reading{now: now}, "tls", "ran out on 14 June 2026"},
		{"expired by all clocks", now.Add(-30 * day), now.Add(-day), nil, roots, reading{now: now, known: true}, "tls", "ran out on 14 June 2026"},
		{"clock a year ahead", now.Add(-30 * day), now.Add(-day), nil, roots, reading{now: now, behind: -10 * day, known: true}, "clock", "it says 15 June 2026"},
		{"clock not trusted", now.Add(-30 * day), now.Add(-day), nil, roots, reading{now: now, words: "The clock is not set yet."}, "clock", "told yet. The clock is not set yet. Wait"},
		{"clock a year behind", now.Add(365 * day), now.Add(400 * day), nil, roots, reading{now: now}, "clock", "holds from 15 June 2027 to 20 July 2027"},
		{"clock never set", now, now.Add(day), nil, roots, reading{now: time.Date(1970, 1, 1, 0, 1, 0, 0, time.UTC)}, "clock", "it says 1 January 1970"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cert, err := authority.Issue(c.from, c.until, c.names...)
			if err != nil {
				t.Fatal(err)
			}
			s, err := mischief.Start(mischief.Good(school()), cert)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			h := client(t, conn.HTTPOptions{Now: func() time.Time { return c.clock.now }, Roots: c.roots})
			q := request{http: h, src: config.Source{URL: config.Secret(s.URL()), LAN: true}, feeds: patient(), zone: time.UTC}
			_, err = trial(t.Context(), q, c.clock, func(ics.Component) error { return nil })
			var failure *Failure
			if c.code == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.As(err, &failure) {
				t.Fatalf("got %v", err)
			}
			checkFailure(t, failure, c.code, c.words)
		})
	}
}

func TestTrialEndsWithItsContext(t *testing.T) {
	s := misbehaving(t, mischief.Drip)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Trial(ctx, client(t, conn.HTTPOptions{}), config.Source{URL: config.Secret(s.URL()), LAN: true}, patient(), time.UTC, nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestCompressedBytesAreCountedToo(t *testing.T) {
	// Empty members inflate to nothing, so only the compressed bytes tell that there is no end.
	empty := gzipped(t, "")
	s := misbehaving(t, func(w http.ResponseWriter, _ *http.Request) {
		for range 4_000_000 / len(empty) {
			if _, err := w.Write(empty); err != nil {
				return
			}
		}
	})
	small := patient()
	small.MaxBytes = 1_000_000
	_, _, failure := tried(t, config.Source{URL: config.Secret(s.URL()), LAN: true}, small)
	checkFailure(t, failure, "too_large", "larger than allowed")
}

// replying answers with a status, one line of header and a body.
func replying(status int, header string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if name, value, ok := strings.Cut(header, ": "); ok {
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		w.Write(body)
	}
}
