package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"calendarbot/scripts/demo/household"
	"calendarbot/scripts/demo/mischief"
)

// traffic asks a program for the same and for ever new pages, without a pause, and checks every answer: none is lost, none
// is a fault of the server, every page is one that a person can use.
type traffic struct {
	h       *home
	ended   chan struct{}
	workers sync.WaitGroup

	asked atomic.Int64
	mu    sync.Mutex
	seen  map[string]map[string]int // answers by route and rung since the last mark
	bad   int
}

// known are routes whose pages were drawn before whatever happens; unknown those where each request is for another page, from all
// over the calendar.
func known() []string {
	return []string{"/", "/agenda", "/?theme=eink", "/api/whats-next", "/api/done-for-day", "/api/v1/whats-next", "/api/v1/events?days=7"}
}
func unknown() []string { return []string{"/agenda?", "/api/v1/events?"} }

func routes() []string { return append(known(), unknown()...) }

// path is what is asked for the nth time on a route.
func path(route string, n int) string {
	if !strings.HasSuffix(route, "?") {
		return route
	}
	const days = 1200
	from := began().AddDate(0, 0, n*37%days-900).Format(time.DateOnly)
	return fmt.Sprintf("%sfrom=%s&days=%d", route, from, 1+n/days%31)
}

// flow starts the traffic; it ends with the test.
func (h *home) flow() *traffic {
	h.t.Helper()
	w := &traffic{h: h, ended: make(chan struct{}), seen: map[string]map[string]int{}}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: len(routes())}}
	address := h.address
	for _, route := range routes() {
		w.workers.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-w.ended:
					return
				default:
				}
				rung, err := look(client, address+path(route, n))
				w.note(route, rung, err)
			}
		})
	}
	h.t.Cleanup(w.end)
	return w
}

// end stops asking.
func (w *traffic) end() {
	select {
	case <-w.ended:
	default:
		close(w.ended)
	}
	w.workers.Wait()
}

// look asks once. It returns the rung of the answer; the error is what is wrong with it.
func look(client *http.Client, address string) (rung string, err error) {
	resp, err := client.Get(address)
	if err != nil {
		return "", fmt.Errorf("the request was lost: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", fmt.Errorf("the answer broke off: %w", err)
	}
	if rung = resp.Header.Get("X-Calendarbot-Rung"); rung == "" {
		rung = "optimised"
	}
	if resp.StatusCode != http.StatusOK {
		return rung, fmt.Errorf("status %d: %.200s", resp.StatusCode, body)
	}
	if strings.Contains(address, "/api/") {
		if !json.Valid(body) {
			return rung, fmt.Errorf("no JSON: %.200s", body)
		}
		return rung, nil
	}
	for _, want := range []string{"<!doctype html>", `name="calendarbot-ready" content="1"`, "<main", "</html>"} {
		if strings.Contains(want, "ready") && rung == "foot" {
			continue // the clock is what is shown while the page is not ready
		}
		if !bytes.Contains(bytes.ToLower(body), []byte(want)) {
			return rung, fmt.Errorf("the page from the rung %s has no %s:\n%.300s", rung, want, body)
		}
	}
	return rung, nil
}

func (w *traffic) note(route, rung string, err error) {
	w.asked.Add(1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		if w.bad++; w.bad <= maxDifferences {
			w.h.t.Errorf("%s: %v", route, err)
		}
		return
	}
	if w.seen[route] == nil {
		w.seen[route] = map[string]int{}
	}
	w.seen[route][rung]++
}

// mark forgets what was seen until now.
func (w *traffic) mark() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.seen)
}

// goesOn waits until every route was answered a few more times, from whatever rung.
func (w *traffic) goesOn(while string) {
	w.h.t.Helper()
	w.comes(while, func(rungs map[string]int) bool {
		sum := 0
		for n := range maps.Values(rungs) {
			sum += n
		}
		return sum >= 5
	}, routes()...)
}

