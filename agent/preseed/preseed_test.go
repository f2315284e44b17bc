package preseed

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"calendarbot/agent/config"
	"calendarbot/agent/network"
)

// goodKey is a public key of nobody.
const goodKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f me@laptop"

const everything = `hostname: Kitchen.local
timezone: Europe/Berlin
country: de
wifi:
  - ssid: "Home net"
    password: "correct horse" # behind the door
  - {ssid: Garden, hidden: yes, password: 'it''s mine'}
  - ssid: Open
feeds:
  - name: Family
    url: https://calendar.example/family-key.ics
    color: "#1a73e8"
    headers:
      X-Api-Key: header-key
  - https://calendar.example/work-key.ics
pin: 0123
ssh_keys:
  - ` + goodKey + `
calendarbot:
  device: {name: Hall}
  display:
    clock: 12h
  web:
    write_token: "very-secret-token"
    allowed_hosts: [a.example, b.example]
`

func TestEverythingIsRead(t *testing.T) {
	s := Parse("calendarbot.yaml", []byte(everything))
	if len(s.Mistakes) > 0 {
		t.Fatal(s.Mistakes)
	}
	want := Wish{
		Hostname: "kitchen", Zone: "Europe/Berlin", Country: "DE", PIN: "0123", Keys: []string{goodKey},
		Networks: []Network{
			{Network: network.Network{SSID: "Home net", Passphrase: "correct horse"}, Line: 5},
			{Network: network.Network{SSID: "Garden", Passphrase: "it's mine", Hidden: true}, Line: 7},
			{Network: network.Network{SSID: "Open"}, Line: 8, Kept: true, Silent: true},
		},
		Feeds: []Feed{
			{10, map[string]string{"name": "Family", "url": "https://calendar.example/family-key.ics", "color": "#1a73e8", "headers.X-Api-Key": "header-key"}},
			{15, map[string]string{"url": "https://calendar.example/work-key.ics"}},
		},
		Settings: map[string]string{"device.name": "Hall", "display.clock": "12h", "web.write_token": "very-secret-token", "web.allowed_hosts": "a.example,b.example"},
	}
	if !reflect.DeepEqual(s.Wish, want) {
		t.Errorf("got  %+v\nwant %+v", s.Wish, want)
	}
	if got := len(s.Good()); got != 8 {
		t.Errorf("%d sections are good: %v", got, s.Good())
	}
}

