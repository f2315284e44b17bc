package main

import (
	"testing"

	"calendarbot/agent/feature"
	"calendarbot/agent/guard"
)

// What a configuration switches off is no problem; what something else does is one.
func TestUnwantedIsWhatTheConfigurationSays(t *testing.T) {
	for name, c := range map[string]struct {
		word guard.Word
		want bool
	}{
		"for nobody":              {guard.Word{Setting: feature.Setting{Percent: 0}}, true},
		"for all":                 {guard.Word{Setting: feature.Setting{Percent: 100}}, false},
		"forced off":              {guard.Word{Setting: feature.Setting{Percent: 100, Forced: feature.ForcedOff}}, true},
		"forced on":               {guard.Word{Setting: feature.Setting{Percent: 0, Forced: feature.ForcedOn}}, false},
		"for nobody, all are off": {guard.Word{Setting: feature.Setting{Percent: 0}, Emergency: "The file is there."}, false},
		"for all, all are off":    {guard.Word{Setting: feature.Setting{Percent: 100}, Emergency: "The file is there."}, false},
	} {
		g, err := newGates("device")
		if err != nil {
			t.Fatal(err)
		}
		g.pipeline.Tell(c.word)
		if got := g.unwanted(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
