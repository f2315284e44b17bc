package web

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/config"
	"calendarbot/agent/slot"
)

// noSlots is told where there is nothing to choose from.
const noSlots = "This installation has no slots: its program and its configuration are exchanged by who installed it."

// slotsView is one kind as /api/v1/slots shows it. The program of the system that runs is the slot "baked".
type slotsView struct {
	Active string                 `json:"active"`
	Runs   string                 `json:"runs"`   // what the next start chooses
	Former *string                `json:"former"` // null: there is nothing to go back to
	Trial  *trialView             `json:"trial"`
	Slots  map[string]contentView `json:"slots"`
	Last   *outcomeView           `json:"last"`
	Denied []denialView           `json:"denied"`
}

type trialView struct {
	Slot    string  `json:"slot"`
	Version string  `json:"version"`
	By      string  `json:"by"`
	Tries   int     `json:"tries_left"`
	Started int     `json:"started"`
	Since   *string `json:"since"`
}

type contentView struct {
	Version string  `json:"version"`
	Digest  string  `json:"digest"`
	Format  int     `json:"format"`
	At      *string `json:"at"`
}

type outcomeView struct {
	Slot    string  `json:"slot"`
	Version string  `json:"version"`
	Kept    bool    `json:"kept"`
	Why     string  `json:"why"`
	By      string  `json:"by"`
	At      *string `json:"at"`
	Noted   bool    `json:"noted"` // somebody took note of it, or need not
}

type denialView struct {
	Version string  `json:"version"`
	Why     string  `json:"why"`
	At      *string `json:"at"`
}

// bakedSlot is what people and programs read for slot.Baked.
const bakedSlot = "baked"

func slotName(n slot.Name) string {
	if n == slot.Baked {
		return bakedSlot
	}
	return string(n)
}

// hasFormer tells whether there is something to go back to where nothing is on trial.
func hasFormer(k slot.Kind, s slot.State) bool {
	return s.Former != s.Active && (s.Former != slot.Baked || k == slot.Agent)
}

func slotsViewOf(k slot.Kind, v Versions, now time.Time) slotsView {
	s := v.Slots[k]
	out := slotsView{Active: slotName(s.Active), Runs: slotName(s.Runs()), Slots: map[string]contentView{}, Denied: []denialView{}}
	if hasFormer(k, s) {
		former := slotName(s.Former)
		out.Former = &former
	}
	if t := s.Trial; t != nil {
		out.Trial = &trialView{Slot: slotName(t.Slot), Version: t.Version, By: t.By, Tries: t.Tries, Started: t.Started, Since: instant(t.Began)}
	}
	for n, c := range s.Slots {
		out.Slots[slotName(n)] = contentView{Version: c.Version, Digest: c.Digest, Format: c.Format, At: instant(c.At)}
	}
	if o := s.Last; o != nil {
		out.Last = &outcomeView{Slot: slotName(o.Slot), Version: o.Version, Kept: o.Kept, Why: o.Why, By: o.By, At: instant(o.At), Noted: v.WentBack(k, now) == nil}
	}
	for _, d := range s.Denied {
		out.Denied = append(out.Denied, denialView{Version: d.Version, Why: d.Why, At: instant(d.At)})
	}
	return out
}

// getSlots is GET /api/v1/slots.
func (s *Server) getSlots(c *fiber.Ctx) error {
	v, list, words := s.o.Places.Look(), map[slot.Kind]slotsView{}, ""
	if !v.Slotted {
		words = noSlots
	}
	for k := range v.Slots {
		list[k] = slotsViewOf(k, v, s.o.Now())
	}
	if v.Wrong != nil {
		s.o.Log.Error("read the versions", "error", v.Wrong)
		words = "Not all of it can be read: " + firstLine(v.Wrong)
	}
	return answerJSON(c, http.StatusOK, map[string]any{"slots": list, "words": words})
}

// firstLine is an error as a sentence.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return strings.TrimRight(line, ". ") + "."
}

// slotWish is what may be asked about a kind.
type slotWish struct {
	Do      string            `json:"do"`
	Version string            `json:"version"` // that is to be kept or left, "" for the one that it is; or tried again
	Text    *string           `json:"text"`
	Set     map[string]string `json:"set"`
	Why     string            `json:"why"`
}

// postSlots is POST /api/v1/slots/{kind}: an order to the slots' keeper.
func (s *Server) postSlots(c *fiber.Ctx) error {
	k := slot.Kind(strings.Clone(c.Params("kind")))
	if !slices.Contains(slot.Kinds(), k) {
		return problemOf(http.StatusNotFound, "unknown_slots", "There are slots of config, agent and system.")
	}
	var in slotWish
	if err := readJSON(c, &in); err != nil {
		return err
	}
	if err := s.askSlots(k, in, by(c, in.Why)); err != nil {
		return err
	}
	return onItsWay(c, "/api/v1/slots")
}

// onItsWay says that an order is on its way, and where to look what becomes of it.
func onItsWay(c *fiber.Ctx, look string) error {
	return answerJSON(c, http.StatusAccepted, map[string]any{"look": look, "words": "It is asked for, and carried out soon; look at " + look + " what becomes of it."})
}

