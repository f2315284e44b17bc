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
	c.Set(fiber.HeaderCacheControl, "private, no-cache")
	return s.answerPage(c, &page.Page{
		Status: http.StatusOK, Type: "application/yaml", Body: openAPIFile, ETag: s.openAPITag,
	})
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
	err := s.answerPage(c, &page.Page{Status: http.StatusOK, Type: contentType, Body: body, ETag: etag})
	c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	return err
}

// favicon answers browsers that ask for it by its old name.
func (s *Server) favicon(c *fiber.Ctx) error {
	body, contentType, etag := page.Icon()
	err := s.answerPage(c, &page.Page{Status: http.StatusOK, Type: contentType, Body: body, ETag: etag})
	c.Set(fiber.HeaderCacheControl, "public, max-age=604800")
	return err
}
