package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"calendarbot/agent/config"
	"calendarbot/agent/conn"
	"calendarbot/agent/feature"
	"calendarbot/agent/feed"
	"calendarbot/agent/guard"
	"calendarbot/agent/page"
	"calendarbot/agent/run"
	"calendarbot/agent/store"
	"calendarbot/agent/web"
)

const (
	// drawPlaces is how many pages are drawn at the same time; the others wait. More take memory, not time: with 10,000
	// events each drawing needs some MiB, and who asks for the same page shares one (make bench).
	drawPlaces = 2
	drawTime   = 8 * time.Second // for a page, its turn included; then the last good one is shown
	applyTime  = time.Minute     // for telling the parts what holds
)

// agent is every part of the program that a change of the configuration reaches.
type agent struct {
	log   *slog.Logger
	level *slog.LevelVar

	live      *config.Live
	gates     gates
	client    *conn.HTTP
	store     *store.Store
	refresher *feed.Refresher

	plain, fast *page.Direct // with nothing before the store, and with batches
	batch       *page.Batch
	memory      *page.Memory
	pipeline    *page.Pipeline
	ladder      *page.Ladder
}

// serve builds every part, starts the tasks and waits until ctx ends.
func serve(ctx context.Context, in config.Input, now func() time.Time, log *slog.Logger, level *slog.LevelVar) (err error) {
	// Memory is scarcer than time on the device: collecting twice as often takes a fifth off the peak while a
	// large feed is read and shown, for a tenth more CPU there (make bench).
	debug.SetGCPercent(50)
	a := &agent{log: log, level: level}
	if a.gates, err = newGates(deviceID("/etc/machine-id", os.Hostname)); err != nil {
		return err
	}
	if err := a.open(ctx, in, now); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.store.Close()) }()
	cfg := a.live.State().Config
	zone := cfg.Device.Location()

	a.client = conn.NewHTTP(conn.HTTPOptions{HTTP: cfg.HTTP, Now: now, UserAgent: userAgent(), Gate: a.gates.http, Adaptive: a.gates.adapting.On})
	defer a.client.CloseIdle()
	a.refresher = feed.New(feed.Options{HTTP: a.client, Store: a.store, Zone: zone, Feeds: cfg.Feeds, Now: now, Log: log})
	if err := a.buildPages(cfg, zone, now); err != nil {
		return err
	}

	listener, err := listen(cfg.Web)
	if err != nil {
		return err
	}
	local, err := listenLocal(cfg.Web.Socket)
	if err != nil {
		log.Warn("commands such as \"calendarbot config\" will not reach this program", "error", err)
	}
	var group *run.Group
	control := newControl(controlOptions{
		Live: a.live, File: in.Path, Log: log, Apply: a.apply,
		Reloading: func(read func() string) { group.Reload(read) },
	})
	server := web.New(web.Options{
		Control: control, Page: a.ladder.Page, Kept: a.ladder.Kept, Store: a.store, Refresher: a.refresher,
		Zone: zone, Now: now, Log: log, Version: version, Listener: listener, Local: local,
		Gates: a.gates.list(), Pipeline: a.pipeline, Batch: a.batch, Ladder: a.ladder, Pools: a.pools,
	})
	group = run.NewGroup(log, control, a.refresher, a.pipeline, a.memory, conn.NewTender(log, a.client, a.store), server)
	control.settle()
	log.Info("serving", "address", "http://"+listener.Addr().String(), "version", version)
	return group.Run(ctx)
}

// open opens the database and finds the configuration that holds. What can be used of the one that is given says where the
// database is; the database knows the last one that could be used whole.
func (a *agent) open(ctx context.Context, in config.Input, now func() time.Time) error {
	usable, _, problems := config.Load(in)
	kept, err := store.Open(ctx, store.Options{
		Path: usable.Store.Path, Zone: usable.Device.Location(), Now: now,
		DB: conn.DBOptions{DB: usable.DB, Gate: a.gates.database, Adaptive: a.gates.adapting.On},
	})
	if err != nil {
		if problems != nil {
			err = errors.Join(notUsable(problems), err)
		}
		return err
	}
	if words := kept.Recovered(); words != "" {
		a.log.Warn("database", "recovered", words)
	}
	live, err := config.Start(ctx, in, kept, now)
	if err != nil {
		return errors.Join(notUsable(err), kept.Close())
	}
	if words := live.State().Problem; words != "" {
		a.log.Error("configuration", "problem", words)
	}
	a.store, a.live = kept, live
	a.store.SetZone(live.State().Config.Device.Location())
	return nil
}

// buildPages puts the parts that answer before each other: the optional ones in front of the plain one.
func (a *agent) buildPages(cfg config.Config, zone *time.Location, now func() time.Time) (err error) {
	a.batch = page.NewBatch(a.store, page.BatchOptions{On: a.gates.batching.On, Limits: cfg.Batch})
	direct := func(events page.Reader) *page.Direct {
		return page.NewDirect(page.DirectOptions{Store: events, Config: cfg, Zone: zone, Now: now, Version: version, Notice: a.notice})
	}
	a.plain, a.fast = direct(a.store), direct(a.batch)
	a.memory = page.NewMemory(page.MemoryOptions{
		Dir: filepath.Join(filepath.Dir(cfg.Store.Path), "last-good"), Generation: a.generation, Log: a.log,
	})
	a.pipeline, err = page.NewPipeline(page.PipelineOptions{
		Draw: a.memory.Keep(page.Bound(a.fast.Draw, drawPlaces, drawTime)), Generation: a.generation, Now: now, Cache: cfg.Cache, Log: a.log,
		Warm: a.gates.warming.On, Adapt: a.gates.adapting.On, Compress: a.gates.compression.On,
	})
	if err != nil {
		return err
	}
	a.ladder = page.NewLadder(page.LadderOptions{
		Fast: a.pipeline.Page, Kept: a.pipeline.Kept, Plain: page.Filled(a.memory.Keep(page.Bound(a.plain.Draw, drawPlaces, drawTime)), now),
		Gate: a.gates.pipeline, Memory: a.memory, Zone: zone, Now: now, Log: a.log,
	})
	return nil
}

