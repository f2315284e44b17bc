package differential

import (
	"slices"
	"strings"
	"time"
)

// explanation is a known difference of an oracle from the RFC, or from what calendars agree on
// where the RFC leaves it open. It only ever excuses the oracle: our answer is the walk's in any
// case. Every line that differs needs one that holds for it.
type explanation struct {
	name  string
	rfc   string // the section of RFC 5545 that decides and what it says, in our words; what the library does
	holds func(*testCase, *series, line) bool
}

// line is one line that differs, taken apart.
type line struct {
	start, end time.Time
	day        bool // all-day: start and end are midnights
	override   bool
}

// readLine takes a line apart.
func readLine(text string) (line, error) {
	words := strings.Fields(text)
	from, to, _ := strings.Cut(words[2], "/")
	l := line{day: len(from) == len(time.DateOnly), override: strings.Contains(words[1], "-")}
	layout := time.RFC3339
	if l.day {
		layout = time.DateOnly
	}
	var err error
	if l.start, err = time.Parse(layout, from); err != nil {
		return l, err
	}
	l.end, err = time.Parse(layout, to)
	return l, err
}

// explain returns the names of the explanations for all lines that differ, and the first line that has none.
func (d difference) explain(known []explanation) (names map[string]bool, unexplained string) {
	names = map[string]bool{}
	for _, text := range slices.Concat(d.onlyOurs(), d.onlyTheirs()) {
		l, err := readLine(text)
		i := slices.IndexFunc(d.series, func(s *series) bool { return strings.HasPrefix(text, s.uid+" ") })
		if err != nil || i < 0 {
			return names, text
		}
		k := slices.IndexFunc(known, func(e explanation) bool { return e.holds(d.testCase, d.series[i], l) })
		if k < 0 {
			return names, text
		}
		names[known[k].name+". "+known[k].rfc] = true
	}
	return names, ""
}

// anyRule makes an explanation of a predicate on one of the rules.
func anyRule(holds func(rule) bool) func(*testCase, *series, line) bool {
	return func(_ *testCase, s *series, _ line) bool { return slices.ContainsFunc(s.rules, holds) }
}

func trait(holds func(traits) bool) func(*testCase, *series, line) bool {
	return func(_ *testCase, s *series, _ line) bool { return holds(s.traits) }
}

// refusal is a case that an oracle declines with the words.
type refusal struct {
	words string
	name  string
	rfc   string
	holds func(*testCase) bool
}

func always(*testCase) bool { return true }

// anySeries makes a predicate on a case of one on a series.
func anySeries(holds func(*series) bool) func(*testCase) bool {
	return func(c *testCase) bool { return slices.ContainsFunc(c.series, holds) }
}

func hasRule(holds func(rule) bool) func(*testCase) bool {
	return anySeries(func(s *series) bool { return slices.ContainsFunc(s.rules, holds) })
}

