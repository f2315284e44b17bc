package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"calendarbot/agent/overlay"
	"calendarbot/agent/slot"
)

// restartTime is how long systemd may take to begin a restart of the device.
const restartTime = time.Minute

// slotsConfigCommand is the words about the configuration slots.
func slotsConfigCommand() subcommand {
	return subcommand{
		name: "slots config", args: "WORD",
		short: "the two configurations of the device: show, stage, try, keep, go back",
		long: `
The device has two configuration slots: the one in use, and one for a candidate or the former one. A candidate is staged,
then tried: after a restart the device watches itself, keeps it when all is well for some minutes, and goes back by itself
otherwise. What is done here is done at once, so it is for root; others use the page. On another machine than the device
there are no such slots.`,
		words: []subcommand{
			slotsConfigShowCommand(), slotsConfigStageCommand(), slotsConfigDiffCommand(),
			slotsConfigTryCommand(), slotsConfigKeepCommand(), slotsConfigBackCommand(), slotsConfigAllowCommand(),
		},
	}
}

func slotsConfigShowCommand() subcommand {
	s := subcommand{
		name: "slots config show", short: "print both slots",
		long: `
Prints which configuration slot is in use and which the next start chooses, what was changed on the device in each, and where a
person's change holds though a newer system came with something else. Secrets are not shown.

Examples:
  calendarbot slots config show
  calendarbot slots config show --json`,
	}
	s.run = func(_ context.Context, c console, fs *flag.FlagSet, args []string) error {
		root, asJSON := rootFlag(fs), fs.Bool("json", false, "print it for programs")
		if _, err := s.parse(c, fs, args, 0, 0); err != nil {
			return err
		}
		if err := hasSlots(*root); err != nil {
			return err
		}
		shown := overlay.Show(*root)
		if *asJSON {
			return c.printJSON(shown)
		}
		return printConfigSlots(c.out, shown)
	}
	return s
}

func slotsConfigStageCommand() subcommand {
	s := subcommand{
		name: "slots config stage", args: "[FILE]", short: "make a candidate",
		long: `
Makes a candidate in the slot that is not in use: what was changed on the device, over what came with that slot. With a FILE
that is the candidate's whole calendarbot.yaml (- reads standard input), with --set some settings are changed. What is wrong is
named with its line, and then nothing changes. The candidate is not used until it is tried.

Examples:
  calendarbot slots config stage
  calendarbot slots config stage --set features.request_pipeline=50% --set display.days=14
  calendarbot slots config stage calendarbot.yaml
  calendarbot slots config stage - < calendarbot.yaml`,
	}
	s.run = func(_ context.Context, c console, fs *flag.FlagSet, args []string) error {
		root, asJSON := rootFlag(fs), fs.Bool("json", false, "print it for programs")
		settings := map[string]string{}
		fs.Func("set", "`KEY=VALUE` to change; may be given many times", func(text string) error {
			key, value, ok := strings.Cut(text, "=")
			if !ok {
				return errors.New("allowed is KEY=VALUE, such as display.days=14")
			}
			settings[key] = value
			return nil
		})
		args, err := s.parse(c, fs, args, 0, 1)
		if err != nil {
			return err
		}
		if len(args) == 1 && len(settings) > 0 {
			return fmt.Errorf("slots config stage takes a FILE or --set, not both: %w", errUsage)
		}
		if err := mayChangeSlots(*root); err != nil {
			return err
		}
		now, err := programClock()
		if err != nil {
			return err
		}
		var done overlay.Done
		switch {
		case len(settings) > 0:
			done, err = overlay.Set(*root, settings, now())
		case len(args) == 1:
			var text []byte
			if text, err = c.wholeFile(args[0]); err == nil {
				done, err = overlay.StageText(*root, text, now())
			}
		default:
			done, err = overlay.Stage(*root, now())
		}
		if err != nil {
			return err
		}
		if *asJSON {
			return c.printJSON(done)
		}
		return printDone(c.out, done)
	}
	return s
}

func slotsConfigDiffCommand() subcommand {
	s := subcommand{
		name: "slots config diff", args: "[FROM TO]", short: "print how the two slots differ",
		long: `
Prints how the slots differ as they would be used: calendarbot.yaml key by key, of other files alone that they differ. Without
arguments from the one in use to the other. Of secrets it is told alone that they differ.

Examples:
  calendarbot slots config diff
  calendarbot slots config diff b a --json`,
	}
	s.run = func(_ context.Context, c console, fs *flag.FlagSet, args []string) error {
		root, asJSON := rootFlag(fs), fs.Bool("json", false, "print it for programs")
		args, err := s.parse(c, fs, args, 0, 2)
		if err != nil {
			return err
		}
		if err := hasSlots(*root); err != nil {
			return err
		}
		from := overlay.Show(*root).Active
		to := from.Other()
		if len(args) > 0 {
			if len(args) != 2 || !isSlot(args[0]) || !isSlot(args[1]) {
				return fmt.Errorf("slots config diff takes two slots, each a or b: %w", errUsage)
			}
			from, to = slot.Name(args[0]), slot.Name(args[1])
		}
		differences, err := overlay.Diff(*root, from, to)
		if err != nil {
			return err
		}
		if *asJSON {
			return c.printJSON(differences)
		}
		return printDifferences(c.out, differences)
	}
	return s
}

