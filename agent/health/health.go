// Package health says what is wrong, in words for a person: declared problems, what will become one, and whether the program's
// loops still go round.
package health

import (
	"time"

	"calendarbot/agent/clock"
	"calendarbot/agent/pressure"
)

// Facts is what problems are found in. What is not known is zero.
type Facts struct {
	Now           time.Time
	Clock         clock.State
	Pressure      pressure.Assessment
	Reading       *pressure.Reading
	History       []pressure.Sample
	Sources       []Source
	Gates         []Gate
	Pools         []Pool
	Disk          Disk
	Rung          string   // of the last page: optimised, plain, last_good, foot; "" when none was asked for since the last look
	Config        string   // why the configuration file is not what holds; "" when it does
	Emergency     string   // why everything optional is off; ""
	Database      string   // what happened to the database, as a sentence; ""; while nothing can be written it is no repair
	ReadOnly      bool     // nothing can be written
	Late          []string // loops that do not go round: see Beats
	Rollback      string   // a rollback that is asked for, as a sentence; ""
	RollbackFault string   // why none can be asked for, or what is asked cannot be read, as a sentence; ""
	Firmware      []string // files of the radio that the system lacks, where it has no radio
	Data          string   // how the data partition was found at the start: "lost", "mended"; "" where it was well, or there is none
	Versions      Versions
	Restarts      int // how often the service manager had to start the program again in the last hour
}

// Source is a calendar.
type Source struct {
	ID, Name, Words string // Words: why it fails, for a person
	Code            string // stable code of the failure, such as "dns", "tls", "http_404"
	Failing         bool
	LastSuccess     time.Time
	NextTry         time.Time
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
	Leaks uint64 // since the start
}

// Disk is the file system of the database, in bytes.
type Disk struct{ Total, Free uint64 }

// Problem is one that stands.
type Problem struct {
	Kind
	About string // what it is about, such as the name of a calendar; "" for the device
	Words string // a sentence for a person, with the figures
	Since time.Time
	Of    Code          // the problem whose consequence it is; "" for none
	In    time.Duration // of a predicted one: when it will come true; else 0
}

// Report is how the device is.
type Report struct {
	At       time.Time
	Fine     bool      // no problem above a notice
	Since    time.Time // of Fine; else of the first problem above a notice that is there, which headlines name, or that will be
	Words    string    // what the worst problem comes from, as a sentence; "" while all is fine
	Problems []Problem // see Watch.Look
}
