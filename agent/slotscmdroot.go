package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	"calendarbot/agent/config"
	"calendarbot/agent/overlay"
	"calendarbot/agent/slot"
	"calendarbot/agent/trial"
)

const (
	judgeEvery = 10 * time.Second // how often what is on trial is looked at
	usualTrial = 3 * time.Minute  // where the configuration does not say how long it is to be well
)

func slotsSelectAgentCommand() subcommand {
	s := subcommand{
		name: "slots select agent", short: "choose the program of this start (for the unit)",
		long: `
Chooses which program calendarbot.service starts, counts the starts of one that is on trial, and makes a link to it. One that
is missing, damaged or older than that of the system is passed over. Whatever is wrong is told on standard error; the link points to a
program all the same, at last to that of the system.

Examples:
  calendarbot slots select agent
  calendarbot slots select agent --link /run/calendarbot-agent/calendarbot`,
	}
	s.run = func(_ context.Context, c console, fs *flag.FlagSet, args []string) error {
		root := rootFlag(fs)
		link := fs.String("link", "/run/calendarbot-agent/calendarbot", "`FILE`: the link")
		if _, err := s.parse(c, fs, args, 0, 0); err != nil {
			return err
		}
		now, err := programClock()
		if err != nil {
			return err
		}
		file, _, err := trial.Device{Root: *root}.Choose(version, now())
		if err != nil {
			c.tell("%v", err)
		}
		return trial.Point(file, *link)
	}
	return s
}

func slotsJudgeCommand() subcommand {
	s := subcommand{
		name: "slots judge", short: "watch what is on trial: keep it, or go back (for the unit)",
		long: `
Watches what is on trial, and a system that is not confirmed yet. It is kept once the device was well with it for long enough
without a break: the program is ready, its page and /healthz answer, it takes no more memory than it may, nothing of it was ended, and
/data can be written. The network is not asked for. What is never well within the time, falls ill for too long or again and again,
is gone back from. It ends when nothing is on trial. It is what calendarbot-trial.service runs, as root.

Examples:
  calendarbot slots judge
  calendarbot slots judge --for 10m`,
	}
	s.run = func(ctx context.Context, c console, fs *flag.FlagSet, args []string) error {
		root := rootFlag(fs)
		page := fs.String("page", "http://127.0.0.1", "`ADDRESS` of the device's own page")
		healthy := fs.Duration("for", 0, "`TIME` for which the device is to be well (default: update.trial of the configuration, else 3m)")
		patience := fs.Duration("patience", 0, "`TIME` within which it is to be well at all (default 3m)")
		unwell := fs.Duration("unwell", 0, "`TIME` for which it may be unwell (default 1m30s)")
		every := fs.Duration("every", judgeEvery, "`TIME` between two looks")
		if _, err := s.parse(c, fs, args, 0, 0); err != nil {
			return err
		}
		now, err := programClock()
		if err != nil {
			return err
		}
		if *healthy <= 0 {
			*healthy = trialTime()
		}
		limits := trial.Usual(*healthy)
		if *patience > 0 {
			limits.Patience = *patience
		}
		if *unwell > 0 {
			limits.Unwell = *unwell
		}
		began := time.Now()
		w := &trial.Watch{
			Device: trial.Device{Root: *root, Page: *page}, Limits: limits, Version: version, Now: now,
			Elapsed: func() time.Duration { return time.Since(began) },
			Pause:   func(ctx context.Context) error { return pause(ctx, *every) },
			Say:     c.tell,
		}
		if err := w.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
		return nil
	}
	return s
}

// trialTime is how long what is new is to be well, by the configuration; one that cannot be used, which may be what is on trial, has no say.
func trialTime() time.Duration {
	cfg, _, err := config.Load(configInput(""))
	if err != nil || cfg.Update.Trial <= 0 {
		return usualTrial
	}
	return cfg.Update.Trial
}

// pause waits, or returns why it may not any longer.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func slotsCarryCommand() subcommand {
	s := subcommand{
		name: "slots carry", short: "carry out what was asked for: orders, and the wish to go back (for the unit)",
		long: `
Carries out the orders about slots that wait, then the wish to go back ("calendarbot rollback"), and tells what became of them:
"calendarbot slots show". It is what calendarbot-slots.service runs, as root.

Examples:
  calendarbot slots carry`,
	}
	s.run = func(ctx context.Context, c console, fs *flag.FlagSet, args []string) error {
		root := rootFlag(fs)
		if _, err := s.parse(c, fs, args, 0, 0); err != nil {
			return err
		}
		now, err := programClock()
		if err != nil {
			return err
		}
		return newKeeper(*root, now, c).Carry(ctx)
	}
	return s
}

func slotsSpareCommand() subcommand {
	s := subcommand{
		name: "slots spare", args: "SLOT", short: "say whether a system slot may be written over (for the unit)",
		long: `
Ends without an error when nothing is known to lie in a system slot, or what is not tried again; else it says why that may be wanted. A slot that
an interrupted installation or a failed trial has left so is given a copy of the running system by calendarbot-clone.service.

Examples:
  calendarbot slots spare b`,
	}
	s.run = func(_ context.Context, c console, fs *flag.FlagSet, args []string) error {
		root := rootFlag(fs)
		args, err := s.parse(c, fs, args, 1, 1)
		if err != nil {
			return err
		}
		state, err := trial.Device{Root: *root}.Slots().Read(slot.System)
		if err != nil {
			return err
		}
		return state.Spare(slot.Name(strings.ToLower(args[0])))
	}
	return s
}

// newKeeper is who carries out orders about the slots under a root.
func newKeeper(root string, now func() time.Time, c console) *trial.Keeper {
	return &trial.Keeper{
		Device: trial.Device{Root: root}, Version: version, Now: now, Say: c.tell,
		Config: func(o slot.Order) (string, bool, error) {
			done, err := overlay.Obey(root, o, now())
			return done.Words, done.Restart, err
		},
	}
}

// tell says something on standard error, in one line: it is for the journal.
func (c console) tell(format string, values ...any) {
	fmt.Fprintln(c.err, "calendarbot: "+strings.ReplaceAll(fmt.Sprintf(format, values...), "\n", "; "))
}
