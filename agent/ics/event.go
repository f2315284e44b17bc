package ics

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"calendarbot/agent/calendar"
)

// How many RRULEs of one event are read, how many of its zones are counted, how many warnings about it are kept.
const (
	mostRules    = 10
	mostZones    = 8
	mostWarnings = 5
)

var errNoStart = errors.New("it has no start")

// reading is the interpretation of one component: what it found on the way.
type reading struct {
	in       *Interpreter
	warnings []string // sentences about what was wrong and what was done
	zones    []string // the TZIDs that decided a time
	lists    []property
}

// property is one line of a canonical text.
type property struct {
	kind          kind
	params, value string
}

// cut takes the first line from a canonical text.
func cut(text string) (p property, rest string) {
	line, rest, _ := strings.Cut(text, "\n")
	stop := 0
	for stop < len(line) && line[stop] != ':' && line[stop] != ';' {
		stop++
	}
	if stop == len(line) || stop > longestName {
		return p, rest
	}
	var name [longestName]byte
	p.kind = kindNamed(name[:copy(name[:], line[:stop])])
	colon := stop
	for colon < len(line) && line[colon] == ';' {
		open := strings.Index(line[colon:], `="`)
		if open < 0 {
			return property{}, rest
		}
		colon += open + 2
		shut := strings.IndexByte(line[colon:], '"')
		if shut < 0 {
			return property{}, rest
		}
		colon += shut + 1
	}
	if colon == len(line) || line[colon] != ':' {
		return property{}, rest
	}
	p.params, p.value = line[stop:colon], line[colon+1:]
	return p, rest
}

// param returns the value of a parameter of a canonical line.
func (p property) param(name string) (value string, found bool) {
	for rest := p.params; rest != ""; {
		key, after, _ := strings.Cut(rest[1:], `="`)
		value, rest, _ = strings.Cut(after, `"`)
		if key == name {
			return value, true
		}
	}
	return "", false
}

// event reads a canonical text into e.
func (r *reading) event(text string, e *calendar.Event) error {
	var start, end, length, slot property
	var look shown
	r.lists = r.lists[:0]
	for text != "" {
		var p property
		p, text = cut(text)
		switch p.kind {
		case dtstart:
			start = p
		case dtend:
			end = p
		case duration:
			length = p
		case recurrenceID:
			slot = p
		case rrule, exrule, rdate, exdate:
			r.lists = append(r.lists, p)
		case uid:
			e.UID = p.value
		case sequence:
			e.Sequence, _ = strconv.Atoi(p.value) // no number means 0
		case summary:
			e.Summary = oneLine(p.value)
		case description:
			e.Description = unescape(p.value)
		case location:
			e.Location = oneLine(p.value)
		case link:
			e.URL = p.value
		case conference:
			e.Conference = unescape(p.value)
		case organizer:
			e.Organizer = person(p)
		case attendee:
			e.Attendees = append(e.Attendees, person(p))
		case categories:
			e.Categories = appendCategories(e.Categories, p.value)
		case class:
			e.Private = strings.EqualFold(p.value, "PRIVATE") || strings.EqualFold(p.value, "CONFIDENTIAL")
		case status:
			look.status = p.value
		case transp:
			look.transp = p.value
		case busyStatus:
			look.busy = p.value
		case outlookDeleted:
			look.deleted = p.value
		}
	}
	if e.Summary == "" {
		e.Summary = "Busy"
	}
	if err := r.place(e, start, end, length, slot); err != nil {
		return err
	}
	e.Status = look.decide(e.Summary, e.Start.Date)
	return nil
}

