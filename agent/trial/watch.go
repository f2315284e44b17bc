package trial

import (
	"context"
	"errors"
	"fmt"
	"time"

	"calendarbot/agent/slot"
)

// startTime is how long who asked for a trial of a program may take to start it; then the judge does.
const startTime = time.Minute

// Watch watches what is on trial until nothing is.
type Watch struct {
	Device
	Limits  Limits
	Version string                                // of the program and the system that run
	Now     func() time.Time                      // for people
	Elapsed func() time.Duration                  // by a clock that is never set
	Pause   func(ctx context.Context) error       // between two looks
	See     func(ctx context.Context) Observation // nil for Device.Look
	Say     func(format string, values ...any)    // what happens, in sentences
	subject subject                               // what is watched
	record  Record                                // of it
	running slot.Name                             // the system that runs; slot.Baked where there is no boot state
	open    bool                                  // it is not confirmed yet
	begun   time.Duration                         // when it came to be watched
	unit    unit                                  // as it was seen last
	asked   subject                               // what systemd was asked to start, as nobody else did
	times   int                                   // how often
}

// subject is what is watched: what is on trial, and whether the system is not confirmed yet.
type subject struct {
	kind    slot.Kind // "" for a system that nobody asked to try: the first one of the device
	slot    slot.Name
	version string
	began   int64 // Unix time in ns
	pending bool  // it was not started yet
}

// Run watches. It ends without an error when nothing is on trial and the system is confirmed, and when the device is about to be started
// anew.
func (w *Watch) Run(ctx context.Context) error {
	owed, err := w.owed(ctx, w.Version)
	if err != nil {
		w.Say("%v", err) // what can be read holds
	}
	if owed == restart {
		w.Say("the restart that was decided on did not come: it is asked for again")
		return w.restart(ctx)
	}
	if err := w.reconcile(ctx); err != nil {
		return err
	}
	if err := w.forget(); err != nil {
		return err
	}
	for {
		ended, err := w.look(ctx)
		if ended || err != nil {
			return err
		}
		if err := w.Pause(ctx); err != nil {
			return err
		}
	}
}

// look looks once, and tells whether there is nothing more to be watched.
func (w *Watch) look(ctx context.Context) (ended bool, err error) {
	now, err := w.choice(ctx)
	if err != nil {
		return false, err
	}
	if now == nil {
		return true, nil
	}
	if *now != w.subject {
		w.subject, w.begun = *now, w.Elapsed()
		w.record = Begin(w.begun)
		w.Say("watching %s", now.words())
	}
	if now.pending {
		return w.awaitStart(ctx)
	}
	if n := w.mounted(); w.subject.kind == slot.Config && n != slot.Baked && n != w.subject.slot {
		w.Say("%s could not be mounted: slot %s is", w.subject.words(), n)
		_, err := w.change(slot.Config, func(s slot.State) (slot.State, error) {
			return s.Back("it could not be mounted", "judge", w.Now())
		})
		return false, err
	}
	var o Observation
	if w.See != nil {
		o = w.See(ctx)
	} else {
		w.unit = w.unit.ask(ctx, w.Device)
		o = w.Look(ctx, w.unit)
	}
	var verdict Verdict
	var why string
	if w.record, verdict, why = Judge(w.record, w.Limits, o, w.Elapsed()); ctx.Err() != nil {
		return false, ctx.Err() // what was seen while it was told to end says nothing
	}
	switch verdict {
	case Keep:
		return false, w.keep(ctx)
	case Back:
		return w.back(ctx, why)
	}
	return false, nil
}

// choice is what is to be watched now; nil for nothing.
func (w *Watch) choice(ctx context.Context) (*subject, error) {
	kind, trial, err := w.Slots().Trial()
	if err != nil {
		w.Say("%v", err) // what can be read holds
	}
	if trial == nil && w.open && w.subject.kind != "" { // somebody else ended the trial, perhaps by keeping it
		boot, err := w.systems(ctx)
		if err != nil {
			return nil, err
		}
		w.open = boot.left[w.running] < confirmed
	}
	if trial == nil {
		if s, owed, err := w.passed(w.Version); err == nil && owed {
			p := subject{kind: slot.Agent, slot: s.Active, version: s.Slots[s.Active].Version, pending: true}
			if p != w.asked || w.times < Tries {
				return &p, nil
			}
		}
	}
	switch {
	case trial == nil && w.open:
		return &subject{slot: w.running}, nil
	case trial == nil:
		return nil, nil
	}
	s := &subject{kind: kind, slot: trial.Slot, version: trial.Version, began: trial.Began.UnixNano(), pending: trial.Started == 0}
	if kind == slot.System && w.running == slot.Baked {
		return nil, errors.New("a system is on trial, and this machine has no boot state")
	}
	switch kind {
	case slot.System:
		s.pending = w.running != trial.Slot
	case slot.Agent:
		s.pending = s.pending || !w.runs(trial.Slot) // it could not be counted, so another one was started
	}
	return s, nil
}

// awaitStart is for what was not started yet. A program is started when nobody else did, but not for ever: another one runs, and may be well. A
// configuration or a system waits for the next start of the device, which judges it.
func (w *Watch) awaitStart(ctx context.Context) (ended bool, err error) {
	if w.subject.kind != slot.Agent {
		return !w.open, nil
	}
	if w.asked != w.subject {
		w.asked, w.times = w.subject, 0
	}
	if w.Elapsed()-w.begun < startTime || w.times >= Tries {
		return false, nil
	}
	w.begun, w.times = w.Elapsed(), w.times+1
	w.Say("%s was not started: it is now", w.subject.words())
	return false, w.startAgain(ctx)
}

