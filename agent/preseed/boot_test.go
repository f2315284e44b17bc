package preseed

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"calendarbot/agent/config"
	"calendarbot/agent/network"
)

// board is a card and a device's root, as folders.
type board struct {
	t          *testing.T
	card, root string
}

func newBoard(t *testing.T) board {
	b := board{t, t.TempDir(), t.TempDir()}
	b.write(filepath.Join(b.root, "usr/share/calendarbot/overlay/b", agentFile), "# baked\nfeatures:\n  cache_warming: on\n")
	b.write(filepath.Join(b.root, agentFile), "# active\nlog:\n  level: info\n")
	return b
}

func (b board) write(name, text string) {
	b.t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644)); err != nil {
		b.t.Fatal(err)
	}
}

// put writes a file on the card.
func (b board) put(name, text string) {
	b.t.Helper()
	b.write(filepath.Join(b.card, name), text)
}

func (b board) text(name string) string {
	b.t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		b.t.Fatal(err)
	}
	return string(text)
}

func (b board) onCard(name string) string { return b.text(filepath.Join(b.card, name)) }

func (b board) boot() Report {
	b.t.Helper()
	report, err := Boot{Card: b.card, Root: b.root}.Run()
	if err != nil {
		b.t.Fatal(err)
	}
	return report
}

