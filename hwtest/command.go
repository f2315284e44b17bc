package hwtest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"calendarbot/agent/durable"
)

const help = `Usage: calendarbot-hwtest [FLAGS]

Proves on a device what was promised of it, in numbered steps: PASS, FAIL or SKIP with the reason and the figures. It is run
as root on the device, takes 45 to 60 minutes (3 with --quick), and leaves the device as it found it. Reports are left in
/data/hwtest: report.json and report.xml (JUnit).

Examples:
  calendarbot-hwtest --list
  calendarbot-hwtest --quick
  calendarbot-hwtest --only 10-board,60-load
  calendarbot-hwtest --rollback --wireless
  calendarbot-hwtest --panic --only 90-panic
  calendarbot-hwtest --soak 24
  calendarbot-hwtest --restore

Updates are held while it lasts (update.automatic is off). Ctrl-C ends the run and takes back what it changed. A restart of the device, or a
power cut, does not: the next start goes on with the run, as --resume does at once, unless --restore ends it; also where
hwtest/run brought this program, with which it goes on then. When the device was off for more than an hour, what was changed is taken back,
and the steps that are left are skipped.

What is switched and set back stands in the program's log of changes, some dozen times. "calendarbot config undo" without an ID would take back
the last of those: look up the ID of a change of yours with "calendarbot config log".

Exit status: 0 nothing failed, 1 something did, 2 the command is wrong, 3 it was stopped, or the device is being restarted, 4 the run could not
be finished.

Flags:
`

// Exit statuses of the command.
const (
	exitGood = iota
	exitFailed
	exitUsage
	exitRestarting
	exitBroken
)

// errStopped is the cause of a context that a person ended.
var errStopped = errors.New("stopped, and what was changed is taken back")

// stoppable is a context that ends with the first signal, after which the others do again what they do without it. One of the keyboard is a person's;
// any other one comes from systemd, as a rule since the device restarts.
func stoppable(signals <-chan os.Signal, first func()) context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	go func() {
		s := <-signals
		first()
		if s == os.Interrupt {
			cancel(errStopped)
		} else {
			cancel(nil)
		}
	}()
	return ctx
}

// baked is what every image has, and hardly anything else.
const baked = "/usr/share/calendarbot/overlay"

// Main is the command; it returns the exit status.
func Main(ctx context.Context, args []string, out, wrong io.Writer, device func(Options) *Device) int {
	var o Options
	fs := flag.NewFlagSet("calendarbot-hwtest", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	quick := fs.Bool("quick", false, "three minutes in all, instead of 45 to 60")
	hours := fs.Float64("soak", 0, "soak for so many `HOURS` besides, 0.1 to 1000")
	only := fs.String("only", "", "run these `STEPS` alone, with commas between them")
	list := fs.Bool("list", false, "print all steps, or those of --only: what they judge and change, and which would be skipped for which flag")
	asJSON := fs.Bool("json", false, "print the list, or the report, as JSON")
	resume := fs.Bool("resume", false, "go on with the run that a restart of the device, or a power cut, ended; the image does so when it starts")
	restore := fs.Bool("restore", false, "take back what a run changed that was cut short, and end that run")
	fs.BoolVar(&o.Panic, "panic", false, "make the kernel panic, twice (the device restarts)")
	fs.BoolVar(&o.Rollback, "rollback", false, "go back to the other configuration and program, and return (the device restarts twice)")
	fs.BoolVar(&o.Wireless, "wireless", false, "cut the radio's connection for a moment")
	fs.BoolVar(&o.Emulated, "emulated", false, "an emulated board: what is of hardware, and times, are told and not judged")
	fs.StringVar(&o.UpdateURL, "update-url", "", "a repository at this `ADDRESS`, with a newer program that is tried and left again")
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		return printHelp(out, fs)
	} else if err != nil {
		return usage(wrong, err)
	}
	soaks := false
	fs.Visit(func(f *flag.Flag) { soaks = soaks || f.Name == "soak" })
	switch {
	case fs.NArg() > 0:
		return usage(wrong, fmt.Errorf("%q is not understood; there are only flags", fs.Arg(0)))
	case soaks && !(*hours >= 0.1 && *hours <= 1000): // which no number that is none is
		return usage(wrong, errors.New("--soak takes 0.1 to 1000 hours"))
	case *quick && soaks:
		return usage(wrong, errors.New("--quick and --soak exclude each other"))
	}
	o.Mode = Whole
	if *quick {
		o.Mode = Quick
	}
	if soaks {
		o.Mode, o.Soak = Soak, time.Duration(*hours*float64(time.Hour))
	}
	if *only != "" {
		o.Only = strings.Split(*only, ",")
	}
	for _, name := range o.Only {
		if !slices.ContainsFunc(Steps(), func(s Step) bool { return s.Name == name }) {
			return usage(wrong, fmt.Errorf("there is no step %q; --list prints them", name))
		}
	}
	if *list {
		return status(wrong, printList(out, o, *asJSON), exitGood)
	}
	d := device(o)
	if !d.there(baked) {
		return status(wrong, fmt.Errorf("this is no device with CalendarBot's image: there is no %s; hwtest/run takes this program to one", baked), exitBroken)
	}
	lock, err := d.alone()
	if err != nil {
		return status(wrong, err, exitBroken)
	}
	var code int
	if *restore {
		code = status(wrong, d.end(ctx), exitBroken)
	} else {
		code = d.whole(ctx, *resume, *asJSON, out, wrong)
	}
	return max(code, status(wrong, lock.Close(), exitBroken))
}

