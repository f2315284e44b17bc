package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"calendarbot/agent/slot"
	"calendarbot/agent/trial"
)

func slotsCommand() subcommand {
	return subcommand{
		name:  "slots",
		args:  "WORD",
		short: "the two configurations, programs and systems of the device",
		long: `
Of the configuration, the program and the system the device has two each: one that is used, and one that is tried next or
was used before. What is new is on trial until the device was well with it for some minutes; otherwise the device goes back by
itself, and tells why. On another machine than the device there are no such slots.`,
		words: []subcommand{
			slotsShowCommand(), slotsConfigCommand(), slotsKindCommand(slot.Agent), slotsKindCommand(slot.System),
			{
				name: "slots select", args: "WORD", short: "choose what a start uses (for the units)",
				long:  "Chooses what a start uses, and counts the starts of what is on trial. It is for the units of the device.",
				words: []subcommand{slotsSelectAgentCommand(), slotsSelectConfigCommand()},
			},
			slotsJudgeCommand(), slotsCarryCommand(), slotsSpareCommand(),
		},
	}
}

func slotsShowCommand() subcommand {
	s := subcommand{
		name: "slots show", short: "print what is used, what is on trial, and how the last trial ended",
		long: `
Prints of configuration, program and system which slot is used, what lies in the other one, what is on trial, how the last trial
ended and why, and which versions are not tried again.

Examples:
  calendarbot slots show
  calendarbot slots show --json`,
	}
	s.run = func(_ context.Context, c console, fs *flag.FlagSet, args []string) error {
		root, asJSON := rootFlag(fs), fs.Bool("json", false, "print it for programs")
		if _, err := s.parse(c, fs, args, 0, 0); err != nil {
			return err
		}
		if err := hasSlots(*root); err != nil {
			return err
		}
		folder := trial.Device{Root: *root}.Slots()
		states := map[slot.Kind]slot.State{}
		var wrong []error
		for _, k := range slot.Kinds() {
			state, err := folder.Read(k)
			states[k], wrong = state, append(wrong, err)
		}
		told, err := folder.Told()
		wrong = append(wrong, err)
		if *asJSON {
			err = c.printJSON(struct {
				Slots  map[slot.Kind]slot.State `json:"slots"`
				Answer *slot.Answer             `json:"answer"`
			}{states, told})
		} else {
			_, err = fmt.Fprint(c.out, slotsText(states, told))
		}
		return errors.Join(append(wrong, err)...)
	}
	return s
}

// slotsText is the states for people.
func slotsText(states map[slot.Kind]slot.State, told *slot.Answer) string {
	b := &strings.Builder{}
	for _, k := range slot.Kinds() {
		s := states[k]
		fmt.Fprintf(b, "%s: %s\n", slotsTitle(k), slotWords(s, s.Active))
		if t := s.Trial; t != nil {
			fmt.Fprintf(b, "  on trial: slot %s, %s, asked for by %s; started %s, %d left\n", t.Slot, versionWords(t.Version), cmp.Or(t.By, "nobody known"), times(t.Started), t.Tries)
		}
		for _, n := range []slot.Name{slot.A, slot.B} {
			if c, ok := s.Slots[n]; ok && n != s.Active && (s.Trial == nil || s.Trial.Slot != n) {
				fmt.Fprintf(b, "  in slot %s: %s\n", n, versionWords(c.Version))
			}
		}
		if o := s.Last; o != nil && o.Kept {
			fmt.Fprintf(b, "  last: %s was kept, %s\n", versionWords(o.Version), o.At.Format(time.RFC3339))
		} else if o != nil {
			fmt.Fprintf(b, "  last: went back from %s, %s: %s (%s)\n", versionWords(o.Version), o.At.Format(time.RFC3339), o.Why, o.By)
		}
		for _, d := range s.Denied {
			fmt.Fprintf(b, "  not tried again: %s: %s\n", d.Version, d.Why)
		}
	}
	if told != nil {
		fmt.Fprintf(b, "Last asked for: %s\n", answerText(*told))
	}
	return b.String()
}

