package web

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// limited is a listener whose connections end what takes too long themselves. The server's own limits look at the clock three
// times and ask the runtime for three timers with every request, which is a fortieth of all that a short answer costs.
//
// It knows its connections, as the server, when it stops, waits for those that have not asked for anything yet. Browsers open such
// in advance.
type limited struct {
	net.Listener
	visitors *visitors
	ending   atomic.Bool // nobody comes any more

	mu    sync.Mutex
	conns map[*limitedConn]struct{}
	came  uint64        // connections so far
	last  bool          // Accept has told that nobody comes any more: what the system had taken by then is in conns
	empty chan struct{} // closed when nobody comes any more and nobody is left
}

func limit(l net.Listener, v *visitors) *limited {
	return &limited{Listener: l, visitors: v, conns: map[*limitedConn]struct{}{}, empty: make(chan struct{})}
}

// deadlineSlack is how much earlier than written down a deadline may end, so that it is not set anew with each request.
const deadlineSlack = time.Second

// Accept returns the next connection. One that comes in the last moment is served like any other; those that are too many are
// closed.
func (l *limited) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.last = true
			l.tellEmpty()
			return nil, err
		}
		if c := l.admit(conn); c != nil {
			return c, nil
		}
	}
}

// admit puts a connection on the list, and closes one where they are too many. It returns nil when that is the new one.
func (l *limited) admit(conn net.Conn) *limitedConn {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.came++
	c := &limitedConn{Conn: conn, from: l, whence: whenceOf(conn), number: l.came, seen: time.Now()}
	l.visitors.note(c.whence, c.seen)
	goes := surplus(l.conns, c)
	if goes != nil {
		delete(l.conns, goes)
		goes.Conn.Close() //nolint:errcheck // nobody is left who could be told
	}
	if goes == c {
		return nil
	}
	l.conns[c] = struct{}{}
	return c
}

// Close takes no more connections, once or again. Those that there are go on, each until its next answer.
func (l *limited) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ending.Swap(true) {
		return nil
	}
	return l.Listener.Close()
}

// tellEmpty closes empty when that is so, once. l.mu is held.
func (l *limited) tellEmpty() {
	if !l.last || len(l.conns) > 0 {
		return
	}
	select {
	case <-l.empty:
	default:
		close(l.empty)
	}
}

// forget takes a connection from the list.
func (l *limited) forget(c *limitedConn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
	l.tellEmpty()
}

// farewell is how long connections on which nothing is asked are left open when the program ends. What a client has sent
// may be on its way, and many never send it again.
const farewell = time.Second

// dismiss takes no more connections and ends each with its next answer, which says so to the client; those on which nothing was asked
// within wait are closed, as far as they never asked, or wait for the end of what was refused. A socket of the service manager stays
// open meanwhile: who comes now is answered by the next program.
func dismiss(listeners []*limited, wait time.Duration) (err error) {
	for _, l := range listeners {
		err = errors.Join(err, doing("stop listening", l.Close()))
	}
	enough, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	for _, l := range listeners {
		select {
		case <-l.empty:
		case <-enough.Done():
		}
	}
	for _, l := range listeners {
		l.mu.Lock()
		for c := range l.conns {
			if !c.spoke.Load() || c.refused.Load() {
				err = errors.Join(err, doing("close a connection", c.Conn.Close()))
			}
		}
		l.mu.Unlock()
	}
	return err
}

// end closes all connections, whatever they are about, and returns how many there were.
func (l *limited) end() (n int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		err = errors.Join(err, doing("close a connection", c.Conn.Close()))
	}
	return len(l.conns), err
}

// limitedConn gives a client readTimeout to begin a request, the same for the rest of it, and writeTimeout to take an answer. One
// goroutine reads and writes it in turn, as the server does.
type limitedConn struct {
	net.Conn
	from          *limited
	whence        whence
	number        uint64      // in the order of coming
	spoke         atomic.Bool // something came
	asked         atomic.Bool // a whole request came
	refused       atomic.Bool // the last request was answered before all of it came
	seen          time.Time   // about when the state changed last, from or to answering
	reading       int         // reads since the last answer was ready
	writing       bool
	toRead, toEnd time.Time // what the deadlines are
}

// Close closes it, once or again.
func (c *limitedConn) Close() error {
	if c.refused.Load() && !c.from.ending.Load() {
		c.linger()
	}
	c.from.forget(c)
	return c.Conn.Close()
}

// mostRefused is how many bytes of a refused request are still taken.
const mostRefused = 1 << 20

// linger ends the answer and takes what the client is still sending, until it stops, for readTimeout at most. Closed at once, the
// connection would be reset by what comes, and the client would lose the answer that tells what is wrong (RFC 9112, section 9.6).
func (c *limitedConn) linger() {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil || c.SetReadDeadline(time.Now().Add(readTimeout)) != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, c.Conn, mostRefused) // however that ends, the connection is closed then
}

// refusing tells a connection that its request is answered before all of it came.
func refusing(c net.Conn) {
	if l, ok := c.(*limitedConn); ok {
		l.refused.Store(true)
	}
}

// Read reads; the time for it ends with the first read of a request, and with the second one for all that follow.
func (c *limitedConn) Read(b []byte) (int, error) {
	c.writing = false
	if c.reading++; c.reading == 2 {
		c.seen = time.Now()
	}
	if c.reading <= 2 {
		if at := c.seen.Add(readTimeout); !near(c.toRead, at) {
			c.toRead = at
			if err := c.Conn.SetReadDeadline(at); err != nil {
				return 0, err
			}
		}
	}
	n, err := c.Conn.Read(b)
	if n > 0 && !c.spoke.Load() {
		c.spoke.Store(true)
	}
	return n, err
}

// Write writes; the time for a whole answer ends writeTimeout after its beginning.
func (c *limitedConn) Write(b []byte) (int, error) {
	if !c.writing {
		if c.reading > 0 {
			c.seen = time.Now()
		}
		c.writing, c.reading = true, 0
		if at := c.seen.Add(writeTimeout); !near(c.toEnd, at) {
			c.toEnd = at
			if err := c.Conn.SetWriteDeadline(at); err != nil {
				return 0, err
			}
		}
	}
	return c.Conn.Write(b)
}

// answering tells a connection when its answer was ready, which saves it a look at the clock. It returns whether the answer is its
// last one, as the program ends.
func answering(c net.Conn, at time.Time) (last bool) {
	l, ok := c.(*limitedConn)
	if !ok {
		return false
	}
	l.seen, l.reading = at, 0
	return l.from.ending.Load()
}

// near tells whether the deadline that is set may stay instead of the next one, as it ends before that, but only a little.
func near(set, next time.Time) bool {
	later := next.Sub(set)
	return later >= 0 && later < deadlineSlack
}

// below is the connection without the limits, for what has its own.
func below(c net.Conn) net.Conn {
	if l, ok := c.(*limitedConn); ok {
		return l.Conn
	}
	return c
}