// keep makes what was watched what holds.
func (w *Watch) keep(ctx context.Context) error {
	if w.open {
		if err := w.setLeft(ctx, w.running, confirmed); err != nil {
			return err
		}
		w.Say("system slot %s is confirmed", w.running)
	}
	if w.open || w.subject.kind == slot.System {
		_, err := w.change(slot.System, func(s slot.State) (slot.State, error) { return w.confirm(s, w.running) })
		if err != nil {
			return err
		}
	}
	w.open = false
	if w.subject.kind == slot.System || w.subject.kind == "" {
		return w.forget()
	}
	_, err := w.change(w.subject.kind, func(s slot.State) (slot.State, error) {
		if s.Trial == nil {
			return s, nil // somebody was faster
		}
		return s.Keep(w.Now())
	})
	if err == nil {
		w.Say("%s is kept", w.subject.words())
	}
	return err
}

// forget has a program that is older than that of the system no longer noted as the one in use, once the system is confirmed: until then the
// device may go back to the one that it belongs to.
func (w *Watch) forget() error {
	s, err := w.Slots().Read(slot.Agent)
	system, failed := w.Slots().Read(slot.System)
	if err := errors.Join(err, failed); err != nil {
		w.Say("%v", err)
		return nil
	}
	version := s.Slots[s.Active].Version
	if w.open || system.Trial != nil || s.Active == slot.Baked || !slot.Newer(w.Version, version) {
		return nil
	}
	_, err = w.change(slot.Agent, func(s slot.State) (slot.State, error) {
		return s.Lose(s.Active, slot.Baked, fmt.Sprintf("%v, %s", errOlder, w.Version), w.Now()), nil
	})
	return err
}

// confirm notes the system that runs as the one that holds. What was on trial came from a bundle that is known, whatever the system in it calls itself.
func (w *Watch) confirm(s slot.State, running slot.Name) (slot.State, error) {
	var err error
	var came slot.Content
	s = s.Came(running, Tries, w.Now())
	switch {
	case s.Trial != nil && s.Trial.Slot == running:
		came = s.Slots[running]
		s, err = s.Keep(w.Now())
	case s.Active != running:
		s = s.Found(running)
	}
	if err != nil || w.Version == "" || s.Slots[running].Version == w.Version {
		return s, err
	}
	return s.Holds(running, slot.Content{Version: w.Version, Digest: came.Digest, Size: came.Size, At: w.Now()}), nil
}

// back goes back from what was watched, and tells whether the device is about to be started anew. What is on trial is left even where that cannot be
// written down: a start that cannot be counted chooses what is active.
func (w *Watch) back(ctx context.Context, why string) (ended bool, err error) {
	w.Say("%s: %s", w.subject.words(), why)
	switch w.subject.kind {
	case slot.Agent:
		_, err := w.change(slot.Agent, func(s slot.State) (slot.State, error) { return w.ended(s, why) })
		return false, errors.Join(err, w.startAgain(ctx))
	case slot.Config:
		_, err := w.change(slot.Config, func(s slot.State) (slot.State, error) { return w.ended(s, why) })
		return true, errors.Join(err, w.restart(ctx))
	}
	// A system. Without a second one there is nothing but to wait.
	boot, err := w.systems(ctx)
	if err != nil {
		return false, err
	}
	other := boot.running.Other()
	if boot.left[other] == 0 || w.subject.kind == "" && boot.left[other] != confirmed {
		w.record = Begin(w.Elapsed())
		w.Say("there is no other system to go back to")
		return false, nil
	}
	// First the boot state: a cut between the two ends in the other system, and agree writes the end of the trial there.
	if err := w.choose(ctx, other, boot.left[other], 0); err != nil {
		return false, err
	}
	_, err = w.change(slot.System, func(s slot.State) (slot.State, error) {
		if s = s.Came(boot.running, Tries, w.Now()); s.Trial != nil {
			return w.ended(s, why)
		}
		if s.Slots[boot.running].Version != w.Version && w.Version != "" {
			s = s.Holds(boot.running, slot.Content{Version: w.Version, At: w.Now()})
		}
		s.Active = boot.running // nobody had noted that; the reason is to be told of the one that is left
		return w.decided(s.Leave(other, why, "judge", w.Now())), nil
	})
	return true, errors.Join(err, w.restart(ctx))
}

// ended goes back from a trial, unless that is over already.
func (w *Watch) ended(s slot.State, why string) (slot.State, error) {
	if s.Trial == nil {
		return s, nil
	}
	s, err := s.Back(why, "judge", w.Now())
	return w.decided(s), err
}

func (w *Watch) change(k slot.Kind, do func(slot.State) (slot.State, error)) (slot.State, error) {
	return w.Slots().Change(k, do)
}

// words name what is watched.
func (s subject) words() string {
	switch {
	case s.kind == slot.Agent && s.slot == slot.Baked:
		return "the program of the system"
	case s.kind == "":
		return fmt.Sprintf("system slot %s, which is not confirmed yet", s.slot)
	}
	return fmt.Sprintf("%s %s in slot %s", s.kind, s.version, s.slot)
}
