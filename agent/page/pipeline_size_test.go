package page

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/config"
)

// letters draws pages of so many bytes that hold for an hour.
func letters(bytes int) Draw {
	return func(_ context.Context, _ Query, at time.Time) (Page, error) {
		return Page{Status: 200, Type: "text/plain", Body: make([]byte, bytes), ETag: `"0123456789abcdef01234567"`, Until: at.Add(time.Hour)}, nil
	}
}

func TestPipelineHoldsBothBounds(t *testing.T) {
	for _, c := range []struct {
		name    string
		cache   config.Cache
		entry   int
		atLeast int // pages that are kept in the end
	}{
		{"entries", config.Cache{TTL: time.Hour, MaxEntries: 10, MaxBytes: 16 << 20, MaxEntryBytes: 100 << 10}, 500, 9},
		{"bytes", config.Cache{TTL: time.Hour, MaxEntries: 1000, MaxBytes: 64 << 10, MaxEntryBytes: 100 << 10}, 4000, 11},
		{"both", config.Cache{TTL: time.Hour, MaxEntries: 50, MaxBytes: 128 << 10, MaxEntryBytes: 100 << 10}, 2000, 36},
		{"one entry", config.Cache{TTL: time.Hour, MaxEntries: 1, MaxBytes: 64 << 10, MaxEntryBytes: 100 << 10}, 2000, 1},
		{"larger than all", config.Cache{TTL: time.Hour, MaxEntries: 10, MaxBytes: 64 << 10, MaxEntryBytes: 1 << 20}, 80 << 10, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newEasel(t, func(o *PipelineOptions) { o.Cache = c.cache })
			e.painter(letters(c.entry))
			for i := range 300 {
				e.get(t, Query{Kind: Events, From: int64(i)})
				if s := e.Stats(); s.Entries > c.cache.MaxEntries || s.Bytes > c.cache.MaxBytes {
					t.Fatalf("after %d pages %d with %d bytes are kept", i+1, s.Entries, s.Bytes)
				}
			}
			s := e.Stats()
			if s.Entries < c.atLeast || s.Evicted != uint64(300-s.Entries) {
				t.Errorf("%d pages are kept, want at least %d; %d were evicted", s.Entries, c.atLeast, s.Evicted)
			}
			if s.MaxEntries != c.cache.MaxEntries || s.MaxBytes != c.cache.MaxBytes || s.TTL != time.Hour || s.Why != "" {
				t.Errorf("bounds %+v", s)
			}
		})
	}
}

// TestPipelineBytesAreReal holds what is counted against the heap.
func TestPipelineBytesAreReal(t *testing.T) {
	for _, size := range []int{100, 2000, 20000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			e := newEasel(t, func(o *PipelineOptions) {
				o.Cache = config.Cache{TTL: time.Hour, MaxEntries: 10000, MaxBytes: 50 << 20, MaxEntryBytes: 100 << 10}
			})
			e.painter(letters(size))
			heap := func() int64 {
				runtime.GC()
				runtime.GC()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				return int64(m.HeapAlloc)
			}
			before := heap()
			for i := range 2000 {
				e.get(t, Query{Kind: Events, Search: strings.Repeat("s", 20) + fmt.Sprint(i)})
			}
			grown := heap() - before
			s := e.Stats()
			t.Logf("%d pages: counted %d bytes, the heap grew by %d", s.Entries, s.Bytes, grown)
			if s.Entries != 2000 || grown > s.Bytes*120/100 || grown < s.Bytes*75/100 {
				t.Errorf("%d pages are counted as %d bytes, and the heap grew by %d", s.Entries, s.Bytes, grown)
			}
			runtime.KeepAlive(e)
		})
	}
}

