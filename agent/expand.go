package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"calendarbot/agent/calendar"
	"calendarbot/agent/config"
	"calendarbot/agent/ics"
)

func expandCommand() subcommand {
	s := subcommand{
		name:  "expand",
		args:  "FILE.ics START END",
		short: "print the instances of a calendar file in a window of time as JSON",
		long: `
Prints the instances of the events in FILE.ics that touch the window from START to END, sorted
by start and UID, as a JSON array of
  {"uid","recurrence_id","start","end","all_day","summary","status"}
START and END are RFC 3339 times. FILE.ics may be - for standard input. Cancelled and deleted
instances are left out. Warnings go to standard error.

Examples:
  calendarbot expand family.ics 2026-01-01T00:00:00Z 2026-02-01T00:00:00Z
  calendarbot expand --zone Europe/Berlin work.ics 2026-03-28T00:00:00+01:00 2026-03-30T00:00:00+02:00`,
	}
	s.run = func(ctx context.Context, c console, fs *flag.FlagSet, args []string) error {
		zone := fs.String("zone", "", "`ZONE` in which all-day and floating events are read (default: the device's)")
		args, err := s.parse(c, fs, args, 3, 3)
		if err != nil {
			return err
		}
		cfg, loc, err := deviceConfig(*zone)
		if err != nil {
			return err
		}
		window, err := windowOf(args[1], args[2])
		if err != nil {
			return err
		}
		in, closeIn, err := openFile(c, args[0])
		if err != nil {
			return err
		}
		defer closeIn()
		return expand(ctx, c, in, cfg.Feeds, window, loc)
	}
	return s
}

// deviceConfig returns the device's configuration and the zone of that IANA name, or the device's when the name is
// empty. What is wrong with the configuration is check-config's to say.
func deviceConfig(zone string) (config.Config, *time.Location, error) {
	cfg, _, err := config.Load(configInput(""))
	if err != nil {
		return cfg, nil, fmt.Errorf("the configuration is not usable (see check-config):\n%w", err)
	}
	if zone == "" {
		return cfg, cfg.Device.Location(), nil
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return cfg, nil, fmt.Errorf("--zone %q is not a time zone; give an IANA name such as Europe/Berlin: %w", zone, errUsage)
	}
	return cfg, loc, nil
}

func windowOf(start, end string) (calendar.Span, error) {
	var span calendar.Span
	for _, part := range []struct {
		name, text string
		to         *time.Time
	}{{"START", start, &span.Start}, {"END", end, &span.End}} {
		t, err := time.Parse(time.RFC3339, part.text)
		if err != nil {
			return span, fmt.Errorf("%s %q is not an RFC 3339 time such as 2026-01-31T09:00:00+01:00: %w", part.name, part.text, errUsage)
		}
		*part.to = t
	}
	if !span.Start.Before(span.End) {
		return span, fmt.Errorf("END %s is not after START %s: %w", end, start, errUsage)
	}
	return span, nil
}

// openFile opens the named file, or standard input for "-".
func openFile(c console, name string) (io.Reader, func() error, error) {
	if name == "-" {
		return c.in, func() error { return nil }, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	return f, f.Close, nil
}

// readFeed decodes a whole feed as the server does.
func readFeed(ctx context.Context, in io.Reader, feeds config.Feeds, loc *time.Location) ([]calendar.Event, ics.Report, error) {
	limits := ics.DefaultLimits()
	limits.Bytes, limits.Events = feeds.MaxBytes, feeds.MaxEvents
	return interpreted(loc, func(keep func(ics.Component) error) (ics.Report, error) {
		return ics.Decode(ctx, in, limits, loc, keep)
	})
}

// interpreted returns the events of the components that decode gives.
func interpreted(loc *time.Location, decode func(keep func(ics.Component) error) (ics.Report, error)) ([]calendar.Event, ics.Report, error) {
	var texts [][]byte
	report, err := decode(func(c ics.Component) error {
		texts = append(texts, c.Text)
		return nil
	})
	if err != nil {
		return nil, report, err
	}
	interpreter := ics.NewInterpreter(report.Preamble, loc)
	events := make([]calendar.Event, 0, len(texts))
	for i, text := range texts {
		e, err := interpreter.Event(text)
		if err != nil {
			return nil, report, err
		}
		events = append(events, e)
		texts[i] = nil // the event holds what it needs
	}
	return events, report, nil
}

// instance is one line of the answer of expand.
type instance struct {
	UID          string  `json:"uid"`
	RecurrenceID *string `json:"recurrence_id"`
	Start        string  `json:"start"`
	End          string  `json:"end"`
	AllDay       bool    `json:"all_day"`
	Summary      string  `json:"summary"`
	Status       string  `json:"status"`
}

func instanceOf(o calendar.Occurrence) instance {
	i := instance{
		UID:     o.Event.UID,
		Start:   o.Start.Format(time.RFC3339),
		End:     o.End.Format(time.RFC3339),
		AllDay:  o.AllDay,
		Summary: o.Event.Summary,
		Status:  o.Event.Status.String(),
	}
	if o.AllDay {
		i.Start, i.End = o.FirstDay.UTC().Format(time.DateOnly), o.EndDay.UTC().Format(time.DateOnly)
	}
	if s := o.Slot; s != nil {
		text := s.Wall.UTC().Format(time.DateOnly)
		if !s.Date {
			text = s.Wall.In(s.Loc).Format(time.RFC3339)
		}
		i.RecurrenceID = &text
	}
	return i
}

// expandRoom is ten times the server's: the window may be years, and nobody else waits.
func expandRoom() calendar.Room {
	return calendar.Room{Total: 10 * calendar.MaxTotal, PerSource: 10 * calendar.MaxTotal, Steps: 10 * calendar.MaxTotalSteps}
}

func expand(ctx context.Context, c console, in io.Reader, feeds config.Feeds, window calendar.Span, loc *time.Location) error {
	events, report, err := readFeed(ctx, in, feeds, loc)
	if err != nil {
		return fmt.Errorf("read calendar: %w", err)
	}
	occurrences, warnings, err := calendar.ExpandWithin(ctx, events, window, loc, expandRoom())
	if err != nil {
		return err
	}
	for _, p := range report.Problems {
		fmt.Fprintln(c.err, "warning:", problemLine(p))
	}
	if report.More > 0 {
		fmt.Fprintf(c.err, "warning: and %d more problems\n", report.More)
	}
	for _, w := range warnings {
		fmt.Fprintln(c.err, "warning:", problemLine(ics.Problem{Summary: w.Summary, Text: w.Text}))
	}
	out := bufio.NewWriter(c.out)
	sep := "["
	for _, o := range occurrences {
		line, err := json.Marshal(instanceOf(o))
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s\n  %s", sep, line)
		sep = ","
	}
	if sep == "[" {
		fmt.Fprint(out, "[")
	}
	fmt.Fprint(out, "\n]\n")
	return out.Flush()
}

// problemLine is a problem of a feed in one line.
func problemLine(p ics.Problem) string {
	line := p.Text
	if p.Summary != "" {
		line = p.Summary + ": " + line
	}
	if p.Line > 0 {
		line = fmt.Sprintf("line %d: %s", p.Line, line)
	}
	return line
}
