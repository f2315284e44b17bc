package web

import (
	"cmp"
	"net/http"

	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/config"
	"calendarbot/agent/slot"
)

// fromUpload is the word by which an order means the file that was uploaded, not the repository.
const fromUpload = "upload"

// updateView is the answer of /api/v1/update.
type updateView struct {
	Words     string            `json:"words"`
	Running   map[string]any    `json:"running"`
	Checked   *string           `json:"checked"`
	From      string            `json:"from"`
	Code      string            `json:"code"`
	Problem   string            `json:"problem"`
	Available []releaseView     `json:"available"`
	Waiting   string            `json:"waiting"`
	Notice    string            `json:"notice"`
	Withdrawn []withdrawnView   `json:"withdrawn"`
	Progress  *progressView     `json:"progress"`
	Trial     *kindTrialView    `json:"trial"`
	Upload    *uploadView       `json:"upload"`
	Settings  map[string]string `json:"settings"`
}

type releaseView struct {
	Kind      slot.Kind `json:"kind"`
	Version   string    `json:"version"`
	Notes     string    `json:"notes"`
	Size      int64     `json:"size_bytes"`
	Patch     int64     `json:"patch_bytes"`
	Published *string   `json:"published"`
	Percent   int       `json:"percent"`
	WhyNot    string    `json:"why_not"`
	Refused   bool      `json:"refused"`
}

type withdrawnView struct {
	Kind    slot.Kind `json:"kind"`
	Version string    `json:"version"`
	Why     string    `json:"why"`
}

type progressView struct {
	Step    string    `json:"step"`
	Kind    slot.Kind `json:"kind"`
	Version string    `json:"version"`
	Done    int64     `json:"done"`
	Total   int64     `json:"total"`
	Words   string    `json:"words"`
	Since   *string   `json:"since"`
}

type kindTrialView struct {
	Kind slot.Kind `json:"kind"`
	trialView
}

type uploadView struct {
	Size  int64 `json:"size_bytes"`
	Whole bool  `json:"whole"` // it was handed over to be installed
}

// getUpdate is GET /api/v1/update.
func (s *Server) getUpdate(c *fiber.Ctx) error {
	v, cfg := s.o.Places.Look(), s.current().Config.Update
	u := v.Update
	out := updateView{
		Running: map[string]any{"agent": s.o.Version, "system": s.systemVersion(v)}, Checked: instant(u.Checked), From: withoutSecrets(u.From), Code: u.Code, Problem: u.Problem,
		Available: []releaseView{}, Waiting: u.Waiting, Notice: u.Notice, Withdrawn: []withdrawnView{},
		Settings: map[string]string{"url": cfg.URL, "channel": cfg.Channel, "automatic": cfg.Automatic, "window": cfg.Window},
	}
	if !v.Slotted {
		out.Words = noSlots
	}
	for _, r := range u.Available {
		out.Available = append(out.Available, releaseView{
			Kind: r.Kind, Version: r.Version, Notes: r.Notes, Size: r.Size, Patch: r.Patch, Published: instant(r.Published), Percent: r.Percent, WhyNot: r.WhyNot, Refused: r.Refused,
		})
	}
	for _, w := range u.Withdrawn {
		out.Withdrawn = append(out.Withdrawn, withdrawnView(w))
	}
	if p := u.Progress; p != nil {
		out.Progress = &progressView{Step: p.Step, Kind: p.Kind, Version: p.Version, Done: p.Done, Total: p.Total, Words: p.Words, Since: instant(p.Since)}
	}
	if k, t := v.Trial(); t != nil {
		out.Trial = &kindTrialView{k, *slotsViewOf(k, v, s.o.Now()).Trial}
	}
	if v.Slotted {
		size, whole := s.o.Places.uploaded()
		if size > 0 || whole {
			out.Upload = &uploadView{size, whole}
		}
	}
	return answerJSON(c, http.StatusOK, out)
}

// systemVersion is that of the system that runs; nil where it is not known.
func (s *Server) systemVersion(v Versions) any {
	if version := v.Update.Running[slot.System]; version != "" {
		return version
	}
	state := v.Slots[slot.System]
	if content, known := state.Slots[state.Runs()]; known && content.Version != "" {
		return content.Version
	}
	return nil
}

// updateWish is what may be asked of the updater.
type updateWish struct {
	Do      string    `json:"do"`
	Kind    slot.Kind `json:"kind"`
	Version string    `json:"version"` // to install, or to go back from
	From    string    `json:"from"`
	Why     string    `json:"why"`
}

// postUpdate is POST /api/v1/update: an order to the updater.
func (s *Server) postUpdate(c *fiber.Ctx) error {
	var in updateWish
	if err := readJSON(c, &in); err != nil {
		return err
	}
	if err := s.askUpdate(in, by(c, in.Why)); err != nil {
		return err
	}
	return onItsWay(c, "/api/v1/update")
}

// askUpdate sends an order to the updater, or says why that would come to nothing.
func (s *Server) askUpdate(in updateWish, who config.By) error {
	v := s.o.Places.Look()
	switch {
	case !v.Slotted:
		return problemOf(http.StatusConflict, "no_slots", noSlots)
	case in.Do != "check" && in.Do != "apply" && in.Do != "back":
		return problemOf(http.StatusBadRequest, "bad_order", "do is one of check, apply and back.")
	case in.Kind != "" && in.Kind != slot.Agent && in.Kind != slot.System:
		return problemOf(http.StatusBadRequest, "bad_order", "kind is agent or system.")
	case in.From != "" && (in.From != fromUpload || in.Do != "apply"):
		return problemOf(http.StatusBadRequest, "bad_order", "from is \"upload\", with apply, or not given.")
	case len(in.Version) > 128 || in.Version != tidy(in.Version):
		return problemOf(http.StatusBadRequest, "bad_order", "version is the number of a version, such as 1.2.3.")
	}
	switch in.Do {
	case "apply":
		if err := s.installable(in, v); err != nil {
			return err
		}
	case "back":
		state := v.Slots[cmp.Or(in.Kind, slot.Agent)]
		if err := meant(in.Version, state); err != nil {
			return err
		}
		in.Version = state.InUse()
		if _, err := state.Back(who.Why, who.Who, s.o.Now()); err != nil {
			return refusedSlots(err)
		}
	}
	if in.From == fromUpload {
		if err := s.handOver(); err != nil {
			return err
		}
	}
	return s.send(s.o.Places.updates(), slot.Order{Do: in.Do, Kind: in.Kind, Version: in.Version, Text: in.From, Why: who.Why, By: who.Who, At: s.o.Now()})
}

// installable says why a version cannot be installed, as far as that is known here; nil where the updater decides.
func (s *Server) installable(in updateWish, v Versions) error {
	if k, t := v.Trial(); t != nil {
		return problemOf(http.StatusConflict, "trial", "The "+k.Thing()+" "+orUnknown(t.Version)+" is on trial; until that is over nothing else is installed.")
	}
	for _, r := range v.Update.Available {
		if in.From == "" && in.Version != "" && r.Version == in.Version && (in.Kind == "" || r.Kind == in.Kind) && r.Refused {
			return problemOf(http.StatusConflict, "refused", capital(Thing(r.Kind, r.Version))+" cannot be installed: "+r.WhyNot)
		}
	}
	return nil
}
