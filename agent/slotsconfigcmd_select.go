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
Chooses which configuration slot is mounted over /etc at this start, prints a or b, and brings both slots up to date with the system. It is
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
		// It is printed before the rest, which a slow card may make too long for who asks: this start was counted.
		chosen, reason := overlay.Select(*root, now())
		_, err = fmt.Fprintln(c.out, chosen)
		for _, reason := range []error{wrong, reason, overlay.Prepare(*root, chosen)} {
			if reason != nil { // nobody may read it; the slot is what counts
				io.WriteString(c.err, "calendarbot: "+strings.ReplaceAll(reason.Error(), "\n", "; ")+"\n") //nolint:errcheck
			}
		}
		return err
	}
	return s
}
