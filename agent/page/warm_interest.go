package page

import (
	"slices"
	"sync"
	"sync/atomic"
)

const (
	maxInterests = 64 // queries that are remembered
	maxWarmed    = 16 // of them, how many are drawn ahead
	maxQuiet     = 5  // agings without being asked after which a query is forgotten
	leastAsked   = 2  // how often a query was asked before it is drawn ahead
)

// interest is how often a query was asked.
type interest struct {
	query Query
	times atomic.Uint64
	seen  uint64 // times at the last aging
	quiet int    // agings since it was asked
}

// interests are the queries that were asked lately. They know no clock: time passes when they age.
type interests struct {
	mu      sync.Mutex
	byQuery map[Query]*interest
}

func newInterests() *interests { return &interests{byQuery: map[Query]*interest{}} }

// of returns the interest in q, a new one if need be. A new one takes the place of the one that was asked least.
func (t *interests) of(q Query) *interest {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := t.byQuery[q]; i != nil {
		return i
	}
	if len(t.byQuery) >= maxInterests {
		var least *interest
		for _, i := range t.byQuery {
			if least == nil || lessAsked(i, least) {
				least = i
			}
		}
		delete(t.byQuery, least.query)
	}
	i := &interest{query: q}
	t.byQuery[q] = i
	return i
}

// lessAsked orders a query that repeats after one that does not, then the one heard of lately after the quiet one.
func lessAsked(a, b *interest) bool {
	if x, y := a.times.Load() >= leastAsked, b.times.Load() >= leastAsked; x != y {
		return y
	}
	if a.quiet != b.quiet {
		return a.quiet > b.quiet
	}
	return a.times.Load() < b.times.Load()
}

// age lets time pass, and forgets what was not asked for long.
func (t *interests) age() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for q, i := range t.byQuery {
		n := i.times.Load()
		if n == i.seen {
			i.quiet++
		} else {
			i.seen, i.quiet = n, 0
		}
		if i.quiet >= maxQuiet {
			delete(t.byQuery, q)
		}
	}
}

// lately returns the queries that are worth drawing ahead, those asked most first.
func (t *interests) lately() []Query {
	t.mu.Lock()
	var found []*interest
	for _, i := range t.byQuery {
		if i.times.Load() >= leastAsked {
			found = append(found, i)
		}
	}
	slices.SortFunc(found, func(a, b *interest) int {
		if lessAsked(a, b) {
			return 1
		}
		return -1
	})
	t.mu.Unlock()
	queries := make([]Query, 0, maxWarmed)
	for _, i := range found[:min(len(found), maxWarmed)] {
		queries = append(queries, i.query)
	}
	return queries
}

// none tells that nothing is remembered.
func (t *interests) none() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.byQuery) == 0
}
