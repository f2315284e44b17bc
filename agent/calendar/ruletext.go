package calendar

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ParseRule reads an RRULE value. It accepts lower case, a trailing semicolon, the name RRULE: in front and parts in any
// order; RSCALE, unknown parts, an UNTIL that is no date or time and an empty or zero COUNT or INTERVAL are ignored
// with a warning in words. start decides the defaults
// of missing BY parts and how UNTIL is read: as a UTC time it is that instant, as a local time it is in the
// zone of start, as a date it is that whole day, and for a start that is a DATE it is always its date.
// The start is the first of COUNT. An error says which part is wrong and what is allowed.
func ParseRule(text string, start Moment) (rule Rule, warnings []string, err error) {
	p := parser{start: start}
	value := strings.TrimSpace(strings.ToUpper(text))
	value = strings.TrimPrefix(value, "RRULE:") // some write the name twice
	if err := p.parts(value); err != nil {
		return Rule{}, p.warnings, err
	}
	if p.freq == never {
		return Rule{}, p.warnings, fmt.Errorf("recurrence rule %s has no FREQ", clip(text))
	}
	rule = p.rule()
	return rule, p.warnings, nil
}

// parser collects the parts of one rule.
type parser struct {
	start    Moment
	warnings []string
	seen     uint32 // a bit for each part

	freq      freq
	interval  int
	count     int
	until     ending
	weekStart int

	seconds, minutes, hours, monthDays, yearDays, weeks, months, positions numbers
	weekdays                                                               uint8
	ordinals                                                               []ordinal
	known                                                                  [12]uint64 // ordinals seen
}

// The parts, as bits of parser.seen and in the order of names.
const (
	partFreq = 1 << iota
	partUntil
	partCount
	partInterval
	partSecond
	partMinute
	partHour
	partDay
	partMonthDay
	partYearDay
	partWeek
	partMonth
	partPosition
	partWeekStart

	partsClock = partSecond | partMinute | partHour
	partsDay   = partDay | partMonthDay | partYearDay | partWeek
	partsBy    = partsClock | partsDay | partMonth | partPosition
)

func (p *parser) parts(text string) error {
	for more := true; more; {
		var part string
		part, text, more = strings.Cut(text, ";")
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, value, ok := strings.Cut(part, "=")
		if !ok {
			return fmt.Errorf(`recurrence rule part %s is not of the form NAME=VALUE`, clip(part))
		}
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		bit, err := p.part(name, value)
		if err != nil {
			return err
		}
		if p.seen&bit != 0 {
			p.warn("Its recurrence rule has %s more than once; of lists all are used, of single values the last.", name)
		}
		p.seen |= bit
	}
	return nil
}

// part reads one part and returns its bit, 0 when it is ignored.
func (p *parser) part(name, value string) (bit uint32, err error) {
	if value == "" && strings.HasPrefix(name, "BY") {
		p.warn("Its recurrence rule has %s without a value; that part is ignored.", clip(name))
		return 0, nil
	}
	switch name {
	case "FREQ":
		p.freq, err = parseFreq(value)
		return partFreq, err
	case "UNTIL":
		until, ok := parseUntil(value)
		if !ok {
			p.warn("Its recurrence rule has UNTIL=%s, which is not a date like 20241231 or a time like 20241231T225959Z; it is ignored, so the event repeats without end unless COUNT ends it.", clip(value))
			return 0, nil
		}
		p.until = until
		return partUntil, nil
	case "COUNT", "INTERVAL":
		if strings.Trim(value, "0") == "" {
			p.warn("Its recurrence rule has %s=%s; that part is ignored, a whole number from 1 is allowed.", name, clip(value))
			return 0, nil
		}
		if name == "COUNT" {
			p.count, err = parsePositive(name, value, math.MaxInt32)
			return partCount, err
		}
		p.interval, err = parsePositive(name, value, maxInterval)
		return partInterval, err
	case "BYSECOND":
		return partSecond, p.seconds.parse(name, value, 0, 60)
	case "BYMINUTE":
		return partMinute, p.minutes.parse(name, value, 0, 59)
	case "BYHOUR":
		return partHour, p.hours.parse(name, value, 0, 23)
	case "BYDAY":
		return partDay, p.parseDays(value)
	case "BYMONTHDAY":
		return partMonthDay, p.monthDays.parse(name, value, -31, 31)
	case "BYYEARDAY":
		return partYearDay, p.yearDays.parse(name, value, -366, 366)
	case "BYWEEKNO":
		return partWeek, p.weeks.parse(name, value, -53, 53)
	case "BYMONTH":
		return partMonth, p.months.parse(name, value, 1, 12)
	case "BYSETPOS":
		return partPosition, p.positions.parse(name, value, -366, 366)
	case "WKST":
		p.weekStart = weekdayOf(value)
		if p.weekStart < 0 {
			err = fmt.Errorf("recurrence rule part WKST=%s: a weekday is allowed, MO to SU", clip(value))
		}
		return partWeekStart, err
	case "RSCALE", "SKIP":
		p.warn("Its recurrence rule has %s=%s; that part is ignored, only the Gregorian calendar is known.", name, clip(value))
	default:
		p.warn("Its recurrence rule has %s, which is not known; that part is ignored.", clip(name))
	}
	return 0, nil
}

