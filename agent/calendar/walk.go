package calendar

import (
	"math/bits"
	"slices"
)

// MaxSteps bounds the work on one rule: the candidates found and the periods, or months, looked at
// in between.
const MaxSteps = 100_000

// walk goes through the instances of rules. Its buffers are used again from rule to rule.
type walk struct {
	r     *Rule
	steps int // left

	// The month looked at last, its days that match, bit 0 for day 1.
	monthFirst, monthLength int
	mask                    uint32

	dayList  []int
	chosen   []int // BYSETPOS of a set of chosenOf
	chosenOf int
}

// run calls yield with the instances of r after its start that lie in low..high, in order,
// until yield returns false. It reports whether the steps sufficed.
func (g *walk) run(r *Rule, low, high Wall, steps int, yield func(Wall) bool) bool {
	return g.between(r, max(low, r.first+1, earliest), min(high, r.last, latest), steps, yield)
}

// between does the same for all that r generates between low and high.
func (g *walk) between(r *Rule, low, high Wall, steps int, yield func(Wall) bool) bool {
	if low > high || r.freq == never {
		g.steps = steps
		return true
	}
	g.r, g.steps, g.monthLength, g.chosenOf = r, steps, 0, -1
	switch {
	case r.freq >= hourly:
		g.byClock(low, high, yield)
	case len(r.positions) > 0:
		g.byPeriod(low, high, yield)
	default:
		g.byMonth(low, high, yield)
	}
	return g.steps > 0
}

// step takes one step and reports whether it was granted.
func (g *walk) step() bool {
	g.steps--
	return g.steps > 0
}

// month loads the mask of the month that contains day.
func (g *walk) month(day int) {
	if day >= g.monthFirst && day < g.monthFirst+g.monthLength {
		return
	}
	year, month, dom := civil(day)
	g.monthFirst = day - dom + 1
	g.monthLength = daysIn(year, month)
	g.mask = g.r.days(year, month, g.monthFirst)
}

// byMonth walks rules of whole days without BYSETPOS: which days match is a bit mask per month.
func (g *walk) byMonth(low, high Wall, yield func(Wall) bool) {
	r := g.r
	day, last := low.day(), high.day()
	year, month, dom := civil(day)
	first := day - dom + 1
	for first <= last {
		if !g.step() {
			return
		}
		mask := r.days(year, month, first)
		if first < day {
			mask &^= 1<<(day-first) - 1
		}
		for ; mask != 0; mask &= mask - 1 {
			if !g.times(Wall(first+bits.TrailingZeros32(mask))*Day, low, high, yield) {
				return
			}
		}
		first += daysIn(year, month)
		if month++; month > 12 {
			month = 1
			year++
		}
	}
}

// times yields the times of one day. It returns false when the walk is to end.
func (g *walk) times(midnight, low, high Wall, yield func(Wall) bool) bool {
	r := g.r
	for t := r.clocks.from(max(0, int(low-midnight))); t >= 0; t = r.clocks.from(t + 1) {
		w := midnight + Wall(t)
		if w > high || !g.step() || !yield(w) {
			return false
		}
	}
	return true
}

// byPeriod walks rules of whole days with BYSETPOS: it lists the matching days of each period.
func (g *walk) byPeriod(low, high Wall, yield func(Wall) bool) {
	r := g.r
	zero := r.periodOf(r.first.day())
	period := r.periodOf(low.day())
	period += modulo(zero-period, r.interval)
	for ; ; period += r.interval {
		from, to := r.periodDays(period)
		if Wall(from)*Day > high || !g.step() {
			return
		}
		g.dayList = g.dayList[:0]
		for day := from; day < to; {
			g.month(day)
			mask := g.mask >> (day - g.monthFirst)
			end := min(to, g.monthFirst+g.monthLength)
			for ; mask != 0; mask &= mask - 1 {
				d := day + bits.TrailingZeros32(mask)
				if d >= end {
					break
				}
				g.dayList = append(g.dayList, d)
			}
			day = end
		}
		n := r.clocks.count()
		for _, i := range g.choose(len(g.dayList) * n) {
			w := Wall(g.dayList[i/n])*Day + Wall(r.clocks.nth(i%n))
			if w < low {
				continue
			}
			if w > high || !g.step() || !yield(w) {
				return
			}
		}
	}
}