var refusals = []refusal{
	{
		"too slow", "too slow", "the libraries count every instance since DTSTART", always,
	},
	{
		"second must be in 0..59", "BYSECOND=60", "3.3.12: 60 is read as 59; Python has no such second",
		hasRule(func(r rule) bool { return slices.Contains(r.bySecond, 60) }),
	},
	{
		"list index out of range", "a weekday that the year does not have", "3.3.10: then there is no instance",
		hasRule(func(r rule) bool {
			return slices.ContainsFunc(r.byDay, func(d byDay) bool { return max(d.n, -d.n) == 53 || r.freq == monthly })
		}),
	},
	{
		"non-iterable NoneType", "INTERVAL never meets a BY part", "3.8.5.3: then DTSTART alone is left",
		hasRule(func(r rule) bool { return r.freq <= minutely && r.interval > 1 }),
	},
	{
		"empty", "a rule without an instance", "3.8.5.3: DTSTART alone is left",
		hasRule(func(r rule) bool { return r.freq < daily && r.interval > 1 }),
	},
	{
		"multiple distinct RRULE", "several rules", "3.8.5.3: SHOULD NOT be, but then their union counts",
		anySeries(func(s *series) bool { return len(s.rules) > 1 }),
	},
	{
		"'tuple'", "RDATE with VALUE=PERIOD", "3.8.5.2 allows it", anySeries(func(s *series) bool { return s.traits.period }),
	},
	{
		"AssertionError: ", "UNTIL in another form than DTSTART", "3.3.10 forbids it, feeds have it",
		anySeries(func(s *series) bool { return s.traits.dateUntil || s.traits.localUntil || s.traits.utcUntil }),
	},
	{
		"AssertionError: ", "BYSECOND=60", "3.3.12: 60 is read as 59; Python has no such second",
		hasRule(func(r rule) bool { return slices.Contains(r.bySecond, 60) }),
	},
	{
		"AssertionError: ", "a rule without an instance", "3.8.5.3: DTSTART alone is left",
		hasRule(func(r rule) bool { return r.freq < daily && r.interval > 1 }),
	},
	{
		"'NoneType' object has no attribute", "several rules", "3.8.5.3: SHOULD NOT be, but then their union counts",
		anySeries(func(s *series) bool { return len(s.rules) > 1 }),
	},
	{
		"the event must start before it ends", "DTSTART near a change of the offset", "3.3.5; pytz takes standard time in a gap",
		func(c *testCase) bool {
			return slices.ContainsFunc(c.series, func(s *series) bool { return c.nearOffsetChange(resolve(s.start.wall, s.loc)) })
		},
	},
	{
		"invalid 'UNTIL'", "UNTIL and an unknown zone, or a floating rule without an instance", "3.8.5.3: DTSTART alone is left",
		anySeries(func(s *series) bool {
			return slices.ContainsFunc(s.rules, func(r rule) bool { return r.until != "" })
		}),
	},
	{
		"offset-naive and offset-aware", "floating start with dates in UTC", "3.3.5",
		anySeries(func(s *series) bool { return s.traits.mixedDates || s.traits.otherEnd }),
	},
	{
		"'NoneType' object has no attribute", "RDATE in another form or zone than DTSTART", "3.8.5.2 allows it",
		anySeries(func(s *series) bool { return s.traits.mixedDates }),
	},
	{
		"the event must start before it ends", "DTEND before DTSTART", "3.8.2.2 forbids it, feeds have it",
		anySeries(func(s *series) bool { return s.traits.backwards || s.traits.otherEnd }),
	},
}

var ruleExplanations = []explanation{
	{
		"BYDAY with and without numbers",
		"3.3.10: BYDAY is a list, each entry adds days; dateutil intersects the two kinds",
		anyRule(func(r rule) bool {
			numbered := func(d byDay) bool { return d.n != 0 }
			plain := func(d byDay) bool { return d.n == 0 }
			return r.freq >= monthly && slices.ContainsFunc(r.byDay, numbered) && slices.ContainsFunc(r.byDay, plain)
		}),
	},
	{
		"BYWEEKNO alone",
		"3.3.10: what the rule does not say comes from DTSTART, so the weekday too; dateutil takes all seven days",
		anyRule(func(r rule) bool {
			return r.freq == yearly && len(r.byWeekNo) > 0 && len(r.byDay)+len(r.byMonthDay)+len(r.byYearDay) == 0
		}),
	},
	{
		"weeks across New Year",
		"3.3.10: a week belongs to the year that has four of its days; dateutil counts it in the calendar year",
		func(_ *testCase, s *series, l line) bool {
			return slices.ContainsFunc(s.rules, func(r rule) bool {
				follows := r.count > 0 || len(r.bySetPos) > 0 || r.interval > 1
				return len(r.byWeekNo) > 0 && (follows || l.start.AddDate(0, 0, 9).YearDay() < 20)
			})
		},
	},
	{
		"BYDAY with a number in a year of weeks",
		"3.3.10 forbids it with BYWEEKNO: the number is ignored; dateutil counts it in the year or month",
		anyRule(numberInWeeks),
	},
	{
		"WEEKLY with BYSETPOS in the first week",
		"3.3.10: BYSETPOS counts in the whole period; dateutil begins the first week at DTSTART",
		anyRule(func(r rule) bool { return r.freq == weekly && len(r.bySetPos) > 0 }),
	},
}

func numberInWeeks(r rule) bool {
	return len(r.byWeekNo) > 0 && slices.ContainsFunc(r.byDay, func(d byDay) bool { return d.n != 0 })
}
