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
	return answerPage(c, page.Page{
		Status: http.StatusOK, Type: "application/yaml", Body: openAPIFile, ETag: s.openAPITag,
	})
}

func tagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + hex.EncodeToString(sum[:12]) + `"`
}

// asset answers a file of the pages. Its name carries a hash of the content, so it may be kept for ever.
func (s *Server) asset(c *fiber.Ctx) error {
	body, contentType, etag := page.Asset(strings.Clone(c.Params("name")))
	if body == nil {
		return fiber.ErrNotFound
	}
	err := answerPage(c, page.Page{Status: http.StatusOK, Type: contentType, Body: body, ETag: etag})
	c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	return err
}

// favicon answers browsers that ask for it by its old name.
func (s *Server) favicon(c *fiber.Ctx) error {
	body, contentType, etag := page.Icon()
	err := answerPage(c, page.Page{Status: http.StatusOK, Type: contentType, Body: body, ETag: etag})
	c.Set(fiber.HeaderCacheControl, "public, max-age=604800")
	return err
}

// clock is shown when no other page can be made; the header says that it is not the real one.
func (s *Server) clock(q page.Query) page.Page {
	zone := s.o.Zone
	p := page.Clock(s.o.Now(), zone, "The calendar cannot be read at the moment.")
	p.Status, p.Stale = http.StatusOK, true
	return p
}
