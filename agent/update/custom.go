package update

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"calendarbot/agent/slot"
)

// Custom is what a repository says of a target beyond its name, length and hash.
type Custom struct {
	Kind          slot.Kind `json:"kind"` // agent or system
	Version       string    `json:"version"`
	Channel       string    `json:"channel"`
	Percent       int       `json:"percent"`                  // 0-100: of all devices
	Notes         string    `json:"notes,omitempty"`          // plain text, at most MostNotes bytes
	Published     time.Time `json:"published,omitzero"`       // RFC 3339
	MinAgent      string    `json:"min_agent,omitempty"`      // what has to run for it to be taken
	MinSystem     string    `json:"min_system,omitempty"`     // the same
	ConfigFormats []int     `json:"config_formats,omitempty"` // formats of configurations that it can read; none: all
	Content       Content   `json:"content,omitzero"`         // of the unpacked program
	From          From      `json:"from,omitzero"`            // of a patch alone: what it is a patch against
}

// Content is a file as it is when it is unpacked.
type Content struct {
	SHA256 string `json:"sha256"` // hex
	Size   int64  `json:"size"`   // bytes
}

// From is the program that a patch makes a newer one of.
type From struct {
	SHA256  string `json:"sha256"` // hex
	Version string `json:"version"`
}

// Offer is a target of a repository that was verified.
type Offer struct {
	Name   string // in the repository, such as agent/calendarbot-1.2.3-arm64.zst
	Length int64  // bytes
	SHA256 string // hex, of the target itself
	Custom
}

// Patch tells whether the target is a patch and no whole release.
func (o Offer) Patch() bool { return o.From.SHA256 != "" }

// WithdrawnName is the target that lists withdrawals.
const WithdrawnName = "withdrawn.json"

// Bounds of what a repository may say.
const (
	MostContent   = 256 << 20 // bytes of an unpacked program
	mostWord      = 128       // bytes of a version or channel
	mostFormats   = 64
	mostWithdrawn = 1000
)

// ParseOffer reads what a repository says of a target. The name is to be in the folder of its kind. The error is a sentence.
func ParseOffer(name string, length int64, sum string, custom []byte) (Offer, error) {
	o := Offer{Name: name, Length: length, SHA256: sum}
	if err := json.Unmarshal(custom, &o.Custom); err != nil {
		return Offer{}, fmt.Errorf("what the repository says of %q cannot be read: %w", name, err)
	}
	if err := o.check(); err != nil {
		return Offer{}, fmt.Errorf("what the repository says of %q is wrong: %w", name, err)
	}
	return o, nil
}

func (o Offer) check() error {
	c := o.Custom
	switch {
	case c.Kind != slot.Agent && c.Kind != slot.System:
		return fmt.Errorf("kind is %q; allowed are agent and system", c.Kind)
	case path.Dir(o.Name) != string(c.Kind):
		return fmt.Errorf("it is not in the folder %s", c.Kind)
	case len(c.Version) > mostWord || !IsVersion(c.Version):
		return fmt.Errorf("version %.60q is none", c.Version)
	case !strings.Contains(path.Base(o.Name), "-"+c.Version):
		return fmt.Errorf("its name does not have the version %s", c.Version)
	case c.Channel == "" || len(c.Channel) > mostWord:
		return errors.New("it is for no channel")
	case c.Percent < 0 || c.Percent > 100:
		return fmt.Errorf("percent is %d; allowed is 0 to 100", c.Percent)
	case len(c.Notes) > MostNotes || !utf8.ValidString(c.Notes):
		return fmt.Errorf("the notes are longer than %d bytes, or no text", MostNotes)
	case c.MinAgent != "" && !IsVersion(c.MinAgent), c.MinSystem != "" && !IsVersion(c.MinSystem):
		return errors.New("min_agent or min_system is no version")
	case len(c.ConfigFormats) > mostFormats:
		return fmt.Errorf("it lists more than %d formats of configurations", mostFormats)
	case c.Kind == slot.Agent && (!digest(c.Content.SHA256) || c.Content.Size <= 0 || c.Content.Size > MostContent):
		return fmt.Errorf("content is to have a SHA-256 and a size of 1 to %d bytes", MostContent)
	case o.Patch() && (!digest(c.From.SHA256) || c.Kind != slot.Agent):
		return errors.New("from is to be the SHA-256 of a program")
	}
	return nil
}

// ParseWithdrawn reads WithdrawnName.
func ParseWithdrawn(text []byte) ([]Withdrawal, error) {
	var list []Withdrawal
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("the list of withdrawn releases cannot be read: %w", err)
	}
	if len(list) > mostWithdrawn {
		return nil, fmt.Errorf("the list of withdrawn releases has more than %d entries", mostWithdrawn)
	}
	for i, w := range list {
		if (w.Kind != slot.Agent && w.Kind != slot.System) || !IsVersion(w.Version) {
			return nil, fmt.Errorf("entry %d of the list of withdrawn releases names no release", i+1)
		}
		if runes := []rune(strings.ToValidUTF8(w.Why, "�")); len(runes) > 400 {
			list[i].Why = string(runes[:400]) + "…"
		}
	}
	return list, nil
}

// IsVersion tells whether a text is a version: one is not newer than itself, but newer than what is none.
func IsVersion(version string) bool { return slot.Newer(version, "") }

// digest tells whether a text is a SHA-256 in lower-case hex.
func digest(text string) bool {
	return len(text) == 64 && strings.Trim(text, "0123456789abcdef") == ""
}
