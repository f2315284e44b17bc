// Package main is the program inside of the machine of scripts/machine. As the first program it turns the bare kernel
// into a Debian: it mounts the root file system, lays the test's own files over it and gives way to systemd. Later it
// is a service that runs the commands that the test sends.
package main

import (
	"fmt"
	"os"
)

func main() {
	work := serve
	if os.Getpid() == 1 {
		work = boot
	}
	if err := work(); err != nil {
		fmt.Fprintln(os.Stderr, "machine:", err)
		os.Exit(1)
	}
}