// from waits until the routes were answered from a rung.
func (w *traffic) from(while, rung string, routes ...string) {
	w.h.t.Helper()
	w.comes(while, func(rungs map[string]int) bool { return rungs[rung] >= 2 }, routes...)
}

func (w *traffic) comes(while string, holds func(rungs map[string]int) bool, routes ...string) {
	w.h.t.Helper()
	w.mark()
	defer func() {
		if w.h.t.Failed() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.h.t.Logf("%s: answers were %v", while, w.seen)
		}
	}()
	w.h.await(while+": "+strings.Join(routes, ", "), func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.bad > maxDifferences || !slices.ContainsFunc(routes, func(route string) bool { return !holds(w.seen[route]) })
	})
}

// events are more than SQLite keeps in memory, so that the disk is needed.
const events = 4000

// underLoad is a filled home with traffic, every page of which was seen.
func underLoad(t *testing.T) (*home, *traffic) {
	t.Helper()
	h := newHome(t)
	h.feed.Turn(mischief.Good(household.Large(events, 1)))
	h.env = append(everyFeature("on"), "CALENDARBOT_FEATURES_EMERGENCY_FILE="+h.stopFile())
	h.start(h.began)
	h.becomes("ok", "")
	w := h.flow()
	w.from("all is well", "optimised", routes()...)
	return h, w
}

// stopFile is the file that switches everything optional off.
func (h *home) stopFile() string { return filepath.Join(h.dir, "stop") }

// replace changes the configuration file, which the program follows: every kept page is useless then.
func (h *home) replace(display string) {
	h.t.Helper()
	file := filepath.Join(h.dir, "calendarbot.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		h.t.Fatal(err)
	}
	before, _, _ := strings.Cut(string(text), "display:")
	if err := os.WriteFile(file, []byte(before+"display: "+display+"\n"), 0o600); err != nil {
		h.t.Fatal(err)
	}
	if err := h.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		h.t.Fatal(err)
	}
}

