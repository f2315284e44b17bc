// Package mischief is a loopback server of one calendar feed that misbehaves on demand, for tests
// of what is done about it.
package mischief

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// Path is where the feed is; it stands for the secret part of an address.
const Path = "/secret-path/feed.ics"

// Server answers every request with its present behaviour. Close ends it.
type Server struct {
	mu       sync.Mutex
	behave   http.HandlerFunc
	requests []http.Header
	server   *http.Server
	address  string
	scheme   string
	served   chan struct{} // closed when the server has ended
	released chan struct{} // closed to let go of those who are kept waiting
}

// Start listens on a free port of 127.0.0.1, with TLS when a certificate is given.
func Start(behave http.HandlerFunc, certificates ...tls.Certificate) (*Server, error) {
	s := &Server{behave: behave, scheme: "http", address: "127.0.0.1:0"}
	if len(certificates) > 0 {
		s.scheme = "https"
	}
	return s, s.listen(certificates)
}

func (s *Server) listen(certificates []tls.Certificate) error {
	l, err := net.Listen("tcp", s.address)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", s.address, err)
	}
	s.address = l.Addr().String()
	if len(certificates) > 0 {
		l = tls.NewListener(l, &tls.Config{Certificates: certificates})
	}
	served, released := make(chan struct{}), make(chan struct{})
	server := &http.Server{
		Handler:  http.HandlerFunc(s.answer),
		ErrorLog: log.New(io.Discard, "", 0),
		BaseContext: func(net.Listener) context.Context {
			return context.WithValue(context.Background(), releasedKey{}, released)
		},
	}
	s.server, s.served, s.released = server, served, released
	go func() {
		defer close(served)
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			panic(err) // nothing but Close ends it
		}
	}()
	return nil
}

type releasedKey struct{}

// URL is the address of the feed.
func (s *Server) URL() string { return s.scheme + "://" + s.address + Path }

// Host is the address and port of the server.
func (s *Server) Host() string { return s.address }

// Turn changes the behaviour from the next request on.
func (s *Server) Turn(behave http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behave = behave
}

// Requests returns the headers of the requests so far.
func (s *Server) Requests() []http.Header {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]http.Header(nil), s.requests...)
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, r.Header.Clone())
	behave := s.behave
	s.mu.Unlock()
	behave(w, r)
}

// Close ends the server: from then on connections are refused.
func (s *Server) Close() error {
	close(s.released)
	err := s.server.Close()
	<-s.served
	return err
}

// Reopen starts a closed server of plain HTTP again, on the same port.
func (s *Server) Reopen() error { return s.listen(nil) }

// Good serves a calendar with ETag and Last-Modified, and answers 304 to who has it.
func Good(calendar []byte) http.HandlerFunc {
	tag := fmt.Sprintf(`"%x"`, sha256.Sum256(calendar))
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
		w.Header().Set("ETag", tag)
		http.ServeContent(w, r, "", time.Unix(1_700_000_000, 0), bytes.NewReader(calendar))
	}
}

// Body serves the bytes with 200 and the type, and nothing to ask conditionally with.
func Body(contentType string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Write(body)
	}
}

// Status answers with the status code and, as servers do, a page about it.
func Status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, http.StatusText(code), code) }
}

// Redirect sends people to another address.
func Redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
}

// Circle redirects to itself.
func Circle(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, r.URL.Path, http.StatusFound)
}

// HTML serves a web page, as login pages and hotel networks do.
func HTML(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprint(w, "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><form>...</form></body></html>\n")
}

// Empty serves nothing with 200.
func Empty(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/calendar")
	w.WriteHeader(http.StatusOK)
}

// Truncated announces the whole calendar and ends the connection in the middle.
func Truncated(calendar []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/calendar")
		w.Header().Set("Content-Length", fmt.Sprint(len(calendar)))
		w.Write(calendar[:len(calendar)/2])
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// Bomb serves gzip that inflates to a thousand times its size, a calendar of n bytes at least.
func Bomb(n int) http.HandlerFunc {
	line := append(append([]byte("X-FILLER:"), bytes.Repeat([]byte("a"), 60_000)...), '\r', '\n')
	block := bytes.Repeat(line, 20)
	packed := gzipped([]byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"))
	packed = append(packed, bytes.Repeat(gzipped(block), n/len(block)+1)...) // members follow each other (RFC 1952 section 2.2)
	packed = append(packed, gzipped([]byte("END:VCALENDAR\r\n"))...)
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/calendar")
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(packed)
	}
}

func gzipped(text []byte) []byte {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	// Writing to a buffer cannot fail.
	z.Write(text)
	z.Close()
	return packed.Bytes()
}

// Huge sends a calendar of n bytes at least, without saying how long it is.
func Huge(n int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/calendar")
		fmt.Fprint(w, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
		for sent, i := 0, 0; sent < n; i++ {
			more, err := fmt.Fprintf(w, "BEGIN:VEVENT\r\nUID:%d@huge.example\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260101T090000Z\r\n"+
				"SUMMARY:Entry %d\r\nDESCRIPTION:%0800d\r\nEND:VEVENT\r\n", i, i, i)
			if err != nil {
				return
			}
			sent += more
		}
		fmt.Fprint(w, "END:VCALENDAR\r\n")
	}
}

// Drip sends a byte every now and then, and never comes to an end.
func Drip(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/calendar")
	flush := http.NewResponseController(w)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	fmt.Fprint(w, "BEGIN:VCALENDAR\r\nX-SLOW:")
	for {
		if _, err := w.Write([]byte("z")); err != nil || flush.Flush() != nil {
			return
		}
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		case <-letGo(r):
			return
		}
	}
}

// Silent accepts the request and says nothing.
func Silent(_ http.ResponseWriter, r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-letGo(r):
	}
}

func letGo(r *http.Request) <-chan struct{} {
	released, _ := r.Context().Value(releasedKey{}).(chan struct{})
	return released
}

// Garbage sends bytes that are no HTTP.
func Garbage(w http.ResponseWriter, _ *http.Request) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	c.Write(bytes.Repeat([]byte{0x00, 0xff, 0x17, 0x9c, '\n'}, 100))
	c.Close()
}

// Noise is n bytes that are no calendar; the same for the same n.
func Noise(n int) []byte {
	noise := make([]byte, n)
	state := uint32(n)
	for i := range noise {
		state = state*1664525 + 1013904223
		noise[i] = byte(state >> 24)
	}
	return noise
}
