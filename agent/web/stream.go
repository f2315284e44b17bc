package web

import (
	"bufio"
	"context"
	"fmt"
	"hash/fnv"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"

	"calendarbot/agent/page"
)

const (
	pulseEvery  = 500 * time.Millisecond // how often the store is looked at while somebody listens
	commentTime = 20 * time.Second       // between signs of life on a silent stream
	streamWrite = 15 * time.Second       // for a listener to take what is sent
)

// pulse tells its listeners when the picture changes: when the store's generation becomes another, and when the time comes
// at which the picture itself changes (once a minute at most, as that is how often it counts).
type pulse struct {
	generation func() uint64
	until      func(ctx context.Context) time.Time // when the picture drawn now changes
	now        func() time.Time

	mu        sync.Mutex
	listeners map[chan uint64]struct{}
	ended     bool
	came      chan struct{} // a first listener came
	watching  atomic.Bool   // run knows what there is, and tells what differs from it
}

func newPulse(generation func() uint64, until func(context.Context) time.Time, now func() time.Time) *pulse {
	return &pulse{
		generation: generation, until: until, now: now,
		listeners: make(map[chan uint64]struct{}), came: make(chan struct{}, 1),
	}
}

// listen adds a listener: a channel that holds the generation after a change, several changes as one, and that is closed at
// the end. It returns nil when there are too many, or at the end.
func (p *pulse) listen() chan uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended || len(p.listeners) >= maxStreams {
		return nil
	}
	ch := make(chan uint64, 1)
	p.listeners[ch] = struct{}{}
	select {
	case p.came <- struct{}{}:
	default:
	}
	return ch
}

// leave takes a listener away.
func (p *pulse) leave(ch chan uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.listeners, ch)
}

// tell tells all listeners of a change.
func (p *pulse) tell(generation uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for ch := range p.listeners {
		select {
		case ch <- generation:
		default: // it has not yet taken the last one
		}
	}
}

func (p *pulse) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.listeners)
}

// run watches until ctx ends, then ends the listeners. While nobody listens it sleeps.
func (p *pulse) run(ctx context.Context) {
	defer p.end()
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.came:
		}
		p.watch(ctx)
	}
}

// watch looks at the store until nobody listens any more.
func (p *pulse) watch(ctx context.Context) {
	if p.count() == 0 {
		return
	}
	tick := time.NewTicker(pulseEvery)
	defer tick.Stop()
	seen, until, last := p.generation(), p.until(ctx), p.now()
	p.watching.Store(true)
	defer p.watching.Store(false)
	for p.count() > 0 {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := p.now()
		if generation := p.generation(); generation != seen || !now.Before(until) || now.Before(last) { // a clock that was set back
			seen, until = generation, p.until(ctx)
			p.tell(generation)
		}
		last = now
	}
}

func (p *pulse) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	for ch := range p.listeners {
		close(ch)
		delete(p.listeners, ch)
	}
}

// pictureUntil asks when what's next, as drawn now, changes; in a minute when that cannot be told.
func (s *Server) pictureUntil(ctx context.Context) (until time.Time) {
	now := s.o.Now()
	defer func() {
		if cause := recover(); cause != nil {
			s.o.Log.Error("panic while looking at the page", "cause", cause, "stack", string(debug.Stack()))
			until = now.Add(time.Minute)
		}
	}()
	p := s.o.Page(ctx, page.Query{Kind: page.Next})
	if !p.Until.After(now) {
		return now.Add(time.Minute)
	}
	return p.Until
}

// vitalMark is another number when the status page would say something else than figures: of problems, levels, actions, which begin
// and end with the steps of signs, of what the store knows, and of what is set.
func (s *Server) vitalMark() uint64 {
	h := fnv.New64a()
	note := func(values ...any) { fmt.Fprintln(h, values...) } // which never fails
	note(s.o.Store.Generation(), s.current().Revision)
	if s.o.Health != nil {
		r := s.o.Health()
		note(r.Fine, r.Since.Unix())
		for _, p := range r.Problems {
			note(p.Code, p.About, p.Severity, p.Of, p.In > 0)
		}
	}
	if s.o.Pressure != nil {
		judged, _ := s.o.Pressure()
		note(judged.Level)
		for _, sign := range judged.Signs {
			note(sign.Step)
		}
	}
	if s.o.Clock != nil {
		state := s.o.Clock()
		note(state.Trusted, state.Jumps)
	}
	return h.Sum64() >> 11 // what a browser can count to
}

// streamKind is what a stream is about.
type streamKind struct {
	event string
	*pulse
}

// streamKind reads what a stream is asked to be about.
func (s *Server) streamKind(c *fiber.Ctx) (streamKind, error) {
	switch string(c.Request().URI().QueryArgs().Peek("of")) {
	case "":
		return streamKind{"change", s.pulse}, nil
	case "status":
		return streamKind{"status", s.vital}, nil
	}
	return streamKind{}, problemOf(http.StatusBadRequest, "bad_parameter", "The parameter of can be status, or is left out.")
}

// stream answers server-sent events: one whenever the page should be fetched again.
func (s *Server) stream(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	kind, err := s.streamKind(c)
	if err != nil {
		return err
	}
	if c.Method() == fiber.MethodHead {
		c.Set(fiber.HeaderContentType, "text/event-stream")
		return nil
	}
	changes := kind.listen()
	if changes == nil {
		return problemOf(http.StatusServiceUnavailable, "streams", fmt.Sprintf("At most %d event streams are open at a time; please try again.", maxStreams))
	}
	c.Set(fiber.HeaderContentType, "text/event-stream")
	c.Set("X-Accel-Buffering", "no")
	c.Context().SetConnectionClose()
	conn := below(c.Context().Conn()) // whose limits are those of a request and its answer
	greeting := "retry: 3000\n\n"
	if c.Get("Last-Event-ID") != "" {
		greeting += kind.told(kind.generation()) // whoever comes back may have missed something
	}
	c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
		defer func() {
			kind.leave(changes)
			if cause := recover(); cause != nil {
				s.o.Log.Error("panic while streaming", "cause", cause, "stack", string(debug.Stack()))
			}
		}()
		send(conn, w, changes, kind.told, greeting)
	})
	return nil
}

func (k streamKind) told(generation uint64) string {
	return fmt.Sprintf("event: %s\nid: %d\ndata: {\"generation\":%d}\n\n", k.event, generation, generation)
}

// send writes the greeting, then changes until the channel is closed or the listener is gone.
func send(conn net.Conn, w *bufio.Writer, changes <-chan uint64, told func(generation uint64) string, greeting string) {
	// The limit for reading a request would end the stream.
	if conn.SetReadDeadline(time.Time{}) != nil {
		return
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		// A listener sends nothing more: whatever comes is its going away.
		if _, err := conn.Read(make([]byte, 1)); err != nil {
			return
		}
	}()
	defer func() {
		// Ends the reading above.
		if conn.SetReadDeadline(time.Unix(1, 0)) == nil {
			<-gone
		}
	}()
	write := func(text string) bool {
		// The limit is for a whole answer; here each piece has its own.
		if conn.SetWriteDeadline(time.Now().Add(streamWrite)) != nil {
			return false
		}
		_, err := w.WriteString(text)
		return err == nil && w.Flush() == nil
	}
	if !write(greeting) {
		return
	}
	silence := time.NewTicker(commentTime)
	defer silence.Stop()
	for {
		select {
		case <-gone:
			return
		case generation, ok := <-changes:
			if !ok || !write(told(generation)) {
				return
			}
		case <-silence.C:
			if !write(":\n\n") {
				return
			}
		}
	}
}
