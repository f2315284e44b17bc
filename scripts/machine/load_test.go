package machine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"
)

// The longest that a request may wait for an agent that is started in an emulator.
const answerTime = 3 * time.Minute

// answers asks the agent once; it may take its time, but has to answer well.
func answers(t *testing.T, agent string) {
	t.Helper()
	if err := ask(t.Context(), http.DefaultClient, agent+"/api/whats-next"); err != nil {
		t.Fatal(err)
	}
}

// ask wants an answer of 2xx, whole.
func ask(ctx context.Context, client *http.Client, url string) error {
	_, err := get(ctx, client, url)
	return err
}

// get returns an answer of 2xx, whole.
func get(ctx context.Context, client *http.Client, url string) (body []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	if body, err = io.ReadAll(resp.Body); err != nil {
		return nil, fmt.Errorf("get %s: %w", url, err)
	}
	if resp.StatusCode/100 != 2 {
		return nil, fmt.Errorf("get %s: %s: %.200s", url, resp.Status, body)
	}
	return body, nil
}

// load asks again and again, half of it over connections that are kept and half over new ones.
type load struct {
	stop func()
	all  sync.WaitGroup

	mu       sync.Mutex
	answered int
	lost     []error
}

// begin puts four clients to work on the agent, who pause between their requests.
func begin(t *testing.T, agent string, pause time.Duration) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l := &load{stop: cancel}
	for i := range 4 {
		transport := &http.Transport{DisableKeepAlives: i%2 == 0}
		l.all.Go(func() {
			defer transport.CloseIdleConnections()
			l.work(ctx, &http.Client{Transport: transport}, agent, i, pause)
		})
	}
	t.Cleanup(func() { l.end() })
	return l
}

// work asks until it is told to stop, but waits for the answer to what it asked last.
func (l *load) work(ctx context.Context, client *http.Client, agent string, n int, pause time.Duration) {
	paths := []string{"/", "/api/whats-next", "/api/v1/events"}
	for i := n; ctx.Err() == nil; i++ {
		err := ask(context.WithoutCancel(ctx), client, agent+paths[i%len(paths)])
		l.mu.Lock()
		if err != nil {
			l.lost = append(l.lost, fmt.Errorf("client %d, request %d: %w", n, i, err))
		} else {
			l.answered++
		}
		l.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// end stops the clients and returns how they fared.
func (l *load) end() (answered int, lost []error) {
	l.stop()
	l.all.Wait()
	return l.answered, l.lost
}
