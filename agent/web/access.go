package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/config"
)

// access says who may use a route.
type access uint8

const (
	open     access = iota // everybody who reaches the device
	reading                // the same, unless Web.Reads closes it
	viewing                // a reading by a person, who is led to the login
	dropIn                 // a change that the original leaves open; Web.DropInWrites closes it
	formal                 // a dropIn by a form of the pages: a person reads the refusal
	beating                // a page's sign of life, which no setting closes: it changes no calendar
	entering               // a login or a logout
	writing                // a change under /api/v1
	knowing                // a reading that tells about the home: for those who may write
	settling               // a page for those who may write, who are led to the login
	changing               // a change by a form of such a page
	visiting               // as settling, and for whoever is on the device's own access point
	joining                // as changing, and for them too
	voice                  // the Alexa routes
)

// requester is what is known about who asks; it holds no borrowed memory.
type requester struct {
	host, origin, fetchSite, referer string
	authorization, cookie            string
	from, to                         netip.Addr
	local                            bool   // from this machine, and not through a proxy
	socket                           string // who that is, when the request came over the local socket
}

// requesterOf copies what access is decided on.
func requesterOf(c *fiber.Ctx) requester {
	if p, local := peerOf(c); local {
		return requester{socket: p.String(), local: true}
	}
	header := func(name string) string { return strings.Clone(c.Get(name)) }
	from, to := ends(c)
	host := string(c.Context().Host())
	return requester{
		host: host, origin: header(fiber.HeaderOrigin), fetchSite: header("Sec-Fetch-Site"),
		referer: header(fiber.HeaderReferer), authorization: header(fiber.HeaderAuthorization), cookie: cookieOf(c), from: from, to: to,
		local: from.IsLoopback() && namesLoopback(host) && !throughProxy(c),
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

// standing is how somebody may change things: who that is in words for the audit log, and the login if there is one.
type standing struct {
	who     string
	session session
}

// standingOf finds out by what somebody may change things. The error says why not.
func (s *Server) standingOf(who requester) (standing, error) {
	web := s.current().Config.Web
	if who.socket != "" {
		return standing{who: who.socket}, nil
	}
	if who.authorization != "" {
		words, err := s.credentials(who, web)
		return standing{who: words}, err
	}
	if n, ok := s.sessions.read(who.cookie, web, s.o.Now()); ok {
		return standing{who: "the settings page, from " + who.from.String(), session: n}, nil
	}
	switch {
	case web.PIN != "" || web.WriteToken != "":
		return standing{}, unproven()
	case !who.local:
		return standing{}, problemOf(http.StatusForbidden, "local_only", "Changes are taken from the device itself only, as neither web.pin nor web.write_token is set.")
	}
	return standing{who: "the device itself"}, nil
}

func unproven() error {
	return problemOf(http.StatusUnauthorized, "token", "Changes need the header \"Authorization: Bearer TOKEN\" with the token set as web.write_token, "+
		"or the PIN: at /login, or as the password of \"Authorization: Basic\".")
}

// credentials judges an Authorization header: a bearer token, or basic credentials with the PIN as password.
func (s *Server) credentials(who requester, web config.Web) (string, error) {
	scheme, given, _ := strings.Cut(who.authorization, " ")
	kept, at, words := web.WriteToken, longSecret, "a program with the token, from "
	if strings.EqualFold(scheme, "Basic") {
		kept, at, words = web.PIN, shortSecret, "somebody with the PIN, from "
		pair, err := base64.StdEncoding.DecodeString(given)
		if err != nil {
			return "", unproven()
		}
		_, given, _ = strings.Cut(string(pair), ":")
	} else if !strings.EqualFold(scheme, "Bearer") {
		return "", unproven()
	}
	if kept == "" || given == "" {
		return "", unproven()
	}
	if err := s.door.admit(who.from, at, given, kept); errors.Is(err, errWrong) {
		return "", unproven()
	} else if err != nil {
		return "", err
	}
	return words + who.from.String(), nil
}

// mayUse returns nil, or why not. The standing is there for what needs one.
func (s *Server) mayUse(a access, who requester) (standing, error) {
	web := s.current().Config.Web
	switch a {
	case open:
	case reading, viewing:
		return standing{}, s.mayRead(who, web)
	case voice:
		if who.socket == "" && !bears(who.authorization, s.current().Config.Alexa.Token) {
			return standing{}, &refusal{Status: http.StatusUnauthorized, Word: "Unauthorized"}
		}
	case beating, entering:
		return standing{}, s.sameSite(who)
	case dropIn, formal:
		if err := s.sameSite(who); err != nil {
			return standing{}, err
		}
		if web.DropInWrites {
			return standing{}, s.mayRead(who, web)
		}
		return s.mayWrite(who)
	case writing, changing:
		if err := s.sameSite(who); err != nil {
			return standing{}, err
		}
		return s.mayWrite(who)
	case knowing, settling:
		return s.standingOf(who)
	case visiting, joining:
		return s.mayJoin(a, who)
	}
	return standing{}, nil
}

// mayRead is open to everybody, unless the configuration closes it to all but the device itself and those who may write.
func (s *Server) mayRead(who requester, web config.Web) error {
	if web.Reads != "closed" || who.local {
		return nil
	}
	_, err := s.standingOf(who)
	if p := (*problem)(nil); errors.As(err, &p) && p.Status != http.StatusTooManyRequests && p.Status != http.StatusServiceUnavailable {
		return problemOf(http.StatusUnauthorized, "closed", "The calendar is shown only after a login at /login, or to whoever sends the token or the PIN in the header Authorization.")
	}
	return err
}

// mayJoin is a standing of those who may set the wireless network: whoever is on the access point, else those who may change things.
func (s *Server) mayJoin(a access, who requester) (standing, error) {
	if a == joining {
		if err := s.sameSite(who); err != nil {
			return standing{}, err
		}
	}
	switch {
	case who.socket == "" && s.overAccessPoint(who.from, who.to):
		return standing{who: "somebody on the access point, from " + who.from.String()}, nil
	case a == joining:
		return s.mayWrite(who)
	}
	return s.standingOf(who)
}

// mayWrite is a standing that counts for a change. A cookie is sent by a browser whoever asks it to; so it counts only
// where the browser says, too, which page asks.
func (s *Server) mayWrite(who requester) (standing, error) {
	st, err := s.standingOf(who)
	if err == nil && st.session != (session{}) && who.origin == "" && who.fetchSite == "" {
		return standing{}, crossOrigin()
	}
	return st, err
}

// sameSite refuses what another web site lets a browser send.
func (s *Server) sameSite(who requester) error {
	if who.socket == "" && !sameOrigin(who) {
		return crossOrigin()
	}
	return nil
}

func crossOrigin() error {
	return problemOf(http.StatusForbidden, "cross_origin", "Another web site may not change anything here.")
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

// allowed puts a route's access in front of it.
func (s *Server) allowed(r route) fiber.Handler {
	if r.access == open {
		return r.answer
	}
	return func(c *fiber.Ctx) error {
		if (r.access == reading || r.access == viewing) && s.current().Config.Web.Reads != "closed" {
			return r.answer(c)
		}
		st, err := s.mayUse(r.access, requesterOf(c))
		if err == nil {
			c.Locals(standingKey{}, st)
			err = r.answer(c)
		}
		if err == nil {
			return nil
		}
		switch r.access {
		case viewing, settling, visiting:
			if p := (*problem)(nil); errors.As(err, &p) && (p.Code == "closed" || p.Code == "token") {
				return c.Redirect("/login?back="+url.QueryEscape(wayBack(string(c.Request().URI().RequestURI()))), http.StatusSeeOther)
			}
			return s.failForm(c, err)
		case formal, changing, entering, joining:
			return s.failForm(c, err)
		}
		return err
	}
}

// standingKey is where a request keeps its standing.
type standingKey struct{}

// standingHere is the standing that allowed found.
func standingHere(c *fiber.Ctx) standing {
	st, _ := c.Locals(standingKey{}).(standing)
	return st
}

// by is who changes something, and why.
func by(c *fiber.Ctx, why string) config.By {
	return config.By{Who: standingHere(c).who, Why: tidy(why)}
}
