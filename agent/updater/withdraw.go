package main

import (
	"errors"
	"path/filepath"
	"slices"

	"calendarbot/agent/slot"
	"calendarbot/agent/update"
)

// withdraw leaves what is withdrawn, has it neither tried nor gone back to, and has no system started that waits for its hours.
func (u *updater) withdraw(withdrawn []update.Withdrawal, back []update.Back) error {
	waiting, err := u.waiting()
	if waiting != "" {
		// What runs is left with the start of the one that waits, unless that is withdrawn too.
		back = slices.DeleteFunc(slices.Clone(back), func(b update.Back) bool { return b.Kind == slot.System })
		for _, w := range withdrawn {
			if w.Kind == slot.System && w.Version == waiting {
				back = append(back, update.Back{Kind: w.Kind, Version: w.Version, Why: w.Why})
			}
		}
	}
	return errors.Join(err, u.deny(withdrawn), u.leave(back, waiting))
}

// waiting is the version of the system that waits for its hours to be started; "" for none.
func (u *updater) waiting() (string, error) {
	state, err := u.slots().Read(slot.System)
	if err != nil || state.Trial == nil || state.Trial.Started > 0 || state.Trial.Version == u.system() {
		return "", err
	}
	return state.Trial.Version, nil
}

// leave asks the slots' keeper to go back from what is withdrawn, of which a system may still wait for its start. It decides to what, and whether
// there is something.
func (u *updater) leave(back []update.Back, waiting string) error {
	var wrong []error
	for _, b := range back {
		u.say("%s is withdrawn: %s", update.Thing(b.Kind, b.Version), b.Why)
		o := slot.Order{Kind: b.Kind, Why: "it was withdrawn: " + b.Why, By: "withdrawn"}
		if b.Kind == slot.Agent || b.Version == waiting {
			o.Version = b.Version // a system may call itself otherwise than the keeper knows it
		}
		err := u.back(o)
		if errors.Is(err, slot.ErrNothingToGoBackTo) {
			u.say("there is nothing to go back to")
			continue
		}
		u.enough = u.enough || err == nil
		wrong = append(wrong, err)
	}
	return errors.Join(wrong...)
}

// deny has what is withdrawn, and lies in a slot that is not in use, neither tried nor gone back to. What is in use is left by the keeper, which denies it
// then.
func (u *updater) deny(withdrawn []update.Withdrawal) error {
	var wrong []error
	for _, kind := range []slot.Kind{slot.Agent, slot.System} {
		state, err := u.slots().Read(kind)
		if err != nil {
			return err
		}
		for _, w := range withdrawn {
			lies := func(n slot.Name) bool {
				c, there := state.Slots[n]
				return there && c.Version == w.Version && n != state.Active && (state.Trial == nil || n != state.Trial.Slot)
			}
			known := slices.ContainsFunc(state.Denied, func(d slot.Denial) bool { return d.Version == w.Version })
			if w.Kind != kind || known || !lies(slot.A) && !lies(slot.B) {
				continue
			}
			u.say("%s is withdrawn: %s", update.Thing(kind, w.Version), w.Why)
			_, err := u.slots().Change(kind, func(s slot.State) (slot.State, error) {
				return s.Deny(w.Version, "it was withdrawn: "+w.Why, u.now()), nil
			})
			wrong = append(wrong, err)
		}
	}
	return errors.Join(wrong...)
}

// back orders the slots' keeper to go back from what runs or is on trial now: where that is another one when the order is carried out, it is refused.
// Of programs all is known here, so there it is said at once that there is nothing to go back to; of systems the boot state knows.
func (u *updater) back(o slot.Order) error {
	if o.Kind == "" {
		o.Kind = slot.Agent
	}
	if o.Why == "" {
		o.Why = "somebody asked for it"
	}
	o.Do, o.At = "back", u.now()
	state, err := u.slots().Read(o.Kind)
	switch {
	case o.Kind == slot.System && u.system() == "":
		return errors.New("this machine has no second system")
	case o.Kind == slot.System && err != nil:
		u.say("%v", err) // so the order names no version, and the boot state decides
	case err != nil:
		return err
	case o.Kind == slot.Agent:
		if _, err := state.Back(o.Why, o.By, o.At); err != nil {
			return err
		}
		u.enough = true // what is installed before the keeper did it would be what it goes back from
	}
	if o.Version == "" {
		o.Version = state.InUse()
	}
	return slot.Send(filepath.Join(u.root, keeperOrders), o)
}
