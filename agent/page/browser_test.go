package page

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Pictures of the pages, to be looked at by a person:
// go test ./agent/page -run BrowserPictures -shots /tmp/shots -view 'overlap-next-.*-(dark|eink)'
var (
	shots  = flag.String("shots", "", "folder for pictures of the pages")
	wanted = flag.String("view", ".", "which SCENE-KIND-SIZE-THEME to take pictures of, as a regular expression")
)

// screen is a size that the pages must fit.
type screen struct {
	name          string
	width, height int64
	wall          bool // what's next must be seen whole
}

func screens() []screen {
	return []screen{
		{"portrait", 480, 800, true}, {"panel", 800, 480, true}, {"desk", 1280, 800, true}, {"television", 1920, 1080, true},
		{"phone", 390, 844, false}, {"narrow", 320, 640, false},
	}
}

// policy is what the web server sends with every page.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'"

// wall serves every scene: /SCENE/next and /SCENE/agenda; with ?old as the last good page of two hours ago.
func wall(t *testing.T) *httptest.Server {
	t.Helper()
	pages := map[string]*Direct{}
	for _, s := range scenes() {
		pages[s.name] = stage(t, s)
	}
	mux := http.NewServeMux()
	serveStatus(t, mux)
	serveAssets(mux)
	mux.HandleFunc("GET /{scene}/{page}", func(w http.ResponseWriter, r *http.Request) {
		q := Query{Kind: Next, Theme: r.URL.Query().Get("theme")}
		if r.PathValue("page") == "agenda" {
			q.Kind = Agenda
		}
		d := pages[r.PathValue("scene")]
		if d == nil {
			http.NotFound(w, r)
			return
		}
		p, err := d.Page(r.Context(), q)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		if r.URL.Query().Has("old") {
			p, _ = aged(p, q, p.Made.Add(2*time.Hour), d.o.Zone)
		}
		w.Header().Set("Content-Type", p.Type)
		w.Header().Set("Content-Security-Policy", policy)
		w.Write(p.Body)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.CloseClientConnections)
	return server
}

// serveAssets serves what every page fetches besides itself.
func serveAssets(mux *http.ServeMux) {
	mux.HandleFunc("GET /assets/{name}", func(w http.ResponseWriter, r *http.Request) {
		body, contentType, _ := Asset(r.PathValue("name"))
		w.Header().Set("Content-Type", contentType)
		w.Write(body)
	})
	mux.HandleFunc("GET /stream", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	mux.HandleFunc("POST /api/browser-heartbeat", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /favicon.ico", func(http.ResponseWriter, *http.Request) {})
}

// openBrowser starts the browser of a test.
func openBrowser(t *testing.T, hear func(event any), more ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Fatal("no chromium is installed, and the pages are only right when a browser shows them so: apt-get install chromium")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("hide-scrollbars", true))
	options = append(options, more...)
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, closeBrowser := chromedp.NewContext(ctx, chromedp.WithListener(hear))
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil && !errors.Is(err, context.Canceled) {
			t.Logf("close browser: %v", err)
		}
		closeBrowser()
	})
	return ctx
}

// complaints collects what a browser finds wrong.
type complaints struct {
	mu   sync.Mutex
	list []string
}

func (c *complaints) hear(event any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		c.list = append(c.list, "exception: "+e.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		c.list = append(c.list, fmt.Sprintf("%s: %s %s", e.Entry.Level, e.Entry.Text, e.Entry.URL))
	case *runtime.EventConsoleAPICalled:
		c.list = append(c.list, "console."+string(e.Type))
	}
}

// none fails the test for each complaint since the last look, and forgets them.
func (c *complaints) none(t *testing.T) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, text := range c.list {
		t.Errorf("the browser complains: %s", text)
	}
	c.list = nil
}

// forget is for complaints that were asked for.
func (c *complaints) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = nil
}

