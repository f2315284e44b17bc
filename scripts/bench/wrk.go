package main

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"time"
)

// load is what wrk saw.
type load struct {
	requests float64
	rate     float64 // requests per second
	p50, p99 time.Duration
	cpu      time.Duration // of the servers, per 1000 requests
}

var (
	countLine = regexp.MustCompile(`(\d+) requests in`)
	rateLine  = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)
	p50Line   = regexp.MustCompile(`(?m)^\s+50%\s+(\S+)`)
	p99Line   = regexp.MustCompile(`(?m)^\s+99%\s+(\S+)`)
	badLine   = regexp.MustCompile(`(Non-2xx[^\n]*|Socket errors[^\n]*)`)
)

// wrk loads a server with n connections; more are arguments of wrk.
func (p plan) wrk(ctx context.Context, n int, url string, more ...string) (load, error) {
	seconds := strconv.Itoa(max(1, int(p.load/time.Second))) + "s"
	args := append([]string{"-c", "1", "wrk", "--latency", "-t1", "-c" + strconv.Itoa(n), "-d" + seconds}, more...)
	out, err := exec.CommandContext(ctx, "taskset", append(args, url)...).CombinedOutput()
	if err != nil {
		return load{}, fmt.Errorf("wrk: %w\n%s", err, out)
	}
	if bad := badLine.Find(out); bad != nil {
		return load{}, fmt.Errorf("wrk at %d connections to %s: %s", n, url, bad)
	}
	return readLoad(string(out))
}

// readLoad reads what wrk printed.
func readLoad(out string) (l load, err error) {
	numbers := make([]string, 0, 4)
	for _, line := range []*regexp.Regexp{countLine, rateLine, p50Line, p99Line} {
		m := line.FindStringSubmatch(out)
		if m == nil {
			return l, fmt.Errorf("wrk printed something unexpected:\n%s", out)
		}
		numbers = append(numbers, m[1])
	}
	if l.requests, err = strconv.ParseFloat(numbers[0], 64); err != nil {
		return l, err
	}
	if l.rate, err = strconv.ParseFloat(numbers[1], 64); err != nil {
		return l, err
	}
	if l.p50, err = time.ParseDuration(numbers[2]); err != nil {
		return l, err
	}
	l.p99, err = time.ParseDuration(numbers[3])
	return l, err
}

// medianLoad takes the middle of each figure by itself.
func medianLoad(loads []load) load {
	pick := func(f func(load) float64) float64 {
		values := make([]float64, len(loads))
		for i, l := range loads {
			values[i] = f(l)
		}
		return median(values)
	}
	return load{
		requests: pick(func(l load) float64 { return l.requests }),
		rate:     pick(func(l load) float64 { return l.rate }),
		p50:      time.Duration(pick(func(l load) float64 { return float64(l.p50) })),
		p99:      time.Duration(pick(func(l load) float64 { return float64(l.p99) })),
		cpu:      time.Duration(pick(func(l load) float64 { return float64(l.cpu) })),
	}
}

// String is a load in a cell of the table.
func (l load) String() string {
	return fmt.Sprintf("%.0f req/s, p50 %s, p99 %s, %s CPU per 1000", l.rate, short(l.p50), short(l.p99), short(l.cpu))
}

// short is a duration in a table.
func short(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.2f ms", float64(d)/1e6)
	case d < time.Second:
		return fmt.Sprintf("%.0f ms", float64(d)/1e6)
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}
