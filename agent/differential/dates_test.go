package differential

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"
)

func sorted(m map[string]string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if !yield(key, m[key]) {
				return
			}
		}
	}
}

// instance draws one of the series' own readings, most from the window.
func (g *generator) instance(s *series) time.Time {
	if len(s.walls) == 0 {
		return s.start.wall
	}
	inside := between(slices.Clone(s.walls), g.start.Add(-24*time.Hour), g.end.Add(24*time.Hour))
	if len(inside) > 0 && g.chance(85) {
		return inside[g.IntN(len(inside))]
	}
	return s.walls[g.IntN(len(s.walls))]
}

// inForm gives a reading of the series in the series' own form, or now and then in another one.
func (g *generator) inForm(s *series, wall time.Time) value {
	v := s.start
	v.wall = wall
	if s.dates() || g.plain {
		return v
	}
	if g.chance(35) {
		f := pick(g.dice, utc, utc, local, floating)
		if f == floating && s.start.form == utc {
			f = utc // a floating value is in the master's zone, which is UTC: no difference to see
		}
		s.traits.floatingIn = s.traits.floatingIn || f == floating && s.start.form != floating
		s.traits.mixedDates = s.traits.mixedDates || f != s.start.form || f == local
		return rewritten(wall, s.loc, f, g.zone())
	}
	return v
}

// dateLists draws RDATE and EXDATE.
func (g *generator) dateLists(s *series) {
	if g.chance(30) {
		for range 1 + g.IntN(3) {
			g.rdate(s)
		}
	}
	if !g.chance(35) {
		return
	}
	for range 1 + g.IntN(3) {
		wall := g.instance(s)
		if g.chance(10) {
			wall = wall.Add(time.Duration(g.IntN(8)-4) * 30 * time.Minute) // a miss
		}
		if s.dates() {
			wall = wall.Truncate(24 * time.Hour)
		}
		v := g.inForm(s, wall)
		if !s.dates() && !g.plain && g.chance(10) {
			v = value{form: date, wall: wall}
			s.traits.dateMeans = true
		}
		s.listed = append(s.listed, resolve(wall, s.loc))
		line := v.property("EXDATE")
		if v.form == s.start.form && v.zone == s.start.zone && g.chance(40) {
			v.wall = g.instance(s)
			s.listed = append(s.listed, resolve(v.wall, s.loc))
			line += "," + v.text()
		}
		s.lines = append(s.lines, line)
	}
}

// rdate draws one RDATE near the window, now and then equal to an instance.
func (g *generator) rdate(s *series) {
	s.traits.rdate = true
	wall := g.base.Add(time.Duration(g.IntN(96)-48) * 30 * time.Minute)
	if g.chance(20) {
		wall = g.instance(s)
	}
	if s.dates() {
		wall = wall.Truncate(24 * time.Hour)
		s.walls = append(s.walls, wall)
		s.lines = append(s.lines, value{form: date, wall: wall}.property("RDATE"))
		return
	}
	s.listed = append(s.listed, resolve(wall, s.loc))
	v := g.inForm(s, wall)
	s.walls = append(s.walls, wall)
	if g.plain || !g.chance(25) || s.periods[wall] {
		s.lines = append(s.lines, v.property("RDATE"))
		return
	}
	s.traits.period = true
	if s.periods == nil {
		s.periods = map[time.Time]bool{}
	}
	s.periods[wall] = true // which of two lengths holds nobody says
	end := v
	end.wall = v.wall.Add(time.Duration(1+g.IntN(300)) * time.Minute)
	line := v.property("RDATE", "VALUE=PERIOD") + "/" + end.text()
	if g.chance(50) {
		line = v.property("RDATE", "VALUE=PERIOD") + "/" + g.duration(s, 1+g.IntN(2000))
	}
	s.lines = append(s.lines, line)
}

// drawOverrides draws components that replace instances.
func (g *generator) drawOverrides(s *series) {
	s.traits.override = true
	s.traits.orphan = g.chance(8)
	several := 1 + g.IntN(3)
	for n := range several {
		slot := g.instance(s)
		id := g.inForm(s, slot)
		if several == 1 && !g.plain && !s.dates() && g.chance(20) && s.aloneOnDay(slot) {
			id = value{form: date, wall: slot}
			s.traits.dateMeans = true
		}
		var b strings.Builder
		fmt.Fprintf(&b, "BEGIN:VEVENT\r\nUID:%s\r\nSUMMARY:%s-%d\r\n", s.uid, s.summary, n)
		parameters := []string{}
		if g.chance(12) && !g.plain && !s.traits.future {
			s.traits.future = true
			parameters = append(parameters, "RANGE=THISANDFUTURE")
		}
		b.WriteString(id.property("RECURRENCE-ID", parameters...) + "\r\n")
		if g.chance(20) {
			fmt.Fprintf(&b, "SEQUENCE:%d\r\n", 1+g.IntN(3))
		}
		if g.chance(15) {
			b.WriteString("STATUS:" + pick(g.dice, "CANCELLED", "CANCELLED", "TENTATIVE") + "\r\n")
		}
		g.moved(s, &b, slot, len(parameters) > 0)
		b.WriteString("END:VEVENT\r\n")
		s.overrides = append(s.overrides, b.String())
	}
}

// moved writes the start and the length of an override of the slot.
func (g *generator) moved(s *series, b *strings.Builder, slot time.Time, future bool) {
	to := s.start
	to.wall = slot
	switch {
	case s.dates():
		to.wall = slot.AddDate(0, 0, g.IntN(7)-3)
	case g.chance(40):
		to.wall = slot.Add(time.Duration(g.IntN(48)-24) * 15 * time.Minute)
	case g.chance(40) && !g.fine:
		to.wall = slot.AddDate(0, 0, g.IntN(9)-4)
	}
	length := s.length
	switch {
	case future:
	case !s.dates() && g.chance(8):
		s.traits.typeChanged = true
		to = value{form: date, wall: to.wall.Truncate(24 * time.Hour)}
		length = nil
	case s.dates() && g.chance(8):
		s.traits.typeChanged = true
		to = value{form: local, wall: to.wall.Add(10 * time.Hour), zone: g.home}
		length = []string{"DURATION:PT90M"}
	case to.form == local && g.chance(15):
		to = rewritten(to.wall, s.loc, pick(g.dice, utc, local), g.zone())
		length = nil
	}
	if len(length) > 0 && strings.HasPrefix(length[0], "DTEND") || !s.dates() && to.form != date && g.chance(30) {
		length = nil
		if g.chance(80) {
			if to.form == date {
				length = []string{fmt.Sprintf("DURATION:P%dD", 1+g.IntN(4))}
			} else {
				length = []string{"DURATION:" + g.duration(s, g.IntN(200))}
			}
		}
	}
	s.replaced = append(s.replaced, resolve(slot, s.loc), resolve(to.wall, s.loc))
	b.WriteString(to.property("DTSTART") + "\r\n")
	for _, line := range length {
		b.WriteString(line + "\r\n")
	}
}

// aloneOnDay tells whether the series has only one instance on the day of the slot.
func (s *series) aloneOnDay(slot time.Time) bool {
	for _, wall := range s.walls {
		if !wall.Equal(slot) && wall.Truncate(24*time.Hour).Equal(slot.Truncate(24*time.Hour)) {
			return false
		}
	}
	return true
}
