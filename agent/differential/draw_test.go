package differential

import (
	"math/rand/v2"
	"time"
)

// dice draws from one case's random numbers.
type dice struct{ *rand.Rand }

func (d dice) chance(percent int) bool { return d.IntN(100) < percent }

func pick[T any](d dice, values ...T) T { return values[d.IntN(len(values))] }

// some draws one to most values.
func some(d dice, most int, draw func() int) []int {
	values := make([]int, 1+d.IntN(most))
	for i := range values {
		values[i] = draw()
	}
	return values
}

// signed draws from 1 to most, or now and then the same from the end.
func (d dice) signed(most int) int {
	n := 1 + d.IntN(most)
	if d.chance(30) {
		return -n
	}
	return n
}

// near draws a value of a unit of the given size, mostly close to at.
func (d dice) near(at, size int) int {
	if d.chance(60) {
		return ((at+d.IntN(5)-2)%size + size) % size
	}
	return d.IntN(size)
}

// coarse draws a rule of FREQ DAILY to YEARLY.
func (d dice) coarse(start time.Time) rule {
	r := rule{freq: pick(d, yearly, yearly, monthly, monthly, weekly, weekly, daily), interval: 1, weekStart: time.Monday}
	if d.chance(40) {
		r.interval = pick(d, 2, 2, 3, 4, 5, 1+d.IntN(30))
	}
	d.days(&r, start)
	if d.chance(25) {
		r.byHour = some(d, 3, func() int { return d.near(start.Hour(), 24) })
	}
	if d.chance(15) {
		r.byMinute = some(d, 3, func() int { return d.near(start.Minute(), 60) })
	}
	if d.chance(8) {
		r.bySecond = some(d, 2, func() int { return d.IntN(61) })
	}
	d.ending(&r)
	return r
}

// days draws the parts that speak of days.
func (d dice) days(r *rule, start time.Time) {
	month := func() int { return 1 + d.near(int(start.Month())-1, 12) }
	if d.chance(25) {
		r.byMonth = some(d, 4, month)
	}
	odd := d.chance(4) // what the RFC forbids with this FREQ, and which narrows the days all the same
	if r.freq == yearly && d.chance(25) || odd && d.chance(40) {
		r.byWeekNo = some(d, 3, func() int { return pick(d, d.signed(53), 1, 52, 53, -1, -53) })
	}
	if r.freq == yearly && d.chance(20) || r.freq < daily && d.chance(15) || odd && d.chance(40) {
		r.byYearDay = some(d, 6, func() int { return pick(d, d.signed(366), start.YearDay(), 1, 366, -1, -366) })
	}
	if r.freq != weekly && d.chance(30) || odd && d.chance(40) {
		r.byMonthDay = some(d, 5, func() int { return pick(d, d.signed(31), start.Day(), 31, -1, 13) })
	}
	if d.chance(40) || r.freq == weekly && d.chance(60) {
		for range 1 + d.IntN(4) {
			day := byDay{day: time.Weekday(d.IntN(7))}
			if (r.freq >= monthly && len(r.byWeekNo) == 0 || odd) && d.chance(60) {
				day.n = d.signed(5)
				if r.freq == yearly && len(r.byMonth) == 0 && d.chance(50) {
					day.n = d.signed(53)
				}
			}
			r.byDay = append(r.byDay, day)
		}
	}
}

// fine draws a rule of FREQ SECONDLY to HOURLY.
func (d dice) fine(start time.Time) rule {
	r := rule{freq: pick(d, hourly, hourly, minutely, minutely, secondly), interval: 1, weekStart: time.Monday}
	if d.chance(30) {
		d.days(&r, start)
	}
	switch r.freq {
	case hourly:
		r.interval = pick(d, 1, 1, 2, 3, 4, 6, 24, 1+d.IntN(50))
	case minutely:
		r.interval = pick(d, 1, 5, 15, 15, 30, 45, 90, 1+d.IntN(200), 60*(1+d.IntN(30)))
	case secondly:
		r.interval = pick(d, 1, 10, 60, 90, 300, 3600, 1+d.IntN(5000), 1+d.IntN(100000))
	}
	if d.chance(30) {
		r.byHour = some(d, 6, func() int { return d.near(start.Hour(), 24) })
	}
	if d.chance(30) {
		r.byMinute = some(d, 5, func() int { return d.near(start.Minute(), 60) })
	}
	if d.chance(20) {
		r.bySecond = some(d, 4, func() int { return pick(d, start.Second(), d.IntN(61)) })
	}
	d.ending(&r)
	return r
}

// ending draws BYSETPOS, WKST and COUNT. UNTIL is the series' business, for it depends on the zone.
func (d dice) ending(r *rule) {
	others := len(r.byMonth) + len(r.byWeekNo) + len(r.byYearDay) + len(r.byMonthDay) + len(r.byDay) +
		len(r.byHour) + len(r.byMinute) + len(r.bySecond)
	if others > 0 && d.chance(20) {
		r.bySetPos = some(d, 3, func() int { return pick(d, d.signed(4), 1, -1, d.signed(40)) })
	}
	if d.chance(30) {
		r.weekStart = time.Weekday(d.IntN(7))
	}
	if d.chance(25) {
		r.count = pick(d, 1, 2, 1+d.IntN(12), 1+d.IntN(60), 1+d.IntN(400))
	}
}
