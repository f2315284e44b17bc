package preseed

import (
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"calendarbot/agent/config"
)

// hides asks that secrets are gone from a text: from its comments, and from wherever taking them out would change nothing of what it
// says. A name that happens to be the same stays. Those of under four bytes would be found in every word.
func hides(t *testing.T, left string, secrets []string, same func(string) bool) {
	t.Helper()
	for _, one := range secrets {
		if len(one) < 4 || !strings.Contains(strings.ReplaceAll(left, takenOver, ""), one) || left == wholeBlank {
			continue
		}
		if same(strings.ReplaceAll(left, one, "***")) {
			t.Errorf("%q is left in\n%s", one, left)
		}
	}
}

// wellSaid asks of a sheet what holds whatever is in a file.
func wellSaid(t *testing.T, s *Sheet) {
	t.Helper()
	if len(s.Mistakes) > maxMistakes+1 || len(s.Notes) > maxMistakes {
		t.Errorf("%d mistakes, %d notes", len(s.Mistakes), len(s.Notes))
	}
	for _, m := range s.Mistakes {
		if text := m.String(); len(text) > 2000 || strings.Contains(text, "\n") || !utf8.ValidString(text) {
			t.Errorf("no sentence: %q", text)
		}
	}
	for _, n := range s.Wish.Networks {
		if len(n.Check()) > 0 {
			t.Errorf("a wrong network is taken: %+v", n)
		}
	}
	if s.Wish.Hostname != "" {
		if again, err := hostname(s.Wish.Hostname); err != nil || again != s.Wish.Hostname {
			t.Errorf("the name %q is taken", s.Wish.Hostname)
		}
	}
	for _, key := range s.Wish.Keys {
		if again, err := keyLine(key); err != nil || again != key {
			t.Errorf("the key %q is taken", key)
		}
	}
}

// FuzzParse gives any bytes as calendarbot.yaml. After blanking none of the secrets is in the file, the rest of it says what it said, and what is
// read from it again brings no secret.
func FuzzParse(f *testing.F) {
	f.Add([]byte(everything))
	if text, err := os.ReadFile("../../image/boot/calendarbot.yaml"); err == nil {
		f.Add(text)
	}
	for _, text := range []string{
		"pin: |-\n  #1234\n", "wifi: {ssid: a, password: 12345678}", "pin: \"12\\\n  34\"\n", "pin: &a 1234\nhostname: *a", "feeds: [https://a.example/k]",
		"pin: !!str 1234\r\nssh_key: x", "? pin\n: 1234\n", "{pin: 1234}", "pin: >+\n\n 1234\n\n\n", "\xff\xfep\x00i\x00n\x00:\x00 \x001\x002\x003\x004\x00",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := Parse("x", data)
		wellSaid(t, s)
		text, _, err := decode(data)
		if err != nil {
			return
		}
		good := s.Good()
		left := blank(text, good)
		root, err := config.Tree([]byte(text))
		if err != nil {
			if left != text {
				t.Error("what cannot be read is changed")
			}
			return
		}
		var words []string
		for _, one := range secrets(root, good) {
			words = append(words, one.node.Text)
			*one.node = config.Node{}
		}
		if left != wholeBlank && !means(left, root) {
			t.Errorf("the text says something else:\n%s", left)
		}
		hides(t, left, words, func(text string) bool { return means(text, root) })
		again := Parse("x", []byte(left))
		if again.Wish.PIN != "" && slices.Contains(good, pinSection) || slices.ContainsFunc(again.Wish.Networks, func(n Network) bool { return n.Passphrase != "" }) && slices.Contains(good, wifiSection) {
			t.Errorf("a secret is read again from %q", left)
		}
		if left != wholeBlank && again.Wish.Hostname != s.Wish.Hostname {
			t.Errorf("the name was %q and is %q", s.Wish.Hostname, again.Wish.Hostname)
		}
		if twice := blank(left, good); twice != left {
			t.Errorf("blanked twice it is %q, once %q", twice, left)
		}
	})
}

// FuzzParseImager does the same with rpi-preseed.toml.
func FuzzParseImager(f *testing.F) {
	f.Add([]byte(newImager))
	f.Add([]byte("wlan = {ssid_hex = \"c3a4\", password = '''\ncorrect\n'''}\nuser.password='x'\n"))
	f.Add([]byte("[[wlan]]\nssid = \"a\"\n[[wlan]]\npassword = \"12345678\"\n"))
	f.Add([]byte("\"wlan\".'password' = \"12345678\" # 12345678\nwlan.\"ssid\" = \"\"\"a\"\"\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := ParseImager("x", data)
		wellSaid(t, s)
		text, _, err := decode(data)
		if err != nil {
			return
		}
		good := s.Good()
		left := blankImager(text, good)
		values, _, err := tomlValues(text)
		if err != nil {
			return
		}
		var words []string
		for _, v := range values {
			if v.path == "wlan.password" && slices.Contains(good, wifiSection) || v.path == "user.password" {
				words = append(words, v.text)
			}
		}
		now, _, err := tomlValues(left)
		if err != nil {
			t.Fatalf("it cannot be read any more: %v\n%s", err, left)
		}
		said := func(a, b tomlValue) bool { return a.path == b.path && a.text == b.text }
		hides(t, left, words, func(text string) bool {
			other, _, err := tomlValues(text)
			return err == nil && slices.EqualFunc(now, other, said)
		})
		if again := ParseImager("x", []byte(left)); slices.Contains(good, wifiSection) && slices.ContainsFunc(again.Wish.Networks, func(n Network) bool { return n.Passphrase != "" }) {
			t.Errorf("a password is read again from %q", left)
		}
		if twice := blankImager(left, good); twice != left {
			t.Errorf("blanked twice it is %q, once %q", twice, left)
		}
	})
}
