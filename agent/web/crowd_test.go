package web

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// village is a listener to which who comes from 127.0.x.y, other than 127.0.0.1, is at 192.168.x.y.
type village struct{ net.Listener }

func (v village) Accept() (net.Conn, error) {
	c, err := v.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return villager{c}, nil
}

type villager struct{ net.Conn }

func (v villager) RemoteAddr() net.Addr {
	from := v.Conn.RemoteAddr().(*net.TCPAddr)
	ip := from.IP.To4()
	if ip[3] == 1 {
		return from
	}
	return &net.TCPAddr{IP: net.IPv4(192, 168, ip[2], ip[3]), Port: from.Port}
}

// visit opens a connection from 127.0.0.host.
func (d *device) visit(host byte) net.Conn {
	d.t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, host)}}
	conn, err := dialer.Dial("tcp", strings.TrimPrefix(d.url, "http://"))
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			d.t.Error(err)
		}
	})
	return conn
}

// says asks for the page on a connection; 0 stands for no answer.
func (d *device) says(conn net.Conn) (status int) {
	d.t.Helper()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		return 0
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0
	}
	if _, err = io.Copy(io.Discard, res.Body); err != nil {
		d.t.Error(err)
	}
	if err := res.Body.Close(); err != nil {
		d.t.Error(err)
	}
	return res.StatusCode
}

// Whoever opens connections and holds them keeps nobody from the pages: not the device itself, by which it is known to live, not
// others, and not even those who share the address.
func TestHeldConnectionsKeepNobodyOut(t *testing.T) {
	d := start(t, func(o *Options) { o.Listener = village{o.Listener} })
	hold := func(n int, hosts ...byte) (held []net.Conn) {
		for _, host := range hosts {
			for range n {
				conn := d.visit(host)
				if _, err := io.WriteString(conn, "GET / HT"); err != nil && len(held) < maxOfAddress {
					t.Fatal(err) // later ones may be closed at once
				}
				held = append(held, conn)
			}
		}
		return held
	}
	answered := func(when string, hosts ...byte) {
		for _, host := range hosts {
			if got := d.says(d.visit(host)); got != http.StatusOK {
				t.Errorf("%s: who comes from %d gets %d", when, host, got)
			}
		}
	}
	before := d.visit(7)
	if got := d.says(before); got != http.StatusOK {
		t.Fatal(got)
	}
	held := hold(300, 7)
	for _, conn := range held[:300-maxOfAddress] {
		if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("a connection that is one too many: %v", err)
		}
	}
	answered("one address holds many", 1, 8, 7)
	if got := d.says(before); got != http.StatusOK {
		t.Errorf("a connection on which was asked before: %d", got)
	}
	hold(maxOfAddress, 20, 21, 22, 23, 24)
	answered("five addresses hold many", 1, 8, 7, 30)
	hold(maxOwn+20, 1)
	answered("the device itself holds many", 1, 8)
}

// TestSurplus says who goes when a connection comes. Those that are there come in the order they are written in; those with ! have
// not asked anything.
func TestSurplus(t *testing.T) {
	many := func(n int, from string) (list []string) {
		for range n {
			list = append(list, from)
		}
		return list
	}
	spread := func(n int, network string) (list []string) {
		for i := range n {
			list = append(list, network+strconv.Itoa(i))
		}
		return list
	}
	join := func(lists ...[]string) (all []string) {
		for _, list := range lists {
			all = append(all, list...)
		}
		return all
	}
	const newcomer = -2
	for _, c := range []struct {
		name  string
		there []string
		comes string
		goes  int // of those that are there, or -1 for nobody
	}{
		{"nobody is there", nil, "192.168.1.7", -1},
		{"room for one more", many(maxOfAddress-1, "192.168.1.7!"), "192.168.1.7", -1},
		{"too many of one address", join([]string{"192.168.1.7", "192.168.1.8!"}, many(maxOfAddress-1, "192.168.1.7!")), "192.168.1.7", 2},
		{"all of them asked", many(maxOfAddress, "192.168.1.7"), "192.168.1.7", newcomer},
		{"a neighbour", many(maxOfAddress, "192.168.1.7"), "192.168.1.8", -1},
		{"as IPv6 writes IPv4", many(maxOfAddress, "::ffff:192.168.1.7"), "192.168.1.7", newcomer},
		{"too many of an IPv6 address", many(maxOfAddress, "fe80::7"), "fe80::7", newcomer},
		{"its neighbour", many(maxOfAddress, "fe80::7"), "fe80::8", -1},
		{"too many of a network", join(spread(maxOfNetwork-1, "2001:db8::"), []string{"2001:db8::ffff!"}), "2001:db8::fffe", maxOfNetwork - 1},
		{"another network", spread(maxOfNetwork, "2001:db8::"), "2001:db8:0:1::1", -1},
		{"too many of all", join(spread(maxConnections-1, "10.0.0."), []string{"10.1.0.1!"}), "10.1.0.2", maxConnections - 1},
		{"the device itself", spread(maxConnections, "10.0.0."), "127.0.0.1", -1},
		{"the device at its own address", spread(maxConnections, "10.0.0."), "192.168.1.5", -1},
		{"the local socket", spread(maxConnections, "10.0.0."), "", -1},
		{"too many of the device itself", join(many(maxConnections, "10.0.0.1!"), many(5, "::1"), many(maxOwn-5, "127.0.0.1!")), "127.0.0.1", maxConnections + 5},
		{"a neighbour beside them", many(maxOwn, "127.0.0.1!"), "192.168.1.7", -1},
	} {
		conns := map[*limitedConn]struct{}{}
		var list []*limitedConn
		add := func(from string) *limitedConn {
			address, silent := strings.CutSuffix(from, "!")
			one := &limitedConn{whence: whenceOf(caller(address)), number: uint64(len(list))}
			one.asked.Store(!silent)
			return one
		}
		for _, from := range c.there {
			one := add(from)
			list, conns[one] = append(list, one), struct{}{}
		}
		comes, got := add(c.comes+"!"), -1
		switch goes := surplus(conns, comes); goes {
		case nil:
		case comes:
			got = newcomer
		default:
			got = int(goes.number)
		}
		if got != c.goes {
			t.Errorf("%s: %d goes, want %d", c.name, got, c.goes)
		}
	}
}

// callerConn is a connection of 192.168.1.5.
type callerConn struct {
	net.Conn
	from net.Addr
}

// caller is a connection from an address; without one it is of the local socket.
func caller(address string) net.Conn {
	if address == "" {
		return callerConn{from: &net.UnixAddr{}}
	}
	return callerConn{from: net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(address), 4711))}
}

func (c callerConn) RemoteAddr() net.Addr { return c.from }
func (c callerConn) LocalAddr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(192, 168, 1, 5), Port: 8080}
}
