package calendar

import (
	"math"
	"slices"
	"time"
)

// span is a stretch of wall clock readings that all resolve with one offset: low <= w < high.
type span struct {
	low, high Wall
	offset    int64 // seconds east of UTC
}

// far is more than any offset of a zone, in seconds: a reading that is so far from every change
// of its zone cannot be touched by one.
const far = 5 * 86400

// spanOf finds the span that w belongs to. At a change of the offset from p to o at the
// instant s the readings before s+max(p,o) still resolve with p: that is the offset before the
// gap when clocks go forward, and the first of two instants when they go back.
func spanOf(loc *time.Location, w Wall) (s span) {
	at := int64(w)
	for range maxChanges {
		t := time.Unix(at, 0).In(loc)
		_, offset := t.Zone()
		start, end := stretch(t)
		s = span{math.MinInt64, math.MaxInt64, int64(offset)}
		if !start.IsZero() {
			_, before := start.Add(-time.Second).Zone()
			s.low = Wall(start.Unix() + int64(max(before, offset)))
		}
		if !end.IsZero() {
			_, after := end.Zone()
			s.high = Wall(end.Unix() + int64(max(after, offset)))
		}
		switch {
		case w < s.low:
			at = start.Unix() - 1
		case w >= s.high:
			at = end.Unix()
		default:
			return s
		}
	}
	// No zone changes so often near one reading, but a feed may define one that does.
	return span{w, w + 1, s.offset}
}

// stretch is t.ZoneBounds with an end that is after t. Behind the last change that a zone lists, the
// standard library ends every stretch with the year, and the year after 365 days.
func stretch(t time.Time) (start, end time.Time) {
	start, end = t.ZoneBounds()
	if !end.IsZero() && !end.After(t) {
		end = end.Add(24 * time.Hour)
	}
	return start, end
}

// zone resolves many readings in one location. It remembers the spans that it met, so that
// all but the first reading in a span cost a comparison.
type zone struct {
	loc   *time.Location
	spans []span // by low
	last  span   // the one used last

	// The offsets in and near the window of an expansion.
	least, most int64
}

// maxChanges bounds the search for the span of one reading.
const maxChanges = 64

// maxSpans bounds what a zone remembers.
const maxSpans = 512

// widest is the largest offset that a real zone has, in seconds, with some slack.
const widest = 26 * 3600

func newZone(loc *time.Location) *zone {
	return &zone{loc: loc, last: span{low: 1, high: 0}, least: -widest, most: widest}
}

// near sets the least and the most offset between two instants. It gives up, with the widest
// bounds, when the zone changes often.
func (z *zone) near(from, to int64) {
	least, most := int64(math.MaxInt64), int64(math.MinInt64)
	t := time.Unix(from, 0).In(z.loc)
	for range 8 {
		_, offset := t.Zone()
		least, most = min(least, int64(offset)), max(most, int64(offset))
		_, end := stretch(t)
		if end.IsZero() || end.Unix() > to {
			z.least, z.most = least, most
			return
		}
		t = end
	}
	z.least, z.most = min(least, -widest), max(most, widest)
}

// at returns the instant of w, in seconds since 1970, as Wall.In does.
func (z *zone) at(w Wall) int64 {
	if w < z.last.low || w >= z.last.high {
		z.last = z.find(w)
	}
	return int64(w) - z.last.offset
}

func (z *zone) find(w Wall) span {
	i, _ := slices.BinarySearchFunc(z.spans, w, func(s span, w Wall) int {
		if s.low > w {
			return 1
		}
		return -1
	})
	if i > 0 && w < z.spans[i-1].high {
		return z.spans[i-1]
	}
	s := spanOf(z.loc, w)
	if len(z.spans) == maxSpans {
		z.spans = z.spans[:0]
		i = 0
	}
	z.spans = slices.Insert(z.spans, i, s)
	return s
}
