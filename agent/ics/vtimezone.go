package ics

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"calendarbot/agent/calendar"
)

// observance is a STANDARD or DAYLIGHT part of a VTIMEZONE.
type observance struct {
	name     string
	daylight bool
	from, to int // seconds east of UTC before and after each of its onsets
	hasFrom  bool
	start    moment
	placed   bool // start was given
	lists    []property
}

// change is an onset of an observance: from then on clocks show another offset.
type change struct {
	at int64 // Unix seconds
	to *observance
}

// Bounds of a computed zone.
const (
	mostObservances = 50
	mostChanges     = 3000
)

// zoneSpan is when the changes of a computed zone are worked out one by one. Before it the first offset holds; how the
// zone goes on after it, see footer.
func zoneSpan() calendar.Span {
	return calendar.Span{
		Start: time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC),
		End:   time.Date(2101, 1, 1, 0, 0, 0, 0, time.UTC),
	}
}

// definition is a VTIMEZONE, worked out when it is first asked for.
type definition struct {
	name, text string
	beyond     bool // there are mostComputed others before it
	done       bool
	found      answer
}

// answer returns the zone that the VTIMEZONE describes (RFC 5545 section 3.6.5): the one that its X-LIC-LOCATION
// names, else one computed from its rules; without a location when it says nothing that can be used.
func (d *definition) answer() answer {
	if !d.done {
		d.found, d.done = d.workOut(), true
	}
	return d.found
}

func (d *definition) workOut() answer {
	parts, lic := readZone(d.text)
	if lic != "" {
		if loc := named(lic); loc != nil {
			return answer{loc, known}
		}
	}
	switch {
	case len(parts) == 0:
		return answer{}
	case d.beyond:
		return answer{fixed(standard(parts)), beyond}
	}
	return answer{computed(d.name, parts), known}
}

// standard is the offset of the standard time that began last, or of the first observance.
func standard(parts []observance) int {
	last := parts[0]
	for _, p := range parts[1:] {
		if !p.daylight && (last.daylight || p.start.wall > last.start.wall) {
			last = p
		}
	}
	return last.to
}

// computed returns the zone of the observances, nil when they change too often.
func computed(name string, parts []observance) *time.Location {
	var changes []change
	for i := range parts {
		changes = append(changes, parts[i].onsets()...)
		if len(changes) > mostChanges {
			return nil
		}
	}
	slices.SortStableFunc(changes, func(a, b change) int { return cmp.Compare(a.at, b.at) })
	first := firstOffset(parts, changes)
	loc, err := time.LoadLocationFromTZData(name, tzif(first, changes))
	if err != nil {
		return nil
	}
	return loc
}

// firstOffset is what holds before the first change in the span: the offset which that change leaves, or without
// any change where the observance that began last leads.
func firstOffset(parts []observance, changes []change) observance {
	if len(changes) > 0 {
		next := changes[0].to
		for i := range parts {
			if parts[i].to == next.from {
				return observance{name: parts[i].name, daylight: parts[i].daylight, to: next.from}
			}
		}
		return observance{to: next.from}
	}
	last := parts[0]
	for _, p := range parts[1:] {
		if p.placed && (!last.placed || p.start.wall > last.start.wall) {
			last = p
		}
	}
	return last
}

// readZone reads the observances that have an offset, and X-LIC-LOCATION.
func readZone(text string) (parts []observance, lic string) {
	var o *observance
	hasTo := false
	for text != "" {
		var p property
		p, text = cut(text)
		switch {
		case p.kind == licLocation:
			lic = plainZone(p.value)
		case p.kind == begin:
			o, hasTo = &observance{daylight: p.value == "DAYLIGHT"}, false
		case o == nil:
		case p.kind == end:
			if hasTo && len(parts) < mostObservances {
				parts = append(parts, *o)
			}
			o = nil
		case p.kind == dtstart:
			o.start, o.placed = p.moment()
		case p.kind == tzOffsetFrom:
			o.from, o.hasFrom = readOffset(p.value)
		case p.kind == tzOffsetTo:
			o.to, hasTo = readOffset(p.value)
		case p.kind == tzName:
			o.name = oneLine(p.value)
		case p.kind == rrule, p.kind == rdate:
			o.lists = append(o.lists, p)
		}
	}
	for i := range parts {
		if !parts[i].hasFrom {
			// Clocks came from the other observance, if there is one.
			parts[i].from = parts[(i+1)%len(parts)].to
		}
	}
	return parts, lic
}

// onsets returns when the observance begins, within the span. Its local times are read with the offset
// before the change, as RFC 5545 wants it.
func (o *observance) onsets() []change {
	if !o.placed {
		return nil
	}
	loc := time.FixedZone("", o.from)
	e := calendar.Event{UID: "zone", Start: calendar.Moment{Wall: o.start.wall, Loc: loc}}
	for _, p := range o.lists {
		if p.kind == rdate {
			for _, value := range strings.Split(p.value, ",") {
				if m, ok := readMoment(strings.TrimSpace(value)); ok {
					at := calendar.Moment{Wall: m.wall, Loc: loc}
					if m.utc {
						at.Loc = time.UTC
					}
					e.Dates = append(e.Dates, calendar.Period{Start: at})
				}
			}
			continue
		}
		if !seldom(p.value) || len(e.Rules) == mostRules {
			continue
		}
		if rule, _, err := calendar.ParseRule(p.value, e.Start); err == nil {
			e.Rules = append(e.Rules, rule)
		}
	}
	if len(e.Dates) > mostChanges {
		e.Dates = e.Dates[:mostChanges]
	}
	found, _, err := calendar.Expand(context.Background(), []calendar.Event{e}, zoneSpan(), time.UTC)
	if err != nil {
		return nil
	}
	changes := make([]change, 0, min(len(found), mostChanges))
	for _, f := range found[:min(len(found), mostChanges)] {
		changes = append(changes, change{f.Start.Unix(), o})
	}
	return changes
}

// seldom tells whether a rule recurs by the year or the month, at one time of a day, as every rule of a zone does. Others
// are left out: they could cost a feed of many zones much work.
func seldom(rule string) bool {
	rule = strings.ToUpper(rule)
	for part := range strings.SplitSeq(rule, ";") {
		name, value, _ := strings.Cut(part, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch name {
		case "FREQ":
			if value != "YEARLY" && value != "MONTHLY" {
				return false
			}
		case "BYHOUR", "BYMINUTE", "BYSECOND":
			if strings.Contains(value, ",") || strings.Count(rule, name) > 1 {
				return false
			}
		case "BYSETPOS":
			return false
		}
	}
	return true
}
