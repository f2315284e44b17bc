package calendar

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/teambition/rrule-go"
)

// TestRulesAgreeWithRRuleGo compares random rules with another implementation, on wall clocks.
// Left out are the rules on which that implementation follows dateutil away from RFC 5545,
// and those on which it does not end:
//
//   - BYDAY=MO,2TU: an intersection there, a union here (3.3.10: each value expands);
//   - YEARLY;BYWEEKNO without days: all seven there, the weekday of DTSTART here (3.3.10:
//     what is not in the rule comes from DTSTART);
//   - BYWEEKNO with INTERVAL, BYSETPOS or a week next to New Year other than 1 and -1:
//     weeks across New Year are counted and cut otherwise there;
//   - WEEKLY;BYSETPOS: the first week begins at DTSTART there, with WKST here;
//   - numbered weekdays together with BYWEEKNO, which 3.3.10 forbids;
//   - BYSECOND=60: an error there;
//   - rules without instances, or with few until 290 years after the start: a loop without end there;
//   - a number of a weekday that its month does not have: a panic there.
//
// A number given twice yields its instances twice there, so none is. A start that the rule does not generate
// is none of COUNT there (3.3.10: DTSTART "always counts as the first occurrence"); the test allows for it.
func TestRulesAgreeWithRRuleGo(t *testing.T) {
	cases := 6000
	if testing.Short() {
		cases = 600
	}
	random := rand.New(rand.NewPCG(5545, 33310))
	compared := 0
	for range cases {
		text, start := randomRule(random)
		rule, warnings, err := ParseRule(text, start)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if slices.ContainsFunc(warnings, func(w string) bool { return strings.Contains(w, "matches no time") }) {
			continue
		}
		const few = 40
		centuries := start.Wall + 290*365*Day // where the other ends
		var got []Wall
		var g walk
		g.run(&rule, earliest, latest, MaxSteps, func(w Wall) bool {
			got = append(got, w)
			return len(got) < few
		})
		if rule.left > 0 || len(got) == 0 || got[len(got)-1] > centuries || len(got) < few && rule.last > latest {
			continue // too rare for the other to end in time, or to be counted here in ParseRule
		}
		want := otherInstances(t, text, start.Wall, len(got)+1)
		if len(want) > len(got) && len(got) == few {
			want = want[:few]
		}
		if !slices.Equal(got, want) {
			t.Errorf("DTSTART %s RRULE %s\n got %s\nwant %s", start.Wall.UTC().Format(time.DateTime), text, walls(got), walls(want))
		}
		compared++
	}
	t.Logf("%d rules compared", compared)
	if compared < cases*3/4 {
		t.Errorf("only %d of %d rules could be compared", compared, cases)
	}
}

// otherInstances asks rrule-go for the first n instances after the start.
func otherInstances(t *testing.T, text string, start Wall, n int) (list []Wall) {
	option, err := rrule.StrToROption(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	option.Dtstart = start.UTC()
	if option.Count > 0 { // the start counts, generated or not
		matches, _, err := ParseRule(strings.ReplaceAll(text, "COUNT=", "X-COUNT="), Moment{Wall: start, Loc: time.UTC})
		if err != nil {
			t.Fatal(err)
		}
		var g walk
		generated := false
		g.between(&matches, start, start, MaxSteps, func(Wall) bool { generated = true; return false })
		if !generated {
			if option.Count--; option.Count == 0 {
				return nil
			}
		}
	}
	other, err := rrule.NewRRule(*option)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	next := other.Iterator()
	for len(list) < n {
		at, ok := next()
		if !ok {
			break
		}
		if w := Wall(at.Unix()); w > start && (len(list) == 0 || w > list[len(list)-1]) {
			list = append(list, w)
		}
	}
	return list
}

func walls(list []Wall) string {
	var b strings.Builder
	for i, w := range list {
		if i == 12 {
			fmt.Fprintf(&b, "... (%d)", len(list))
			break
		}
		b.WriteString(w.UTC().Format("2006-01-02 15:04:05 Mon, "))
	}
	return b.String()
}

// randomRule makes a rule within what TestRulesAgreeWithRRuleGo compares.
func randomRule(random *rand.Rand) (text string, start Moment) {
	start.Wall = WallOf(1997+random.IntN(30), time.Month(1+random.IntN(12)), 1+random.IntN(31), random.IntN(24), random.IntN(60), random.IntN(60))
	start.Loc = time.UTC
	f := freq(1 + random.IntN(7))
	parts := []string{"FREQ=" + f.String()}
	chance := func(of int) bool { return random.IntN(of) == 0 }
	numbers := func(name string, most, least, max int) {
		list := make([]string, 1+random.IntN(most))
		for i := range list {
			n := least + random.IntN(max-least+1)
			for n == 0 && least < 0 {
				n = least + random.IntN(max-least+1)
			}
			list[i] = strconv.Itoa(n)
			if slices.Contains(list[:i], list[i]) {
				list = list[:i]
				break
			}
		}
		parts = append(parts, name+"="+strings.Join(list, ","))
	}
	by := false
	weeks, days := false, false
	if chance(4) {
		numbers("BYMONTH", 4, 1, 12)
		by = true
	}
	if f == yearly && chance(4) {
		numbers("BYWEEKNO", 3, -51, 51)
		weeks, by = true, true
	}
	if (f == yearly || f >= hourly) && chance(6) {
		numbers("BYYEARDAY", 20, -366, 366)
		days, by = true, true
	}
	if f != weekly && chance(4) {
		numbers("BYMONTHDAY", 6, -31, 31)
		days, by = true, true
	}
	if chance(2) || weeks && !days {
		ordinals := (f == yearly || f == monthly) && !weeks && chance(2)
		list := make([]string, 1+random.IntN(4))
		for i := range list {
			list[i] = []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}[random.IntN(7)]
			if ordinals {
				most := 5
				if f == yearly && !strings.Contains(strings.Join(parts, ";"), "BYMONTH=") && chance(2) {
					most = 53
				}
				list[i] = strconv.Itoa((1+random.IntN(most))*(1-2*random.IntN(2))) + list[i]
			}
		}
		parts = append(parts, "BYDAY="+strings.Join(list, ","))
		by = true
	}
	if chance(5) {
		numbers("BYHOUR", 4, 0, 23)
		by = true
	}
	if chance(6) {
		numbers("BYMINUTE", 4, 0, 59)
		by = true
	}
	if chance(8) {
		numbers("BYSECOND", 4, 0, 59)
		by = true
	}
	if by && f != weekly && !weeks && chance(4) {
		numbers("BYSETPOS", 3, -6, 6)
	}
	if !weeks && chance(3) {
		parts = append(parts, "INTERVAL="+strconv.Itoa(1+random.IntN(8)))
	}
	if chance(4) {
		parts = append(parts, "WKST="+[]string{"MO", "TU", "SA", "SU"}[random.IntN(4)])
	}
	switch random.IntN(4) {
	case 0:
		parts = append(parts, "COUNT="+strconv.Itoa(1+random.IntN(30)))
	case 1:
		until := start.Wall + Wall(random.IntN(1000))*Day/4
		parts = append(parts, "UNTIL="+until.UTC().Format("20060102T150405Z"))
	}
	random.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	return strings.Join(parts, ";"), start
}
