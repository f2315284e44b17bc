package hwtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	socketPath = "/run/calendarbot/control.sock" // answers root without a PIN
	mostAnswer = 8 << 20                         // bytes
	askTimeout = 20 * time.Second
)

// ask asks the program over its local socket; into may be nil.
func (d *Device) ask(ctx context.Context, method, path string, body, into any) error {
	data, err := d.fetch(ctx, method, path, body)
	if err != nil || into == nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("read the answer of %s: %w", path, err)
	}
	return nil
}

func (d *Device) fetch(ctx context.Context, method, path string, body any) (answer []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	var text []byte
	if body != nil {
		if text, err = json.Marshal(body); err != nil {
			return nil, err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://localhost"+path, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var dialer net.Dialer
			return dialer.DialContext(ctx, "unix", d.at(socketPath))
		},
	}}
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask the program for %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	answer, err = io.ReadAll(io.LimitReader(response.Body, mostAnswer))
	if err != nil {
		return nil, fmt.Errorf("ask the program for %s: %w", path, err)
	}
	if response.StatusCode/100 != 2 {
		return nil, fmt.Errorf("%s %s: the program answers %d: %.200s", method, path, response.StatusCode, answer)
	}
	return answer, nil
}

// page asks for a page as a browser on the device would, on a new connection, and tells whether it is whole.
func (d *Device) page(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.Page+"/", nil)
	if err != nil {
		return err
	}
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err != nil {
		return fmt.Errorf("ask for the page: %w", err)
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	body, err := io.ReadAll(io.LimitReader(response.Body, mostAnswer))
	if err != nil {
		return fmt.Errorf("read the page: %w", err)
	}
	if !wholePage("/", response.StatusCode, body) {
		return fmt.Errorf("the page is not whole: status %d, %d bytes", response.StatusCode, len(body))
	}
	return nil
}

// readyMark stands in each page that was drawn to its end.
const readyMark = `name="calendarbot-ready"`

// wholePage tells whether an answer is what was asked for.
func wholePage(path string, status int, body []byte) bool {
	if status != http.StatusOK {
		return false
	}
	if strings.HasPrefix(path, "/api/") {
		return json.Valid(body)
	}
	return bytes.Contains(body, []byte(readyMark))
}

// metrics are the figures of /metrics by their name and labels, as they stand there.
func (d *Device) metrics(ctx context.Context) (map[string]float64, error) {
	data, err := d.fetch(ctx, http.MethodGet, "/metrics", nil)
	if err != nil {
		return nil, err
	}
	return parseMetrics(string(data)), nil
}

// parseMetrics reads Prometheus' text format; what is no figure is passed over.
func parseMetrics(text string) map[string]float64 {
	values := map[string]float64{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if cut := strings.LastIndexByte(line, ' '); cut > 0 && line[0] != '#' {
			if v, err := strconv.ParseFloat(line[cut+1:], 64); err == nil {
				values[line[:cut]] = v
			}
		}
	}
	return values
}
