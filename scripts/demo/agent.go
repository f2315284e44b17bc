package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"calendarbot/scripts/demo/household"
)

// people names and colours the household's calendars.
func people() map[string][2]string {
	return map[string][2]string{
		"work.ics":   {"Work", "#2f6fde"},
		"family.ics": {"Family", "#2e9e5b"},
		"school.ics": {"School", "#d98a00"},
		"broken.ics": {"Sports club", "#b03a6f"},
	}
}

// agentOptions say how the agent is started.
type agentOptions struct {
	path  string // its binary
	port  string
	feeds string // address of the household's calendars
	zone  string // "" for the machine's
	now   string // "" for the running clock
}

// runAgent runs the agent with a database in a temporary folder until ctx ends, and prints its address as
// soon as it answers.
func runAgent(ctx context.Context, o agentOptions, out io.Writer) error {
	dir, err := os.MkdirTemp("", "calendarbot-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "calendarbot.yaml")
	if err := os.WriteFile(file, []byte(configuration(o.feeds)), 0o600); err != nil {
		return err
	}
	if o.port == "0" {
		if o.port, err = freePort(); err != nil {
			return err
		}
	}
	cmd := exec.CommandContext(ctx, o.path, "serve", "--config", file, "--host", "127.0.0.1", "--port", o.port, "--store", filepath.Join(dir, "calendarbot.db"))
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.Stderr = os.Stderr
	socket := filepath.Join(dir, "control.sock")
	cmd.Env = append(os.Environ(), "CALENDARBOT_LOG_LEVEL=warn", "CALENDARBOT_WEB_SOCKET="+socket)
	if o.zone != "" {
		cmd.Env = append(cmd.Env, "CALENDARBOT_DEFAULT_TIMEZONE="+o.zone)
	}
	if o.now != "" {
		cmd.Env = append(cmd.Env, "CALENDARBOT_TEST_TIME="+o.now)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the agent: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	address := "http://127.0.0.1:" + o.port
	if answers(ctx, address+"/readyz", ended) {
		fmt.Fprintf(out, "\nCalendarBot shows the demo household at %s\n"+
			"Its settings, in another terminal: %s features list --socket %s\nCtrl-C ends it.\n", address, o.path, socket)
	}
	err = <-ended
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("the agent ended: %w", err)
}

// configuration is the agent's: the household's calendars by name.
func configuration(feeds string) string {
	var b strings.Builder
	b.WriteString("device:\n  name: Demo household\nsources:\n")
	for _, name := range household.Feeds() {
		who := people()[name]
		fmt.Fprintf(&b, "  - name: %s\n    url: %s/%s\n    color: %q\n", who[0], feeds, name, who[1])
	}
	return b.String()
}

// answers waits until the address answers well; false when the agent ended or ctx did.
func answers(ctx context.Context, address string, ended chan error) bool {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if resp, err := http.Get(address); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return true
			}
		}
		select {
		case err := <-ended:
			ended <- err
			return false
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return "", err
	}
	return port, l.Close()
}
