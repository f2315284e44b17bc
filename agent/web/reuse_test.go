package web

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"calendarbot/agent/page"
)

// The framework's strings live in buffers that the next request overwrites. Queries are kept by whoever draws
// pages (as keys of a cache), and ids by the store; if either borrowed its memory, the text would change under it.
func TestNothingBorrowedIsKept(t *testing.T) {
	var mu sync.Mutex
	var queries []page.Query
	d := start(t, func(o *Options) {
		o.Page = func(_ context.Context, q page.Query) page.Page {
			mu.Lock()
			defer mu.Unlock()
			queries = append(queries, q)
			return page.Page{Status: 200, Type: "text/html; charset=utf-8", Body: []byte(q.Search + q.Source)}
		}
	})
	const clients, requests = 8, 40
	want := map[string]bool{}
	var all sync.WaitGroup
	for client := range clients {
		for i := range requests {
			want[marker(client, i)] = true
		}
		all.Go(func() {
			for i := range requests {
				m := marker(client, i)
				if a := d.ask("GET", "/agenda?tz=UTC&theme=dark&days="+fmt.Sprint(1+i%31), ""); a.StatusCode != 200 {
					t.Errorf("%d", a.StatusCode)
				}
				if a := d.ask("POST", "/api/skip", `{"meeting_id":"`+m+`"}`); a.StatusCode != 200 {
					t.Errorf("%d %s", a.StatusCode, a.body)
				}
				if a := d.ask("POST", "/hide", "id="+m+"&title="+m, asForm()); a.StatusCode != 303 {
					t.Errorf("%d %s", a.StatusCode, a.body)
				}
				if a := d.ask("POST", "/api/v1/hidden", `{"id":"v1`+m+`","title":"v1`+m+`"}`, asJSON(), withToken()); a.StatusCode != 201 {
					t.Errorf("%d %s", a.StatusCode, a.body)
				}
			}
		})
	}
	all.Wait()
	kept := d.kept()
	for id := range kept.Skipped {
		if !want[id] {
			t.Errorf("skipped %q", id)
		}
	}
	for id, h := range kept.Hidden {
		if id != h.ID || id != h.Title || !want[strings.TrimPrefix(id, "v1")] {
			t.Errorf("hidden %q as %+v", id, h)
		}
	}
	if len(kept.Skipped) != clients*requests || len(kept.Hidden) != 2*clients*requests {
		t.Errorf("%d skipped, %d hidden", len(kept.Skipped), len(kept.Hidden))
	}
	for _, q := range queries {
		if q.Kind == page.Agenda && (q.Zone != "UTC" || q.Theme != "dark") {
			t.Errorf("%+v", q)
		}
	}
}

// marker is a text of the same length for each request, so that an overwritten buffer shows another's.
func marker(client, request int) string { return fmt.Sprintf("marker-%03d-%05d", client, request) }

// Queries keep their text however many requests follow.
func TestQueriesKeepTheirText(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]page.Query{}
	d := start(t, func(o *Options) {
		o.Page = func(_ context.Context, q page.Query) page.Page {
			mu.Lock()
			defer mu.Unlock()
			seen[string([]byte(q.Search))] = q // the key is a copy, the query as it came
			return page.Page{Status: 404, Type: "application/problem+json", Body: []byte(`{"type":"about:blank","title":"x","status":404,"code":"x","detail":"x"}`)}
		}
	})
	var all sync.WaitGroup
	for client := range 8 {
		all.Go(func() {
			for i := range 50 {
				m := marker(client, i)
				d.ask("GET", "/api/v1/events?search="+m+"&calendar="+m+"&tz=Europe/Berlin", "")
			}
		})
	}
	all.Wait()
	if len(seen) != 8*50 {
		t.Errorf("%d queries", len(seen))
	}
	for m, q := range seen {
		if q.Search != m || q.Source != m || q.Zone != "Europe/Berlin" {
			t.Errorf("%s became %+v", m, q)
		}
	}
}
