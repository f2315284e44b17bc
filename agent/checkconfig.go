package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"calendarbot/agent/config"
)

func checkConfigCommand() subcommand {
	s := subcommand{
		name:  "check-config",
		args:  "[FILE]",
		short: "check the configuration and print each value and who said so",
		long: `
Reads the configuration as the server would (defaults, then the file, then the environment) and
prints each value with the place that it came from. Secrets are not shown. The exit status is 1
when something is wrong; every mistake is named with its place and what is allowed.

Examples:
  calendarbot check-config
  calendarbot check-config ./calendarbot.yaml
  CALENDARBOT_WEB_PORT=9000 calendarbot check-config`,
	}
	s.run = func(ctx context.Context, c console, fs *flag.FlagSet, args []string) error {
		path := fs.String("config", "", "configuration `FILE`, as serve takes it; the same as the argument")
		args, err := s.parse(c, fs, args, 0, 1)
		if err != nil {
			return err
		}
		if len(args) == 1 {
			*path = args[0]
		}
		in := configInput(*path)
		_, values, err := config.Load(in)
		if printErr := config.Fprint(c.out, values); printErr != nil {
			return printErr
		}
		for _, words := range config.Unknown(os.Environ()) {
			fmt.Fprintln(c.err, "warning:", words)
		}
		_, clockErr := programClock()
		if err = errors.Join(err, clockErr); err != nil {
			return fmt.Errorf("the configuration is not usable:\n%w", err)
		}
		return nil
	}
	return s
}