// periodOf numbers the periods of a rule of whole days; periodDays are the days of one.
func (r *Rule) periodOf(day int) int {
	switch r.freq {
	case yearly:
		if r.weeks|r.weeksEnd != 0 {
			year, _ := r.weekNumber(r.weekFirst(r.weekOf(day)))
			return year
		}
		year, _, _ := civil(day)
		return year
	case monthly:
		year, month, _ := civil(day)
		return year*12 + month - 1
	case weekly:
		return r.weekOf(day)
	}
	return day
}

func (r *Rule) periodDays(period int) (from, to int) {
	period = min(period, 1<<32) // an INTERVAL may have gone anywhere
	switch r.freq {
	case yearly:
		if r.weeks|r.weeksEnd != 0 {
			return r.yearFirst(period), r.yearFirst(period + 1)
		}
		return dayNumber(period, 1, 1), dayNumber(period+1, 1, 1)
	case monthly:
		from = dayNumber(floorDiv(period, 12), modulo(period, 12)+1, 1)
		return from, from + daysIn(floorDiv(period, 12), modulo(period, 12)+1)
	case weekly:
		return r.weekFirst(period), r.weekFirst(period + 1)
	}
	return period, period + 1
}

// choose applies BYSETPOS to a set of n and returns the indices in order. Most periods have as
// many as the one before.
func (g *walk) choose(n int) []int {
	if n == g.chosenOf {
		return g.chosen
	}
	g.chosen, g.chosenOf = g.chosen[:0], n
	for _, p := range g.r.positions {
		i := int(p) - 1
		if p < 0 {
			i = n + int(p)
		}
		if i >= 0 && i < n {
			g.chosen = append(g.chosen, i)
		}
	}
	slices.Sort(g.chosen)
	g.chosen = slices.Compact(g.chosen)
	return g.chosen
}

// byClock walks rules finer than a day. It goes from period to period, and where one is ruled
// out it jumps to the first after everything that is ruled out with it.
func (g *walk) byClock(low, high Wall, yield func(Wall) bool) {
	r := g.r
	unit := r.freq.unit()
	stride := Wall(r.interval) * unit
	zero := r.first - modulo(r.first, unit)
	align := func(w Wall) Wall { return w + modulo(zero-w, stride) }
	outer, inner := r.outer(), r.inner()
	for p := align(low - modulo(low, unit)); p <= high; {
		before := g.steps
		midnight, day := p.Midnight(), p.day()
		if g.month(day); g.mask>>(day-g.monthFirst)&1 == 0 {
			p = align(g.dayAfter(day, high))
		} else if t := outer.from(int(p - midnight)); t < 0 {
			p = align(midnight + Day)
		} else if t != int(p-midnight) {
			p = align(midnight + Wall(t))
		} else if g.within(p, inner, low, high, yield) {
			p += stride
		} else {
			return
		}
		if g.steps == before && !g.step() { // a period without a candidate
			return
		}
	}
}

// dayAfter returns the midnight of the first matching day after day, or a reading beyond high.
func (g *walk) dayAfter(day int, high Wall) Wall {
	for day++; Wall(day)*Day <= high && g.step(); day = g.monthFirst + g.monthLength {
		g.month(day)
		if mask := g.mask >> (day - g.monthFirst); mask != 0 {
			return Wall(day+bits.TrailingZeros32(mask)) * Day
		}
	}
	return high + 1
}

// within yields the times of one period of an hour, a minute or a second.
func (g *walk) within(p Wall, inner clocks, low, high Wall, yield func(Wall) bool) bool {
	if len(g.r.positions) > 0 {
		for _, i := range g.choose(inner.count()) {
			w := p + Wall(inner.nth(i))
			if w < low {
				continue
			}
			if w > high || !g.step() || !yield(w) {
				return false
			}
		}
		return true
	}
	for t := inner.from(max(0, int(low-p))); t >= 0; t = inner.from(t + 1) {
		w := p + Wall(t)
		if w > high || !g.step() || !yield(w) {
			return false
		}
	}
	return true
}