// place reads what puts the event in time.
func (r *reading) place(e *calendar.Event, start, end, length, slot property) error {
	if start.kind == unused {
		start = slot // a cancelled instance may say no more
	}
	if start.kind == unused {
		return errNoStart
	}
	from, ok := start.moment()
	if !ok {
		return fmt.Errorf("its start %s is not a date or time", quote(start.value))
	}
	to, ended := moment{}, end.kind != unused
	if ended {
		if to, ok = end.moment(); !ok {
			ended = false
			r.warn("Its end %s is not a date or time; it is shown without.", quote(end.value))
		}
	}
	if ended && !from.date && !to.date {
		from, to = pair(from, to)
	}
	e.Start = r.resolve(from, nil)
	if ended {
		r.end(e, to)
	} else if length.kind != unused {
		r.length(e, length.value)
	}
	if slot.kind != unused {
		m, ok := slot.moment()
		if !ok {
			return fmt.Errorf("the instance that it changes, %s, is not a date or time", quote(slot.value))
		}
		id := r.resolve(m, &e.Start)
		e.RecurrenceID = &id
		scope, _ := slot.param("RANGE")
		e.Future = strings.EqualFold(scope, "THISANDFUTURE")
		if !e.Future && scope != "" {
			r.warn("Its RANGE %s is not THISANDFUTURE; it changes one instance.", quote(scope))
		}
	}
	if e.Future && len(r.lists) > 0 {
		r.warn("It changes later instances and has recurrence properties of its own (%s); they are ignored.", canonical[r.lists[0].kind])
	}
	for _, p := range r.lists {
		r.list(e, p)
	}
	return nil
}

// pair gives the one without a zone the zone of the other.
func pair(from, to moment) (moment, moment) {
	switch {
	case !to.tzid && !to.utc:
		to = to.like(from)
	case !from.tzid && !from.utc:
		from = from.like(to)
	}
	return from, to
}

// like is the same reading of a clock, in the zone of the other.
func (m moment) like(other moment) moment {
	wall := m.wall
	m = other
	m.wall = wall - calendar.Wall(other.east)
	return m
}

// end sets DTEND, in the form (date or time) of the start. An end before the start is left out.
func (r *reading) end(e *calendar.Event, to moment) {
	if e.Start.Date && !to.date {
		if day := to.wall.Midnight(); day < to.wall {
			to.wall = day + calendar.Day
		}
		to.date = true
	}
	m := r.resolve(to, nil)
	if !e.Start.Date && to.date {
		m = calendar.Moment{Wall: to.wall, Loc: e.Start.Loc}
	}
	switch {
	case m.Loc == e.Start.Loc && m.Wall >= e.Start.Wall:
	case e.Start.Date, m.Wall.In(m.Loc).Before(e.Start.Wall.In(e.Start.Loc)): // the reading alone may deceive in a gap
		r.warn("Its end is before its start; it is shown at its start.")
		return
	}
	e.End = &m
}

// length sets DURATION.
func (r *reading) length(e *calendar.Event, text string) {
	l, negative, ok := readLength(text)
	switch {
	case !ok:
		r.warn("Its length %s cannot be read; it is shown at its start.", quote(text))
		return
	case negative && (l.Days > 0 || l.Seconds > 0):
		r.warn("Its length %s is negative; it is shown at its start.", quote(text))
		return
	}
	if e.Start.Date {
		l = calendar.Length{Days: l.Days + int((l.Seconds+86399)/86400)}
		if l.Days == 0 {
			return
		}
	}
	e.Length = &l
}

// list reads RRULE, RDATE and EXDATE; what cannot be read is left out.
func (r *reading) list(e *calendar.Event, p property) {
	switch p.kind {
	case rrule:
		if len(e.Rules) == mostRules {
			r.warn("It has more than %d recurrence rules; the others are left out.", mostRules)
			return
		}
		rule, warnings, err := calendar.ParseRule(p.value, e.Start)
		if err != nil {
			r.warn("Its recurrence rule %s cannot be read (%v); it is shown without.", quote(p.value), err)
			return
		}
		e.Rules = append(e.Rules, rule)
		r.warnings = append(r.warnings, warnings...)
	case exrule:
		r.warn("EXRULE is no longer part of iCalendar; what it takes out is still shown.")
	case exdate:
		for _, value := range strings.Split(p.value, ",") {
			one := p
			one.value = strings.TrimSpace(value)
			m, ok := one.moment()
			if ok {
				e.Except = append(e.Except, r.resolve(m, &e.Start))
			} else if one.value != "" {
				r.warn("The excepted date %s cannot be read; it is ignored.", quote(one.value))
			}
		}
	case rdate:
		for _, value := range strings.Split(p.value, ",") {
			one := p
			one.value = strings.TrimSpace(value)
			period, ok := r.period(one, e)
			if ok {
				e.Dates = append(e.Dates, period)
			} else if one.value != "" {
				r.warn("The additional date %s cannot be read; it is ignored.", quote(one.value))
			}
		}
	}
}

