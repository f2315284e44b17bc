package feature

import (
	"fmt"
	"strconv"
	"strings"
)

// Setting is what an operator says about a feature.
type Setting struct {
	Percent int    // of all devices, 0-100; 100 with ForcedOn and 0 with ForcedOff when it comes from Parse
	Forced  Forced // wins over Percent
}

// Forced says that a feature is on or off on this device whatever its percentage.
type Forced uint8

// What can be forced.
const (
	NotForced Forced = iota
	ForcedOn
	ForcedOff
)

// Parse reads "on", "off" (also true, false), the name of a step (disabled 0, canary 5, gradual 25, majority 75,
// full 100) or a percentage from 0 to 100 with or without the sign.
func Parse(text string) (Setting, error) {
	switch word := strings.ToLower(strings.TrimSpace(text)); word {
	case "on", "true":
		return Setting{Percent: 100, Forced: ForcedOn}, nil
	case "off", "false":
		return Setting{Percent: 0, Forced: ForcedOff}, nil
	case "disabled":
		return Setting{Percent: 0}, nil
	case "canary":
		return Setting{Percent: 5}, nil
	case "gradual":
		return Setting{Percent: 25}, nil
	case "majority":
		return Setting{Percent: 75}, nil
	case "full":
		return Setting{Percent: 100}, nil
	default:
		digits := strings.TrimSpace(strings.TrimSuffix(word, "%"))
		percent, err := strconv.ParseUint(digits, 10, 8)
		if err != nil || percent > 100 {
			return Setting{}, fmt.Errorf("%q is not a setting of a feature; allowed are on, off, a percentage of all devices from 0 to 100, or a step: "+
				"disabled (0), canary (5), gradual (25), majority (75), full (100)", clip(text))
		}
		return Setting{Percent: int(percent)}, nil
	}
}

// String is the canonical text: "on", "off", or a percentage such as "25%".
func (s Setting) String() string {
	switch s.Forced {
	case ForcedOn:
		return "on"
	case ForcedOff:
		return "off"
	default:
		return strconv.Itoa(s.Percent) + "%"
	}
}
