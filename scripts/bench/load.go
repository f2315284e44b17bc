package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"calendarbot/scripts/demo/household"

	"github.com/gofiber/fiber/v2"
)

// connections are the loads.
func connections() []int { return []int{1, 16, 64} }

const whatsNext = "/api/whats-next"

// bare is the thing that requests are measured against: fiber, one route, the same bytes.
func bare(ctx context.Context, file, address string) error {
	body, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get(whatsNext, func(c *fiber.Ctx) error {
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

// contender is one of those that answer the same question.
type contender struct {
	name    string
	address string
	servers []*process // whose CPU its answers cost
	loads   map[int][]load
}

// The contenders' names.
const (
	everythingOn  = "everything on"
	bareFiber     = "bare fiber"
	nginxStatic   = "nginx, a file, as Debian sets it up"
	nginxTuned    = "nginx, a file, tuned for it"
	nginxProxy    = "nginx's proxy cache before everything off"
	everythingOff = "everything off"
)

// contenders starts all of them on the first processor; server has the feed.
func (p plan) contenders(ctx context.Context, feed string) (list []*contender, stop func() error, err error) {
	var running []*process
	add := func(name string, servers ...*process) {
		running = append(running, servers[0])
		list = append(list, &contender{name: name, address: servers[0].address, servers: servers, loads: map[int][]load{}})
	}
	agents := map[string]*process{}
	var body []byte
	for name, env := range map[string][]string{everythingOn: allOn(), everythingOff: allOff()} {
		dir := filepath.Join(p.dir, "agent"+fmt.Sprint(len(agents)))
		if err := os.Mkdir(dir, 0o755); err != nil {
			return nil, nil, err
		}
		agent, err := p.serve(ctx, setup{dir: dir, feed: feed, clock: standing(), env: env, prefix: firstCore()})
		if err != nil {
			return nil, nil, err
		}
		if _, body, err = agent.wait(ctx, whatsNext, hasMeeting); err != nil {
			return nil, nil, err
		}
		agents[name] = agent
	}
	file := filepath.Join(p.dir, "body.json")
	if err := os.WriteFile(file, body, 0o644); err != nil {
		return nil, nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, nil, err
	}
	fiber, err := p.start(exec.CommandContext(ctx, "taskset", "-c", "0", p.self, "bare", file, address), address)
	if err != nil {
		return nil, nil, err
	}
	serving := func(address, _ string) string { return fmt.Sprintf(nginxFile, address, file) }
	static, err := p.nginx(ctx, "static", nginxDebian, serving)
	if err != nil {
		return nil, nil, err
	}
	tuned, err := p.nginx(ctx, "tuned", nginxBest, serving)
	if err != nil {
		return nil, nil, err
	}
	proxy, err := p.nginx(ctx, "proxy", nginxBest, func(address, dir string) string {
		return fmt.Sprintf(nginxCache, address, agents[everythingOff].address, dir)
	})
	if err != nil {
		return nil, nil, err
	}
	add(bareFiber, fiber)
	add(everythingOn, agents[everythingOn])
	add(nginxStatic, static)
	add(nginxTuned, tuned)
	add(nginxProxy, proxy, agents[everythingOff])
	add(everythingOff, agents[everythingOff])
	for _, pr := range running {
		if _, _, err := pr.wait(ctx, whatsNext, isOK); err != nil {
			return nil, nil, err
		}
	}
	return list, func() error { return stopAll(running...) }, nil
}

// loaded is wrk with the CPU that the servers spent.
func (p plan) loaded(ctx context.Context, n int, url string, servers []*process, more ...string) (load, error) {
	spent := func() (sum time.Duration, err error) {
		for _, s := range servers {
			cpu, err := s.cpu()
			if err != nil {
				return 0, err
			}
			sum += cpu
		}
		return sum, nil
	}
	before, err := spent()
	if err != nil {
		return load{}, err
	}
	l, err := p.wrk(ctx, n, url, more...)
	if err != nil {
		return load{}, err
	}
	after, err := spent()
	l.cpu = time.Duration(float64(after-before) / l.requests * 1000)
	return l, err
}

// loadRows asks all contenders the same. Rounds are interleaved, so that what disturbs the machine disturbs all.
func loadRows(ctx context.Context, p plan) ([]row, error) {
	server := newFeedServer(household.Large(500, 1))
	defer server.Close()
	list, stop, err := p.contenders(ctx, server.URL)
	if err != nil {
		return nil, err
	}
	for _, n := range connections() {
		for round := range p.rounds {
			say("load: %d connections, round %d of %d", n, round+1, p.rounds)
			for _, c := range list {
				l, err := p.loaded(ctx, n, "http://"+c.address+whatsNext, c.servers)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", c.name, err)
				}
				c.loads[n] = append(c.loads[n], l)
			}
		}
	}
	if err := stop(); err != nil {
		return nil, err
	}
	var rows []row
	for _, n := range connections() {
		of := map[string][]load{}
		for _, c := range list {
			of[c.name] = c.loads[n]
		}
		rows = append(rows, compareLoads(n, of)...)
	}
	return rows, nil
}

// paired is the median of the ratios within each round: what disturbs the machine for longer than a round disturbs both.
func paired(a, b []load, of func(load) float64) float64 {
	ratios := make([]float64, min(len(a), len(b)))
	for i := range ratios {
		ratios[i] = of(a[i]) / of(b[i])
	}
	return median(ratios)
}

// compareLoads is the rows of one number of connections; of has the loads of each contender, round by round.
func compareLoads(n int, of map[string][]load) []row {
	ours := of[everythingOn]
	against := func(name string) row {
		return row{
			What:   fmt.Sprintf("%s at %d connections, against %s", whatsNext, n, name),
			Figure: medianLoad(ours).String(), Against: medianLoad(of[name]).String(),
			Ratio: paired(ours, of[name], func(l load) float64 { return l.rate }),
		}
	}
	fiber, static, off := against(bareFiber), against(nginxStatic), against(everythingOff)
	fiberLoad := medianLoad(of[bareFiber])
	late := row{
		What:   fmt.Sprintf("p99 at %d connections, against %s", n, bareFiber),
		Figure: short(medianLoad(ours).p99), Against: short(fiberLoad.p99),
		Ratio: paired(ours, of[bareFiber], func(l load) float64 { return float64(l.p99) }),
	}
	work := row{
		What:   fmt.Sprintf("CPU per 1000 requests at %d connections, against %s", n, bareFiber),
		Figure: short(medianLoad(ours).cpu), Against: short(fiberLoad.cpu),
		Ratio: paired(ours, of[bareFiber], func(l load) float64 { return float64(l.cpu) }),
	}
	if n > 1 {
		fiber = fiber.goal("≥ 0.90", fiber.Ratio, atLeast, 0.90)
		static = static.goal("≥ 1.0", static.Ratio, atLeast, 1)
		off = off.goal("≥ 5", off.Ratio, atLeast, 5)
		late = late.goal("≤ 2", late.Ratio, atMost, 2)
	}
	steady := row{
		What:   fmt.Sprintf("spread of the requests/s at %d connections, round by round", n),
		Figure: percent(spread(ours, of[bareFiber], func(l load) float64 { return l.rate })),
	}
	return []row{fiber, late, work, static, against(nginxTuned), against(nginxProxy), off, steady}
}

// spread is the standard deviation of the ratios within each round, as a share of their mean: how steady the measurement is.
func spread(a, b []load, of func(load) float64) float64 {
	ratios := make([]float64, min(len(a), len(b)))
	mean := 0.0
	for i := range ratios {
		ratios[i] = of(a[i]) / of(b[i])
		mean += ratios[i] / float64(len(ratios))
	}
	squares := 0.0
	for _, r := range ratios {
		squares += (r - mean) * (r - mean) / float64(len(ratios))
	}
	return math.Sqrt(squares) / mean
}

// wallScript makes wrk ask for what a household's clients ask for, in turn.
const wallScript = `local paths = {"/", "/api/whats-next", "/agenda", "/api/v1/events?days=7", "/?theme=eink", "/api/whats-next"}
local i = 0
request = function()
	i = i % #paths + 1
	return wrk.format("GET", paths[i])
end
`

// script writes wallScript into the scratch folder and returns wrk's arguments.
func (p plan) script() ([]string, error) {
	file := filepath.Join(p.dir, "wall.lua")
	return []string{"--timeout", "20s", "-s", file}, os.WriteFile(file, []byte(wallScript), 0o644)
}

// smallPages is a plan with a copy of the agent's program in memory, where the kernel maps 64 KiB around what is touched, as it does on the
// device (Linux 6.12, ext4). From a disk whose file systems keep 2 MiB in one piece (ext4 from Linux 6.16 on) it maps those whole, and all of the program
// counts as resident though half of it never runs. Where there is no such folder the plan is as it was.
func (p plan) smallPages() (_ plan, remove func() error, err error) {
	dir, err := os.MkdirTemp("/dev/shm", "bench")
	if err != nil {
		say("there is no /dev/shm: all of the program may count as resident")
		return p, func() error { return nil }, nil
	}
	remove = func() error { return os.RemoveAll(dir) }
	program, err := os.ReadFile(p.agent)
	if err == nil {
		p.agent = filepath.Join(dir, "calendarbot")
		err = os.WriteFile(p.agent, program, 0o755)
	}
	if err != nil {
		return p, nil, errors.Join(fmt.Errorf("copy the agent: %w", err), remove())
	}
	return p, remove, nil
}

// memoryRows is the most memory that the agent ever had: start, refresh, then load on all that a household asks for.
func memoryRows(ctx context.Context, p plan) (_ []row, err error) {
	script, err := p.script()
	if err != nil {
		return nil, err
	}
	p, remove, err := p.smallPages()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, remove()) }()
	var rows []row
	for _, c := range []struct {
		events int
		most   float64
	}{{500, 24}, {10_000, 40}} {
		server := newFeedServer(household.Large(c.events, 1))
		defer server.Close()
		dir := filepath.Join(p.dir, fmt.Sprint(c.events))
		if err := os.Mkdir(dir, 0o755); err != nil {
			return rows, err
		}
		agent, err := p.serve(ctx, setup{dir: dir, feed: server.URL, clock: standing(), env: allOn(), prefix: firstCore()})
		if err != nil {
			return rows, err
		}
		if _, _, err := agent.wait(ctx, whatsNext, hasMeeting); err != nil {
			return rows, err
		}
		fetched, err := agent.memory("VmHWM")
		if err != nil {
			return rows, err
		}
		for _, n := range []int{16, 64} {
			if _, err := p.wrk(ctx, n, agent.url("/"), script...); err != nil {
				return rows, err
			}
		}
		high, err := agent.memory("VmHWM")
		if err != nil {
			return rows, err
		}
		if err := stopAll(agent); err != nil {
			return rows, err
		}
		rows = append(rows, row{
			What:   fmt.Sprintf("peak resident memory, %d events, under load", c.events),
			Figure: mib(high), Against: "after the first fetch " + mib(fetched),
		}.goal(fmt.Sprintf("≤ %.0f MiB", c.most), high, atMost, c.most))
	}
	return rows, nil
}
