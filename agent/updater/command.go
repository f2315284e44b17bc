package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"calendarbot/agent/slot"
	"calendarbot/agent/update"
	"calendarbot/agent/update/repository"
)

const helpText = `CalendarBot's updater: asks a repository what there is, takes what this device should have, and has it tried.

Usage:
  calendarbot-update WORD [FLAGS] [ARGUMENTS]

Words:
  status            print what runs, what is on trial or went back, what there is, and why it is not installed yet
  check             ask the repository what there is, and leave what was withdrawn
  apply [VERSION]   install the newest, or this one, without waiting for the hours of update.window; a new system
                    is started in those hours, or at once with --now
  back              go back from what runs or is on trial now to the program that ran before (--kind system: to the other system)
  run               what the timer starts: carry out orders, else do what the configuration lets it do by itself

Flags:
  --from PLACE      a folder or .tar file with a repository, such as on a USB stick, instead of the network
  --url ADDRESS     the address of a repository (default: update.url of the configuration, else the one that was baked)
  --kind KIND       agent or system (default: both for apply, agent for back)
  --now             start a new system at once
  --why TEXT        why to go back, for a person
  --json            print the state as JSON
  --wait TIME       wait so long for another update that is under way, such as 30m (default: not at all)
  --root FOLDER     in front of all paths of the device (default /)

Examples:
  calendarbot-update status
  calendarbot-update check --json
  calendarbot-update apply 1.3.0 --kind agent
  calendarbot-update apply --from /media/stick/calendarbot-update
  calendarbot-update back --why "the page is empty since the update"
`

var errUsage = errors.New("see calendarbot-update --help")

// wish is what the command line asks for.
type wish struct {
	word, from, url, why string
	kind                 slot.Kind
	version              string
	now, json            bool
	wait                 time.Duration
	root                 string
}

// stuck is the exit status of a run that an order would start again at once, as it could not be taken away.
const stuck = 3

// errStuck is why.
var errStuck = errors.New("the orders stay where they are")

// command runs the command line and returns the exit status: 0 when it did what was asked, 1 when it could not, 2 when it was not
// understood, or stuck.
func command(ctx context.Context, args []string, out, said io.Writer) int {
	w, err := parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(out, helpText)
		return 0
	case err != nil:
		fmt.Fprintf(said, "calendarbot-update: %v\n", err)
		return 2
	case w.word == "version":
		fmt.Fprintf(out, "calendarbot-update %s\n", version)
		return 0
	}
	if err := obey(ctx, w, out, said); err != nil {
		fmt.Fprintf(said, "calendarbot-update: %v\n", err)
		if errors.Is(err, errStuck) {
			return stuck
		}
		return 1
	}
	return 0
}

func obey(ctx context.Context, w wish, out, said io.Writer) error {
	u, err := newUpdater(w, said)
	if err != nil {
		return errors.Join(err, errStuck)
	}
	switch w.word {
	case "status":
	case "check":
		err = u.alone(ctx, w.wait, func(ctx context.Context) error { return u.check(ctx, w.from) })
	case "apply":
		err = u.alone(ctx, w.wait, func(ctx context.Context) error {
			return u.apply(ctx, w.from, update.Asked{Now: true, Kind: w.kind, Version: w.version}, w.now)
		})
	case "back":
		if err = u.back(slot.Order{Kind: w.kind, Why: w.why, By: "person"}); err == nil {
			u.say("It is asked for: %s", goes(w.kind))
		}
		if !w.json {
			return err // what the last check found has nothing to do with it
		}
	case "run":
		// An order that nobody took would start this one again and again, so the other updater is waited for.
		begun := false
		err := u.alone(ctx, lockEver, func(ctx context.Context) error {
			begun = true
			return u.run(ctx)
		})
		if !begun && ctx.Err() == nil {
			err = errors.Join(err, errStuck)
		}
		return err
	}
	return errors.Join(err, u.show(out, err))
}

// goes says what follows when what was asked for is carried out.
func goes(kind slot.Kind) string {
	if kind == slot.System {
		return "the device starts anew with the other system, where that can be started; \"calendarbot slots show\" tells what became of it."
	}
	return "the program that ran before is started in a moment; \"calendarbot slots show\" tells what became of it."
}

func parse(args []string) (wish, error) {
	w := wish{}
	fs := flag.NewFlagSet("calendarbot-update", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.StringVar(&w.from, "from", "", "")
	fs.StringVar(&w.url, "url", "", "")
	fs.StringVar(&w.root, "root", "/", "")
	fs.StringVar(&w.why, "why", "", "")
	fs.BoolVar(&w.now, "now", false, "")
	fs.DurationVar(&w.wait, "wait", 0, "")
	fs.BoolVar(&w.json, "json", false, "")
	kind := fs.String("kind", "", "")
	about := fs.Bool("version", false, "")
	var rest []string
	for {
		if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
			return w, err
		} else if err != nil {
			return w, fmt.Errorf("%w: %w", err, errUsage)
		}
		if args = fs.Args(); len(args) == 0 {
			break
		}
		rest, args = append(rest, args[0]), args[1:]
	}
	w.kind = slot.Kind(*kind)
	if *about {
		rest = []string{"version"}
	}
	if len(rest) == 0 {
		return w, fmt.Errorf("it takes one of the words status, check, apply, back, run: %w", errUsage)
	}
	w.word, rest = rest[0], rest[1:]
	most := 0
	switch w.word {
	case "help":
		return w, flag.ErrHelp
	case "version":
	case "apply":
		most = 1
	case "status", "check", "back", "run":
	default:
		return w, fmt.Errorf("there is no word %q; allowed are status, check, apply, back, run: %w", w.word, errUsage)
	}
	switch {
	case len(rest) > most:
		return w, fmt.Errorf("%s takes at most %d arguments, not %d: %w", w.word, most, len(rest), errUsage)
	case w.kind != "" && w.kind != slot.Agent && w.kind != slot.System:
		return w, fmt.Errorf("--kind %q is neither agent nor system: %w", w.kind, errUsage)
	case w.wait < 0 || w.wait > lockEver:
		return w, fmt.Errorf("--wait %s is not from 0s to %s: %w", w.wait, lockEver, errUsage)
	case w.from != "" && !repository.Local(w.from):
		return w, fmt.Errorf("--from is a folder or file; for an address there is --url: %w", errUsage)
	}
	if len(rest) == 1 {
		if w.version = strings.TrimPrefix(rest[0], "v"); !update.IsVersion(w.version) {
			return w, fmt.Errorf("%q is no version, such as 1.2.3: %w", rest[0], errUsage)
		}
	}
	if w.url != "" {
		if u, err := url.Parse(w.url); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return w, fmt.Errorf("--url %q does not begin with https:// or http://: %w", w.url, errUsage)
		}
	}
	var err error
	w.root, err = filepath.Abs(w.root)
	return w, err
}

// address is the repository on the network: of the command line, of the configuration, or baked; "" for none.
func (u *updater) address() string {
	for _, text := range []string{u.wish.url, u.settings.URL} {
		if text != "" {
			return text
		}
	}
	text, err := os.ReadFile(filepath.Join(u.root, update.AddressFile))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
