package differential

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// freq is the FREQ of a rule, finest first, so that freq values compare.
type freq int

const (
	secondly freq = iota
	minutely
	hourly
	daily
	weekly
	monthly
	yearly
)

func (f freq) String() string {
	return [...]string{"SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"}[f]
}

// byDay is one entry of BYDAY; n is 0 when it has no number.
type byDay struct {
	n   int
	day time.Weekday
}

func (d byDay) String() string {
	name := [...]string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}[d.day]
	if d.n == 0 {
		return name
	}
	return strconv.Itoa(d.n) + name
}

// rule is a recurrence rule as the generator drew it. No code reads it back from text.
type rule struct {
	freq       freq
	interval   int // 1 when not given
	count      int // 0 when not given
	until      string
	byMonth    []int
	byWeekNo   []int
	byYearDay  []int
	byMonthDay []int
	byDay      []byDay
	byHour     []int
	byMinute   []int
	bySecond   []int
	bySetPos   []int
	weekStart  time.Weekday // Monday when not given
}

// text writes the rule as the value of an RRULE property.
func (r rule) text() string {
	parts := []string{"FREQ=" + r.freq.String()}
	if r.interval != 1 {
		parts = append(parts, fmt.Sprintf("INTERVAL=%d", r.interval))
	}
	if r.count != 0 {
		parts = append(parts, fmt.Sprintf("COUNT=%d", r.count))
	}
	if r.until != "" {
		parts = append(parts, "UNTIL="+r.until)
	}
	for _, p := range []struct {
		name   string
		values []int
	}{
		{"BYMONTH", r.byMonth}, {"BYWEEKNO", r.byWeekNo}, {"BYYEARDAY", r.byYearDay},
		{"BYMONTHDAY", r.byMonthDay}, {"BYHOUR", r.byHour}, {"BYMINUTE", r.byMinute},
		{"BYSECOND", r.bySecond}, {"BYSETPOS", r.bySetPos},
	} {
		if len(p.values) > 0 {
			parts = append(parts, p.name+"="+join(p.values))
		}
	}
	if len(r.byDay) > 0 {
		parts = append(parts, "BYDAY="+join(r.byDay))
	}
	if r.weekStart != time.Monday {
		parts = append(parts, "WKST="+byDay{day: r.weekStart}.String())
	}
	return strings.Join(parts, ";")
}

func join[T any](values []T) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = fmt.Sprint(v)
	}
	return strings.Join(words, ",")
}

// The walk keeps wall clock readings as time.Time in UTC: no zone is involved.

// monday0 is a Monday from which weeks are counted.
var monday0 = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)

const secondsPerDay = 86400

func dayNumber(t time.Time) int { return floorDiv(int(t.Unix()-monday0.Unix()), secondsPerDay) }

func floorDiv(a, b int) int {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// weekOf returns the number of the week that day lies in, the year that the week belongs to
// and how many weeks that year has: week 1 is the first with at least four days in the year.
func weekOf(day time.Time, weekStart time.Weekday) (number, year, weeks int) {
	first := func(year int) time.Time { // the first day of week 1
		fourth := time.Date(year, 1, 4, 0, 0, 0, 0, time.UTC)
		return fourth.AddDate(0, 0, -((int(fourth.Weekday()) - int(weekStart) + 7) % 7))
	}
	day = time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.UTC)
	year = day.Year() + 1
	for day.Before(first(year)) {
		year--
	}
	number = (dayNumber(day)-dayNumber(first(year)))/7 + 1
	weeks = (dayNumber(first(year+1)) - dayNumber(first(year))) / 7
	return number, year, weeks
}

// period returns the number of the FREQ period that a reading lies in. Years are those of
// the weeks when the rule speaks of weeks.
func (r rule) period(t time.Time) int {
	switch r.freq {
	case yearly:
		if len(r.byWeekNo) > 0 {
			_, year, _ := weekOf(t, r.weekStart)
			return year
		}
		return t.Year()
	case monthly:
		return t.Year()*12 + int(t.Month())
	case weekly:
		return floorDiv(dayNumber(t)-(int(r.weekStart)+6)%7, 7)
	case daily:
		return dayNumber(t)
	case hourly:
		return dayNumber(t)*24 + t.Hour()
	case minutely:
		return (dayNumber(t)*24+t.Hour())*60 + t.Minute()
	}
	return dayNumber(t)*secondsPerDay + t.Hour()*3600 + t.Minute()*60 + t.Second()
}

