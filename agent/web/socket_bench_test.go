package web

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"runtime"
	"strconv"
	"testing"
	"time"

	"calendarbot/agent/config"
	"calendarbot/agent/feature"
	"calendarbot/agent/guard"
	"calendarbot/agent/page"
	"calendarbot/agent/store"
)

// BenchmarkSockets asks over 16 connections for an answer that is kept: the framework alone, and everything that stands in a request's
// way in the program. ARCHITECTURE.md says how to see from it where the time goes.
func BenchmarkSockets(b *testing.B) {
	b.Run("bare", func(b *testing.B) {
		app := bareApp(kept())
		asked(b, listenOn(b, func(ctx context.Context, l net.Listener) error {
			defer context.AfterFunc(ctx, func() {
				if err := app.Shutdown(); err != nil {
					b.Error(err)
				}
			})()
			return app.Listener(l)
		}))
	})
	b.Run("whole", func(b *testing.B) {
		asked(b, listenOn(b, func(ctx context.Context, l net.Listener) error { return wholeServer(b, l).Run(ctx) }))
	})
}

// wholeServer is this server before the ladder and the pipeline, with one page to draw.
func wholeServer(b *testing.B, l net.Listener) *Server {
	cfg := config.Default()
	events, err := store.Open(b.Context(), store.Options{Path: b.TempDir() + "/sockets.db", Zone: time.UTC, Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := events.Close(); err != nil {
			b.Error(err)
		}
	})
	state := &config.State{Config: cfg, Revision: 1}
	pipeline, err := page.NewPipeline(page.PipelineOptions{
		Draw: func(_ context.Context, _ page.Query, at time.Time) (page.Page, error) {
			p := kept()
			p.Until, p.Live = at.Add(time.Hour), []page.Live{{At: bytes.Index(p.Body, []byte("1800")), Until: at.Add(time.Hour)}}
			return p, nil
		},
		Generation: events.Generation, Now: time.Now, Cache: cfg.Cache,
	})
	if err != nil {
		b.Fatal(err)
	}
	f, err := feature.Find(feature.RequestPipeline)
	if err != nil {
		b.Fatal(err)
	}
	ladder := page.NewLadder(page.LadderOptions{
		Fast: pipeline.Page, Kept: pipeline.Kept, Now: time.Now, Zone: time.UTC,
		Gate: guard.New(f, "bench", guard.Limits{Ratio: 0.1, Least: 20, Interval: time.Minute}),
	})
	return New(Options{Control: still{state: state}, Store: events, Zone: time.UTC, Now: time.Now, Page: ladder.Page, Kept: ladder.Kept, Listener: l})
}

// listenOn serves on a free port until the benchmark ends.
func listenOn(b *testing.B, serve func(context.Context, net.Listener) error) (address string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, l) }()
	b.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			b.Error(err)
		}
	})
	return l.Addr().String()
}

// asked asks as often as the benchmark wants.
func asked(b *testing.B, address string) {
	b.SetParallelism((16 + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			b.Error(err)
			return
		}
		defer conn.Close()
		in, question := bufio.NewReader(conn), []byte("GET /api/whats-next HTTP/1.1\r\nHost: 192.168.1.5:8080\r\n\r\n")
		for pb.Next() {
			if err := ask(conn, question, in); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// ask sends one request and reads its answer.
func ask(conn net.Conn, question []byte, in *bufio.Reader) error {
	if _, err := conn.Write(question); err != nil {
		return err
	}
	length := 0
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if value, found := bytes.CutPrefix(line, []byte("Content-Length: ")); found {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
		if len(line) == len("\r\n") {
			break
		}
	}
	_, err := in.Discard(length)
	return err
}
