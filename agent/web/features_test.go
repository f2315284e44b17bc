package web

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"calendarbot/agent/feature"
	"calendarbot/agent/guard"
)

// feature finds one in the answer of /api/v1/features.
func (d *device) feature(name string) map[string]any {
	d.t.Helper()
	for _, f := range d.get("/api/v1/features")["features"].([]any) {
		if f := f.(map[string]any); f["name"] == name {
			return f
		}
	}
	d.t.Fatalf("no %s", name)
	return nil
}

func TestFeaturesAreSwitched(t *testing.T) {
	d := start(t)
	if list := d.get("/api/v1/features")["features"].([]any); len(list) != len(feature.All()) {
		t.Errorf("%d features", len(list))
	}
	const route = "/api/v1/features/" + feature.RequestPipeline
	for _, c := range []struct {
		setting, want string
		on            bool
		reason, layer string
	}{
		{"off", "off", false, "forced_off", "runtime"}, {"on", "on", true, "", "runtime"}, {"0", "0%", false, "percentage", "runtime"}, {"full", "100%", true, "", "runtime"},
		{"off", "off", false, "forced_off", "runtime"}, {"auto", "100%", true, "", "default"}, {"auto", "100%", true, "", "default"},
	} {
		a := d.send("PUT", route, `{"setting":"`+c.setting+`","why":"to see"}`)
		got := d.json(a)
		if a.StatusCode != http.StatusOK || got["setting"] != c.want || got["on"] != c.on || got["reason"] != c.reason || got["layer"] != c.layer || (got["words"] == "") != c.on {
			t.Errorf("%s: %d %s", c.setting, a.StatusCode, a.body)
		}
		rung := map[bool]string{true: "", false: "plain"}[c.on]
		if a := d.ask("GET", "/api/whats-next", ""); a.Header.Get("X-CalendarBot-Rung") != rung {
			t.Errorf("%s: the next request comes from %q", c.setting, a.Header.Get("X-CalendarBot-Rung"))
		}
	}
	if got := d.feature(feature.RequestPipeline); got["entered"].(float64) == 0 || path(got, "refused", "forced_off") == nil {
		t.Errorf("not counted: %v", got)
	}
	for _, c := range []struct {
		path, body string
		status     int
		code       string
	}{
		{"/api/v1/features/request_pipelin", `{"setting":"on"}`, 404, "unknown_feature"}, {"/api/v1/features/emergency_off", `{"setting":"on"}`, 404, "unknown_feature"},
		{route, `{"setting":"101"}`, 400, "bad_setting"}, {route, `{"setting":""}`, 400, "bad_setting"}, {route, `{"set":"on"}`, 400, "bad_member"},
	} {
		if a := d.send("PUT", c.path, c.body); a.StatusCode != c.status || d.json(a)["code"] != c.code {
			t.Errorf("%s %s: %d %s", c.path, c.body, a.StatusCode, a.body)
		}
	}
}

