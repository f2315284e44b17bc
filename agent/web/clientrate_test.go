package web

import (
	"math"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// neighbourhood is a listener whose clients seem to come from another address, which changes during a test.
type neighbourhood struct {
	net.Listener
	from *atomic.Pointer[net.TCPAddr]
}

type neighbour struct {
	net.Conn
	from *atomic.Pointer[net.TCPAddr]
}

func (n neighbourhood) Accept() (net.Conn, error) {
	c, err := n.Listener.Accept()
	return neighbour{c, n.from}, err
}

func (n neighbour) RemoteAddr() net.Addr { return n.from.Load() }

// town is a device, and how it answers a request from an address.
func town(t *testing.T) (d *device, asked func(method, path, from string) answer) {
	t.Helper()
	var from atomic.Pointer[net.TCPAddr]
	d = start(t, func(o *Options) { o.Listener = neighbourhood{o.Listener, &from} })
	return d, func(method, path, address string) answer {
		t.Helper()
		from.Store(&net.TCPAddr{IP: net.ParseIP(address), Port: 4711})
		return d.ask(method, path, "")
	}
}

func TestClientRateIsOffAtFirst(t *testing.T) {
	d, asked := town(t)
	for range 2 * clientBurst {
		if got := asked("GET", "/api/v1/whats-next", "192.168.1.7").StatusCode; got != http.StatusOK {
			t.Fatalf("answered %d", got)
		}
	}
	if len(d.server.rate.clients) != 0 {
		t.Error("clients are remembered")
	}
}

// TestClientRate lets one client run wild: it meets the limit, others do not, nor do its screen, the device itself, and what tells how
// the program fares.
func TestClientRate(t *testing.T) {
	d, asked := town(t)
	d.server.SetClientRate(0.001) // next to nothing comes back during the test
	wild := "192.168.1.7"
	for range clientBurst - pageReserve {
		if got := asked("GET", "/api/v1/whats-next", wild).StatusCode; got != http.StatusOK {
			t.Fatalf("answered %d within the burst", got)
		}
	}
	c := asked("GET", "/api/v1/whats-next", wild)
	wait, err := strconv.Atoi(c.Header.Get("Retry-After"))
	if c.StatusCode != http.StatusTooManyRequests || c.Header.Get("Content-Type") != "application/problem+json" || err != nil || wait < 1 {
		t.Errorf("%d %s, try again in %d: %s", c.StatusCode, c.Header.Get("Content-Type"), wait, c.body)
	}
	for _, one := range []struct{ path, from string }{
		{"/", wild}, {"/agenda", wild}, {"/healthz", wild}, {"/metrics", wild}, {"/api/health", wild}, {"/api/v1/openapi.yaml", wild},
		{"/api/v1/whats-next", "192.168.1.8"}, {"/api/v1/whats-next", "127.0.0.1"}, {"/api/v1/whats-next", "::1"},
	} {
		if got := asked("GET", one.path, one.from).StatusCode; got == http.StatusTooManyRequests {
			t.Errorf("%s is refused %s", one.from, one.path)
		}
	}
	for range clientBurst {
		c = asked("GET", "/", wild)
	}
	if c.StatusCode != http.StatusTooManyRequests || c.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("without end: %d %s", c.StatusCode, c.Header.Get("Content-Type"))
	}
	if got := asked("POST", "/api/browser-heartbeat", wild).StatusCode; got != http.StatusOK {
		t.Errorf("a sign of life: %d", got)
	}
	d.server.SetClientRate(0)
	if got := asked("GET", "/api/v1/whats-next", wild).StatusCode; got != http.StatusOK || d.server.rate.clients != nil {
		t.Errorf("after its end: %d", got)
	}
}

// A kiosk that fetches a page each second and a program that asks without pause share one address: the kiosk gets its page.
func TestClientRateKeepsPages(t *testing.T) {
	var r clientRate
	r.set(2)
	now, from := time.Unix(0, 0), netip.MustParseAddr("192.168.1.7")
	refused := 0
	for range 600 { // seconds
		for range 50 {
			if r.take(from, pageReserve, 2, now) > 0 {
				refused++
			}
		}
		if wait := r.take(from, 0, 2, now); wait > 0 {
			t.Fatalf("the page waits for %s", wait)
		}
		now = now.Add(time.Second)
	}
	if refused < 600*48 {
		t.Errorf("only %d refused", refused)
	}
}

func TestClientRateRefills(t *testing.T) {
	var r clientRate
	now, from := time.Unix(0, 0), netip.MustParseAddr("192.168.1.7")
	wait := time.Duration(0)
	taken := 0
	for ; wait == 0; taken++ {
		wait = r.take(from, 0, 5, now)
	}
	if taken != clientBurst+1 || wait != 200*time.Millisecond {
		t.Errorf("%d taken, then %s to wait", taken, wait)
	}
	if got := r.take(from, 0, 5, now.Add(wait)); got != 0 {
		t.Errorf("%s to wait after waiting", got)
	}
	if got := r.take(from, 0, 5, now.Add(-time.Hour)); got <= 0 { // a clock that goes back gives nothing
		t.Errorf("%s to wait", got)
	}
}

func TestClientRateIsBounded(t *testing.T) {
	var r clientRate
	now := time.Unix(0, 0)
	for i := range 3 * maxClients {
		address := netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
		if wait := r.take(address, 0, 5, now.Add(time.Duration(i)*time.Millisecond)); wait != 0 {
			t.Fatalf("%s waits for %s", address, wait)
		}
		if len(r.clients) > maxClients {
			t.Fatalf("%d clients are remembered", len(r.clients))
		}
	}
}

