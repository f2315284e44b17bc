package differential

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// testCase is one random feed and the question asked of it.
type testCase struct {
	seed   uint64
	index  int
	feed   string
	start  time.Time
	end    time.Time
	lo, hi time.Time         // the readings that matter to the window
	device string            // the name of the device's zone
	zones  map[string]string // what the feed's zone names mean
	wrZone string            // X-WR-TIMEZONE, or ""
	series []*series
	walls  map[string][]string // what walk found, by the summary of the master and the rule's text
}

// walked records what the walk found for one rule.
func (c *testCase) walked(s *series, r rule, walls []time.Time) {
	texts := make([]string, len(walls))
	for i, wall := range walls {
		texts[i] = wall.Format("2006-01-02T15:04:05")
	}
	c.walls[s.summary+" "+r.text()] = texts
}

// generator draws one case.
type generator struct {
	dice
	testCase
	fine  bool // FREQ below DAILY, in a small window
	plain bool // only what every library claims to support
	base  time.Time
	home  zoned // the zone of most of the feed
}

// newCase draws the case with the index from the seed number. The same two give the same case.
func newCase(seed uint64, index int) *testCase {
	for attempt := uint64(0); ; attempt++ {
		g := generator{dice: dice{rand.New(rand.NewPCG(seed, uint64(index)<<8|attempt))}}
		g.testCase = testCase{seed: seed, index: index, zones: map[string]string{}, walls: map[string][]string{}}
		if g.draw() {
			return &g.testCase
		}
	}
}

// draw fills the case; it returns false when the case has more instances than a
// window may show, or than a patient person would compare.
func (g *generator) draw() bool {
	year := 2009 + g.IntN(22)
	g.home = g.zone()
	if g.chance(5) {
		year = 2038 + g.IntN(55)
	}
	switch g.home.loc.String() {
	case "Pacific/Apia":
		year = 2009 + g.IntN(6)
	case "America/Sao_Paulo":
		year = 2009 + g.IntN(11)
	}
	g.device = pick(g.dice, append(zoneNames, "UTC")...)
	g.plain = g.chance(35)
	if g.chance(20) && !g.plain {
		g.wrZone = pick(g.dice, append(zoneNames, "UTC")...)
	}
	g.base = anyReading(g.Rand, year)
	if g.chance(60) {
		g.base = nearChange(g.Rand, g.home.loc, year)
	}
	g.fine = g.chance(30)
	before, after := g.hours(), g.hours()
	g.start = g.base.Add(-before)
	g.end = g.base.Add(after)
	margin := 60 * 24 * time.Hour
	if g.fine {
		margin = 4 * 24 * time.Hour
	}
	g.lo, g.hi = g.start.Add(-margin), g.end.Add(margin)

	total := 0
	for i := range pick(g.dice, 1, 1, 1, 2, 3) {
		s := g.drawSeries(i)
		for _, wall := range s.walls {
			if !wall.Before(g.start.Add(-72*time.Hour)) && !wall.After(g.end.Add(72*time.Hour)) {
				total++
			}
		}
		g.series = append(g.series, s)
	}
	g.feed = g.text()
	return total < 6000
}

// hours draws one side of the window.
func (g *generator) hours() time.Duration {
	if g.fine {
		return time.Duration(1+g.IntN(40)) * time.Hour
	}
	return time.Duration(pick(g.dice, 24, 24*7, 24*40, 24*200, 24*800)+g.IntN(48)) * time.Hour
}

// zone draws a zone and a name for it.
func (g *generator) zone() zoned {
	name := pick(g.dice, zoneNames...)
	id := name
	if g.chance(25) {
		for other, means := range sorted(otherNames) {
			if means == name && g.chance(60) {
				id = other
			}
		}
	}
	g.zones[id] = name
	return zoned{location(name), id}
}

