package web

import (
	"context"
	"errors"
	"maps"
	"net/http/httptest"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/config"
	"calendarbot/agent/conn"
	"calendarbot/agent/feature"
	"calendarbot/agent/guard"
	"calendarbot/agent/page"
	"calendarbot/agent/store"
)

// noon is the moment that the tests of the table look at.
func noon() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

// full is a look in which everything is there, and no two numbers of a part are the same.
func full() *look {
	return &look{
		version: "v1.2.3", uptime: 90 * time.Second, now: noon(), real: noon(), beat: noon().Add(-7 * time.Second), generation: 42,
		pools: []conn.Stats{{
			Name: "database", Pooled: true, Size: 3, Ceiling: 10, InUse: 2, Idle: 1, Waiting: 4, Takes: 100, Reused: 90, Opened: 11, Closed: 8,
			Broken: 5, Failed: 6, Waits: 12, Waited: 1500 * time.Millisecond, Leaks: 7, Longest: 250 * time.Millisecond, Suspects: []string{"between.go"},
		}, {Name: "http"}},
		pipeline: &page.PipelineStats{
			Hits: 1, Misses: 2, Joined: 3, Drawn: 4, Failed: 5, Uncached: 6, Evicted: 7, Warmed: 8, Compressed: 9,
			Entries: 10, Bytes: 11, MaxBytes: 12, MaxEntries: 13, TTL: 300 * time.Second, Step: page.DropHalf,
		},
		batch:  &page.BatchStats{Asked: 10, Shared: 6, Queries: 4},
		ladder: &page.LadderStats{Optimised: 1, Plain: 2, LastGood: 3, Foot: 4},
		gates: []guard.Stats{
			{
				Feature: "request_pipeline", Setting: feature.Setting{Percent: 25}, Reason: guard.Breaker, Entered: 20, Failures: 3,
				Refused: map[guard.Reason]uint64{guard.Breaker: 2, guard.Pressure: 1}, Breaker: "open", Trips: 2,
			},
			{Feature: "cache_warming", Setting: feature.Setting{Percent: 100}, On: true, Entered: 9},
		},
		state:   &config.State{Revision: 5, Problem: "web.port: that is no number", Pending: []string{"web.port", "store.path"}},
		changed: noon().Add(-time.Hour),
		sources: []store.Source{
			{ID: "work", Name: "Arbeit", Address: "https://secret.example", State: store.Failing, Events: 120, Skipped: 2, LastSuccess: noon().Add(-20 * time.Minute), Error: "no"},
			{ID: "home", Address: "http://router.example", State: store.Waiting},
			{ID: "old", State: store.Disabled, LastSuccess: noon().Add(-48 * time.Hour)},
		},
		started: noon().Add(-90 * time.Second),
		process: &process{cpu: 12.34, resident: 24 << 20, files: 17, most: 1024},
		golang:  readGo(),
		fares:   tightFares(),
		safety:  &safety{clients: 4, logins: 2, ssh: 1.25, vulnerable: 1},
	}
}

// meterOf returns a meter that looks at l.
func meterOf(l *look) *meter {
	m := newMeter(Options{Now: noon}, time.Now())
	m.look = func() *look { return l }
	return m
}

