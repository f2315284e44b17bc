package page

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"calendarbot/agent/clock"
	"calendarbot/agent/config"
)

// lost is a clock that is not set; seen is the last moment that is known.
func lost(seen time.Time) func() clock.State {
	return func() clock.State { return clock.State{Words: "The clock is not set yet.", Seen: seen, Floor: seen} }
}

// unsetScene is a scene on a device whose clock stands at the wrong moment, 40 minutes or a year behind.
func unsetScene(t *testing.T, name string, behind time.Duration) (d *Direct, at time.Time) {
	t.Helper()
	d = sceneOf(t, name)
	d.o.Clock = lost(d.o.Now())
	return d, d.o.Now().Add(-behind)
}

func TestLastDayIsShownAsSuch(t *testing.T) {
	for _, behind := range []time.Duration{-time.Minute, 40 * time.Minute, 365 * 24 * time.Hour} {
		d, at := unsetScene(t, "now", behind)
		p := drawAt(t, d, Query{Kind: Next}, at)
		if !p.Stale || !p.Unset || !p.Until.After(at) || p.Until.Sub(at) > time.Minute || !p.Made.Equal(d.o.Now()) || p.Live != nil {
			t.Errorf("%+v", p)
		}
		said := text(elements(tree(t, p), tagged("main"))[0])
		for _, want := range []string{"Clock not set", "Waiting for the time from the network", "Thursday 22 October, as of 14:35", "Design review", "Dinner with Oma", "Autumn holiday"} {
			if !strings.Contains(said, want) {
				t.Errorf("no %q in %q", want, said)
			}
		}
		for _, wrong := range []string{"ends in", "starts", "then", "Sprint planning"} {
			if strings.Contains(said, wrong) {
				t.Errorf("%q in %q", wrong, said)
			}
		}
		p = drawAt(t, d, Query{Kind: Agenda}, at)
		said = text(elements(tree(t, p), tagged("main"))[0])
		if !strings.Contains(said, "The clock is not set yet; as of Thursday 22 October, 14:35") || strings.Contains(said, "Today") || strings.Contains(said, "Tomorrow") ||
			!strings.Contains(said, "22 October 2026") || !strings.Contains(said, "Design review") || !strings.Contains(said, "Sprint planning") || len(elements(tree(t, p), classed("now"))) > 0 {
			t.Errorf("agenda: %q", said)
		}
	}
}

func TestProgramsAreNotToldWhatIsNextByAClockThatIsNotSet(t *testing.T) {
	d, at := unsetScene(t, "soon", 40*time.Minute)
	day := time.Date(2026, 10, 22, 0, 0, 0, 0, berlin(t)).Unix()
	for kind, want := range map[Kind]string{
		WhatsNext:  `{"meeting":null,"status":{"message":"The clock is not set yet","is_urgent":false,"is_critical":false}}`,
		DoneForDay: `"note":"The clock is not set yet"`, MorningSummary: `"note":"The clock is not set yet"`,
		AlexaNext: "The clock is not set yet, so", AlexaTimeUntil: "The clock is not set yet, so", AlexaDone: "The clock is not set yet, so",
		AlexaLaunch: "The clock is not set yet, so", AlexaMorning: "The clock is not set yet, so",
		WhatsNextV1: `"state":"no_clock"`, Events: `"title":"Design review"`,
	} {
		q := Query{Kind: kind, SSML: true, From: day, To: day + 86400}
		p := Fill(drawAt(t, d, q, at), at)
		if !p.Stale || !p.Unset || p.Status != 200 || !p.Until.After(at) || !bytes.Contains(p.Body, []byte(want)) {
			t.Errorf("kind %d: %s", kind, p.Body)
		}
		if kind != Events && bytes.Contains(p.Body, []byte("Design review")) {
			t.Errorf("kind %d claims to know: %s", kind, p.Body)
		}
		if bytes.Contains(p.Body, []byte("13:55")) || bytes.Contains(p.Body, []byte("11:55")) {
			t.Errorf("kind %d tells the wrong time: %s", kind, p.Body)
		}
		if kind == Events || kind == WhatsNextV1 {
			var got struct {
				AsOf  string `json:"as_of"`
				Stale bool
				Notes []string
			}
			if err := json.Unmarshal(p.Body, &got); err != nil || !got.Stale || len(got.Notes) != 1 || !strings.HasPrefix(got.Notes[0], unsetWords) || got.AsOf != "2026-10-22T14:35:20+02:00" {
				t.Errorf("kind %d: %v, %+v", kind, err, got)
			}
		}
	}
}

