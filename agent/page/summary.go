package page

import (
	"strings"
	"time"

	"calendarbot/agent/calendar"
	"calendarbot/agent/view"
)

// Of the morning summary.
const (
	morningStart = 6  // local hours
	morningEnd   = 12 //
	earlyHour    = 8
	freeBlock    = 30 * time.Minute // shorter gaps are not told
	longBlock    = 45 * time.Minute // from here a gap is significant
	closeGap     = 15 * time.Minute // a smaller gap makes two meetings back to back
	wakeBefore   = 90 * time.Minute
)

// morningSpan is 06:00 to 12:00 of the day asked for, or of tomorrow.
func morningSpan(q Query, now time.Time, zone *time.Location) calendar.Span {
	day := morningDay(q, now, zone)
	return calendar.Span{Start: (day + morningStart*hour).In(zone), End: (day + morningEnd*hour).In(zone)}
}

const hour calendar.Wall = 3600

func morningDay(q Query, now time.Time, zone *time.Location) calendar.Wall {
	if t, err := time.Parse(time.DateOnly, q.Day); err == nil {
		return calendar.WallIn(t, time.UTC)
	}
	return calendar.WallIn(now, zone).Midnight() + calendar.Day
}

// morning is what the summary finds in a morning.
type morning struct {
	span     calendar.Span
	day      string // "tomorrow", or the weekday of the day that was asked for
	meetings []view.Item
	allDay   []view.Item // those that count
	total    float64     // meetings, all-day items counting half
	early    bool
	close    int // how many meetings follow the one before at once
	free     []calendar.Span
	wake     time.Time // zero: no advice
}

// morningOf looks at the items of a morning, in order of start; at most limit of them.
func morningOf(items []view.Item, span calendar.Span, limit int, zone *time.Location) morning {
	m := morning{span: span}
	earlyBefore := (calendar.WallIn(span.Start, zone).Midnight() + earlyHour*hour).In(zone)
	at := span.Start // everything before is told
	var last time.Time
	for i := range items {
		it := &items[i]
		if it.Skipped {
			continue
		}
		if limit--; limit < 0 {
			break
		}
		if !meeting(it) || it.Long() {
			if it.AllDay && counts(it) {
				m.allDay = append(m.allDay, *it)
				m.total += 0.5
			}
			continue
		}
		m.early = m.early || it.Start.Before(earlyBefore)
		if !last.IsZero() && it.Start.Sub(last) < closeGap {
			m.close++
		}
		if it.Start.Sub(at) >= freeBlock {
			m.free = append(m.free, calendar.Span{Start: at, End: it.Start})
		}
		at, last = later(at, it.End), later(last, it.End)
		if !focus(it.Title) {
			m.meetings = append(m.meetings, *it)
			m.total++
		}
	}
	if span.End.Sub(at) >= freeBlock {
		m.free = append(m.free, calendar.Span{Start: at, End: span.End})
	}
	if m.early && len(m.meetings) > 0 {
		m.wake = later(m.meetings[0].Start.Add(-wakeBefore), span.Start)
	}
	return m
}

// counts tells whether an all-day item is something to do: birthdays, holidays and vacation are not.
func counts(it *view.Item) bool {
	return it.Status != calendar.OutOfOffice && !contains(it.Title, "birthday", "holiday", "vacation")
}

func (m *morning) density() string {
	switch {
	case m.total <= 2:
		return "light"
	case m.total <= 4:
		return "moderate"
	}
	return "busy"
}

// previewFor is "tomorrow_morning" or, for a day that was asked for, "monday_morning".
func (m *morning) previewFor() string { return strings.ToLower(m.day) + "_morning" }

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// morning finds out about the morning that was asked for.
func (p *picture) morning(q Query) morning {
	limit := q.Max
	if limit == 0 {
		limit = 50
	}
	m := morningOf(p.items, p.span, limit, p.zone)
	if p.silence != nil {
		m.free = nil
	}
	m.day = "tomorrow"
	if q.Day != "" {
		m.day = p.span.Start.In(p.zone).Weekday().String()
	}
	return m
}

