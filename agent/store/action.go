package store

import (
	"context"
	"database/sql"
	"maps"
	"math"
	"slices"
	"time"

	"calendarbot/agent/budget"
	"calendarbot/agent/clock"
	"calendarbot/agent/pressure"
)

// again is how soon after its end a step of a sign counts as the same action: it was only away for a moment.
const again = time.Minute

// AddAction keeps an action that has begun, and returns it as it is kept: with its id and, when the same step of the same sign
// ended less than a minute before and no other step came in between, as that one, which goes on with the worse of the two
// readings and what was done then. Of all actions the newest 1000 are kept; those that last are the last to go.
//
// A sign that comes and goes costs at most 30 writes in an hour, ends included; what is above is in memory until the next write. On a
// disk that cannot be written everything is in memory. The action is kept so even with an error, which says that the disk refused.
func (s *Store) AddAction(ctx context.Context, a budget.Action) (budget.Action, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.picture.Load().clone()
	a = next.ledger.begin(a)
	s.countBegun(a.Sign)
	return a, s.note(ctx, "save what was done by itself", next)
}

// EndAction ends an action, at or after its beginning; of one that has ended it moves the end. ErrUnknown says that there is none
// of that id. As to errors and writes it is like AddAction.
func (s *Store) EndAction(ctx context.Context, id int64, at time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.picture.Load().clone()
	if !next.ledger.end(id, at) {
		return ErrUnknown
	}
	return s.note(ctx, "save what was done by itself", next)
}

// Action returns an action as it is kept. It costs no query.
func (s *Store) Action(id int64) (budget.Action, bool) {
	l := &s.picture.Load().ledger
	i, there := l.find(id)
	if !there {
		return budget.Action{}, false
	}
	return l.actions[i], true
}

// Actions returns first all actions that last, of which a sign has one at most, and then those that have ended, at most limit of these: both the
// newest first, and the newest is the one that was added last. It costs no query.
func (s *Store) Actions(_ context.Context, limit int) ([]budget.Action, error) {
	actions := s.picture.Load().ledger.actions
	var lasting, ended []budget.Action
	for i := len(actions) - 1; i >= 0; i-- {
		switch a := &actions[i]; {
		case a.Ended.IsZero():
			lasting = append(lasting, *a)
		case len(ended) < limit:
			ended = append(ended, *a)
		}
	}
	return append(lasting, ended...), nil
}

// OpenActions returns, oldest first, the actions that lasted when the program ended the last time without ending them, as it does
// when it is told to end: by the power, killed, or by a failure of its own. They have ended at the last moment that the file knew of. It costs no query.
func (s *Store) OpenActions(context.Context) ([]budget.Action, error) {
	l := &s.picture.Load().ledger
	var open []budget.Action
	for _, id := range l.left {
		if i, there := l.find(id); there {
			open = append(open, l.actions[i])
		}
	}
	return open, nil
}

// Acts is how often something was done about a sign.
type Acts struct {
	Begun uint64 // since Open, those included that went on with one before
	Lasts int    // now
}

// Acts counts the actions about each sign of which there are any. It costs no query.
func (s *Store) Acts() map[pressure.Sign]Acts {
	acts := map[pressure.Sign]Acts{}
	if begun := s.begun.Load(); begun != nil {
		for sign, n := range *begun {
			acts[sign] = Acts{Begun: n}
		}
	}
	actions := s.picture.Load().ledger.actions
	for i := range actions {
		if a := &actions[i]; a.Ended.IsZero() {
			of := acts[a.Sign]
			of.Lasts++
			acts[a.Sign] = of
		}
	}
	return acts
}

// countBegun counts an action. s.mu is held.
func (s *Store) countBegun(sign pressure.Sign) {
	begun := map[pressure.Sign]uint64{}
	if before := s.begun.Load(); before != nil {
		maps.Copy(begun, *before)
	}
	begun[sign]++
	s.begun.Store(&begun)
}

// find returns the place of an action.
func (l *ledger) find(id int64) (int, bool) {
	return slices.BinarySearchFunc(l.actions, id, func(a budget.Action, id int64) int { return int(a.ID - id) })
}

