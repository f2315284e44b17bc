package page

import (
	"fmt"
	"net/http"
	"time"

	"calendarbot/agent/view"
)

const (
	okStatus = http.StatusOK
	textType = "text/plain; charset=utf-8"
)

// foot answers q when nothing is known: people get the clock, programs an answer of the shape they expect that says so.
func foot(q Query, now time.Time, zone *time.Location) (Page, error) {
	var p Page
	if q.Kind == Next || q.Kind == Agenda {
		p = clock(now, zone, unreadWords+".", q.Theme)
	} else {
		plan, ok := planOf(q.Kind)
		if !ok {
			return Page{}, fmt.Errorf("page: unknown kind %d", q.Kind)
		}
		pic := &picture{
			span: plan.span(q, now, zone), now: now, zone: zone, unread: true,
			fresh: view.Freshness{Stale: true, Lines: []string{unreadWords}, Feeds: 1},
		}
		var err error
		if p, err = plan.draw(pic, q); err != nil {
			return Page{}, err
		}
		p = Fill(p, now)
		p.Until = now.Truncate(time.Minute).Add(time.Minute)
	}
	p.Made, p.Rung, p.Stale, p.Why = now, Foot, true, footWhy
	return p, nil
}
