package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"text/tabwriter"
)

func featuresCommand() subcommand {
	return subcommand{
		name:  "features",
		short: "show and switch the optional parts of the running program",
		long: `
The optional parts make the program faster or lighter; without any of them it still works. Each is on for a
share of all devices, always the same ones, or by force.

Examples:
  calendarbot features list
  calendarbot features set cache_warming gradual
  calendarbot features force request_pipeline off --why "looking for a fault"`,
		words: []subcommand{featuresListCommand(), featuresSetCommand(), featuresForceCommand()},
	}
}

func featuresListCommand() subcommand {
	s := subcommand{
		name:  "features list",
		short: "show each part, whether it is on, and why not",
		long: `
Prints each optional part with what is set about it, who said so, whether it is on now, and why not.

Examples:
  calendarbot features list
  calendarbot features list --json`,
	}
	s.run = func(ctx context.Context, c console, fs *flag.FlagSet, args []string) error {
		remote, _, err := s.client(ctx, c, fs, args, 0, 0)
		if err != nil {
			return err
		}
		var features featuresAnswer
		if printed, err := remote.ask(ctx, http.MethodGet, "/api/v1/features", nil, &features); err != nil || printed {
			return err
		}
		return features.print(c.out)
	}
	return s
}

func featuresSetCommand() subcommand {
	s := subcommand{
		name: "features set", args: "NAME PERCENT|STEP",
		short: "set the share of devices that have a part on",
		long: `
Sets the share of all devices on which a part is on: a percentage from 0 to 100, or a step: disabled (0),
canary (5), gradual (25), majority (75), full (100). Whether this device is among them is printed.

Examples:
  calendarbot features set cache_warming 25%
  calendarbot features set request_batching full`,
	}
	s.run = func(ctx context.Context, c console, fs *flag.FlagSet, args []string) error {
		why := whyFlag(fs)
		remote, args, err := s.client(ctx, c, fs, args, 2, 2)
		if err != nil {
			return err
		}
		if slices.Contains([]string{"on", "off", "auto", "true", "false"}, args[1]) {
			return fmt.Errorf("features set takes a percentage or a step; \"calendarbot features force %s %s\" forces it: %w", args[0], args[1], errUsage)
		}
		return remote.switchFeature(ctx, args[0], args[1], *why)
	}
	return s
}

func featuresForceCommand() subcommand {
	s := subcommand{
		name: "features force", args: "NAME on|off|auto",
		short: "switch a part on or off on this device, whatever its share",
		long: `
Switches a part on or off on this device, whatever its share. With auto it is again as file, environment
or default say.

Examples:
  calendarbot features force request_pipeline off --why "looking for a fault"
  calendarbot features force request_pipeline auto`,
	}
	s.run = func(ctx context.Context, c console, fs *flag.FlagSet, args []string) error {
		why := whyFlag(fs)
		remote, args, err := s.client(ctx, c, fs, args, 2, 2)
		if err != nil {
			return err
		}
		if !slices.Contains([]string{"on", "off", "auto"}, args[1]) {
			return fmt.Errorf("features force: %q is not allowed; allowed are on, off and auto: %w", args[1], errUsage)
		}
		return remote.switchFeature(ctx, args[0], args[1], *why)
	}
	return s
}

// switchFeature changes one part and prints how it then stands.
func (c *client) switchFeature(ctx context.Context, name, setting, why string) error {
	question := map[string]string{"setting": setting, "why": why}
	var feature featureAnswer
	if printed, err := c.ask(ctx, http.MethodPut, "/api/v1/features/"+url.PathEscape(name), question, &feature); err != nil || printed {
		return err
	}
	_, err := fmt.Fprintf(c.out, "%s is set to %s, by %s; here it is %s\n", feature.Name, feature.Setting, who(feature.Layer, feature.Origin), feature.state())
	return err
}

// featuresAnswer is what the program says about its optional parts.
type featuresAnswer struct {
	Emergency emergencyAnswer `json:"emergency_off"`
	Features  []featureAnswer
}

type featureAnswer struct {
	Name, Does, Setting  string
	On                   bool
	Words, Layer, Origin string
}

// state is whether it is on here, and why not.
func (f featureAnswer) state() string {
	if f.On {
		return "on"
	}
	if f.Words == "" {
		return "off"
	}
	return "off: " + f.Words
}

func (a featuresAnswer) print(w io.Writer) error {
	if a.Emergency.On {
		if _, err := fmt.Fprintf(w, "%s\n\n", a.Emergency.Words); err != nil {
			return err
		}
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if _, err := fmt.Fprintln(table, "PART\tSET TO\tBY\tHERE"); err != nil {
		return err
	}
	for _, f := range a.Features {
		if a.Emergency.On && f.Words == a.Emergency.Words {
			f.Words = "see above"
		}
		if _, err := fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", f.Name, f.Setting, who(f.Layer, f.Origin), f.state()); err != nil {
			return err
		}
	}
	return table.Flush()
}
