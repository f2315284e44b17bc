package web

import (
	"net"
	"net/netip"
)

// How many connections there may be at once. The device itself has places of its own: it asks for its own page, and is restarted
// when that is not answered.
const (
	maxOfAddress = 64  // of one address: a household behind a proxy is one
	maxOfNetwork = 128 // of one IPv6 network, in which everybody has as many addresses as he likes
	maxOwn       = 128 // of the device itself, beside maxConnections
)

// whence is where a connection comes from. It is zero for the device itself.
type whence struct {
	address netip.Addr
	network netip.Prefix // of IPv4 the address alone
}

// whenceOf is where a connection comes from; what did not come over the network comes from the device itself.
func whenceOf(conn net.Conn) whence {
	remote, ok := conn.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return whence{}
	}
	from := remote.AddrPort().Addr().Unmap()
	if local, ok := conn.LocalAddr().(*net.TCPAddr); ok && local.AddrPort().Addr().Unmap() == from {
		return whence{} // it was asked at its address in the network
	}
	bits := 32
	if from.Is6() {
		bits = 64
	}
	network, err := from.WithZone("").Prefix(bits)
	if err != nil || from.IsLoopback() {
		return whence{}
	}
	return whence{from, network}
}

// crowd is some of the connections.
type crowd struct {
	n, most int
	silent  *limitedConn // the one of them that has been there for longest without a whole request
}

func (c *crowd) add(one *limitedConn) {
	c.n++
	if !one.asked.Load() && (c.silent == nil || one.number < c.silent.number) {
		c.silent = one
	}
}

// surplus returns which connection has to go when another one comes: the longest silent one of those that are too many, else the
// new one; nil when there is room. No connection on which something was asked ever goes.
func surplus(conns map[*limitedConn]struct{}, comes *limitedConn) (goes *limitedConn) {
	if len(conns) < maxOfAddress { // the lowest bound
		return nil
	}
	own := comes.whence == whence{}
	crowds := [...]crowd{{most: maxOfAddress}, {most: maxOfNetwork}, {most: maxConnections}}
	if own {
		crowds[0].most, crowds[1].most, crowds[2].most = maxOwn, maxOwn, maxOwn
	}
	for one := range conns {
		if own != (one.whence == whence{}) {
			continue
		}
		if one.whence.address == comes.whence.address {
			crowds[0].add(one)
		}
		if one.whence.network == comes.whence.network {
			crowds[1].add(one)
		}
		crowds[2].add(one)
	}
	for _, c := range crowds {
		switch {
		case c.n < c.most:
		case c.silent != nil:
			return c.silent
		default:
			return comes
		}
	}
	return nil
}

// asking notes that a whole request came on a connection.
func asking(c net.Conn) {
	if l, ok := c.(*limitedConn); ok && !l.asked.Load() {
		l.asked.Store(true)
	}
}
