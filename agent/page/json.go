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

// answer makes a page of a value that holds until until, without what is live.
func (p *picture) answer(v any, until time.Time) (Page, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return Page{}, fmt.Errorf("encode answer: %w", err)
	}
	body, live := cutGaps(body, p.live)
	page := made(http.StatusOK, jsonType, body, until)
	page.Live = live
	return page, nil
}

// second is the picture's moment in whole seconds: answers are the same within one.
func (p *picture) second() time.Time { return p.now.Truncate(time.Second) }

// nextDay is the end of the civil day.
func (p *picture) nextDay() time.Time {
	day := view.Midnight(calendar.WallIn(p.now, p.zone).Midnight()+calendar.Day, p.zone)
	for !day.After(p.now) { // a clock set back across midnight shows the same midnight twice
		day = day.Add(time.Hour)
	}
	return day
}

// settled is until when an answer without counting holds, if nothing happens to events: the day's end, the end of
// a skip, or a source's becoming too old.
func (p *picture) settled() time.Time {
	until := p.nextDay()
	for _, t := range p.snap.Skipped {
		if t.After(p.now) {
			until = soonestOf(until, t)
		}
	}
	return soonestOf(until, p.fresh.Until)
}

// edges is until when an answer about items holds that tells which of them are to come, run and are over: besides the day's
// end and its like, until the next start or end, and the second after a start, as one that starts this second is
// still to come.
func (p *picture) edges() time.Time {
	until := p.settled()
	for i := range p.items {
		it := &p.items[i]
		until = p.soonest(until, it.Start, it.Start.Add(time.Second), it.End)
	}
	return until
}

// soonest is the earliest of until and those times that are still to come.
func (p *picture) soonest(until time.Time, times ...time.Time) time.Time {
	now := p.second()
	for _, t := range times {
		if t.After(now) && t.Before(until) {
			until = t
		}
	}
	return until
}

// countdown is until when a number of whole units before t stays the same, at 0 until t.
func (p *picture) countdown(t time.Time, unit time.Duration) time.Time {
	n := t.Sub(p.second()) / unit
	if n <= 0 {
		return t
	}
	return t.Add(-n*unit + time.Second)
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
func utc(t time.Time) string { return t.UTC().Format(utcLayout) }

const (
	utcLayout   = "2006-01-02T15:04:05Z"
	localLayout = "2006-01-02T15:04:05-07:00"
)

// local is an instant in the asked zone with its offset, "+00:00" in UTC.
func (p *picture) local(t time.Time) string {
	return t.In(p.zone).Format(localLayout)
}

// optional is nil for an empty text.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
