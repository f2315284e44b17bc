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
	"strconv"
	"strings"
	"syscall"
	"time"

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

// serve starts the agent with one feed and the database in dir.
func (p plan) serve(ctx context.Context, dir, feed string, prefix ...string) (*process, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(address)
	args := append(prefix, p.agent, "--host", "127.0.0.1", "--port", port, "--store", filepath.Join(dir, "calendarbot.db"))
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = []string{"CALENDARBOT_ICS_URL=" + feed, "CALENDARBOT_DEFAULT_TIMEZONE=Europe/Berlin", "CALENDARBOT_CONFIG=" + os.DevNull, "CALENDARBOT_LOG_LEVEL=error", "CALENDARBOT_TEST_TIME=" + household.LargeNow().Format(time.RFC3339), "PATH=" + os.Getenv("PATH"), "HOME=" + dir}
	return startProcess(cmd, address)
}

func startProcess(cmd *exec.Cmd, address string) (*process, error) {
	cmd.Stderr = os.Stderr
	started := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return &process{cmd: cmd, address: address, started: started}, nil
}

// wait asks for path until the answer is right and returns the time since the start.
func (pr *process) wait(ctx context.Context, path string, right func(status int, body []byte) bool) (time.Duration, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for {
		status, body, err := get(ctx, "http://"+pr.address+path)
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
		return 0, err
	}
	if err := pr.cmd.Wait(); err != nil {
		return 0, fmt.Errorf("stop %s: %w", pr.cmd.Path, err)
	}
	return pr.cmd.ProcessState.UserTime() + pr.cmd.ProcessState.SystemTime(), nil
}

// memory returns a field of /proc/PID/status in MiB: VmRSS (now) or VmHWM (the peak).
func (pr *process) memory(field string) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pr.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, field+":"); ok {
			kib, err := strconv.ParseFloat(strings.Fields(value)[0], 64)
			return kib / 1024, err
		}
	}
	return 0, fmt.Errorf("no %s in /proc/PID/status", field)
}

// cpu returns the time that the process's threads have run so far (proc(5), schedstat).
func (pr *process) cpu() (time.Duration, error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pr.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			continue // the thread has ended meanwhile
		}
		ns, err := strconv.ParseInt(strings.Fields(string(text))[0], 10, 64)
		if err != nil {
			return 0, err
		}
		sum += time.Duration(ns)
	}
	return sum, nil
}

// median returns the middle value.
func median[T float64 | time.Duration](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
