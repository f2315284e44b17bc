package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"strconv"
	"time"

	"calendarbot/agent/config"
)

// defaultConfigPath is read when it is there and no other file is named.
const defaultConfigPath = "/etc/calendarbot/calendarbot.yaml"

func serveCommand() subcommand {
	s := subcommand{
		name:  "serve",
		short: "fetch the calendars and serve the pages and the API (the default)",
		long: `
Fetches the configured calendars again and again and serves what is next as a page and through
an API. The configuration comes from the defaults, the file, the environment and the flags, each
stronger than the one before.

Examples:
  calendarbot
  calendarbot --port 8080 --store ./calendarbot.db
  calendarbot serve --config ./calendarbot.yaml
  CALENDARBOT_ICS_URL=https://example.org/me.ics calendarbot`,
	}
	s.run = func(ctx context.Context, c console, fs *flag.FlagSet, args []string) error {
		path := fs.String("config", "", "configuration `FILE` (default: $CALENDARBOT_CONFIG, else "+defaultConfigPath+" when it is there)")
		flags := map[string]*string{
			"web.host":   fs.String("host", "", "`ADDRESS` to listen on"),
			"web.port":   fs.String("port", "", "`PORT` to listen on, 0 for any free one"),
			"store.path": fs.String("store", "", "database `FILE`"),
		}
		if _, err := s.parse(c, fs, args, 0, 0); err != nil {
			return err
		}
		in := configInput(*path)
		in.Flags = make(map[string]string)
		for key, value := range flags {
			if *value != "" {
				in.Flags[key] = *value
			}
		}
		now, err := programClock()
		if err != nil {
			return err
		}
		var level slog.LevelVar
		log := slog.New(slog.NewTextHandler(c.err, &slog.HandlerOptions{Level: &level}))
		for _, words := range config.Unknown(os.Environ()) {
			log.Warn("environment", "unknown", words)
		}
		return serve(ctx, options{input: in, now: now, tested: testedClock(), root: os.Getenv("CALENDARBOT_TEST_ROOT"), log: log, level: &level})
	}
	return s
}

// configInput says where the configuration is, by the word of a flag or argument, or of the environment.
func configInput(path string) config.Input {
	in := config.Input{Path: path, Env: os.LookupEnv}
	if in.Path == "" {
		in.Path = os.Getenv("CALENDARBOT_CONFIG")
	}
	if in.Path == "" {
		in.Path, in.Optional = defaultConfigPath, true
	}
	return in
}

// programClock is time.Now; for tests a clock that stands still at CALENDARBOT_TEST_TIME, or one that the file
// CALENDARBOT_TEST_CLOCK moves.
func programClock() (func() time.Time, error) {
	if file := os.Getenv("CALENDARBOT_TEST_CLOCK"); file != "" {
		s, err := newShifted(file)
		if err != nil {
			return nil, err
		}
		return s.now, nil
	}
	text := os.Getenv("CALENDARBOT_TEST_TIME")
	if text == "" {
		return time.Now, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil, fmt.Errorf("CALENDARBOT_TEST_TIME=%s is not an RFC 3339 time such as 2026-01-31T09:00:00+01:00", strconv.Quote(text))
	}
	return func() time.Time { return t }, nil
}

// testedClock tells whether programClock is a test's.
func testedClock() bool {
	return os.Getenv("CALENDARBOT_TEST_CLOCK") != "" || os.Getenv("CALENDARBOT_TEST_TIME") != ""
}

// built is the time of the commit that the program was built from; zero when the build does not know it.
func built() time.Time {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return time.Time{}
	}
	for _, s := range info.Settings {
		if s.Key != "vcs.time" {
			continue
		}
		if t, err := time.Parse(time.RFC3339, s.Value); err == nil {
			return t
		}
	}
	return time.Time{}
}

// notUsable is why the program cannot start with a configuration.
func notUsable(err error) error { return fmt.Errorf("the configuration is not usable:\n%w", err) }

func logLevel(l config.Log) slog.Level {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.Level)); err != nil {
		level = slog.LevelInfo // the configuration was validated; a log that is too quiet helps nobody
	}
	return level
}
