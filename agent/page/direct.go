package page

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync/atomic"
	"time"

	"calendarbot/agent/calendar"
	"calendarbot/agent/clock"
	"calendarbot/agent/config"
	"calendarbot/agent/store"
	"calendarbot/agent/view"
)

// Reader is what Direct needs of the store.
type Reader interface {
	Between(ctx context.Context, span calendar.Span) (store.Snapshot, error)
}

// DirectOptions is what NewDirect needs. Clock, Addresses and Notice may be nil.
type DirectOptions struct {
	Store     Reader
	Config    config.Config
	Zone      *time.Location   // the device's zone
	Now       func() time.Time // the program's clock
	Clock     func() clock.State
	Version   string
	Addresses func() []string // where a person reaches the device, the best first; default LocalAddresses
	Notice    func() string   // a sentence that people should read, such as store.Recovered; "" for none
}

// Direct answers each query from the store, with nothing in between. Its methods may be called from any goroutine.
type Direct struct {
	o      DirectOptions // but not Config
	config atomic.Pointer[config.Config]
}

// NewDirect returns a Direct; o.Store, o.Zone and o.Now must be given.
func NewDirect(o DirectOptions) *Direct {
	d := &Direct{o: o}
	d.Configure(o.Config)
	if o.Addresses == nil {
		d.o.Addresses = func() []string { return LocalAddresses(d.config.Load().Web) }
	}
	d.o.Clock = orTrusted(o.Clock)
	if o.Notice == nil {
		d.o.Notice = func() string { return "" }
	}
	return d
}

// Configure replaces the configuration; the next drawing goes by it.
func (d *Direct) Configure(cfg config.Config) { d.config.Store(&cfg) }

// picture is everything that a page is drawn from.
type picture struct {
	snap      store.Snapshot
	items     []view.Item        // those of the kind's span, in order of start
	warnings  []calendar.Warning // of the expansion
	span      calendar.Span
	now       time.Time
	zone      *time.Location // the one asked for, else the device's
	config    config.Config
	options   view.Options
	fresh     view.Freshness
	notice    string
	addresses func() []string
	version   string
	live      []Live    // the gaps in what is being encoded
	silence   *silence  // why nothing is told; there may be more than what is seen
	unset     string    // while the clock is not set, as a note: now is the last moment that is known, and items are that day's
	asked     time.Time // then: the moment by the clock
}

// plan is how one kind of page is made.
type plan struct {
	span func(q Query, now time.Time, zone *time.Location) calendar.Span // what the store is asked for
	draw func(pic *picture, q Query) (Page, error)
}

// planOf is the one table from kinds to pages.
func planOf(k Kind) (plan, bool) {
	switch k {
	case Next:
		return plan{aheadSpan, nextHTML}, true
	case Agenda:
		return plan{agendaSpan, agendaHTML}, true
	case WhatsNext:
		return plan{aheadSpan, whatsNextJSON}, true
	case WhatsNextV1:
		return plan{aheadSpan, whatsNextV1JSON}, true
	case DoneForDay:
		return plan{todaySpan, doneForDayJSON}, true
	case MorningSummary:
		return plan{morningSpan, morningSummaryJSON}, true
	case AlexaNext:
		return plan{aheadSpan, alexaNextJSON}, true
	case AlexaTimeUntil:
		return plan{aheadSpan, alexaTimeUntilJSON}, true
	case AlexaDone:
		return plan{todaySpan, alexaDoneJSON}, true
	case AlexaLaunch:
		return plan{aheadSpan, alexaLaunchJSON}, true
	case AlexaMorning:
		return plan{morningSpan, alexaMorningJSON}, true
	case Events:
		return plan{eventsSpan, eventsJSON}, true
	}
	return plan{}, false
}

// aheadDays is how far what's next looks ahead.
const aheadDays = 14

// aheadSpan is from the start of today, so that what has ended today is known, to the end of the look-ahead.
func aheadSpan(_ Query, now time.Time, zone *time.Location) calendar.Span {
	return daySpan(calendar.WallIn(now, zone), aheadDays, zone)
}

// todaySpan is the civil day of now.
func todaySpan(_ Query, now time.Time, zone *time.Location) calendar.Span {
	return daySpan(calendar.WallIn(now, zone), 1, zone)
}

// eventsSpan is what was asked for.
func eventsSpan(q Query, _ time.Time, _ *time.Location) calendar.Span {
	return calendar.Span{Start: time.Unix(q.From, 0), End: time.Unix(q.To, 0)}
}

// daySpan is n civil days from the one that w lies in.
func daySpan(w calendar.Wall, n int, zone *time.Location) calendar.Span {
	day := w.Midnight()
	return calendar.Span{Start: view.Midnight(day, zone), End: view.Midnight(day+calendar.Wall(n)*calendar.Day, zone)}
}

