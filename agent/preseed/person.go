package preseed

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"calendarbot/agent/config"
	"calendarbot/agent/feature"
	"calendarbot/agent/network"
)

// Parse reads calendarbot.yaml.
func Parse(file string, data []byte) *Sheet {
	s := &Sheet{File: file}
	text, _, err := decode(data)
	if err != nil {
		s.mistake("", 0, "%v", err)
		return s
	}
	root, err := config.Tree([]byte(text))
	if err != nil {
		line, sentence := syntax(text, err)
		s.mistake("", line, "%s", sentence)
		return s
	}
	s.person(root)
	s.settle()
	return s
}

// syntax says in words why a text is no YAML, and in which line.
func syntax(text string, err error) (line int, sentence string) {
	for i, l := range strings.Split(text, "\n") {
		switch indent := l[:len(l)-len(strings.TrimLeft(l, " \t"))]; {
		case strings.HasPrefix(strings.TrimSpace(l), "#"):
		case strings.Contains(indent, "\t"):
			return i + 1, "the line begins with a tab; allowed are spaces there"
		}
	}
	rest := err.Error()
	if after, ok := strings.CutPrefix(rest, "line "); ok {
		if n, sentence, ok := strings.Cut(after, ": "); ok {
			if _, err := fmt.Sscan(n, &line); err == nil {
				rest = sentence
			}
		}
	}
	return line, "this cannot be read as YAML, so nothing of the file was taken over: " + rest +
		"; the mistake may be in the line before. Values with signs such as # : * & in them need quotes, and lines that belong together the same indentation"
}

// person reads the keys at the left edge.
func (s *Sheet) person(root *config.Node) {
	s.each(root, "", "keys such as hostname:", func(key string, at, value *config.Node) {
		section := key
		if key == "ssh_key" {
			section = keysSection
		}
		if !slices.Contains(sections(), section) {
			s.mistake("key "+key, at.Line, "%q is not known here%s; allowed at the left edge are %s", short(key), near(key, sections()), strings.Join(sections(), ", "))
			return
		}
		if value.Kind == config.Nothing {
			return
		}
		s.at(section, at.Line)
		switch section {
		case wifiSection:
			for _, item := range listed(value) {
				s.network(item)
			}
		case feedsSection:
			for _, item := range listed(value) {
				s.feed(item)
			}
		case keysSection:
			for _, item := range listed(value) {
				s.key(item)
			}
		case agentSection:
			s.settings(value)
		default:
			if text, ok := s.text(value, section, section); ok && text != "" {
				s.word(section, value.Line, text)
			}
		}
	})
	if len(s.Wish.Networks) > 0 {
		s.checkNetworks()
	}
}

// word takes one of the sections that are one value.
func (s *Sheet) word(section string, line int, text string) {
	var err error
	switch section {
	case hostnameSection:
		s.Wish.Hostname, err = hostname(text)
	case zoneSection:
		s.Wish.Zone, err = text, config.Check("device.time_zone", text)
	case countrySection:
		s.Wish.Country = strings.ToUpper(text)
		err = network.CheckCountry(s.Wish.Country)
	case pinSection:
		s.Wish.PIN = text
		if config.Check("web.pin", text) != nil { // which tells of hashes too
			err = errors.New("what is given (not shown here) is not allowed; allowed are 4 to 64 letters, digits and signs on one line")
		}
	}
	if err != nil { // without the key that the agent's configuration has for it
		s.mistake(section, line, "%s: %s", section, strings.TrimPrefix(err.Error(), "device.time_zone: "))
	}
}

// hostname is the name of the device in the network, without ".local".
func hostname(text string) (string, error) {
	name := strings.TrimSuffix(strings.ToLower(text), ".local")
	wrong := name == "" || len(name) > 63 || name == "localhost" || name[0] == '-' || name[len(name)-1] == '-' ||
		strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != ""
	if wrong {
		return "", fmt.Errorf("%q is not allowed; allowed are 1 to 63 letters from a to z, digits and dashes, as in kitchen-calendar", short(text))
	}
	return name, nil
}

