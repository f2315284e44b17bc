package web

import (
	"errors"
	"net"
	"sync/atomic"
	"time"
)

// patient is a listener whose connections set their deadlines seldom. The server sets one before and after each request;
// for a connection that is asked again and again most of them change nothing that counts, and each costs the runtime a timer.
type patient struct{ net.Listener }

// deadlineSlack is how much earlier than asked a deadline may end.
const deadlineSlack = time.Second

// Accept returns the next connection.
func (p patient) Accept() (net.Conn, error) {
	c, err := p.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &lazyConn{Conn: c}, nil
}

// lazyConn leaves a deadline as it is when the next one is only a little later.
type lazyConn struct {
	net.Conn
	read, write atomic.Int64 // the deadlines that are set, in Unix nanoseconds; 0 before the first
}

// SetReadDeadline sets it unless the one that holds is near enough.
func (c *lazyConn) SetReadDeadline(t time.Time) error {
	if near(&c.read, t) {
		return nil
	}
	return c.Conn.SetReadDeadline(t)
}

// SetWriteDeadline sets it unless the one that holds is near enough.
func (c *lazyConn) SetWriteDeadline(t time.Time) error {
	if near(&c.write, t) {
		return nil
	}
	return c.Conn.SetWriteDeadline(t)
}

// SetDeadline sets both.
func (c *lazyConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// near tells whether the deadline that is set may stay instead of the next one, as it ends before that, but only a
// little; else the next one counts as set.
func near(set *atomic.Int64, next time.Time) bool {
	at := int64(-1) // no deadline, which is near to none
	if !next.IsZero() {
		at = next.UnixNano()
		if later := at - set.Load(); later >= 0 && later < int64(deadlineSlack) {
			return true
		}
	}
	set.Store(at)
	return false
}
