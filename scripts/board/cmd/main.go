// Command board boots the image that people flash on an emulated Zero 2 W, for `make run-image`.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata"

	"calendarbot/scripts/board"
	"calendarbot/scripts/demo/household"
	"calendarbot/scripts/emulator"
)

const usage = `board boots the image that people flash, on an emulated Raspberry Pi Zero 2 W, with the calendar at
http://127.0.0.1:8088. The image itself stays as it is: the board has a card of its own, which is
kept for the next time until there is a newer image. Emulating takes its time: a minute or a few.

Usage:
  board [--image FILE] [--fresh] [--config FILE] [--port PORT] [--screen none|vnc|window]

  --image FILE      the image (default: the newest of dist/image/*.img)
  --fresh           begin with a new card, as after flashing
  --config FILE     the calendarbot.yaml that is put on a new card; by default one with the
                    calendars of a household that does not exist, served from this computer
  --port PORT       the calendar's port on 127.0.0.1 (default 8088, 0 for any free one)
  --feed-port PORT  the household's port on 127.0.0.1 (default 8089)
  --screen none|vnc|window
                    how the board's screen is seen (default none)
  --args TEXT       more arguments for the kernel, as in systemd.journald.forward_to_console=1
  --verbose         print what the board says on its serial console

Examples:
  board
  board --fresh --screen vnc
  board --config mine.yaml --port 9000
  board --verbose --args systemd.journald.forward_to_console=1

Ctrl-C ends it, as if the plug was pulled; what was saved is there the next time.
`

// options are the flags.
type options struct {
	image, config, screen, arguments string
	port, feedPort                   int
	fresh, verbose                   bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o, err := parse(os.Args[1:], os.Stdout)
	if err == nil {
		err = run(ctx, o, os.Stdout)
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "board:", err)
		os.Exit(1)
	}
}

func parse(args []string, out io.Writer) (options, error) {
	flags := flag.NewFlagSet("board", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	var o options
	flags.StringVar(&o.image, "image", "", "")
	flags.BoolVar(&o.fresh, "fresh", false, "")
	flags.StringVar(&o.config, "config", "", "")
	flags.IntVar(&o.port, "port", 8088, "")
	flags.IntVar(&o.feedPort, "feed-port", 8089, "")
	flags.StringVar(&o.screen, "screen", "none", "")
	flags.StringVar(&o.arguments, "args", "", "")
	flags.BoolVar(&o.verbose, "verbose", false, "")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(out, usage)
		}
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q; see board --help", flags.Arg(0))
	}
	switch o.screen {
	case "none", string(board.VNC), string(board.Window):
	default:
		return o, fmt.Errorf("--screen %q is not known; allowed are none, vnc and window", o.screen)
	}
	return o, nil
}

// run boots a board and returns when it is off or the context ends.
func run(ctx context.Context, o options, out io.Writer) (err error) {
	if err := board.Tools(); err != nil {
		return err
	}
	image, err := newest(o.image)
	if err != nil {
		return err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return fmt.Errorf("find the cache: %w", err)
	}
	folder := filepath.Join(cache, "calendarbot", "board")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("make the cache: %w", err)
	}
	lock, err := lock(folder)
	if err != nil {
		return err
	}
	defer lock.Close() // which unlocks it
	key, err := board.NewKey(ctx, folder)
	if err != nil {
		return err
	}
	card, err := insert(ctx, o, image, folder, key, out)
	if err != nil {
		return err
	}
	if o.config == "" {
		closeFeeds, err := serveHousehold(o.feedPort)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, closeFeeds()) }()
	}
	screen := board.Screen(o.screen)
	if o.screen == "none" {
		screen = board.NoScreen
	}
	b, err := board.Start(ctx, card, board.Options{Port: o.port, Screen: screen, Key: key, Arguments: []string{o.arguments}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	return attend(ctx, b, o, out)
}

// attend tells how far the board got, until it is off or the context ends.
func attend(ctx context.Context, b *board.Board, o options, out io.Writer) error {
	if o.screen == string(board.VNC) {
		where, err := b.Ask("query-vnc", nil)
		if err != nil {
			return err
		}
		var screen struct{ Host, Service string }
		if err := json.Unmarshal([]byte(where), &screen); err != nil {
			return fmt.Errorf("ask where the screen is: %w", err)
		}
		fmt.Fprintf(out, "Its screen: vnc://%s\n", net.JoinHostPort(screen.Host, screen.Service))
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	begin := time.Now()
	if o.verbose {
		go echo(ctx, b.Console, out)
	} else {
		go b.Stages(ctx, func(s board.Stage) { fmt.Fprintf(out, "%6.1f s  %s\n", s.After.Seconds(), s.Name) })
	}
	if err := b.Ready(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("%w; the board's last words were:\n%s", err, b.Console.Last(40))
	}
	if o.config == "" {
		// The board has no time server here, and shows no calendar without the time.
		if err := b.HearTime(ctx); err != nil && ctx.Err() == nil {
			return err
		}
	}
	fmt.Fprintf(out, "%6.1f s  calendar ready\n\nThe calendar: %s\nA shell: %s\nCtrl-C ends it.\n", time.Since(begin).Seconds(), b.Web, strings.Join(b.Login(), " "))
	select {
	case <-b.Ended():
		fmt.Fprintln(out, "The board switched itself off.")
	case <-ctx.Done():
	}
	return nil
}

func echo(ctx context.Context, console *emulator.Console, out io.Writer) {
	for number := 0; ; {
		line, next, err := console.Next(ctx, number)
		if err != nil {
			return
		}
		fmt.Fprintf(out, "%6.1f s  %s\n", line.After.Seconds(), line.Text)
		number = next
	}
}

// serveHousehold serves the household's calendars until it is closed.
func serveHousehold(port int) (closeIt func() error, err error) {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return nil, fmt.Errorf("serve the household's calendars: %w; --feed-port chooses another port, which takes --fresh", err)
	}
	server := &http.Server{Handler: household.Handler(time.Now()), ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	return func() error {
		err := server.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve the household's calendars: %w", err)
		}
		return err
	}, nil
}
