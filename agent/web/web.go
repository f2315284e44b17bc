// Package web is the HTTP server: every URL is in routes.go. It turns text into queries, pages into
// answers, and guards what changes anything.
package web

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/budget"
	"calendarbot/agent/clock"
	"calendarbot/agent/config"
	"calendarbot/agent/conn"
	"calendarbot/agent/feed"
	"calendarbot/agent/guard"
	"calendarbot/agent/health"
	"calendarbot/agent/network"
	"calendarbot/agent/page"
	"calendarbot/agent/pressure"
	"calendarbot/agent/slot"
	"calendarbot/agent/store"
)

// What one client, and all of them together, may take of a device with 512 MB.
const (
	maxBody        = 64 << 10
	maxHeader      = 8 << 10
	maxConnections = 256 // from the network; see crowd.go for each client
	maxTrials      = 2   // fetches started by a person at the same time
	maxStreams     = 32  // open event streams

	readTimeout  = 30 * time.Second // of a whole request, and between requests of a connection
	writeTimeout = 30 * time.Second // of an answer; a stream has its own
	stopTimeout  = 6 * time.Second  // for requests in flight when the program ends; with farewell well below the time of run for all tasks
)

// Control is the configuration that holds, and its only way to change: config.Live, and what makes a change count.
type Control interface {
	State() *config.State
	Set(ctx context.Context, settings map[string]*string, by config.By) (*config.State, error)
	Undo(ctx context.Context, id int64, by config.By) (*config.State, error)
	Reload(ctx context.Context, by config.By) (*config.State, error)
	Changes(ctx context.Context, limit int) ([]config.Change, error)
	Note(ctx context.Context, key, from, to string, by config.By) error // of a change that is made elsewhere
}

// Options is what New needs. Kept, Listener, Local, Log and everything from Gates on may be nil.
type Options struct {
	Control   Control
	Page      func(ctx context.Context, q page.Query) page.Page // always answers, in bounded time
	Kept      func(q *page.Query) *page.Page                    // what Page has ready, or nil; not to be changed
	Store     *store.Store
	Refresher *feed.Refresher
	Zone      *time.Location   // the device's zone
	Now       func() time.Time // the program's clock
	Log       *slog.Logger
	Version   string
	Listener  net.Listener // nil: listen on Config.Web when Run starts
	Local     net.Listener // the local unix socket: the same routes for root and our own user

	Gates    []*guard.Gate
	Pipeline *page.Pipeline
	Batch    *page.Batch
	Ladder   *page.Ladder
	Pools    func() []conn.Stats

	Places Places // where slots and updates are told of; the zero value where there are none

	Network network.Exchange // with root's side; the zero value where the network is set elsewhere

	// How the device fares. Called often: each answers at once from what is known.
	Health   func() health.Report
	Pressure func() (pressure.Assessment, *pressure.Reading) // the reading is not to be changed; nil before the first
	History  func() []pressure.Sample                        // of the last day, a minute each, oldest first
	Days     func(ctx context.Context, limit int) ([]pressure.Day, error)
	Actions  func(ctx context.Context, limit int) ([]budget.Action, error) // all that last, and the newest that have ended, at most limit of these
	Clock    func() clock.State
	Rollback func() *slot.Request // nil: none is asked for
	Budget   func() budget.Budget // what each part may use now
	Late     func() []string      // the loops that do not go round; see health.Beats
}

// Server is the web server.
type Server struct {
	o          Options
	app        *fiber.App
	fixed      fixed
	view       atomic.Pointer[view]
	meter      *meter
	door       *door
	visitors   *visitors
	sessions   *sessions
	probe      atomic.Pointer[probe]
	pulse      *pulse // of the pictures
	vital      *pulse // of how the device fares
	rate       clientRate
	openAPITag string
	selfKey    string
	trials     chan struct{}
	uploading  sync.Mutex // one piece at a time
	started    time.Time  // real time
	ready      chan struct{}
	addr       net.Addr // set before ready is closed
}

