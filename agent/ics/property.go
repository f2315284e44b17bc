package ics

import "bytes"

// kind is a property that the program uses; every other one is unused.
type kind uint8

const (
	unused kind = iota
	begin
	end

	// Those that place an event in time.
	dtstart
	dtend
	duration
	rrule
	exrule
	rdate
	exdate
	recurrenceID

	// Those that describe it.
	uid
	sequence
	summary
	description
	location
	link
	organizer
	attendee
	categories
	status
	transp
	class
	busyStatus
	outlookDeleted

	// Addresses of an online meeting, the best first.
	googleConference
	conference
	teamsMeeting
	onlineMeeting

	// Those of the calendar.
	calendarName
	plainName
	calendarZone
	refreshInterval
	publishedTTL

	// Those of a VTIMEZONE.
	tzid
	tzOffsetFrom
	tzOffsetTo
	tzName
	licLocation

	kinds
)

// kindNamed returns the kind of a property name in upper case.
func kindNamed(name []byte) kind {
	switch string(name) {
	case "BEGIN":
		return begin
	case "END":
		return end
	case "DTSTART":
		return dtstart
	case "DTEND":
		return dtend
	case "DURATION":
		return duration
	case "RRULE":
		return rrule
	case "EXRULE":
		return exrule
	case "RDATE":
		return rdate
	case "EXDATE":
		return exdate
	case "RECURRENCE-ID":
		return recurrenceID
	case "UID":
		return uid
	case "SEQUENCE":
		return sequence
	case "SUMMARY":
		return summary
	case "DESCRIPTION":
		return description
	case "LOCATION":
		return location
	case "URL":
		return link
	case "ORGANIZER":
		return organizer
	case "ATTENDEE":
		return attendee
	case "CATEGORIES":
		return categories
	case "STATUS":
		return status
	case "TRANSP":
		return transp
	case "CLASS":
		return class
	case "X-MICROSOFT-CDO-BUSYSTATUS":
		return busyStatus
	case "X-OUTLOOK-DELETED":
		return outlookDeleted
	case "X-GOOGLE-CONFERENCE":
		return googleConference
	case "CONFERENCE":
		return conference
	case "X-MICROSOFT-SKYPETEAMSMEETINGURL":
		return teamsMeeting
	case "X-MICROSOFT-ONLINEMEETINGEXTERNALLINK":
		return onlineMeeting
	case "X-WR-CALNAME":
		return calendarName
	case "NAME":
		return plainName
	case "X-WR-TIMEZONE":
		return calendarZone
	case "REFRESH-INTERVAL":
		return refreshInterval
	case "X-PUBLISHED-TTL":
		return publishedTTL
	case "TZID":
		return tzid
	case "TZOFFSETFROM":
		return tzOffsetFrom
	case "TZOFFSETTO":
		return tzOffsetTo
	case "TZNAME":
		return tzName
	case "X-LIC-LOCATION":
		return licLocation
	}
	return unused
}

// longestName is the length of the longest name that kindNamed knows.
const longestName = len("X-MICROSOFT-ONLINEMEETINGEXTERNALLINK")

// propertyOf reads the name at the start of a line, in either case, with the letters that real files use
// beyond RFC 5545 section 3.1: _ . /. It returns where the name ends: at the ';' or ':'. ok is false for a line
// that is no property, for example a line of a description that was not folded.
func propertyOf(line []byte) (k kind, stop int, ok bool) {
	for stop < len(line) && (line[stop]-'A' < 26 || line[stop] == '-') {
		stop++
	}
	name := line[:stop]
	if stop < len(line) && line[stop] != ':' && line[stop] != ';' {
		for stop < len(line) && inName(line[stop]) {
			stop++
		}
		if stop <= longestName {
			name = bytes.ToUpper(line[:stop])
		}
	}
	if stop == 0 || stop == len(line) || line[stop] != ':' && (line[stop] != ';' || bytes.IndexByte(line[stop:], ':') < 0) {
		return unused, 0, false
	}
	return kindNamed(name), stop, true
}

func inName(c byte) bool {
	return c-'A' < 26 || c-'a' < 26 || c-'0' < 10 || c == '-' || c == '_' || c == '.' || c == '/'
}

// split cuts a property after its name into parameters (with the ';' in front) and value. Quotes count only where
// they can stand: after '=' or ',', and up to a quote that ends a value; so that CN="Joe "Hawk" Doe" is read as
// it was meant.
func split(rest []byte, k kind) (params, value []byte) {
	colon := 0
	switch {
	case rest[0] == ':':
	case k.timed():
		// These values contain no colon, but zone names do, and are not always quoted.
		colon = bytes.LastIndexByte(rest, ':')
		if len(rest)-colon < len(":YYYYMMDD") {
			colon = beforeDate(rest, colon)
		}
	default:
		paired := true
		colon = quoteAware(rest, ':', &paired)
		if colon < 0 {
			colon = bytes.IndexByte(rest, ':')
		}
	}
	return rest[:colon], bytes.TrimSpace(rest[colon+1:])
}

// beforeDate returns the index of the first colon before a date in the punctuation of ISO 8601, whose time has colons
// too; else colon.
func beforeDate(rest []byte, colon int) int {
	for i := 0; i+len(":YYYY-MM-DD") <= len(rest); i++ {
		if rest[i] == ':' && rest[i+5] == '-' && rest[i+8] == '-' && number(string(rest[i+1:i+5])) >= 0 {
			return i
		}
	}
	return colon
}

// timed tells whether the values of k are dates, times or rules.
func (k kind) timed() bool { return dtstart <= k && k <= recurrenceID }

// quoteAware returns the index of the first sep in text that is not inside quotes, else -1. It clears paired when
// no quote ahead closes one, so that a caller who goes on in the same text does not search for it again.
func quoteAware(text []byte, sep byte, paired *bool) int {
	first := bytes.IndexByte(text, sep)
	if !*paired || first < 0 || bytes.IndexByte(text[:first], '"') < 0 {
		return first
	}
	for i := 0; i < len(text); i++ {
		if text[i] == sep {
			return i
		}
		if text[i] == '"' && i > 0 && (text[i-1] == '=' || text[i-1] == ',') {
			if n := closingQuote(text[i+1:]); n >= 0 {
				i += 1 + n
			} else {
				*paired = false
				return max(first, i+bytes.IndexByte(text[i:], sep))
			}
		}
	}
	return -1
}

// same compares ASCII letters without regard to case; name is in upper case and as long as text.
func same(text []byte, name string) bool {
	for i, c := range text {
		if c != name[i] && c-('a'-'A') != name[i] {
			return false
		}
	}
	return true
}

// closingQuote returns the index of the first quote in text that ends a parameter value, else -1.
func closingQuote(text []byte) int {
	for i := 0; ; {
		n := bytes.IndexByte(text[i:], '"')
		if n < 0 {
			return -1
		}
		i += n + 1
		if i == len(text) || text[i] == ';' || text[i] == ':' || text[i] == ',' {
			return i - 1
		}
	}
}

// param returns the value of a parameter without its outer quotes; found is false when it is missing.
func param(params []byte, name string) (value []byte, found bool) {
	paired := true
	for len(params) > 0 {
		params = params[1:]
		one := params
		if n := quoteAware(params, ';', &paired); n >= 0 {
			one, params = params[:n], params[n:]
		} else {
			params = nil
		}
		if n := len(name); len(one) > n && one[n] == '=' && same(one[:n], name) {
			return bytes.TrimSpace(bytes.Trim(bytes.TrimSpace(one[n+1:]), `"`)), true
		}
	}
	return nil, false
}
