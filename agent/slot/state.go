package slot

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/semver"
)

// Kind is what there are two of.
type Kind string

// The kinds.
const (
	Config Kind = "config" // a: stable as baked, b: candidate as baked; each with what was changed on the device
	Agent  Kind = "agent"  // programs; beside a and b there is the one of the system that runs
	System Kind = "system" // which may be booted, the boot-state sector says; here stands what that cannot hold
)

// Kinds are all of them.
func Kinds() []Kind { return []Kind{Config, Agent, System} }

// Thing is what people call one of them.
func (k Kind) Thing() string {
	switch k {
	case Config:
		return "configuration"
	case Agent:
		return "program"
	}
	return string(k)
}

// Name is one of two slots.
type Name string

// The slots.
const (
	Baked Name = "" // the program of the system that runs; it is no slot, cannot be staged, and is there for Agent alone
	A     Name = "a"
	B     Name = "b"
)

// Other is the other slot.
func (n Name) Other() Name {
	if n == A {
		return B
	}
	return A
}

// How much of each there is at most.
const (
	MostDenied = 16 // versions; the oldest are forgotten
	MostTries  = 9
)

// State is what is known of one kind. Its methods are pure: they return another one, and leave the one that they are of as it was. It comes
// from Kind.First or Folder.Read.
type State struct {
	Active Name             `json:"active"`           // confirmed: what a start chooses unless another is on trial
	Former Name             `json:"former,omitempty"` // what was active before; Baked: the baked program, or none where there is no such
	Trial  *Trial           `json:"trial,omitempty"`
	Slots  map[Name]Content `json:"slots,omitempty"`  // what is known to lie in them, whole
	Coming *Coming          `json:"coming,omitempty"` // what is being written to one of them
	Last   *Outcome         `json:"last,omitempty"`
	Denied []Denial         `json:"denied,omitempty"` // at most MostDenied, the oldest first

	kind Kind
}

// Content is what lies in a slot.
type Content struct {
	Version string    `json:"version,omitempty"`
	Digest  string    `json:"digest,omitempty"` // SHA-256 in hex
	Size    int64     `json:"size,omitempty"`   // bytes of a program; 0: not known
	Format  int       `json:"format,omitempty"` // which programs can read that configuration; 0: any
	At      time.Time `json:"at"`               // when it was staged
}

// Trial is of the slot that a start chooses until it is kept.
type Trial struct {
	Slot    Name      `json:"slot"`
	Version string    `json:"version,omitempty"`
	By      string    `json:"by,omitempty"`   // who asked for it
	Tries   int       `json:"tries"`          // starts that are left, 0 to MostTries
	Started int       `json:"started"`        // starts that there were
	Began   time.Time `json:"began"`          // when Try was asked
	Boot    string    `json:"boot,omitempty"` // the start of the device in which it was started last; "" when that is not known
}

// Outcome is how a trial ended, or why what was active is so no more.
type Outcome struct {
	Slot    Name      `json:"slot"`
	Version string    `json:"version,omitempty"`
	Why     string    `json:"why,omitempty"` // for a person; "" when it was kept
	By      string    `json:"by,omitempty"`  // who decided: "judge", "tries", "person", or of a Request
	Kept    bool      `json:"kept"`
	At      time.Time `json:"at"`
	Asked   time.Time `json:"asked,omitzero"` // of the Request that this carried out
	Boot    string    `json:"boot,omitempty"` // the start of the device in which this was decided, where it takes another one; "" when that is not known
}

// Denial is a version that is not to be tried again.
type Denial struct {
	Version string    `json:"version"`
	Digest  string    `json:"digest,omitempty"` // of a configuration: this one alone, as a person may mend it
	Why     string    `json:"why,omitempty"`
	At      time.Time `json:"at"`
}

// What is refused whatever the words.
var (
	ErrNothingToGoBackTo = errors.New("there is nothing to go back to")
	ErrNoTrial           = errors.New("nothing is on trial")
)

// First is the state of a device on which nothing was ever staged.
func (k Kind) First() State {
	s := State{kind: k}
	if k != Agent {
		s.Active = A
	}
	return s
}

// Idle is where the next is staged: a or b, never what is active or on trial. Baked means that there is no such place until the trial ends.
func (s State) Idle() Name {
	var free []Name
	for _, n := range []Name{A, B} {
		if n != s.Active && (s.Trial == nil || n != s.Trial.Slot) {
			free = append(free, n)
		}
	}
	switch {
	case len(free) == 0:
		return Baked
	case len(free) == 2 && (s.Former == A || s.Slots[B].At.Before(s.Slots[A].At)):
		return B
	}
	return free[0]
}

// Runs is what a start chooses, without counting: what is on trial while there are tries left, else what is active.
func (s State) Runs() Name {
	if s.Trial != nil && s.Trial.Tries > 0 {
		return s.Trial.Slot
	}
	return s.Active
}

