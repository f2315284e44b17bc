package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"calendarbot/agent/page"
	"calendarbot/scripts/demo/household"
	"calendarbot/scripts/trace"
)

// voiceToken opens the routes of the voice interface.
const voiceToken = "equivalence"

// question is one request that both programs are asked.
type question struct {
	method, target string
	gzip           bool
	body           string
}

// String names the question in a message.
func (q question) String() string {
	return fmt.Sprintf("%s %s gzip=%v %s", q.method, q.target, q.gzip, q.body)
}

// reply is what two programs are held against each other by.
type reply struct {
	status  int
	header  string // those that are not about caching, sorted
	tag     string // of a body that came as it is
	encoded bool
	body    []byte // decoded
}

// twins are two programs with the same database, feeds and clock: one with everything optional on, one with all of it off.
type twins struct {
	t      *testing.T
	on     *program
	off    *program
	asked  atomic.Int64
	differ atomic.Int64 // only the first few are told
}

// maxDifferences are told; more would say nothing new.
const maxDifferences = 10

func (w *twins) differs(format string, args ...any) {
	if w.differ.Add(1) <= maxDifferences {
		w.t.Errorf(format, args...)
	}
}

// maxTries is how often a program is asked that had no time to draw a page, on a machine that does much else, and so showed an earlier one.
const maxTries = 20

// ask returns a program's answer, that of a page that was drawn.
func (w *twins) ask(p *program, q question) (r reply, err error) {
	for range maxTries {
		var rung string
		if r, rung, err = w.askOnce(p, q); err != nil || (rung != page.LastGood.String() && rung != page.Foot.String()) {
			break
		}
	}
	return r, err
}

// askOnce returns a program's answer, and the rung of the ladder that it comes from.
func (w *twins) askOnce(p *program, q question) (r reply, rung string, err error) {
	w.asked.Add(1)
	req, err := http.NewRequestWithContext(w.t.Context(), q.method, p.address+q.target, strings.NewReader(q.body))
	if err != nil {
		return r, rung, err
	}
	req.Header.Set("Authorization", "Bearer "+voiceToken)
	req.Header.Set("Accept-Encoding", "identity")
	if q.gzip {
		req.Header.Set("Accept-Encoding", "gzip")
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return r, rung, err
	}
	defer resp.Body.Close()
	rung = resp.Header.Get("X-Calendarbot-Rung")
	r.status, r.encoded = resp.StatusCode, resp.Header.Get("Content-Encoding") == "gzip"
	if r.encoded && !q.gzip {
		return r, rung, fmt.Errorf("%s: the answer is compressed, which was not asked for", q)
	}
	if !r.encoded {
		r.tag = resp.Header.Get("ETag")
	}
	for _, name := range []string{"Age", "X-Calendarbot-Rung", "Vary", "Content-Encoding", "Content-Length", "Etag", "Date"} {
		resp.Header.Del(name)
	}
	var header strings.Builder
	if err := resp.Header.WriteSubset(&header, nil); err != nil {
		return r, rung, err
	}
	r.header = header.String()
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") || q.method == http.MethodHead {
		return r, rung, nil // one has no end, the other no beginning
	}
	var body io.Reader = resp.Body
	if r.encoded {
		if body, err = gzip.NewReader(resp.Body); err != nil {
			return r, rung, fmt.Errorf("%s: %w", q, err)
		}
	}
	r.body, err = io.ReadAll(body)
	return r, rung, err
}

// same asks both programs, the optimised one several times: at once, so that some wait for the drawing of
// another, and then once more, for what is kept.
func (w *twins) same(q question) {
	want, err := w.ask(w.off, q)
	if err != nil {
		w.differs("everything off: %v", err)
		return
	}
	const together = 3
	replies, errs := make([]reply, together+1), make([]error, together+1)
	var all sync.WaitGroup
	for i := range together {
		all.Go(func() { replies[i], errs[i] = w.ask(w.on, q) })
	}
	all.Wait()
	replies[together], errs[together] = w.ask(w.on, q)
	for i, got := range replies {
		switch {
		case errs[i] != nil:
			w.differs("everything on: %v", errs[i])
		case got.status != want.status:
			w.differs("%s: status %d, without the optional parts %d\n%.300s", q, got.status, want.status, got.body)
		case got.header != want.header:
			w.differs("%s: header\n%s\nwithout the optional parts\n%s", q, got.header, want.header)
		case !bytes.Equal(got.body, want.body):
			w.differs("%s: %s", q, firstDifference(got.body, want.body))
		case !got.encoded && got.tag != want.tag:
			w.differs("%s: ETag %s, without the optional parts %s", q, got.tag, want.tag)
		}
	}
}