func TestMetricsTellWhatIsCounted(t *testing.T) {
	got := values(t, meterOf(full()))
	for series, want := range map[string]float64{
		"calendarbot_uptime_seconds":                                                          90,
		"calendarbot_pool_size{pool=database}":                                                3,
		"calendarbot_pool_ceiling{pool=database}":                                             10,
		"calendarbot_pool_in_use{pool=database}":                                              2,
		"calendarbot_pool_idle{pool=database}":                                                1,
		"calendarbot_pool_waiting{pool=database}":                                             4,
		"calendarbot_pool_pooled{pool=database}":                                              1,
		"calendarbot_pool_pooled{pool=http}":                                                  0,
		"calendarbot_pool_longest_hold_seconds{pool=database}":                                0.25,
		"calendarbot_pool_takes_total{pool=database}":                                         100,
		"calendarbot_pool_reused_total{pool=database}":                                        90,
		"calendarbot_pool_opened_total{pool=database}":                                        11,
		"calendarbot_pool_closed_total{pool=database}":                                        8,
		"calendarbot_pool_broken_total{pool=database}":                                        5,
		"calendarbot_pool_failed_total{pool=database}":                                        6,
		"calendarbot_pool_waits_total{pool=database}":                                         12,
		"calendarbot_pool_wait_seconds_total{pool=database}":                                  1.5,
		"calendarbot_pool_leaks_total{pool=database}":                                         7,
		"calendarbot_cache_hits_total":                                                        1,
		"calendarbot_cache_misses_total":                                                      2,
		"calendarbot_cache_joined_total":                                                      3,
		"calendarbot_cache_drawn_total":                                                       4,
		"calendarbot_cache_draw_failures_total":                                               5,
		"calendarbot_cache_uncached_total":                                                    6,
		"calendarbot_cache_evicted_total":                                                     7,
		"calendarbot_cache_warmed_total":                                                      8,
		"calendarbot_cache_compressed_total":                                                  9,
		"calendarbot_cache_entries":                                                           10,
		"calendarbot_cache_size_bytes":                                                        11,
		"calendarbot_cache_size_max_bytes":                                                    12,
		"calendarbot_cache_entries_max":                                                       13,
		"calendarbot_cache_ttl_seconds":                                                       300,
		"calendarbot_cache_pressure_step":                                                     2,
		"calendarbot_batch_questions_total":                                                   10,
		"calendarbot_batch_shared_total":                                                      6,
		"calendarbot_batch_queries_total":                                                     4,
		"calendarbot_ladder_answers_total{rung=optimised}":                                    1,
		"calendarbot_ladder_answers_total{rung=plain}":                                        2,
		"calendarbot_ladder_answers_total{rung=last_good}":                                    3,
		"calendarbot_ladder_answers_total{rung=foot}":                                         4,
		"calendarbot_feature_on{feature=request_pipeline,part=}":                              0,
		"calendarbot_feature_on{feature=cache_warming,part=}":                                 1,
		"calendarbot_feature_closed{feature=request_pipeline,part=,reason=breaker}":           1,
		"calendarbot_feature_closed{feature=request_pipeline,part=,reason=pressure}":          0,
		"calendarbot_feature_closed{feature=cache_warming,part=,reason=breaker}":              0,
		"calendarbot_feature_percent{feature=request_pipeline,part=}":                         25,
		"calendarbot_feature_entered_total{feature=request_pipeline,part=}":                   20,
		"calendarbot_feature_refused_total{feature=request_pipeline,part=,reason=breaker}":    2,
		"calendarbot_feature_refused_total{feature=request_pipeline,part=,reason=pressure}":   1,
		"calendarbot_feature_refused_total{feature=request_pipeline,part=,reason=forced_off}": 0,
		"calendarbot_feature_failures_total{feature=request_pipeline,part=}":                  3,
		"calendarbot_breaker_state{feature=request_pipeline,part=,state=open}":                1,
		"calendarbot_breaker_state{feature=request_pipeline,part=,state=half-open}":           0,
		"calendarbot_breaker_state{feature=request_pipeline,part=,state=closed}":              0,
		"calendarbot_breaker_trips_total{feature=request_pipeline,part=}":                     2,
		"calendarbot_emergency_off":                                                           0,
		"calendarbot_config_revision":                                                         5,
		"calendarbot_config_problem":                                                          1,
		"calendarbot_config_pending":                                                          2,
		"calendarbot_config_changed_timestamp_seconds":                                        float64(noon().Add(-time.Hour).Unix()),
		"calendarbot_feed_age_seconds{source=work}":                                           1200,
		"calendarbot_http_clients":                                                            4,
		"calendarbot_http_logins_total":                                                       2,
		"calendarbot_device_ssh_cpu_seconds_total":                                            1.25,
		"calendarbot_device_vulnerabilities":                                                  1,
		"calendarbot_feed_plain_http{source=work}":                                            0,
		"calendarbot_feed_plain_http{source=home}":                                            1,
		"calendarbot_feed_state{source=work,state=failing}":                                   1,
		"calendarbot_feed_state{source=work,state=ok}":                                        0,
		"calendarbot_feed_state{source=home,state=waiting}":                                   1,
		"calendarbot_feed_events{source=work}":                                                120,
		"calendarbot_feed_skipped{source=work}":                                               2,
		"calendarbot_store_generation":                                                        42,
		"calendarbot_refresher_beat_age_seconds":                                              7,
	} {
		if value, there := got[series]; !there || value != want {
			t.Errorf("%s is %v (%v), want %v", series, value, there, want)
		}
	}
	for _, series := range []string{
		"calendarbot_feed_age_seconds{source=home}", "calendarbot_feed_age_seconds{source=old}",
		"calendarbot_breaker_state{feature=cache_warming,part=,state=closed}", "calendarbot_breaker_trips_total{feature=cache_warming,part=}",
	} {
		if _, there := got[series]; there {
			t.Errorf("%s is told, though there is nothing to tell", series)
		}
	}
}

