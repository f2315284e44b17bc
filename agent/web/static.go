package web

import (
	"crypto/sha256"
	_ "embed" // the interface's description
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/page"
)

//go:embed openapi.yaml
var openAPIFile []byte

// openAPI answers the description of this interface.
func (s *Server) openAPI(c *fiber.Ctx) error {
	return s.answerFile(c, "private, no-cache", "application/yaml", openAPIFile, s.openAPITag)
}

// answerFile answers a file of the program.
func (s *Server) answerFile(c *fiber.Ctx, caching, contentType string, body []byte, etag string) error {
	c.Set(fiber.HeaderCacheControl, caching)
	c.Set(fiber.HeaderETag, etag)
	return s.answerPage(c, &page.Page{Status: http.StatusOK, Type: contentType, Body: body, ETag: etag})
}

func tagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + hex.EncodeToString(sum[:12]) + `"`
}

// asset answers a file of the pages. Its name carries a hash of the content, so it may be kept for ever.
func (s *Server) asset(c *fiber.Ctx) error {
	name := strings.Clone(c.Params("name"))
	body, contentType, etag := page.Asset(name)
	if own := loadStyle(); name == own.name {
		body, contentType, etag = own.body, "text/css; charset=utf-8", own.etag
	}
	if body == nil {
		return fiber.ErrNotFound
	}
	return s.answerFile(c, "public, max-age=31536000, immutable", contentType, body, etag)
}

// favicon answers browsers that ask for it by its old name.
func (s *Server) favicon(c *fiber.Ctx) error {
	body, contentType, etag := page.Icon()
	return s.answerFile(c, "public, max-age=604800", contentType, body, etag)
}