// drawSeries draws one UID with everything that belongs to it.
func (g *generator) drawSeries(i int) *series {
	s := &series{uid: fmt.Sprintf("series-%d@example.org", i), summary: fmt.Sprintf("S%d", i)}
	g.place(s)
	g.size(s)
	rules := pick(g.dice, 0, 1, 1, 1, 1, 1, 1, 1, 2)
	if g.plain {
		rules = 1
	}
	for range rules {
		s.rules = append(s.rules, g.drawRule(s))
	}
	if len(s.rules) == 0 {
		s.walls = []time.Time{s.start.wall}
	}
	g.dateLists(s)
	if g.chance(35) {
		g.drawOverrides(s)
	}
	if g.chance(4) {
		s.lines = append(s.lines, "STATUS:"+pick(g.dice, "TENTATIVE", "CANCELLED", "CONFIRMED"))
	}
	return s
}

// place draws the start.
func (g *generator) place(s *series) {
	wall := g.base
	switch {
	case g.fine && g.chance(8):
		wall = wall.Add(-time.Duration(g.IntN(60*24*3600)) * time.Second)
	case g.fine:
		wall = wall.Add(-time.Duration(g.IntN(48)) * 30 * time.Minute)
	case g.chance(30):
	case g.chance(50):
		wall = wall.AddDate(0, 0, -g.IntN(60))
	case g.chance(70):
		wall = wall.AddDate(0, -g.IntN(36), 0)
	default:
		wall = wall.AddDate(-g.IntN(20), 0, -g.IntN(365))
	}
	s.start = value{form: local, wall: wall, zone: g.home}
	s.loc = g.home.loc
	switch {
	case g.chance(12):
		s.start.zone = g.zone()
		s.loc = s.start.zone.loc
	case g.chance(15):
		s.start = value{form: utc, wall: wall}
		s.loc = time.UTC
	case g.chance(15):
		s.start = value{form: floating, wall: wall}
		s.loc = location(g.device)
		if g.wrZone != "" {
			s.loc = location(g.wrZone)
		}
	case !g.fine && g.chance(25):
		s.start = value{form: date, wall: wall.Truncate(24 * time.Hour)}
		s.loc = location(g.device)
	}
	if g.chance(1) && !g.fine {
		s.start.wall = s.start.wall.AddDate(-400, 0, 0)
	}
	// A zone that the feed defines itself has only today's rules.
	if _, own := definitions[s.start.zone.id]; own && s.start.wall.Year() < 2009 {
		s.start.wall = s.start.wall.AddDate(2009-s.start.wall.Year(), 0, 0)
	}
}

// size draws the length.
func (g *generator) size(s *series) {
	if g.chance(15) {
		return
	}
	start := s.start.wall
	if s.dates() {
		days := pick(g.dice, 0, 1, 1, 2, 3, 7, 1+g.IntN(20))
		s.length = []string{value{form: date, wall: start.AddDate(0, 0, days)}.property("DTEND")}
		if g.chance(30) {
			s.length = []string{pick(g.dice, fmt.Sprintf("DURATION:P%dD", 1+days), fmt.Sprintf("DURATION:P%dW", 1+days/7))}
		}
		return
	}
	minutes := pick(g.dice, 15, 30, 60, 60, 90, 180, g.IntN(300))
	if !g.fine && g.chance(20) {
		minutes = pick(g.dice, 24*60, 36*60, g.IntN(4*24*60))
	}
	if g.chance(3) && !g.plain {
		minutes = -minutes
		s.traits.backwards = true
	}
	end := s.start
	end.wall = start.Add(time.Duration(minutes) * time.Minute)
	switch {
	case g.chance(35) && minutes >= 0:
		s.length = []string{"DURATION:" + g.duration(s, minutes)}
		return
	case g.chance(8) && s.start.form == local && !g.plain:
		end = rewritten(end.wall, s.loc, pick(g.dice, utc, local), g.zone())
		s.traits.otherEnd = true
	}
	s.length = []string{end.property("DTEND")}
	s.end = resolve(start.Add(time.Duration(minutes)*time.Minute), s.loc)
}

