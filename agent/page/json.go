package page

import (
	"time"

	"calendarbot/agent/calendar"
)

// The JSON answers, to be completed by their owner.

func morningSpan(q Query, now time.Time, zone *time.Location) calendar.Span {
	panic("page: morningSpan")
}

func whatsNextJSON(pic *picture, q Query) (Page, error)      { panic("page: whatsNextJSON") }
func whatsNextV1JSON(pic *picture, q Query) (Page, error)    { panic("page: whatsNextV1JSON") }
func doneForDayJSON(pic *picture, q Query) (Page, error)     { panic("page: doneForDayJSON") }
func morningSummaryJSON(pic *picture, q Query) (Page, error) { panic("page: morningSummaryJSON") }
func alexaNextJSON(pic *picture, q Query) (Page, error)      { panic("page: alexaNextJSON") }
func alexaTimeUntilJSON(pic *picture, q Query) (Page, error) { panic("page: alexaTimeUntilJSON") }
func alexaDoneJSON(pic *picture, q Query) (Page, error)      { panic("page: alexaDoneJSON") }
func alexaLaunchJSON(pic *picture, q Query) (Page, error)    { panic("page: alexaLaunchJSON") }
func alexaMorningJSON(pic *picture, q Query) (Page, error)   { panic("page: alexaMorningJSON") }
func eventsJSON(pic *picture, q Query) (Page, error)         { panic("page: eventsJSON") }
