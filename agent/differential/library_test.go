package differential

import (
	"slices"
	"strings"
	"time"
)

// libraryExplanations are those of dateutil, which the library uses, and its own.
func libraryExplanations() []explanation {
	return append(slices.Clone(ruleExplanations), []explanation{
		{
			"RANGE=THISANDFUTURE", "3.2.13: the change is for the instance and all after it; the library changes one",
			trait(func(t traits) bool { return t.future }),
		},
		{
			"BYDAY with two digits", "3.3.10: up to 53; python3-icalendar reads one digit and drops the rule",
			anyRule(func(r rule) bool {
				return slices.ContainsFunc(r.byDay, func(d byDay) bool { return max(d.n, -d.n) > 9 })
			}),
		},
		{
			"DTSTART in local mean time", "3.6.5: an offset may have seconds; pytz rounds it to minutes",
			func(_ *testCase, s *series, _ line) bool { return s.start.wall.Year() < 1930 },
		},
		{
			"times after 2037", "3.6.5: the last rule of a zone holds on; pytz lists no changes after 2037",
			func(_ *testCase, _ *series, l line) bool { return l.start.Year() > 2037 },
		},
		{
			"second master", "3.8.7.4: the higher SEQUENCE replaces the lower; the library shows both",
			trait(func(t traits) bool { return t.twice }),
		},
		{
			"all-day without an end", "3.6.1: a DATE without DTEND is one day; the library gives it no length",
			func(_ *testCase, s *series, l line) bool {
				return l.day && (l.end.Equal(l.start) || l.end.Sub(l.start) == 24*time.Hour && (s.withoutEnd() || l.override))
			},
		},
		{
			"UNTIL in another form", "3.3.10: a date ends with its day, a local time is in DTSTART's zone; the library reads midnight and UTC",
			trait(func(t traits) bool { return t.dateUntil || t.localUntil || t.utcUntil }),
		},
		{
			"COUNT and a DTSTART outside the rule", "3.3.10: DTSTART counts as the first; the library adds it",
			func(_ *testCase, s *series, _ line) bool {
				return slices.ContainsFunc(s.rules, func(r rule) bool { return r.count > 0 && !r.yieldsStart(s) })
			},
		},
		{
			"times of an all-day rule", "3.3.10: BYHOUR, BYMINUTE and BYSECOND are ignored for a DATE; the library repeats the day",
			func(_ *testCase, s *series, _ line) bool {
				return s.dates() && slices.ContainsFunc(s.rules, func(r rule) bool {
					return len(r.byHour)+len(r.byMinute)+len(r.bySecond) > 0
				})
			},
		},
		{
			"UTC in a feed with X-WR-TIMEZONE", "3.3.5: a time with Z recurs in UTC; the library moves it to the feed's zone",
			func(c *testCase, s *series, _ line) bool { return c.wrZone != "" && s.start.form == utc },
		},
		{
			"EXDATE or RECURRENCE-ID as a date", "3.8.5.1: not the form of DTSTART, but feeds have it; the library reads midnight",
			trait(func(t traits) bool { return t.dateMeans }),
		},
		{
			"names of zones", "3.2.19 leaves the names open; pytz knows its own and most of those of Windows",
			func(_ *testCase, s *series, _ line) bool {
				return slices.ContainsFunc([]string{"/freeassociation", "GMT Standard Time 1", "Lord Howe Standard Time"}, func(name string) bool {
					return strings.Contains(s.everything(), "TZID="+name)
				})
			},
		},
		{
			"floating dates of a zoned event", "3.3.5: they are in the zone of the event; the library takes the system's or the feed's",
			trait(func(t traits) bool { return t.floatingIn }),
		},
		{
			"floating UNTIL in a feed with X-WR-TIMEZONE", "3.3.10: it is in the zone of DTSTART; the library reads UTC",
			func(c *testCase, s *series, l line) bool {
				return c.wrZone != "" && s.start.form == floating && slices.ContainsFunc(s.rules, func(r rule) bool { return r.until != "" })
			},
		},
		{
			"DTSTART or DTEND near a change of the offset", "3.3.5, and 3.8.2.2: the length is the time between them; pytz takes standard time for both",
			func(c *testCase, s *series, l line) bool {
				return !s.end.IsZero() && (c.nearOffsetChange(resolve(s.start.wall, s.loc)) || c.nearOffsetChange(s.end))
			},
		},
		{
			"dates near a change of the offset", "3.8.5.1 and 3.8.5.2: the same instant counts; the library compares with DTSTART's offset",
			func(c *testCase, s *series, l line) bool {
				return slices.ContainsFunc(s.listed, func(at time.Time) bool { return at.Sub(l.start).Abs() <= s.jump() })
			},
		},
		{
			"zones that the feed defines", "3.6.5: an observance holds from its onset; the library takes another",
			func(_ *testCase, s *series, _ line) bool {
				for id := range definitions {
					if strings.Contains(s.everything(), id) {
						return true
					}
				}
				return false
			},
		},
		{
			"DTSTART after UNTIL", "3.8.5.3: DTSTART is always an instance; the library drops it",
			func(_ *testCase, s *series, l line) bool {
				return l.start.Equal(resolve(s.start.wall, s.loc)) && slices.ContainsFunc(s.rules, func(r rule) bool { return r.until != "" })
			},
		},
		{
			"override of another instance of the day", "3.8.4.4: RECURRENCE-ID names one instance; the library takes out its day, and keeps several overrides of one instance",
			func(c *testCase, s *series, l line) bool {
				return l.override || slices.ContainsFunc(s.replaced, func(at time.Time) bool { return at.Sub(l.start).Abs() < 36*time.Hour })
			},
		},
		{
			"floating start with dates in UTC", "3.3.5: they are in different zones; the library moves all to the first that has one",
			func(_ *testCase, s *series, _ line) bool { return s.traits.mixedDates && s.start.form == floating },
		},
		{
			"UNTIL across a change of the offset", "3.3.10: the last instance is compared as it is; the library compares it with DTSTART's offset",
			func(c *testCase, s *series, l line) bool {
				return slices.ContainsFunc(s.rules, func(r rule) bool {
					until, err := time.Parse("20060102T150405Z", r.until)
					return err == nil && l.start.Sub(until).Abs() <= s.jump()
				})
			},
		},
		{
			"near a change of the offset", "3.3.5: the offset before the gap, the first of two instants; pytz takes standard time for both",
			func(c *testCase, _ *series, l line) bool {
				return c.nearOffsetChange(l.start) || c.nearOffsetChange(l.end)
			},
		},
		{
			"length across a change of the offset", "3.3.6: DURATION in days is nominal, and a floating event is in a zone; the library counts 24 hours for each day",
			func(c *testCase, s *series, l line) bool {
				begin := resolve(s.start.wall, s.loc)
				return (s.traits.nominal || s.start.form == floating) && c.changesBetween(l.start, l.end) ||
					s.start.form == floating && c.changesBetween(begin, begin.Add(l.end.Sub(l.start)))
			},
		},
	}...)
}

