package page

import (
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"calendarbot/agent/config"
)

// addressCount is how many addresses a person is shown.
const addressCount = 3

// LocalAddresses returns the addresses at which the device's pages can be reached, the best first: those of its networks,
// then its name in the local network. When the server listens on one address alone it is that one.
func LocalAddresses(w config.Web) []string {
	port := strconv.Itoa(w.Port)
	if ip, err := netip.ParseAddr(w.Host); err == nil && !ip.IsUnspecified() {
		return []string{webAddress(w.Host, port)}
	}
	var list []string
	interfaces, err := net.InterfaceAddrs()
	if err != nil {
		interfaces = nil // the name below may still do
	}
	for _, a := range interfaces {
		prefix, err := netip.ParsePrefix(a.String())
		if err != nil || prefix.Addr().IsLoopback() || prefix.Addr().IsLinkLocalUnicast() {
			continue
		}
		if ip := prefix.Addr(); ip.Is4() || ip.IsPrivate() {
			list = append(list, webAddress(ip.String(), port))
		}
	}
	slices.SortStableFunc(list, func(a, b string) int { return len(a) - len(b) }) // an IPv4 address is the easier to type
	list = list[:min(len(list), addressCount-1)]
	if name, err := os.Hostname(); err == nil && name != "localhost" {
		list = append(list, webAddress(name+".local", port))
	}
	return list
}

func webAddress(host, port string) string {
	if port == "80" {
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		return "http://" + host + "/"
	}
	return "http://" + net.JoinHostPort(host, port) + "/"
}

// forPhones tells whether an address is one that a phone can follow: a page on the web, and not the device's own name for itself.
// It becomes a link, so that nothing else may pass.
func forPhones(address string) bool {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() != "localhost" && (err != nil || !ip.IsLoopback())
}
