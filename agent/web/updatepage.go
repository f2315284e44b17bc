package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/overlay"
	"calendarbot/agent/page"
	"calendarbot/agent/slot"
	"calendarbot/agent/update"
)

// getUpdatePage is GET /update.
func (s *Server) getUpdatePage(c *fiber.Ctx) error {
	values, err := url.ParseQuery(string(c.Request().URI().QueryString()))
	if err != nil {
		values = nil // what it says is a convenience
	}
	if st := standingHere(c); st.session != (session{}) && st.session.stale(s.o.Now()) {
		keep(c, s.sessions.cookie(st.session.renewed(s.o.Now()), s.current().Config.Web))
	}
	return s.showUpdate(c, http.StatusOK, page.UpdateView{Done: updateDone(values.Get("done")), Sure: values.Get("sure")})
}

// showUpdate fills in what is not about the last form.
func (s *Server) showUpdate(c *fiber.Ctx, status int, p page.UpdateView) error {
	v, st, now := s.o.Places.Look(), standingHere(c), s.o.Now()
	p.Token, p.LoggedIn = s.sessions.formToken(st.session, s.current().Config.Web), st.session != (session{})
	if v.Wrong != nil {
		s.o.Log.Error("read the versions", "error", v.Wrong)
	}
	p.Slotted = v.Slotted
	p.Look, p.Headline, p.Words = s.updateHeadline(v)
	p.Say = p.Headline
	p.Progress = progressOf(v.Update.Progress)
	_, trial := v.Trial()
	p.Busy = p.Progress != nil || trial != nil
	p.Runs = s.runRows(v)
	for _, k := range slot.Kinds() {
		if last := v.WentBack(k, now); last != nil {
			p.Ended = append(p.Ended, page.EndRow{Kind: string(k), Words: wentBackWords(k, v.Slots[k]), Why: sentenceCase(last.Why), When: moment(last.At, now, s.o.Zone)})
		}
	}
	if v.Slotted {
		s.fillNewer(&p, v)
		s.fillConfig(&p, v)
		asked, err := slot.Asked(s.o.Places.rollback())
		switch {
		case err != nil:
			p.Asked = "What is asked for cannot be read."
		case asked != nil:
			p.Asked = asked.Words()
			p.Busy = true
		}
	}
	p.Levels = s.levelRows(v)
	return answerForm(c, status, page.Update(s.frame(), &p))
}

// runRows says what runs of each kind.
func (s *Server) runRows(v Versions) []page.RunRow {
	rows := []page.RunRow{{Kind: string(slot.Agent), Title: "Program", Version: s.o.Version}}
	if !v.Slotted {
		return rows
	}
	system, known := s.systemVersion(v).(string)
	if !known {
		system = "version not known"
	}
	rows = append(rows,
		page.RunRow{Kind: string(slot.System), Title: "System", Version: system, Restarts: true},
		page.RunRow{Kind: string(slot.Config), Title: "Configuration", Version: configTitle(v.Slots[slot.Config].Runs()), Restarts: true})
	for i := range rows {
		r := &rows[i]
		k := slot.Kind(r.Kind)
		state := v.Slots[k]
		r.InUse = state.InUse()
		r.Detail = runDetail(k, state, s.o.Now(), s.o.Zone)
		if t := state.Trial; t != nil {
			r.Trial = s.trialWords(k, t)
			r.Former = formerTitle(k, state.Active, state)
		} else if hasFormer(k, state) {
			r.Former = formerTitle(k, state.Former, state)
		}
	}
	return rows
}

// fillNewer says what there is, and how it comes.
func (s *Server) fillNewer(p *page.UpdateView, v Versions) {
	u, now := v.Update, s.o.Now()
	p.Problem, p.Notice, p.Waiting, p.Checked = u.Problem, u.Notice, u.Waiting, s.checkedWords(u)
	if u.Code == update.NoAddress {
		p.Problem, p.Notice = "", u.Problem
	}
	for _, r := range u.Available {
		row := page.ReleaseRow{
			Kind: string(r.Kind), Version: r.Version, Title: strings.ToUpper(r.Kind.Thing()[:1]) + r.Kind.Thing()[1:], Facts: releaseFacts(r, now, s.o.Zone), Notes: r.Notes, WhyNot: r.WhyNot,
			Installable: !r.Refused && !p.Busy, Restarts: r.Kind == slot.System,
			Denied: slices.ContainsFunc(v.Slots[r.Kind].Denied, func(d slot.Denial) bool { return d.Version == r.Version }),
		}
		p.Releases = append(p.Releases, row)
		if r.WhyNot != "" && strings.HasSuffix(p.Waiting, r.WhyNot) {
			p.Waiting = "" // it stands below
		}
	}
	p.Upload = page.UploadView{Most: mostUpload, Pieces: maxBody}
	switch size, whole := s.o.Places.uploaded(); {
	case whole:
		p.Upload.Words = "A file of " + sizeWords(size) + " was sent, and waits to be installed."
	case size > 0:
		p.Upload.Words = sizeWords(size) + " of a file were sent. Send the same file again: it goes on where it was."
	}
}

