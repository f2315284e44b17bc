package page

import (
	"context"
	"fmt"
	"time"

	"calendarbot/agent/clock"
	"calendarbot/agent/config"
	"calendarbot/agent/view"
)

// Before the time is known nobody is told what is now. People see the last day that is known, as such; programs that ask what is next
// are told that it is not known; what was asked for by its dates is answered, with a note.

// orTrusted is the clock that is asked; without one it is always trusted.
func orTrusted(state func() clock.State) func() clock.State {
	if state == nil {
		return func() clock.State { return clock.State{Trusted: true} }
	}
	return state
}

// clockNote is what people should know of a clock that is trusted.
func clockNote(state clock.State) string {
	if state.Trusted {
		return state.Words
	}
	return ""
}

// drawUnset draws the page for q while the clock is not set. It holds for a minute; what is known of the clock is a part of the
// generation, so that it ends with that.
func (d *Direct) drawUnset(ctx context.Context, q Query, p plan, cfg config.Config, at time.Time, state clock.State) (Page, error) {
	made, err := d.unset(ctx, q, p, cfg, at, state)
	if err != nil {
		return Page{}, err
	}
	made.Stale, made.Unset, made.Made, made.Until = true, true, state.Seen, nextMinute(at)
	return made, nil
}

func (d *Direct) unset(ctx context.Context, q Query, p plan, cfg config.Config, at time.Time, state clock.State) (Page, error) {
	switch {
	case q.Kind == Agenda && q.From == 0 && state.Seen.IsZero():
		return unsetFace(at, unsetWords+".", q.Theme), nil
	case q.Kind != Next && q.Kind != Agenda && q.Kind != Events:
		return silent(q, p, at, zoneOf(q.Zone, d.o.Zone), &silence{unsetWords, unsetSpoken}, state)
	}
	seen := state.Seen
	if seen.IsZero() {
		seen = at // a day like any other, of which nothing is shown
	}
	pic, err := d.picture(ctx, q, p, cfg, seen)
	if err != nil {
		return Page{}, err
	}
	pic.unset, pic.asked = unsetWords, at
	if state.Seen.IsZero() {
		pic.now = time.Time{}
	} else {
		pic.unset = unsetAsOf(view.Date(seen, pic.options) + ", " + view.Clock(seen, pic.options))
	}
	pic.fresh.Stale = true
	pic.fresh.Lines, pic.fresh.Brief = []string{pic.unset}, []string{pic.unset}
	made, err := p.draw(pic, q)
	if err != nil {
		return Page{}, fmt.Errorf("draw page: %w", err)
	}
	return made, nil
}

// next is what is next; while the clock is not set, the last day that is known.
func (p *picture) next() view.Next {
	if p.unset == "" {
		return view.WhatsNext(p.items, p.fresh, p.now, p.options)
	}
	return view.LastDay(p.items, p.fresh, p.now, p.options)
}

// holds is until when the page holds.
func (p *picture) holds(until time.Time) time.Time {
	if p.unset != "" {
		return nextMinute(p.asked)
	}
	return until
}

// today is the moment by which an agenda tells days apart; while the clock is not set none of them is today.
func (p *picture) today() time.Time {
	if p.unset != "" {
		return time.Time{}
	}
	return p.now
}

// lastSeen says which day is shown while the clock is not set.
func (p *picture) lastSeen() []string {
	if p.unset == "" || p.now.IsZero() {
		return nil
	}
	return []string{lastSeenAt(view.Date(p.now, p.options), view.Clock(p.now, p.options))}
}

// unsetFace is the page that is shown when no other can be made and there is no time either.
func unsetFace(now time.Time, words, theme string) Page {
	l := bareLayout()
	l.Class, l.Theme = "next", themeOf(theme, "")
	l.Clock = &clockPage{Time: view.NoClock.String(), Date: plainText(&view.Next{State: view.NoClock}), Reason: words}
	l.Title, l.Say = l.Clock.Time, words
	p := l.render(nextMinute(now))
	p.Stale = true
	return p
}

// agedUnset is aged while the clock is not set: how old the page is is not known, and what it counts stays as it was. Only an answer
// in which that can be said is used.
func agedUnset(p Page, q Query, now time.Time, zone *time.Location) (Page, bool) {
	words := unsetShown(p.Made.In(zone).Format("Monday 2 January, 15:04"))
	p = Fill(p, p.Made)
	switch {
	case p.Mark > 0:
		p.Body = withLine(p.Body, p.Mark, words)
	case q.Kind == Events:
		p.Body = withNote(p.Body, words)
	default:
		return Page{}, false
	}
	p.ETag, p.Until = etagOf(p.Body), nextMinute(now)
	p.Rung, p.Stale, p.Why = LastGood, true, plainWords(words)
	return p, true
}
