package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// updaterProgram brings the device newer versions. It is a program of its own, as what it needs to know signatures by would cost this one
// memory with every start. Other installations do not have it.
const updaterProgram = "/usr/bin/calendarbot-update"

func updateCommand() subcommand {
	s := subcommand{
		name: "update", args: "WORD", short: "look for newer versions, install them, go back",
		long: `
Looks for newer versions of the program and the system, installs them, and goes back: the words are status, check, apply,
back and run. The device's updater does it, calendarbot-update, which prints its own help where it is installed. Any other
installation is updated by what installed it: apt, or a newer archive.

Examples:
  calendarbot update status
  calendarbot update apply --now
  calendarbot update apply --from /media/stick/calendarbot-update`,
	}
	s.run = func(_ context.Context, c console, flags *flag.FlagSet, args []string) error {
		return s.become(c, flags, updaterProgram, args)
	}
	return s
}

// become replaces this program by the updater, with the same arguments.
func (s subcommand) become(c console, flags *flag.FlagSet, program string, args []string) error {
	err := syscall.Exec(program, append([]string{program}, args...), os.Environ())
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("start %s: %w", program, err)
	}
	if len(args) > 0 && (args[0] == "--help" || args[0] == "-h" || args[0] == "-help") {
		s.help(c.out, flags)
		return flag.ErrHelp
	}
	return fmt.Errorf("update: this installation has no %s: it is updated by what installed it, apt or a newer archive", program)
}
