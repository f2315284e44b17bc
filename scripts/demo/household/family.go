package household

import (
	"crypto/sha256"
	"fmt"
	"time"
)

// entry is one event as Google Calendar exports it.
type entry struct {
	uid        string
	start, end time.Time
	allDay     bool
	rule       string // with a rule the times carry a TZID, without they are UTC
	except     []time.Time
	slot       time.Time
	title      string
	place      string
	notes      string
	free       bool
	meet       bool
}

// Family returns the feed of a shared family calendar in Google's dialect: X-WR-TIMEZONE, UTC
// times for single events and TZID for series, birthdays as transparent all-day events.
func Family(now time.Time) []byte {
	home := placeOf(now)
	t := new(text)
	t.line("BEGIN:VCALENDAR")
	t.line("PRODID:-//Google Inc//Google Calendar 70.9054//EN")
	t.line("VERSION:2.0")
	t.line("CALSCALE:GREGORIAN")
	t.line("METHOD:PUBLISH")
	t.line("X-WR-CALNAME:Family")
	t.line("X-WR-TIMEZONE:%s", home.iana)
	home.google(t)
	for _, e := range entries(now) {
		e.write(t, home, now)
	}
	t.line("END:VCALENDAR")
	return t.Bytes()
}

func entries(now time.Time) []entry {
	start := noon(now, -100)
	on := func(w time.Weekday, hour, minute int) time.Time { return clock(onOrAfter(start, w), hour, minute) }
	after := func(t time.Time, minutes int) time.Time { return t.Add(time.Duration(minutes) * time.Minute) }
	piano, swim, choir := on(time.Wednesday, 16, 30), on(time.Saturday, 10, 0), on(time.Monday, 19, 30)
	noPiano := clock(onOrAfter(noon(now, 7), time.Wednesday), 16, 30)
	lateSwim := clock(onOrAfter(noon(now, 1), time.Saturday), 10, 0)
	bins := onOrAfter(start, time.Tuesday)
	dinner := clock(noon(now, 0), 18, 30)
	dentist := clock(workday(now, 1), 8, 15)
	film := clock(onOrAfter(noon(now, 1), time.Friday), 20, 0)
	call := clock(onOrAfter(noon(now, 1), time.Sunday), 17, 0)
	trip := onOrAfter(noon(now, 8), time.Friday)
	birthday := func(in, years int) time.Time {
		d := noon(now, in)
		return clock(time.Date(d.Year()-years, d.Month(), min(d.Day(), 28), 12, 0, 0, 0, d.Location()), 12, 0)
	}
	ruth, ben := birthday(0, 71), birthday(4, 9)
	return []entry{
		{uid: "piano", start: piano, end: after(piano, 45), rule: "FREQ=WEEKLY;BYDAY=WE", except: []time.Time{noPiano}, title: "Piano lesson (Mia)", place: "Music school, room 12"},
		{uid: "swim", start: swim, end: after(swim, 60), rule: "FREQ=WEEKLY;BYDAY=SA", title: "Swimming (Leo)", place: "Riverside pool, 4 Mill Lane"},
		{uid: "swim", slot: lateSwim, start: after(lateSwim, 90), end: after(lateSwim, 150), title: "Swimming (Leo), later group", place: "Riverside pool, 4 Mill Lane"},
		{uid: "choir", start: choir, end: after(choir, 90), rule: "FREQ=WEEKLY;BYDAY=MO", title: "Choir", place: "St. Anne's hall"},
		{uid: "bins", allDay: true, start: bins, end: noon(bins, 1), rule: "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", title: "Put out the recycling", free: true},
		{uid: "dinner", start: dinner, end: after(dinner, 90), title: "Dinner with Aylin and Jonas", place: "Trattoria Il Ponte, 17 Harbour Street", notes: "Table for six, by the window if there is one."},
		{uid: "dentist", start: dentist, end: after(dentist, 30), title: "Dentist (Leo)", place: "Dr. Okafor, 2nd floor", notes: "Bring the insurance card."},
		{uid: "film", start: film, end: after(film, 150), title: "🎬 Film night", notes: "Mia chooses."},
		{uid: "call", start: call, end: after(call, 30), title: "Call Grandpa", meet: true},
		{uid: "trip", allDay: true, start: trip, end: noon(trip, 3), title: "Weekend at the lake", place: "Cabin 7"},
		{uid: "ruth", allDay: true, start: ruth, end: noon(ruth, 1), rule: "FREQ=YEARLY", title: "Grandma Ruth's birthday", free: true},
		{uid: "ben", allDay: true, start: ben, end: noon(ben, 1), rule: "FREQ=YEARLY", title: "Ben's birthday", free: true},
	}
}

func (e entry) write(t *text, home place, now time.Time) {
	stamp := func(name string, at time.Time) {
		switch {
		case e.allDay:
			t.line("%s;VALUE=DATE:%s", name, date(at))
		case e.rule != "" || !e.slot.IsZero():
			t.line("%s;TZID=%s:%s", name, home.iana, wall(at))
		default:
			t.line("%s:%s", name, utc(at))
		}
	}
	t.line("BEGIN:VEVENT")
	stamp("DTSTART", e.start)
	stamp("DTEND", e.end)
	if e.rule != "" {
		t.line("RRULE:%s", e.rule)
	}
	for _, at := range e.except {
		stamp("EXDATE", at)
	}
	t.line("DTSTAMP:%s", utc(now))
	sum := sha256.Sum256([]byte(e.uid))
	t.line("UID:%s@google.com", fmt.Sprintf("%x", sum)[:26])
	if e.meet {
		t.line("X-GOOGLE-CONFERENCE:https://meet.google.com/qzp-%s-hvd", string([]byte{'a' + sum[0]%26, 'a' + sum[1]%26, 'a' + sum[2]%26, 'a' + sum[3]%26}))
	}
	if !e.slot.IsZero() {
		stamp("RECURRENCE-ID", e.slot)
	}
	t.line("CREATED:%s", utc(now.AddDate(0, -4, 0)))
	t.words("DESCRIPTION", e.notes)
	t.line("LAST-MODIFIED:%s", utc(now.AddDate(0, 0, -9)))
	t.words("LOCATION", e.place)
	t.line("SEQUENCE:0")
	t.line("STATUS:CONFIRMED")
	t.words("SUMMARY", e.title)
	if e.free {
		t.line("TRANSP:TRANSPARENT")
	} else {
		t.line("TRANSP:OPAQUE")
	}
	t.line("END:VEVENT")
}
