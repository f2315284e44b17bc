package page

import (
	"strings"
	"time"

	"calendarbot/agent/config"
	"calendarbot/agent/view"
)

// nextPage is what's next as the templates draw it.
type nextPage struct {
	view.Next
	Look      string // of the state word: "", "soon" or "pressing"
	Heads     []head
	Chips     []row
	Following []row
	TodayURL  string // the agenda of today alone
	Setup     *setup
	Text      string
	TextSize  string
	Lines     []string // under Text
}

// head is an item that matters now.
type head struct {
	view.Head
	row
	Title      string // both parts have one
	Range      string
	Length     string
	AmountSize string
	TitleSize  string
	Labels     []string // place, status, calendar: what may be cut
	Alone      bool     // there is no other of equal weight
}

// setup is what a device without a source shows.
type setup struct {
	Heading   string
	Lines     []string
	Addresses []string
	QR        *qrCode
}

// nextHTML draws what is next.
func nextHTML(pic *picture, q Query) (Page, error) {
	n := pic.next()
	l := newLayout(pic, q)
	offer, offered := undo(pic, l.NextURL)
	l.Undo = offer
	l.Class, l.Say = "next", n.Say
	l.Next = &nextPage{Next: n, Look: look(&n), Text: plainText(&n)}
	switch n.State {
	case view.Empty:
		l.Next.Setup = newSetup(pic.config.Web, pic.addresses())
	case view.Loading, view.Unreached:
		for _, line := range n.Fresh {
			l.Next.Lines = append(l.Next.Lines, sentence(line))
		}
	default:
		l.Notes = sentence(append([]string{pic.notice}, oneLine(pic.fresh)...)...)
	}
	if pic.unset != "" && n.State == view.NoClock {
		l.Next.Lines, l.Notes = pic.lastSeen(), sentence(pic.notice)
	}
	l.Next.Text, l.Next.TextSize = fitTitle(l.Next.Text)
	l.Title = documentTitle(&n, pic.config.Device.Name)

	r := newRows(pic, l.Theme)
	r.back = l.NextURL
	l.Next.TodayURL = r.agendaURL(q, "", 1)
	for _, h := range n.Heads {
		made := newHead(h, r.row(view.Row{Item: h.Item, Length: h.Length, Range: h.Range}))
		made.Alone = len(n.Heads) == 1
		l.Next.Heads = append(l.Next.Heads, made)
	}
	for _, c := range n.Chips {
		l.Next.Chips = append(l.Next.Chips, r.row(c))
	}
	for _, f := range n.Following {
		l.Next.Following = append(l.Next.Following, r.row(f))
	}
	return l.render(pic.holds(soonestOf(n.ValidUntil, offered, skipsEnd(pic.snap.Skipped, pic.now)))), nil
}

// oneLine are the notes for the one line that is read from afar: of several sources not the reasons, which the agenda tells.
func oneLine(f view.Freshness) []string {
	if len(f.Lines) > 1 {
		return f.Brief
	}
	return f.Lines
}

func newHead(h view.Head, r row) head {
	short, size := fitTitle(h.Title)
	out := head{Head: h, row: r, Title: h.Title, Range: h.Range, Length: h.Length, TitleSize: size, AmountSize: fitAmount(h.Amount.Text)}
	out.row.Short, out.Labels = short, facts(&h.Item, "")
	return out
}

// look is the form of the state word: plain, outlined, or inverse.
func look(n *view.Next) string {
	switch {
	case n.State == view.Unreached, n.State == view.NoClock:
		return "soon"
	case len(n.Heads) == 0:
		return ""
	}
	return [...]string{view.Calm: "", view.Soon: "soon", view.Pressing: "pressing"}[n.Heads[0].Urgency]
}

// settingsPath is where a calendar is added.
const settingsPath = "/settings"

// newSetup tells how a calendar is added: on a phone, by whoever has the PIN or the token.
func newSetup(web config.Web, addresses []string) *setup {
	s, line, path := &setup{Heading: setupHeading()}, setupOpen, settingsPath
	if web.PIN == "" && web.WriteToken == "" {
		s.Lines, line, path = []string{setupNoPIN}, setupPhone, "/"
	}
	for _, address := range addresses {
		if forPhones(address) {
			s.Addresses = append(s.Addresses, strings.TrimSuffix(address, "/")+path)
		}
	}
	switch {
	case len(s.Addresses) > 0:
		s.Lines = append(s.Lines, line)
		s.QR = qrOf(s.Addresses[0])
	case path == settingsPath:
		s.Lines = []string{setupHere}
	}
	return s
}

// documentTitle names the browser's tab.
func documentTitle(n *view.Next, device string) string {
	title := n.State.String()
	if len(n.Heads) > 0 {
		title += ": " + view.Clip(n.Heads[0].Item.Title, titleLetters)
	}
	if device != "" {
		title += " · " + device
	}
	return title
}

// skipsEnd is when the first skip ends.
func skipsEnd(skipped map[string]time.Time, now time.Time) time.Time {
	var first time.Time
	for _, t := range skipped {
		if t.After(now) {
			first = soonestOf(first, t)
		}
	}
	return first
}

// soonestOf returns the earliest of those that are not zero.
func soonestOf(times ...time.Time) time.Time {
	var first time.Time
	for _, t := range times {
		if first.IsZero() || (!t.IsZero() && t.Before(first)) {
			first = t
		}
	}
	return first
}