// misfits lists what is cut or sticks out, and headlines of more than two lines.
const misfits = `(() => {
  const bad = [], root = document.documentElement;
  const unseen = (e) => { // in the column that is not seen, or under the edge of the list
    const r = e.getBoundingClientRect();
    return r.left >= innerWidth - 30 || r.bottom > e.parentElement.getBoundingClientRect().bottom + 1;
  };
  if (root.scrollWidth > innerWidth) bad.push('the page is ' + root.scrollWidth + ' wide');
  if (WALL && root.scrollHeight > innerHeight + 1) bad.push('the page is ' + root.scrollHeight + ' high');
  for (const e of document.querySelectorAll('main *')) {
    if (e.closest('.unseen, svg, .follow .name, .follow .sub, .meta .label, .flow .then, .next .notes, .chip span, .wide *')) continue;
    const r = e.getBoundingClientRect(), item = e.closest('.follow li');
    if (item && unseen(item)) continue;
    if (r.width && (r.right > innerWidth + 1 || r.left < -1)) bad.push(e.className + ' sticks out: ' + e.textContent.slice(0, 30));
  }
  for (const e of document.querySelectorAll('.next .title')) {
    const lines = Math.round(e.getBoundingClientRect().height / parseFloat(getComputedStyle(e).lineHeight));
    if (lines > 2) bad.push('headline of ' + lines + ' lines: ' + e.textContent);
    if (e.scrollWidth > e.clientWidth + 1) bad.push('headline too wide: ' + e.textContent);
  }
  for (const e of document.querySelectorAll('.next .meta time, .next .meta .length')) {
    if (e.scrollWidth > e.clientWidth + 1 || e.getBoundingClientRect().right > e.parentElement.getBoundingClientRect().right + 1) bad.push('cut: ' + e.textContent);
  }
  for (const e of document.querySelectorAll('.next .amount, .next .state, .next .meta')) {
    if (e.scrollWidth > e.clientWidth + 1) bad.push(e.className + ' too wide: ' + e.textContent);
  }
  if (innerWidth === 800 && !document.querySelector('[data-scale]:not([data-scale="100"])')) { // read across the room
    const size = (e) => e ? parseFloat(getComputedStyle(e).fontSize) : 1000, one = document.querySelector('.n1 :is(.a1, .a2)');
    if (size(document.querySelector('.next .state')) < 39.9) bad.push('the state is small');
    if (one && !document.querySelector('.next .notes:not(#lost), .undo') && document.querySelectorAll('.chip').length < 3 && size(one) < 103.9) bad.push('the amount is small: ' + size(one));
  }
  for (const e of document.querySelectorAll('button, nav a, .more a, .rest a')) {
    const r = e.getBoundingClientRect();
    if (r.height && (r.height < 43.5 || r.width < 43.5)) bad.push('target of ' + r.width + 'x' + r.height + ': ' + e.textContent);
  }
  const list = document.querySelector('.follow');
  if (list && list.checkVisibility()) {
    const seen = [...list.children].filter((e) => !unseen(e)).length;
    const need = document.querySelector('.n2') && document.querySelector('.notes') ? 0 : 2;
    if (seen < Math.min(need, list.children.length)) bad.push('only ' + seen + ' of what follows is seen');
  }
  return bad;
})()`

// TestBrowser looks at the pages in one browser: every scene at every size, a page that is kept current, and a page
// without scripts.
func TestBrowser(t *testing.T) {
	server := wall(t)
	var found complaints
	ctx := openBrowser(t, found.hear)
	t.Run("every scene", func(t *testing.T) {
		everyScene(t, ctx, server.URL)
		found.none(t)
	})
	t.Run("status", func(t *testing.T) {
		everyStatus(t, ctx, server.URL)
		found.none(t)
		statusKeptCurrent(t, ctx, &found)
	})
	t.Run("kept current", func(t *testing.T) { keptCurrent(t, ctx, &found) })
	t.Run("without scripts", func(t *testing.T) {
		withoutScript(t, ctx, server.URL)
		found.none(t)
	})
}

// TestBrowserWithoutFonts looks at the pages in a browser that has no font of the style sheet's list: what a computer shows
// on which nobody installed any.
func TestBrowserWithoutFonts(t *testing.T) {
	fonts, err := filepath.Abs("testdata/fonts.conf")
	if err != nil {
		t.Fatal(err)
	}
	server := wall(t)
	var found complaints
	ctx := openBrowser(t, found.hear, chromedp.Env("FONTCONFIG_FILE="+fonts))
	has, err := chromedp.Run(ctx, chromedp.Evaluate[[]bool](`['Liberation Sans', 'DejaVu Sans'].map((family) => {
		const c = document.createElement('canvas').getContext('2d'), width = (font) => { c.font = '100px ' + font; return c.measureText('width').width; };
		return width('"' + family + '", monospace') !== width('monospace');
	})`))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(has, []bool{false, true}) {
		t.Fatalf("Liberation Sans and DejaVu Sans are there: %v", has)
	}
	everyScene(t, ctx, server.URL)
	found.none(t)
}

