package calendar

// rule makes the rule of the parts: it drops what the frequency does not allow, fills in what
// RFC 5545 takes from the start, and finds the end.
func (p *parser) rule() Rule {
	r := Rule{freq: p.freq, interval: max(p.interval, 1), weekStart: p.weekStart, last: Forever}
	start := p.start.Wall
	if p.start.Date {
		start = start.Midnight()
		p.dropClocks(&r)
	}
	p.narrow(&r)
	r.months = uint16(p.months.up[0])
	r.monthDays, r.monthDaysEnd = uint32(p.monthDays.up[0]), uint32(p.monthDays.down[0])
	r.weeks, r.weeksEnd = p.weeks.up[0], p.weeks.down[0]
	if p.seen&partYearDay != 0 {
		r.yearDays = p.yearDays.list()
	}
	if p.seen&partPosition != 0 {
		r.positions = p.positions.list()
	}
	r.weekdays, r.ordinals = p.weekdays, p.ordinals
	r.inYear = r.freq == yearly && r.months == 0
	r.setStart(start)
	p.fillDays(&r)
	p.fillClocks(&r, int(start.clock()))

	if p.seen&partUntil != 0 {
		r.setEnding(p.until, p.start)
	}
	p.findEnd(&r)
	return r
}

// dropClocks removes what makes no sense for a start that is a DATE.
func (p *parser) dropClocks(r *Rule) {
	if p.seen&partsClock != 0 {
		p.warn("Its recurrence rule has BYHOUR, BYMINUTE or BYSECOND; they are ignored for an all-day event.")
		p.seen &^= partsClock
	}
	if r.freq > daily {
		p.warn("An all-day event cannot repeat %s; it is repeated DAILY.", r.freq)
		r.freq, r.interval = daily, 1
	}
}

// narrow warns of parts that RFC 5545 does not allow with the frequency. They narrow the
// days all the same, except that numbers of weekdays are dropped where they count nothing.
func (p *parser) narrow(r *Rule) {
	for _, rule := range [...]struct {
		bit  uint32
		name string
		not  bool
	}{
		{partWeek, "BYWEEKNO", r.freq != yearly},
		{partYearDay, "BYYEARDAY", r.freq == monthly || r.freq == weekly || r.freq == daily},
		{partMonthDay, "BYMONTHDAY", r.freq == weekly},
	} {
		if rule.not && p.seen&rule.bit != 0 {
			p.warn("Its recurrence rule has %s, which is not allowed with FREQ=%s; it narrows the days.", rule.name, r.freq)
		}
	}
	if len(p.ordinals) > 0 && (r.freq > monthly || p.seen&partWeek != 0) {
		p.warn("Its recurrence rule has BYDAY with a number, which needs FREQ=MONTHLY, or YEARLY without BYWEEKNO; the numbers are ignored.")
		for _, o := range p.ordinals {
			p.weekdays |= 1 << o.weekday
		}
		p.ordinals = nil
	}
}

// fillDays takes the days that the rule does not name from the start.
func (p *parser) fillDays(r *Rule) {
	start := r.first.day()
	_, month, day := civil(start)
	if p.seen&partsDay == partWeek && r.freq == yearly {
		r.weekdays = 1 << weekday(start)
	}
	if p.seen&partsDay != 0 {
		return
	}
	switch r.freq {
	case yearly:
		if r.months == 0 {
			r.months = 1 << month
		}
		r.monthDays = 1 << day
	case monthly:
		r.monthDays = 1 << day
	case weekly:
		r.weekdays = 1 << weekday(start)
	}
}

// fillClocks sets the times of day: what the rule does not name is the start's for a coarser
// frequency, and anything for one as fine.
func (p *parser) fillClocks(r *Rule, start int) {
	set := func(named bool, value, all uint64, from int, fine freq) uint64 {
		switch {
		case named:
			return value
		case r.freq >= fine:
			return all
		}
		return 1 << from
	}
	seconds := p.seconds.up[0]
	if seconds>>60&1 != 0 { // a leap second
		seconds = seconds&^(1<<60) | 1<<59
	}
	r.clocks = clocks{
		hours:   uint32(set(p.seen&partHour != 0, p.hours.up[0], 1<<24-1, start/3600, hourly)),
		minutes: set(p.seen&partMinute != 0, p.minutes.up[0], 1<<60-1, start/60%60, minutely),
		seconds: set(p.seen&partSecond != 0, seconds, 1<<60-1, start%60, secondly),
	}
}

// probeSteps bounds the search for the first instance of a rule.
const probeSteps = 5000

// findEnd turns COUNT into the last instance, and warns of a rule that has none.
func (p *parser) findEnd(r *Rule) {
	var g walk
	if p.seen&partsBy != 0 {
		bound, found := r.last, false
		r.last = Forever
		enough := g.run(r, earliest, latest, probeSteps, func(Wall) bool { found = true; return false })
		r.last = bound
		if !found {
			p.warn("Its recurrence rule matches no time, at least not in the first years after its start.")
			if enough {
				r.freq = never
			}
		}
	}
	if p.count == 0 {
		return
	}
	if p.seen&partUntil != 0 {
		p.warn("Its recurrence rule has both COUNT and UNTIL; the one that ends first counts.")
	}
	r.setCount(p.count-1, p.seen&partsBy == 0)
}
