package web

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/network"
	"calendarbot/agent/page"
)

// guarded is what no route may forget, around its answer: each is wrapped by itself, so that it knows where it is counted.
func (s *Server) guarded(o *observer, answer fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) (err error) {
		began := c.Context().Time()
		asking(c.Context().Conn())
		defer func() {
			if cause := recover(); cause != nil {
				s.o.Log.Error("panic while answering", "method", c.Method(), "path", c.Path(), "cause", cause, "stack", string(debug.Stack()))
				c.Response().Reset()
				err = problemOf(http.StatusInternalServerError, "internal", "Something went wrong inside the program; its log says what.")
			}
			if err != nil {
				err = s.fail(c, err)
			}
			took := time.Since(began)
			o.observe(c.Response().StatusCode(), took)
			if answering(c.Context().Conn(), began.Add(took)) {
				c.Context().SetConnectionClose()
			}
			if !s.o.Log.Enabled(context.Background(), slog.LevelDebug) {
				return
			}
			// The query stays out of the log: it may hold what is secret.
			s.o.Log.Debug("request", "method", c.Method(), "path", c.Path(), "status", c.Response().StatusCode(),
				"from", c.Context().RemoteIP(), "took", took)
		}()
		s.secure(c)
		if err := s.mayEnter(c); err != nil && s.strayed(c) {
			return c.Redirect(network.SetupAddress, http.StatusFound)
		} else if err != nil {
			return err
		}
		return answer(c)
	}
}

// mayEnter returns nil, or why a request is not listened to, whatever it asks for.
func (s *Server) mayEnter(c *fiber.Ctx) error {
	switch peer, local := peerOf(c); {
	case local && !peer.mayUse():
		return problemOf(http.StatusForbidden, "local_user", "Only root and the program's own user may use the local socket.")
	case !local && !s.current().knows(c.Context().Host()):
		return problemOf(http.StatusMisdirectedRequest, "host",
			"This device is not known by the name in the address. Use its address or its .local name, or add the name to web.allowed_hosts.")
	}
	return nil
}

// html answers a page for people. A wall is never blank: a parameter that cannot be used counts as not given.
func (s *Server) html(kind page.Kind) fiber.Handler {
	return s.drawn(kind, func(c *fiber.Ctx, _ error) error {
		s.o.Log.Debug("a parameter of the page cannot be used", "path", c.Path())
		return nil
	})
}

// json answers a page for programs.
func (s *Server) json(kind page.Kind) fiber.Handler {
	return s.drawn(kind, func(_ *fiber.Ctx, err error) error { return inShape(kind, err) })
}

// drawn answers a page; bad says what becomes of a query that cannot be used, nil that what is right in it counts.
func (s *Server) drawn(kind page.Kind, bad func(*fiber.Ctx, error) error) fiber.Handler {
	// Nearly everybody asks without parameters.
	bare, err := queryOf(kind, "", time.Time{}, time.UTC)
	fixed := err == nil && kind != page.Events // whose default is the days from today
	packed := bare
	packed.Encoding = gzipped
	var signed [2]atomic.Pointer[signature]
	return func(c *fiber.Ctx) error {
		gzip := takesGzip(c.Request().Header.PeekBytes(s.fixed.acceptEncoding))
		q := &bare
		if gzip {
			q = &packed
		}
		// What was asked is copied out of the framework's buffers, which are used again for the next request.
		if raw := c.Request().URI().QueryString(); len(raw) > 0 || !fixed {
			given, err := queryOf(kind, string(raw), s.o.Now(), s.o.Zone)
			if err != nil {
				if err := bad(c, err); err != nil {
					return err
				}
			}
			if gzip {
				given.Encoding = gzipped
			}
			q = &given
		}
		p, shared := s.page(q)
		s.sign(c, p, place(&signed, gzip, shared))
		return s.answerPage(c, p)
	}
}

// gzipped is the name of the one encoding besides none.
const gzipped = "gzip"

// page asks for a page: what is ready needs no copies, which take as long as finding it, and is shared by all who ask.
func (s *Server) page(q *page.Query) (p *page.Page, shared bool) {
	if s.o.Kept != nil {
		if p := s.o.Kept(q); p != nil {
			return p, true
		}
	}
	drawn := s.o.Page(context.Background(), *q)
	return &drawn, false
}

// answerPage answers a page, or 304 when the client has it. What else there is to say of it stands in the header already.
func (s *Server) answerPage(c *fiber.Ctx, p *page.Page) error {
	h := &c.Response().Header
	if p.ETag != "" {
		asked := c.Request().Header.PeekBytes(s.fixed.ifNoneMatch)
		if len(asked) > 0 && p.Status == http.StatusOK && !c.Request().Header.IsPost() && (string(asked) == p.ETag || matches(string(asked), p.ETag)) {
			c.Status(http.StatusNotModified)
			return nil
		}
	}
	if p.Encoding != "" {
		h.SetContentEncoding(p.Encoding)
	}
	if p.Status == http.StatusServiceUnavailable {
		c.Set(fiber.HeaderRetryAfter, retryAfter)
	}
	h.SetStatusCode(p.Status)
	h.SetContentType(p.Type)
	c.Response().SetBodyRaw(p.Body) // which nobody changes
	return nil
}
