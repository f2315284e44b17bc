package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/config"
	"calendarbot/agent/conn"
)

// problem is an RFC 9457 problem document. As an error it is answered as it is.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Code   string `json:"code"`   // stable, for programs
	Detail string `json:"detail"` // a sentence for a person
	Reason string `json:"reason,omitempty"`

	wait time.Duration // when to try again; 0 where nobody knows
}

// retryAfter is the seconds after which to try again where nobody knows better.
const retryAfter = "5"

// announce tells in header fields what programs do next.
func (p *problem) announce(c *fiber.Ctx) {
	switch {
	case p.wait > 0:
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(int((p.wait+time.Second-1)/time.Second)))
	case p.Status == http.StatusServiceUnavailable:
		c.Set(fiber.HeaderRetryAfter, retryAfter)
	case p.Status == http.StatusUnauthorized:
		c.Set(fiber.HeaderWWWAuthenticate, "Bearer")
	}
}

// Error returns the sentence.
func (p *problem) Error() string { return p.Detail }

// problemOf returns a problem; detail is a whole sentence.
func problemOf(status int, code, detail string) *problem {
	return &problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Detail: detail}
}

// refusal is an error in the shape that clients of the drop-in routes know: {"error": ..., "message": ...}.
type refusal struct {
	Status  int    `json:"-"`
	Word    string `json:"error"`
	Message string `json:"message,omitempty"`
}

// Error returns what is wrong.
func (r *refusal) Error() string {
	if r.Message != "" {
		return r.Message
	}
	return r.Word
}

// refuse answers a request that could not even be read, and so has not passed guarded.
func (s *Server) refuse(c *fiber.Ctx, err error) error {
	s.secure(c)
	told := s.told(c, err)
	if told.Status != http.StatusRequestTimeout { // after which nobody waits any longer
		refusing(c.Context().Conn())
	}
	return s.fail(c, told)
}

// fail answers an error to a program.
func (s *Server) fail(c *fiber.Ctx, err error) error {
	var refused *refusal
	if errors.As(err, &refused) {
		if refused.Status == http.StatusUnauthorized {
			c.Set(fiber.HeaderWWWAuthenticate, "Bearer")
		}
		return answerJSON(c, refused.Status, refused)
	}
	told := s.told(c, err)
	body, err := json.Marshal(told)
	if err != nil {
		return err
	}
	return told.answer(c, "application/problem+json", body)
}

// failForm answers an error to a person who pressed a button or opened a page: a sentence, and by itself the page again, as a wall
// may have nobody to lead it back.
func (s *Server) failForm(c *fiber.Ctx, err error) error {
	told, back, words := s.told(c, err), "/", "Back to the calendar"
	if c.Path() == "/settings" || c.Path() == "/setup" || c.Path() == "/update" {
		back = c.Path()
	}
	switch form, err := readForm(c); {
	case err == nil && form.Has("back"):
		back = wayBack(form.Get("back"))
	case c.Method() != fiber.MethodGet:
	case told.Status == http.StatusTooManyRequests, told.Status == http.StatusServiceUnavailable:
		back, words = wayBack(string(c.Request().URI().RequestURI())), "Try again"
	}
	back = html.EscapeString(back)
	body := fmt.Sprintf(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<meta http-equiv="refresh" content="15; url=%s"><title>CalendarBot</title></head>
<body><p>%s</p><p><a href="%s">%s</a></p></body></html>
`, back, html.EscapeString(told.Detail), back, words)
	securePage(c)
	return told.answer(c, fiber.MIMETextHTMLCharsetUTF8, []byte(body))
}

// told is what a client may know of an error. Whatever is not meant for it is logged and becomes a plain 500.
func (s *Server) told(c *fiber.Ctx, err error) *problem {
	var (
		told *problem
		fe   *fiber.Error
	)
	switch {
	case errors.As(err, &told):
		return told
	case errors.As(err, &fe):
		return routingProblem(fe)
	case errors.Is(err, config.ErrNotKept), conn.IsFull(err), conn.IsReadOnly(err):
		s.o.Log.Error("not kept", "method", c.Method(), "path", c.Path(), "error", err)
		return notKept(err)
	}
	s.o.Log.Error("request", "method", c.Method(), "path", c.Path(), "error", err)
	return problemOf(http.StatusInternalServerError, "internal", "Something went wrong inside the program; its log says what.")
}

// notKept says in what kind of trouble the store is that did not take a change.
func notKept(err error) *problem {
	words := "This could not be stored, so nothing was changed; the log of the program says why."
	switch {
	case conn.IsFull(err):
		words = "The disk is full; nothing was changed."
	case conn.IsReadOnly(err):
		words = "The disk can only be read; nothing was changed."
	case conn.IsBusy(err), errors.Is(err, context.DeadlineExceeded):
		words = "Another program holds the database; nothing was changed. Please try again."
	}
	return problemOf(http.StatusServiceUnavailable, "not_kept", words)
}

// answer sends the problem in some form.
func (p *problem) answer(c *fiber.Ctx, contentType string, body []byte) error {
	p.announce(c)
	c.Status(p.Status)
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderContentType, contentType)
	return c.Send(body)
}

// routingProblem puts the framework's own errors into words.
func routingProblem(e *fiber.Error) *problem {
	switch e.Code {
	case http.StatusNotFound:
		return problemOf(e.Code, "not_found", "There is nothing at this address; /api/v1/openapi.yaml lists what there is.")
	case http.StatusMethodNotAllowed:
		return problemOf(e.Code, "method", "This address does not take this method; the Allow header lists those that it takes.")
	case http.StatusRequestEntityTooLarge:
		return problemOf(e.Code, "too_large", "The body is larger than 64 KB.")
	case http.StatusRequestHeaderFieldsTooLarge:
		return problemOf(e.Code, "header_too_large", "The address and header fields are larger than 8 KB.")
	case http.StatusRequestTimeout:
		return problemOf(e.Code, "timeout", "The request did not arrive in time.")
	case http.StatusServiceUnavailable:
		return problemOf(e.Code, "busy", "Too many requests at once; please try again.")
	}
	return problemOf(http.StatusBadRequest, "bad_request", "This is not a request that can be understood.")
}

// answerJSON answers a value that is not to be cached.
func answerJSON(c *fiber.Ctx, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	c.Status(status)
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSONCharsetUTF8)
	return c.Send(body)
}