// TestEveryMetricOfTheTableIsTold: none is left out when everything is there.
func TestEveryMetricOfTheTableIsTold(t *testing.T) {
	m := meterOf(full())
	m.requests.elsewhere.observe(200, time.Millisecond)
	told := map[string]bool{}
	for series := range values(t, m) {
		name, _, _ := strings.Cut(series, "{")
		told[name] = true
	}
	if len(m.rows) < 70 {
		t.Errorf("only %d metrics", len(m.rows))
	}
	for _, row := range m.rows {
		if !told[row.name] {
			t.Errorf("%s is not told", row.name)
		}
	}
}

// TestMetricsOfNothing: what is not there is not told, and nothing fails.
func TestMetricsOfNothing(t *testing.T) {
	got := values(t, newMeter(Options{Now: noon}, time.Now()))
	for series := range got {
		for _, part := range []string{"_pool_", "_cache_", "_batch_", "_ladder_", "_feature_", "_config_", "_feed_", "_refresher_", "_pressure_", "_sign_", "_actions_", "_device_", "_unit_", "_budget_", "_baseline_", "_health_", "_problem", "_loops_", "_clock_", "_rollback_", "_stall_"} {
			if strings.HasPrefix(series, "calendarbot"+part) {
				t.Errorf("%s is told of nothing", series)
			}
		}
	}
}

func TestMetricNamesFollowTheConventions(t *testing.T) {
	names := regexp.MustCompile(`^(calendarbot|process|go)_[a-z]+(_[a-z]+)*$`)
	last := ""
	for _, m := range newMeter(Options{Now: noon}, time.Now()).rows {
		if !names.MatchString(m.name) || (m.kind == counter) != strings.HasSuffix(m.name, "_total") || !strings.HasSuffix(m.help, ".") {
			t.Errorf("%s: %q", m.name, m.help)
		}
		if m.name <= last || !slices.IsSorted(m.labels) {
			t.Errorf("%s after %s, with the labels %q, is not sorted", m.name, last, m.labels)
		}
		last = m.name
	}
}

// TestMetricsKeepSecrets: of calendars nothing but the id.
func TestMetricsKeepSecrets(t *testing.T) {
	text := written(meterOf(full()))
	for _, secret := range []string{"secret.example", "Arbeit", "between.go", "that is no number"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is told", secret)
		}
	}
}

