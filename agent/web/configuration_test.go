package web

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"calendarbot/agent/config"
	"calendarbot/agent/feature"
	"calendarbot/agent/page"
	"calendarbot/agent/store"
)

// value finds a setting in the answer of /api/v1/config.
func value(t *testing.T, cfg map[string]any, key string) map[string]any {
	t.Helper()
	for _, v := range cfg["values"].([]any) {
		if v := v.(map[string]any); v["key"] == key {
			return v
		}
	}
	t.Fatalf("no %s", key)
	return nil
}

// send asks with the token and a JSON body.
func (d *device) send(method, path, body string) answer {
	d.t.Helper()
	return d.ask(method, path, body, asJSON(), withToken())
}

func TestConfigIsShownAndChanged(t *testing.T) {
	d := start(t)
	cfg := d.get("/api/v1/config", withToken())
	if v := value(t, cfg, "display.days"); v["value"] != "7" || v["layer"] != "default" || v["allowed"] == "" || v["restart"] != false || v["secret"] != false {
		t.Errorf("%v", v)
	}
	if v := value(t, cfg, "web.write_token"); v["value"] != "***" || v["layer"] != "flag" || v["secret"] != true {
		t.Errorf("%v", v)
	}
	if v := value(t, cfg, "web.port"); v["restart"] != true {
		t.Errorf("%v", v)
	}

	a := d.send("PATCH", "/api/v1/config", `{"set":{"display.days":"5","web.port":"8181"},"why":"a small screen"}`)
	after := d.json(a)
	if v := value(t, after, "display.days"); a.StatusCode != http.StatusOK || v["value"] != "5" || v["layer"] != "runtime" {
		t.Errorf("%d %v", a.StatusCode, v)
	}
	if fmt.Sprint(after["pending"]) != "[web.port]" || after["revision"].(float64) <= cfg["revision"].(float64) {
		t.Errorf("pending %v, revision %v after %v", after["pending"], after["revision"], cfg["revision"])
	}
	log := d.get("/api/v1/config/log?limit=1", withToken())["changes"].([]any)
	if len(log) != 1 {
		t.Fatalf("%v", log)
	}
	last := log[0].(map[string]any)
	if last["who"] != "a program with the token, from 127.0.0.1" || last["why"] != "a small screen" || last["key"] != "web.port" || last["from"] != nil || last["to"] != "8181" {
		t.Errorf("%v", last)
	}
	if a := d.send("POST", "/api/v1/config/undo", fmt.Sprintf(`{"id":%v,"why":"too small"}`, last["id"])); a.StatusCode != http.StatusOK || value(t, d.json(a), "web.port")["value"] != "8080" {
		t.Errorf("undo: %d %s", a.StatusCode, a.body)
	}
	if a := d.send("PATCH", "/api/v1/config", `{"unset":["display.days"]}`); a.StatusCode != http.StatusOK || value(t, d.json(a), "display.days")["layer"] != "default" {
		t.Errorf("unset: %d", a.StatusCode)
	}
}

func TestConfigRefuses(t *testing.T) {
	d := start(t)
	for body, want := range map[string]string{
		`{}`: "nothing to change", `{"set":{"display.days":"99"}}`: "1 to 31", `{"set":{"display.day":"9"}}`: "display.days", `{"set":{"store.path":"/x"}}`: "store.path",
		`{"set":{"sources.0.url":"https://a.example"}}`: "/api/v1/sources", `{"set":{"display.days":"9"},"unset":["display.days"]}`: "in set and in unset",
		`{"unset":["nothing.there"]}`: "nothing.there", `{"set":{"web.pin":"123"}}`: "4 to 64", `{"set":{"display.days":9}}`: "must be text", `{"sets":{}}`: "sets",
		`{"set":{"display.theme":"pink","display.days":"0"}}`: "pink",
	} {
		a := d.send("PATCH", "/api/v1/config", body)
		if detail, _ := d.json(a)["detail"].(string); a.StatusCode != http.StatusBadRequest || !strings.Contains(detail, want) || !strings.HasSuffix(detail, ".") || strings.Contains(detail, "\n") {
			t.Errorf("%s: %d %s", body, a.StatusCode, a.body)
		}
	}
	if cfg := d.get("/api/v1/config", withToken()); value(t, cfg, "display.days")["value"] != "7" {
		t.Error("something of a refused change counts")
	}
	for _, body := range []string{`{"id":4711}`, `{}`} {
		if a := d.send("POST", "/api/v1/config/undo", body); a.StatusCode != http.StatusConflict || d.json(a)["code"] != "no_undo" {
			t.Errorf("undo %s: %d %s", body, a.StatusCode, a.body)
		}
	}
	if a := d.send("POST", "/api/v1/config/undo", `{"id":-1}`); a.StatusCode != http.StatusBadRequest {
		t.Errorf("undo -1: %d", a.StatusCode)
	}
	for _, query := range []string{"limit=0", "limit=501", "limit=x", "limits=5", "%zz"} {
		if a := d.ask("GET", "/api/v1/config/log?"+query, "", withToken()); a.StatusCode != http.StatusBadRequest || d.json(a)["code"] != "bad_parameter" {
			t.Errorf("log?%s: %d", query, a.StatusCode)
		}
	}
}

