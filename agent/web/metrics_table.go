package web

import (
	"runtime"
	"time"

	"calendarbot/agent/conn"
	"calendarbot/agent/guard"
	"calendarbot/agent/page"
	"calendarbot/agent/store"
)

// metric is one line of the table of metrics. Units are base units, as the end of the name says: seconds, bytes, a share of 1
// (ratio), events since the start (total); else it is a number of what the help says.
type metric struct {
	name, help string
	kind       metricKind
	labels     []string // sorted
	read       func(*look, *exposition)
}

// metricKind is what the text format calls the type of a metric.
type metricKind string

const (
	counter metricKind = "counter"
	gauge   metricKind = "gauge"
	timing  metricKind = "histogram"
)

// metricTable is every metric but those of requests (metrics_requests.go), of how the device fares (metrics_device.go) and of the process and Go (metrics_process.go).
func metricTable() []metric {
	pool, gate, feed := []string{"pool"}, []string{"feature", "part"}, []string{"source"}
	return []metric{
		{"calendarbot_build_info", "The program that runs; always 1.", gauge, []string{"go", "version"}, func(l *look, to *exposition) { to.put(1, runtime.Version(), l.version) }},
		{"calendarbot_uptime_seconds", "How long the program has run.", gauge, nil, func(l *look, to *exposition) { to.put(l.uptime.Seconds()) }},

		{"calendarbot_pool_size", "Connections that a pool may have in use now.", gauge, pool, ofPool(func(s conn.Stats) float64 { return float64(s.Size) })},
		{"calendarbot_pool_ceiling", "The most that the size of a pool may become.", gauge, pool, ofPool(func(s conn.Stats) float64 { return float64(s.Ceiling) })},
		{"calendarbot_pool_in_use", "Connections in use.", gauge, pool, ofPool(func(s conn.Stats) float64 { return float64(s.InUse) })},
		{"calendarbot_pool_idle", "Open connections that wait for the next use.", gauge, pool, ofPool(func(s conn.Stats) float64 { return float64(s.Idle) })},
		{"calendarbot_pool_waiting", "Uses that wait for a connection.", gauge, pool, ofPool(func(s conn.Stats) float64 { return float64(s.Waiting) })},
		{"calendarbot_pool_pooled", "1 while connections are kept for the next use, 0 while every use opens its own.", gauge, pool, ofPool(func(s conn.Stats) float64 { return truth(s.Pooled) })},
		{"calendarbot_pool_longest_hold_seconds", "How long the connection that is held longest is held by now.", gauge, pool, ofPool(func(s conn.Stats) float64 { return s.Longest.Seconds() })},
		{"calendarbot_pool_takes_total", "Uses of a connection.", counter, pool, ofPool(func(s conn.Stats) float64 { return float64(s.Takes) })},
		{"calendarbot_pool_reused_total", "Uses that found an open connection.", counter, pool, ofPool(func(s conn.Stats) float64 { return float64(s.Reused) })},
		{"calendarbot_pool_opened_total", "Connections opened.", counter, pool, ofPool(func(s conn.Stats) float64 { return float64(s.Opened) })},
		{"calendarbot_pool_closed_total", "Connections closed.", counter, pool, ofPool(func(s conn.Stats) float64 { return float64(s.Closed) })},
		{"calendarbot_pool_broken_total", "Connections found broken after idling, and replaced.", counter, pool, ofPool(func(s conn.Stats) float64 { return float64(s.Broken) })},
		{"calendarbot_pool_failed_total", "Uses that found or made no connection.", counter, pool, ofPool(func(s conn.Stats) float64 { return float64(s.Failed) })},
		{"calendarbot_pool_waits_total", "Uses that had to wait for a connection.", counter, pool, ofPool(func(s conn.Stats) float64 { return float64(s.Waits) })},
		{"calendarbot_pool_wait_seconds_total", "Time that uses waited for a connection, in all.", counter, pool, ofPool(func(s conn.Stats) float64 { return s.Waited.Seconds() })},
		{"calendarbot_pool_leaks_total", "Connections held longer than the bound; the status says where they were taken.", counter, pool, ofPool(func(s conn.Stats) float64 { return float64(s.Leaks) })},

		{"calendarbot_cache_hits_total", "Pages answered from those that are kept.", counter, nil, ofCache(func(s *page.PipelineStats) float64 { return float64(s.Hits) })},
		{"calendarbot_cache_misses_total", "Pages that had to be drawn for who asked.", counter, nil, ofCache(func(s *page.PipelineStats) float64 { return float64(s.Misses) })},
		{"calendarbot_cache_joined_total", "Requests that waited for a drawing that another had asked for.", counter, nil, ofCache(func(s *page.PipelineStats) float64 { return float64(s.Joined) })},
		{"calendarbot_cache_drawn_total", "Pages drawn, those drawn ahead included.", counter, nil, ofCache(func(s *page.PipelineStats) float64 { return float64(s.Drawn) })},
		{"calendarbot_cache_draw_failures_total", "Drawings that ended in an error.", counter, nil, ofCache(func(s *page.PipelineStats) float64 { return float64(s.Failed) })},
		{"calendarbot_cache_uncached_total", "Pages that were not kept: too large, or no success.", counter, nil, ofCache(func(s *page.PipelineStats) float64 { return float64(s.Uncached) })},
		{"calendarbot_cache_evicted_total", "Kept pages given up for room while they still held.", counter, nil, ofCache(func(s *page.PipelineStats) float64 { return float64(s.Evicted) })},
		{"calendarbot_cache_warmed_total", "Pages drawn before somebody waited for them.", counter, nil, ofCache(func(s *page.PipelineStats) float64 { return float64(s.Warmed) })},
		{"calendarbot_cache_compressed_total", "Pages compressed.", counter, nil, ofCache(func(s *page.PipelineStats) float64 { return float64(s.Compressed) })},
		{"calendarbot_cache_entries", "Pages kept.", gauge, nil, ofCache(func(s *page.PipelineStats) float64 { return float64(s.Entries) })},
		{"calendarbot_cache_entries_max", "The most pages that are kept.", gauge, nil, ofCache(func(s *page.PipelineStats) float64 { return float64(s.MaxEntries) })},
		{"calendarbot_cache_size_bytes", "Weight of the kept pages.", gauge, nil, ofCache(func(s *page.PipelineStats) float64 { return float64(s.Bytes) })},
		{"calendarbot_cache_size_max_bytes", "The most that the kept pages may weigh.", gauge, nil, ofCache(func(s *page.PipelineStats) float64 { return float64(s.MaxBytes) })},
		{"calendarbot_cache_ttl_seconds", "The longest that a page is kept.", gauge, nil, ofCache(func(s *page.PipelineStats) float64 { return s.TTL.Seconds() })},
		{"calendarbot_cache_pressure_step", "What is given up under pressure: 0 nothing, 1 the oldest pages, 2 half of them, 3 all.", gauge, nil, ofCache(func(s *page.PipelineStats) float64 { return float64(s.Step) })},

		{"calendarbot_batch_questions_total", "Questions to the database.", counter, nil, ofBatch(func(s *page.BatchStats) float64 { return float64(s.Asked) })},
		{"calendarbot_batch_shared_total", "Questions answered by the query of another.", counter, nil, ofBatch(func(s *page.BatchStats) float64 { return float64(s.Shared) })},
		{"calendarbot_batch_queries_total", "Queries made for the questions.", counter, nil, ofBatch(func(s *page.BatchStats) float64 { return float64(s.Queries) })},
		{"calendarbot_ladder_answers_total", "Pages answered, by the rung they came from: optimised, plain (drawn), last_good (an older one), foot (the built-in clock page).", counter, []string{"rung"}, readLadder},

		{"calendarbot_feature_on", "1 while a feature may be used, 0 while not.", gauge, gate, ofGate(func(s guard.Stats) float64 { return truth(s.On) })},
		{"calendarbot_feature_closed", "1 for the reason for which a feature may not be used now, 0 for the others.", gauge, []string{"feature", "part", "reason"}, readClosed},
		{"calendarbot_feature_percent", "Share of all devices that a feature is on for, 0-100; force is not in it.", gauge, gate, ofGate(func(s guard.Stats) float64 { return float64(s.Setting.Percent) })},
		{"calendarbot_feature_entered_total", "Uses of a feature.", counter, gate, ofGate(func(s guard.Stats) float64 { return float64(s.Entered) })},
		{"calendarbot_feature_refused_total", "Uses that a feature's gate refused, by the reason.", counter, []string{"feature", "part", "reason"}, readRefused},
		{"calendarbot_feature_failures_total", "Uses of a feature that failed.", counter, gate, ofGate(func(s guard.Stats) float64 { return float64(s.Failures) })},
		{"calendarbot_breaker_state", "1 for the state that a feature's breaker is in, 0 for the others.", gauge, []string{"feature", "part", "state"}, readBreaker},
		{"calendarbot_breaker_trips_total", "How often a feature's breaker opened.", counter, gate, ofBreaker(func(s guard.Stats) float64 { return float64(s.Trips) })},
		{"calendarbot_emergency_off", "1 while everything optional is off.", gauge, nil, readEmergency},

		{"calendarbot_config_revision", "Grows with every change of the configuration while the program runs.", gauge, nil, readRevision},
		{"calendarbot_config_problem", "1 while the configuration file is not what holds, as something in it cannot be used.", gauge, nil, readProblem},
		{"calendarbot_config_pending", "Settings whose value takes effect at the next start.", gauge, nil, readPending},
		{"calendarbot_config_changed_timestamp_seconds", "When a setting last changed; not there before the first change.", gauge, nil, readChanged},

		{"calendarbot_feed_age_seconds", "Time since a calendar was last read or found unchanged; not there before the first time.", gauge, feed, readAge},
		{"calendarbot_feed_state", "1 for the state that a calendar is in, 0 for the others.", gauge, []string{"source", "state"}, readFeedState},
		{"calendarbot_feed_events", "Events of a calendar.", gauge, feed, ofFeed(func(s store.Source) float64 { return float64(s.Events) })},
		{"calendarbot_feed_skipped", "Events of a calendar that cannot be read.", gauge, feed, ofFeed(func(s store.Source) float64 { return float64(s.Skipped) })},
		{"calendarbot_feed_plain_http", "1 for a calendar that is read by plain HTTP, which whoever is in between can read and forge.", gauge, feed, readPlain},
		{"calendarbot_store_generation", "Grows with every change of what pages are made from.", gauge, nil, func(l *look, to *exposition) { to.put(float64(l.generation)) }},
		{"calendarbot_refresher_beat_age_seconds", "Time since the loop that reads the calendars last went round; not there before the first time.", gauge, nil, readBeat},
	}
}

// truth is 1 or 0.
func truth(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// since is how long ago something was, never less than nothing.
func since(then, now time.Time) float64 { return max(0, now.Sub(then).Seconds()) }
