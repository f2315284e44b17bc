package trial

import (
	"context"
	"errors"
	"fmt"
	"time"

	"calendarbot/agent/slot"
)

// Tries is how many starts a program or a system on trial has.
const Tries = 3

// again is how long after a way back of the third level another one goes further, to the other system.
const again = 15 * time.Minute

// Where wishes lie on the device.
const (
	ordersFolder   = "var/lib/calendarbot/orders"
	rollbackFolder = "var/lib/calendarbot/rollback"
)

// Keeper carries out who asks for another slot, or to go back.
type Keeper struct {
	Device
	Version string // of the program of the system
	Now     func() time.Time
	// Config carries an order about the configuration out, and says in a sentence what it did, and whether the device is to be started anew for it.
	Config func(slot.Order) (words string, restart bool, err error)
	Say    func(format string, values ...any)
}

// consequence is what is to be done once a change is written.
type consequence int

const (
	nothing    consequence = iota
	startAgain             // of the program
	restart                // of the device
)

// Orders is the folder in which orders wait.
func (d Device) Orders() string { return d.path(ordersFolder) }

// Rollback is the folder of the request to go back.
func (d Device) Rollback() string { return d.path(rollbackFolder) }

// Carry carries out all orders that wait, then the request to go back. What is refused is told with Folder.Tell, and is no error. After one that starts
// the device anew the others wait for the next start. Whatever is wrong with the orders, the request is carried out: both come from a program that
// may be broken.
func (k *Keeper) Carry(ctx context.Context) error {
	var wrong []error
	for range slot.MostOrders {
		name, o, err := slot.Next(k.Orders())
		if name == "" {
			wrong = append(wrong, err)
			break
		}
		// It is taken away first. One that a power cut loses can be given again; one that is carried out twice goes back too far.
		if err := slot.Done(k.Orders(), name); err != nil {
			wrong = append(wrong, err)
			continue // it may come again
		}
		if err != nil {
			k.Say("%v", err)
			continue
		}
		_, next, err := k.answer(ctx, o)
		if err != nil && !errors.Is(err, errRefused) {
			wrong = append(wrong, err)
		}
		if next == restart {
			return errors.Join(wrong...)
		}
	}
	return errors.Join(append(wrong, k.rollback(ctx))...)
}

// errRefused marks what was told to the one who asked.
var errRefused = errors.New("this was refused")

// Obey carries out one order, tells what became of it, and returns that as words.
func (k *Keeper) Obey(ctx context.Context, o slot.Order) (words string, err error) {
	words, _, err = k.answer(ctx, o)
	return words, err
}

func (k *Keeper) answer(ctx context.Context, o slot.Order) (string, consequence, error) {
	words, next, err := k.obey(ctx, o)
	answer := slot.Answer{Do: o.Do, Kind: o.Kind, Words: words, At: k.Now()}
	if err != nil {
		answer.Words, answer.Refused = err.Error(), true
	}
	k.Say("%s %s: %s", o.Do, o.Kind, answer.Words)
	if err != nil {
		err = fmt.Errorf("%w: %w", errRefused, err)
	}
	return words, next, errors.Join(err, k.Slots().Tell(answer), k.follow(ctx, next))
}

func (k *Keeper) obey(ctx context.Context, o slot.Order) (words string, next consequence, err error) {
	switch o.Kind {
	case slot.Config:
		words, again, err := k.Config(o)
		if again && err == nil {
			return words, restart, nil
		}
		return words, nothing, err
	case slot.Agent:
		return k.obeyAgent(o)
	case slot.System:
		return k.obeySystem(ctx, o)
	}
	return "", nothing, fmt.Errorf("there is no %q with slots; allowed are config, agent and system", o.Kind)
}

// obeyAgent carries out an order about programs.
func (k *Keeper) obeyAgent(o slot.Order) (words string, next consequence, err error) {
	s, err := k.Slots().Change(slot.Agent, func(s slot.State) (slot.State, error) {
		if err := meant(o, s); err != nil {
			return s, err
		}
		started := s.Trial != nil && s.Trial.Started > 0
		switch o.Do {
		case "try":
			next = startAgain
			n, err := staged(s, o)
			if err != nil {
				return s, err
			}
			return s.Try(n, Tries, o.By, k.Now())
		case "keep":
			if s.Trial != nil && !started {
				return s, errors.New("it was not started yet, so it cannot be kept")
			}
			return s.Keep(k.Now())
		case "back":
			next = startAgain
			return s.Back(why(o), o.By, k.Now())
		case "allow":
			return s.Allowed(o.Version)
		}
		return s, unknown(o)
	})
	if err != nil {
		return "", nothing, err
	}
	return agentWords(o, s), next, nil
}