func TestMistakesAreNamed(t *testing.T) {
	many := "wifi:\n"
	for i := range 1500 {
		many += fmt.Sprintf(" - {ssid: net%d, password: longenough}\n", i)
	}
	keys := "ssh_keys:\n" + strings.Repeat("- "+goodKey+"\n", maxKeys+1)
	for _, c := range []struct {
		text, want string
		line       int
	}{
		{"hostname: [a]", "hostname: one value is needed", 1},
		{"hostname: my calendar", `"my calendar" is not allowed; allowed are 1 to 63 letters`, 1},
		{"hostname: -a", "is not allowed", 1},
		{"hostname: localhost", "is not allowed", 1},
		{"\ntimezone: Berlin", `timezone: "Berlin" is not allowed; allowed is the name of a time zone such as Europe/Berlin`, 2},
		{"timezone: ../../etc/passwd", "is not allowed", 1},
		{"country: Germany", "country: ", 1},
		{"pin: 123", "pin: what is given (not shown here) is not allowed; allowed are 4 to 64 letters, digits and signs on one line", 1},
		{"wlan:\n  ssid: a", `"wlan" is not known here; allowed at the left edge are hostname`, 1},
		{"timezon: UTC", "did you mean timezone?", 1},
		{strings.Repeat("x", 300) + ": UTC", "…", 1},
		{"pin: 1234\npin: 2345", `"pin" is there twice; the first is in line 1`, 2},
		{"ssh_key: " + goodKey + "\nssh_key: " + goodKey, "twice", 2},
		{"[a]: b", "a name is needed", 1},
		{"hostname", "allowed are keys such as hostname:", 1},
		{"wifi:\n  - ssid: a\n    password: short", "wifi: its password has 5 characters", 2},
		{"wifi:\n  - password: longenough", "wifi: its name is missing", 2},
		{"wifi:\n  - ssid: a\n    pasword: longenough", "did you mean password?", 3},
		{"wifi:\n  - ssid: a\n    hidden: perhaps", "hidden", 3},
		{"wifi:\n  - ssid: [a]", "wifi: ssid: one value is needed", 2},
		{"wifi: Home", "wifi: allowed are ssid: and password:", 1},
		{"wifi:\n  - ssid: a\n  - ssid: a", "another one with the name", 1},
		{many, "there are 1500 wireless networks; the device remembers 16 at most", 1},
		{"feeds:\n  - url: ftp://a.example/secret", "feeds: url: what is given (not shown here)", 2},
		{"feeds:\n  - colour: red", "did you mean color?", 2},
		{"feeds:\n  - name: [a]", "feeds: name: one value", 2},
		{"feeds:\n  - headers: {Host: a}", "Host", 2},
		{"ssh_keys: none", "no public key", 1},
		{"ssh_keys: {a: b}", "one value is needed", 1},
		{keys, "at most 16", 18},
		{"calendarbot:\n  display:\n    clock: 13h", "display.clock", 3},
		{"calendarbot:\n  display:\n    clok: 13h", "did you mean display.clock?", 3},
		{"calendarbot:\n  display:\n    clock: {a: b}", "one value", 3},
		{"calendarbot:\n  web:\n    allowed_hosts: [[a]]", "single values", 3},
		{"calendarbot:\n  sources: []", "write calendars as feeds:", 2},
		{"calendarbot:\n  web:\n    pin: 1234", "write it as pin:", 3},
		{"calendarbot:\n  store: {path: /tmp/a}", "what the device needs it to be", 2},
		{"calendarbot: a", "calendarbot: allowed are sections", 1},
		{"wifi:\n\t- ssid: a", "begins with a tab", 2},
		{"a: [", "cannot be read as YAML, so nothing", 1},
		{"pin: *x", "needs quotes", 0},
		{"pin: &x 1234", "needs quotes", 1},
		{"hostname: a\n---\nhostname: b", "a second document", 2},
		{"hostname: K\xfcche", "line 1 has a letter that is not UTF-8", 0},
		{"hostname: a\x00b", "not a text", 0},
		{strings.Repeat("#", maxFile+1), "larger than 64 KiB", 0},
	} {
		s := Parse("calendarbot.yaml", []byte(c.text))
		if len(s.Mistakes) == 0 {
			t.Errorf("%.60q: no mistake", c.text)
			continue
		}
		got := s.Mistakes[0]
		if !strings.Contains(got.Text, c.want) || got.Line != c.line || got.File != "calendarbot.yaml" {
			t.Errorf("%.60q: %s, want line %d: %s", c.text, got, c.line, c.want)
		}
		if strings.Contains(got.Text, "argon2id") || strings.Contains(got.Text, "secret") || strings.Contains(got.Text, "longenough") {
			t.Errorf("%.60q: a secret is told: %s", c.text, got)
		}
	}
}

func TestMistakesAreBounded(t *testing.T) {
	s := Parse("calendarbot.yaml", []byte(strings.Repeat("a", 3)+":\n"+strings.Repeat("- [\n", 9)))
	if len(s.Mistakes) != 1 {
		t.Errorf("of what is no YAML %d mistakes are told", len(s.Mistakes))
	}
	var text strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&text, "k%d:\n", i)
	}
	s = Parse("calendarbot.yaml", []byte(text.String()[:maxFile-6]))
	if len(s.Mistakes) != maxMistakes+1 || !strings.Contains(s.Mistakes[maxMistakes].Text, "more mistakes") {
		t.Errorf("%d mistakes are told", len(s.Mistakes))
	}
	s = ParseImager("custom.toml", []byte("[a]\n"+strings.Repeat("b.c = 1\n", 1)+manyKeys()))
	if len(s.Notes) > maxMistakes {
		t.Errorf("%d notes are told", len(s.Notes))
	}
}

func manyKeys() string {
	var text strings.Builder
	for i := range 100 {
		fmt.Fprintf(&text, "[t%d]\na=1\n", i)
	}
	return text.String()
}

func TestASectionIsNotHalfTaken(t *testing.T) {
	broken := map[string]string{
		"hostname: Kitchen.local": "hostname: a b", "Europe/Berlin": "Berlin", "country: de": "country: Germany", "correct horse": "short",
		"family-key.ics": "a b", "pin: 0123": "pin: 1", "ssh-ed25519 AAAA": "ssh-dss AAAA", "clock: 12h": "clock: 13h",
	}
	for was, now := range broken {
		s := Parse("calendarbot.yaml", []byte(strings.Replace(everything, was, now, 1)))
		if len(s.Mistakes) != 1 || len(s.Good()) != 7 {
			t.Errorf("%s: %v, good are %v", now, s.Mistakes, s.Good())
		}
		w := s.Wish
		empty := 0
		for _, is := range []bool{w.Hostname == "", w.Zone == "", w.Country == "", w.Networks == nil, w.Feeds == nil, w.PIN == "", w.Keys == nil, w.Settings == nil} {
			if is {
				empty++
			}
		}
		if empty != 1 {
			t.Errorf("%s: %d sections are left out: %+v", now, empty, w)
		}
	}
}

