package preseed

import (
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// tomlValue is one value of a TOML text, and where it stands.
type tomlValue struct {
	path       string // dotted, as in wlan.ssid; of an array each item has the array's
	kind       unstable.Kind
	text       string
	line       int
	begin, end int // bytes of the text
}

// tomlValues reads a TOML text, value by value, in its order. The error names its line where that is known.
func tomlValues(text string) (values []tomlValue, line int, err error) {
	data := []byte(text)
	var whole map[string]any // finds what is wrong between lines, such as a key that is there twice
	if err := toml.Unmarshal(data, &whole); err != nil {
		var at *toml.DecodeError
		if errors.As(err, &at) {
			line, _ = at.Position()
		}
		return nil, line, err
	}
	var p unstable.Parser
	p.Reset(data)
	table := ""
	for p.NextExpression() {
		switch e := p.Expression(); e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = dotted("", e)
		case unstable.KeyValue:
			values = flatten(values, &p, dotted(table, e), e.Value())
		}
	}
	return values, 0, p.Error()
}

// dotted is the path of a key below a table.
func dotted(table string, n *unstable.Node) string {
	parts := []string{}
	if table != "" {
		parts = append(parts, table)
	}
	for keys := n.Key(); keys.Next(); {
		parts = append(parts, string(keys.Node().Data))
	}
	return strings.Join(parts, ".")
}

// flatten appends the single values of a value.
func flatten(values []tomlValue, p *unstable.Parser, path string, n *unstable.Node) []tomlValue {
	switch n.Kind {
	case unstable.Array:
		for items := n.Children(); items.Next(); {
			values = flatten(values, p, path, items.Node())
		}
	case unstable.InlineTable:
		for pairs := n.Children(); pairs.Next(); {
			values = flatten(values, p, dotted(path, pairs.Node()), pairs.Node().Value())
		}
	default:
		begin := int(n.Raw.Offset)
		end := begin + int(n.Raw.Length)
		values = append(values, tomlValue{path, n.Kind, string(n.Data), 1 + strings.Count(string(p.Data()[:begin]), "\n"), begin, end})
	}
	return values
}

// ParseImager reads what Raspberry Pi Imager leaves: rpi-preseed.toml (config_version "1.1"), and custom.toml of earlier ones (config_version 1).
// What it can say beyond this device is a note: whoever flashes a card is asked for it whatever is on it.
func ParseImager(file string, data []byte) *Sheet {
	s := &Sheet{File: file}
	text, _, err := decode(data)
	if err != nil {
		s.mistake("", 0, "%v", err)
		return s
	}
	values, line, err := tomlValues(text)
	if err != nil {
		s.mistake("", line, "this cannot be read as TOML, so nothing of the file was taken over; write the card again with Raspberry Pi Imager, or use calendarbot.yaml")
		return s
	}
	w := wlan{Network: Network{Kept: true, Silent: true}}
	on, keys := true, []tomlValue{}
	for _, v := range values {
		switch v.path {
		case "config_version":
			if major, _, _ := strings.Cut(v.text, "."); major != "1" {
				s.mistake("", v.line, "config_version %q is not known; allowed are 1 and 1.x", short(v.text))
			}
		case "system.hostname":
			s.take(hostnameSection, v)
		case "locale.timezone":
			s.take(zoneSection, v)
		case "wlan.country":
			s.take(countrySection, v)
		case "ssh.enabled":
			on = v.text != "false"
		case "ssh.authorized_keys":
			keys = append(keys, v)
		case "locale.keymap", "locale.locales", "locale.lang", "user.password_encrypted", "wlan.password_encrypted":
			// Of no use without a console and without users; a password that is 64 hex digits is the key itself.
		default:
			if !w.take(s, v) {
				s.unused(v)
			}
		}
	}
	w.finish(s)
	for _, v := range keys {
		if !on {
			s.note("SSH is switched off there, so its keys were not taken over")
			break
		}
		s.at(keysSection, v.line)
		s.keys(v.line, v.text)
	}
	s.settle()
	return s
}

// take takes one of the sections that are one value.
func (s *Sheet) take(section string, v tomlValue) {
	if v.text == "" {
		return
	}
	s.at(section, v.line)
	if v.kind != unstable.String {
		s.mistake(section, v.line, "%s: a text in quotes is needed", v.path)
		return
	}
	s.word(section, v.line, v.text)
}

