package page

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"calendarbot/agent/calendar"
	"calendarbot/agent/config"
	"calendarbot/agent/ics"
	"calendarbot/agent/store"
)

// shelved is a real store with random feeds, some of whose events are in two of them or moved.
func shelved(t testing.TB, seed uint64) *store.Store {
	t.Helper()
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	s, err := store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "calendarbot.db"), Zone: time.UTC, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	ids := []string{"work", "family", "school"}
	var sources []config.Source
	for _, id := range ids {
		sources = append(sources, config.Source{ID: id, Name: id, URL: config.Secret("https://calendar.example/" + id + ".ics")})
	}
	if err := s.SetConfigured(t.Context(), sources); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(seed, 7))
	for _, id := range ids {
		d, err := s.Draft(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		report, err := ics.Decode(t.Context(), strings.NewReader(randomFeed(r)), ics.DefaultLimits(), time.UTC, d.Keep)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Commit(t.Context(), report, store.Validators{ETag: id}, now.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// randomFeed has 60 components in March and April 2026, with few enough UIDs that sources share some.
func randomFeed(r *rand.Rand) string {
	b := &strings.Builder{}
	b.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n")
	moment := func() time.Time {
		return time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(r.IntN(61*96)) * 15 * time.Minute)
	}
	for i := range 60 {
		start := moment()
		fmt.Fprintf(b, "BEGIN:VEVENT\r\nUID:u%d\r\nSUMMARY:S%d\r\n", r.IntN(90), i)
		zone := [...]string{"", ";TZID=Pacific/Kiritimati", ";TZID=America/New_York"}[r.IntN(3)]
		stamp, suffix := start.Format("20060102T150405"), ""
		if zone == "" {
			suffix = "Z"
		}
		if r.IntN(5) == 0 {
			fmt.Fprintf(b, "DTSTART;VALUE=DATE:%s\r\n", start.Format("20060102"))
		} else {
			fmt.Fprintf(b, "DTSTART%s:%s%s\r\nDURATION:PT%dM\r\n", zone, stamp, suffix, r.IntN(3000))
		}
		switch r.IntN(6) {
		case 0:
			b.WriteString("RRULE:FREQ=WEEKLY;COUNT=4\r\n")
		case 1:
			b.WriteString("RRULE:FREQ=DAILY\r\n")
		case 2:
			fmt.Fprintf(b, "RECURRENCE-ID:%sZ\r\n", moment().Format("20060102T150405"))
		case 3:
			fmt.Fprintf(b, "RDATE:%sZ\r\n", moment().Format("20060102T150405"))
		}
		b.WriteString("END:VEVENT\r\n")
	}
	b.WriteString("END:VCALENDAR\r\n")
	return b.String()
}

// randomSpan is up to ten days somewhere in March and April, not always whole days.
func randomSpan(r *rand.Rand) calendar.Span {
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(r.IntN(60*24)) * time.Hour)
	return calendar.Span{Start: start, End: start.Add(time.Duration(1+r.IntN(10*24)) * time.Hour)}
}

// TestNarrowIsWhatTheStoreGives: of a wider snapshot exactly the own one remains, and so does what is expanded from it.
func TestNarrowIsWhatTheStoreGives(t *testing.T) {
	apart := 0
	for seed := range uint64(3) {
		s := shelved(t, seed)
		r := rand.New(rand.NewPCG(seed, 8))
		for range 40 {
			a, b := randomSpan(r), randomSpan(r)
			b.Start = a.Start.Add(time.Duration(r.Int64N(int64(a.End.Sub(a.Start)))))
			if b.End.Before(b.Start) {
				b.End = b.Start.Add(time.Hour)
			}
			g := groups([]*question{{span: a}, {span: b}})
			if len(g) != 1 {
				t.Fatalf("%v and %v overlap", a, b)
			}
			whole, err := s.Between(t.Context(), g[0].span)
			if err != nil {
				t.Fatal(err)
			}
			for _, span := range []calendar.Span{a, b} {
				own, err := s.Between(t.Context(), span)
				if err != nil {
					t.Fatal(err)
				}
				got := narrow(whole, span)
				if len(got.Events) != len(own.Events) || len(own.Events) > 0 && !reflect.DeepEqual(got.Events, own.Events) {
					t.Fatalf("seed %d, %v: %d events, the store gives %d", seed, span, len(got.Events), len(own.Events))
				}
				if got.Generation != own.Generation || !reflect.DeepEqual(got.Sources, own.Sources) {
					t.Fatalf("the rest differs")
				}
				want := occurrences(t, own, span)
				if have := occurrences(t, got, span); have != want {
					t.Fatalf("seed %d, %v: expanded\n%s\nwant\n%s", seed, span, have, want)
				}
				if occurrences(t, whole, span) != want {
					apart++
				}
			}
		}
	}
	if apart == 0 {
		t.Error("no wider snapshot gave anything else as it is: the test shows nothing")
	}
}

// occurrences is what is shown of a snapshot, in words.
func occurrences(t testing.TB, snap store.Snapshot, span calendar.Span) string {
	t.Helper()
	found, warnings, err := calendar.Expand(t.Context(), snap.Events, span, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	b := &strings.Builder{}
	for _, o := range found {
		fmt.Fprintln(b, o.Event.Source, o.ID(), o.Event.Summary, o.Start, o.End)
	}
	fmt.Fprint(b, warnings)
	return b.String()
}

// TestBatchBeforeARealStore asks from many sides at once: each answer is the one that the store itself gives.
func TestBatchBeforeARealStore(t *testing.T) {
	s := shelved(t, 1)
	b := NewBatch(s, BatchOptions{Limits: config.Batch{Size: 10, Window: 50 * time.Millisecond}})
	var wg sync.WaitGroup
	for worker := range uint64(16) {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(worker, 9))
			for range 20 {
				span := randomSpan(r)
				got, err := b.Between(t.Context(), span)
				if err != nil {
					t.Error(err)
					return
				}
				own, err := s.Between(t.Context(), span)
				if err != nil {
					t.Error(err)
					return
				}
				if have, want := occurrences(t, got, span), occurrences(t, own, span); have != want {
					t.Errorf("%v: got\n%s\nwant\n%s", span, have, want)
				}
			}
		})
	}
	wg.Wait()
	if st := b.Stats(); st.Asked != 320 || st.Queries >= st.Asked || st.Shared == 0 {
		t.Errorf("stats %+v", st)
	} else {
		t.Logf("%+v", st)
	}
}
