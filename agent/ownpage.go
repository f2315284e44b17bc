package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"calendarbot/agent/web"
)

const (
	ownPageEvery = 5 * time.Second
	ownPageTime  = 10 * time.Second // for one answer; longer than a page may take to be drawn
	maxOwnPage   = 1 << 20          // bytes
)

// ownPage asks the program for its own page, as a browser beside it would: over the network and on a new connection, as one
// that is open says nothing of those that are to come. The watchdog goes by what people see.
type ownPage struct {
	address func() net.Addr
	key     string // web.SelfHeader
	beat    func()
	log     *slog.Logger
	client  http.Client
	once    sync.Once
	ready   chan struct{}
	failing bool
}

func newOwnPage(address func() net.Addr, key string, beat func(), log *slog.Logger) *ownPage {
	return &ownPage{
		address: address, key: key, beat: beat, log: log, ready: make(chan struct{}),
		client: http.Client{
			Timeout:       ownPageTime,
			Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// Ready is closed once the page was seen.
func (o *ownPage) Ready() <-chan struct{} { return o.ready }

// String names the task.
func (o *ownPage) String() string { return "look at its own page" }

// Run looks until ctx ends.
func (o *ownPage) Run(ctx context.Context) error {
	tick := time.NewTimer(0)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		o.look(ctx)
		tick.Reset(o.pause())
	}
}

// pause is short until the page was seen for the first time, as the server may only be starting.
func (o *ownPage) pause() time.Duration {
	select {
	case <-o.ready:
		return ownPageEvery
	default:
		return ownPageEvery / 100
	}
}

// look asks once.
func (o *ownPage) look(ctx context.Context) {
	err := o.ask(ctx)
	switch {
	case err == nil:
		o.beat()
		o.once.Do(func() { close(o.ready) })
		if o.failing {
			o.log.Info("the own page is answered again")
		}
		o.failing = false
	case errors.Is(err, errNotYet), ctx.Err() != nil:
	case !o.failing:
		o.failing = true
		o.log.Error("the own page is not answered", "error", err)
	}
}

// errNotYet is the error of asking a server that does not listen yet.
var errNotYet = errors.New("the server does not listen yet")

// ask returns nil when the server answers, even if it is that this may not be read.
func (o *ownPage) ask(ctx context.Context) (err error) {
	address := o.address()
	if address == nil {
		return errNotYet
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address.String()+web.SelfPath, nil)
	if err != nil {
		return fmt.Errorf("ask for the own page: %w", err)
	}
	request.Host = "localhost"
	request.Header.Set(web.SelfHeader, o.key)
	answer, err := o.client.Do(request)
	if err != nil {
		return fmt.Errorf("ask for the own page: %w", err)
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if answer.StatusCode >= http.StatusInternalServerError {
		return fmt.Errorf("ask for the own page: %s", answer.Status)
	}
	if _, err := io.Copy(io.Discard, io.LimitReader(answer.Body, maxOwnPage)); err != nil {
		return fmt.Errorf("read the own page: %w", err)
	}
	return nil
}