// Page answers q as it is now. See Draw.
func (d *Direct) Page(ctx context.Context, q Query) (Page, error) {
	return Filled(d.Draw, d.o.Now)(ctx, q)
}

// Draw draws the page for q as it is at a moment; it holds, but for what is live, until Page.Until. An unknown zone is taken as
// the device's. The error is the store's, or says that the kind is unknown.
func (d *Direct) Draw(ctx context.Context, q Query, at time.Time) (Page, error) {
	p, ok := planOf(q.Kind)
	if !ok {
		return Page{}, fmt.Errorf("page: unknown kind %d", q.Kind)
	}
	cfg := *d.config.Load()
	if q.Kind == Agenda && q.Days == 0 {
		q.Days = cfg.Display.Days
	}
	state := d.o.Clock()
	if !state.Trusted {
		return d.drawUnset(ctx, q, p, cfg, at, state)
	}
	pic, err := d.picture(ctx, q, p, cfg, at)
	if err != nil {
		return Page{}, err
	}
	made, err := p.draw(pic, q)
	if err != nil {
		return Page{}, fmt.Errorf("draw page: %w", err)
	}
	made.Stale, made.Made = pic.fresh.Stale, at
	return made, nil
}

// picture reads and expands what the page is drawn from.
func (d *Direct) picture(ctx context.Context, q Query, p plan, cfg config.Config, now time.Time) (*picture, error) {
	zone := zoneOf(q.Zone, d.o.Zone)
	pic := &picture{
		span: p.span(q, now, zone), now: now, zone: zone, config: cfg, version: d.o.Version,
		options:   view.Options{Zone: zone, Clock12: cfg.Display.Clock == "12h", Private: cfg.Display.Private},
		addresses: d.o.Addresses, notice: d.o.Notice(),
	}
	snap, err := d.o.Store.Between(ctx, pic.span)
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	occurrences, warnings, err := calendar.Expand(ctx, snap.Events, pic.span, zone)
	if err != nil {
		return nil, fmt.Errorf("expand events: %w", err)
	}
	pic.snap, pic.warnings = snap, warnings
	pic.notice = sentence(pic.notice, clockNote(d.o.Clock()), cutNote(warnings))
	pic.items = view.Items(occurrences, named(snap.Sources), hiddenBy(snap.Hidden), snap.Skipped, now, pic.options)
	pic.fresh = view.Fresh(feeds(snap.Sources), now, tooOld(cfg.Feeds.Refresh), pic.options)
	return pic, nil
}

// zoneOf returns the zone asked for, else the device's.
func zoneOf(name string, device *time.Location) *time.Location {
	if name == "" || name == "Local" || name == device.String() {
		return device
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return device
	}
	return loc
}

// tooOld is the age from which events count as stale: three missed refreshes, and never under the 15 minutes after
// which /api/health calls the data degraded.
func tooOld(refresh time.Duration) time.Duration { return max(15*time.Minute, 3*refresh) }

// named looks up the name and colour of a source.
func named(sources []store.Source) func(id string) (name, color string) {
	byID := make(map[string]*store.Source, len(sources))
	for i := range sources {
		byID[sources[i].ID] = &sources[i]
	}
	return func(id string) (string, string) {
		if s := byID[id]; s != nil {
			return s.Name, s.Color
		}
		return id, ""
	}
}

// hiddenBy tells whether a person hid an occurrence, or its whole series.
func hiddenBy(hidden map[string]store.Hidden) func(*calendar.Occurrence) bool {
	if len(hidden) == 0 {
		return func(*calendar.Occurrence) bool { return false }
	}
	return func(o *calendar.Occurrence) bool {
		if h, ok := hidden[o.Event.UID]; ok && (h.Series || o.Slot == nil) {
			return true
		}
		_, ok := hidden[o.ID()]
		return ok
	}
}

// feeds tells the view how the sources fare.
func feeds(sources []store.Source) []view.Feed {
	out := make([]view.Feed, len(sources))
	for i, s := range sources {
		out[i] = view.Feed{
			Name: s.Name, Off: s.State == store.Disabled, Failing: s.State == store.Failing,
			LastSuccess: s.LastSuccess, Next: s.NextTry, Error: s.Error,
		}
	}
	return out
}

// made completes an answer: the ETag is a hash of the body.
func made(status int, contentType string, body []byte, until time.Time) Page {
	return Page{Status: status, Type: contentType, Body: body, ETag: etagOf(body), Until: until}
}

// etagOf is a strong validator: equal bytes, equal tag, across restarts and versions.
func etagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + hex.EncodeToString(sum[:12]) + `"`
}
