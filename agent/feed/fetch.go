package feed

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"calendarbot/agent/config"
	"calendarbot/agent/conn"
	"calendarbot/agent/ics"
	"calendarbot/agent/store"
)

// maxValidator is the longest ETag or Last-Modified that is kept, in bytes.
const maxValidator = 512

// request is one attempt to get one feed.
type request struct {
	http       *conn.HTTP
	src        config.Source
	feeds      config.Feeds
	zone       *time.Location
	validators store.Validators // zero: ask for the whole feed
	timeless   bool             // the device's clock is not trusted
}

// answer is what the server said. With an error it holds what was known by then.
type answer struct {
	unchanged  bool // 304
	report     ics.Report
	validators store.Validators
	asks       asks
	date       time.Time // the server's clock; zero: not told
}

// statusError is an answer that is neither a calendar nor "not modified".
type statusError struct{ code int }

func (e *statusError) Error() string { return fmt.Sprintf("the server answers %d", e.code) }

// bodyError is a body that broke off.
type bodyError struct{ err error }

func (e *bodyError) Error() string { return e.err.Error() }
func (e *bodyError) Unwrap() error { return e.err }

// invalidError is a source that can't be asked for.
type invalidError struct{ why string }

func (e *invalidError) Error() string { return e.why }

// fetch asks once and decodes what comes. open is called when a calendar comes, before its first
// event. The whole takes at most feeds.Timeout, however slowly the server drips.
func (q request) fetch(ctx context.Context, open func() (keep func(ics.Component) error, err error)) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, q.feeds.Timeout)
	defer cancel()
	req, err := q.build(ctx)
	if err != nil {
		return answer{}, err
	}
	resp, err := q.http.Do(req, q.src.LAN)
	if err != nil {
		return answer{}, err
	}
	a, err := q.read(ctx, resp, open)
	if closeErr := resp.Body.Close(); err == nil && closeErr != nil {
		err = &bodyError{closeErr}
	}
	return a, conn.Hop(req.URL, resp.Request.URL, err)
}

// build makes the HTTP request with its credentials and conditions.
func (q request) build(ctx context.Context) (*http.Request, error) {
	u, err := url.Parse(q.src.URL.Reveal())
	if err != nil || u.Hostname() == "" {
		return nil, &invalidError{"its address is not one that can be fetched"}
	}
	if u.Scheme == "webcal" {
		u.Scheme = "https"
	}
	if u.Scheme != "https" && u.Scheme != "http" {
		return nil, &invalidError{"its address does not begin with https://, http:// or webcal://"}
	}
	u.Fragment = ""
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, &invalidError{"its address is not one that can be fetched"}
	}
	req.Header.Set("Accept", "text/calendar, text/plain;q=0.5, */*;q=0.1")
	req.Header.Set("Accept-Encoding", "gzip, deflate")
	if q.validators.ETag != "" {
		req.Header.Set("If-None-Match", q.validators.ETag)
	}
	if q.validators.LastModified != "" {
		req.Header.Set("If-Modified-Since", q.validators.LastModified)
	}
	for name, value := range q.src.Headers {
		req.Header.Set(name, value.Reveal())
	}
	if q.src.Bearer != "" {
		req.Header.Set("Authorization", "Bearer "+q.src.Bearer.Reveal())
	}
	if q.src.Username != "" || q.src.Password != "" {
		req.SetBasicAuth(q.src.Username, q.src.Password.Reveal())
	}
	return req, nil
}

func (q request) read(ctx context.Context, resp *http.Response, open func() (func(ics.Component) error, error)) (answer, error) {
	var now time.Time
	if !q.timeless {
		now = time.Now()
	}
	a := answer{date: dateOf(resp.Header), asks: asksOf(resp.Header, now)}
	asked := q.validators != store.Validators{}
	if resp.StatusCode == http.StatusNotModified && asked {
		a.unchanged = true
		return a, nil
	}
	if resp.StatusCode != http.StatusOK {
		return a, &statusError{resp.StatusCode}
	}
	a.validators = validatorsOf(resp.Header)
	limits := ics.Limits{Bytes: q.feeds.MaxBytes, Events: q.feeds.MaxEvents}
	if resp.ContentLength > limits.Bytes {
		return a, fmt.Errorf("%w: %d bytes", ics.ErrTooLarge, resp.ContentLength)
	}
	keep, err := open()
	if err != nil {
		return a, err
	}
	body, err := inflated(&capped{in: resp.Body, left: limits.Bytes})
	if err != nil {
		return a, err
	}
	a.report, err = ics.Decode(ctx, body, limits, q.zone, keep)
	return a, err
}

// capped passes at most left bytes on, so that a compressed body that inflates to nothing ends
// too, and marks what goes wrong while reading.
type capped struct {
	in   io.Reader
	left int64
}

func (c *capped) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	if c.left -= int64(n); c.left < 0 {
		return 0, fmt.Errorf("%w: too many bytes come", ics.ErrTooLarge)
	}
	if err != nil && err != io.EOF {
		err = &bodyError{err}
	}
	return n, err
}
