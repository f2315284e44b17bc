package web

import (
	"maps"
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/config"
	"calendarbot/agent/feature"
	"calendarbot/agent/guard"
)

// featureView is one optional part as /api/v1/features shows it.
type featureView struct {
	Name       string                  `json:"name"`
	Does       string                  `json:"does"`
	Setting    string                  `json:"setting"`
	Default    string                  `json:"default"`
	Since      string                  `json:"since"`
	RemoveWhen string                  `json:"remove_when"`
	On         bool                    `json:"on"`
	Reason     guard.Reason            `json:"reason"`
	Words      string                  `json:"words"`
	Entered    uint64                  `json:"entered"`
	Refused    map[guard.Reason]uint64 `json:"refused"`
	Breaker    string                  `json:"breaker"`
	Layer      config.Layer            `json:"layer"`
	Origin     string                  `json:"origin"`
}

// emergency says whether everything optional is off, and why.
type emergency struct {
	On    bool   `json:"on"`
	Words string `json:"words"`
}

const featureStart = "features."

// features lists all of them, in the order of the reference configuration.
func (s *Server) features() []featureView {
	state := s.o.Control.State()
	said := map[string]config.Value{}
	for _, v := range state.Values {
		said[v.Key] = v
	}
	gates := map[string]guard.Stats{}
	for _, g := range s.o.Gates {
		stats := g.Stats()
		if other, ok := gates[stats.Feature]; ok {
			stats = together(other, stats)
		}
		gates[stats.Feature] = stats
	}
	var list []featureView
	for _, f := range feature.All() {
		gate, value := gates[f.Name], said[featureStart+f.Name]
		v := featureView{
			Name: f.Name, Does: f.Does, Setting: state.Config.Features.Setting(f.Name).String(), Default: feature.Setting{Percent: f.Percent}.String(),
			Since: f.Since, RemoveWhen: f.RemoveWhen, On: gate.On, Reason: gate.Reason, Words: gate.Words, Entered: gate.Entered,
			Refused: gate.Refused, Breaker: gate.Breaker, Layer: value.Layer, Origin: value.Origin,
		}
		if v.Refused == nil {
			v.Refused = map[guard.Reason]uint64{}
		}
		list = append(list, v)
	}
	return list
}

// together is a feature of two parts: it is on when both are, and its breaker is as that of the worse one.
func together(a, b guard.Stats) guard.Stats {
	whole, other := a, b
	if a.On && (!b.On || a.Breaker == "closed") {
		whole, other = b, a
	}
	whole.Entered += other.Entered
	refused := maps.Clone(whole.Refused)
	for reason, n := range other.Refused {
		refused[reason] += n
	}
	whole.Refused = refused
	return whole
}

func (s *Server) listFeatures(c *fiber.Ctx) error {
	return answerJSON(c, http.StatusOK, map[string]any{"emergency_off": s.emergency(), "features": s.features()})
}

// setFeature is PUT /api/v1/features/{name}; "auto" takes back what was said here.
func (s *Server) setFeature(c *fiber.Ctx) error {
	f, err := feature.Find(strings.Clone(c.Params("name")))
	if err != nil {
		return problemOf(http.StatusNotFound, "unknown_feature", sentences(err))
	}
	var in struct {
		Setting string `json:"setting"`
		Why     string `json:"why"`
	}
	if err := readJSON(c, &in); err != nil {
		return err
	}
	if err := s.switchFeature(f.Name, in.Setting, by(c, in.Why)); err != nil {
		return err
	}
	for _, v := range s.features() {
		if v.Name == f.Name {
			return answerJSON(c, http.StatusOK, v)
		}
	}
	return fiber.ErrNotFound // it was found above
}

func (s *Server) switchFeature(name, setting string, who config.By) error {
	words := map[string]*string{featureStart + name: nil}
	if setting != "auto" {
		if _, err := feature.Parse(setting); err != nil {
			return badSetting(err)
		}
		words[featureStart+name] = &setting
	}
	_, err := s.change(words, who)
	return err
}

const emergencyKey = featureStart + "emergency_off"

// emergency is what the gates say: they close, whatever the reason is.
func (s *Server) emergency() emergency {
	for _, g := range s.o.Gates {
		if stats := g.Stats(); stats.Reason == guard.EmergencyOff {
			return emergency{On: true, Words: stats.Words}
		}
	}
	return emergency{}
}

func (s *Server) getEmergency(c *fiber.Ctx) error {
	return answerJSON(c, http.StatusOK, s.emergency())
}

// emergencyOff is POST /api/v1/emergency-off, emergencyOn the DELETE that ends it.
func (s *Server) emergencyOff(c *fiber.Ctx) error { return s.turnEmergency(c, "true") }

func (s *Server) emergencyOn(c *fiber.Ctx) error { return s.turnEmergency(c, "false") }

func (s *Server) turnEmergency(c *fiber.Ctx, to string) error {
	var in struct {
		Why string `json:"why"`
	}
	if len(c.BodyRaw()) > 0 { // a DELETE may have none
		if err := readJSON(c, &in); err != nil {
			return err
		}
	}
	if err := s.setEmergency(to, by(c, in.Why)); err != nil {
		return err
	}
	return answerJSON(c, http.StatusOK, s.emergency())
}

func (s *Server) setEmergency(to string, who config.By) error {
	if to == "true" {
		_, err := s.change(map[string]*string{emergencyKey: &to}, who)
		return err
	}
	// The word is taken back, so that the environment is heard at the next start; only one that is said below now is spoken against.
	state, err := s.change(map[string]*string{emergencyKey: nil}, who)
	if err == nil && state.Config.Features.EmergencyOff {
		_, err = s.change(map[string]*string{emergencyKey: &to}, who)
	}
	if err != nil {
		return err
	}
	if still := s.emergency(); still.On { // the file is not ours to remove
		return problemOf(http.StatusConflict, "emergency_file", still.Words)
	}
	return nil
}
