package web

import (
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
)

// How much one client may ask for while requests are limited. A household's screens, phones and programs ask for some pages and
// answers a minute, so that only what runs wild meets the limit.
const (
	clientBurst = 120 // requests at once
	pageReserve = 60  // of those, kept for pages: a program that runs wild does not take the wall from the screen beside it
	maxClients  = 256 // remembered; then the one that was quiet for longest is forgotten, and begins anew
)

// clientRate is a bucket of requests for each client. It is off at 0, and costs one load then.
type clientRate struct {
	rate atomic.Uint64 // requests per second, as the bits of a float64

	mu      sync.Mutex
	clients map[netip.Addr]clientBucket
}

// clientBucket is what a client has left at a moment.
type clientBucket struct {
	left float64
	at   time.Time
}

// SetClientRate bounds the requests per second of one client in the long run; 0 or less sets no bound. The device itself, signs of life
// and what tells how the program fares are not bounded.
func (s *Server) SetClientRate(perSecond float64) { s.rate.set(perSecond) }

func (r *clientRate) set(perSecond float64) {
	if !(perSecond > 0) || math.IsInf(perSecond, 0) {
		perSecond = 0
	}
	if r.rate.Swap(math.Float64bits(perSecond)) != 0 && perSecond == 0 {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.clients = nil
	}
}

// take takes a request from the bucket of a client; least is what must stay in it. It returns how long to wait, 0 when it may go on.
func (r *clientRate) take(from netip.Addr, least float64, perSecond float64, now time.Time) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.clients == nil {
		r.clients = make(map[netip.Addr]clientBucket, maxClients)
	}
	b, known := r.clients[from]
	if !known {
		makeRoom(r.clients, maxClients, func(c clientBucket) time.Time {
			return c.at.Add(time.Duration(float64(time.Second) * clientBurst / perSecond)) // full again, as if it was new
		}, now)
		b = clientBucket{left: clientBurst, at: now}
	}
	if passed := now.Sub(b.at); passed > 0 {
		b.left, b.at = min(clientBurst, b.left+passed.Seconds()*perSecond), now
	}
	missing := least + 1 - b.left
	if missing <= 0 {
		b.left--
	}
	r.clients[from] = b
	if missing <= 0 {
		return 0
	}
	return max(time.Millisecond, time.Duration(missing/perSecond*float64(time.Second)))
}

// clientOf is what counts as one client: an address, and of those that come from afar in IPv6 a network, as one household has that
// many. In the device's own network, to which calendarbot.local leads, everybody has addresses of the same one.
func clientOf(from netip.Addr) netip.Addr {
	if from = from.Unmap(); from.Is6() && (from.IsLinkLocalUnicast() || from.IsPrivate()) {
		return from.WithZone("")
	}
	return netOf(from)
}

// unbounded tells whether a route is answered however often it is asked for: it is cheap, or somebody looks after the device by it.
func (r route) unbounded() bool {
	return r.access == open || r.access == beating || r.path == "/metrics"
}

// within puts the bound of a client in front of a route.
func (s *Server) within(r route, answer fiber.Handler) fiber.Handler {
	if r.unbounded() {
		return answer
	}
	least := float64(pageReserve)
	if r.access == viewing || r.path == "/stream" {
		least = 0
	}
	return func(c *fiber.Ctx) error {
		bits := s.rate.rate.Load()
		if bits == 0 {
			return answer(c)
		}
		from, ok := netip.AddrFromSlice(c.Context().RemoteIP())
		if _, local := peerOf(c); local || !ok || from.Unmap().IsLoopback() {
			return answer(c)
		}
		client := clientOf(from)
		wait := s.rate.take(client, least, math.Float64frombits(bits), c.Context().Time())
		if wait == 0 {
			return answer(c)
		}
		p := problemOf(http.StatusTooManyRequests, "too_many_requests",
			fmt.Sprintf("The device is busy and %s asks for too much; please wait and try again.", client))
		p.wait = wait
		if r.access == viewing {
			return s.failForm(c, p)
		}
		return p
	}
}