func TestPipelineConfigure(t *testing.T) {
	base := config.Cache{TTL: time.Hour, MaxEntries: 1000, MaxBytes: 16 << 20, MaxEntryBytes: 100 << 10}
	for _, c := range []struct {
		name     string
		change   func(c *config.Cache)
		min, max int // pages that are kept afterwards
	}{
		{"nothing", func(*config.Cache) {}, 100, 100},
		{"bytes", func(c *config.Cache) { c.MaxBytes = 64 << 10 }, 10, 32},
		{"entries", func(c *config.Cache) { c.MaxEntries = 10 }, 9, 10},
		{"more entries", func(c *config.Cache) { c.MaxEntries = 10000 }, 100, 100},
		{"ttl", func(c *config.Cache) { c.TTL = time.Minute }, 100, 100},
		{"entry", func(c *config.Cache) { c.MaxEntryBytes = 1999 }, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newEasel(t, func(o *PipelineOptions) { o.Cache = base })
			e.painter(letters(2000))
			fill := func() {
				for i := range 100 {
					e.get(t, Query{Kind: Events, From: int64(i)})
				}
			}
			fill()
			changed := base
			c.change(&changed)
			e.Configure(changed)
			if s := e.Stats(); s.Entries != 0 || s.MaxBytes != changed.MaxBytes || s.MaxEntries != changed.MaxEntries || s.TTL != changed.TTL {
				t.Errorf("at once: %+v", s)
			}
			fill()
			if s := e.Stats(); s.Entries < c.min || s.Entries > c.max || s.Bytes > changed.MaxBytes {
				t.Errorf("%d pages with %d bytes are kept, want %d to %d", s.Entries, s.Bytes, c.min, c.max)
			}
			e.clock.Add(int64(changed.TTL))
			e.draws.Store(0)
			e.get(t, Query{Kind: Events})
			e.wantDraws(t, 1, "after the ttl")
		})
	}
}

// TestPipelineKeepsNothingOfOlderSettings configures while a page is drawn by the settings of before.
func TestPipelineKeepsNothingOfOlderSettings(t *testing.T) {
	e := newEasel(t, nil)
	e.painter(func(ctx context.Context, q Query, at time.Time) (Page, error) {
		e.Configure(config.Default().Cache)
		return painted(ctx, q, at)
	})
	e.get(t, Query{})
	if n := e.Stats().Entries; n != 0 {
		t.Errorf("%d pages are kept", n)
	}
}

func TestAdapt(t *testing.T) {
	const mib = 1 << 20
	configured := size{16 * mib, 5 * time.Minute}
	for _, c := range []struct {
		name    string
		current size
		w       window
		want    size
		why     string
	}{
		{"calm", configured, window{hits: 1000}, configured, ""},
		{"idle", configured, window{}, configured, ""},
		{"few evictions", configured, window{evicted: 15}, configured, ""},
		{"worth it", configured, window{hits: 64, evicted: 16}, configured, ""},
		{"thrash", configured, window{hits: 63, evicted: 16}, size{32 * mib, 5 * time.Minute}, "16 pages were given up against 63 hits within 1m0s"},
		{"thrash again", size{32 * mib, 5 * time.Minute}, window{evicted: 100}, size{50 * mib, 5 * time.Minute}, "100 pages were given up against 0 hits within 1m0s"},
		{"at the ceiling", size{50 * mib, 5 * time.Minute}, window{evicted: 100}, size{50 * mib, 150 * time.Second}, "100 pages were given up against 0 hits within 1m0s"},
		{"shortest", size{50 * mib, 40 * time.Second}, window{evicted: 100}, size{50 * mib, 30 * time.Second}, "100 pages were given up against 0 hits within 1m0s"},
		{"some evictions stay", size{50 * mib, 30 * time.Second}, window{hits: 1000, evicted: 1}, size{50 * mib, 30 * time.Second}, ""},
		{"calm: ttl first", size{50 * mib, 150 * time.Second}, window{hits: 9}, size{50 * mib, 5 * time.Minute}, ""},
		{"calm: still used", size{50 * mib, 5 * time.Minute}, window{used: 20 * mib}, size{50 * mib, 5 * time.Minute}, ""},
		{"calm: half", size{50 * mib, 5 * time.Minute}, window{used: 12 * mib}, size{25 * mib, 5 * time.Minute}, ""},
		{"calm: back", size{25 * mib, 5 * time.Minute}, window{used: 8 * mib}, configured, ""},
	} {
		got, why := adapt(configured, c.current, c.w)
		if got != c.want || why != c.why {
			t.Errorf("%s: got %+v, %q", c.name, got, why)
		}
	}
	short := size{64 << 10, time.Second}
	if got, _ := adapt(short, size{50 * mib, time.Second}, window{evicted: 99}); got != (size{50 * mib, time.Second}) {
		t.Errorf("a short ttl became %+v", got)
	}
}

