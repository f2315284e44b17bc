package calendar

import (
	"math/bits"
	"sort"
)

// What ParseRule spends on finding the last instance of a COUNT: every event of a feed may have one.
const (
	countSteps  = 5000 // where each instance must be looked at
	countMonths = 5000 // where the days of a month can be counted at once
)

// setCount ends the rule n instances after its start. plain tells that it has no BY part. An end that cannot
// be found with little work is left open: either it is centuries away, or the expansion counts on from where this
// ended. It returns the steps it took.
func (r *Rule) setCount(n int, plain bool) (steps int) {
	if n == 0 || r.freq == never {
		r.last = min(r.last, r.first)
		return 0
	}
	if plain {
		if last, ok := r.evenly(n); ok {
			r.last = min(r.last, last)
			return 1
		}
	}
	if len(r.positions) == 0 && (r.freq <= daily || r.interval == 1) {
		last, steps := r.afterMonths(n)
		r.last = min(r.last, last)
		return steps
	}
	var g walk
	last := r.first
	enough := g.run(r, earliest, latest, countSteps, func(w Wall) bool {
		last = w
		n--
		return n > 0
	})
	if n == 0 || enough || last == r.first { // the latter is a rule that seems to match nothing
		r.last = min(r.last, last)
	} else {
		r.counted, r.left = last, n
	}
	return countSteps - g.steps
}

// evenly returns the instance n after the start of a rule without BY parts, Forever when the calendar ends before.
// It cannot tell for days that not every month or year has.
func (r *Rule) evenly(n int) (last Wall, ok bool) {
	var stride Wall
	switch r.freq {
	case yearly, monthly:
		year, month, day := civil(r.first.day())
		if day > 28 {
			return 0, false
		}
		months := r.interval
		if r.freq == yearly {
			months *= 12
		}
		if n > 10_000*12/months {
			return Forever, true
		}
		m := year*12 + month - 1 + n*months
		return Wall(dayNumber(floorDiv(m, 12), modulo(m, 12)+1, day))*Day + r.first.clock(), true
	case weekly:
		stride = 7 * Day
	case daily:
		stride = Day
	default:
		stride = r.freq.unit()
	}
	stride *= Wall(r.interval)
	if Wall(n) > (latest-r.first)/stride {
		return Forever, true
	}
	return r.first + Wall(n)*stride, true
}

// afterMonths counts the instances month by month, for a rule of which every matching day has the same times. It
// returns Forever when they reach beyond countMonths.
func (r *Rule) afterMonths(n int) (last Wall, steps int) {
	times := r.clocks.count()
	if n/countMonths/31 > times {
		return Forever, 0
	}
	day := r.first.day()
	year, month, dom := civil(day)
	first := day - dom + 1
	mask := r.days(year, month, first) >> (dom - 1) << (dom - 1)
	if mask>>(dom-1)&1 != 0 { // what the day of the start has up to the start
		n += sort.Search(times, func(i int) bool { return r.clocks.nth(i) > int(r.first.clock()) })
	}
	for steps = range countMonths {
		if found := bits.OnesCount32(mask) * times; n > found {
			n -= found
		} else {
			day := first + nthBit(uint64(mask), (n-1)/times)
			return Wall(day)*Day + Wall(r.clocks.nth((n-1)%times)), steps
		}
		first += daysIn(year, month)
		if month++; month > 12 {
			month = 1
			year++
		}
		mask = r.days(year, month, first)
	}
	return Forever, steps
}
