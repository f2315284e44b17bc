package page

import (
	"context"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"calendarbot/agent/pressure"
)

// sampled is a history of every minute of the last day, but of those hours that are left out.
func sampled(now time.Time, gaps ...int) []pressure.Sample {
	var list []pressure.Sample
	for minute := 24*60 - 1; minute >= 0; minute-- {
		at := now.Add(-time.Duration(minute) * time.Minute)
		missing := false
		for _, hour := range gaps {
			missing = missing || minute/60 == hour
		}
		if missing {
			continue
		}
		s := pressure.Sample{At: at}
		wave := float32(math.Sin(float64(minute) / 170))
		busy := float32(0)
		if minute%97 == 0 {
			busy = 1
		}
		s.Mean = [pressure.Quantities]float32{
			pressure.QResident: 56e6 + 6e6*wave, pressure.QUnit: 80e6, pressure.QDevice: 240e6, pressure.QCPU: .08 + .03*wave, pressure.QTemperature: 52 + 5*wave,
			pressure.QMemoryStall: 0, pressure.QLatency: .004 + .002*wave, pressure.QHitRate: .93 + .04*wave, pressure.QRequests: 2,
		}
		s.High = s.Mean
		s.High[pressure.QCPU] += .5 * busy
		s.High[pressure.QLatency] += .09 * busy
		s.High[pressure.QMemoryStall] += 3 * busy
		s.High[pressure.QResident] += 9e6 * busy
		if minute > 700 && minute < 760 {
			s.Mean[pressure.QHitRate], s.High[pressure.QHitRate] = float32(math.NaN()), float32(math.NaN()) // nobody asked
		}
		list = append(list, s)
	}
	return list
}

func statusNow(t testing.TB) time.Time {
	return time.Date(2026, 6, 15, 8, 30, 0, 0, berlin(t))
}

// statusScenes are states of the device as the page should show them.
func statusScenes(t testing.TB) map[string]*StatusView {
	t.Helper()
	now := statusNow(t)
	base := func(look, headline string, history []pressure.Sample) *StatusView {
		v := &StatusView{Look: look, Headline: headline, Say: headline, Since: "since Mon 8 Jun, 14:35", Until: time.Now().Add(time.Hour).UnixMilli(), NoDeeds: "Nothing had to be done.", Level: "Nothing is scarce."}
		v.Plots, v.Table = Plots(history, now, now.Location())
		v.Features = []FeatureState{
			{Title: "connection pooling", Setting: "100%", On: true}, {Title: "request pipeline", Setting: "100%", On: true},
			{Title: "request batching", Setting: "25%", Words: "This device is not among the 25 % that have it."}, {Title: "cache warming", Setting: "off", Words: "It is forced off."},
		}
		v.Sources = []SourceState{{Name: "Work", State: "214 events, fetched Mon 15 Jun, 08:27"}, {Name: "عائلة", State: "31 events, fetched Mon 15 Jun, 08:26"}}
		v.Facts = []FactRow{{"Version", "1.4.2"}, {"Runs for", "9 days"}, {"Clock", "right"}, {"Memory of the device", "231 MB of 437 MB in use"}, {"Connections, database", "1 of 4 in use; it grew as 2 had to wait"}}
		return v
	}
	fine := base("fine", "Everything is fine", sampled(now))
	fresh := base("unknown", "How the device fares is not known yet", nil)
	fresh.Since, fresh.Level, fresh.Sources = "", "", nil
	gaps := base("fine", "Everything is fine", sampled(now, 3, 4, 11, 12, 13, 20))
	gaps.Missing = []string{"This kernel has no pressure stall information.", "This kernel has no memory cgroup, so the program's own share of memory is not bounded."}
	gaps.Actions = []ActionRow{{Done: "Kept pages were halved, and unused memory was given back, as the program used 87 % of the memory it may use.", When: "Sun 14 Jun, 21:04 to 21:19"}}
	bad := base("critical", "The calendar Family cannot be read, and 2 more problems", sampled(now, 23, 22))
	bad.Since, bad.Level = "since Mon 15 Jun, 06:12", "Very little is left: 413 MB of the device’s memory were in use, of 400 MB that may be; the processor was 81 °C hot."
	bad.Problems = []ProblemRow{
		{Look: "critical", Word: "serious", Title: "The calendar Family cannot be read", Words: "calendar.example answers “too many requests” to everything since two hours; the events shown are of 06:12.", Do: "Look whether the address still works: Settings, Calendars.", When: "since Mon 15 Jun, 06:12"},
		{Look: "warning", Word: "warning", Title: "The device is too hot", Words: "The processor has 81 °C; from 80 °C on it is slowed down.", Do: "Give it air: do not cover it, and keep it out of the sun.", When: "since Mon 15 Jun, 08:05", Under: []ProblemRow{
			{Look: "warning", Word: "warning", Title: "Answers are slow", Words: "The slowest hundredth takes 2.4 s; 1 s is the limit.", When: "since Mon 15 Jun, 08:11"},
			{Look: "notice", Word: "to know", Title: "Optional parts are off", Words: "They rest until ten minutes after the heat is gone.", When: "since Mon 15 Jun, 08:12"},
		}},
	}
	bad.Coming = []ProblemRow{{Look: "notice", Word: "to know", Title: "The disk will be full", Words: "It fills by 210 MB a day; 240 MB are left.", Do: "Remove what you do not need.", When: "in about 27 hours"}}
	bad.Actions = []ActionRow{
		{Done: "Every optional part was switched off, and the pauses between fetches of calendars were made 8 times as long, as the processor was 81 °C hot.", When: "since Mon 15 Jun, 08:12", Running: true},
		{Done: "The pauses between fetches of calendars were made 2 times as long, as the processor was 76 °C hot.", When: "Mon 15 Jun, 08:05 to 08:12"},
	}
	bad.Sources[1] = SourceState{Name: "Family", State: "failing since Mon 15 Jun, 06:12, next try Mon 15 Jun, 08:45", Error: "calendar.example answers “429 Too Many Requests”.", Failing: true}
	return map[string]*StatusView{"fine": fine, "problems": bad, "fresh": fresh, "gaps": gaps}
}

