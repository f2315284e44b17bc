package page

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"calendarbot/agent/calendar"
	"calendarbot/agent/view"
)

const jsonType = "application/json; charset=utf-8"

// answer makes a page of a value that holds until until.
func answer(v any, until time.Time) (Page, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return Page{}, fmt.Errorf("encode answer: %w", err)
	}
	return made(http.StatusOK, jsonType, body, until), nil
}

// second is the picture's moment in whole seconds: answers that count seconds are the same within one, and hold
// until the next.
func (p *picture) second() time.Time { return p.now.Truncate(time.Second) }

func (p *picture) nextSecond() time.Time { return p.second().Add(time.Second) }

// nextDay is the end of the civil day.
func (p *picture) nextDay() time.Time {
	return view.Midnight(calendar.WallIn(p.now, p.zone).Midnight()+calendar.Day, p.zone)
}

// settled is until when an answer without counting holds, if nothing happens to events: the day's end, the end of
// a skip, or a source's becoming too old.
func (p *picture) settled() time.Time {
	until := p.nextDay()
	if f := p.fresh.Until; f.After(p.now) && f.Before(until) {
		until = f
	}
	for _, skip := range p.snap.Skipped {
		if skip.After(p.now) && skip.Before(until) {
			until = skip
		}
	}
	return until
}

// meeting tells whether an item is one that a person goes to at a time: no all-day item, no place of work, no free time
// of a day and more.
func meeting(it *view.Item) bool { return !it.Aside() }

// seconds counts whole seconds, down.
func seconds(d time.Duration) int64 {
	n := int64(d / time.Second)
	if d%time.Second < 0 {
		n--
	}
	return n
}

// utc is the form of instants in the drop-in routes.
func utc(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// local is an instant in the asked zone with its offset, "+00:00" in UTC.
func (p *picture) local(t time.Time) string {
	return t.In(p.zone).Format("2006-01-02T15:04:05-07:00")
}

// optional is nil for an empty text.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
