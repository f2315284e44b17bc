package page

import (
	"container/list"
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"
	"unsafe"
)

// MemoryOptions is what NewMemory needs. Log may be nil.
type MemoryOptions struct {
	Dir        string // where the pages that a screen shows are kept over a restart; "" for nowhere
	MaxPages   int    // in memory, half of them for what a screen shows; default 64
	MaxBytes   int    // in memory, half of them for what a screen shows; default 1 MiB
	Generation func() uint64
	Log        *slog.Logger
}

// Memory keeps the last good page of each query, bounded. What a screen shows has its own room, so that nobody's other
// questions take the wall's pages away. Its methods may be called from any goroutine.
type Memory struct {
	o      MemoryOptions
	ready  chan struct{}
	folder folder

	mu      sync.Mutex
	pages   map[Query]*list.Element // of *lastPage
	screens stock                   // what a screen shows
	others  stock
}

// stock is the room of some of the pages.
type stock struct {
	order *list.List // of *lastPage; the one drawn last is the first
	bytes int
}

// lastPage is the newest page of a query.
type lastPage struct {
	query Query
	page  Page
}

// NewMemory returns a Memory that holds what is found in o.Dir.
func NewMemory(o MemoryOptions) *Memory {
	if o.MaxPages <= 0 {
		o.MaxPages = 64
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 1 << 20
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	m := &Memory{o: o, ready: make(chan struct{}), folder: folder{dir: o.Dir}, pages: map[Query]*list.Element{}}
	m.screens.order, m.others.order = list.New(), list.New()
	if o.Dir == "" {
		return m
	}
	found, err := m.folder.read()
	if err != nil {
		o.Log.Warn("read the last good pages", "error", err)
	}
	for _, p := range found {
		m.keep(p)
	}
	return m
}

// Keep returns draw with every good page kept.
func (m *Memory) Keep(draw Draw) Draw {
	return func(ctx context.Context, q Query, at time.Time) (Page, error) {
		p, err := draw(ctx, q, at)
		if err == nil && p.Status == http.StatusOK && !p.Unset {
			m.keep(lastPage{plainQuery(q), p})
		}
		return p, err
	}
}

// plainQuery is q as it is kept: a page is kept as it is drawn, whatever codings a client takes.
func plainQuery(q Query) Query {
	q.Encoding = ""
	return q
}

// keep makes p the newest page of its query, and drops those of its stock that there is no room for, the least recently drawn first.
func (m *Memory) keep(p lastPage) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.pages[p.query]; ok {
		m.drop(e)
	}
	if p.size() > m.o.MaxBytes/4 { // one page is not worth most of the others
		return
	}
	s := m.stock(p.query)
	m.pages[p.query] = s.order.PushFront(&p)
	s.bytes += p.size()
	for s.bytes > m.o.MaxBytes/2 || s.order.Len() > m.o.MaxPages/2 {
		m.drop(s.order.Back())
	}
}

// stock is where the page of q is.
func (m *Memory) stock(q Query) *stock {
	if onScreen(q) {
		return &m.screens
	}
	return &m.others
}

// drop takes a page out. m.mu is held.
func (m *Memory) drop(e *list.Element) {
	p := e.Value.(*lastPage)
	s := m.stock(p.query)
	s.order.Remove(e)
	delete(m.pages, p.query)
	s.bytes -= p.size()
}

// size is about what keeping a page costs, in bytes.
func (p *lastPage) size() int {
	q := &p.query
	return 2*int(unsafe.Sizeof(*q)) + int(unsafe.Sizeof(*p)) + cap(p.page.Body) + len(p.page.Live)*int(unsafe.Sizeof(Live{})) +
		len(q.Zone) + len(q.Theme) + len(q.Search) + len(q.Source) + len(q.Day) + len(q.Detail)
}

// Last returns the last good page for q.
func (m *Memory) Last(q Query) (Page, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.pages[plainQuery(q)]
	if !ok {
		return Page{}, false
	}
	return e.Value.(*lastPage).page, true
}

// shown are the pages that a screen shows, those drawn last first.
func (m *Memory) shown() []lastPage {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []lastPage
	for e := m.screens.order.Front(); e != nil; e = e.Next() {
		list = append(list, *e.Value.(*lastPage))
	}
	return list
}

// onScreen tells whether a screen on a wall asks so: of its own zone, and of today.
func onScreen(q Query) bool {
	return (q.Kind == Next || q.Kind == Agenda || q.Kind == WhatsNext) && q.Zone == "" && q.From == 0
}

// Cards wear out: a picture that changes each minute is saved twice in an hour, and what was changed in a calendar soon after.
const (
	saveSoon = 10 * time.Minute
	saveLate = 30 * time.Minute
)

// Run saves to the directory what changed, seldom enough for an SD card, and at the end.
func (m *Memory) Run(ctx context.Context) error {
	close(m.ready)
	if m.o.Dir == "" {
		<-ctx.Done()
		return nil
	}
	tick := time.NewTicker(saveSoon)
	defer tick.Stop()
	saved, since := m.o.Generation(), time.Duration(0)
	for {
		select {
		case <-ctx.Done():
			m.save()
			return nil
		case <-tick.C:
		}
		since += saveSoon
		if now := m.o.Generation(); now != saved || since >= saveLate {
			saved, since = now, 0
			m.save()
		}
	}
}

func (m *Memory) save() {
	if err := m.folder.write(m.shown()); err != nil {
		m.o.Log.Error("save the last good pages", "error", err) // the next time is soon enough
	}
}

// Ready is closed when Run has begun.
func (m *Memory) Ready() <-chan struct{} { return m.ready }

// String names the task.
func (m *Memory) String() string { return "last good pages" }
