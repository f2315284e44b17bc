package web

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/config"
)

// Bounds of the audit log as it is answered.
const (
	someChanges = 50
	mostChanges = 500
)

// configuration is the answer of /api/v1/config.
type configuration struct {
	Revision uint64        `json:"revision"`
	Problem  string        `json:"problem"`
	Pending  []string      `json:"pending"`
	Values   []configValue `json:"values"`
}

type configValue struct {
	Key     string       `json:"key"`
	Value   string       `json:"value"`
	Layer   config.Layer `json:"layer"`
	Origin  string       `json:"origin"`
	Allowed string       `json:"allowed"`
	Restart bool         `json:"restart"`
	Secret  bool         `json:"secret"`
}

func configurationOf(state *config.State) configuration {
	known := map[string]config.Key{}
	for _, k := range config.Keys() {
		known[k.Key] = k
	}
	out := configuration{Revision: state.Revision, Problem: state.Problem, Pending: slices.Clone(state.Pending), Values: make([]configValue, 0, len(state.Values))}
	if out.Pending == nil {
		out.Pending = []string{}
	}
	for _, v := range state.Values {
		k := known[v.Key]
		out.Values = append(out.Values, configValue{Key: v.Key, Value: v.Text, Layer: v.Layer, Origin: v.Origin, Allowed: k.Allowed, Restart: k.Restart, Secret: k.Secret})
	}
	return out
}

func (s *Server) getConfig(c *fiber.Ctx) error {
	return answerJSON(c, http.StatusOK, configurationOf(s.o.Control.State()))
}

