package budget

import (
	"fmt"
	"strings"
	"time"

	"calendarbot/agent/pressure"
)

// Action is something that was done by itself: it begins when a sign reaches a step, and ends when it leaves it.
type Action struct {
	ID    int64 // given by whoever keeps it
	Sign  pressure.Sign
	Step  int
	Value float64 // the reading that caused it
	Limit float64
	Unit  string
	Done  string    // what was done, as a sentence for a person
	Began time.Time // by the program's clock
	Ended time.Time // zero: it lasts; never before Began
}

// Actions compares what runs with how everything stands: what begins, and what of the running ones ends. b is what For says of a.
// A step of a sign is one action; going from step 1 to 2 ends the first and begins the second. No sign runs twice.
func Actions(running []Action, a pressure.Assessment, b Budget) (begun, ended []Action) {
	lasts := map[pressure.Sign]bool{}
	for _, r := range running {
		if s := a.Of(r.Sign); s.Step == r.Step && s.Step > 0 && !lasts[r.Sign] {
			lasts[r.Sign] = true
			continue
		}
		r.Ended = a.At
		if r.Ended.Before(r.Began) { // the clock was set back
			r.Ended = r.Began
		}
		ended = append(ended, r)
	}
	for _, s := range a.Signs {
		if s.Step == 0 || lasts[s.Sign] {
			continue
		}
		begun = append(begun, Action{
			Sign: s.Sign, Step: s.Step, Value: s.Value, Limit: s.Limit, Unit: s.Unit, Done: done(s, b), Began: a.At,
		})
	}
	return begun, ended
}

// done says what was done about a sign, and why, in 300 characters, of which more are not kept: "Kept pages were halved, as the program used 87 % of the memory it may use."
func done(s pressure.Standing, b Budget) string {
	r, _ := of(s.Sign, s.Step)
	parts := r.parts(b)
	if len(parts) == 0 {
		parts = []string{"nothing was done"}
	}
	text := strings.Join(parts, ", ")
	if last := len(parts) - 1; last > 0 {
		text = strings.Join(parts[:last], ", ") + ", and " + parts[last]
	}
	return strings.ToUpper(text[:1]) + text[1:] + ", as " + s.Words() + "."
}

// parts is what a row does, with its own figures: where another row is stricter that one tells its own. b says what is configured.
func (r rule) parts(b Budget) []string {
	var list []string
	add := func(does bool, words string, figures ...any) {
		if does {
			list = append(list, fmt.Sprintf(words, figures...))
		}
	}
	add(r.note != "", "%s", r.note)
	add(r.plain != "", "every optional part was switched off")
	add(r.rollback > 0, "going back to the other configuration was asked for")
	kept, off := !b.keepsNothing, r.plain != "" // what is off altogether is not made smaller
	add(kept && r.cache == 1, "the oldest kept pages were dropped")
	add(kept && r.cache == 2, "kept pages were halved")
	add(kept && r.cache == 3, "all kept pages were dropped")
	add(r.cold && !off && kept && !b.drawsLate, "no page was drawn ahead")
	add(r.pools > 0, "connections were limited (servers %d, database %d)", r.conns(b.conns), r.conns(b.readers))
	add(r.memory > 0, "unused memory was given back")
	add(r.batch == one && !off && b.gathers, "questions were asked one by one")
	add(r.batch > 0 && r.batch < one && !off && b.gathers, "at most %d questions were put into one", r.gathered(b.batch))
	add(r.pace > 0, "fetches paused %v times as long", r.pace)
	add(r.rate > 0, "each client was limited to %v requests per second", r.rate)
	return list
}

// Relearned is what was done about a baseline that was outgrown (pressure.Assessment.Outgrown), at once and whole.
func Relearned(s pressure.Standing, at time.Time) Action {
	return Action{
		Sign: s.Sign, Step: s.Step, Value: s.Value, Limit: s.Limit, Unit: s.Unit, Began: at, Ended: at,
		Done: "How fast this version is was forgotten and is measured anew, as " + s.Words() + ": probably there is more to show than then.",
	}
}
