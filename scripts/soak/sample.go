package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// sample is how the agent stood at a moment.
type sample struct {
	At         float64 `json:"at"`        // seconds since the start
	Resident   float64 `json:"resident"`  // bytes, with the pages of the program's file
	Anonymous  float64 `json:"anonymous"` // bytes that are its own
	Goroutines float64 `json:"goroutines"`
	Files      float64 `json:"files"` // open, connections among them
	Requests   float64 `json:"requests"`
}

// look takes a sample: memory and files from the kernel (proc(5)), goroutines from the agent's own figures.
func (a *agent) look(ctx context.Context, client *http.Client) (s sample, err error) {
	proc := fmt.Sprintf("/proc/%d/", a.cmd.Process.Pid)
	text, err := os.ReadFile(proc + "smaps_rollup")
	if err != nil {
		return s, err
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		into := map[string]*float64{"Rss": &s.Resident, "Anonymous": &s.Anonymous}[name]
		if into == nil {
			continue
		}
		kib, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
		if err != nil {
			return s, fmt.Errorf("read smaps_rollup: %w", err)
		}
		*into = kib * 1024
	}
	files, err := os.ReadDir(proc + "fd")
	if err != nil {
		return s, err
	}
	s.Files = float64(len(files))
	figures, err := a.figures(ctx, client)
	s.Goroutines = figures["go_goroutines"]
	return s, err
}

// figures are the agent's metrics by name and labels; those of one name are also summed up.
func (a *agent) figures(ctx context.Context, client *http.Client) (map[string]float64, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.url("/metrics"), nil)
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("read /metrics: status %d", resp.StatusCode)
	}
	return readFigures(resp.Body)
}

// readFigures reads Prometheus' text format.
func readFigures(text io.Reader) (map[string]float64, error) {
	f := map[string]float64{}
	lines := bufio.NewScanner(text)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		end := strings.LastIndexByte(line, ' ')
		if line == "" || line[0] == '#' {
			continue
		}
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
	return f, lines.Err()
}

// between is how often a run of some length is sampled: 240 times, at least once in half a minute.
func between(length time.Duration) time.Duration {
	return max(500*time.Millisecond, min(length/240, 30*time.Second))
}
