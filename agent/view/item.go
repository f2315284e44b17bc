// Package view decides what a person sees: it turns occurrences and a moment into the
// what's-next picture, days and agendas, each with the time until which it holds. It is
// pure.
package view

import (
	"time"

	"calendarbot/agent/calendar"
)

// Item is one occurrence as it is shown.
type Item struct {
	ID         string // calendar.Occurrence.ID
	Title      string
	Place      string // shortened: "Teams", "Room 3B"
	Location   string // as in the feed
	Notes      string // description
	JoinURL    string
	Attendees  []calendar.Person
	Source     string // id of the source
	Calendar   string // its name
	Color      string // #rrggbb
	Start, End time.Time
	AllDay     bool
	FirstDay   calendar.Wall // all-day only
	EndDay     calendar.Wall // exclusive
	Status     calendar.Status
	Private    bool
	Skipped    bool // passed over by a person's word
}

// Options are a person's choices about what is shown.
type Options struct {
	Zone    *time.Location
	Clock12 bool
	Private string // show, mask, hide
}

// Items makes Items of occurrences in their order: hidden ones left out, private ones shown, masked
// or hidden, places shortened.
func Items(occ []calendar.Occurrence, src func(id string) (name, color string), hidden func(occ *calendar.Occurrence) bool, skipped map[string]time.Time, now time.Time, o Options) []Item {
	panic("view: Items")
}
