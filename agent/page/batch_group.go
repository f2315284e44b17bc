package page

import (
	"context"
	"fmt"
	"slices"
	"time"

	"calendarbot/agent/calendar"
	"calendarbot/agent/store"
)

// group is questions that one query answers.
type group struct {
	span      calendar.Span // of them all
	questions []*question
	cancel    context.CancelFunc
}

// deserted tells that all have left.
func (g *group) deserted() bool {
	return !slices.ContainsFunc(g.questions, func(q *question) bool { return !q.left })
}

// groups puts together the questions whose spans overlap or touch, so that no query reads more than theirs would one by one. Those
// who have left are left out.
func groups(questions []*question) []*group {
	sorted := slices.DeleteFunc(slices.Clone(questions), func(q *question) bool { return q.left })
	slices.SortStableFunc(sorted, func(a, b *question) int { return a.span.Start.Compare(b.span.Start) })
	var out []*group
	for _, q := range sorted {
		var g *group
		if n := len(out); n > 0 && !q.span.Start.After(out[n-1].span.End) {
			g = out[n-1]
			if q.span.End.After(g.span.End) {
				g.span.End = q.span.End
			}
		} else {
			g = &group{span: q.span}
			out = append(out, g)
		}
		q.group = g
		g.questions = append(g.questions, q)
	}
	return out
}

// readSpan asks the store; a panic there becomes an error, as it would otherwise end the program instead of one answer.
func readSpan(ctx context.Context, r Reader, span calendar.Span) (snap store.Snapshot, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("read events: panic: %v", p)
		}
	}()
	return r.Between(ctx, span)
}

// narrow returns of a snapshot of a wider span what the store gives for the span itself: every component of a UID of which one
// may touch it. The others are more than waste, as of a UID in two sources only the first source counts.
func narrow(snap store.Snapshot, span calendar.Span) store.Snapshot {
	type series struct{ source, uid string }
	from, to := calendar.WallIn(span.Start, time.UTC), calendar.WallIn(span.End, time.UTC)
	touching := make(map[series]struct{}, len(snap.Events))
	for i := range snap.Events {
		e := &snap.Events[i]
		if first, last := calendar.Bounds(e); last > from && first < to {
			touching[series{e.Source, e.UID}] = struct{}{}
		}
	}
	events := make([]calendar.Event, 0, len(snap.Events))
	for i := range snap.Events {
		if _, ok := touching[series{snap.Events[i].Source, snap.Events[i].UID}]; ok {
			events = append(events, snap.Events[i])
		}
	}
	snap.Events = slices.Clip(events)
	return snap
}
