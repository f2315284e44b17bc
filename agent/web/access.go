package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/config"
)

// access says who may use a route.
type access uint8

const (
	reading access = iota // everybody who reaches the device
	dropIn                // a change that the original leaves open; Web.DropInWrites closes it
	formal                // a dropIn by a form of the pages: a person reads the refusal
	beating               // a page's sign of life, which no setting closes: it changes no calendar
	writing               // a change under /api/v1
	voice                 // the Alexa routes
)

// requester is what is known about who asks; it holds no borrowed memory.
type requester struct {
	host, origin, fetchSite, referer string
	authorization                    string
	local                            bool // from this machine, and not through a proxy
}

// requesterOf copies what access is decided on.
func requesterOf(c *fiber.Ctx) requester {
	header := func(name string) string { return strings.Clone(c.Get(name)) }
	return requester{
		host: string(c.Context().Host()), origin: header(fiber.HeaderOrigin), fetchSite: header("Sec-Fetch-Site"),
		referer: header(fiber.HeaderReferer), authorization: header(fiber.HeaderAuthorization),
		local: c.Context().RemoteIP().IsLoopback() && namesLoopback(string(c.Context().Host())) && !throughProxy(c),
	}
}

// throughProxy tells whether a proxy says that it passes the request on: behind one on this machine, everybody comes
// from here. A proxy that hides itself cannot be told from the device; the Host that people ask it for mostly can.
func throughProxy(c *fiber.Ctx) (found bool) {
	c.Request().Header.VisitAll(func(key, _ []byte) {
		name := strings.ToLower(string(key))
		found = found || name == "via" || name == "forwarded" || name == "x-real-ip" || strings.HasPrefix(name, "x-forwarded")
	})
	return found
}

// namesLoopback tells whether a Host header is localhost or a loopback address.
func namesLoopback(host string) bool {
	name := hostName(host)
	address, err := netip.ParseAddr(name)
	return name == "localhost" || err == nil && address.Unmap().IsLoopback()
}

// mayUse returns nil, or why not.
func mayUse(a access, who requester, cfg config.Config) error {
	switch a {
	case voice:
		if !bears(who.authorization, cfg.Alexa.Token) {
			return &refusal{Status: fiber.StatusUnauthorized, Word: "Unauthorized"}
		}
	case beating:
		if !sameOrigin(who) {
			return crossOrigin()
		}
	case dropIn, formal:
		if !sameOrigin(who) {
			return crossOrigin()
		}
		if !cfg.Web.DropInWrites {
			return mayWrite(who, cfg.Web.WriteToken)
		}
	case writing:
		if !sameOrigin(who) {
			return crossOrigin()
		}
		return mayWrite(who, cfg.Web.WriteToken)
	}
	return nil
}

func crossOrigin() error {
	return problemOf(fiber.StatusForbidden, "cross_origin", "Another web site may not change anything here.")
}

// mayWrite asks for the token; where none is set, for this machine.
func mayWrite(who requester, token config.Secret) error {
	switch {
	case token != "" && !bears(who.authorization, token):
		return problemOf(fiber.StatusUnauthorized, "token", "Changes need the header \"Authorization: Bearer TOKEN\" with the token set as web.write_token.")
	case token == "" && !who.local:
		return problemOf(fiber.StatusForbidden, "local_only", "Changes are taken from the device itself only, as no web.write_token is set.")
	}
	return nil
}

// bears compares in constant time whether the header carries the token; an empty token is carried by nobody.
func bears(authorization string, token config.Secret) bool {
	scheme, given, _ := strings.Cut(authorization, " ")
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(token.Reveal()))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1 && strings.EqualFold(scheme, "Bearer") && token != ""
}

// sameOrigin tells whether a request that changes something may come from where it comes from. Browsers say
// where (Origin, else Sec-Fetch-Site, else Referer); programs say nothing and may.
func sameOrigin(who requester) bool {
	switch {
	case who.origin != "":
		return sameHost(who.origin, who.host)
	case who.fetchSite != "":
		return who.fetchSite == "same-origin" || who.fetchSite == "none"
	case who.referer != "":
		return sameHost(who.referer, who.host)
	}
	return true
}

// sameHost compares host and port; the scheme may differ, as a proxy in front may add TLS.
func sameHost(address, host string) bool {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") {
		return false
	}
	return bare(u.Host) == bare(host)
}

// bare is a host and port in lower case without the ports that browsers leave out.
func bare(host string) string {
	host = strings.ToLower(host)
	host = strings.TrimSuffix(host, ":80")
	return strings.TrimSuffix(host, ":443")
}

// hostNames is the set of names besides addresses and *.local.
func hostNames(allowed []string, hostname func() (string, error)) map[string]bool {
	names := map[string]bool{"localhost": true}
	if name, err := hostname(); err == nil {
		names[strings.ToLower(name)] = true
	}
	for _, name := range allowed {
		names[strings.ToLower(strings.TrimSuffix(name, "."))] = true
	}
	return names
}

// knownHost tells whether the Host header names this device. A web site can let its own name point to the device's
// address (DNS rebinding) and would then read the calendar as if it were its own; its name is not known here.
// A request without the header is not a browser's.
func knownHost(host string, names map[string]bool) bool {
	if host == "" {
		return true
	}
	name := hostName(host)
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	return names[name] || strings.HasSuffix(name, ".local") || strings.HasSuffix(name, ".localhost")
}

// hostName is a Host header in lower case, without its port, brackets and final dot.
func hostName(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
}
