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
	"time"

	"calendarbot/agent/budget"
	"calendarbot/agent/clock"
	"calendarbot/agent/config"
	"calendarbot/agent/conn"
	"calendarbot/agent/feed"
	"calendarbot/agent/health"
	"calendarbot/agent/network"
	"calendarbot/agent/page"
	"calendarbot/agent/pressure"
	"calendarbot/agent/run"
	"calendarbot/agent/store"
	"calendarbot/agent/web"
)

const (
	// drawPlaces is how many pages are drawn at the same time; the others wait. More take memory, not time: with 10,000
	// events each drawing needs some MiB, which two at a time bring to 37-45 MiB in all, one to 35-39, and who asks for the
	// same page shares one (make bench ONLY=memory).
	drawPlaces = 1
	drawTime   = 8 * time.Second // for a page, its turn included; then the last good one is shown

	failuresInARow = 5 // that make a pool of connections be given up for a while

	// How long a loop may be silent before the watchdog takes it for hanging.
	controlBeat   = 12 * time.Second // twice lookEvery and some
	changeBeat    = 45 * time.Second // a change, on a card that stalls
	ownPageBeat   = 20 * time.Second
	refresherBeat = time.Minute // beyond the time that one fetch may take
	monitorBeat   = time.Minute // beyond three readings
)

// agent is every part of the program.
type agent struct {
	log   *slog.Logger
	level *slog.LevelVar
	clock *clock.Clock

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

	control *control
	monitor *pressure.Monitor
	care    *care
	server  *web.Server
	ownPage *ownPage
	beats   *health.Beats
	group   *run.Group

	told struct { // what the parts were told last, under the lock of control
		revision uint64
		share    budget.Budget
	}
}

// options is what the program is made of, beside its configuration.
type options struct {
	input  config.Input
	now    func() time.Time     // the program's clock
	passed func() time.Duration // since any moment, by a clock that is never set; nil for the system's own
	tested bool                 // a test's clock, which is right whatever it says
	root   string               // in front of /proc, /sys and /run; "" for the system's own
	log    *slog.Logger
	level  *slog.LevelVar

	listener, local net.Listener // of the server; may be nil
}

