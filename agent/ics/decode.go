// Package ics turns the bytes of an iCalendar feed (RFC 5545, and what real feeds make of
// it) into calendar events. Decoding streams and is bounded in bytes, lines, depth and
// counts; one bad event is reported and skipped, never the feed.
//
// It works in two steps so that a store can keep what it was given: Decode cuts a feed
// into components (canonical text with its bounds), and an Interpreter turns the text of
// a component back into a calendar.Event, with the zones of the feed it came from.
package ics

//go:generate go run ./gen windows.go iana.go

import (
	"context"
	"errors"
	"io"
	"time"

	"calendarbot/agent/calendar"
)

// Why a feed is refused whole. Each is wrapped with what was found.
var (
	ErrEmpty     = errors.New("the answer is empty")
	ErrHTML      = errors.New("this is a web page, not a calendar")
	ErrNotICS    = errors.New("this is not a calendar")
	ErrTruncated = errors.New("the calendar breaks off before its end")
	ErrTooLarge  = errors.New("the calendar is too large")
	ErrTooMany   = errors.New("the calendar has too many events")
)

// Limits bound what Decode accepts.
type Limits struct {
	Bytes    int64 // of the feed after decompression; default 20 MB
	Events   int   // components kept; default 100,000
	Line     int   // bytes of one unfolded line; default 1 MB
	Depth    int   // nesting of components; default 16
	Preamble int   // bytes of VTIMEZONEs and calendar properties kept; default 1 MB
	Problems int   // problems kept with words; more are counted only; default 100
}

// DefaultLimits returns the limits named in the comments of Limits.
func DefaultLimits() Limits {
	return Limits{Bytes: 20_000_000, Events: 100_000, Line: 1 << 20, Depth: 16, Preamble: 1 << 20, Problems: 100}
}

// Component is one VEVENT in the form that is stored.
type Component struct {
	UID         string        // as in the feed, or a stable one made from the content when missing
	First, Last calendar.Wall // calendar.Bounds of the event
	// Text is canonical: unfolded lines ending in LF, only the properties that the program uses,
	// without BEGIN and END. Equal texts are the same event; what a server rewrites at each fetch
	// (DTSTAMP) is not in it.
	Text []byte
}

// Problem is something wrong with one event, or with the feed, in words for a person.
type Problem struct {
	UID     string `json:"uid,omitempty"`
	Summary string `json:"summary,omitempty"`
	Line    int    `json:"line,omitempty"` // first line of the event in the feed, from 1; 0 when it is about the feed
	Text    string `json:"text"`
	Skipped bool   `json:"skipped"` // the event is not shown
}

// Report is what Decode found.
type Report struct {
	Name     string        // X-WR-CALNAME or NAME
	TimeZone string        // X-WR-TIMEZONE as given
	Refresh  time.Duration // REFRESH-INTERVAL or X-PUBLISHED-TTL; 0 when not given
	Preamble []byte        // calendar properties and VTIMEZONEs, for NewInterpreter
	Bytes    int64         // read
	Events   int           // components kept
	Skipped  int           // events left out because they were bad
	Problems []Problem     // at most Limits.Problems
	More     int           // problems beyond that
}

// Decode reads a feed and calls keep for each event in the order of the feed; the Component is keep's to have. The feed's
// zones may stand after their use, so an event is only whole through an Interpreter made
// from the final Report. An error from keep ends the decoding and is returned as it is. device
// is the zone of floating times and unknown zones, for what is said about them.
//
// The other errors are the Err values above, wrapped with what was found; that of ctx; and that of
// r, wrapped. With an error the Report tells what was found before it.
func Decode(ctx context.Context, r io.Reader, limits Limits, device *time.Location, keep func(Component) error) (Report, error) {
	limits = limits.orDefault()
	in := &source{ctx: ctx, in: r, max: limits.Bytes}
	d := &decoder{
		ctx:     ctx,
		limits:  limits,
		lines:   newScanner(decoded(in), limits.Line),
		zones:   NewInterpreter(nil, device),
		keep:    keep,
		unclear: map[string]*zoneUse{},
		clashes: map[string]bool{},
	}
	err := d.run()
	d.report.Bytes = in.read
	return d.report, err
}

// orDefault replaces limits that are not set.
func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	if l.Bytes <= 0 {
		l.Bytes = d.Bytes
	}
	if l.Events <= 0 {
		l.Events = d.Events
	}
	if l.Line <= 0 {
		l.Line = d.Line
	}
	if l.Depth <= 0 {
		l.Depth = d.Depth
	}
	if l.Preamble <= 0 {
		l.Preamble = d.Preamble
	}
	if l.Problems <= 0 {
		l.Problems = d.Problems
	}
	return l
}
