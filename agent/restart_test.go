package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// held is a socket that is kept open from one program to the next, as the service manager does.
type held struct {
	t       *testing.T
	address string
	socket  *os.File
	notify  *net.UnixConn
	command []string
	env     []string
}

func hold(t *testing.T) *held {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	file, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	closing(t, l) // the file is the same socket
	notify := &net.UnixAddr{Name: socketFile(t) + ".notify", Net: "unixgram"}
	conn, err := net.ListenUnixgram("unixgram", notify)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(file.Close(), conn.Close()); err != nil {
			t.Error(err)
		}
	})
	return &held{
		t: t, address: l.Addr().String(), socket: file, notify: conn,
		command: []string{"-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@"`, os.Args[0], "--store", filepath.Join(t.TempDir(), "calendarbot.db")},
		env: append(os.Environ(), asProgram+"=1", "CALENDARBOT_CONFIG="+os.DevNull, "NOTIFY_SOCKET="+notify.Name,
			"CALENDARBOT_WEB_SOCKET="+socketFile(t), "CALENDARBOT_FEATURES_EMERGENCY_FILE="+filepath.Join(t.TempDir(), "off")),
	}
}

// start starts a program with the socket and waits for READY=1; stop ends it as the service manager does.
func (h *held) start() (stop func()) {
	h.t.Helper()
	ctx, cancel := context.WithCancel(h.t.Context())
	cmd := exec.CommandContext(ctx, "sh", h.command...)
	cmd.Env, cmd.ExtraFiles = h.env, []*os.File{h.socket}
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	buffer := make([]byte, 4096)
	for {
		if err := h.notify.SetReadDeadline(time.Now().Add(patience)); err != nil {
			h.t.Fatal(err)
		}
		n, err := h.notify.Read(buffer)
		if err != nil {
			h.t.Fatalf("it did not become ready: %v", err)
		}
		if strings.HasPrefix(string(buffer[:n]), "READY=1\n") {
			break
		}
	}
	return func() {
		defer cancel()
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			h.t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			h.t.Errorf("the program ended with %v:\n%s", err, &log)
		}
		if strings.Contains(log.String(), "cut off") {
			h.t.Errorf("somebody was cut off:\n%s", &log)
		}
	}
}

// asker asks again and again until ctx ends, and says what was lost.
type asker struct {
	name string
	ask  func() error
	rest time.Duration // between two questions
}

// browser asks as Go's client does.
func browser(address, path string, keep bool) func() error {
	client := &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: !keep}}
	return func() error {
		resp, err := client.Get("http://" + address + path)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		if err = errors.Join(err, resp.Body.Close()); err == nil && resp.StatusCode/100 != 2 {
			err = fmt.Errorf("status %s", resp.Status)
		}
		return err
	}
}

// strict asks on one connection as long as the answers do not end it, and never asks twice: what it does not get an answer to is
// lost.
func strict(address, path string) func() error {
	var conn net.Conn
	var answers *bufio.Reader
	return func() (err error) {
		if conn == nil {
			if conn, err = net.DialTimeout("tcp", address, patience); err != nil {
				return err
			}
			answers = bufio.NewReader(conn)
		}
		end := true
		defer func() {
			if end || err != nil {
				err = errors.Join(err, conn.Close())
				conn = nil
			}
		}()
		if err = conn.SetDeadline(time.Now().Add(patience)); err != nil {
			return err
		}
		if _, err = io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: "+address+"\r\n\r\n"); err != nil {
			return err
		}
		resp, err := http.ReadResponse(answers, nil)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		if err = errors.Join(err, resp.Body.Close()); err == nil && resp.StatusCode/100 != 2 {
			err = fmt.Errorf("status %s", resp.Status)
		}
		end = resp.Close
		return err
	}
}

// TestRestartLosesNoRequest restarts the program again and again while clients ask.
func TestRestartLosesNoRequest(t *testing.T) {
	restarts := 25
	if testing.Short() {
		restarts = 5
	}
	h := hold(t)
	stop := h.start()
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	var answered, lost atomic.Int64
	for _, a := range []asker{
		{"a browser", browser(h.address, "/", true), 0},
		{"a browser that opens anew", browser(h.address, "/", false), 0},
		{"a watcher that opens anew", browser(h.address, "/healthz", false), 0},
		{"a strict client", strict(h.address, "/api/v1/whats-next"), 0},
		{"a strict client", strict(h.address, "/healthz"), 0},
		{"a display", strict(h.address, "/"), 100 * time.Millisecond},
		{"a display", strict(h.address, "/"), 130 * time.Millisecond},
	} {
		all.Go(func() {
			rest := time.NewTicker(max(a.rest, time.Millisecond))
			defer rest.Stop()
			for ctx.Err() == nil {
				if err := a.ask(); err != nil {
					lost.Add(1)
					t.Errorf("%s: %v", a.name, err)
				} else {
					answered.Add(1)
				}
				<-rest.C
			}
		})
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range restarts {
		for enough := answered.Load() + 50; answered.Load() < enough && !t.Failed(); {
			<-tick.C
		}
		stop()
		stop = h.start()
	}
	cancel()
	all.Wait()
	stop()
	t.Logf("%d restarts, %d requests answered, %d lost", restarts, answered.Load(), lost.Load())
}
