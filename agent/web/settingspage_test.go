package web

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/config"
	"calendarbot/agent/feature"
	"calendarbot/agent/page"
	"calendarbot/agent/store"
)

// person is somebody who is logged in and looks at the settings.
type person struct {
	*device
	cookie header
	token  string
}

func (d *device) person() *person {
	d.t.Helper()
	a, cookie := d.login(pinOfTests, "/settings")
	if a.StatusCode != http.StatusSeeOther {
		d.t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	p := &person{device: d, cookie: cookie}
	p.token = formToken(d.t, p.page(""))
	return p
}

func (p *person) page(query string) answer {
	p.t.Helper()
	a := p.ask("GET", "/settings"+query, "", p.cookie)
	if a.StatusCode != http.StatusOK {
		p.t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	return a
}

// press sends a form.
func (p *person) press(do string, fields ...string) answer {
	p.t.Helper()
	form := url.Values{"do": {do}, "token": {p.token}}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return p.ask("POST", "/settings", form.Encode(), asForm(), p.cookie, header{"Origin", p.url})
}

// done presses a button that must work.
func (p *person) done(do string, fields ...string) {
	p.t.Helper()
	if a := p.press(do, fields...); a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), "/settings?done="+do+"#") {
		p.t.Errorf("%s %v: %d %q %.3000s", do, fields, a.StatusCode, a.Header.Get("Location"), a.body)
	}
}

func has(a answer, texts ...string) bool {
	for _, text := range texts {
		if !strings.Contains(string(a.body), text) {
			return false
		}
	}
	return true
}

func TestSettingsPage(t *testing.T) {
	d := start(t, said(t, "web.pin", pinOfTests))
	d.household()
	p := d.person()
	page := p.page("")
	if !has(page, "Work", "http://127.0.0.1:9", "3 events", `name="display.theme"`, "request pipeline", "Log out", "web.pin") || has(page, "secret-path") || has(page, pinOfTests) {
		t.Errorf("%s", page.body)
	}
	if has(page, "<script") || has(page, "style=") || page.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("script, style or %v", page.Header)
	}
	css := regexp.MustCompile(`/assets/settings\.[0-9a-f]{12}\.css`).FindString(string(page.body))
	if a := d.ask("GET", css, ""); a.StatusCode != http.StatusOK || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/css") {
		t.Errorf("%q: %d", css, a.StatusCode)
	}
	// Every form is protected, every field has a name for those who cannot see.
	forms := regexp.MustCompile(`(?s)<form.*?</form>`).FindAllString(string(page.body), -1)
	for _, form := range forms {
		if !strings.Contains(form, `name="token" value="`+p.token+`"`) {
			t.Errorf("not protected: %s", form)
		}
	}
	for _, field := range regexp.MustCompile(`<(?:input|select)[^>]*>`).FindAllString(string(page.body), -1) {
		id := regexp.MustCompile(` id="([^"]+)"`).FindStringSubmatch(field)
		if !strings.Contains(field, `type="hidden"`) && !strings.Contains(field, "aria-label=") && (id == nil || !has(page, `<label for="`+id[1]+`"`)) {
			t.Errorf("without a label: %s", field)
		}
	}
	if len(forms) < 10 {
		t.Errorf("%d forms", len(forms))
	}
	if a := d.ask("GET", "/settings", ""); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/login?back=%2Fsettings" {
		t.Errorf("a stranger: %d %q", a.StatusCode, a.Header.Get("Location"))
	}
	open := start(t, said(t, "web.write_token", ""))
	if a := open.ask("GET", "/settings", ""); a.StatusCode != http.StatusOK || has(a, "Log out") {
		t.Errorf("on the device itself: %d", a.StatusCode)
	}
	if a := open.ask("GET", "/settings", "", header{"X-Forwarded-For", "192.168.1.7"}); a.StatusCode != http.StatusForbidden || !has(a, "<p>Changes are taken from the device itself only") {
		t.Errorf("from elsewhere, without a PIN: %d %s", a.StatusCode, a.body)
	}
	if a := open.ask("GET", "/login", ""); !has(a, "No PIN is set") {
		t.Errorf("%s", a.body)
	}
	if a, cookie := open.login("1234", "/"); a.StatusCode != http.StatusUnauthorized || cookie.value != "" {
		t.Errorf("a login without a PIN: %d", a.StatusCode)
	}
}

