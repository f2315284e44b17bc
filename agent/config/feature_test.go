package config

import (
	"testing"

	"calendarbot/agent/feature"
)

// TestEveryFeatureHasASetting keeps the list of features and the configuration together.
func TestEveryFeatureHasASetting(t *testing.T) {
	features := feature.All()
	for i, f := range features {
		c := Default()
		if got := c.Features.Setting(f.Name); got != (feature.Setting{Percent: f.Percent}) {
			t.Errorf("%s: the default is %s, not %d%%", f.Name, got, f.Percent)
		}
		percent := "1" + string(rune('0'+i)) + "%"
		c, _, err := Load(Input{Flags: map[string]string{"features." + f.Name: percent}})
		if got := c.Features.Setting(f.Name).String(); err != nil || got != percent {
			t.Errorf("%s: got %s, %v", f.Name, got, err)
		}
	}
	if got := Default().Features.Setting("nonsense"); got != (feature.Setting{}) {
		t.Errorf("an unknown feature is at %s", got)
	}
}
