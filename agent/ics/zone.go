package ics

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// answer is the zone of a TZID, and how sure it is.
type answer struct {
	loc *time.Location
	how certainty
}

type certainty uint8

const (
	known   certainty = iota
	offset            // only its offset from UTC is known, not when clocks change
	beyond            // defined after mostComputed others: its standard offset
	guessed           // nobody knows this name: the feed's zone, or the device's
)

// Bounds against feeds that name or define zones without end.
const (
	mostZoneNames = 1000
	mostComputed  = 100
)

// zone returns the zone that a TZID means: an IANA or a Windows name in one of the spellings that
// real files use, else as the feed defines it, else by its offset, else the zone of floating times. Case does
// not matter (RFC 5545 section 2).
func (in *Interpreter) zone(name string) (*time.Location, certainty) {
	in.mu.RLock()
	a, ok := in.answers[name]
	in.mu.RUnlock()
	if ok {
		return a.loc, a.how
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.answers) >= mostZoneNames {
		return in.floatingLocked(), guessed
	}
	a = in.find(plainZone(name))
	in.answers[strings.Clone(name)] = a
	return a.loc, a.how
}

// floating returns the zone of times that name none.
func (in *Interpreter) floating() *time.Location {
	in.mu.RLock()
	loc := in.local
	in.mu.RUnlock()
	if loc != nil {
		return loc
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.floatingLocked()
}

func (in *Interpreter) floatingLocked() *time.Location {
	if in.local == nil {
		in.local = in.device
		if in.feed != "" {
			if a := in.certain(plainZone(in.feed)); a.loc != nil {
				in.local = a.loc
			}
		}
	}
	return in.local
}

func (in *Interpreter) find(name string) answer {
	if a := in.certain(name); a.loc != nil {
		return a
	}
	return answer{in.floatingLocked(), guessed}
}

// certain is find without the last resort: its location may be nil.
func (in *Interpreter) certain(name string) answer {
	if name == "" {
		return answer{}
	}
	if loc := named(name); loc != nil {
		return answer{loc, known}
	}
	if d := in.defined[strings.ToLower(name)]; d != nil {
		if a := d.answer(); a.loc != nil {
			return a
		}
	}
	if loc := byOffset(name); loc != nil {
		return answer{loc, offset}
	}
	return answer{}
}

// plainZone undoes what is done to a TZID on the way: escapes of TEXT (in a VTIMEZONE), quotes (as a
// parameter), blanks around it.
func plainZone(name string) string {
	return strings.TrimSpace(strings.Trim(strings.TrimSpace(oneLine(name)), `"`))
}

// named returns the zone of an IANA or Windows name, also with a number behind it ("GMT Standard Time 1"), or with a
// path in front ("/freeassociation.sourceforge.net/Europe/Berlin"), else nil.
func named(name string) *time.Location {
	if loc := exactly(name); loc != nil {
		return loc
	}
	if bare := strings.TrimRight(name, "0123456789"); len(bare) < len(name) && strings.HasSuffix(bare, " ") {
		if loc := exactly(strings.TrimSpace(bare)); loc != nil {
			return loc
		}
	}
	if parts := strings.Split(name, "/"); parts[0] == "" || len(parts) > 3 {
		for n := min(3, len(parts)-1); n > 0; n-- {
			if loc := exactly(strings.Join(parts[len(parts)-n:], "/")); loc != nil {
				return loc
			}
		}
	}
	return nil
}

func exactly(name string) *time.Location {
	lower := strings.ToLower(name)
	switch lower {
	case "z", "utc", "etc/utc", "tzone://microsoft/utc":
		return time.UTC
	}
	if iana, ok := windowsZones[lower]; ok {
		name = iana
	} else if iana, ok := properCase(lower); ok {
		name = iana
	}
	return iana(name)
}

// properCase returns the IANA name that has the lower case.
func properCase(lower string) (name string, found bool) {
	i, found := slices.BinarySearchFunc(ianaZones[:], lower, func(name, lower string) int { return cmp.Compare(strings.ToLower(name), lower) })
	if !found {
		return "", false
	}
	return ianaZones[i], true
}

// iana loads a zone of the time zone database. Names under which a system keeps its own zone, or zones that count leap
// seconds, are not zones of a feed.
func iana(name string) *time.Location {
	switch name {
	case "Local", "localtime", "posixrules", "Factory":
		return nil
	}
	if len(name) > 64 || name == "" || name[0] < 'A' || name[0] > 'Z' {
		return nil
	}
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c != '/' && c != '_' && c != '-' && c != '+' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return nil
		}
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	return loc
}

// byOffset returns the fixed zone that a display name such as "(UTC+01:00) Amsterdam, Berlin" begins with, else nil.
func byOffset(name string) *time.Location {
	text := strings.TrimPrefix(name, "(")
	if len(text) < 3 || !strings.EqualFold(text[:3], "UTC") && !strings.EqualFold(text[:3], "GMT") {
		return nil
	}
	text = strings.ReplaceAll(text[3:], "\u2212", "-")
	n := 0
	for n < len(text) && (text[n] == '+' || text[n] == '-' || text[n] == ':' || '0' <= text[n] && text[n] <= '9') {
		n++
	}
	if n == 0 {
		if name[0] == '(' && strings.HasPrefix(text, ")") {
			return time.UTC
		}
		return nil
	}
	seconds, ok := readOffset(text[:n])
	if !ok || text[0] != '+' && text[0] != '-' {
		return nil
	}
	return fixed(seconds)
}

// fixed is the zone whose clocks always show the same offset, in seconds east of UTC.
func fixed(seconds int) *time.Location {
	sign := "+"
	if seconds < 0 {
		sign = "-"
	}
	return time.FixedZone("UTC"+sign+clock(seconds), seconds)
}

// clock shows seconds east or west as hours and minutes.
func clock(seconds int) string {
	if seconds < 0 {
		seconds = -seconds
	}
	return time.Unix(int64(seconds), 0).UTC().Format("15:04")
}