// begin adds an action, or goes on with one that has only just ended, and returns it.
func (l *ledger) begin(a budget.Action) budget.Action {
	a.Sign, a.Unit, a.Done = pressure.Sign(cut(string(a.Sign), maxWord)), cut(a.Unit, maxWord), cut(a.Done, maxDone)
	a.Began, a.Ended = instant(millis(a.Began)), time.Time{}
	l.actions = slices.Clone(l.actions)
	for i, old := range slices.Backward(l.actions) {
		if old.Sign != a.Sign {
			continue
		}
		if away := a.Began.Sub(old.Ended); old.Step != a.Step || old.Ended.IsZero() || away < 0 || away >= again {
			break
		}
		a.ID, a.Began = old.ID, old.Began
		if old.Value > a.Value {
			a.Value, a.Limit, a.Unit, a.Done = old.Value, old.Limit, old.Unit, old.Done
		}
		l.actions[i] = a
		l.aheadActions = marked(l.aheadActions, a.ID)
		return a
	}
	l.last++
	a.ID = l.last
	l.actions = append(l.actions, a)
	l.aheadActions = marked(l.aheadActions, a.ID)
	if len(l.actions) > maxActions {
		l.forget(max(0, slices.IndexFunc(l.actions, func(a budget.Action) bool { return !a.Ended.IsZero() })))
	}
	return a
}

// forget leaves an action out. The list and what is ahead are to be our own.
func (l *ledger) forget(i int) {
	if id := l.actions[i].ID; id <= l.filed {
		l.aheadActions[id] = true
	} else {
		delete(l.aheadActions, id) // the file never knew it, and need not, however long it cannot be written
	}
	l.actions = slices.Delete(l.actions, i, i+1)
}

// end ends an action, and tells whether it is there.
func (l *ledger) end(id int64, at time.Time) bool {
	i, there := l.find(id)
	if !there {
		return false
	}
	l.actions = slices.Clone(l.actions)
	a := &l.actions[i]
	a.Ended = instant(max(millis(at), millis(a.Began), 1)) // 0 would say that it lasts
	l.aheadActions = marked(l.aheadActions, id)
	return true
}

// endLeft ends what lasts in the file: at the last moment of which there is a record by a clock that was set, or was not, as when it
// began.
func (p *picture) endLeft() {
	l := &p.ledger
	last := map[bool]time.Time{}
	unset := func(t time.Time) bool { return t.Before(clock.Earliest()) }
	latest := func(t time.Time) {
		if t.After(last[unset(t)]) {
			last[unset(t)] = t
		}
	}
	for _, a := range l.actions {
		latest(a.Began)
		latest(a.Ended)
	}
	for _, src := range p.sources {
		latest(src.lastTry)
	}
	for _, a := range l.actions {
		if a.Ended.IsZero() {
			l.end(a.ID, last[unset(a.Began)])
			l.left = append(l.left, a.ID)
		}
	}
}

// actionRow is what insertAction takes.
func actionRow(a budget.Action) []any {
	return []any{a.ID, string(a.Sign), a.Step, a.Value, a.Limit, a.Unit, a.Done, millis(a.Began), millis(a.Ended)}
}

// readAction reads a row of the table action.
func readAction(rows *sql.Rows) (a budget.Action, err error) {
	var value, bound sql.NullFloat64 // SQLite keeps what is not a number as NULL
	var began, ended int64
	err = rows.Scan(&a.ID, &a.Sign, &a.Step, &value, &bound, &a.Unit, &a.Done, &began, &ended)
	a.Value, a.Limit, a.Began, a.Ended = known(value), known(bound), instant(began), instant(ended)
	return a, err
}

func known(f sql.NullFloat64) float64 {
	if !f.Valid {
		return math.NaN()
	}
	return f.Float64
}

// newestFirst returns the last ones of a list in reverse, at most limit.
func newestFirst[T any](all []T, limit int) []T {
	newest := slices.Clone(all[len(all)-min(max(limit, 0), len(all)):])
	slices.Reverse(newest)
	return newest
}
