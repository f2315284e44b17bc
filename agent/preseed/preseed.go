// Package preseed takes over what a person wrote on the card for the first boot: calendarbot.yaml, and what Raspberry Pi Imager leaves
// (rpi-preseed.toml, custom.toml). Parse reads one such file; Boot carries a whole boot out: read, check, take over into both
// configuration slots, say what is wrong in words beside the file, and blank the secrets on the card.
//
// A file is made of sections (hostname, timezone, country, wifi, feeds, pin, ssh_keys, calendarbot). A section with a mistake in
// it is left out as a whole; all others count. What is not said, or blank, never takes away what the device has.
package preseed

import (
	"fmt"
	"maps"
	"slices"

	"calendarbot/agent/network"
)

// The sections of a file.
const (
	hostnameSection = "hostname"
	zoneSection     = "timezone"
	countrySection  = "country"
	wifiSection     = "wifi"
	feedsSection    = "feeds"
	pinSection      = "pin"
	keysSection     = "ssh_keys"
	agentSection    = "calendarbot"
)

// sections lists them in the order of the example.
func sections() []string {
	return []string{hostnameSection, zoneSection, countrySection, wifiSection, feedsSection, pinSection, keysSection, agentSection}
}

// Mistake is one thing that is wrong in a file, for the person who wrote it. No secret is in it.
type Mistake struct {
	File string `json:"file"`
	Line int    `json:"line,omitempty"` // 0: of the file as a whole
	Text string `json:"text"`
}

// String is the sentence.
func (m Mistake) String() string {
	if m.Line == 0 {
		return m.File + ": " + m.Text
	}
	return fmt.Sprintf("%s, line %d: %s", m.File, m.Line, m.Text)
}

// Network is a wireless network as a file gives it.
type Network struct {
	network.Network
	Line   int
	Kept   bool // its password is blank or not there: the one that the device knows stays
	Silent bool // not even a blank password is there: it is an open network when the device does not know it
}

// Feed is a calendar as a file gives it: keys of a source of the agent's configuration, headers as "headers.NAME".
type Feed struct {
	Line  int
	Given map[string]string
}

// Wish is what the good sections of a file say; what is empty is not said.
type Wish struct {
	Hostname string
	Zone     string
	Country  string
	Networks []Network
	Feeds    []Feed
	PIN      string
	Keys     []string          // each a line of authorized_keys
	Settings map[string]string // of the agent: dotted key -> text
}

// Sheet is a file, read.
type Sheet struct {
	File     string
	Wish     Wish
	Mistakes []Mistake
	Notes    []string // what is no mistake, and not used either

	lines map[string]int // section -> line
	wrong map[string]bool
}

// maxMistakes is how many sentences are told of one file.
const maxMistakes = 20

// mistake notes a sentence about a section; "" is the file as a whole, of which nothing counts then.
func (s *Sheet) mistake(section string, line int, format string, args ...any) {
	if s.wrong == nil {
		s.wrong = map[string]bool{}
	}
	s.wrong[section] = true
	switch {
	case len(s.Mistakes) < maxMistakes:
		s.Mistakes = append(s.Mistakes, Mistake{s.File, line, fmt.Sprintf(format, args...)})
	case len(s.Mistakes) == maxMistakes:
		s.Mistakes = append(s.Mistakes, Mistake{s.File, 0, fmt.Sprintf("there are more mistakes than these %d", maxMistakes)})
	}
}

func (s *Sheet) note(format string, args ...any) {
	if len(s.Notes) < maxMistakes {
		s.Notes = append(s.Notes, s.File+": "+fmt.Sprintf(format, args...))
	}
}

// at keeps the line of a section, the first when it is made of several keys.
func (s *Sheet) at(section string, line int) {
	if s.lines == nil {
		s.lines = map[string]int{}
	}
	if _, ok := s.lines[section]; !ok {
		s.lines[section] = line
	}
}

// Good lists the sections that say something and have no mistake, in the order of the alphabet.
func (s *Sheet) Good() []string {
	w := s.Wish
	says := map[string]bool{
		hostnameSection: w.Hostname != "", zoneSection: w.Zone != "", countrySection: w.Country != "", wifiSection: len(w.Networks) > 0,
		feedsSection: len(w.Feeds) > 0, pinSection: w.PIN != "", keysSection: len(w.Keys) > 0, agentSection: len(w.Settings) > 0,
	}
	var good []string
	for _, section := range slices.Sorted(maps.Keys(says)) {
		if says[section] && !s.wrong[section] && !s.wrong[""] {
			good = append(good, section)
		}
	}
	return good
}

// settle takes the sections with a mistake out of the wish.
func (s *Sheet) settle() {
	if s.wrong[""] {
		s.Wish = Wish{}
	}
	for section := range s.wrong {
		switch section {
		case hostnameSection:
			s.Wish.Hostname = ""
		case zoneSection:
			s.Wish.Zone = ""
		case countrySection:
			s.Wish.Country = ""
		case wifiSection:
			s.Wish.Networks = nil
		case feedsSection:
			s.Wish.Feeds = nil
		case pinSection:
			s.Wish.PIN = ""
		case keysSection:
			s.Wish.Keys = nil
		case agentSection:
			s.Wish.Settings = nil
		}
	}
}
