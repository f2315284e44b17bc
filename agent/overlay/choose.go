package overlay

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"calendarbot/agent/config"
	"calendarbot/agent/durable"
	"calendarbot/agent/slot"
)

// errNoFolder is what the system says where a file stands in the place of a folder.
const errNoFolder = syscall.ENOTDIR

// Select chooses the slot that is to be mounted over /etc at this start, while none is: it counts a trial down. Whatever goes wrong it returns a slot
// that can be mounted, with the reason for people.
func Select(root string, now time.Time) (n slot.Name, reason error) {
	n = slot.A
	defer recovered("choose a configuration slot", &reason)
	return device(root).choose(now)
}

// Prepare makes the slots ready for a start with one that Select has chosen, while none is mounted: it brings both up to date with the system, and lets what
// makes the device reachable follow where another slot was mounted before. Whatever goes wrong, or where it is broken off, the slot can be mounted.
func Prepare(root string, n slot.Name) (reason error) {
	d := device(root)
	defer recovered("prepare the configuration slots", &reason)
	return d.alone(func() error {
		err := errors.Join(d.settle(n), d.settle(n.Other()))
		before := d.named(bootedFile)
		if before == n {
			return err
		}
		if before != slot.Baked {
			if carried := d.carry(before, n); carried != nil {
				return errors.Join(err, carried) // the next start tries again
			}
		}
		return errors.Join(err, durable.Write(d.path(bootedFile), []byte(n+"\n"), 0o644))
	})
}

// recovered makes a panic a reason, when it is deferred: a device that does not start is worse than whatever this is.
func recovered(doing string, reason *error) {
	if r := recover(); r != nil {
		*reason = fmt.Errorf("%s: %v", doing, r)
	}
}

// choose is the slot of this start. One that a newer program made is passed over; when a trial cannot be counted down it is not gone on with, or it would have no end.
func (d device) choose(now time.Time) (slot.Name, error) {
	var chosen slot.Name
	var passed error
	state, err := d.states().Change(slot.Config, func(s slot.State) (slot.State, error) {
		next, n := s.Start(now)
		if format := next.Slots[n].Format; format > config.Format {
			passed = newer(n, format)
			if next.Trial != nil {
				var err error
				if next, err = next.Back(passed.Error(), "tries", now); err != nil {
					return s, err
				}
				n = next.Active
			}
			if next.Slots[n].Format > config.Format && next.Slots[n.Other()].Format <= config.Format {
				n = n.Other()
			}
		}
		chosen = n
		return next, nil
	})
	if err != nil {
		chosen = state.Active
		if chosen != slot.B {
			chosen = slot.A
		}
	}
	return chosen, errors.Join(passed, err)
}

// unreadable tells whether only root may read something.
func unreadable(err error) bool { return errors.Is(err, os.ErrPermission) }
