package web

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/page"
	"calendarbot/agent/slot"
	"calendarbot/agent/update"
)

// pressUpdate sends a form of the page of updates.
func (p *person) pressUpdate(do string, fields ...string) answer {
	p.t.Helper()
	form := url.Values{"do": {do}, "token": {p.token}}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return p.ask("POST", "/update", form.Encode(), asForm(), p.cookie, header{"Origin", p.url})
}

func TestUpdatePage(t *testing.T) {
	s := startSlotted(t, said(t, "web.pin", pinOfTests))
	s.tried()
	s.json("data/update/status.json", s.offered())
	p := s.person()
	if a := p.page(""); !has(a, `href="/update"`) {
		t.Error("the settings do not lead here")
	}
	if a := s.ask("GET", "/status", ""); !has(a, `href="/update"`) {
		t.Error("the status does not lead here")
	}
	if a := s.ask("GET", "/update", ""); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/login?back=%2Fupdate" {
		t.Errorf("a stranger: %d %q", a.StatusCode, a.Header.Get("Location"))
	}
	a := s.ask("GET", "/update", "", p.cookie)
	if has(a, "style=") || has(a, "onclick") || has(a, p.cookie.value) || a.Header.Get("Cache-Control") != "no-store" || !strings.Contains(a.Header.Get("Content-Security-Policy"), "script-src 'self'") {
		t.Errorf("%v %s", a.Header, a.body)
	}
	forms := regexp.MustCompile(`(?s)<form.*?</form>`).FindAllString(string(a.body), -1)
	for _, form := range forms {
		if !strings.Contains(form, `name="token" value="`+p.token+`"`) {
			t.Errorf("not protected: %s", form)
		}
	}
	if len(forms) < 6 {
		t.Errorf("%d forms", len(forms))
	}
	ids := regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(string(a.body), -1)
	for i, id := range ids {
		if slices.ContainsFunc(ids[:i], func(other []string) bool { return other[1] == id[1] }) {
			t.Errorf("the id %s is there twice", id[1])
		}
	}
}

// Level 2 is offered where the device has another configuration to go to, whichever is in use.
func TestUpdatePageOffersAWayBackThatThereIs(t *testing.T) {
	s := startSlotted(t, said(t, "web.pin", pinOfTests))
	p := s.person()
	for _, c := range []struct {
		state slot.State
		off   string // "" where it is offered
	}{
		{slot.State{Active: slot.A}, "The stable configuration is used already."},
		{slot.State{Active: slot.A, Former: slot.B}, ""},
		{slot.State{Active: slot.B, Former: slot.A}, ""},
		{slot.State{Active: slot.B}, "There is no configuration that was used before."}, // another candidate took the place of the former one
	} {
		s.json("data/slots/config.json", c.state)
		a := s.ask("GET", "/update", "", p.cookie)
		if has(a, "sure=level-2") != (c.off == "") || c.off != "" && !has(a, c.off) {
			t.Errorf("%s is used, %q was before: %s", c.state.Active, c.state.Former, a.body)
		}
	}
}