// TestEmergencyIsToldByTheGates: whichever way it was made.
func TestEmergencyIsToldByTheGates(t *testing.T) {
	g := guard.New(feature.All()[0], "device-1", guard.Limits{})
	m := newMeter(Options{Now: noon, Gates: []*guard.Gate{g}}, time.Now())
	if got := values(t, m)["calendarbot_emergency_off"]; got != 0 {
		t.Errorf("%v at first", got)
	}
	g.Tell(guard.Word{Emergency: "The file is there."})
	if got := values(t, m)["calendarbot_emergency_off"]; got != 1 {
		t.Errorf("%v with the file", got)
	}
}

// settled is a configuration that nobody changes.
type settled struct {
	Control
	changes []config.Change
	err     error
}

func (s settled) State() *config.State { return &config.State{Revision: 3} }

func (s settled) Changes(context.Context, int) ([]config.Change, error) { return s.changes, s.err }

func TestMetricsOfTheConfiguration(t *testing.T) {
	const name = "calendarbot_config_changed_timestamp_seconds"
	told := func(c settled) map[string]float64 {
		return values(t, newMeter(Options{Now: noon, Control: c}, time.Now()))
	}
	got := told(settled{changes: []config.Change{{At: noon()}}})
	if got[name] != float64(noon().Unix()) || got["calendarbot_config_revision"] != 3 {
		t.Errorf("%v, revision %v", got[name], got["calendarbot_config_revision"])
	}
	if _, there := told(settled{err: errors.New("the disk is gone")})[name]; there {
		t.Error("a change that cannot be read is told")
	}
}

func TestRequestsAreCountedByRouteAndClass(t *testing.T) {
	m := newMeter(Options{Now: noon}, time.Now())
	app := fiber.New()
	counted := func(o *observer, answer fiber.Handler) fiber.Handler {
		return func(c *fiber.Ctx) error {
			err := answer(c)
			o.observe(c.Response().StatusCode(), 300*time.Millisecond)
			return err
		}
	}
	get := route{method: "GET", path: "/things/:name"}
	app.Get(get.path, counted(m.requests.of(get), func(c *fiber.Ctx) error { return c.SendStatus(c.QueryInt("status", 200)) }))
	post := route{method: "POST", path: "/things/:name"}
	app.Post(post.path, counted(m.requests.of(post), func(c *fiber.Ctx) error { return c.SendStatus(201) }))
	app.Use(counted(&m.requests.elsewhere, func(c *fiber.Ctx) error { return c.SendStatus(404) }))
	for _, r := range []string{"GET /things/a", "GET /things/b?status=503", "GET /things/c?status=304", "POST /things/a", "GET /nowhere", "GET /else", "GET /things/x?status=999"} {
		method, target, _ := strings.Cut(r, " ")
		answer, err := app.Test(httptest.NewRequest(method, target, nil), -1)
		if err != nil {
			t.Fatal(err)
		}
		if err := answer.Body.Close(); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]float64{
		"calendarbot_http_requests_total{class=2xx,method=GET,route=/things/:name}":   1,
		"calendarbot_http_requests_total{class=3xx,method=GET,route=/things/:name}":   1,
		"calendarbot_http_requests_total{class=5xx,method=GET,route=/things/:name}":   1,
		"calendarbot_http_requests_total{class=other,method=GET,route=/things/:name}": 1,
		"calendarbot_http_requests_total{class=2xx,method=POST,route=/things/:name}":  1,
		"calendarbot_http_requests_total{class=5xx,method=POST,route=/things/:name}":  0,
		"calendarbot_http_requests_total{class=4xx,method=any,route=none}":            2,
		"calendarbot_http_requests_total{class=5xx,method=any,route=none}":            0,
		"calendarbot_http_request_duration_seconds{method=GET,route=/things/:name}":   4,
		"calendarbot_http_request_duration_seconds{method=POST,route=/things/:name}":  1,
		"calendarbot_http_request_duration_seconds{method=any,route=none}":            2,
	}
	got := values(t, m)
	maps.DeleteFunc(got, func(series string, _ float64) bool { return !strings.HasPrefix(series, "calendarbot_http_") })
	if !maps.Equal(got, want) {
		for _, series := range slices.Sorted(maps.Keys(got)) {
			t.Errorf("%s %v, want %v", series, got[series], want[series])
		}
	}
}

