package web

import (
	"context"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/config"
	"calendarbot/agent/page"
	"calendarbot/agent/store"
)

// still is a configuration that nobody changes.
type still struct {
	Control
	state *config.State
}

func (s still) State() *config.State { return s.state }

// kept is an answer as the pipeline keeps it.
func kept() page.Page {
	body := []byte(`{"meeting":{"meeting_id":"a","subject":"Standup","description":"","attendees":[],"start_iso":"2026-06-15T07:00:00Z","duration_seconds":900,"location":"Room 3B",` +
		`"raw_source":"","seconds_until_start":1800,"end_iso":"2026-06-15T07:15:00Z","all_day":false,"calendar":"Work","join_url":""},"status":{"message":"Starting soon","is_urgent":true,"is_critical":false}}`)
	return page.Page{Status: 200, Type: "application/json; charset=utf-8", Body: body, ETag: tagOf(body), Made: time.Now()}
}

// bareApp is the least that the framework can do to answer the same bytes.
func bareApp(p page.Page) *fiber.App {
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get("/api/whats-next", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, p.Type)
		return c.Send(p.Body)
	})
	return app
}

// wholeApp is this server with a page that is ready.
func wholeApp(t testing.TB, p page.Page) *fiber.App {
	t.Helper()
	events, err := store.Open(t.Context(), store.Options{Path: t.TempDir() + "/hot.db", Zone: time.UTC, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := events.Close(); err != nil {
			t.Error(err)
		}
	})
	cfg := config.Default()
	s := New(Options{
		Control: still{state: &config.State{Config: cfg, Revision: 1}}, Store: events, Zone: time.UTC, Now: time.Now,
		Page: func(context.Context, page.Query) page.Page { return p }, Kept: func(*page.Query) *page.Page { return &p },
	})
	return s.app
}

// client returns what asks an app for the same again and again, without a network.
func client(app *fiber.App, headers ...header) (ask func()) {
	answer := app.Handler()
	ctx := argument(answer)
	ctx.Init2(nil, nil, false)
	ctx.Request.Header.SetMethod(fiber.MethodGet)
	ctx.Request.Header.SetHost("192.168.1.5:8080")
	ctx.Request.Header.Set("User-Agent", "bench")
	for _, h := range headers {
		ctx.Request.Header.Set(h.name, h.value)
	}
	return func() {
		ctx.Request.SetRequestURI("/api/whats-next") // a new request's address is read anew
		ctx.Response.Reset()
		answer(ctx)
	}
}

// argument makes what a function takes; its type is the framework's own affair.
func argument[T any](func(*T)) *T { return new(T) }

// A kept answer costs at most five allocations of ours: the aim is none.
func TestKeptAnswerAllocatesLittle(t *testing.T) {
	p := kept()
	whole, bare := wholeApp(t, p), bareApp(p)
	for _, headers := range [][]header{nil, {{"Accept-Encoding", "gzip, deflate, br"}}, {{"If-None-Match", p.ETag}}} {
		if ours, theirs := testing.AllocsPerRun(200, client(whole, headers...)), testing.AllocsPerRun(200, client(bare, headers...)); ours-theirs > 5 {
			t.Errorf("%v: %v allocations, %v of them the framework's", headers, ours, theirs)
		}
	}
}

func BenchmarkKeptAnswer(b *testing.B) {
	p := kept()
	for _, c := range []struct {
		name    string
		app     *fiber.App
		headers []header
	}{
		{"bare", bareApp(p), nil},
		{"whole", wholeApp(b, p), nil},
		{"whole-gzip", wholeApp(b, p), []header{{"Accept-Encoding", "gzip, deflate"}}},
		{"whole-304", wholeApp(b, p), []header{{"If-None-Match", p.ETag}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			ask := client(c.app, c.headers...)
			b.ReportAllocs()
			for b.Loop() {
				ask()
			}
		})
	}
}
