package web

import (
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
)

// bounds are the upper bounds of the histogram of latencies: kept pages take microseconds, drawn ones milliseconds; a person
// waits from a quarter of a second on, and the alert is at one second.
func bounds() [7]time.Duration {
	return [...]time.Duration{
		500 * time.Microsecond, 2 * time.Millisecond, 10 * time.Millisecond, 50 * time.Millisecond, 250 * time.Millisecond, time.Second, 5 * time.Second,
	}
}

// classes are what a status begins with, as a label; the first is for what is no status.
func classes() [6]string { return [...]string{"other", "1xx", "2xx", "3xx", "4xx", "5xx"} }

// observer counts the requests of one route. Observing takes a few atomic additions and nothing of the heap.
type observer struct {
	method, route string
	classes       [6]atomic.Uint64
	below         [8]atomic.Uint64 // by bound; the last is for those above all
	took          atomic.Int64     // nanoseconds, in all
}

// observe counts an answer.
func (o *observer) observe(status int, took time.Duration) {
	class := status / 100
	if class < 0 || class >= len(o.classes) {
		class = 0
	}
	at := 0
	for _, bound := range bounds() {
		if took <= bound {
			break
		}
		at++
	}
	o.classes[class].Add(1)
	o.below[at].Add(1)
	o.took.Add(int64(took))
}

// requests holds the observers: one for each route, and one for what is no route. They are all made before the first request.
type requests struct {
	routes    []*observer
	elsewhere observer
}

// observed is the key under which a request carries the observer of its route.
type observed struct{}

// watched puts the counting of its requests before a route. HEAD counts as GET.
func (m *meter) watched(r route, answer fiber.Handler) fiber.Handler {
	o := &observer{method: r.method, route: r.path}
	m.requests.routes = append(m.requests.routes, o)
	return func(c *fiber.Ctx) error {
		c.Locals(observed{}, o)
		return answer(c)
	}
}

// observe counts a request that is answered; one that no route took counts as that.
func (m *meter) observe(c *fiber.Ctx, took time.Duration) {
	o, ok := c.Locals(observed{}).(*observer)
	if !ok {
		o = &m.requests.elsewhere
	}
	o.observe(c.Response().StatusCode(), took)
}

// requestCount and requestTime describe what is counted of requests.
func requestCount() metric {
	return metric{
		name: "calendarbot_http_requests_total", kind: prometheus.CounterValue, labels: []string{"method", "route", "class"},
		help: "Requests answered, by route as in the table of URLs (\"none\" for no route) and by the class of the status.",
	}
}

func requestTime() metric {
	return metric{
		name: "calendarbot_http_request_duration_seconds", labels: []string{"method", "route"},
		help: "Time from the end of a request's header to its answer being ready to send; of a stream, until it begins.",
	}
}

func (m metric) desc() *prometheus.Desc { return prometheus.NewDesc(m.name, m.help, m.labels, nil) }

// Describe gives the library both.
func (r *requests) Describe(to chan<- *prometheus.Desc) {
	to <- requestCount().desc()
	to <- requestTime().desc()
}

// Collect gives the library the counts. A failure (5xx) is there from the start, as a rate over a counter that begins with its
// first event misses that one; the rest of a route appears with its first request.
func (r *requests) Collect(to chan<- prometheus.Metric) {
	count, latency := requestCount().desc(), requestTime().desc()
	none := &r.elsewhere
	none.method, none.route = "any", "none"
	for _, o := range append(r.routes[:len(r.routes):len(r.routes)], none) {
		for i, class := range classes() {
			if n := o.classes[i].Load(); n > 0 || class == "5xx" {
				to <- prometheus.MustNewConstMetric(count, prometheus.CounterValue, float64(n), o.method, o.route, class)
			}
		}
		total, buckets := uint64(0), map[float64]uint64{}
		for i, bound := range bounds() {
			total += o.below[i].Load()
			buckets[bound.Seconds()] = total
		}
		if total += o.below[len(o.below)-1].Load(); total > 0 {
			took := time.Duration(o.took.Load()).Seconds()
			to <- prometheus.MustNewConstHistogram(latency, total, took, buckets, o.method, o.route)
		}
	}
}
