// Package guard decides, at each use of an optional part, whether it may be used now, and says why not.
package guard

import (
	"fmt"
	"sync/atomic"
	"time"

	"calendarbot/agent/feature"
)

// Reason says which of the questions, asked in this order, closed a gate.
type Reason string

// The reasons, in the order in which they are asked.
const (
	EmergencyOff Reason = "emergency_off"
	ForcedOff    Reason = "forced_off"
	Percentage   Reason = "percentage"
	Pressure     Reason = "pressure"
	Breaker      Reason = "breaker"
)

// Reasons lists them in the order in which they are asked.
func Reasons() []Reason {
	return []Reason{EmergencyOff, ForcedOff, Percentage, Pressure, Breaker}
}

// Closed is the error of a gate that is closed.
type Closed struct {
	Feature string
	Reason  Reason
	Words   string // a sentence for a person
}

// Error returns the sentence.
func (c *Closed) Error() string { return c.Words }

// Word is what others say about a gate. It is replaced whole.
type Word struct {
	Emergency string          // why everything optional is off, as a sentence; "" when it is not
	Setting   feature.Setting // forced, or a percentage
	Pressure  string          // why there is too little of something for it now, as a sentence; "" when there is not
}

// Gate stands before one feature. Its methods may be called from any goroutine. Forcing a feature on answers the question of the
// percentage alone: a device under pressure, or a part that keeps failing, is not helped by an operator's wish.
type Gate struct {
	feature feature.Feature
	part    string
	device  string
	verdict atomic.Pointer[verdict]
	breaker *breaker // nil for none

	entered, failures atomic.Uint64
	refused           [5]atomic.Uint64 // in the order of Reasons
}

// verdict is a word and what follows from it, worked out once.
type verdict struct {
	word   Word
	closed *Closed // nil when the word leaves the gate open
	at     int     // place of its reason in Reasons
}

// New returns a gate with the feature's default percentage for the device with an id.
func New(f feature.Feature, device string, l Limits) *Gate {
	g := &Gate{feature: f, device: device, breaker: newBreaker(f.Name, l)}
	g.Tell(Word{Setting: feature.Setting{Percent: f.Percent}})
	return g
}

// Feature is the name of what the gate stands before.
func (g *Gate) Feature() string { return g.feature.Name }

// Of names the part that the gate stands before, where a feature has several that fail each by itself. It is to be
// called before the gate is used.
func (g *Gate) Of(part string) *Gate {
	g.part = part
	return g
}

// Tell replaces the word; the next Enter goes by it. A breaker keeps its state.
func (g *Gate) Tell(w Word) {
	v := &verdict{word: w}
	reason, words := judge(g.feature.Name, g.device, w)
	if reason != "" {
		v.closed = &Closed{Feature: g.feature.Name, Reason: reason, Words: words}
		for i, r := range Reasons() {
			if r == reason {
				v.at = i
			}
		}
	}
	g.verdict.Store(v)
}

// judge asks everything but the breaker. It returns the first reason that closes the gate, or "".
func judge(name, device string, w Word) (Reason, string) {
	forced := w.Setting.Forced
	switch {
	case w.Emergency != "":
		return EmergencyOff, w.Emergency
	case forced == feature.ForcedOff:
		return ForcedOff, name + " is switched off on this device."
	case forced == feature.NotForced && !feature.On(name, device, w.Setting.Percent):
		if w.Setting.Percent <= 0 {
			return Percentage, name + " is on for no device."
		}
		return Percentage, fmt.Sprintf("%s is on for %d%% of all devices, and this one is not among them.", name, w.Setting.Percent)
	case w.Pressure != "":
		return Pressure, w.Pressure
	}
	return "", ""
}

// SetRecovery changes how long the breaker stays open, from its next opening on.
func (g *Gate) SetRecovery(d time.Duration) {
	if g.breaker != nil {
		g.breaker.recovery.Store(int64(recoveryOf(d)))
	}
}

// Enter asks the questions in order and counts the answer. The error is a *Closed. Each Pass must be left once, after a panic
// too: a breaker that tries one use again waits for its end.
func (g *Gate) Enter() (Pass, error) {
	v := g.verdict.Load()
	if v.closed != nil {
		g.refused[v.at].Add(1)
		return Pass{}, v.closed
	}
	p := Pass{gate: g}
	if g.breaker != nil {
		var err error
		if p.entry, err = g.breaker.enter(); err != nil {
			g.refused[len(g.refused)-1].Add(1)
			return Pass{}, err
		}
	}
	g.entered.Add(1)
	return p, nil
}

// On asks the questions without counting; an open breaker counts as off, a half-open one as on.
func (g *Gate) On() bool {
	return g.verdict.Load().closed == nil && (g.breaker == nil || !g.breaker.open())
}

// Pass is one use of the feature.
type Pass struct {
	gate  *Gate
	entry entry // of its breaker
}

// Leave tells the breaker how the use went; nil is a success. A use that was given up by who asked (context.Canceled) says
// nothing about the feature and counts neither way.
func (p Pass) Leave(err error) {
	if p.gate == nil {
		return
	}
	if failed(err) {
		p.gate.failures.Add(1)
	}
	if p.gate.breaker != nil {
		p.gate.breaker.leave(p.entry, err)
	}
}

// Stats is what a gate has counted since the start, and how it stands.
type Stats struct {
	Feature  string
	Part     string // of the feature; "" for the whole
	Setting  feature.Setting
	On       bool
	Reason   Reason // "" when on
	Words    string // "" when on
	Entered  uint64
	Refused  map[Reason]uint64 // every reason is in it
	Failures uint64
	Breaker  string // "closed", "half-open", "open"; "" without one
	Trips    uint64 // how often it opened
}

// Stats returns them.
func (g *Gate) Stats() Stats {
	v := g.verdict.Load()
	s := Stats{
		Feature: g.feature.Name, Part: g.part, Setting: v.word.Setting, On: true,
		Entered: g.entered.Load(), Refused: map[Reason]uint64{}, Failures: g.failures.Load(),
	}
	for i, r := range Reasons() {
		s.Refused[r] = g.refused[i].Load()
	}
	closed := v.closed
	if g.breaker != nil {
		state := g.breaker.state()
		s.Breaker, s.Trips = state, g.breaker.trips.Load()
		if closed == nil && state == stateOpen {
			closed = g.breaker.closed
		}
	}
	if closed != nil {
		s.On, s.Reason, s.Words = false, closed.Reason, closed.Words
	}
	return s
}
