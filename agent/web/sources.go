package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/config"
	"calendarbot/agent/feed"
	"calendarbot/agent/ics"
	"calendarbot/agent/store"
)

// source is one calendar as /api/v1/sources shows it. The address is scheme and host only: the rest is a secret.
type source struct {
	ID           string        `json:"id"`
	Name         string        `json:"name"`
	Color        string        `json:"color"`
	Address      string        `json:"address"`
	Origin       string        `json:"origin"` // configuration or web
	LAN          bool          `json:"lan"`
	State        string        `json:"state"`
	Events       int           `json:"events"`
	Skipped      int           `json:"skipped"`
	LastSuccess  *string       `json:"last_success"`
	LastTry      *string       `json:"last_try"`
	NextTry      *string       `json:"next_try"`
	FailingSince *string       `json:"failing_since"`
	Error        string        `json:"error"`
	Code         string        `json:"code"`
	Problems     []ics.Problem `json:"problems"`
	MoreProblems int           `json:"more_problems"`
}

func sourceOf(s store.Source) source {
	origin := "configuration"
	if s.Web {
		origin = "web"
	}
	problems := s.Problems
	if problems == nil {
		problems = []ics.Problem{}
	}
	return source{
		ID: s.ID, Name: s.Name, Color: s.Color, Address: s.Address, Origin: origin, LAN: s.LAN, State: string(s.State),
		Events: s.Events, Skipped: s.Skipped, LastSuccess: instant(s.LastSuccess), LastTry: instant(s.LastTry),
		NextTry: instant(s.NextTry), FailingSince: instant(s.FailingSince), Error: s.Error, Code: s.Code,
		Problems: problems, MoreProblems: s.MoreProblems,
	}
}

// instant is a time in RFC 3339, nil for a zero one.
func instant(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	text := t.UTC().Format(time.RFC3339)
	return &text
}

func (s *Server) listSources(c *fiber.Ctx) error {
	sources, err := s.sources()
	if err != nil {
		return fmt.Errorf("list sources: %w", err)
	}
	list := make([]source, len(sources))
	for i, src := range sources {
		list[i] = sourceOf(src)
	}
	return answerJSON(c, http.StatusOK, map[string]any{"sources": list})
}

func (s *Server) addSource(c *fiber.Ctx) error {
	var in sourceInput
	if err := readJSON(c, &in); err != nil {
		return err
	}
	added, err := s.add(in, by(c, ""))
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderLocation, "/api/v1/sources/"+added.ID)
	return answerJSON(c, http.StatusCreated, sourceOf(added))
}

// add adds a calendar after a trial fetch.
func (s *Server) add(in sourceInput, who config.By) (store.Source, error) {
	src, err := in.apply(config.Source{})
	if err != nil {
		return store.Source{}, err
	}
	leave, err := s.enterTrial()
	if err != nil {
		return store.Source{}, err
	}
	defer leave()
	ctx, cancel := s.trialContext()
	defer cancel()
	added, err := s.o.Refresher.Add(ctx, src)
	if err != nil {
		return store.Source{}, sourceProblem("add source", err)
	}
	s.note(added.ID, "", inLog(added), who)
	return added, nil
}

func (s *Server) editSource(c *fiber.Ctx) error {
	id := sourceID(c)
	var in sourceInput
	if err := readJSON(c, &in); err != nil {
		return err
	}
	leave, err := s.enterTrial()
	if err != nil {
		return err
	}
	defer leave()
	ctx, cancel := s.trialContext()
	defer cancel()
	old, err := s.webSource(ctx, id)
	if err != nil {
		return err
	}
	src, err := in.apply(old)
	if err != nil {
		return err
	}
	if src.ID != id {
		return problemOf(http.StatusBadRequest, "bad_member", "The id of a calendar cannot be changed.")
	}
	before, err := s.shown(id)
	if err != nil {
		return err
	}
	edited, err := s.o.Refresher.Edit(ctx, id, src)
	if err != nil {
		return sourceProblem("edit source", err)
	}
	s.note(id, before, inLog(edited), by(c, ""))
	return answerJSON(c, http.StatusOK, sourceOf(edited))
}

func (s *Server) deleteSource(c *fiber.Ctx) error {
	if err := s.remove(sourceID(c), by(c, "")); err != nil {
		return err
	}
	return c.SendStatus(http.StatusNoContent)
}

// remove takes a calendar away that was added here.
func (s *Server) remove(id string, who config.By) error {
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	before, err := s.shown(id)
	if err != nil {
		return err
	}
	if err := s.o.Refresher.Delete(ctx, id); err != nil {
		return sourceProblem("delete source", err)
	}
	s.note(id, before, "", who)
	return nil
}

