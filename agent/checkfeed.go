package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"calendarbot/agent/calendar"
	"calendarbot/agent/config"
	"calendarbot/agent/conn"
	"calendarbot/agent/feed"
	"calendarbot/agent/ics"
)

// checkWindow is how far ahead check-feed looks.
const checkWindow = 28 * 24 * time.Hour

func checkFeedCommand() subcommand {
	s := subcommand{
		name:  "check-feed",
		args:  "URL|FILE",
		short: "say in words what is in a calendar feed, and what is wrong with it",
		long: `
Fetches the feed (or reads the file, - for standard input) as the server would and says what it
found, what it warns about and what it skipped. Nothing is stored. User name and password may be
part of the URL. The exit status is 1 when the feed can't be used.

Examples:
  calendarbot check-feed https://example.org/me.ics
  calendarbot check-feed --lan http://nas.local/family.ics
  calendarbot check-feed ./holidays.ics`,
	}
	s.run = func(ctx context.Context, c console, fs *flag.FlagSet, args []string) error {
		zone := fs.String("zone", "", "`ZONE` for floating times (default: the device's)")
		lan := fs.Bool("lan", false, "the feed may be on a private or loopback address")
		args, err := s.parse(c, fs, args, 1, 1)
		if err != nil {
			return err
		}
		cfg, loc, err := deviceConfig(*zone)
		if err != nil {
			return err
		}
		if strings.Contains(args[0], "://") {
			return checkURL(ctx, c.out, args[0], *lan, cfg.Feeds, loc)
		}
		in, closeIn, err := openFile(c, args[0])
		if err != nil {
			return err
		}
		defer closeIn()
		events, report, err := readFeed(ctx, in, cfg.Feeds, loc)
		if err != nil {
			return fmt.Errorf("this file can't be used: %w", err)
		}
		return describe(ctx, c.out, events, report, loc)
	}
	return s
}

func checkURL(ctx context.Context, out io.Writer, address string, lan bool, feeds config.Feeds, loc *time.Location) error {
	src, err := config.Complete(config.Source{URL: config.Secret(address), LAN: lan}, nil)
	if err != nil {
		return err
	}
	client := conn.NewHTTP(conn.HTTPOptions{UserAgent: userAgent()})
	defer client.CloseIdle()
	events, report, err := interpreted(loc, func(keep func(ics.Component) error) (ics.Report, error) {
		return feed.Trial(ctx, client, src, feeds, loc, keep)
	})
	if failure := (*feed.Failure)(nil); errors.As(err, &failure) && failure.Code == "address" {
		return fmt.Errorf("this feed can't be used: %s (Here: --lan.)", failure.Words)
	} else if failure != nil {
		return fmt.Errorf("this feed can't be used: %s", failure.Words)
	} else if err != nil {
		return err
	}
	return describe(ctx, out, events, report, loc)
}

// describe says what a feed holds.
func describe(ctx context.Context, out io.Writer, events []calendar.Event, report ics.Report, loc *time.Location) error {
	now := time.Now()
	occurrences, warnings, err := calendar.Expand(ctx, events, calendar.Span{Start: now, End: now.Add(checkWindow)}, loc)
	if err != nil {
		return err
	}
	name := report.Name
	if name == "" {
		name = "(the feed gives none)"
	}
	series, overrides := 0, 0
	for _, e := range events {
		switch {
		case e.RecurrenceID != nil:
			overrides++
		case len(e.Rules) > 0 || len(e.Dates) > 0:
			series++
		}
	}
	fmt.Fprintf(out, "Name:       %s\n", name)
	fmt.Fprintf(out, "Time zone:  %s\n", zoneWords(report.TimeZone, loc))
	fmt.Fprintf(out, "Size:       %d bytes\n", report.Bytes)
	fmt.Fprintf(out, "Events:     %d (%d single, %d repeating, %d changed instances)\n", len(events), len(events)-series-overrides, series, overrides)
	fmt.Fprintf(out, "Next 4 weeks: %d\n", len(occurrences))
	for i, o := range occurrences {
		if i == 5 {
			fmt.Fprintf(out, "  and %d more\n", len(occurrences)-i)
			break
		}
		fmt.Fprintf(out, "  %s  %s\n", whenWords(o, loc), o.Event.Summary)
	}
	if report.Refresh > 0 {
		fmt.Fprintf(out, "The feed asks to be fetched every %s.\n", report.Refresh)
	}
	skipped, warned := sortProblems(report.Problems)
	for _, w := range warnings {
		warned = append(warned, problemLine(ics.Problem{Summary: w.Summary, Text: w.Text}))
	}
	list(out, "Skipped", skipped)
	list(out, "Warnings", warned)
	if report.More > 0 {
		fmt.Fprintf(out, "and %d more problems\n", report.More)
	}
	if len(skipped)+len(warned)+report.More == 0 {
		fmt.Fprintln(out, "Nothing to complain about.")
	}
	return nil
}

func zoneWords(name string, loc *time.Location) string {
	if name == "" {
		return fmt.Sprintf("(the feed gives none; floating times are read in %s)", loc)
	}
	return name
}

func whenWords(o calendar.Occurrence, loc *time.Location) string {
	if !o.AllDay {
		return o.Start.In(loc).Format("Mon 2006-01-02 15:04")
	}
	if days := (o.EndDay - o.FirstDay) / calendar.Day; days > 1 {
		return fmt.Sprintf("%s %d days", o.FirstDay.UTC().Format("Mon 2006-01-02"), days)
	}
	return o.FirstDay.UTC().Format("Mon 2006-01-02") + " all day"
}

func sortProblems(problems []ics.Problem) (skipped, warned []string) {
	for _, p := range problems {
		if p.Skipped {
			skipped = append(skipped, problemLine(p))
		} else {
			warned = append(warned, problemLine(p))
		}
	}
	return skipped, warned
}

func list(out io.Writer, title string, lines []string) {
	if len(lines) > 0 {
		fmt.Fprintf(out, "%s (%d):\n  %s\n", title, len(lines), strings.Join(lines, "\n  "))
	}
}