func isSlot(text string) bool { return text == string(slot.A) || text == string(slot.B) }

func slotsConfigTryCommand() subcommand {
	s := subcommand{
		name: "slots config try", short: "restart the device with the candidate",
		long: `
Puts the candidate on trial and restarts the device. When all is well for some minutes it is kept. When it is not, or after three starts
without that, the device goes back to the configuration of before by itself, and tells why.

Examples:
  calendarbot slots config try
  calendarbot slots config try --no-reboot`,
	}
	return s.ordering("try")
}

func slotsConfigKeepCommand() subcommand {
	s := subcommand{
		name: "slots config keep", short: "keep the candidate that is on trial, without waiting",
		long: `
Keeps what is on trial, without waiting until the device has found it well. The former configuration stays in the other slot.

Examples:
  calendarbot slots config keep`,
	}
	return s.ordering("keep")
}

func slotsConfigBackCommand() subcommand {
	s := subcommand{
		name: "slots config back", short: "go back to the configuration of before, and restart the device",
		long: `
Ends a trial, or goes back to the configuration that was in use before, and restarts the device. What is left is not tried again as it is.

Examples:
  calendarbot slots config back --why "the page is too slow"
  calendarbot slots config back --no-reboot`,
	}
	return s.ordering("back")
}

func slotsConfigAllowCommand() subcommand {
	s := subcommand{
		name: "slots config allow", args: "VERSION", short: "let a candidate that was given up be tried again as it is",
		long: `
Takes a candidate from the list of those that are not tried again, which "calendarbot slots config show" prints. It is then staged and tried as any other.

Examples:
  calendarbot slots config allow config-9f86d081884c`,
	}
	return s.ordering("allow")
}

// ordering is a command that carries an order out at once.
func (s subcommand) ordering(do string) subcommand {
	s.run = func(ctx context.Context, c console, fs *flag.FlagSet, args []string) error {
		root, asJSON := rootFlag(fs), fs.Bool("json", false, "print it for programs")
		stay := fs.Bool("no-reboot", false, "leave the restart of the device to you")
		why := fs.String("why", "a person asked for it", "`TEXT` for people: the reason")
		takes := 0
		if s.args != "" {
			takes = 1
		}
		args, err := s.parse(c, fs, args, takes, takes)
		if err != nil {
			return err
		}
		if err := mayChangeSlots(*root); err != nil {
			return err
		}
		now, err := programClock()
		if err != nil {
			return err
		}
		order := slot.Order{Do: do, Kind: slot.Config, Why: *why, By: "person", At: now()}
		if takes == 1 {
			order.Version = args[0]
		}
		done, err := overlay.Obey(*root, order, now())
		if err != nil {
			return err
		}
		if *asJSON {
			err = c.printJSON(done)
		} else {
			err = printDone(c.out, done)
		}
		if err != nil || !done.Restart || *stay || filepath.Clean(*root) != "/" {
			return err
		}
		return restartDevice(ctx)
	}
	return s
}

// restartDevice asks systemd to start the device anew.
func restartDevice(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, restartTime)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "systemctl", "reboot").CombinedOutput(); err != nil {
		return fmt.Errorf("restart the device: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}

// hasSlots refuses machines that are not the device.
func hasSlots(root string) error {
	if _, err := os.Stat(filepath.Join(root, "usr/share/calendarbot/overlay")); err != nil {
		return fmt.Errorf("this installation has no slots, only the device has them: %w", err)
	}
	return nil
}

// mayChangeSlots refuses who may not change them before anything is begun.
func mayChangeSlots(root string) error {
	if err := hasSlots(root); err != nil {
		return err
	}
	if filepath.Clean(root) == "/" && os.Geteuid() != 0 {
		return errors.New("only root changes configuration slots at once: log in as root, or use the page /update of the device")
	}
	return nil
}

// wholeFile reads a configuration file; "-" is standard input.
func (c console) wholeFile(name string) (text []byte, err error) {
	const most = 1 << 20
	in := c.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		in = f
		defer func() { err = errors.Join(err, f.Close()) }()
	}
	if text, err = io.ReadAll(io.LimitReader(in, most+1)); err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	if len(text) > most {
		return nil, fmt.Errorf("%s is larger than 1 MiB; a configuration is not", name)
	}
	return text, nil
}

func (c console) printJSON(v any) error {
	encoder := json.NewEncoder(c.out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}