// sourceStart begins the key of a calendar in the audit log.
const sourceStart = "sources."

// note puts a change of a calendar into the audit log. It holds already: a log that cannot be written now gets it later.
func (s *Server) note(id, from, to string, who config.By) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	if err := s.o.Control.Note(ctx, sourceStart+id, from, to, who); err != nil {
		s.o.Log.Error("audit log", "source", id, "error", err)
	}
}

// inLog is a calendar in the audit log: its name and host, which tell no secret.
func inLog(src store.Source) string {
	text := src.Name
	if u, err := url.Parse(src.Address); err == nil && u.Host != "" {
		text += " (" + u.Host + ")"
	}
	if src.State == store.Disabled {
		text += ", switched off"
	}
	return text
}

// shown is how the audit log shows a calendar as it is now; "" for none.
func (s *Server) shown(id string) (string, error) {
	sources, err := s.sources()
	if err != nil {
		return "", fmt.Errorf("list sources: %w", err)
	}
	if i := slices.IndexFunc(sources, func(src store.Source) bool { return src.ID == id }); i >= 0 {
		return inLog(sources[i]), nil
	}
	return "", nil
}

func (s *Server) refreshSource(c *fiber.Ctx) error {
	if err := s.fetchNow(sourceID(c)); err != nil {
		return err
	}
	return answerJSON(c, http.StatusAccepted, map[string]string{"status": "due"})
}

// fetchNow makes a calendar due.
func (s *Server) fetchNow(id string) error {
	if id != "" && s.o.Refresher.Refresh(id) {
		return nil
	}
	sources, err := s.sources()
	if err != nil {
		return fmt.Errorf("list sources: %w", err)
	}
	if slices.ContainsFunc(sources, func(src store.Source) bool { return src.ID == id }) {
		return problemOf(http.StatusConflict, "disabled", "This calendar is switched off.")
	}
	return sourceProblem("refresh source", feed.ErrUnknown)
}

// webSource returns a source that people may edit, with its credentials.
func (s *Server) webSource(ctx context.Context, id string) (config.Source, error) {
	added, err := s.o.Store.WebSources(ctx)
	if err != nil {
		return config.Source{}, fmt.Errorf("list sources: %w", err)
	}
	if i := slices.IndexFunc(added, func(src config.Source) bool { return src.ID == id }); i >= 0 {
		return added[i], nil
	}
	all, err := s.o.Store.Sources(ctx)
	if err != nil {
		return config.Source{}, fmt.Errorf("list sources: %w", err)
	}
	if slices.ContainsFunc(all, func(src store.Source) bool { return src.ID == id }) {
		return config.Source{}, sourceProblem("edit source", feed.ErrConfigured)
	}
	return config.Source{}, sourceProblem("edit source", feed.ErrUnknown)
}

// enterTrial takes one of the few places for fetches that people start.
func (s *Server) enterTrial() (leave func(), err error) {
	select {
	case s.trials <- struct{}{}:
		return func() { <-s.trials }, nil
	default:
		return nil, problemOf(http.StatusServiceUnavailable, "busy", "Another calendar is being tried at the moment; please try again.")
	}
}

// trialContext bounds a trial fetch with what belongs to it.
func (s *Server) trialContext() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), s.current().Config.Feeds.Timeout+storeTimeout)
}

// sourceID copies the id out of the path.
func sourceID(c *fiber.Ctx) string {
	return strings.Clone(c.Params("id"))
}

// sourceProblem tells why a source could not be changed.
func sourceProblem(doing string, err error) error {
	var failure *feed.Failure
	switch {
	case errors.Is(err, feed.ErrConfigured):
		return problemOf(http.StatusConflict, "configured", "This calendar is set in the configuration and can only be changed there.")
	case errors.Is(err, feed.ErrUnknown):
		return problemOf(http.StatusNotFound, "unknown_source", "There is no calendar with this id.")
	case errors.Is(err, store.ErrTooMany):
		return problemOf(http.StatusConflict, "too_many", "No more calendars can be added here before one is removed.")
	case errors.As(err, &failure) && failure.Code == "invalid":
		return problemOf(http.StatusBadRequest, "bad_member", strings.ReplaceAll(failure.Words, "\n", "; "))
	case errors.As(err, &failure):
		p := problemOf(http.StatusUnprocessableEntity, "trial_failed", failure.Words)
		p.Reason = failure.Code
		return p
	}
	return fmt.Errorf("%s: %w", doing, err)
}