// What tells about the home is for those who may write; what counts only is for everybody.
func TestConfigIsNotForEverybody(t *testing.T) {
	d := start(t)
	for _, p := range []string{"/api/v1/config", "/api/v1/config/log"} {
		if a := d.ask("GET", p, ""); a.StatusCode != http.StatusUnauthorized || d.json(a)["code"] != "token" {
			t.Errorf("%s: %d", p, a.StatusCode)
		}
	}
	for _, p := range []string{"/api/v1/settings", "/api/v1/features", "/api/v1/emergency-off", "/api/v1/cache", "/api/v1/pools", "/metrics"} {
		if a := d.ask("GET", p, ""); a.StatusCode != http.StatusOK || strings.Contains(string(a.body), writeToken) {
			t.Errorf("%s: %d", p, a.StatusCode)
		}
	}
}

// A PIN and a token are kept as hashes, work at once, and are nowhere to be read.
func TestSecretsAreKeptAsHashes(t *testing.T) {
	d := start(t)
	if a := d.send("PATCH", "/api/v1/config", `{"set":{"web.pin":"24680","web.write_token":"another-token"}}`); a.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	web := d.server.current().Config.Web
	if !hashed(web.PIN) || !hashed(web.WriteToken) || strings.Contains(web.PIN.Reveal(), "24680") {
		t.Error("kept as plain text")
	}
	if a := d.ask("DELETE", "/api/v1/cache", "", withToken()); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("the old token: %d", a.StatusCode)
	}
	for _, authorization := range []string{"Bearer another-token", "bearer another-token", basic("", "24680"), basic("ann", "24680")} {
		if a := d.ask("DELETE", "/api/v1/cache", "", header{"Authorization", authorization}); a.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %s", authorization, a.StatusCode, a.body)
		}
	}
	for _, authorization := range []string{"Bearer 24680", basic("", "another-token"), "Basic !", "Basic", "Digest x", basic("24680", "")} {
		d.forgive()
		if a := d.ask("DELETE", "/api/v1/cache", "", header{"Authorization", authorization}); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %d", authorization, a.StatusCode)
		}
	}
	for _, p := range []string{"/api/v1/config", "/api/v1/config/log"} {
		if a := d.ask("GET", p, "", header{"Authorization", "Bearer another-token"}); strings.Contains(string(a.body), "argon2") && strings.Contains(string(a.body), web.PIN.Reveal()) {
			t.Errorf("%s tells the hash", p)
		}
	}
	hash, err := Hash("13579")
	if err != nil {
		t.Fatal(err)
	}
	body := fmt.Sprintf(`{"set":{"web.pin":%q}}`, hash)
	if a := d.ask("PATCH", "/api/v1/config", body, asJSON(), header{"Authorization", "Bearer another-token"}); a.StatusCode != http.StatusOK || d.server.current().Config.Web.PIN.Reveal() != hash {
		t.Errorf("a hash is not kept as it is: %d", a.StatusCode)
	}
}

