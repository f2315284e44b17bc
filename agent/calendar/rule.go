package calendar

import (
	"math/bits"
	"time"
)

// Rule is a parsed RRULE (RFC 5545 section 3.3.10), bound to the start that it was parsed
// with. The zero Rule yields nothing.
type Rule struct {
	freq     freq
	interval int
	first    Wall // the start; what the rule yields comes after it
	last     Wall // nothing is yielded after it (UNTIL, COUNT); Forever without an end
	until    int64
	exact    bool // last is only near: instants after until are to be left out as well
	left     int  // of COUNT, the instances after counted that are allowed; 0 when last knows the end
	counted  Wall

	months       uint16 // bit m for month m; 0 is any
	monthDays    uint32 // bit d for day d
	monthDaysEnd uint32 // bit d for day -d
	yearDays     []int16
	weeks        uint64 // bit n for week n
	weeksEnd     uint64 // bit n for week -n
	weekdays     uint8  // bit 0 for Monday
	ordinals     []ordinal
	inYear       bool // ordinals count in the year, not in the month
	clocks       clocks
	positions    []int16 // BYSETPOS
	weekStart    int     // 0 for Monday

	// The period that the start lies in.
	year, month, week, weekYear int
}

// ordinal is a weekday with a number: 2TU, -1FR.
type ordinal struct {
	n       int8
	weekday uint8
}

type freq uint8

const (
	never freq = iota // of the zero Rule, and of one that matches no day
	yearly
	monthly
	weekly
	daily
	hourly
	minutely
	secondly
)

// maxInterval bounds INTERVAL, so that no product of it overflows; as a number of seconds it
// is longer than the calendar.
const maxInterval = 1 << 40

// setStart notes the start and the periods that it lies in.
func (r *Rule) setStart(start Wall) {
	r.first = start
	day := start.day()
	year, month, _ := civil(day)
	r.year, r.month = year, year*12+month-1
	r.week = r.weekOf(day)
	if r.weeks|r.weeksEnd != 0 {
		r.weekYear, _ = r.weekNumber(r.weekFirst(r.week))
	}
}

// weekOf counts weeks that begin on weekStart; weekFirst is the first day of one.
func (r *Rule) weekOf(day int) int     { return floorDiv(day+3-r.weekStart, 7) }
func (r *Rule) weekFirst(week int) int { return week*7 - 3 + r.weekStart }

// weekNumber returns the week-numbering year and the number of the week that begins on
// first: week 1 is the first with at least four days in the year.
func (r *Rule) weekNumber(first int) (year, number int) {
	middle := first + 3
	year, _, _ = civil(middle)
	return year, (middle-dayNumber(year, 1, 1))/7 + 1
}

// yearFirst is the first day of week 1 of the week-numbering year.
func (r *Rule) yearFirst(year int) int { return r.weekFirst(r.weekOf(dayNumber(year, 1, 4))) }

// every is the pattern of one weekday in a month: days 1, 8, 15, 22 and 29.
const every = 1 | 1<<7 | 1<<14 | 1<<21 | 1<<28

// days returns the days of a month that the rule matches, bit 0 for day 1, without regard to
// BYSETPOS and to the first and last instance. first is the number of day 1.
func (r *Rule) days(year, month, first int) uint32 {
	if r.months != 0 && r.months>>month&1 == 0 {
		return 0
	}
	if r.interval > 1 {
		switch {
		case r.freq == yearly && r.weeks|r.weeksEnd == 0 && (year-r.year)%r.interval != 0,
			r.freq == monthly && (year*12+month-1-r.month)%r.interval != 0:
			return 0
		}
	}
	n := daysIn(year, month)
	mask := uint32(1)<<n - 1
	if r.monthDays|r.monthDaysEnd != 0 {
		mask &= r.monthDays>>1 | bits.Reverse32(r.monthDaysEnd)>>(31-n)
	}
	if len(r.yearDays) > 0 {
		mask &= r.yearDaysIn(year, first)
	}
	if r.weeks|r.weeksEnd != 0 {
		mask &= r.weeksIn(first, n)
	}
	if r.weekdays != 0 || len(r.ordinals) > 0 {
		mask &= r.weekdaysIn(year, first, n)
	}
	if r.interval > 1 && mask != 0 {
		switch r.freq {
		case weekly:
			mask &= r.intervalWeeks(first, n)
		case daily:
			mask &= r.intervalDays(first, n)
		}
	}
	return mask
}

func (r *Rule) yearDaysIn(year, first int) (mask uint32) {
	january, length := dayNumber(year, 1, 1), yearLength(year)
	for _, n := range r.yearDays {
		day := january + int(n) - 1
		if n < 0 {
			day = january + length + int(n)
		}
		if i := day - first; i >= 0 && i < 31 {
			mask |= 1 << i
		}
	}
	return mask
}

func (r *Rule) weeksIn(first, n int) (mask uint32) {
	for week := r.weekOf(first); r.weekFirst(week) < first+n; week++ {
		year, number := r.weekNumber(r.weekFirst(week))
		if r.freq == yearly && (year-r.weekYear)%r.interval != 0 {
			continue
		}
		in := r.weeks>>number&1 != 0
		if r.weeksEnd != 0 && !in {
			total := (r.yearFirst(year+1) - r.yearFirst(year)) / 7
			in = r.weeksEnd>>(total+1-number)&1 != 0
		}
		if in {
			mask |= weekBits(r.weekFirst(week) - first)
		}
	}
	return mask
}

// weekBits are the seven days from day i of a month on; i may be negative.
func weekBits(i int) uint32 {
	if i < 0 {
		return 0x7f >> -i
	}
	return 0x7f << i
}

func (r *Rule) weekdaysIn(year, first, n int) (mask uint32) {
	one := weekday(first)
	if r.weekdays != 0 {
		turned := uint64(r.weekdays) | uint64(r.weekdays)<<7
		mask = uint32((turned >> one & 0x7f) * every)
	}
	from, length := first, n
	if r.inYear && len(r.ordinals) > 0 {
		from, length = dayNumber(year, 1, 1), yearLength(year)
	}
	for _, o := range r.ordinals {
		day := from + modulo(int(o.weekday)-weekday(from), 7) + 7*(int(o.n)-1)
		if o.n < 0 {
			end := from + length - 1
			day = end - modulo(weekday(end)-int(o.weekday), 7) + 7*(int(o.n)+1)
		}
		// A number beyond the month or year falls out of it: no bit.
		if i := day - first; i >= 0 && i < n {
			mask |= 1 << i
		}
	}
	return mask
}

func (r *Rule) intervalWeeks(first, n int) (mask uint32) {
	for week := r.weekOf(first); r.weekFirst(week) < first+n; week++ {
		if (week-r.week)%r.interval == 0 {
			mask |= weekBits(r.weekFirst(week) - first)
		}
	}
	return mask
}

func (r *Rule) intervalDays(first, n int) (mask uint32) {
	for i := modulo(r.first.day()-first, r.interval); i < n; i += r.interval {
		mask |= 1 << i
	}
	return mask
}

// String names the frequency as RFC 5545 does.
func (f freq) String() string {
	return [...]string{"NEVER", "YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"}[f]
}

// unit is the length of a period of a frequency finer than a day.
func (f freq) unit() Wall {
	switch f {
	case hourly:
		return Wall(time.Hour / time.Second)
	case minutely:
		return Wall(time.Minute / time.Second)
	}
	return 1
}