// fillConfig says what the candidate of the configuration would change.
func (s *Server) fillConfig(p *page.UpdateView, v Versions) {
	state := v.Slots[slot.Config]
	used := " is used."
	if state.Trial != nil && state.Trial.Started == 0 {
		used = " is used from the next start of the device on."
	}
	p.Config.Words = "“" + configTitle(state.Runs()) + "”" + used + " A candidate is another configuration, with what you changed taken over into it; it is tried, and given up again if the device is not well with it."
	_, trial := v.Trial()
	p.Config.Stage, p.Config.Keep = trial == nil, state.Trial != nil && state.Trial.Started > 0
	if keys, _ := s.o.Places.Conflicts(v); len(keys) > 0 {
		p.Config.Conflicts = s.conflictRows(state.Runs())
	}
	to := state.Active.Other()
	if _, staged := state.Slots[to]; !staged {
		return
	}
	p.Config.Candidate, p.Config.Title = string(to), "What the candidate changes"
	switch {
	case state.Trial != nil:
		p.Config.Title = "What the configuration on trial changes"
	case state.Former == to:
		p.Config.Title = "What going back would change"
	}
	p.Config.Try = trial == nil && state.Former != to
	diff, err := overlay.Diff(s.o.Places.root(), state.Active, to)
	if err != nil {
		s.o.Log.Error("compare the configurations", "error", err)
		p.Config.Wrong = "The two configurations cannot be compared: " + firstLine(err)
		return
	}
	for _, d := range diff.Settings {
		p.Config.Changes = append(p.Config.Changes, page.FactRow{Name: d.Key, Text: changeWords(d.From, d.To)})
	}
	for _, f := range diff.Files {
		p.Config.Files = append(p.Config.Files, page.FactRow{Name: f.Name, Text: f.How})
	}
}

// conflictRows are the settings in which the person's own holds.
func (s *Server) conflictRows(n slot.Name) []page.FactRow {
	var rows []page.FactRow
	for _, shown := range overlay.Show(s.o.Places.root()).Slots {
		if shown.Name != n {
			continue
		}
		for _, c := range shown.Conflicts {
			rows = append(rows, page.FactRow{Name: c.Key, Text: orNothing(c.Mine) + ", not " + orNothing(c.Other)})
		}
	}
	return rows
}

// levelRows are the ways back, and why one does nothing now.
func (s *Server) levelRows(v Versions) []page.LevelRow {
	var rows []page.LevelRow
	_, trial := v.Trial()
	for _, l := range levels() {
		row := page.LevelRow{Level: l.Level, Title: l.Title, Does: l.Does, Goal: l.Goal}
		switch {
		case l.Level == 1 && s.emergency().On:
			row.Off = "They are off now; the settings let them be used again."
		case l.Level > 1 && !v.Slotted:
			row.Off = "This installation has nothing to go back to."
		case l.Level == 2 && trial == nil && !hasFormer(slot.Config, v.Slots[slot.Config]):
			row.Off = "There is no configuration that was used before."
			if v.Slots[slot.Config].Active == slot.A {
				row.Off = "The stable configuration is used already."
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// updateForm is POST /update: one of the forms of the page.
func (s *Server) updateForm(c *fiber.Ctx) error {
	form, err := readForm(c)
	if err != nil {
		return err
	}
	if !s.sessions.fits(form.Get("token"), standingHere(c).session, s.current().Config.Web) {
		return oldForm()
	}
	do, kind, who := form.Get("do"), slot.Kind(form.Get("kind")), by(c, "")
	switch do {
	case "check":
		err = s.askUpdate(updateWish{Do: do}, who)
	case "apply":
		err = s.askUpdate(updateWish{Do: do, Kind: kind, Version: form.Get("version")}, who)
	case "drop":
		err = s.dropUpload()
	case "back":
		who.Why = "a person asked for it"
		err = s.askKind(kind, slotWish{Do: do, Version: form.Get("version")}, who)
	case "allow":
		err = s.askKind(kind, slotWish{Do: do, Version: form.Get("version")}, who)
	case "noted":
		err = s.askKind(kind, slotWish{Do: do}, who)
	case "stage", "try", "keep":
		err = s.askSlots(slot.Config, slotWish{Do: do}, who)
	case "level":
		level, notANumber := strconv.Atoi(form.Get("level"))
		if notANumber != nil {
			level = 0
		}
		err = s.goBack(level, who)
	case "settle":
		err = s.takeBack()
	default:
		return problemOf(http.StatusBadRequest, "bad_form", "This page has no such form.")
	}
	if err == nil {
		return c.Redirect("/update?done="+do, http.StatusSeeOther)
	}
	told := s.told(c, err)
	told.announce(c)
	return s.showUpdate(c, told.Status, page.UpdateView{Wrong: told.Detail})
}
