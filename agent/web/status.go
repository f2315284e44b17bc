package web

import (
	"context"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/budget"
	"calendarbot/agent/clock"
	"calendarbot/agent/health"
	"calendarbot/agent/pressure"
	"calendarbot/agent/slot"
	"calendarbot/agent/store"
)

// someActions is how many actions that have ended the status tells, the newest; those that last it tells all.
const someActions = 20

// fare is how the device fares at one moment. What is nil is not known.
type fare struct {
	now      time.Time
	uptime   time.Duration
	report   *health.Report
	judged   *pressure.Assessment
	reading  *pressure.Reading
	actions  []budget.Action
	sources  []store.Source
	clock    *clock.State
	rollback *slot.Request

	unread bool // neither actions nor sources could be read
}

// fares asks everything that knows. What cannot be read is left out, as this is what is looked at then.
func (s *Server) fares() fare {
	f := fare{now: s.o.Now(), uptime: time.Since(s.started)}
	if s.o.Health != nil {
		if r := s.o.Health(); !r.At.IsZero() {
			f.report = &r
		}
	}
	if s.o.Pressure != nil {
		if a, r := s.o.Pressure(); r != nil {
			f.judged, f.reading = &a, r
		}
	}
	if s.o.Clock != nil {
		state := s.o.Clock()
		f.clock = &state
	}
	if s.o.Rollback != nil {
		f.rollback = s.o.Rollback()
	}
	var err error
	if f.sources, err = s.sources(); err != nil {
		s.o.Log.Error("status: list sources", "error", err)
		f.unread = true
	}
	if f.actions, err = s.actions(someActions); err != nil {
		s.o.Log.Error("status: list actions", "error", err)
		f.unread = true
	}
	return f
}

// actions are what is done by itself, and at most so many of those that have ended.
func (s *Server) actions(ended int) ([]budget.Action, error) {
	if s.o.Actions == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	return s.o.Actions(ctx, ended)
}

// statusView is the answer of /api/v1/status.
type statusView struct {
	Version  string        `json:"version"`
	Now      *string       `json:"now"`
	Uptime   int64         `json:"uptime_s"`
	State    string        `json:"state"` // fine, warning, critical, unknown
	Headline string        `json:"headline"`
	Since    *string       `json:"since"`
	Problems []problemView `json:"problems"`
	Level    *string       `json:"level"`
	Words    string        `json:"level_words"`
	Actions  []actionView  `json:"actions"`   // null: they cannot be read
	Sources  []source      `json:"calendars"` // the same
	Features []featureView `json:"features"`
	Off      emergency     `json:"emergency_off"`
	Pools    []poolView    `json:"pools"`
	Clock    *clockView    `json:"clock"`
	Rollback *slot.Request `json:"rollback"`
	Missing  []string      `json:"missing"`
}

type problemView struct {
	Code     health.Code     `json:"code"`
	Severity health.Severity `json:"severity"`
	Title    string          `json:"title"`
	About    string          `json:"about"`
	Words    string          `json:"words"`
	Do       string          `json:"do"`
	Since    *string         `json:"since"`
	Of       health.Code     `json:"of"`
	In       *int64          `json:"in_s"`
}

type actionView struct {
	ID    int64         `json:"id"`
	Sign  pressure.Sign `json:"sign"`
	Step  int           `json:"step"`
	Value *float64      `json:"value"`
	Limit *float64      `json:"limit"`
	Unit  string        `json:"unit"`
	Cause string        `json:"cause"`
	Done  string        `json:"done"`
	Began *string       `json:"began"`
	Ended *string       `json:"ended"`
}

type clockView struct {
	Trusted bool    `json:"trusted"`
	Words   string  `json:"words"`
	Jumps   uint64  `json:"jumps"`
	Jumped  float64 `json:"jumped_s"`
	Since   *string `json:"since"`
}

func problemViewOf(p health.Problem) problemView {
	v := problemView{
		Code: p.Code, Severity: p.Severity, Title: p.Title, About: p.About, Words: p.Words, Do: p.Do, Since: instant(p.Since), Of: p.Of,
	}
	if p.In > 0 {
		seconds := int64(p.In / time.Second)
		v.In = &seconds
	}
	return v
}

func actionViewOf(a budget.Action) actionView {
	cause := pressure.Standing{Sign: a.Sign, Step: a.Step, Value: a.Value, Limit: a.Limit, Unit: a.Unit}
	return actionView{
		ID: a.ID, Sign: a.Sign, Step: a.Step, Value: numeral(a.Value), Limit: numeral(a.Limit), Unit: a.Unit, Cause: cause.Words(),
		Done: a.Done, Began: instant(a.Began), Ended: instant(a.Ended),
	}
}

func actionViews(list []budget.Action) []actionView {
	views := make([]actionView, len(list))
	for i, a := range list {
		views[i] = actionViewOf(a)
	}
	return views
}

// getStatus is GET /api/v1/status.
func (s *Server) getStatus(c *fiber.Ctx) error {
	f := s.fares()
	v := statusView{
		Version: s.o.Version, Now: instant(f.now), Uptime: int64(f.uptime / time.Second), State: f.state(), Headline: f.headline(), Problems: []problemView{},
		Words: f.levelWords(), Features: s.features(), Off: s.emergency(), Pools: []poolView{}, Rollback: f.rollback, Missing: []string{},
	}
	if f.report != nil {
		v.Since = instant(f.report.Since)
		for _, p := range f.report.Problems {
			v.Problems = append(v.Problems, problemViewOf(p))
		}
	}
	if f.judged != nil {
		level := f.judged.Level.String()
		v.Level = &level
		v.Missing = append(v.Missing, f.reading.Missing...)
	}
	if !f.unread {
		v.Actions, v.Sources = actionViews(f.actions), []source{}
		for _, src := range f.sources {
			v.Sources = append(v.Sources, sourceOf(src))
		}
	}
	for _, st := range s.pools() {
		v.Pools = append(v.Pools, poolViewOf(st))
	}
	if k := f.clock; k != nil {
		v.Clock = &clockView{Trusted: k.Trusted, Words: k.Words, Jumps: k.Jumps, Jumped: k.Jumped.Seconds(), Since: instant(k.Since)}
	}
	return answerJSON(c, http.StatusOK, v)
}
