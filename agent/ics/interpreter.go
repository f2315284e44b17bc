package ics

import (
	"strings"
	"sync"
	"time"

	"calendarbot/agent/calendar"
)

// Interpreter turns component texts into events, with the zones of one feed. It may be used by several
// goroutines at once.
type Interpreter struct {
	device *time.Location

	mu      sync.RWMutex
	feed    string                 // X-WR-TIMEZONE
	defined map[string]*definition // VTIMEZONEs by the plain form of their TZID, in lower case
	own     int                    // how many of them have a name that only the feed knows
	answers map[string]answer      // by TZID as given
	local   *time.Location         // of floating times; nil until asked for
}

// NewInterpreter reads the preamble of a Report. device is the zone of floating times and
// of unknown zones when the feed names none itself; nil means UTC. Zones are worked out when the
// first event asks for them.
func NewInterpreter(preamble []byte, device *time.Location) *Interpreter {
	if device == nil {
		device = time.UTC
	}
	in := &Interpreter{device: device, defined: map[string]*definition{}, answers: map[string]answer{}}
	for text := string(preamble); text != ""; {
		if rest, ok := strings.CutPrefix(text, "BEGIN:VTIMEZONE\n"); ok {
			var zone string
			zone, text, _ = strings.Cut(rest, "END:VTIMEZONE\n")
			in.define(zone)
			continue
		}
		var p property
		p, text = cut(text)
		if p.kind == calendarZone {
			in.inZone(p.value)
		}
	}
	return in
}

// inZone sets the zone that the feed says it is in; the first word counts.
func (in *Interpreter) inZone(name string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.feed == "" {
		in.feed = name
		in.forget()
	}
}

// forget drops the answers that a new word from the feed may change.
func (in *Interpreter) forget() {
	in.local = nil
	for name, a := range in.answers {
		if a.how != known {
			delete(in.answers, name)
		}
	}
}

// define takes the canonical text between BEGIN:VTIMEZONE and END:VTIMEZONE. Of two with the same TZID the
// first counts; so added is false for one that changes nothing, and clash is its name when the two
// differ and times are read by them.
func (in *Interpreter) define(text string) (added bool, clash string) {
	name := ""
	for rest := text; rest != "" && name == ""; {
		var p property
		if p, rest = cut(rest); p.kind == tzid {
			name = plainZone(p.value)
		}
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	lower := strings.ToLower(name)
	if earlier, ok := in.defined[lower]; ok || name == "" {
		if ok && !strings.EqualFold(earlier.text, text) && named(name) == nil {
			return false, name
		}
		return false, ""
	}
	_, windows := windowsZones[lower]
	if _, iana := properCase(lower); !iana && !windows {
		in.own++
	}
	in.defined[lower] = &definition{name: name, text: text, beyond: in.own > mostComputed}
	in.forget()
	return true, ""
}

// Event interprets the text of one component. It fails only when the event has no start that can be
// read, or changes an instance that cannot be read; Decode keeps no such text.
func (in *Interpreter) Event(text []byte) (calendar.Event, error) {
	r := reading{in: in}
	var e calendar.Event
	if err := r.event(string(text), &e); err != nil {
		return calendar.Event{}, err
	}
	return e, nil
}
