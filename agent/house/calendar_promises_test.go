package house

// calendarPromises are the lines of what must be right about calendars, by key words.
func calendarPromises() []promise {
	return []promise{
		// Zones
		{"IANA names", []string{"ics.TestZones: IANA names", "differential.TestFeeds: zone-names.ics"}},
		{"Windows names, all of CLDR's territory 001", []string{"ics.TestZones: Windows names", "ics.TestWindowsZones", "differential.TestFeeds: zone-names.ics"}},
		{"Outlook's display names: the definition, else the offset", []string{"ics.TestZones: a display name is read as the feed defines it", "ics.TestZones: a display name that nobody defines is its offset"}},
		{"digits behind a name", []string{"ics.TestZones: a number behind the name", "differential.TestFeeds: zone-names.ics"}},
		{"Customized Time Zone, tzone://Microsoft/Custom", []string{"ics.TestZones: Customized Time Zone and tzone://Microsoft/Custom"}},
		{"tzone://Microsoft/Utc", []string{"ics.TestZones: tzone://Microsoft/Utc", "differential.TestFeeds: zone-names.ics"}},
		{"a path in front of the name", []string{"ics.TestZones: a path in front", "differential.TestFeeds: zone-names.ics"}},
		{"old aliases", []string{"ics.TestZones: old aliases", "differential.TestFeeds: zone-names.ics"}},
		{"empty or unknown: the feed's zone, else the device's, and a warning", []string{"ics.TestZones: unknown or empty: the feed's zone and a warning", "ics.TestZones: unknown and the feed names no zone: the device's", "differential.TestFeeds: zone-unknown.ics"}},
		{"a zone that only the feed defines", []string{"ics.TestComputedZoneFollowsItsRules", "differential.TestFeeds: zone-of-the-feed.ics", "differential.TestDifferential"}},
		{"floating times: the feed's zone, else the device's", []string{"ics.TestZones: floating times are the feed's", "ics.TestZones: floating times are the device's", "differential.TestFeeds: zone-floating.ics"}},
		{"wall time is kept across the clock change", []string{"calendar.TestWallTimeIsKeptAcrossTheClockChange", "differential.TestFeeds: spring-gap.ics", "differential.TestDifferential"}},
		{"02:30 in the gap is 03:30; the first of two in the overlap", []string{"calendar.TestWallClockIsResolvedInItsZone", "calendar.TestWallClockAndInstantAgreeEverywhere", "differential.TestFeeds: spring-gap.ics", "differential.TestFeeds: autumn-overlap.ics"}},
		{"DTEND is exact elapsed time", []string{"calendar.TestLengthOfATimedEvent: end is exact across the autumn change", "differential.TestFeeds: autumn-overlap.ics"}},
		{"DURATION: days nominal, hours exact", []string{"calendar.TestLengthOfATimedEvent: days are nominal", "calendar.TestLengthOfATimedEvent: hours are exact", "differential.TestFeeds: autumn-overlap.ics"}},

		// All-day
		{"a date is never an instant at UTC midnight", []string{"calendar.TestAllDayEvents: a date is read in the viewer's zone", "main.TestScripts: expand.txtar", "differential.TestFeeds: all-day.ics"}},
		{"no DTEND, or an equal one, is one day", []string{"calendar.TestAllDayEvents: no end: one day", "calendar.TestAllDayEvents: end equal to the start: one day", "differential.TestFeeds: all-day.ics"}},
		{"shown on each day: day 2 of 5", []string{"view.TestAgenda: day 2 of 5", "view.TestWhatsNext: day 2 of 5"}},
		{"DATE without VALUE=DATE", []string{"ics.TestPairs: bare-date", "differential.TestFeeds: all-day.ics"}},

		// Recurrence
		{"every part at every frequency", []string{"differential.TestDifferential", "calendar.TestRulesAgreeWithRRuleGo", "calendar.TestRulePartsOfEveryFrequency", "calendar.TestExamplesOfRFC5545", "calendar.TestExamplesOfRFC5545WithinADay", "calendar.TestTimesOfTheDay"}},
		{"UNTIL in UTC, local, as a date", []string{"calendar.TestFormsOfUntil: UTC, on the instant", "calendar.TestFormsOfUntil: local, on the time", "calendar.TestFormsOfUntil: date: that whole day", "differential.TestFeeds: until-forms.ics"}},
		{"UNTIL before DTSTART", []string{"calendar.TestStartIsAlwaysTheFirstInstance: UNTIL before the start", "differential.TestFeeds: until-forms.ics"}},
		{"COUNT is counted before EXDATE", []string{"calendar.TestExceptionDates: COUNT is counted before EXDATE", "differential.TestFeeds: count-and-start.ics"}},
		{"DTSTART is the first instance, in its rule or not", []string{"calendar.TestStartIsAlwaysTheFirstInstance: outside its rule it counts", "differential.TestFeeds: count-and-start.ics"}},
		{"several rules", []string{"calendar.TestSeveralRules", "differential.TestFeeds: several-rules.ics"}},
		{"lower case, a trailing semicolon", []string{"calendar.TestParseRuleIsLenient", "differential.TestFeeds: count-and-start.ics"}},
		{"RSCALE is ignored with a warning", []string{"calendar.TestParseRuleWarns: RSCALE", "differential.TestFeeds: rscale.ics"}},
		{"RDATE as date, date and time, PERIOD", []string{"calendar.TestRecurrenceDates", "ics.TestRecurrenceProperties", "differential.TestFeeds: rdate-forms.ics"}},
		{"EXDATE in UTC, in another zone, as a date, in lists and lines", []string{"calendar.TestExceptionDates: another zone", "calendar.TestExceptionDates: a date on a timed series takes out that day", "ics.TestRecurrenceProperties", "differential.TestFeeds: exdate-forms.ics"}},
		{"RECURRENCE-ID before or after its master, in UTC, another zone, as a date", []string{"calendar.TestOverrides: before its master", "calendar.TestOverrides: after its master", "differential.TestFeeds: override-forms.ics"}},
		{"moved across days without a phantom", []string{"calendar.TestOverrides: moved across days leaves no phantom", "differential.TestFeeds: override-forms.ics"}},
		{"a cancelled instance", []string{"calendar.TestOverrides: cancelled", "differential.TestFeeds: override-forms.ics", "main.TestScripts: expand.txtar"}},
		{"an orphan is shown", []string{"calendar.TestOverrides: orphan is shown", "differential.TestFeeds: override-orphan-and-excepted.ics"}},
		{"RANGE=THISANDFUTURE", []string{"calendar.TestThisAndFuture", "differential.TestFeeds: this-and-future.ics", "differential.TestDifferential"}},
		{"equal title and time, other UID: both; equal UID in two feeds: once", []string{"calendar.TestSameEventInTwoSourcesIsShownOnce: equal title and time under another UID", "store.TestTwoSourcesMayHaveTheSameUID", "differential.TestFeeds: same-uid-twice.ics"}},
		{"expansion costs the window, not the history", []string{"calendar.TestHostileRulesAreBounded", "calendar.TestWindowFarFromTheStart", "calendar.TestEveryWindowShowsTheSameSeries", "differential.TestFeeds: old-series.ics"}},
		{"more than 10,000 in the window: cut off with a warning", []string{"calendar.TestTooManyInstancesAreCutWithAWarning"}},
		{"a rule that never yields ends with a warning", []string{"calendar.TestParseRuleWarns: matches no time", "calendar.TestHostileRulesAreBounded", "differential.TestFeeds: never-matches.ics"}},

		// Status
		{"X-OUTLOOK-DELETED is hidden", []string{"ics.TestStatus: deleted in Outlook", "differential.TestFeeds: status.ics"}},
		{"FREE by Outlook: hidden, or tentative when followed", []string{"ics.TestStatus: free by Outlook and followed", "ics.TestStatus: free by Outlook", "differential.TestFeeds: status.ics"}},
		{"CANCELLED is hidden, TENTATIVE is tentative", []string{"ics.TestStatus: cancelled", "ics.TestStatus: tentative", "calendar.TestHiddenEventsAreLeftOut", "differential.TestFeeds: status.ics"}},
		{"TRANSPARENT: tentative when confirmed, else hidden, all-day a chip", []string{"ics.TestStatus: transparent and confirmed", "ics.TestStatus: transparent all day", "view.TestWhatsNext: chip Birthday", "differential.TestFeeds: status.ics"}},
		{"OOF and WORKINGELSEWHERE are shown as such", []string{"ics.TestStatus: out of office", "ics.TestStatus: working elsewhere", "differential.TestFeeds: status.ics"}},
		{"without a summary: Busy", []string{"ics.TestText: no title", "differential.TestFeeds: status.ics"}},

		// Bad input
		{"one bad event is reported and skipped", []string{"ics.TestBadEventsAreSkipped", "differential.TestFeeds: one-bad-event.ics"}},
		{"BOM, bare LF, CR, blank lines", []string{"ics.TestEncodings: byte order mark", "ics.TestEncodings: bare CR", "ics.TestEncodings: blank lines"}},
		{"unfolded long lines, 100 KB lines", []string{"ics.TestUnfoldedDescription", "ics.TestLongLines: 100 KB"}},
		{"NUL, Latin-1", []string{"ics.TestEncodings: NUL", "ics.TestEncodings: Latin-1"}},
		{"several VCALENDARs, properties after components, lower-case names", []string{"ics.TestEncodings: several VCALENDARs", "ics.TestEncodings: properties after components", "ics.TestEncodings: lower-case names"}},
		{"missing DTSTAMP and UID, negative durations", []string{"ics.TestMissingUID", "ics.TestLengths: negative", "differential.TestFeeds: one-bad-event.ics"}},
		{"refused whole: truncated", []string{"ics.TestRefused: no END:VCALENDAR", "feed.TestFailures", "main.TestFailureTable"}},
		{"refused whole: HTML", []string{"ics.TestRefused: a web page", "feed.TestFailures", "main.TestFailureTable"}},
		{"refused whole: an empty body where events stood", []string{"ics.TestRefused: empty", "feed.TestEmptiedCalendarIsBelievedAtTheThirdTime", "main.TestFailureTable"}},
		{"refused whole: over the cap, also after inflating", []string{"ics.TestRefused: too large", "feed.TestFailures", "feed.TestCompressedBytesAreCountedToo", "main.TestFailureTable"}},
		{"refused whole: too many events, too slow", []string{"ics.TestRefused: too many", "feed.TestFailures", "main.TestFailureTable"}},
		{"the last good events are kept", []string{"feed.TestFailureKeepsTheEvents", "main.TestFailureTable"}},
		{"an instance has the same identity at each parse", []string{"calendar.TestIdentityIsStable", "store.TestHiddenStaysHidden"}},

		// What costs everyone a wrong result at first
		{"a zone on one of DTSTART and DTEND, Z beside TZID", []string{"ics.TestPairs: start-only", "ics.TestPairs: end-only", "ics.TestPairs: z-and-tzid", "differential.TestFeeds: one-bad-event.ics"}},
		{"the form of a value beats VALUE", []string{"ics.TestPairs: value-says-date", "ics.TestPairs: value-says-time"}},
		{"TZID is escaped text, and a quoted parameter", []string{"ics.TestZones: a display name is read as the feed defines it", "differential.TestFeeds: zone-of-the-feed.ics"}},
		{"VTIMEZONE after its use, from 1601, without daylight saving, X-LIC-LOCATION", []string{"ics.TestZones: a definition after its use", "ics.TestZones: a definition without daylight saving", "ics.TestZones: X-LIC-LOCATION"}},
		{"UNTIL as a time on an all-day event, EXDATE as a date, floating EXDATE and RDATE", []string{"calendar.TestFormsOfUntil: time for a date: its date", "calendar.TestExceptionDates: floating: in the zone of the series", "differential.TestFeeds: exdate-forms.ics", "differential.TestFeeds: rdate-forms.ics"}},
		{"several overrides of one slot: SEQUENCE, then the last", []string{"calendar.TestOverrides: several for one slot: highest SEQUENCE, then the last", "differential.TestFeeds: override-sequence.ics"}},
		{"an override changes between timed and all-day", []string{"calendar.TestOverrides: timed becomes all-day", "calendar.TestOverrides: all-day becomes timed", "differential.TestFeeds: override-forms.ics"}},
		{"an override far from its slot is found", []string{"calendar.TestThisAndFuture: moved by days, looked at from where they moved to", "store.TestBetweenMissesNothingThatExpandShows", "differential.TestFeeds: override-seen-from-afar.ics"}},
		{"an override of an excepted slot is shown", []string{"calendar.TestOverrides: of a slot that is also EXDATEd is shown", "differential.TestFeeds: override-orphan-and-excepted.ics"}},
		{"a UID twice: SEQUENCE, or both", []string{"calendar.TestSameUIDTwice: higher SEQUENCE replaces", "calendar.TestSameUIDTwice: equal SEQUENCE and another start: both stay", "differential.TestFeeds: same-uid-twice.ics"}},
		{"RDATE equal to an instance, PERIOD has its own length", []string{"calendar.TestRecurrenceDates: equal to an instance counts once", "calendar.TestRecurrenceDates: PERIOD with its own length", "differential.TestFeeds: rdate-forms.ics"}},
		{"DTEND before DTSTART, no DTEND", []string{"calendar.TestLengthOfATimedEvent: end before the start is clamped", "calendar.TestLengthOfATimedEvent: neither end nor length: none", "ics.TestLengths: end-before-start", "differential.TestFeeds: one-bad-event.ics"}},
		{"lines without a colon, unbalanced alarms, trailing blanks", []string{"ics.TestUnfoldedDescription", "ics.TestAlarms: open", "ics.TestEncodings: trailing blanks"}},
		{"stray quotes, odd names, a bare VEVENT", []string{"ics.TestText: organizer", "ics.TestOddNames", "ics.TestFrameFaults: events without a calendar"}},
		{"bare CR, CRCRLF, UTF-16", []string{"ics.TestEncodings: bare CR", "ics.TestEncodings: CRCRLF", "ics.TestEncodings: UTF-16, little endian"}},
		{"where dateutil and others differ from the RFC", []string{"calendar.TestRulesFollowTheRFCWhereOthersDoNot", "calendar.TestClocksAreIgnoredForADate", "calendar.TestTimesOfTheDay: a leap second is the last", "differential.TestFeeds: exotic-rules.ics"}},

		// Bounds
		{"nesting 16", []string{"ics.TestNesting"}},
		{"a line of 1 MB", []string{"ics.TestLongLines: a list longer than the limit skips the event"}},
		{"100,000 steps, then a warning that keeps what was found", []string{"calendar.TestTooManyStepsAreCutWithAWarning", "calendar.TestCountIsBoundedAndKeepsWhatWasFound", "calendar.TestManyPiecesShareOneBound"}},
		{"BY lists without duplicates, a capped INTERVAL", []string{"calendar.TestHostileRulesAreBounded: FREQ=DAILY;INTERVAL=9223372036854775807", "calendar.TestParseRuleIsLenient"}},
		{"digits of DURATION, changes of a defined zone", []string{"ics.TestLengths: too-long", "ics.TestZones: definitions of no use", "ics.TestManyZones", "calendar.TestZoneRemembersABoundedNumberOfSpans"}},
		{"the context is looked at between events", []string{"ics.TestOtherErrors: the context's end between events", "calendar.TestExpandEndsWithItsContext"}},
		{"a panic costs one event", []string{"ics.TestPanicIsAProblem"}},
		{"20 MB are streamed", []string{"ics.TestMemory", "ics.TestBlocks"}},
		{"time zone data is in the binary", []string{"house.TestBinaryBringsItsZones"}},

		// What strangers send
		{"fuzzing", []string{"ics.FuzzDecode", "ics.FuzzInterpreter", "calendar.FuzzParseRule", "calendar.FuzzExpand", "config.FuzzLoad", "differential.FuzzFeed"}},
		{"the expand command", []string{"main.TestScripts: expand.txtar"}},
	}
}