// firstDifference shows where two bodies part.
func firstDifference(got, want []byte) string {
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	around := func(b []byte) string { return string(b[max(0, at-80):min(len(b), at+80)]) }
	return fmt.Sprintf("differs at byte %d of %d and %d:\n%q\nwithout the optional parts\n%q", at, len(got), len(want), around(got), around(want))
}

// all asks many questions, a few at a time.
func (w *twins) all(list []question) {
	questions := make(chan question)
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for q := range questions {
				w.same(q)
			}
		})
	}
	for _, q := range list {
		questions <- q
	}
	close(questions)
	workers.Wait()
}

// recorded is what the household asks.
func recorded(t *testing.T) []question {
	t.Helper()
	list, err := trace.Household()
	if err != nil {
		t.Fatal(err)
	}
	var questions []question
	for _, r := range list {
		questions = append(questions, question{method: r.Method, target: r.Target, gzip: r.Gzip})
	}
	return questions
}

// drawnQuestions draws questions as clients and strangers ask them; some cannot be answered.
func drawnQuestions(n int, now time.Time) []question {
	rng := rand.New(rand.NewPCG(20261122, 7))
	pick := func(words ...string) string { return words[rng.IntN(len(words))] }
	// maybe is a parameter that is often not given, now and then twice.
	maybe := func(values url.Values, name string, value string) {
		switch rng.IntN(8) {
		case 0, 1, 2, 3:
			values.Set(name, value)
		case 4:
			if rng.IntN(6) == 0 {
				values[name] = []string{value, value}
			}
		}
	}
	zone := func() string {
		return pick("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "UTC", "Mars/Olympus", "Local", "", "\x00", strings.Repeat("z", 70))
	}
	day := func() string {
		if rng.IntN(8) == 0 {
			return pick("2026-02-30", "yesterday", "0000-00-00", "2300-01-01", "2026-6-1", "%zz")
		}
		return now.AddDate(0, 0, rng.IntN(90)-30).Format(time.DateOnly)
	}
	number := func(most int) string {
		if rng.IntN(6) == 0 {
			return pick("0", "-1", "1e3", "99999999999999999999", "seven", "٣")
		}
		return fmt.Sprint(1 + rng.IntN(most))
	}
	list := make([]question, n)
	for i := range list {
		q := question{method: http.MethodGet, gzip: rng.IntN(2) == 0}
		values := url.Values{}
		path := pick("/", "/agenda", "/api/whats-next", "/api/done-for-day", "/api/morning-summary", "/api/alexa/next-meeting", "/api/alexa/time-until-next",
			"/api/alexa/done-for-day", "/api/alexa/launch-summary", "/api/alexa/morning-summary", "/api/v1/events", "/api/v1/events", "/api/v1/whats-next", "/api/v1/hidden", "/nowhere")
		switch path {
		case "/", "/agenda":
			maybe(values, "theme", pick("auto", "dark", "light", "eink", "pink"))
			maybe(values, "tz", zone())
			maybe(values, "days", number(31))
			maybe(values, "from", day())
		case "/api/v1/events":
			maybe(values, "from", pick(day(), now.Add(time.Duration(rng.IntN(400)-100)*time.Hour).Format(time.RFC3339)))
			maybe(values, pick("to", "days"), pick(day(), number(366)))
			maybe(values, "calendar", pick("work", "family", "school", "nobody's"))
			maybe(values, "search", pick("meeting", "piano", "PIANO", "é", "🎬", "no such words", "\xff", strings.Repeat("long", 60)))
			maybe(values, "limit", number(1000))
			maybe(values, "tz", zone())
			if rng.IntN(12) == 0 {
				values.Set(pick("serch", "until", ""), "1")
			}
		case "/api/morning-summary", "/api/alexa/morning-summary":
			maybe(values, "date", day())
			maybe(values, "timezone", zone())
			maybe(values, "detail_level", pick("brief", "normal", "detailed", "verbose", "endless"))
			maybe(values, "max_events", number(100))
			maybe(values, "prefer_ssml", pick("true", "0", "yes", "perhaps"))
			if path == "/api/morning-summary" {
				q.method = http.MethodPost
			}
		default:
			maybe(values, "tz", zone())
		}
		q.target = path
		if len(values) > 0 {
			q.target += "?" + values.Encode()
		}
		switch rng.IntN(20) {
		case 0:
			q.method = http.MethodHead
		case 1:
			q.method = pick(http.MethodPut, http.MethodOptions, http.MethodPatch)
		}
		list[i] = q
	}
	return list
}

// changingHousehold serves the household's feeds as they stand at a time that can be moved on.
type changingHousehold struct {
	handler atomic.Pointer[http.Handler]
}

func (c *changingHousehold) at(now time.Time) {
	h := household.Handler(now)
	c.handler.Store(&h)
}

// ServeHTTP answers as of now.
func (c *changingHousehold) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	(*c.handler.Load()).ServeHTTP(w, r)
}

