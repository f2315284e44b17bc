package household

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"
)

func at(t *testing.T, zone, s string) time.Time {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	now, err := time.ParseInLocation("2006-01-02 15:04:05", s, loc)
	if err != nil {
		t.Fatal(err)
	}
	return now
}

func TestMeetingsStandAroundNow(t *testing.T) {
	start := at(t, "Europe/Berlin", "2026-03-28 00:00:00")
	for n := range 3 * 24 * 60 {
		now := start.Add(time.Duration(n)*time.Minute + 7*time.Second)
		rs, re := Running(now)
		if rs.After(now) || !re.After(now) || re.Sub(now) > 15*time.Minute {
			t.Fatalf("running at %v: %v to %v", now, rs, re)
		}
		ns, ne := Next(now)
		if d := ns.Sub(now); d < 20*time.Minute || d > 35*time.Minute || !ne.After(ns) || ns.Minute()%15 != 0 {
			t.Fatalf("next at %v: %v to %v", now, ns, ne)
		}
	}
}

func TestPlaces(t *testing.T) {
	for _, c := range []struct{ zone, windows string }{
		{"Europe/Berlin", "W. Europe Standard Time"},
		{"Europe/Paris", "W. Europe Standard Time"},
		{"Europe/London", "GMT Standard Time"},
		{"America/New_York", "Eastern Standard Time"},
		{"Australia/Sydney", "AUS Eastern Standard Time"},
		{"Pacific/Auckland", "New Zealand Standard Time"},
		{"UTC", "UTC"},
		{"Asia/Kathmandu", "Customized Time Zone"},
	} {
		if got := placeOf(at(t, c.zone, "2026-07-01 12:00:00")).windows; got != c.windows {
			t.Errorf("%s: %s, want %s", c.zone, got, c.windows)
		}
	}
}

// The changes written into a VTIMEZONE are those of the zone itself.
func TestZoneRules(t *testing.T) {
	for _, p := range places() {
		if p.daylight == nil {
			continue
		}
		out := new(text)
		p.google(out)
		loc, err := time.LoadLocation(p.iana)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			change change
			from   int
		}{{p.standard, p.daylight.offset}, {*p.daylight, p.standard.offset}} {
			before := time.Date(2026, time.Month(c.change.month), 1, c.change.hour, 0, 0, 0, time.FixedZone("", c.from*60))
			for before.Weekday() != time.Sunday {
				before = before.AddDate(0, 0, 1)
			}
			if c.change.day == "2SU" {
				before = before.AddDate(0, 0, 7)
			}
			for c.change.day == "-1SU" && before.AddDate(0, 0, 7).Month() == before.Month() {
				before = before.AddDate(0, 0, 7)
			}
			_, was := before.Add(-time.Second).In(loc).Zone()
			_, is := before.In(loc).Zone()
			if was != c.from*60 || is != c.change.offset*60 {
				t.Errorf("%s: at %v the zone goes from %d to %d", p.iana, before, was, is)
			}
		}
	}
}

func TestFeedsAreWellFormed(t *testing.T) {
	now := at(t, "Europe/Berlin", "2026-10-25 02:10:00")
	large := Large(500, 1)
	for name, body := range map[string][]byte{"work": Work(now), "family": Family(now), "school": School(now), "large": large} {
		if !bytes.HasPrefix(body, []byte("BEGIN:VCALENDAR\r\n")) || !bytes.HasSuffix(body, []byte("END:VCALENDAR\r\n")) {
			t.Errorf("%s does not begin or end as a calendar", name)
		}
		for line := range bytes.SplitSeq(bytes.TrimSuffix(body, []byte("\r\n")), []byte("\r\n")) {
			if len(line) > 75 || len(line) == 0 || bytes.ContainsAny(line, "\r\n") {
				t.Errorf("%s: bad line %q", name, line)
			}
		}
	}
	if !bytes.Equal(Work(now), Work(now)) || !bytes.Equal(large, Large(500, 1)) || bytes.Equal(large, Large(500, 2)) {
		t.Error("the bytes do not depend on the time or the seed alone")
	}
}

func TestLargeIsAsLargeAsRealFeeds(t *testing.T) {
	for _, events := range []int{500, 10_000} {
		body := Large(events, 7)
		if n := bytes.Count(body, []byte("BEGIN:VEVENT")); n != events {
			t.Errorf("%d components, want %d", n, events)
		}
		if per := len(body) / events; per < 800 || per > 1000 {
			t.Errorf("%d bytes an event", per)
		}
		rules := bytes.Count(body, []byte("\r\nRRULE:")) - 4
		if share := 100 * rules / events; share < 25 || share > 33 {
			t.Errorf("%d %% recurring", share)
		}
	}
}

func TestHandler(t *testing.T) {
	now := at(t, "Europe/Berlin", "2026-06-15 09:12:00")
	server := httptest.NewServer(Handler(now))
	defer server.Close()
	for _, name := range Feeds() {
		answer, err := http.Get(server.URL + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if name == "broken.ics" {
			if answer.StatusCode != http.StatusInternalServerError {
				t.Errorf("%s: %s", name, answer.Status)
			}
			continue
		}
		if answer.StatusCode != http.StatusOK || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/calendar") {
			t.Errorf("%s: %s %v", name, answer.Status, answer.Header)
		}
		for _, pair := range [][2]string{{"If-None-Match", answer.Header.Get("ETag")}, {"If-Modified-Since", answer.Header.Get("Last-Modified")}} {
			again, err := http.NewRequest(http.MethodGet, server.URL+"/"+name, nil)
			if err != nil {
				t.Fatal(err)
			}
			again.Header.Set(pair[0], pair[1])
			same, err := http.DefaultClient.Do(again)
			if err != nil {
				t.Fatal(err)
			}
			same.Body.Close()
			if same.StatusCode != http.StatusNotModified {
				t.Errorf("%s with %s: %s", name, pair[0], same.Status)
			}
		}
	}
}
