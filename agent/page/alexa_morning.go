package page

import (
	"strings"
	"time"

	"calendarbot/agent/calendar"
)

// alexaMorningJSON draws /api/alexa/morning-summary.
func alexaMorningJSON(pic *picture, q Query) (Page, error) {
	m := pic.morning(q)
	var s speech
	if len(m.meetings) == 0 && len(m.allDay) == 0 && pic.fresh.Reached == 0 {
		s.nothing(pic)
	} else {
		pic.sayMorning(&s, m, q.Detail)
	}
	type summary struct {
		PreviewFor string  `json:"preview_for"`
		Total      float64 `json:"total_meetings_equivalent"`
		Early      bool    `json:"early_start_flag"`
		Density    string  `json:"density"`
		Close      int     `json:"back_to_back_count"`
		Start      string  `json:"timeframe_start"`
		End        string  `json:"timeframe_end"`
		Wake       *string `json:"wake_up_recommendation"`
	}
	out := struct {
		Speech  string  `json:"speech_text"`
		Summary summary `json:"summary"`
		SSML    *string `json:"ssml,omitempty"`
	}{s.plain(), summary{
		PreviewFor: m.previewFor(), Total: m.total, Early: m.early, Density: m.density(), Close: m.close,
		Start: pic.local(m.span.Start), End: pic.local(m.span.End),
	}, s.marked(q)}
	if !m.wake.IsZero() {
		out.Summary.Wake = optional(pic.local(m.wake))
	}
	return pic.answer(out, pic.settled())
}

// sayMorning tells a morning. brief: how much there is; normal: the first meeting, what is close together and the longest
// free time too; detailed: all-day items and when to get up; verbose: every meeting and every free time.
func (p *picture) sayMorning(s *speech, m morning, detail string) {
	day := m.day
	if day != "tomorrow" {
		day = "on " + day
	}
	p.sayAmount(s, m, day)
	if detail == "brief" {
		return
	}
	if detail == "verbose" {
		for i := range m.meetings {
			it := &m.meetings[i]
			s.say(spokenTitle(it.Title), " is at "+p.spokenTime(it.Start)+", for "+spokenLength(it.End.Sub(it.Start))+".")
		}
	} else if len(m.meetings) > 0 {
		first := &m.meetings[0]
		s.say("The first is ", spokenTitle(first.Title), " at "+p.spokenTime(first.Start)+".")
	}
	switch {
	case m.close == 1:
		s.say("Two meetings follow each other without a break.")
	case m.close > 1:
		s.say(count(int64(m.close), "meeting") + " follow the one before without a break.")
	}
	p.sayFree(s, m, detail)
	if detail != "detailed" && detail != "verbose" {
		return
	}
	if len(m.allDay) > 0 {
		s.say("All day: ", spokenTitle(titles(m)), ".")
	}
	if !m.wake.IsZero() {
		s.say("Getting up at " + p.spokenTime(m.wake) + " leaves time before the first one.")
	}
}

// sayAmount tells how much there is.
func (p *picture) sayAmount(s *speech, m morning, day string) {
	switch n := int64(len(m.meetings)); {
	case n == 0 && len(m.allDay) == 0:
		s.say("The morning is free " + day + ".")
	case n == 0:
		s.say("There are no meetings in the morning " + day + ".")
	case m.early:
		s.say("You start early "+day+", at ", stressed(p.spokenTime(m.meetings[0].Start)), ", with "+count(n, "meeting")+" before noon.")
	default:
		s.say("You have "+count(n, "meeting")+" before noon "+day+", a ", m.density(), " morning.")
	}
}

// sayFree tells the longest free time, or with verbose each.
func (p *picture) sayFree(s *speech, m morning, detail string) {
	if len(m.meetings) == 0 {
		return
	}
	var longest calendar.Span
	for _, block := range m.free {
		if detail == "verbose" {
			s.say("You are free for " + spokenLength(block.End.Sub(block.Start)) + " from " + p.spokenTime(block.Start) + ".")
		}
		if block.End.Sub(block.Start) > longest.End.Sub(longest.Start) {
			longest = block
		}
	}
	if detail != "verbose" && longest.End.Sub(longest.Start) >= longBlock {
		s.say("Your longest free time is " + spokenLength(longest.End.Sub(longest.Start).Truncate(time.Minute)) + " from " + p.spokenTime(longest.Start) + ".")
	}
}

// titles names the all-day items, at most three.
func titles(m morning) string {
	const limit = 3
	var names []string
	for i := range m.allDay {
		if i == limit {
			names = append(names, "and more")
			break
		}
		names = append(names, m.allDay[i].Title)
	}
	return strings.Join(names, ", ")
}
