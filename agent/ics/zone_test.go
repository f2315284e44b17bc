package ics

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestZones reads a feed for each spelling of a zone. An event's start is 10:00 by the clock of its zone; the device is
// in New York.
func TestZones(t *testing.T) {
	type starts map[string]string // by UID
	for _, test := range []struct {
		name     string
		file     string
		want     starts
		problems string // each in a line, or nothing
	}{
		{"IANA names", "zone-iana", starts{
			"vienna": "2025-07-03T10:00:00+02:00 Europe/Vienna", "utc": "2025-07-03T10:00:00Z UTC"}, ""},
		{"Windows names", "zone-windows", starts{
			"berlin": "2025-07-03T10:00:00+02:00 Europe/Berlin", "quoted": "2025-07-03T10:00:00-07:00 America/Los_Angeles",
			"lower": "2025-07-03T10:00:00+05:30 Asia/Calcutta", "utc-11": "2025-07-03T10:00:00-11:00 Etc/GMT+11",
			"russia": "2025-07-03T10:00:00+12:00 Asia/Kamchatka"}, ""},
		{"a display name is read as the feed defines it", "zone-display-defined", starts{
			"summer": "2025-07-03T10:00:00+02:00 (UTC+01:00) Amsterdam, Berlin, Bern, Rom, Stockholm, Wien",
			"winter": "2025-01-03T10:00:00+01:00 (UTC+01:00) Amsterdam, Berlin, Bern, Rom, Stockholm, Wien"}, ""},
		{"a display name that nobody defines is its offset", "zone-display-offset", starts{
			"east": "2025-07-03T10:00:00+05:30 UTC+05:30", "west": "2025-07-03T10:00:00-03:30 UTC-03:30", "zero": "2025-07-03T10:00:00Z UTC"},
			`west: The time zone "(GMT-03:30) Terre-Neuve" is not defined; one event that names it is read as UTC-03:30 all year, without daylight saving.
zero: The time zone "(UTC) Dublin, Edinburgh, Lissabon, London" is not defined; one event that names it is read as UTC all year, without daylight saving.
east: The time zone "(UTC+05:30) Chennai, Kolkata, Mumbai, New Delhi" is not defined; one event that names it is read as UTC+05:30 all year, without daylight saving.
`},
		{"a number behind the name", "zone-trailing-digits", starts{
			"gmt": "2025-07-03T10:00:00+01:00 Europe/London", "iana": "2025-07-03T10:00:00+02:00 Europe/Vienna"}, ""},
		{"Customized Time Zone and tzone://Microsoft/Custom", "zone-customized", starts{
			"summer": "2025-07-03T10:00:00+04:00 Customized Time Zone", "winter": "2025-01-03T10:00:00+03:00 Customized Time Zone",
			"custom": "2025-07-03T10:00:00-03:00 tzone://Microsoft/Custom"}, ""},
		{"tzone://Microsoft/Utc", "zone-tzone-utc", starts{"utc": "2025-07-03T10:00:00Z UTC", "quoted": "2025-07-03T10:00:00Z UTC"}, ""},
		{"a path in front", "zone-paths", starts{
			"libical": "2025-07-03T10:00:00+02:00 Europe/Berlin", "tzfile": "2025-07-03T10:00:00+02:00 Europe/Berlin",
			"mozilla": "2025-07-03T10:00:00-03:00 America/Argentina/Buenos_Aires", "slash": "2025-07-03T10:00:00+02:00 Europe/Vienna"}, ""},
		{"old aliases", "zone-aliases", starts{
			"pacific": "2025-07-03T10:00:00-07:00 US/Pacific", "posix": "2025-07-03T10:00:00-07:00 PST8PDT", "calcutta": "2025-07-03T10:00:00+05:30 Asia/Calcutta"}, ""},
		{"names in any case", "zone-case", starts{
			"lower": "2025-07-03T10:00:00+02:00 Europe/Berlin", "upper": "2025-07-03T10:00:00-04:00 America/Port-au-Prince",
			"pacific": "2025-07-03T10:00:00-07:00 US/Pacific", "posix": "2025-07-03T10:00:00-07:00 PST8PDT",
			"etc": "2025-07-03T10:00:00-11:00 Etc/GMT+11", "path": "2025-07-03T10:00:00-03:00 America/Argentina/Buenos_Aires",
			"defined": "2025-07-03T10:00:00+04:30 Mein Ort", "defined-lower": "2025-01-03T10:00:00+03:30 Mein Ort"}, ""},
		{"unknown or empty: the feed's zone and a warning", "zone-unknown", starts{
			"unknown": "2025-07-03T10:00:00+09:00 Asia/Tokyo", "empty": "2025-07-03T10:00:00+09:00 Asia/Tokyo",
			"again": "2025-07-04T10:00:00+09:00 Asia/Tokyo", "local": "2025-07-03T10:00:00+09:00 Asia/Tokyo"},
			`empty: The time zone "" is unknown; one event that names it is read in Asia/Tokyo, the feed's zone.
local: The time zone "Local" is unknown; one event that names it is read in Asia/Tokyo, the feed's zone.
unknown: The time zone "Zeitzone 7b" is unknown; 2 events that name it are read in Asia/Tokyo, the feed's zone.
`},
		{"unknown and the feed names no zone: the device's", "zone-unknown-device", starts{
			"unknown": "2025-07-03T10:00:00-04:00 America/New_York", "with-z": "2025-07-03T10:00:00Z UTC"},
			`unknown: The time zone "Zeitzone 7b" is unknown; one event that names it is read in America/New_York, this device's zone.
`},
		{"the feed's own zone is unknown", "zone-unknown-feed", starts{"floating": "2025-07-03T10:00:00-04:00 America/New_York"},
			`: The feed says that it is in the time zone "Middle-earth", which is unknown; this device's zone, America/New_York, is used.
`},
		{"floating times are the device's", "zone-floating", starts{"floating": "2025-07-03T10:00:00-04:00 America/New_York"}, ""},
		{"floating times are the feed's", "zone-floating-feed", starts{"floating": "2025-07-03T10:00:00+09:00 Asia/Tokyo"}, ""},
		{"the feed's zone has a Windows name", "zone-floating-windows", starts{"floating": "2025-07-03T10:00:00+02:00 Europe/Berlin"}, ""},
		{"the feed's zone stands after its events", "zone-feed-after", starts{"floating": "2025-07-03T10:00:00+09:00 Asia/Tokyo"}, ""},
		{"a definition after its use", "zone-defined-after", starts{
			"summer": "2025-07-03T10:00:00+09:45 Ours", "winter": "2025-01-03T10:00:00+08:45 Ours"}, ""},
		{"a definition without daylight saving", "zone-defined-no-daylight", starts{
			"summer": "2025-07-03T10:00:00+05:30 Fixed", "old": "1950-01-03T10:00:00+05:30 Fixed", "no-from": "2025-01-03T10:00:00-03:15 No from"}, ""},
		{"a definition by dates", "zone-defined-rdate", starts{
			"before": "2020-07-03T10:00:00+01:00 Dated", "summer": "2025-07-03T10:00:00+02:30 Dated",
			"winter": "2024-11-03T10:00:00+01:00 Dated", "after": "2030-07-03T10:00:00+01:00 Dated"}, ""},
		{"a definition whose rules change, with a gap and an overlap", "zone-defined-changes", starts{
			"march-2006": "2006-03-20T10:00:00-05:00 Changed rules", "march-2007": "2007-03-20T10:00:00-04:00 Changed rules",
			"gap": "2025-03-09T03:30:00-04:00 Changed rules", "overlap": "2025-11-02T01:30:00-04:00 Changed rules",
			"far": "2099-07-03T10:00:00-04:00 Changed rules"}, ""},
		{"a definition without beginning and end", "zone-defined-always", starts{
			"north-1905": "1905-07-15T10:00:00+02:00 North", "north-1965": "1965-07-15T10:00:00+02:00 North", "north-1965-winter": "1965-12-15T10:00:00+01:00 North",
			"north-2105": "2105-07-15T10:00:00+02:00 North", "north-2105-gap": "2105-03-29T03:30:00+02:00 North", "north-2105-winter": "2105-12-15T10:00:00+01:00 North",
			"south-2105": "2105-07-15T10:00:00-03:30 South", "south-2105-before": "2105-10-10T23:29:00-03:30 South",
			"south-2105-after": "2105-10-11T00:30:00-02:30 South", "south-2105-summer": "2105-12-15T10:00:00-02:30 South",
			"odd-2100": "2100-07-15T10:00:00+02:00 Odd", "odd-2105": "2105-07-15T10:00:00+01:00 Odd"}, ""},
		{"two definitions of one name", "zone-defined-twice", starts{"a": "2025-07-03T10:00:00+03:00 Ours"},
			": The time zone \"Ours\" is defined again, and differently; its first definition is used.\n"},
		{"X-LIC-LOCATION", "zone-lic-location", starts{"denver": "2025-07-03T10:00:00-06:00 America/Denver"}, ""},
		{"an IANA name is not what the feed says it is", "zone-iana-beats-definition", starts{"vienna": "2025-07-03T10:00:00+02:00 Europe/Vienna"}, ""},
		{"definitions of no use", "zone-defined-useless", starts{
			"nothing": "2025-07-03T10:00:00-04:00 America/New_York", "wrong": "2025-07-03T10:00:00-04:00 America/New_York",
			"secondly": "2025-07-03T10:00:00+02:00 Every second"},
			`nothing: The time zone "Nothing" is unknown; one event that names it is read in America/New_York, this device's zone.
wrong: The time zone "Wrong" is unknown; one event that names it is read in America/New_York, this device's zone.
`},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := parseFile(t, test.file)
			if len(p.events) != len(test.want) {
				t.Errorf("%d events, want %d", len(p.events), len(test.want))
			}
			for uid, want := range test.want {
				expect(t, uid, when(p.event(t, uid).Start), want)
			}
			expect(t, "problems", p.problems(), test.problems)
		})
	}
}

