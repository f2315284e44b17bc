package view

import (
	"strconv"
	"strings"
	"time"

	"calendarbot/agent/calendar"
)

// Every word that this package shows stands in this file, together with the order of words in
// times and dates.

const (
	privateTitle = "Private"
	emptyTitle   = "Busy"
)

// String returns the word that stands above everything else.
func (s State) String() string {
	return [...]string{
		Now: "Now", Upcoming: "Next", Free: "Free until", Open: "Free", Done: "Done for today",
		Loading: "Loading", Unreached: "Not reached", Empty: "Welcome", NoClock: "Clock not set",
	}[s]
}

// StatusWord names a status that a person should see; "" for the plain one. Feeds mark birthdays and holidays in a
// way that counts as tentative, so that of all-day items it is not said.
func (it *Item) StatusWord() string {
	switch it.Status {
	case calendar.Tentative:
		if it.AllDay {
			return ""
		}
		return "tentative"
	case calendar.OutOfOffice:
		return "out of office"
	case calendar.Elsewhere:
		return "working elsewhere"
	}
	return ""
}

// Clock returns "14:05" or "2:05 PM".
func Clock(t time.Time, o Options) string {
	if o.Clock12 {
		return civil(t, o.Zone).Format("3:04 PM")
	}
	return civil(t, o.Zone).Format("15:04")
}

// Date returns "Thursday 12 June".
func Date(t time.Time, o Options) string { return civil(t, o.Zone).Format("Monday 2 January") }

// moment names an instant as seen from now: "14:35", "Tue 14:35", "12 Jun 14:35", "12 Jun 2026 14:35".
func moment(t, now time.Time, o Options) string {
	c, days := civil(t, o.Zone), daysUntil(now, t, o.Zone)
	switch {
	case days == 0:
		return Clock(t, o)
	case days > -7 && days < 7:
		return c.Format("Mon ") + Clock(t, o)
	case c.Year() == civil(now, o.Zone).Year():
		return c.Format("2 Jan ") + Clock(t, o)
	}
	return c.Format("2 Jan 2006 ") + Clock(t, o)
}

// when names the start of something to come: "14:35", "Tomorrow 09:00", "Thu 09:00", "Thu 12 Jun 09:00".
func when(t, now time.Time, o Options) string {
	switch days := daysUntil(now, t, o.Zone); {
	case days <= 0:
		return Clock(t, o)
	case days == 1:
		return "Tomorrow " + Clock(t, o)
	case days < 7:
		return civil(t, o.Zone).Format("Mon ") + Clock(t, o)
	}
	return civil(t, o.Zone).Format("Mon 2 Jan ") + Clock(t, o)
}

// whenDay names the first day of an all-day item to come: "Tomorrow", "Thu", "Thu 12 Jun".
func whenDay(day, today calendar.Wall) string {
	switch {
	case day == today+calendar.Day:
		return "Tomorrow"
	case day < today+7*calendar.Day:
		return day.UTC().Format("Mon")
	}
	return day.UTC().Format("Mon 2 Jan")
}

// dayCount is the length of an all-day item: "all day", "3 days".
func dayCount(first, end calendar.Wall) string {
	if n := int((end - first) / calendar.Day); n > 1 {
		return strconv.Itoa(n) + " days"
	}
	return wholeDay
}

// dayName names a day as seen from another: "Today", "Tomorrow", "Thursday".
func dayName(day, today calendar.Wall) string {
	switch day - today {
	case 0:
		return "Today"
	case calendar.Day:
		return "Tomorrow"
	case -calendar.Day:
		return "Yesterday"
	}
	return day.UTC().Format("Monday")
}

// dayDate returns "12 June", with the year when it is not today's.
func dayDate(day, today calendar.Wall) string {
	if day.UTC().Year() != today.UTC().Year() {
		return day.UTC().Format("2 January 2006")
	}
	return day.UTC().Format("2 January")
}

// Span names the time from start to end: "14:00–14:30", "Mon 08:00–Wed 17:00", "14:00" without length.
func Span(start, end time.Time, o Options) string {
	from := Clock(start, o)
	switch {
	case !end.After(start):
		return from
	case end.Sub(start) >= 24*time.Hour:
		return civil(start, o.Zone).Format("Mon ") + from + "–" + civil(end, o.Zone).Format("Mon ") + Clock(end, o)
	case o.Clock12 && from[len(from)-2:] == civil(end, o.Zone).Format("PM"):
		from = from[:len(from)-3]
	}
	return from + "–" + Clock(end, o)
}

