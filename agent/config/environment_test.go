package config

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"calendarbot/agent/feature"
)

func TestDropInEnvironment(t *testing.T) {
	c, values, err := Load(Input{Env: environment(
		"CALENDARBOT_ICS_URL=http://localhost:9000/secret.ics",
		"CALENDARBOT_REFRESH_INTERVAL=120",
		"CALENDARBOT_WEB_HOST=127.0.0.1",
		"CALENDARBOT_WEB_PORT=8081",
		"CALENDARBOT_DEFAULT_TIMEZONE=America/Los_Angeles",
		"CALENDARBOT_ALEXA_BEARER_TOKEN=token",
		"CALENDARBOT_DEBUG=true",
		"CALENDARBOT_LOG_LEVEL=WARNING",
	)})
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Device.TimeZone = "America/Los_Angeles"
	want.Web.Host = "127.0.0.1"
	want.Web.Port = 8081
	want.Feeds.Refresh = 2 * time.Minute
	want.Alexa.Token = "token"
	want.Log.Level = "debug"
	want.Sources = []Source{{ID: "default", Name: "Calendar", URL: "http://localhost:9000/secret.ics", Color: palette()[0], LAN: true}}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got %+v", c)
	}
	for _, v := range []Value{
		{"feeds.refresh", "2m", Environment, "CALENDARBOT_REFRESH_INTERVAL"},
		{"device.time_zone", "America/Los_Angeles", Environment, "CALENDARBOT_DEFAULT_TIMEZONE"},
		{"alexa.bearer_token", "***", Environment, "CALENDARBOT_ALEXA_BEARER_TOKEN"},
		{"log.level", "debug", Environment, "CALENDARBOT_DEBUG"},
		{"sources.default.url", "http://localhost:9000/…", Environment, "CALENDARBOT_ICS_URL"},
		{"sources.default.lan", "true", Environment, "CALENDARBOT_ICS_URL"},
		{"sources.default.color", palette()[0], Defaults, ""},
	} {
		if got := find(t, values, v.Key); got != v {
			t.Errorf("got %+v, want %+v", got, v)
		}
	}
}

func TestEverySettingHasAVariable(t *testing.T) {
	c := Default()
	c.Device.TimeZone = "UTC"
	for _, s := range c.settings() {
		text := s.raw()
		switch {
		case s.key == "update.url":
			text = "https://updates.example"
		case text == "":
			text = "something"
		}
		name := ""
		for _, v := range variables(c.settings()) {
			if v.key == s.key {
				name = v.name
			}
		}
		_, values, err := Load(Input{Env: environment(name+"="+text, "TZ=UTC")})
		if err != nil {
			t.Error(err)
		}
		if got := find(t, values, s.key); got.Origin != name || got.Layer != Environment {
			t.Errorf("got %+v of %s", got, name)
		}
	}
}

func TestSystematicVariableWins(t *testing.T) {
	c, _, err := Load(Input{Env: environment("CALENDARBOT_REFRESH_INTERVAL=120", "CALENDARBOT_FEEDS_REFRESH=3m")})
	if err != nil || c.Feeds.Refresh != 3*time.Minute {
		t.Errorf("got %v, %v", c.Feeds.Refresh, err)
	}
}

func TestOtherNamesOfFeatures(t *testing.T) {
	on, off := feature.Setting{Percent: 100, Forced: feature.ForcedOn}, feature.Setting{Forced: feature.ForcedOff}
	for text, want := range map[string]feature.Setting{
		"true": on, "1": on, "yes": on, "On": on, "false": off, "0": off, "no": off, "off": off,
		"1%": {Percent: 1}, "25": {Percent: 25}, "majority": {Percent: 75},
	} {
		c, values, err := Load(Input{Env: environment("PHASE_2A_CONNECTION_POOLING="+text, "PHASE_2A_REQUEST_PIPELINE="+text)})
		if err != nil || c.Features.ConnectionPooling != want || c.Features.RequestPipeline != want {
			t.Errorf("%s: got %+v, %v", text, c.Features, err)
		}
		if got := find(t, values, "features.request_pipeline"); got != (Value{"features.request_pipeline", want.String(), Environment, "PHASE_2A_REQUEST_PIPELINE"}) {
			t.Errorf("%s: got %+v", text, got)
		}
	}
	for text, want := range map[string]bool{"1": true, "true": true, "0": false} {
		c, _, err := Load(Input{Env: environment("CALENDARBOT_EMERGENCY_OFF=" + text)})
		if err != nil || c.Features.EmergencyOff != want {
			t.Errorf("%s: got %t, %v", text, c.Features.EmergencyOff, err)
		}
	}
}

func TestOtherNamesNeverWin(t *testing.T) {
	c, _, err := Load(Input{Env: environment(
		"PHASE_2A_CONNECTION_POOLING=true", "CALENDARBOT_FEATURES_CONNECTION_POOLING=5%",
		"PHASE_2A_REQUEST_PIPELINE=false", "CALENDARBOT_FEATURES_REQUEST_PIPELINE=on",
		"CALENDARBOT_EMERGENCY_OFF=1", "CALENDARBOT_FEATURES_EMERGENCY_OFF=false",
		"CALENDARBOT_DEFAULT_TIMEZONE=Asia/Tokyo", "CALENDARBOT_DEVICE_TIME_ZONE=Europe/Berlin",
	)})
	if err != nil || c.Features.ConnectionPooling.Percent != 5 || c.Features.RequestPipeline.Forced != feature.ForcedOn ||
		c.Features.EmergencyOff || c.Device.TimeZone != "Europe/Berlin" {
		t.Errorf("got %+v in %s, %v", c.Features, c.Device.TimeZone, err)
	}
}

