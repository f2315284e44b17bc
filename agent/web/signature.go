package web

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/page"
)

// signature is the header fields of a drawn page, as they are sent while it is of an age in seconds. It is one value of the
// framework's: that writes a value as it is, and each field of its own costs 50 ns.
type signature struct {
	page   *page.Page
	age    int64 // seconds; -1 when the page has none
	fields []byte
}

// place is where the signature of a page may be that many ask for; nil for another.
func place(of *[2]atomic.Pointer[signature], gzip, shared bool) *atomic.Pointer[signature] {
	switch {
	case !shared:
		return nil
	case gzip:
		return &of[1]
	}
	return &of[0]
}

// sign sets the header fields of a drawn page; at is where they are kept, or nil.
func (s *Server) sign(c *fiber.Ctx, p *page.Page, at *atomic.Pointer[signature]) {
	age := int64(-1)
	if !p.Made.IsZero() {
		age = max(0, int64(s.o.Now().Sub(p.Made)/time.Second))
	}
	var of *signature
	if at != nil {
		of = at.Load()
	}
	if of == nil || of.page != p || of.age != age {
		of = &signature{page: p, age: age, fields: drawnFields(p, age)}
		if at != nil {
			at.Store(of)
		}
	}
	c.Response().Header.SetCanonical(s.fixed.drawnName, of.fields)
}

// drawnFields is the value of the field Vary, and the fields that follow it.
func drawnFields(p *page.Page, age int64) []byte {
	var b strings.Builder
	// What is drawn can change at any moment, so it is asked for each time; the ETag makes that cheap.
	b.WriteString("Accept-Encoding\r\nCache-Control: private, no-cache")
	field := func(name string, value any) { fmt.Fprintf(&b, "\r\n%s: %v", name, value) }
	if p.ETag != "" {
		field("Etag", p.ETag) // the framework's canonical form; names know no case
	}
	if age >= 0 {
		field(fiber.HeaderAge, age)
	}
	if p.Rung != page.Optimised {
		field("X-Calendarbot-Rung", p.Rung)
	}
	if p.Stale {
		field("X-Calendarbot-Stale", 1)
	}
	if strings.HasPrefix(p.Type, fiber.MIMETextHTML) {
		for _, f := range pageFields() {
			field(f[0], f[1])
		}
	}
	return []byte(b.String())
}
