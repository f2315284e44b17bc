package web

import (
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/config"
	"calendarbot/agent/slot"
)

// levelView is one of the three ways back.
type levelView struct {
	Level int    `json:"level"`
	Title string `json:"title"`
	Does  string `json:"does"`
	Goal  string `json:"goal"` // for how long it may take
}

// levels are the ways back, from what changes least.
func levels() []levelView {
	return []levelView{
		{1, "Switch the optional parts off", "Everything that only makes the program faster is off at once. Nothing restarts, and nothing is lost.", "less than 30 seconds"},
		{2, "Go back to the other configuration", "The device restarts with the configuration of before. What was changed since stays in the other slot.", "less than 2 minutes"},
		{3, "Go back to the other program or system", "The program of before is started. Where there is none, or where that was tried just before, the device restarts with the other system.", "less than 5 minutes"},
	}
}

// rollbackView is the answer of /api/v1/rollback.
type rollbackView struct {
	Asked  *slot.Request `json:"asked"`
	Off    emergency     `json:"emergency_off"` // level 1
	Last   *wentView     `json:"last"`          // what went back last
	Levels []levelView   `json:"levels"`
	Words  string        `json:"words"`
}

type wentView struct {
	Kind slot.Kind `json:"kind"`
	outcomeView
}

func (s *Server) getRollback(c *fiber.Ctx) error { return s.answerRollback(c, http.StatusOK) }

func (s *Server) answerRollback(c *fiber.Ctx, status int) error {
	v, out := s.o.Places.Look(), rollbackView{Off: s.emergency(), Levels: levels()}
	var newest time.Time
	for _, k := range slot.Kinds() {
		if last := v.Slots[k].Last; last != nil && !last.Kept && last.At.After(newest) {
			newest = last.At
			out.Last = &wentView{k, *slotsViewOf(k, v, s.o.Now()).Last}
		}
	}
	if !v.Slotted {
		out.Words = "This installation has no slots, so only level 1 does something here."
	}
	if s.o.Places.State != "" {
		asked, err := slot.Asked(s.o.Places.rollback())
		if err != nil {
			s.o.Log.Error("read what is asked for", "error", err)
			out.Words = "What is asked for cannot be read; take it back."
		}
		out.Asked = asked
	}
	return answerJSON(c, status, out)
}

// postRollback is POST /api/v1/rollback.
func (s *Server) postRollback(c *fiber.Ctx) error {
	var in struct {
		Level int    `json:"level"`
		Why   string `json:"why"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	if err := s.goBack(in.Level, by(c, in.Why)); err != nil {
		return err
	}
	if in.Level == 1 {
		return s.answerRollback(c, http.StatusOK)
	}
	return s.answerRollback(c, http.StatusAccepted)
}

// goBack asks for a level of rollback; level 1 is carried out here and now.
func (s *Server) goBack(level int, who config.By) error {
	switch {
	case level < 1 || level > 3:
		return problemOf(http.StatusBadRequest, "bad_level", "level is 1, 2 or 3.")
	case level == 1:
		return s.setEmergency("true", who)
	case !s.o.Places.slotted():
		return problemOf(http.StatusConflict, "no_slots", noSlots)
	}
	why := who.Why
	if why == "" {
		why = "A person asked for it"
	}
	if err := slot.Ask(s.o.Places.rollback(), slot.Request{Level: level, Why: why, By: "person", At: s.o.Now()}); err != nil {
		s.o.Log.Error("not kept", "what", "the wish to go back", "error", err)
		return notKept(err)
	}
	s.o.Log.Warn("a rollback is asked for", "level", level, "why", why, "by", who.Who)
	return nil
}

// deleteRollback is DELETE /api/v1/rollback.
func (s *Server) deleteRollback(c *fiber.Ctx) error {
	if err := s.takeBack(); err != nil {
		return err
	}
	return s.answerRollback(c, http.StatusOK)
}

// takeBack takes the wish to go back away. None is no error.
func (s *Server) takeBack() error {
	if s.o.Places.State == "" {
		return nil
	}
	if err := slot.Settle(s.o.Places.rollback()); err != nil {
		s.o.Log.Error("not kept", "what", "that the wish to go back is taken back", "error", err)
		return notKept(err)
	}
	return nil
}
