package feed

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"calendarbot/agent/config"
	"calendarbot/agent/conn"
	"calendarbot/agent/ics"
	"calendarbot/agent/store"
)

// diary notes when each source is fetched, in fake time, and answers as it is told.
type diary struct {
	*Refresher
	start time.Time

	mu    sync.Mutex
	notes map[string][]time.Duration
	reply func(id string) (answer, error)
}

// keepDiary runs a refresher of the sources until the test ends. It must be called in a bubble of
// synctest: the network is left out, since nothing in a bubble may wait for it.
func keepDiary(t *testing.T, sources ...config.Source) *diary {
	t.Helper()
	return keepDiaryBy(t, nil, time.Now, sources...)
}

// keepDiaryBy is keepDiary by a clock of its own.
func keepDiaryBy(t *testing.T, c Clock, now func() time.Time, sources ...config.Source) *diary {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "calendarbot.db"), Zone: time.UTC, Now: now, DB: conn.DBOptions{}})
	if err != nil {
		t.Fatal(err)
	}
	d := &diary{start: time.Now(), notes: map[string][]time.Duration{}, reply: func(string) (answer, error) { return answer{unchanged: true}, nil }}
	d.Refresher = New(Options{Store: s, Feeds: patient(), Now: now, Clock: c})
	d.fetch = func(_ context.Context, q request, _ func() (func(ics.Component) error, error)) (answer, error) {
		d.mu.Lock()
		d.notes[q.src.ID] = append(d.notes[q.src.ID], time.Since(d.start))
		reply := d.reply
		d.mu.Unlock()
		return reply(q.src.ID)
	}
	if err := d.Configure(t.Context(), sources); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	<-d.Ready()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ended, s.Close()); err != nil {
			t.Error(err)
		}
	})
	return d
}

func (d *diary) answering(reply func(id string) (answer, error)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.reply = reply
}

// after lets fake time pass and returns when the source was fetched.
func (d *diary) after(pass time.Duration, id string) []time.Duration {
	<-time.After(pass)
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.notes[id])
}

func at(id, url string) config.Source {
	return config.Source{ID: id, Name: id, URL: config.Secret(url)}
}

func TestSteadyRounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		off := at("off", "https://a.example/off.ics")
		off.Disabled = true
		rare := at("rare", "https://c.example/1.ics")
		rare.Refresh = 10 * time.Minute
		d := keepDiary(t, at("1", "https://a.example/1.ics"), at("2", "https://a.example/2.ics"), at("3", "https://b.example/1.ics"), off, rare)
		const m, gap = time.Minute, hostGap
		d.after(11*m, "")
		for id, want := range map[string][]time.Duration{
			"1":    {0, 5 * m, 10 * m},
			"2":    {0, 5*m + gap, 10*m + gap}, // politeness, but in the first round
			"3":    {0, 5 * m, 10 * m},
			"off":  nil,
			"rare": {0, 10 * m},
		} {
			if got := d.after(0, id); !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", id, got, want)
			}
		}
		if age := time.Since(d.Beat()); age > beatEvery {
			t.Errorf("last beat %v ago", age)
		}
	})
}

func TestFailingSourceIsNeverGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := at("a", "https://a.example/1.ics")
		slow.Refresh = 2 * time.Hour
		d := keepDiary(t, slow)
		d.after(0, "")
		d.answering(func(string) (answer, error) { return answer{}, &statusError{500} })
		d.Refresh("a")
		tries := d.after(7*24*time.Hour, "a")[1:]
		for i := 1; i < len(tries); i++ {
			d := tries[i] - tries[i-1]
			want := min(firstRetry<<min(i-1, 16), maxRetry)
			if d < want*4/5 || d > want*6/5 {
				t.Fatalf("%v between try %d and %d", d, i, i+1)
			}
		}
		if last := tries[len(tries)-1]; last < 7*24*time.Hour-maxRetry*6/5 {
			t.Errorf("the last try is at %v", last)
		}
		d.answering(func(string) (answer, error) { return answer{unchanged: true}, nil })
		back := d.after(40*time.Minute, "a")
		again := d.after(2*time.Hour, "a")
		if len(again) != len(back)+1 || again[len(back)]-back[len(back)-1] != 2*time.Hour {
			t.Errorf("after the recovery: %v, %v", back[len(back)-1], again[len(back):])
		}
	})
}

func TestPersonAsksForARefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		off := at("off", "https://b.example/1.ics")
		off.Disabled = true
		d := keepDiary(t, at("1", "https://a.example/1.ics"), at("2", "https://b.example/2.ics"), off)
		const m = time.Minute
		d.after(m, "")
		for id, want := range map[string]bool{"1": true, "off": false, "none": false} {
			if got := d.Refresh(id); got != want {
				t.Errorf("refresh %s: %v", id, got)
			}
		}
		if got := d.after(0, "1"); !slices.Equal(got, []time.Duration{0, m}) {
			t.Errorf("1: %v", got)
		}
		if got := d.after(m, "2"); !slices.Equal(got, []time.Duration{0}) {
			t.Errorf("2: %v", got)
		}
		if !d.Refresh("") {
			t.Error("refresh all")
		}
		if got := d.after(0, "2"); !slices.Equal(got, []time.Duration{0, 2 * m}) {
			t.Errorf("2: %v", got)
		}
		// However often it is pressed, a server has its peace.
		for range 5 {
			d.Refresh("1")
			synctest.Wait()
		}
		if got := d.after(m, "1"); !slices.Equal(got, []time.Duration{0, m, 2 * m, 2*m + askGap}) {
			t.Errorf("1: %v", got)
		}
	})
}

func TestRefreshDuringAFetchIsNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := keepDiary(t, at("a", "https://a.example/1.ics"))
		d.after(0, "a")
		d.answering(func(string) (answer, error) {
			<-time.After(10 * time.Second)
			return answer{unchanged: true}, nil
		})
		d.after(5*time.Minute+time.Second, "a") // a fetch is under way
		d.Refresh("a")
		want := []time.Duration{0, 5 * time.Minute, 5*time.Minute + 10*time.Second + askGap}
		if got := d.after(time.Minute, "a"); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func TestNewConfigurationIsFetchedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		same, moved, gone := at("same", "https://a.example/1.ics"), at("moved", "https://b.example/1.ics"), at("gone", "https://c.example/1.ics")
		d := keepDiary(t, same, moved, gone)
		const m = time.Minute
		d.after(m, "")
		same.Name = "Another name"
		moved.URL = "https://d.example/1.ics"
		if err := d.Configure(t.Context(), []config.Source{same, moved, at("new", "https://e.example/1.ics")}); err != nil {
			t.Fatal(err)
		}
		d.after(5*m, "")
		for id, want := range map[string][]time.Duration{"same": {0, 5 * m}, "moved": {0, m, 6 * m}, "gone": {0}, "new": {m, 6 * m}} {
			if got := d.after(0, id); !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", id, got, want)
			}
		}
	})
}

// A source that is taken away while it is fetched leaves nothing behind.
func TestSourceGoesDuringAFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := keepDiary(t, at("a", "https://a.example/1.ics"))
		d.after(0, "a")
		d.answering(func(string) (answer, error) {
			<-time.After(10 * time.Second)
			return answer{}, &statusError{500}
		})
		d.after(5*time.Minute+time.Second, "a")
		if err := d.Configure(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if got := d.after(time.Hour, "a"); len(got) != 2 {
			t.Errorf("got %v", got)
		}
		if left, err := d.o.Store.Sources(t.Context()); err != nil || len(left) != 0 {
			t.Errorf("left: %v, %v", left, err)
		}
	})
}

// The pause of a running refresher can be changed: what waits for it waits for the new one, what waits for a server does not.
func TestPauseIsChangedWhileItRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := keepDiary(t, at("own", "https://own.example/x"), at("asked", "https://asked.example/x"))
		d.answering(func(id string) (answer, error) {
			if id == "asked" {
				return answer{unchanged: true, asks: asks{fresh: 3 * time.Hour}}, nil
			}
			return answer{unchanged: true}, nil
		})
		pause := patient().Refresh
		if got := d.after(pause+time.Minute, "own"); len(got) != 2 {
			t.Fatalf("before: %v", got)
		}
		asked := d.after(0, "asked") // its first fetch may have been before the word above
		feeds := patient()
		feeds.Refresh = 2 * pause
		d.SetFeeds(feeds)
		if got := d.after(pause+time.Minute, "own"); len(got) != 2 {
			t.Errorf("a longer pause: %v", got)
		}
		feeds.Refresh = time.Minute
		d.SetFeeds(feeds)
		if got := d.after(time.Second, "own"); len(got) != 3 {
			t.Errorf("a shorter pause: %v", got)
		}
		if got := d.after(time.Hour, "asked"); len(got) != len(asked) {
			t.Errorf("its server asked for three hours: %v", got)
		}
	})
}
