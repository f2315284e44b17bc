// Command benchupdate measures updates: how big they are, how long they take to apply and in how much memory, and what they write
// to the card.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
)

const usage = `benchupdate measures updates between neighbouring commits of this repository, which it builds, and writes a table and JSON.

Usage:
  benchupdate [--pairs N] [--builds FOLDER] [--out FOLDER] [--image FOLDER]

  --pairs N        how many pairs of neighbouring commits that change the program (default 3)
  --builds FOLDER  keeps the builds (default: beside the other things that builds keep)
  --out FOLDER     where update.md and update.json go (default dist/bench)
  --image FOLDER   where the bundle of a system is, if any (default dist/image)

Example:
  benchupdate --pairs 5
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := start(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "benchupdate:", err)
		os.Exit(1)
	}
}

// mostPairs is how many pairs are measured at most: each is a build.
const mostPairs = 50

// plan is what is measured.
type plan struct {
	pairs              int
	builds, out, image string
	arm64              string // this program, for the device's processor
	said               io.Writer
}

func start(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 {
		switch rest := args[1:]; {
		case args[0] == "apply" && len(rest) == 4:
			most, err := strconv.ParseInt(rest[3], 10, 64)
			if err != nil {
				return err
			}
			return applyOnce(rest[0], rest[1], rest[2], most, out)
		case args[0] == "watch" && len(rest) > 0:
			return watch(ctx, rest, out)
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return err
	}
	flags := flag.NewFlagSet("benchupdate", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	p := plan{said: os.Stderr}
	flags.IntVar(&p.pairs, "pairs", 3, "")
	flags.StringVar(&p.builds, "builds", filepath.Join(cache, "calendarbot", "builds"), "")
	flags.StringVar(&p.out, "out", filepath.Join("dist", "bench"), "")
	flags.StringVar(&p.image, "image", filepath.Join("dist", "image"), "")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		_, err := io.WriteString(out, usage)
		return err
	} else if err != nil || flags.NArg() > 0 || p.pairs < 1 || p.pairs > mostPairs {
		return errors.Join(err, fmt.Errorf("--pairs is 1 to %d\n%s", mostPairs, usage))
	}
	dir, err := os.MkdirTemp("", "benchupdate")
	if err != nil {
		return err
	}
	rows, err := p.measure(ctx, dir)
	if err := errors.Join(err, os.RemoveAll(dir)); err != nil {
		return err
	}
	return p.write(rows, out)
}
