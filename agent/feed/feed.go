// Package feed keeps the store's events fresh: it fetches one feed at a time, politely and
// conditionally, and decides when to come back.
package feed

import (
	"context"
	"log/slog"
	"time"

	"calendarbot/agent/config"
	"calendarbot/agent/conn"
	"calendarbot/agent/ics"
	"calendarbot/agent/store"
)

// Failure is a fetch that failed, in words for a person and with a stable code.
type Failure struct {
	Code  string // refused, dns, timeout, tls, clock, address, redirect, http_401, http_NNN, html, empty, truncated, too_large, not_calendar, decompress, emptied, store_full, store_busy, store
	Words string // one sentence: what happened and what to do
	Err   error
}

// Error returns Words.
func (f *Failure) Error() string { return f.Words }
func (f *Failure) Unwrap() error { return f.Err }

// Refresher fetches every source again and again; a failure never ends it.
type Refresher struct {
	// to be completed by the owner of this file
}

// Options of New.
type Options struct {
	HTTP  *conn.HTTP
	Store *store.Store
	Zone  *time.Location
	Feeds config.Feeds
	Now   func() time.Time // the program's clock, for what is recorded; waiting uses real time
	Log   *slog.Logger
}

// New returns a Refresher without sources.
func New(o Options) *Refresher { panic("feed: New") }

// Run fetches until ctx ends. One goroutine fetches, one feed at a time.
func (r *Refresher) Run(ctx context.Context) error { panic("feed") }

// Ready is closed when Run has read the list of sources; it does not wait for the network.
func (r *Refresher) Ready() <-chan struct{} { panic("feed") }

// String names the task.
func (r *Refresher) String() string { return "refresher" }

// Beat returns when the loop last went round (real time), for health.
func (r *Refresher) Beat() time.Time { panic("feed") }

// Configure sets the operator's sources and reads the others from the store.
func (r *Refresher) Configure(ctx context.Context, sources []config.Source) error { panic("feed") }

// Refresh makes a source due now ("" for all); it does not wait. False: no such source.
func (r *Refresher) Refresh(id string) bool { panic("feed") }

// Add adds a source by a person's word after a trial fetch that must succeed, Edit replaces one,
// Delete removes one. ErrConfigured, ErrUnknown and *Failure tell why not.
func (r *Refresher) Add(ctx context.Context, src config.Source) (store.Source, error) { panic("feed") }
func (r *Refresher) Edit(ctx context.Context, id string, src config.Source) (store.Source, error) {
	panic("feed")
}
func (r *Refresher) Delete(ctx context.Context, id string) error { panic("feed") }

// Trial fetches and decodes once and stores nothing.
func Trial(ctx context.Context, h *conn.HTTP, src config.Source, feeds config.Feeds, zone *time.Location, keep func(ics.Component) error) (ics.Report, error) {
	panic("feed")
}
