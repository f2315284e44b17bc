package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"calendarbot/scripts/demo/household"

	"github.com/gofiber/fiber/v2"
)

// connections are the loads.
var connections = []int{1, 16, 64}

// bare is the thing that requests are measured against: fiber, one route, the same bytes.
func bare(ctx context.Context, file, address string) error {
	body, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get("/api/whats-next", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
		return c.Send(body)
	})
	stopped := context.AfterFunc(ctx, func() {
		if err := app.Shutdown(); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
	})
	defer stopped()
	return app.Listen(address)
}

// loadRows measures requests per second; servers run on the first processor, wrk on the second.
func loadRows(ctx context.Context, p plan) ([]row, error) {
	server := newFeedServer(household.Large(500, 1))
	defer server.Close()
	dir := filepath.Join(p.dir, "load")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	agent, err := p.serve(ctx, dir, server.URL, "taskset", "-c", "0")
	if err != nil {
		return nil, err
	}
	_, body, err := agent.wait(ctx, "/api/whats-next", hasMeeting)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "body.json")
	if err := os.WriteFile(file, body, 0o644); err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	plain, err := startProcess(exec.CommandContext(ctx, "taskset", "-c", "0", p.self, "bare", file, address), address)
	if err != nil {
		return nil, err
	}
	if _, _, err := plain.wait(ctx, "/api/whats-next", func(status int, _ []byte) bool { return status == http.StatusOK }); err != nil {
		return nil, err
	}
	var rows []row
	for _, n := range connections {
		base, err := p.wrk(ctx, n, plain.address)
		if err != nil {
			return nil, err
		}
		ours, err := p.wrk(ctx, n, agent.address)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{
			what:    fmt.Sprintf("/api/whats-next at %d connections", n),
			figure:  ours.String(),
			against: "bare fiber " + base.String(),
			ratio:   fmt.Sprintf("%.3f", ours.rate/base.rate),
		})
	}
	high, err := agent.memory("VmHWM")
	if err != nil {
		return nil, err
	}
	rows = append(rows, row{what: "peak resident memory under load, 500 events", figure: mib(high), goal: "≤ 24 MiB"})
	for _, pr := range []*process{agent, plain} {
		if _, err := pr.stop(); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// load is what wrk saw.
type load struct {
	rate float64 // requests per second
	p99  string
}

func (l load) String() string { return fmt.Sprintf("%.0f req/s, p99 %s", l.rate, l.p99) }

var (
	rateLine = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)
	p99Line  = regexp.MustCompile(`99%\s+(\S+)`)
	badLine  = regexp.MustCompile(`(Non-2xx[^\n]*|Socket errors[^\n]*)`)
)

// wrk loads a server with n connections.
func (p plan) wrk(ctx context.Context, n int, address string) (load, error) {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return load{}, err
	}
	seconds := strconv.Itoa(max(1, int(p.load/time.Second))) + "s"
	out, err := exec.CommandContext(ctx, "taskset", "-c", "1", "wrk", "--latency", "-t1", "-c"+strconv.Itoa(n), "-d"+seconds, "http://"+address+"/api/whats-next").CombinedOutput()
	if err != nil {
		return load{}, fmt.Errorf("wrk: %w\n%s", err, out)
	}
	if bad := badLine.Find(out); bad != nil {
		return load{}, fmt.Errorf("wrk at %d connections: %s", n, bad)
	}
	rate, p99 := rateLine.FindSubmatch(out), p99Line.FindSubmatch(out)
	if rate == nil || p99 == nil {
		return load{}, fmt.Errorf("wrk printed something unexpected:\n%s", out)
	}
	l := load{p99: string(p99[1])}
	l.rate, err = strconv.ParseFloat(string(rate[1]), 64)
	return l, err
}
