package conn

import (
	"context"
	"log/slog"
	"time"
)

// pause is between two looks at the pools.
const pause = 5 * time.Second

// Tended is what a Tender looks after: *HTTP, *DB, or who holds one.
type Tended interface {
	// Tend sizes the pool by what was asked of it since the last time, closes connections that nobody needs any
	// more, and returns the leaks that were not returned before. The error is about closing.
	Tend() ([]Leak, error)
}

// Tender looks after pools, every 5 s. It is a run.Task.
type Tender struct {
	log   *slog.Logger
	pools []Tended
	ready chan struct{}
}

// NewTender returns a tender of some pools; it does nothing before Run.
func NewTender(log *slog.Logger, pools ...Tended) *Tender {
	return &Tender{log: log, pools: pools, ready: make(chan struct{})}
}

// Run looks after the pools until ctx ends.
func (t *Tender) Run(ctx context.Context) error {
	close(t.ready)
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			t.tend()
		}
	}
}

// tend looks after each pool once.
func (t *Tender) tend() {
	for _, pool := range t.pools {
		leaks, err := pool.Tend()
		for _, l := range leaks {
			t.log.Warn("a connection is held for too long", "pool", l.Pool, "taken", l.Place, "for", l.Held.Round(time.Second))
		}
		if err != nil {
			t.log.Warn("close idle connections", "error", err)
		}
	}
}

// Ready is closed once the pools are looked after.
func (t *Tender) Ready() <-chan struct{} { return t.ready }

func (t *Tender) String() string { return "tender of connections" }
