package trial

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"calendarbot/agent/slot"
)

// Choose chooses the program that is started, and returns its file: that of the slot, counted when it is on trial, else the one of the system, of
// the version baked. Errors are for telling: whatever they are, the file can be started, or is the last resort. It runs before each start
// of the program, so it looks at names and sizes, and reads no program.
func (d Device) Choose(baked string, now time.Time) (file string, n slot.Name, err error) {
	s, err := d.Slots().Read(slot.Agent)
	if err != nil {
		return d.Program(slot.Baked), slot.Baked, err // what is on trial could not be counted
	}
	why := d.fit(s, s.Active, baked)
	switch { // nothing is written
	case s.Trial == nil && why == nil:
		return d.Program(s.Active), s.Active, nil
	case s.Trial == nil && errors.Is(why, errOlder):
		return d.Program(slot.Baked), slot.Baked, why
	}
	var told []error
	s, err = d.Slots().Change(slot.Agent, func(s slot.State) (slot.State, error) {
		if s.Trial != nil {
			if why := d.fit(s, s.Trial.Slot, baked); why != nil {
				told = append(told, why)
				s = s.Lose(s.Trial.Slot, slot.Baked, why.Error(), now)
			}
		}
		was := s.Trial
		s, n = s.StartIn(d.first(bootName), now)
		if was != nil && s.Trial == nil {
			told = append(told, fmt.Errorf("program %s: %s", was.Version, s.Last.Why))
		}
		if why := d.fit(s, n, baked); why != nil {
			told = append(told, why)
			if !errors.Is(why, errOlder) {
				s = s.Lose(n, slot.Baked, why.Error(), now)
			}
			n = slot.Baked
		}
		return s, nil
	})
	if err != nil {
		// It cannot be counted, so what is on trial is not started: it might be for ever.
		n = s.Active
		if d.fit(s, n, baked) != nil {
			n = slot.Baked
		}
	}
	return d.Program(n), n, errors.Join(append(told, err)...)
}

// errOlder marks a program that a newer system passes over. It is not forgotten for it: the system that it belongs to may be gone back to.
var errOlder = errors.New("it is older than that of the system")

// fit says why a program is not to be started.
func (d Device) fit(s slot.State, n slot.Name, baked string) error {
	if n == slot.Baked {
		return nil
	}
	c := s.Slots[n]
	if slot.Newer(baked, c.Version) {
		return fmt.Errorf("program %s in slot %s: %w, %s", known(c.Version), n, errOlder, baked)
	}
	info, err := os.Lstat(d.Program(n))
	switch {
	case err != nil:
		return fmt.Errorf("program %s in slot %s: %w", known(c.Version), n, err)
	case !info.Mode().IsRegular() || info.Mode().Perm()&0o100 == 0:
		return fmt.Errorf("program %s in slot %s: %s cannot be started", known(c.Version), n, d.Program(n))
	case info.Size() == 0 || c.Size > 0 && info.Size() != c.Size:
		return fmt.Errorf("program %s in slot %s: %s has %d bytes, not the %d that were staged", known(c.Version), n, d.Program(n), info.Size(), c.Size)
	}
	return nil
}

// Point makes the link that is started point to a program. The link lies in memory; a start that is cut off makes it anew.
func Point(file, link string) error {
	if target, err := os.Readlink(link); err == nil && target == file {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
		return fmt.Errorf("choose the program: %w", err)
	}
	beside := link + ".new"
	if err := os.RemoveAll(beside); err != nil {
		return fmt.Errorf("choose the program: %w", err)
	}
	if err := os.Symlink(file, beside); err != nil {
		return fmt.Errorf("choose the program: %w", err)
	}
	if err := os.Rename(beside, link); err != nil {
		return errors.Join(fmt.Errorf("choose the program: %w", err), os.Remove(beside))
	}
	return nil
}
