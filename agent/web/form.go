package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"sync"

	"github.com/gofiber/fiber/v2"
)

//go:embed assets templates
var files embed.FS

// forms are the templates of the pages on which something is set.
var forms = sync.OnceValue(func() *template.Template {
	return template.Must(template.ParseFS(files, "templates/*.html"))
})

// style is the style sheet of those pages.
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

// fill answers one of those pages.
func (s *Server) fill(c *fiber.Ctx, status int, name, title string, data any) error {
	var body bytes.Buffer
	if err := forms().ExecuteTemplate(&body, name, data); err != nil {
		return fmt.Errorf("fill the page %s: %w", name, err)
	}
	cfg := s.current().Config
	around := struct {
		Title, Device, Theme, CSS string
		Body                      template.HTML
	}{title, cfg.Device.Name, cfg.Display.Theme, "/assets/" + loadStyle().name, template.HTML(body.String())} //nolint:gosec // a template made it
	var whole bytes.Buffer
	if err := forms().ExecuteTemplate(&whole, "page", around); err != nil {
		return fmt.Errorf("fill the page %s: %w", name, err)
	}
	securePage(c)
	c.Status(status)
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	return c.Send(whole.Bytes())
}
