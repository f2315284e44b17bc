package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/store"
)

const (
	skipFor      = 24 * time.Hour // how long a skipped meeting is passed over
	maxID        = 1024           // bytes of the id of an event
	storeTimeout = 10 * time.Second
)

// probe is the last sign of life of the browser that shows the page.
type probe struct{ at time.Time }

// meetingID reads the body of /api/skip.
func meetingID(body []byte) (string, error) {
	var in struct {
		MeetingID json.RawMessage `json:"meeting_id"`
	}
	if !json.Valid(body) {
		return "", &refusal{Status: http.StatusBadRequest, Word: "invalid json"}
	}
	var id string
	if json.Unmarshal(body, &in) != nil || json.Unmarshal(in.MeetingID, &id) != nil || !validID(id) {
		return "", &refusal{Status: http.StatusBadRequest, Word: "missing or invalid meeting_id"}
	}
	return id, nil
}

// skip passes over one meeting for a day.
func (s *Server) skip(c *fiber.Ctx) error {
	id, err := meetingID(c.BodyRaw())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	until := s.o.Now().Add(skipFor).Truncate(time.Second)
	err = s.o.Store.Skip(ctx, id, until)
	if errors.Is(err, store.ErrTooMany) {
		return &refusal{Status: http.StatusConflict, Word: "too many skipped meetings", Message: "More meetings cannot be skipped before some are taken back."}
	}
	if err != nil {
		return fmt.Errorf("skip meeting: %w", err)
	}
	return answerJSON(c, http.StatusOK, map[string]string{"skipped_until": utc(until)})
}

// cleared is the answer of the routes that take all skips back.
type cleared struct {
	Cleared bool   `json:"cleared"`
	Count   int    `json:"count"`
	Message string `json:"message,omitempty"`
}

func (s *Server) clearSkips(c *fiber.Ctx) error {
	count, err := s.takeBackSkips()
	if err != nil {
		return err
	}
	return answerJSON(c, http.StatusOK, cleared{Cleared: true, Count: count})
}

func (s *Server) clearSkipsByGet(c *fiber.Ctx) error {
	if c.Method() == fiber.MethodHead {
		return fiber.ErrMethodNotAllowed // a HEAD changes nothing
	}
	count, err := s.takeBackSkips()
	if err != nil {
		return err
	}
	s.o.Refresher.Refresh("")
	return answerJSON(c, http.StatusOK, cleared{Cleared: true, Count: count, Message: fmt.Sprintf("%d skipped meetings are shown again.", count)})
}

func (s *Server) takeBackSkips() (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	count, err := s.o.Store.ClearSkips(ctx)
	if err != nil {
		return 0, fmt.Errorf("clear skips: %w", err)
	}
	return count, nil
}

// heartbeat is what a page says that is alive.
func (s *Server) heartbeat(c *fiber.Ctx) error {
	now := s.o.Now()
	s.probe.Store(&probe{at: now})
	return answerJSON(c, http.StatusOK, map[string]string{"status": "ok", "timestamp": utc(now)})
}

// utc is the form of instants in the drop-in routes.
func utc(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