// Stage notes what now lies, whole and checked, in a slot. The error says what is wrong with that.
func (s State) Stage(n Name, c Content) (State, error) {
	switch {
	case n != A && n != B:
		return s, fmt.Errorf("stage %s %s: there is no slot %q; allowed are a and b", s.kind, c.Version, n)
	case s.Trial != nil && s.Trial.Slot == n:
		return s, fmt.Errorf("stage %s %s: slot %s is on trial with %s", s.kind, c.Version, n, s.Trial.Version)
	case s.Active == n:
		return s, fmt.Errorf("stage %s %s: slot %s is in use with %s", s.kind, c.Version, n, s.Slots[n].Version)
	}
	if err := s.denied(c); err != nil {
		return s, fmt.Errorf("stage %s %s: %w", s.kind, c.Version, err)
	}
	if err := c.check(); err != nil {
		return s, fmt.Errorf("stage %s %s: %w", s.kind, c.Version, err)
	}
	s = s.Holds(n, c)
	if s.Former == n {
		s.Former = Baked
	}
	if s.Coming != nil && s.Coming.Slot == n {
		s.Coming = nil
	}
	return s, nil
}

// Holds notes what a slot is found to hold, in use or not: unlike Stage it is no wish.
func (s State) Holds(n Name, c Content) State {
	s.Slots = maps.Clone(s.Slots)
	if s.Slots == nil {
		s.Slots = map[Name]Content{}
	}
	s.Slots[n] = c
	return s
}

// denied is an error with the reason when that is not to be tried again.
func (s State) denied(c Content) error {
	for _, d := range s.Denied {
		if d.Version == c.Version && (d.Digest == "" || d.Digest == c.Digest) {
			return fmt.Errorf("it was tried before, and is not tried again: %s; \"calendarbot slots %s allow %s\" lets it be tried again", strings.TrimRight(d.Why, ". "), s.kind, d.Version)
		}
	}
	return nil
}

// Deny has a version refused from now on, staged or not.
func (s State) Deny(version, why string, now time.Time) State {
	return s.deny(Denial{Version: version, Why: line(why, mostWhy), At: now})
}

func (s State) deny(d Denial) State {
	if d.Version == "" {
		return s
	}
	s.Denied = slices.DeleteFunc(slices.Clone(s.Denied), func(old Denial) bool {
		return old.Version == d.Version && old.Digest == d.Digest
	})
	s.Denied = append(s.Denied, d)
	s.Denied = s.Denied[max(0, len(s.Denied)-MostDenied):]
	return s
}

// Allow has a version no longer refused.
func (s State) Allow(version string) State {
	s.Denied = slices.DeleteFunc(slices.Clone(s.Denied), func(d Denial) bool { return d.Version == version })
	return s
}

// Allowed is Allow for a person: a version that is not refused is an error, which names those that are.
func (s State) Allowed(version string) (State, error) {
	var list []string
	for _, d := range s.Denied {
		if d.Version == version {
			return s.Allow(version), nil
		}
		if !slices.Contains(list, d.Version) {
			list = append(list, d.Version)
		}
	}
	if len(list) == 0 {
		return s, fmt.Errorf("%s %s is not refused, and no other one is", s.kind.Thing(), version)
	}
	return s, fmt.Errorf("%s %s is not refused; not tried again: %s", s.kind.Thing(), version, strings.Join(list, ", "))
}

// Try has the next starts choose a staged slot, at most so many (1 to MostTries) of them, until Keep.
func (s State) Try(n Name, tries int, by string, now time.Time) (State, error) {
	c, staged := s.Slots[n]
	switch {
	case s.Trial != nil:
		return s, fmt.Errorf("%s %s is on trial already: keep it or go back first", s.kind.Thing(), s.Trial.Version)
	case n == s.Active:
		return s, fmt.Errorf("try %s slot %q: it is in use already", s.kind, n)
	case !staged:
		return s, fmt.Errorf("try %s slot %q: nothing is staged there", s.kind, n)
	case tries < 1 || tries > MostTries:
		return s, fmt.Errorf("try %s slot %s: %d starts are asked for; allowed is 1 to %d", s.kind, n, tries, MostTries)
	}
	if err := s.denied(c); err != nil {
		return s, fmt.Errorf("try %s %s: %w", s.kind, c.Version, err)
	}
	s.Trial = &Trial{Slot: n, Version: c.Version, By: line(by, mostBy), Tries: tries, Began: now}
	return s, nil
}

// Start is a start of what is chosen. It counts a trial down; one without tries left goes back by itself. A configuration may be tried again
// then: all of its starts are starts of the device, and those may have been cut short by anything.
func (s State) Start(now time.Time) (State, Name) { return s.StartIn("", now) }