// serveStatus serves /status/SCENE with the style sheets that it has in the program.
func serveStatus(t *testing.T, mux *http.ServeMux) {
	t.Helper()
	scenes := statusScenes(t)
	mux.HandleFunc("GET /settings.css", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/css")
		http.ServeFile(w, r, "../web/assets/settings.css")
	})
	mux.HandleFunc("GET /status/{scene}", func(w http.ResponseWriter, r *http.Request) {
		v := scenes[r.PathValue("scene")]
		if v == nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", htmlType)
		w.Header().Set("Content-Security-Policy", policy)
		w.Write(Status(&Frame{Device: "Kitchen", Theme: r.URL.Query().Get("theme"), CSS: "/settings.css"}, v))
	})
}

func TestStatusPictures(t *testing.T) {
	if *shots == "" {
		t.Skip("no folder for pictures is given with -shots")
	}
	pattern := regexp.MustCompile(*wanted)
	mux := http.NewServeMux()
	serveStatus(t, mux)
	serveAssets(mux)
	server := httptest.NewServer(mux)
	t.Cleanup(server.CloseClientConnections)
	var found complaints
	ctx := openBrowser(t, found.hear)
	for scene := range statusScenes(t) {
		for _, theme := range []string{"dark", "light", "eink"} {
			for _, size := range screens() {
				name := strings.Join([]string{scene, "status", size.name, theme}, "-")
				if !pattern.MatchString(name) {
					continue
				}
				err := chromedp.Do(ctx, chromedp.EmulateViewport(size.width, size.height), chromedp.Navigate(server.URL+"/status/"+scene+"?theme="+theme))
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if err := os.WriteFile(filepath.Join(*shots, name+".png"), picture, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	found.none(t)
}

// everyStatus checks that the status page fits every screen, in the browser of TestBrowser.
func everyStatus(t *testing.T, ctx context.Context, server string) {
	t.Helper()
	for scene := range statusScenes(t) {
		for _, theme := range []string{"light", "eink"} {
			url := server + "/status/" + scene + "?theme=" + theme
			if err := chromedp.Do(ctx, chromedp.Navigate(url)); err != nil {
				t.Fatalf("open %s: %v", url, err)
			}
			for _, size := range screens() {
				if err := chromedp.Do(ctx, chromedp.EmulateViewport(size.width, size.height)); err != nil {
					t.Fatalf("%s: %v", url, err)
				}
				bad, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](strings.Replace(misfits, "WALL", "false", 1)))
				if err != nil {
					t.Fatalf("%s: %v", url, err)
				}
				for _, b := range bad {
					t.Errorf("%s-%s-%s: %s", scene, size.name, theme, b)
				}
			}
		}
	}
}

// statusKeptCurrent opens the page and the table on it: when the stream says so, it tells the news, and the table stays open.
func statusKeptCurrent(t *testing.T, ctx context.Context, found *complaints) {
	t.Helper()
	scenes := statusScenes(t)
	var shown atomic.Pointer[StatusView]
	shown.Store(scenes["fine"])
	news := make(chan struct{}, 1)
	mux := http.NewServeMux()
	serveStatus(t, mux)
	mux.HandleFunc("GET /assets/{name}", func(w http.ResponseWriter, r *http.Request) {
		body, contentType, _ := Asset(r.PathValue("name"))
		w.Header().Set("Content-Type", contentType)
		w.Write(body)
	})
	mux.HandleFunc("GET /favicon.ico", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", htmlType)
		w.Header().Set("Content-Security-Policy", policy)
		w.Write(Status(&Frame{Device: "Kitchen", Theme: "light", CSS: "/settings.css"}, shown.Load()))
	})
	mux.HandleFunc("GET /stream", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("of") != "status" {
			t.Errorf("the stream of %q is asked for", r.URL.RawQuery)
		}
		w.Header().Set("Content-Type", "text/event-stream")
		w.(http.Flusher).Flush()
		select {
		case <-news:
			w.Write([]byte("event: status\ndata: 1\n\n"))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		case <-r.Context().Done():
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.CloseClientConnections)
	if err := chromedp.Do(ctx, chromedp.Navigate(server.URL+"/status")); err != nil {
		t.Fatal(err)
	}
	const look = `(async () => {
  document.querySelector('#table').open = true;
  for (let i = 0; i < 1200; i++) {
    if (document.querySelector('.verdict strong').textContent.includes('Family')) break;
    await new Promise((done) => setTimeout(done, 50));
  }
  return [document.querySelector('.verdict strong').textContent, String(document.querySelector('#table').open), document.querySelector('#say').textContent].join('|');
})()`
	shown.Store(scenes["problems"])
	news <- struct{}{}
	got, err := chromedp.Run(ctx, chromedp.Evaluate[string](look, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	if want := scenes["problems"].Headline; got != want+"|true|"+want {
		t.Errorf("%s", got)
	}
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil { // the stream ends before its server
		t.Fatal(err)
	}
	found.none(t)
}
