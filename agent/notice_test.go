package main

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// A page names the line of the configuration file that is to be mended, in bounded length.
func TestConfigurationNotice(t *testing.T) {
	const start = "The configuration file cannot be used; the last good one holds"
	const other = "Something is wrong with the configuration; \"calendarbot config show\" says what"
	long := "calendarbot.yaml:7: display.theme: " + strings.Repeat("ü", 500)
	for problem, want := range map[string]string{
		"the last accepted configuration holds, not what is on the disk:\ncalendarbot.yaml:3: prot is no key\ncalendarbot.yaml:9: more": start + ": calendarbot.yaml:3: prot is no key",
		"the last accepted configuration holds, not what is on the disk:\nread the file: it is gone":                                    other,
		"CALENDARBOT_WEB_PORT: 99999 is not allowed; it is left out":                                                                    other,
		":3: no file": other,
	} {
		if got := configurationNotice(problem); got != want {
			t.Errorf("%q: %q", problem, got)
		}
	}
	got := configurationNotice(long)
	if line := strings.TrimPrefix(got, start+": "); utf8.RuneCountInString(line) != 160 || !strings.HasPrefix(line, "calendarbot.yaml:7: ") || !strings.HasSuffix(line, "…") {
		t.Errorf("%q", got)
	}
}
