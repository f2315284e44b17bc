// Command soak runs the agent for hours amid everything that happens to it in years, and says whether memory, goroutines and
// open files stay flat and every request is answered.
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
	"syscall"
	"time"
)

const usage = `soak runs the agent on a demo household on loopback, while feeds fail, the configuration changes, the
clock jumps, memory and heat grow scarce and people, walls and programs come and go. It samples the agent's memory,
goroutines and open files and fits a line to each after a warm-up: flat is a line that rises by no more than twice the
noise around it, or by nothing of account. Ctrl-C ends it with the figures so far. It exits with 1 when something was not
flat, or a request was not answered.

Usage:
  soak [--agent BINARY] [--for TIME] [--out DIR] [--roots DIR]
  soak cramped [--agent BINARY] [--runs N] [--wait TIME]

  soak cramped puts the agent and a memory hog into one control group of 64 MiB, again and again. It needs root.

Examples:
  soak --for 2h
  soak --agent bin/calendarbot --for 10m --out /tmp/soak
  sudo bin/soak cramped --runs 10

`

// plan is a run.
type plan struct {
	agent  string        // the agent's binary
	roots  string        // folder with the fixtures calm, tight and critical, each with its own /proc and /sys
	length time.Duration // of the run, warm-up included
	dir    string        // scratch
	bounds bounds
}

// bounds are the rises of no account.
type bounds struct{ memory, goroutines, files float64 }

// Bounds of a run: what is small against the device's 512 MB, and against the few connections of a household. Of a run of
// minutes a line says little, so only what would be a catastrophe is found there.
func (p plan) defaultBounds() bounds {
	if p.length < 30*time.Minute {
		return bounds{memory: 8 << 20, goroutines: 24, files: 24}
	}
	return bounds{memory: 1 << 20, goroutines: 4, files: 4}
}

// warmUp is how much of a run is not judged: caches fill, and the runtime learns how much it needs, which takes the rarest coincidence of
// disturbances: memory comes to its level within the first hour.
func (p plan) warmUp() time.Duration { return min(p.length/2, time.Hour) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	switch err := start(ctx, os.Args[1:], os.Stdout); {
	case err == nil, errors.Is(err, flag.ErrHelp):
	default:
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

// errMissed says that a run found something.
var errMissed = errors.New("not everything held; see the table")

func start(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 {
		switch rest := args[1:]; args[0] {
		case "cramped":
			return crampedCommand(ctx, rest, out)
		case "hog":
			return hog(os.Stdin, out)
		}
	}
	fs := newFlags("soak", out)
	var p plan
	fs.StringVar(&p.agent, "agent", "bin/calendarbot", "the agent's binary")
	fs.DurationVar(&p.length, "for", 2*time.Hour, "how long to run, 1m to 168h")
	fs.StringVar(&p.roots, "roots", "agent/pressure/testdata", "folder with the fixtures calm, tight and critical")
	dest := fs.String("out", "dist/soak", "folder for the results")
	if err := parse(fs, args); err != nil {
		return err
	}
	if p.length < time.Minute || p.length > 7*24*time.Hour {
		return fmt.Errorf("--for %v is not between 1m and 168h", p.length)
	}
	p.bounds = p.defaultBounds()
	clean, err := p.prepare(*dest)
	if err != nil {
		return err
	}
	defer clean()
	r, err := p.soak(ctx)
	if err != nil {
		return err
	}
	if err := r.save(*dest); err != nil {
		return err
	}
	if _, err := io.WriteString(out, r.table()); err != nil {
		return err
	}
	if !r.held() {
		return errMissed
	}
	return nil
}

// newFlags returns flags whose help goes to out.
func newFlags(name string, out io.Writer) *flag.FlagSet {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(out)
	fs.Usage = func() {
		fmt.Fprint(out, usage)
		fs.PrintDefaults()
	}
	return fs
}

func parse(fs *flag.FlagSet, args []string) error {
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q; see soak --help", fs.Arg(0))
	}
	return nil
}

// prepare makes the scratch folder in dest, and the paths absolute.
func (p *plan) prepare(dest string) (clean func(), err error) {
	if err := os.MkdirAll(dest, 0o755); err != nil {
		return nil, err
	}
	for _, path := range []*string{&p.agent, &p.roots, &dest} {
		if *path, err = filepath.Abs(*path); err != nil {
			return nil, err
		}
	}
	if p.dir, err = os.MkdirTemp(dest, "scratch-"); err != nil {
		return nil, err
	}
	return func() {
		if err := os.RemoveAll(p.dir); err != nil {
			say("%v", err)
		}
	}, nil
}

// say tells on standard error how far a run is.
func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s "+format+"\n", append([]any{time.Now().Format(time.TimeOnly)}, args...)...)
}
