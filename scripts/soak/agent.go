package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	startTime = time.Minute      // for the agent to answer for the first time
	stopTime  = 20 * time.Second // for the agent to end
)

// agent is the running program.
type agent struct {
	cmd     *exec.Cmd
	address string // 127.0.0.1:PORT
	log     *tail
	ended   chan struct{} // closed after its end
	err     error         // of its end
}

// startAgent starts it with a configuration file and its database in dir. prefix goes in front of its command.
func startAgent(ctx context.Context, binary, dir, file string, env []string, prefix ...string) (*agent, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	args := append(prefix[:len(prefix):len(prefix)], binary, "serve", "--config", file, "--host", "127.0.0.1", "--port", port, "--store", filepath.Join(dir, "calendarbot.db"))
	a := &agent{address: address, log: &tail{}, ended: make(chan struct{})}
	a.cmd = exec.Command(args[0], args[1:]...)
	a.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for us
	a.cmd.Stderr = a.log
	a.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TZ=Europe/Berlin", "CALENDARBOT_LOG_LEVEL=warn",
		"CALENDARBOT_WEB_SOCKET=", "CALENDARBOT_FEATURES_EMERGENCY_FILE=" + filepath.Join(dir, "emergency-off")}, env...)
	if err := a.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", binary, err)
	}
	go func() {
		defer close(a.ended)
		a.err = a.cmd.Wait()
	}()
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if status, err := ask(ctx, http.DefaultClient, http.MethodGet, a.url("/readyz"), ""); err == nil && status == http.StatusOK {
			return a, nil
		}
		select {
		case <-a.ended:
			return nil, fmt.Errorf("start %s: %w\n%s", binary, a.err, a.log.text())
		case <-ctx.Done():
			_, err := a.stop()
			return nil, errors.Join(fmt.Errorf("wait for %s: %w\n%s", binary, ctx.Err(), a.log.text()), err)
		case <-tick.C:
		}
	}
}

func (a *agent) url(path string) string { return "http://" + a.address + path }

// runs tells whether it has not ended.
func (a *agent) runs() bool {
	select {
	case <-a.ended:
		return false
	default:
		return true
	}
}

// stop asks it to end, and returns how long that took. One that does not is killed.
func (a *agent) stop() (time.Duration, error) {
	if !a.runs() {
		return 0, fmt.Errorf("the agent ended by itself: %w\n%s", a.err, a.log.text())
	}
	began := time.Now()
	if err := a.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return 0, fmt.Errorf("stop the agent: %w", err)
	}
	select {
	case <-a.ended:
		if a.err != nil {
			return 0, fmt.Errorf("stop the agent: %w\n%s", a.err, a.log.text())
		}
		return time.Since(began), nil
	case <-time.After(stopTime):
		err := a.cmd.Process.Kill()
		<-a.ended
		return 0, errors.Join(fmt.Errorf("stop the agent: it did not end within %v\n%s", stopTime, a.log.text()), err)
	}
}

// freeAddress returns a loopback address that nobody listens on.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// tail keeps the end of what is written.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

// tailBytes are kept.
const tailBytes = 64 << 10

// Write keeps b.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.kept = append(t.kept, b...); len(t.kept) > 2*tailBytes {
		t.kept = bytes.Clone(t.kept[len(t.kept)-tailBytes:])
	}
	return len(b), nil
}

func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.kept)
}

// replace writes a file whole or not at all.
func replace(file, text string) error {
	if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

// words shortens an error to one line.
func words(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
