package feed

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"calendarbot/agent/calendar"
	"calendarbot/agent/config"
	"calendarbot/agent/conn"
	"calendarbot/agent/store"
	"calendarbot/scripts/demo/household"
	"calendarbot/scripts/demo/mischief"
)

// bench is a refresher over a real database; its clock stands still until it is moved.
type bench struct {
	*Refresher
	t      *testing.T
	store  *store.Store
	path   string
	feeds  config.Feeds
	clock  atomic.Int64 // seconds
	hands  Clock        // nil: its clock is trusted
	log    bytes.Buffer
	client *conn.HTTP
}

func newBench(t *testing.T, sources ...config.Source) *bench {
	t.Helper()
	b := &bench{t: t, path: filepath.Join(t.TempDir(), "calendarbot.db"), feeds: patient(), client: client(t, conn.HTTPOptions{})}
	b.clock.Store(household.LargeNow().Unix())
	b.open(sources...)
	t.Cleanup(func() {
		if err := b.store.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func (b *bench) now() time.Time { return time.Unix(b.clock.Load(), 0).UTC() }

// open opens the store and a refresher of the sources.
func (b *bench) open(sources ...config.Source) {
	b.t.Helper()
	s, err := store.Open(b.t.Context(), store.Options{Path: b.path, Zone: time.UTC, Now: b.now, DB: conn.DBOptions{BusyTimeout: 50 * time.Millisecond}})
	if err != nil {
		b.t.Fatal(err)
	}
	b.store = s
	b.Refresher = New(Options{HTTP: b.client, Store: s, Zone: time.UTC, Feeds: b.feeds, Now: b.now, Clock: b.hands, Log: slog.New(slog.NewTextHandler(&b.log, nil))})
	if err := b.Configure(b.t.Context(), sources); err != nil {
		b.t.Fatal(err)
	}
}

// fetched makes one round of the loop for the source, and returns how it fares then.
func (b *bench) fetched(id string) store.Source {
	b.t.Helper()
	b.mu.Lock()
	s := find(b.sources, id)
	b.mu.Unlock()
	if s == nil {
		b.t.Fatalf("no source %s", id)
	}
	b.refresh(b.t.Context(), s)
	return b.state(id)
}

func (b *bench) state(id string) store.Source {
	b.t.Helper()
	all, err := b.store.Sources(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	for _, s := range all {
		if s.ID == id {
			return s
		}
	}
	b.t.Fatalf("no source %s in the store", id)
	return store.Source{}
}

// events counts the events that pages are made of.
func (b *bench) events() int {
	b.t.Helper()
	now := household.LargeNow()
	snap, err := b.store.Between(b.t.Context(), calendar.Span{Start: now.AddDate(-5, 0, 0), End: now.AddDate(5, 0, 0)})
	if err != nil {
		b.t.Fatal(err)
	}
	return len(snap.Events)
}

func atHome(id string, s *mischief.Server) config.Source {
	return config.Source{ID: id, Name: id, URL: config.Secret(s.URL()), LAN: true}
}

func TestFetchedEventsAreStored(t *testing.T) {
	s := misbehaving(t, mischief.Good(school()))
	b := newBench(t, atHome("school", s))
	got := b.fetched("school")
	if got.State != store.OK || got.Events != 6 || b.events() != 6 {
		t.Fatalf("%+v, %d events", got, b.events())
	}
	// The feed asks for an hour, which is more than the configured pause.
	if !got.LastSuccess.Equal(b.now()) || !got.NextTry.Equal(b.now().Add(time.Hour)) {
		t.Errorf("success %v, next %v", got.LastSuccess, got.NextTry)
	}
}

func TestUnchangedFeedIsASuccess(t *testing.T) {
	s := misbehaving(t, mischief.Good(school()))
	b := newBench(t, atHome("school", s))
	b.fetched("school")
	generation := b.store.Generation()
	b.clock.Add(600)
	got := b.fetched("school")
	requests := s.Requests()
	if len(requests) != 2 || requests[0].Get("If-None-Match") != "" || requests[1].Get("If-None-Match") == "" || requests[1].Get("If-Modified-Since") == "" {
		t.Errorf("asked %v", requests)
	}
	if got.State != store.OK || !got.LastSuccess.Equal(b.now()) || b.events() != 6 || b.store.Generation() != generation {
		t.Errorf("%+v, generation %d after %d", got, b.store.Generation(), generation)
	}
}

func TestValidatorsSurviveARestart(t *testing.T) {
	s := misbehaving(t, mischief.Good(school()))
	b := newBench(t, atHome("school", s))
	b.fetched("school")
	if err := b.store.Close(); err != nil {
		t.Fatal(err)
	}
	b.open(atHome("school", s))
	if got := b.fetched("school"); got.State != store.OK || got.Events != 6 {
		t.Errorf("%+v", got)
	}
	if requests := s.Requests(); requests[len(requests)-1].Get("If-None-Match") == "" {
		t.Error("asked for the whole feed")
	}
}

// "Not modified" is of no use where nothing is: the feed is asked for whole.
func TestEmptySourceIsAskedForWhole(t *testing.T) {
	s := misbehaving(t, mischief.Good([]byte("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")))
	b := newBench(t, atHome("new", s))
	for range 2 {
		if got := b.fetched("new"); got.State != store.OK || got.Events != 0 {
			t.Fatalf("%+v", got)
		}
	}
	for _, r := range s.Requests() {
		if r.Get("If-None-Match") != "" {
			t.Error("asked conditionally")
		}
	}
}

func TestFailureKeepsTheEvents(t *testing.T) {
	s := misbehaving(t, mischief.Good(school()))
	b := newBench(t, atHome("school", s))
	b.fetched("school")
	began := b.now()
	for i, behave := range []struct {
		code   string
		behave func()
	}{
		{"http_500", func() { s.Turn(mischief.Status(500)) }},
		{"html", func() { s.Turn(mischief.HTML) }},
		{"empty", func() { s.Turn(mischief.Empty) }},
		{"truncated", func() { s.Turn(mischief.Truncated(household.Large(20, 1))) }},
		{"truncated", func() { s.Turn(mischief.Body("text/calendar", household.Large(20, 1)[:9000])) }},
		{"not_calendar", func() { s.Turn(mischief.Body("text/calendar", mischief.Noise(5000))) }},
	} {
		b.clock.Add(60)
		behave.behave()
		got := b.fetched("school")
		if got.State != store.Failing || got.Code != behave.code || got.Error == "" || got.Events != 6 || b.events() != 6 {
			t.Errorf("%s: %+v, %d events", behave.code, got, b.events())
		}
		if !got.LastSuccess.Equal(began) || !got.FailingSince.Equal(began.Add(time.Minute)) || !got.LastTry.Equal(b.now()) {
			t.Errorf("%s: %+v", behave.code, got)
		}
		if pause := got.NextTry.Sub(b.now()); pause < min(24*time.Second<<i, 4*time.Minute) || pause > 6*time.Minute {
			t.Errorf("%s: next try in %v", behave.code, pause)
		}
	}
	s.Turn(mischief.Good(household.Large(20, 1)))
	if got := b.fetched("school"); got.State != store.OK || got.Error != "" || got.Events != 20 || b.events() == 6 {
		t.Errorf("after all: %+v", got)
	}
	if log := b.log.String(); strings.Contains(log, "secret-path") || !strings.Contains(log, "code=http_500") {
		t.Errorf("log: %s", log)
	}
}

func TestEmptiedCalendarIsBelievedAtTheThirdTime(t *testing.T) {
	s := misbehaving(t, mischief.Good(school()))
	b := newBench(t, atHome("school", s))
	empty := mischief.Good([]byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"))
	b.fetched("school")
	s.Turn(empty)
	refused := func() {
		t.Helper()
		got := b.fetched("school")
		if got.Code != "emptied" || got.Events != 6 || b.events() != 6 || !strings.Contains(got.Error, "where there were 6 before") {
			t.Fatalf("%+v", got)
		}
		if !got.NextTry.Equal(b.now().Add(5 * time.Minute)) {
			t.Errorf("next try %v", got.NextTry)
		}
	}
	refused()
	refused()
	// In between it has events, or fails: it counts from the start again.
	s.Turn(mischief.Good(school()))
	b.fetched("school")
	s.Turn(empty)
	refused()
	s.Turn(mischief.Status(500))
	b.fetched("school")
	s.Turn(empty)
	refused()
	refused()
	if got := b.fetched("school"); got.State != store.OK || got.Events != 0 || b.events() != 0 {
		t.Errorf("%+v", got)
	}
}

func TestServerSaysWhenToComeBack(t *testing.T) {
	s := misbehaving(t, nil)
	b := newBench(t, atHome("work", s))
	body := household.Work(household.LargeNow())
	for _, c := range []struct {
		status int
		header string
		want   time.Duration
	}{
		{200, "", 5 * time.Minute},
		{200, "Cache-Control: max-age=1200", 20 * time.Minute},
		{200, "Cache-Control: max-age=10", 5 * time.Minute},
		{200, "Cache-Control: max-age=99999999", 24 * time.Hour},
		{503, "Retry-After: 3000", 50 * time.Minute},
	} {
		s.Turn(replying(c.status, c.header, body))
		if got := b.fetched("work"); !got.NextTry.Equal(b.now().Add(c.want)) {
			t.Errorf("%d %s: next try in %v", c.status, c.header, got.NextTry.Sub(b.now()))
		}
	}
}

func TestStoreThatIsHeldByAnother(t *testing.T) {
	s := misbehaving(t, mischief.Good(school()))
	b := newBench(t, atHome("school", s))
	b.fetched("school")
	other, err := conn.OpenDB(t.Context(), b.path, conn.DBOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	tx, err := other.Write().BeginTx(t.Context(), nil) // an immediate one: it holds the lock
	if err != nil {
		t.Fatal(err)
	}
	s.Turn(mischief.Good(household.Large(20, 1)))
	got := b.fetched("school")
	checkFailure(t, &Failure{Code: got.Code, Words: got.Error}, "store_busy", "another program holds the database")
	if got.State != store.Failing || b.events() != 6 {
		t.Errorf("%+v, %d events", got, b.events())
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if got := b.fetched("school"); got.State != store.OK || got.Events != 20 {
		t.Errorf("%+v", got)
	}
}

// A damaged database is set aside, and all sources are due to fill the new one.
func TestStoreThatIsDamaged(t *testing.T) {
	s := misbehaving(t, mischief.Good(school()))
	b := newBench(t, atHome("school", s), atHome("work", s))
	b.fetched("school")
	b.fetched("work")
	if err := b.store.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(b.path)
	if err != nil {
		t.Fatal(err)
	}
	b.open(atHome("school", s), atHome("work", s))
	// All pages but the first two, while the program has the file open.
	if err := os.WriteFile(b.path, append(whole[:8192:8192], mischief.Noise(len(whole)-8192)...), 0o600); err != nil {
		t.Fatal(err)
	}
	s.Turn(mischief.Good(household.Large(20, 1)))
	b.fetched("school")
	if b.store.Recovered() == "" {
		t.Fatalf("nothing was recovered: %+v", b.state("school"))
	}
	for range 2 {
		due, wait := b.next(time.Now().Add(time.Minute))
		if wait != 0 {
			t.Fatalf("%s is due in %v", due.ID, wait)
		}
		if got := b.fetched(due.ID); got.State != store.OK || got.Events != 20 {
			t.Errorf("%+v", got)
		}
	}
}

func TestRunStopsInTheMiddleOfAFetch(t *testing.T) {
	s := misbehaving(t, mischief.Drip)
	b := newBench(t, atHome("slow", s))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	<-b.Ready()
	until(t, "the server is asked", func() bool { return len(s.Requests()) == 1 })
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if got := b.state("slow"); got.State != store.Waiting {
		t.Errorf("the end of the program counts as a failure: %+v", got)
	}
	if b.Beat().IsZero() || b.String() != "refresher" {
		t.Error("no beat")
	}
}

// until waits for a fact.
func until(t *testing.T, fact string, holds func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("it did not come true that %s", fact)
		case <-tick.C:
		}
	}
}