// jump is how far the clocks of the series' zone may have moved at once.
func (s *series) jump() time.Duration {
	if s.loc.String() == "Pacific/Apia" {
		return 25 * time.Hour // it changed sides of the date line
	}
	return time.Hour
}

// withoutEnd tells whether an all-day series has no length of its own.
func (s *series) withoutEnd() bool {
	return s.dates() && (len(s.length) == 0 || strings.HasSuffix(s.length[0], s.start.text()))
}

// yieldsStart tells whether the rule itself matches the start of the series, BYSETPOS aside.
func (r rule) yieldsStart(s *series) bool {
	start := s.start.wall
	return len(r.bySetPos) == 0 && r.hasDay(start, start) &&
		slices.Contains(r.times(hourly, r.byHour, 24, start.Hour()), start.Hour()) &&
		slices.Contains(r.times(minutely, r.byMinute, 60, start.Minute()), start.Minute()) &&
		slices.Contains(r.times(secondly, r.bySecond, 60, start.Second()), start.Second())
}

// everything is the text of the series' components.
func (s *series) everything() string { return s.component() + strings.Join(s.overrides, "") }

// locations are the zones that times of the case may be in.
func (c *testCase) locations() []*time.Location {
	found := []*time.Location{location(c.device)}
	if c.wrZone != "" {
		found = append(found, location(c.wrZone))
	}
	for _, name := range c.zones {
		found = append(found, location(name))
	}
	return found
}

// nearOffsetChange tells whether the instant is close to a change of the offset in a zone of the case: closer
// than the clocks were moved, and an hour.
func (c *testCase) nearOffsetChange(at time.Time) bool {
	return slices.ContainsFunc(c.locations(), func(loc *time.Location) bool {
		before, after := stretch(at.In(loc))
		return slices.ContainsFunc([]time.Time{before, after}, func(change time.Time) bool {
			if change.IsZero() {
				return false
			}
			_, old := change.Add(-time.Second).Zone()
			_, now := change.Zone()
			moved := time.Duration(max(now-old, old-now)) * time.Second
			return at.Sub(change).Abs() <= moved+time.Hour
		})
	})
}

// changesBetween tells whether a zone of the case changes its offset from an hour before start to an hour after end.
func (c *testCase) changesBetween(start, end time.Time) bool {
	return slices.ContainsFunc(c.locations(), func(loc *time.Location) bool {
		_, change := stretch(start.Add(-time.Hour).In(loc))
		return !change.IsZero() && !change.After(end.Add(time.Hour))
	})
}
