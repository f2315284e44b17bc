package hwtest

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"sync"
	"time"
)

// Load is what became of many requests.
type Load struct {
	Right, Later, Wrong int           // whole answers; told to come later (429, 503); anything else
	Example             string        // the first wrong one
	Took                time.Duration // all of it
	times               [buckets]uint32
	sum                 time.Duration
}

// Latencies are counted in buckets that are each 5 % wider than the one before, from 10 microseconds on.
const (
	buckets = 340
	width   = 1.05
	first   = 10 * time.Microsecond
)

func bucket(d time.Duration) int {
	if d <= first {
		return 0
	}
	return min(int(math.Log(float64(d)/float64(first))/math.Log(width))+1, buckets-1)
}

func (l *Load) add(took time.Duration) {
	l.Right++
	l.sum += took
	l.times[bucket(took)]++
}

func (l *Load) join(o *Load) {
	l.Right, l.Later, l.Wrong, l.sum, l.Took = l.Right+o.Right, l.Later+o.Later, l.Wrong+o.Wrong, l.sum+o.sum, l.Took+o.Took
	if l.Example == "" {
		l.Example = o.Example
	}
	for i, n := range o.times {
		l.times[i] += n
	}
}

// quantile is the time within which a share of the answers came, in milliseconds, at most 5 % too long.
func (l *Load) quantile(share float64) float64 {
	want, seen := share*float64(l.Right), 0.0
	for i, n := range l.times {
		if seen += float64(n); n > 0 && seen >= want {
			return float64(first) * math.Pow(width, float64(i)) / float64(time.Millisecond)
		}
	}
	return math.NaN()
}

// mean is the mean time of an answer in milliseconds.
func (l *Load) mean() float64 {
	if l.Right == 0 {
		return math.NaN()
	}
	return float64(l.sum) / float64(l.Right) / float64(time.Millisecond)
}

// rate is how many right answers came in a second.
func (l *Load) rate() float64 {
	if l.Took <= 0 {
		return 0
	}
	return float64(l.Right) / l.Took.Seconds()
}

// householdPages are asked for by turns: what a wall, a phone and a voice assistant ask for.
func householdPages() []string {
	return []string{"/", "/api/whats-next", "/agenda", "/api/v1/whats-next"}
}

// drive has clients ask for pages for some time, each with a connection of its own that stays open and a pause after each answer. What was
// asked for in that time is waited for, and each client asks once at least.
func (d *Device) drive(ctx context.Context, length time.Duration, clients int, rest time.Duration) Load {
	open, cancel := context.WithTimeout(ctx, length)
	defer cancel()
	transport := &http.Transport{MaxIdleConnsPerHost: clients, DisableCompression: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: askTimeout}
	loads := make([]Load, clients)
	began := time.Now()
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() {
			for n := i; n == i || open.Err() == nil; n++ {
				d.one(ctx, client, householdPages()[n%len(householdPages())], &loads[i])
				if rest > 0 && d.pause(open, rest) != nil {
					return
				}
			}
		})
	}
	all.Wait()
	var whole Load
	for i := range loads {
		whole.join(&loads[i])
	}
	whole.Took = time.Since(began)
	return whole
}

// one asks for one page. What is cut short from outside does not count.
func (d *Device) one(ctx context.Context, client *http.Client, path string, l *Load) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.Page+path, nil)
	if err != nil {
		l.Wrong, l.Example = l.Wrong+1, err.Error()
		return
	}
	began := time.Now()
	response, err := client.Do(request)
	var body []byte
	if err == nil {
		body, err = io.ReadAll(io.LimitReader(response.Body, mostAnswer))
		err = errors.Join(err, response.Body.Close())
	}
	took := time.Since(began)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		l.wrong(path + ": " + err.Error())
	case response.StatusCode == http.StatusTooManyRequests, response.StatusCode == http.StatusServiceUnavailable && response.Header.Get("Retry-After") != "":
		l.Later++
	case !wholePage(path, response.StatusCode, body):
		l.wrong(path + ": " + response.Status)
	default:
		l.add(took)
	}
}

func (l *Load) wrong(example string) {
	l.Wrong++
	if l.Example == "" {
		l.Example = example
	}
}
