// Package main is the program inside of the machine of scripts/machine. As the first program it turns the bare kernel
// into a Debian: it mounts the root file system, lays the test's own files over it and gives way to systemd. Later it
// is a service that runs the commands that the test sends, and a hog that takes memory.
package main

import (
	"fmt"
	"os"
)

func main() {
	work := serve
	switch {
	case os.Getpid() == 1:
		work = boot
	case len(os.Args) == 3 && os.Args[1] == "hog":
		work = func() error { return hog(os.Args[2]) }
	}
	if err := work(); err != nil {
		fmt.Fprintln(os.Stderr, "machine:", err)
		os.Exit(1)
	}
}
