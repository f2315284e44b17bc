package preseed

import (
	"reflect"
	"strings"
	"testing"

	"calendarbot/agent/network"
)

// written by the newer Imager, all of it.
const newImager = `config_version = "1.1"

[system]
hostname = "kitchen"

[user]
name = "alice"
password = "$5$salt$user-hash"
password_encrypted = true
groups = ["sudo"]

[ssh]
enabled = true
password_authentication = false
authorized_keys = [
  "` + goodKey + `",
]

[wlan]
ssid = "Home net"
password = "correct horse"   # the router's: correct horse
password_encrypted = false
hidden = true
country = "gb"
key_mgmt = "wpa-psk"

[locale]
keymap = "gb"
timezone = "Europe/London"

[connect]
enabled = true
token = "connect-token"
`

func TestImagersFileIsRead(t *testing.T) {
	s := ParseImager("rpi-preseed.toml", []byte(newImager))
	if len(s.Mistakes) > 0 {
		t.Fatal(s.Mistakes)
	}
	want := Wish{Hostname: "kitchen", Zone: "Europe/London", Country: "GB", Keys: []string{goodKey},
		Networks: []Network{{Network: network.Network{SSID: "Home net", Passphrase: "correct horse", Hidden: true}, Line: 20}}}
	if !reflect.DeepEqual(s.Wish, want) {
		t.Errorf("got  %+v\nwant %+v", s.Wish, want)
	}
	for i, part := range []string{"no users with passwords", "only keys are used", "Connect is not on"} {
		if len(s.Notes) != 3 || !strings.Contains(s.Notes[i], part) {
			t.Errorf("notes are %q, want one with %q", s.Notes, part)
		}
	}
	left := blankImager(newImager, s.Good())
	for _, secret := range []string{"correct horse", "user-hash", "connect-token"} {
		if strings.Contains(left, secret) {
			t.Errorf("%q is left in\n%s", secret, left)
		}
	}
	if strings.Count(left, "\n") != strings.Count(newImager, "\n") || !strings.Contains(left, `password = ""   # the router's: ***`) ||
		!strings.Contains(left, `token = ""  `+takenOver) || !strings.Contains(left, `ssid = "Home net"`) {
		t.Errorf("left is\n%s", left)
	}
	again := ParseImager("rpi-preseed.toml", []byte(left))
	if len(again.Mistakes) > 0 || !again.Wish.Networks[0].Kept || again.Wish.Networks[0].Silent {
		t.Errorf("what is left says %v, %+v", again.Mistakes, again.Wish)
	}
	if blankImager(left, again.Good()) != left {
		t.Error("it is blanked twice")
	}
	if without := blankImager(newImager, []string{hostnameSection}); !strings.Contains(without, "correct horse") {
		t.Error("a password is blanked that was not taken over")
	}
}

func TestOlderAndOddImagerFiles(t *testing.T) {
	const psk = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	for _, c := range []struct {
		name, text string
		want       Wish
	}{
		{"custom.toml", "config_version = 1\n[system]\nhostname=\"k\"\n[wlan]\nssid = 'Home'\npassword = \"" + psk + "\"\npassword_encrypted = true\n[locale]\nkeymap = \"us\"\n",
			Wish{Hostname: "k", Networks: []Network{{Network: network.Network{SSID: "Home", Passphrase: psk}, Line: 5}}}},
		{"open", "[wlan]\nssid = \"Home\"\n", Wish{Networks: []Network{{Network: network.Network{SSID: "Home"}, Line: 2, Kept: true, Silent: true}}}},
		{"said to be open", "[wlan]\nssid = \"Home\"\nkey_mgmt = \"none\"\n", Wish{Networks: []Network{{Network: network.Network{SSID: "Home"}, Line: 2}}}},
		{"a name in hex", "wlan = {ssid_hex = \"c3a4\", ssid = \"x\", password = \"correct horse\"}\n",
			Wish{Networks: []Network{{Network: network.Network{SSID: "ä", Passphrase: "correct horse"}, Line: 1}}}},
		{"empty values", "config_version = 1\nsystem.hostname = \"\"\nwlan.country = \"\"\nwlan.ssid = \"\"\nwlan.ssid_hex = \"\"\nwlan.key_mgmt = \"\"\n[ssh]\nauthorized_keys = []\n", Wish{}},
		{"SSH switched off", "[ssh]\nenabled = false\nauthorized_keys = [\"" + goodKey + "\"]\n", Wish{}},
	} {
		s := ParseImager("custom.toml", []byte(c.text))
		if len(s.Mistakes) > 0 || !reflect.DeepEqual(s.Wish, c.want) {
			t.Errorf("%s: %v\ngot  %+v\nwant %+v", c.name, s.Mistakes, s.Wish, c.want)
		}
	}
}

