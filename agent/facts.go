package main

import (
	"context"
	"syscall"
	"time"

	"calendarbot/agent/guard"
	"calendarbot/agent/health"
	"calendarbot/agent/page"
	"calendarbot/agent/pressure"
	"calendarbot/agent/store"
)

// What a connection takes of memory, about, as it cannot be told of one alone: its buffers and, of one to a server, the state of TLS; of one to the database its
// page cache (2 MB at most) and statements. Within the ceilings of the configuration (100 and 10) that is 17 MB at most, so the 120 MB of
// pressure.PoolMemory are a guard against a pool that has lost count of its connections.
const (
	httpConnBytes = 64 << 10
	readerBytes   = 1 << 20
)

// service is how the program serves, for the monitor.
func (a *agent) service() pressure.Service {
	pipeline, gate := a.pipeline.Stats(), a.gates.pipeline.Stats()
	s := pressure.Service{
		CacheBytes: uint64(pipeline.Bytes), CacheBudget: uint64(pipeline.MaxBytes),
		CacheUses: gate.Entered, CacheFailures: gate.Failures,
		Hits: pipeline.Hits + pipeline.Joined, Misses: pipeline.Misses,
		Baseline: a.care.baseline(),
	}
	s.Requests, s.Failures, s.Latency = a.server.Served()
	s.Own = a.server.Self()
	for i, of := range []struct {
		gate  *guard.Gate
		bytes uint64 // of a connection
	}{
		{a.gates.http, httpConnBytes},
		{a.gates.database, readerBytes},
	} {
		pool := a.pools()[i]
		p := pressure.Pool{
			Name: pool.Name, InUse: pool.InUse, Size: pool.Size, Failures: pool.Failed,
			Bytes: uint64(pool.InUse+pool.Idle) * of.bytes,
		}
		if of.gate.Stats().Breaker != "closed" { // half-open is being tried, not cured
			p.InARow = failuresInARow
		}
		s.Pools = append(s.Pools, p)
	}
	return s
}

// facts is everything that problems are found in.
func (c *care) facts(s pressure.Assessment, r *pressure.Reading) health.Facts {
	a := c.a
	state := a.live.State()
	f := health.Facts{
		Now: c.now(), Clock: a.clock.State(), Pressure: s, Reading: r, History: a.monitor.History(),
		Disk: diskOf(c.dir), Rung: c.rung(), Config: state.Problem, Emergency: a.control.Emergency(),
		Database: a.store.Recovered(), Late: a.beats.Late(),
		Data: dataFound(c.root), Firmware: firmwareMissing(c.root),
		Versions:      c.versions(),
		RollbackFault: c.fault, ReadOnly: a.store.Sealed(), Restarts: c.starts.since(uptime() - time.Hour),
	}
	if asked := c.asked.Load(); asked != nil {
		f.Rollback = asked.Words()
	}
	sources, err := a.store.Sources(context.Background())
	if err != nil {
		c.log.Warn("see how the calendars fare", "error", err)
	}
	for _, src := range sources {
		f.Sources = append(f.Sources, health.Source{
			ID: src.ID, Name: src.Name, Words: src.Error, Failing: src.State == store.Failing,
			LastSuccess: src.LastSuccess, NextTry: src.NextTry, Code: src.Code, Disabled: src.State == store.Disabled,
		})
	}
	for _, gate := range a.gates.list() {
		stats := gate.Stats()
		f.Gates = append(f.Gates, health.Gate{Feature: stats.Feature, Part: stats.Part, Broken: stats.Breaker != "" && stats.Breaker != "closed", Words: stats.Words})
	}
	for _, pool := range a.pools() {
		f.Pools = append(f.Pools, health.Pool{Name: pool.Name, Leaks: pool.Leaks})
	}
	return f
}

// rung is the lowest rung that answered since it was asked last; "" when none did. Where the configuration wants pages drawn without the
// optional parts, that is as it should be.
func (c *care) rung() string {
	now, before := c.a.ladder.Stats(), c.rungs
	c.rungs = now
	switch {
	case now.Foot > before.Foot:
		return page.Foot.String()
	case now.LastGood > before.LastGood:
		return page.LastGood.String()
	case now.Plain > before.Plain && !c.a.gates.unwanted():
		return page.Plain.String()
	case now.Optimised > before.Optimised, now.Plain > before.Plain:
		return page.Optimised.String()
	}
	return ""
}

// diskOf is the file system of a folder; zero when it cannot be asked.
func diskOf(dir string) health.Disk {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return health.Disk{}
	}
	block := uint64(fs.Bsize)
	return health.Disk{Total: fs.Blocks * block, Free: fs.Bavail * block}
}

// refresherRound is when the refresher's loop last went round, and how long the one fetch may take that holds it up.
func (a *agent) refresherRound() (last time.Time, within time.Duration) {
	return a.refresher.Beat(), refresherBeat + a.live.State().Config.Feeds.Timeout
}

// uptime is how long the system has run (sysinfo(2)); 0 when it cannot be asked.
func uptime() time.Duration {
	var info syscall.Sysinfo_t
	if err := syscall.Sysinfo(&info); err != nil {
		return 0
	}
	return time.Duration(info.Uptime) * time.Second
}
