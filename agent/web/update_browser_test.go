package web

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"calendarbot/agent/slot"
	"calendarbot/agent/update"
)

// Pictures of the page of updates, to be looked at by a person: go test ./agent/web -run BrowserFits -shots /tmp/shots
var shots = flag.String("shots", "", "folder for pictures of the page of updates")

// browser is a real one.
type browser struct {
	t   *testing.T
	ctx context.Context

	mu         sync.Mutex
	complaints []string
}

func openBrowser(t *testing.T) *browser {
	t.Helper()
	b := &browser{t: t}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("hide-scrollbars", true))
	if path, err := exec.LookPath("chromium"); err == nil {
		options = append(options, chromedp.ExecPath(path))
	}
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(stop)
	ctx, closeBrowser := chromedp.NewContext(ctx, chromedp.WithListener(b.hear))
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil && !errors.Is(err, context.Canceled) {
			t.Logf("close the browser: %v", err)
		}
		closeBrowser()
	})
	b.ctx = ctx
	return b
}

// login logs in to a device, and is on its page of updates then.
func (b *browser) login(s *slotted) {
	b.t.Helper()
	b.do(chromedp.Navigate(s.url+"/login?back=%2Fupdate"), chromedp.SendKeys(chromedp.CSS("#pin"), pinOfTests+"\r"), chromedp.WaitVisible(chromedp.CSS("main.update")))
}

func (b *browser) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, "exception: "+e.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		if e.Entry.Level != "verbose" {
			b.complaints = append(b.complaints, fmt.Sprintf("%s: %s %s", e.Entry.Level, e.Entry.Text, e.Entry.URL))
		}
	}
}

// content leaves the device, and fails the test for each complaint of the browser until then.
func (b *browser) content() {
	b.t.Helper()
	b.do(chromedp.Navigate("about:blank"))
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, text := range b.complaints {
		b.t.Errorf("the browser complains: %s", text)
	}
	b.complaints = nil
}

func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// text is what a person reads of a part of the page.
func (b *browser) text(css string) string {
	b.t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Text(chromedp.CSS(css)))
	if err != nil {
		b.t.Fatal(err)
	}
	return text
}

// A person looks for newer versions, installs one and goes back, with the real server in between.
func TestBrowserUpdatesAndGoesBack(t *testing.T) {
	s := startSlotted(t, said(t, "web.pin", pinOfTests))
	s.tried()
	s.json("data/update/status.json", s.offered())
	b := openBrowser(t)
	b.login(s)
	press := func(what, css, said string) {
		t.Helper()
		b.do(chromedp.Click(chromedp.CSS(css)), chromedp.WaitVisible(chromedp.CSS("p.done")))
		if got := b.text("p.done"); got != updateDone(said) {
			t.Errorf("%s: the page says %q", what, got)
		}
	}
	asked := func(what, folder string, want slot.Order) {
		t.Helper()
		got := s.order(folder)
		if got == nil || got.Do != want.Do || got.Kind != want.Kind || got.Version != want.Version {
			t.Errorf("%s: %+v", what, got)
		}
	}
	press("again", `button[aria-label="Let Program 1.2.3 be tried again"]`, "allow")
	asked("again", "orders", slot.Order{Do: "allow", Kind: slot.Agent, Version: "1.2.3"})
	b.do(chromedp.Navigate(s.url + "/update"))
	press("look", `form:has(input[value="check"]) button`, "check")
	asked("look", "update/orders", slot.Order{Do: "check"})
	b.do(chromedp.Navigate(s.url + "/update"))
	press("install", `button[aria-label="Install Program 1.3.0 now"]`, "apply")
	asked("install", "update/orders", slot.Order{Do: "apply", Kind: slot.Agent, Version: "1.3.0"})
	// What the updater does is shown without loading the page anew.
	s.json("run/calendarbot-update/progress.json", update.Progress{Step: "download", Kind: slot.Agent, Version: "1.3.0", Done: 1, Total: 4, Since: at(t, monday)})
	b.do(chromedp.Navigate(s.url+"/update"), chromedp.WaitVisible(chromedp.CSS("#now progress")))
	s.json("run/calendarbot-update/progress.json", update.Progress{Step: "verify", Kind: slot.Agent, Version: "1.3.0", Done: 4, Total: 4, Since: at(t, monday)})
	b.do(chromedp.WaitVisible(chromedp.CSS(`#now progress[value="100"]`)))
	if err := os.Remove(filepath.Join(s.root, "run/calendarbot-update/progress.json")); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.WaitVisible(chromedp.CSS(`button[aria-label="Install Program 1.3.0 now"]`)))
	b.do(chromedp.Navigate(s.url+"/update"), chromedp.Click(chromedp.CSS(`a[href="/update?sure=back-system#sure"]`)), chromedp.WaitVisible(chromedp.CSS("#sure form")))
	if o := s.order("orders"); o != nil {
		t.Errorf("it is not asked whether it is meant: %+v", o)
	}
	press("back", `#sure form button`, "back")
	asked("back", "orders", slot.Order{Do: "back", Kind: slot.System, Version: "1.2.2"})
	b.content()
}

// scene is a state of the device.
type scene struct {
	name, path string
	make       func(s *slotted)
}

