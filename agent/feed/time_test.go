package feed

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"calendarbot/agent/clock"
	"calendarbot/agent/config"
	"calendarbot/agent/store"
)

// hands is a clock as a test sets it.
type hands struct {
	mu      sync.Mutex
	state   clock.State
	changed chan struct{}
	offset  atomic.Int64 // of the wall clock, in nanoseconds
}

func newHands(trusted bool) *hands {
	h := &hands{changed: make(chan struct{})}
	h.state.Trusted = trusted
	if !trusted {
		h.state.Words = "The clock is not set yet."
	}
	return h
}

func (h *hands) State() clock.State {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.state
}

func (h *hands) Changed() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.changed
}

// set changes what is known of the clock.
func (h *hands) set(change func(*clock.State)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change(&h.state)
	close(h.changed)
	h.changed = make(chan struct{})
}

func (h *hands) trust() { h.set(func(s *clock.State) { s.Trusted, s.Words = true, "" }) }

// jump moves the time, and tells.
func (h *hands) jump(by time.Duration) {
	h.offset.Add(int64(by))
	h.set(func(s *clock.State) { s.Jumps, s.Jumped = s.Jumps+1, by })
}

func (h *hands) now() time.Time { return time.Now().Add(time.Duration(h.offset.Load())) }

// states are how the sources fare, by their ids.
func (d *diary) states(t *testing.T) map[string]store.Source {
	t.Helper()
	all, err := d.o.Store.Sources(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]store.Source{}
	for _, s := range all {
		by[s.ID] = s
	}
	return by
}

// Certificates are not judged by a date that is not known: nothing fails by it, and nothing is late once it is known.
func TestNoCertificateIsJudgedByATimeThatIsNotKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHands(false)
		d := keepDiaryBy(t, h, h.now, at("tls", "https://a.example/x"), at("webcal", "webcal://b.example/x"), at("plain", "http://c.example/x"))
		const m = time.Minute
		d.after(6*m, "")
		d.Refresh("tls") // nor by a person's word
		for id, want := range map[string][]time.Duration{"tls": nil, "webcal": nil, "plain": {0, 5 * m}} {
			if got := d.after(0, id); !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", id, got, want)
			}
		}
		if s := d.states(t); s["tls"].State != store.Waiting || s["webcal"].State != store.Waiting || s["tls"].Error != "" {
			t.Errorf("%+v", s)
		}
		if age := time.Since(d.Beat()); age > beatEvery {
			t.Errorf("last beat %v ago", age)
		}
		h.trust()
		d.after(0, "")
		for id, want := range map[string][]time.Duration{"tls": {6 * m}, "webcal": {6 * m}, "plain": {0, 5 * m, 6 * m}} {
			if got := d.after(0, id); !slices.Equal(got, want) {
				t.Errorf("%s once it is known: %v, want %v", id, got, want)
			}
		}
		if got := d.after(5*m, "tls"); !slices.Equal(got, []time.Duration{6 * m, 11 * m}) {
			t.Errorf("then: %v", got)
		}
		// What is lost again holds them back again, and does no harm.
		h.set(func(s *clock.State) { s.Trusted = false })
		if got := d.after(time.Hour, "tls"); len(got) != 2 {
			t.Errorf("when it is lost: %v", got)
		}
	})
}

// A server without encryption may send us on to one with: its certificate says nothing of the source either.
func TestCertificateBehindARedirectIsNotJudged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHands(false)
		d := keepDiaryBy(t, h, h.now, at("a", "http://a.example/x"))
		expired := &tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Cert: &x509.Certificate{NotAfter: h.now()}, Reason: x509.Expired}}
		d.answering(func(string) (answer, error) { return answer{}, fmt.Errorf("fetch: %w", expired) })
		d.Refresh("a")
		if got := d.after(10*time.Minute, "a"); len(got) < 5 || len(got) > 12 {
			t.Errorf("asked at %v", got)
		}
		if s := d.states(t)["a"]; s.State == store.Failing || s.Error != "" {
			t.Errorf("%+v", s)
		}
		h.trust()
		d.after(time.Minute, "a")
		if s := d.states(t)["a"]; s.State != store.Failing || s.Code != "clock" { // the bubble's year is before the program's
			t.Errorf("by a clock that is right: %+v", s)
		}
	})
}

