// Package feed keeps the store's events fresh: it fetches one feed at a time, politely and
// conditionally, and decides when to come back. Whatever goes wrong, the last good events stay.
package feed

import (
	"context"
	"time"

	"calendarbot/agent/config"
	"calendarbot/agent/conn"
	"calendarbot/agent/ics"
	"calendarbot/agent/store"
)

// Why a source can't be changed.
var (
	ErrUnknown    = store.ErrUnknown
	ErrConfigured = store.ErrConfigured
)

// Failure is a fetch that failed, in words for a person and with a stable code.
type Failure struct {
	// Code is one of refused, dns, network, timeout, tls, clock, address, redirect, http_NNN, html,
	// empty, truncated, too_large, not_calendar, decompress, emptied, store_full, store_busy, store,
	// invalid (a source that can't be fetched as it is written).
	Code  string
	Words string // what happened and what to do; never a part of the URL but its host
	Err   error
}

// Error returns Words.
func (f *Failure) Error() string { return f.Words }
func (f *Failure) Unwrap() error { return f.Err }

// Trial fetches and decodes once and stores nothing. It takes at most feeds.Timeout. The error is
// a *Failure, or that of ctx when it ends.
func Trial(ctx context.Context, h *conn.HTTP, src config.Source, feeds config.Feeds, zone *time.Location, keep func(ics.Component) error) (ics.Report, error) {
	return trial(ctx, request{http: h, src: src, feeds: feeds, zone: zone}, reading{now: time.Now()}, keep)
}

func trial(ctx context.Context, q request, c reading, keep func(ics.Component) error) (ics.Report, error) {
	a, err := q.fetch(ctx, func() (func(ics.Component) error, error) { return keep, nil })
	if err == nil {
		return a.report, nil
	}
	if ctx.Err() != nil {
		return a.report, ctx.Err()
	}
	return a.report, explain(q.src, err, c.with(a))
}
