package web

import (
	"sync/atomic"
	"time"

	"calendarbot/agent/pressure"
)

// classes are what a status begins with, as a label; the first is for what is no status.
func classes() [6]string { return [...]string{"other", "1xx", "2xx", "3xx", "4xx", "5xx"} }

// observer counts the requests of one route. Observing takes a few atomic additions and nothing of the heap.
type observer struct {
	method, route string
	waits         bool // see route.waits
	classes       [6]atomic.Uint64
	latency       histogram
	judged        *fine // also; nil: it tells nothing of how the program fares
}

// observe counts an answer.
func (o *observer) observe(status int, took time.Duration) {
	class := status / 100
	if class < 0 || class >= len(o.classes) {
		class = 0
	}
	o.classes[class].Add(1)
	o.latency.add(took)
	if o.judged != nil {
		o.judged.add(took)
	}
}

// requests holds the observers: one for each route, and one for what is no route. They are all made before the first request.
type requests struct {
	all       []*observer
	elsewhere observer // also in all
	fast, own fine     // of those that tell how the program fares, and of its own for its page
}

// of returns the observer of a route. HEAD counts as GET.
func (r *requests) of(to route) *observer {
	o := &observer{method: to.method, route: to.path, waits: to.waits()}
	switch {
	case to.path == SelfPath:
		o.judged = &r.own
	case !o.waits:
		o.judged = &r.fast
	}
	r.all = append(r.all, o)
	return o
}

// reports tells whether a route says by a status of 5xx how the device is, which is no failure of the answer.
func (o *observer) reports() bool { return o.route == "/readyz" || o.route == "/api/health" }

// served is how many requests were answered, how many of them with a status of 5xx, and how fast, of those that tell how the program
// fares: see route.waits. Failures are those of answers alone, not of routes that tell with such a status that the device is not well.
func (r *requests) served() (answered, failed uint64, fast pressure.Latency) {
	for _, o := range r.all {
		if o.waits {
			continue
		}
		for i := range o.classes {
			answered += o.classes[i].Load()
		}
		if !o.reports() {
			failed += o.classes[5].Load()
		}
	}
	return answered, failed, r.fast.read()
}

// Served is how many requests that read were answered since the start, how many of them with a failure of the program (5xx), and how fast.
// It costs no lock and nothing of the heap, and may be called from any goroutine.
func (s *Server) Served() (answered, failed uint64, fast pressure.Latency) {
	return s.meter.requests.served()
}

// Self is how fast the program's own requests for its page were answered (SelfPath): always the same, so that they can be compared
// over days, which what a household asks for cannot.
func (s *Server) Self() pressure.Latency { return s.meter.requests.own.read() }

// table is what is counted of requests. A failure (5xx) is there from the start, as a rate over a counter that begins with its
// first event misses that one; the rest of a route appears with its first request.
func (r *requests) table() []metric {
	count := func(_ *look, to *exposition) {
		for _, o := range r.all {
			for i, class := range classes() {
				if n := o.classes[i].Load(); n > 0 || class == "5xx" {
					to.put(float64(n), class, o.method, o.route)
				}
			}
		}
	}
	latency := func(_ *look, to *exposition) {
		for _, o := range r.all {
			to.latency(&o.latency, o.method, o.route)
		}
	}
	return []metric{
		{"calendarbot_http_requests_total", "Requests answered, by route as in the table of URLs (\"none\" for no route) and by the class of the status.", counter, []string{"class", "method", "route"}, count},
		{"calendarbot_http_request_duration_seconds", "Time from the end of a request's header to its answer being ready to send; of a stream, until it begins.", timing, []string{"method", "route"}, latency},
	}
}