// metric is a figure of /metrics that has no labels.
func (h *home) metric(name string) string {
	h.t.Helper()
	_, body := h.get("/metrics")
	for line := range strings.Lines(string(body)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	h.t.Fatalf("no %s in\n%s", name, body)
	return ""
}

// revision is how often the configuration changed.
func (h *home) revision() string { return h.metric("calendarbot_config_revision") }

func TestLadderWhenTheOptionalPartsGo(t *testing.T) {
	t.Parallel()
	h, w := underLoad(t)
	for range 3 {
		if err := os.WriteFile(h.stopFile(), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		w.from("the file of the boot partition is there", "plain", routes()...)
		if err := os.Remove(h.stopFile()); err != nil {
			t.Fatal(err)
		}
		w.from("the file is gone", "optimised", routes()...)
	}
}

func TestLadderWhileTheConfigurationChanges(t *testing.T) {
	t.Parallel()
	h, w := underLoad(t)
	for _, display := range []string{"{theme: light}", "{theme: dark, clock: 12h}", "{theme: eink}"} {
		before := h.revision()
		h.replace(display)
		h.await("the configuration is read again", func() bool { return h.revision() != before })
		w.from("with "+display, "optimised", routes()...)
	}
	h.replace("{theme: pink}")
	h.await("the file is known to be unusable", func() bool { return h.metric("calendarbot_config_problem") == "1" })
	w.goesOn("the configuration is broken")
	h.replace("{theme: light}")
	h.await("the file is used again", func() bool { return h.metric("calendarbot_config_problem") == "0" })
	w.from("the configuration is mended", "optimised", routes()...)
}

// databaseFiles are the file of the database and, when there is one, its log of changes. The third file that belongs to them is
// memory that the connections share: it holds nothing that lasts, and no disk breaks it.
func (h *home) databaseFiles() []string {
	files := []string{h.database()}
	if log := h.database() + "-wal"; exists(log) {
		files = append(files, log)
	}
	return files
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

func TestLadderWhenTheDatabaseBreaks(t *testing.T) {
	for name, c := range map[string]struct {
		breaks func(h *home)
		falls  bool // what was never drawn before is lost
		heals  bool // the damage is seen, and the calendar fetched again into a new file
	}{
		"overwritten with noise": {heals: true, breaks: func(h *home) {
			for _, file := range h.databaseFiles() {
				info, err := os.Stat(file)
				if err != nil {
					h.t.Fatal(err)
				}
				f, err := os.OpenFile(file, os.O_WRONLY, 0)
				if err != nil {
					h.t.Fatal(err)
				}
				_, err = f.Write(mischief.Noise(max(int(info.Size()), 1)))
				if err := errors.Join(err, f.Close()); err != nil {
					h.t.Fatal(err)
				}
			}
		}},
		"cut off": {falls: true, breaks: func(h *home) {
			for _, file := range h.databaseFiles() {
				if err := os.Truncate(file, 0); err != nil {
					h.t.Fatal(err)
				}
			}
		}},
		"removed": {breaks: func(h *home) {
			for _, file := range h.databaseFiles() {
				if err := os.Remove(file); err != nil {
					h.t.Fatal(err)
				}
			}
		}},
		"unreadable": {breaks: func(h *home) {
			for _, file := range h.databaseFiles() {
				if err := os.Rename(file, file+".away"); err != nil {
					h.t.Fatal(err)
				}
			}
			// A folder in its place cannot be opened, not even by root.
			if err := os.Mkdir(h.database(), 0); err != nil {
				h.t.Fatal(err)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, w := underLoad(t)
			c.breaks(h)
			if c.falls {
				w.from("what was never drawn is the clock, or says that nothing can be read", "foot", unknown()...)
			}
			w.goesOn("the database is " + name)
			if c.heals {
				h.await("the damaged file is set aside", func() bool {
					aside, err := filepath.Glob(h.database() + ".corrupt-*")
					return err == nil && len(aside) > 0
				})
				h.await("every event is there again", func() bool { s := h.source(); return s.State == "ok" && s.Events == events })
				w.from("the database is healed", "optimised", routes()...)
			}
			// Without the kept pages each has to be drawn.
			if err := os.WriteFile(h.stopFile(), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if c.falls {
				w.from("the last good pages are shown", "last_good", "/", "/agenda", "/?theme=eink")
			}
			w.goesOn("the database is " + name + " and everything optional is off")
			w.end()
			h.kill()
		})
	}
}

// TestLadderWhenTheDiskIsFull runs itself again in a mount namespace of its own, with a small disk there.
func TestLadderWhenTheDiskIsFull(t *testing.T) {
	const inside = "CALENDARBOT_TEST_SMALL_DISK"
	dir := os.Getenv(inside)
	if dir == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), inside+"="+t.TempDir())
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
			UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
		}
		out, err := cmd.CombinedOutput()
		if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSPC) || strings.Contains(string(out), "no small disk") {
			t.Skipf("this machine does not let a test mount a small disk: %v", err)
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	if err := syscall.Mount("small", dir, "tmpfs", 0, "size=8m"); err != nil {
		t.Fatalf("no small disk: %v", err)
	}
	h := newHome(t)
	h.dir = dir
	h.env = everyFeature("on")
	h.start(h.began)
	h.becomes("ok", "")
	w := h.flow()
	w.from("all is well", "optimised", routes()...)

	ballast, err := os.Create(filepath.Join(dir, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = ballast.Write(make([]byte, 4096))
	}
	if closeErr := ballast.Close(); !errors.Is(err, syscall.ENOSPC) || closeErr != nil {
		t.Fatalf("fill the disk: %v, %v", err, closeErr)
	}
	h.feed.Turn(mischief.Good(household.Large(2000, 1)))
	h.refresh()
	h.becomes("failing", "store_full")
	w.goesOn("the disk is full")
	if err := os.Remove(ballast.Name()); err != nil {
		t.Fatal(err)
	}
	h.refresh()
	h.becomes("ok", "")
	w.from("there is room again", "optimised", routes()...)
}
