package ics

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"calendarbot/agent/calendar"
)

// where is what the decoder is in.
type where uint8

const (
	outside    where = iota
	inCalendar       // in a VCALENDAR, in no component that is read
	inEvent
	inZone
	inOther // in a component that the program has no use for
)

// decoder reads one feed.
type decoder struct {
	ctx     context.Context
	limits  Limits
	lines   *scanner
	zones   *Interpreter // grows with the VTIMEZONEs
	keep    func(Component) error
	report  Report
	unclear map[string]*zoneUse // by TZID
	clashes map[string]bool     // zones that are defined in two ways

	at       where
	open     bool   // a VCALENDAR is open
	depth    int    // components open inside the event, the zone or the other component
	alarm    bool   // the outermost of them is a VALARM
	seen     bool   // there was a VCALENDAR or a VEVENT
	before   int    // lines before that
	start    []byte // the beginning of those
	event    draft
	zoneText []byte
	zoneSize int // of zoneText, had it not been bounded
	reading  reading
	scratch  calendar.Event
	last     *zoneUse // the one found last, whose name is lastZone
	lastZone string
}

func (d *decoder) run() error {
	d.reading.in = d.zones
	for d.lines.next() {
		if err := d.take(d.lines.line); err != nil {
			return err
		}
	}
	if err := d.lines.err; err != io.EOF {
		return err
	}
	switch {
	case !d.seen:
		return d.refuse()
	case d.at == inEvent:
		return fmt.Errorf("%w: the last event, which begins in line %d, has no end", ErrTruncated, d.event.line)
	case d.open:
		return fmt.Errorf("%w: no END:VCALENDAR after line %d", ErrTruncated, d.lines.number)
	}
	d.tellZones()
	return nil
}

// take reads one logical line.
func (d *decoder) take(line []byte) error {
	if bytes.HasPrefix(line, byteOrderMark) {
		line = line[len(byteOrderMark):]
	}
	if len(line) == 0 {
		return nil
	}
	k, stop, ok := propertyOf(line)
	switch {
	case k == begin:
		return d.begin(value(line, stop))
	case k == end:
		return d.end(value(line, stop))
	case d.at == inEvent:
		if d.depth > 0 && d.alarm && k.outsideAlarm() {
			d.depth = 0 // its END is missing
		}
		if d.depth == 0 {
			d.property(k, line, stop, ok)
		}
	case d.at == inZone:
		if d.depth <= 1 && ok {
			d.zoneProperty(k, line, stop)
		}
	case d.at == inCalendar:
		if ok {
			d.calendarProperty(k, line, stop)
		}
	case d.at == outside && !d.seen:
		d.before++
		if len(d.start) < 2048 {
			d.start = append(append(d.start, line[:min(len(line), 1024)]...), '\n')
		}
	}
	return nil
}

func (d *decoder) property(k kind, line []byte, stop int, ok bool) {
	switch {
	case !ok:
		d.event.resume(line)
	case d.lines.cut && k.timed():
		d.event.broken = fmt.Sprintf("line %d is longer than %s", d.lines.first, megabytes(int64(d.limits.Line)))
	default:
		d.event.add(k, line, stop)
	}
	if d.event.size() > d.limits.Line {
		d.event.broken = "it has more text than " + megabytes(int64(d.limits.Line))
		d.event.times, d.event.rest, d.event.last = d.event.times[:0], d.event.rest[:0], unused
	}
}

var byteOrderMark = []byte("\uFEFF")

// value returns what a BEGIN or END names, in upper case, at most 32 letters of it.
func value(line []byte, stop int) string {
	v := line[stop:]
	v = bytes.TrimSpace(v[bytes.IndexByte(v, ':')+1:])
	switch string(v) { // without cost for the usual ones
	case "VEVENT":
		return "VEVENT"
	case "VALARM":
		return "VALARM"
	}
	return strings.ToUpper(string(v[:min(len(v), 32)]))
}

// outsideAlarm tells whether a property cannot stand in a VALARM.
func (k kind) outsideAlarm() bool {
	switch k {
	case dtstart, dtend, rrule, rdate, exdate, recurrenceID, organizer, status, transp, sequence, class:
		return true
	}
	return false
}

