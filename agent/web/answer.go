package web

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/page"
)

// guarded is around every request: what no route may forget.
func (s *Server) guarded(c *fiber.Ctx) (err error) {
	began := time.Now()
	defer func() {
		if cause := recover(); cause != nil {
			s.o.Log.Error("panic while answering", "method", c.Method(), "path", c.Path(), "cause", cause, "stack", string(debug.Stack()))
			c.Response().Reset()
			err = problemOf(http.StatusInternalServerError, "internal", "Something went wrong inside the program; its log says what.")
		}
		if err != nil {
			err = s.fail(c, err)
		}
		if !s.o.Log.Enabled(context.Background(), slog.LevelDebug) {
			return
		}
		// The query stays out of the log: it may hold what is secret.
		s.o.Log.Debug("request", "method", c.Method(), "path", c.Path(), "status", c.Response().StatusCode(),
			"from", c.Context().RemoteIP(), "took", time.Since(began))
	}()
	securityHeaders(c)
	if host := string(c.Context().Host()); !knownHost(host, s.hosts) {
		return problemOf(http.StatusMisdirectedRequest, "host",
			"This device is not known by the name in the address. Use its address or its .local name, or add the name to web.allowed_hosts.")
	}
	return c.Next()
}

// contentPolicy: everything comes from this server, nothing is inline, and other sites cannot frame it.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"

func securityHeaders(c *fiber.Ctx) {
	c.Set(fiber.HeaderContentSecurityPolicy, contentPolicy)
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderXFrameOptions, "SAMEORIGIN")
	c.Set(fiber.HeaderReferrerPolicy, "same-origin")
	c.Set("Cross-Origin-Resource-Policy", "same-origin")
	c.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
}

// allowed puts a route's access in front of it.
func (s *Server) allowed(r route) fiber.Handler {
	if r.access == reading {
		return r.answer
	}
	return func(c *fiber.Ctx) error {
		err := mayUse(r.access, requesterOf(c), s.o.Config)
		if err == nil {
			err = r.answer(c)
		}
		if err != nil && r.access == formal {
			return s.failForm(c, err)
		}
		return err
	}
}

// html answers a page for people. A wall is never blank: a parameter that cannot be used counts as not given, and when
// the page cannot be made, the clock is shown.
func (s *Server) html(kind page.Kind) fiber.Handler {
	return func(c *fiber.Ctx) error {
		q, err := s.query(c, kind)
		if err != nil {
			s.o.Log.Debug("a parameter of the page cannot be used", "path", c.Path())
		}
		p, err := s.draw(q)
		if err != nil {
			s.o.Log.Error("page", "kind", kind, "error", err)
			p = s.clock(q)
		}
		return answerPage(c, p)
	}
}

// json answers a page for programs.
func (s *Server) json(kind page.Kind) fiber.Handler {
	return func(c *fiber.Ctx) error {
		q, err := s.query(c, kind)
		if err != nil {
			return inShape(kind, err)
		}
		p, err := s.draw(q)
		if err != nil {
			s.o.Log.Error("page", "kind", kind, "error", err)
			return problemOf(http.StatusServiceUnavailable, "unavailable", "The calendar cannot be read at the moment; please try again.")
		}
		return answerPage(c, p)
	}
}

// query copies what was asked out of the framework's buffers, which are used again for the next request.
func (s *Server) query(c *fiber.Ctx, kind page.Kind) (page.Query, error) {
	return queryOf(kind, string(c.Request().URI().QueryString()), s.o.Now(), s.o.Zone)
}

// draw asks for a page in bounded time, with a bounded number of others.
func (s *Server) draw(q page.Query) (page.Page, error) {
	ctx, cancel := context.WithTimeout(context.Background(), pageTimeout)
	defer cancel()
	select {
	case s.pages <- struct{}{}:
		defer func() { <-s.pages }()
	case <-ctx.Done():
		return page.Page{}, ctx.Err()
	}
	return s.o.Page(ctx, q)
}

// answerPage answers a page, or 304 when the client has it.
func answerPage(c *fiber.Ctx, p page.Page) error {
	// What is drawn can change at any moment, so it is asked for each time; the ETag makes that cheap.
	c.Set(fiber.HeaderCacheControl, "private, no-cache")
	if p.Stale {
		c.Set("X-CalendarBot-Stale", "1")
	}
	if p.ETag != "" {
		c.Set(fiber.HeaderETag, p.ETag)
		if matches(c.Get(fiber.HeaderIfNoneMatch), p.ETag) && p.Status == http.StatusOK && c.Method() != fiber.MethodPost {
			return c.SendStatus(http.StatusNotModified)
		}
	}
	c.Status(p.Status)
	c.Set(fiber.HeaderContentType, p.Type)
	return c.Send(p.Body)
}

// matches reads If-None-Match (RFC 9110 section 13.1.2), which compares weakly.
func matches(header, etag string) bool {
	if strings.TrimSpace(header) == "*" {
		return true
	}
	for candidate := range strings.SplitSeq(header, ",") {
		if strings.TrimPrefix(strings.TrimSpace(candidate), "W/") == etag {
			return true
		}
	}
	return false
}
