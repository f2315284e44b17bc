package conn

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// MaxRedirects is how many redirects of one request are followed.
const MaxRedirects = 5

// drained is how much of a redirect's body is read, in bytes, so that its connection can be
// used again.
const drained = 4 << 10

// RedirectError is a redirect that was not followed.
type RedirectError struct {
	Host string // where it led to
	Why  string
	Loop bool // it led to an address that had been asked already, or there were too many
}

// Error says where the redirect led to and why it was not followed.
func (e *RedirectError) Error() string { return fmt.Sprintf("redirect to %s: %s", e.Host, e.Why) }

// follow sends the request and goes where the answers point. net/http's own Client is not used
// for this: it tells each server the address of the one before, and puts addresses into its errors,
// and the address of a feed is often its password.
func follow(rt http.RoundTripper, req *http.Request) (*http.Response, error) {
	past := []*url.URL{req.URL}
	for {
		resp, err := rt.RoundTrip(req)
		if err != nil {
			return nil, err
		}
		location := resp.Header.Get("Location")
		if !redirects(resp.StatusCode) || location == "" {
			return resp, nil
		}
		// What cannot be drained only means that the connection is not used again.
		_, drainErr := io.CopyN(io.Discard, resp.Body, drained)
		if err := resp.Body.Close(); err != nil && drainErr == nil {
			return nil, fmt.Errorf("read redirect: %w", err)
		}
		if req, err = hop(req, past, location); err != nil {
			return nil, err
		}
		past = append(past, req.URL)
	}
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
	if err != nil || to.Hostname() == "" {
		return nil, &RedirectError{Host: req.URL.Host, Why: "the address that it gives is not valid"}
	}
	refuse := func(loop bool, why string, args ...any) (*http.Request, error) {
		return nil, &RedirectError{Host: to.Host, Why: fmt.Sprintf(why, args...), Loop: loop}
	}
	to.Fragment, to.RawFragment = "", ""
	if to.Scheme != "http" && to.Scheme != "https" {
		return refuse(false, "%q addresses are not supported", to.Scheme)
	}
	for _, p := range past {
		if p.String() == to.String() {
			return refuse(true, "the server sends us in a circle")
		}
	}
	if len(past) > MaxRedirects {
		return refuse(true, "more than %d redirects", MaxRedirects)
	}
	if req.URL.Scheme == "https" && to.Scheme == "http" && carriesCredentials(req.Header) {
		return refuse(false, "it leaves https, and the password would be readable on the way")
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

func carriesCredentials(header http.Header) bool {
	for name := range header {
		if !harmless(name) {
			return true
		}
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