// hasDay tells whether the BY parts that speak of days admit the day. Missing parts take their
// value from start.
func (r rule) hasDay(day, start time.Time) bool {
	yearDays := time.Date(day.Year(), 12, 31, 0, 0, 0, 0, time.UTC).YearDay()
	monthDays := time.Date(day.Year(), day.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
	week, _, weeks := weekOf(day, r.weekStart)

	if !admits(r.byMonth, int(day.Month()), 0) || !admits(r.byWeekNo, week, weeks) ||
		!admits(r.byYearDay, day.YearDay(), yearDays) || !admits(r.byMonthDay, day.Day(), monthDays) {
		return false
	}
	if len(r.byDay) > 0 {
		return slices.ContainsFunc(r.byDay, func(d byDay) bool {
			return d.day == day.Weekday() && r.hasNumber(d.n, day, monthDays, yearDays)
		})
	}
	if len(r.byMonthDay) > 0 || len(r.byYearDay) > 0 || len(r.byWeekNo) > 0 && r.freq != yearly {
		return true
	}
	switch {
	case r.freq == weekly || len(r.byWeekNo) > 0:
		return day.Weekday() == start.Weekday()
	case r.freq == monthly:
		return day.Day() == start.Day()
	case r.freq == yearly:
		return day.Day() == start.Day() && (len(r.byMonth) > 0 || day.Month() == start.Month())
	}
	return true
}

// hasNumber tells whether the day is the n-th of its weekday in the month or year.
func (r rule) hasNumber(n int, day time.Time, monthDays, yearDays int) bool {
	if n == 0 || r.freq < monthly || len(r.byWeekNo) > 0 {
		return true
	}
	at, length := day.Day(), monthDays
	if r.freq == yearly && len(r.byMonth) == 0 {
		at, length = day.YearDay(), yearDays
	}
	if n > 0 {
		return (at-1)/7 == n-1
	}
	return (length-at)/7 == -n-1
}

// admits tells whether a list has the value, counted from the front or, in a unit of the
// given length, from the back. An empty list admits all.
func admits(list []int, value, length int) bool {
	return len(list) == 0 || slices.Contains(list, value) || length > 0 && slices.Contains(list, value-length-1)
}

// times returns the values of one unit of time to test: all when the unit is not coarser than
// FREQ or listed, else that of the start.
func (r rule) times(unit freq, list []int, size, fromStart int) []int {
	var found []int
	for v := range size {
		leap := unit == secondly && v == 59 && slices.Contains(list, 60)
		switch {
		case len(list) > 0 && (slices.Contains(list, v) || leap),
			len(list) == 0 && r.freq <= unit,
			len(list) == 0 && v == fromStart:
			found = append(found, v)
		}
	}
	return found
}

// walk returns every instance of the rule from lo to hi (inclusive), by looking at each day
// in turn and at each time of an admitted day. The start is always the first instance and counts. ended tells
// whether a reading lies behind UNTIL. dates ignores the parts that speak of times.
func (r rule) walk(start, lo, hi time.Time, dates bool, ended func(time.Time) bool) []time.Time {
	if dates {
		r.byHour, r.byMinute, r.bySecond = nil, nil, nil
	}
	hours := r.times(hourly, r.byHour, 24, start.Hour())
	minutes := r.times(minutely, r.byMinute, 60, start.Minute())
	seconds := r.times(secondly, r.bySecond, 60, start.Second())

	// Walk from the start, or without COUNT from far enough before lo for whole periods.
	day := start.AddDate(-1, 0, -start.YearDay()-8).Truncate(24 * time.Hour)
	if back := lo.AddDate(-1, 0, -8).Truncate(24 * time.Hour); r.count == 0 && back.After(day) && r.freq >= daily {
		day = back
	}
	if r.freq < daily {
		day = start.Truncate(24 * time.Hour)
		if back := lo.AddDate(0, 0, -1).Truncate(24 * time.Hour); r.count == 0 && back.After(day) {
			day = back
		}
	}
	origin := r.period(start)
	found := []time.Time{start}
	var set []time.Time // of one period
	current := origin
	// flush takes the period's set over; it returns false when the rule has ended.
	flush := func() bool {
		for i, t := range set {
			chosen := len(r.bySetPos) == 0 || slices.Contains(r.bySetPos, i+1) || slices.Contains(r.bySetPos, i-len(set))
			if !chosen || !t.After(start) {
				continue
			}
			if r.count > 0 && len(found) >= r.count {
				return false
			}
			if ended(t) {
				continue // in a gap later readings may be earlier instants
			}
			found = append(found, t)
		}
		set = set[:0]
		return true
	}
	// A period may reach beyond hi.
	for last := hi.AddDate(1, 0, 8); !day.After(last); day = day.AddDate(0, 0, 1) {
		if r.freq < daily && day.After(hi) {
			break
		}
		if !r.hasDay(day, start) {
			continue
		}
		for _, h := range hours {
			for _, m := range minutes {
				for _, s := range seconds {
					t := day.Add(time.Duration(h*3600+m*60+s) * time.Second)
					p := r.period(t)
					if (p-origin)%r.interval != 0 {
						continue
					}
					if p != current {
						if !flush() {
							return between(found, lo, hi)
						}
						if t.After(hi) && len(set) == 0 && r.freq < yearly {
							return between(found, lo, hi)
						}
						current = p
					}
					set = append(set, t)
				}
			}
		}
	}
	flush()
	return between(found, lo, hi)
}

func between(times []time.Time, lo, hi time.Time) []time.Time {
	return slices.DeleteFunc(times, func(t time.Time) bool { return t.Before(lo) || t.After(hi) })
}
