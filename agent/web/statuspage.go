package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/conn"
	"calendarbot/agent/health"
	"calendarbot/agent/page"
	"calendarbot/agent/pressure"
	"calendarbot/agent/store"
)

// statusEvery is how long a status page is shown before it is fetched again, if nothing happens.
const statusEvery = time.Minute

// pools are how the connections stand.
func (s *Server) pools() []conn.Stats {
	if s.o.Pools == nil {
		return nil
	}
	return s.o.Pools()
}

// history are the samples of the last day.
func (s *Server) history() []pressure.Sample {
	if s.o.History == nil {
		return nil
	}
	return s.o.History()
}

// getStatusPage is GET /status.
func (s *Server) getStatusPage(c *fiber.Ctx) error {
	frame := s.frame()
	if values, err := url.ParseQuery(string(c.Request().URI().QueryString())); err == nil {
		in := params{values: values} // what cannot be used counts as not given, as on the other pages
		frame.Theme = in.oneOf("theme", frame.Theme, "auto", "dark", "light", "eink")
	}
	f := s.fares()
	v := page.StatusView{
		Look: f.state(), Headline: f.headline(), Until: time.Now().Add(statusEvery).UnixMilli(), Level: f.levelWords(), Facts: s.facts(&f), NoDeeds: noDeeds,
	}
	if f.unread {
		v.NoDeeds = unreadDeeds
	}
	if f.report != nil {
		v.Since = sinceWords(f.report.Since, f.now, s.o.Zone)
		v.Problems, v.Coming = problemRows(f.report.Problems, f.now, s.o.Zone)
	}
	v.Say = v.Headline
	for _, a := range f.actions {
		v.Actions = append(v.Actions, page.ActionRow{Done: a.Done, When: actionTime(a.Began, a.Ended, f.now, s.o.Zone), Running: a.Ended.IsZero()})
	}
	v.Plots, v.Table = page.Plots(s.history(), f.now, s.o.Zone)
	for _, x := range s.features() {
		v.Features = append(v.Features, page.FeatureState{Title: strings.ReplaceAll(x.Name, "_", " "), Setting: x.Setting, Words: x.Words, On: x.On})
	}
	for _, src := range f.sources {
		row := s.calendarRow(src, "")
		v.Sources = append(v.Sources, page.SourceState{Name: row.Name, State: row.State, Error: row.Error, Failing: src.State == store.Failing})
	}
	if f.reading != nil {
		v.Missing = f.reading.Missing
	}
	return answerForm(c, http.StatusOK, page.Status(frame, &v))
}

// problemRows puts what follows from a problem under it; what only will be is apart.
func problemRows(list []health.Problem, at time.Time, zone *time.Location) (now, coming []page.ProblemRow) {
	under := make([][]int, len(list)) // the consequences of each
	var top []int
	for i, p := range list {
		cause := -1
		if p.Of != "" {
			cause = slices.IndexFunc(list[:i], func(c health.Problem) bool { return c.Code == p.Of && c.In == 0 })
		}
		if cause < 0 || p.In > 0 {
			top = append(top, i)
		} else {
			under[cause] = append(under[cause], i)
		}
	}
	var row func(i int) page.ProblemRow
	row = func(i int) page.ProblemRow {
		p := list[i]
		r := page.ProblemRow{Look: string(p.Severity), Word: severityWord(p.Severity), Title: titleOf(p), Words: p.Words, Do: p.Do, When: sinceWords(p.Since, at, zone)}
		if p.In > 0 {
			r.When = "in about " + spell(p.In)
		}
		for _, j := range under[i] {
			r.Under = append(r.Under, row(j))
		}
		return r
	}
	for _, i := range top {
		if list[i].In > 0 {
			coming = append(coming, row(i))
		} else {
			now = append(now, row(i))
		}
	}
	return now, coming
}
