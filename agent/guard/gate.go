// Package guard decides, at each use of an optional part, whether it may be used now, and says why not.
package guard

import (
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

// Closed is the error of a gate that is closed.
type Closed struct {
	Feature string
	Reason  Reason
	Words   string // a sentence for a person
}

// Error returns the sentence.
func (c *Closed) Error() string { return c.Words }

// Limits say when a breaker opens. The zero Limits are no breaker.
type Limits struct {
	Consecutive uint32        // failures in a row that open it; 0: not asked
	Ratio       float64       // share of failures within Interval above which it opens; 0: not asked
	Least       uint32        // uses within Interval before Ratio counts
	Interval    time.Duration // the window that Ratio looks at
	Recovery    time.Duration // how long it stays open before one use is tried again
}

// Word is what others say about a gate. It is replaced whole.
type Word struct {
	Emergency string          // why everything optional is off, as a sentence; "" when it is not
	Setting   feature.Setting // forced, or a percentage
	Pressure  string          // why there is too little of something for it now, as a sentence; "" when there is not
}

// Gate stands before one feature. Its methods may be called from any goroutine.
type Gate struct{}

// New returns a gate with the feature's default percentage for the device with an id.
func New(f feature.Feature, device string, l Limits) *Gate { panic("not yet") }

// Tell replaces the word; the next Enter goes by it. A breaker keeps its state.
func (g *Gate) Tell(w Word) { panic("not yet") }

// SetRecovery changes how long the breaker stays open, from its next opening on.
func (g *Gate) SetRecovery(d time.Duration) { panic("not yet") }

// Enter asks the questions in order and counts the answer. The error is a *Closed. Each Pass must be left once.
func (g *Gate) Enter() (Pass, error) { panic("not yet") }

// On asks the questions without counting; an open breaker counts as off, a half-open one as on.
func (g *Gate) On() bool { panic("not yet") }

// Pass is one use of the feature.
type Pass struct{}

// Leave tells the breaker how the use went; nil is a success.
func (p Pass) Leave(err error) { panic("not yet") }

// Stats is what a gate has counted since the start, and how it stands.
type Stats struct {
	Feature  string
	Setting  feature.Setting
	On       bool
	Reason   Reason // "" when on
	Words    string // "" when on
	Entered  uint64
	Refused  map[Reason]uint64
	Failures uint64
	Breaker  string // "closed", "half-open", "open"; "" without one
	Trips    uint64 // how often it opened
}

// Stats returns them.
func (g *Gate) Stats() Stats { panic("not yet") }
