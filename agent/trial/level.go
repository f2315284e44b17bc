package trial

import (
	"context"
	"errors"
	"fmt"

	"calendarbot/agent/slot"
)

// rollback carries out the request to go back that stands. State first, then what it leads to, then the request is settled: one that was carried out
// already is known by its time, and leads to what it did not come to, after a cut at any place or as systemd refused.
func (k *Keeper) rollback(ctx context.Context) error {
	r, err := slot.Asked(k.Rollback())
	if err != nil {
		k.Say("%v; it is taken away", err)
		return slot.Settle(k.Rollback())
	}
	if r == nil {
		return nil
	}
	words, next, err := k.level(ctx, *r)
	answer := slot.Answer{Do: "rollback", Level: r.Level, Words: words, At: k.Now()}
	if err != nil {
		answer.Words, answer.Refused, next = err.Error(), true, nothing
	}
	k.Say("rollback of level %d, asked for by %s (%s): %s", r.Level, r.By, r.Why, answer.Words)
	if errors.Is(err, slot.ErrNotWritten) {
		return err // it stands, and is carried out once there is room again
	}
	if errors.Is(err, slot.ErrNothingToGoBackTo) {
		err = nil
	}
	told := k.Slots().Tell(answer)
	if failed := k.follow(ctx, next); failed != nil {
		return errors.Join(err, told, failed)
	}
	// It is settled even where it was refused: who has a reason to ask will ask again. What was asked for meanwhile is settled with it unless it goes further.
	return errors.Join(err, told, slot.SettleUpTo(k.Rollback(), r.Level))
}

// level carries a request out. What is on trial, and was started, is the first to go, whatever the level. What only waits for its start is not why
// somebody wishes to go back, and goes on waiting.
func (k *Keeper) level(ctx context.Context, r slot.Request) (words string, next consequence, err error) {
	for _, kind := range slot.Kinds() {
		s, err := k.Slots().Read(kind)
		if err != nil {
			k.Say("%v", err)
		}
		if s.Last != nil && !s.Last.Asked.IsZero() && s.Last.Asked.Equal(r.At) {
			next, err = k.owed(ctx, k.Version)
			return "it was carried out already", next, err
		}
	}
	kind, trial, err := k.tried(ctx)
	if err != nil {
		return "", nothing, err
	}
	switch {
	case trial != nil && kind == slot.Config, trial == nil && r.Level == 2:
		return k.configBack(r)
	case trial != nil && kind == slot.System:
		return k.systemBack(ctx, r)
	case trial != nil:
		return k.agentBack(r)
	}
	s, err := k.Slots().Read(slot.Agent)
	if err != nil {
		k.Say("%v", err)
	}
	if s.Active == slot.Baked {
		return k.systemBack(ctx, r)
	}
	if last := s.Last; last != nil && !last.Asked.IsZero() {
		if past := k.Now().Sub(last.At); past >= 0 && past < again {
			return k.systemBack(ctx, r)
		}
	}
	return k.agentBack(r)
}

// tried is what is on trial and was started.
func (k *Keeper) tried(ctx context.Context) (slot.Kind, *slot.Trial, error) {
	kind, trial, err := k.Slots().Trial()
	if err != nil {
		k.Say("%v", err)
	}
	waits := trial != nil && trial.Started == 0
	if trial != nil && kind == slot.System {
		boot, err := k.systems(ctx)
		if err != nil {
			return "", nil, err
		}
		waits = boot != nil && boot.awaits(*trial)
	}
	if waits {
		return "", nil, nil
	}
	return kind, trial, nil
}

