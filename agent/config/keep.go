package config

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// ErrNotKept is what the error of a change is that was allowed and could not be written down, so that it did not take effect. The words
// of the error tell why, such as that the disk is full.
var ErrNotKept = errors.New("the change could not be kept")

// notKept is the archive's error: its words, and ErrNotKept.
type notKept struct{ error }

func (e notKept) Is(target error) bool { return target == ErrNotKept }
func (e notKept) Unwrap() error        { return e.error }

// emergencyOff is the key that must work when nothing can be written any more.
const emergencyOff = "features.emergency_off"

// How long a change waits for the archive, which another program may hold.
const (
	keepTime   = 8 * time.Second
	urgentTime = 3 * time.Second // of a change that takes effect in any case
	maxOwed    = 100             // changes
)

// keeper writes down what changes. What happened and could not be written it owes to the log: the next change brings it along.
// It is used with Live.mu held.
type keeper struct {
	archive Archive
	owed    []Change
	problem string     // what took effect and was not kept, and why; "" when all is
	late    chan error // the end of a record that took too long; nil when none is under way
}

// keep records changes, with what is owed. It waits no longer than limit: a record that takes longer is told to stop, and the next
// one begins after its end, so that what is older is never written over what is newer.
func (k *keeper) keep(ctx context.Context, limit time.Duration, runtime map[string]string, changes []Change, text []byte) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit,
		fmt.Errorf("it was not written within %s; another program may hold the database", durationText(limit)))
	defer cancel()
	if k.late != nil {
		select {
		case <-k.late:
		case <-ctx.Done():
			return notKept{context.Cause(ctx)}
		}
	}
	all, runtime := slices.Concat(k.owed, changes), maps.Clone(runtime)
	k.late = make(chan error, 1)
	go func(ended chan<- error) { ended <- k.archive.Record(ctx, runtime, all, text) }(k.late)
	select {
	case err := <-k.late:
		k.late = nil
		if err != nil {
			return notKept{err}
		}
		k.owed, k.problem = nil, ""
		return nil
	case <-ctx.Done():
		return notKept{context.Cause(ctx)}
	}
}

// owe puts changes aside that could not be kept: the newest, when they are many.
func (k *keeper) owe(changes []Change) {
	k.owed = append(k.owed, changes...)
	k.owed = slices.Clone(k.owed[max(0, len(k.owed)-maxOwed):])
}

// urgent tells whether changes are of emergencyOff alone: they take effect whether they can be kept or not.
func urgent(changes []Change) bool {
	return !slices.ContainsFunc(changes, func(c Change) bool { return c.Key != emergencyOff })
}
