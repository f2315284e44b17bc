// Package web is the HTTP server: every URL is in routes.go. It turns text into queries, pages into
// answers, and guards what changes anything.
package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/config"
	"calendarbot/agent/feed"
	"calendarbot/agent/page"
	"calendarbot/agent/store"
)

// What one client, and all of them together, may take of a device with 512 MB.
const (
	maxBody        = 64 << 10
	maxHeader      = 16 << 10
	maxConnections = 256
	maxPages       = 8  // drawn at the same time; the others wait
	maxTrials      = 2  // fetches started by a person at the same time
	maxStreams     = 32 // open event streams

	readTimeout  = 10 * time.Second // of a whole request
	writeTimeout = 20 * time.Second // of an answer; a stream has its own
	idleTimeout  = 60 * time.Second // between requests of a connection
	pageTimeout  = 15 * time.Second // waiting for a page, its turn included
	stopTimeout  = 8 * time.Second  // for requests in flight when the program ends
)

// Options is what New needs. Listener and Log may be nil.
type Options struct {
	Config    config.Config
	Page      page.Func
	Store     *store.Store
	Refresher *feed.Refresher
	Zone      *time.Location   // the device's zone
	Now       func() time.Time // the program's clock
	Log       *slog.Logger
	Version   string
	Listener  net.Listener // nil: listen on Config.Web when Run starts
}

// Server is the web server.
type Server struct {
	o          Options
	app        *fiber.App
	hosts      map[string]bool // names that may stand in the Host header
	probe      atomic.Pointer[probe]
	pulse      *pulse
	openAPITag string
	pages      chan struct{} // a place per page being drawn
	trials     chan struct{}
	started    time.Time // real time
	ready      chan struct{}
	addr       net.Addr // set before ready is closed
}

// New returns a server that does not listen yet, unless it was given a listener.
func New(o Options) *Server {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		o: o, hosts: hostNames(o.Config.Web.AllowedHosts, os.Hostname), started: time.Now(), ready: make(chan struct{}), openAPITag: tagOf(openAPIFile),
		pages: make(chan struct{}, maxPages), trials: make(chan struct{}, maxTrials),
	}
	s.pulse = newPulse(o.Store.Generation, s.pictureUntil, o.Now)
	s.app = fiber.New(fiber.Config{
		DisableStartupMessage: true,
		CaseSensitive:         true,
		StrictRouting:         true,
		BodyLimit:             maxBody,
		ReadBufferSize:        maxHeader,
		Concurrency:           maxConnections,
		ReadTimeout:           readTimeout,
		WriteTimeout:          writeTimeout,
		IdleTimeout:           idleTimeout,
		ErrorHandler:          s.fail,
		// A form or a JSON body is read as bytes; nothing here takes files.
		DisablePreParseMultipartForm: true,
	})
	s.app.Server().CloseOnShutdown = true
	s.app.Use(s.guarded)
	for _, r := range s.routes() {
		h := s.allowed(r)
		s.app.Add(r.method, r.path, h)
		if r.method == fiber.MethodGet {
			s.app.Add(fiber.MethodHead, r.path, h)
		}
	}
	return s
}

// Run serves until ctx ends; then streams are ended and requests in flight finished, in bounded time.
func (s *Server) Run(ctx context.Context) error {
	ln := s.o.Listener
	if ln == nil {
		var err error
		address := net.JoinHostPort(s.o.Config.Web.Host, strconv.Itoa(s.o.Config.Web.Port))
		if ln, err = new(net.ListenConfig).Listen(ctx, "tcp", address); err != nil {
			return fmt.Errorf("listen on %s: %w", address, err)
		}
	}
	s.addr = ln.Addr()

	beating, stopBeating := context.WithCancel(ctx)
	beat := make(chan struct{})
	go func() {
		defer close(beat)
		s.pulse.run(beating)
	}()
	served := make(chan error, 1)
	go func() { served <- s.app.Listener(ln) }()
	close(s.ready)

	var err error
	select {
	case <-ctx.Done():
	case err = <-served:
		served <- nil
	}
	stopBeating()
	<-beat
	if stopErr := s.app.ShutdownWithTimeout(stopTimeout); err == nil && stopErr != nil && !errors.Is(stopErr, net.ErrClosed) {
		err = fmt.Errorf("stop serving: %w", stopErr)
	}
	// A server that was stopped before it began to serve does not know its listener yet.
	if closeErr := ln.Close(); err == nil && closeErr != nil && !errors.Is(closeErr, net.ErrClosed) {
		err = fmt.Errorf("stop listening: %w", closeErr)
	}
	if serveErr := <-served; err == nil && serveErr != nil {
		err = fmt.Errorf("serve: %w", serveErr)
	}
	return err
}

// Ready is closed when the server listens.
func (s *Server) Ready() <-chan struct{} { return s.ready }

// String names the task.
func (s *Server) String() string { return "web" }

// Addr returns the address that is listened on; nil before Ready.
func (s *Server) Addr() net.Addr {
	select {
	case <-s.ready:
		return s.addr
	default:
		return nil
	}
}
