package web

import (
	"embed"
	"sync"

	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/page"
)

//go:embed assets
var files embed.FS

// style is the style sheet of the pages on which something is set.
type style struct {
	name, etag string
	body       []byte
}

var loadStyle = sync.OnceValue(func() style {
	body, err := files.ReadFile("assets/settings.css")
	if err != nil {
		panic(err) // the file is part of the program
	}
	tag := tagOf(body)
	return style{name: "settings." + tag[1:13] + ".css", etag: tag, body: body}
})

// frame is what is around those pages.
func (s *Server) frame() *page.Frame {
	cfg := s.current().Config
	return &page.Frame{Device: cfg.Device.Name, Theme: cfg.Display.Theme, CSS: "/assets/" + loadStyle().name}
}

// answerForm answers one of those pages.
func answerForm(c *fiber.Ctx, status int, body []byte) error {
	securePage(c)
	c.Status(status)
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	return c.Send(body)
}
