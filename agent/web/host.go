package web

import (
	"net"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"

	"calendarbot/agent/config"
)

// view is what the server makes of one State; a reload makes a new one at the next request.
type view struct {
	*config.State
	names map[string]bool          // that may stand in the Host header
	known atomic.Pointer[[]string] // Host headers that were found to be good
}

// How many Host headers that were found to be good are remembered, and how long one of them may be, in bytes.
const (
	maxKnown    = 16
	maxKnownLen = 128
)

// current returns the view of the configuration that holds.
func (s *Server) current() *view {
	state := s.o.Control.State()
	v := s.view.Load()
	if v == nil || v.State != state {
		v = &view{State: state, names: hostNames(state.Config.Web.AllowedHosts, os.Hostname)}
		v.known.Store(&[]string{})
		s.view.Store(v)
		s.sessions.follow(state)
	}
	return v
}

// knows tells whether a Host header names this device. Those that do are remembered, a few of them, so that they cost nothing.
func (v *view) knows(host []byte) bool {
	known := v.known.Load()
	for _, good := range *known {
		if string(host) == good {
			return true
		}
	}
	if !knownHost(string(host), v.names) {
		return false
	}
	if len(host) > maxKnownLen {
		return true
	}
	more := []string{string(host)}
	if len(*known) < maxKnown {
		more = append(more, *known...)
	}
	v.known.CompareAndSwap(known, &more)
	return true
}

// hostNames is the set of names besides addresses and *.local.
func hostNames(allowed []string, hostname func() (string, error)) map[string]bool {
	names := map[string]bool{"localhost": true}
	if name, err := hostname(); err == nil {
		names[strings.ToLower(name)] = true
	}
	for _, name := range allowed {
		names[strings.ToLower(strings.TrimSuffix(name, "."))] = true
	}
	return names
}

// knownHost tells whether the Host header names this device. A web site can let its own name point to the device's
// address (DNS rebinding) and would then read the calendar as if it were its own; its name is not known here.
// A request without the header is not a browser's.
func knownHost(host string, names map[string]bool) bool {
	if host == "" {
		return true
	}
	name := hostName(host)
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	return names[name] || strings.HasSuffix(name, ".local") || strings.HasSuffix(name, ".localhost")
}

// hostName is a Host header in lower case, without its port, brackets and final dot.
func hostName(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
}

// namesLoopback tells whether a Host header is localhost or a loopback address.
func namesLoopback(host string) bool {
	name := hostName(host)
	address, err := netip.ParseAddr(name)
	return name == "localhost" || err == nil && address.Unmap().IsLoopback()
}
