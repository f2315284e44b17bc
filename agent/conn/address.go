package conn

import (
	"fmt"
	"net/netip"
	"strings"
)

// AddressError is a refused address.
type AddressError struct {
	Host    string // as in the URL
	Address string // what it resolved to
	Kind    string // what the address is: "private", "loopback", "metadata" ...
	Allowed bool   // it would be allowed for a source with lan: true
}

// Error says which address was refused and why.
func (e *AddressError) Error() string {
	what := e.Host
	if e.Host != e.Address {
		what = fmt.Sprintf("%s (%s)", e.Host, e.Address)
	}
	if e.Allowed {
		return fmt.Sprintf("%s is %s, which is only allowed for a source with lan: true, and not by a redirect from the internet", what, e.What())
	}
	return fmt.Sprintf("%s is %s, which is never fetched from", what, e.What())
}

// What is the kind of address with its article: "a private address".
func (e *AddressError) What() string {
	article := "a"
	if e.Kind != "" && strings.ContainsRune("aeiou", rune(e.Kind[0])) {
		article = "an"
	}
	return fmt.Sprintf("%s %s address", article, e.Kind)
}

// block is a range of addresses that are not the public internet.
type block struct {
	prefix netip.Prefix
	kind   string
	lan    bool // allowed where the person has opted in
}

// blocks are the ranges of the IANA special-purpose registries (RFC 6890 and its successors)
// that are not globally reachable, and those that a cloud's metadata service answers on. The
// first match decides.
func blocks() []block {
	b := func(prefix, kind string, lan bool) block {
		return block{netip.MustParsePrefix(prefix), kind, lan}
	}
	return []block{
		b("169.254.169.254/32", "metadata", false),
		b("169.254.170.2/32", "metadata", false),
		b("100.100.100.200/32", "metadata", false),
		b("168.63.129.16/32", "metadata", false),
		b("fd00:ec2::254/128", "metadata", false),
		b("fd20:ce::254/128", "metadata", false),

		b("0.0.0.0/32", "unspecified", false),
		b("0.0.0.0/8", "reserved", false),
		b("10.0.0.0/8", "private", true),
		b("100.64.0.0/10", "carrier-grade NAT", true),
		b("127.0.0.0/8", "loopback", true),
		b("169.254.0.0/16", "link-local", true),
		b("172.16.0.0/12", "private", true),
		b("192.0.0.0/24", "reserved", false),
		b("192.0.2.0/24", "documentation", false),
		b("192.88.99.0/24", "reserved", false),
		b("192.168.0.0/16", "private", true),
		b("198.18.0.0/15", "benchmarking", false),
		b("198.51.100.0/24", "documentation", false),
		b("203.0.113.0/24", "documentation", false),
		b("224.0.0.0/4", "multicast", false),
		b("255.255.255.255/32", "broadcast", false),
		b("240.0.0.0/4", "reserved", false),

		b("::/128", "unspecified", false),
		b("::1/128", "loopback", true),
		b("fc00::/7", "private", true),
		b("fe80::/10", "link-local", true),
		b("fec0::/10", "site-local", false),
		b("ff00::/8", "multicast", false),
		b("2001::/23", "reserved", false),
		b("2001:db8::/32", "documentation", false),
		b("3fff::/20", "documentation", false),
		b("2000::/3", "", false), // global unicast: the only IPv6 range that is public
		b("::/0", "reserved", false),
	}
}

// fence refuses addresses. The zero fence is of no use; see newFence.
type fence struct{ blocks []block }

func newFence() fence { return fence{blocks()} }

// check returns nil when addr, which host resolved to, may be connected to.
func (g fence) check(host string, addr netip.Addr, lan bool) error {
	kind, allowed := g.classify(addr.WithZone("").Unmap())
	if kind == "" || allowed && lan {
		return nil
	}
	return &AddressError{Host: host, Address: addr.String(), Kind: kind, Allowed: allowed}
}

// public tells whether the address is on the public internet.
func (g fence) public(addr netip.Addr) bool {
	kind, _ := g.classify(addr.WithZone("").Unmap())
	return kind == ""
}

// classify returns "" for a public address, else what it is. An IPv6 address that only wraps an
// IPv4 address (NAT64, RFC 6052 and 8215; 6to4, RFC 3056) is as good as the one inside.
func (g fence) classify(addr netip.Addr) (kind string, lan bool) {
	if inner, ok := wrapped(addr); ok {
		addr = inner
	}
	for _, b := range g.blocks {
		if b.prefix.Contains(addr) {
			return b.kind, b.lan
		}
	}
	return "", false // an IPv4 address outside all blocks
}

// wrapped returns the IPv4 address inside a NAT64 or 6to4 address.
func wrapped(addr netip.Addr) (netip.Addr, bool) {
	if !addr.Is6() {
		return netip.Addr{}, false
	}
	b := addr.As16()
	switch {
	case netip.PrefixFrom(addr, 96).Masked() == netip.MustParsePrefix("64:ff9b::/96"):
		return netip.AddrFrom4([4]byte(b[12:])), true
	case b[0] == 0x20 && b[1] == 0x02:
		return netip.AddrFrom4([4]byte(b[2:6])), true
	}
	return netip.Addr{}, false
}
