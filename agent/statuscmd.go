package main

import (
	"context"
	"errors"
	"flag"
	"net/http"
	"time"

	"calendarbot/agent/slot"
)

// errNotFine is no failure of the command: it has printed what is wrong.
var errNotFine = errors.New("not everything is fine")

func statusCommand() subcommand {
	s := subcommand{
		name:  "status",
		short: "show how the device fares: what is wrong, and what was done by itself",
		long: `
Prints whether everything is fine and since when, what is wrong and what to do about it, what the program did by
itself and why, the last day in small plots, the calendars, the optional parts and the program itself. It is the
same as the page /status. Without a terminal there are no plots.

The exit status is 0 when everything is fine, 3 when something is wrong, 1 when the program cannot be asked, and
0 with --json whatever the answer says.

Examples:
  calendarbot status
  calendarbot status --json
  calendarbot status >/dev/null || echo "look at the calendar"`,
	}
	s.run = func(ctx context.Context, c console, fs *flag.FlagSet, args []string) error {
		remote, _, err := s.client(ctx, c, fs, args, 0, 0)
		if err != nil {
			return err
		}
		var status statusAnswer
		if printed, err := remote.ask(ctx, http.MethodGet, "/api/v1/status", nil, &status); err != nil || printed {
			return err
		}
		var history historyAnswer
		screen := screenOf(c.out)
		if screen.plots {
			if _, err := remote.ask(ctx, http.MethodGet, "/api/v1/pressure/history?range=day", nil, &history); err != nil {
				return err
			}
		}
		if err := status.print(screen, history, time.Now()); err != nil {
			return err
		}
		if status.State == "warning" || status.State == "critical" {
			return errNotFine
		}
		return nil
	}
	return s
}

// statusAnswer is what the program says about how it fares.
type statusAnswer struct {
	Version    string
	Uptime     int64 `json:"uptime_s"`
	State      string
	Headline   string
	Since      time.Time
	Problems   []problemAnswer
	LevelWords string `json:"level_words"`
	Actions    []struct {
		Done         string
		Began, Ended time.Time
	}
	Calendars []struct {
		Name, ID, State, Error string
		Events                 int
		LastSuccess            time.Time `json:"last_success"`
		FailingSince           time.Time `json:"failing_since"`
		NextTry                time.Time `json:"next_try"`
	}
	Features []featureAnswer
	Off      emergencyAnswer `json:"emergency_off"`
	Clock    *struct {
		Trusted bool
		Words   string
		Jumps   uint64
	}
	Rollback *slot.Request
	Missing  []string
}

type problemAnswer struct {
	Code, Severity, Title, About, Words, Do, Of string
	Since                                       time.Time
	In                                          int64 `json:"in_s"`
}

// historyAnswer is the figures of the last day, in columns.
type historyAnswer struct {
	At     []int64
	Series map[string]struct{ Mean, High []*float64 }
}
