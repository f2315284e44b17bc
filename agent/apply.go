package main

import (
	"context"
	"math"
	"runtime/debug"
	"time"

	"calendarbot/agent/budget"
	"calendarbot/agent/config"
	"calendarbot/agent/guard"
	"calendarbot/agent/page"
	"calendarbot/agent/pressure"
)

const applyTime = 10 * time.Second // for telling the refresher which calendars there are

// apply tells every part what holds. Whatever changes, by a file, a command or the state of the device, ends here.
func (a *agent) apply(state *config.State, emergency string, share budget.Budget) {
	a.level.Set(logLevel(state.Config.Log))
	for _, gate := range a.gates.list() {
		gate.SetRecovery(state.Config.Breaker.Recovery)
		gate.Tell(guard.Word{Emergency: emergency, Setting: state.Config.Features.Setting(gate.Feature()), Pressure: scarce(gate, a.gates, share)})
	}
	if state.Revision != a.told.revision {
		a.configure(state.Config)
	}
	a.limit(state.Config, share)
	a.told.revision, a.told.share = state.Revision, share
}

// configure tells the parts a configuration.
func (a *agent) configure(cfg config.Config) {
	a.client.Configure(cfg.HTTP)
	a.store.Configure(cfg.DB)
	a.plain.Configure(cfg)
	a.fast.Configure(cfg)
	a.pipeline.Configure(cfg.Cache)
	a.refresher.SetFeeds(cfg.Feeds)
	a.monitor.Configure(limits(cfg.Pressure), cfg.Pressure.Every)
	if err := a.care.noteUpdates(cfg); err != nil {
		a.log.Error("what is set for updates does not reach the updater", "error", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), applyTime)
	defer cancel()
	if err := a.refresher.Configure(ctx, cfg.Sources); err != nil {
		a.log.Error("take over the calendars of the configuration", "error", err)
	}
}

// limit tells the parts what they may use.
func (a *agent) limit(cfg config.Config, share budget.Budget) {
	before := a.told.share
	if share.CacheStep != before.CacheStep {
		a.pipeline.Ease(page.Step(share.CacheStep))
	}
	a.client.SetMaximum(share.HTTPConns)
	a.store.SetMaximum(share.Readers)
	if share.BatchSize > 0 {
		cfg.Batch.Size = share.BatchSize
	}
	a.batch.Configure(cfg.Batch)
	a.refresher.SetPace(share.Pace)
	a.server.SetClientRate(share.ClientRate)
	if share.MemoryLimit != before.MemoryLimit {
		limit := int64(math.MaxInt64)
		if share.MemoryLimit > 0 {
			limit = share.MemoryLimit
		}
		debug.SetMemoryLimit(limit)
	}
	if share.FreeMemory && (!before.FreeMemory || share.CacheStep > before.CacheStep) {
		debug.FreeOSMemory()
	}
}

// scarce is why a feature may not be used now, as a sentence; "" when it may.
func scarce(gate *guard.Gate, all gates, share budget.Budget) string {
	switch {
	case share.Plain != "":
		return share.Plain
	case gate == all.warming && !share.Warm:
		return "Pages are not drawn ahead while something is scarce."
	}
	return ""
}

// limits are the thresholds that a configuration moves.
func limits(c config.Pressure) pressure.Limits {
	return pressure.Limits{UnitMemory: uint64(c.UnitMemory), Recovery: c.Recovery}
}
