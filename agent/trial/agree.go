package trial

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"calendarbot/agent/slot"
)

// reconcile brings what is written of the systems together with what the boot state says of them.
func (w *Watch) reconcile(ctx context.Context) error {
	boot, err := w.systems(ctx)
	if err != nil || boot == nil {
		return err
	}
	w.open, w.running = boot.left[boot.running] < confirmed, boot.running
	s, err := w.Slots().Read(slot.System)
	if err != nil {
		w.Say("%v; it begins anew", err)
	}
	if next, left := w.together(s, *boot); left == nil && reflect.DeepEqual(s, next) {
		return nil
	}
	var was slot.State
	next, err := w.Slots().Change(slot.System, func(s slot.State) (slot.State, error) { // somebody else may have changed both meanwhile
		boot, err := w.systems(ctx)
		if err != nil {
			return s, err
		}
		was, w.open = s, boot.left[boot.running] < confirmed
		next, left := w.together(s, *boot)
		if left != nil {
			err = w.choose(ctx, boot.running, boot.left[boot.running], *left)
		}
		return next, err
	})
	if err != nil {
		return err
	}
	if next.Trial == nil && next.Last == was.Last && next.Active != was.Active {
		w.Say("system slot %s was started, and is confirmed: it is the one in use now", next.Active)
	}
	if next.Last != nil && next.Last != was.Last {
		w.Say("system %s: %s", next.Last.Version, next.Last.Why)
	}
	return nil
}

// together is how the systems stand by what is written and by the boot state, and how many starts the one that does not run is to have left; nil where the
// boot state is right.
func (w *Watch) together(s slot.State, boot systems) (next slot.State, left *int) {
	next = agree(s, boot, w.Version, w.Now())
	kind, trial, err := w.Slots().Trial()
	if err != nil {
		w.Say("%v", err)
	}
	if trial != nil && kind != slot.System && next.Trial != nil {
		next = s // what came meanwhile is known to be on trial when it is judged: until then the other trial runs
	}
	other, none := boot.running.Other(), 0
	switch {
	case (s.Trial != nil || s.Coming != nil) && next.Trial == nil && next.Last != s.Last && boot.left[other] > 0:
		return next, &none // it did not prove itself, and U-Boot is not to come back to it
	case next.Trial == nil && boot.first == other && boot.left[other] == 0:
		return next, &none
	}
	return next, nil
}

// agree is the state of the systems as the boot state has it. A trial that another system than its own runs in is over, unless its first start
// is yet to come. One that was chosen before it could be noted as a trial is one. The version is that of the system that runs.
func agree(s slot.State, boot systems, version string, now time.Time) slot.State {
	if other := boot.running.Other(); boot.copied(s, other) {
		s = s.Forget(other)
	}
	// Nothing was written where the slot is still confirmed, as that begins with the starts taken away, or where it runs and says that it is another one.
	if c := s.Coming; c != nil && (boot.left[c.Slot] == confirmed || c.Slot == boot.running && version != "" && version != c.Content.Version) {
		s.Coming = nil
	}
	for _, n := range []slot.Name{boot.running, boot.first} {
		s = s.Came(n, Tries, now)
	}
	if s.Trial == nil {
		if s.Active != boot.running && boot.left[boot.running] == confirmed {
			s = s.Found(boot.running)
		}
		return s
	}
	trial := *s.Trial
	all := trial.Tries + trial.Started
	left := boot.left[trial.Slot]
	switch {
	case boot.running == trial.Slot:
		if left < confirmed {
			trial.Tries, trial.Started = left, max(all-left, 1)
			s.Trial = &trial
		}
		return s
	case boot.awaits(trial):
		return s // it is chosen with the next start
	}
	started := "once"
	if all-left > 1 {
		started = fmt.Sprintf("%d times", all-left)
	}
	back, err := s.Back("it was started "+started+", and did not come so far that it could be judged: it crashed, hung, or could not be loaded. The device came back by itself",
		"start", now)
	if err != nil {
		return s
	}
	return back
}
