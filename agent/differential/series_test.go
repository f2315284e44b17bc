package differential

import (
	"fmt"
	"strings"
	"time"
)

// form is how a date and time is written.
type form int

const (
	local    form = iota // in a zone, with TZID
	utc                  // with Z
	floating             // neither
	date                 // VALUE=DATE
)

// zoned is a zone and the name that the feed has for it.
type zoned struct {
	loc *time.Location
	id  string
}

// value is a date or a date and time in a feed.
type value struct {
	form form
	wall time.Time // in UTC, whatever the form
	zone zoned     // of a local value
}

// text writes the value without its parameters.
func (v value) text() string {
	switch v.form {
	case date:
		return v.wall.Format("20060102")
	case utc:
		return v.wall.Format("20060102T150405Z")
	}
	return v.wall.Format("20060102T150405")
}

// property writes a whole content line.
func (v value) property(name string, parameters ...string) string {
	switch v.form {
	case date:
		parameters = append(parameters, "VALUE=DATE")
	case local:
		id := v.zone.id
		if strings.ContainsAny(id, ":;,") {
			id = `"` + id + `"`
		}
		parameters = append(parameters, "TZID="+id)
	}
	return strings.Join(append([]string{name}, parameters...), ";") + ":" + v.text()
}

// rewritten gives the instant of wall in loc in another form.
func rewritten(wall time.Time, loc *time.Location, f form, other zoned) value {
	instant := resolve(wall, loc)
	switch f {
	case utc:
		return value{form: utc, wall: instant.UTC()}
	case local:
		at := instant.In(other.loc)
		_, offset := at.Zone()
		return value{form: local, zone: other, wall: instant.UTC().Add(time.Duration(offset) * time.Second)}
	}
	return value{form: f, wall: wall}
}

// series is one UID of a feed: a master and the overrides of its instances.
type series struct {
	uid, summary string
	sequence     int
	start        value
	loc          *time.Location // that the start is read in
	end          time.Time      // DTEND, where there is one
	length       []string       // DTEND or DURATION, if any
	rules        []rule
	lines        []string    // RDATE, EXDATE, STATUS
	overrides    []string    // whole components
	listed       []time.Time // the instants of RDATE and EXDATE
	replaced     []time.Time // the instants of the overrides, before and after
	walls        []time.Time
	periods      map[time.Time]bool // the starts of RDATEs with a length of their own
	traits       traits
}

// traits is what the explanations need to know of a series beside its rules.
type traits struct {
	nominal     bool // DURATION in days
	dateUntil   bool // UNTIL as a date on a timed event, or the reverse
	localUntil  bool // UNTIL without a zone on an event that has one
	utcUntil    bool // UNTIL in UTC on a floating event
	period      bool // RDATE with VALUE=PERIOD
	rdate       bool // any RDATE
	dateMeans   bool // EXDATE or RECURRENCE-ID as a date on a timed event
	mixedDates  bool // EXDATE or RDATE in another zone or form than the start
	floatingIn  bool // floating values on an event that has a zone
	future      bool // RANGE=THISANDFUTURE
	override    bool // any override
	orphan      bool // overrides without a master
	backwards   bool // DTEND before DTSTART
	twice       bool // a second master of the same UID
	otherEnd    bool // DTEND in another zone than DTSTART
	typeChanged bool // an override is all-day and its master not
}

func (s *series) dates() bool { return s.start.form == date }

// component writes the master.
func (s *series) component() string {
	var b strings.Builder
	fmt.Fprintf(&b, "BEGIN:VEVENT\r\nUID:%s\r\nSUMMARY:%s\r\nDTSTAMP:20200101T000000Z\r\n", s.uid, s.summary)
	if s.sequence > 0 {
		fmt.Fprintf(&b, "SEQUENCE:%d\r\n", s.sequence)
	}
	b.WriteString(s.start.property("DTSTART") + "\r\n")
	for _, line := range s.length {
		b.WriteString(line + "\r\n")
	}
	for _, r := range s.rules {
		b.WriteString("RRULE:" + r.text() + "\r\n")
	}
	for _, line := range s.lines {
		b.WriteString(line + "\r\n")
	}
	b.WriteString("END:VEVENT\r\n")
	return b.String()
}

// ended returns the test of UNTIL for one rule of the series.
func (s *series) ended(until *value) func(time.Time) bool {
	if until == nil {
		return func(time.Time) bool { return false }
	}
	day := until.wall.Truncate(24 * time.Hour)
	switch {
	case s.dates():
		return func(t time.Time) bool { return t.After(day) }
	case until.form == date:
		return func(t time.Time) bool { return t.Truncate(24 * time.Hour).After(day) }
	case until.form == utc:
		return func(t time.Time) bool { return resolve(t, s.loc).After(until.wall) }
	}
	last := resolve(until.wall, s.loc)
	return func(t time.Time) bool { return resolve(t, s.loc).After(last) }
}

// The zones that a feed defines itself, with the rules in force since 2009.
var definitions = map[string]string{
	"Home of the Bears": vtimezone("Home of the Bears", "+0100", "+0200",
		"19960331T020000", "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "19961027T030000", "FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"),
	"Big Apple, by the sea": vtimezone(`Big Apple\, by the sea`, "-0500", "-0400",
		"20070311T020000", "FREQ=YEARLY;BYMONTH=3;BYDAY=2SU", "20071104T020000", "FREQ=YEARLY;BYMONTH=11;BYDAY=1SU"),
	"/example.org/Island": vtimezone("/example.org/Island", "+1030", "+1100",
		"20081005T020000", "FREQ=YEARLY;BYMONTH=10;BYDAY=1SU", "20080406T020000", "FREQ=YEARLY;BYMONTH=4;BYDAY=1SU"),
}

// otherNames are names that feeds have for zones beside the plain ones.
var otherNames = map[string]string{
	"Home of the Bears":                              "Europe/Berlin",
	"Big Apple, by the sea":                          "America/New_York",
	"/example.org/Island":                            "Australia/Lord_Howe",
	"W. Europe Standard Time":                        "Europe/Berlin",
	"Eastern Standard Time":                          "America/New_York",
	"Lord Howe Standard Time":                        "Australia/Lord_Howe",
	"India Standard Time":                            "Asia/Kolkata",
	"E. South America Standard Time":                 "America/Sao_Paulo",
	"Samoa Standard Time":                            "Pacific/Apia",
	"/freeassociation.sourceforge.net/Europe/Berlin": "Europe/Berlin",
	"GMT Standard Time 1":                            "Europe/London",
}

func vtimezone(id, standard, daylight, spring, springRule, autumn, autumnRule string) string {
	return fmt.Sprintf("BEGIN:VTIMEZONE\r\nTZID:%s\r\n"+
		"BEGIN:STANDARD\r\nDTSTART:%s\r\nTZOFFSETFROM:%s\r\nTZOFFSETTO:%s\r\nRRULE:%s\r\nEND:STANDARD\r\n"+
		"BEGIN:DAYLIGHT\r\nDTSTART:%s\r\nTZOFFSETFROM:%s\r\nTZOFFSETTO:%s\r\nRRULE:%s\r\nEND:DAYLIGHT\r\n"+
		"END:VTIMEZONE\r\n", id, autumn, daylight, standard, autumnRule, spring, standard, daylight, springRule)
}