// New returns a server that does not listen yet, unless it was given a listener.
func New(o Options) *Server {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	started := time.Now()
	s := &Server{
		o: o, fixed: newFixed(), meter: newMeter(o, started), door: newDoor(), visitors: newVisitors(), sessions: newSessions(), started: started,
		ready: make(chan struct{}), openAPITag: tagOf(openAPIFile), trials: make(chan struct{}, maxTrials), selfKey: rand.Text(),
	}
	s.meter.safety = s.safety
	s.pulse = newPulse(o.Store.Generation, s.pictureUntil, o.Now)
	s.vital = newPulse(s.vitalMark, func(context.Context) time.Time { return o.Now().Add(statusEvery) }, o.Now)
	s.app = fiber.New(fiber.Config{
		DisableStartupMessage: true,
		CaseSensitive:         true,
		StrictRouting:         true,
		BodyLimit:             maxBody,
		ReadBufferSize:        maxHeader,
		// Those that are too many are closed before. One that was closed may take its place for a moment longer.
		Concurrency:  2 * (maxConnections + maxOwn),
		ErrorHandler: s.refuse,
		// A form or a JSON body is read as bytes; nothing here takes files.
		DisablePreParseMultipartForm: true,
	})
	s.app.Server().CloseOnShutdown = true
	for _, r := range s.routes() {
		h := s.guarded(s.meter.requests.of(r), s.within(r, s.allowed(r)))
		if r.path == SelfPath {
			h = s.ownOnly(h)
		}
		s.app.Add(r.method, r.path, h)
		if r.method == fiber.MethodGet {
			s.app.Add(fiber.MethodHead, r.path, h)
		}
	}
	s.app.Use(s.guarded(&s.meter.requests.elsewhere, (*fiber.Ctx).Next)) // what is no route
	s.app.Handler()                                                      // all routes are known
	return s
}

// Run serves until ctx ends; then streams are ended and requests in flight finished, in bounded time.
func (s *Server) Run(ctx context.Context) error {
	ln := s.o.Listener
	if ln == nil {
		var err error
		web := s.current().Config.Web
		address := net.JoinHostPort(web.Host, strconv.Itoa(web.Port))
		if ln, err = new(net.ListenConfig).Listen(ctx, "tcp", address); err != nil {
			return fmt.Errorf("listen on %s: %w", address, err)
		}
	}
	s.addr = ln.Addr()
	listeners := []*limited{limit(ln, s.visitors)}
	if s.o.Local != nil {
		listeners = append(listeners, limit(s.o.Local, s.visitors))
	}

	beating, stopBeating := context.WithCancel(ctx)
	var beat sync.WaitGroup
	for _, p := range []*pulse{s.pulse, s.vital} {
		beat.Go(func() { p.run(beating) })
	}
	served := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() { served <- s.app.Server().Serve(l) }()
	}
	close(s.ready)

	var errs []error
	left := len(listeners)
	select {
	case <-ctx.Done():
	case err := <-served:
		left--
		errs = append(errs, doing("serve", err))
	}
	stopBeating()
	beat.Wait()
	errs = append(errs, dismiss(listeners, farewell))
	late := s.app.ShutdownWithTimeout(stopTimeout)
	if errors.Is(late, context.DeadlineExceeded) {
		late = s.cutOff(listeners)
	}
	errs = append(errs, doing("stop serving", late))
	for range left {
		errs = append(errs, doing("serve", <-served))
	}
	return errors.Join(errs...)
}

// cutOff ends the connections of clients that let the program wait when it ends: those are no failure of it.
func (s *Server) cutOff(listeners []*limited) error {
	var errs []error
	for _, l := range listeners {
		n, err := l.end()
		errs = append(errs, err)
		if n == 0 {
			continue
		}
		s.o.Log.Warn("requests were cut off, as they took too long for the end of the program", "connections", n, "address", l.Addr().String())
	}
	return errors.Join(errs...)
}

// doing says what failed; that a listener is closed already is no failure.
func doing(what string, err error) error {
	if err == nil || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
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
