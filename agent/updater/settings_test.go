package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"calendarbot/agent/slot"
	"calendarbot/agent/update"
)

// TestSettingsThatTheProgramNotedAreChecked: what is allowed in no configuration does not hold here, and the configuration file does.
func TestSettingsThatTheProgramNotedAreChecked(t *testing.T) {
	good := map[string]string{"url": "", "channel": "stable", "automatic": "all", "window": "02:00-05:00", "zone": "UTC"}
	for name, c := range map[string]struct{ key, text, want string }{
		"a folder of the device":   {"url", "/data", "update.url"},
		"another kind of address":  {"url", "ftp://example.org", "update.url"},
		"a channel that is none":   {"channel", "../x", "update.channel"},
		"a word that there is not": {"automatic", "maybe", "update.automatic"},
		"no automatic at all":      {"automatic", "", "update.automatic"},
		"half a window":            {"window", "02:00", "no part of a day"},
		"a zone that is none":      {"zone", "../../etc/passwd", "device.time_zone"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			h.release("1.1.0")
			h.write(update.AddressFile, h.url, 0o644)
			h.write(configFile, "update:\n  automatic: \"off\"\n", 0o644)
			text := []string{}
			for key, value := range good {
				if key == c.key {
					value = c.text
				}
				text = append(text, fmt.Sprintf("%q:%q", key, value))
			}
			h.write(filepath.Join(stateFolder, update.SettingsFile), "{"+strings.Join(text, ",")+"}", 0o640)
			h.at("2026-11-23T02:05:00Z")
			said := h.says(0, "run")
			s := h.status()
			if s.From != h.url || h.slots(slot.Agent).Trial != nil || !strings.Contains(s.Waiting, "update.automatic") {
				t.Errorf("it does not hold to the configuration file: %+v", s)
			}
			for where, text := range map[string]string{"the log": said, "the notice": s.Notice} {
				if !strings.Contains(text, "What the program noted for updates cannot be used") || !strings.Contains(text, c.want) {
					t.Errorf("%s says %q", where, text)
				}
			}
		})
	}
}
