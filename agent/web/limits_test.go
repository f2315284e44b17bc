package web

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// raw sends bytes as they are and reads one answer; nil when the server has hung up.
func (d *device) raw(method, text string) *answer {
	d.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(d.url, "http://"))
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() {
		if err := conn.Close(); err != nil {
			d.t.Error(err)
		}
	}()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		d.t.Fatal(err)
	}
	if _, err := io.WriteString(conn, text); err != nil {
		return nil
	}
	r, err := http.NewRequestWithContext(d.t.Context(), method, d.url, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), r)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
		return nil
	}
	if err != nil {
		d.t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		d.t.Fatal(err)
	}
	return &answer{res, body}
}

// A body that is announced as too large is refused before it is read.
func TestOversizedBodies(t *testing.T) {
	d := start(t)
	for _, c := range changes() {
		if c.method == "GET" {
			continue
		}
		a := d.raw(c.method, fmt.Sprintf("%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n", c.method, c.path, writeToken, maxBody+1))
		if a == nil || a.StatusCode != http.StatusRequestEntityTooLarge || d.json(*a)["code"] != "too_large" {
			t.Errorf("%s %s: %+v", c.method, c.path, a)
		}
	}
	a := d.raw("POST", "POST /api/skip HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n20000\r\n")
	if a != nil && a.StatusCode < 400 {
		t.Errorf("chunked: %d", a.StatusCode)
	}
}

func TestHostileRequests(t *testing.T) {
	d := start(t)
	requests := []string{
		"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("x", maxHeader) + "\r\n\r\n",
		"GET /" + strings.Repeat("x", maxHeader) + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"GET  HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "POST /api/skip HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
		"POST /api/skip HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n",
	}
	for _, text := range requests {
		if a := d.raw("GET", text); a != nil && a.StatusCode < 400 {
			t.Errorf("%.60q: %d", text, a.StatusCode)
		}
	}
	d.get("/healthz")
}

func TestWrongMethods(t *testing.T) {
	d := start(t)
	for _, c := range []struct{ method, path, allow string }{
		{"POST", "/", "GET"}, {"DELETE", "/api/whats-next", "GET"}, {"GET", "/api/skip", "POST"}, {"PUT", "/api/v1/sources", "POST"}, {"PATCH", "/api/v1/sources/a", "PUT"},
		{"GET", "/api/morning-summary", "POST"}, {"GET", "/hide", "POST"}, {"OPTIONS", "/api/v1/events", "GET"}, {"TRACE", "/", "GET"}, {"BREW", "/", ""},
	} {
		a := d.ask(c.method, c.path, "")
		if a.StatusCode < 400 || a.StatusCode == http.StatusInternalServerError || (c.allow != "" && (a.StatusCode != http.StatusMethodNotAllowed || !strings.Contains(a.Header.Get("Allow"), c.allow))) {
			t.Errorf("%s %s: %d, allow %q", c.method, c.path, a.StatusCode, a.Header.Get("Allow"))
		}
	}
	for _, p := range []string{"/nowhere", "/api/v1/", "/api", "/API/whats-next", "/api/whats-next/", "/assets/", "/assets/..%2fpage.css", "/../etc/passwd", "/%00"} {
		if a := d.ask("GET", p, ""); a.StatusCode != http.StatusNotFound || d.json(a)["code"] != "not_found" {
			t.Errorf("%s: %d %.100s", p, a.StatusCode, a.body)
		}
	}
}

// Who sends more than is taken still gets the answer that says so: the connection does not break while the rest is sent. Who never
// stops is cut off.
func TestRefusedClientsMayFinish(t *testing.T) {
	d := start(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(d.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	const length = 8 * maxBody
	if _, err := fmt.Fprintf(conn, "PUT /api/v1/update/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n", length); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn) // to its end: the server has done all it does for this request
	if err != nil || !strings.Contains(string(answer), "larger than 64 KB") {
		t.Errorf("%s, %v", answer, err)
	}
	for range length / maxBody {
		if _, err := conn.Write(make([]byte, maxBody)); err != nil {
			t.Fatal(err)
		}
	}
	for err == nil {
		_, err = conn.Write(make([]byte, maxBody))
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("it may go on for ever")
	}
}