func TestSettingsPageChanges(t *testing.T) {
	d := start(t, said(t, "web.pin", pinOfTests))
	p := d.person()
	p.done("choose", "display.theme", "dark", "display.days", " 5 ", "device.name", "Kitchen <b>", "web.drop_in_writes", "true")
	if cfg := d.server.current().Config; cfg.Display.Theme != "dark" || cfg.Display.Days != 5 || cfg.Device.Name != "Kitchen <b>" || !cfg.Web.DropInWrites {
		t.Errorf("%+v", cfg.Display)
	}
	p.done("choose", "display.theme", "dark")
	if d.server.current().Config.Web.DropInWrites {
		t.Error("an empty box is not taken")
	}
	page := p.page("?done=choose")
	if !has(page, `data-theme="dark"`, "Kitchen &lt;b&gt;", `value="5"`, `role="status">The settings are saved.`, "web.drop_in_writes became “false”", "the settings page, from 127.0.0.1") || has(page, "<b>") {
		t.Errorf("%s", page.body)
	}

	// What is wrong is told at its field, the rest stays as typed, and nothing of it counts.
	a := p.press("choose", "display.days", "99", "display.scale", "big", "device.name", "Typed")
	if a.StatusCode != http.StatusBadRequest || !has(a, `value="99"`, `value="big"`, `value="Typed"`, `id="display.days-wrong"`, "from 1 to 31", `id="display.scale-wrong"`) || d.server.current().Config.Device.Name == "Typed" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}

	p.done("feature", "name", feature.RequestPipeline, "setting", "off")
	if d.feature(feature.RequestPipeline)["on"] != false || !has(p.page(""), "request pipeline: off", `<option value="off" selected>`) {
		t.Error("the part is on")
	}
	changes := d.get("/api/v1/config/log?limit=1", withToken())["changes"].([]any)
	p.done("undo", "id", fmt.Sprint(path(changes[0], "id")))
	if d.feature(feature.RequestPipeline)["on"] != true {
		t.Error("the part is still off")
	}
	p.done("emergency", "to", "true")
	if !has(p.page(""), "Let them be used again") {
		t.Error("no way back")
	}
	p.done("emergency", "to", "false")

	for _, c := range []struct {
		do     string
		fields []string
		status int
		words  string
	}{
		{"undo", []string{"id", "x"}, 400, "which change"}, {"undo", []string{"id", "4711"}, 409, "4711"}, {"feature", []string{"name", "x", "setting", "on"}, 400, "x"},
		{"feature", []string{"name", feature.RequestPipeline, "setting", "x"}, 400, ""}, {"refresh", []string{"id", "nobody"}, 404, "no calendar"},
		{"remove", []string{"id", "work"}, 409, "configuration"}, {"remove", nil, 404, "no calendar"}, {"pin", []string{"pin", "12"}, 400, "4 to 64"}, {"pin", nil, 400, "type a PIN"},
		{"nothing", nil, 400, "no such form"},
	} {
		if a := p.press(c.do, c.fields...); a.StatusCode != c.status || !has(a, c.words) {
			t.Errorf("%s %v: %d %s", c.do, c.fields, a.StatusCode, a.body)
		}
	}
	p.token = "other"
	if a := p.press("emergency", "to", "true"); a.StatusCode != http.StatusForbidden || !has(a, "out of date") {
		t.Errorf("without the token: %d", a.StatusCode)
	}
	if a := p.ask("POST", "/settings", "do=choose", asJSON(), p.cookie, header{"Origin", p.url}); a.StatusCode != http.StatusUnsupportedMediaType {
		t.Errorf("no form: %d", a.StatusCode)
	}
}

// A percentage that was set is shown and offered, so that saving what is shown changes nothing.
func TestSettingsPageKeepsPercentages(t *testing.T) {
	d := start(t, said(t, "web.pin", pinOfTests), said(t, "features."+feature.CacheWarming, "33"), said(t, "features."+feature.RequestBatching, "gradual"))
	p := d.person()
	chosen := regexp.MustCompile(`(?s)name="name" value="([a-z_]+)">\s*<select.*?<option value="([^"]*)" selected>([^<]*)<`)
	got := map[string]string{}
	for _, found := range chosen.FindAllStringSubmatch(string(p.page("").body), -1) {
		got[found[1]] = found[3]
		p.done("feature", "name", found[1], "setting", found[2])
	}
	if len(got) != len(feature.All()) || got[feature.CacheWarming] != "for 33% of all devices" || got[feature.RequestBatching] != "for 25% of all devices" || got[feature.RequestPipeline] != "by itself" {
		t.Errorf("%v", got)
	}
	if d.feature(feature.CacheWarming)["setting"] != "33%" || d.feature(feature.RequestBatching)["setting"] != "25%" || d.feature(feature.RequestPipeline)["layer"] != "default" {
		t.Error("saving what is shown changes it")
	}
}

