package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/ics"
)

// rows returns the ids of the rows of all components, in their order.
func (k *kept) rows() string {
	k.t.Helper()
	var all []string
	k.must(each(k.t.Context(), k.db.Read(), "SELECT id FROM component ORDER BY id", func(rows *sql.Rows) error {
		var id int64
		err := rows.Scan(&id)
		all = append(all, fmt.Sprint(id))
		return err
	}))
	return strings.Join(all, " ")
}

func TestOnlyWhatChangedIsWritten(t *testing.T) {
	k := newStore(t)
	k.configure("work")
	k.fetch("work", calendarOf(event("a", 3, "A"), event("b", 4, "B"), event("c", 5, "C")))
	if got := k.rows(); got != "1 2 3" {
		t.Fatalf("rows %s, want 1 2 3", got)
	}
	if !k.fetch("work", calendarOf(event("c", 5, "C"), event("b", 4, "changed"), event("a", 3, "A"), event("d", 6, "D"))) {
		t.Error("a change is not told")
	}
	if got := k.rows(); got != "1 3 4 5" {
		t.Errorf("rows %s, want 1 3 4 5: those of a and c as they were", got)
	}
	if got := k.titles(march()); got != "work:A work:changed work:C work:D" {
		t.Errorf("got %s", got)
	}
}

func TestSameEventsAreNoChange(t *testing.T) {
	k := newStore(t)
	k.configure("work")
	a, b := event("a", 3, "A"), event("b", 4, "B")
	k.fetch("work", calendarOf(a, b))
	k.grows(0, "the same events", func() {
		for what, feed := range map[string]string{
			"the same":         calendarOf(a, b),
			"in another order": calendarOf(b, a),
			"one comes twice":  calendarOf(a, b, a),
			"with a new stamp": calendarOf(strings.Replace(a, "UID:", "DTSTAMP:20260302T080000Z\r\nUID:", 1), b),
		} {
			if k.fetch("work", feed) {
				t.Errorf("%s: is a change", what)
			}
		}
	})
	if got := k.source("work"); got.Events != 2 || !got.LastSuccess.Equal(k.clock.Now()) {
		t.Errorf("source: %+v", got)
	}
}

func TestDraftThatIsDroppedChangesNothing(t *testing.T) {
	k := newStore(t)
	k.configure("work")
	k.fetch("work", calendarOf(event("a", 3, "A")))
	k.grows(0, "a draft", func() {
		d, _ := k.draft("work", calendarOf(event("b", 3, "B")))
		if d.Before() != 1 || d.Kept() != 1 {
			t.Errorf("before %d, kept %d, want 1 and 1", d.Before(), d.Kept())
		}
	})
	if got := k.titles(march()); got != "work:A" {
		t.Errorf("got %s", got)
	}
}

