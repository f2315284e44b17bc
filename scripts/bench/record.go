package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"calendarbot/scripts/trace"
)

// traceHeader says in the file itself what it is.
const traceHeader = `# What a household asks of its calendar in %d minutes, recorded by "make record": the demo household with the agent, and in
# front of it a proxy that wrote down each request. The kiosk is a real browser of 800x480 with the page's script, its
# stream and its heartbeats; the phones are real browsers with windows of 390x844 and 412x915 that are opened and closed
# as people do, with their caches kept; home-assistant asks in the intervals of its REST sensors (30 s and 5 min) and eink
# every 5 min, as a frame that sleeps in between.
#
# Milliseconds from a full minute, client, method, path and query, "gzip" when the client takes it, "matches" when
# it sent the ETag that it had for that address (If-None-Match). HASH stands for the hash in a file's name.
`

// visit is one look at a phone.
type visit struct {
	phone    string
	path     string
	at, open time.Duration
}

// visits are the looks at two phones within half an hour.
func visits() []visit {
	const s, m = time.Second, time.Minute
	return []visit{
		{"phone-1", "/", 70 * s, 25 * s},
		{"phone-1", "/agenda", 97 * s, 50 * s},
		{"phone-2", "/agenda", 5*m + 5*s, 80 * s},
		{"phone-1", "/", 9*m + 40*s, 15 * s},
		{"phone-2", "/", 12*m + 20*s, 20 * s},
		{"phone-2", "/agenda", 12*m + 42*s, 35 * s},
		{"phone-1", "/", 13*m + 2*s, 45 * s},
		{"phone-2", "/", 18*m + 33*s, 18 * s},
		{"phone-1", "/agenda", 20*m + 10*s, 100 * s},
		{"phone-2", "/", 21*m + 4*s, 30 * s},
		{"phone-1", "/", 25*m + 15*s, 12 * s},
	}
}

// windows are the sizes of the browsers.
func windows() map[string]string {
	return map[string]string{"kiosk": "800,480", "phone-1": "390,844", "phone-2": "412,915"}
}

// recorder writes down what passes.
type recorder struct {
	zero  time.Time // a full minute
	agent *url.URL

	mu   sync.Mutex
	list []trace.Request
	errs []error
}

// record records the demo household for a while.
func record(ctx context.Context, args []string) (err error) {
	fs := flag.NewFlagSet("bench record", flag.ContinueOnError)
	agent := fs.String("agent", "bin/calendarbot", "the agent's binary")
	demo := fs.String("demo", "bin/demo", "the demo household's binary")
	out := fs.String("out", "scripts/trace/household.txt", "the trace")
	length := fs.Duration("for", 28*time.Minute, "how long")
	if err := fs.Parse(args); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "calendarbot-record-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	cmd := exec.Command(*demo, "--agent", *agent, "--port", "0", "--zone", "Europe/Berlin")
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() {
		if stopErr := cmd.Process.Signal(syscall.SIGTERM); err == nil {
			err = stopErr
		}
		if waitErr := cmd.Wait(); err == nil {
			err = waitErr
		}
	}()
	address, err := demoAddress(stdout)
	if err != nil {
		return err
	}
	r := &recorder{zero: time.Now().Truncate(time.Minute), agent: address}
	clients := map[string]string{}
	for _, name := range []string{"kiosk", "phone-1", "phone-2", "home-assistant", "eink"} {
		if clients[name], err = r.listen(ctx, name); err != nil {
			return err
		}
	}
	ctx, done := context.WithTimeout(ctx, *length)
	defer done()
	fmt.Fprintf(os.Stderr, "recording %s until %s\n", address, time.Now().Add(*length).Format(time.TimeOnly))
	r.household(ctx, dir, clients)

	r.mu.Lock()
	defer r.mu.Unlock()
	if err := errors.Join(r.errs...); err != nil {
		return err
	}
	var text strings.Builder
	fmt.Fprintf(&text, traceHeader, int(length.Minutes()))
	for _, request := range r.list {
		fmt.Fprintln(&text, request)
	}
	return os.WriteFile(*out, []byte(text.String()), 0o644)
}

// household lives until ctx ends.
func (r *recorder) household(ctx context.Context, dir string, clients map[string]string) {
	var all sync.WaitGroup
	live := func(f func() error) {
		all.Go(func() {
			if err := f(); err != nil && ctx.Err() == nil {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.errs = append(r.errs, err)
			}
		})
	}
	live(func() error { return browse(ctx, dir, "kiosk", clients["kiosk"]+"/") })
	for phone := range windows() {
		live(func() error {
			for _, v := range visits() {
				if v.phone != phone || !pause(ctx, time.Until(r.zero.Add(v.at))) {
					continue
				}
				looking, away := context.WithTimeout(ctx, v.open)
				err := browse(looking, dir, phone, clients[phone]+v.path)
				away()
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	live(func() error {
		return poll(ctx, clients["home-assistant"]+"/api/whats-next", sensor, "gzip, deflate")
	})
	live(func() error {
		return poll(ctx, clients["home-assistant"]+"/api/v1/events?days=7", frame, "gzip, deflate")
	})
	live(func() error { return poll(ctx, clients["eink"]+"/?theme=eink", frame, "identity") })
	all.Wait()
}

// The intervals of a REST sensor and of a frame's battery.
const (
	sensor = 30 * time.Second
	frame  = 5 * time.Minute
)

// pause waits; false when ctx ended meanwhile.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// browse opens a page in a real browser until ctx ends. Each client keeps its profile, and with it its cache.
func browse(ctx context.Context, dir, client, address string) error {
	cmd := exec.CommandContext(ctx, "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--no-first-run", "--remote-debugging-port=0",
		"--user-data-dir="+filepath.Join(dir, client), "--window-size="+windows()[client], address)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	err := cmd.Run()
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("browser of %s: ended early: %w", client, err)
}

// poll asks for an address again and again until ctx ends.
func poll(ctx context.Context, address string, every time.Duration, encoding string) error {
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return err
		}
		req.Header.Set("Accept-Encoding", encoding)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		if closeErr := resp.Body.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			return err
		}
		if !pause(ctx, every) {
			return nil
		}
	}
}

// listen opens a client's own door to the agent, so that its requests are known by it.
func (r *recorder) listen(ctx context.Context, client string) (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	proxy := &httputil.ReverseProxy{
		// The Host stays as the client wrote it: it and Origin have to fit.
		Rewrite:       func(p *httputil.ProxyRequest) { p.Out.URL.Scheme, p.Out.URL.Host = "http", r.agent.Host },
		FlushInterval: -1,
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.note(client, req)
		proxy.ServeHTTP(w, req)
	})}
	context.AfterFunc(ctx, func() { server.Close() })
	go server.Serve(l) // until it is closed
	return "http://" + l.Addr().String(), nil
}

func (r *recorder) note(client string, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, trace.Request{
		At: time.Since(r.zero), Client: client, Method: req.Method, Target: trace.General(req.URL.RequestURI()),
		Gzip: strings.Contains(req.Header.Get("Accept-Encoding"), "gzip"), Revalidates: req.Header.Get("If-None-Match") != "",
	})
}

var addressLine = regexp.MustCompile(`CalendarBot .*(http://[0-9.:]+)`)

// demoAddress reads what the demo prints until it names the agent's address.
func demoAddress(out io.Reader) (*url.URL, error) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := addressLine.FindStringSubmatch(lines.Text()); m != nil {
			return url.Parse(m[1])
		}
	}
	return nil, errors.New("start the demo household: it ended without an address")
}
