package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"calendarbot/agent/slot"
	"calendarbot/agent/update"
)

// work is something that a device does, and that may be cut short anywhere.
type work struct {
	name string
	from []word // what it has done before
	does []word
	// ended says what is not as it has to be in the end.
	ended func(s states) error
	// once says that what it does is done at most once: a cut may leave it undone, and it is not asked for again.
	once bool
}

// word is a command of the device, or what happens to it.
type word struct {
	run   []string
	boots bool // it is the start of the device: what lies in memory is gone before, and what run prints is mounted
	do    func(d device) error
}

func run(words ...string) word { return word{run: words} }

// start is a start of the device, up to where the program would be started.
func start() word { return word{run: []string{"slots", "select", "config"}, boots: true} }

// choose is a start of the program.
func choose() word { return run("slots", "select", "agent") }

// asks puts an order before the slots' keeper.
func asks(do string, kind slot.Kind) word {
	return word{do: func(d device) error {
		return slot.Send(filepath.Join(d.root, "var/lib/calendarbot/orders"), slot.Order{Do: do, Kind: kind, Why: "it is asked for", By: "person", At: d.now})
	}}
}

// ordered puts an order before the updater.
func ordered(do, version string) word {
	return word{do: func(d device) error {
		o := slot.Order{Do: do, Kind: slot.Agent, Version: version, By: "person", At: d.now}
		return slot.Send(filepath.Join(d.root, update.OrdersFolder), o)
	}}
}

// upgraded has a later system come with other configurations.
func upgraded() word {
	return word{do: func(d device) error {
		var wrong []error
		for _, n := range []slot.Name{slot.A, slot.B} {
			file, err := os.OpenFile(filepath.Join(d.root, "usr/share/calendarbot/overlay", string(n), "etc/calendarbot/calendarbot.yaml"), os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = file.WriteString("  cache_warming: 0%\n")
			wrong = append(wrong, err, file.Close())
		}
		return errors.Join(wrong...)
	}}
}

// wishes asks to go back, of a level.
func wishes(level int) word {
	return word{do: func(d device) error {
		return slot.Ask(filepath.Join(d.root, "var/lib/calendarbot/rollback"), slot.Request{Level: level, Why: "it is asked for", By: "person", At: d.now})
	}}
}

// works is all that is tried.
func works() []work {
	first := []word{run("update", "apply", newer), choose(), run("slots", "agent", "keep")}
	candidate := []word{run("slots", "config", "stage", "--set", "display.days=14"), run("slots", "config", "try", "--no-reboot"), start(), run("slots", "config", "keep")}
	return []work{
		{name: "agent update", does: first, ended: agentIs(slot.A, newer)},
		{name: "agent update over another", from: first,
			does: []word{run("update", "apply", newest), choose(), run("slots", "agent", "keep")}, ended: agentIs(slot.B, newest)},
		{name: "agent back", from: first, does: []word{run("slots", "agent", "back")}, ended: agentIs(slot.Baked, "")},
		{name: "trial that nobody keeps", from: []word{run("update", "apply", newer)}, does: []word{choose(), choose(), choose(), choose()},
			ended: agentIs(slot.Baked, "")},
		{name: "trial asked for again", from: append(first[:len(first):len(first)], run("slots", "agent", "back"), run("slots", "agent", "allow", newer)),
			does: []word{run("slots", "agent", "try"), choose(), run("slots", "agent", "keep")}, ended: agentIs(slot.A, newer)},
		{name: "ordered update", from: []word{ordered("apply", newer)}, does: []word{run("update", "run"), choose(), run("slots", "agent", "keep")},
			ended: agentIs(slot.A, newer)},
		{name: "what there is", does: []word{run("update", "check")}, ended: agentIs(slot.Baked, "")},
		{name: "configuration", does: candidate, ended: configIs(slot.B)},
		{name: "configuration back", from: candidate, does: []word{run("slots", "config", "back", "--no-reboot"), start()}, ended: configIs(slot.A)},
		{name: "configuration in a later system", from: append(candidate[:len(candidate):len(candidate)], upgraded()), does: []word{start()}, ended: configIs(slot.B)},
		{name: "order to go back", from: append(first[:len(first):len(first)], asks("back", slot.Agent)), does: []word{run("slots", "carry")},
			ended: agentIs(slot.Baked, ""), once: true},
		{name: "order for a candidate", from: []word{asks("stage", slot.Config), asks("try", slot.Config)}, does: []word{run("slots", "carry"), run("slots", "carry")},
			ended: func(s states) error {
				if s.config.Trial == nil || s.config.Trial.Slot != slot.B {
					return fmt.Errorf("the candidate is not on trial: %+v", s.config)
				}
				return nil
			}, once: true},
		{name: "way back of the second level", from: append(candidate[:len(candidate):len(candidate)], wishes(2)), does: []word{run("slots", "carry"), start()},
			ended: configIs(slot.A)},
		{name: "way back of the third level", from: append(first[:len(first):len(first)], wishes(3)), does: []word{run("slots", "carry")},
			ended: agentIs(slot.Baked, "")},
	}
}

func agentIs(n slot.Name, version string) func(states) error {
	return func(s states) error {
		if s.agent.Trial != nil || s.agent.Active != n || n != slot.Baked && s.agent.Slots[n].Version != version {
			return fmt.Errorf("the program is not %s in slot %q: %+v", version, n, s.agent)
		}
		return nil
	}
}

func configIs(n slot.Name) func(states) error {
	return func(s states) error {
		if s.config.Trial != nil || s.config.Active != n {
			return fmt.Errorf("the configuration is not that of slot %s: %+v", n, s.config)
		}
		return nil
	}
}

// before has the device do what comes before.
func (w work) before(ctx context.Context, d device) error {
	for _, one := range w.from {
		if err := one.whole(ctx, d); err != nil {
			return fmt.Errorf("before %s: %w", w.name, err)
		}
	}
	return nil
}

// whole does it to its end.
func (o word) whole(ctx context.Context, d device) error {
	if o.do != nil {
		return o.do(d)
	}
	if err := o.before(d); err != nil {
		return err
	}
	said, err := d.runs(ctx, o.run)
	return errors.Join(err, o.after(d, said))
}

func (o word) before(d device) error {
	if !o.boots {
		return nil
	}
	return os.RemoveAll(filepath.Join(d.root, "run"))
}

func (o word) after(d device, said string) error {
	if !o.boots {
		return nil
	}
	if n := slot.Name(strings.TrimSpace(said)); n != slot.A && n != slot.B {
		return fmt.Errorf("the configuration slot %q was chosen", said)
	}
	name := filepath.Join(d.root, "run/calendarbot-boot/config")
	return errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(said), 0o644))
}

// finish does the rest after a cut, from a word on. That a word has been done already is no error when all is as it has to be in the end.
func (w work) finish(ctx context.Context, d device, from int) error {
	var wrong []error
	for _, one := range w.does[from:] {
		wrong = append(wrong, one.whole(ctx, d))
	}
	s, err := d.states()
	if err != nil {
		return err
	}
	if err := w.ended(s); err != nil && !w.once {
		return errors.Join(err, errors.Join(wrong...))
	}
	return nil
}

// figures are what came of cuts.
type figures struct {
	Cuts, Former, New, Resumed int
	Took                       time.Duration
}

func (f *figures) add(o figures) {
	f.Cuts, f.Former, f.New, f.Resumed, f.Took = f.Cuts+o.Cuts, f.Former+o.Former, f.New+o.New, f.Resumed+o.Resumed, f.Took+o.Took
}
