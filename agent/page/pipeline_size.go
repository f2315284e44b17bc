package page

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"calendarbot/agent/config"
)

const (
	maxAdapted    = 50 << 20         // bytes beyond which adapting never goes
	minTTL        = 30 * time.Second // adapting never makes pages end sooner
	leastEvicted  = 16               // evictions within a window that are worth a thought
	hitsPerEvict  = 4                // fewer hits than this for each eviction are thrash
	adaptInterval = time.Minute      // the window
)

// size is how much is kept, and how long.
type size struct {
	bytes int64
	ttl   time.Duration
}

// window is what happened since the size was last judged.
type window struct {
	hits, evicted uint64
	used          int64 // bytes kept at its end
}

// adapt returns the size for the next window, and in words why it changed; "" when it did not. While pages are given up for others faster
// than they are of use the size doubles, and at the ceiling pages end sooner, so that those that nobody asks for make room.
// When nothing is given up any more, what was changed is taken back step by step, as far as it is not used.
func adapt(configured, current size, w window) (size, string) {
	next, why := current, ""
	switch {
	case w.evicted >= leastEvicted && w.hits < hitsPerEvict*w.evicted:
		why = fmt.Sprintf("%d pages were given up against %d hits within %v", w.evicted, w.hits, adaptInterval)
		if ceiling := max(configured.bytes, maxAdapted); current.bytes < ceiling {
			next.bytes = min(2*current.bytes, ceiling)
		} else {
			next.ttl = max(current.ttl/2, min(configured.ttl, minTTL))
		}
	case w.evicted > 0:
	case current.ttl < configured.ttl:
		next.ttl = min(2*current.ttl, configured.ttl)
	case current.bytes > configured.bytes:
		if smaller := max(current.bytes/2, configured.bytes); w.used <= smaller/2 {
			next.bytes = smaller
		}
	}
	return next, why
}

// bounds is what limits the pages that are kept. The library knows one bound, so an entry weighs its bytes, but at least
// its share of them when as many entries are kept as may be: so neither bound is ever passed.
type bounds struct {
	unit     atomic.Int64 // the least that an entry weighs
	maxEntry atomic.Int64 // bytes of one body

	mu         sync.Mutex
	configured config.Cache
	current    size
	cause      string // why it was changed last
}

// configure sets what is configured, and ends what was adapted.
func (b *bounds) configure(c config.Cache) {
	b.mu.Lock()
	defer b.mu.Unlock()
	entries := max(int64(c.MaxEntries), 1)
	b.configured, b.current = c, size{c.MaxBytes, c.TTL}
	b.unit.Store((c.MaxBytes + entries - 1) / entries)
	b.maxEntry.Store(c.MaxEntryBytes)
}

// reset goes back to what is configured.
func (b *bounds) reset() size {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.current = b.asConfigured()
	return b.current
}

func (b *bounds) asConfigured() size { return size{b.configured.MaxBytes, b.configured.TTL} }

// adapt judges a window.
func (b *bounds) adapt(w window) size {
	b.mu.Lock()
	defer b.mu.Unlock()
	next, cause := adapt(b.asConfigured(), b.current, w)
	if cause != "" {
		b.cause = cause
	}
	b.current = next
	return next
}

// now is the size that holds.
func (b *bounds) now() size {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.current
}

// tell adds how it stands to stats.
func (b *bounds) tell(s *PipelineStats) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s.MaxBytes, s.TTL = b.current.bytes, b.current.ttl
	if configured := b.asConfigured(); b.current != configured {
		s.Why = fmt.Sprintf("%s: %d KiB are kept for up to %v, instead of %d KiB for %v",
			b.cause, b.current.bytes>>10, b.current.ttl, configured.bytes>>10, configured.ttl)
	}
	s.MaxEntries = int(b.current.bytes / b.unit.Load())
	if b.current.bytes == b.configured.MaxBytes {
		s.MaxEntries = b.configured.MaxEntries
	}
}

// weight is what e under k counts against the size.
func (b *bounds) weight(k key, e *kept) uint32 {
	return uint32(min(max(e.bytes(k), b.unit.Load()), math.MaxUint32))
}
