package calendar

import (
	"slices"
	"testing"
	"time"
)

var seeds = []string{
	"FREQ=DAILY", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;WKST=SU;COUNT=10", "FREQ=MONTHLY;BYDAY=2TU,-1FR;UNTIL=20301231T225959Z",
	"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31", "FREQ=YEARLY;BYWEEKNO=1,-1;BYSETPOS=-1;BYDAY=MO,SU", "FREQ=YEARLY;BYYEARDAY=1,-366,366;INTERVAL=4",
	"FREQ=HOURLY;INTERVAL=24;BYHOUR=5", "FREQ=MINUTELY;BYSETPOS=2;BYSECOND=1,60", "FREQ=SECONDLY;INTERVAL=9223372036854775807;COUNT=9223372036854775807",
	"FREQ=MONTHLY;BYDAY=53MO;UNTIL=99991231", "freq=daily;until=00010101;;", "RSCALE=CHINESE;FREQ=YEARLY;SKIP=OMIT;X=1", "FREQ=MONTHLY;BYDAY=0MO",
}

// FuzzParseRule: whatever is given, parsing ends, an error is short, and what is accepted yields
// rising instances after the start within bounded steps.
func FuzzParseRule(f *testing.F) {
	for i, text := range seeds {
		f.Add(text, int64(i)*40_000_000, i%3 == 0)
	}
	f.Fuzz(func(t *testing.T, text string, at int64, date bool) {
		start := Moment{Wall: Wall(at) % latest, Loc: time.UTC, Date: date}
		rule, warnings, err := ParseRule(text, start)
		if len(warnings) > maxWarnings {
			t.Errorf("%d warnings", len(warnings))
		}
		if err != nil {
			if err.Error() == "" || len(err.Error()) > 500 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
			return
		}
		var g walk
		last, found := rule.first, 0
		g.run(&rule, earliest, latest, MaxSteps, func(w Wall) bool {
			if w <= last || w > rule.last {
				t.Fatalf("%v after %v, the rule ends at %v", w.UTC(), last.UTC(), rule.last.UTC())
			}
			last = w
			found++
			return found < 500
		})
		if g.steps < -1 {
			t.Errorf("%d steps too many", -g.steps)
		}
	})
}

// FuzzExpand: any rule in any window takes bounded steps, and gives instances in order, each in
// the window.
func FuzzExpand(f *testing.F) {
	for i, text := range seeds {
		f.Add(text, "FREQ=DAILY", int64(i)*40_000_000, int64(i)*41_000_000, 28*86400, i)
	}
	zones := []string{"Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Australia/Lord_Howe"}
	f.Fuzz(func(t *testing.T, one, two string, at, from int64, length, seed int) {
		seed &= 0xffff
		loc := location(t, zones[seed%len(zones)])
		start := Moment{Wall: Wall(at) % latest, Loc: loc, Date: seed%5 == 0}
		e := Event{UID: "fuzz", Start: start, Length: &Length{Seconds: int64(seed % 5000 * 60)}}
		for _, text := range []string{one, two} {
			if rule, _, err := ParseRule(text, start); err == nil {
				e.Rules = append(e.Rules, rule)
			}
		}
		slot := start
		slot.Wall += Wall(seed) * 3600
		moved := Event{UID: "fuzz", Start: start, RecurrenceID: &slot, Future: seed%2 == 0}
		e.Except = []Moment{slot}
		window := Span{Wall(from % int64(latest)).UTC(), (Wall(from%int64(latest)) + Wall(length%(400*86400))).UTC()}

		x := newExpansion(window, loc, serverRoom())
		x.found.begin("fuzz")
		x.grant(MaxInstances, MaxSteps)
		x.masters = []*Event{&e}
		x.overrides = []override{{event: &moved}}
		if err := x.series(t.Context()); err != nil {
			t.Fatal(err)
		}
		if x.steps < -1 {
			t.Errorf("%d steps too many", -x.steps)
		}
		list := x.found.sorted()
		if len(list) > MaxInstances+1 {
			t.Errorf("%d occurrences", len(list))
		}
		if !slices.IsSortedFunc(list, func(a, b Occurrence) int { return a.Start.Compare(b.Start) }) {
			t.Error("out of order")
		}
		for _, o := range list {
			inside := o.Start.Before(window.End) && (o.End.After(window.Start) || o.End.Equal(o.Start) && !o.Start.Before(window.Start))
			if !inside || o.End.Before(o.Start) {
				t.Fatalf("%s is not in the window %v to %v", show(o), window.Start, window.End)
			}
		}
	})
}
