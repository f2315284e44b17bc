package conn

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strings"
)

// MaxRedirects is how many redirects of one request are followed.
const MaxRedirects = 5

// drained is how much of a body that nobody wants, a redirect's or a failure's, is read, in bytes, so that its connection can be
// used again.
const drained = 4 << 10

// maxHost is how much of a host's name is told, in bytes; a name in the DNS is not longer.
const maxHost = 260

// RedirectError is a redirect that was not followed.
type RedirectError struct {
	Host string // where it led to; "" when it named no host
	Why  string
	Loop bool // it led to an address that had been asked already, or there were too many
}

// Error says where the redirect led to and why it was not followed.
func (e *RedirectError) Error() string {
	if e.Host == "" {
		return "redirect: " + e.Why
	}
	return fmt.Sprintf("redirect to %s: %s", e.Host, e.Why)
}

// HopError is what went wrong on another host than the one that was asked for, after a redirect.
type HopError struct {
	Host string // the host on which it went wrong, as in its URL
	Err  error
}

// Error says where the redirect had led to and what went wrong.
func (e *HopError) Error() string { return fmt.Sprintf("after a redirect to %s: %v", e.Host, e.Err) }
func (e *HopError) Unwrap() error { return e.Err }

// Hop returns the error of a request that began at first and went wrong at last, as a *HopError where
// these are different hosts.
func Hop(first, last *url.URL, err error) error {
	if err == nil || strings.EqualFold(first.Host, last.Host) {
		return err
	}
	return &HopError{Host: named(last), Err: err}
}

// named is the host of an address that a server gave, in a length that fits into words.
func named(u *url.URL) string {
	if len(u.Host) > maxHost {
		return strings.ToValidUTF8(u.Host[:maxHost], "") + "…"
	}
	return u.Host
}

// follow sends the request and goes where the answers point. net/http's own Client is not used
// for this: it tells each server the address of the one before, and puts addresses into its errors,
// and the address of a feed is often its password.
func (h *HTTP) follow(req *http.Request, lan bool, u *use) (*http.Response, error) {
	first := req.URL
	past := []*url.URL{first}
	asked := true // still on the host that lan is about
	for {
		resp, from, err := h.send(req, lan, u)
		if err != nil {
			return nil, Hop(first, req.URL, err)
		}
		location := resp.Header.Get("Location")
		if !redirects(resp.StatusCode) || location == "" {
			return resp, nil
		}
		if err := drain(resp.Body); err != nil {
			return nil, Hop(first, req.URL, fmt.Errorf("read redirect: %w", err))
		}
		next, err := hop(req, past, location)
		if err != nil {
			return nil, Hop(first, req.URL, err)
		}
		asked = asked && strings.EqualFold(first.Hostname(), next.URL.Hostname())
		lan = lan && (asked || !h.fence.public(from))
		req, past = next, append(past, next.URL)
	}
}

// drain reads a little of what is left of a body, and closes it. What cannot be read only means that the connection is not used again.
func drain(body io.ReadCloser) error {
	_, drainErr := io.CopyN(io.Discard, body, drained)
	if err := body.Close(); drainErr == nil || errors.Is(drainErr, io.EOF) {
		return err
	}
	return nil
}

// send sends the request and returns the address that answered.
func (h *HTTP) send(req *http.Request, lan bool, u *use) (*http.Response, netip.Addr, error) {
	var from netip.Addr
	var on *line
	reused := false
	trace := &httptrace.ClientTrace{
		GotConn: func(got httptrace.GotConnInfo) {
			if tcp, ok := got.Conn.RemoteAddr().(*net.TCPAddr); ok {
				from = tcp.AddrPort().Addr()
			}
			on = lineOf(got.Conn)
			reused = on.take() && got.Reused
		},
		PutIdleConn: func(err error) {
			if err == nil {
				on.give()
			}
		},
	}
	transport := (*h.routes.Load())[route{lan, u.plain}]
	resp, err := transport.RoundTrip(req.WithContext(httptrace.WithClientTrace(req.Context(), trace)))
	h.pool.count(func(s *Stats) {
		s.Takes++
		switch {
		case reused:
			s.Reused++
		case on == nil:
			s.Failed++
		}
	})
	if err != nil && reused {
		u.broke = true
	}
	return resp, from, err
}

func redirects(code int) bool {
	switch code {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// hop returns the request for the place that an answer to req points at, or a *RedirectError.
// past holds the addresses asked so far, the first of them the one that was asked for.
func hop(req *http.Request, past []*url.URL, location string) (*http.Request, error) {
	to, err := req.URL.Parse(location)
	if err != nil {
		return nil, &RedirectError{Why: "it is not valid"}
	}
	refuse := func(loop bool, why string, args ...any) (*http.Request, error) {
		return nil, &RedirectError{Host: named(to), Why: fmt.Sprintf(why, args...), Loop: loop}
	}
	to.Fragment, to.RawFragment = "", ""
	if to.Scheme != "http" && to.Scheme != "https" {
		return refuse(false, "%.20q addresses are not supported", to.Scheme)
	}
	if to.Hostname() == "" {
		return refuse(false, "it is not valid")
	}
	for _, p := range past {
		if p.String() == to.String() {
			return refuse(true, "the server sends us in a circle")
		}
	}
	if len(past) > MaxRedirects {
		return refuse(true, "more than %d redirects", MaxRedirects)
	}
	if req.URL.Scheme == "https" && to.Scheme == "http" {
		return refuse(false, "it leaves https, and the calendar could be read and changed on the way")
	}
	next := req.Clone(req.Context())
	next.URL, next.Host = to, ""
	if !sameHost(req.URL, to) {
		// What was taken away here stays away on later hops, even on one that leads back: by then
		// somebody else's server has had a say in where we go.
		for name := range next.Header {
			if !harmless(name) {
				delete(next.Header, name)
			}
		}
	}
	return next, nil
}

// harmless tells whether a header may go to any host.
func harmless(name string) bool {
	switch name {
	case "Accept", "Accept-Encoding", "Accept-Language", "User-Agent", "If-None-Match", "If-Modified-Since":
		return true
	}
	return false
}

// sameHost tells whether b is the server that a names, allowing for the step from http to https.
func sameHost(a, b *url.URL) bool {
	if !strings.EqualFold(a.Hostname(), b.Hostname()) {
		return false
	}
	if a.Scheme == "http" && b.Scheme == "https" && port(a) == "80" && port(b) == "443" {
		return true
	}
	return a.Scheme == b.Scheme && port(a) == port(b)
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}