func TestClientRateCountsNetworks(t *testing.T) {
	d, asked := town(t)
	d.server.SetClientRate(0.001)
	for i := range clientBurst {
		asked("GET", "/", "2001:db8::"+strconv.Itoa(i%9999+1))
	}
	if got := asked("GET", "/", "2001:db8::ffff").StatusCode; got != http.StatusTooManyRequests {
		t.Errorf("another address of the network: %d", got)
	}
	if got := asked("GET", "/", "2001:db8:0:1::1").StatusCode; got == http.StatusTooManyRequests {
		t.Error("another network is refused")
	}
}

// Everybody who opens calendarbot.local may come from the same network.
func TestClientRateCountsThoseInTheHouseSingly(t *testing.T) {
	for from, want := range map[string]string{
		"fe80::7%eth0": "fe80::7", "fd12:3456::7": "fd12:3456::7", "2001:db8::7": "2001:db8::", "::ffff:192.168.1.7": "192.168.1.7", "192.168.1.7": "192.168.1.7",
	} {
		if got := clientOf(netip.MustParseAddr(from)).String(); got != want {
			t.Errorf("%s is %s, want %s", from, got, want)
		}
	}
	d, asked := town(t)
	d.server.SetClientRate(0.001)
	for range clientBurst {
		asked("GET", "/", "fe80::7")
	}
	if got := asked("GET", "/", "fe80::7").StatusCode; got != http.StatusTooManyRequests {
		t.Errorf("it is not limited: %d", got)
	}
	if got := asked("GET", "/", "fe80::8").StatusCode; got != http.StatusOK {
		t.Errorf("its neighbour: %d", got)
	}
}

// Who is refused a page is led back to that page.
func TestClientRateLeadsBack(t *testing.T) {
	d, asked := town(t)
	d.server.SetClientRate(0.001)
	for range clientBurst {
		asked("GET", "/", "192.168.1.7")
	}
	for path, want := range map[string]string{
		"/": `url=/"`, "/status": `url=/status"`, "/agenda?days=3&theme=dark": `url=/agenda?days=3&amp;theme=dark"`, `/agenda?search="><b>`: `url=/agenda?search=%22%3E%3Cb%3E"`,
	} {
		a := asked("GET", strings.NewReplacer(`"`, "%22", ">", "%3E", "<", "%3C").Replace(path), "192.168.1.7")
		if body := string(a.body); a.StatusCode != http.StatusTooManyRequests || !strings.Contains(body, want) || !strings.Contains(body, "Try again") {
			t.Errorf("%s: %d %s", path, a.StatusCode, body)
		}
	}
}

func TestClientRateTakesNoNonsense(t *testing.T) {
	var s Server
	for _, bad := range []float64{-1, 0, math.NaN(), math.Inf(1)} {
		s.SetClientRate(bad)
		if s.rate.rate.Load() != 0 {
			t.Errorf("%v is on", bad)
		}
	}
}

// Logins, trial fetches and streams are slow on purpose, or fail for reasons of their own: they are no sign that the program is in trouble.
func TestServedLeavesOutWhatWaits(t *testing.T) {
	d := start(t)
	counted := map[string]bool{}
	for _, r := range d.server.routes() {
		counted[r.method+" "+r.path] = !r.waits()
	}
	for key, want := range map[string]bool{
		"GET /": true, "GET /api/whats-next": true, "GET /api/v1/status": true, "GET /api/alexa/next-meeting": true, "GET /healthz": true,
		"POST /login": false, "POST /api/v1/sources": false, "GET /settings": false, "POST /settings": false, "GET /setup": false, "POST /setup": false, "GET /stream": false, "POST /api/skip": false, "POST /hide": false,
	} {
		if got, known := counted[key]; !known || got != want {
			t.Errorf("%s is counted: %v", key, got)
		}
	}
	before, _, _ := d.server.Served()
	d.ask("GET", "/", "")
	d.ask("POST", "/api/skip", "{")
	d.until("one more", func() bool { after, _, _ := d.server.Served(); return after == before+1 })

	// What the program asks itself is counted, but apart.
	d.ask("GET", SelfPath, "", header{SelfHeader, d.server.SelfKey()})
	d.until("its own", func() bool { own := d.server.Self(); return own.Count() == 1 })
	if after, _, _ := d.server.Served(); after != before+1 {
		t.Errorf("%d more with its own", after-before)
	}

	// Nobody else can: for others there is no such page, and what they ask for is not among its own requests.
	for path, headers := range map[string][]header{
		SelfPath: nil, SelfPath + "?": {{SelfHeader, d.server.SelfKey() + "x"}}, SelfPath + "?theme=dark": {{SelfHeader, d.server.SelfKey()}}, SelfPath + "?days=7": {{SelfHeader, ""}},
	} {
		if got, none := d.ask("GET", path, "", headers...), d.ask("GET", "/nothing", ""); got.StatusCode != http.StatusNotFound || string(got.body) != string(none.body) {
			t.Errorf("%s: %s, %s", path, got.Status, got.body)
		}
	}
	d.until("what is no page", func() bool { after, _, _ := d.server.Served(); return after == before+9 })
	if own := d.server.Self(); own.Count() != 1 {
		t.Errorf("%d requests of its own", own.Count())
	}
}