func TestImagersMistakesAreNamed(t *testing.T) {
	for _, c := range []struct {
		text, want string
		line       int
	}{
		{"a = ", "cannot be read as TOML", 1},
		{"a = 1\na = 2", "cannot be read as TOML", 2},
		{"config_version = \"2.0\"", "allowed are 1 and 1.x", 1},
		{"[system]\nhostname = 1", "system.hostname: a text in quotes", 2},
		{"[system]\nhostname = \"a b\"", "hostname: ", 2},
		{"[locale]\ntimezone = \"Berlin\"", "timezone: ", 2},
		{"[wlan]\nssid = 1", "wlan.ssid: a value of another kind", 2},
		{"[wlan]\nssid = \"a\"\nhidden = \"true\"", "wlan.hidden: a value of another kind", 3},
		{"[wlan]\nssid = \"a\"\npassword = \"short\"", "its password has 5", 2},
		{"[wlan]\npassword = \"correct horse\"", "a password and no ssid", 2},
		{"[wlan]\nssid_hex = \"x\"", "hex digits", 2},
		{"[wlan]\nssid = \"a\"\nkey_mgmt = \"wep\"", "wlan.key_mgmt", 3},
		{"[wlan]\nssid = \"a\"\npassword = \"correct horse\"\nkey_mgmt = \"owe\"", "says that the network is open", 2},
		{"[ssh]\nauthorized_keys = [\"none\"]", "no public key", 2},
		{"\xff", "not UTF-8", 0},
	} {
		s := ParseImager("custom.toml", []byte(c.text))
		if len(s.Mistakes) == 0 || !strings.Contains(s.Mistakes[0].Text, c.want) || s.Mistakes[0].Line != c.line {
			t.Errorf("%q: %v, want line %d: %s", c.text, s.Mistakes, c.line, c.want)
		}
	}
	if s := ParseImager("custom.toml", []byte("config_version = 2\n[system]\nhostname = \"a\"")); s.Wish.Hostname != "" || len(s.Good()) > 0 {
		t.Errorf("of an unknown version %v is taken", s.Good())
	}
}

func TestBlanking(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"plain", "pin: 1234\nhostname: a\n", "pin: # taken\nhostname: a\n"},
		{"with a comment", "pin: 1234 # old 1234\n", "pin: # taken\n"},
		{"in a comment above", "# the pin is 1234\npin: 1234\n", "# the pin is ***\npin: # taken\n"},
		{"also the hostname", "# 1234\nhostname: a1234\npin: 1234\n", "# ***\nhostname: a1234\npin: # taken\n"},
		{"quoted", "pin: \"12\\x334\"\n", "pin: # taken\n"},
		{"quoted over lines", "pin: \"12\n  34\"\nhostname: a\n", "pin: # taken\nhostname: a\n"},
		{"plain over lines", "pin: 12\n  34\nhostname: a\n", "pin: # taken\nhostname: a\n"},
		{"a block", "pin: |-\n  1234\n\nhostname: a\n", "pin: # taken\nhostname: a\n"},
		{"a block like a comment", "pin: |-\n  #1234\nhostname: a\n", "pin: # taken\nhostname: a\n"},
		{"a folded one in a list", "wifi:\n- password: >-\n    12345678\n  ssid: a\n", "wifi:\n- password: # taken\n  ssid: a\n"},
		{"in braces", "wifi: [{ssid: a, password: 12345678, hidden: no}, {password: '1,}]2345', ssid: b}]\n", "wifi: [{ssid: a, password: ~, hidden: no}, {password: ~, ssid: b}]\n"},
		{"in braces over lines", "wifi: {ssid: a,\n  password: 12345678\n}\n", "wifi: {ssid: a,\n  password: ~\n}\n"},
		{"a tag", "pin: !!str 1234\n", "pin: # taken\n"},
		{"accents in front", "wifi: {ssid: äöü€😀, password: 12345678}\n", "wifi: {ssid: äöü€😀, password: ~}\n"},
		{"the value below its key", "pin:\n  1234\nhostname: a\n", "pin:\n  # taken\nhostname: a\n"},
		{"without an end of the line", "pin: 1234", "pin: # taken"},
		{"other line ends", "# a\u0085pin: 1234\u2028hostname: a\n", "# a\u0085pin: # taken\u2028hostname: a\n"},
		{"an address alone", "feeds:\n- https://a.example/k\n- url: https://a.example/l\n", "feeds:\n- # taken\n- url: # taken\n"},
		{"one address", "feeds: https://a.example/k\n", "feeds: # taken\n"},
		{"credentials", "feeds:\n- url: https://a.example/k\n  username: u1234\n  password: p1234\n  name: n\n", "feeds:\n- url: # taken\n  username: # taken\n  password: # taken\n  name: n\n"},
		{"short ones stay in comments", "# b\nfeeds:\n- url: https://a.example/k\n  bearer: b\n", "# b\nfeeds:\n- url: # taken\n  bearer: # taken\n"},
		{"blank already", "pin: # taken\nwifi:\n- ssid: a\n  password:\n", "pin: # taken\nwifi:\n- ssid: a\n  password:\n"},
	} {
		taken := strings.NewReplacer("# taken\n", takenOver+"\n", "# taken\u2028", takenOver+"\u2028")
		want := taken.Replace(c.want + "\n")
		want = want[:len(want)-1]
		if c.name == "blank already" {
			want = c.want
		}
		s := Parse("x", []byte(c.text))
		if got := blank(c.text, s.Good()); got != want {
			t.Errorf("%s: %v\ngot  %q\nwant %q", c.name, s.Mistakes, got, want)
		}
	}
	if got := blank("wifi: {ssid: a, password: 12345678}\npin: 1234\n", []string{pinSection}); !strings.Contains(got, "12345678") || strings.Contains(got, "1234\n") {
		t.Errorf("with the PIN alone taken over it is %q", got)
	}
	if got := blank("a: [", nil); got != "a: [" {
		t.Errorf("what is no YAML becomes %q", got)
	}
}
