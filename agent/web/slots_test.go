package web

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/slot"
	"calendarbot/agent/update"
)

func (s *slotted) send(method, path, body string) answer {
	s.t.Helper()
	return s.ask(method, path, body, asJSON(), withToken())
}

func TestInstallationWithoutSlots(t *testing.T) {
	for name, d := range map[string]*device{
		"nowhere":        start(t),
		"without a data": start(t, func(o *Options) { o.Places = Places{Root: t.TempDir(), State: t.TempDir()} }),
	} {
		if got := d.get("/api/v1/slots"); len(got["slots"].(map[string]any)) != 0 || !strings.Contains(got["words"].(string), "no slots") {
			t.Errorf("%s: %v", name, got)
		}
		if got := d.get("/api/v1/update"); got["words"] != noSlots {
			t.Errorf("%s: %v", name, got)
		}
		if got := d.get("/api/v1/rollback"); !strings.Contains(got["words"].(string), "only level 1") {
			t.Errorf("%s: %v", name, got)
		}
		for _, c := range [][3]string{
			{"POST", "/api/v1/slots/config", `{"do":"back"}`}, {"POST", "/api/v1/update", `{"do":"check"}`},
			{"POST", "/api/v1/rollback", `{"level":2}`}, {"PUT", "/api/v1/update/upload?offset=0", "x"},
		} {
			if a := d.ask(c[0], c[1], c[2], asJSON(), withToken()); a.StatusCode != http.StatusConflict || !has(a, "no_slots") {
				t.Errorf("%s: %v: %d %s", name, c, a.StatusCode, a.body)
			}
		}
		if a := d.ask("GET", "/update", "", withToken()); a.StatusCode != http.StatusOK || !has(a, "no slots", "Switch off", "nothing to go back to") || has(a, "Look for newer") {
			t.Errorf("%s: %d %s", name, a.StatusCode, a.body)
		}
	}
}

func TestSlotsAreTold(t *testing.T) {
	s := startSlotted(t)
	s.tried()
	got := s.get("/api/v1/slots")
	for _, c := range []struct {
		want any
		at   []string
	}{
		{"a", []string{"agent", "active"}}, {"baked", []string{"agent", "former"}}, {"1.2.2", []string{"agent", "slots", "a", "version"}},
		{false, []string{"agent", "last", "kept"}}, {false, []string{"agent", "last", "noted"}}, {"the page was <not> there for 90 seconds", []string{"agent", "last", "why"}},
		{"b", []string{"system", "runs"}}, {"a", []string{"system", "former"}}, {true, []string{"system", "last", "noted"}},
		{nil, []string{"config", "former"}}, {nil, []string{"config", "trial"}},
	} {
		if value := path(got["slots"], c.at...); value != c.want {
			t.Errorf("%v is %v, want %v", c.at, value, c.want)
		}
	}
	s.file("data/slots/agent.json", "{")
	if got := s.get("/api/v1/slots"); !strings.Contains(got["words"].(string), "Not all of it can be read") || path(got["slots"], "system", "active") != "b" {
		t.Errorf("a broken file: %v", got)
	}
	if a := s.ask("GET", "/update", "", withToken()); !has(a, "System: <bdi>1.2.2", "Program: <bdi>test") {
		t.Errorf("a broken file: %s", a.body)
	}
}