func TestTextsOfEveryEditorAreRead(t *testing.T) {
	wideText := func(mark bool, low, high int) []byte {
		units := utf16.Encode([]rune(everything))
		if mark {
			units = append([]uint16{0xfeff}, units...)
		}
		data := make([]byte, 2*len(units))
		for i, u := range units {
			data[2*i+low], data[2*i+high] = byte(u), byte(u>>8)
		}
		return data
	}
	want := Parse("x", []byte(everything)).Wish
	for name, data := range map[string][]byte{
		"mark":                       []byte(byteOrderMark + everything),
		"Windows":                    []byte(strings.ReplaceAll(everything, "\n", "\r\n")),
		"old Mac":                    []byte(strings.ReplaceAll(everything, "\n", "\r")),
		"spaces of web pages":        []byte(strings.ReplaceAll(everything, "\n  ", "\n \u00a0")),
		"UTF-16":                     wideText(true, 0, 1),
		"UTF-16, big endian":         wideText(true, 1, 0),
		"UTF-16 without a mark":      wideText(false, 0, 1),
		"UTF-16 without a mark, big": wideText(false, 1, 0),
	} {
		s := Parse("x", data)
		if len(s.Mistakes) > 0 || !reflect.DeepEqual(s.Wish, want) {
			t.Errorf("%s: %v, %+v", name, s.Mistakes, s.Wish)
		}
		f := cardFile{name: "x", data: data}
		left := string(f.without(s.Good()))
		if strings.Contains(left, "correct horse") || strings.Contains(left, "\r\n") != (name == "Windows") {
			t.Errorf("%s: left is %q", name, left)
		}
	}
}

func TestBlankSaysNothing(t *testing.T) {
	for _, text := range []string{
		"", "# words\n", "hostname: \"\"\ntimezone: ''\ncountry: \"\"\n", "hostname:\nwifi:\nfeeds: ~\npin: \"\"\nssh_keys: []\nssh_key:\ncalendarbot:\n",
		"wifi:\n  -\nfeeds:\n  -\n  - name:\nssh_keys:\n  -\n  - \"\"\ncalendarbot:\n  display:\n    clock:\n",
	} {
		s := Parse("x", []byte(text))
		if len(s.Mistakes) > 0 || len(s.Wish.Settings) > 0 || len(s.Good()) > 0 {
			t.Errorf("%q: %v, %+v", text, s.Mistakes, s.Wish)
		}
		s.Wish.Settings = nil
		if !reflect.DeepEqual(s.Wish, Wish{}) {
			t.Errorf("%q: %+v", text, s.Wish)
		}
	}
}

// TestTheFileOnTheCard reads the file that every card has: it sets nothing, and each of its examples is right.
func TestTheFileOnTheCard(t *testing.T) {
	text, err := os.ReadFile("../../image/boot/calendarbot.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if s := Parse("calendarbot.yaml", text); len(s.Mistakes) > 0 || len(s.Good()) > 0 {
		t.Errorf("it is not silent: %v, %v", s.Mistakes, s.Good())
	}
	_, examples, _ := strings.Cut(string(text), "\n#hostname:")
	shown := regexp.MustCompile(`(?m)^#( *(- )?[a-z_]+:( .*)?$|  - ssh)`).ReplaceAllString("#hostname:"+examples, "$1")
	shown = strings.Replace(shown, "ssh-ed25519 AAAA... me@laptop", goodKey, 1)
	s := Parse("calendarbot.yaml", []byte(shown))
	if len(s.Mistakes) > 0 {
		t.Fatalf("%v\n%s", s.Mistakes, shown)
	}
	all := sections()
	slices.Sort(all)
	if !slices.Equal(s.Good(), all) {
		t.Errorf("it shows %v", s.Good())
	}
	// What it says of the display is what it is without saying so.
	c, _, err := config.Load(config.Input{Text: []byte("")})
	if err != nil {
		t.Fatal(err)
	}
	merged, err := config.Merge(nil, s.Wish.Settings, nil)
	if err != nil {
		t.Fatal(err)
	}
	if with, _, err := config.Load(config.Input{Text: merged}); err != nil || with.Display != c.Display || with.Web.Reads != c.Web.Reads {
		t.Errorf("with the examples the display is %+v, %v", with.Display, err)
	}
}