func TestSettingsPagePIN(t *testing.T) {
	d := start(t, said(t, "web.pin", pinOfTests))
	p, other := d.person(), d.person()
	a := p.press("pin", "pin", "13579")
	if a.StatusCode != http.StatusSeeOther || !hashed(d.server.current().Config.Web.PIN) {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	text, _, _ := strings.Cut(a.Header.Get("Set-Cookie"), ";")
	if a := d.ask("GET", "/settings", "", header{"Cookie", text}); a.StatusCode != http.StatusOK {
		t.Errorf("whoever set it is logged out: %d", a.StatusCode)
	}
	if a := d.ask("GET", "/settings", "", other.cookie); a.StatusCode != http.StatusSeeOther {
		t.Errorf("the others are not: %d", a.StatusCode)
	}
	if a, _ := d.login(pinOfTests, "/"); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("the old PIN: %d", a.StatusCode)
	}
	if a, _ := d.login("13579", "/"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("the new PIN: %d", a.StatusCode)
	}
}

// A PIN can be removed, after a question; whoever did it stays logged in, the others do not.
func TestSettingsPageRemovesThePIN(t *testing.T) {
	for _, text := range []string{"", "web: {pin: \"" + pinOfTests + "\"}\n"} { // set here, and in the file
		file := filepath.Join(t.TempDir(), "calendarbot.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		d := start(t, func(o *Options) {
			live, err := config.Start(t.Context(), config.Input{Path: file}, o.Store, o.Now)
			if err != nil {
				t.Fatal(err)
			}
			o.Control = told{live, o.Gates}
		})
		pin := pinOfTests
		if text == "" {
			said(t, "web.pin", pin)(&d.server.o)
		}
		p, other := d.person(), d.person()
		if page := p.page(""); !has(page, `href="/settings?unpin=1#unpin"`) || has(page, `value="unpin"`) {
			t.Errorf("%s", page.body)
		}
		if page := p.page("?unpin=1"); !has(page, `id="unpin"`, `value="unpin"`, "on the device itself only", "Keep it") {
			t.Errorf("%s", page.body)
		}
		a := p.press("unpin")
		if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/settings?done=unpin#pin" || d.server.current().Config.Web.PIN != "" {
			t.Fatalf("%d %q %s", a.StatusCode, a.Header.Get("Location"), a.body)
		}
		far := header{"X-Forwarded-For", "192.168.1.7"}
		text, _, _ := strings.Cut(a.Header.Get("Set-Cookie"), ";")
		if a := d.ask("GET", "/settings?done=unpin&unpin=1", "", header{"Cookie", text}, far); a.StatusCode != http.StatusOK || !has(a, "The PIN is removed.") || has(a, `value="unpin"`) {
			t.Errorf("whoever did it: %d %s", a.StatusCode, a.body)
		}
		if a := d.ask("GET", "/settings", "", other.cookie, far); a.StatusCode != http.StatusForbidden {
			t.Errorf("another one: %d", a.StatusCode)
		}
	}
}

// A login does not come back with an old PIN, whichever way that came back.
func TestSessionsDoNotReviveWithAnOldPIN(t *testing.T) {
	for name, back := range map[string]string{"undone": "/api/v1/config/undo {}", "taken back": `/api/v1/config {"unset":["web.pin"]}`} {
		file := filepath.Join(t.TempDir(), "calendarbot.yaml")
		if err := os.WriteFile(file, []byte("web: {write_token: "+writeToken+", pin: \""+pinOfTests+"\"}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		d := start(t, func(o *Options) {
			live, err := config.Start(t.Context(), config.Input{Path: file}, o.Store, o.Now)
			if err != nil {
				t.Fatal(err)
			}
			o.Control = told{live, o.Gates}
		})
		p := d.person()
		if a := d.send("PATCH", "/api/v1/config", `{"set":{"web.pin":"13579"}}`); a.StatusCode != http.StatusOK {
			t.Fatalf("%d %s", a.StatusCode, a.body)
		}
		path, body, _ := strings.Cut(back, " ")
		if a := d.send(map[bool]string{true: "POST", false: "PATCH"}[body == "{}"], path, body); a.StatusCode != http.StatusOK || d.server.current().Config.Web.PIN != pinOfTests {
			t.Fatalf("%s: %d %s", name, a.StatusCode, a.body)
		}
		if a := d.ask("GET", "/settings", "", p.cookie); a.StatusCode != http.StatusSeeOther {
			t.Errorf("%s: it revives", name)
		}
		if a := d.ask("GET", "/settings", "", d.person().cookie); a.StatusCode != http.StatusOK {
			t.Errorf("%s: no new login: %d", name, a.StatusCode)
		}
	}
}

