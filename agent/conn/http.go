package conn

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// maxHeaderBytes bounds the header of an answer.
const maxHeaderBytes = 64 << 10

// HTTP is the client that feeds are fetched with: HTTP/1.1, no proxy, no cookies, every address
// checked after DNS.
type HTTP struct {
	agent string
	slots chan struct{} // one for each request under way
	guard guard
	// Connections to the LAN and to the internet are kept apart: one that was dialled with a
	// person's leave must not be used without it.
	lan, public *http.Transport
}

// HTTPOptions bound the client. Zero values are the defaults.
type HTTPOptions struct {
	Now       func() time.Time // the clock certificates are checked against; default time.Now
	MaxConns  int              // requests under way, all hosts; more wait. Default 8, ceiling 100
	PerHost   int              // default 2, ceiling 30
	Connect   time.Duration    // for TCP, and again for TLS; default 10s
	Header    time.Duration    // until the answer's header; default 15s
	Idle      time.Duration    // after which an unused connection is closed; default 90s
	UserAgent string
	Roots     *x509.CertPool // authorities that are trusted; default the system's
}

// NewHTTP returns a client. Nothing is dialled.
func NewHTTP(o HTTPOptions) *HTTP { return newHTTP(o, newGuard()) }

func newHTTP(o HTTPOptions, g guard) *HTTP {
	if o.Now == nil {
		o.Now = time.Now
	}
	o.MaxConns = bounded(o.MaxConns, 8, 100)
	o.PerHost = bounded(o.PerHost, 2, 30)
	o.Connect = positive(o.Connect, 10*time.Second)
	o.Header = positive(o.Header, 15*time.Second)
	o.Idle = positive(o.Idle, 90*time.Second)
	return &HTTP{
		agent:  o.UserAgent,
		slots:  make(chan struct{}, o.MaxConns),
		guard:  g,
		lan:    newTransport(o, g, true),
		public: newTransport(o, g, false),
	}
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

func newTransport(o HTTPOptions, g guard, lan bool) *http.Transport {
	var protocols http.Protocols
	// A feed is one request in minutes: HTTP/2 would only cost memory.
	protocols.SetHTTP1(true)
	return &http.Transport{
		// No Proxy: one taken from the environment would connect where the guard cannot look.
		DialContext:            dialer(g, o.Connect, lan),
		TLSClientConfig:        &tls.Config{Time: o.Now, RootCAs: o.Roots},
		TLSHandshakeTimeout:    o.Connect,
		ResponseHeaderTimeout:  o.Header,
		IdleConnTimeout:        o.Idle,
		MaxIdleConns:           (o.MaxConns + 1) / 2, // there are two pools
		MaxIdleConnsPerHost:    o.PerHost,
		MaxConnsPerHost:        o.PerHost,
		MaxResponseHeaderBytes: maxHeaderBytes,
		DisableCompression:     true,
		Protocols:              &protocols,
	}
}

// dialer checks each address just before it is connected to, so that no answer of a name
// server can get past.
func dialer(g guard, timeout time.Duration, lan bool) func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, err
		}
		d := net.Dialer{Timeout: timeout, Control: func(_, address string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(address)
			if err != nil {
				return err
			}
			return g.check(host, to.Addr(), lan)
		}}
		return d.DialContext(ctx, network, addr)
	}
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
	ctx := req.Context()
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	resp, err := h.follow(h.prepare(req), lan)
	if err != nil {
		<-h.slots
		return nil, err
	}
	resp.Body = &slotBody{ReadCloser: resp.Body, slots: h.slots}
	return resp, nil
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
func (h *HTTP) CloseIdle() {
	h.lan.CloseIdleConnections()
	h.public.CloseIdleConnections()
}

// slotBody gives the slot of its request back when it is closed.
type slotBody struct {
	io.ReadCloser
	slots chan struct{}
	once  sync.Once
}

func (b *slotBody) Close() error {
	defer b.once.Do(func() { <-b.slots })
	return b.ReadCloser.Close()
}
