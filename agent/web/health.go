package web

import (
	"context"
	"net/http"
	"os"
	"time"

	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/store"
)

// tooOld is the age of a source's last success from which the data is degraded.
const tooOld = 900 * time.Second

// healthReport is the answer of /api/health.
type healthReport struct {
	Status     string       `json:"status"` // ok or degraded
	ServerTime string       `json:"server_time_iso"`
	Server     serverStatus `json:"server_status"`
	Data       dataStatus   `json:"data_status"`
	Tasks      []taskStatus `json:"background_tasks"`
	Display    displayProbe `json:"display_probe"`
}

type serverStatus struct {
	Uptime int64 `json:"uptime_s"`
	PID    int   `json:"pid"`
}

type dataStatus struct {
	Events      int    `json:"event_count"`
	Age         *int64 `json:"last_refresh_success_age_s"` // of the newest success of any source; null: never
	Complete    bool   `json:"initial_refresh_complete"`
	Initialized bool   `json:"event_window_initialized"`
}

type taskStatus struct {
	Name   string `json:"name"`
	Status string `json:"status"` // running, stale, unknown
	Age    *int64 `json:"last_heartbeat_age_s"`
}

type displayProbe struct {
	At    *string `json:"last_render_probe_iso"`
	OK    *bool   `json:"last_probe_ok"`
	Notes *string `json:"last_probe_notes"`
}

// A success that is noted for later than wrongClock from now was noted by a clock that was wrong: how old it is is not known. A plan
// for later than maxPlan was made by such a clock too.
const (
	wrongClock = time.Hour
	maxPlan    = 25 * time.Hour
)

// dataOf sums up how the sources fare; degraded: nothing was ever refreshed, or a source that is on has no success
// within tooOld. A source whose server asked for longer pauses is not degraded while it keeps to them.
func dataOf(sources []store.Source, now time.Time) (d dataStatus, degraded bool) {
	var newest time.Time
	for _, src := range sources {
		if src.State == store.Disabled {
			continue
		}
		d.Events += src.Events
		if src.LastSuccess.After(newest) {
			newest = src.LastSuccess
		}
		age := now.Sub(src.LastSuccess)
		old := age > tooOld || age < -wrongClock
		asPlanned := src.State == store.OK && src.NextTry.Add(time.Minute).After(now) && src.NextTry.Sub(now) <= maxPlan && age >= -wrongClock
		if src.LastSuccess.IsZero() || (old && !asPlanned) {
			degraded = true
		}
	}
	if newest.IsZero() {
		return d, true
	}
	age := max(0, int64(now.Sub(newest)/time.Second))
	d.Age, d.Complete, d.Initialized = &age, true, true
	return d, degraded
}

// refresherStatus judges by the last time the refresher's loop went round, which one fetch may hold up.
func refresherStatus(beat, now time.Time, fetch time.Duration) taskStatus {
	t := taskStatus{Name: "refresher_task", Status: "unknown"}
	if beat.IsZero() {
		return t
	}
	silence := now.Sub(beat)
	age := max(0, int64(silence/time.Second))
	t.Age, t.Status = &age, "running"
	if silence > fetch+2*time.Minute {
		t.Status = "stale"
	}
	return t
}

func (s *Server) health(c *fiber.Ctx) error {
	sources, err := s.sources()
	if err != nil {
		s.o.Log.Error("health", "error", err)
	}
	now := s.o.Now()
	data, degraded := dataOf(sources, now)
	r := healthReport{
		Status: "ok", ServerTime: utc(now),
		Server:  serverStatus{Uptime: int64(time.Since(s.started) / time.Second), PID: os.Getpid()},
		Data:    data,
		Tasks:   []taskStatus{refresherStatus(s.o.Refresher.Beat(), time.Now(), s.current().Config.Feeds.Timeout)},
		Display: s.display(),
	}
	status := http.StatusOK
	if degraded || err != nil {
		r.Status, status = "degraded", http.StatusServiceUnavailable
	}
	return answerJSON(c, status, r)
}

func (s *Server) display() displayProbe {
	p := s.probe.Load()
	if p == nil {
		return displayProbe{}
	}
	at, ok, notes := utc(p.at), true, "browser-heartbeat"
	return displayProbe{At: &at, OK: &ok, Notes: &notes}
}

// sources reads how the sources fare, in bounded time.
func (s *Server) sources() ([]store.Source, error) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	return s.o.Store.Sources(ctx)
}

// healthz says that the process is alive, nothing more.
func (s *Server) healthz(c *fiber.Ctx) error {
	return answerJSON(c, http.StatusOK, map[string]any{
		"status": "ok", "version": s.o.Version, "uptime_s": int64(time.Since(s.started) / time.Second),
	})
}

// readyz says whether real events, new or last good ones, are served.
func (s *Server) readyz(c *fiber.Ctx) error {
	sources, err := s.sources()
	if err != nil {
		s.o.Log.Error("readiness", "error", err)
		return problemOf(http.StatusServiceUnavailable, "unavailable", "The database cannot be read.")
	}
	if len(sources) == 0 {
		return problemOf(http.StatusServiceUnavailable, "no_sources", "No calendar is configured yet.")
	}
	for _, src := range sources {
		if !src.LastSuccess.IsZero() {
			return answerJSON(c, http.StatusOK, map[string]string{"status": "ready"})
		}
	}
	return problemOf(http.StatusServiceUnavailable, "loading", "No calendar has been read yet.")
}
