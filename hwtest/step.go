package hwtest

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Step is one line of the table.
type Step struct {
	Name    string        // NN-noun; the number says the order
	Purpose string        // what it shows, in a few words
	Judges  string        // what of the design records it judges
	Modes   []Mode        // in which it is run
	Flag    string        // without which it is skipped, such as "--panic"; "" for none
	Quick   time.Duration // how long it takes about, in quick mode
	Takes   time.Duration // and in the others; how long soaking lasts is said by its flag
	Changes string        // what it changes, and how that is taken back; "" for nothing
	Boots   bool          // it restarts the device

	run func(context.Context, *Device) Verdict
	// resume goes on after the device was started anew, by what the step left with Device.leave.
	resume func(context.Context, *Device, Note) Verdict
}

// In tells whether the step is run in a mode.
func (s Step) In(m Mode) bool { return slices.Contains(s.Modes, m) }

// looks tells whether the step takes but a moment and changes nothing.
func (s Step) looks() bool { return s.Changes == "" && s.Takes == time.Second }

// allowed tells whether the flag that the step needs was given.
func (s Step) allowed(o Options) bool {
	switch s.Flag {
	case "--panic":
		return o.Panic
	case "--rollback":
		return o.Rollback
	case "--wireless":
		return o.Wireless
	case "--update-url":
		return o.UpdateURL != ""
	}
	return true
}

// of are the steps that a run is made of: those that it leaves out are told of with the reason.
func (o Options) of(steps []Step) []Step {
	return slices.DeleteFunc(slices.Clone(steps), func(s Step) bool { return len(o.Only) > 0 && !slices.Contains(o.Only, s.Name) })
}

// leavesOut is why a step is skipped, whatever the device is like; "" when it is not.
func (o Options) leavesOut(s Step) string {
	switch {
	case !s.In(o.Mode) && s.In(Whole):
		return fmt.Sprintf("it takes %s, which is too long for --quick", s.Takes)
	case !s.In(o.Mode):
		return "it is run with --soak HOURS alone"
	case !s.allowed(o):
		return fmt.Sprintf("it is run with %s alone", s.Flag)
	}
	return ""
}

// Note is what a step leaves for after a start of the device.
type Note struct {
	Phase string    `json:"phase"`
	Boot  string    `json:"boot"` // the start in which it was left
	At    time.Time `json:"at"`
	Clock bool      `json:"clock"` // the clock was synchronised then
	Text  string    `json:"text,omitempty"`
}