// end forgets a run that was cut short, and takes back what it changed. In that order: when it is cut short itself, the next start takes back the
// rest, and does not go on with the run.
func (d *Device) end(ctx context.Context) error {
	return errors.Join(durable.Remove(d.note(runFile)), d.Restore(ctx, ""))
}

// whole is a run from its beginning, or from where it was left, to its reports.
func (d *Device) whole(ctx context.Context, resume, asJSON bool, out, wrong io.Writer) int {
	r := Record{Options: d.Options, Began: d.Now(), Clock: d.synchronised()}
	if resume {
		if !d.noted(runFile) && d.noted(undoFile) {
			return status(wrong, d.Restore(ctx, ""), exitBroken)
		}
		if !d.noted(runFile) {
			return status(wrong, errors.New("there is no run to go on with"), exitBroken)
		}
		if err := d.load(runFile, &r); err != nil {
			return status(wrong, err, exitBroken)
		}
		d.Options = r.Options
		d.late(ctx, &r)
	} else if err := d.end(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return status(wrong, fmt.Errorf("take back what a run left that was cut short: %w", err), exitBroken)
	}
	shown := out
	if asJSON {
		shown = wrong // what is read by programs is the report alone
	}
	d.awaitClock(ctx, shown)
	r, err := d.Run(ctx, Steps(), r, shown)
	switch {
	case err != nil && errors.Is(context.Cause(ctx), errStopped):
		return max(status(wrong, errStopped, exitRestarting), status(wrong, d.end(context.WithoutCancel(ctx)), exitBroken))
	case errors.Is(err, errRestarting):
		return status(wrong, err, exitRestarting)
	case err != nil:
		return status(wrong, err, exitBroken)
	}
	if _, err := fmt.Fprintf(shown, "\n%d passed, %d failed, %d skipped; reports are in %s\n", r.Count(Pass), r.Count(Fail), r.Count(Skip), d.Folder()); err != nil {
		return status(wrong, err, exitBroken)
	}
	if asJSON {
		if err := printJSON(out, r); err != nil {
			return status(wrong, err, exitBroken)
		}
	}
	if r.Count(Fail) > 0 {
		return exitFailed
	}
	return exitGood
}

// printHelp prints how the command is used.
func printHelp(out io.Writer, fs *flag.FlagSet) int {
	if _, err := io.WriteString(out, help); err != nil {
		return exitBroken
	}
	fs.SetOutput(out)
	fs.PrintDefaults()
	return exitGood
}

// usage tells that the command is wrong.
func usage(wrong io.Writer, err error) int {
	return status(wrong, fmt.Errorf("%w; --help tells what is allowed", err), exitUsage)
}

// status prints an error, and is the exit status that goes with it: good without one.
func status(wrong io.Writer, err error, code int) int {
	if err == nil {
		return exitGood
	}
	if _, wrote := fmt.Fprintf(wrong, "calendarbot-hwtest: %v\n", err); wrote != nil || code == exitGood {
		return exitBroken
	}
	return code
}