// TestAdaptNeverLeavesItsBounds walks at random.
func TestAdaptNeverLeavesItsBounds(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	configured := size{3 << 20, 90 * time.Second}
	current := configured
	for i := range 10000 {
		current, _ = adapt(configured, current, window{hits: r.Uint64N(100), evicted: r.Uint64N(40), used: r.Int64N(4 << 20)})
		if current.bytes < configured.bytes || current.bytes > maxAdapted || current.ttl > configured.ttl || current.ttl < minTTL {
			t.Fatalf("step %d: %+v", i, current)
		}
	}
	for range 20 {
		current, _ = adapt(configured, current, window{})
	}
	if current != configured {
		t.Errorf("after a calm time: %+v", current)
	}
}

func TestStepAt(t *testing.T) {
	for _, c := range []struct {
		used, budget int64
		want         Step
	}{
		{0, 100, NoStep}, {69, 100, NoStep}, {70, 100, DropOldest}, {84, 100, DropOldest}, {85, 100, DropHalf},
		{94, 100, DropHalf}, {95, 100, DropAll}, {200, 100, DropAll}, {5, 0, NoStep}, {5, -1, NoStep},
		{7 << 40, 10 << 40, DropOldest},
	} {
		if got := StepAt(c.used, c.budget); got != c.want {
			t.Errorf("%d of %d: step %d, want %d", c.used, c.budget, got, c.want)
		}
	}
}

func TestPipelineEase(t *testing.T) {
	for _, c := range []struct {
		step Step
		gone int
	}{{NoStep, 0}, {DropOldest, 3}, {DropHalf, 5}, {DropAll, 10}} {
		e := newEasel(t, nil)
		for i := range 10 {
			e.get(t, Query{Kind: Events, From: int64(i)})
		}
		for i := 5; i < 10; i++ { // these are asked more often
			e.get(t, Query{Kind: Events, From: int64(i)})
		}
		if got := e.Ease(c.step); got != c.gone {
			t.Errorf("step %d: %d given up, want %d", c.step, got, c.gone)
		}
		s := e.Stats()
		if s.Entries != 10-c.gone || s.Evicted != uint64(c.gone) || s.Step != c.step {
			t.Errorf("step %d: %+v", c.step, s)
		}
		if c.gone > 5 {
			continue
		}
		for i := 5; i < 10; i++ {
			e.get(t, Query{Kind: Events, From: int64(i)})
		}
		e.wantDraws(t, 10, "those that are asked most stay")
	}
}

func TestPipelineDrop(t *testing.T) {
	e := newEasel(t, nil)
	for i := range 10 {
		e.get(t, Query{Kind: Events, From: int64(i)})
	}
	if got := e.Drop(); got != 10 || e.Stats().Entries != 0 {
		t.Errorf("%d given up, %d stay", got, e.Stats().Entries)
	}
	// What is being drawn when everything is dropped is not kept either.
	e.painter(func(ctx context.Context, q Query, at time.Time) (Page, error) {
		e.Drop()
		return painted(ctx, q, at)
	})
	e.get(t, Query{})
	if n := e.Stats().Entries; n != 0 {
		t.Errorf("%d pages are kept from before the drop", n)
	}
}
