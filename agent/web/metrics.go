package web

import (
	"context"
	"log/slog"
	"runtime/metrics"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

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
	rows     []metric // sorted by name
	look     func() *look
	safety   func() safety
	unused   sync.Pool // of *exposition: nobody pays for its buffers while nobody asks
}

// mostUnused is the most bytes of text that a buffer keeps for the next answer; the usual answer is a fifth of it.
const mostUnused = 128 << 10

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
	started    time.Time // the program
	process    *process
	golang     []metrics.Sample // in the order of goFigures
	now        time.Time        // by the program's clock
	real       time.Time
	safety     *safety
	fares
}

// newMeter returns a meter of what the options hold.
func newMeter(o Options, started time.Time) *meter {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	m := &meter{o: o, started: started, requests: requests{elsewhere: observer{method: "any", route: "none"}}}
	m.look = m.lookAround
	m.requests.elsewhere.judged = &m.requests.fast
	m.requests.all = append(m.requests.all, &m.requests.elsewhere)
	m.rows = slices.Concat(metricTable(), m.requests.table(), deviceTable(), versionTable(), safetyTable(), systemTable(), goTable())
	slices.SortFunc(m.rows, func(a, b metric) int { return strings.Compare(a.name, b.name) })
	return m
}

// lookAround asks every part that is there, none of which asks the disk but for a few small files about versions.
func (m *meter) lookAround() *look {
	l := &look{version: m.o.Version, uptime: time.Since(m.started), started: m.started, now: m.o.Now(), real: time.Now(), golang: readGo(), fares: m.lookAtDevice()}
	running, err := readProcess()
	if err != nil {
		m.o.Log.Error("metrics of the process", "error", err)
	}
	l.process = running
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
	if m.safety != nil {
		s := m.safety()
		l.safety = &s
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

// write writes everything in the text format of Prometheus. What cannot be read is not there, and the log says why.
func (m *meter) write(to *exposition) {
	to.begin()
	l := m.look()
	for i := range m.rows {
		to.family(&m.rows[i], l)
	}
}

// metrics answers /metrics.
func (s *Server) metrics(c *fiber.Ctx) error {
	e, ok := s.meter.unused.Get().(*exposition)
	if !ok {
		e = &exposition{}
	}
	s.meter.write(e)
	c.Set(fiber.HeaderContentType, metricsType)
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Response().SetBody(e.text) // a copy
	if cap(e.text) <= mostUnused {
		s.meter.unused.Put(e)
	}
	return nil
}
