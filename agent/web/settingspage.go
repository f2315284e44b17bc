package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/config"
	"calendarbot/agent/page"
	"calendarbot/agent/store"
)

// shownChanges is how many changes the page shows.
const shownChanges = 10

// settingsPage is what is drawn, and what is to be filled in yet. What a person typed and what was wrong with it stands in it.
type settingsPage struct {
	page.SettingsView
	remove string            // the calendar whose removal is to be confirmed
	typed  map[string]string // by key
	wrong  map[string]string // by key
}

// doneWords says what a form did; its name comes back in the address.
func doneWords(done string) string {
	return map[string]string{
		"add": "The calendar is added.", "refresh": "The calendar is being fetched.", "remove": "The calendar is removed.", "choose": "The settings are saved.",
		"pin": "The PIN is saved.", "unpin": "The PIN is removed.", "feature": "The part is switched.", "emergency": "That is done.", "undo": "The change is taken back.",
	}[done]
}

// getSettingsPage is GET /settings.
func (s *Server) getSettingsPage(c *fiber.Ctx) error {
	values, err := url.ParseQuery(string(c.Request().URI().QueryString()))
	if err != nil {
		values = nil // what it says is a convenience
	}
	if st := standingHere(c); st.session != (session{}) && st.session.stale(s.o.Now()) {
		keep(c, s.sessions.cookie(st.session.renewed(s.o.Now()), s.current().Config.Web))
	}
	view := page.SettingsView{Done: doneWords(values.Get("done")), RemovePIN: values.Has("unpin")}
	return s.showSettings(c, http.StatusOK, settingsPage{SettingsView: view, remove: values.Get("remove")})
}

// showSettings fills in what is not about the last form.
func (s *Server) showSettings(c *fiber.Ctx, status int, p settingsPage) error {
	state := s.o.Control.State()
	web := state.Config.Web
	st := standingHere(c)
	p.Token, p.LoggedIn = s.sessions.formToken(st.session, web), st.session != (session{})
	p.HasPIN, p.HasToken = web.PIN != "", web.WriteToken != ""
	p.Problem, p.Pending = state.Problem, strings.Join(state.Pending, ", ")
	_, unknown := s.o.Network.State()
	p.Network = unknown == nil
	sources, err := s.sources()
	if err != nil {
		return fmt.Errorf("list sources: %w", err)
	}
	for _, src := range sources {
		p.Calendars = append(p.Calendars, s.calendarRow(src, p.remove))
	}
	texts := map[string]string{}
	for _, v := range state.Values {
		texts[v.Key] = v.Text
	}
	for _, ch := range choices() {
		text, ok := p.typed[ch.Key]
		if !ok {
			text = texts[ch.Key]
		}
		p.Fields = append(p.Fields, ch.field(text, p.wrong[ch.Key]))
	}
	off := s.emergency()
	p.Emergency, p.EmergencyWords = off.On, off.Words
	for _, f := range s.features() {
		p.Features = append(p.Features, featureRowOf(f))
	}
	changes, err := s.changes(shownChanges)
	if err != nil {
		return err
	}
	p.Changes = changeRows(changes, s.o.Now(), s.o.Zone)
	return answerForm(c, status, page.Settings(s.frame(), &p.SettingsView))
}

// field is how the page asks for a setting.
func (ch choice) field(text, wrong string) page.FieldRow {
	f := page.FieldRow{Key: ch.Key, Title: ch.Title, Kind: ch.Kind, Value: text, Wrong: wrong}
	for i, value := range ch.Choices {
		f.Options = append(f.Options, page.Option{Value: value, Text: ch.Names[i]})
	}
	return f
}

