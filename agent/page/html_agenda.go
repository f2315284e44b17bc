package page

import (
	"strconv"
	"time"

	"calendarbot/agent/calendar"
	"calendarbot/agent/view"
)

const (
	maxAgendaDays = 31
	dayRoom       = 12 // items of one day in an agenda of several
	pastRoom      = 2  // of these, what is over
)

// agendaRooms are the numbers of items tried in turn until the page is light enough.
func agendaRooms() []int { return []int{80, 50, 30, 15, 5} }

// agendaPage is an agenda as the templates draw it.
type agendaPage struct {
	Days    []agendaDay
	More    string
	MoreURL string // the days left out
}

type agendaDay struct {
	view.Day
	ISO     string
	AllDay  []row
	Rows    []row
	NowLast bool   // the now line stands after all rows
	MoreURL string // the day alone
}

// agendaDays returns the first civil day of the agenda and how many there are.
func agendaDays(q Query, now time.Time, zone *time.Location) (first calendar.Wall, n int) {
	start := now
	if q.From != 0 {
		start = time.Unix(q.From, 0)
	}
	return calendar.WallIn(start, zone).Midnight(), min(maxAgendaDays, max(1, q.Days))
}

// agendaSpan is whole days.
func agendaSpan(q Query, now time.Time, zone *time.Location) calendar.Span {
	first, n := agendaDays(q, now, zone)
	return daySpan(first, n, zone)
}

// agendaHTML draws the coming days.
func agendaHTML(pic *picture, q Query) (Page, error) {
	first, n := agendaDays(q, pic.now, pic.zone)
	l := newLayout(pic, q)
	l.Class = "agenda"
	l.Title = l.Words.Agenda + " · " + pic.config.Device.Name
	l.Notes = sentence(append([]string{pic.notice}, pic.fresh.Lines...)...)
	r := newRows(pic, l.Theme)
	from := ""
	if q.From != 0 {
		from = first.UTC().Format(time.DateOnly)
	}
	r.back = r.agendaURL(q, from, n)
	offer, offered := undo(pic, r.back)
	l.Undo = offer

	var made Page
	for _, whole := range agendaRooms() {
		room := view.Room{Day: min(dayRoom, whole), Past: pastRoom, Whole: whole}
		if n == 1 {
			room = view.Room{Whole: whole}
		}
		a := view.MakeAgenda(pic.items, first, n, room, pic.today(), pic.options)
		l.Agenda = r.agenda(&a, q, first, n)
		made = l.render(pic.holds(soonestOf(a.ValidUntil, offered, skipsEnd(pic.snap.Skipped, pic.now), pic.fresh.Until)))
		if len(made.Body) <= maxHTML {
			break
		}
	}
	return made, nil
}

func (r rows) agenda(a *view.Agenda, q Query, first calendar.Wall, n int) *agendaPage {
	out := &agendaPage{More: a.More, Days: make([]agendaDay, 0, len(a.Days))}
	if a.More != "" {
		left := n - int((a.MoreDay-first)/calendar.Day)
		out.MoreURL = r.agendaURL(q, a.MoreDay.UTC().Format(time.DateOnly), left)
	}
	for _, d := range a.Days {
		day := agendaDay{Day: d, ISO: d.Day.UTC().Format(time.DateOnly)}
		if n > 1 {
			day.MoreURL = r.agendaURL(q, day.ISO, 1)
		}
		for _, it := range d.AllDay {
			day.AllDay = append(day.AllDay, r.agendaRow(it))
		}
		for i, it := range d.Rows {
			line := r.agendaRow(it)
			line.NowLine = i == d.NowAt
			day.Rows = append(day.Rows, line)
		}
		day.NowLast = len(d.Rows) > 0 && d.NowAt == len(d.Rows)
		out.Days = append(out.Days, day)
	}
	return out
}

// agendaRow is a row with the note on which day of several it stands.
func (r rows) agendaRow(v view.Row) row {
	out := r.row(v)
	if v.Note != "" {
		out.Facts = append([]string{v.Note}, out.Facts...)
	}
	if v.Item.Skipped {
		out.Tone, out.Facts = "past", append(out.Facts, skippedWord)
	}
	return out
}

// agendaURL is the address of an agenda like the one asked for, from another day ("" for today) or for other days.
func (r rows) agendaURL(q Query, from string, days int) string {
	v := here(q)
	if from != "" {
		v.Set("from", from)
	}
	if days != r.pic.config.Display.Days {
		v.Set("days", strconv.Itoa(days))
	}
	return withQuery("/agenda", v)
}