type morningInsight struct {
	ID        string  `json:"meeting_id"`
	Subject   string  `json:"subject"`
	Start     string  `json:"start_time"`
	End       string  `json:"end_time"`
	Until     *int64  `json:"time_until_minutes"`
	Prepare   bool    `json:"preparation_needed"`
	Online    bool    `json:"is_online"`
	Attendees *int    `json:"attendees_count"`
	Note      *string `json:"short_note"`
}

type morningBlock struct {
	Start       string  `json:"start_time"`
	End         string  `json:"end_time"`
	Minutes     int64   `json:"duration_minutes"`
	Action      *string `json:"recommended_action"`
	Significant bool    `json:"is_significant"`
}

type morningMetadata struct {
	PreviewFor string `json:"preview_for"`
	Context    struct {
		Delivery string `json:"delivery_time"`
		Day      string `json:"reference_day"`
	} `json:"generation_context"`
}

type morningAnswer struct {
	Start    string           `json:"timeframe_start"`
	End      string           `json:"timeframe_end"`
	Analysis gap              `json:"analysis_time"`
	Total    float64          `json:"total_meetings_equivalent"`
	Early    bool             `json:"early_start_flag"`
	Density  string           `json:"density"`
	Close    int              `json:"back_to_back_count"`
	Insights []morningInsight `json:"meeting_insights"`
	Free     []morningBlock   `json:"free_blocks"`
	Metadata morningMetadata  `json:"metadata"`
	Wake     *string          `json:"wake_up_recommendation_time,omitempty"`
	Note     *string          `json:"note,omitempty"` // that nothing can be read
}

// morningSummaryJSON draws /api/morning-summary.
func morningSummaryJSON(pic *picture, q Query) (Page, error) {
	m, until := pic.morning(q), pic.settled()
	a := morningAnswer{
		Start: pic.local(m.span.Start), End: pic.local(m.span.End), Analysis: pic.moment(localLayout, time.UTC),
		Total: m.total, Early: m.early, Density: m.density(), Close: m.close,
		Insights: make([]morningInsight, len(m.meetings)), Free: make([]morningBlock, len(m.free)),
	}
	a.Metadata.PreviewFor, a.Metadata.Context.Delivery, a.Metadata.Context.Day = m.previewFor(), "evening", m.day
	for i := range m.meetings {
		a.Insights[i] = pic.insight(&m.meetings[i], pic.second())
		until = pic.soonest(until, pic.countdown(m.meetings[i].Start, time.Minute))
	}
	for i, block := range m.free {
		a.Free[i] = pic.block(block)
	}
	if pic.silence != nil {
		a.Note = optional(pic.silence.words)
	}
	if !m.wake.IsZero() {
		a.Wake = optional(pic.local(m.wake))
	}
	return pic.answer(map[string]morningAnswer{"summary": a}, until)
}

func (p *picture) insight(it *view.Item, now time.Time) morningInsight {
	in := morningInsight{ID: it.ID, Subject: it.Title, Start: p.local(it.Start), End: p.local(it.End), Online: it.JoinURL != ""}
	if it.Start.After(now) {
		minutes := seconds(it.Start.Sub(now)) / 60
		in.Until = &minutes
	}
	if n := len(it.Attendees); n > 0 {
		in.Attendees = &n
	}
	return in
}

func (p *picture) block(s calendar.Span) morningBlock {
	length := s.End.Sub(s.Start)
	b := morningBlock{Start: p.local(s.Start), End: p.local(s.End), Minutes: int64(length / time.Minute), Significant: length >= longBlock}
	switch {
	case length >= 2*time.Hour:
		b.Action = optional("long work without interruption")
	case length >= 90*time.Minute:
		b.Action = optional("work on one thing")
	case length >= longBlock:
		b.Action = optional("planning")
	}
	return b
}
