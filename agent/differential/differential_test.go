package differential

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"calendarbot/agent/calendar"
	"calendarbot/agent/ics"
)

var (
	cases = flag.Int("differential.cases", 1000, "how many random feeds to compare, over all seed numbers")
	seeds = flag.String("differential.seeds", "1,2,3,4", "the seed numbers, with commas")
	only  = flag.Int("differential.only", -1, "compare only the feed with this index")
	show  = flag.Bool("differential.show", false, "print every feed and its answers")
)

// ours expands a case as the expand command does.
func ours(c *testCase) (lines, warnings []string, err error) {
	device := location(c.device)
	d, err := decode(c.feed, ics.DefaultLimits(), device)
	if err != nil {
		return nil, nil, err
	}
	found, more, err := calendar.Expand(context.Background(), d.events, calendar.Span{Start: c.start, End: c.end}, device)
	if err != nil {
		return nil, nil, fmt.Errorf("expand: %w", err)
	}
	for _, p := range d.report.Problems {
		warnings = append(warnings, p.Text)
	}
	for _, w := range more {
		warnings = append(warnings, w.Text)
	}
	for _, o := range found {
		if err := d.covers(o); err != nil {
			return nil, nil, err
		}
		span := o.Start.UTC().Format(time.RFC3339) + "/" + o.End.UTC().Format(time.RFC3339)
		if o.AllDay {
			span = o.FirstDay.UTC().Format(time.DateOnly) + "/" + o.EndDay.UTC().Format(time.DateOnly)
		}
		lines = append(lines, fmt.Sprintf("%s %s %s %s", o.Event.UID, o.Event.Summary, span, o.Event.Status))
	}
	slices.Sort(lines)
	return lines, warnings, nil
}

// decoded is a feed on its way to occurrences.
type decoded struct {
	report     ics.Report
	components []ics.Component
	events     []calendar.Event
}

// decode reads a feed as the server does: cut into components first, interpreted later.
func decode(feed string, limits ics.Limits, device *time.Location) (d decoded, err error) {
	d.report, err = ics.Decode(context.Background(), strings.NewReader(feed), limits, device, func(c ics.Component) error {
		c.Text = slices.Clone(c.Text)
		d.components = append(d.components, c)
		return nil
	})
	if err != nil {
		return d, fmt.Errorf("decode: %w", err)
	}
	in := ics.NewInterpreter(d.report.Preamble, device)
	for _, c := range d.components {
		event, err := in.Event(c.Text)
		if err != nil {
			return d, fmt.Errorf("interpret: %w", err)
		}
		d.events = append(d.events, event)
	}
	return d, nil
}

// covers checks that a component's bounds reach over the occurrence: a store that looks for
// components by their bounds must find its series.
func (d decoded) covers(o calendar.Occurrence) error {
	first, last := calendar.WallIn(o.Start, o.Start.Location()), calendar.WallIn(o.End, o.End.Location())
	if o.AllDay {
		first, last = o.FirstDay, o.EndDay
	}
	for _, c := range d.components {
		if c.UID == o.Event.UID && c.First <= first && c.Last >= last {
			return nil
		}
	}
	return fmt.Errorf("no bounds of %s reach over %v to %v", o.Event.UID, first.UTC(), last.UTC())
}

// TestDifferential holds the answers for random feeds against the walk, dateutil and
// recurring_ical_events. Our answer must be the walk's; where it is not a library's, one of the
// explanations has to hold.
func TestDifferential(t *testing.T) {
	var tally tally
	var wait sync.WaitGroup
	numbers := strings.Split(*seeds, ",")
	for i, text := range numbers {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("seed number %q: %v", text, err)
		}
		share := *cases / len(numbers)
		if i < *cases%len(numbers) {
			share++
		}
		from, to := 0, share
		if *only >= 0 {
			from, to = *only, *only+1
		}
		o := newOracle(t)
		wait.Go(func() {
			for index := from; index < to; index++ {
				compare(t, o, newCase(seed, index), &tally)
			}
		})
	}
	wait.Wait()
	tally.log(t)
}

