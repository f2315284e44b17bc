package web

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"

	"calendarbot/agent/config"
	"calendarbot/agent/conn"
	"calendarbot/agent/guard"
	"calendarbot/agent/page"
	"calendarbot/agent/store"
)

// meter tells Prometheus what the other parts count. It counts only requests itself; everything else is looked at when it is
// asked for, so that what nobody asks for costs nothing.
type meter struct {
	o        Options
	started  time.Time
	requests requests
	rows     []row
	look     func() *look
	registry *prometheus.Registry
}

// row is a metric of the table and its description as the library wants it.
type row struct {
	metric
	desc *prometheus.Desc
}

// look is one look at everything that is counted elsewhere. What is nil is not there.
type look struct {
	version    string
	uptime     time.Duration
	pools      []conn.Stats
	pipeline   *page.PipelineStats
	batch      *page.BatchStats
	ladder     *page.LadderStats
	gates      []guard.Stats
	state      *config.State
	changed    time.Time // of the configuration; zero: never
	sources    []store.Source
	generation uint64
	beat       time.Time // of the refresher, real time; zero: never
	now        time.Time // by the program's clock
	real       time.Time
}

// newMeter returns a meter of what the options hold.
func newMeter(o Options, started time.Time) *meter {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	m := &meter{o: o, started: started, registry: prometheus.NewRegistry()}
	m.look = m.lookAround
	for _, t := range metricTable() {
		m.rows = append(m.rows, row{t, prometheus.NewDesc(t.name, t.help, t.labels, nil)})
	}
	m.registry.MustRegister(m, &m.requests,
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		// Of what Go tells about itself, what a person asks when memory or time runs short.
		collectors.NewGoCollector(collectors.WithGoCollectorMemStatsMetricsDisabled(),
			collectors.WithoutGoCollectorRuntimeMetrics(regexp.MustCompile(`.*`)),
			collectors.WithGoCollectorRuntimeMetrics(collectors.GoRuntimeMetricsRule{
				Matcher: regexp.MustCompile(`^/(sched/gomaxprocs:threads|gc/gomemlimit:bytes|gc/cycles/total:gc-cycles|memory/classes/(total|heap/objects|heap/released):bytes)$`),
			})),
	)
	return m
}

// Describe gives the library the table.
func (m *meter) Describe(to chan<- *prometheus.Desc) {
	for _, r := range m.rows {
		to <- r.desc
	}
}

// Collect gives the library what the table says about one look.
func (m *meter) Collect(to chan<- prometheus.Metric) {
	l := m.look()
	for _, r := range m.rows {
		r.read(l, func(value float64, labels ...string) {
			to <- prometheus.MustNewConstMetric(r.desc, r.kind, value, labels...)
		})
	}
}

// lookAround asks every part that is there, none of which asks the disk.
func (m *meter) lookAround() *look {
	l := &look{version: m.o.Version, uptime: time.Since(m.started), now: m.o.Now(), real: time.Now()}
	if m.o.Pools != nil {
		l.pools = m.o.Pools()
	}
	if m.o.Pipeline != nil {
		s := m.o.Pipeline.Stats()
		l.pipeline = &s
	}
	if m.o.Batch != nil {
		s := m.o.Batch.Stats()
		l.batch = &s
	}
	if m.o.Ladder != nil {
		s := m.o.Ladder.Stats()
		l.ladder = &s
	}
	for _, g := range m.o.Gates {
		l.gates = append(l.gates, g.Stats())
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	if m.o.Control != nil {
		l.state = m.o.Control.State()
		l.changed = m.lastChange(ctx)
	}
	if m.o.Store != nil {
		l.generation = m.o.Store.Generation()
		sources, err := m.o.Store.Sources(ctx)
		if err != nil {
			m.o.Log.Error("metrics of the sources", "error", err)
		}
		l.sources = sources
	}
	if m.o.Refresher != nil {
		l.beat = m.o.Refresher.Beat()
	}
	return l
}

// lastChange is when the configuration last changed; zero when it never did.
func (m *meter) lastChange(ctx context.Context) time.Time {
	changes, err := m.o.Control.Changes(ctx, 1)
	if err != nil {
		m.o.Log.Error("metrics of the configuration", "error", err)
	}
	if len(changes) == 0 {
		return time.Time{}
	}
	return changes[0].At
}

// text is everything in the text format of Prometheus. What could be read is returned together with an error.
func (m *meter) text() ([]byte, error) {
	families, err := m.registry.Gather()
	out := &bytes.Buffer{}
	encoder := expfmt.NewEncoder(out, expfmt.NewFormat(expfmt.TypeTextPlain))
	for _, family := range families {
		if wrong := encoder.Encode(family); wrong != nil {
			return nil, fmt.Errorf("write the metric %s: %w", family.GetName(), wrong)
		}
	}
	return out.Bytes(), err
}

// metrics answers /metrics.
func (s *Server) metrics(c *fiber.Ctx) error {
	text, err := s.meter.text()
	if err != nil {
		s.o.Log.Error("metrics", "error", err)
	}
	if len(text) == 0 {
		return problemOf(http.StatusInternalServerError, "internal", "The metrics cannot be read; the log says why.")
	}
	c.Set(fiber.HeaderContentType, string(expfmt.NewFormat(expfmt.TypeTextPlain)))
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Send(text)
}
