package household

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// LargeNow is a time in the middle of the events of Large.
func LargeNow() time.Time { return time.Date(2026, time.June, 15, 9, 0, 0, 0, time.UTC) }

// Large returns a feed of so many components, the same for the same seed: about 900 bytes
// each, half as Google writes them and half as Exchange does, 30 in 100 of them recurring (one in ten
// of those with an override of one instance, which counts as a component), spread over the three years
// before LargeNow and the year after.
func Large(events int, seed uint64) []byte {
	rng := rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15))
	home := places()[0]
	t := new(text)
	t.Grow(events*950 + 4096)
	t.line("BEGIN:VCALENDAR")
	t.line("PRODID:-//Google Inc//Google Calendar 70.9054//EN")
	t.line("VERSION:2.0")
	t.line("CALSCALE:GREGORIAN")
	t.line("METHOD:PUBLISH")
	t.line("X-WR-CALNAME:Large")
	t.line("X-WR-TIMEZONE:%s", home.iana)
	home.google(t)
	home.outlook(t)
	first := LargeNow().AddDate(-3, 0, 0)
	span := int64(LargeNow().AddDate(1, 0, 0).Sub(first) / (15 * time.Minute))
	for n := 0; n < events; n++ {
		start := first.Add(time.Duration(rng.Int64N(span)) * 15 * time.Minute)
		length := time.Duration(1+rng.IntN(8)) * 15 * time.Minute
		id := fmt.Sprintf("large %d %d", seed, n)
		rule := ""
		if rng.IntN(100) < 30 {
			rule = largeRule(rng, start)
		}
		override := rule != "" && rng.IntN(10) == 0 && n+1 < events
		title, notes := largeWords(rng, 2+rng.IntN(5)), largeWords(rng, 30+rng.IntN(40))
		if rng.IntN(2) == 0 {
			e := entry{uid: id, start: start, end: start.Add(length), rule: rule, title: title, notes: notes, place: largeWords(rng, 3), meet: rng.IntN(3) == 0}
			if rng.IntN(12) == 0 {
				e.allDay, e.free, override = true, true, false
				e.end = start.AddDate(0, 0, 1+rng.IntN(3))
			}
			e.write(t, home, LargeNow())
			if override {
				e.rule, e.slot, e.start, e.end = "", start, start.Add(time.Hour), start.Add(time.Hour+length)
				e.write(t, home, LargeNow())
				n++
			}
			continue
		}
		a := appointment{uid: id, start: start, end: start.Add(length), rule: rule, subject: title, notes: notes[:len(notes)/4], place: largeWords(rng, 2), teams: rng.IntN(5) < 1}
		a.write(t, home, LargeNow())
		if override {
			a.rule, a.slot, a.start, a.end, a.sequence = "", start, start.Add(time.Hour), start.Add(time.Hour+length), 1
			a.write(t, home, LargeNow())
			n++
		}
	}
	t.line("END:VCALENDAR")
	return t.Bytes()
}

// largeRule is a rule as people make them; two thirds of them end.
func largeRule(rng *rand.Rand, start time.Time) string {
	day := [...]string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}[start.Weekday()]
	rule := [...]string{
		"FREQ=WEEKLY;BYDAY=" + day,
		"FREQ=WEEKLY;BYDAY=" + day,
		"FREQ=WEEKLY;INTERVAL=2;BYDAY=" + day,
		"FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
		"FREQ=DAILY",
		fmt.Sprintf("FREQ=MONTHLY;BYDAY=%d%s", 1+rng.IntN(4), day),
		fmt.Sprintf("FREQ=MONTHLY;BYMONTHDAY=%d", start.Day()),
		"FREQ=YEARLY",
	}[rng.IntN(8)]
	switch rng.IntN(3) {
	case 0:
		return fmt.Sprintf("%s;COUNT=%d", rule, 2+rng.IntN(50))
	case 1:
		return rule + ";UNTIL=" + utc(start.AddDate(0, 1+rng.IntN(18), 0))
	}
	return rule
}

func largeWords(rng *rand.Rand, n int) string {
	const words = "agenda answers autumn before bring budget call chapter check city clinic coffee draft early evening figures final first garden group harbour kick-off " +
		"kitchen lesson letter library list market meeting menu minutes month museum notes office open order paper parents plan please practice print quarter question " +
		"review room school second send slides south station street summary table team ticket train travel update visit weekly window workshop"
	list := strings.Fields(words)
	out := make([]string, n)
	for i := range out {
		out[i] = list[rng.IntN(len(list))]
	}
	s := strings.Join(out, " ")
	return strings.ToUpper(s[:1]) + s[1:]
}