// period reads one RDATE; a PERIOD is told by its slash.
func (r *reading) period(p property, e *calendar.Event) (calendar.Period, bool) {
	first, second, isPeriod := strings.Cut(p.value, "/")
	p.value = first
	m, ok := p.moment()
	if !ok {
		return calendar.Period{}, false
	}
	out := calendar.Period{Start: r.resolve(m, &e.Start)}
	if !isPeriod || m.date {
		return out, true
	}
	if l, negative, ok := readLength(second); ok && !negative {
		out.Length = &l
		return out, true
	}
	p.value = second
	if m, ok = p.moment(); !ok || m.date {
		return out, false
	}
	to := r.resolve(m, &out.Start)
	out.End = &to
	return out, true
}

// moment reads the value of a property with its TZID.
func (p property) moment() (moment, bool) {
	m, ok := readMoment(p.value)
	if ok && p.params != "" && !m.date {
		m.zone, m.tzid = p.param("TZID")
	}
	return m, ok
}

// resolve finds the zone. One without is in the zone of like, or where that is nil or a date, in that of
// floating times. TZID wins over Z, unless nobody knows that zone; a time with an offset is shown on its clocks.
func (r *reading) resolve(m moment, like *calendar.Moment) calendar.Moment {
	switch {
	case m.date:
		return calendar.Moment{Wall: m.wall, Date: true}
	case m.tzid:
		loc, how := r.in.zone(m.zone)
		if m.utc && how != known {
			loc = time.UTC
		} else if len(r.zones) < mostZones && !slices.Contains(r.zones, m.zone) {
			r.zones = append(r.zones, m.zone)
		}
		if m.exact && how == known {
			m.wall = calendar.WallIn(m.wall.UTC(), loc)
		}
		return calendar.Moment{Wall: m.wall, Loc: loc}
	case m.utc:
		return calendar.Moment{Wall: m.wall, Loc: time.UTC}
	case like != nil && like.Loc != nil:
		return calendar.Moment{Wall: m.wall, Loc: like.Loc, Floating: true}
	}
	return calendar.Moment{Wall: m.wall, Loc: r.in.floating(), Floating: true}
}

func (r *reading) warn(format string, args ...any) {
	if len(r.warnings) < mostWarnings {
		r.warnings = append(r.warnings, fmt.Sprintf(format, args...))
	}
}

// quote shows a value from a feed in a sentence, shortened.
func quote(s string) string {
	if len(s) > 60 {
		s = strings.ToValidUTF8(s[:60], "") + "..."
	}
	return strconv.Quote(s)
}

func person(p property) calendar.Person {
	name, _ := p.param("CN")
	reply, _ := p.param("PARTSTAT")
	address := p.value
	if len(address) >= 7 && strings.EqualFold(address[:7], "mailto:") {
		address = address[7:]
	}
	return calendar.Person{Name: oneLine(name), Address: oneLine(address), Status: strings.ToUpper(reply)}
}

// appendCategories splits a list at the commas that are not escaped.
func appendCategories(list []string, value string) []string {
	for from, i := 0, 0; i <= len(value) && len(list) < mostCategories; i++ {
		if i < len(value) && value[i] == '\\' {
			i++
			continue
		}
		if i == len(value) || value[i] == ',' {
			if one := oneLine(value[from:i]); one != "" {
				list = append(list, one)
			}
			from = i + 1
		}
	}
	return list
}