// duration writes about the minutes as an RFC 5545 duration.
func (g *generator) duration(s *series, minutes int) string {
	if minutes >= 24*60 || g.chance(15) && !g.fine {
		s.traits.nominal = true
		return fmt.Sprintf("P%dDT%dM", 1+minutes/(24*60), minutes%(24*60))
	}
	return pick(g.dice, fmt.Sprintf("PT%dM", minutes), fmt.Sprintf("PT%dH%dM0S", minutes/60, minutes%60))
}

// drawRule draws one rule of the series and walks it.
func (g *generator) drawRule(s *series) rule {
	r := g.dice.coarse(s.start.wall)
	if g.fine && !s.dates() {
		r = g.dice.fine(s.start.wall)
	}
	var until *value
	if r.count == 0 && g.chance(25) {
		until = g.until(s, r)
		r.until = until.text()
	}
	walls := r.walk(s.start.wall, g.lo, g.hi, s.dates(), s.ended(until))
	s.walls = append(s.walls, walls...)
	g.testCase.walked(s, r, walls)
	return r
}

// until draws the last instance of a rule, now and then before its start.
func (g *generator) until(s *series, r rule) *value {
	wall := g.start.Add(time.Duration(g.Int64N(int64(g.end.Sub(g.start)))))
	wall = wall.Truncate(time.Second)
	if walls := r.walk(s.start.wall, g.start, g.end, s.dates(), func(time.Time) bool { return false }); len(walls) > 0 {
		wall = walls[g.IntN(len(walls))]
	}
	if g.chance(5) {
		wall = s.start.wall.AddDate(0, 0, -g.IntN(20))
	}
	kind := pick(g.dice, utc, utc, floating, date)
	if g.plain {
		kind = utc
		if s.start.form == floating {
			kind = floating
		}
	}
	if s.dates() {
		kind = pick(g.dice, date, date, date, utc, floating)
		if g.plain {
			kind = date
		}
		s.traits.dateUntil = s.traits.dateUntil || kind != date
		return &value{form: kind, wall: wall}
	}
	s.traits.dateUntil = s.traits.dateUntil || kind == date
	s.traits.localUntil = s.traits.localUntil || kind == floating && s.start.form != floating
	s.traits.utcUntil = s.traits.utcUntil || kind == utc && s.start.form == floating
	v := rewritten(wall, s.loc, kind, zoned{})
	return &v
}

// text writes the feed.
func (g *generator) text() string {
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example.org//differential//EN\r\n")
	if g.wrZone != "" {
		b.WriteString("X-WR-TIMEZONE:" + g.wrZone + "\r\n")
	}
	var zones, events strings.Builder
	for id, text := range sorted(definitions) {
		if _, used := g.zones[id]; used {
			zones.WriteString(text)
		}
	}
	for _, s := range g.series {
		parts := append([]string{}, s.overrides...)
		if !s.traits.orphan {
			at := g.IntN(len(parts) + 1)
			parts = append(parts[:at], append([]string{s.component()}, parts[at:]...)...)
		}
		if g.chance(4) && !g.plain && !s.traits.orphan && !s.traits.future {
			parts = append(parts, g.again(s))
		}
		for _, part := range parts {
			events.WriteString(part)
		}
	}
	first, second := zones.String(), events.String()
	if g.chance(20) {
		first, second = second, first // the zones after their use
	}
	b.WriteString(fold(first + second))
	b.WriteString("END:VCALENDAR\r\n")
	return b.String()
}

// again writes a second master of the UID that replaces the first, or is replaced by it.
func (g *generator) again(s *series) string {
	s.traits.twice = true
	other := *s
	other.summary += "-again"
	other.sequence = s.sequence + 1
	other.rules, other.lines = nil, nil
	other.start.wall = other.start.wall.Add(24 * time.Hour)
	other.length = nil
	return other.component()
}

// fold breaks the lines that are longer than 75 octets.
func fold(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		for len(line) > 75 {
			b.WriteString(line[:70] + "\r\n ")
			line = line[70:]
		}
		b.WriteString(line)
	}
	return b.String()
}
