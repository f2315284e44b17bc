package trial

import (
	"context"
	"errors"
	"os"

	"calendarbot/agent/slot"
)

// A change is written first, and then systemd is asked for what it takes to hold. What follows finds what was decided and never came, as systemd refused.

// decided notes with how a trial ended, or was left, in which start of the device that was: after another one it is done.
func (d Device) decided(s slot.State) slot.State {
	if s.Last != nil {
		last := *s.Last
		last.Boot = d.first(bootName)
		s.Last = &last
	}
	return s
}

// owed is what a decision still takes to hold; the program of the system is of this version. A restart of the device is owed only in the start in which
// it was decided: whatever is mounted or runs after the next one, no decision has the device start for ever.
func (d Device) owed(ctx context.Context, version string) (consequence, error) {
	boot := d.first(bootName)
	left := func(s slot.State) bool {
		return boot != "" && s.Trial == nil && s.Last != nil && !s.Last.Kept && s.Last.Boot == boot
	}
	config, first := d.Slots().Read(slot.Config)
	system, second := d.Slots().Read(slot.System)
	if err := errors.Join(first, second); err != nil {
		return nothing, err
	}
	if n := d.mounted(); left(config) && n != slot.Baked && n != config.Active {
		return restart, nil
	}
	if left(system) {
		boot, err := d.systems(ctx)
		if err != nil {
			return nothing, err
		}
		if boot != nil && boot.running != system.Active && boot.first == system.Active {
			return restart, nil
		}
	}
	if _, owed, err := d.passed(version); owed || err != nil {
		return startAgain, err
	}
	return nothing, nil
}

// passed tells whether another program was started than a start would choose now, where nothing is on trial, and which that is.
func (d Device) passed(version string) (s slot.State, owed bool, err error) {
	s, err = d.Slots().Read(slot.Agent)
	if err != nil || s.Trial != nil {
		return s, false, err
	}
	if d.fit(s, s.Active, version) != nil {
		s.Active = slot.Baked
	}
	return s, !d.runs(s.Active), nil
}

// runs tells whether a program is the one that was started; it is taken to be where that is not known.
func (d Device) runs(n slot.Name) bool {
	started, err := os.Readlink(d.path(programLink))
	return err != nil || started == d.Program(n)
}
