package conn

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
)

func TestOnlyThePublicInternetIsAllowed(t *testing.T) {
	g := newFence()
	for _, c := range []struct {
		addr        string
		public, lan bool // allowed without and with the person's leave
	}{
		{"93.184.215.14", true, true},
		{"1.1.1.1", true, true},
		{"223.255.255.255", true, true},
		{"172.15.0.1", true, true},
		{"172.32.0.1", true, true},
		{"100.128.0.1", true, true},
		{"2606:2800:21f:cb07::1", true, true},
		{"2a00:1450:4001:81c::200e", true, true},
		{"64:ff9b::5db8:d70e", true, true}, // NAT64 of 93.184.215.14

		{"10.0.0.1", false, true},
		{"172.16.0.1", false, true},
		{"172.31.255.255", false, true},
		{"192.168.178.1", false, true},
		{"127.0.0.1", false, true},
		{"127.255.255.254", false, true},
		{"169.254.1.1", false, true},
		{"100.64.0.1", false, true},
		{"100.127.255.255", false, true},
		{"::1", false, true},
		{"fd12:3456:789a::1", false, true},
		{"fc00::1", false, true},
		{"fe80::1", false, true},
		{"fe80::1%eth0", false, true},
		{"::ffff:192.168.1.1", false, true},
		{"::ffff:127.0.0.1", false, true},
		{"64:ff9b::c0a8:101", false, true},   // NAT64 of 192.168.1.1
		{"64:ff9b::7f00:1", false, true},     // NAT64 of 127.0.0.1
		{"2002:7f00:1::1", false, true},      // 6to4 of 127.0.0.1
		{"2002:c0a8:101::1", false, true},    // 6to4 of 192.168.1.1
		{"169.254.169.254", false, false},    // metadata
		{"169.254.170.2", false, false},      // metadata
		{"100.100.100.200", false, false},    // metadata
		{"168.63.129.16", false, false},      // metadata
		{"fd00:ec2::254", false, false},      // metadata
		{"64:ff9b::a9fe:a9fe", false, false}, // NAT64 of metadata
		{"::ffff:169.254.169.254", false, false},
		{"0.0.0.0", false, false},
		{"0.1.2.3", false, false},
		{"::", false, false},
		{"::ffff:0.0.0.0", false, false},
		{"224.0.0.1", false, false},
		{"239.255.255.255", false, false},
		{"ff02::1", false, false},
		{"255.255.255.255", false, false},
		{"240.0.0.1", false, false},
		{"192.0.0.1", false, false},
		{"192.0.2.1", false, false},
		{"198.18.0.1", false, false},
		{"198.51.100.1", false, false},
		{"203.0.113.1", false, false},
		{"2001:db8::1", false, false},
		{"2001::1", false, false}, // Teredo
		{"3fff::1", false, false},
		{"fec0::1", false, false},
		{"::7f00:1", false, false},
		{"64:ff9b:1::1", false, false},
		{"100::1", false, false},
		{"4000::1", false, false},
	} {
		addr := netip.MustParseAddr(c.addr)
		for lan, want := range map[bool]bool{false: c.public, true: c.lan} {
			err := g.check("calendar.example", addr, lan)
			if (err == nil) != want {
				t.Errorf("%s with lan %v: %v, want allowed %v", c.addr, lan, err, want)
			}
			if err == nil {
				continue
			}
			refused, ok := errors.AsType[*AddressError](err)
			if !ok || refused.Host != "calendar.example" || refused.Address != c.addr || refused.Kind == "" {
				t.Errorf("%s is refused with %#v", c.addr, err)
			}
			if strings.Contains(err.Error(), "lan: true") != c.lan {
				t.Errorf("%s: %q; lan would allow it: %v", c.addr, err, c.lan)
			}
		}
	}
}

func FuzzGuard(f *testing.F) {
	for _, s := range []string{"\x7f\x00\x00\x01", "\x00d\xff\x9b\x00\x00\x00\x00\x00\x00\x00\x00\x7f\x00\x00\x01", " \x02\x7f\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"} {
		f.Add([]byte(s))
	}
	g := newFence()
	f.Fuzz(func(t *testing.T, b []byte) {
		addr, ok := netip.AddrFromSlice(b)
		if !ok {
			return
		}
		inner := addr.Unmap()
		bad := !inner.IsGlobalUnicast() || inner.IsPrivate()
		if g.check("h", addr, false) == nil && bad {
			t.Errorf("%s is allowed", addr)
		}
		if g.check("h", addr, false) == nil && g.check("h", addr, true) != nil {
			t.Errorf("%s is refused only when more is allowed", addr)
		}
	})
}
