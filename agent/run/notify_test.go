package run

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// manager listens where the service manager would.
func manager(t *testing.T) *net.UnixConn {
	t.Helper()
	name := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Setenv("NOTIFY_SOCKET", name)
	return conn
}

// hear waits for the next message.
func hear(t *testing.T, conn *net.UnixConn) string {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 4096)
	n, err := conn.Read(buffer)
	if err != nil {
		t.Fatal(err)
	}
	return string(buffer[:n])
}

// silent checks that no message is waiting.
func silent(t *testing.T, conn *net.UnixConn) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now()); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 4096)
	if n, err := conn.Read(buffer); err == nil {
		t.Errorf("unexpected message %q", buffer[:n])
	}
}

func TestReadyIsToldWhenAllTasksAre(t *testing.T) {
	conn := manager(t)
	web := task{name: "web server", ready: make(chan struct{}), run: untilEnd}
	refresher := task{name: "refresher", ready: make(chan struct{}), run: untilEnd}
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() { result <- NewGroup(quiet(), web, refresher).Run(ctx) }()

	if got := hear(t, conn); got != "STATUS=starting: waiting for the web server" {
		t.Errorf("got %q", got)
	}
	close(web.ready)
	if got := hear(t, conn); got != "STATUS=starting: waiting for the refresher" {
		t.Errorf("got %q", got)
	}
	silent(t, conn)
	close(refresher.ready)
	if got := hear(t, conn); got != "READY=1\nSTATUS=running" {
		t.Errorf("got %q", got)
	}
	cancel()
	if got := hear(t, conn); got != "STOPPING=1\nWATCHDOG=1\nSTATUS=stopping" {
		t.Errorf("got %q", got)
	}
	if err := <-result; err != nil {
		t.Error(err)
	}
	silent(t, conn)
}

func TestReadyIsNotToldOfAGroupThatEndsBefore(t *testing.T) {
	conn := manager(t)
	never := task{name: "web server", ready: make(chan struct{}), run: untilEnd}
	broken := ready("store", func(context.Context) error { return errors.New("corrupt") })
	if err := NewGroup(quiet(), broken, never).Run(t.Context()); err == nil {
		t.Error("no error")
	}
	for {
		message := hear(t, conn)
		if strings.Contains(message, "READY=1") {
			t.Errorf("told %q", message)
		}
		if strings.HasPrefix(message, "STOPPING=1") {
			break
		}
	}
}

func TestServiceManagerThatIsGoneStopsNothing(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", filepath.Join(t.TempDir(), "nobody"))
	var log bytes.Buffer
	ctx, cancel := context.WithCancel(t.Context())
	group := NewGroup(slog.New(slog.NewTextHandler(&log, nil)), ready("web", func(ctx context.Context) error {
		cancel()
		return untilEnd(ctx)
	}))
	if err := group.Run(ctx); err != nil {
		t.Error(err)
	}
	if !strings.Contains(log.String(), "tell the service manager") {
		t.Errorf("log: %s", &log)
	}
}
