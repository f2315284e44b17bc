package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// written returns the path of a configuration file with a text.
func written(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "calendarbot.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// environment is a test's variables.
func environment(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for _, p := range pairs {
			if k, v, _ := strings.Cut(p, "="); k == name {
				return v, true
			}
		}
		return "", false
	}
}

// find returns the value of a key.
func find(t *testing.T, values []Value, key string) Value {
	t.Helper()
	for _, v := range values {
		if v.Key == key {
			return v
		}
	}
	t.Fatalf("no value %s in %v", key, values)
	return Value{}
}

func TestLoadWithoutInputGivesTheDefaults(t *testing.T) {
	got, values, err := Load(Input{Env: environment("TZ=Europe/Berlin")})
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Device.TimeZone = "Europe/Berlin"
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, v := range values {
		if v.Layer != Defaults {
			t.Errorf("%s is said by %s", v.Key, v.Layer)
		}
	}
	if v := find(t, values, "device.time_zone"); v.Text != "Europe/Berlin" || v.Origin != "TZ" {
		t.Errorf("time zone: %+v", v)
	}
}

func TestEachLayerCoversTheOneBelow(t *testing.T) {
	name := written(t, "web:\n  port: 1001\ndisplay:\n  days: 3\nfeeds:\n  refresh: 10m\n")
	in := Input{Path: name}
	steps := []struct {
		add   func()
		port  int
		value Value
	}{
		{func() { in.Path = "" }, 8080, Value{"web.port", "8080", Defaults, ""}},
		{func() { in.Path = name }, 1001, Value{"web.port", "1001", File, "calendarbot.yaml:2"}},
		{func() { in.Env = environment("CALENDARBOT_WEB_PORT=1002") }, 1002, Value{"web.port", "1002", Environment, "CALENDARBOT_WEB_PORT"}},
		{func() { in.Flags = map[string]string{"web.port": "1003"} }, 1003, Value{"web.port", "1003", Flag, "--port"}},
		{func() { in.Runtime = map[string]string{"web.port": "1004"} }, 1004, Value{"web.port", "1004", Runtime, "runtime"}},
	}
	for _, step := range steps {
		step.add()
		c, values, err := Load(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := find(t, values, "web.port"); c.Web.Port != step.port || got != step.value {
			t.Errorf("port %d, %+v; want %+v", c.Web.Port, got, step.value)
		}
	}
	c, _, err := Load(in)
	if err != nil || c.Display.Days != 3 || c.Feeds.Refresh != 10*time.Minute {
		t.Errorf("what no higher layer sets is gone: %+v, %v", c, err)
	}
}
