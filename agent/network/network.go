// Package network is how the device comes into the network of its house: the wireless networks that it knows, its own access point
// while there is none, and what is decided between them.
package network

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// Wifi is what the device needs to join wireless networks.
type Wifi struct {
	Country  string    // ISO 3166-1 alpha-2, upper case; "" for the channels and powers that are allowed everywhere
	Networks []Network // the one that is to be joined first stands first
}

// Network is a wireless network.
type Network struct {
	SSID       string `json:"ssid"`                 // its name, 1-32 bytes
	Passphrase string `json:"passphrase,omitempty"` // 8-63 printable ASCII characters, or 64 hex digits (the PSK); "" for an open one
	Hidden     bool   `json:"hidden,omitempty"`     // it does not tell its name
}

const (
	maxSSID     = 32 // bytes
	maxNetworks = 16
	pskDigits   = 64
)

// Check returns a sentence for each thing that is wrong.
func (w Wifi) Check() (wrong []error) {
	if err := CheckCountry(w.Country); err != nil {
		wrong = append(wrong, err)
	}
	if len(w.Networks) > maxNetworks {
		wrong = append(wrong, fmt.Errorf("there are %d wireless networks; the device remembers %d at most", len(w.Networks), maxNetworks))
	}
	seen := map[string]bool{}
	for i, n := range w.Networks {
		for _, err := range n.Check() {
			wrong = append(wrong, fmt.Errorf("wireless network %d: %w", i+1, err))
		}
		if seen[n.SSID] && n.SSID != "" {
			wrong = append(wrong, fmt.Errorf("wireless network %d: there is another one with the name %s; each name is allowed once", i+1, Shown(n.SSID)))
		}
		seen[n.SSID] = true
	}
	return wrong
}

// Check returns a sentence for each thing that is wrong. The passphrase is in none of them.
func (n Network) Check() (wrong []error) {
	for _, err := range []error{CheckName(n.SSID), CheckPassphrase(n.Passphrase)} {
		if err != nil {
			wrong = append(wrong, err)
		}
	}
	return wrong
}

// CheckName says what is wrong with the name of a network.
func CheckName(ssid string) error {
	switch {
	case ssid == "":
		return fmt.Errorf("its name is missing; allowed are 1 to %d bytes", maxSSID)
	case len(ssid) > maxSSID:
		return fmt.Errorf("its name is %d bytes long; allowed are 1 to %d (a letter with an accent counts as two)", len(ssid), maxSSID)
	}
	return nil
}

// CheckPassphrase says what is wrong with the passphrase of a network; "", for an open one, is right.
func CheckPassphrase(text string) error {
	const allowed = "allowed are 8 to 63 letters, digits, spaces and signs of the English keyboard, or 64 hex digits"
	switch {
	case text == "", isPSK(text):
		return nil
	case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }):
		return fmt.Errorf("its password has a character that no wireless network takes; %s", allowed)
	case len(text) < 8:
		return fmt.Errorf("its password has %d characters, which is too short; %s", len(text), allowed)
	case len(text) >= pskDigits:
		return fmt.Errorf("its password has %d characters, which is too long; %s", len(text), allowed)
	}
	return nil
}

// isPSK tells whether a passphrase is the key itself, as routers and tools write it.
func isPSK(text string) bool {
	_, err := hex.DecodeString(text)
	return len(text) == pskDigits && err == nil
}

// Shown is the name of a network for a person: what cannot be printed is escaped, and it stands in quotes.
func Shown(ssid string) string {
	if !utf8.ValidString(ssid) {
		return fmt.Sprintf("%+q", ssid)
	}
	return fmt.Sprintf("%q", ssid)
}

// under is where a file of the device is, under root; "" is the device itself.
func under(root, name string) string { return filepath.Join(cmp.Or(root, "/"), name) }
