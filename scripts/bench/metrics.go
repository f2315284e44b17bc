package main

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// figures are an agent's metrics by name; those that differ by labels alone are summed up.
type figures map[string]float64

// figures reads /metrics.
func (pr *process) figures(ctx context.Context) (figures, error) {
	status, body, err := get(ctx, pr.url("/metrics"))
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("read /metrics: status %d", status)
	}
	return readFigures(string(body))
}

// readFigures reads Prometheus' text format.
func readFigures(text string) (figures, error) {
	f := figures{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		end := strings.LastIndexByte(line, ' ')
		if end < 0 {
			return nil, fmt.Errorf("read /metrics: %q", line)
		}
		value, err := strconv.ParseFloat(line[end+1:], 64)
		if err != nil {
			return nil, fmt.Errorf("read /metrics: %w", err)
		}
		series := line[:end]
		name, _, _ := strings.Cut(series, "{")
		f[name] += value
		if series != name {
			f[series] += value
		}
	}
	return f, nil
}

// less is what was counted since.
func (f figures) less(before figures) figures {
	d := figures{}
	for name, value := range f {
		d[name] = value - before[name]
	}
	return d
}

// hitRate is the share of pages that were kept ones, 0-1, of those that others than the agent itself asked for. Who waited for
// another's drawing did not find one. The agent's own requests all count as hits here, which is the least that others have.
func (f figures) hitRate() float64 {
	own := f[`calendarbot_http_request_duration_seconds_count{method="GET",route="/self"}`]
	hits := max(0, f["calendarbot_cache_hits_total"]-own)
	return share(hits, hits+f["calendarbot_cache_misses_total"]+f["calendarbot_cache_joined_total"])
}

// reuse is the share of uses of a pool, of all pools for "", that found an open connection, 0-1.
func (f figures) reuse(pool string) float64 {
	label := ""
	if pool != "" {
		label = `{pool="` + pool + `"}`
	}
	return share(f["calendarbot_pool_reused_total"+label], f["calendarbot_pool_takes_total"+label])
}

func share(part, all float64) float64 {
	if all == 0 {
		return 0
	}
	return part / all
}

func percent(v float64) string { return fmt.Sprintf("%.1f %%", 100*v) }
