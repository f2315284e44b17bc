package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"calendarbot/scripts/demo/household"
)

// slowest is the least that the new agent may be of the old one, in the same run.
const slowest = 0.95

// compare holds two binaries of the agent against each other, and fails when the new one is slower. Each round asks
// both; the median of the rounds' ratios counts, so that what disturbs the machine disturbs both.
func compare(ctx context.Context, args []string, out io.Writer) error {
	fs := flag.NewFlagSet("bench compare", flag.ContinueOnError)
	older := fs.String("old", "", "the agent's binary to hold against")
	newer := fs.String("new", "bin/calendarbot", "the agent's binary that is looked at")
	dest := fs.String("out", "dist/bench", "folder for scratch files")
	var p plan
	fs.IntVar(&p.rounds, "rounds", 7, "repetitions")
	fs.DurationVar(&p.load, "load", 2*time.Second, "length of each load")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if *older == "" {
		return errors.New("name the older binary: --old BINARY")
	}
	clean, err := p.prepare(*dest)
	if err != nil {
		return err
	}
	defer clean()
	server := newFeedServer(household.Large(500, 1))
	defer server.Close()
	var agents [2]*process
	for i, binary := range []string{*older, *newer} {
		sub, err := p.sub(fmt.Sprint(i))
		if err != nil {
			return err
		}
		sub.agent = binary
		if agents[i], err = sub.serve(ctx, setup{dir: sub.dir, feed: server.URL, clock: standing(), prefix: firstCore()}); err != nil {
			return err
		}
		if _, _, err := agents[i].wait(ctx, whatsNext, hasMeeting); err != nil {
			return err
		}
	}
	slower := 0
	for _, c := range []question{{whatsNext, 16}, {whatsNext, 64}, {"/", 16}, {"/agenda", 16}} {
		ratio, words, err := p.hold(ctx, agents, c)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%-16s %2d connections: %s\n", c.path, c.connections, words)
		if ratio >= slowest {
			continue
		}
		// A machine that has other things to do makes one look slow; both times it is not by chance.
		if ratio, words, err = p.hold(ctx, agents, c); err != nil {
			return err
		}
		verdict := "not slower when measured again"
		if ratio < slowest {
			slower++
			verdict = "slower, again"
		}
		fmt.Fprintf(out, "%-16s %2d connections: %s: %s\n", c.path, c.connections, words, verdict)
	}
	if err := stopAll(agents[:]...); err != nil {
		return err
	}
	if slower > 0 {
		return fmt.Errorf("compare %s with %s: %d of the loads are more than 5 %% slower", filepath.Base(*newer), filepath.Base(*older), slower)
	}
	return nil
}

// question is what both agents are asked.
type question struct {
	path        string
	connections int
}

// hold asks both agents in turn and returns the median of the rounds' ratios, new to old.
func (p plan) hold(ctx context.Context, agents [2]*process, q question) (float64, string, error) {
	var ratios []float64
	var loads [2][]load
	for round := range p.rounds {
		var rates [2]float64
		for turn := range agents {
			i := (turn + round) % 2 // who goes first changes
			l, err := p.loaded(ctx, q.connections, agents[i].url(q.path), []*process{agents[i]})
			if err != nil {
				return 0, "", err
			}
			rates[i] = l.rate
			loads[i] = append(loads[i], l)
		}
		ratios = append(ratios, rates[1]/rates[0])
	}
	ratio := median(ratios)
	return ratio, fmt.Sprintf("old %s; new %s; ratio %.3f", medianLoad(loads[0]), medianLoad(loads[1]), ratio), nil
}
