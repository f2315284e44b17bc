// Command calendarbot-update brings a device newer programs and systems: it asks a repository what there is, takes what this device
// should have, and has it tried. A timer and orders start it; it ends when it is done.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // the window is in the household's zone, whatever the system knows of zones
)

// version is set by the linker: that of the program beside it in the system.
var version = "0.0.0-dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	code := command(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
