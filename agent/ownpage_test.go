package main

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestOwnPageBeatsWhileThePageIsAnswered: whatever is answered shows that the server does its work, but a fault of its own or silence.
func TestOwnPageBeatsWhileThePageIsAnswered(t *testing.T) {
	status, asked := http.StatusOK, ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Host + r.URL.Path + " " + r.Header.Get("X-Calendarbot-Self")
		w.Header().Set("Location", "/login")
		w.WriteHeader(status)
	}))
	defer server.Close()
	var address net.Addr
	beats, log := 0, bytes.Buffer{}
	o := newOwnPage(func() net.Addr { return address }, "itself", func() { beats++ }, slog.New(slog.NewTextHandler(&log, nil)))

	o.look(t.Context())
	if beats != 0 || log.Len() != 0 {
		t.Errorf("before the server listens: %d beats, log %q", beats, &log)
	}
	if first := o.pause(); first >= ownPageEvery {
		t.Errorf("the first look is repeated after %v", first)
	}
	address = server.Listener.Addr()
	for _, status = range []int{http.StatusOK, http.StatusFound, http.StatusUnauthorized} {
		before := beats
		o.look(t.Context())
		if beats != before+1 || asked != "localhost/self itself" {
			t.Errorf("%d: %d beats, asked for %q", status, beats-before, asked)
		}
	}
	select {
	case <-o.Ready():
	default:
		t.Error("not ready after the page was seen")
	}
	if o.pause() != ownPageEvery {
		t.Errorf("looks every %v", o.pause())
	}
	before := beats
	status = http.StatusServiceUnavailable
	o.look(t.Context())
	o.look(t.Context())
	if beats != before || strings.Count(log.String(), "503 Service Unavailable") != 1 {
		t.Errorf("%d beats for a page that fails; log %s", beats-before, &log)
	}
	status = http.StatusOK
	o.look(t.Context())
	if beats != before+1 || !strings.Contains(log.String(), "answered again") {
		t.Errorf("%d beats after that; log %s", beats-before, &log)
	}
	server.Close()
	o.look(t.Context())
	if beats != before+1 || !strings.Contains(log.String(), "connection refused") {
		t.Errorf("%d beats without a server; log %s", beats-before, &log)
	}
}

func TestOwnPageEndsWithItsContext(t *testing.T) {
	o := newOwnPage(func() net.Addr { return nil }, "", func() {}, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- o.Run(ctx) }()
	cancel()
	if err := <-ended; err != context.Canceled {
		t.Errorf("ended with %v", err)
	}
}