func TestSettingsPageCalendars(t *testing.T) {
	d := start(t, said(t, "web.pin", pinOfTests))
	feed, _ := feedServer(t)
	p := d.person()
	a := p.press("add", "url", feed+"/page", "name", "Choir <1>", "lan", "1")
	if a.StatusCode != http.StatusUnprocessableEntity || !has(a, `value="`+feed+`/page"`, "Choir &lt;1&gt;", "checked", `id="url-wrong"`) {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if a := p.press("add", "url", "ftp://x"); a.StatusCode != http.StatusBadRequest || !has(a, `value="ftp://x"`, `id="url-wrong"`) {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	address := strings.Replace(feed, "http://", "http://ann:pass@", 1) + "/a.ics"
	p.done("add", "url", " "+address+" ", "name", "Choir", "lan", "1")
	page := p.page("?done=add")
	if !has(page, "The calendar is added.", "Choir", `aria-label="Remove Choir"`) || has(page, "pass@") {
		t.Errorf("%s", page.body)
	}
	p.done("refresh", "id", "choir")
	if page := p.page("?remove=choir"); !has(page, "Remove it with all its events?", `id="remove"`) {
		t.Errorf("%s", page.body)
	}
	if page := p.page("?remove=work"); has(page, "Remove it with all its events?") {
		t.Error("one of the configuration can be removed")
	}
	p.done("remove", "id", "choir")
	if page := p.page(""); has(page, `<bdi>Choir</bdi>`) || !has(page, "sources.choir changed from “Choir (") {
		t.Error("it is still there")
	}
}

func TestCalendarRows(t *testing.T) {
	now := at(t, monday)
	s := &Server{o: Options{Zone: now.Location(), Now: func() time.Time { return now }}}
	for _, c := range []struct {
		src  store.Source
		want page.CalendarRow
	}{
		{store.Source{ID: "a", State: store.OK, Events: 3, LastSuccess: now}, page.CalendarRow{ID: "a", Name: "a", State: "3 events, fetched Mon 15 Jun, 08:30"}},
		{store.Source{ID: "a", Name: "A", State: store.Disabled, Web: true}, page.CalendarRow{ID: "a", Name: "A", State: "switched off", Removable: true, Confirm: true}},
		{store.Source{ID: "a", Name: "A", State: store.Failing, FailingSince: now, Error: "No."}, page.CalendarRow{ID: "a", Name: "A", State: "failing since Mon 15 Jun, 08:30", Error: "No."}},
		{store.Source{ID: "a", Name: "A", State: store.Failing, FailingSince: now, NextTry: now.Add(time.Hour)}, page.CalendarRow{ID: "a", Name: "A", State: "failing since Mon 15 Jun, 08:30, next try Mon 15 Jun, 09:30"}},
		{store.Source{ID: "b", Name: "A", State: store.Waiting, Web: true}, page.CalendarRow{ID: "b", Name: "A", State: "not fetched yet", Removable: true}},
	} {
		if got := s.calendarRow(c.src, "a"); got != c.want {
			t.Errorf("%+v, want %+v", got, c.want)
		}
	}
}

// Only what can be taken back has a button: the newest change of each key, when the program made it and it still counts.
func TestChangeRows(t *testing.T) {
	text := func(s string) *string { return &s }
	rows := changeRows([]changeView{
		{ID: 6, At: "2026-06-15T06:30:00Z", Key: "a", Layer: config.Runtime, Undoes: 5, From: text("2"), To: text("1")},
		{ID: 5, Key: "a", Layer: config.Runtime, From: text("1"), To: text("2")},
		{ID: 4, Key: "a", Layer: config.Runtime, To: text("1"), Who: "Ann", Why: "so"},
		{ID: 3, Key: "a", Layer: config.Runtime, To: text("")},
		{ID: 2, Key: "b", Layer: config.File, To: text("3")},
		{ID: 1, Key: "c", Layer: config.Runtime, From: text("3")},
	}, at(t, monday), at(t, monday).Location())
	want := []page.ChangeRow{
		{ID: 6, What: "a changed from “2” to “1”", When: "Mon 15 Jun, 08:30"}, {ID: 5, What: "a changed from “1” to “2”"}, {ID: 4, What: "a became “1”", Who: "Ann", Why: "so", Undo: true},
		{ID: 3, What: "a became empty"}, {ID: 2, What: "b became “3”"}, {ID: 1, What: "c changed from “3” to what holds otherwise", Undo: true},
	}
	if !slices.Equal(rows, want) {
		t.Errorf("%+v", rows)
	}
}
