package page

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"calendarbot/agent/calendar"
	"calendarbot/agent/store"
	"calendarbot/agent/view"
)

// event is one occurrence under /api/v1. Times of all-day events are dates, the end exclusive.
type event struct {
	ID          string     `json:"id"`
	Title       string     `json:"title"`
	Start       string     `json:"start"`
	End         string     `json:"end"`
	AllDay      bool       `json:"all_day"`
	Status      string     `json:"status"`
	Source      string     `json:"source"`
	Calendar    string     `json:"calendar"`
	Color       string     `json:"color"`
	Place       string     `json:"place"`
	Location    string     `json:"location"`
	Description string     `json:"description"`
	JoinURL     string     `json:"join_url"`
	Attendees   []attendee `json:"attendees"`
	Private     bool       `json:"private"`
	Skipped     bool       `json:"skipped"`
}

type attendee struct {
	Name    string `json:"name"`
	Address string `json:"address"`
	Status  string `json:"status"`
}

func (p *picture) event(it *view.Item) event {
	e := event{
		ID: it.ID, Title: it.Title, Start: it.Start.In(p.zone).Format(time.RFC3339), End: it.End.In(p.zone).Format(time.RFC3339),
		AllDay: it.AllDay, Status: it.Status.String(), Source: it.Source, Calendar: it.Calendar, Color: it.Color,
		Place: it.Place, Location: it.Location, Description: it.Notes, JoinURL: it.JoinURL,
		Attendees: make([]attendee, len(it.Attendees)), Private: it.Private, Skipped: it.Skipped,
	}
	if it.AllDay {
		e.Start, e.End = it.FirstDay.UTC().Format(time.DateOnly), it.EndDay.UTC().Format(time.DateOnly)
	}
	for i, a := range it.Attendees {
		e.Attendees[i] = attendee{Name: a.Name, Address: a.Address, Status: strings.ToLower(a.Status)}
	}
	return e
}

// freshness is how far an answer can be trusted.
type freshness struct {
	AsOf  gap      `json:"as_of"` // when the answer was made
	Zone  string   `json:"zone"`
	Stale bool     `json:"stale"`
	Notes []string `json:"notes"` // sentences for a person
}

func (p *picture) freshness() freshness {
	f := freshness{AsOf: p.moment(time.RFC3339, p.zone), Zone: p.zone.String(), Stale: p.fresh.Stale, Notes: p.fresh.Lines}
	if f.Notes == nil {
		f.Notes = []string{}
	}
	return f
}

// eventsJSON draws /api/v1/events.
func eventsJSON(pic *picture, q Query) (Page, error) {
	if q.Source != "" && pic.silence == nil && !hasSource(pic.snap.Sources, q.Source) {
		return noCalendar(pic)
	}
	out := struct {
		From     string  `json:"from"`
		To       string  `json:"to"`
		Events   []event `json:"events"`
		More     int     `json:"more"`     // events beyond the limit
		Warnings []cut   `json:"warnings"` // events that are not shown whole
		freshness
	}{
		From: pic.span.Start.In(pic.zone).Format(time.RFC3339), To: pic.span.End.In(pic.zone).Format(time.RFC3339),
		Events: []event{}, Warnings: pic.cuts(), freshness: pic.freshness(),
	}
	search := strings.ToLower(q.Search)
	for i := range pic.items {
		it := &pic.items[i]
		if (q.Source != "" && it.Source != q.Source) || !found(it, search) {
			continue
		}
		if q.Limit > 0 && len(out.Events) >= q.Limit {
			out.More++
			continue
		}
		out.Events = append(out.Events, pic.event(it))
	}
	return pic.answer(out, pic.settled())
}

// found tells whether the title or the place has the text, which is in lower case.
func found(it *view.Item, search string) bool {
	return search == "" || strings.Contains(strings.ToLower(it.Title), search) ||
		strings.Contains(strings.ToLower(it.Location), search) || strings.Contains(strings.ToLower(it.Place), search)
}

func hasSource(sources []store.Source, id string) bool {
	for i := range sources {
		if sources[i].ID == id {
			return true
		}
	}
	return false
}

// noCalendar is an RFC 9457 problem document.
func noCalendar(pic *picture) (Page, error) {
	body, err := json.Marshal(map[string]any{
		"type": "about:blank", "title": http.StatusText(http.StatusNotFound), "status": http.StatusNotFound, "code": "unknown_source",
		"detail": "There is no calendar with the id that the parameter calendar names.",
	})
	return made(http.StatusNotFound, "application/problem+json", body, pic.settled()), err
}

// whatsNextV1JSON draws /api/v1/whats-next: times only, no counting, so that the answer holds until something
// happens.
func whatsNextV1JSON(pic *picture, _ Query) (Page, error) {
	const following = 10
	now := pic.now
	out := struct {
		State     string  `json:"state"`
		Running   []event `json:"running"`
		Next      *event  `json:"next"`
		Following []event `json:"following"`
		AllDay    []event `json:"all_day"`
		Changes   string  `json:"changes_at"`
		freshness
	}{Running: []event{}, Following: []event{}, AllDay: []event{}, freshness: pic.freshness()}
	until := pic.settled()
	today := daySpan(calendar.WallIn(now, pic.zone), 1, pic.zone)
	for i := range pic.items {
		it := &pic.items[i]
		ended := !it.End.After(now) // what has no length has ended when it begins
		for _, edge := range []time.Time{it.Start, it.End} {
			if edge.After(now) && edge.Before(until) {
				until = edge
			}
		}
		switch {
		case ended || it.Skipped:
		case !meeting(it):
			if it.Start.Before(today.End) {
				out.AllDay = append(out.AllDay, pic.event(it))
			}
		case !it.Start.After(now) && it.End.After(now):
			out.Running = append(out.Running, pic.event(it))
		case out.Next == nil:
			e := pic.event(it)
			out.Next = &e
		case len(out.Following) < following:
			out.Following = append(out.Following, pic.event(it))
		}
	}
	out.State = stateOf(pic.fresh, len(pic.items) > 0, len(out.Running) > 0, out.Next != nil)
	if pic.unset != "" {
		out.State = "no_clock"
	}
	out.Changes = until.In(pic.zone).Format(time.RFC3339)
	return pic.answer(out, until)
}

// stateOf is one word for programs: now, next, nothing, and why nothing is known: no_sources, loading, unreached; besides no_clock.
func stateOf(f view.Freshness, any, running, next bool) string {
	switch {
	case running:
		return "now"
	case next:
		return "next"
	case f.Feeds == 0:
		return "no_sources"
	case f.Reached == 0 && !any && f.Waiting > 0:
		return "loading"
	case f.Reached == 0 && !any:
		return "unreached"
	}
	return "nothing"
}