func (s *Server) calendarRow(src store.Source, remove string) page.CalendarRow {
	r := page.CalendarRow{ID: src.ID, Name: src.Name, Address: src.Address, Error: src.Error, Removable: src.Web, Confirm: src.Web && src.ID == remove}
	if r.Name == "" {
		r.Name = src.ID
	}
	now := s.o.Now()
	switch src.State {
	case store.OK:
		r.State = fmt.Sprintf("%d events, fetched %s", src.Events, moment(src.LastSuccess, now, s.o.Zone))
	case store.Failing:
		r.State = "failing since " + moment(src.FailingSince, now, s.o.Zone)
		if !src.NextTry.IsZero() {
			r.State += ", next try " + moment(src.NextTry, now, s.o.Zone)
		}
	case store.Disabled:
		r.State = "switched off"
	default:
		r.State = "not fetched yet"
	}
	return r
}

// featureRowOf offers what can be chosen by name, and what holds.
func featureRowOf(f featureView) page.FeatureRow {
	r := page.FeatureRow{
		Name: f.Name, Title: strings.ReplaceAll(f.Name, "_", " "), Does: f.Does, Words: f.Words, On: f.On, Chosen: "auto",
		Options: []page.Option{{Value: "auto", Text: "by itself"}, {Value: "on", Text: "on"}, {Value: "off", Text: "off"}},
	}
	for _, percent := range []string{"0%", "5%", "25%", "75%", "100%"} { // disabled, canary, gradual, majority, full
		r.Options = append(r.Options, page.Option{Value: percent, Text: "for " + percent + " of all devices"})
	}
	if f.Layer != config.Runtime {
		return r
	}
	r.Chosen = f.Setting
	if !slices.ContainsFunc(r.Options, func(o page.Option) bool { return o.Value == f.Setting }) {
		r.Options = append(r.Options, page.Option{Value: f.Setting, Text: "for " + f.Setting + " of all devices"})
	}
	return r
}

// changeRows are changes in words; those that can be taken back are the newest of their key.
func changeRows(changes []changeView, now time.Time, zone *time.Location) []page.ChangeRow {
	var rows []page.ChangeRow
	back, later := map[int64]bool{}, map[string]bool{}
	for _, ch := range changes { // the newest first
		back[ch.Undoes] = true
		r := page.ChangeRow{ID: ch.ID, Who: ch.Who, Why: ch.Why, What: ch.Key + " became " + quotedText(ch.To)}
		if ch.From != nil {
			r.What = ch.Key + " changed from " + quotedText(ch.From) + " to " + quotedText(ch.To)
		}
		if at, err := time.Parse(time.RFC3339, ch.At); err == nil {
			r.When = moment(at, now, zone)
		}
		r.Undo = ch.Layer == config.Runtime && !strings.HasPrefix(ch.Key, sourceStart) && ch.Undoes == 0 && !back[ch.ID] && !later[ch.Key]
		if r.Undo {
			later[ch.Key] = true
		}
		rows = append(rows, r)
	}
	return rows
}

// quotedText is what a layer says about a key.
func quotedText(text *string) string {
	switch {
	case text == nil:
		return "what holds otherwise"
	case *text == "":
		return "empty"
	}
	return "“" + *text + "”"
}

// settingsForm is POST /settings: one of the forms of the page.
func (s *Server) settingsForm(c *fiber.Ctx) error {
	form, err := readForm(c)
	if err != nil {
		return err
	}
	st := standingHere(c)
	if !s.sessions.fits(form.Get("token"), st.session, s.current().Config.Web) {
		return oldForm()
	}
	p, do := settingsPage{}, form.Get("do")
	switch do {
	case "add":
		p.Add = page.AddForm{URL: form.Get("url"), Name: form.Get("name"), LAN: form.Get("lan") != ""}
		if err = s.addByForm(p.Add, by(c, "")); err != nil {
			p.Add.Wrong = s.words(c, err)
		}
	case "refresh":
		err = s.fetchNow(form.Get("id"))
	case "remove":
		err = s.remove(form.Get("id"), by(c, ""))
	case "choose":
		p.typed, p.wrong, err = s.choose(form, by(c, ""))
	case "pin":
		if err = s.setPIN(c, form.Get("pin")); err != nil {
			p.PINWrong = s.words(c, err)
		}
	case "unpin":
		err = s.removePIN(c)
	case "feature":
		err = s.switchFeature(form.Get("name"), form.Get("setting"), by(c, ""))
	case "emergency":
		err = s.setEmergency(strconv.FormatBool(form.Get("to") == "true"), by(c, ""))
	case "undo":
		err = s.undoByForm(form.Get("id"), by(c, ""))
	default:
		return problemOf(http.StatusBadRequest, "bad_form", "This page has no such form.")
	}
	if err == nil {
		return c.Redirect("/settings?done="+do+"#"+section(do), http.StatusSeeOther)
	}
	told := s.told(c, err)
	if p.Add.Wrong == "" && p.PINWrong == "" && len(p.wrong) == 0 {
		p.Wrong = told.Detail
	}
	told.announce(c)
	return s.showSettings(c, told.Status, p)
}