// TestWindowsZones checks that the generated table is whole and that each of its zones is known.
func TestWindowsZones(t *testing.T) {
	if len(windowsZones) < 139 {
		t.Errorf("%d zones, want at least the 139 of CLDR 48", len(windowsZones))
	}
	for name, zone := range windowsZones {
		if name != strings.ToLower(name) {
			t.Errorf("%q is not in lower case, so it is never found", name)
		}
		if _, err := time.LoadLocation(zone); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// TestIANAZones checks that the generated names are whole, that they are found in any case, and that each is known.
func TestIANAZones(t *testing.T) {
	if len(ianaZones) < 590 {
		t.Errorf("%d zones, want at least 590", len(ianaZones))
	}
	for _, zone := range ianaZones {
		if got, ok := properCase(strings.ToLower(zone)); !ok || got != zone {
			t.Errorf("%q is found as %q", zone, got)
		}
		if iana(zone) == nil {
			t.Errorf("%q is not known", zone)
		}
	}
}

func TestRulesOfZones(t *testing.T) {
	for rule, want := range map[string]bool{
		"FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU":                    true,
		"freq=yearly;byday=2SU;bymonth=3;byhour=2;byminute=0": true,
		"FREQ=MONTHLY;INTERVAL=12":                            true,
		"FREQ=SECONDLY":                                       false,
		"FREQ=SECONDLY;X-A=FREQ=YEARLY":                       false,
		"FREQ=YEARLY; FREQ = DAILY":                           false,
		"FREQ=YEARLY;BYHOUR=1,2":                              false,
		"FREQ=YEARLY;BYSECOND=1;BYSECOND=2":                   false,
		"FREQ=YEARLY;BYDAY=SU;BYSETPOS=366":                   false,
	} {
		expect(t, rule, seldom(rule), want)
	}
}

// TestComputedZoneFollowsItsRules compares a zone computed from its definition with the same zone of the time
// zone database, hour by hour over years that contain every change of its rules.
func TestComputedZoneFollowsItsRules(t *testing.T) {
	start := parseFile(t, "zone-defined-changes").event(t, "gap").Start
	real := newYork(t)
	for _, years := range [][2]int{{1990, 2038}, {2095, 2130}} {
		for at := time.Date(years[0], 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < years[1]; at = at.Add(time.Hour) {
			_, got := at.In(start.Loc).Zone()
			_, want := at.In(real).Zone()
			if got != want {
				t.Fatalf("at %s the offset is %d, want %d", at, got, want)
			}
		}
	}
	name, _ := time.Date(2025, 7, 1, 0, 0, 0, 0, time.UTC).In(start.Loc).Zone()
	expect(t, "abbreviation", name, "EDT")
}

// TestInterpreterIsShared interprets from several goroutines at once, for the race detector.
func TestInterpreterIsShared(t *testing.T) {
	p := parseFile(t, "zone-defined-changes")
	in := NewInterpreter(p.report.Preamble, newYork(t))
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i, c := range p.components {
				if e, err := in.Event(c.Text); err != nil || when(e.Start) != when(p.events[i].Start) {
					t.Errorf("%s: %v, %v", c.UID, when(e.Start), err)
				}
			}
		})
	}
	all.Wait()
}