// The file is read again on request: what it says counts at the next request, and what is wrong in it changes nothing.
func TestReload(t *testing.T) {
	file := filepath.Join(t.TempDir(), "calendarbot.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("web:\n  write_token: " + writeToken + "\n")
	d := start(t, func(o *Options) {
		live, err := config.Start(t.Context(), config.Input{Path: file}, o.Store, o.Now)
		if err != nil {
			t.Fatal(err)
		}
		o.Control = told{live, o.Gates}
	})
	foreign := header{"Host", "board.example"}
	if a := d.ask("GET", "/healthz", "", foreign); a.StatusCode != http.StatusMisdirectedRequest {
		t.Fatalf("%d", a.StatusCode)
	}
	write("web:\n  write_token: " + writeToken + "\n  allowed_hosts: [board.example]\n")
	if a := d.send("POST", "/api/v1/config/reload", `{"why":"a name"}`); a.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	if a := d.ask("GET", "/healthz", "", foreign); a.StatusCode != http.StatusOK {
		t.Errorf("the new name: %d", a.StatusCode)
	}
	write("web:\n  allowed_hosts: [board.example]\n  prot: 80\n")
	a := d.send("POST", "/api/v1/config/reload", `{}`)
	if got := d.json(a); a.StatusCode != http.StatusConflict || got["code"] != "bad_file" || !strings.Contains(got["detail"].(string), "calendarbot.yaml:3") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if cfg := d.get("/api/v1/config", withToken()); !strings.Contains(cfg["problem"].(string), "prot") {
		t.Errorf("%v", cfg["problem"])
	}
}

// sick is an archive that does not take anything while there is an error.
type sick struct {
	config.Archive
	err *error
}

func (s sick) Record(ctx context.Context, runtime map[string]string, changes []config.Change, text []byte) error {
	if *s.err != nil {
		return fmt.Errorf("save the settings in /secret/device.db: %w", *s.err)
	}
	return s.Archive.Record(ctx, runtime, changes, text)
}

// A change that cannot be recorded is no change. What can be done about it is told; where the program keeps its things is for the log.
func TestChangeThatCannotBeKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "calendarbot.yaml")
	write := func(days int) {
		t.Helper()
		text := fmt.Sprintf("web: {write_token: %s, pin: %q}\ndisplay: {days: %d}\n", writeToken, pinOfTests, days)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(7)
	var trouble error
	d := start(t, func(o *Options) {
		live, err := config.Start(t.Context(), config.Input{Path: file}, sick{o.Store, &trouble}, o.Now)
		if err != nil {
			t.Fatal(err)
		}
		o.Control = told{live, o.Gates}
	}, said(t, "device.name", "Kitchen"))
	p := d.person()
	write(9)
	for err, want := range map[error]string{
		syscall.ENOSPC: "The disk is full; nothing was changed.", syscall.EROFS: "The disk can only be read; nothing was changed.",
		context.DeadlineExceeded: "Another program holds the database; nothing was changed. Please try again.", io.ErrUnexpectedEOF: "This could not be stored, so nothing was changed; the log of the program says why.",
	} {
		trouble = err
		for _, c := range []struct{ method, path, body string }{
			{"PATCH", "/api/v1/config", `{"set":{"display.days":"5"}}`}, {"PATCH", "/api/v1/settings", `{"set":{"display.days":5}}`},
			{"PUT", "/api/v1/features/" + feature.CacheWarming, `{"setting":"off"}`}, {"POST", "/api/v1/config/undo", `{}`}, {"POST", "/api/v1/config/reload", `{}`},
		} {
			a := d.send(c.method, c.path, c.body)
			if got := d.json(a); a.StatusCode != http.StatusServiceUnavailable || got["code"] != "not_kept" || got["detail"] != want {
				t.Errorf("%s %s: %d %s", c.method, c.path, a.StatusCode, a.body)
			}
		}
		if a := p.press("choose", "display.days", "5"); a.StatusCode != http.StatusServiceUnavailable || !has(a, want) {
			t.Errorf("by the form: %d %s", a.StatusCode, a.body)
		}
	}
	if cfg := d.server.current().Config; cfg.Display.Days != 7 || cfg.Device.Name != "Kitchen" {
		t.Error("it counts all the same")
	}
	trouble = nil
	if a := d.send("POST", "/api/v1/config/undo", `{"id":4711}`); a.StatusCode != http.StatusConflict {
		t.Errorf("a refusal: %d", a.StatusCode)
	}
}