// Whichever way the time jumps, everything is fetched soon, and then as before: pauses are waited for by a clock that is never set.
func TestJumpsOfTheClock(t *testing.T) {
	const m, year = time.Minute, 365 * 24 * time.Hour
	for _, by := range []time.Duration{5 * year, -5 * year, time.Hour, -time.Hour} {
		t.Run(by.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHands(true)
				h.offset.Store(int64(30 * year)) // the bubble begins in 2000
				d := keepDiaryBy(t, h, h.now, at("a", "https://a.example/x"), at("asked", "https://b.example/x"))
				d.answering(func(id string) (answer, error) {
					if id == "asked" {
						return answer{asks: asks{after: time.Hour}}, &statusError{503}
					}
					return answer{unchanged: true}, nil
				})
				d.after(7*m, "") // before the word above a may have been fetched
				asked := d.after(0, "asked")
				h.jump(by)
				if got := d.after(0, "a"); !slices.Equal(got, []time.Duration{0, 5 * m, 7 * m}) {
					t.Errorf("after the jump: %v", got)
				}
				s := d.states(t)["a"]
				if !s.LastSuccess.Equal(h.now()) || s.NextTry.Sub(h.now()) != 5*m {
					t.Errorf("success %v, next %v at %v", s.LastSuccess, s.NextTry, h.now())
				}
				if got := d.after(11*m, "a"); !slices.Equal(got, []time.Duration{0, 5 * m, 7 * m, 12 * m, 17 * m}) {
					t.Errorf("then: %v", got)
				}
				if got := d.after(0, "asked"); len(asked) == 2 && len(got) != 2 {
					t.Errorf("its server asked for an hour: %v", got)
				}
			})
		})
	}
}

// A clock that jumps to and fro makes no server suffer.
func TestClockThatJumpsAllTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHands(true)
		d := keepDiaryBy(t, h, h.now, at("a", "https://a.example/x"))
		for range 600 {
			h.jump(time.Hour)
			d.after(time.Second, "")
			h.jump(-time.Hour)
		}
		if got := d.after(0, "a"); len(got) > 11 {
			t.Errorf("%d fetches in ten minutes", len(got))
		}
	})
}

// What the program knew when it ended is understood by the clock that is right, not by the one that it starts with.
func TestPausesAreTakenUpOnceTheTimeIsKnown(t *testing.T) {
	s := misbehaving(t, replying(200, "Cache-Control: max-age=36000", dull()))
	src := atHome("home", s)
	b := newBench(t, src)
	b.fetched("home")
	for name, tt := range map[string]struct {
		status int
		header string
		want   time.Duration
	}{
		"the server wants to be left alone": {http.StatusTooManyRequests, "Retry-After: 3600", 40 * time.Minute},
		"all is well":                       {http.StatusOK, "Cache-Control: max-age=36000", 0},
	} {
		s.Turn(replying(tt.status, tt.header, dull()))
		b.fetched("home")
		h := newHands(false)
		b.hands = h
		b.restart(-7*24*time.Hour, src) // by the clock that was saved
		if due, _ := b.next(time.Now()); due == nil {
			t.Fatalf("%s: a source without a certificate is not asked", name)
		}
		b.clock.Add(int64((7*24*time.Hour + 20*time.Minute) / time.Second))
		h.trust()
		b.watchClock(t.Context())
		if got := b.wait(); got != tt.want {
			t.Errorf("%s: asked in %v, want %v", name, got, tt.want)
		}
		b.hands = nil
		b.restart(2*time.Hour, src)
	}
}

