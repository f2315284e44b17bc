package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/config"
)

// How long a login holds.
const (
	cookieName  = "calendarbot"
	sessionIdle = 12 * time.Hour      // without a look at a page of the settings
	sessionLong = 30 * 24 * time.Hour // in all
	renewAfter  = 10 * time.Minute    // a younger cookie is not sent anew
	maxEnded    = 256                 // logins that were ended before their time
)

// session is a login. It is kept by the browser alone, signed; the server remembers only those that were ended.
type session struct {
	id           [16]byte
	since, until int64 // Unix seconds
}

// sessions signs and reads them. Its key lives until the PIN or the token changes, and no longer than the program: both are logouts.
type sessions struct {
	mu       sync.Mutex
	key      []byte
	ended    map[[16]byte]int64 // until when their cookies would hold
	revision uint64             // of the configuration that was followed last
	pin      config.Secret      // in it
	token    config.Secret
}

func newSessions() *sessions {
	s := &sessions{ended: map[[16]byte]int64{}}
	s.renew()
	return s
}

// renew makes every session void. s.mu is held.
func (s *sessions) renew() {
	clear(s.ended)
	s.key = make([]byte, sha256.Size)
	rand.Read(s.key) //nolint:errcheck // it never fails
}

// follow makes every session void when the secrets are others than before, so that none comes back with an old PIN.
func (s *sessions) follow(state *config.State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	web := state.Config.Web
	if state.Revision < s.revision {
		return // somebody was faster with a newer one
	}
	if s.revision != 0 && (s.pin != web.PIN || s.token != web.WriteToken) {
		s.renew()
	}
	s.revision, s.pin, s.token = state.Revision, web.PIN, web.WriteToken
}

// begin returns a new session.
func (s *sessions) begin(now time.Time) session {
	n := session{since: now.Unix()}
	rand.Read(n.id[:]) //nolint:errcheck // it never fails
	return n.renewed(now)
}

// renewed is the session after another look at a page.
func (n session) renewed(now time.Time) session {
	n.until = min(now.Add(sessionIdle).Unix(), n.since+int64(sessionLong/time.Second))
	return n
}

// stale tells whether the cookie should be sent anew.
func (n session) stale(now time.Time) bool {
	return n.renewed(now).until-n.until > int64(renewAfter/time.Second)
}

// sign is the MAC of some bytes for a purpose; other secrets in the configuration make all of them void.
func (s *sessions) sign(purpose string, web config.Web, text []byte) []byte {
	s.mu.Lock()
	key := s.key
	s.mu.Unlock()
	h := hmac.New(sha256.New, key)
	for _, part := range []string{purpose, web.PIN.Reveal(), web.WriteToken.Reveal()} {
		sum := sha256.Sum256([]byte(part))
		h.Write(sum[:])
	}
	h.Write(text)
	return h.Sum(nil)
}

// cookie is the session as its browser keeps it.
func (s *sessions) cookie(n session, web config.Web) string {
	text := binary.BigEndian.AppendUint64(n.id[:len(n.id):len(n.id)], uint64(n.since))
	text = binary.BigEndian.AppendUint64(text, uint64(n.until))
	return base64.RawURLEncoding.EncodeToString(append(text, s.sign("session", web, text)...))
}

// read returns the session of a cookie that this program has signed and that holds.
func (s *sessions) read(cookie string, web config.Web, now time.Time) (n session, ok bool) {
	const size = 16 + 8 + 8
	raw, err := base64.RawURLEncoding.DecodeString(cookie)
	if err != nil || len(raw) != size+sha256.Size || !hmac.Equal(raw[size:], s.sign("session", web, raw[:size])) {
		return session{}, false
	}
	copy(n.id[:], raw)
	n.since, n.until = int64(binary.BigEndian.Uint64(raw[16:])), int64(binary.BigEndian.Uint64(raw[24:]))
	s.mu.Lock()
	defer s.mu.Unlock()
	// Nobody is given more than sessionIdle: what holds for longer was begun by a clock that was set back since.
	if _, ended := s.ended[n.id]; ended || now.Unix() >= n.until || n.until-now.Unix() > int64((sessionIdle+renewAfter)/time.Second) {
		return session{}, false
	}
	return n, true
}

// end makes a session void. When too many are remembered, all are made void instead.
func (s *sessions) end(n session, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, until := range s.ended {
		if now.Unix() >= until {
			delete(s.ended, id)
		}
	}
	if len(s.ended) >= maxEnded {
		s.renew()
		return
	}
	s.ended[n.id] = n.since + int64(sessionLong/time.Second)
}

// formToken is what every form of a session's pages carries; the zero session is that of the device itself.
func (s *sessions) formToken(n session, web config.Web) string {
	return base64.RawURLEncoding.EncodeToString(s.sign("form", web, n.id[:]))
}

// fits compares the token of a form in constant time.
func (s *sessions) fits(token string, n session, web config.Web) bool {
	return hmac.Equal([]byte(token), []byte(s.formToken(n, web)))
}

// keep hands the browser its session; an empty text takes it away.
func keep(c *fiber.Ctx, text string) {
	cookie := &fiber.Cookie{Name: cookieName, Value: text, Path: "/", HTTPOnly: true, SameSite: fiber.CookieSameSiteStrictMode, MaxAge: int(sessionLong / time.Second)}
	if text == "" {
		cookie.Expires = time.Unix(1, 0)
		cookie.MaxAge = 0
	}
	c.Cookie(cookie)
}

// cookieOf copies the session's cookie out of a request.
func cookieOf(c *fiber.Ctx) string { return strings.Clone(c.Cookies(cookieName)) }