// StartIn is Start for what may be started more than once in one start of the device, which boot names; "" when that is not known. A start that the
// device itself cut short, as its power went, is no proof of a bad program, and takes no try. There are MostTries starts in all even so; what had tries
// left then may be tried again.
func (s State) StartIn(boot string, now time.Time) (State, Name) {
	if s.Trial == nil {
		return s, s.Active
	}
	trial := *s.Trial
	cut := boot != "" && trial.Boot != "" && boot != trial.Boot
	if !cut && trial.Tries < 1 || trial.Started >= MostTries {
		denied := s.Denied
		s = s.end(fmt.Sprintf("it was started %d times, and was not well for long enough to be kept", trial.Started), "tries", now)
		if s.kind == Config || trial.Tries > 0 {
			s.Denied = denied
		}
		return s, s.Active
	}
	if !cut {
		trial.Tries--
	}
	trial.Started, trial.Boot = trial.Started+1, line(boot, mostBy)
	s.Trial = &trial
	return s, trial.Slot
}

// Keep makes what is on trial active.
func (s State) Keep(now time.Time) (State, error) {
	if s.Trial == nil {
		return s, fmt.Errorf("keep the %s on trial: %w", s.kind, ErrNoTrial)
	}
	s.Last = &Outcome{Slot: s.Trial.Slot, Version: s.Trial.Version, By: s.Trial.By, Kept: true, At: now}
	s.Former, s.Active, s.Trial = s.Active, s.Trial.Slot, nil
	return s, nil
}

// InUse is the version that is kept, or left by going back: of what is on trial, else of what is active; "" where that is not known.
func (s State) InUse() string {
	if s.Trial != nil {
		return s.Trial.Version
	}
	return s.Slots[s.Active].Version
}

// Back ends a trial: its version is denied, and what is active is chosen again. Without a trial what was active before is so again, and
// the version that it gives way is denied; ErrNothingToGoBackTo where there is none. A program before that was denied meanwhile is passed over: the
// one of the system is used.
func (s State) Back(why, by string, now time.Time) (State, error) {
	if s.Trial != nil {
		return s.end(why, by, now), nil
	}
	if s.Former == s.Active || s.Former == Baked && s.kind != Agent {
		return s, fmt.Errorf("go back from %s: %w", s.activeWords(), ErrNothingToGoBackTo)
	}
	to := s.Former
	if s.kind == Agent && s.denied(s.Slots[to]) != nil {
		to = Baked
	}
	if to == s.Active {
		return s, fmt.Errorf("go back from %s: %w", s.activeWords(), ErrNothingToGoBackTo)
	}
	return s.Leave(to, why, by, now), nil
}

// activeWords name what is active.
func (s State) activeWords() string {
	if version := s.Slots[s.Active].Version; version != "" {
		return string(s.kind) + " " + version
	}
	return "the " + string(s.kind) + " that came with the device"
}

// Leave makes another slot active, whatever was before, and denies the version that it gives way unless both are the same. For those who know by
// other means than Former that it can be used. A trial ends, and its version is the one that gives way.
func (s State) Leave(to Name, why, by string, now time.Time) State {
	if s.Trial != nil {
		s = s.end(why, by, now)
	} else {
		c := s.Slots[s.Active]
		if c.Version == s.Slots[to].Version && to != Baked {
			c.Version = ""
		}
		s = s.leave(s.Active, c, why, by, now)
		s.Last.Version = s.Slots[s.Active].Version
	}
	if to != s.Active {
		s.Active, s.Former = to, Baked
	}
	return s
}

// Lose is Leave for a slot whose content is gone or damaged, which says nothing against its version: it may be staged and tried again.
func (s State) Lose(n Name, to Name, why string, now time.Time) State {
	s.Slots = maps.Clone(s.Slots)
	lost := s.Slots[n]
	delete(s.Slots, n)
	if s.Trial != nil && s.Trial.Slot == n {
		lost.Version, s.Trial = s.Trial.Version, nil
	}
	if s.Active == n {
		s.Active, s.Former = to, Baked
	}
	if s.Former == n {
		s.Former = Baked
	}
	s.Last = &Outcome{Slot: n, Version: lost.Version, Why: line(why, mostWhy), By: "start", At: now}
	return s
}

// end ends a trial that was not kept.
func (s State) end(why, by string, now time.Time) State {
	n, c := s.Trial.Slot, s.Slots[s.Trial.Slot]
	c.Version = s.Trial.Version
	s.Trial = nil
	return s.leave(n, c, why, by, now)
}

// leave notes why a slot is not used any more.
func (s State) leave(n Name, c Content, why, by string, now time.Time) State {
	why = line(why, mostWhy)
	s.Last = &Outcome{Slot: n, Version: c.Version, Why: why, By: line(by, mostBy), At: now}
	d := Denial{Version: c.Version, Why: why, At: now}
	if s.kind == Config {
		d.Digest = c.Digest
	}
	return s.deny(d)
}

// Newer tells whether version a is newer than b. What is no semantic version is older than any that is.
func Newer(a, b string) bool {
	return semver.Compare("v"+strings.TrimPrefix(a, "v"), "v"+strings.TrimPrefix(b, "v")) > 0
}
