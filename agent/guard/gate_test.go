package guard

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"calendarbot/agent/feature"
)

var errBroken = errors.New("broken")

// pipeline is the feature that the tests guard; "device-1" stands at place 80 of its roll-out.
func pipeline(t testing.TB) feature.Feature {
	t.Helper()
	f, err := feature.Find(feature.RequestPipeline)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// gate returns one for device-1.
func gate(t testing.TB, l Limits) *Gate {
	t.Helper()
	return New(pipeline(t), "device-1", l)
}

// use enters and leaves. It returns the reason of a closed gate, or "".
func use(t testing.TB, g *Gate, err error) Reason {
	t.Helper()
	p, refused := g.Enter()
	if refused == nil {
		p.Leave(err)
		return ""
	}
	var closed *Closed
	if !errors.As(refused, &closed) || closed.Feature != feature.RequestPipeline || closed.Words == "" || closed.Error() != closed.Words {
		t.Fatalf("refused with %#v", refused)
	}
	return closed.Reason
}

// TestQuestionsAreAskedInOrder closes the gate for every reason at once and takes one after the other away.
func TestQuestionsAreAskedInOrder(t *testing.T) {
	g := gate(t, Limits{Consecutive: 1})
	use(t, g, errBroken)
	w := Word{Emergency: "Everything is off.", Setting: feature.Setting{Forced: feature.ForcedOff}, Pressure: "Memory is short."}
	steps := []struct {
		reason Reason
		words  string
		ease   func()
	}{
		{EmergencyOff, "Everything is off.", func() { w.Emergency = "" }},
		{ForcedOff, "request_pipeline is switched off on this device.", func() { w.Setting = feature.Setting{Percent: 25} }},
		{Percentage, "request_pipeline is on for 25% of all devices, and this one is not among them.", func() { w.Setting.Percent = 100 }},
		{Pressure, "Memory is short.", func() { w.Pressure = "" }},
		{Breaker, "request_pipeline failed too often; it rests for a while and is then tried again.", func() {}},
	}
	for i, step := range steps {
		g.Tell(w)
		if got := use(t, g, nil); got != step.reason || Reasons()[i] != step.reason {
			t.Errorf("closed for %q, want %q", got, step.reason)
		}
		s := g.Stats()
		if s.On || g.On() || s.Reason != step.reason || s.Words != step.words || s.Refused[step.reason] != 1 {
			t.Errorf("%q: %+v", step.reason, s)
		}
		step.ease()
	}
	if s := g.Stats(); s.Entered != 1 || s.Failures != 1 || s.Trips != 1 || s.Breaker != "open" || len(s.Refused) != len(Reasons()) {
		t.Errorf("%+v", s)
	}
}

// TestForceAnswersThePercentageAlone: pressure, breaker and emergency still count.
func TestForceAnswersThePercentageAlone(t *testing.T) {
	on := feature.Setting{Forced: feature.ForcedOn}
	g := gate(t, Limits{Consecutive: 1})
	for _, c := range []struct {
		word Word
		want Reason
	}{
		{Word{Setting: feature.Setting{}}, Percentage},
		{Word{Setting: feature.Setting{Percent: 80}}, Percentage},
		{Word{Setting: feature.Setting{Percent: 81}}, ""},
		{Word{Setting: on}, ""},
		{Word{Setting: on, Pressure: "Hot."}, Pressure},
		{Word{Setting: on, Emergency: "Off."}, EmergencyOff},
	} {
		g.Tell(c.word)
		if got := use(t, g, nil); got != c.want || g.On() != (c.want == "") {
			t.Errorf("%+v: %q, want %q", c.word, got, c.want)
		}
	}
	g.Tell(Word{Setting: on})
	use(t, g, errBroken)
	if got := use(t, g, nil); got != Breaker {
		t.Errorf("forced on, after a failure: %q", got)
	}
}

func TestGateBeginsWithTheDefault(t *testing.T) {
	f := pipeline(t)
	if s := New(f, "device-1", Limits{}).Stats(); !s.On || s.Setting.Percent != 100 || s.Breaker != "" || s.Reason != "" || s.Words != "" || s.Feature != f.Name {
		t.Errorf("%+v", s)
	}
	f.Percent = 0
	if s := New(f, "device-1", Limits{}).Stats(); s.On || s.Words != "request_pipeline is on for no device." {
		t.Errorf("%+v", s)
	}
}

// TestTellKeepsTheBreaker: a new word neither opens nor closes it.
func TestTellKeepsTheBreaker(t *testing.T) {
	g := gate(t, Limits{Consecutive: 2, Recovery: time.Hour})
	use(t, g, errBroken)
	g.Tell(Word{Setting: feature.Setting{Percent: 100}})
	use(t, g, errBroken)
	g.Tell(Word{Emergency: "Off."})
	g.Tell(Word{Setting: feature.Setting{Percent: 100}})
	if got := use(t, g, nil); got != Breaker {
		t.Errorf("%q", got)
	}
}

func TestGateWithoutBreaker(t *testing.T) {
	g := gate(t, Limits{})
	g.SetRecovery(time.Second)
	for range 100 {
		if got := use(t, g, errBroken); got != "" {
			t.Fatalf("closed: %q", got)
		}
	}
	if s := g.Stats(); s.Entered != 100 || s.Failures != 100 || s.Trips != 0 || !s.On {
		t.Errorf("%+v", s)
	}
	Pass{}.Leave(errBroken)
}

func TestEnterAllocatesLittle(t *testing.T) {
	closed := gate(t, Limits{Consecutive: 3})
	closed.Tell(Word{Emergency: "Off."})
	for _, c := range []struct {
		name string
		gate *Gate
		most float64
	}{
		{"without a breaker", gate(t, Limits{}), 0},
		{"with a breaker", gate(t, Limits{Consecutive: 3, Ratio: 0.1, Least: 10, Interval: time.Minute}), 0},
		{"closed", closed, 0},
	} {
		got := testing.AllocsPerRun(1000, func() {
			if p, err := c.gate.Enter(); err == nil {
				p.Leave(nil)
			}
		})
		if got > c.most {
			t.Errorf("%s: %.0f allocations, allowed are %.0f", c.name, got, c.most)
		}
		if got := testing.AllocsPerRun(1000, func() { c.gate.On() }); got > 0 {
			t.Errorf("%s: On makes %.0f allocations", c.name, got)
		}
	}
}

// TestGateFromManyGoroutines is for the race detector; every answer is counted once.
func TestGateFromManyGoroutines(t *testing.T) {
	const users, uses = 8, 300
	g := gate(t, Limits{Consecutive: 5, Ratio: 0.5, Least: 5, Interval: time.Minute, Recovery: time.Nanosecond})
	var wg sync.WaitGroup
	for u := range users {
		wg.Go(func() {
			for i := range uses {
				p, err := g.Enter()
				switch {
				case err != nil:
				case i%3 == 0:
					p.Leave(nil)
				default:
					p.Leave(errBroken)
				}
				switch {
				case u == 0 && i%10 == 0:
					g.Tell(Word{Setting: feature.Setting{Percent: 100}, Pressure: strings.Repeat("Hot.", i%20/10)})
				case u == 1 && i%10 == 0:
					g.SetRecovery(time.Duration(i))
				case u == 2:
					g.On()
					g.Stats()
				}
			}
		})
	}
	wg.Wait()
	s := g.Stats()
	answers := s.Entered
	for _, n := range s.Refused {
		answers += n
	}
	if answers != users*uses || s.Failures > s.Entered {
		t.Errorf("%d answers counted, %d were given: %+v", answers, users*uses, s)
	}
}

func BenchmarkEnterLeave(b *testing.B) {
	for _, c := range []struct {
		name   string
		limits Limits
		err    error
	}{
		{"plain", Limits{}, nil},
		{"breaker", Limits{Consecutive: 5}, nil},
		{"ratio", Limits{Ratio: 0.1, Least: 20, Interval: time.Minute}, nil},
		{"open", Limits{Consecutive: 1, Recovery: time.Hour}, errBroken},
	} {
		for _, parallel := range []int{1, 4} {
			b.Run(fmt.Sprintf("%s/%d", c.name, parallel), func(b *testing.B) {
				g := gate(b, c.limits)
				b.ReportAllocs()
				b.SetParallelism(parallel)
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if p, err := g.Enter(); err == nil {
							p.Leave(c.err)
						}
					}
				})
			})
		}
	}
}

func TestGateOfAPart(t *testing.T) {
	g := New(feature.Feature{Name: "pooling", Percent: 100}, "device", Limits{}).Of("database")
	if s := g.Stats(); g.Feature() != "pooling" || s.Feature != "pooling" || s.Part != "database" {
		t.Errorf("%+v", s)
	}
}
