package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"calendarbot/agent/calendar"
	"calendarbot/agent/config"
	"calendarbot/agent/conn"
	"calendarbot/agent/ics"
)

// clock is a clock that stands still until it is moved.
type hands struct{ ms atomic.Int64 }

func newClock() *hands {
	c := &hands{}
	c.ms.Store(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC).UnixMilli())
	return c
}

func (c *hands) Now() time.Time          { return time.UnixMilli(c.ms.Load()).UTC() }
func (c *hands) advance(d time.Duration) { c.ms.Add(d.Milliseconds()) }

// kept is a store on a file that outlives it.
type kept struct {
	*Store
	t     testing.TB
	path  string
	clock *hands
}

func newStore(t testing.TB) *kept {
	t.Helper()
	k := &kept{t: t, path: filepath.Join(t.TempDir(), "calendarbot.db"), clock: newClock()}
	k.open()
	t.Cleanup(func() {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
		if s := k.Connections(); s.Opened != s.Closed {
			t.Errorf("a connection leaks: %+v", s)
		}
	})
	return k
}

func (k *kept) options() Options {
	return Options{Path: k.path, Zone: time.UTC, Now: k.clock.Now, DB: conn.DBOptions{BusyTimeout: 50 * time.Millisecond}}
}

func (k *kept) open() {
	k.t.Helper()
	s, err := Open(k.t.Context(), k.options())
	if err != nil {
		k.t.Fatal(err)
	}
	k.Store = s
}

// restart closes the store and opens it again.
func (k *kept) restart() {
	k.t.Helper()
	if err := k.Close(); err != nil {
		k.t.Fatal(err)
	}
	k.open()
}

func (k *kept) must(err error) {
	k.t.Helper()
	if err != nil {
		k.t.Fatal(err)
	}
}

// configure sets the operator's sources by their ids.
func (k *kept) configure(ids ...string) {
	k.t.Helper()
	k.must(k.SetConfigured(k.t.Context(), configured(ids...)))
}

func configured(ids ...string) []config.Source {
	all := make([]config.Source, len(ids))
	for i, id := range ids {
		all[i] = config.Source{ID: id, Name: strings.ToUpper(id), URL: config.Secret("https://calendar.example/" + id + "/secret.ics")}
	}
	return all
}

// event is one VEVENT of a test: a summary on a day in March 2026, at noon, with further lines.
func event(uid string, day int, summary string, more ...string) string {
	return fmt.Sprintf("BEGIN:VEVENT\r\nUID:%s\r\nDTSTART:202603%02dT120000Z\r\nDTEND:202603%02dT130000Z\r\nSUMMARY:%s\r\n%sEND:VEVENT\r\n",
		uid, day, day, summary, strings.Join(append(more, ""), "\r\n"))
}

func calendarOf(events ...string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nX-WR-CALNAME:Test\r\n" + strings.Join(events, "") + "END:VCALENDAR\r\n"
}

// draft decodes a feed into a draft.
func (k *kept) draft(id, feed string) (*Draft, ics.Report) {
	k.t.Helper()
	d, err := k.Draft(k.t.Context(), id)
	k.must(err)
	r, err := ics.Decode(k.t.Context(), strings.NewReader(feed), ics.DefaultLimits(), time.UTC, d.Keep)
	k.must(err)
	return d, r
}

// fetch commits a feed and tells whether it changed anything.
func (k *kept) fetch(id, feed string) bool {
	k.t.Helper()
	d, r := k.draft(id, feed)
	changed, err := d.Commit(k.t.Context(), r, Validators{ETag: `"1"`}, k.clock.Now().Add(5*time.Minute))
	k.must(err)
	return changed
}

// day is a span of one day in March 2026, in UTC.
func day(n int) calendar.Span {
	start := time.Date(2026, 3, n, 0, 0, 0, 0, time.UTC)
	return calendar.Span{Start: start, End: start.AddDate(0, 0, 1)}
}

// march is all of it.
func march() calendar.Span {
	return calendar.Span{Start: day(1).Start, End: day(31).End}
}

func (k *kept) between(span calendar.Span) Snapshot {
	k.t.Helper()
	snap, err := k.Between(k.t.Context(), span)
	k.must(err)
	return snap
}

// titles returns the summaries of what is stored for the span, with their sources.
func (k *kept) titles(span calendar.Span) string {
	k.t.Helper()
	var all []string
	for _, e := range k.between(span).Events {
		all = append(all, e.Source+":"+e.Summary)
	}
	return strings.Join(all, " ")
}

func (k *kept) source(id string) Source {
	k.t.Helper()
	all, err := k.Sources(k.t.Context())
	k.must(err)
	for _, s := range all {
		if s.ID == id {
			return s
		}
	}
	k.t.Fatalf("no source %s", id)
	return Source{}
}

// grows checks that f makes the generation grow by one.
func (k *kept) grows(by uint64, what string, f func()) {
	k.t.Helper()
	before := k.Generation()
	f()
	if got := k.Generation() - before; got != by {
		k.t.Errorf("%s: the generation grew by %d, want %d", what, got, by)
	}
}

func TestEventsSurviveARestart(t *testing.T) {
	k := newStore(t)
	k.configure("work", "home")
	k.fetch("home", calendarOf(event("h1", 3, "Dentist")))
	k.fetch("work", calendarOf(event("w1", 3, "Standup"), event("w2", 20, "Review")))
	const want = "work:Standup work:Review home:Dentist"
	if got := k.titles(march()); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	generation := k.Generation()
	k.restart()
	if got := k.titles(march()); got != want {
		t.Errorf("after a restart: got %s, want %s", got, want)
	}
	if k.Generation() <= generation {
		t.Errorf("the generation went from %d to %d: a page of before could be taken for a new one", generation, k.Generation())
	}
	if k.Recovered() != "" {
		t.Errorf("unexpected notice: %s", k.Recovered())
	}
}

func TestPathThatCannotBeOpenedIsASentence(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "missing", "a.db"): "folder does not exist",
		filepath.Join(file, "a.db"):           "not a directory",
		dir:                                   "is a directory",
	} {
		_, err := Open(t.Context(), Options{Path: path})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, want it to say %q and the path", path, err, want)
		}
	}
}

func TestClosedStoreSaysSo(t *testing.T) {
	k := newStore(t)
	k.configure("work")
	d, r := k.draft("work", calendarOf(event("a", 3, "A")))
	k.must(k.Close())
	k.must(k.Close())
	if _, err := k.Between(t.Context(), march()); !errors.Is(err, ErrClosed) {
		t.Errorf("Between: %v", err)
	}
	if _, err := d.Commit(t.Context(), r, Validators{}, time.Time{}); !errors.Is(err, ErrClosed) {
		t.Errorf("Commit: %v", err)
	}
	if err := k.Hide(t.Context(), Hidden{ID: "a"}); !errors.Is(err, ErrClosed) {
		t.Errorf("Hide: %v", err)
	}
	if len(k.list()) != 1 {
		t.Error("the list of sources is gone")
	}
}

func (k *kept) list() []Source {
	all, err := k.Sources(k.t.Context())
	k.must(err)
	return all
}

// summaries returns those of what is stored for the span, sorted.
func (k *kept) summaries(span calendar.Span) string {
	k.t.Helper()
	var all []string
	for _, e := range k.between(span).Events {
		all = append(all, e.Summary)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}
