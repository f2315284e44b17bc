package board

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Stage is how far a boot got.
type Stage struct {
	Name  string
	After time.Duration // since the board was switched on
}

// String is the stage with its time in seconds.
func (s Stage) String() string { return fmt.Sprintf("%s %.1f s", s.Name, s.After.Seconds()) }

// Stages waits for each stage that the board tells on its console, in whatever order, until the context or the board
// ends. A board that starts anew tells them again.
func (b *Board) Stages(ctx context.Context, tell func(Stage)) {
	for number := 0; ; {
		line, next, err := b.Console.Next(ctx, number)
		if err != nil {
			return
		}
		if name := stage(line.Text); name != "" {
			tell(Stage{name, line.After})
		}
		number = next
	}
}

// The lines by which the stages are known, as they are waited for.
const (
	saysLoader  = "Core:"
	saysSlot    = "calendarbot: slot "
	saysKernel  = "Starting kernel"
	saysSystemd = "Welcome to "
	saysAll     = "multi-user.target"
)

// stage is the name of the stage that a line of the console tells; "" for most.
func stage(line string) string {
	if slot, ok := strings.CutPrefix(line, saysSlot); ok {
		slot, _, _ = strings.Cut(slot, ",")
		return "slot " + slot
	}
	for _, known := range []struct{ text, name string }{
		{saysLoader, "U-Boot"},
		{saysKernel, "kernel"},
		{saysSystemd, "systemd"},
		{saysAll, "all services"},
	} {
		if strings.Contains(line, known.text) {
			return known.name
		}
	}
	return ""
}