func TestSlotsAreAskedFor(t *testing.T) {
	s := startSlotted(t)
	s.tried()
	for _, c := range []struct {
		kind, body string
		want       slot.Order
	}{
		{"config", `{"do":"try","why":"to see"}`, slot.Order{Do: "try", Kind: slot.Config, Version: "config-9f86d081884c", Why: "to see"}},
		{"config", `{"do":"stage"}`, slot.Order{Do: "stage", Kind: slot.Config}},
		{"config", `{"do":"stage","text":"display: {days: 5}\n"}`, slot.Order{Do: "stage", Kind: slot.Config, Text: "display: {days: 5}\n"}},
		{"config", `{"do":"stage","set":{"display.days":"5"}}`, slot.Order{Do: "stage", Kind: slot.Config, Set: map[string]string{"display.days": "5"}}},
		{"agent", `{"do":"back"}`, slot.Order{Do: "back", Kind: slot.Agent, Version: "1.2.2"}},
		{"agent", `{"do":"back","version":"1.2.2"}`, slot.Order{Do: "back", Kind: slot.Agent, Version: "1.2.2"}},
		{"system", `{"do":"back"}`, slot.Order{Do: "back", Kind: slot.System, Version: "1.2.2"}},
		{"agent", `{"do":"allow","version":"1.2.3"}`, slot.Order{Do: "allow", Kind: slot.Agent, Version: "1.2.3"}},
	} {
		a := s.send("POST", "/api/v1/slots/"+c.kind, c.body)
		got := s.order("orders")
		if a.StatusCode != http.StatusAccepted || !has(a, `"look":"/api/v1/slots"`) || got == nil {
			t.Errorf("%s: %d %s", c.body, a.StatusCode, a.body)
			continue
		}
		if !strings.Contains(got.By, "token") || !got.At.Equal(at(t, monday)) {
			t.Errorf("%s: by %q at %v", c.body, got.By, got.At)
		}
		got.By, got.At = "", time.Time{}
		if !reflect.DeepEqual(*got, c.want) {
			t.Errorf("%s: got %+v", c.body, *got)
		}
	}
	for _, c := range []struct {
		kind, body, code string
		status           int
	}{
		{"disk", `{"do":"back"}`, "unknown_slots", 404}, {"config", `{"do":"erase"}`, "bad_order", 400}, {"config", `{"do":"back"}`, "nothing_former", 409},
		{"agent", `{"do":"back","version":"1.2.3"}`, "another_version", 409}, {"config", `{"do":"keep","version":"config-1"}`, "another_version", 409}, {"config", `{"do":"try","version":"config-1"}`, "bad_order", 400},
		{"agent", `{"do":"allow","version":"1.2.2"}`, "slots", 409}, {"agent", `{"do":"allow"}`, "slots", 409},
		{"config", `{"do":"keep"}`, "no_trial", 409}, {"agent", `{"do":"try"}`, "slots", 409}, {"agent", `{"do":"stage"}`, "bad_order", 400},
		{"config", `{"do":"try","text":"x"}`, "bad_order", 400}, {"config", `{"do":"stage","text":""}`, "bad_order", 400},
		{"config", `{"do":"stage","text":"web: {port: x}"}`, "bad_setting", 400}, {"config", `{"do":"stage","text":"a: 1","set":{}}`, "bad_order", 400},
		{"config", `{"do":"stage","set":{"display.days":"99"}}`, "bad_setting", 400}, {"config", `{"now":1}`, "bad_member", 400},
		{"config", `{"do":"stage","set":{` + manySettings() + `}}`, "bad_order", 400},
	} {
		a := s.send("POST", "/api/v1/slots/"+c.kind, c.body)
		if a.StatusCode != c.status || !has(a, `"code":"`+c.code+`"`) {
			t.Errorf("%s: %d %s", c.body, a.StatusCode, a.body)
		}
		if o := s.order("orders"); o != nil {
			t.Errorf("%s: left %+v", c.body, o)
		}
	}
	s.json("data/slots/agent.json", slot.State{Active: slot.A, Trial: &slot.Trial{Slot: slot.B, Version: "1.3.0", Tries: 2, Started: 1, Began: at(t, monday).Add(-time.Minute)},
		Slots: map[slot.Name]slot.Content{slot.B: {Version: "1.3.0"}}})
	for _, body := range []string{`{"do":"try"}`} {
		if a := s.send("POST", "/api/v1/slots/config", body); a.StatusCode != http.StatusConflict || !has(a, "program 1.3.0 is on trial") {
			t.Errorf("%d %s", a.StatusCode, a.body)
		}
	}
	for _, do := range []string{"keep", "back"} {
		a := s.send("POST", "/api/v1/slots/agent", `{"do":"`+do+`"}`)
		if o := s.order("orders"); a.StatusCode != http.StatusAccepted || o == nil || o.Version != "1.3.0" {
			t.Errorf("%s: %d %s: %+v", do, a.StatusCode, a.body, o)
		}
	}
	if a := s.send("POST", "/api/v1/update", `{"do":"apply"}`); a.StatusCode != http.StatusConflict || !has(a, "on trial") {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	for range slot.MostOrders {
		s.send("POST", "/api/v1/slots/agent", `{"do":"keep"}`)
	}
	if a := s.send("POST", "/api/v1/slots/agent", `{"do":"keep"}`); a.StatusCode != http.StatusServiceUnavailable || !has(a, "too much waits") {
		t.Errorf("too many orders: %d %s", a.StatusCode, a.body)
	}
	if a := s.ask("POST", "/api/v1/slots/agent", `{"do":"back"}`, asJSON()); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("without the token: %d", a.StatusCode)
	}
}