// serve builds every part, starts the tasks and waits until ctx ends.
func serve(ctx context.Context, o options) (err error) {
	// Memory is scarcer than time on the device: collecting three times as often as usual takes a fifth off the peak while a large feed is
	// read and shown, and half a MiB more than at 40 under load, for a fifth more CPU while the feed is read (make bench).
	debug.SetGCPercent(30)
	a, err := newAgent(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	cfg := a.live.State().Config.Web
	if o.listener, err = listen(cfg); err != nil {
		return err
	}
	if o.local, err = listenLocal(cfg.Socket); err != nil {
		o.log.Warn("commands such as \"calendarbot config\" will not reach this program", "error", err)
	}
	a.assemble(o)
	o.log.Info("serving", "address", "http://"+o.listener.Addr().String(), "version", version)
	if err := a.group.Run(ctx); err != nil {
		return err
	}
	a.care.end()
	return nil
}

// newAgent builds the parts that hold what is served. It starts nothing; close is to be called at the end.
func newAgent(ctx context.Context, o options) (a *agent, err error) {
	a = &agent{log: o.log, level: o.level, beats: health.NewBeats()}
	a.clock = clock.New(clock.Options{
		Now: o.now, Elapsed: o.passed, Root: o.root, Floor: built(), Given: o.tested,
		Moved: func(by time.Duration) { a.store.Moved(by) }, // nobody looks at it again before the store is open
	})
	if a.gates, err = newGates(deviceID("/etc/machine-id", os.Hostname)); err != nil {
		return nil, err
	}
	if err := a.open(ctx, o.input, o.now); err != nil {
		return nil, err
	}
	cfg := a.live.State().Config
	zone := cfg.Device.Location()
	a.client = conn.NewHTTP(conn.HTTPOptions{HTTP: cfg.HTTP, Now: o.now, UserAgent: userAgent(), Gate: a.gates.http, Adaptive: a.gates.adapting.On})
	a.refresher = feed.New(feed.Options{HTTP: a.client, Store: a.store, Zone: zone, Feeds: cfg.Feeds, Now: o.now, Log: o.log, Clock: a.clock})
	if err := a.buildPages(cfg, zone, o.now); err != nil {
		return nil, errors.Join(err, a.close())
	}
	return a, nil
}

// close gives back what newAgent took.
func (a *agent) close() error {
	a.client.CloseIdle()
	return a.store.Close()
}

// assemble builds what turns the parts into a program: who tells them what holds, who watches them, and who shows them.
func (a *agent) assemble(o options) {
	cfg := a.live.State().Config
	zone := cfg.Device.Location()
	a.control = newControl(controlOptions{
		Live: a.live, File: o.input.Path, Log: o.log, Apply: a.apply,
		Reloading: func(read func() string) { a.group.Reload(read) },
		Beat:      hang(func() {}),
	})
	a.monitor = pressure.NewMonitor(pressure.Options{
		Sensor: pressure.NewSensor(o.root), Limits: limits(cfg.Pressure), Every: cfg.Pressure.Every, Now: o.now, Zone: zone,
		Service: a.service, Judged: func(s pressure.Assessment, r *pressure.Reading) { a.care.judged(s, r) }, Days: func(ctx context.Context, d pressure.Day) error { return a.care.keepDay(ctx, d) }, Log: o.log,
	})
	a.care = newCare(a, o)
	a.server = web.New(web.Options{
		Control: a.control, Page: a.ladder.Page, Kept: a.ladder.Kept, Store: a.store, Refresher: a.refresher,
		Zone: zone, Now: o.now, Log: o.log, Version: version, Listener: o.listener, Local: o.local,
		Gates: a.gates.list(), Pipeline: a.pipeline, Batch: a.batch, Ladder: a.ladder, Pools: a.pools,
		Health: a.care.Report, Pressure: a.monitor.State, History: a.monitor.History, Days: a.store.Days, Actions: a.store.Actions,
		Clock: a.clock.State, Rollback: a.care.Rollback, Budget: a.control.Share, Late: a.beats.Late,
		Network: network.NewExchange(o.root, filepath.Dir(cfg.Store.Path)),
		Places:  web.Places{Root: o.root, State: filepath.Dir(cfg.Store.Path)},
	})
	a.ownPage = newOwnPage(a.server.Addr, a.server.SelfKey(), a.beats.Expect("look at its own page", ownPageBeat), o.log)
	a.beats.Ask("control", a.control.Round)
	a.beats.Ask("refresher", a.refresherRound)
	a.beats.Ask("pressure monitor", a.care.Round)
	a.group = run.NewGroup(o.log, a.clock, a.control, a.refresher, a.pipeline, a.memory, conn.NewTender(o.log, a.client, a.store),
		a.monitor, a.server, a.ownPage)
	a.group.Watch(a.beats.Late)
	a.control.settle()
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
	sources, err := kept.Sources(ctx)
	for _, src := range sources {
		a.clock.Raise(src.LastSuccess)
	}
	return err
}

// buildPages puts the parts that answer before each other: the optional ones in front of the plain one.
func (a *agent) buildPages(cfg config.Config, zone *time.Location, now func() time.Time) (err error) {
	a.batch = page.NewBatch(a.store, page.BatchOptions{On: a.gates.batching.On, Limits: cfg.Batch})
	direct := func(events page.Reader) *page.Direct {
		return page.NewDirect(page.DirectOptions{Store: events, Config: cfg, Zone: zone, Now: now, Clock: a.clock.State, Version: version, Notice: a.notice})
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
		Gate: a.gates.pipeline, Memory: a.memory, Zone: zone, Now: now, Clock: a.clock.State, Log: a.log,
	})
	return nil
}

// generation grows with everything that pages are made from; what is known of the clock counts too, as
// pages that were drawn for another time may hold for years.
func (a *agent) generation() uint64 {
	const bits = 40 // more generations of the store than a device will see
	return (a.live.State().Revision+a.clock.Turns())<<bits + a.store.Generation()
}

// pools tells how the pools of connections stand.
func (a *agent) pools() []conn.Stats {
	return []conn.Stats{a.client.Stats(), a.store.Connections()}
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
