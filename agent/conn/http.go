package conn

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"calendarbot/agent/config"
	"calendarbot/agent/guard"
)

const (
	// httpPatience is how long a request waits for a slot before it opens its own connection. Slow servers
	// may hold all slots for long without anything being wrong.
	httpPatience = 30 * time.Second
	// httpBound is how long an answer may be left open. A fetch may take 10 minutes at most (feeds.timeout).
	httpBound = 11 * time.Minute
)

// HTTP is the client that feeds are fetched with: HTTP/1.1, no proxy, no cookies, every address
// checked after DNS.
//
// Its connections are a pool. The size, which is how many requests may be under way, is PerHost at rest;
// it grows when requests wait for more than 50 ms, up to MaxConns, and shrinks by one every 5 s in which
// not all were needed (Tender). A connection that has been idle is looked at before it is used again.
//
// The gate decides at each request whether it may be pooled; otherwise it opens its own connections and
// closes them afterwards, at most MaxConns at once besides the pooled ones. Failures of the pool, as the
// gate's breaker counts them: a request that fails on a connection which had been used before and looked
// well; one that waits for a slot until its context's deadline, or for 30 s, after which it opens its own
// connection. That a server is away, slow or answers nonsense says nothing about the pool.
type HTTP struct {
	agent string
	fence fence
	pool  *pool
	lines *lines

	mu     sync.Mutex // held to change what follows
	o      HTTPOptions
	routes atomic.Pointer[routes]
}

// HTTPOptions bound the client. Zero values are the defaults.
type HTTPOptions struct {
	HTTP      config.HTTP      // ceilings 100 and 30; more is taken for them
	Now       func() time.Time // the clock certificates are checked against; default time.Now
	UserAgent string
	Roots     *x509.CertPool // authorities that are trusted; default the system's
	Gate      *guard.Gate    // of the feature connection_pooling; nil: always pooled
	Adaptive  func() bool    // whether the load sizes the pool; nil: it does
}

// NewHTTP returns a client. Nothing is dialled.
func NewHTTP(o HTTPOptions) *HTTP { return newHTTP(o, newFence()) }

func newHTTP(o HTTPOptions, f fence) *HTTP {
	if o.Now == nil {
		o.Now = time.Now
	}
	o.HTTP = httpDefaults(o.HTTP)
	h := &HTTP{agent: o.UserAgent, fence: f, pool: newPool("http", httpLimits(o.HTTP), o.Adaptive), lines: newLines(), o: o}
	h.pool.gate = o.Gate
	h.pool.patience, h.pool.bound = httpPatience, httpBound
	h.routes.Store(newRoutes(o, f, h.lines))
	return h
}

// httpDefaults returns the settings with defaults where there are none, and none above its ceiling.
func httpDefaults(c config.HTTP) config.HTTP {
	c.MaxConns = bounded(c.MaxConns, 8, 100)
	c.PerHost = bounded(c.PerHost, 2, 30)
	c.Connect = positive(c.Connect, 10*time.Second)
	c.Header = positive(c.Header, 15*time.Second)
	c.Idle = positive(c.Idle, 6*time.Minute)
	return c
}

func httpLimits(c config.HTTP) limits {
	return limits{rest: min(c.PerHost, c.MaxConns), fixed: c.MaxConns, most: c.MaxConns}
}

func bounded(n, otherwise, ceiling int) int {
	if n <= 0 {
		return otherwise
	}
	return min(n, ceiling)
}

func positive(d, otherwise time.Duration) time.Duration {
	if d <= 0 {
		return otherwise
	}
	return d
}

// Configure changes the settings. Requests under way end as they began.
func (h *HTTP) Configure(c config.HTTP) {
	c = httpDefaults(c)
	h.mu.Lock()
	defer h.mu.Unlock()
	if c == h.o.HTTP {
		return
	}
	h.o.HTTP = c
	h.pool.bind(httpLimits(c))
	h.routes.Swap(newRoutes(h.o, h.fence, h.lines)).closeIdle()
}

// SetMaximum bounds the requests under way by n, at least 1, whatever configuration and load say; 0 takes
// the bound back. Connections beyond it are closed as they become idle.
func (h *HTTP) SetMaximum(n int) { h.pool.setMaximum(n) }

// Stats is about requests to one server each: one that is redirected counts once for every server on its way.
func (h *HTTP) Stats() Stats {
	l := h.lines.stats()
	s := h.pool.stats(l.Idle)
	s.Opened, s.Closed, s.Broken = l.Opened, l.Closed, l.Broken
	return s
}

// Tend sizes the pool by its load, closes idle connections beyond MaxConns or the bound from outside, and
// returns the leaks that are new. See Tender.
func (h *HTTP) Tend() ([]Leak, error) {
	leaks := h.pool.look()
	return leaks, h.lines.trim(h.pool.room())
}

// Do sends the request, a GET or HEAD, and follows up to 5 redirects. Credentials go only to the
// host they were given for, and never from https to http. Unless lan is true, private, loopback,
// link-local, carrier-grade NAT and all other addresses that are not the public internet are
// refused in the dialer, after DNS, at every hop: the error is then an *AddressError. With lan
// the first four are allowed, but no metadata, multicast or unspecified address. That is a word about
// the host of the request: a redirect may lead to such an address on another host only when the
// server that sends us there has one itself, so that nobody on the internet can send us home.
// A refused redirect is a *RedirectError. An error that comes after a redirect to another host is a
// *HopError. Errors never contain the path or query of an address.
//
// The body is not decompressed and not bounded: that is the caller's part, as is closing it.
func (h *HTTP) Do(req *http.Request, lan bool) (*http.Response, error) {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		return nil, fmt.Errorf("method %s is not supported", req.Method)
	}
	if s := req.URL.Scheme; s != "http" && s != "https" {
		return nil, fmt.Errorf("address with scheme %q: only http and https are supported", s)
	}
	u := &use{}
	if err := h.pool.take(req.Context(), u); err != nil {
		return nil, err
	}
	resp, err := h.follow(h.prepare(req), lan, u)
	if err != nil {
		u.end(u.failure(req.Context()))
		return nil, err
	}
	resp.Body = &slotBody{ReadCloser: resp.Body, use: u}
	return resp, nil
}

// failure is what speaks against the pool when a request that ctx belonged to has failed.
func (u *use) failure(ctx context.Context) error {
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err() // nothing can be said
	case u.broke && ctx.Err() == nil:
		return errBroken
	}
	return nil
}

// prepare returns a copy of the request with the header that is sent.
func (h *HTTP) prepare(req *http.Request) *http.Request {
	req = req.Clone(req.Context())
	if req.Header == nil {
		req.Header = http.Header{}
	}
	if h.agent != "" && req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", h.agent)
	}
	if u := req.URL.User; u != nil && req.Header.Get("Authorization") == "" {
		password, _ := u.Password()
		req.SetBasicAuth(u.Username(), password)
	}
	return req
}

// CloseIdle closes the connections that nobody uses.
func (h *HTTP) CloseIdle() { h.routes.Load().closeIdle() }

// slotBody ends the use of its request when it is closed. Of a failure's page, which nobody reads, enough is read for the connection
// to be of use again.
type slotBody struct {
	io.ReadCloser
	use  *use
	once sync.Once
}

func (b *slotBody) Close() error {
	var err error
	b.once.Do(func() {
		err = drain(b.ReadCloser)
		b.use.end(nil)
	})
	return err
}