// A new device knows no day at all, and one without a calendar is set up whatever the clock says.
func TestDeviceThatHasSeenNothing(t *testing.T) {
	for name, want := range map[string]string{"later": "Waiting for the time from the network", "nosource": "No calendar yet"} {
		d, at := unsetScene(t, name, 0)
		d.o.Clock = lost(time.Time{})
		for _, kind := range []Kind{Next, Agenda, WhatsNext, WhatsNextV1} {
			p := Fill(drawAt(t, d, Query{Kind: kind}, at), at)
			if !p.Unset || !p.Made.IsZero() || len(p.Body) == 0 {
				t.Errorf("%s, kind %d: %+v", name, kind, p)
			}
			if kind == Next && (!bytes.Contains(p.Body, []byte(want)) || bytes.Contains(p.Body, []byte("as of")) || bytes.Contains(p.Body, []byte("Design review"))) {
				t.Errorf("%s: %s", name, p.Body)
			}
			if bytes.Contains(p.Body, []byte("0001")) {
				t.Errorf("%s, kind %d speaks of the year 1: %s", name, kind, p.Body)
			}
		}
	}
}

// A clock that nothing confirms is used, and people are told.
func TestClockThatNothingConfirms(t *testing.T) {
	d := sceneOf(t, "now")
	d.o.Clock = func() clock.State { return clock.State{Trusted: true, Words: "The clock may be wrong."} }
	p := drawAt(t, d, Query{Kind: Next}, d.o.Now())
	if said := text(elements(tree(t, p), tagged("main"))[0]); p.Unset || !strings.Contains(said, "The clock may be wrong") || !strings.Contains(said, "ends in") {
		t.Errorf("%q", said)
	}
}

// wound is a ladder over a clock that a test sets.
type wound struct {
	*steps
	clock  *clock.Clock
	direct *Direct
	turnBy func(time.Duration)
}

