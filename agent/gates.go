package main

import (
	"time"

	"calendarbot/agent/feature"
	"calendarbot/agent/guard"
)

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
		{&g.http, feature.ConnectionPooling, "http", guard.Limits{Consecutive: failuresInARow}},
		{&g.database, feature.ConnectionPooling, "database", guard.Limits{Consecutive: failuresInARow}},
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

// unwanted tells whether kept pages are off because the configuration says so: by their percentage, or by force.
func (g gates) unwanted() bool {
	reason := g.pipeline.Stats().Reason
	return reason == guard.Percentage || reason == guard.ForcedOff
}