// answerText is what became of an order or a request.
func answerText(a slot.Answer) string {
	what := a.Do + " " + string(a.Kind)
	if a.Do == "rollback" {
		what = fmt.Sprintf("rollback of level %d", a.Level)
	}
	how := ""
	if a.Refused {
		how = "not done: "
	}
	return fmt.Sprintf("%s, %s: %s%s", what, a.At.Format(time.RFC3339), how, a.Words)
}

func slotsTitle(k slot.Kind) string {
	switch k {
	case slot.Config:
		return "Configuration"
	case slot.Agent:
		return "Program"
	}
	return "System"
}

func slotWords(s slot.State, n slot.Name) string {
	if n == slot.Baked {
		return "that of the system"
	}
	return fmt.Sprintf("slot %s, %s", n, versionWords(s.Slots[n].Version))
}

func versionWords(version string) string { return cmp.Or(version, "of no known version") }

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// slotsKindCommand is the words about programs or systems.
func slotsKindCommand(k slot.Kind) subcommand {
	what, leads := "program", "the program is started anew, and nobody is refused meanwhile"
	if k == slot.System {
		what, leads = "system", "the device is started anew"
	}
	of := func(do, args, short, long string) subcommand {
		name := "slots " + string(k) + " " + do
		example := "\n\nExamples:\n  calendarbot " + name
		if args != "" {
			example += " 1.4.2"
		}
		s := subcommand{name: name, args: args, short: short, long: long + example}
		return s.slotOrder(k, do)
	}
	return subcommand{
		name: "slots " + string(k), args: "WORD",
		short: fmt.Sprintf("the two %ss of the device: try, keep, go back", what),
		long:  fmt.Sprintf("The two %ss of the device. As root this is done at once; else it is asked for, and done soon.", what),
		words: []subcommand{
			of("try", "[VERSION]", "try the one in the other slot", fmt.Sprintf("Puts the %s in the other slot on trial: %s.", what, leads)),
			of("keep", "", "keep what is on trial, without waiting", fmt.Sprintf("Keeps the %s that is on trial, without waiting until the device has found it well.", what)),
			of("back", "", "go back to what was used before",
				fmt.Sprintf("Ends a trial, or goes back to the %s that was used before: %s.\nThe version that is left is not tried again by itself.", what, leads)),
			of("allow", "VERSION", "let a version be tried again", "Takes a version from the list of those that are not tried again."),
		},
	}
}

// slotOrder is a command that has an order carried out: root does so, others ask.
func (s subcommand) slotOrder(k slot.Kind, do string) subcommand {
	s.run = func(ctx context.Context, c console, fs *flag.FlagSet, args []string) error {
		root := rootFlag(fs)
		reason := fs.String("why", "", "`TEXT` for people: the reason")
		least, most := 0, 0
		if s.args != "" {
			most = 1
		}
		if do == "allow" {
			least = 1
		}
		args, err := s.parse(c, fs, args, least, most)
		if err != nil {
			return err
		}
		now, err := programClock()
		if err != nil {
			return err
		}
		if err := hasSlots(*root); err != nil {
			return err
		}
		o := slot.Order{Do: do, Kind: k, Why: *reason, By: "person", At: now()}
		if len(args) == 1 {
			o.Version = args[0]
		}
		keeper := newKeeper(*root, now, c)
		keeper.Say = func(string, ...any) {} // it is said by the command itself
		if !mayAct(*root) {
			if err := slot.Send(keeper.Orders(), o); err != nil {
				return err
			}
			_, err := fmt.Fprintln(c.out, "It is asked for. \"calendarbot slots show\" soon tells what became of it.")
			return err
		}
		said, err := keeper.Obey(ctx, o)
		if err == nil {
			_, err = fmt.Fprintln(c.out, said)
		}
		return err
	}
	return s
}

// mayAct tells whether this user may change slots: root, or whoever owns the folder in which a test laid them.
func mayAct(root string) bool {
	return os.Geteuid() == 0 || filepath.Clean(root) != "/" && !slices.Contains([]string{"", "."}, root)
}
