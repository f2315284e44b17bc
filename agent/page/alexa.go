package page

import (
	"time"

	"calendarbot/agent/calendar"
	"calendarbot/agent/view"
)

// alexaMeeting is a meeting as the Alexa routes tell it.
type alexaMeeting struct {
	Subject  string  `json:"subject"`
	Start    string  `json:"start_iso"`
	Until    gap     `json:"seconds_until_start"`
	Speech   string  `json:"speech_text"`
	Duration string  `json:"duration_spoken"` // until the start
	SSML     *string `json:"ssml,omitempty"`
}

func (p *picture) alexaMeeting(it *view.Item, s *speech) alexaMeeting {
	return alexaMeeting{Subject: it.Title, Start: utc(it.Start), Until: p.until(it.Start), Speech: s.plain(), Duration: p.wait(it)}
}

// wait is how long until an item starts, as it is said.
func (p *picture) wait(it *view.Item) string { return spokenWait(seconds(it.Start.Sub(p.second()))) }

// waitEdge is when wait says something else.
func (p *picture) waitEdge(it *view.Item) time.Time {
	switch d := it.Start.Sub(p.second()); {
	case d < time.Minute:
		return p.second().Add(time.Second)
	case d < 24*time.Hour:
		return p.countdown(it.Start, time.Minute)
	}
	return p.countdown(it.Start, time.Hour)
}

// sayNext tells when and where an item is.
func (p *picture) sayNext(s *speech, it *view.Item) {
	s.say(spokenTitle(it.Title), " starts "+p.wait(it)+".")
	if it.Place != "" {
		s.say("Where: ", it.Place, ".")
	}
}

// nothing says that there is no meeting, or why none is known.
func (s *speech) nothing(pic *picture) {
	f := pic.fresh
	switch {
	case pic.silence != nil:
		s.say(pic.silence.spoken)
	case f.Feeds == 0:
		s.say("No calendar is set up yet.")
	case f.Reached == 0 && f.Waiting > 0:
		s.say("Your calendar is still loading.")
	case f.Reached == 0:
		s.say("Your calendar could not be reached yet.")
	default:
		s.say("There is nothing coming up in your calendar.")
	}
}

// alexaNextJSON draws /api/alexa/next-meeting.
func alexaNextJSON(pic *picture, q Query) (Page, error) {
	var s speech
	it := nextMeeting(pic.items, pic.second())
	if it == nil {
		s.nothing(pic)
		return pic.answer(struct {
			Meeting *alexaMeeting `json:"meeting"`
			Speech  string        `json:"speech_text"`
			SSML    *string       `json:"ssml,omitempty"`
		}{nil, s.plain(), s.marked(q)}, pic.edges())
	}
	pic.sayNext(&s, it)
	m := pic.alexaMeeting(it, &s)
	m.SSML = s.marked(q)
	return pic.answer(map[string]alexaMeeting{"meeting": m}, pic.soonest(pic.edges(), pic.waitEdge(it)))
}

// alexaTimeUntilJSON draws /api/alexa/time-until-next.
func alexaTimeUntilJSON(pic *picture, q Query) (Page, error) {
	var s speech
	var out struct {
		Until    *gap    `json:"seconds_until_start"`
		Duration string  `json:"duration_spoken"`
		Speech   string  `json:"speech_text"`
		SSML     *string `json:"ssml,omitempty"`
	}
	until := pic.edges()
	if it := nextMeeting(pic.items, pic.second()); it != nil {
		left := pic.until(it.Start)
		out.Until, out.Duration = &left, pic.wait(it)
		until = pic.soonest(until, pic.waitEdge(it))
		s.say("Your next meeting starts ", stressed(out.Duration), ".")
	} else {
		s.nothing(pic)
	}
	out.Speech, out.SSML = s.plain(), s.marked(q)
	return pic.answer(out, until)
}

type alexaCard struct {
	Title   string `json:"title"`
	Content string `json:"content"`
}

// alexaDoneJSON draws /api/alexa/done-for-day.
func alexaDoneJSON(pic *picture, q Query) (Page, error) {
	var s speech
	end := dayEndOf(pic)
	switch {
	case !end.Meetings && end.Note != nil:
		s.nothing(pic)
	case !end.Meetings:
		s.say("You have no meetings today.")
	default:
		pic.sayDayEnd(&s, end)
	}
	out := struct {
		dayEndAnswer
		Speech string     `json:"speech_text"`
		SSML   *string    `json:"ssml,omitempty"`
		Card   *alexaCard `json:"card,omitempty"`
	}{dayEndAnswer{Now: pic.moment(utcLayout, time.UTC), Zone: optional(q.Zone), dayEnd: end}, s.plain(), s.marked(q), nil}
	if q.SSML {
		out.Card = &alexaCard{Title: "Done for the day", Content: s.plain()}
	}
	return pic.answer(out, pic.soonest(pic.settled(), end.end))
}

func (p *picture) sayDayEnd(s *speech, end dayEnd) {
	if !end.end.After(p.now) {
		s.say("Your meetings for today are over.")
		return
	}
	at := "at "
	if p.spokenDay(end.end) != "today" {
		at = ""
	}
	s.say("Your last meeting today ends "+at, stressed(p.spokenMoment(end.end)), ".")
}

// alexaLaunchJSON draws /api/alexa/launch-summary.
func alexaLaunchJSON(pic *picture, q Query) (Page, error) {
	var s speech
	now := pic.second()
	end, until := dayEndOf(pic), pic.edges()
	next := nextMeeting(pic.items, now)
	if end.Meetings && next != nil && !next.Start.Before(daySpan(calendar.WallIn(now, pic.zone), 1, pic.zone).End) {
		next = nil // today is told, tomorrow is not asked for yet
	}
	running := runningMeeting(pic.items, now)
	switch {
	case running != nil && next != nil:
		s.say("You are in ", spokenTitle(running.Title), " until "+pic.spokenMoment(running.End)+".")
		s.say(spokenTitle(next.Title), " starts "+pic.wait(next)+".")
	case running != nil:
		s.say("You are in ", spokenTitle(running.Title), " until "+pic.spokenMoment(running.End)+".")
	case end.Meetings && next != nil:
		s.say(spokenTitle(next.Title), " starts "+pic.wait(next)+".")
	case next != nil:
		s.say("You have no meetings today.")
		s.say("The next one is ", spokenTitle(next.Title), ", "+pic.spokenDay(next.Start)+" at "+pic.spokenTime(next.Start)+".")
	case !end.Meetings:
		s.nothing(pic)
	}
	if end.Meetings {
		pic.sayDayEnd(&s, end)
	}
	out := struct {
		Speech   string        `json:"speech_text"`
		Meetings bool          `json:"has_meetings_today"`
		Next     *alexaMeeting `json:"next_meeting"`
		Done     dayEnd        `json:"done_for_day"`
		SSML     *string       `json:"ssml,omitempty"`
	}{s.plain(), end.Meetings, nil, end, s.marked(q)}
	if next != nil {
		var own speech
		pic.sayNext(&own, next)
		m := pic.alexaMeeting(next, &own)
		out.Next = &m
		until = pic.soonest(until, pic.waitEdge(next))
	}
	return pic.answer(out, until)
}
