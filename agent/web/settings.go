package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/config"
	"calendarbot/agent/page"
)

// choice is a setting that a person chooses.
type choice struct {
	Key     string
	Title   string
	Kind    page.FieldKind
	Choices []string // of a choice
	Names   []string // of the Choices, for people
	Least   float64  // of a number
	Most    float64
	Step    float64
}

// choices is the few settings that a person chooses; the configuration has the others.
func choices() []choice {
	return []choice{
		{Key: "device.name", Title: "Name of this device", Kind: page.TextField},
		{Key: "display.theme", Title: "Colours", Kind: page.ChoiceField, Choices: []string{"auto", "dark", "light", "eink"}, Names: []string{"as the browser says", "dark", "light", "electronic paper"}},
		{Key: "display.clock", Title: "Clock", Kind: page.ChoiceField, Choices: []string{"24h", "12h"}, Names: []string{"24 hours", "12 hours"}},
		{Key: "display.scale", Title: "Size of the letters", Kind: page.NumberField, Least: 0.7, Most: 1.3, Step: 0.05},
		{Key: "display.days", Title: "Days in the agenda", Kind: page.NumberField, Least: 1, Most: 31, Step: 1},
		{Key: "display.private", Title: "Private events", Kind: page.ChoiceField, Choices: []string{"show", "mask", "hide"}, Names: []string{"show", "show as “Private”", "do not show"}},
		{Key: "feeds.refresh", Title: "Pause between fetches of a calendar", Kind: page.TextField},
		{Key: "update.automatic", Title: "Newer versions are installed by themselves", Kind: page.ChoiceField, Choices: []string{"all", "agent", "off"}, Names: []string{"of the program and of the system", "of the program", "not at all"}},
		{Key: "update.window", Title: "When they are installed, as in 02:00-05:00 (empty: at any time)", Kind: page.TextField},
		{Key: "web.reads", Title: "Who may see the calendar", Kind: page.ChoiceField, Choices: []string{"open", "closed"}, Names: []string{"everybody in the home network", "only after a login"}},
		{Key: "web.drop_in_writes", Title: "Events may be hidden without a login", Kind: page.SwitchField},
	}
}

// settingView is one of them as /api/v1/settings shows it.
type settingView struct {
	Key     string         `json:"key"`
	Title   string         `json:"title"`
	Kind    page.FieldKind `json:"kind"`
	Value   any            `json:"value"`
	Allowed string         `json:"allowed"`
	Choices []string       `json:"choices,omitempty"`
	Least   *float64       `json:"least,omitempty"`
	Most    *float64       `json:"most,omitempty"`
	Layer   config.Layer   `json:"layer"`
}

// typed is the text of a setting as its type; text where it is not of it, which the configuration does not let in.
func (ch choice) typed(text string) any {
	switch ch.Kind {
	case page.NumberField:
		if n, err := strconv.ParseFloat(text, 64); err == nil {
			return n
		}
	case page.SwitchField:
		return text == "true"
	}
	return text
}

// text is what came for a setting as the configuration takes it.
func (ch choice) text(raw json.RawMessage) (string, error) {
	var value any
	if err := json.Unmarshal(raw, &value); err == nil {
		switch v := value.(type) {
		case string:
			if ch.Kind == page.TextField || ch.Kind == page.ChoiceField {
				return v, nil
			}
		case float64:
			if ch.Kind == page.NumberField {
				return strconv.FormatFloat(v, 'f', -1, 64), nil
			}
		case bool:
			if ch.Kind == page.SwitchField {
				return strconv.FormatBool(v), nil
			}
		}
	}
	must := map[page.FieldKind]string{page.TextField: "text", page.ChoiceField: "text", page.NumberField: "a number", page.SwitchField: "true or false"}[ch.Kind]
	return "", fmt.Errorf("%s must be %s", ch.Key, must)
}

func (s *Server) settings() []settingView {
	allowed := map[string]string{}
	for _, k := range config.Keys() {
		allowed[k.Key] = k.Allowed
	}
	said := map[string]config.Value{}
	for _, v := range s.o.Control.State().Values {
		said[v.Key] = v
	}
	var list []settingView
	for _, ch := range choices() {
		v := settingView{Key: ch.Key, Title: ch.Title, Kind: ch.Kind, Value: ch.typed(said[ch.Key].Text), Allowed: allowed[ch.Key], Choices: ch.Choices, Layer: said[ch.Key].Layer}
		if ch.Kind == page.NumberField {
			v.Least, v.Most = &ch.Least, &ch.Most
		}
		list = append(list, v)
	}
	return list
}

func (s *Server) getSettings(c *fiber.Ctx) error {
	return answerJSON(c, http.StatusOK, map[string]any{"settings": s.settings()})
}

// setSettings is PATCH /api/v1/settings.
func (s *Server) setSettings(c *fiber.Ctx) error {
	var in struct {
		Set   map[string]json.RawMessage `json:"set"`
		Unset []string                   `json:"unset"`
		Why   string                     `json:"why"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	words, err := chosen(in.Set, in.Unset)
	if err != nil {
		return err
	}
	if _, err := s.change(words, by(c, in.Why)); err != nil {
		return err
	}
	return s.getSettings(c)
}

// chosen is what came as the configuration takes it. All that is wrong is told, in the order of the keys.
func chosen(set map[string]json.RawMessage, unset []string) (map[string]*string, error) {
	words, wrong := map[string]*string{}, map[string]error{}
	for _, key := range unset {
		words[key] = nil
		if _, err := choiceOf(key); err != nil {
			wrong[key] = err
		}
	}
	for key, raw := range set {
		if _, both := words[key]; both {
			wrong[key] = inBoth(key)
			continue
		}
		ch, err := choiceOf(key)
		if err != nil {
			wrong[key] = err
			continue
		}
		text, err := ch.text(raw)
		if err == nil {
			err = config.Check(key, text)
		}
		if err != nil {
			wrong[key] = err
			continue
		}
		words[key] = &text
	}
	if len(wrong) == 0 {
		return words, nil
	}
	var all []error
	for _, key := range slices.Sorted(maps.Keys(wrong)) {
		all = append(all, wrong[key])
	}
	return nil, badSetting(errors.Join(all...))
}

func choiceOf(key string) (choice, error) {
	all := choices()
	if i := slices.IndexFunc(all, func(ch choice) bool { return ch.Key == key }); i >= 0 {
		return all[i], nil
	}
	var names []string
	for _, ch := range all {
		names = append(names, ch.Key)
	}
	return choice{}, fmt.Errorf("%s cannot be chosen here; there are: %s", strconv.Quote(short(key)), strings.Join(names, ", "))
}
