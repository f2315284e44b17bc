package page

import (
	"errors"
	"testing"
	"time"

	"calendarbot/agent/feature"
	"calendarbot/agent/guard"
)

// What is ready is answered from the first rung only while its gate is open, and counts there.
func TestLadderAnswersWhatIsReady(t *testing.T) {
	gate := gateOf(t, guard.Limits{Consecutive: 1, Recovery: time.Hour})
	ready := &Page{Status: 200, Body: []byte("ready")}
	var kept func(*Query) *Page
	l := NewLadder(LadderOptions{Kept: func(q *Query) *Page { return kept(q) }, Gate: gate, Now: time.Now, Zone: time.UTC})
	on := guard.Word{Setting: feature.Setting{Percent: 100}}
	for _, c := range []struct {
		name string
		word guard.Word
		kept func(*Query) *Page
		want *Page
	}{
		{"ready", on, func(*Query) *Page { return ready }, ready},
		{"not ready", on, func(*Query) *Page { return nil }, nil},
		{"a panic", on, func(*Query) *Page { panic("broken") }, nil},
		{"switched off", guard.Word{Emergency: "Off."}, func(*Query) *Page { return ready }, nil},
	} {
		gate.Tell(c.word)
		kept = c.kept
		if got := l.Kept(&Query{}); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	gate.Tell(on)
	if s, g := l.Stats(), gate.Stats(); s != (LadderStats{Optimised: 1}) || g.Entered != 1 || g.Failures != 0 {
		t.Errorf("%+v, %+v", s, g)
	}
	kept = func(*Query) *Page {
		pass, err := gate.Enter()
		if err != nil {
			t.Fatal(err)
		}
		pass.Leave(errors.New("broken")) // opens the breaker between the two questions
		return ready
	}
	if got := l.Kept(&Query{}); got != nil {
		t.Error("answered although the breaker opened")
	}
	if got := NewLadder(LadderOptions{Gate: gate}).Kept(&Query{}); got != nil {
		t.Error("ready without anything that could tell")
	}
}