func (d *decoder) begin(name string) error {
	switch name {
	case "VCALENDAR", "VEVENT", "VTIMEZONE", "VTODO", "VJOURNAL", "VFREEBUSY":
		// These stand in nothing but a calendar; whatever is still open lacks its END.
		if d.at == inEvent {
			d.event.last = unused
			if err := d.finish("its END:VEVENT is missing"); err != nil {
				return err
			}
		}
		d.at, d.depth = inOther, 0
	}
	switch name {
	case "VCALENDAR":
		d.enter()
		d.at, d.open = inCalendar, true
	case "VEVENT":
		d.enter()
		d.at = inEvent
		d.event.reset(d.lines.first)
	case "VTIMEZONE":
		d.at = inZone
		d.zoneText, d.zoneSize = d.zoneText[:0], 0
	case "VTODO", "VJOURNAL", "VFREEBUSY":
	default:
		d.beginInside(name)
	}
	return nil
}

// enter notes that this is a calendar.
func (d *decoder) enter() {
	if !d.seen && d.before > 0 {
		d.problem(Problem{Line: 1, Text: fmt.Sprintf("The calendar begins in line %d; what stands before it is left out.", d.lines.first)})
	}
	d.seen = true
	d.start = nil
}

func (d *decoder) beginInside(name string) {
	switch d.at {
	case inCalendar:
		d.at, d.depth = inOther, 0
	case inEvent:
		d.alarm = d.alarm && d.depth > 0 || d.depth == 0 && name == "VALARM"
		d.event.last = unused
		d.depth++
		if d.depth == d.limits.Depth+1 {
			d.event.broken = fmt.Sprintf("it contains components nested deeper than %d", d.limits.Depth)
		}
	case inZone:
		d.depth++
		if d.depth == 1 && (name == "STANDARD" || name == "DAYLIGHT") {
			d.zoneLine("BEGIN:" + name + "\n")
		}
	case inOther:
		d.depth++
	}
}

func (d *decoder) end(name string) error {
	switch name {
	case "VCALENDAR":
		if d.at == inEvent {
			if err := d.finish("its END:VEVENT is missing"); err != nil {
				return err
			}
		}
		d.at, d.open = outside, false
		return nil
	case "VEVENT":
		if d.at != inEvent {
			return nil
		}
		d.at = d.around()
		return d.finish("")
	case "VTIMEZONE":
		if d.at == inZone {
			d.endZone()
			d.at = d.around()
		}
		return nil
	case "VTODO", "VJOURNAL", "VFREEBUSY":
		if d.at == inOther {
			d.at = d.around()
		}
		return nil
	}
	switch {
	case d.at == inZone && d.depth == 1:
		d.zoneLine("END:" + name + "\n")
		d.depth = 0
	case d.depth > 0:
		d.depth--
	case d.at == inOther:
		d.at = d.around()
	}
	return nil
}

// around is what the component that just ended stood in.
func (d *decoder) around() where {
	d.depth = 0
	if d.open {
		return inCalendar
	}
	return outside
}

func (d *decoder) calendarProperty(k kind, line []byte, stop int) {
	switch k {
	case calendarName, plainName, calendarZone, refreshInterval, publishedTTL:
	default:
		return
	}
	_, v := split(line[stop:], k)
	text := string(appendUTF8(nil, wholeRunes(v, longText)))
	switch k {
	case calendarName, plainName:
		if d.report.Name == "" {
			d.report.Name = oneLine(text)
		}
	case calendarZone:
		if d.report.TimeZone == "" && text != "" {
			d.report.TimeZone = oneLine(text)
			d.report.Preamble = append(d.report.Preamble, canonical[k]+":"+text+"\n"...)
			d.zones.inZone(text)
		}
	case refreshInterval, publishedTTL:
		l, negative, ok := readLength(text)
		if ok && !negative && d.report.Refresh == 0 && l.Days <= 365 && l.Seconds <= 365*86400 {
			d.report.Refresh = time.Duration(l.Days)*24*time.Hour + time.Duration(l.Seconds)*time.Second
		}
	}
}
