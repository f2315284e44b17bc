package overlay

import (
	"errors"
	"fmt"
	"time"

	"calendarbot/agent/config"
	"calendarbot/agent/slot"
)

// tries is how many starts a candidate has to prove itself.
const tries = 3

// Done is what became of an order.
type Done struct {
	Words     string            `json:"words"`               // for a person
	Slot      slot.Name         `json:"slot,omitempty"`      // that was staged
	Version   string            `json:"version,omitempty"`   // of it
	Conflicts []config.Conflict `json:"conflicts,omitempty"` // in which the person's own holds, though the slot came with something else
	Restart   bool              `json:"restart"`             // another slot holds after the next start, so the device is to be restarted
}

// Obey carries an order about the configuration slots out: stage (Text is a whole calendarbot.yaml, "" what was changed on the
// device, with Set over it), try, keep, back or allow. What Done says is carried out when it returns, but for the restart, which is for the caller. With a Version
// try, keep and back are refused when another one is meant by now.
func Obey(root string, o slot.Order, now time.Time) (Done, error) {
	if o.Kind != slot.Config {
		return Done{}, fmt.Errorf("this is for the configuration, and %q was asked for", o.Kind)
	}
	d := device(root)
	switch o.Do {
	case "stage":
		switch {
		case len(o.Set) > 0:
			return Set(root, o.Set, now)
		case o.Text != "":
			return StageText(root, []byte(o.Text), now)
		}
		return Stage(root, now)
	case "try":
		return d.change(func(s slot.State) (slot.State, string, error) {
			n := s.Active.Other()
			if err := meant(o, s.Slots[n].Version); err != nil {
				return s, "", err
			}
			if format := s.Slots[n].Format; format > config.Format {
				return s, "", newer(n, format)
			}
			next, err := s.Try(n, tries, o.By, now)
			return next, fmt.Sprintf("Configuration slot %s (%s) is tried from the next start on. It is kept once it was well for long enough; otherwise slot %s is used again.", n, s.Slots[n].Version, s.Active), err
		})
	case "keep":
		return d.change(func(s slot.State) (slot.State, string, error) {
			if s.Trial != nil {
				if err := meant(o, s.Trial.Version); err != nil {
					return s, "", err
				}
				if mounted := d.mounted(); mounted != s.Trial.Slot {
					return s, "", fmt.Errorf("slot %s was not started yet, so it cannot be kept", s.Trial.Slot)
				}
			}
			next, err := s.Keep(now)
			return next, fmt.Sprintf("Configuration slot %s is kept. The former one is in slot %s.", next.Active, next.Former), err
		})
	case "back":
		return d.change(func(s slot.State) (slot.State, string, error) {
			version := s.Slots[s.Active].Version
			if s.Trial != nil { // with its last try in use no other start would choose it
				version = s.Trial.Version
			}
			if err := meant(o, version); err != nil {
				return s, "", err
			}
			next, err := s.Back(o.Why, o.By, now)
			return next, fmt.Sprintf("Configuration slot %s is used again.", next.Active), err
		})
	case "allow":
		return d.change(func(s slot.State) (slot.State, string, error) {
			next, err := s.Allowed(o.Version)
			return next, fmt.Sprintf("Configuration %s may be tried again.", o.Version), err
		})
	}
	return Done{}, fmt.Errorf("there is no %q for the configuration; allowed are stage, try, keep, back and allow", o.Do)
}

// change changes the state of the slots, and says whether the device is to be restarted for it.
func (d device) change(do func(slot.State) (slot.State, string, error)) (Done, error) {
	var words string
	var was slot.State
	next, err := d.states().Change(slot.Config, func(s slot.State) (slot.State, error) {
		next, said, err := do(s)
		words, was = said, s
		return next, err
	})
	if err != nil {
		return Done{}, err
	}
	another := next.Active != was.Active || (next.Trial == nil) != (was.Trial == nil)
	return Done{Words: words, Restart: another && next.Runs() != d.mounted()}, nil
}

// meant refuses an order about a version that is another one by now.
func meant(o slot.Order, version string) error {
	if o.Version != "" && o.Version != version {
		return fmt.Errorf("%s is meant, but it is %s by now", o.Version, orNothing(version))
	}
	return nil
}

func orNothing(version string) string {
	if version == "" {
		return "nothing"
	}
	return version
}

// newer says that a slot was made by a program that is newer than this one.
func newer(n slot.Name, format int) error {
	return fmt.Errorf("slot %s is of format %d; this program reads %d at most: %w", n, format, config.Format, errNewer)
}

var errNewer = errors.New("a newer program made it")
