package repository

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Web says how files come over the network.
type Web struct {
	Limits Limits
	Agent  string   // User-Agent
	Proxy  *url.URL // nil for none; those of the environment do not count
}

// web is a repository on a server of plain files.
type web struct {
	base   *url.URL
	limits Limits
	agent  string
	client *http.Client
}

func (w Web) source(address string) (Source, error) {
	base, err := url.Parse(address)
	if err != nil || base.Host == "" {
		return nil, refuse(Unreachable, err, "%q is no address of a repository.", address)
	}
	transport := &http.Transport{
		DialContext:            (&net.Dialer{Timeout: w.Limits.Patience}).DialContext,
		TLSHandshakeTimeout:    w.Limits.Patience,
		ResponseHeaderTimeout:  w.Limits.Patience,
		MaxResponseHeaderBytes: 64 << 10,
		MaxConnsPerHost:        1,
		DisableCompression:     true, // lengths are those of the files, and nothing can swell
		ForceAttemptHTTP2:      true,
	}
	if w.Proxy != nil {
		transport.Proxy = http.ProxyURL(w.Proxy)
	}
	return &web{base: base, limits: w.Limits, agent: w.Agent, client: &http.Client{Transport: transport, CheckRedirect: w.follow}}, nil
}

// follow bounds redirects, and lets none leave https.
func (w Web) follow(next *http.Request, so []*http.Request) error {
	switch last := so[len(so)-1].URL; {
	case len(so) > w.Limits.Redirects:
		return refuse(TooMany, nil, "The server %s leads from one address to the next, more than %d times.", so[0].URL.Host, w.Limits.Redirects)
	case next.URL.Scheme != "https" && next.URL.Scheme != "http":
		return refuse(Insecure, nil, "The server %s leads to an address of %q.", last.Host, next.URL.Scheme)
	case last.Scheme == "https" && next.URL.Scheme != "https":
		return refuse(Insecure, nil, "The server %s leads from https to http, which is not followed.", last.Host)
	}
	return nil
}

func (w *web) String() string { return w.base.Redacted() }

func (w *web) Close() error {
	w.client.CloseIdleConnections()
	return nil
}

func (w *web) Open(ctx context.Context, name string, from int64, tag string) (*File, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	p := &pace{slowest: w.limits.Slowest, patience: w.limits.Patience, cancel: cancel, host: w.base.Host}
	p.start()
	file, err := w.open(ctx, name, from, tag)
	if err != nil {
		p.stop()
		var r *Refusal
		if !errors.As(err, &r) && errors.As(context.Cause(ctx), &r) {
			err = r
		}
		cancel(nil)
		return nil, err
	}
	p.body = file.ReadCloser
	p.cause = func() error { return context.Cause(ctx) }
	file.ReadCloser = p
	return file, nil
}

func (w *web) open(ctx context.Context, name string, from int64, tag string) (*File, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.base.JoinPath(name).String(), nil)
	if err != nil {
		return nil, refuse(Unreachable, err, "%q is no address of a repository.", w.base)
	}
	request.Header.Set("User-Agent", w.agent)
	request.Header.Set("Accept-Encoding", "identity")
	if from > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", from))
		if tag != "" {
			request.Header.Set("If-Range", tag)
		}
	}
	response, err := w.client.Do(request)
	if err != nil {
		var r *Refusal
		if errors.As(err, &r) {
			return nil, r
		}
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		return nil, refuse(Unreachable, err, "The server %s cannot be reached: %v.", w.base.Host, err)
	}
	file, err := w.answer(response, from)
	if err != nil {
		return nil, errors.Join(err, response.Body.Close())
	}
	return file, nil
}

// answer reads the head of an answer.
func (w *web) answer(response *http.Response, from int64) (*File, error) {
	tag := response.Header.Get("Etag")
	if strings.HasPrefix(tag, "W/") || len(tag) > 200 {
		tag = "" // a weak one says nothing of bytes
	}
	switch response.StatusCode {
	case http.StatusOK:
		if coded := response.Header.Get("Content-Encoding"); coded != "" && coded != "identity" {
			return nil, refuse(Broken, nil, "The server %s sends files packed as %.20q, which nobody asked for.", w.base.Host, coded)
		}
		return &File{ReadCloser: response.Body, Size: response.ContentLength, Tag: tag}, nil
	case http.StatusPartialContent:
		var first, last, size int64
		if _, err := fmt.Sscanf(response.Header.Get("Content-Range"), "bytes %d-%d/%d", &first, &last, &size); err != nil || first != from || from == 0 || last != size-1 {
			return nil, refuse(Broken, err, "The server %s sends another part of a file than was asked for.", w.base.Host)
		}
		return &File{ReadCloser: response.Body, From: from, Size: size, Tag: tag}, nil
	case http.StatusNotFound, http.StatusGone, http.StatusForbidden: // the last is what some stores say of what is not there
		return nil, fs.ErrNotExist
	case http.StatusRequestedRangeNotSatisfiable:
		return nil, errRange
	}
	return nil, refuse(Unreachable, nil, "The server %s answers %d %s.", w.base.Host, response.StatusCode, http.StatusText(response.StatusCode))
}

// errRange is the answer to somebody who has more of a file than there is.
var errRange = errors.New("there is no such part of the file")

// pace ends a connection that brings fewer bytes than slowest over the time of patience, so that nobody can hold a device for years
// with a byte a minute.
type pace struct {
	slowest  int64
	patience time.Duration
	host     string
	cancel   context.CancelCauseFunc
	body     io.ReadCloser
	cause    func() error

	came  atomic.Int64 // bytes since the last look
	mu    sync.Mutex
	timer *time.Timer
	ended bool
}

func (p *pace) start() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.timer = time.AfterFunc(p.patience, p.look)
}

// look is called once each patience.
func (p *pace) look() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return
	}
	if float64(p.came.Swap(0)) < float64(p.slowest)*p.patience.Seconds() {
		p.cancel(refuse(TooSlow, nil, "The server %s is too slow: fewer than %d bytes a second over %s.", p.host, p.slowest, p.patience))
		return
	}
	p.timer.Reset(p.patience)
}

func (p *pace) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	p.timer.Stop()
}

func (p *pace) Read(b []byte) (int, error) {
	n, err := p.body.Read(b)
	p.came.Add(int64(n))
	var r *Refusal
	if err != nil && !errors.Is(err, io.EOF) && errors.As(p.cause(), &r) {
		err = r
	}
	return n, err
}

func (p *pace) Close() error {
	p.stop()
	err := p.body.Close()
	p.cancel(nil)
	return err
}
