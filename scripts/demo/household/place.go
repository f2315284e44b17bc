package household

import (
	"fmt"
	"time"
)

// place is where the household lives: the names that the two dialects give its time zone
// and the rules they write into VTIMEZONE.
type place struct {
	windows, iana string
	standard      change
	daylight      *change // nil: no daylight-saving time
}

// change is one yearly change of the offset, at the wall clock hour before it.
type change struct {
	offset int // minutes east of UTC after the change
	hour   int
	day    string // BYDAY
	month  int
}

func places() []place {
	eu := func(windows, iana string, offset int) place {
		local := 1 + offset/60
		return place{windows, iana, change{offset, local + 1, "-1SU", 10}, &change{offset + 60, local, "-1SU", 3}}
	}
	us := func(windows, iana string, offset int) place {
		return place{windows, iana, change{offset, 2, "1SU", 11}, &change{offset + 60, 2, "2SU", 3}}
	}
	still := func(windows, iana string, offset int) place {
		return place{windows, iana, change{offset: offset}, nil}
	}
	return []place{
		eu("W. Europe Standard Time", "Europe/Berlin", 60),
		eu("GMT Standard Time", "Europe/London", 0),
		eu("FLE Standard Time", "Europe/Helsinki", 120),
		us("Eastern Standard Time", "America/New_York", -300),
		us("Central Standard Time", "America/Chicago", -360),
		us("Mountain Standard Time", "America/Denver", -420),
		us("Pacific Standard Time", "America/Los_Angeles", -480),
		{"AUS Eastern Standard Time", "Australia/Sydney", change{600, 3, "1SU", 4}, &change{660, 2, "1SU", 10}},
		{"New Zealand Standard Time", "Pacific/Auckland", change{720, 3, "1SU", 4}, &change{780, 2, "-1SU", 9}},
		still("UTC", "UTC", 0),
		still("India Standard Time", "Asia/Kolkata", 330),
		still("China Standard Time", "Asia/Shanghai", 480),
		still("Tokyo Standard Time", "Asia/Tokyo", 540),
		still("E. South America Standard Time", "America/Sao_Paulo", -180),
	}
}

// placeOf is the place whose clocks show what t's location shows in winter and in summer. A
// location that is not in the table becomes Outlook's "Customized Time Zone".
func placeOf(t time.Time) place {
	offset := func(month time.Month) int {
		_, seconds := time.Date(t.Year(), month, 15, 12, 0, 0, 0, t.Location()).Zone()
		return seconds / 60
	}
	low, high := offset(time.January), offset(time.July)
	south := low > high
	if south {
		low, high = high, low
	}
	for _, p := range places() {
		top, turned := p.standard.offset, false
		if p.daylight != nil {
			top, turned = p.daylight.offset, p.daylight.month > 6
		}
		if p.standard.offset == low && top == high && turned == south {
			return p
		}
	}
	_, seconds := t.Zone()
	return place{"Customized Time Zone", fmt.Sprintf("Etc/GMT%+d", -seconds/3600), change{offset: seconds / 60}, nil}
}

func hhmm(minutes int) string {
	sign := '+'
	if minutes < 0 {
		sign, minutes = '-', -minutes
	}
	return fmt.Sprintf("%c%02d%02d", sign, minutes/60, minutes%60)
}

// outlook writes the VTIMEZONE as Exchange does: Windows name, rules since 1601.
func (p place) outlook(t *text) {
	t.line("BEGIN:VTIMEZONE")
	t.line("TZID:%s", p.windows)
	p.parts(t, p.parts1601)
	t.line("END:VTIMEZONE")
}

// google writes it as Google does: IANA name, X-LIC-LOCATION, rules since 1970.
func (p place) google(t *text) {
	t.line("BEGIN:VTIMEZONE")
	t.line("TZID:%s", p.iana)
	t.line("X-LIC-LOCATION:%s", p.iana)
	p.parts(t, p.parts1970)
	t.line("END:VTIMEZONE")
}

func (p place) parts(t *text, begin func(t *text, c change)) {
	from := p.standard.offset
	if p.daylight != nil {
		from = p.daylight.offset
		t.line("BEGIN:DAYLIGHT")
		t.line("TZOFFSETFROM:%s", hhmm(p.standard.offset))
		t.line("TZOFFSETTO:%s", hhmm(p.daylight.offset))
		begin(t, *p.daylight)
		t.line("END:DAYLIGHT")
	}
	t.line("BEGIN:STANDARD")
	t.line("TZOFFSETFROM:%s", hhmm(from))
	t.line("TZOFFSETTO:%s", hhmm(p.standard.offset))
	begin(t, p.standard)
	t.line("END:STANDARD")
}

func (p place) parts1601(t *text, c change) {
	t.line("DTSTART:16010101T%02d0000", c.hour)
	if c.month != 0 {
		t.line("RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=%s;BYMONTH=%d", c.day, c.month)
	}
}

func (p place) parts1970(t *text, c change) {
	if c.month == 0 {
		t.line("DTSTART:19700101T000000")
		return
	}
	first := time.Date(1970, time.Month(c.month), 1, c.hour, 0, 0, 0, time.UTC)
	sunday := (7 - int(first.Weekday())) % 7
	switch c.day {
	case "2SU":
		sunday += 7
	case "-1SU":
		for first.AddDate(0, 0, sunday+7).Month() == first.Month() {
			sunday += 7
		}
	}
	t.line("DTSTART:%s", wall(first.AddDate(0, 0, sunday)))
	t.line("RRULE:FREQ=YEARLY;BYMONTH=%d;BYDAY=%s", c.month, c.day)
}
