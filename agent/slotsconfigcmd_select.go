package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"calendarbot/agent/overlay"
)

// slotsSelectConfigCommand chooses the configuration slot of a start.
func slotsSelectConfigCommand() subcommand {
	s := subcommand{
		name: "slots select config", short: "choose the configuration slot of this start (for the initramfs)",
		long: `
Chooses which configuration slot is mounted over /etc at this start, brings both slots up to date with the system, and prints a or b. It is
for the initramfs, before anything is mounted there. Whatever is wrong is told on standard error; a slot is printed all the same, and
the exit status is 0.

Examples:
  calendarbot slots select config
  calendarbot slots select config --root /sysroot`,
	}
	s.run = func(_ context.Context, c console, fs *flag.FlagSet, args []string) error {
		root := rootFlag(fs)
		_, wrong := s.parse(c, fs, args, 0, 0)
		if errors.Is(wrong, flag.ErrHelp) {
			return wrong
		}
		now, err := programClock()
		if err != nil {
			wrong, now = errors.Join(wrong, err), time.Now
		}
		chosen, reasons := overlay.Select(*root, now())
		if wrong != nil {
			reasons = append(reasons, wrong)
		}
		for _, reason := range reasons {
			// Nobody may read it; the slot is what counts.
			io.WriteString(c.err, "calendarbot: "+strings.ReplaceAll(reason.Error(), "\n", "; ")+"\n") //nolint:errcheck
		}
		_, err = fmt.Fprintln(c.out, chosen)
		return err
	}
	return s
}