// TestDeviceTellsItsMetrics asks a whole device over HTTP.
func TestDeviceTellsItsMetrics(t *testing.T) {
	d := start(t)
	d.household()
	d.ask("GET", "/", "")
	d.ask("HEAD", "/", "")
	d.ask("GET", "/api/whats-next", "")
	d.ask("GET", "/nowhere", "")
	d.ask("GET", "/", "", header{"Host", "stranger.example"})
	d.ask("PATCH", "/api/v1/config", `{"set":{"display.clock":"12h"}}`, withToken(), asJSON())
	a := d.ask("GET", "/metrics", "")
	if got := a.Header.Get("Content-Type"); a.StatusCode != 200 || got != "text/plain; version=0.0.4; charset=utf-8" || a.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d, %q, %q", a.StatusCode, got, a.Header.Get("Cache-Control"))
	}
	got := parsed(t, string(a.body))
	for series, want := range map[string]float64{
		"calendarbot_http_requests_total{class=2xx,method=GET,route=/}":                2,
		"calendarbot_http_requests_total{class=2xx,method=GET,route=/api/whats-next}":  1,
		"calendarbot_http_requests_total{class=2xx,method=PATCH,route=/api/v1/config}": 1,
		"calendarbot_http_requests_total{class=4xx,method=any,route=none}":             1,
		"calendarbot_http_requests_total{class=4xx,method=GET,route=/}":                1,
		"calendarbot_http_request_duration_seconds{method=GET,route=/api/whats-next}":  1,
		"calendarbot_ladder_answers_total{rung=optimised}":                             3,
		"calendarbot_feature_on{feature=request_pipeline,part=}":                       1,
		"calendarbot_feed_state{source=work,state=ok}":                                 1,
		"calendarbot_build_info{go=" + runtime.Version() + ",version=test}":            1,
	} {
		if value, there := got[series]; !there || value != want {
			t.Errorf("%s is %v (%v), want %v", series, value, there, want)
		}
	}
	for _, m := range append(systemTable(), goTable()...) {
		if got[m.name] <= 0 && m.name != "go_gc_cycles_total_gc_cycles_total" && m.name != "go_memory_classes_heap_released_bytes" && m.name != "process_cpu_seconds_total" {
			t.Errorf("%s is %v", m.name, got[m.name])
		}
	}
	names := map[string]bool{}
	for series := range got {
		name, _, _ := strings.Cut(series, "{")
		names[name] = true
	}
	for _, m := range metricTable() {
		// The refresher's loop does not run here, and these gates have no breaker.
		if !names[m.name] && m.name != "calendarbot_refresher_beat_age_seconds" && !strings.HasPrefix(m.name, "calendarbot_breaker_") {
			t.Errorf("%s is not told", m.name)
		}
	}
}

// TestObservingAllocatesNothing also counts from many goroutines, for the race detector.
func TestObservingAllocatesNothing(t *testing.T) {
	o := &observer{}
	if got := testing.AllocsPerRun(1000, func() { o.observe(200, time.Millisecond) }); got > 0 {
		t.Errorf("%v allocations", got)
	}
	before := o.classes[5].Load()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 1000 {
				o.observe(500, time.Millisecond)
			}
		})
	}
	wg.Wait()
	if got := o.classes[5].Load() - before; got != 4000 {
		t.Errorf("%d counted of 4000", got)
	}
}

func BenchmarkObserve(b *testing.B) {
	o := &observer{}
	b.ReportAllocs()
	for b.Loop() {
		o.observe(200, 80*time.Microsecond)
	}
}

func BenchmarkScrape(b *testing.B) {
	m, e := meterOf(full()), &exposition{}
	b.ReportAllocs()
	for b.Loop() {
		m.write(e)
	}
	b.ReportMetric(float64(len(e.text)), "bytes/scrape")
}
