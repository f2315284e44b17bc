package page

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"calendarbot/agent/config"
)

// easel is a Pipeline with what it draws by under a test's control.
type easel struct {
	*Pipeline
	clock      atomic.Int64 // nanoseconds since 1970
	generation atomic.Uint64
	draws      atomic.Int64
	paint      atomic.Pointer[Draw] // nil: painted
}

// painted is a page that says what it shows; it holds until the next minute.
func painted(_ context.Context, q Query, at time.Time) (Page, error) {
	body := fmt.Sprintf("%+v at %v", q, at.UTC())
	return Page{Status: 200, Type: "text/plain", Body: []byte(body), ETag: `"` + at.UTC().Format("150405.000") + `"`, Until: at.Truncate(time.Minute).Add(time.Minute), Made: at}, nil
}

func newEasel(t testing.TB, change func(*PipelineOptions)) *easel {
	t.Helper()
	e := &easel{}
	e.set("10:00:00")
	o := PipelineOptions{
		Draw: func(ctx context.Context, q Query, at time.Time) (Page, error) {
			e.draws.Add(1)
			if paint := e.paint.Load(); paint != nil {
				return (*paint)(ctx, q, at)
			}
			return painted(ctx, q, at)
		},
		Generation: e.generation.Load, Now: e.now, Cache: config.Default().Cache,
	}
	if change != nil {
		change(&o)
	}
	p, err := NewPipeline(o)
	if err != nil {
		t.Fatal(err)
	}
	e.Pipeline = p
	return e
}

func (e *easel) now() time.Time { return time.Unix(0, e.clock.Load()).UTC() }

func (e *easel) set(clock string) {
	at, err := time.Parse("2006-01-02 15:04:05", "2026-03-10 "+clock)
	if err != nil {
		panic(err)
	}
	e.clock.Store(at.UnixNano())
}

func (e *easel) painter(d Draw) { e.paint.Store(&d) }