// newWound must be called in a bubble of synctest.
func newWound(t *testing.T, zone *time.Location) *wound {
	t.Helper()
	s := newSteps(t)
	began := time.Now()
	var offset atomic.Int64
	offset.Store(int64(s.now.Load().Sub(began)))
	w := &wound{steps: s}
	now := func() time.Time { return time.Now().Add(time.Duration(offset.Load())).In(zone) }
	w.clock = clock.New(clock.Options{Now: now, Root: t.TempDir()})
	ctx := t.Context()
	ended := make(chan error, 1)
	go func() { ended <- w.clock.Run(ctx) }()
	t.Cleanup(func() {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	w.turnBy = func(d time.Duration) { offset.Add(int64(d)) }
	direct := NewDirect(DirectOptions{Store: s.store, Config: config.Default(), Zone: zone, Now: now, Clock: w.clock.State, Version: "test"})
	s.memory = NewMemory(MemoryOptions{})
	draw := s.memory.Keep(direct.Draw)
	var err error
	s.pipeline, err = NewPipeline(PipelineOptions{
		Draw: draw, Generation: func() uint64 { return s.store.Generation() + w.clock.State().Turns<<40 }, Now: now, Cache: config.Default().Cache,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Ladder = NewLadder(LadderOptions{
		Fast: s.pipeline.Page, Kept: s.pipeline.Kept, Plain: Filled(draw, now), Gate: s.gate, Memory: s.memory, Zone: zone, Now: now, Clock: w.clock.State,
	})
	w.direct = direct
	return w
}

// Whichever way the time jumps, what is kept is what would be drawn: at once, before anybody has noticed the jump, and after.
func TestKeptPagesAfterAJumpOfTheClock(t *testing.T) {
	const year = 365 * 24 * time.Hour
	for name, tt := range map[string]struct{ first, by time.Duration }{
		"five years ahead": {0, 5 * year}, "five years back": {0, -5 * year}, "an hour ahead": {0, time.Hour}, "an hour back": {0, -time.Hour},
		"a second back": {0, -time.Second}, "into summer time": {156 * 24 * time.Hour, 24 * time.Hour}, "back out of winter time": {3 * 24 * time.Hour, -24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			zone := berlin(t)
			synctest.Test(t, func(t *testing.T) {
				w := newWound(t, zone)
				everything := []Query{{Kind: Next}, {Kind: Agenda}, {Kind: WhatsNext}, {Kind: WhatsNextV1}, {Kind: DoneForDay}, {Kind: AlexaLaunch}, {Kind: Next, Encoding: gzipped}}
				right := func(when string) {
					t.Helper()
					for _, q := range everything {
						want, err := w.direct.Page(t.Context(), plainQuery(q))
						if err != nil {
							t.Fatal(err)
						}
						kept := w.Kept(&q)
						for i, got := range []*Page{kept, new(w.Page(t.Context(), q)), w.Kept(&q)} {
							if got == nil || got.Encoding != "" && got.Stale == want.Stale && got.Until.Equal(want.Until) {
								continue
							}
							if !bytes.Equal(got.Body, want.Body) || got.Stale != want.Stale || !got.Until.After(w.direct.o.Now()) {
								t.Fatalf("%s, %+v, answer %d:\n%s\nwant\n%s", when, q, i, got.Body, want.Body)
							}
						}
					}
				}
				w.turnBy(tt.first)
				<-time.After(time.Minute)
				right("before")
				<-time.After(2 * time.Second)
				right("before")
				w.turnBy(tt.by)
				right("at once")
				<-time.After(40 * time.Second)
				synctest.Wait()
				if s := w.clock.State(); tt.by.Abs() > clock.Slack && s.Jumps == 0 || (name == "five years back") == s.Trusted {
					t.Fatalf("%+v", s)
				}
				right("when it is known")
				w.turnBy(-tt.by)
				right("back again")
				<-time.After(40 * time.Second)
				synctest.Wait()
				right("back again, when it is known")
			})
		})
	}
}

// When the database cannot be read either, people get the last good page as such, or a page without a time; programs are told.
func TestLadderWhileTheClockIsNotSet(t *testing.T) {
	zone := berlin(t)
	synctest.Test(t, func(t *testing.T) {
		w := newWound(t, zone)
		day := w.direct.o.Now().Unix() / 86400 * 86400
		events := Query{Kind: Events, From: day, To: day + 86400}
		for _, q := range []Query{{Kind: Next}, {Kind: WhatsNext}, {Kind: WhatsNextV1}, events} {
			w.ask(t, q, Optimised)
		}
		w.turnBy(-5 * 365 * 24 * time.Hour)
		<-time.After(time.Minute)
		synctest.Wait()
		for _, q := range []Query{{Kind: Next}, {Kind: WhatsNext}} {
			if p := w.ask(t, q, Optimised); !p.Unset {
				t.Fatalf("%s", p.Body)
			}
			if p, ok := w.memory.Last(q); !ok || p.Unset {
				t.Errorf("the last good page was lost: %v, %+v", ok, p)
			}
		}
		if err := w.store.Close(); err != nil {
			t.Fatal(err)
		}
		w.pipeline.Drop()
		const since = "The clock is not set yet; shown as of Thursday 22 October, 14:35"
		if p := w.ask(t, Query{Kind: Next}, LastGood); !bytes.Contains(p.Body, []byte(since)) || !p.Until.After(w.direct.o.Now()) {
			t.Errorf("%s", p.Body)
		}
		if p := w.ask(t, events, LastGood); !bytes.Contains(p.Body, []byte(since)) || !bytes.Contains(p.Body, []byte(`"as_of":"2026-10-22T14:35`)) {
			t.Errorf("%s", p.Body)
		}
		if p := w.ask(t, Query{Kind: WhatsNext}, Optimised); !bytes.Contains(p.Body, []byte(`"meeting":null`)) {
			t.Errorf("%s", p.Body)
		}
		events.Limit = 7
		if p := w.ask(t, events, Foot); !bytes.Contains(p.Body, []byte(unreadWords)) || !bytes.Contains(p.Body, []byte(`"as_of":"2026-10-22T14:35`)) {
			t.Errorf("%s", p.Body)
		}
		w.o.Fast, w.o.Plain = nil, nil // which panics
		if p := w.ask(t, Query{Kind: WhatsNextV1}, Foot); !bytes.Contains(p.Body, []byte(`"state":"no_clock"`)) || bytes.Contains(p.Body, []byte("2021")) {
			t.Errorf("%s", p.Body)
		}
		p := w.ask(t, Query{Kind: Next, Theme: "eink"}, Foot)
		if said := text(elements(tree(t, p), tagged("main"))[0]); !strings.Contains(said, "Clock not set") || strings.ContainsAny(said, "0123456789") {
			t.Errorf("%q", said)
		}
	})
}
