package page

import (
	"fmt"
	"net/http"
	"time"

	"calendarbot/agent/clock"
	"calendarbot/agent/view"
)

const (
	okStatus = http.StatusOK
	textType = "text/plain; charset=utf-8"
)

// silence is why an answer tells nothing, in words.
type silence struct {
	words  string // without a full stop
	spoken string
}

// foot answers q when nothing is known: people get the clock, programs an answer of the shape they expect that says so.
func foot(q Query, now time.Time, zone *time.Location, state clock.State) (Page, error) {
	var p Page
	if q.Kind == Next || q.Kind == Agenda {
		if !state.Trusted {
			p = unsetFace(now, unreadWords+".", q.Theme)
		} else {
			p = clockFace(now, zone, unreadWords+".", q.Theme)
		}
	} else {
		plan, ok := planOf(q.Kind)
		if !ok {
			return Page{}, fmt.Errorf("page: unknown kind %d", q.Kind)
		}
		var err error
		if p, err = silent(q, plan, now, zone, &silence{unreadWords, unreadSpoken}, state); err != nil {
			return Page{}, err
		}
		p = Fill(p, now)
		p.Until = nextMinute(now)
	}
	p.Made, p.Rung, p.Stale, p.Why = now, Foot, true, footWhy
	return p, nil
}

// silent is an answer for programs that tells nothing but why. While the clock is not set it names no moment but the last one that is
// known, if there is one.
func silent(q Query, plan plan, now time.Time, zone *time.Location, s *silence, state clock.State) (Page, error) {
	pic := &picture{now: now, zone: zone, silence: s, fresh: view.Freshness{Stale: true, Lines: []string{s.words}, Feeds: 1}}
	if !state.Trusted {
		pic.unset = s.words
		if !state.Seen.IsZero() {
			pic.now = state.Seen
		}
	}
	pic.span = plan.span(q, pic.now, zone)
	return plan.draw(pic, q)
}

func nextMinute(now time.Time) time.Time { return now.Truncate(time.Minute).Add(time.Minute) }