func TestEmergencyOff(t *testing.T) {
	file := filepath.Join(t.TempDir(), "calendarbot-emergency-off")
	d := start(t, said(t, "features.emergency_file", file))
	if got := d.get("/api/v1/emergency-off"); got["on"] != false || got["words"] != "" {
		t.Errorf("%v", got)
	}
	if a := d.send("POST", "/api/v1/emergency-off", `{"why":"smoke"}`); a.StatusCode != http.StatusOK || d.json(a)["on"] != true || d.json(a)["words"] == "" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	for _, f := range d.get("/api/v1/features")["features"].([]any) {
		if f := f.(map[string]any); f["on"] != false || f["reason"] != "emergency_off" {
			t.Errorf("%v", f)
		}
	}
	if a := d.ask("GET", "/api/whats-next", ""); a.StatusCode != http.StatusOK || a.Header.Get("X-CalendarBot-Rung") != "plain" {
		t.Errorf("the next request: %d from %q", a.StatusCode, a.Header.Get("X-CalendarBot-Rung"))
	}
	if a := d.ask("DELETE", "/api/v1/emergency-off", "", withToken()); a.StatusCode != http.StatusOK || d.json(a)["on"] != false {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	// What the parts were not told yet is not said.
	if got := d.get("/api/v1/emergency-off"); got["on"] != false || path(d.get("/api/v1/features"), "emergency_off", "on") != false {
		t.Errorf("%v", got)
	}
	if a := d.send("POST", "/api/v1/emergency-off", `{}`); a.StatusCode != http.StatusOK {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if a := d.send("DELETE", "/api/v1/emergency-off", `{}`); a.StatusCode != http.StatusConflict || d.json(a)["code"] != "emergency_file" || !strings.Contains(string(a.body), file) {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if got := d.get("/api/v1/emergency-off"); got["on"] != true || !strings.Contains(got["words"].(string), file) || d.server.current().Config.Features.EmergencyOff {
		t.Errorf("%v", got)
	}
}

func TestCacheAndPools(t *testing.T) {
	d := start(t)
	d.household()
	for range 3 {
		d.get("/api/v1/whats-next")
	}
	cache := d.get("/api/v1/cache")
	if path(cache, "pipeline", "hits") != 2.0 || path(cache, "pipeline", "misses") != 1.0 || path(cache, "pipeline", "entries") != 1.0 || path(cache, "ladder", "optimised") != 3.0 || path(cache, "batch", "asked") != 1.0 {
		t.Errorf("%v", cache)
	}
	if a := d.ask("DELETE", "/api/v1/cache", "", withToken()); a.StatusCode != http.StatusOK || d.json(a)["dropped"] != 1.0 {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if got := path(d.get("/api/v1/cache"), "pipeline", "entries"); got != 0.0 {
		t.Errorf("%v entries", got)
	}
	pools := d.get("/api/v1/pools")["pools"].([]any)
	if len(pools) != 2 || path(pools[0], "name") != "http" || path(pools[1], "name") != "database" || path(pools[1], "takes").(float64) == 0 {
		t.Errorf("%v", pools)
	}
	bare := start(t, func(o *Options) { o.Pipeline, o.Batch, o.Ladder, o.Pools, o.Gates = nil, nil, nil, nil, nil })
	if got := bare.get("/api/v1/cache"); got["pipeline"] != nil || got["batch"] != nil || got["ladder"] != nil {
		t.Errorf("%v", got)
	}
	if got := bare.get("/api/v1/pools"); len(got["pools"].([]any)) != 0 {
		t.Errorf("%v", got)
	}
	if a := bare.ask("DELETE", "/api/v1/cache", "", withToken()); d.json(a)["dropped"] != 0.0 {
		t.Errorf("%s", a.body)
	}
	if got := bare.get("/api/v1/features"); len(got["features"].([]any)) == 0 {
		t.Errorf("%v", got)
	}
}

// A feature whose parts fail each by itself is shown as the part that fares worse, with the uses of both.
func TestFeatureOfTwoParts(t *testing.T) {
	none := map[guard.Reason]uint64{}
	well := guard.Stats{On: true, Breaker: "closed", Entered: 3, Refused: none}
	trying := guard.Stats{On: true, Breaker: "half-open", Entered: 2, Refused: map[guard.Reason]uint64{guard.Breaker: 4}}
	shut := guard.Stats{Reason: guard.Breaker, Words: "It rests.", Breaker: "open", Entered: 1, Refused: map[guard.Reason]uint64{guard.Breaker: 5}}
	for name, c := range map[string]struct {
		a, b    guard.Stats
		breaker string
		on      bool
		entered uint64
		refused uint64
	}{
		"both well":          {well, well, "closed", true, 6, 0},
		"one tries again":    {well, trying, "half-open", true, 5, 4},
		"the other does":     {trying, well, "half-open", true, 5, 4},
		"one is off":         {shut, well, "open", false, 4, 5},
		"the other is off":   {trying, shut, "open", false, 3, 9},
		"tries or is closed": {shut, trying, "open", false, 3, 9},
	} {
		got := together(c.a, c.b)
		if got.Breaker != c.breaker || got.On != c.on || got.Entered != c.entered || got.Refused[guard.Breaker] != c.refused {
			t.Errorf("%s: %+v", name, got)
		}
		if len(none) != 0 {
			t.Fatalf("%s: what the gates told was changed", name)
		}
	}
}