// TestZoneNamesAreBounded checks that a feed which names zones without end is still read.
func TestZoneNamesAreBounded(t *testing.T) {
	in := NewInterpreter(nil, newYork(t))
	for i := range 3 * mostZoneNames {
		if loc, how := in.zone(strings.Repeat("x", i)); how != guessed || loc != in.device {
			t.Fatalf("%d letters are a zone", i)
		}
	}
	if n := len(in.answers); n > mostZoneNames {
		t.Errorf("%d answers are kept", n)
	}
}

// TestTooManyDefinitions checks that a zone beyond those that are computed has its standard offset, whatever is asked
// for first, and that the reader is told the reason.
func TestTooManyDefinitions(t *testing.T) {
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\n")
	zone := func(name string) {
		b.WriteString("BEGIN:VTIMEZONE\nTZID:" + name + "\nBEGIN:DAYLIGHT\nDTSTART:20200329T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\nEND:DAYLIGHT\n" +
			"BEGIN:STANDARD\nDTSTART:20201025T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\nEND:STANDARD\nEND:VTIMEZONE\n")
	}
	zone("Europe/Vienna") // its name is known, so it is not computed
	for i := range mostComputed + 1 {
		zone(fmt.Sprintf("Ours %dx", i+1))
	}
	for _, uid := range []string{"101", "100", "1"} {
		b.WriteString("BEGIN:VEVENT\nUID:" + uid + "\nDTSTART;TZID=Ours " + uid + "x:20250703T100000\nEND:VEVENT\n")
	}
	b.WriteString("END:VCALENDAR\n")
	p := parse(t, b.String())
	expect(t, "the first", when(p.event(t, "1").Start), "2025-07-03T10:00:00+02:00 Ours 1x")
	expect(t, "the last computed", when(p.event(t, "100").Start), "2025-07-03T10:00:00+02:00 Ours 100x")
	expect(t, "one beyond", when(p.event(t, "101").Start), "2025-07-03T10:00:00+01:00 UTC+01:00")
	expect(t, "problems", p.problems(), "101: The feed defines more than 100 time zones, which is too many, and \"Ours 101x\" is among those beyond; one event that names it is read as UTC+01:00 all year, without daylight saving.\n")
}
