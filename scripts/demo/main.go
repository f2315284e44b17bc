// Command demo serves the calendars of a household that does not exist, and the agent on them, for `make run`.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata"

	"calendarbot/scripts/demo/household"
)

const usage = `demo serves the calendars of a household that does not exist: an office calendar in
Outlook's dialect, a family calendar in Google's, a school's, and one that always fails. Everything
lies around the time at which it starts. It prints one line per calendar, its name and its address, and runs
until it is interrupted.

Usage:
  demo [--listen ADDRESS] [--now TIME] [--zone ZONE] [--agent BINARY [--port PORT]]

  --listen ADDRESS  where to listen (default 127.0.0.1:0, any free port)
  --now TIME        RFC 3339 time to write the calendars around (default: now)
  --zone ZONE       IANA time zone in which the household lives (default: this machine's)
  --agent BINARY    also run the agent on the calendars, with its database in a temporary folder;
                    with --now its clock stands still there
  --port PORT       the agent's port on 127.0.0.1 (default 8080, 0 for any free one)

Examples:
  demo
  demo --agent bin/calendarbot
  demo --listen 127.0.0.1:9000 --now 2026-06-15T09:12:00Z --zone Europe/Berlin
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, os.Args[1:], os.Stdout); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return
		}
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func serve(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	listen := flags.String("listen", "127.0.0.1:0", "")
	around := flags.String("now", "", "")
	zone := flags.String("zone", "", "")
	agent := flags.String("agent", "", "")
	port := flags.String("port", "8080", "")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprint(out, usage)
		}
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q; see demo --help", flags.Arg(0))
	}
	now := time.Now()
	if *around != "" {
		var err error
		if now, err = time.Parse(time.RFC3339, *around); err != nil {
			return fmt.Errorf("--now %q is not an RFC 3339 time such as 2026-06-15T09:12:00Z", *around)
		}
	}
	loc := time.Local
	if *zone != "" {
		var err error
		if loc, err = time.LoadLocation(*zone); err != nil {
			return fmt.Errorf("--zone %q is not an IANA time zone such as Europe/Berlin", *zone)
		}
	}
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", *listen, err)
	}
	list := ""
	for _, name := range household.Feeds() {
		list += fmt.Sprintf("%s http://%s/%s\n", name, listener.Addr(), name)
	}
	if _, err := io.WriteString(out, list); err != nil {
		listener.Close()
		return fmt.Errorf("print the addresses: %w", err)
	}
	server := &http.Server{Handler: household.Handler(now.In(loc)), ReadHeaderTimeout: 10 * time.Second}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, func() { server.Close() })()
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	if *agent != "" {
		err := runAgent(ctx, agentOptions{path: *agent, port: *port, feeds: "http://" + listener.Addr().String(), zone: *zone, now: *around}, out)
		if err != nil {
			return err
		}
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}
