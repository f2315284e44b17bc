package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

func configCommand() subcommand {
	return subcommand{
		name:  "config",
		short: "show and change the settings of the running program",
		long: `
Shows the settings that hold and who said so, and changes them while the program runs. What is
changed here is stronger than file and environment, survives a restart and is kept in a log.

Examples:
  calendarbot config show
  calendarbot config set display.theme dark --why "too bright at night"
  calendarbot config undo`,
		words: []subcommand{
			configShowCommand(), configSetCommand(), configUnsetCommand(), configUndoCommand(), configLogCommand(), configReloadCommand(),
		},
	}
}

func configShowCommand() subcommand {
	s := subcommand{
		name: "config show", args: "[KEY]",
		short: "show the settings and who said so",
		long: `
Prints each setting that holds with who said so: default, file, environment, flag or runtime (changed
while the program ran). With a KEY it prints what is known about one setting, or those of a section.
Secrets are not shown. What is wrong with the file, and what takes effect at the next start, is named.

Examples:
  calendarbot config show
  calendarbot config show web.port
  calendarbot config show display --json`,
	}
	s.run = func(ctx context.Context, c console, fs *flag.FlagSet, args []string) error {
		remote, args, err := s.client(ctx, c, fs, args, 0, 1)
		if err != nil {
			return err
		}
		var settings settingsAnswer
		if printed, err := remote.ask(ctx, http.MethodGet, "/api/v1/config", nil, &settings); err != nil || printed {
			return err
		}
		if len(args) == 0 {
			return settings.print(c.out)
		}
		return settings.printKey(c.out, args[0])
	}
	return s
}

func configSetCommand() subcommand {
	s := subcommand{
		name: "config set", args: "KEY VALUE",
		short: "change a setting",
		long: `
Changes a setting of the running program. A value that is not allowed is refused, with what is allowed, and
nothing changes. With - as the VALUE it is read from standard input, so that a secret does not
stand in the history of the shell.

Examples:
  calendarbot config set display.theme dark
  calendarbot config set cache.ttl 2m --why "the page is too old"
  printf 2468 | calendarbot hash | calendarbot config set web.pin -`,
	}
	s.run = func(ctx context.Context, c console, fs *flag.FlagSet, args []string) error {
		why := whyFlag(fs)
		remote, args, err := s.client(ctx, c, fs, args, 2, 2)
		if err != nil {
			return err
		}
		key, value := args[0], args[1]
		if value == "-" {
			if value, err = within(ctx, c.secretLine); err != nil {
				return err
			}
		}
		return remote.patch(ctx, settingsPatch{Set: map[string]string{key: value}, Why: *why}, key)
	}
	return s
}

func configUnsetCommand() subcommand {
	s := subcommand{
		name: "config unset", args: "KEY",
		short: "take back what was changed with config set",
		long: `
Forgets what was changed about a setting while the program ran, so that the file, the environment or the
default says again what it is.

Examples:
  calendarbot config unset display.theme`,
	}
	s.run = func(ctx context.Context, c console, fs *flag.FlagSet, args []string) error {
		why := whyFlag(fs)
		remote, args, err := s.client(ctx, c, fs, args, 1, 1)
		if err != nil {
			return err
		}
		return remote.patch(ctx, settingsPatch{Unset: []string{args[0]}, Why: *why}, args[0])
	}
	return s
}

// settingsPatch is the question that changes settings.
type settingsPatch struct {
	Set   map[string]string `json:"set,omitempty"`
	Unset []string          `json:"unset,omitempty"`
	Why   string            `json:"why,omitempty"`
}

// patch changes settings and prints what then holds for one.
func (c *client) patch(ctx context.Context, patch settingsPatch, key string) error {
	var settings settingsAnswer
	if printed, err := c.ask(ctx, http.MethodPatch, "/api/v1/config", patch, &settings); err != nil || printed {
		return err
	}
	return settings.printLine(c.out, key)
}

func whyFlag(fs *flag.FlagSet) *string {
	return fs.String("why", "", "`TEXT` for the log of changes")
}

func configUndoCommand() subcommand {
	s := subcommand{
		name: "config undo", args: "[ID]",
		short: "take a change back",
		long: `
Takes a change back: the newest that was not yet taken back, or the one with an ID of "config log".

Examples:
  calendarbot config undo
  calendarbot config undo 17 --why "it was better before"`,
	}
	s.run = func(ctx context.Context, c console, fs *flag.FlagSet, args []string) error {
		question := struct {
			ID  int64  `json:"id"`
			Why string `json:"why,omitempty"`
		}{}
		why := whyFlag(fs)
		remote, args, err := s.client(ctx, c, fs, args, 0, 1)
		if err != nil {
			return err
		}
		if len(args) == 1 {
			question.ID, err = strconv.ParseInt(args[0], 10, 64)
			if err != nil || question.ID < 1 {
				return fmt.Errorf("config undo: %q is not the number of a change; \"calendarbot config log\" shows them: %w", args[0], errUsage)
			}
		}
		question.Why = *why
		var settings settingsAnswer
		if printed, err := remote.ask(ctx, http.MethodPost, "/api/v1/config/undo", question, &settings); err != nil || printed {
			return err
		}
		var log changesAnswer
		if _, err := remote.ask(ctx, http.MethodGet, "/api/v1/config/log?limit=1", nil, &log); err != nil || len(log.Changes) == 0 {
			return err
		}
		return settings.printUndone(c.out, log.Changes[0])
	}
	return s
}

func configLogCommand() subcommand {
	s := subcommand{
		name:  "config log",
		short: "show who changed what, when and why",
		long: `
Prints the newest changes of settings, the newest first: by whom and why, from what to what. Changes of
the file are among them. Secrets are not shown.

Examples:
  calendarbot config log
  calendarbot config log --limit 5`,
	}
	s.run = func(ctx context.Context, c console, fs *flag.FlagSet, args []string) error {
		limit := fs.Int("limit", 20, "how many changes at most: a `NUMBER` from 1 to 500")
		remote, _, err := s.client(ctx, c, fs, args, 0, 0)
		if err != nil {
			return err
		}
		if *limit < 1 || *limit > 500 {
			return fmt.Errorf("config log: --limit %d is not allowed; allowed is 1 to 500: %w", *limit, errUsage)
		}
		var log changesAnswer
		if printed, err := remote.ask(ctx, http.MethodGet, "/api/v1/config/log?limit="+strconv.Itoa(*limit), nil, &log); err != nil || printed {
			return err
		}
		return log.print(c.out)
	}
	return s
}

func configReloadCommand() subcommand {
	s := subcommand{
		name:  "config reload",
		short: "read the configuration file again",
		long: `
Makes the running program read its configuration file again, as SIGHUP does: whole or not at all. What is
wrong with the file is named, and what held before holds on.

Examples:
  calendarbot config reload`,
	}
	s.run = func(ctx context.Context, c console, fs *flag.FlagSet, args []string) error {
		why := whyFlag(fs)
		remote, _, err := s.client(ctx, c, fs, args, 0, 0)
		if err != nil {
			return err
		}
		question := map[string]string{"why": *why}
		var settings settingsAnswer
		if printed, err := remote.ask(ctx, http.MethodPost, "/api/v1/config/reload", question, &settings); err != nil || printed {
			return err
		}
		words := "The configuration was read again."
		if len(settings.Pending) > 0 {
			words += " At the next start takes effect: " + strings.Join(settings.Pending, ", ") + "."
		}
		_, err = fmt.Fprintln(c.out, words)
		return err
	}
	return s
}
