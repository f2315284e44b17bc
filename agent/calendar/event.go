package calendar

import "time"

// Status is how an event is shown. The decoder decides it from STATUS, TRANSP and the
// Microsoft properties; first match wins.
type Status uint8

// The statuses. Hidden events yield no occurrences.
const (
	Busy Status = iota
	Tentative
	Free // transparent all-day events: birthdays, holidays; shown as chips
	OutOfOffice
	Elsewhere // working elsewhere
	Hidden    // cancelled, deleted, or free by Outlook's word
)

// String returns the word used in answers: busy, tentative, free, oof, elsewhere, hidden.
func (s Status) String() string {
	return [...]string{"busy", "tentative", "free", "oof", "elsewhere", "hidden"}[s]
}

// Moment is a DATE or DATE-TIME value: a wall clock reading in a zone. A floating value
// carries the zone that the decoder chose for it; a UTC value carries time.UTC.
type Moment struct {
	Wall Wall
	Loc  *time.Location // nil for a DATE
	Date bool           // a DATE: a whole civil day, never an instant

	// Floating tells that the value named no zone. A floating RECURRENCE-ID is read in the zone
	// of the series, which the override alone does not know.
	Floating bool
}

// Length is an RFC 5545 DURATION: nominal days and exact seconds, both never negative.
type Length struct {
	Days    int
	Seconds int64
}

// Period is one RDATE: a start with, for VALUE=PERIOD, an end or a length of its own.
type Period struct {
	Start  Moment
	End    *Moment
	Length *Length
}

// Person is an organizer or attendee.
type Person struct {
	Name    string
	Address string // the calendar address without "mailto:"
	Status  string // PARTSTAT in upper case, "" when not given
}

// Event is one VEVENT: a single event, the master of a series, or, when RecurrenceID is
// set, an override of one instance of a series.
type Event struct {
	Source   string // the id of the feed; "" outside the store
	UID      string
	Sequence int

	Start  Moment
	End    *Moment // DTEND; nil when not given
	Length *Length // DURATION; nil when not given

	Rules        []Rule
	Dates        []Period // RDATE
	Except       []Moment // EXDATE
	RecurrenceID *Moment
	Future       bool // RANGE=THISANDFUTURE

	Summary     string // never empty: "Busy" when the feed gives none
	Description string
	Location    string
	URL         string
	Conference  string // the address of the online meeting, "" when none was found
	Organizer   Person
	Attendees   []Person
	Categories  []string
	Status      Status
	Private     bool // CLASS is PRIVATE or CONFIDENTIAL
}
