package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"calendarbot/agent/config"
	"calendarbot/agent/slot"
	"calendarbot/agent/trial"
)

func rollbackCommand() subcommand {
	return subcommand{
		name:  "rollback",
		args:  "WORD",
		short: "ask for the other configuration, program or system",
		long: `
The wish to go back to the other configuration slot (level 2), or to the other program and then the other system
(level 3). It is kept in a file beside the database until it is carried out ("calendarbot slots carry", which the device does at
once) or taken back. Neither the running
program nor its database is needed. Level 1, everything optional off at once, is "calendarbot emergency-off".`,
		words: []subcommand{rollbackRequestCommand(), rollbackShowCommand(), rollbackSettleCommand()},
	}
}

func rollbackRequestCommand() subcommand {
	s := subcommand{
		name: "rollback request", short: "ask to go back",
		long: `
Asks to go back. A wish of a higher level that stands already is not replaced; the same again is counted. What
then stands is printed.

Examples:
  calendarbot rollback request --level 2 --why "the page is wrong since the new configuration"
  calendarbot rollback request --level 3 --by "crash loop" --result exit-code --why "it does not stay up"`,
	}
	s.run = func(ctx context.Context, c console, fs *flag.FlagSet, args []string) error {
		level := fs.Int("level", 0, "`LEVEL` to go back: 2 the other configuration slot, 3 the other program, then the other system")
		why := fs.String("why", "", "`TEXT` for people: what is wrong")
		by := fs.String("by", "person", "`WORDS`: who asks")
		result := fs.String("result", "", "`WORD` of systemd for the end of the program (MONITOR_SERVICE_RESULT), such as watchdog or exit-code")
		folder, _, err := s.rollbackFolder(ctx, c, fs, args)
		if err != nil {
			return err
		}
		switch {
		case *level == 1:
			return fmt.Errorf("rollback request: level 1 is \"calendarbot emergency-off\"; allowed are 2 and 3: %w", errUsage)
		case *level != 2 && *level != 3:
			return fmt.Errorf("rollback request: --level is to be 2 or 3: %w", errUsage)
		case *why == "":
			return fmt.Errorf("rollback request: --why is to say what is wrong: %w", errUsage)
		}
		now, err := programClock()
		if err != nil {
			return err
		}
		request := slot.Request{Level: *level, Why: *why, By: *by, At: now()}
		switch *result {
		case "timeout":
			request.By = "no ready"
		case "watchdog":
			request.By = "watchdog"
		}
		if *result != "" {
			request.Why += "; the last time it ended with: " + *result
		}
		if err := slot.Ask(folder, request); err != nil {
			return err
		}
		return c.printRollback(folder)
	}
	return s
}

func rollbackShowCommand() subcommand {
	s := subcommand{
		name: "rollback show", short: "print what is asked for",
		long: `
Prints the wish to go back that stands, since when, how often it was asked for, by whom and why, and how the device went back
the last time that it was asked to.

Examples:
  calendarbot rollback show`,
	}
	s.run = func(ctx context.Context, c console, fs *flag.FlagSet, args []string) error {
		folder, device, err := s.rollbackFolder(ctx, c, fs, args)
		if err != nil {
			return err
		}
		if err := c.printRollback(folder); err != nil {
			return err
		}
		return c.printCarried(device)
	}
	return s
}

// printCarried prints what became of the last wish that was carried out, or could not be.
func (c console) printCarried(device trial.Device) error {
	folder := device.Slots()
	told, err := folder.Told()
	if err == nil && told != nil && told.Do == "rollback" {
		_, err = fmt.Fprintf(c.out, "The last one: %s\n", answerText(*told))
		return err
	}
	wrong := []error{err}
	var last slot.Outcome
	for _, k := range slot.Kinds() {
		s, err := folder.Read(k)
		if wrong = append(wrong, err); s.Last != nil && s.Last.Asked.After(last.Asked) {
			last = *s.Last
		}
	}
	if !last.Asked.IsZero() {
		_, err = fmt.Fprintf(c.out, "The last one: asked for at %s by %s, carried out at %s: away from %s: %s\n",
			last.Asked.Format(time.RFC3339), last.By, last.At.Format(time.RFC3339), versionWords(last.Version), last.Why)
		wrong = append(wrong, err)
	}
	return errors.Join(wrong...)
}

func rollbackSettleCommand() subcommand {
	s := subcommand{
		name: "rollback settle", short: "take the wish back, or say that it was carried out",
		long: `
Removes the wish to go back, because it was carried out or is not wished any more. Where none stands nothing happens.

Examples:
  calendarbot rollback settle`,
	}
	s.run = func(ctx context.Context, c console, fs *flag.FlagSet, args []string) error {
		folder, _, err := s.rollbackFolder(ctx, c, fs, args)
		if err != nil {
			return err
		}
		if err := slot.Settle(folder); err != nil {
			return err
		}
		return c.printRollback(folder)
	}
	return s
}

// rollbackFolder reads the flags, and returns where requests are kept, and the device that carries them out: beside the database of the configuration,
// unless a flag says otherwise. What is wrong with the configuration is no concern here: it may be the very reason to go back.
func (s subcommand) rollbackFolder(ctx context.Context, c console, fs *flag.FlagSet, args []string) (string, trial.Device, error) {
	root := rootFlag(fs)
	dir := fs.String("dir", "", "state `FOLDER` of the program (default: that of store.path in the configuration; with --root that of the device)")
	if _, err := s.parse(c, fs, args, 0, 0); err != nil {
		return "", trial.Device{}, err
	}
	device := trial.Device{Root: *root}
	if *dir == "" && filepath.Clean(*root) != "/" {
		*dir = filepath.Dir(device.Rollback())
	}
	if *dir == "" {
		path, err := within(ctx, func() (string, error) {
			usable, _, err := config.Load(configInput(""))
			if usable.Store.Path == "" {
				return "", errors.Join(errors.New("the configuration does not say where the database is (store.path); name its folder with --dir"), err)
			}
			return usable.Store.Path, nil
		})
		if err != nil {
			return "", device, err
		}
		*dir = filepath.Dir(path)
	}
	if info, err := os.Stat(*dir); err != nil {
		return "", device, fmt.Errorf("look for the state of the program: %w", err)
	} else if !info.IsDir() {
		return "", device, fmt.Errorf("look for the state of the program: %s is no folder", *dir)
	}
	if err := actAsOwner(*dir); err != nil {
		return "", device, fmt.Errorf("act as the owner of %s: %w", *dir, err)
	}
	return filepath.Join(*dir, "rollback"), device, nil
}

// actAsOwner gives up root's rights for those of the owner of a folder, for good: what root left there the running program could
// not change. Others stay who they are.
func actAsOwner(dir string) error {
	info, err := os.Stat(dir)
	if err != nil || os.Geteuid() != 0 {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || owner.Uid == 0 {
		return nil
	}
	return errors.Join(syscall.Setgroups(nil), syscall.Setgid(int(owner.Gid)), syscall.Setuid(int(owner.Uid)))
}

// printRollback prints the request that stands.
func (c console) printRollback(folder string) error {
	request, err := slot.Asked(folder)
	if err != nil {
		return err
	}
	if request == nil {
		_, err = fmt.Fprintln(c.out, "Nothing is asked for.")
		return err
	}
	_, err = fmt.Fprintf(c.out, "Level %d is asked for: %s.\nWhy:   %s\nBy:    %s\nLast:  %s\nTimes: %d\n",
		request.Level, request.Target(), request.Why, request.By, request.At.Format(time.RFC3339), request.Count)
	return err
}
