package web

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"calendarbot/agent/run"
)

// connect opens a connection and says something on it.
func (d *device) connect(says string) net.Conn {
	d.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(d.url, "http://"))
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			d.t.Error(err)
		}
	})
	if _, err := conn.Write([]byte(says)); err != nil {
		d.t.Fatal(err)
	}
	return conn
}

// heard is a listener that tells when something was read.
type heard struct {
	net.Listener
	something chan struct{}
}

func (h heard) Accept() (net.Conn, error) {
	c, err := h.Listener.Accept()
	return heardConn{c, h.something}, err
}

type heardConn struct {
	net.Conn
	something chan struct{}
}

func (c heardConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.something <- struct{}{}
	}
	return n, err
}

// A browser opens connections in advance, which end with the program, not after their time.
func TestStopDoesNotWaitForSilentClients(t *testing.T) {
	var log bytes.Buffer
	d := start(t, func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	silent := d.connect("")
	d.ask("GET", "/healthz", "") // is accepted after it
	if err := d.stop(); err != nil {
		t.Error(err)
	}
	if _, err := silent.Read(make([]byte, 1)); err == nil {
		t.Error("it got an answer to nothing")
	}
	if strings.Contains(log.String(), "cut off") {
		t.Errorf("it was waited for:\n%s", log.String())
	}
}

// Who does not finish a request is cut off at the end of the program, which is no failure of it.
func TestStopCutsOffSlowClients(t *testing.T) {
	t.Parallel() // it takes as long as requests may
	var log bytes.Buffer
	something := make(chan struct{}, 1)
	d := start(t, func(o *Options) {
		o.Log, o.Listener = slog.New(slog.NewTextHandler(&log, nil)), heard{o.Listener, something}
	})
	slow := d.connect("GET / HTTP/1.1\r\nHost: ")
	<-something
	if err := d.stop(); err != nil {
		t.Error(err)
	}
	if _, err := slow.Read(make([]byte, 1)); err == nil {
		t.Error("it got an answer")
	}
	if !strings.Contains(log.String(), "cut off") || !strings.Contains(log.String(), "connections=1") {
		t.Errorf("nobody is told:\n%s", log.String())
	}
}

// hanging is a task that does not end when it is asked to.
type hanging struct{ ready, release chan struct{} }

func (h hanging) Run(context.Context) error { <-h.release; return nil }
func (h hanging) Ready() <-chan struct{}    { return h.ready }
func (h hanging) String() string            { return "a task that hangs" }

// Clients that never finish their requests do not make the program give up the server as one that hangs.
func TestStopIsShorterThanPatience(t *testing.T) {
	const least = 2 * time.Second // for all the rest of the stop
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		h := hanging{ready: make(chan struct{}), release: make(chan struct{})}
		defer close(h.release)
		began := time.Now()
		if err := run.NewGroup(slog.New(slog.DiscardHandler), h).Run(ctx); err == nil {
			t.Error("a task that hangs is waited for without end")
		}
		if patience := time.Since(began); farewell+stopTimeout+least > patience { // of the bubble's time
			t.Errorf("stopping takes up to %s, of %s", farewell+stopTimeout, patience)
		}
	})
}