// network reads one wireless network.
func (s *Sheet) network(n *config.Node) {
	if n.Kind == config.Nothing {
		return
	}
	one := Network{Line: n.Line, Kept: true, Silent: true}
	known := []string{"ssid", "password", "hidden"}
	s.each(n, wifiSection, "ssid: and password: of each network, the first with a dash in front", func(key string, at, value *config.Node) {
		if !slices.Contains(known, key) {
			s.mistake(wifiSection, at.Line, "wifi: %q is not known%s; allowed are %s", short(key), near(key, known), strings.Join(known, ", "))
			return
		}
		if value.Kind == config.Nothing {
			one.Silent = one.Silent && key != "password"
			return
		}
		text, ok := s.text(value, wifiSection, "wifi: "+key)
		switch {
		case !ok:
		case key == "ssid":
			one.SSID = text
		case key == "password":
			one.Passphrase, one.Kept, one.Silent = text, false, false
		default:
			one.Hidden = s.toggle(wifiSection, value.Line, "wifi: hidden", text)
		}
	})
	s.add(one)
}

// add checks a network and keeps it. More than there may be are counted only.
func (s *Sheet) add(one Network) {
	for _, err := range one.Check() {
		s.mistake(wifiSection, one.Line, "wifi: %v", err)
	}
	s.Wish.Networks = append(s.Wish.Networks, one)
}

// checkNetworks looks at all of them together.
func (s *Sheet) checkNetworks() {
	if s.wrong[wifiSection] {
		return
	}
	all := network.Wifi{}
	for _, n := range s.Wish.Networks {
		all.Networks = append(all.Networks, n.Network)
	}
	for _, err := range all.Check() {
		s.mistake(wifiSection, s.lines[wifiSection], "wifi: %v", err)
	}
}

// feed reads one calendar: its keys, or its address alone.
func (s *Sheet) feed(n *config.Node) {
	one := Feed{Line: n.Line, Given: map[string]string{}}
	if n.Kind == config.Text {
		s.give(one, "url", n.Line, n.Text)
	} else {
		s.each(n, feedsSection, "name: and url: of each calendar, the first with a dash in front", func(key string, at, value *config.Node) {
			if key == "headers" {
				s.each(value, feedsSection, "headers such as X-Api-Key:", func(name string, at, value *config.Node) {
					s.giveNode(one, "headers."+name, value)
				})
				return
			}
			s.giveNode(one, key, value)
		})
	}
	if len(one.Given) > 0 {
		s.Wish.Feeds = append(s.Wish.Feeds, one)
	}
}

// giveNode takes a key of a calendar, unless nothing stands after it.
func (s *Sheet) giveNode(one Feed, key string, value *config.Node) {
	if value.Kind == config.Nothing {
		return
	}
	if text, ok := s.text(value, feedsSection, "feeds: "+short(key)); ok {
		s.give(one, key, value.Line, text)
	}
}

func (s *Sheet) give(one Feed, key string, line int, text string) {
	if err := config.CheckSource(key, text); err != nil {
		s.mistake(feedsSection, line, "feeds: %v", err)
		return
	}
	one.Given[key] = text
}

// key reads one or more public keys.
func (s *Sheet) key(n *config.Node) {
	if n.Kind == config.Nothing {
		return
	}
	text, ok := s.text(n, keysSection, keysSection)
	if !ok {
		return
	}
	s.keys(n.Line, text)
}

// keys takes the lines of a text, each a public key.
func (s *Sheet) keys(line int, text string) {
	for one := range strings.SplitSeq(text, "\n") {
		if one = strings.TrimSpace(one); one == "" {
			continue
		}
		if len(s.Wish.Keys) == maxKeys {
			s.mistake(keysSection, line, "ssh_keys: allowed are at most %d", maxKeys)
			return
		}
		kept, err := keyLine(one)
		if err != nil {
			s.mistake(keysSection, line, "ssh_keys: %v", err)
			return
		}
		s.Wish.Keys = append(s.Wish.Keys, kept)
	}
}

