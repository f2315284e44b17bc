package page

import (
	"context"
	"testing"
	"time"
)

// All who ask within a second get the same bytes, and each second its own, also when the clock goes back.
func TestKeptPageIsFilledOnceASecond(t *testing.T) {
	start := at(t, "2026-06-15 09:00:00")
	e := newEasel(t, func(o *PipelineOptions) {
		o.Draw = func(_ context.Context, _ Query, at time.Time) (Page, error) {
			return Page{Status: 200, Body: []byte(`{"s":}`), ETag: `"e"`, Until: at.Add(time.Hour), Live: []Live{{At: 5, Until: start.Add(time.Minute)}}}, nil
		}
	})
	k := e.key(Query{Kind: WhatsNext})
	drawn, err := e.miss(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		at   time.Duration
		body string
	}{
		{0, `{"s":60}`}, {999 * time.Millisecond, `{"s":60}`}, {time.Second, `{"s":59}`}, {0, `{"s":60}`}, {-time.Millisecond, `{"s":61}`}, {90 * time.Second, `{"s":-30}`},
	} {
		moment := start.Add(c.at)
		got, again := drawn.shown(moment), drawn.shown(moment)
		if want := Fill(drawn.page, moment); string(got.Body) != c.body || got.ETag != want.ETag || got.Live != nil {
			t.Errorf("%v: %s %s %v, want %s %s", c.at, got.Body, got.ETag, got.Live, c.body, want.ETag)
		}
		if &got.Body[0] != &again.Body[0] {
			t.Errorf("%v: filled twice", c.at)
		}
	}
	if still := (&kept{page: Page{Body: []byte("a")}}); string(still.shown(start).Body) != "a" {
		t.Error("a page without anything live is not as it was drawn")
	}
}
