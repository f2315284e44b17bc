package page

import (
	"testing"
	"time"
)

// What is ready is what Page answers, and counts as a hit; what Page would draw is not ready.
func TestKeptIsWhatPageAnswers(t *testing.T) {
	e := newEasel(t, nil)
	q := Query{Kind: WhatsNext}
	if e.Kept(&q) != nil {
		t.Fatal("something is ready before it was drawn")
	}
	e.get(t, q)
	if e.Kept(&q) != nil {
		t.Fatal("what was asked once is at the front")
	}
	asked := func() (fronted int) {
		for range 4 * lookUp {
			want := e.get(t, q)
			if p := e.Kept(&q); p != nil {
				fronted++
				if p.ETag != want.ETag || string(p.Body) != string(want.Body) {
					t.Fatalf("%s %s, want %s %s", p.ETag, p.Body, want.ETag, want.Body)
				}
			}
		}
		return fronted
	}
	before := e.Stats()
	n := asked()
	if after := e.Stats(); n < 3*lookUp || n == 4*lookUp || after.Hits-before.Hits != uint64(n+4*lookUp) || after.Drawn != before.Drawn {
		t.Errorf("%d of %d were at the front; %d hits, %d drawn", n, 4*lookUp, after.Hits-before.Hits, after.Drawn-before.Drawn)
	}
	if other := (Query{Kind: WhatsNext, Zone: "Asia/Tokyo"}); e.Kept(&other) != nil {
		t.Error("another question has the same answer")
	}
	if packed := (Query{Kind: WhatsNext, Encoding: gzipped}); e.Kept(&packed) != nil {
		t.Error("another encoding has the same answer")
	}
	for name, change := range map[string]func(){
		"the data changed":        func() { e.generation.Add(1) },
		"everything was given up": func() { e.Drop() },
		"under pressure":          func() { e.Ease(DropAll); e.Ease(NoStep) },
		"its time is over":        func() { e.clock.Add(int64(1000 * time.Hour)) },
		"the clock was set back":  func() { e.clock.Add(-int64(2000 * time.Hour)) },
	} {
		if asked() == 0 {
			t.Fatalf("%s: nothing was ready before", name)
		}
		change()
		for range 2 * lookUp {
			if e.Kept(&q) != nil {
				t.Errorf("%s, and what was drawn before is answered", name)
				break
			}
		}
	}
}

// What is ready is the answer to the very question: two of one kind have one place at the front.
func TestKeptTellsQuestionsOfOneKindApart(t *testing.T) {
	e := newEasel(t, nil)
	coming, later := Query{Kind: Agenda}, Query{Kind: Agenda, Days: 3, Theme: "dark"}
	ready := func(q Query) *Page {
		for range 3 { // the third is at the front, whatever was there
			e.get(t, q)
		}
		return e.Kept(&q)
	}
	for _, q := range [][2]Query{{coming, later}, {later, coming}} {
		want := e.get(t, q[0])
		if p := ready(q[0]); p == nil || p.ETag != want.ETag {
			t.Fatalf("%+v: %v is ready, want %v", q[0], p, want)
		}
		if p := e.Kept(&q[1]); p != nil {
			t.Errorf("%+v has the answer of %+v: %s", q[1], q[0], p.Body)
		}
	}
}

// The front holds no page that is not kept.
func TestFrontHoldsNothingThatIsGone(t *testing.T) {
	e := newEasel(t, nil)
	for _, q := range []Query{{Kind: WhatsNext}, {Kind: Next}, {Kind: Agenda, Encoding: gzipped}} {
		for range 3 {
			e.get(t, q)
		}
	}
	if e.front[WhatsNext][0].Load() == nil {
		t.Fatal("the front is empty")
	}
	e.Ease(DropAll)
	for kind := range e.front {
		for i := range e.front[kind] {
			if e.front[kind][i].Load() != nil {
				t.Errorf("a page of kind %d is still held", kind)
			}
		}
	}
}