func (e *easel) get(t testing.TB, q Query) Page {
	t.Helper()
	p, err := e.Page(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (e *easel) wantDraws(t testing.TB, want int64, when string) {
	t.Helper()
	if got := e.draws.Load(); got != want {
		t.Fatalf("%s: %d drawings, want %d", when, got, want)
	}
}

func TestPipelineKeepsUntilThePictureChanges(t *testing.T) {
	e := newEasel(t, nil)
	first := e.get(t, Query{})
	for _, at := range []string{"10:00:00", "10:00:30", "10:00:59"} {
		e.set(at)
		if got := e.get(t, Query{}); !bytes.Equal(got.Body, first.Body) {
			t.Errorf("%s: %s", at, got.Body)
		}
	}
	e.wantDraws(t, 1, "within the minute")
	e.set("10:01:00")
	if got := e.get(t, Query{}); !strings.Contains(string(got.Body), "10:01:00") {
		t.Errorf("the picture has changed, and got %s", got.Body)
	}
	e.wantDraws(t, 2, "in the next minute")
	if s := e.Stats(); s.Hits != 3 || s.Misses != 2 || s.Joined != 0 || s.Drawn != 2 || s.Entries != 1 {
		t.Errorf("stats %+v", s)
	}
}

func TestPipelineTTLIsACeiling(t *testing.T) {
	e := newEasel(t, func(o *PipelineOptions) { o.Cache.TTL = 20 * time.Second })
	e.get(t, Query{})
	e.set("10:00:19")
	e.get(t, Query{})
	e.wantDraws(t, 1, "before the ttl")
	e.set("10:00:20")
	e.get(t, Query{})
	e.wantDraws(t, 2, "at the ttl")
	e.set("10:00:59")
	e.get(t, Query{})
	e.set("10:01:00")
	e.get(t, Query{})
	e.wantDraws(t, 4, "the picture changes before the ttl")
}

func TestPipelineClockJumps(t *testing.T) {
	e := newEasel(t, nil)
	e.get(t, Query{})
	e.set("09:59:59")
	if got := e.get(t, Query{}); !strings.Contains(string(got.Body), "09:59:59") {
		t.Errorf("after a jump back: %s", got.Body)
	}
	e.set("23:00:00")
	if got := e.get(t, Query{}); !strings.Contains(string(got.Body), "23:00:00") {
		t.Errorf("after a jump ahead: %s", got.Body)
	}
	e.wantDraws(t, 3, "after two jumps")
	for range 100 {
		e.get(t, Query{})
	}
	e.wantDraws(t, 3, "while the clock stands still")
}

func TestPipelineGenerationIsPartOfTheKey(t *testing.T) {
	e := newEasel(t, nil)
	e.get(t, Query{})
	e.generation.Add(1)
	e.get(t, Query{})
	e.wantDraws(t, 2, "after a change")
	e.get(t, Query{})
	e.wantDraws(t, 2, "after a change, again")

	// What is drawn while something changes is right for who asked, and not for who asks next.
	e.painter(func(ctx context.Context, q Query, at time.Time) (Page, error) {
		e.generation.Add(1)
		return painted(ctx, q, at)
	})
	e.get(t, Query{Kind: Agenda})
	if s := e.Stats(); s.Entries != 2 || s.Uncached != 0 {
		t.Errorf("a page of a dead generation is kept: %+v", s)
	}
}

// TestPipelineKeysTellQueriesApart changes each field of a query, one after the other: none may be answered with another's page.
func TestPipelineKeysTellQueriesApart(t *testing.T) {
	e := newEasel(t, nil)
	queries := []Query{{}}
	typ := reflect.TypeFor[Query]()
	for i := range typ.NumField() {
		if typ.Field(i).Name == "Encoding" {
			continue
		}
		for _, n := range []int64{1, 2} {
			q := Query{}
			switch f := reflect.ValueOf(&q).Elem().Field(i); f.Kind() {
			case reflect.String:
				f.SetString(strings.Repeat("x", int(n)))
			case reflect.Bool:
				if n == 2 {
					continue
				}
				f.SetBool(true)
			case reflect.Uint8:
				f.SetUint(uint64(n))
			default:
				f.SetInt(n)
			}
			queries = append(queries, q)
		}
	}
	for range 2 {
		for _, q := range queries {
			if got := string(e.get(t, q).Body); !strings.HasPrefix(got, fmt.Sprintf("%+v at", q)) {
				t.Errorf("%+v is answered with %s", q, got)
			}
		}
	}
	e.wantDraws(t, int64(len(queries)), "each once")
}

func TestPipelineKeepsOnlyGoodPages(t *testing.T) {
	cause := errors.New("read events: no disk")
	for name, c := range map[string]struct {
		page     Page
		err      error
		uncached uint64
	}{
		"error":         {err: cause},
		"no success":    {page: Page{Status: 503, Until: time.Now().AddDate(9, 0, 0)}, uncached: 2},
		"too large":     {page: Page{Status: 200, Body: make([]byte, 100<<10+1), Until: time.Now().AddDate(9, 0, 0)}, uncached: 2},
		"holds no time": {page: Page{Status: 200}, uncached: 2},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEasel(t, nil)
			e.painter(func(context.Context, Query, time.Time) (Page, error) { return c.page, c.err })
			for range 2 {
				got, err := e.Page(t.Context(), Query{})
				var drawing *DrawError
				if !errors.Is(err, c.err) || (c.err != nil) != errors.As(err, &drawing) {
					t.Fatalf("error %v, want %v", err, c.err)
				}
				if got.Status != c.page.Status || len(got.Body) != len(c.page.Body) {
					t.Errorf("got status %d with %d bytes", got.Status, len(got.Body))
				}
			}
			e.wantDraws(t, 2, "each time")
			if s := e.Stats(); s.Entries != 0 || s.Uncached != c.uncached || (s.Failed == 2) != (c.err != nil) {
				t.Errorf("stats %+v", s)
			}
		})
	}
}

func TestPipelineLargestPageIsKept(t *testing.T) {
	e := newEasel(t, nil)
	e.painter(func(_ context.Context, _ Query, at time.Time) (Page, error) {
		return Page{Status: 200, Body: make([]byte, 100<<10), Until: at.Add(time.Hour)}, nil
	})
	e.get(t, Query{})
	e.get(t, Query{})
	e.wantDraws(t, 1, "a page of the largest size")
}

func TestPipelineJoinsThoseWhoAskTheSame(t *testing.T) {
	for _, leaver := range []string{"who waits", "who draws"} {
		t.Run(leaver, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEasel(t, nil)
				release := make(chan struct{})
				e.painter(func(ctx context.Context, q Query, at time.Time) (Page, error) {
					<-release
					if err := ctx.Err(); err != nil {
						return Page{}, err
					}
					return painted(ctx, q, at)
				})
				type answer struct {
					page Page
					err  error
				}
				answers := make(chan answer, 20)
				ask := func(ctx context.Context) {
					p, err := e.Page(ctx, Query{})
					answers <- answer{p, err}
				}
				ctx, leave := context.WithCancel(t.Context())
				first, other := ctx, t.Context()
				if leaver == "who waits" {
					first, other = other, first
				}
				go ask(first)
				synctest.Wait()
				go ask(other)
				for range 8 {
					go ask(t.Context())
				}
				synctest.Wait()
				leave()
				synctest.Wait()
				if leaver == "who waits" {
					a := <-answers
					var drawing *DrawError
					if !errors.Is(a.err, context.Canceled) || !errors.As(a.err, &drawing) {
						t.Errorf("who left got %v", a.err)
					}
					answers <- answer{}
				}
				close(release)
				synctest.Wait()
				for range 10 {
					if a := <-answers; a.err != nil {
						t.Error(a.err)
					}
				}
				e.wantDraws(t, 1, "asked ten times at once")
				if s := e.Stats(); s.Misses != 1 || s.Joined != 9 || s.Hits != 0 {
					t.Errorf("stats %+v", s)
				}
			})
		})
	}
}

