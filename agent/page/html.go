package page

import (
	"bytes"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/valyala/quicktemplate"

	"calendarbot/agent/calendar"
	"calendarbot/agent/store"
	"calendarbot/agent/view"
)

const (
	htmlType = "text/html; charset=utf-8"

	// maxHTML is the most that a page may weigh, so that the slowest browser on the slowest network shows it at once.
	maxHTML = 60_000

	// undoTime is how long a page offers to undo a hiding.
	undoTime = 2 * time.Minute

	// undoSlack is how far a clock may have been set back since a hiding that is still offered to be undone.
	undoSlack = time.Minute

	// maxFormID is the longest identity that is offered for hiding; a longer one is no honest feed's.
	maxFormID = 400

	titleLetters = 120 // of a title in a list
	chipLetters  = 36
	factLetters  = 32
)

// layout is what the templates draw.
type layout struct {
	Theme     string
	Scale     int  // percent, 70-130 in steps of 5
	Ready     bool // the page shows what the calendar says
	Title     string
	CSS, JS   string
	Icon      string
	Class     string // of main
	Until     int64  // Unix milliseconds at which the picture changes
	Say       string
	Beat      bool // the browser tells that it lives
	Words     words
	Now       string // machine-readable, to the minute
	NextURL   string
	AgendaURL string
	Next      *nextPage
	Agenda    *agendaPage
	Clock     *clockPage
	Undo      *button
	Notes     string // what is stale, failing or otherwise to be known
	Stale     bool
}

// button is a form of one button.
type button struct{ ID, Title, Back, Label, Text, Button string }

// clockPage is the page that needs nothing but a clock.
type clockPage struct{ Time, Date, Reason string }

// row is an item as the templates draw it.
type row struct {
	view.Row
	Mark    mark
	Hide    *button
	From    string   // machine-readable start
	Short   string   // the title for little room
	Long    string   // the title for a list
	Facts   []string // length, place, status, calendar
	Status  string
	Tone    string // "past", "running", "tentative"
	NowLine bool   // the now line stands before this row
}

func newLayout(pic *picture, q Query) layout {
	l := bareLayout()
	l.Ready = true
	l.Theme = themeOf(q.Theme, pic.config.Display.Theme)
	l.Scale = scaleOf(pic.config.Display.Scale)
	l.Beat = true
	l.Now = machineMinute(pic.now, pic.zone)
	l.NextURL, l.AgendaURL = withQuery("/", here(q)), withQuery("/agenda", here(q))
	l.Stale = pic.fresh.Stale
	l.Notes = sentence(pic.notice)
	return l
}

