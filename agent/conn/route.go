package conn

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// maxHeaderBytes bounds the header of an answer.
const maxHeaderBytes = 64 << 10

// route is what requests have in common that may share connections. A connection to the LAN is kept apart from those to
// the internet: one that was dialled with a person's leave must not be used without it.
type route struct{ lan, plain bool }

// routes are the transports of one configuration.
type routes map[route]*http.Transport

func newRoutes(o HTTPOptions, f fence, l *lines) *routes {
	r := routes{}
	for _, lan := range []bool{false, true} {
		for _, plain := range []bool{false, true} {
			r[route{lan, plain}] = newTransport(o, f, l, route{lan, plain})
		}
	}
	return &r
}

func (r *routes) closeIdle() {
	for _, t := range *r {
		t.CloseIdleConnections()
	}
}

func newTransport(o HTTPOptions, f fence, l *lines, r route) *http.Transport {
	var protocols http.Protocols
	// A feed is one request in minutes: HTTP/2 would only cost memory.
	protocols.SetHTTP1(true)
	return &http.Transport{
		// No Proxy: one taken from the environment would connect where the guard cannot look.
		DialContext:            dialer(f, o.HTTP.Connect, l, r.lan),
		TLSClientConfig:        &tls.Config{Time: o.Now, RootCAs: o.Roots},
		TLSHandshakeTimeout:    o.HTTP.Connect,
		ResponseHeaderTimeout:  o.HTTP.Header,
		IdleConnTimeout:        o.HTTP.Idle,
		MaxIdleConns:           o.HTTP.MaxConns, // of all routes: lines.trim
		MaxIdleConnsPerHost:    o.HTTP.PerHost,
		MaxConnsPerHost:        o.HTTP.PerHost,
		MaxResponseHeaderBytes: maxHeaderBytes,
		DisableCompression:     true,
		DisableKeepAlives:      r.plain,
		Protocols:              &protocols,
	}
}

// dialer checks each address just before it is connected to, so that no answer of a name
// server can get past.
func dialer(f fence, timeout time.Duration, l *lines, lan bool) func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, err
		}
		d := net.Dialer{Timeout: timeout, KeepAliveConfig: probes(), Control: func(_, address string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(address)
			if err != nil {
				return err
			}
			return f.check(host, to.Addr(), lan)
		}}
		c, err := d.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return l.add(c), nil
	}
}

// probes find out within half a minute that the other side of an idle connection is gone without a word,
// as behind a router that forgot about it.
func probes() net.KeepAliveConfig {
	return net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}
}