// config is what the agent reads in a slot.
func (b board) config(slot string) config.Config {
	b.t.Helper()
	c, _, err := config.Load(config.Input{Path: filepath.Join(b.root, slot, agentFile)})
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

func (b board) wifi(slot string) network.Wifi {
	b.t.Helper()
	w, err := network.Read(filepath.Join(b.root, slot))
	if err != nil {
		b.t.Fatal(err)
	}
	return w
}

const idleSlot = "data/config/b"

// tree is every file below a folder with its content.
func (b board) tree(dir string) map[string]string {
	b.t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if d.Type()&fs.ModeSymlink != 0 {
			all[name], err = os.Readlink(name)
			return err
		}
		text, err := os.ReadFile(name)
		all[name] = string(text)
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return all
}

func TestBootTakesEverythingOver(t *testing.T) {
	b := newBoard(t)
	b.put("calendarbot.yaml", everything)
	report := b.boot()
	if len(report.Mistakes) > 0 || len(report.Taken) != 8 || report.MadePIN || report.Hostname != "kitchen" {
		t.Errorf("the report is %+v", report)
	}
	for _, slot := range []string{"", idleSlot} {
		c := b.config(slot)
		if c.Web.PIN.Reveal() != "0123" || c.Device.TimeZone != "Europe/Berlin" || c.Device.Name != "Hall" || len(c.Sources) != 2 ||
			c.Sources[0].Headers["X-Api-Key"].Reveal() != "header-key" || len(c.Web.AllowedHosts) != 2 {
			t.Errorf("slot %q has %+v", slot, c)
		}
		if got := b.text(filepath.Join(b.root, slot, hostnameFile)); got != "kitchen\n" {
			t.Errorf("slot %q has the name %q", slot, got)
		}
		if got, err := os.Readlink(filepath.Join(b.root, slot, zoneLink)); err != nil || got != "../usr/share/zoneinfo/Europe/Berlin" {
			t.Errorf("slot %q has the zone %q, %v", slot, got, err)
		}
		if w := b.wifi(slot); w.Country != "DE" || len(w.Networks) != 3 || w.Networks[0].Passphrase != "correct horse" || !w.Networks[1].Hidden {
			t.Errorf("slot %q has the networks %+v", slot, w)
		}
		if got := b.text(filepath.Join(b.root, slot, keysFile)); got != goodKey+"\n" {
			t.Errorf("slot %q has the keys %q", slot, got)
		}
		for name, mode := range map[string]fs.FileMode{keysFile: 0o600, agentFile: 0o640, hostnameFile: 0o644} {
			if info, err := os.Stat(filepath.Join(b.root, slot, name)); err != nil || info.Mode() != mode {
				t.Errorf("slot %q: %s has %v, %v", slot, name, info.Mode(), err)
			}
		}
	}
	if active, idle := b.text(filepath.Join(b.root, agentFile)), b.text(filepath.Join(b.root, idleSlot, agentFile)); !strings.Contains(active, "# active\nlog:") || !strings.Contains(idle, "# baked\nfeatures:") {
		t.Errorf("what stood there is gone:\n%s\n%s", active, idle)
	}
	left := b.onCard("calendarbot.yaml")
	for _, secret := range []string{"correct horse", "mine", "family-key", "work-key", "header-key", "0123", "very-secret-token"} {
		if strings.Contains(left, secret) || strings.Contains(b.onCard(deviceFile), secret) {
			t.Errorf("%q is left on the card", secret)
		}
	}
	if !strings.Contains(left, "Home net") || strings.Count(left, "\n") != strings.Count(everything, "\n") {
		t.Errorf("left is\n%s", left)
	}
	device := b.onCard(deviceFile)
	for _, part := range []string{"http://kitchen.local/\r\n", "PIN:        the one that you chose", "CalendarBot-"} {
		if !strings.Contains(device, part) {
			t.Errorf("no %q in\n%s", part, device)
		}
	}

	// The next boot changes nothing.
	before, onCard := b.tree(b.root), b.tree(b.card)
	if report := b.boot(); len(report.Read) > 0 || fmt.Sprint(report.Lines()) != "[Nothing new on the card.]" {
		t.Errorf("read again: %+v", report)
	}
	if fmt.Sprint(b.tree(b.root)) != fmt.Sprint(before) || fmt.Sprint(b.tree(b.card)) != fmt.Sprint(onCard) {
		t.Error("the second boot changed something")
	}
}

func TestAChangedFileIsReadAgainAndBlanksKeep(t *testing.T) {
	b := newBoard(t)
	b.put("calendarbot.yaml", everything)
	b.boot()
	b.put("calendarbot.yaml", strings.Replace(b.onCard("calendarbot.yaml"), "hostname: Kitchen.local", "hostname: hall", 1))
	if report := b.boot(); len(report.Mistakes) > 0 || report.Hostname != "hall" {
		t.Errorf("the report is %+v", report)
	}
	if w, c := b.wifi(""), b.config(""); len(w.Networks) != 3 || w.Networks[0].Passphrase != "correct horse" || c.Web.PIN.Reveal() != "0123" || len(c.Sources) != 2 {
		t.Errorf("what was blank is gone: %+v, %+v", w, c)
	}
	// A network, replaced; nothing else said.
	b.put("calendarbot.yaml", "wifi:\n- ssid: Home net\n  password: another one\n- ssid: Garden\n")
	b.boot()
	if w := b.wifi(idleSlot); len(w.Networks) != 3 || w.Networks[0].Passphrase != "another one" || w.Networks[1].Passphrase != "it's mine" || w.Country != "DE" {
		t.Errorf("the networks are %+v", w)
	}
	// The very same again, as from a copy, after a person changed something on the device.
	if err := network.Write(b.root, network.Wifi{Networks: []network.Network{{SSID: "Other"}}}); err != nil {
		t.Fatal(err)
	}
	b.put("calendarbot.yaml", "wifi:\n- ssid: Home net\n  password: another one\n- ssid: Garden\n")
	b.boot()
	if w := b.wifi(""); len(w.Networks) != 3 || w.Networks[1].Passphrase != "another one" {
		t.Errorf("the networks are %+v", w)
	}
}

func TestOneMistakeCostsItsSectionAlone(t *testing.T) {
	b := newBoard(t)
	b.put("calendarbot.yaml", "pin: 4321\nfeeds:\n- name: A\n  url: https://a.example/good-key\n- name: B\n  url: nonsense\nwifi:\n- ssid: Home\n  password: correct horse\n")
	report := b.boot()
	if len(report.Mistakes) != 1 || len(b.wifi("").Networks) != 1 || len(b.config("").Sources) != 0 {
		t.Errorf("the report is %+v", report)
	}
	told := b.onCard(errorsFile)
	if !strings.Contains(told, "- calendarbot.yaml, line 6: feeds: url: what is given") || strings.Count(told, "\n") != strings.Count(told, "\r\n") {
		t.Errorf("told is\n%s", told)
	}
	left := b.onCard("calendarbot.yaml")
	if !strings.Contains(left, "good-key") || strings.Contains(left, "correct horse") || strings.Contains(left, "4321") {
		t.Errorf("left is\n%s", left)
	}
	b.boot()
	if b.onCard(errorsFile) != told {
		t.Error("the next boot says something else")
	}
	b.put("calendarbot.yaml", strings.Replace(left, "nonsense", "https://b.example/other-key", 1))
	if report := b.boot(); len(report.Mistakes) > 0 || len(b.config("").Sources) != 2 {
		t.Errorf("the report is %+v", report)
	}
	if _, err := os.Stat(filepath.Join(b.card, errorsFile)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the text about mistakes is still there: %v", err)
	}
}

func TestWhatDoesNotGoTogetherIsAMistake(t *testing.T) {
	known := network.Wifi{}
	for i := range 16 {
		known.Networks = append(known.Networks, network.Network{SSID: fmt.Sprint("n", i)})
	}
	for _, c := range []struct{ name, text, want string }{
		{"a blank password of an unknown network", "wifi:\n- ssid: a\n- ssid: b\n  password:\n", `line 3: wifi: the password of "b" is blank, and the device does not know it`},
		{"too many networks together", "wifi:\n- ssid: a\n", "line 1: wifi: together with those that the device knows: there are 17"},
		{"a calendar without an address", "feeds:\n- name: A\n", "line 2: feeds: url: a source needs its address"},
		{"two kinds of credentials", "feeds:\n- name: A\n  url: https://a.example/\n  bearer: b\n  password: p\n", "line 2: feeds: url: has more than one kind"},
		{"two with one id", "feeds:\n- id: a\n  name: A\n  url: https://a.example/\n- url: https://b.example/\n  id: a\n  name: A\n  password: p\n  bearer: b\n", "line 5: feeds:"},
	} {
		b := newBoard(t)
		if strings.Contains(c.name, "networks together") {
			if err := network.Write(b.root, known); err != nil {
				t.Fatal(err)
			}
		}
		before := b.wifi("")
		b.put("calendarbot.yaml", "pin: 2468\n"+c.text)
		want := regexp.MustCompile(`line (\d)`).ReplaceAllStringFunc(c.want, func(s string) string { return "line " + string(s[5]+1) })
		report := b.boot()
		if len(report.Mistakes) != 1 || !strings.Contains(report.Mistakes[0].String(), want) {
			t.Errorf("%s: %v, want %s", c.name, report.Mistakes, want)
		}
		if fmt.Sprint(b.wifi("")) != fmt.Sprint(before) || len(b.config("").Sources) > 0 || len(b.config(idleSlot).Sources) > 0 || b.config("").Web.PIN.Reveal() != "2468" {
			t.Errorf("%s: it is half taken over", c.name)
		}
	}
}

func TestAPINIsMadeOnce(t *testing.T) {
	b := newBoard(t)
	if report := b.boot(); !report.MadePIN || report.Hostname != "calendarbot" {
		t.Errorf("the report is %+v", report)
	}
	made := b.config("").Web.PIN.Reveal()
	if !regexp.MustCompile(`^[0-9]{6}$`).MatchString(made) || b.config(idleSlot).Web.PIN.Reveal() != made || !strings.Contains(b.onCard(deviceFile), "PIN:        "+made+"\r\n") {
		t.Errorf("the PIN is %q, the text\n%s", made, b.onCard(deviceFile))
	}
	// The active slot loses it: the other one's holds, and is told again.
	b.write(filepath.Join(b.root, agentFile), "log: {level: info}\n")
	if err := os.Remove(filepath.Join(b.card, deviceFile)); err != nil {
		t.Fatal(err)
	}
	if report := b.boot(); report.MadePIN || b.config("").Web.PIN.Reveal() != made || !strings.Contains(b.onCard(deviceFile), made) {
		t.Errorf("the report is %+v, the PIN %q", report, b.config("").Web.PIN.Reveal())
	}
	// Both lose it, as when the power goes between remembering it and writing it down.
	b.write(filepath.Join(b.root, agentFile), "")
	b.write(filepath.Join(b.root, idleSlot, agentFile), "")
	if b.boot(); b.config("").Web.PIN.Reveal() != made {
		t.Errorf("another PIN was made: %q", b.config("").Web.PIN.Reveal())
	}
	// A person's own is not told.
	b.put("calendarbot.yaml", "pin: my own pin\n")
	b.boot()
	if text := b.onCard(deviceFile); strings.Contains(text, made) || strings.Contains(text, "my own") || b.config(idleSlot).Web.PIN.Reveal() != "my own pin" {
		t.Errorf("the text is\n%s", text)
	}
}

func TestImagersFileGivesWayToThePersons(t *testing.T) {
	b := newBoard(t)
	b.put("rpi-preseed.toml", newImager)
	b.put("Calendarbot.YAML.txt", "hostname: hall\nwifi:\n- ssid: Home net\n  password: mine instead\n- ssid: Garden\n  password: garden gate\n")
	report := b.boot()
	w := b.wifi("")
	if report.Hostname != "hall" || w.Country != "GB" || len(w.Networks) != 2 || w.Networks[0].Passphrase != "mine instead" || b.config("").Device.TimeZone != "Europe/London" {
		t.Errorf("the networks are %+v, the report %+v", w, report)
	}
	if text := b.onCard(deviceFile); !strings.Contains(text, "- rpi-preseed.toml: there are no users with passwords") {
		t.Errorf("the text is\n%s", text)
	}
	if left := b.onCard("rpi-preseed.toml") + b.onCard("Calendarbot.YAML.txt"); strings.Contains(left, "correct horse") || strings.Contains(left, "mine instead") {
		t.Errorf("left is\n%s", left)
	}
	// Only Imager's changes: the person's is not read again, the later word counts.
	b.put("rpi-preseed.toml", "[system]\nhostname = \"cellar\"\n[wlan]\nssid = \"New\"\npassword = \"correct horse\"\n")
	if report := b.boot(); report.Hostname != "cellar" || len(b.wifi("").Networks) != 3 || len(report.Mistakes) > 0 {
		t.Errorf("the report is %+v", report)
	}
}

func TestOddFilesAreNamed(t *testing.T) {
	b := newBoard(t)
	b.put("calendarbot.yaml", "# only words\n")
	b.put("calendarbot.yml", "hostname: hall\n")
	b.put("calendarbot.yml.txt", "hostname: cellar\n")
	if err := errors.Join(os.Mkdir(filepath.Join(b.card, "custom.toml"), 0o755), os.Symlink("/etc/shadow", filepath.Join(b.card, "rpi-preseed.toml"))); err != nil {
		t.Fatal(err)
	}
	report := b.boot()
	if report.Hostname != "hall" || len(report.Notes) != 2 || !strings.Contains(report.Notes[1], "calendarbot.yml.txt was not read, since calendarbot.yml") {
		t.Errorf("the report is %+v", report)
	}
	if len(report.Mistakes) != 1 || !strings.Contains(report.Mistakes[0].String(), "rpi-preseed.toml: this is not a file that can be read") {
		t.Errorf("the mistakes are %v", report.Mistakes)
	}
	b = newBoard(t)
	b.put("calendarbot.yml", strings.Repeat("# huge\n", 100_000))
	if err := syscall.Mkfifo(filepath.Join(b.card, "calendarbot.yaml"), 0o644); err != nil {
		t.Fatal(err)
	}
	if report := b.boot(); len(report.Mistakes) != 1 || !strings.Contains(report.Mistakes[0].Text, "not a file") {
		t.Errorf("the report is %+v", report)
	}
	if err := os.Remove(filepath.Join(b.card, "calendarbot.yaml")); err != nil {
		t.Fatal(err)
	}
	if report := b.boot(); len(report.Mistakes) != 1 || !strings.Contains(report.Mistakes[0].Text, "larger than 64 KiB") || len(b.onCard("calendarbot.yml")) != 700_000 {
		t.Errorf("the report is %+v", report)
	}
	if lines := report.Lines(); len(lines) == 0 || !strings.HasPrefix(lines[0], "Read [") {
		t.Errorf("the lines are %q", lines)
	}
}
