package household

import (
	"fmt"
	"time"
)

// School returns the feed of a school: all-day and multi-day events, one that runs today, one
// without an end, and an evening in floating time.
func School(now time.Time) []byte {
	t := new(text)
	t.line("BEGIN:VCALENDAR")
	t.line("VERSION:2.0")
	t.line("PRODID:-//Hillside School//Term dates//EN")
	t.line("X-WR-CALNAME:Hillside School")
	t.line("REFRESH-INTERVAL;VALUE=DURATION:PT1H")
	days := func(n int, title string, from time.Time, length int) {
		t.line("BEGIN:VEVENT")
		t.line("UID:%s", fmt.Sprintf("term-%02d-%s@hillside.example", n, date(from)))
		t.line("DTSTAMP:%s", utc(now))
		t.line("DTSTART;VALUE=DATE:%s", date(from))
		if length > 1 {
			t.line("DTEND;VALUE=DATE:%s", date(noon(from, length)))
		}
		t.words("SUMMARY", title)
		t.line("TRANSP:TRANSPARENT")
		t.line("END:VEVENT")
	}
	days(1, "Project week: water", noon(now, -1), 5)
	days(2, "Sports day", workday(now, 3), 1)
	days(3, "Class 4b: trip to the coast", workday(now, 6), 3)
	days(4, "School closed (staff training)", workday(now, 11), 1)
	days(5, "Holidays", noon(now, 23), 16)

	evening := clock(workday(now, 4), 19, 0)
	t.line("BEGIN:VEVENT")
	t.line("UID:evening-%s@hillside.example", date(evening))
	t.line("DTSTAMP:%s", utc(now))
	t.line("DTSTART:%s", wall(evening))
	t.line("DURATION:PT1H30M")
	t.words("SUMMARY", "Parents' evening, class 4b")
	t.words("LOCATION", "Hillside School, room 204")
	t.line("END:VEVENT")
	t.line("END:VCALENDAR")
	return t.Bytes()
}