func TestPaceOfFetches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const m = time.Minute
		d := keepDiary(t, at("a", "https://a.example/x"))
		d.after(m, "")
		d.SetPace(4)
		if got := d.after(18*m+time.Second, "a"); !slices.Equal(got, []time.Duration{0}) {
			t.Errorf("slow: %v", got)
		}
		if next := d.states(t)["a"].NextTry; time.Until(next) > 0 {
			t.Errorf("the next try was noted for %v", next)
		}
		if got := d.after(m, "a"); !slices.Equal(got, []time.Duration{0, 20 * m}) {
			t.Errorf("slow: %v", got)
		}
		if next := d.states(t)["a"].NextTry; next.Sub(d.start) != 40*m {
			t.Errorf("the next try is noted for %v", next.Sub(d.start))
		}
		d.Refresh("a") // a person does not wait for the pace
		d.SetPace(8)
		if got := d.after(10*time.Second, "a"); !slices.Equal(got[2:], []time.Duration{20*m + askGap}) {
			t.Errorf("by a person's word: %v", got)
		}
		d.after(6*m, "")
		d.SetPace(1)
		if got := d.after(0, "a"); len(got) != 4 || got[3] != 26*m+11*time.Second {
			t.Errorf("fast again: %v", got)
		}
		for _, none := range []float64{0, -3, math.NaN(), math.Inf(-1), .5} {
			d.SetPace(none)
			if d.pace != 1 {
				t.Errorf("%v is a pace of %v", none, d.pace)
			}
		}
		d.SetPace(math.Inf(1))
		if got := d.after(2*maxPause+m, "a"); len(got) < 5 || len(got) > 6 {
			t.Errorf("nobody stays away for longer than a day: %v", got)
		}
	})
}

// The operator's new pause counts at the pace that holds, and the other way round.
func TestPaceAndPauseChangeTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const m = time.Minute
		d := keepDiary(t, at("a", "https://a.example/x"))
		d.after(m, "")
		d.SetPace(2)
		feeds := patient()
		feeds.Refresh = 10 * m
		d.SetFeeds(feeds)
		if got := d.after(21*m, "a"); !slices.Equal(got, []time.Duration{0, 20 * m}) {
			t.Errorf("%v", got)
		}
		d.SetPace(1)
		if got := d.after(9*m, "a"); !slices.Equal(got, []time.Duration{0, 20 * m, 30 * m}) {
			t.Errorf("%v", got)
		}
	})
}

func TestPaced(t *testing.T) {
	for _, c := range []struct {
		pause time.Duration
		pace  float64
		want  time.Duration
	}{
		{time.Minute, 1, time.Minute}, {time.Minute, 2.5, 150 * time.Second}, {maxPause, 1, maxPause}, {maxPause, 9, maxPause},
		{maxPause / 2, 3, maxPause}, {time.Hour, math.MaxFloat64, maxPause}, {time.Hour, math.Inf(1), maxPause}, {2 * maxPause, 1, 2 * maxPause},
	} {
		if got := paced(c.pause, c.pace); got != c.want {
			t.Errorf("%v at %v: %v, want %v", c.pause, c.pace, got, c.want)
		}
	}
}

// While the time is not known a date says nothing, unless the server tells its own clock.
func TestDatesOfAServerWithoutTheTime(t *testing.T) {
	later := "Mon, 15 Jun 2026 10:00:00 GMT"
	for _, c := range []struct {
		name   string
		header map[string]string
		want   asks
	}{
		{"a date", map[string]string{"Retry-After": later, "Expires": later}, asks{}},
		{"by the server's clock", map[string]string{"Retry-After": later, "Expires": later, "Date": "Mon, 15 Jun 2026 09:00:00 GMT"}, asks{time.Hour, time.Hour}},
		{"seconds", map[string]string{"Retry-After": "60", "Cache-Control": "max-age=120"}, asks{2 * time.Minute, time.Minute}},
	} {
		h := http.Header{}
		for k, v := range c.header {
			h.Set(k, v)
		}
		if got := asksOf(h, time.Time{}); got != c.want {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

// A person who adds a calendar before the time is known is told so.
func TestCalendarIsTriedBeforeTheTimeIsKnown(t *testing.T) {
	s := misbehaving(t, replying(200, "", dull()))
	b := newBench(t)
	b.hands = newHands(false)
	b.restart(0)
	if _, err := b.Add(t.Context(), atHome("home", s)); err != nil {
		t.Errorf("without a certificate: %v", err)
	}
	if r := b.reading(); r.words == "" {
		t.Errorf("%+v", r)
	}
	if !(&source{Source: config.Source{URL: "https://a.example"}}).byCertificate() || (&source{Source: config.Source{URL: "http://a.example"}}).byCertificate() {
		t.Error("certificates are for https")
	}
}
