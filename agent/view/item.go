// Package view decides what a person sees: it turns occurrences and a moment into the
// what's-next picture, days and agendas, each with the time until which it holds. It is
// pure.
package view

import (
	"strings"
	"time"
	"unicode"

	"calendarbot/agent/calendar"
)

// Item is one occurrence as it is shown.
type Item struct {
	ID         string // calendar.Occurrence.ID
	Title      string // never empty, one line
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
	items := make([]Item, 0, len(occ))
	places := make(map[*calendar.Event]string) // the instances of a series share theirs
	for i := range occ {
		c := &occ[i]
		e := c.Event
		if e.Status == calendar.Hidden || (e.Private && o.Private == "hide") || hidden(c) {
			continue
		}
		it := Item{
			ID: c.ID(), Title: oneLine(e.Summary), Source: e.Source,
			Start: c.Start, End: c.End, AllDay: c.AllDay, FirstDay: c.FirstDay, EndDay: c.EndDay,
			Status: e.Status, Private: e.Private,
		}
		it.Calendar, it.Color = src(e.Source)
		if until, ok := skipped[it.ID]; ok {
			it.Skipped = now.Before(until)
		}
		if e.Private && o.Private == "mask" {
			it.Title = privateTitle
		} else {
			it.Location, it.Notes, it.JoinURL, it.Attendees = e.Location, e.Description, e.Conference, e.Attendees
			place, ok := places[e]
			if !ok {
				place = Place(e.Location, e.Conference)
				places[e] = place
			}
			it.Place = place
		}
		if it.Title == "" {
			it.Title = emptyTitle
		}
		items = append(items, it)
	}
	return items
}

// end is when the item is over. One without length lasts as long as the minute in which it stands on the clock.
func (it *Item) end() time.Time {
	if !it.End.After(it.Start) {
		return it.Start.Add(time.Minute)
	}
	return it.End
}

// over tells whether the item has ended.
func (it *Item) over(now time.Time) bool { return !it.end().After(now) }

// running tells whether now lies in the item.
func (it *Item) running(now time.Time) bool { return !it.Start.After(now) && !it.over(now) }

// Aside tells whether the item is said beside the clock and never counted down to: all-day items, places of work, and free
// time of a day and more.
func (it *Item) Aside() bool {
	return it.AllDay || it.Status == calendar.Elsewhere || it.Status == calendar.Free && it.Long()
}

// Long tells whether the item lasts a day and more: one that a person is in beside others.
func (it *Item) Long() bool { return it.End.Sub(it.Start) >= 24*time.Hour }

// oneLine returns text without line breaks, control characters and marks that turn the direction of what follows.
func oneLine(text string) string {
	plain := true
	for _, r := range text {
		if r < ' ' || r > '~' {
			plain = false
			break
		}
	}
	if plain && !strings.Contains(text, "  ") {
		return strings.TrimSpace(text)
	}
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0xfeff, r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}
