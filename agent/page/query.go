// Package page answers queries with pages: HTML for people, JSON for programs. Page.Func is the one
// signature; Direct makes the answer from the store.
package page

import (
	"context"
	"time"
)

// Kind says which page is asked for.
type Kind uint8

// The kinds of pages.
const (
	Next           Kind = iota // HTML: what is next
	Agenda                     // HTML: the coming days
	WhatsNext                  // JSON of the drop-in route /api/whats-next
	DoneForDay                 // JSON, /api/done-for-day
	MorningSummary             // JSON, /api/morning-summary
	AlexaNext                  // JSON, /api/alexa/...
	AlexaTimeUntil
	AlexaDone
	AlexaLaunch
	AlexaMorning
	Events      // JSON, /api/v1/events
	WhatsNextV1 // JSON, /api/v1/whats-next
)

// Query is one question. It is comparable and holds no borrowed memory, so that it can be a key.
type Query struct {
	Kind   Kind
	Zone   string // IANA name asked for; "" for the device's
	Theme  string // auto, dark, light, eink; "" for the configured one
	Days   int    // Agenda: 1-31, 0 for the configured number
	From   int64  // Events: Unix seconds; Agenda: first day as Unix seconds of its midnight, 0 for today
	To     int64  // Events
	Search string // Events: text in title or place
	Source string // Events: id of one calendar
	Day    string // MorningSummary: YYYY-MM-DD, "" for tomorrow
	Detail string // brief, normal, detailed, verbose
	Max    int    // MorningSummary: 1-100
	SSML   bool   // Alexa: add ssml
	Limit  int    // Events: 1-1000
}

// Page is an answer.
type Page struct {
	Status int       // HTTP status
	Type   string    // content type
	Body   []byte    // not to be changed
	ETag   string    // quoted, strong; from the content
	Until  time.Time // when the picture changes
	Stale  bool      // something in it is older than it should be
}

// Func answers a query.
type Func func(ctx context.Context, q Query) (Page, error)
