package page

import (
	"sync/atomic"
	"time"
	"unsafe"
)

// key is what a kept page is found by: everything that its bytes depend on, beside the moment.
type key struct {
	query      Query
	generation uint64
	drops      uint64 // of Pipeline.Drop
}

// kept is a drawn page with the moments that it may be shown at, from <= now < until in nanoseconds since 1970 of the program's
// clock. That clock may stand still or jump either way. A kept is never changed.
type kept struct {
	page        Page
	from, until int64
	next        *kept  // the picture that follows, drawn ahead; nil when it is not
	generation  uint64 // of its key, as drops; the query is that of asked
	drops       uint64
	asked       *interest
	learnt      *learnt
}

// learnt is what was found out of a page after it was drawn.
type learnt struct {
	flat   atomic.Bool // of an identity page: packing it was tried and gains nothing
	filled atomic.Pointer[answered]
}

// answered is a page as it is answered during one second since 1970.
type answered struct {
	second int64
	page   Page
}

// newKept is a page drawn for k as of a moment, that holds for ttl at most.
func newKept(p Page, at time.Time, ttl time.Duration, k key, asked *interest) *kept {
	until := at.Add(ttl)
	if p.Until.Before(until) {
		until = p.Until
	}
	return &kept{page: p, from: at.UnixNano(), until: nanos(until), generation: k.generation, drops: k.drops, asked: asked, learnt: &learnt{}}
}

// nanos is t in nanoseconds since 1970; a zero time has none and counts as long ago.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// at returns what may be shown at a moment: the page, the one that follows it, or nil.
func (e *kept) at(now time.Time) *kept {
	n := now.UnixNano()
	for e != nil && n >= e.until {
		e = e.next
	}
	if e == nil || n < e.from {
		return nil
	}
	return e
}

// shown is the page as it is answered at a moment. What Fill makes is the same for a second, so all who ask within one share it.
func (e *kept) shown(now time.Time) *Page {
	if len(e.page.Live) == 0 {
		return &e.page
	}
	second := now.Unix()
	f := e.learnt.filled.Load()
	if f == nil || f.second != second {
		f = &answered{second, Fill(e.page, now)}
		e.learnt.filled.Store(f)
	}
	return &f.page
}

// last is the newest picture of e.
func (e *kept) last() *kept {
	for e.next != nil {
		e = e.next
	}
	return e
}

// followedBy is e with the picture that comes after it.
func (e *kept) followedBy(next *kept) *kept {
	c := *e
	c.next = next
	return &c
}

// nodeBytes is about what the library spends on an entry besides key and value: its node, the place in the table and the allocator's
// rounding. A test holds the sum against the heap.
const nodeBytes = 280

// bytes is what keeping e under k costs.
func (e *kept) bytes(k key) int64 {
	q := &k.query
	n := nodeBytes + int(unsafe.Sizeof(k)) +
		len(q.Zone) + len(q.Theme) + len(q.Search) + len(q.Source) + len(q.Day) + len(q.Detail)
	for ; e != nil; e = e.next {
		n += int(unsafe.Sizeof(*e)) + int(unsafe.Sizeof(*e.learnt)) + cap(e.page.Body) + len(e.page.ETag) + len(e.page.Why) +
			cap(e.page.Live)*int(unsafe.Sizeof(Live{}))
		if live := len(e.page.Live); live > 0 {
			n += int(unsafe.Sizeof(answered{})) + len(e.page.Body) + len(e.page.ETag) + 2*live*liveRoom
		}
	}
	return int64(n)
}

// unkept is the error with which a page passes those who wait for it without being kept.
type unkept struct{ *kept }

// loose returns e as a page that is not kept, and so is not packed either.
func loose(e *kept) *unkept {
	e.learnt.flat.Store(true)
	return &unkept{e}
}

// Error says so.
func (*unkept) Error() string { return "the page is not kept" }
