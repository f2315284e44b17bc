// Package health says what is wrong, in words for a person: declared problems, what will become one, and whether the program's
// loops still go round.
package health

import (
	"time"

	"calendarbot/agent/clock"
	"calendarbot/agent/pressure"
)

// Severity is how bad a problem is.
type Severity string

// The severities, from the lowest.
const (
	Notice  Severity = "notice"   // worth knowing; nothing is to be done
	Warning Severity = "warning"  // something works less well, or will fail
	Severe  Severity = "critical" // what people see is wrong, old or missing
)

// Code names a declared problem for programs. Codes are never renamed.
type Code string

// Kind is what is declared of a problem.
type Kind struct {
	Code     Code
	Severity Severity
	Title    string // a few words: "A calendar cannot be read"
	Do       string // what a person can do, as a sentence; "" when the device sees to it
	Under    []Code // problems that explain this one: while one of them stands, this is its consequence and told under it
	Seeds    string // the critical metric of the design records that it covers; "" for none
}

// Kinds is every problem that can be told.
func Kinds() []Kind { panic("not yet") }

// Problem is one that stands.
type Problem struct {
	Kind
	About string // what it is about, such as the name of a calendar; "" for the device
	Words string // a sentence for a person, with the figures
	Since time.Time
	Of    Code          // the problem whose consequence it is; "" for none
	In    time.Duration // of a predicted one: when it will come true; else 0
}

// Facts is what problems are found in. What is not known is zero.
type Facts struct {
	Now       time.Time
	Clock     clock.State
	Pressure  pressure.Assessment
	Reading   *pressure.Reading
	History   []pressure.Sample
	Sources   []Source
	Gates     []Gate
	Pools     []Pool
	Disk      Disk
	Rung      string   // of the last page: optimised, plain, last_good, foot
	Config    string   // why the configuration file is not what holds; "" when it does
	Emergency string   // why everything optional is off; ""
	Database  string   // what happened to the database, as a sentence; ""
	ReadOnly  bool     // nothing can be written
	Late      []string // loops that do not go round: see Beats
	Rollback  string   // a rollback that is asked for, as a sentence; ""
	Restarts  int      // how often the service manager had to start the program again in the last hour
}

// Source is a calendar.
type Source struct {
	ID, Name, Words string // Words: why it fails, for a person
	Failing         bool
	LastSuccess     time.Time
	Disabled        bool
}

// Gate is an optional part with a breaker.
type Gate struct {
	Feature, Part string
	Broken        bool
	Words         string
}

// Pool is a pool of connections.
type Pool struct {
	Name  string
	Leaks uint64
	Use   float64 // 0-1
}

// Disk is the file system of the database, in bytes.
type Disk struct{ Total, Free uint64 }

// Watch finds problems, and remembers since when each stands.
type Watch struct{}

// NewWatch returns a watch that has seen nothing.
func NewWatch() *Watch { panic("not yet") }

// Look returns the problems that stand, worst first, consequences after their cause, and what is fine and since when.
func (w *Watch) Look(f Facts) Report { panic("not yet") }

// Report is how the device is.
type Report struct {
	At       time.Time
	Fine     bool      // no problem above a notice
	Since    time.Time // of Fine, or of its opposite
	Words    string    // one sentence: "Everything is fine since Monday 14:35." is made by whoever shows it; this is the worst problem's words, or ""
	Problems []Problem
}
