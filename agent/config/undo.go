package config

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Undo takes a change of the runtime layer back; id 0 is the newest that was not yet taken back. A change of the file, one that
// later changes of the same key hide, and an unknown one are errors in words. Taking a change back is a change too, and can
// itself be taken back by its ID. The state that holds is returned in any case.
func (l *Live) Undo(ctx context.Context, id int64, by By) (*State, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	log, err := l.Changes(ctx, math.MaxInt32)
	if err != nil {
		return l.State(), err
	}
	c, err := undoable(log, id)
	if err != nil {
		return l.State(), err
	}
	back := Change{Key: c.Key, Layer: Runtime, Has: c.Had, Undoes: c.ID}
	back.From, back.Had = l.in.Runtime[c.Key]
	if c.Had {
		scratch := Default()
		if back.To, err = allowed(scratch.settings(), c.Key, c.From); err != nil {
			return l.State(), fmt.Errorf("take change %d back: %w", c.ID, err)
		}
	}
	return l.change(ctx, []Change{back}, by)
}

// undoable finds the change of an ID, or for 0 the newest that can be taken back, in a log with the newest first.
func undoable(log []Change, id int64) (Change, error) {
	back := takenBack(log)
	if id == 0 {
		i := slices.IndexFunc(log, func(c Change) bool { return notUndone(c) == nil && c.Undoes == 0 && back[c.ID] == 0 })
		if i < 0 {
			return Change{}, errors.New("there is no change left to take back")
		}
		return log[i], nil
	}
	i := slices.IndexFunc(log, func(c Change) bool { return c.ID == id })
	if i < 0 {
		return Change{}, fmt.Errorf("there is no change %d, or it is too old to be known", id)
	}
	c := log[i]
	if err := notUndone(c); err != nil {
		return Change{}, err
	}
	if back[id] != 0 {
		return Change{}, fmt.Errorf("change %d was already taken back, by change %d", id, back[id])
	}
	for _, later := range log[:i] {
		// A later one hides it, unless it was itself taken back or only takes back what is later too.
		if later.Layer == Runtime && later.Key == c.Key && back[later.ID] == 0 && later.Undoes < id {
			return Change{}, fmt.Errorf("change %d of %s is hidden by change %d: allowed is to take that one back first", id, c.Key, later.ID)
		}
	}
	return c, nil
}

// takenBack says which changes were taken back, and by which. Taking back what took a change back makes that one hold again.
func takenBack(log []Change) map[int64]int64 {
	back := map[int64]int64{}
	for _, c := range log {
		if c.Undoes != 0 && back[c.ID] == 0 {
			back[c.Undoes] = c.ID
		}
	}
	return back
}
