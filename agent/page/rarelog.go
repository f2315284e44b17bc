package page

import (
	"errors"
	"log/slog"
	"sync"
	"time"
)

// rareLog writes each cause at most once in a minute: a wall that asks each second would fill the disk with one failure. It is in
// real time.
type rareLog struct {
	log *slog.Logger

	mu   sync.Mutex
	last map[string]time.Time
}

const (
	rareEvery = time.Minute
	rareMost  = 32 // causes in a minute
)

func newRareLog(log *slog.Logger) rareLog {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return rareLog{log: log, last: map[string]time.Time{}}
}

// failed tells that a rung could not answer. Of the query only the kind is told.
func (r *rareLog) failed(rung Rung, q Query, err error) {
	text := err.Error()
	text = text[:min(len(text), 500)]
	if !r.due(rung.String() + text) {
		return
	}
	args := []any{"from", rung, "kind", q.Kind, "error", text}
	if p := (*panicked)(nil); errors.As(err, &p) {
		args = append(args, "stack", string(p.stack))
	}
	r.log.Error("page", args...)
}

func (r *rareLog) due(cause string) bool {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	for c, at := range r.last {
		if now.Sub(at) >= rareEvery {
			delete(r.last, c)
		}
	}
	if _, told := r.last[cause]; told || len(r.last) >= rareMost {
		return false
	}
	r.last[cause] = now
	return true
}
