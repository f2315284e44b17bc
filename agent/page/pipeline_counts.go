package page

import (
	"sync/atomic"
	"time"
)

// PipelineStats is what a Pipeline has counted since the start, and how it stands.
type PipelineStats struct {
	Hits, Misses, Joined uint64 // of Page; a joined one is neither
	Drawn, Failed        uint64 // drawings, and those that ended in an error
	Uncached             uint64 // pages that are not kept: too large, or no success
	Evicted, Warmed      uint64
	Compressed           uint64
	Entries              int
	Bytes, MaxBytes      int64
	MaxEntries           int
	TTL                  time.Duration
	Why                  string // why size and TTL are not the configured ones; "" when they are
	Step                 Step
}

// pipelineCounts are the counters of PipelineStats. Evicted is made of what others pushed out and what was given up under pressure.
type pipelineCounts struct {
	hits, misses, joined    atomic.Uint64
	drawn, failed, uncached atomic.Uint64
	pushed, eased           atomic.Uint64
	warmed, compressed      atomic.Uint64
}

// Stats returns them.
func (p *Pipeline) Stats() PipelineStats {
	c := &p.counts
	s := PipelineStats{
		Hits: c.hits.Load(), Misses: c.misses.Load(), Joined: c.joined.Load(),
		Drawn: c.drawn.Load(), Failed: c.failed.Load(), Uncached: c.uncached.Load(),
		Evicted: c.pushed.Load() + c.eased.Load(), Warmed: c.warmed.Load(), Compressed: c.compressed.Load(),
		Step: Step(p.step.Load()),
	}
	s.Entries, s.Bytes = p.used()
	p.bounds.tell(&s)
	return s
}

// used is how many pages are kept, and their bytes.
func (p *Pipeline) used() (entries int, bytes int64) {
	for k, e := range p.pages.All() {
		entries++
		bytes += e.bytes(k)
	}
	return entries, bytes
}