// Length returns "30 min", "2 h", "2 h 10", "2 days", "1 day 3 h"; "" for less than a minute.
func Length(d time.Duration) string {
	m := int(d / time.Minute)
	switch {
	case m <= 0:
		return ""
	case m < 60:
		return strconv.Itoa(m) + " min"
	case m < 24*60 && m%60 == 0:
		return strconv.Itoa(m/60) + " h"
	case m < 24*60:
		return strconv.Itoa(m/60) + " h " + two(m%60)
	}
	days := strconv.Itoa(m/(24*60)) + " days"
	if m/(24*60) == 1 {
		days = "1 day"
	}
	if h := m / 60 % 24; h > 0 {
		days += " " + strconv.Itoa(h) + " h"
	}
	return days
}

func two(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

// Amount is how long it is until something: "in" "2 h 10".
type Amount struct {
	Before string // small words in front, "" for none
	Text   string // the large part
	After  string // small words behind, "" for none
}

// String joins the parts.
func (a Amount) String() string { return strings.TrimSpace(a.Before + " " + a.Text + " " + a.After) }

// startsIn is the time until a start, endsIn until an end.
func startsIn(now, t time.Time, o Options) Amount {
	switch m := wholeMinutes(now, t); {
	case m <= 1:
		return Amount{Before: "starts", Text: "now"}
	case m >= 24*60:
		return Amount{Text: when(t, now, o)}
	default:
		return Amount{Before: "in", Text: Length(time.Duration(m) * time.Minute)}
	}
}

func endsIn(now, t time.Time, o Options) Amount {
	switch m := wholeMinutes(now, t); {
	case m <= 1:
		return Amount{Before: "ends", Text: "now"}
	case m >= 24*60:
		return Amount{Before: "until", Text: when(t, now, o)}
	default:
		return Amount{Before: "ends in", Text: Length(time.Duration(m) * time.Minute)}
	}
}

// Sentences about what comes after the running item.

func sentenceTitle(title string) string { return Clip(title, 24) }

func thenAtOnce(title string) string             { return "then straight on to " + sentenceTitle(title) }
func thenFree(until time.Time, o Options) string { return "then free until " + Clock(until, o) }
func meanwhile(title string, at, now time.Time, o Options) string {
	text := sentenceTitle(title) + " begins "
	switch daysUntil(now, at, o.Zone) {
	case 0:
		return text + "at " + Clock(at, o)
	case 1:
		return text + "tomorrow " + Clock(at, o)
	}
	return text + when(at, now, o)
}

const (
	thenNothing  = "then nothing more today"
	nothingMore  = "Nothing planned for two weeks"
	nothingTimed = "Nothing at a fixed time"
	nothingDay   = "Nothing planned"
)

// dayOfDays returns "day 2 of 5".
func dayOfDays(k, n int) string { return "day " + strconv.Itoa(k) + " of " + strconv.Itoa(n) }

// Parts of an item that covers more than one day.

func fromTime(t time.Time, o Options) string  { return "from " + Clock(t, o) }
func untilTime(t time.Time, o Options) string { return "until " + Clock(t, o) }

const wholeDay = "all day"

func untilWhen(t, now time.Time, o Options) string { return "until " + when(t, now, o) }

// moreToday counts what today holds beyond the list, more what any list does.
func moreToday(n int) string { return "+" + strconv.Itoa(n) + " more today" }
func more(n int) string      { return "+" + strconv.Itoa(n) + " more" }
func before(n int) string    { return "+" + strconv.Itoa(n) + " earlier" }

// What is read out when the event or the state changes.

func sayHeads(s State, heads []Head) string {
	var b strings.Builder
	b.WriteString(s.String() + ": ")
	for i, h := range heads {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(Clip(h.Title, 120) + ", " + h.Range)
	}
	return b.String()
}
func sayState(s State, until string) string { return strings.TrimSpace(s.String() + " " + until) }

// Sentences about sources.

func loadingLine(name string) string    { return name + " is still loading" }
func asOfLine(name, when string) string { return name + " as of " + when }
func futureLine(name string) string {
	return "the clock may be wrong: " + name + " was read at a later time"
}
func moreLines(n int) string { return "and " + strconv.Itoa(n) + " more" }
func because(line, reason string) string {
	reason, _, _ = strings.Cut(oneLine(reason), ". ") // what to do about it stands with the source
	if reason == "" {
		return line
	}
	return line + ": " + Clip(strings.TrimRight(reason, ". "), 120)
}

// failingLine names the last success, which tells how old what is shown is; since when the tries fail tells that only while
// the program ran all the time.
func failingLine(s Feed, now time.Time, o Options) string {
	if s.LastSuccess.IsZero() {
		return s.Name + " could not be read yet"
	}
	return asOfLine(s.Name, moment(s.LastSuccess, now, o)) + ", not reached"
}

// noneReachedLine speaks for all sources at once; oldest is zero when none was ever read.
func noneReachedLine(oldest, now time.Time, o Options) string {
	if oldest.IsZero() {
		return "the last try"
	}
	return "as of " + moment(oldest, now, o) + "; no calendar reached since then"
}
