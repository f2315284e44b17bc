package page

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// leaf draws pages with a body that hold for a minute.
func leaf(body []byte, live ...Live) Draw {
	return func(_ context.Context, _ Query, at time.Time) (Page, error) {
		return Page{Status: 200, Type: "text/html", Body: body, ETag: `"abc"`, Until: at.Add(time.Minute), Mark: 5, Live: live}, nil
	}
}

func unpacked(t testing.TB, body []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

func TestVariantIsMadeFromTheKeptPage(t *testing.T) {
	e := newEasel(t, nil)
	body := []byte(strings.Repeat("<p>Design review</p>", 200))
	e.painter(leaf(body))
	plain := e.get(t, Query{Kind: Agenda})
	for range 3 {
		got := e.get(t, Query{Kind: Agenda, Encoding: "gzip"})
		if got.Encoding != "gzip" || got.ETag != `"abc-gzip"` || got.Type != plain.Type || got.Status != 200 || !got.Until.Equal(plain.Until) || got.Mark != 0 {
			t.Errorf("got %+v", got)
		}
		if !bytes.Equal(unpacked(t, got.Body), body) {
			t.Error("the body is another one")
		}
	}
	e.wantDraws(t, 1, "one page in two variants")
	s := e.Stats()
	if s.Compressed != 1 || s.Entries != 2 || s.Hits != 3 || s.Misses != 1 {
		t.Errorf("stats %+v", s)
	}
	if plain.Encoding != "" || plain.ETag != `"abc"` || plain.Mark != 5 {
		t.Errorf("the page itself became %+v", plain)
	}
	e.set("10:01:00")
	e.get(t, Query{Kind: Agenda, Encoding: "gzip"})
	e.wantDraws(t, 2, "the variant ends with its page")
	e.generation.Add(1)
	e.get(t, Query{Kind: Agenda, Encoding: "gzip"})
	e.wantDraws(t, 3, "and with its generation")
}

func TestVariantOnlyWhereItIsOfUse(t *testing.T) {
	noise := make([]byte, 4000)
	if _, err := rand.Read(noise); err != nil {
		t.Fatal(err)
	}
	text := []byte(strings.Repeat("0123456789abcdef", 256))
	var off atomic.Bool
	for name, c := range map[string]struct {
		draw Draw
		off  bool
		kept bool
	}{
		"small":             {draw: leaf(text[:minPacked-1]), kept: true},
		"live":              {draw: leaf(text, Live{At: 9, Until: time.Unix(0, 0)}), kept: true},
		"does not compress": {draw: leaf(noise), kept: true},
		"off":               {draw: leaf(text), off: true, kept: true},
		"too large to keep": {draw: leaf(bytes.Repeat(text, 30))},
		"no success": {draw: func(context.Context, Query, time.Time) (Page, error) {
			return Page{Status: 503, Body: text, ETag: `"abc"`}, nil
		}},
	} {
		t.Run(name, func(t *testing.T) {
			off.Store(c.off)
			e := newEasel(t, func(o *PipelineOptions) { o.Compress = func() bool { return !off.Load() } })
			e.painter(c.draw)
			want := e.get(t, Query{})
			for range 3 {
				got := e.get(t, Query{Encoding: "gzip"})
				if got.Encoding != "" || !bytes.Equal(got.Body, want.Body) || got.ETag != want.ETag {
					t.Errorf("got %+v", got)
				}
			}
			s := e.Stats()
			if s.Compressed != 0 || (s.Entries == 1) != c.kept || (s.Hits == 3) != c.kept {
				t.Errorf("stats %+v", s)
			}
		})
	}
}

func TestVariantAtTheSmallestSize(t *testing.T) {
	e := newEasel(t, nil)
	e.painter(leaf([]byte(strings.Repeat("a", minPacked))))
	if got := e.get(t, Query{Encoding: "gzip"}); got.Encoding != "gzip" {
		t.Errorf("1 KiB is not packed: %+v", got)
	}
}

func TestVariantUnknownEncodingIsNone(t *testing.T) {
	e := newEasel(t, nil)
	e.get(t, Query{Encoding: "br"})
	e.get(t, Query{})
	e.wantDraws(t, 1, "an unknown encoding and none")
}

func TestVariantOfAPageThatCannotBeDrawn(t *testing.T) {
	e := newEasel(t, nil)
	e.painter(func(context.Context, Query, time.Time) (Page, error) { return Page{}, errors.New("no disk") })
	var drawing *DrawError
	if _, err := e.Page(t.Context(), Query{Encoding: "gzip"}); !errors.As(err, &drawing) {
		t.Errorf("error %v", err)
	}
}

// TestVariantForOneWhoLeft asks with an ended context while the page is kept and its variant is not.
func TestVariantForOneWhoLeft(t *testing.T) {
	e := newEasel(t, nil)
	e.painter(leaf([]byte(strings.Repeat("a", minPacked))))
	e.get(t, Query{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var drawing *DrawError
	if _, err := e.Page(ctx, Query{Encoding: "gzip"}); !errors.Is(err, context.Canceled) || !errors.As(err, &drawing) {
		t.Errorf("error %v", err)
	}
}

// TestVariantWhileSomethingChanges packs a page of a generation that ends meanwhile.
func TestVariantWhileSomethingChanges(t *testing.T) {
	e := newEasel(t, nil)
	e.painter(leaf([]byte(strings.Repeat("a", 5000))))
	k := e.key(Query{Encoding: "gzip"})
	plain, err := e.identity(t.Context(), Query{})
	if err != nil {
		t.Fatal(err)
	}
	e.generation.Add(1)
	got, err := e.pack(t.Context(), k, plain)
	if err != nil || got.page.Encoding != "gzip" || e.Stats().Entries != 1 {
		t.Errorf("got %v, %v; %+v", got, err, e.Stats())
	}
}

func TestVariantsOfManyAtOnce(t *testing.T) {
	e := newEasel(t, nil)
	bodies := map[Kind][]byte{}
	for kind := range Kind(8) {
		bodies[kind] = bytes.Repeat([]byte{'a' + byte(kind), 'x', byte(kind)}, 3000)
	}
	e.painter(func(ctx context.Context, q Query, at time.Time) (Page, error) {
		return leaf(bodies[q.Kind])(ctx, q, at)
	})
	var wg sync.WaitGroup
	for i := range 64 {
		wg.Go(func() {
			kind := Kind(i % 8)
			got, err := e.Page(t.Context(), Query{Kind: kind, Encoding: "gzip"})
			if err != nil || !bytes.Equal(unpacked(t, got.Body), bodies[kind]) {
				t.Errorf("kind %d: %v", kind, err)
			}
		})
	}
	wg.Wait()
	if s := e.Stats(); s.Compressed != 8 || s.Drawn != 8 {
		t.Errorf("stats %+v", s)
	}
}

func BenchmarkPack(b *testing.B) {
	var z packer
	body := []byte(strings.Repeat("<li class=\"item\">Design review <time>14:00</time></li>\n", 200))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := z.pack(body); err != nil {
			b.Fatal(err)
		}
	}
}
