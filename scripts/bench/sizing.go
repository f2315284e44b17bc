package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"calendarbot/agent/feature"
	"calendarbot/scripts/demo/household"
)

// learning is longer than the agent looks at its evictions before it changes a size.
const learning = 130 * time.Second

// sizingRows is what adaptive_sizing gains where more different questions are asked, again and again, than may be kept: the hit
// rate after the agent had time to learn.
func sizingRows(ctx context.Context, p plan) ([]row, error) {
	const entries, questions = 40, 60
	server := newFeedServer(household.Large(500, 1))
	defer server.Close()
	b, err := p.both(ctx, feature.AdaptiveSizing, server.URL, fmt.Sprintf("CALENDARBOT_CACHE_MAX_ENTRIES=%d", entries))
	if err != nil {
		return nil, err
	}
	// turn asks everything once.
	turn := func(pr *process) error {
		for i := range questions {
			status, _, err := get(ctx, pr.url(fmt.Sprintf("/api/v1/events?days=1&search=word%d", i)))
			if err != nil {
				return err
			}
			if status != http.StatusOK {
				return fmt.Errorf("ask for events: status %d", status)
			}
			if !pause(ctx, 20*time.Millisecond) {
				return ctx.Err()
			}
		}
		return nil
	}
	agents := []*process{b.on, b.off}
	rates, errs := make([]float64, len(agents)), make([]error, len(agents))
	var both sync.WaitGroup
	for i, pr := range agents {
		both.Go(func() { rates[i], errs[i] = learned(ctx, pr, turn) })
	}
	both.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	rows := []row{{
		What:   fmt.Sprintf("%s: hit rate of %d questions in turn where %d fit, after two minutes", feature.AdaptiveSizing, questions, entries),
		Figure: percent(rates[0]), Against: "off " + percent(rates[1]), Ratio: share(rates[0], rates[1]),
	}}
	return rows, b.stop()
}

// learned lets an agent learn from turns, then returns the hit rate of a few more.
func learned(ctx context.Context, pr *process, turn func(*process) error) (float64, error) {
	for began := time.Now(); time.Since(began) < learning; {
		if err := turn(pr); err != nil {
			return 0, err
		}
	}
	before, err := pr.figures(ctx)
	if err != nil {
		return 0, err
	}
	for range 5 {
		if err := turn(pr); err != nil {
			return 0, err
		}
	}
	after, err := pr.figures(ctx)
	return after.less(before).hitRate(), err
}
