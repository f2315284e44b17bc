// Command bench measures the agent against plain things in the same run on the same machine
// and prints one table. Ratios are what lasts; absolute figures belong to the machine.
//
// It starts the agent as a real process, serves it feeds over loopback, and reads memory and
// CPU from the kernel (proc(5): VmHWM, VmRSS, schedstat).
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

// plan is what a run measures.
type plan struct {
	agent string        // path of the agent's binary
	self  string        // path of this program, for the things compared with
	dir   string        // scratch
	runs  int           // repetitions; medians are printed
	load  time.Duration // length of each load
}

// row is one line of the table.
type row struct{ what, figure, against, ratio, goal string }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := start(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func start(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 2 && args[0] == "scan" {
		return scan(ctx, args[1], out)
	}
	if len(args) == 3 && args[0] == "bare" {
		return bare(ctx, args[1], args[2])
	}
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	agent := fs.String("agent", "bin/calendarbot", "the agent's binary")
	dest := fs.String("out", "dist/bench", "folder for the table")
	runs := fs.Int("runs", 5, "repetitions of each refresh and start")
	load := fs.Duration("load", 5*time.Second, "length of each load")
	if err := fs.Parse(args); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "calendarbot-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	p := plan{agent: *agent, self: self, dir: dir, runs: *runs, load: *load}

	var rows []row
	for _, part := range []func(context.Context, plan) ([]row, error){refreshRows, loadRows} {
		more, err := part(ctx, p)
		if err != nil {
			return err
		}
		rows = append(rows, more...)
	}
	table := render(rows)
	if err := os.MkdirAll(*dest, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(*dest, "bench.md"), []byte(table), 0o644); err != nil {
		return err
	}
	_, err = io.WriteString(out, table)
	return err
}

func render(rows []row) string {
	var b strings.Builder
	b.WriteString("| what | figure | against | ratio | goal |\n|---|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", r.what, r.figure, r.against, r.ratio, r.goal)
	}
	return b.String()
}
