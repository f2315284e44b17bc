package ics

import (
	"bytes"
	"fmt"
	"html"
	"maps"
	"slices"
	"strings"

	"calendarbot/agent/calendar"
)

// finish keeps the event that just ended, or reports why it is left out. odd is a fault of its frame,
// "" for none.
func (d *decoder) finish(odd string) error {
	if err := d.ctx.Err(); err != nil {
		return err
	}
	id := d.event.identity()
	c, err := d.component(string(id))
	if err != nil {
		d.report.Skipped++
		d.problem(Problem{
			UID: string(id), Summary: d.summary(), Line: d.event.line, Skipped: true,
			Text: "The event is not shown: " + err.Error() + ".",
		})
		return nil
	}
	if d.report.Events == d.limits.Events {
		return fmt.Errorf("%w: more than %d", ErrTooMany, d.limits.Events)
	}
	d.report.Events++
	if odd != "" {
		d.reading.warn("In the feed %s; it is shown as far as it goes.", odd)
	}
	for _, k := range [...]kind{dtstart, dtend, duration, recurrenceID} {
		if d.event.seen[k] > 1 {
			d.reading.warn("It has more than one %s; the first is used.", canonical[k])
		}
	}
	for _, w := range d.reading.warnings {
		d.problem(Problem{UID: c.UID, Summary: d.summary(), Line: d.event.line, Text: startText(d.scratch.Start) + ": " + w})
	}
	for _, name := range d.reading.zones {
		d.countZone(name)
	}
	return d.keep(c)
}

// component interprets what places the event in time. A panic on the way is an error about this event.
func (d *decoder) component(id string) (c Component, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("it cannot be understood (%v)", p)
		}
	}()
	d.reading.warnings, d.reading.zones = d.reading.warnings[:0], d.reading.zones[:0]
	if d.event.broken != "" {
		return c, fmt.Errorf("%s", d.event.broken)
	}
	d.scratch = calendar.Event{UID: id}
	if err := d.reading.event(string(d.event.times), &d.scratch); err != nil {
		return c, err
	}
	c.UID = id
	c.First, c.Last = calendar.Bounds(&d.scratch)
	c.Text = d.event.text([]byte(id))
	return c, nil
}

func (d *decoder) summary() string { return oneLine(string(d.event.title)) }

// startText shows the start of an event in words for a person.
func startText(m calendar.Moment) string {
	if m.Date {
		return m.Wall.UTC().Format("On 2006-01-02")
	}
	return m.Wall.UTC().Format("At 2006-01-02 15:04")
}

func (d *decoder) problem(p Problem) {
	if len(d.report.Problems) < d.limits.Problems {
		d.report.Problems = append(d.report.Problems, p)
	} else {
		d.report.More++
	}
}

// zoneUse counts the events that name a zone.
type zoneUse struct {
	events int
	first  Problem // about the first of them
}

// countZone notes that the event names a zone. Whether the zone is known can only be said at the end of the feed.
func (d *decoder) countZone(name string) {
	if d.last == nil || d.lastZone != name {
		use, ok := d.unclear[name]
		if !ok {
			if len(d.unclear) == mostZoneNames {
				return
			}
			name = strings.Clone(name)
			use = &zoneUse{first: Problem{UID: d.scratch.UID, Summary: d.summary(), Line: d.event.line}}
			d.unclear[name] = use
		}
		d.last, d.lastZone = use, name
	}
	d.last.events++
}

// tellZones reports the zones that nobody knows, and how their times are read.
func (d *decoder) tellZones() {
	local := d.zones.floating()
	whose := "this device's zone"
	if d.report.TimeZone != "" {
		if a := d.zones.certain(plainZone(d.report.TimeZone)); a.loc != nil {
			whose = "the feed's zone"
		} else {
			d.problem(Problem{Text: fmt.Sprintf("The feed says that it is in the time zone %s, which is unknown; %s, %s, is used.", quote(d.report.TimeZone), whose, local)})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.unclear)) {
		use := d.unclear[name]
		loc, how := d.zones.zone(name)
		p := use.first
		switch how {
		case guessed:
			p.Text = fmt.Sprintf("The time zone %s is unknown; %s read in %s, %s.", quote(name), areEvents(use.events), loc, whose)
		case offset:
			p.Text = fmt.Sprintf("The time zone %s is not defined; %s read as %s all year, without daylight saving.", quote(name), areEvents(use.events), loc)
		case beyond:
			p.Text = fmt.Sprintf("The feed defines more than %d time zones, which is too many, and %s is among those beyond; %s read as %s all year, without daylight saving.", mostComputed, quote(name), areEvents(use.events), loc)
		default:
			continue
		}
		d.problem(p)
	}
}

func areEvents(n int) string {
	if n == 1 {
		return "one event that names it is"
	}
	return fmt.Sprintf("%d events that name it are", n)
}

// zoneProperty and zoneLine collect a VTIMEZONE.
func (d *decoder) zoneProperty(k kind, line []byte, stop int) {
	switch k {
	case tzid, licLocation, tzOffsetFrom, tzOffsetTo, tzName, dtstart, rrule, rdate:
		_, v := split(line[stop:], k)
		d.zoneLine(canonical[k] + ":" + string(appendUTF8(nil, v)) + "\n")
	}
}

func (d *decoder) zoneLine(line string) {
	d.zoneSize += len(line)
	if d.zoneSize <= d.limits.Preamble {
		d.zoneText = append(d.zoneText, line...)
	}
}

func (d *decoder) endZone() {
	if d.depth == 1 {
		d.zoneLine("END:STANDARD\n") // it is missing
	}
	const head, foot = "BEGIN:VTIMEZONE\n", "END:VTIMEZONE\n"
	if len(d.report.Preamble)+d.zoneSize+len(head)+len(foot) > d.limits.Preamble {
		d.problem(Problem{Line: d.lines.first, Text: "A time zone's definition is left out: together they are larger than " + megabytes(int64(d.limits.Preamble)) + "."})
		return
	}
	added, clash := d.zones.define(string(d.zoneText))
	if added {
		d.report.Preamble = append(append(append(d.report.Preamble, head...), d.zoneText...), foot...)
	}
	if clash != "" && !d.clashes[clash] && len(d.clashes) < mostZoneNames {
		d.clashes[clash] = true
		d.problem(Problem{Line: d.lines.first, Text: fmt.Sprintf("The time zone %s is defined again, and differently; its first definition is used.", quote(clash))})
	}
}

// refuse says what a feed is that is no calendar.
func (d *decoder) refuse() error {
	text := bytes.TrimSpace(d.start)
	lower := strings.ToLower(string(text))
	switch {
	case len(text) == 0:
		return ErrEmpty
	case strings.HasPrefix(lower, "<!doctype html"), strings.Contains(lower, "<html"), strings.Contains(lower, "<body"):
		if from := strings.Index(lower, "<title>"); from >= 0 && len(lower) == len(text) {
			title, _, _ := strings.Cut(string(text[from+len("<title>"):]), "<")
			return fmt.Errorf("%w: it is titled %s", ErrHTML, quote(strings.Join(strings.Fields(html.UnescapeString(title)), " ")))
		}
		return ErrHTML
	}
	return fmt.Errorf("%w: it begins with %s", ErrNotICS, quote(strings.ToValidUTF8(string(text), "?")))
}
