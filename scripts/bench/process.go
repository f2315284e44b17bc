package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"calendarbot/agent/feature"
	"calendarbot/scripts/demo/household"
)

// process is a running server on loopback.
type process struct {
	cmd     *exec.Cmd
	address string
	started time.Time
}

// freeAddress returns a loopback address that nobody listens on.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// setup is how an agent is started. Its database is in dir; a database that is there is used.
type setup struct {
	dir    string
	feed   string   // address of its only feed; "" for those of the file
	file   string   // configuration; "" for none
	clock  string   // CALENDARBOT_TEST_TIME; "" for the running one
	env    []string // after the rest
	prefix []string // in front of the command, such as taskset
}

// standing is the clock that stands still amid the events of household.Large.
func standing() string { return household.LargeNow().Format(time.RFC3339) }

// firstCore keeps a server on the first processor.
func firstCore() []string { return []string{"taskset", "-c", "0"} }

// allOn forces every feature on, whatever its default.
func allOn() []string {
	var env []string
	for _, f := range feature.All() {
		env = append(env, switched(f.Name, "on"))
	}
	return env
}

// allOff is the agent without anything optional.
func allOff() []string { return []string{"CALENDARBOT_EMERGENCY_OFF=1"} }

// without is allOn but for one feature.
func without(name string) []string { return append(allOn(), switched(name, "off")) }

func switched(name, word string) string {
	return "CALENDARBOT_FEATURES_" + strings.ToUpper(name) + "=" + word
}

// serve starts the agent.
func (p plan) serve(ctx context.Context, s setup) (*process, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	file := s.file
	if file == "" {
		file = os.DevNull
	}
	args := append(slices.Clone(s.prefix), p.agent, "--config", file, "--host", "127.0.0.1", "--port", port, "--store", filepath.Join(s.dir, "calendarbot.db"))
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = []string{"CALENDARBOT_DEFAULT_TIMEZONE=Europe/Berlin", "CALENDARBOT_LOG_LEVEL=error", "CALENDARBOT_WEB_SOCKET=" + filepath.Join(s.dir, "control.sock"), "PATH=" + os.Getenv("PATH"), "HOME=" + s.dir}
	// The load takes all of the processor on purpose; the agent, which would give up what is measured here, is told nothing of that.
	cmd.Env = append(cmd.Env, "CALENDARBOT_TEST_ROOT="+filepath.Join(s.dir, "nothing"))
	if s.feed != "" {
		cmd.Env = append(cmd.Env, "CALENDARBOT_ICS_URL="+s.feed)
	}
	if s.clock != "" {
		cmd.Env = append(cmd.Env, "CALENDARBOT_TEST_TIME="+s.clock)
	}
	cmd.Env = append(cmd.Env, s.env...)
	return p.start(cmd, address)
}

// crew are the servers that run. Each is stopped by who started it, but when something went wrong.
type crew struct {
	mu   sync.Mutex
	list []*process
}

// dismiss ends those that are left; a server with children takes them along.
func (c *crew) dismiss() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, pr := range c.list {
		if pr.cmd.ProcessState != nil {
			continue
		}
		if _, err := pr.stop(); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
	}
}

// start starts a server.
func (p plan) start(cmd *exec.Cmd, address string) (*process, error) {
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	pr := &process{cmd: cmd, address: address, started: time.Now()}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	p.crew.mu.Lock()
	defer p.crew.mu.Unlock()
	p.crew.list = append(p.crew.list, pr)
	return pr, nil
}

func (pr *process) url(path string) string { return "http://" + pr.address + path }

// wait asks for path until the answer is right and returns the time since the start.
func (pr *process) wait(ctx context.Context, path string, right func(status int, body []byte) bool) (time.Duration, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for {
		status, body, err := get(ctx, pr.url(path))
		if err == nil && right(status, body) {
			return time.Since(pr.started), body, nil
		}
		if ctx.Err() != nil {
			return 0, nil, fmt.Errorf("no right answer from %s: last status %d, %v", path, status, err)
		}
		time.Sleep(200 * time.Microsecond)
	}
}

func get(ctx context.Context, url string) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, body, err
}

// isOK is right for every answer that is.
func isOK(status int, _ []byte) bool { return status == http.StatusOK }

// hasEvents is right for an answer of /api/v1/events that holds some.
func hasEvents(status int, body []byte) bool {
	var answer struct {
		Events []json.RawMessage `json:"events"`
	}
	return status == http.StatusOK && json.Unmarshal(body, &answer) == nil && len(answer.Events) > 0
}

// hasMeeting is right for an answer of /api/whats-next that names a meeting.
func hasMeeting(status int, body []byte) bool {
	var answer struct {
		Meeting json.RawMessage `json:"meeting"`
	}
	return status == http.StatusOK && json.Unmarshal(body, &answer) == nil && string(answer.Meeting) != "null"
}

// stop ends the process and returns the CPU time of its whole life.
func (pr *process) stop() (time.Duration, error) {
	if err := pr.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return 0, fmt.Errorf("stop %s: %w", pr.cmd.Path, err)
	}
	if err := pr.cmd.Wait(); err != nil {
		return 0, fmt.Errorf("stop %s: %w", pr.cmd.Path, err)
	}
	return pr.cmd.ProcessState.UserTime() + pr.cmd.ProcessState.SystemTime(), nil
}

// stopAll stops processes in their order.
func stopAll(list ...*process) error {
	for _, pr := range list {
		if _, err := pr.stop(); err != nil {
			return err
		}
	}
	return nil
}