// setConfig is PATCH /api/v1/config.
func (s *Server) setConfig(c *fiber.Ctx) error {
	var in struct {
		Set   map[string]string `json:"set"`
		Unset []string          `json:"unset"`
		Why   string            `json:"why"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	words := make(map[string]*string, len(in.Set)+len(in.Unset))
	for key, text := range in.Set {
		words[key] = &text
	}
	for _, key := range in.Unset {
		if words[key] != nil {
			return problemOf(http.StatusBadRequest, "bad_member", sentences(inBoth(key)))
		}
		words[key] = nil
	}
	state, err := s.change(words, by(c, in.Why))
	if err != nil {
		return err
	}
	return answerJSON(c, http.StatusOK, configurationOf(state))
}

// inBoth says that a setting cannot be both given and taken back.
func inBoth(key string) error {
	return fmt.Errorf("%s stands in set and in unset", strconv.Quote(short(key)))
}

// change sets what is there in the runtime layer and takes back what is nil: all or nothing. The PIN and the token are kept as hashes.
func (s *Server) change(words map[string]*string, who config.By) (*config.State, error) {
	if len(words) == 0 {
		return nil, problemOf(http.StatusBadRequest, "bad_setting", "There is nothing to change: give set or unset.")
	}
	var wrong []error
	for _, key := range slices.Sorted(maps.Keys(words)) {
		text := words[key]
		if text == nil {
			continue
		}
		if err := config.Check(key, *text); err != nil {
			wrong = append(wrong, err)
		}
	}
	if wrong != nil {
		return nil, badSetting(errors.Join(wrong...))
	}
	for _, key := range []string{"web.pin", "web.write_token"} {
		text := words[key]
		if text == nil || *text == "" || hashed(config.Secret(*text)) {
			continue
		}
		leave, err := s.door.queue(shortSecret)
		if err != nil {
			return nil, err
		}
		hash, err := Hash(*text)
		leave()
		if err != nil {
			return nil, err
		}
		words[key] = &hash
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	state, err := s.o.Control.Set(ctx, words, who)
	switch {
	case err == nil:
		s.sessions.follow(state)
		return state, nil
	case slices.ContainsFunc(slices.Collect(maps.Keys(words)), func(key string) bool { return !isKey(key) }):
		return nil, badSetting(err) // something that does not exist is taken back
	}
	return nil, fmt.Errorf("change settings: %w", err)
}

// isKey tells whether there is a setting of a name.
func isKey(key string) bool {
	return slices.ContainsFunc(config.Keys(), func(k config.Key) bool { return k.Key == key })
}

// badSetting tells what is wrong with settings: one sentence a line becomes one text.
func badSetting(err error) error {
	return problemOf(http.StatusBadRequest, "bad_setting", sentences(err))
}

// maxSentences is how many of them a person is told at once.
const maxSentences = 20

// sentences makes sentences for a person of errors, one a line.
func sentences(err error) string {
	var list []string
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, strings.TrimSuffix(line, ".")+".")
		}
	}
	if more := len(list) - maxSentences; more > 0 {
		list = append(list[:maxSentences], fmt.Sprintf("And %d more.", more))
	}
	return strings.Join(list, " ")
}

// changeView is one entry of /api/v1/config/log, secrets masked.
type changeView struct {
	ID     int64        `json:"id"`
	At     string       `json:"at"`
	Who    string       `json:"who"`
	Why    string       `json:"why"`
	Key    string       `json:"key"`
	Layer  config.Layer `json:"layer"`
	From   *string      `json:"from"` // null: the layer said nothing
	To     *string      `json:"to"`
	Undoes int64        `json:"undoes"`
}

func changeViewOf(change config.Change) changeView {
	ch := change.Shown()
	v := changeView{ID: ch.ID, At: ch.At.UTC().Format(time.RFC3339), Who: ch.By.Who, Why: ch.By.Why, Key: ch.Key, Layer: ch.Layer, Undoes: ch.Undoes}
	if ch.Had {
		v.From = &ch.From
	}
	if ch.Has {
		v.To = &ch.To
	}
	return v
}

// configLog is GET /api/v1/config/log.
func (s *Server) configLog(c *fiber.Ctx) error {
	values, err := url.ParseQuery(string(c.Request().URI().QueryString()))
	in := params{values: values}
	in.known("limit")
	limit := in.number("limit", someChanges, 1, mostChanges)
	if err != nil || in.err != nil {
		return problemOf(http.StatusBadRequest, "bad_parameter", fmt.Sprintf("The parameter limit must be a whole number from 1 to %d, and there is no other.", mostChanges))
	}
	list, err := s.changes(limit)
	if err != nil {
		return err
	}
	return answerJSON(c, http.StatusOK, map[string]any{"changes": list})
}

func (s *Server) changes(limit int) ([]changeView, error) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	changes, err := s.o.Control.Changes(ctx, limit)
	if err != nil {
		return nil, fmt.Errorf("list changes: %w", err)
	}
	list := make([]changeView, len(changes))
	for i, ch := range changes {
		list[i] = changeViewOf(ch)
	}
	return list, nil
}

// undoConfig is POST /api/v1/config/undo.
func (s *Server) undoConfig(c *fiber.Ctx) error {
	var in struct {
		ID  int64  `json:"id"`
		Why string `json:"why"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	if in.ID < 0 {
		return problemOf(http.StatusBadRequest, "bad_member", "The member id must be that of a change, or 0 for the newest one.")
	}
	state, err := s.undoChange(in.ID, by(c, in.Why))
	if err != nil {
		return err
	}
	return answerJSON(c, http.StatusOK, configurationOf(state))
}

func (s *Server) undoChange(id int64, who config.By) (*config.State, error) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	state, err := s.o.Control.Undo(ctx, id, who)
	switch {
	case errors.Is(err, config.ErrNotKept):
		return nil, fmt.Errorf("take a change back: %w", err)
	case err != nil:
		return nil, problemOf(http.StatusConflict, "no_undo", sentences(err))
	}
	s.sessions.follow(state)
	return state, nil
}

// reloadConfig is POST /api/v1/config/reload.
func (s *Server) reloadConfig(c *fiber.Ctx) error {
	var in struct {
		Why string `json:"why"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	state, err := s.o.Control.Reload(ctx, by(c, in.Why))
	switch {
	case errors.Is(err, config.ErrNotKept):
		return fmt.Errorf("read the configuration again: %w", err)
	case err != nil:
		return problemOf(http.StatusConflict, "bad_file", sentences(err))
	}
	return answerJSON(c, http.StatusOK, configurationOf(state))
}
