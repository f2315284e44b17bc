package ics

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
)

// Bytes kept of the properties of an event that people write, and how many there may be of those that repeat.
const (
	longDescription = 4096
	longText        = 1024
	mostAttendees   = 200
	mostCategories  = 50
)

// canonical gives the names in the text of components and preambles, for the kinds that stand in it.
var canonical = [kinds]string{
	dtstart: "DTSTART", dtend: "DTEND", duration: "DURATION", rrule: "RRULE", exrule: "EXRULE", rdate: "RDATE", exdate: "EXDATE",
	recurrenceID: "RECURRENCE-ID", uid: "UID", sequence: "SEQUENCE", summary: "SUMMARY", description: "DESCRIPTION",
	location: "LOCATION", link: "URL", organizer: "ORGANIZER", attendee: "ATTENDEE", categories: "CATEGORIES",
	status: "STATUS", transp: "TRANSP", class: "CLASS", busyStatus: "X-MICROSOFT-CDO-BUSYSTATUS",
	outlookDeleted: "X-OUTLOOK-DELETED", conference: "CONFERENCE", calendarZone: "X-WR-TIMEZONE", tzid: "TZID",
	tzOffsetFrom: "TZOFFSETFROM", tzOffsetTo: "TZOFFSETTO", tzName: "TZNAME", licLocation: "X-LIC-LOCATION",
}

// draft collects the canonical text of one event while its lines come in. What places it in time stands
// first, so that it can be read alone.
type draft struct {
	line  int    // of its BEGIN
	times []byte // the properties that place it in time
	rest  []byte // the others

	seen    [kinds]int // how many of each kind were kept
	uid     []byte
	title   []byte // SUMMARY, escaped
	place   []byte // LOCATION, escaped
	meeting []byte // the best address of an online meeting so far
	rank    kind   // where it was found: its property; 0 for none

	last   kind   // the property kept last, unused when the last line was left out
	start  int    // of that property's value, in times or rest
	most   int    // bytes of that value
	broken string // why the event cannot be used whatever it contains, "" otherwise
}

func (d *draft) reset(line int) {
	*d = draft{line: line, times: d.times[:0], rest: d.rest[:0], uid: d.uid[:0], title: d.title[:0], place: d.place[:0], meeting: d.meeting[:0]}
}

// room is how much text one event may have.
func (d *draft) size() int { return len(d.uid) + len(d.times) + len(d.rest) + len(d.meeting) }

// add takes the property k whose name ends at stop.
func (d *draft) add(k kind, line []byte, stop int) {
	d.last = unused
	if k == unused {
		return
	}
	params, value := split(line[stop:], k)
	if len(value) == 0 {
		return
	}
	switch k {
	case dtstart, dtend, recurrenceID, rdate, exdate:
		if d.once(k, k == rdate || k == exdate) {
			d.addTime(k, params, value)
		}
	case duration, rrule, exrule:
		if d.once(k, k != duration) {
			d.times = d.open(d.times, k)
			d.times = d.close(d.times, k, value, len(value))
		}
	case uid:
		if d.once(k, false) {
			d.uid = appendUTF8(d.uid, value)
		}
	case summary, description, location:
		d.addText(k, value)
	case link:
		if d.seen[k] == 0 && webAddress(value) != nil {
			d.addText(k, value)
		}
	case googleConference, conference, teamsMeeting, onlineMeeting:
		d.offer(k, webAddress(value))
	case organizer, attendee:
		if d.once(k, k == attendee && d.seen[k] < mostAttendees) {
			d.addPerson(k, params, value)
		}
	case categories:
		if d.seen[k] < mostCategories {
			d.seen[k]++
			d.rest = d.open(d.rest, k)
			d.rest = d.close(d.rest, k, value, longText)
		}
	case sequence, status, transp, class, busyStatus, outlookDeleted:
		if d.once(k, false) {
			d.rest = d.open(d.rest, k)
			d.rest = d.close(d.rest, k, value, 64)
		}
	}
}

// once counts one more property of the kind and tells whether it is kept: the first, or any when many may be.
func (d *draft) once(k kind, many bool) bool {
	d.seen[k]++
	return many || d.seen[k] == 1
}

// open writes the name; parameters may follow, then close.
func (d *draft) open(text []byte, k kind) []byte { return append(text, canonical[k]...) }

// close writes at most most bytes of the value and ends the line.
func (d *draft) close(text []byte, k kind, value []byte, most int) []byte {
	text = append(text, ':')
	d.last, d.start, d.most = k, len(text), most
	text = appendUTF8(text, value)
	return append(d.trim(text), '\n')
}

// trim cuts the value that is being written to its limit.
func (d *draft) trim(text []byte) []byte {
	return text[:d.start+len(wholeRunes(text[d.start:], d.most))]
}

