package web

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/gofiber/fiber/v2"
)

// problem is an RFC 9457 problem document. As an error it is answered as it is.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Code   string `json:"code"`   // stable, for programs
	Detail string `json:"detail"` // a sentence for a person
	Reason string `json:"reason,omitempty"`
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

// fail answers an error. Whatever is not meant for the client is logged and becomes a plain 500.
func (s *Server) fail(c *fiber.Ctx, err error) error {
	// A request that could not even be read comes here without having passed guarded.
	securityHeaders(c)
	var (
		refused *refusal
		told    *problem
		fe      *fiber.Error
	)
	switch {
	case errors.As(err, &refused):
		if refused.Status == http.StatusUnauthorized {
			c.Set(fiber.HeaderWWWAuthenticate, "Bearer")
		}
		return answerJSON(c, refused.Status, refused)
	case errors.As(err, &told):
	case errors.As(err, &fe):
		told = routingProblem(fe)
	default:
		s.o.Log.Error("request", "method", c.Method(), "path", c.Path(), "error", err)
		told = problemOf(http.StatusInternalServerError, "internal", "Something went wrong inside the program; its log says what.")
	}
	switch told.Status {
	case http.StatusServiceUnavailable:
		c.Set(fiber.HeaderRetryAfter, "5")
	case http.StatusUnauthorized:
		c.Set(fiber.HeaderWWWAuthenticate, "Bearer")
	}
	body, err := json.Marshal(told)
	if err != nil {
		return err
	}
	c.Status(told.Status)
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderContentType, "application/problem+json")
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
		return problemOf(e.Code, "header_too_large", "The address and header fields are larger than 16 KB.")
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
