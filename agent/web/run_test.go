package web

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"

	"calendarbot/agent/page"
)

// A request in flight when the program ends is answered whole.
func TestStopFinishesRequests(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	d := start(t, func(o *Options) {
		o.Page = func(context.Context, page.Query) page.Page {
			close(entered)
			<-leave
			return page.Page{Status: 200, Type: "text/html; charset=utf-8", Body: []byte("whole")}
		}
	})
	answered := make(chan answer, 1)
	go func() { answered <- d.ask("GET", "/", "") }()
	<-entered
	stopped := make(chan error, 1)
	go func() { stopped <- d.stop() }()
	d.until("refusing new clients", func() bool {
		conn, err := net.Dial("tcp", strings.TrimPrefix(d.url, "http://"))
		if err != nil {
			return true
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
		return false
	})
	close(leave)
	if a := <-answered; a.StatusCode != http.StatusOK || string(a.body) != "whole" {
		t.Errorf("%d %q", a.StatusCode, a.body)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestListensByItself(t *testing.T) {
	d := start(t)
	o := d.server.o
	o.Listener = nil
	said(t, "web.host", "127.0.0.1")(&o)
	said(t, "web.port", "0")(&o)
	s := New(o)
	if s.Addr() != nil {
		t.Error("an address before Ready")
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	<-s.Ready()
	if s.Addr() == nil || s.Addr().String() == "127.0.0.1:0" {
		t.Errorf("address %v", s.Addr())
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}

	// A port that is taken is an error that says which.
	_, port, err := net.SplitHostPort(strings.TrimPrefix(d.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	said(t, "web.port", port)(&o)
	if err := New(o).Run(t.Context()); err == nil || !strings.Contains(err.Error(), port) {
		t.Errorf("taken port: %v", err)
	}
}