// maxWarnings bounds the warnings about one rule.
const maxWarnings = 10

func (p *parser) warn(format string, args ...any) {
	if len(p.warnings) < maxWarnings {
		p.warnings = append(p.warnings, fmt.Sprintf(format, args...))
	}
}

// clip quotes what a stranger wrote, shortened.
func clip(text string) string {
	const most = 40
	if len(text) > most {
		return strconv.Quote(text[:most]) + "..."
	}
	return strconv.Quote(text)
}

func parseFreq(value string) (freq, error) {
	for f := yearly; f <= secondly; f++ {
		if value == f.String() {
			return f, nil
		}
	}
	return never, fmt.Errorf("recurrence rule part FREQ=%s: allowed are YEARLY, MONTHLY, WEEKLY, DAILY, HOURLY, MINUTELY and SECONDLY", clip(value))
}

// parsePositive reads a whole number from 1; one above most is read as most.
func parsePositive(name, value string, most int) (n int, err error) {
	for _, c := range []byte(value) {
		if c < '0' || c > '9' {
			n = 0
			break
		}
		n = min(n*10+int(c-'0'), most)
	}
	if n == 0 {
		return 0, fmt.Errorf("recurrence rule part %s=%s: a whole number from 1 is allowed", name, clip(value))
	}
	return n, nil
}

// numbers is a set of numbers from -366 to 366: the positive ones and zero, and the others
// by their distance from zero.
type numbers struct{ up, down [6]uint64 }

func (s *numbers) parse(name, value string, least, most int) error {
	for more := true; more; {
		var item string
		item, value, more = strings.Cut(value, ",")
		n, ok := smallNumber(strings.TrimSpace(item))
		if !ok || n < least || n > most || n == 0 && least < 0 {
			except := ""
			if least < 0 {
				except = " except 0"
			}
			return fmt.Errorf("recurrence rule part %s has %s: allowed are numbers from %d to %d%s", name, clip(item), least, most, except)
		}
		if n < 0 {
			s.down[-n/64] |= 1 << (-n % 64)
		} else {
			s.up[n/64] |= 1 << (n % 64)
		}
	}
	return nil
}

// list returns the numbers: the positive ones upwards, then the negative ones from -1 down.
func (s *numbers) list() (list []int16) {
	for n := range int16(367) {
		if s.up[n/64]>>(n%64)&1 != 0 {
			list = append(list, n)
		}
	}
	for n := range int16(367) {
		if s.down[n/64]>>(n%64)&1 != 0 {
			list = append(list, -n)
		}
	}
	return list
}

// smallNumber reads a number of at most four digits with an optional sign.
func smallNumber(text string) (n int, ok bool) {
	digits := text
	if digits != "" && (digits[0] == '+' || digits[0] == '-') {
		digits = digits[1:]
	}
	if len(digits) == 0 || len(digits) > 4 {
		return 0, false
	}
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	if text[0] == '-' {
		n = -n
	}
	return n, true
}

func (p *parser) parseDays(value string) error {
	for more := true; more; {
		var item string
		item, value, more = strings.Cut(value, ",")
		item = strings.TrimSpace(item)
		day := -1
		if len(item) >= 2 {
			day = weekdayOf(item[len(item)-2:])
		}
		if day < 0 {
			return fmt.Errorf("recurrence rule part BYDAY has %s: allowed are the weekdays MO to SU, with a number from 1 to 53 or -1 to -53 in front", clip(item))
		}
		if len(item) == 2 {
			p.weekdays |= 1 << day
			continue
		}
		n, ok := smallNumber(strings.TrimSpace(item[:len(item)-2]))
		if !ok || n == 0 || n < -53 || n > 53 {
			return fmt.Errorf("recurrence rule part BYDAY has %s: the number in front of a weekday must be 1 to 53 or -1 to -53", clip(item))
		}
		if i := (n+53)*7 + day; p.known[i/64]>>(i%64)&1 == 0 {
			p.known[i/64] |= 1 << (i % 64)
			p.ordinals = append(p.ordinals, ordinal{int8(n), uint8(day)})
		}
	}
	return nil
}

// weekdayOf returns 0 for MO to 6 for SU, -1 for anything else.
func weekdayOf(name string) int {
	switch name {
	case "MO":
		return 0
	case "TU":
		return 1
	case "WE":
		return 2
	case "TH":
		return 3
	case "FR":
		return 4
	case "SA":
		return 5
	case "SU":
		return 6
	}
	return -1
}