func TestEmptyVariableIsNotThere(t *testing.T) {
	c, _, err := Load(Input{Env: environment("CALENDARBOT_WEB_PORT=", "CALENDARBOT_ICS_URL= ", "CALENDARBOT_DEBUG=", "TZ=UTC")})
	want := Default()
	want.Device.TimeZone = "UTC"
	if err != nil || !reflect.DeepEqual(c, want) {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestDebugVariable(t *testing.T) {
	for text, want := range map[string]string{"1": "debug", "yes": "debug", "0": "warn", "off": "warn"} {
		c, _, err := Load(Input{Env: environment("CALENDARBOT_DEBUG="+text, "CALENDARBOT_LOG_LEVEL=warn")})
		if err != nil || c.Log.Level != want {
			t.Errorf("%s: got %s, %v", text, c.Log.Level, err)
		}
	}
}

func TestRefusedVariables(t *testing.T) {
	for _, c := range []struct{ pair, want string }{
		{"CALENDARBOT_DEBUG=perhaps", `CALENDARBOT_DEBUG: "perhaps" is not allowed; allowed is true or false`},
		{"CALENDARBOT_WEB_PORT=http", `CALENDARBOT_WEB_PORT: web.port: "http" is not allowed; allowed is a whole number from 0 to 65535`},
		{"CALENDARBOT_FEEDS_REFRESH=5", `CALENDARBOT_FEEDS_REFRESH: feeds.refresh: "5" is not allowed; allowed is from 1m to 24h, as in 90s, 5m, 1h30m or a plain number of seconds`},
		{"PHASE_2A_REQUEST_PIPELINE=perhaps", `PHASE_2A_REQUEST_PIPELINE: features.request_pipeline: "perhaps" is not allowed; allowed is on, off, disabled, canary, gradual, majority, full, or a percentage of all devices from 0% to 100%`},
		{"CALENDARBOT_EMERGENCY_OFF=now", `CALENDARBOT_EMERGENCY_OFF: features.emergency_off: "now" is not allowed; allowed is true or false`},
		{"CALENDARBOT_ICS_URL=calendar.ics", "CALENDARBOT_ICS_URL: sources.url: what is given (not shown here) is not allowed; allowed is an https, http or webcal address such as https://calendar.example/me.ics"},
	} {
		_, _, err := Load(Input{Env: environment(c.pair)})
		if err == nil || err.Error() != c.want {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
	}
}

func TestVariableTakesThePlaceOfTheFilesDefaultSource(t *testing.T) {
	c, _, err := Load(Input{
		Path: written(t, "sources:\n  - {id: work, url: 'https://calendar.example/work'}\n  - {id: default, url: 'https://calendar.example/old', password: secret}\n"),
		Env:  environment("CALENDARBOT_ICS_URL=https://me:pw@calendar.example/new"),
	})
	if err != nil || len(c.Sources) != 2 {
		t.Fatalf("got %+v, %v", c.Sources, err)
	}
	want := Source{ID: "default", Name: "Calendar", URL: "https://calendar.example/new", Username: "me", Password: "pw", Color: c.Sources[1].Color, LAN: true}
	if !reflect.DeepEqual(c.Sources[1], want) {
		t.Errorf("got %+v", c.Sources[1])
	}
}

func TestUnknownVariables(t *testing.T) {
	got := Unknown([]string{
		"PATH=/bin", "CALENDARBOT_WEB_PROT=secret", "CALENDARBOT_NONSENSE=secret", "CALENDARBOT_CONFIG=x", "CALENDARBOT_TEST_TIME=x", "CALENDARBOT_TEST_CLOCK=x", "CALENDARBOT_TEST_ROOT=x",
		"CALENDARBOT_DEBUG=1", "CALENDARBOT_ICS_URL=x", "CALENDARBOT_WEB_PORT=1", "CALENDARBOT_REFRESH_INTERVAL=1", "MY_CALENDARBOT_X=1",
		"CALENDARBOT_EMERGENCY_OFF=1", "PHASE_2A_REQUEST_PIPELINE=true", "PHASE_2A_CONNECTION_POOLING=true", "PHASE_2A_REQUEST_PIPLINE=true",
	})
	want := []string{
		`"CALENDARBOT_NONSENSE" is not a setting and was not read`,
		`"CALENDARBOT_WEB_PROT" is not a setting and was not read (did you mean CALENDARBOT_WEB_PORT?)`,
		`"PHASE_2A_REQUEST_PIPLINE" is not a setting and was not read (did you mean PHASE_2A_REQUEST_PIPELINE?)`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestRefreshIntervalOfEarlierProgramsIsBroughtWithinBounds(t *testing.T) {
	for text, want := range map[string]time.Duration{"5": time.Minute, "60": time.Minute, "300": 5 * time.Minute, "86401": 24 * time.Hour, "9999999999999": 24 * time.Hour} {
		c, _, err := Load(Input{Env: environment("CALENDARBOT_REFRESH_INTERVAL=" + text)})
		if err != nil || c.Feeds.Refresh != want {
			t.Errorf("%s: %v, %v; want %v", text, c.Feeds.Refresh, err, want)
		}
	}
}