// askSlots sends an order to the slots' keeper, or says why that would come to nothing. "noted" is no order: somebody knows of the last outcome.
func (s *Server) askSlots(k slot.Kind, in slotWish, who config.By) error {
	v := s.o.Places.Look()
	if !v.Slotted {
		return problemOf(http.StatusConflict, "no_slots", noSlots)
	}
	if in.Do != "stage" && (in.Text != nil || in.Set != nil) {
		return problemOf(http.StatusBadRequest, "bad_order", "Only with stage there is a text, or settings to set.")
	}
	if in.Do != "keep" && in.Do != "back" && in.Do != "allow" && in.Version != "" {
		return problemOf(http.StatusBadRequest, "bad_order", "Only with keep, back and allow there is a version.")
	}
	now, state := s.o.Now(), v.Slots[k]
	order := slot.Order{Do: in.Do, Kind: k, Why: who.Why, By: who.Who, At: now}
	if in.Do != "allow" {
		if err := meant(in.Version, state); err != nil {
			return err
		}
	}
	var refused error
	switch in.Do {
	case "noted":
		return s.takeNote(k, now)
	case "stage":
		if err := staged(k, in); err != nil {
			return err
		}
		order.Set = in.Set
		if in.Text != nil {
			order.Text = *in.Text
		}
		if state.Trial != nil {
			refused = fmt.Errorf("%s is on trial; keep it or go back first", orUnknown(state.Trial.Version))
		}
	case "try":
		order.Version = state.Slots[candidate(state)].Version
		if other, trial := v.Trial(); trial != nil {
			refused = fmt.Errorf("the %s %s is on trial; one thing is tried at a time", other.Thing(), orUnknown(trial.Version))
			break
		}
		_, refused = state.Try(candidate(state), 1, who.Who, now)
	case "keep":
		order.Version = state.InUse()
		_, refused = state.Keep(now)
	case "back":
		order.Version = state.InUse()
		_, refused = state.Back(who.Why, who.Who, now)
	case "allow":
		order.Version = in.Version
		_, refused = state.Allowed(in.Version)
	default:
		return problemOf(http.StatusBadRequest, "bad_order", "do is one of stage, try, keep, back, allow and noted.")
	}
	if refused != nil {
		return refusedSlots(refused)
	}
	return s.send(s.o.Places.orders(), order)
}

// meant refuses what is about a version that is another one by now.
func meant(version string, s slot.State) error {
	now := s.InUse()
	switch {
	case version == "" || version == now:
		return nil
	case now == "":
		return problemOf(http.StatusConflict, "another_version", "Another version is in use by now. Look again whether it is meant.")
	}
	return problemOf(http.StatusConflict, "another_version", "Another version is in use by now: "+now+". Look again whether it is meant.")
}

// refusedSlots says why the slots refuse something.
func refusedSlots(err error) error {
	switch {
	case errors.Is(err, slot.ErrNoTrial):
		return problemOf(http.StatusConflict, "no_trial", "Nothing is on trial, so there is nothing to keep.")
	case errors.Is(err, slot.ErrNothingToGoBackTo):
		return problemOf(http.StatusConflict, "nothing_former", "There is nothing to go back to.")
	}
	return problemOf(http.StatusConflict, "slots", sentenceOf(err))
}

// candidate is the slot that would be tried.
func candidate(s slot.State) slot.Name {
	for _, n := range slices.Sorted(maps.Keys(s.Slots)) {
		if n != s.Active && n != s.Former {
			return n
		}
	}
	return s.Idle()
}

// staged refuses a candidate that would come to nothing. Without a text and settings it is what was changed on the device, over what came
// with the slot; settings go over that.
func staged(k slot.Kind, in slotWish) error {
	switch {
	case k != slot.Config:
		return problemOf(http.StatusBadRequest, "bad_order", "Programs and systems are staged by updates; see /api/v1/update.")
	case in.Text != nil && in.Set != nil:
		return problemOf(http.StatusBadRequest, "bad_order", "Give either a text, which is a whole configuration file, or settings to set.")
	case len(in.Set) > slot.MostSettings:
		return problemOf(http.StatusBadRequest, "bad_order", fmt.Sprintf("At most %d settings are set at once.", slot.MostSettings))
	case in.Text != nil && *in.Text == "":
		return problemOf(http.StatusBadRequest, "bad_order", "The text is empty; leave it out for a candidate of what was changed on the device.")
	case in.Text != nil:
		if _, _, err := config.Load(config.Input{Path: "text", Text: []byte(*in.Text)}); err != nil {
			return badSetting(err)
		}
	}
	var wrong []error
	for _, key := range slices.Sorted(maps.Keys(in.Set)) {
		wrong = append(wrong, config.Check(key, in.Set[key]))
	}
	if err := errors.Join(wrong...); err != nil {
		return badSetting(err)
	}
	return nil
}

// takeNote keeps that somebody knows how the last trial of a kind ended, and of the configuration also where it conflicts.
func (s *Server) takeNote(k slot.Kind, now time.Time) error {
	err := s.o.Places.note(k, now)
	if k == slot.Config {
		err = errors.Join(err, s.o.Places.note(conflictsNoted, now))
	}
	if err != nil {
		s.o.Log.Error("not kept", "error", err)
		return notKept(err)
	}
	return nil
}

// send puts an order into a folder. It is in the log who asked for what.
func (s *Server) send(dir string, o slot.Order) error {
	if err := slot.Send(dir, o); err != nil {
		s.o.Log.Error("not kept", "what", "an order", "error", err)
		return problemOf(http.StatusServiceUnavailable, "not_kept", "This could not be asked for, so nothing is changed: the card is full or cannot be written, or too much waits already.")
	}
	s.o.Log.Info("asked for", "do", o.Do, "kind", string(o.Kind), "version", o.Version, "by", o.By)
	return nil
}

func orUnknown(version string) string {
	if version == "" {
		return "of unknown version"
	}
	return version
}

// askKind is askSlots for a kind that a form names.
func (s *Server) askKind(k slot.Kind, in slotWish, who config.By) error {
	if !slices.Contains(slot.Kinds(), k) {
		return problemOf(http.StatusBadRequest, "bad_form", "This page has no such form.")
	}
	return s.askSlots(k, in, who)
}