// apply tells every part what holds. Whatever changes, by a file, a command or the state of the device, ends here.
func (a *agent) apply(state *config.State, emergency string) {
	cfg := state.Config
	a.level.Set(logLevel(cfg.Log))
	for _, gate := range a.gates.list() {
		gate.SetRecovery(cfg.Breaker.Recovery)
		gate.Tell(guard.Word{Emergency: emergency, Setting: cfg.Features.Setting(gate.Feature())})
	}
	a.client.Configure(cfg.HTTP)
	a.store.Configure(cfg.DB)
	a.batch.Configure(cfg.Batch)
	a.plain.Configure(cfg)
	a.fast.Configure(cfg)
	a.pipeline.Configure(cfg.Cache)
	a.refresher.SetFeeds(cfg.Feeds)
	ctx, cancel := context.WithTimeout(context.Background(), applyTime)
	defer cancel()
	if err := a.refresher.Configure(ctx, cfg.Sources); err != nil {
		a.log.Error("take over the calendars of the configuration", "error", err)
	}
}

// generation grows with everything that pages are made from.
func (a *agent) generation() uint64 {
	const bits = 40 // more generations of the store than a device will see
	return a.live.State().Revision<<bits + a.store.Generation()
}

// notice is what people should read on the pages: about the database, and the configuration.
func (a *agent) notice() string {
	if words := a.store.Recovered(); words != "" {
		return words
	}
	if problem := a.live.State().Problem; problem != "" {
		return configurationNotice(problem)
	}
	return ""
}

// configurationNotice is what a page says of a problem with the configuration: the first line of it that names a line of the
// file. Without one it may be about anything else, such as a variable or a change that could not be stored.
func configurationNotice(problem string) string {
	const most = 160 // runes of that line
	for line := range strings.Lines(problem) {
		line = strings.TrimSpace(line)
		if !namesLine(line) {
			continue
		}
		if r := []rune(line); len(r) > most {
			line = string(r[:most-1]) + "…"
		}
		return "The configuration file cannot be used; the last good one holds: " + line
	}
	return "Something is wrong with the configuration; \"calendarbot config show\" says what"
}

// namesLine tells whether a line begins with the name of a file and a number in it, as in calendarbot.yaml:3.
func namesLine(line string) bool {
	place, _, _ := strings.Cut(line, ": ")
	i := strings.LastIndexByte(place, ':')
	if i < 1 {
		return false
	}
	_, err := strconv.ParseUint(place[i+1:], 10, 31)
	return err == nil
}

// pools tells how the pools of connections stand.
func (a *agent) pools() []conn.Stats {
	return []conn.Stats{a.client.Stats(), a.store.Connections()}
}

// gates are the gates of the optional parts.
type gates struct{ http, database, pipeline, batching, warming, adapting, compression *guard.Gate }

// newGates returns a gate for every feature; those that can fail have a breaker. The two pools fail each by itself.
func newGates(device string) (gates, error) {
	var g gates
	for _, made := range []struct {
		gate **guard.Gate
		name string
		part string
		guard.Limits
	}{
		{&g.http, feature.ConnectionPooling, "http", guard.Limits{Consecutive: 5}},
		{&g.database, feature.ConnectionPooling, "database", guard.Limits{Consecutive: 5}},
		{&g.pipeline, feature.RequestPipeline, "", guard.Limits{Ratio: 0.10, Least: 20, Interval: time.Minute}},
		{&g.batching, feature.RequestBatching, "", guard.Limits{}},
		{&g.warming, feature.CacheWarming, "", guard.Limits{}},
		{&g.adapting, feature.AdaptiveSizing, "", guard.Limits{}},
		{&g.compression, feature.HTTPCompression, "", guard.Limits{}},
	} {
		f, err := feature.Find(made.name)
		if err != nil {
			return gates{}, err
		}
		*made.gate = guard.New(f, device, made.Limits).Of(made.part)
	}
	return g, nil
}

// list returns all of them.
func (g gates) list() []*guard.Gate {
	return []*guard.Gate{g.http, g.database, g.pipeline, g.batching, g.warming, g.adapting, g.compression}
}

// listen returns the socket that the service manager hands over, or opens one.
func listen(w config.Web) (net.Listener, error) {
	inherited, err := run.Listener()
	if err != nil || inherited != nil {
		return inherited, err
	}
	l, err := net.Listen("tcp", net.JoinHostPort(w.Host, fmt.Sprint(w.Port)))
	if err != nil {
		return nil, fmt.Errorf("listen on port %d (another port: --port, CALENDARBOT_WEB_PORT or web.port): %w", w.Port, err)
	}
	return l, nil
}

// userAgent is how feeds' servers know us.
func userAgent() string { return "CalendarBot/" + version }
