package page

import (
	"time"

	"calendarbot/agent/calendar"
	"calendarbot/agent/config"
)

func agendaSpan(q Query, now time.Time, zone *time.Location) calendar.Span { panic("page: agendaSpan") }
func nextHTML(pic *picture, q Query) (Page, error)                         { panic("page: nextHTML") }
func agendaHTML(pic *picture, q Query) (Page, error)                       { panic("page: agendaHTML") }

// Clock is the page that is shown when no other can be made: time, date and why, in words.
func Clock(now time.Time, zone *time.Location, words string) Page { panic("page: Clock") }

// Asset returns the file served at /assets/NAME; body is nil when there is none. Names carry a hash of
// the content, so that an answer may be kept for ever.
func Asset(name string) (body []byte, contentType, etag string) { panic("page: Asset") }

// LocalAddresses returns the addresses at which the device's pages can be reached, the best first.
func LocalAddresses(w config.Web) []string { panic("page: LocalAddresses") }