// manySettings is one more than may be set at once, as members of JSON.
func manySettings() string {
	var all []string
	for i := range slot.MostSettings + 1 {
		all = append(all, fmt.Sprintf(`"key%d":"1"`, i))
	}
	return strings.Join(all, ",")
}

// What went back is told until somebody says that he knows, something newer was kept, or for 14 days.
func TestWentBackIsToldUntilSomebodyKnows(t *testing.T) {
	s := startSlotted(t)
	s.tried()
	told := func() bool {
		return has(s.ask("GET", "/update", "", withToken()), "Went back to 1.2.2 from version 1.2.3 of the program", "The page was &lt;not&gt; there for 90 seconds.")
	}
	if !told() {
		t.Error("it is not told")
	}
	if a := s.send("POST", "/api/v1/slots/agent", `{"do":"noted"}`); a.StatusCode != http.StatusAccepted || told() || s.order("orders") != nil {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if path(s.get("/api/v1/slots")["slots"], "agent", "last", "noted") != true {
		t.Error("that somebody knows is not told")
	}
	v := Places{Root: s.root, State: s.state}.Look()
	v.Noted = nil
	last := v.Slots[slot.Agent].Last.At
	if v.WentBack(slot.Agent, last.Add(noteTime)) == nil || v.WentBack(slot.Agent, last.Add(noteTime+time.Second)) != nil {
		t.Error("it is not told for 14 days")
	}
	if v.WentBack(slot.System, last) != nil || v.WentBack(slot.Config, last) != nil {
		t.Error("what was kept, or never tried, is told")
	}
	if err := os.WriteFile(filepath.Join(s.state, notedFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if !told() || s.send("POST", "/api/v1/slots/agent", `{"do":"noted"}`).StatusCode != http.StatusAccepted || told() {
		t.Error("a broken note does not give way")
	}
}

func TestConflictsAreToldUntilSomebodyKnows(t *testing.T) {
	s := startSlotted(t)
	s.tried()
	s.file("data/config/a/conflicts.json", `[{"key":"web.port","mine":"80","other":"8080"}]`)
	past := at(t, monday).Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(s.root, "data/config/a/conflicts.json"), past, past); err != nil {
		t.Fatal(err)
	}
	places := Places{Root: s.root, State: s.state}
	if keys, since := places.Conflicts(places.Look()); len(keys) != 1 || keys[0] != "web.port" || !since.Equal(past) {
		t.Errorf("%v %v", keys, since)
	}
	if a := s.ask("GET", "/update", "", withToken()); !has(a, "web.port", "80, not 8080") {
		t.Errorf("%s", a.body)
	}
	s.send("POST", "/api/v1/slots/config", `{"do":"noted"}`)
	if keys, _ := places.Conflicts(places.Look()); keys != nil {
		t.Errorf("%v", keys)
	}
	s.file("data/config/a/conflicts.json", `{`)
	if keys, _ := places.Conflicts(Versions{}); keys != nil {
		t.Errorf("%v", keys)
	}
}

func TestRollback(t *testing.T) {
	s := startSlotted(t)
	s.tried()
	if got := s.get("/api/v1/rollback"); path(got, "last", "kind") != "agent" || got["asked"] != nil || len(got["levels"].([]any)) != 3 {
		t.Errorf("%v", got)
	}
	if a := s.send("POST", "/api/v1/rollback", `{"level":1,"why":"slow"}`); a.StatusCode != http.StatusOK || !has(a, `"emergency_off":{"on":true`) {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	for level, status := range map[string]int{"2": 202, "3": 202, "0": 400, "4": 400} {
		if a := s.send("POST", "/api/v1/rollback", `{"level":`+level+`,"why":"it is slow"}`); a.StatusCode != status {
			t.Errorf("%s: %d %s", level, a.StatusCode, a.body)
		}
	}
	asked, err := slot.Asked(filepath.Join(s.state, "rollback"))
	if err != nil || asked == nil || asked.Level != 3 || asked.By != "person" || asked.Why != "it is slow" {
		t.Errorf("%+v %v", asked, err)
	}
	if a := s.ask("GET", "/update", "", withToken()); !has(a, "Going back was asked for.", "It is slow", "Take that back") {
		t.Errorf("%s", a.body)
	}
	if a := s.send("DELETE", "/api/v1/rollback", ""); a.StatusCode != http.StatusOK || !has(a, `"asked":null`) {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if err := os.WriteFile(filepath.Join(s.state, "rollback/request.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := s.get("/api/v1/rollback"); !strings.Contains(got["words"].(string), "cannot be read") {
		t.Errorf("%v", got)
	}
}

func TestUpdateIsTold(t *testing.T) {
	s := startSlotted(t)
	s.tried()
	status := s.offered()
	s.json("data/update/status.json", status)
	s.json("run/calendarbot-update/progress.json", update.Progress{Step: "download", Kind: slot.Agent, Version: "1.3.0", Done: 470_000, Total: 940_000, Since: at(t, monday)})
	got := s.get("/api/v1/update")
	if got["from"] != "https://updates.example/stable" || path(got, "progress", "done") != 470000.0 || path(got, "running", "system") != "1.2.2" || len(got["available"].([]any)) != 3 {
		t.Errorf("%v", got)
	}
	a := s.ask("GET", "/update", "", withToken())
	if !has(a, "is being installed", `value="50">50 %`, "470 KB of 940 KB", `http-equiv="refresh" content="5; url=/update"`, "Birthdays are shown", "&lt;thousands&gt;", "It was tried and went back") || has(a, "secret", "<thousands>", "Install now") {
		t.Errorf("%s", a.body)
	}
	if err := os.Remove(filepath.Join(s.root, "run/calendarbot-update/progress.json")); err != nil {
		t.Fatal(err)
	}
	a = s.ask("GET", "/update", "", withToken())
	if !has(a, `name="version" value="1.3.0"><button`, "What the candidate changes", "features.request_pipeline", "off → on", "/etc/motd", "added") || has(a, "1234-old") || has(a, "1234-new") || has(a, "http-equiv") {
		t.Errorf("%s", a.body)
	}
}

func TestUpdateIsAskedFor(t *testing.T) {
	s := startSlotted(t)
	s.tried()
	s.json("data/update/status.json", s.offered())
	for body, want := range map[string]slot.Order{
		`{"do":"check"}`: {Do: "check"}, `{"do":"apply","version":"1.3.0","kind":"agent"}`: {Do: "apply", Kind: slot.Agent, Version: "1.3.0"}, `{"do":"back","kind":"agent"}`: {Do: "back", Kind: slot.Agent, Version: "1.2.2"},
		`{"do":"back"}`: {Do: "back", Version: "1.2.2"}, `{"do":"back","kind":"system","version":"1.2.2"}`: {Do: "back", Kind: slot.System, Version: "1.2.2"},
	} {
		a := s.send("POST", "/api/v1/update", body)
		got := s.order("update/orders")
		if a.StatusCode != http.StatusAccepted || got == nil || got.Do != want.Do || got.Kind != want.Kind || got.Version != want.Version {
			t.Errorf("%s: %d %s %+v", body, a.StatusCode, a.body, got)
		}
	}
	for body, code := range map[string]string{
		`{"do":"erase"}`: "bad_order", `{"do":"check","kind":"config"}`: "bad_order", `{"do":"check","from":"upload"}`: "bad_order", `{"do":"apply","from":"upload"}`: "no_upload",
		`{"do":"apply","version":"1.2.3"}`: "refused", `{"do":"back","version":"1.2.1"}`: "another_version", `{"do":"apply","version":"1\n2"}`: "bad_order", `{}`: "bad_order",
	} {
		if a := s.send("POST", "/api/v1/update", body); !has(a, `"code":"`+code+`"`) || s.order("update/orders") != nil {
			t.Errorf("%s: %d %s", body, a.StatusCode, a.body)
		}
	}
}

// What there is nothing of to go back to is refused, as it is for the slots; without a kind the program is meant.
func TestUpdateGoesBackOnlyToWhatThereIs(t *testing.T) {
	s := startSlotted(t)
	s.json("data/slots/agent.json", slot.State{Active: slot.A, Former: slot.A, Slots: map[slot.Name]slot.Content{slot.A: {Version: "1.2.2", Digest: digestOfTests}}})
	s.json("data/slots/system.json", slot.State{Active: slot.B, Former: slot.A, Slots: map[slot.Name]slot.Content{slot.B: {Version: "1.2.2"}}})
	for _, body := range []string{`{"do":"back"}`, `{"do":"back","kind":"agent"}`} {
		if a := s.send("POST", "/api/v1/update", body); a.StatusCode != http.StatusConflict || !has(a, `"code":"nothing_former"`) || s.order("update/orders") != nil {
			t.Errorf("%s: %d %s", body, a.StatusCode, a.body)
		}
	}
	if a := s.send("POST", "/api/v1/update", `{"do":"back","kind":"system"}`); a.StatusCode != http.StatusAccepted || s.order("update/orders") == nil {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
}