func updateScenes() []scene {
	busy := func(s *slotted, p update.Progress) { s.json("run/calendarbot-update/progress.json", p) }
	return []scene{
		{"quiet", "/update", func(s *slotted) {
			now := at(s.t, monday)
			s.json("data/slots/agent.json", slot.State{Active: slot.A, Slots: map[slot.Name]slot.Content{slot.A: {Version: "1.3.0", At: now}}, Last: &slot.Outcome{Slot: slot.A, Version: "1.3.0", Kept: true, At: now.Add(-time.Hour)}})
			s.json("data/update/status.json", update.Status{Checked: now.Add(-5 * time.Hour), From: "https://updates.example/stable", Running: map[slot.Kind]string{slot.System: "1.2.2"}})
		}},
		{"offered", "/update", func(s *slotted) {
			s.tried()
			s.send("POST", "/api/v1/slots/agent", `{"do":"noted"}`)
			s.json("data/update/status.json", s.offered())
		}},
		{"back", "/update", func(s *slotted) { s.tried(); s.json("data/update/status.json", s.offered()) }},
		{"sure", "/update?sure=back-system", func(s *slotted) { s.tried() }},
		{"conflict", "/update", func(s *slotted) {
			s.tried()
			s.file("data/config/a/conflicts.json", `[{"key":"web.port","mine":"80","other":"8080"},{"key":"feeds.refresh","mine":"","other":"10m"}]`)
		}},
		{"busy", "/update", func(s *slotted) {
			s.tried()
			s.json("data/update/status.json", s.offered())
			busy(s, update.Progress{Step: "download", Kind: slot.Agent, Version: "1.3.0", Done: 470_000, Total: 940_000, Since: at(s.t, monday)})
		}},
		{"trial", "/update", func(s *slotted) {
			s.tried()
			s.json("data/update/status.json", s.offered())
			s.json("data/slots/agent.json", slot.State{
				Active: slot.A, Slots: map[slot.Name]slot.Content{slot.A: {Version: "1.2.2"}, slot.B: {Version: "1.3.0"}},
				Trial: &slot.Trial{Slot: slot.B, Version: "1.3.0", Tries: 2, Started: 1, Began: at(s.t, monday).Add(-time.Minute)},
			})
		}},
		{"configtrial", "/update", func(s *slotted) {
			s.tried()
			s.json("data/slots/config.json", slot.State{
				Active: slot.A, Slots: map[slot.Name]slot.Content{slot.B: {Version: "config-9f86d081884c"}},
				Trial: &slot.Trial{Slot: slot.B, Version: "config-9f86d081884c", Tries: 2, Started: 0, Began: at(s.t, monday).Add(-time.Minute)},
			})
		}},
		{"refused", "/update", func(s *slotted) {
			s.tried()
			u := s.offered()
			u.Code, u.Problem = "wrong_hash", "What came is not what was signed, so it was thrown away: the file agent/calendarbot-1.3.0-arm64.from-0123456789ab.zst has another SHA-256."
			s.json("data/update/status.json", u)
			s.send("POST", "/api/v1/rollback", `{"level":2,"why":"the page is slow since the last change"}`)
		}},
		{"uploaded", "/update", func(s *slotted) { s.tried(); s.piece(0, tarOf(9_000)) }},
		{"settings", "/settings", func(s *slotted) { s.tried() }},
		{"status", "/status", func(s *slotted) { s.tried() }},
	}
}

// sticksOut lists what a person cannot see whole, or cannot press with a finger.
const sticksOut = `(() => {
  document.querySelectorAll('details').forEach((e) => { e.open = true; });
  const bad = [], root = document.documentElement;
  if (root.scrollWidth > innerWidth) bad.push('the page is ' + root.scrollWidth + ' wide');
  for (const e of document.querySelectorAll('main *')) {
    if (e.closest('.unseen, svg, .wide *')) continue;
    const r = e.getBoundingClientRect();
    if (r.width && (r.right > innerWidth + 1 || r.left < -1)) bad.push(e.tagName + ' sticks out: ' + e.textContent.slice(0, 40));
  }
  for (const e of document.querySelectorAll('button, a.button, nav a')) {
    const r = e.getBoundingClientRect();
    if (r.width && r.height < 43.5) bad.push('small: ' + e.textContent);
  }
  return bad.join('; ');
})()`

// Whatever the state of the device is, all of the page is seen, on a desk and on a telephone.
func TestBrowserFitsThePageOfUpdates(t *testing.T) {
	all := append(updateScenes(), scene{"without", "/update", nil})
	b := openBrowser(t)
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			s := startSlotted(t, said(t, "web.pin", pinOfTests))
			if c.make == nil {
				if err := os.RemoveAll(filepath.Join(s.root, "data")); err != nil {
					t.Fatal(err)
				}
			} else {
				c.make(s)
			}
			b.t = t
			b.login(s)
			for _, width := range []int64{1280, 390} {
				b.do(chromedp.EmulateViewport(width, 844), chromedp.Navigate(s.url+c.path))
				bad, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](sticksOut))
				if err != nil {
					t.Fatal(err)
				}
				if bad != "" {
					t.Errorf("%d wide: %s", width, bad)
				}
				if *shots == "" {
					continue
				}
				picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(*shots, fmt.Sprintf("%s-%d.png", c.name, width)), picture, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			b.content()
		})
	}
}