// Each button sends its order, and what restarts the device asks once more.
func TestUpdatePageButtons(t *testing.T) {
	s := startSlotted(t, said(t, "web.pin", pinOfTests))
	s.tried()
	s.json("data/update/status.json", s.offered())
	p := s.person()
	for _, c := range []struct {
		do     string
		fields []string
		folder string
		want   slot.Order
	}{
		{"check", nil, "update/orders", slot.Order{Do: "check"}},
		{"apply", []string{"kind", "agent", "version", "1.3.0"}, "update/orders", slot.Order{Do: "apply", Kind: slot.Agent, Version: "1.3.0"}},
		{"back", []string{"kind", "agent"}, "orders", slot.Order{Do: "back", Kind: slot.Agent, Version: "1.2.2"}},
		{"back", []string{"kind", "system", "version", "1.2.2"}, "orders", slot.Order{Do: "back", Kind: slot.System, Version: "1.2.2"}},
		{"stage", nil, "orders", slot.Order{Do: "stage", Kind: slot.Config}},
		{"try", nil, "orders", slot.Order{Do: "try", Kind: slot.Config, Version: "config-9f86d081884c"}},
	} {
		a := p.pressUpdate(c.do, c.fields...)
		got := s.order(c.folder)
		if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/update?done="+c.do || got == nil {
			t.Errorf("%s: %d %s", c.do, a.StatusCode, a.body)
			continue
		}
		if got.Do != c.want.Do || got.Kind != c.want.Kind || got.Version != c.want.Version || !strings.Contains(got.By, "page") {
			t.Errorf("%s: %+v", c.do, got)
		}
		if done := s.ask("GET", "/update?done="+c.do, "", p.cookie); !has(done, `role="status">`+updateDone(c.do)) {
			t.Errorf("%s: not said: %s", c.do, done.body)
		}
	}
	for _, sure := range []string{"back-agent", "back-system", "try", "level-3", "level-2"} {
		if sure == "level-2" { // from the stable configuration there is no way
			if a := s.ask("GET", "/update", "", p.cookie); has(a, "sure=level-2") || !has(a, "The stable configuration is used already.") {
				t.Errorf("%s", a.body)
			}
			s.json("data/slots/config.json", slot.State{Active: slot.B, Former: slot.A})
		}
		plain, asked := s.ask("GET", "/update", "", p.cookie), s.ask("GET", "/update?sure="+sure, "", p.cookie)
		if !has(plain, `href="/update?sure=`+sure+`#sure"`) || !has(asked, `id="sure"`) || has(asked, `href="/update?sure=`+sure+`#sure"`) {
			t.Errorf("%s is not asked", sure)
		}
	}
	for do, want := range map[string]string{"level": "level is 1, 2 or 3", "back": "no such form", "keep": "Nothing is on trial", "apply": "cannot be installed", "x": "no such form"} {
		fields := []string{"version", "1.2.3", "level", "7"}
		if a := p.pressUpdate(do, fields...); a.StatusCode < 400 || a.StatusCode > 409 || !has(a, want) {
			t.Errorf("%s: %d %s", do, a.StatusCode, a.body)
		}
	}
	if a := p.pressUpdate("allow", "kind", "agent", "version", "1.2.3"); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/update?done=allow" {
		t.Errorf("to let one be tried again: %d %s", a.StatusCode, a.body)
	}
	if o := s.order("orders"); o == nil || o.Do != "allow" || o.Version != "1.2.3" {
		t.Errorf("to let one be tried again: %+v", o)
	}
	if asked := s.ask("GET", "/update?sure=back-agent", "", p.cookie); !has(asked, `name="version" value="1.2.2"><span>`) {
		t.Errorf("the form does not say what is left: %s", asked.body)
	}
	if a := p.pressUpdate("back", "kind", "agent", "version", "1.2.1"); a.StatusCode != http.StatusConflict || !has(a, "Another version is in use by now: 1.2.2.") || s.order("orders") != nil {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if a := p.pressUpdate("noted", "kind", "agent"); a.StatusCode != http.StatusSeeOther || has(s.ask("GET", "/update", "", p.cookie), "Went back") {
		t.Errorf("%d", a.StatusCode)
	}
	if a := p.pressUpdate("level", "level", "2"); a.StatusCode != http.StatusSeeOther || !has(s.ask("GET", "/update", "", p.cookie), "Going back was asked for") {
		t.Errorf("%d", a.StatusCode)
	}
	if a := p.pressUpdate("settle"); a.StatusCode != http.StatusSeeOther || has(s.ask("GET", "/update", "", p.cookie), "Going back was asked for") {
		t.Errorf("%d", a.StatusCode)
	}
	if a := p.pressUpdate("level", "level", "1"); a.StatusCode != http.StatusSeeOther || !has(s.ask("GET", "/update", "", p.cookie), "They are off now") {
		t.Errorf("%d", a.StatusCode)
	}
	if a := s.piece(0, tarOf(2000)); a.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	if a := p.pressUpdate("drop"); a.StatusCode != http.StatusSeeOther || s.get("/api/v1/update", withToken())["upload"] != nil {
		t.Errorf("%d", a.StatusCode)
	}
	p.token = "old"
	if a := p.pressUpdate("check"); a.StatusCode != http.StatusForbidden || !has(a, "out of date", `url=/update"`) {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

// What matters most stands in the headline.
func TestUpdateHeadline(t *testing.T) {
	s := startSlotted(t)
	now := at(t, monday)
	well := update.Status{Checked: now.Add(-time.Hour)}
	trial := func(k slot.Kind, started, tries int) {
		s.json("data/slots/"+string(k)+".json", slot.State{Active: slot.A, Trial: &slot.Trial{Slot: slot.B, Version: "1.3.0", Tries: tries, Started: started, Began: now.Add(-time.Minute)}})
	}
	for _, c := range []struct {
		name string
		make func()
		want []string
	}{
		{"nothing", func() {}, []string{"Nobody has looked for newer versions yet", "Nobody has looked yet. New programs and systems are installed by themselves between 02:00 and 05:00."}},
		{"well", func() { s.json("data/update/status.json", well) }, []string{"Everything is up to date", "version not known", "Last look: Mon 15 Jun, 07:30."}},
		{"a file", func() {
			s.json("data/update/status.json", update.Status{Checked: well.Checked, From: "/" + update.UploadFolder + "/" + update.UploadName})
		}, []string{"Last look: Mon 15 Jun, 07:30, in a file that was sent here."}},
		{"newer", func() { s.json("data/update/status.json", s.offered()) }, []string{"There is a newer version", "Version 1.3.0 of the program."}},
		{"problem", func() {
			s.json("data/update/status.json", update.Status{Checked: now, Code: "expired", Problem: "What is signed is too old."})
		}, []string{"Newer versions cannot be looked for", "What is signed is too old."}},
		{"no address", func() {
			s.json("data/update/status.json", update.Status{Checked: now, Code: "no_address", Problem: "No address of updates is set (update.url)."})
		}, []string{`<p class="verdict notice">`, "No address of newer versions is set", `<p class="soft">No address of updates is set (update.url).`}},
		{"went back", s.tried, []string{"What was tried did not run well"}},
		{"a system on trial", func() { trial(slot.System, 0, 3) }, []string{"Version 1.3.0 of the system is on trial", "It begins with the next start of the device; it is kept when"}},
		{"a configuration on trial", func() { trial(slot.System, 1, 0); trial(slot.Config, 1, 1) }, []string{"The other configuration is on trial", "kept when it has run well for 3 minutes", "once more", "Keep what is on trial"}},
		{"checking", func() { s.json("run/calendarbot-update/progress.json", update.Progress{Step: "check", Since: now}) }, []string{"The device looks for newer versions", "<progress aria-labelledby=\"step\"></progress>"}},
		{"installing", func() {
			s.json("run/calendarbot-update/progress.json", update.Progress{Step: "install", Kind: slot.System, Version: "1.3.0", Done: 40, Total: 100, Words: "Copying image to rootfs.1", Since: now})
		}, []string{"Version 1.3.0 of the system is being installed", "Writing the system to the card", "Copying image", `value="40"`}},
	} {
		c.make()
		a := s.ask("GET", "/update", "", withToken())
		for _, want := range c.want {
			if !has(a, want) {
				t.Errorf("%s: no %q in %s", c.name, want, a.body)
			}
		}
	}
}

func TestWordsOfUpdates(t *testing.T) {
	for n, want := range map[int64]string{0: "0 KB", 1: "1 KB", 999_999: "1000 KB", 1_500_000: "1.5 MB", 148_200_000: "148 MB"} {
		if got := sizeWords(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
	for address, want := range map[string]string{"https://a:b@c.example/d?e=f": "https://c.example/d", "/media/stick": "/media/stick", "http://c.example": "http://c.example"} {
		if got := withoutSecrets(address); got != want {
			t.Errorf("%s: %s", address, got)
		}
	}
	for change, want := range map[[2]string]string{
		{"", "5m"}: "nothing → 5m", {"***", "***"}: "another one, which is not shown", {"", "***"}: "nothing → what is set, and not shown", {"***", ""}: "what is set, and not shown → nothing",
	} {
		if got := changeWords(change[0], change[1]); got != want {
			t.Errorf("%v: %s", change, got)
		}
	}
	if progressOf(nil) != nil || progressOf(&update.Progress{Step: "dance"}).Words != "Working" || progressOf(&update.Progress{Done: 5, Total: 4}).Percent != -1 {
		t.Error("what is not known is told")
	}
	if sentenceCase("") != "" || capital("") != "" || page.Update(&page.Frame{}, &page.UpdateView{}) == nil {
		t.Error("nothing is something")
	}
}

// A card that cannot be written is told, and nothing is half done.
func TestUpdatePageOnAFullCard(t *testing.T) {
	s := startSlotted(t, said(t, "web.pin", pinOfTests))
	s.tried()
	p := s.person()
	for _, name := range []string{"orders", "rollback", "noted.json.new"} {
		if err := os.MkdirAll(filepath.Join(s.state, name, "x"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(s.state, "noted.json", "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	if a := p.pressUpdate("noted", "kind", "agent"); a.StatusCode != http.StatusServiceUnavailable || !has(a, "nothing was changed") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}

// How long it takes is for no answer to promise: what carries it out may be busy, and the device slow.
func TestAnswersPromiseNoTime(t *testing.T) {
	s := startSlotted(t)
	said := []string{string(s.send("POST", "/api/v1/update", `{"do":"check"}`).body)}
	for _, do := range []string{"check", "apply", "drop", "back", "noted", "stage", "try", "keep", "level", "settle"} {
		if updateDone(do) == "" {
			t.Errorf("nothing is said of %s", do)
		}
		said = append(said, updateDone(do))
	}
	for _, words := range said {
		if strings.Contains(words, "second") || strings.Contains(words, "minute") {
			t.Error(words)
		}
	}
}
