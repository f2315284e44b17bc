package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/calendar"
	"calendarbot/agent/store"
)

// hiddenEvent is one entry of /api/v1/hidden.
type hiddenEvent struct {
	ID     string `json:"id"`
	Series bool   `json:"series"`
	Title  string `json:"title"`
	Since  string `json:"since"`
}

func (s *Server) listHidden(c *fiber.Ctx) error {
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	now := s.o.Now()
	kept, err := s.o.Store.Between(ctx, calendar.Span{Start: now, End: now})
	if err != nil {
		return fmt.Errorf("read what is hidden: %w", err)
	}
	list := make([]hiddenEvent, 0, len(kept.Hidden))
	for _, h := range kept.Hidden {
		list = append(list, hiddenOf(h))
	}
	slices.SortFunc(list, func(a, b hiddenEvent) int { return cmp.Or(cmp.Compare(a.Since, b.Since), cmp.Compare(a.ID, b.ID)) })
	return answerJSON(c, http.StatusOK, map[string]any{"hidden": list})
}

func hiddenOf(h store.Hidden) hiddenEvent {
	return hiddenEvent{ID: h.ID, Series: h.Series, Title: h.Title, Since: h.Since.UTC().Format(time.RFC3339)}
}

// hide is POST /api/v1/hidden.
func (s *Server) hide(c *fiber.Ctx) error {
	var body struct {
		ID     string `json:"id"`
		Series bool   `json:"series"`
		Title  string `json:"title"`
	}
	if err := readJSON(c, &body); err != nil {
		return err
	}
	h, err := s.hideOne(body.ID, body.Title, body.Series)
	if err != nil {
		return err
	}
	return answerJSON(c, http.StatusCreated, hiddenOf(h))
}

// unhide is DELETE /api/v1/hidden?id=ID.
func (s *Server) unhide(c *fiber.Ctx) error {
	values, err := url.ParseQuery(string(c.Request().URI().QueryString()))
	if err != nil || !validID(values.Get("id")) {
		return problemOf(http.StatusBadRequest, "bad_parameter", "The parameter id must be the id of a hidden event.")
	}
	count, err := s.unhideOne(values.Get("id"))
	if err != nil {
		return err
	}
	if count == 0 {
		return problemOf(http.StatusNotFound, "unknown_event", "No event with this id is hidden.")
	}
	return c.SendStatus(http.StatusNoContent)
}

// hideForm and unhideForm are what the buttons of the page send; the browser is led back to the page.
func (s *Server) hideForm(c *fiber.Ctx) error {
	form, err := readForm(c)
	if err != nil {
		return err
	}
	if _, err := s.hideOne(form.Get("id"), form.Get("title"), form.Get("series") != ""); err != nil {
		return err
	}
	return c.Redirect(wayBack(form.Get("back")), http.StatusSeeOther)
}

func (s *Server) unhideForm(c *fiber.Ctx) error {
	form, err := readForm(c)
	if err != nil {
		return err
	}
	if !validID(form.Get("id")) {
		return badID()
	}
	if _, err := s.unhideOne(form.Get("id")); err != nil {
		return err
	}
	return c.Redirect(wayBack(form.Get("back")), http.StatusSeeOther)
}

func (s *Server) hideOne(id, title string, series bool) (store.Hidden, error) {
	if !validID(id) {
		return store.Hidden{}, badID()
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	h := store.Hidden{ID: id, Series: series, Title: tidy(title), Since: s.o.Now().Truncate(time.Second)}
	err := s.o.Store.Hide(ctx, h)
	if errors.Is(err, store.ErrTooMany) {
		return h, problemOf(http.StatusConflict, "too_many", "More events cannot be hidden before some are shown again.")
	}
	if err != nil {
		return h, fmt.Errorf("hide event: %w", err)
	}
	return h, nil
}

func (s *Server) unhideOne(id string) (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	count, err := s.o.Store.Unhide(ctx, id)
	if err != nil {
		return 0, fmt.Errorf("show event again: %w", err)
	}
	return count, nil
}

func badID() error {
	return problemOf(http.StatusBadRequest, "bad_id", "The id of an event is missing, too long or not text.")
}

// validID accepts whatever a feed may use as UID, as long as it is text of bounded length.
func validID(id string) bool {
	return id != "" && len(id) <= maxID && utf8.ValidString(id) && !strings.ContainsFunc(id, unicode.IsControl)
}

// tidy makes one bounded line of a title.
func tidy(title string) string {
	const limit = 300
	line := strings.Join(strings.FieldsFunc(strings.ToValidUTF8(title, ""), func(r rune) bool { return unicode.IsControl(r) || r == ' ' }), " ")
	if utf8.RuneCountInString(line) > limit {
		line = string([]rune(line)[:limit])
	}
	return line
}

// wayBack is a path of this server, or "/".
func wayBack(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") ||
		strings.ContainsAny(path, "\\\r\n") || len(path) > maxID {
		return "/"
	}
	return u.String()
}