// resume takes a line that is no property: the rest of a text that was not folded (the commonest fault of
// real files), or of a list or rule that was broken over lines.
func (d *draft) resume(line []byte) {
	switch d.last {
	case summary, description, location:
		d.offer(d.last, meetingIn(line))
		text := append(d.rest[:len(d.rest)-1], `\n`...)
		text = appendUTF8(text, line)
		d.rest = append(d.trim(text), '\n')
		if d.last == summary {
			d.title = append(d.title[:0], d.rest[d.start:len(d.rest)-1]...)
		}
	case rrule, rdate, exdate:
		d.times = append(appendUTF8(d.times[:len(d.times)-1], bytes.TrimSpace(line)), '\n')
	}
}

func (d *draft) addTime(k kind, params, value []byte) {
	d.times = d.open(d.times, k)
	if len(params) > 0 {
		if zone, ok := param(params, "TZID"); ok {
			d.times = appendParam(d.times, "TZID", zone)
		}
		if k == recurrenceID {
			if r, ok := param(params, "RANGE"); ok {
				d.times = appendParam(d.times, "RANGE", r)
			}
		}
	}
	d.times = d.close(d.times, k, value, len(value))
}

func (d *draft) addText(k kind, value []byte) {
	d.offer(k, meetingIn(value))
	if d.seen[k]++; d.seen[k] > 1 {
		return
	}
	most := longText
	if k == description {
		most = longDescription
	}
	if k == link {
		most = longestLink
	}
	d.rest = d.open(d.rest, k)
	d.rest = d.close(d.rest, k, value, most)
	switch k {
	case summary:
		d.title = append(d.title, d.rest[d.start:len(d.rest)-1]...)
	case location:
		d.place = append(d.place, d.rest[d.start:len(d.rest)-1]...)
	}
}

func (d *draft) addPerson(k kind, params, value []byte) {
	d.rest = d.open(d.rest, k)
	if name, ok := param(params, "CN"); ok && len(name) > 0 {
		d.rest = appendParam(d.rest, "CN", wholeRunes(name, longText))
	}
	if reply, ok := param(params, "PARTSTAT"); ok && k == attendee {
		d.rest = appendParam(d.rest, "PARTSTAT", wholeRunes(reply, 64))
	}
	d.rest = d.close(d.rest, k, value, longText)
}

// appendParam writes a parameter with its value in quotes; quotes inside become apostrophes. The escapes of RFC 6868
// are undone.
func appendParam(text []byte, name string, value []byte) []byte {
	text = append(append(append(text, ';'), name...), `="`...)
	from := len(text)
	text = appendUTF8(text, value)
	to := from
	for i := from; i < len(text); i++ {
		c := text[i]
		if c == '^' && i+1 < len(text) {
			switch text[i+1] {
			case '^':
				i++
			case 'n':
				c = ' '
				i++
			case '\'':
				c = '\''
				i++
			}
		}
		if c == '"' {
			c = '\''
		}
		text[to] = c
		to++
	}
	return append(text[:to], '"')
}

// offer takes an address of an online meeting found in property k. One that a property of its own names
// is better than one in the location, the URL or the description.
func (d *draft) offer(k kind, address []byte) {
	if address == nil || d.rank != 0 && rankOf(d.rank) <= rankOf(k) {
		return
	}
	d.rank = k
	d.meeting = appendUTF8(d.meeting[:0], address)
}

func rankOf(k kind) int {
	for i, better := range [...]kind{googleConference, conference, teamsMeeting, onlineMeeting, location, link, description} {
		if k == better {
			return i
		}
	}
	return int(kinds)
}

// identity returns the UID, or one made from what the event says about itself when it has none. One that is
// too long is replaced by its hash.
func (d *draft) identity() []byte {
	if 0 < len(d.uid) && len(d.uid) <= longText {
		return d.uid
	}
	h := sha256.New()
	if len(d.uid) > 0 {
		h.Write(d.uid)
	} else {
		for line := range bytes.Lines(d.times) {
			if !bytes.HasPrefix(line, []byte("EXDATE")) && !bytes.HasPrefix(line, []byte("RDATE")) {
				h.Write(line)
			}
		}
		h.Write(d.title)
		h.Write([]byte{'\n'})
		h.Write(d.place)
	}
	return append(d.uid[:0], "made-"+hex.EncodeToString(h.Sum(nil)[:12])...)
}

// text returns the canonical text of the event in memory of its own.
func (d *draft) text(id []byte) []byte {
	n := len("UID:\n") + len(id) + len(d.times) + len(d.rest)
	if d.rank != 0 {
		n += len("CONFERENCE:\n") + len(d.meeting)
	}
	text := make([]byte, 0, n)
	text = append(append(append(text, "UID:"...), id...), '\n')
	text = append(append(text, d.times...), d.rest...)
	if d.rank != 0 {
		text = append(append(append(text, "CONFERENCE:"...), d.meeting...), '\n')
	}
	return text
}