// compare asks everybody about one case.
func compare(t *testing.T, o *oracle, c *testCase, tally *tally) {
	theirs, err := o.ask(c)
	if err != nil {
		t.Errorf("%s: %v", c.name(), err)
		return
	}
	lines, warnings, err := ours(c)
	if err != nil {
		t.Errorf("%s: %v\n%s", c.name(), err, c.feed)
		return
	}
	if *show {
		t.Logf("%s\n%s\n%s\nwarnings: %q\nothers: %+v", c.name(), c.feed, strings.Join(lines, "\n"), warnings, theirs)
	}
	tally.add("cases")
	if len(lines) > 0 {
		tally.add("cases with an instance in the window")
	}
	for _, way := range []struct {
		name  string
		lines []string
		known []explanation
	}{
		{"walls", theirs.Walls, nil},
		{"rules", theirs.Rules, ruleExplanations},
		{"library", theirs.Library, libraryExplanations()},
	} {
		if why, silent := theirs.Why[way.name]; silent && way.known != nil {
			i := slices.IndexFunc(refusals, func(r refusal) bool {
				return strings.Contains(why, r.words) && r.holds(c)
			})
			if i < 0 {
				t.Errorf("%s: the %s oracle refuses without an explanation: %s\n%s", c.name(), way.name, why, c.feed)
				continue
			}
			tally.add(way.name + ": no answer: " + refusals[i].name + ". " + refusals[i].rfc)
			continue
		}
		if slices.Equal(lines, way.lines) {
			tally.add(way.name + ": equal")
			continue
		}
		d := difference{c, lines, way.lines}
		names, unexplained := d.explain(way.known)
		if unexplained != "" {
			t.Errorf("%s: no explanation why the %s oracle differs: -differential.seeds=%d -differential.only=%d\n"+
				"window %s to %s, device %s, warnings %q %s\n%s\n%sunexplained: %s", c.name(), way.name, c.seed, c.index,
				c.start.Format(time.RFC3339), c.end.Format(time.RFC3339), c.device, warnings, theirs.Why[way.name],
				c.feed, d, unexplained)
			continue
		}
		for name := range names {
			tally.add(way.name + ": differs: " + name)
		}
	}
}

// name tells a person which case this is.
func (c *testCase) name() string { return fmt.Sprintf("seed %d case %d", c.seed, c.index) }

// difference is one disagreement.
type difference struct {
	*testCase
	ours, theirs []string
}

// onlyOurs returns what they lack, onlyTheirs what we lack.
func (d difference) onlyOurs() []string   { return without(d.ours, d.theirs) }
func (d difference) onlyTheirs() []string { return without(d.theirs, d.ours) }

// without returns the lines of a that b lacks, counting each line as often as it stands.
func without(a, b []string) []string {
	left := map[string]int{}
	for _, line := range b {
		left[line]++
	}
	var found []string
	for _, line := range a {
		if left[line]--; left[line] < 0 {
			found = append(found, line)
		}
	}
	return found
}

// String shows the first lines that differ.
func (d difference) String() string {
	var b strings.Builder
	for _, side := range []struct {
		name  string
		lines []string
	}{{"only we have", d.onlyOurs()}, {"only they have", d.onlyTheirs()}} {
		fmt.Fprintf(&b, "%s (%d):\n", side.name, len(side.lines))
		for _, line := range side.lines[:min(len(side.lines), 12)] {
			fmt.Fprintf(&b, "  %s\n", line)
		}
	}
	return b.String()
}

// tally counts outcomes.
type tally struct {
	mu     sync.Mutex
	counts map[string]int
}

func (y *tally) add(name string) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.counts == nil {
		y.counts = map[string]int{}
	}
	y.counts[name]++
}

func (y *tally) log(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(y.counts)) {
		t.Logf("%6d %s", y.counts[name], name)
	}
}