func TestPipelineErrorsAndPanicsReachAllWhoWait(t *testing.T) {
	for name, failure := range map[string]func() error{
		"error": func() error { return errors.New("no disk") },
		"panic": func() error { panic("no disk") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := newEasel(t, nil)
				release := make(chan struct{})
				e.painter(func(context.Context, Query, time.Time) (Page, error) {
					<-release
					return Page{}, failure()
				})
				errs := make(chan error, 5)
				for range 5 {
					go func() {
						_, err := e.Page(t.Context(), Query{})
						errs <- err
					}()
				}
				synctest.Wait()
				close(release)
				for range 5 {
					var drawing *DrawError
					if err := <-errs; !errors.As(err, &drawing) || !strings.Contains(err.Error(), "no disk") {
						t.Errorf("%T: %v", err, err)
					}
				}
				e.wantDraws(t, 1, "five asked")
				e.paint.Store(nil)
				e.get(t, Query{})
			})
		})
	}
}

// TestPipelineOwnErrorsAreNoDrawErrors breaks what stands in front of the drawing.
func TestPipelineOwnErrorsAreNoDrawErrors(t *testing.T) {
	e := newEasel(t, nil)
	k := e.key(Query{})
	_, _, err := e.load(t.Context(), k, func(context.Context) (*kept, error) { panic("broken") })
	var drawing *DrawError
	if err == nil || errors.As(err, &drawing) {
		t.Errorf("%T: %v", err, err)
	}
}

// TestPipelineWaitersGetAPictureThatHolds lets the picture change while it is waited for.
func TestPipelineWaitersGetAPictureThatHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEasel(t, nil)
		e.set("10:00:59")
		release := make(chan struct{})
		e.painter(func(ctx context.Context, q Query, at time.Time) (Page, error) {
			<-release
			return painted(ctx, q, at)
		})
		bodies := make(chan string, 2)
		ask := func() { bodies <- string(e.get(t, Query{}).Body) }
		go ask()
		synctest.Wait()
		e.set("10:01:00")
		go ask()
		synctest.Wait()
		close(release)
		a, b := <-bodies, <-bodies
		if !strings.Contains(a+b, "10:01:00") {
			t.Errorf("who asked at 10:01:00 got neither: %s, %s", a, b)
		}
	})
}

func TestPipelineFillsInWhatIsLive(t *testing.T) {
	e := newEasel(t, nil)
	e.painter(func(_ context.Context, _ Query, at time.Time) (Page, error) {
		return Page{Status: 200, Body: []byte(`{"seconds":}`), ETag: `"a"`, Until: at.Add(time.Hour), Live: []Live{{At: 11, Until: at.Add(time.Minute)}}}, nil
	})
	tags := map[string]bool{}
	for second, want := range []string{`{"seconds":60}`, `{"seconds":59}`, `{"seconds":58}`} {
		e.set(fmt.Sprintf("10:00:%02d", second))
		got := e.get(t, Query{})
		if string(got.Body) != want {
			t.Errorf("second %d: %s, want %s", second, got.Body, want)
		}
		tags[got.ETag] = true
	}
	if len(tags) != 3 {
		t.Errorf("three answers have the tags %v", tags)
	}
	e.wantDraws(t, 1, "counting down")
}

func TestPipelineHitAllocatesNothing(t *testing.T) {
	e := newEasel(t, nil)
	e.get(t, Query{Kind: WhatsNext})
	ctx := t.Context()
	if n := testing.AllocsPerRun(1000, func() {
		if _, err := e.Page(ctx, Query{Kind: WhatsNext}); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations for a hit, want 0", n)
	}
}

func BenchmarkPipelineHit(b *testing.B) {
	for name, live := range map[string][]Live{"still": nil, "live": {{At: 11, Until: time.Now()}}} {
		b.Run(name, func(b *testing.B) {
			e := newEasel(b, func(o *PipelineOptions) {
				o.Now = time.Now
				o.Draw = func(_ context.Context, _ Query, at time.Time) (Page, error) {
					return Page{Status: 200, Body: bytes.Repeat([]byte("0123456789abcdef"), 128), ETag: `"a"`, Until: at.Add(time.Hour), Live: live}, nil
				}
			})
			ctx := b.Context()
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := e.Page(ctx, Query{Kind: WhatsNext}); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}
