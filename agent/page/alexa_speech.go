package page

import (
	"encoding/xml"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"calendarbot/agent/calendar"
)

// speech is what a voice says: sentences as plain text and, with marks of emphasis, as SSML.
type speech struct {
	text, ssml strings.Builder
}

// stressed is a part of a sentence that the voice leans on.
type stressed string

// say adds one sentence made of its parts; each is a string or stressed.
func (s *speech) say(parts ...any) {
	if s.text.Len() > 0 {
		s.text.WriteByte(' ')
	}
	s.ssml.WriteString("<s>")
	for _, part := range parts {
		switch p := part.(type) {
		case string:
			s.text.WriteString(p)
			s.ssml.WriteString(escape(p))
		case stressed:
			s.text.WriteString(string(p))
			s.ssml.WriteString(`<emphasis level="moderate">` + escape(string(p)) + "</emphasis>")
		}
	}
	s.ssml.WriteString("</s>")
}

// plain is the speech as text.
func (s *speech) plain() string { return s.text.String() }

// marked is the speech as an SSML document, nil when it was not asked for.
func (s *speech) marked(q Query) *string {
	if !q.SSML {
		return nil
	}
	return optional("<speak>" + s.ssml.String() + "</speak>")
}

// escape makes text safe between tags. The words of a feed are never tags.
func escape(text string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(text)); err != nil {
		return "" // a Builder does not fail
	}
	return b.String()
}

// spokenTitle is a title short enough to listen to, cut between words.
func spokenTitle(title string) stressed {
	const limit = 80
	if utf8.RuneCountInString(title) <= limit {
		return stressed(title)
	}
	cut := string([]rune(title)[:limit])
	if i := strings.LastIndexByte(cut, ' '); i > 0 {
		cut = cut[:i]
	}
	return stressed(cut)
}

// spokenWait is how long until something starts, as it is said: "in 2 hours and 5 minutes".
func spokenWait(seconds int64) string {
	minutes, hours, days := seconds/60, seconds/3600, seconds/86400
	switch {
	case seconds <= 0:
		return "now"
	case minutes == 0:
		return "in " + count(seconds, "second")
	case hours == 0:
		return "in " + count(minutes, "minute")
	case days == 0:
		return "in " + pair(hours, "hour", minutes%60, "minute")
	}
	return "in " + pair(days, "day", hours%24, "hour")
}

// spokenLength is how long something lasts: "45 minutes", "1 hour and 30 minutes".
func spokenLength(d time.Duration) string {
	minutes := int64(d / time.Minute)
	if minutes < 60 {
		return count(minutes, "minute")
	}
	return pair(minutes/60, "hour", minutes%60, "minute")
}

func pair(n int64, unit string, m int64, smaller string) string {
	if m == 0 {
		return count(n, unit)
	}
	return count(n, unit) + " and " + count(m, smaller)
}

func count(n int64, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return strconv.FormatInt(n, 10) + " " + unit + "s"
}

// spokenTime is a time of day: "9 am", "2:30 pm".
func (p *picture) spokenTime(t time.Time) string {
	t = t.In(p.zone)
	if t.Minute() == 0 {
		return t.Format("3 pm")
	}
	return t.Format("3:04 pm")
}

// spokenMoment is a time of day, with its day when that is not today: "2:30 pm", "on Monday at 9 am".
func (p *picture) spokenMoment(t time.Time) string {
	if day := p.spokenDay(t); day != "today" {
		return day + " at " + p.spokenTime(t)
	}
	return p.spokenTime(t)
}

// spokenDay is the day of an instant as seen from now: "today", "tomorrow", "on Monday", "on June 12".
func (p *picture) spokenDay(t time.Time) string {
	day, today := calendar.WallIn(t, p.zone).Midnight(), calendar.WallIn(p.now, p.zone).Midnight()
	switch days := (day - today) / calendar.Day; {
	case days == 0:
		return "today"
	case days == 1:
		return "tomorrow"
	case days > 1 && days < 7:
		return "on " + day.UTC().Weekday().String()
	}
	return "on " + day.UTC().Format("January 2")
}