// section is the part of the page that a form is in.
func section(do string) string {
	switch do {
	case "add", "refresh", "remove":
		return "calendars"
	case "feature", "emergency":
		return "features"
	case "undo":
		return "changes"
	case "unpin":
		return "pin"
	}
	return do
}

// words is what a person may know of an error.
func (s *Server) words(c *fiber.Ctx, err error) string { return s.told(c, err).Detail }

func (s *Server) addByForm(in page.AddForm, who config.By) error {
	address := strings.TrimSpace(in.URL)
	_, err := s.add(sourceInput{URL: &address, Name: given(strings.TrimSpace(in.Name)), LAN: &in.LAN}, who)
	return err
}

// given is a text that is there.
func given(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// choose saves the settings that a person chose and that are others than before. All that is wrong is told, by key.
func (s *Server) choose(form url.Values, who config.By) (typed, wrong map[string]string, err error) {
	now := map[string]string{}
	for _, v := range s.o.Control.State().Values {
		now[v.Key] = v.Text
	}
	typed, wrong = map[string]string{}, map[string]string{}
	words := map[string]*string{}
	for _, ch := range choices() {
		text := strings.TrimSpace(form.Get(ch.Key))
		switch {
		case ch.Kind == page.SwitchField && text == "":
			text = "false"
		case !form.Has(ch.Key) && ch.Kind != page.SwitchField:
			continue
		}
		typed[ch.Key] = text
		if text == now[ch.Key] {
			continue
		}
		if err := config.Check(ch.Key, text); err != nil {
			wrong[ch.Key] = sentences(err)
			continue
		}
		words[ch.Key] = &text
	}
	if len(wrong) > 0 {
		return typed, wrong, problemOf(http.StatusBadRequest, "bad_setting", "Not all of this can be saved.")
	}
	if len(words) > 0 {
		_, err = s.change(words, who)
	}
	return typed, nil, err
}

// setPIN sets another PIN, which ends every login, and logs in whoever set it.
func (s *Server) setPIN(c *fiber.Ctx, pin string) error {
	if pin == "" {
		return problemOf(http.StatusBadRequest, "bad_setting", "Please type a PIN.")
	}
	state, err := s.change(map[string]*string{"web.pin": &pin}, by(c, ""))
	if err != nil {
		return err
	}
	keep(c, s.sessions.cookie(s.sessions.begin(s.o.Now()), state.Config.Web))
	return nil
}

// removePIN lets there be no PIN, whoever set it. Whoever removed it stays logged in, and can set another one.
func (s *Server) removePIN(c *fiber.Ctx) error {
	state, err := s.change(map[string]*string{"web.pin": nil}, by(c, ""))
	if err == nil && state.Config.Web.PIN != "" {
		state, err = s.change(map[string]*string{"web.pin": new(string)}, by(c, ""))
	}
	if err != nil {
		return err
	}
	if standingHere(c).session != (session{}) {
		keep(c, s.sessions.cookie(s.sessions.begin(s.o.Now()), state.Config.Web))
	}
	return nil
}

func (s *Server) undoByForm(text string, who config.By) error {
	in := params{values: url.Values{"id": {text}}}
	id := in.number("id", 0, 1, 1<<53)
	if id == 0 {
		return problemOf(http.StatusBadRequest, "bad_form", "The form does not say which change to take back.")
	}
	_, err := s.undoChange(int64(id), who)
	return err
}
