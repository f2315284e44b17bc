package web

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// fixed is header fields as they are sent with nearly every answer, in bytes, so that they cost no copy.
type fixed struct {
	everyName, every            []byte
	drawnName                   []byte
	acceptEncoding, ifNoneMatch []byte
}

func newFixed() fixed {
	return fixed{
		// Two fields in one: the framework writes a value as it is, and each field costs 50 ns.
		everyName: []byte(fiber.HeaderXContentTypeOptions), every: []byte("nosniff\r\nCross-Origin-Resource-Policy: same-origin"),
		drawnName:      []byte(fiber.HeaderVary),
		acceptEncoding: []byte(fiber.HeaderAcceptEncoding), ifNoneMatch: []byte(fiber.HeaderIfNoneMatch),
	}
}

// secure sets what every answer has: it is of the type that it says, and other sites may not embed it.
func (s *Server) secure(c *fiber.Ctx) {
	h := &c.Response().Header
	h.SetCanonical(s.fixed.everyName, s.fixed.every)
}

// contentPolicy: everything comes from this server, nothing is inline, and other sites cannot frame it.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"

// pageFields is what a browser is told about a page.
func pageFields() [4][2]string {
	return [...][2]string{
		{fiber.HeaderContentSecurityPolicy, contentPolicy},
		{fiber.HeaderXFrameOptions, "SAMEORIGIN"},
		{fiber.HeaderReferrerPolicy, "same-origin"},
		{"Permissions-Policy", "camera=(), microphone=(), geolocation=()"},
	}
}

// securePage sets it.
func securePage(c *fiber.Ctx) {
	for _, field := range pageFields() {
		c.Set(field[0], field[1])
	}
}

// takesGzip reads Accept-Encoding (RFC 9110 section 12.5.3): gzip is taken when it, or else "*", has a weight, and one that is not
// below that of the body as it is. Without the header nothing is said of gzip, and a program may not know it.
func takesGzip(header []byte) bool {
	if len(header) == 0 {
		return false
	}
	gzip, any, identity := -1.0, -1.0, -1.0
	for len(header) > 0 {
		var item []byte
		item, header, _ = bytes.Cut(header, []byte(","))
		coding, parameters, _ := bytes.Cut(item, []byte(";"))
		coding = bytes.TrimSpace(coding)
		switch {
		case bytes.EqualFold(coding, []byte("gzip")), bytes.EqualFold(coding, []byte("x-gzip")):
			gzip = weight(parameters)
		case bytes.EqualFold(coding, []byte("*")):
			any = weight(parameters)
		case bytes.EqualFold(coding, []byte("identity")):
			identity = weight(parameters)
		}
	}
	if gzip < 0 {
		gzip = any
	}
	return gzip > 0 && gzip >= identity
}

// weight is the q of "q=0.5": 1 without one, 0 for one that cannot be read.
func weight(parameters []byte) float64 {
	for len(parameters) > 0 {
		var parameter []byte
		parameter, parameters, _ = bytes.Cut(parameters, []byte(";"))
		name, value, _ := bytes.Cut(bytes.TrimSpace(parameter), []byte("="))
		if !bytes.EqualFold(name, []byte("q")) {
			continue
		}
		q, err := strconv.ParseFloat(string(value), 64)
		if err != nil || !(q >= 0 && q <= 1) {
			return 0
		}
		return q
	}
	return 1
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
