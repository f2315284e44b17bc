// Package store keeps in SQLite what must outlive a restart: the last good events of every
// source, how each source fares, sources added by a person, hidden and skipped events, settings.
package store

import (
	"context"
	"time"

	"calendarbot/agent/calendar"
	"calendarbot/agent/config"
	"calendarbot/agent/conn"
	"calendarbot/agent/ics"
)

// Store is the open database.
type Store struct {
	// to be completed by the owner of this file
}

// Options of Open.
type Options struct {
	Path string
	Zone *time.Location   // the device's zone, for floating times
	Now  func() time.Time // the program's clock
	DB   conn.DBOptions
}

// Open opens the file at o.Path, migrates it (after copying it) and reads the generation. A corrupt file is
// set aside as PATH.corrupt-TIME and a new one started; Recovered says so.
func Open(ctx context.Context, o Options) (*Store, error) { panic("store: Open") }

// Close writes back and closes.
func (s *Store) Close() error { panic("store") }

// Recovered is a sentence for a person when Open had to start anew or fall back, else "".
func (s *Store) Recovered() string { panic("store") }

// Generation grows by one with every change of what pages are made from: events, sources, hidden, skips,
// settings and the freshness state of a source. It costs no query.
func (s *Store) Generation() uint64 { panic("store") }

// State is how a source fares.
type State string

// The states of a source.
const (
	Waiting  State = "waiting"  // never tried
	OK       State = "ok"       // the last try succeeded
	Failing  State = "failing"  // the last try failed; older events may stand
	Disabled State = "disabled" // switched off
)

// Source is what is known about one source. Credentials and the whole URL are not in it.
type Source struct {
	ID, Name, Color string
	Address         string // the URL as it may be shown: scheme and host
	Web             bool   // added through the web, not by the operator's configuration
	LAN             bool
	State           State
	Events          int
	Skipped         int
	LastSuccess     time.Time // zero: never; 304 counts
	LastTry         time.Time
	NextTry         time.Time
	FailingSince    time.Time // zero when not failing
	Error           string    // the last failure in words, "" when OK
	Code            string    // stable code of the failure, e.g. "refused", "dns", "http_404"
	Problems        []ics.Problem
	MoreProblems    int
}

// Snapshot is everything a page is made from, read in one transaction.
type Snapshot struct {
	Generation uint64
	Events     []calendar.Event     // components of every series that may touch the span; sources in their order
	Sources    []Source             // in the order of configuration, then of adding
	Hidden     map[string]Hidden    // by occurrence ID or series key
	Skipped    map[string]time.Time // by occurrence ID; until when
}

// Hidden is an event that a person does not want to see.
type Hidden struct {
	ID     string // calendar.Occurrence.ID, or for the whole series its UID
	Series bool
	Title  string
	Since  time.Time
}

// Between reads what a page for the span needs.
func (s *Store) Between(ctx context.Context, span calendar.Span) (Snapshot, error) { panic("store") }

// Sources lists the sources without their events.
func (s *Store) Sources(ctx context.Context) ([]Source, error) { panic("store") }

// SetConfigured makes the sources of the configuration the operator's part of the list: new ones are
// added, ones that are gone are removed with their events. A source whose URL changed loses its validators, not
// its events.
func (s *Store) SetConfigured(ctx context.Context, sources []config.Source) error { panic("store") }

// WebSources returns the sources added by a person, with their credentials.
func (s *Store) WebSources(ctx context.Context) ([]config.Source, error) { panic("store") }

// PutWebSource adds or replaces one; DeleteWebSource removes one with its events.
func (s *Store) PutWebSource(ctx context.Context, src config.Source) error { panic("store") }
func (s *Store) DeleteWebSource(ctx context.Context, id string) error      { panic("store") }

// Validators are what a server gave for conditional requests.
type Validators struct{ ETag, LastModified string }

// Validators returns those of the last good fetch; zero when there was none.
func (s *Store) Validators(ctx context.Context, id string) (Validators, error) { panic("store") }

// Draft collects the components of one fetch beside the last good ones. Nothing is written before Commit; a draft
// that is not committed is simply dropped.
type Draft struct {
	// to be completed by the owner of this file
}

// Draft starts one. It holds the hashes of what the source has now, so that components that did not
// change cost neither memory nor writes.
func (s *Store) Draft(ctx context.Context, id string) (*Draft, error) { panic("store") }

// Keep is the callback for ics.Decode.
func (d *Draft) Keep(c ics.Component) error { panic("store") }

// Before and Kept count the components of the source now, and in the draft.
func (d *Draft) Before() int { panic("store") }
func (d *Draft) Kept() int   { panic("store") }

// Commit makes the draft the events of the source in one transaction and records the success. When nothing
// changed only the status is written, and changed is false.
func (d *Draft) Commit(ctx context.Context, r ics.Report, v Validators, next time.Time) (changed bool, err error) {
	panic("store")
}

// Unchanged records a success without new events (304). Failed records a failure; the events stay.
func (s *Store) Unchanged(ctx context.Context, id string, next time.Time) error { panic("store") }
func (s *Store) Failed(ctx context.Context, id, code, words string, next time.Time) error {
	panic("store")
}

// Hide, Unhide, Skip and ClearSkips change what a person does not want to see. ClearSkips and Unhide tell how many they
// took away.
func (s *Store) Hide(ctx context.Context, h Hidden) error                   { panic("store") }
func (s *Store) Unhide(ctx context.Context, id string) (int, error)         { panic("store") }
func (s *Store) Skip(ctx context.Context, id string, until time.Time) error { panic("store") }
func (s *Store) ClearSkips(ctx context.Context) (int, error)                { panic("store") }
