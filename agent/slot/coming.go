package slot

import (
	"fmt"
	"maps"
	"time"
)

// Coming is what is being written to a slot by who also has a start choose it, so that it may be started before it was staged.
type Coming struct {
	Slot    Name    `json:"slot"`
	By      string  `json:"by,omitempty"`
	Content Content `json:"content"`
}

// Expect is Clear for a slot that is written by who has the next start choose it as well: whatever cuts that short, Came knows what is
// started.
func (s State) Expect(n Name, c Content, by string) (State, error) {
	next, err := s.Stage(n, c)
	if err != nil {
		return s, err
	}
	delete(next.Slots, n)
	next.Coming = &Coming{Slot: n, By: line(by, mostBy), Content: c}
	return next, nil
}

// Came puts on trial what was expected in a slot, as it is known by other means that it was written whole, and chosen. Where nothing is
// expected there, or something is on trial, it changes nothing.
func (s State) Came(n Name, tries int, now time.Time) State {
	if s.Coming == nil || s.Coming.Slot != n || s.Trial != nil || s.Active == n {
		return s
	}
	c := *s.Coming
	s = s.Holds(n, c.Content)
	s.Coming, s.Trial = nil, &Trial{Slot: n, Version: c.Content.Version, By: c.By, Tries: tries, Began: now}
	return s
}

// Found makes active what is found to be in use, and confirmed, though nothing here led to it. That says nothing against what was active before: it may
// be gone back to, and be tried again.
func (s State) Found(n Name) State {
	if n != s.Active {
		s.Former, s.Active = s.Active, n
	}
	return s
}

// Forget has it no longer known what lies in a slot that is not in use.
func (s State) Forget(n Name) State {
	s.Slots = maps.Clone(s.Slots)
	delete(s.Slots, n)
	if s.Former == n {
		s.Former = Baked
	}
	return s
}

// Spare says why what lies in a slot is not to be written over unasked; nil for what is not known, or is not tried again.
func (s State) Spare(n Name) error {
	c, there := s.Slots[n]
	switch {
	case n != A && n != B:
		return fmt.Errorf("there is no slot %q; allowed are a and b", n)
	case n == s.Active:
		return fmt.Errorf("slot %s is in use", n)
	case s.Trial != nil && s.Trial.Slot == n:
		return fmt.Errorf("slot %s is on trial with %s", n, s.Trial.Version)
	case there && s.denied(c) == nil:
		return fmt.Errorf("slot %s holds %s %s, which may be wanted", n, s.kind, c.Version)
	}
	return nil
}

// Clear says that a slot is about to be written to: what it holds is not known until it is staged. It is refused as Stage is.
func (s State) Clear(n Name) (State, error) {
	next, err := s.Stage(n, Content{})
	if err != nil {
		return s, err
	}
	delete(next.Slots, n)
	return next, nil
}
