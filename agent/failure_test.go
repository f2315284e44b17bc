package main

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"calendarbot/scripts/demo/household"
	"calendarbot/scripts/demo/mischief"
)

// TestFailureTable drives the program through every way in which a feed can fail: the last good
// events are served after a restart, marked stale, with the reason; and all is well once the feed is.
func TestFailureTable(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(h *home) // after good events were stored, before the program starts again
		mend  func(h *home) // nil: the feed cannot be mended without a new configuration
		code  string
		words string
	}{
		{"refused", shut, reopen, "refused", "refuses the connection"},
		{"DNS failure", func(h *home) { h.url = "http://calendar.invalid" + mischief.Path }, nil, "dns", "calendar.invalid"},
		{"401", turned(mischief.Status(401)), mended, "http_401", "wants a user name and a password"},
		{"403", turned(mischief.Status(403)), mended, "http_403", "does not allow this calendar to be read"},
		{"404", turned(mischief.Status(404)), mended, "http_404", "has no calendar at this address"},
		{"500", turned(mischief.Status(500)), mended, "http_500", "has a fault of its own"},
		{"redirect to a private address", turned(mischief.Redirect("http://169.254.169.254/latest/meta-data/")), mended, "address", "169.254.169.254"},
		{"private address without leave", func(h *home) { h.leave = false }, nil, "address", "allow the local network"},
		{"redirect loop", turned(mischief.Circle), mended, "redirect", "in a circle"},
		{"HTML with 200", turned(mischief.HTML), mended, "html", "sent a web page, not a calendar"},
		{"empty body", turned(mischief.Empty), mended, "empty", "sent nothing"},
		{"connection cut", turned(mischief.Truncated([]byte(daily))), mended, "truncated", "broke off in the middle"},
		{"truncated", turned(mischief.Body("text/calendar", []byte(daily[:len(daily)-10]))), mended, "truncated", "broke off in the middle"},
		{"gzip bomb", turned(mischief.Bomb(100_000_000)), mended, "too_large", "larger than allowed"},
		{"slow drip", func(h *home) { h.feeds = "timeout: 1s"; h.feed.Turn(mischief.Drip) }, mended, "timeout", "did not deliver the calendar in time"},
		{"50 MB", turned(mischief.Huge(50_000_000)), mended, "too_large", "larger than allowed"},
		{"garbage bytes", turned(mischief.Body("text/calendar", mischief.Noise(100_000))), mended, "not_calendar", "is not a calendar"},
		{"no HTTP", turned(mischief.Garbage), mended, "network", "broke"},
		{"emptied", turned(mischief.Body("text/calendar", []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"))), mended, "emptied", "without any event"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHome(t)
			h.fill()
			c.spoil(h)
			h.start(soon())
			h.failing(c.code, c.words)
			h.degraded()
			if c.mend != nil {
				c.mend(h)
				h.refresh()
				h.well()
			}
		})
	}
}

// turned is a spoil that changes how the server behaves.
func turned(behave http.HandlerFunc) func(h *home) {
	return func(h *home) { h.feed.Turn(behave) }
}

func mended(h *home) { h.feed.Turn(mischief.Good([]byte(daily))) }

func shut(h *home) {
	if err := h.feed.Close(); err != nil {
		h.t.Fatal(err)
	}
}

func reopen(h *home) {
	if err := h.feed.Reopen(); err != nil {
		h.t.Fatal(err)
	}
}

// An unchanged feed is a success: nothing is stale.
func TestUnchangedFeedKeepsThePictureFresh(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.fill()
	h.start(soon())
	h.await("the server is asked again", func() bool { return len(h.feed.Requests()) == 2 })
	if h.feed.Requests()[1].Get("If-None-Match") == "" {
		t.Error("asked for the whole feed")
	}
	h.await("the success is known", func() bool {
		s := h.source()
		return s.LastSuccess != nil && *s.LastSuccess == soon().Format(time.RFC3339)
	})
	h.well()
}

// secured is a home whose feed comes over TLS, with a certificate of that time; the program
// trusts who issued it.
func secured(t *testing.T, from, until time.Time) *home {
	t.Helper()
	authority, err := mischief.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := authority.Issue(from, until)
	if err != nil {
		t.Fatal(err)
	}
	feed, err := mischief.Start(mischief.Good([]byte(daily)), certificate)
	if err != nil {
		t.Fatal(err)
	}
	h := homeWith(t, feed)
	file := filepath.Join(h.dir, "authority.pem")
	if err := os.WriteFile(file, authority.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	h.env = []string{"SSL_CERT_FILE=" + file}
	return h
}

func TestCertificateErrors(t *testing.T) {
	t.Run("issued by nobody known", func(t *testing.T) {
		t.Parallel()
		h := secured(t, began().AddDate(0, -1, 0), began().AddDate(0, 1, 0))
		h.fill()
		h.env = nil
		h.start(soon())
		h.failing("tls", "comes from nobody this device knows")
		h.degraded()
	})
	t.Run("expired", func(t *testing.T) {
		t.Parallel()
		h := secured(t, began().AddDate(0, -1, 0), began().Add(10*time.Minute))
		h.fill()
		h.start(soon())
		h.failing("tls", "ran out on 16 June 2026")
		h.degraded()
	})
}

func TestClockThatIsWrongByAYear(t *testing.T) {
	t.Run("behind", func(t *testing.T) {
		t.Parallel()
		h := secured(t, time.Now().AddDate(0, -1, 0), time.Now().AddDate(0, 1, 0))
		h.began = time.Now().UTC().Truncate(time.Second)
		h.fill()
		h.start(h.began.AddDate(-1, 0, 0))
		h.failing("clock", "This device's clock is probably wrong")
	})
	t.Run("ahead", func(t *testing.T) {
		t.Parallel()
		h := secured(t, time.Now().AddDate(0, -1, 0), time.Now().AddDate(0, 1, 0))
		h.began = time.Now().UTC().Truncate(time.Second)
		h.fill()
		// A server without a certificate tells the time.
		other := newHome(t)
		other.feed.Turn(mischief.Good(household.School(h.began)))
		h.others = "  - {id: other, name: Other, url: \"" + other.url + "\"}\n"
		h.start(h.began.AddDate(1, 0, 0))
		h.failing("clock", "This device's clock is probably wrong")
	})
}
