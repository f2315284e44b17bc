package preseed

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"calendarbot/agent/network"
)

// TestAnUnchangedFileIsNotReadAgain changes one file of two, after a person changed on the device what stands in the other.
func TestAnUnchangedFileIsNotReadAgain(t *testing.T) {
	b := newBoard(t)
	const imager = "[wlan]\nssid = \"Old\"\npassword = \"correct horse\"\n[locale]\ntimezone = \"Europe/Berlin\"\n"
	b.put("rpi-preseed.toml", imager)
	b.put("calendarbot.yaml", "hostname: hall\n")
	b.boot()
	if b.config("").Device.TimeZone != "Europe/Berlin" || len(b.wifi("").Networks) != 1 {
		t.Fatalf("the first boot left %+v", b.wifi(""))
	}
	other := network.Wifi{Networks: []network.Network{{SSID: "New"}}}
	if err := errors.Join(network.Write(b.root, other), relink(filepath.Join(b.root, zoneLink), zones+"America/New_York")); err != nil {
		t.Fatal(err)
	}
	b.write(filepath.Join(b.root, agentFile), strings.ReplaceAll(b.text(filepath.Join(b.root, agentFile)), "Europe/Berlin", "America/New_York"))

	b.put("calendarbot.yaml", "hostname: hall\npin: 2468\n")
	report := b.boot()
	link, err := os.Readlink(filepath.Join(b.root, zoneLink))
	if err != nil || !strings.HasSuffix(link, "America/New_York") || b.config("").Device.TimeZone != "America/New_York" {
		t.Errorf("the zone is %q and %q, %v", link, b.config("").Device.TimeZone, err)
	}
	if w := b.wifi("").Networks; len(w) != 1 || w[0].SSID != "New" {
		t.Errorf("the networks are %+v", w)
	}
	if len(report.Mistakes) > 0 || len(report.Read) != 1 || len(report.Taken) != 2 || b.config("").Web.PIN.Reveal() != "2468" {
		t.Errorf("the report is %+v", report)
	}
	if _, err := os.Stat(filepath.Join(b.card, errorsFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a mistake is told: %v", err)
	}

	// Both change: the person's wins.
	b.put("rpi-preseed.toml", imager+"[system]\nhostname = \"cellar\"\n")
	b.put("calendarbot.yaml", "hostname: attic\n")
	if report := b.boot(); report.Hostname != "attic" || len(report.Read) != 2 || b.config("").Device.TimeZone != "Europe/Berlin" {
		t.Errorf("the report is %+v", report)
	}
}

// TestMistakesOfAnUnchangedFileStayTold corrects one file of two that are wrong.
func TestMistakesOfAnUnchangedFileStayTold(t *testing.T) {
	b := newBoard(t)
	b.put("rpi-preseed.toml", "[locale]\ntimezone = \"Berlin\"\n[user]\nname = \"alice\"\n")
	b.put("calendarbot.yaml", "hostname: a b\n")
	if report := b.boot(); len(report.Mistakes) != 2 {
		t.Fatalf("the report is %+v", report)
	}
	b.put("calendarbot.yaml", "hostname: hall\n")
	if report := b.boot(); len(report.Mistakes) > 0 || report.Hostname != "hall" {
		t.Errorf("the report is %+v", report)
	}
	if told := b.onCard(errorsFile); !strings.Contains(told, "rpi-preseed.toml, line 2: timezone") || strings.Contains(told, "calendarbot.yaml") {
		t.Errorf("told is\n%s", told)
	}
	if text := b.onCard(deviceFile); !strings.Contains(text, "no users with passwords") {
		t.Errorf("the text is\n%s", text)
	}
	if err := os.Remove(filepath.Join(b.card, "rpi-preseed.toml")); err != nil {
		t.Fatal(err)
	}
	b.boot()
	if _, err := os.Stat(filepath.Join(b.card, errorsFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is gone is still told of: %v", err)
	}
}

// TestItIsToldWhatOfAFileWasTakenOver asks that nobody reads of sections that were taken over where none was.
func TestItIsToldWhatOfAFileWasTakenOver(t *testing.T) {
	const left = "A section with a mistake in it"
	for _, c := range []struct {
		name, file, text, want string
		some                   bool
	}{
		{"no YAML", "calendarbot.yaml", "pin: [\n", "From calendarbot.yaml nothing was taken over.\r\n", false},
		{"no TOML", "rpi-preseed.toml", "a = \n", "From rpi-preseed.toml nothing was taken over.\r\n", false},
		{"too long", "calendarbot.yaml", "hostname: hall\n" + strings.Repeat("#", maxFile), "From calendarbot.yaml nothing was taken over.\r\n", false},
		{"one section, wrong", "calendarbot.yaml", "hostname: \"\"\npin: 123\n", "From calendarbot.yaml nothing was taken over.\r\n", false},
		{"one of three wrong", "calendarbot.yaml", "hostname: hall\npin: 123\ncountry: de\n", "From calendarbot.yaml this was taken over: country, hostname.\r\n", true},
	} {
		b := newBoard(t)
		b.put(c.file, c.text)
		report := b.boot()
		told := b.onCard(errorsFile)
		if !strings.Contains(told, c.want) || strings.Contains(told, left) != c.some || strings.Contains(told, "All other sections") {
			t.Errorf("%s: told is\n%s", c.name, told)
		}
		if first := report.Lines()[0]; strings.HasSuffix(first, "and took over nothing.") == c.some {
			t.Errorf("%s: the journal says %q", c.name, first)
		}
	}
	b := newBoard(t)
	b.put("rpi-preseed.toml", "a = \n")
	b.put("calendarbot.yaml", "hostname: hall\npin: 123\n")
	b.boot()
	if told := b.onCard(errorsFile); !strings.Contains(told, "From rpi-preseed.toml nothing") || !strings.Contains(told, "From calendarbot.yaml this was taken over: hostname.") {
		t.Errorf("told is\n%s", told)
	}
}
