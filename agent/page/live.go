package page

import (
	"bytes"
	"context"
	"strconv"
	"time"
)

// Filled answers with what draw draws now.
func Filled(draw Draw, now func() time.Time) Func {
	return func(ctx context.Context, q Query) (Page, error) {
		at := now()
		p, err := draw(ctx, q, at)
		if err != nil {
			return Page{}, err
		}
		return Fill(p, at), nil
	}
}

// Fill returns the page as it is answered at a moment: with what is live, and an ETag that tells such answers apart. A page
// without anything live is returned as it is.
func Fill(p Page, now time.Time) Page {
	if len(p.Live) == 0 {
		return p
	}
	now = now.Truncate(time.Second)
	var room [128]byte
	tag := append(room[:0], p.ETag...)
	tag = bytes.TrimSuffix(tag, []byte(`"`))
	body := make([]byte, 0, len(p.Body)+len(p.Live)*liveRoom)
	from, mark := 0, p.Mark
	for _, l := range p.Live {
		body = append(body, p.Body[from:l.At]...)
		began := len(body)
		body = l.append(body, now)
		tag = append(tag, '-')
		tag = append(tag, bytes.Trim(body[began:], `"`)...)
		if l.At <= p.Mark {
			mark += len(body) - began
		}
		from = l.At
	}
	if p.Mark > 0 {
		p.Mark = mark
	}
	p.Body = append(body, p.Body[from:]...)
	p.ETag = string(append(tag, '"'))
	p.Live = nil
	return p
}

// liveRoom is the most that a live piece usually takes: a moment in quotes with its offset.
const liveRoom = 32

func (l *Live) append(b []byte, now time.Time) []byte {
	if l.Layout == "" {
		return strconv.AppendInt(b, seconds(l.Until.Sub(now)), 10)
	}
	if !l.Until.IsZero() {
		now = l.Until
	}
	if l.Zone != nil {
		now = now.In(l.Zone)
	} else {
		now = now.UTC()
	}
	return now.AppendFormat(b, l.Layout)
}

// A gap stands for something live in a value that is encoded as JSON: as a number that no calendar can hold, so that its place is
// found in what was encoded. No text of a feed is taken for it, because a quote inside of a text is never encoded
// without a backslash.
type gap int64

const (
	firstGap gap = -9223372036000000000   // the last two digits tell the gaps apart: no answer has more than a few
	gapHead      = `":-92233720360000000` // up to those digits, with the end of the key
	gapTail      = 2
)

// gap keeps l for the place where the returned value is encoded.
func (p *picture) gap(l Live) gap {
	p.live = append(p.live, l)
	return firstGap - gap(len(p.live)-1)
}

// until is the whole seconds from the moment of answering to t.
func (p *picture) until(t time.Time) gap { return p.gap(Live{Until: t}) }

// moment is the moment of answering, as a text in a layout of package time; while the clock is not set, the last one that is known.
func (p *picture) moment(layout string, zone *time.Location) gap {
	l := Live{Layout: `"` + layout + `"`, Zone: zone}
	if p.unset != "" {
		l.Until = p.now
	}
	return p.gap(l)
}

// cutGaps takes the gaps out of a JSON text, in place.
func cutGaps(body []byte, kept []Live) ([]byte, []Live) {
	if len(kept) == 0 {
		return body, nil
	}
	head := []byte(gapHead)
	var live []Live
	out, rest := body[:0], body
	for {
		at := bytes.Index(rest, head)
		if at < 0 {
			return append(out, rest...), live
		}
		value := at + len(`":`)
		end := at + len(head) + gapTail
		escaped := at > 0 && rest[at-1] == '\\'
		if i, ok := gapIndex(rest[at+len(head) : min(end, len(rest))]); ok && i < len(kept) && !escaped {
			out = append(out, rest[:value]...)
			l := kept[i]
			l.At = len(out)
			live = append(live, l)
			rest = rest[end:]
			continue
		}
		out = append(out, rest[:value]...)
		rest = rest[value:]
	}
}

// gapIndex reads the two digits that tell gaps apart.
func gapIndex(digits []byte) (int, bool) {
	n, err := strconv.ParseUint(string(digits), 10, 8)
	return int(n), err == nil && len(digits) == gapTail
}