func TestSettings(t *testing.T) {
	d := start(t)
	list := d.get("/api/v1/settings")["settings"].([]any)
	if len(list) != len(choices()) {
		t.Fatalf("%d settings", len(list))
	}
	a := d.send("PATCH", "/api/v1/settings", `{"set":{"device.name":"Kitchen","display.theme":"dark","display.scale":1.15,"display.days":5,"web.drop_in_writes":false,"feeds.refresh":"10m"},"why":"x"}`)
	if a.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	want := map[string]any{"device.name": "Kitchen", "display.theme": "dark", "display.scale": 1.15, "display.days": 5.0, "web.drop_in_writes": false, "feeds.refresh": "10m"}
	for _, s := range d.get("/api/v1/settings")["settings"].([]any) {
		s := s.(map[string]any)
		if wanted, ok := want[s["key"].(string)]; ok && (s["value"] != wanted || s["layer"] != "runtime") {
			t.Errorf("%v", s)
		}
	}
	if cfg := d.server.current().Config; cfg.Device.Name != "Kitchen" || cfg.Display.Scale != 1.15 || cfg.Web.DropInWrites {
		t.Errorf("%+v", cfg.Display)
	}
	if a := d.send("PATCH", "/api/v1/settings", `{"unset":["display.scale"]}`); a.StatusCode != http.StatusOK || d.server.current().Config.Display.Scale != 1 {
		t.Errorf("%d", a.StatusCode)
	}
	for body, want := range map[string]string{
		`{"set":{"display.days":"5"}}`: "must be a number", `{"set":{"display.days":5.5}}`: "whole number", `{"set":{"display.theme":true}}`: "must be text",
		`{"set":{"web.drop_in_writes":"no"}}`: "true or false", `{"set":{"web.port":"80"}}`: "cannot be chosen here", `{"unset":["web.port"]}`: "cannot be chosen here",
		`{"set":{"display.theme":"pink"}}`: "eink", `{"set":{"display.theme":null}}`: "must be text", `{}`: "nothing to change",
	} {
		a := d.send("PATCH", "/api/v1/settings", body)
		if detail, _ := d.json(a)["detail"].(string); a.StatusCode != http.StatusBadRequest || !strings.Contains(detail, want) {
			t.Errorf("%s: %d %s", body, a.StatusCode, a.body)
		}
	}
}

// All that is wrong is told at once, always in the same order.
func TestSettingsTellAllThatIsWrong(t *testing.T) {
	d := start(t)
	const body = `{"set":{"web.port":"80","device.name":5,"display.theme":"pink","display.days":99,"web.reads":"open"},"unset":["alexa.bearer_token","web.reads"]}`
	for range 5 {
		detail, _ := d.json(d.send("PATCH", "/api/v1/settings", body))["detail"].(string)
		at := -1
		for _, words := range []string{`"alexa.bearer_token" cannot`, "device.name must be text.", "from 1 to 31", "pink", `"web.port" cannot`, `"web.reads" stands in set and in unset.`} {
			next := strings.Index(detail, words)
			if next <= at {
				t.Errorf("%q is not there, or not in order: %s", words, detail)
			}
			at = next
		}
	}
	if d.server.current().Config.Display.Days != 7 {
		t.Error("something of it counts")
	}
}

// Every setting that a person chooses is one of the configuration, and is of the type that is said.
func TestChoicesAreSettings(t *testing.T) {
	values := map[string]string{}
	live, err := config.Start(t.Context(), config.Input{}, emptyArchive(t), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range live.State().Values {
		values[v.Key] = v.Text
	}
	for _, ch := range choices() {
		text, ok := values[ch.Key]
		if !ok || ch.Title == "" || (ch.Kind == page.ChoiceField) != (len(ch.Choices) > 0) || len(ch.Choices) != len(ch.Names) {
			t.Errorf("%+v", ch)
		}
		if _, isText := ch.typed(text).(string); isText != (ch.Kind == page.TextField || ch.Kind == page.ChoiceField) {
			t.Errorf("%s = %q is %T", ch.Key, text, ch.typed(text))
		}
		for _, one := range ch.Choices {
			if err := config.Check(ch.Key, one); err != nil {
				t.Error(err)
			}
		}
		if ch.Kind == page.NumberField {
			for _, n := range []float64{ch.Least, ch.Most} {
				if err := config.Check(ch.Key, fmt.Sprint(n)); err != nil {
					t.Error(err)
				}
			}
			if config.Check(ch.Key, fmt.Sprint(ch.Least-1)) == nil || config.Check(ch.Key, fmt.Sprint(ch.Most+1)) == nil {
				t.Errorf("%s takes more", ch.Key)
			}
		}
	}
}

// emptyArchive is a store without anything in it.
func emptyArchive(t *testing.T) config.Archive {
	t.Helper()
	now := at(t, monday)
	kept, err := store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "empty.db"), Zone: now.Location(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := kept.Close(); err != nil {
			t.Error(err)
		}
	})
	return kept
}
