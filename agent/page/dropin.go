package page

import (
	"strings"
	"time"
	"unicode/utf8"

	"calendarbot/agent/calendar"
	"calendarbot/agent/view"
)

// dropInMeeting is one meeting in /api/whats-next.
type dropInMeeting struct {
	ID          string   `json:"meeting_id"`
	Subject     string   `json:"subject"`
	Description string   `json:"description"`
	Attendees   []string `json:"attendees"`
	Start       string   `json:"start_iso"`
	Duration    int64    `json:"duration_seconds"`
	Location    string   `json:"location"`
	RawSource   string   `json:"raw_source"` // always empty: where a feed is, is a secret
	UntilStart  gap      `json:"seconds_until_start"`
	End         string   `json:"end_iso"`
	AllDay      bool     `json:"all_day"`
	Calendar    string   `json:"calendar"`
	JoinURL     string   `json:"join_url"`
}

type dropInStatus struct {
	Message  string `json:"message"`
	Urgent   bool   `json:"is_urgent"`
	Critical bool   `json:"is_critical"`
}

// whatsNextAnswer is /api/whats-next.
type whatsNextAnswer struct {
	Meeting *dropInMeeting `json:"meeting"`
	Status  dropInStatus   `json:"status"`
}

// whatsNextJSON draws /api/whats-next.
func whatsNextJSON(pic *picture, _ Query) (Page, error) {
	var out whatsNextAnswer
	now, until := pic.second(), pic.edges()
	if it := chosen(pic.items, now); it != nil {
		out.Meeting = pic.meetingOf(it)
		out.Status = statusOf(seconds(it.Start.Sub(now)), out.Meeting.Duration)
		until = pic.soonest(until, statusEdges(it.Start)...)
	} else {
		out.Status.Message = pic.nothingWords()
	}
	return pic.answer(out, until)
}

func (p *picture) meetingOf(it *view.Item) *dropInMeeting {
	attendees := make([]string, 0, len(it.Attendees))
	for _, a := range it.Attendees {
		if name := a.Address; name != "" {
			attendees = append(attendees, name)
		} else if a.Name != "" {
			attendees = append(attendees, a.Name)
		}
	}
	return &dropInMeeting{
		ID: it.ID, Subject: it.Title, Description: it.Notes, Attendees: attendees, Start: utc(it.Start),
		Duration: seconds(it.End.Sub(it.Start)), Location: it.Location, UntilStart: p.until(it.Start),
		End: utc(it.End), AllDay: it.AllDay, Calendar: it.Calendar, JoinURL: it.JoinURL,
	}
}

// The last whole minutes to its start at which a meeting is said to be so near.
const (
	verySoon   = 2
	soon       = 15
	withinHour = 60
)

// statusOf says how near a meeting is, by whole minutes to its start.
func statusOf(untilStart, duration int64) dropInStatus {
	minutes := untilStart / 60
	switch {
	case untilStart <= 0 && -untilStart < duration:
		return dropInStatus{Message: "Meeting in progress", Urgent: true}
	case untilStart <= 0:
		return dropInStatus{Message: "Meeting ended"}
	case minutes <= verySoon:
		return dropInStatus{Message: "Starting very soon", Urgent: true, Critical: true}
	case minutes <= soon:
		return dropInStatus{Message: "Starting soon", Urgent: true}
	case minutes <= withinHour:
		return dropInStatus{Message: "Starting within the hour"}
	}
	return dropInStatus{Message: "Plenty of time"}
}

// statusEdges are the moments before a start at which statusOf says something else.
func statusEdges(start time.Time) []time.Time {
	edges := []time.Time{start}
	for _, minutes := range [...]int{verySoon, soon, withinHour} {
		edges = append(edges, start.Add(-time.Duration(minutes+1)*time.Minute+time.Second))
	}
	return edges
}

// nothingWords says why there is no meeting: a calendar that was never read is not an empty one.
func (p *picture) nothingWords() string {
	f := p.fresh
	switch {
	case p.silence != nil:
		return p.silence.words
	case f.Feeds == 0:
		return "No calendar set up yet"
	case f.Reached == 0 && f.Waiting > 0:
		return "Calendar is still loading"
	case f.Reached == 0:
		return "Calendar could not be reached yet"
	}
	return "No meetings scheduled"
}

// lunchWindow is how far behind the earliest meeting another may start and still be preferred to lunch.
const lunchWindow = 30 * time.Minute

// chosen is the meeting that programs are told of: the next one that starts; when none will, one that runs; else
// the next item of a day and more that is not free time. nil: there is nothing.
func chosen(items []view.Item, now time.Time) *view.Item {
	if it := nextMeeting(items, now); it != nil {
		return it
	}
	if it := runningMeeting(items, now); it != nil {
		return it
	}
	for i := range items {
		if it := &items[i]; !(meeting(it) && !it.Long()) && !passedOver(it) && !it.Start.Before(now) && it.Status != calendar.Free && it.Status != calendar.Elsewhere {
			return it
		}
	}
	return nil
}

// nextMeeting is the earliest meeting that starts at now or later, where of those that start within half an hour
// of the earliest another is preferred to lunch; what lasts for days does not hide them. Items must be in order of start.
func nextMeeting(items []view.Item, now time.Time) *view.Item {
	var first *view.Item
	for i := range items {
		it := &items[i]
		if !meeting(it) || it.Long() || passedOver(it) || it.Start.Before(now) {
			continue
		}
		switch {
		case first == nil:
			first = it
		case it.Start.Sub(first.Start) > lunchWindow:
			return first
		case !lunch(it.Title):
			return it
		}
		if !lunch(first.Title) {
			return first
		}
	}
	return first
}

// runningMeeting is the meeting that began last of those that run.
func runningMeeting(items []view.Item, now time.Time) *view.Item {
	var running *view.Item
	for i := range items {
		if it := &items[i]; meeting(it) && !passedOver(it) && !it.Start.After(now) && it.End.After(now) {
			running = it
		}
	}
	return running
}

// passedOver tells whether a person skipped the item, or keeps its time for work alone.
func passedOver(it *view.Item) bool { return it.Skipped || focus(it.Title) }

// focus tells whether a title is time that a person keeps for work alone.
func focus(title string) bool {
	return contains(title, "focus", "deep work", "thinking time", "planning time")
}

// lunch tells whether a title is a lunch break; a longer one is a meeting over lunch.
func lunch(title string) bool { return contains(title, "lunch") && utf8.RuneCountInString(title) <= 10 }

func contains(title string, words ...string) bool {
	title = strings.ToLower(title)
	for _, w := range words {
		if strings.Contains(title, w) {
			return true
		}
	}
	return false
}