// ours are the agent's settings that are not set below calendarbot:, and why.
func ours() map[string]string {
	const image = "it is what the device needs it to be"
	return map[string]string{
		"device.time_zone": "write it as timezone: at the left edge", "web.pin": "write it as pin: at the left edge",
		"web.host": image, "web.port": image, "web.socket": image, "store.path": image, "features.emergency_file": image,
	}
}

// settings reads the agent's own sections.
func (s *Sheet) settings(n *config.Node) {
	s.Wish.Settings = map[string]string{}
	s.each(n, agentSection, "sections such as display:", func(section string, at, value *config.Node) {
		if section == "sources" {
			s.mistake(agentSection, at.Line, "calendarbot: sources is not set here; write calendars as feeds: at the left edge")
			return
		}
		s.each(value, agentSection, "settings, one on each line below "+short(section)+":", func(key string, at, value *config.Node) {
			full := section + "." + key
			if why, ok := ours()[full]; ok {
				s.mistake(agentSection, at.Line, "calendarbot: %s is not set here; %s", full, why)
				return
			}
			text, given, err := joined(value)
			if err == nil && given {
				err = config.Check(full, text)
			}
			switch {
			case err != nil:
				s.mistake(agentSection, at.Line, "calendarbot: %v", err)
			case given:
				s.Wish.Settings[full] = text
			}
		})
	})
}

// joined is the text of a value, of a list with commas.
func joined(n *config.Node) (text string, given bool, err error) {
	switch n.Kind {
	case config.Nothing:
		return "", false, nil
	case config.Text:
		return n.Text, true, nil
	case config.List:
		var items []string
		for _, item := range n.Items {
			if item.Kind != config.Text {
				return "", false, errors.New("a list of single values is allowed here")
			}
			items = append(items, item.Text)
		}
		return strings.Join(items, ","), true, nil
	}
	return "", false, errors.New("one value is needed here")
}

// each calls visit for every key of a map.
func (s *Sheet) each(n *config.Node, section, allowed string, visit func(key string, at, value *config.Node)) {
	front := ""
	if section != "" {
		front = section + ": "
	}
	if n.Kind == config.Nothing {
		return
	}
	if n.Kind != config.Map {
		s.mistake(section, n.Line, "%sallowed are %s (with a colon and a space after each)", front, allowed)
		return
	}
	first := map[string]int{}
	for _, pair := range n.Pairs {
		key := pair.Key
		if key.Kind != config.Text {
			s.mistake(section, key.Line, "%sa name is needed before the colon; allowed are %s", front, allowed)
			continue
		}
		if line, twice := first[key.Text]; twice {
			which := section
			if which == "" {
				which = cmp.Or(key.Text, "key")
				if which == "ssh_key" {
					which = keysSection
				}
			}
			s.mistake(which, key.Line, "%s%q is there twice; the first is in line %d", front, short(key.Text), line)
			continue
		}
		first[key.Text] = key.Line
		visit(key.Text, key, pair.Value)
	}
}

// text is the text of a single value.
func (s *Sheet) text(n *config.Node, section, what string) (string, bool) {
	if n.Kind != config.Text {
		s.mistake(section, n.Line, "%s: one value is needed here, not a list or further keys", what)
	}
	return n.Text, n.Kind == config.Text
}

// toggle reads a yes or no.
func (s *Sheet) toggle(section string, line int, what, text string) bool {
	switch strings.ToLower(text) {
	case "true", "yes", "on":
		return true
	case "false", "no", "off":
		return false
	}
	s.mistake(section, line, "%s: %q is not allowed; allowed are true and false", what, short(text))
	return false
}

// listed are the items of a list; of a single value it is the only one.
func listed(n *config.Node) []*config.Node {
	if n.Kind == config.List {
		return n.Items
	}
	return []*config.Node{n}
}

// short is a stranger's text for a sentence.
func short(text string) string {
	const most = 40
	if runes := []rune(text[:min(len(text), 4*most)]); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

// near is the end of a sentence about an unknown name.
func near(name string, known []string) string {
	if len(name) > 40 {
		return ""
	}
	for _, k := range known {
		if feature.Distance(strings.ToLower(name), k) <= max(1, len(k)/3) {
			return " (did you mean " + k + "?)"
		}
	}
	return ""
}
