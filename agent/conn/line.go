package conn

import (
	"cmp"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"sync"
	"syscall"
	"time"
)

// lines are the open connections to servers.
type lines struct {
	mu     sync.Mutex
	open   map[*line]struct{}
	counts Stats // Opened, Closed, Broken
}

// line is one connection to a server. Its fields are guarded by the lock of lines.
type line struct {
	net.Conn
	of *lines
	// busy is how many uses have taken it and not given it back. It may be 2 for a moment, as it is handed on before that is told.
	busy   int
	used   bool // at least once
	broken bool // found so while idle
	since  time.Time
}

func newLines() *lines { return &lines{open: map[*line]struct{}{}} }

// add counts a connection that has been made; it is idle until somebody uses it.
func (l *lines) add(c net.Conn) *line {
	n := &line{Conn: c, of: l, since: time.Now()}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open[n] = struct{}{}
	l.counts.Opened++
	return n
}

// lineOf returns the line beneath a connection; nil for a foreign one.
func lineOf(c net.Conn) *line {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	n, _ := c.(*line)
	return n
}

// Read notices when an idle connection is closed by the other side, or says something without being asked.
func (n *line) Read(b []byte) (int, error) {
	read, err := n.Conn.Read(b)
	n.of.mu.Lock()
	if _, open := n.of.open[n]; open && n.busy == 0 && n.used {
		n.fault()
	}
	n.of.mu.Unlock()
	return read, err
}

// fault counts a connection that is broken, once. The lock is held.
func (n *line) fault() {
	if !n.broken {
		n.broken = true
		n.of.counts.Broken++
	}
}

// Close closes the connection.
func (n *line) Close() error {
	n.of.mu.Lock()
	if _, open := n.of.open[n]; open {
		delete(n.of.open, n)
		n.of.counts.Closed++
	}
	n.of.mu.Unlock()
	return n.Conn.Close()
}

// take notes a use, and looks at one that has been idle. When it is broken it is closed, upon which the transport takes
// another one, and take returns false.
func (n *line) take() bool {
	n.of.mu.Lock()
	n.busy++
	reused := n.used
	n.used = true
	n.of.mu.Unlock()
	if !reused || quiet(n.Conn) {
		return true
	}
	n.of.mu.Lock()
	n.fault()
	n.of.mu.Unlock()
	n.Close()
	return false
}

// give notes the end of a use after which the connection is kept.
func (n *line) give() {
	n.of.mu.Lock()
	defer n.of.mu.Unlock()
	n.busy--
	n.since = time.Now()
}

// quiet tells that the other side has neither closed the connection nor sent anything.
func quiet(c net.Conn) bool {
	s, ok := c.(syscall.Conn)
	if !ok {
		return true
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return false
	}
	var seen error
	if err := raw.Control(func(fd uintptr) {
		_, _, seen = syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	}); err != nil {
		return false
	}
	return errors.Is(seen, syscall.EAGAIN)
}

// trim closes idle connections beyond room, those first that have been idle for longest. A request that has just been given one
// of them takes another.
func (l *lines) trim(room int) error {
	l.mu.Lock()
	idle := l.idle()
	l.mu.Unlock()
	slices.SortFunc(idle, func(a, b *line) int { return cmp.Compare(a.since.UnixNano(), b.since.UnixNano()) })
	var errs []error
	for len(idle) > room {
		errs = append(errs, idle[0].Close())
		idle = idle[1:]
	}
	return errors.Join(errs...)
}

// idle are those that nobody uses. The lock is held.
func (l *lines) idle() []*line {
	var idle []*line
	for n := range l.open {
		if n.busy == 0 && n.used { // one that was never used may still be on its way to a request
			idle = append(idle, n)
		}
	}
	return idle
}

// stats returns what was counted, and how many are idle.
func (l *lines) stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.counts
	s.Idle = len(l.idle())
	return s
}