func everyScene(t *testing.T, ctx context.Context, server string) {
	t.Helper()
	for _, s := range scenes() {
		for _, view := range []struct{ kind, theme string }{{"next", "light"}, {"next", "eink"}, {"next", "light&old"}, {"agenda", "dark"}} { // light and dark differ in colours alone
			if strings.HasSuffix(view.theme, "old") && !slices.Contains([]string{"later", "failing", "crowded", "undo", "overlap", "longtitle", "large"}, s.name) {
				continue
			}
			url := server + "/" + s.name + "/" + view.kind + "?theme=" + view.theme
			if err := chromedp.Do(ctx, chromedp.Navigate(url)); err != nil {
				t.Fatalf("open %s: %v", url, err)
			}
			for _, size := range screens() {
				check := strings.Replace(misfits, "WALL", fmt.Sprint(size.wall && view.kind == "next"), 1)
				if err := chromedp.Do(ctx, chromedp.EmulateViewport(size.width, size.height)); err != nil {
					t.Fatalf("%s: %v", url, err)
				}
				bad, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](check))
				if err != nil {
					t.Fatalf("%s: %v", url, err)
				}
				for _, b := range bad {
					t.Errorf("%s-%s-%s-%s: %s", s.name, view.kind, size.name, view.theme, b)
				}
			}
		}
	}
}

// TestBrowserPictures takes the pictures that were asked for.
func TestBrowserPictures(t *testing.T) {
	if *shots == "" {
		t.Skip("no folder for pictures is given with -shots")
	}
	pattern := regexp.MustCompile(*wanted)
	server := wall(t)
	var found complaints
	ctx := openBrowser(t, found.hear)
	for _, s := range scenes() {
		for _, kind := range []string{"next", "agenda"} {
			for _, theme := range []string{"dark", "light", "eink", "light&old"} {
				for _, size := range screens() {
					name := strings.Join([]string{s.name, kind, size.name, theme}, "-")
					if !pattern.MatchString(name) {
						continue
					}
					options := []chromedp.EmulateViewportOption{}
					if !size.wall {
						options = append(options, chromedp.EmulateTouch)
					}
					err := chromedp.Do(ctx, chromedp.EmulateViewport(size.width, size.height, options...),
						chromedp.Navigate(server.URL+"/"+s.name+"/"+kind+"?theme="+theme))
					if err != nil {
						t.Fatalf("%s: %v", name, err)
					}
					picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
					if err != nil {
						t.Fatalf("%s: %v", name, err)
					}
					if err := os.WriteFile(filepath.Join(*shots, name+".png"), picture, 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
}

// withoutScript checks that the page says the same, and renews itself, when scripts are switched off.
func withoutScript(t *testing.T, ctx context.Context, server string) {
	t.Helper()
	off := func(ctx context.Context, tab *chromedp.Target) (emulation.SetScriptExecutionDisabledParams, error) {
		p := emulation.SetScriptExecutionDisabledParams{Value: true}
		_, err := cdp.Call(ctx, tab, emulation.SetScriptExecutionDisabled, p)
		return p, err
	}
	if _, err := chromedp.Run(ctx, off); err != nil {
		t.Fatalf("switch scripts off: %v", err)
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(server+"/now/next")); err != nil {
		t.Fatalf("without scripts: %v", err)
	}
	title, err := chromedp.Run(ctx, chromedp.TextContent(chromedp.CSS("h1")))
	if err != nil {
		t.Fatalf("without scripts: %v", err)
	}
	refresh, err := chromedp.Run(ctx, chromedp.AttributeValue(chromedp.CSS("noscript meta"), "content"))
	if err != nil {
		t.Fatalf("without scripts: %v", err)
	}
	if title != "Design review" || refresh.Value != "30" {
		t.Errorf("without scripts: title %q, refresh %q", title, refresh.Value)
	}
}
