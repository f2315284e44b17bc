package web

import (
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// clocked notes the deadlines that are set, since it was made.
type clocked struct {
	net.Conn
	made        time.Time
	read, write []time.Duration
}

func (c *clocked) SetReadDeadline(t time.Time) error {
	c.read = append(c.read, t.Sub(c.made))
	return nil
}

func (c *clocked) SetWriteDeadline(t time.Time) error {
	c.write = append(c.write, t.Sub(c.made))
	return nil
}
func (c *clocked) Read([]byte) (int, error)  { return 1, nil }
func (c *clocked) Write([]byte) (int, error) { return 1, nil }

// A request has its time from its beginning, however slowly it trickles in; an answer has its own, in however many pieces;
// what is asked again and again sets a deadline once a second.
func TestDeadlines(t *testing.T) {
	for _, tt := range []struct {
		name        string
		doing       string // r reads, w writes, "." is 10 ms, "s" is a second
		read, write []time.Duration
	}{
		{"nothing", "", nil, nil},
		{"a request that trickles in", "sr.r.r.s.r", []time.Duration{readTimeout, time.Second + 10*time.Millisecond + readTimeout}, nil},
		{"an answer in pieces", "r.w.sws.w", []time.Duration{readTimeout}, []time.Duration{10*time.Millisecond + writeTimeout}},
		{"many requests", "rwrwrw.rw.rwrw.rw", []time.Duration{readTimeout}, []time.Duration{writeTimeout}},
		{"requests a second apart", "rwsrwrw", []time.Duration{readTimeout, time.Second + readTimeout}, []time.Duration{writeTimeout, time.Second + writeTimeout}},
		{"an idle client", "rwssr", []time.Duration{readTimeout}, []time.Duration{writeTimeout}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				conn := &clocked{made: time.Now()}
				c := &limitedConn{Conn: conn, seen: conn.made}
				for _, what := range tt.doing {
					var err error
					switch what {
					case 'r':
						_, err = c.Read(nil)
					case 'w':
						_, err = c.Write(nil)
					case '.':
						<-time.After(10 * time.Millisecond)
					case 's':
						<-time.After(time.Second)
					}
					if err != nil {
						t.Fatal(err)
					}
				}
				if !slices.Equal(conn.read, tt.read) || !slices.Equal(conn.write, tt.write) {
					t.Errorf("reading %v, writing %v; want %v and %v", conn.read, conn.write, tt.read, tt.write)
				}
			})
		})
	}
}

// A client that says nothing is given up, and so is one that takes no answer.
func TestConnectionsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := net.Pipe()
		began := time.Now()
		c := &limitedConn{Conn: server, from: &limited{}, seen: began}
		if _, err := c.Read(make([]byte, 1)); err == nil || time.Since(began) != readTimeout {
			t.Errorf("reading ended after %v: %v", time.Since(began), err)
		}
		began = time.Now()
		if _, err := c.Write([]byte("a")); err == nil || time.Since(began) != writeTimeout {
			t.Errorf("writing ended after %v: %v", time.Since(began), err)
		}
		if below(c) != server || below(client) != client {
			t.Error("what is below is another one")
		}
		for _, end := range []net.Conn{c, client} {
			if err := end.Close(); err != nil {
				t.Error(err)
			}
		}
		if _, err := c.Read(nil); err == nil {
			t.Error("a closed connection can be read")
		}
	})
}

// halved is a connection one half of which can be closed.
type halved struct{ net.Conn }

func (halved) CloseWrite() error { return nil }

// The end of what was refused is waited for no longer than a request would be.
func TestRefusedConnectionsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := net.Pipe()
		began := time.Now()
		c := &limitedConn{Conn: halved{server}, from: &limited{}, seen: began}
		refusing(c)
		if err := c.Close(); err != nil || time.Since(began) != readTimeout {
			t.Errorf("it ended after %v: %v", time.Since(began), err)
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
}