func TestDraftThatComesTooLateIsRefused(t *testing.T) {
	k := newStore(t)
	k.configure("work")
	late := func(what string, want error, meanwhile func()) {
		t.Helper()
		d, r := k.draft("work", calendarOf(event("late", 3, "Late")))
		meanwhile()
		if _, err := d.Commit(t.Context(), r, Validators{}, time.Time{}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	late("another fetch", ErrSuperseded, func() { k.fetch("work", calendarOf(event("a", 3, "A"))) })
	late("another address", ErrSuperseded, func() {
		moved := configured("work")
		moved[0].URL = "https://elsewhere.example/a.ics"
		k.must(k.SetConfigured(t.Context(), moved))
	})
	if got := k.titles(march()); got != "work:A" {
		t.Errorf("got %s", got)
	}
	late("removed", ErrUnknown, func() { k.configure() })
	late2, err := k.Draft(t.Context(), "work")
	if !errors.Is(err, ErrUnknown) {
		t.Errorf("draft of a source that is gone: %v, %v", late2, err)
	}
}

func TestCancelledCommitChangesNothing(t *testing.T) {
	k := newStore(t)
	k.configure("work")
	k.fetch("work", calendarOf(event("a", 3, "A")))
	ctx, cancel := context.WithCancel(t.Context())
	d, r := k.draft("work", calendarOf(event("b", 3, "B")))
	cancel()
	k.grows(0, "a cancelled commit", func() {
		if _, err := d.Commit(ctx, r, Validators{}, time.Time{}); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
	if got := k.titles(march()); got != "work:A" {
		t.Errorf("got %s", got)
	}
}

func TestSeriesStaysTogetherWhateverComesAndGoes(t *testing.T) {
	k := newStore(t)
	k.configure("work")
	master := event("s", 2, "Master", "RRULE:FREQ=WEEKLY;COUNT=2")
	near := event("s", 20, "Near", "RECURRENCE-ID:20260302T120000Z")
	far := event("s", 27, "Far", "RECURRENCE-ID:20260309T120000Z")
	other := event("other", 27, "Other")
	for i, c := range []struct {
		feed, want string // what is read for the last days of March
	}{
		{calendarOf(master, other), "Other"},
		{calendarOf(master, far, other), "Far Master Other"}, // one that was alone is joined
		{calendarOf(master, near, far, other), "Far Master Near Other"},
		{calendarOf(master, near), "Master Near"},
		{calendarOf(master), ""},
		{calendarOf(far, master), "Far Master"},
		{calendarOf(far), "Far"},
		{calendarOf(far, near), "Far Near"},
	} {
		k.fetch("work", c.feed)
		span := day(27)
		if i == 3 {
			span = day(20)
		}
		if got := k.summaries(span); got != c.want {
			t.Errorf("step %d: got %q, want %q", i, got, c.want)
		}
	}
}

func TestTwoSourcesMayHaveTheSameUID(t *testing.T) {
	k := newStore(t)
	k.configure("work", "home")
	k.fetch("work", calendarOf(event("s", 2, "Master", "RRULE:FREQ=DAILY"), event("s", 27, "Far", "RECURRENCE-ID:20260309T120000Z")))
	k.fetch("home", calendarOf(event("s", 27, "Mine")))
	if got := k.summaries(day(27)); got != "Far Master Mine" {
		t.Errorf("got %q", got)
	}
	if got := k.summaries(day(3)); got != "Far Master" {
		t.Errorf("got %q", got)
	}
}

func TestOneUIDIsBounded(t *testing.T) {
	k := newStore(t)
	k.configure("work")
	d, err := k.Draft(t.Context(), "work")
	k.must(err)
	for i := range maxSeries + 10 {
		k.must(d.Keep(ics.Component{UID: "s", Text: fmt.Appendf(nil, "SUMMARY:%d\n", i)}))
	}
	k.must(d.Keep(ics.Component{UID: "other", Text: []byte("SUMMARY:other\n")}))
	if d.Kept() != maxSeries+1 {
		t.Errorf("%d kept, want %d", d.Kept(), maxSeries+1)
	}
	if _, err := d.Commit(t.Context(), ics.Report{}, Validators{}, time.Time{}); err != nil {
		t.Fatal(err)
	}
	src := k.source("work")
	if src.Events != maxSeries+1 || len(src.Problems) != 1 || src.Problems[0].UID != "s" || !src.Problems[0].Skipped {
		t.Errorf("%d events, problems %+v", src.Events, src.Problems)
	}
}

func TestWhatTheFeedSaysOfItselfIsKept(t *testing.T) {
	k := newStore(t)
	nameless := configured("work")
	nameless[0].Name = ""
	k.must(k.SetConfigured(t.Context(), nameless))
	if got := k.source("work").Name; got != "calendar.example" {
		t.Errorf("before the first fetch the name is %q", got)
	}
	broken := "BEGIN:VEVENT\r\nUID:broken\r\nDTSTART:never\r\nSUMMARY:Broken\r\nEND:VEVENT\r\n"
	k.grows(1, "a fetch", func() { k.fetch("work", calendarOf(event("a", 3, "A"), broken)) })
	check := func(when string) {
		t.Helper()
		src := k.source("work")
		if src.Name != "Test" || src.Events != 1 || src.Skipped != 1 || len(src.Problems) == 0 || !src.Problems[0].Skipped {
			t.Errorf("%s: %+v", when, src)
		}
	}
	check("after the fetch")
	k.restart()
	check("after a restart")
	k.grows(1, "one problem less", func() {
		if k.fetch("work", calendarOf(event("a", 3, "A"))) {
			t.Error("other problems are told as other events")
		}
	})
	if src := k.source("work"); src.Skipped != 0 || len(src.Problems) != 0 {
		t.Errorf("the problems are still there: %+v", src)
	}
}
