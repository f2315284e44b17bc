package web

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// accepted returns a listener with a connection, and that connection's other end.
func accepted(t *testing.T) (l *limited, conn net.Conn, client net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l = limit(ln, newVisitors())
	if client, err = net.Dial("tcp", ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if conn, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, c := range []io.Closer{l, client} {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return l, conn, client
}

// What is on its way when the program ends is answered, and the answer is said to be the last one.
func TestConnectionsMayAskOnceMoreAtTheEnd(t *testing.T) {
	l, conn, client := accepted(t)
	if answering(conn, time.Now()) {
		t.Error("the answer is the last one while the program runs")
	}
	ended := make(chan error, 1)
	go func() { ended <- dismiss([]*limited{l}, time.Hour) }()
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) { // waits for the end of the listener
		t.Errorf("somebody comes: %v", err)
	}
	if _, err := client.Write([]byte("GET")); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(make([]byte, 3)); n != 3 || err != nil {
		t.Errorf("got %d bytes, %v", n, err)
	}
	if !answering(conn, time.Now()) {
		t.Error("the answer is not the last one")
	}
	select {
	case err := <-ended:
		t.Errorf("it is not waited for: %v", err)
	default:
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := conn.Close(); err == nil { // a second time does no harm but says so
		t.Error("no error")
	}
}

// Nobody waits for those that never say anything.
func TestSilentConnectionsEnd(t *testing.T) {
	l, conn, client := accepted(t)
	if err := dismiss([]*limited{l}, 0); err != nil {
		t.Error(err)
	}
	if n, err := client.Read(make([]byte, 1)); err == nil {
		t.Errorf("%d bytes came", n)
	}
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("it is open: %v", err)
	}
}

// lastMoment is a listener that hands a connection over after it was closed, as one does that the system took just before.
type lastMoment struct {
	net.Listener
	late   chan net.Conn
	closed chan struct{}
}

func (l *lastMoment) Accept() (net.Conn, error) {
	<-l.closed
	select {
	case c := <-l.late:
		return c, nil
	default:
		return nil, net.ErrClosed
	}
}

func (l *lastMoment) Close() error {
	close(l.closed)
	return nil
}

// A connection that came in the last moment is served like any other.
func TestLastConnectionIsServed(t *testing.T) {
	ours, theirs := net.Pipe()
	from := &lastMoment{late: make(chan net.Conn, 1), closed: make(chan struct{})}
	from.late <- ours
	l := limit(from, newVisitors())
	ended := make(chan error, 1)
	go func() { ended <- dismiss([]*limited{l}, time.Hour) }()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("somebody else comes: %v", err)
	}
	go func() {
		if _, err := theirs.Write([]byte("GET")); err != nil {
			t.Error(err)
		}
	}()
	if n, err := conn.Read(make([]byte, 3)); n != 3 || err != nil {
		t.Errorf("got %d bytes, %v", n, err)
	}
	select {
	case err := <-ended:
		t.Errorf("it is not waited for: %v", err)
	default:
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if n, err := l.end(); n != 0 || err != nil {
		t.Errorf("%d are left, %v", n, err)
	}
}

// Nobody waits for the end of what was refused either.
func TestRefusedConnectionsEnd(t *testing.T) {
	l, conn, client := accepted(t)
	if _, err := client.Write([]byte("PUT")); err != nil {
		t.Fatal(err)
	}
	if n, err := conn.Read(make([]byte, 3)); n != 3 || err != nil {
		t.Errorf("got %d bytes, %v", n, err)
	}
	refusing(conn)
	closed := make(chan error, 1)
	go func() { closed <- conn.Close() }()
	if n, err := client.Read(make([]byte, 1)); !errors.Is(err, io.EOF) { // the answer ends
		t.Errorf("%d bytes came, %v", n, err)
	}
	if err := dismiss([]*limited{l}, 0); err != nil {
		t.Error(err)
	}
	if err := <-closed; !errors.Is(err, net.ErrClosed) {
		t.Errorf("it was not closed: %v", err)
	}
}
