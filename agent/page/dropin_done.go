package page

import (
	"time"

	"calendarbot/agent/calendar"
	"calendarbot/agent/view"
)

// dayEnd is when the meetings of today are over.
type dayEnd struct {
	Meetings bool    `json:"has_meetings_today"`
	Start    *string `json:"last_meeting_start_iso"`
	End      *string `json:"last_meeting_end_iso"`
	EndLocal *string `json:"last_meeting_end_local_iso"`
	Note     *string `json:"note"`

	end time.Time // zero when there is none
}

// dayEndOf looks at the meetings that touch the civil day of now; skipped ones do not count.
func dayEndOf(pic *picture) dayEnd {
	var last *view.Item
	today := daySpan(calendar.WallIn(pic.now, pic.zone), 1, pic.zone)
	for i := range pic.items {
		it := &pic.items[i]
		touches := it.Start.Before(today.End) && (it.End.After(today.Start) || !it.Start.Before(today.Start))
		if !touches || !meeting(it) || it.Skipped {
			continue
		}
		if last == nil || it.End.After(last.End) {
			last = it
		}
	}
	if last == nil {
		var note string
		if pic.fresh.Reached == 0 {
			note = pic.nothingWords()
		}
		return dayEnd{Note: optional(note)}
	}
	start, end, endLocal := utc(last.Start), utc(last.End), pic.local(last.End)
	return dayEnd{Meetings: true, Start: &start, End: &end, EndLocal: &endLocal, end: last.End}
}

// dayEndAnswer is /api/done-for-day, and the beginning of /api/alexa/done-for-day.
type dayEndAnswer struct {
	Now  gap     `json:"now_iso"`
	Zone *string `json:"tz"` // as asked for
	dayEnd
}

// doneForDayJSON draws /api/done-for-day.
func doneForDayJSON(pic *picture, q Query) (Page, error) {
	return pic.answer(dayEndAnswer{Now: pic.moment(utcLayout, time.UTC), Zone: optional(q.Zone), dayEnd: dayEndOf(pic)}, pic.settled())
}