// unused notes what is said and has no meaning on this device.
func (s *Sheet) unused(v tomlValue) {
	section, _, _ := strings.Cut(v.path, ".")
	said := map[string]string{
		"user":       "there are no users with passwords on this device; log in with a key for SSH",
		"ssh":        "of SSH only keys are used (authorized_keys); there is no login with a password",
		"locale":     "languages and keyboards are not set on this device",
		"connect":    "Raspberry Pi Connect is not on this device",
		"ethernet":   "addresses of cables are not set this way",
		"interfaces": "interfaces are not set this way",
		"wlan":       short(v.path) + " is not used",
	}
	text, known := said[section]
	if !known {
		text = short(section) + " is not used on this device"
	}
	if line := s.File + ": " + text; !slices.Contains(s.Notes, line) {
		s.note("%s", text)
	}
}

// wlan is the one wireless network of such a file, on its way.
type wlan struct {
	Network
	open, inHex bool
}

// take reads a key of [wlan]; false when it is none that is used.
func (w *wlan) take(s *Sheet, v tomlValue) bool {
	known := []string{"wlan.ssid", "wlan.ssid_hex", "wlan.password", "wlan.hidden", "wlan.key_mgmt"}
	if !slices.Contains(known, v.path) {
		return false
	}
	s.at(wifiSection, v.line)
	want := unstable.String
	if v.path == "wlan.hidden" {
		want = unstable.Bool
	}
	if v.kind != want {
		s.mistake(wifiSection, v.line, "%s: a value of another kind is needed (texts in quotes; true and false without)", v.path)
		return true
	}
	switch v.path {
	case "wlan.ssid":
		w.Line = v.line
		if !w.inHex {
			w.SSID = v.text
		}
	case "wlan.ssid_hex": // counts before the name
		raw, err := hex.DecodeString(v.text)
		if err != nil {
			s.mistake(wifiSection, v.line, "wlan.ssid_hex: allowed are hex digits, two for each byte")
		} else if len(raw) > 0 {
			w.Line, w.SSID, w.inHex = v.line, string(raw), true
		}
	case "wlan.password":
		w.Silent = false
		w.Passphrase, w.Kept = v.text, v.text == ""
	case "wlan.hidden":
		w.Hidden = v.text == "true"
	case "wlan.key_mgmt":
		if !slices.Contains([]string{"", "none", "owe", "wpa-psk", "sae"}, v.text) {
			s.mistake(wifiSection, v.line, "wlan.key_mgmt: %q is not known; allowed are none, owe, wpa-psk and sae", short(v.text))
		}
		w.open = v.text == "none" || v.text == "owe"
	}
	return true
}

// finish keeps the network, if one was named.
func (w *wlan) finish(s *Sheet) {
	if w.SSID == "" {
		if w.Passphrase != "" {
			s.mistake(wifiSection, s.lines[wifiSection], "wlan: there is a password and no ssid")
		}
		return
	}
	if w.open && w.Passphrase != "" {
		s.mistake(wifiSection, w.Line, "wlan: key_mgmt says that the network is open, and there is a password; allowed is one of them")
	}
	if w.open {
		w.Kept, w.Silent = false, false
	}
	s.add(w.Network)
}

// blankImager takes the passwords out of such a text: those of the sections that were taken over, and those that are never used here.
func blankImager(text string, taken []string) string {
	values, _, err := tomlValues(text)
	if err != nil {
		return text
	}
	var hide []string
	out := text
	for _, v := range slices.Backward(values) { // from the end, so that the places of those before stay true
		ours := v.path == "wlan.password" && slices.Contains(taken, wifiSection)
		if !ours && v.path != "user.password" && v.path != "connect.token" || v.text == "" {
			continue
		}
		line, rest, more := strings.Cut(out[v.end:], "\n")
		if more {
			rest = "\n" + rest
		}
		said := ""
		if strings.TrimSpace(line) == "" {
			line, said = "", "  "+takenOver
		}
		out = out[:v.begin] + `""` + line + said + rest
		hide = append(hide, v.text)
	}
	if len(hide) == 0 {
		return text
	}
	same := func(candidate string) bool {
		now, _, err := tomlValues(candidate)
		return err == nil && slices.EqualFunc(now, values, func(a, b tomlValue) bool {
			if a.text == "" && b.kind == unstable.String && slices.Contains(hide, b.text) {
				return a.path == b.path
			}
			return a.path == b.path && a.kind == b.kind && a.text == b.text
		})
	}
	if !same(out) {
		return wholeBlank
	}
	return uncomment(out, hide, same)
}
