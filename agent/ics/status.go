package ics

import (
	"strings"

	"calendarbot/agent/calendar"
)

// shown are the properties that decide how an event is shown.
type shown struct {
	deleted string // X-OUTLOOK-DELETED
	busy    string // X-MICROSOFT-CDO-BUSYSTATUS
	status  string // STATUS
	transp  string // TRANSP
}

// status decides how an event is shown; the first match wins.
func (s shown) decide(title string, allDay bool) calendar.Status {
	is := strings.EqualFold
	switch {
	case s.deleted != "" && !is(s.deleted, "FALSE"):
		return calendar.Hidden
	case is(s.busy, "FREE") && strings.HasPrefix(title, "Following:"):
		return calendar.Tentative
	case is(s.busy, "FREE"):
		return calendar.Hidden
	case is(s.status, "CANCELLED"), is(s.status, "CANCELED"):
		return calendar.Hidden
	case is(s.status, "TENTATIVE"):
		return calendar.Tentative
	case is(s.transp, "TRANSPARENT") && is(s.status, "CONFIRMED"):
		return calendar.Tentative
	case is(s.transp, "TRANSPARENT") && allDay:
		return calendar.Free
	case is(s.transp, "TRANSPARENT"):
		return calendar.Hidden
	case is(s.busy, "OOF"):
		return calendar.OutOfOffice
	case is(s.busy, "WORKINGELSEWHERE"):
		return calendar.Elsewhere
	}
	return calendar.Busy
}