// sentence joins notes into one line that starts with a capital letter and ends without a full stop.
func sentence(notes ...string) string {
	text := ""
	for _, n := range notes {
		if n = strings.TrimRight(n, ". "); n != "" && text != "" {
			text += "; "
		}
		text += n
	}
	if text == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

// bareLayout is what every page needs, whatever else is missing.
func bareLayout() layout {
	u := loadAssets().url
	return layout{
		Theme: "auto", Scale: 100, Words: english(), CSS: u["page.css"], JS: u["page.js"], Icon: u["icon.svg"],
		NextURL: "/", AgendaURL: "/agenda",
	}
}

// here is what of the question holds for the other pages too.
func here(q Query) url.Values {
	v := url.Values{}
	if q.Theme != "" {
		v.Set("theme", q.Theme)
	}
	if q.Zone != "" {
		v.Set("tz", q.Zone)
	}
	return v
}

func withQuery(path string, values url.Values) string {
	if len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
}

// themeOf returns the theme asked for, else the configured one, else auto.
func themeOf(asked, configured string) string {
	for _, t := range []string{asked, configured} {
		if slices.Contains([]string{"auto", "dark", "light", "eink"}, t) {
			return t
		}
	}
	return "auto"
}

// scaleOf rounds the size factor to a step that the style sheet has.
func scaleOf(scale float64) int {
	if !(scale > 0) {
		return 100
	}
	return int(min(130, max(70, 5*math.Round(scale*20))))
}

// render draws the layout as a page that holds until the given moment.
func (l *layout) render(until time.Time) Page {
	l.Until = until.UnixMilli()
	body := outputOf(func(w *quicktemplate.Writer) { streamwholePage(w, l) })
	page := made(http.StatusOK, htmlType, body, until)
	page.Mark = markOf(body, l.Agenda != nil)
	return page
}

// markOf finds where a line for a person may be put in: in an agenda, which may be longer than the screen, under its head, else at
// the foot. Text of feeds is escaped, so that the tags are the template's.
func markOf(body []byte, agenda bool) int {
	if agenda {
		const head = "</header>\n"
		return bytes.Index(body, []byte(head)) + len(head)
	}
	return bytes.LastIndex(body, []byte("</main>"))
}

// rows makes what is needed around an item.
type rows struct {
	pic   *picture
	theme string
	back  string
	index map[string]int // of a source, for its hatch
}

func newRows(pic *picture, theme string) rows {
	r := rows{pic: pic, theme: theme, index: make(map[string]int, len(pic.snap.Sources))}
	for i, s := range pic.snap.Sources {
		r.index[s.ID] = i
	}
	return r
}

func (r rows) row(v view.Row) row {
	out := row{
		Row: v, Mark: r.mark(&v.Item), Hide: r.hide(&v.Item), From: r.machine(&v.Item),
		Short: view.Clip(v.Title, chipLetters), Long: view.Clip(v.Title, titleLetters),
		Status: v.Item.StatusWord(), Facts: facts(&v.Item, v.Length),
	}
	switch {
	case v.Past:
		out.Tone = "past"
	case v.Running:
		out.Tone = "running"
	case v.Item.Status == calendar.Tentative && !v.AllDay:
		out.Tone = "tentative"
	}
	return out
}

// facts are what stands in small letters beside the time.
func facts(it *view.Item, length string) []string {
	var list []string
	for _, f := range []string{length, it.Place, it.StatusWord(), it.Calendar} {
		if f != "" {
			list = append(list, view.Clip(f, factLetters))
		}
	}
	return list
}

// machine is the start as a machine reads it: a date for an all-day item.
func (r rows) machine(it *view.Item) string {
	if it.AllDay {
		return it.FirstDay.UTC().Format(time.DateOnly)
	}
	return machineMinute(it.Start, r.pic.zone)
}

func machineMinute(t time.Time, zone *time.Location) string {
	return t.In(zone).Truncate(time.Minute).Format("2006-01-02T15:04Z07:00")
}

// hide is the button that hides an item; nil where that cannot be or is not allowed.
func (r rows) hide(it *view.Item) *button {
	if !r.pic.config.Web.DropInWrites || it.ID == "" || len(it.ID) > maxFormID {
		return nil
	}
	title := view.Clip(it.Title, titleLetters)
	return &button{ID: it.ID, Title: title, Back: r.back, Label: hideLabel(title)}
}

// undo offers to show again what was hidden last, for a short time; until is when the offer ends, or begins.
func undo(pic *picture, back string) (b *button, until time.Time) {
	if !pic.config.Web.DropInWrites || pic.unset != "" {
		return nil, time.Time{}
	}
	now := pic.now
	var last store.Hidden
	for _, h := range pic.snap.Hidden {
		if h.Since.After(last.Since) || (h.Since.Equal(last.Since) && h.ID < last.ID) {
			last = h
		}
	}
	until = last.Since.Add(undoTime)
	if last.ID == "" || !now.Before(until) {
		return nil, time.Time{}
	}
	if begin := last.Since.Add(-undoSlack); now.Before(begin) {
		return nil, begin
	}
	title := view.Clip(last.Title, factLetters)
	if title == "" {
		title = undoNameless
	}
	return &button{ID: last.ID, Back: back, Text: undoText(title), Label: undoLabel(title), Button: undoButton}, until
}

// mark is the colour of a calendar as a bar.
type mark struct{ Fills []fill }

type fill struct{ Class, Fill string }

// The backgrounds of the themes; the style sheet has the same.
const (
	darkGround  = "#0f1317"
	lightGround = "#faf9f6"
)

// hatches is how many patterns the e-ink theme has.
const hatches = 6

func (r rows) mark(it *view.Item) mark {
	dark := fill{Fill: view.Readable(it.Color, darkGround, view.MarkContrast)}
	light := fill{Fill: view.Readable(it.Color, lightGround, view.MarkContrast)}
	switch r.theme {
	case "eink":
		return mark{[]fill{{Fill: "url(#h" + strconv.Itoa(r.index[it.Source]%hatches+1) + ")"}}}
	case "dark":
		return mark{[]fill{dark}}
	case "light":
		return mark{[]fill{light}}
	}
	dark.Class, light.Class = "dark", "light"
	return mark{[]fill{dark, light}}
}

// Clock is the page that is shown when no other can be made: time, date and why, in words. It is an answer like any other, as a
// screen that gets an error shows nothing.
func Clock(now time.Time, zone *time.Location, words string) Page {
	return clockFace(now, zone, words, "")
}

func clockFace(now time.Time, zone *time.Location, words, theme string) Page {
	o := view.Options{Zone: zone}
	if words == "" {
		words = clockReason
	}
	l := bareLayout()
	l.Class, l.Theme = "next", themeOf(theme, "")
	l.Now = machineMinute(now, zone)
	l.Clock = &clockPage{Time: view.Clock(now, o), Date: view.Date(now, o), Reason: words}
	l.Title, l.Say = l.Clock.Time, words
	p := l.render(now.Truncate(time.Minute).Add(time.Minute))
	p.Stale = true
	return p
}
