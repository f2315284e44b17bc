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

	Encoding string // "" as it is, "gzip" when the client takes that and a kept page may be so
}

// Page is an answer.
type Page struct {
	Status int       // HTTP status
	Type   string    // content type
	Body   []byte    // not to be changed
	ETag   string    // quoted, strong; from the content
	Until  time.Time // when the picture changes
	Stale  bool      // something in it is older than it should be
	Unset  bool      // drawn while the clock was not set: no page to remember

	Made     time.Time // the moment that the picture shows
	Encoding string    // content coding of Body: "" or "gzip"
	Live     []Live    // what is written into Body when it is answered; none when Encoding is not ""
	Mark     int       // HTML: where in Body a line for a person may be put in; 0 for nowhere
	Rung     Rung      // which rung of the ladder it comes from
	Why      string    // why it does not come from the rung above, in words; "" from the first one
}

// Live is a piece of a body that changes with every second while the picture stays the same. It is left out of
// a drawn page, so that one page serves until the picture changes; Fill puts it in.
type Live struct {
	At     int            // offset in Body, ascending
	Until  time.Time      // without a Layout: the whole seconds from now to Until are written; with one: written in place of now, if not zero
	Layout string         // now itself is written, in this layout of package time
	Zone   *time.Location // of Layout
}

// Func answers a query; what is live is filled in.
type Func func(ctx context.Context, q Query) (Page, error)

// Draw draws the page of a moment; what is live is left out.
type Draw func(ctx context.Context, q Query, at time.Time) (Page, error)
