package page

import (
	"bytes"
	"encoding/json"
	"html"
	"time"
)

// maxAge is how old the picture of a last good page may be.
const maxAge = 24 * time.Hour

// aged makes of a last good page the answer of a later moment, with words that say how old it is, and what counts seconds as of
// now. It is not used when it would say something wrong without a sign that a person or a program can see.
func aged(p Page, q Query, now time.Time, zone *time.Location) (Page, bool) {
	if now.Sub(p.Made) > maxAge {
		return Page{}, false
	}
	holds := !now.Before(p.Made) && now.Before(p.Until)
	words := shownAsOf(p.Made.In(zone).Format("Mon 15:04"))
	p = Fill(p, now)
	ok := true
	switch {
	case p.Mark > 0:
		p.Body = withLine(p.Body, p.Mark, words)
	case q.Kind == Events, q.Kind == WhatsNextV1:
		p.Body = withNote(p.Body, words)
	case holds: // the same would be drawn now, if nothing was changed since
	case q.Kind == WhatsNext && now.After(p.Made.Add(-time.Hour)): // by a clock that was set back nothing is near
		p.Body, ok = withStatus(p.Body)
	default: // what is spoken has no sign
		ok = false
	}
	p.ETag, p.Until = etagOf(p.Body), now.Truncate(time.Minute).Add(time.Minute)
	p.Rung, p.Stale, p.Why = LastGood, true, plainWords(words)
	return p, ok
}

// withLine puts a line for a person into a page.
func withLine(body []byte, mark int, words string) []byte {
	return spliced(body, mark, `<p class="notes stale"><a href="/status"><bdi>`+html.EscapeString(words)+"</bdi></a></p>\n")
}

// withNote tells the programs that ask under /api/v1. A quote in a feed's text is encoded with a backslash, so that the keys are
// found.
func withNote(body []byte, words string) []byte {
	body = bytes.Replace(body, []byte(`"stale":false`), []byte(`"stale":true`), 1)
	const notes = `"notes":[`
	at := bytes.LastIndex(body, []byte(notes)) + len(notes)
	note := `"` + words + `"`
	if body[at] != ']' {
		note += ","
	}
	return spliced(body, at, note)
}

func spliced(body []byte, at int, text string) []byte {
	out := make([]byte, 0, len(body)+len(text))
	return append(append(append(out, body[:at]...), text...), body[at:]...)
}

// withStatus says how near the meeting of /api/whats-next is now. It is false when the meeting is over: what follows is not known.
func withStatus(body []byte) ([]byte, bool) {
	var out whatsNextAnswer
	if err := json.Unmarshal(body, &out); err != nil || out.Meeting == nil {
		return nil, false
	}
	until := int64(out.Meeting.UntilStart)
	if -until >= out.Meeting.Duration {
		return nil, false
	}
	out.Status = statusOf(until, out.Meeting.Duration)
	body, err := json.Marshal(out)
	return body, err == nil
}