// obeySystem carries out an order about systems: first the boot state, which decides, then what is written of it.
func (k *Keeper) obeySystem(ctx context.Context, o slot.Order) (words string, next consequence, err error) {
	boot, err := k.systems(ctx)
	if err != nil {
		return "", nothing, err
	}
	if boot == nil {
		return "", nothing, errors.New("this machine has no second system")
	}
	s, err := k.Slots().Change(slot.System, func(s slot.State) (slot.State, error) {
		if err := meant(o, s); err != nil {
			return s, err
		}
		if other := boot.running.Other(); boot.copied(s, other) {
			s = s.Forget(other) // it is not tried under the name of what was there
		}
		running := s.Trial != nil && s.Trial.Slot == boot.running
		switch o.Do {
		case "try":
			to, err := staged(s, o)
			if err != nil {
				return s, err
			}
			after, err := s.Try(to, Tries, o.By, k.Now())
			if err != nil {
				return s, err
			}
			next = restart
			return after, k.choose(ctx, to, Tries, boot.left[to.Other()])
		case "keep":
			if s.Trial != nil && !running {
				return s, errors.New("it was not started yet, so it cannot be kept")
			}
			after, err := s.Keep(k.Now())
			if err != nil {
				return s, err
			}
			return after, k.setLeft(ctx, boot.running, confirmed)
		case "back":
			if s.Trial == nil || running {
				next = restart
			}
			after, err := k.leave(ctx, s, boot, why(o), o.By)
			return k.decided(after), err
		case "allow":
			return s.Allowed(o.Version)
		}
		return s, unknown(o)
	})
	if err != nil {
		return "", nothing, err
	}
	return systemWords(o, s), next, nil
}

// leave goes to the other system, or ends the trial of one that was not started yet. It is refused where the other one cannot be started, or was
// itself left for a reason.
func (k *Keeper) leave(ctx context.Context, s slot.State, boot *systems, why, by string) (slot.State, error) {
	if s.Trial != nil && s.Trial.Slot != boot.running {
		if err := k.choose(ctx, boot.running, boot.left[boot.running], 0); err != nil {
			return s, err
		}
		return s.Back(why, by, k.Now())
	}
	if s.Trial == nil && s.Active != boot.running {
		return s.Leave(boot.running, why, by, k.Now()), nil // a cut came between the boot state and this
	}
	other := boot.running.Other()
	if boot.left[other] == 0 {
		return s, fmt.Errorf("the other system cannot be started: %w", slot.ErrNothingToGoBackTo)
	}
	if s.Trial == nil && s.Last != nil && s.Last.Slot == other && !s.Last.Kept && !boot.copied(s, other) {
		return s, fmt.Errorf("the other system was left because of this: %s: %w", s.Last.Why, slot.ErrNothingToGoBackTo)
	}
	left := 0 // U-Boot does not come back to one on trial
	if s.Trial == nil {
		left = boot.left[boot.running]
	}
	if err := k.choose(ctx, other, boot.left[other], left); err != nil {
		return s, err
	}
	if s.Trial != nil {
		return s.Back(why, by, k.Now())
	}
	return s.Leave(other, why, by, k.Now()), nil
}

// staged is the slot with the version that is ordered, or with the newest content where none is named.
func staged(s slot.State, o slot.Order) (slot.Name, error) {
	best := slot.Baked
	for n, c := range s.Slots {
		if n == s.Active || o.Version != "" && c.Version != o.Version {
			continue
		}
		if best == slot.Baked || c.At.After(s.Slots[best].At) {
			best = n
		}
	}
	switch {
	case best != slot.Baked:
		return best, nil
	case o.Version == "":
		return best, fmt.Errorf("nothing is staged that could be tried: no %s but the one in use lies in a slot", o.Kind.Thing())
	case s.Active != slot.Baked && s.Slots[s.Active].Version == o.Version:
		return best, fmt.Errorf("%s %s is in use already", o.Kind.Thing(), o.Version)
	}
	return best, fmt.Errorf("%s %s is not staged: it lies in no slot", o.Kind.Thing(), o.Version)
}

// meant refuses an order about a version that is another one by now.
func meant(o slot.Order, s slot.State) error {
	if o.Version == "" || o.Do != "keep" && o.Do != "back" {
		return nil
	}
	if version := s.InUse(); version != o.Version {
		return fmt.Errorf("%s is meant, but by now it is %s", o.Version, known(version))
	}
	return nil
}

func unknown(o slot.Order) error {
	return fmt.Errorf("there is no %q for the %s; allowed are try, keep, back and allow", o.Do, o.Kind)
}

func why(o slot.Order) string {
	if o.Why == "" {
		return "it was asked for"
	}
	return o.Why
}

// follow does what a change leads to.
func (k *Keeper) follow(ctx context.Context, next consequence) error {
	switch next {
	case startAgain:
		return errors.Join(k.startAgain(ctx), k.watch(ctx))
	case restart:
		return k.restart(ctx)
	}
	return nil
}