// householdFile is a configuration with the feeds of a household.
func householdFile(t *testing.T, feeds string) string {
	t.Helper()
	text := "sources:\n"
	for _, name := range household.Feeds() {
		id := strings.TrimSuffix(name, ".ics")
		text += "  - {id: " + id + ", name: " + id + ", lan: true, url: \"" + feeds + "/" + name + "\"}\n"
	}
	file := filepath.Join(t.TempDir(), "calendarbot.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestEverythingOptionalChangesNoAnswer holds the program with everything optional on against the one with all of it off: for
// what a household asked, and for what is drawn by chance, valid or not, before and after a refresh that changes the calendars.
func TestEverythingOptionalChangesNoAnswer(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, time.June, 16, 9, 12, 0, 0, berlin)
	changing := &changingHousehold{}
	changing.at(now)
	feeds := httptest.NewServer(changing)
	defer feeds.Close()
	file := householdFile(t, feeds.URL)
	env := []string{at(now), "CALENDARBOT_ALEXA_BEARER_TOKEN=" + voiceToken}
	start := func(name string, more ...string) *program {
		p := startProgram(t, append(slices.Clone(env), more...), "--config", file, "--store", filepath.Join(t.TempDir(), name+".db"))
		p.await(name+": every calendar was asked", func() bool { return settledOn(p, "work", "family", "school") })
		return p
	}
	w := &twins{t: t, off: start("off", "CALENDARBOT_EMERGENCY_OFF=1")}
	w.on = start("on", everyFeature("on")...)
	told := func(p *program) (rung string) {
		resp, err := http.Get(p.address + "/api/whats-next")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return cmp.Or(resp.Header.Get("X-Calendarbot-Rung"), "optimised")
	}
	if on, off := told(w.on), told(w.off); on != "optimised" || off != "plain" {
		t.Fatalf("the answers come from the rungs %s and %s; nothing would be compared", on, off)
	}

	drawn := drawnQuestions(320, now)
	w.all(recorded(t))
	w.all(drawn)

	// The household's work calendar moves on, and with it every page.
	before, err := w.ask(w.off, question{method: http.MethodGet, target: "/api/v1/events?days=7"})
	if err != nil {
		t.Fatal(err)
	}
	changing.at(now.Add(50 * time.Minute))
	for _, p := range []*program{w.on, w.off} {
		for _, id := range []string{"work", "family", "school"} {
			resp, err := http.Post(p.address+"/api/v1/sources/"+id+"/refresh", "application/json", nil)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
		}
	}
	changed := question{method: http.MethodGet, target: "/api/v1/events?days=7"}
	w.off.await("the change of the calendars is seen by both", func() bool {
		a, errA := w.ask(w.on, changed)
		b, errB := w.ask(w.off, changed)
		return errA == nil && errB == nil && !bytes.Equal(b.body, before.body) && bytes.Equal(a.body, b.body)
	})
	w.all(recorded(t)[:min(40, len(recorded(t)))])
	w.all(drawn)

	if n := w.differ.Load(); n > maxDifferences {
		t.Errorf("%d differences in all", n)
	}
	// What was held against each other must have been what it seems: kept pages, and pages waited for.
	_, metrics := w.on.get("/metrics")
	for _, name := range []string{"calendarbot_cache_hits_total", "calendarbot_cache_joined_total", "calendarbot_cache_compressed_total", "calendarbot_batch_questions_total"} {
		if m := regexp.MustCompile(`(?m)^` + name + ` [1-9]`); !m.Match(metrics) {
			t.Errorf("%s is 0", name)
		}
	}
}

// everyFeature is the environment that sets each feature.
func everyFeature(word string) []string {
	var env []string
	for _, name := range []string{"CONNECTION_POOLING", "REQUEST_PIPELINE", "REQUEST_BATCHING", "CACHE_WARMING", "ADAPTIVE_SIZING", "HTTP_COMPRESSION"} {
		env = append(env, "CALENDARBOT_FEATURES_"+name+"="+word)
	}
	return env
}

// settledOn tells whether all calendars were asked: those named are well, the others failed.
func settledOn(p *program, well ...string) bool {
	var list struct {
		Sources []sourceState `json:"sources"`
	}
	if p.getJSON("/api/v1/sources", &list) != http.StatusOK || len(list.Sources) == 0 {
		return false
	}
	for _, s := range list.Sources {
		want := "failing"
		if slices.Contains(well, s.ID) {
			want = "ok"
		}
		if s.State != want {
			return false
		}
	}
	return true
}