// configBack goes to the other configuration: from a trial to what is active, else to what was active before. What was staged there since was never
// tried, and is not gone to.
func (k *Keeper) configBack(r slot.Request) (words string, next consequence, err error) {
	was, err := k.Slots().Read(slot.Config)
	if err != nil {
		k.Say("%v", err)
	}
	from, to := was.Active, was.Former
	if was.Trial != nil && was.Trial.Started > 0 {
		from, to = was.Trial.Slot, was.Active
	}
	if to == slot.Baked || from == to {
		return "", nothing, fmt.Errorf("configuration slot %s is in use, and the other one holds none that was used before: %w", from, slot.ErrNothingToGoBackTo)
	}
	_, err = k.Slots().Change(slot.Config, func(s slot.State) (slot.State, error) {
		s, err := callOff(s).Back(r.Why, r.By, k.Now())
		return k.stamp(s, r), err
	})
	return fmt.Sprintf("configuration slot %s is used again", to), restart, err
}

// agentBack goes to the program that was used before. One that waits for its start is called off for it, and may be tried again.
func (k *Keeper) agentBack(r slot.Request) (words string, next consequence, err error) {
	s, err := k.Slots().Change(slot.Agent, func(s slot.State) (slot.State, error) {
		s, err := callOff(s).Back(r.Why, r.By, k.Now())
		return k.stamp(s, r), err
	})
	return fmt.Sprintf("program %s is used again", k.program(s)), startAgain, err
}

// callOff has what waits for its start wait no longer.
func callOff(s slot.State) slot.State {
	if s.Trial != nil && s.Trial.Started == 0 {
		s.Trial = nil
	}
	return s
}

// program names the program that is active.
func (k *Keeper) program(s slot.State) string {
	if s.Active == slot.Baked {
		return "of the system"
	}
	return known(s.Slots[s.Active].Version)
}

// systemBack goes to the other system.
func (k *Keeper) systemBack(ctx context.Context, r slot.Request) (words string, next consequence, err error) {
	boot, err := k.systems(ctx)
	if err != nil {
		return "", nothing, err
	}
	if boot == nil {
		return "", nothing, fmt.Errorf("the program of the system is in use, and this machine has no second system: %w", slot.ErrNothingToGoBackTo)
	}
	s, err := k.Slots().Change(slot.System, func(s slot.State) (slot.State, error) {
		if s.Trial != nil && boot.awaits(*s.Trial) {
			return s, fmt.Errorf("the other slot holds system %s, which waits to be tried: %w", known(s.Trial.Version), slot.ErrNothingToGoBackTo)
		}
		s, err := k.leave(ctx, s, boot, r.Why, r.By)
		return k.stamp(s, r), err
	})
	return fmt.Sprintf("system slot %s is started again", s.Active), restart, err
}

// stamp notes which request a way back carried out.
func (k *Keeper) stamp(s slot.State, r slot.Request) slot.State {
	if s = k.decided(s); s.Last != nil {
		s.Last.Asked = r.At
	}
	return s
}

// known is a version as words.
func known(version string) string {
	if version == "" {
		return "of a version that is not known"
	}
	return version
}

// agentWords say what an order about programs led to.
func agentWords(o slot.Order, s slot.State) string {
	switch o.Do {
	case "try":
		return fmt.Sprintf("Program %s is tried now. It is kept once it was well for long enough; otherwise what was used before is used again.", known(s.Trial.Version))
	case "keep":
		return fmt.Sprintf("Program %s is kept.", known(s.Slots[s.Active].Version))
	case "back":
		if s.Active == slot.Baked {
			return "The program of the system is used again."
		}
		return fmt.Sprintf("Program %s is used again.", known(s.Slots[s.Active].Version))
	}
	return fmt.Sprintf("Program %s may be tried again.", known(o.Version))
}

// systemWords say what an order about systems led to.
func systemWords(o slot.Order, s slot.State) string {
	switch o.Do {
	case "try":
		return fmt.Sprintf("System %s is tried with the restart that comes now. It is kept once the device was well for long enough; otherwise slot %s is started again.", known(s.Trial.Version), s.Active)
	case "keep":
		return fmt.Sprintf("System %s is kept.", known(s.Slots[s.Active].Version))
	case "back":
		return fmt.Sprintf("System slot %s is used from the next start on.", s.Active)
	}
	return fmt.Sprintf("System %s may be tried again.", known(o.Version))
}
