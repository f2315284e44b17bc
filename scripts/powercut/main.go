// Command powercut cuts the power while a device updates itself, tries configurations and goes back: once before each durable step of each
// command, and at random moments on a real file system, an ext4 on a loop device whose file is copied while it is mounted, so that what was
// not yet on the disk is lost. After each cut the device is started, one whole version has to be chosen, nothing of the person's may
// be lost, and what was cut has to come to its end.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	cuts := flag.Int("cuts", 200, "how many random moments on a file system")
	seed := flag.Uint64("seed", 0, "where the random numbers begin; 0: anywhere. A cut that fails names its own, to be repeated with --cuts 1 --steps=false: the same work, cut at the same time")
	steps := flag.Bool("steps", true, "cut before each durable step too")
	work := flag.String("work", memory(), "where devices and disks are laid; some hundred megabytes")
	flag.Parse()
	err := cutAll(ctx, os.Stdout, *work, *cuts, *seed, *steps)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "powercut:", err)
		os.Exit(1)
	}
}

// memory is a folder whose file system lies in memory, where there is one: what is written there by thousands wears nothing out, and is
// synced at once. The disks of the random moments have a cache of their own, which is what is lost.
func memory() string {
	const folder = "/dev/shm"
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return os.TempDir()
	}
	return folder
}

func cutAll(ctx context.Context, out io.Writer, where string, cuts int, seed uint64, steps bool) (err error) {
	folder, done, err := workFolder(where)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	t, err := newTools(ctx, ".", folder)
	if err != nil {
		return err
	}
	defer t.close()
	var failed []error
	if steps {
		fmt.Fprintln(out, "Before each durable step:")
		heading(out)
		var sum figures
		for _, w := range works() {
			f, err := everyStep(ctx, t, w, folder)
			if failed = append(failed, err); err != nil {
				fmt.Fprintln(out, "FAILED:", err)
			}
			f.print(out, w.name)
			sum.add(f)
		}
		sum.print(out, "all")
	}
	if cuts > 0 {
		failed = append(failed, randomCuts(ctx, out, t, folder, cuts, seed))
	}
	return errors.Join(failed...)
}

func randomCuts(ctx context.Context, out io.Writer, t *tools, folder string, cuts int, seed uint64) error {
	b, err := newBench(ctx, t, folder)
	if err != nil {
		return err
	}
	if seed == 0 {
		seed = rand.Uint64() >> 16
	}
	fmt.Fprintf(out, "\nAt %d random moments on an ext4, seeds %d to %d:\n", cuts, seed, seed+uint64(cuts)-1)
	all, sum := map[string]figures{}, figures{}
	var failed []error
	for i := range uint64(cuts) {
		f, what, err := b.cut(ctx, seed+i)
		if err != nil {
			err = fmt.Errorf("seed %d, %s: %w", seed+i, what, err)
			fmt.Fprintln(out, "FAILED:", err)
			failed = append(failed, err)
		}
		if ctx.Err() != nil {
			return errors.Join(append(failed, ctx.Err())...)
		}
		w, _ := chosenBy(seed + i)
		of := all[w.name]
		of.add(f)
		all[w.name] = of
		sum.add(f)
	}
	heading(out)
	for _, w := range works() {
		if f, there := all[w.name]; there {
			f.print(out, w.name)
		}
	}
	sum.print(out, "all")
	return errors.Join(failed...)
}

func heading(out io.Writer) {
	fmt.Fprintf(out, "  %-32s %6s %8s %6s %10s %8s\n", "", "cuts", "former", "new", "half done", "time")
}

func (f figures) print(out io.Writer, name string) {
	fmt.Fprintf(out, "  %-32s %6d %8d %6d %10d %8s\n", name, f.Cuts, f.Former, f.New, f.Resumed, f.Took.Round(100*time.Millisecond))
}
