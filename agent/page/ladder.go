package page

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"calendarbot/agent/clock"
	"calendarbot/agent/guard"
)

// Rung is a step of the ladder.
type Rung uint8

// The rungs, from the top.
const (
	Optimised Rung = iota // Pipeline
	Plain                 // Direct
	LastGood              // the newest page that was drawn for the query
	Foot                  // the built-in clock page; for programs an answer that says that nothing can be read
	rungs     = iota
)

// String is the one name of the rung that programs read: in the log, in headers, JSON and metrics.
func (r Rung) String() string { return [...]string{"optimised", "plain", "last_good", "foot"}[r] }

// DrawError marks an error of drawing, as apart from one of what stands in front of it: the ladder does not draw again.
type DrawError struct{ Err error }

// Error returns the text of what it marks.
func (e *DrawError) Error() string { return e.Err.Error() }

// Unwrap returns what it marks.
func (e *DrawError) Unwrap() error { return e.Err }

// LadderOptions is what NewLadder needs. Clock and Log may be nil.
type LadderOptions struct {
	Fast, Plain Func
	Kept        func(*Query) *Page // what Fast has ready, or nil; nil when it cannot say
	Gate        *guard.Gate        // before Fast
	Memory      *Memory            // the last good pages
	Zone        *time.Location     // the device's
	Now         func() time.Time
	Clock       func() clock.State
	Log         *slog.Logger
}

// Ladder always answers. Its methods may be called from any goroutine.
type Ladder struct {
	o       LadderOptions
	answers [rungs]atomic.Uint64
	log     rareLog
}

// NewLadder returns a Ladder.
func NewLadder(o LadderOptions) *Ladder {
	o.Clock = orTrusted(o.Clock)
	return &Ladder{o: o, log: newRareLog(o.Log)}
}

// Page answers q from the highest rung that can. A panic counts as an error. Only an error of Fast that is not a
// *DrawError steps down to Plain; an error of drawing goes on to the last good page, so that the disk is asked once. It takes
// no longer than Fast and Plain do.
func (l *Ladder) Page(ctx context.Context, q Query) Page {
	p := l.answer(ctx, q)
	l.answers[p.Rung].Add(1)
	return p
}

// Kept returns the page for q that is ready on the highest rung; nil when Page has to look. Neither is to be changed.
func (l *Ladder) Kept(q *Query) (p *Page) {
	if l.o.Kept == nil || !l.o.Gate.On() {
		return nil
	}
	defer func() {
		if recover() != nil {
			p = nil // Page meets the same, and says so
		}
	}()
	if p = l.o.Kept(q); p == nil {
		return nil
	}
	pass, err := l.o.Gate.Enter()
	if err != nil {
		return nil
	}
	pass.Leave(nil)
	l.answers[Optimised].Add(1)
	return p
}

func (l *Ladder) answer(ctx context.Context, q Query) Page {
	pass, err := l.o.Gate.Enter()
	why := ""
	if err == nil {
		var p Page
		p, err = calmly(ctx, q, l.o.Fast)
		if err == nil {
			pass.Leave(nil)
			p.Rung, p.Why = Optimised, ""
			return p
		}
		l.log.failed(Optimised, q, err)
		if drawing := (*DrawError)(nil); errors.As(err, &drawing) || errors.Is(ctx.Err(), context.Canceled) {
			pass.Leave(nil) // no fault of what stands in front of the drawing
			return l.below(ctx, q)
		}
		pass.Leave(err)
		why = fastFailed
	} else {
		why = plainWords(err.Error())
	}
	p, err := calmly(ctx, q, l.o.Plain)
	if err == nil {
		p.Rung, p.Why = Plain, why
		return p
	}
	l.log.failed(Plain, q, err)
	return l.below(ctx, q)
}

// below answers q when nothing can be drawn.
func (l *Ladder) below(ctx context.Context, q Query) Page {
	p, err := calmly(ctx, q, func(context.Context, Query) (Page, error) {
		now, zone, state := l.o.Now(), zoneOf(q.Zone, l.o.Zone), l.o.Clock()
		old := aged
		if !state.Trusted {
			old = agedUnset
		}
		if last, ok := l.o.Memory.Last(q); ok {
			if p, ok := old(last, q, now, zone); ok {
				return p, nil
			}
		}
		return foot(q, now, zone, state)
	})
	if err != nil {
		l.log.failed(Foot, q, err)
		p = made(okStatus, textType, []byte(unreadWords+".\n"), time.Time{})
		p.Rung, p.Stale, p.Why = Foot, true, footWhy
	}
	return p
}

// LadderStats counts answers by rung since the start.
type LadderStats struct{ Optimised, Plain, LastGood, Foot uint64 }

// Stats returns them.
func (l *Ladder) Stats() LadderStats {
	return LadderStats{
		Optimised: l.answers[Optimised].Load(), Plain: l.answers[Plain].Load(),
		LastGood: l.answers[LastGood].Load(), Foot: l.answers[Foot].Load(),
	}
}

// plainWords are words fit for the header of an answer: one line of ASCII, not too long.
func plainWords(text string) string {
	const most = 200
	text = strings.Map(func(r rune) rune {
		switch {
		case r < ' ', r == 0x7f:
			return ' '
		case r > '~':
			return '?'
		}
		return r
	}, text)
	return text[:min(most, len(text))]
}
