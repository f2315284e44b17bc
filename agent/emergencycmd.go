package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
)

// emergencyAnswer is what the program says about the emergency switch.
type emergencyAnswer struct {
	On    bool
	Words string
}

func emergencyOffCommand() subcommand {
	s := subcommand{
		name:  "emergency-off",
		short: "switch every optional part of the running program off at once",
		long: `
Switches every optional part off at once, from the next request on; the plain program still shows every page.
It stays so over restarts, until emergency-on. The same is done by a file on the boot partition
(features.emergency_file) and by CALENDARBOT_EMERGENCY_OFF=1 in the environment of the program.

Examples:
  calendarbot emergency-off --why "the page is wrong"`,
	}
	s.run = func(ctx context.Context, c console, fs *flag.FlagSet, args []string) error {
		why := whyFlag(fs)
		remote, _, err := s.client(ctx, c, fs, args, 0, 0)
		if err != nil {
			return err
		}
		var emergency emergencyAnswer
		question := map[string]string{"why": *why}
		if printed, err := remote.ask(ctx, http.MethodPost, "/api/v1/emergency-off", question, &emergency); err != nil || printed {
			return err
		}
		_, err = fmt.Fprintln(c.out, emergency.Words)
		return err
	}
	return s
}

func emergencyOnCommand() subcommand {
	s := subcommand{
		name:  "emergency-on",
		short: "end emergency-off",
		long: `
Ends emergency-off, also where the environment or the configuration file says so: each optional part is again as
it is set. While the file on the boot partition (features.emergency_file) is there, everything stays off, that is
said, and the exit status is 1.

Examples:
  calendarbot emergency-on`,
	}
	s.run = func(ctx context.Context, c console, fs *flag.FlagSet, args []string) error {
		why := whyFlag(fs)
		remote, _, err := s.client(ctx, c, fs, args, 0, 0)
		if err != nil {
			return err
		}
		var emergency emergencyAnswer
		question := map[string]string{"why": *why}
		printed, err := remote.ask(ctx, http.MethodDelete, "/api/v1/emergency-off", question, &emergency)
		switch {
		case err != nil:
			return err
		case emergency.On:
			return errors.New(emergency.Words)
		case printed:
			return nil
		}
		_, err = fmt.Fprintln(c.out, "Emergency-off has ended; each optional part is as it is set.")
		return err
	}
	return s
}
