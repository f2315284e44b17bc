package page

import (
	"strings"
	"testing"
	"time"

	"calendarbot/agent/store"
)

// A device that was off for a week and then finds no server must not pass old events off as this morning's.
func TestPageTellsTheAgeOfItsEvents(t *testing.T) {
	for days, want := range map[int]string{0: "Family as of 14:25, not reached: the server refused the connection", 3: "Family as of Mon 14:25, not reached: ", 7: "Family as of 15 Oct 14:25, not reached: "} {
		d := stage(t, scene{"restarted", "14:35", "", func(b *builder) {
			s := &b.snap.Sources[1]
			s.State, s.Error = store.Failing, "The server refused the connection."
			s.LastSuccess, s.FailingSince = b.now.AddDate(0, 0, -days).Add(-10*time.Minute), b.now.Add(-time.Minute)
		}})
		for _, kind := range []Kind{Next, Agenda} {
			notes := elements(tree(t, draw(t, d, Query{Kind: kind})), classed("notes"))
			if len(notes) < 2 || !strings.Contains(strings.ToLower(text(notes[0])), strings.ToLower(want)) {
				t.Errorf("%d days, kind %d: %q", days, kind, text(notes[0]))
			}
		}
	}
}

func TestNotesAreJoinedWithoutFullStops(t *testing.T) {
	if got, want := sentence("the store was damaged. It begins anew.", "", "Work as of 14:20."), "The store was damaged. It begins anew; Work as of 14:20"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// Where nobody may change anything by a button there is none.
func TestNoButtonsThatMayNotBeUsed(t *testing.T) {
	for _, open := range []bool{true, false} {
		d := stage(t, scene{"guarded", "14:35", "", func(b *builder) {
			b.config.Web.DropInWrites = open
			b.allDay("family", "Anna's birthday", 0, 1)
			b.timed("work", "Design review", 0, "14:00", 60)
			b.later()
			b.snap.Hidden = map[string]store.Hidden{"gone": {ID: "gone", Title: "Newsletter", Since: b.now}}
		}})
		for _, kind := range []Kind{Next, Agenda} {
			if n := len(elements(tree(t, draw(t, d, Query{Kind: kind})), tagged("form"))); (n > 0) != open {
				t.Errorf("open %v, kind %d: %d forms", open, kind, n)
			}
		}
	}
}
