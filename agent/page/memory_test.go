package page

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// drawing is a Draw of one page for all.
func drawing(p Page, err error) Draw {
	return func(context.Context, Query, time.Time) (Page, error) { return p, err }
}

func body(n int) Page {
	return Page{Status: 200, Type: htmlType, Body: []byte(strings.Repeat("x", n)), ETag: fmt.Sprintf(`"%d"`, n)}
}

// remember draws through m.
func remember(t testing.TB, m *Memory, q Query, p Page) {
	t.Helper()
	if _, err := m.Keep(drawing(p, nil))(t.Context(), q, p.Made); err != nil {
		t.Fatal(err)
	}
}

func TestMemoryKeepsTheNewestGoodPage(t *testing.T) {
	m := NewMemory(MemoryOptions{})
	q := Query{Kind: Next, Theme: "eink"}
	if _, ok := m.Last(q); ok {
		t.Error("a page from nowhere")
	}
	remember(t, m, q, body(1))
	remember(t, m, Query{Kind: Next, Theme: "eink", Encoding: "gzip"}, body(2))
	failed := errors.New("no disk")
	if _, err := m.Keep(drawing(body(3), failed))(t.Context(), q, time.Time{}); !errors.Is(err, failed) {
		t.Error(err)
	}
	remember(t, m, q, Page{Status: 404, Body: []byte("no")})
	for _, q := range []Query{q, {Kind: Next, Theme: "eink", Encoding: "gzip"}} {
		if p, ok := m.Last(q); !ok || len(p.Body) != 2 {
			t.Errorf("%+v: %v, %q", q, ok, p.Body)
		}
	}
	if _, ok := m.Last(Query{Kind: Next}); ok {
		t.Error("the page of another theme")
	}
}

func TestMemoryIsBounded(t *testing.T) {
	has := func(m *Memory, limit int) bool { _, ok := m.Last(Query{Limit: limit}); return ok }

	m := NewMemory(MemoryOptions{MaxPages: 6})
	for i := range 4 {
		remember(t, m, Query{Limit: i % 3}, body(1)) // 0 is drawn again
	}
	remember(t, m, Query{Limit: 3}, body(1))
	if has(m, 1) || !has(m, 0) || !has(m, 2) || !has(m, 3) {
		t.Error("not the one that was drawn least recently has gone")
	}

	m = NewMemory(MemoryOptions{MaxBytes: 200_000})
	for i := range 1000 {
		remember(t, m, Query{Limit: i}, body(i*10))
		if m.screens.bytes > 100_000 {
			t.Fatalf("%d bytes", m.screens.bytes)
		}
	}
	if has(m, 0) || !has(m, 999) || len(m.pages) < 8 || len(m.pages) != m.screens.order.Len() {
		t.Errorf("%d pages", len(m.pages))
	}
	remember(t, m, Query{Limit: 1}, body(60_000))
	if has(m, 1) || len(m.pages) < 8 {
		t.Error("one large page takes the place of all others")
	}
	for i := range 1000 {
		m.keep(lastPage{Query{Limit: i}, Page{}})
	}
	for e := m.screens.order.Front(); e != nil; e = m.screens.order.Front() {
		m.drop(e)
	}
	if m.screens.bytes != 0 || len(m.pages) != 0 {
		t.Errorf("%d bytes of %d pages are counted in an empty memory", m.screens.bytes, len(m.pages))
	}
}

// Whatever else is asked, and however much, the pages that a screen shows stay; and those of others have room too.
func TestMemoryKeepsWhatAScreenShows(t *testing.T) {
	m := NewMemory(MemoryOptions{})
	wall := []Query{{Kind: Next}, {Kind: Agenda}, {Kind: WhatsNext}, {Kind: Next, Theme: "eink"}}
	for _, q := range wall {
		remember(t, m, q, body(20_000))
	}
	strange := func(i int) Query {
		return []Query{{Kind: Events, Limit: i + 1}, {Kind: Agenda, From: int64(i + 1)}, {Kind: Next, Zone: fmt.Sprint("Zone/", i)}}[i%3]
	}
	for i := range 1000 {
		remember(t, m, strange(i), body(i*100))
		if m.others.bytes > 1<<19 || m.others.order.Len() > 32 || len(m.pages) != m.others.order.Len()+len(wall) {
			t.Fatalf("%d pages, %d bytes of strangers", m.others.order.Len(), m.others.bytes)
		}
	}
	for _, q := range wall {
		if _, ok := m.Last(q); !ok {
			t.Errorf("%+v was pushed out", q)
		}
	}
	for days := range 100 {
		remember(t, m, Query{Kind: Agenda, Days: days + 1}, body(100))
	}
	if _, ok := m.Last(strange(999)); !ok || len(m.pages) > 64 {
		t.Errorf("of %d pages none is another's", len(m.pages))
	}
}
