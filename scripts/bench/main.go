// Command bench measures the agent against plain things in the same run on the same machine
// and prints one table. Ratios are what lasts; absolute figures belong to the machine.
//
// It starts the agent as a real process, serves it feeds over loopback, loads it with wrk, and reads memory and
// CPU from the kernel (proc(5): VmHWM, VmRSS, schedstat, io).
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const usage = `bench measures the agent in the same run as what it is compared with.

Usage:
  bench [--agent BINARY] [--out DIR] [--only PARTS] [...]   everything; the table, its JSON and a plot go to DIR
  bench compare --old BINARY --new BINARY                   two agents; fails when the new one is more than 5 % slower
  bench record [--demo BINARY] [--out FILE]                 the household's trace anew

`

// plan is what a run measures.
type plan struct {
	agent  string // path of the agent's binary
	self   string // path of this program, for the things compared with
	dir    string // scratch, on a disk
	crew   *crew
	runs   int           // repetitions of refreshes and starts; medians are printed
	rounds int           // of the loads; medians are printed
	load   time.Duration // length of each load
	replay time.Duration // how much of the household's trace is asked again, in real time
}

// say tells on standard error how far a run is.
func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s "+format+"\n", append([]any{time.Now().Format(time.TimeOnly)}, args...)...)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := start(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func start(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 {
		switch rest := args[1:]; {
		case args[0] == "scan" && len(rest) == 1:
			return scan(ctx, rest[0], out)
		case args[0] == "bare" && len(rest) == 2:
			return bare(ctx, rest[0], rest[1])
		case args[0] == "record":
			return record(ctx, rest)
		case args[0] == "compare":
			return compare(ctx, rest, out)
		}
	}
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.Usage = func() {
		fmt.Fprint(fs.Output(), usage)
		fs.PrintDefaults()
	}
	var p plan
	fs.StringVar(&p.agent, "agent", "bin/calendarbot", "the agent's binary")
	fs.IntVar(&p.runs, "runs", 3, "repetitions of each refresh and start")
	fs.IntVar(&p.rounds, "rounds", 7, "repetitions of each load")
	fs.DurationVar(&p.load, "load", time.Second, "length of each load")
	fs.DurationVar(&p.replay, "replay", 6*time.Minute, "how much of the household's trace is asked again, its busiest part")
	dest := fs.String("out", "dist/bench", "folder for the results")
	only := fs.String("only", "", "parts, with commas between: "+partNames())
	if err := fs.Parse(args); err != nil {
		return err
	}
	clean, err := p.prepare(*dest)
	if err != nil {
		return err
	}
	defer clean()
	r, err := p.measure(ctx, *only)
	if err != nil {
		return err
	}
	if err := r.save(*dest); err != nil {
		return err
	}
	_, err = io.WriteString(out, r.table())
	return err
}

// prepare finds this program and makes the scratch folder in dest.
func (p *plan) prepare(dest string) (clean func(), err error) {
	if p.self, err = os.Executable(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dest, 0o755); err != nil {
		return nil, err
	}
	if p.dir, err = os.MkdirTemp(dest, "scratch-"); err != nil {
		return nil, err
	}
	if p.dir, err = filepath.Abs(p.dir); err != nil {
		return nil, err
	}
	p.crew = &crew{}
	return func() {
		p.crew.dismiss()
		os.RemoveAll(p.dir)
	}, nil
}

// part is a piece of the table.
type part struct {
	name    string
	measure func(context.Context, plan) ([]row, error)
	patient bool // takes real time and little CPU
}

// parts are in the order of the table. Those that take real time and no CPU to speak of run beside the refreshes.
func parts() []part {
	return []part{
		{"refresh", refreshRows, false},
		{"household", householdRows, true},
		{"idle", idleRows, true},
		{"sizing", sizingRows, true},
		{"load", loadRows, false},
		{"memory", memoryRows, false},
		{"features", featureRows, false},
		{"quarter", quarterRows, false},
	}
}

func partNames() string {
	var names []string
	for _, p := range parts() {
		names = append(names, p.name)
	}
	return strings.Join(names, ",")
}

// sub is a plan with a scratch folder of its own.
func (p plan) sub(name string) (plan, error) {
	p.dir = filepath.Join(p.dir, name)
	return p, os.Mkdir(p.dir, 0o755)
}
