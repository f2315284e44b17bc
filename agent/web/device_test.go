package web

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/calendar"
	"calendarbot/agent/config"
	"calendarbot/agent/conn"
	"calendarbot/agent/feature"
	"calendarbot/agent/feed"
	"calendarbot/agent/guard"
	"calendarbot/agent/ics"
	"calendarbot/agent/page"
	"calendarbot/agent/store"
)

const (
	writeToken = "write-token-of-the-tests"
	voiceToken = "voice-token-of-the-tests"
)

// device is the real server on a port of 127.0.0.1, with a real store.
type device struct {
	t      *testing.T
	url    string
	server *Server
	store  *store.Store
	zone   *time.Location
	stop   func() error
}

// at is a moment in the zone of the device.
func at(t testing.TB, text string) time.Time {
	t.Helper()
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	moment, err := time.ParseInLocation("2006-01-02 15:04", text, loc)
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

// monday is when the tests take place: a Monday in Berlin.
const monday = "2026-06-15 08:30"

// start runs a device with two configured sources, work and family, of which nothing was fetched yet.
func start(t *testing.T, changes ...func(*Options)) *device {
	t.Helper()
	now := at(t, monday)
	clock := func() time.Time { return now }
	kept, err := store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "device.db"), Zone: now.Location(), Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	live, err := config.Start(t.Context(), config.Input{Flags: map[string]string{"web.write_token": writeToken, "alexa.bearer_token": voiceToken}}, kept, clock)
	if err != nil {
		t.Fatal(err)
	}
	client := conn.NewHTTP(conn.HTTPOptions{})
	refresher := feed.New(feed.Options{HTTP: client, Store: kept, Zone: now.Location(), Feeds: live.State().Config.Feeds, Now: clock})
	// Addresses that are refused before anything is sent.
	configured := []config.Source{
		{ID: "work", Name: "Work", URL: "http://127.0.0.1:9/secret-path.ics", Color: "#1a7f37"},
		{ID: "family", Name: "Family", URL: "http://127.0.0.1:9/family.ics", Color: "#7f371a"},
	}
	if err := refresher.Configure(t.Context(), configured); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		Store: kept, Refresher: refresher, Zone: now.Location(), Now: clock, Version: "test", Listener: listener,
		Pools: func() []conn.Stats { return []conn.Stats{client.Stats(), kept.Connections()} },
	}
	optimise(t, &o, live)
	for _, change := range changes {
		change(&o)
	}
	d := &device{t: t, server: New(o), store: kept, zone: now.Location(), url: "http://" + listener.Addr().String()}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.server.Run(ctx) }()
	<-d.server.Ready()
	stopped := false
	d.stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-ended
	}
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		if err := d.stop(); err != nil {
			t.Errorf("run: %v", err)
		}
		if err := kept.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return d
}

// told is a configuration that tells the gates of its changes, as the program does.
type told struct {
	*config.Live
	gates []*guard.Gate
}

func (c told) tell(state *config.State, err error) (*config.State, error) {
	emergency, file := "", state.Config.Features.EmergencyFile
	if state.Config.Features.EmergencyOff {
		emergency = "Everything optional is off for this test."
	} else if _, err := os.Stat(file); err == nil {
		emergency = "Everything optional is off: the file " + file + " is there."
	}
	for _, g := range c.gates {
		g.Tell(guard.Word{Emergency: emergency, Setting: state.Config.Features.Setting(g.Stats().Feature)})
	}
	return state, err
}

func (c told) Set(ctx context.Context, settings map[string]*string, by config.By) (*config.State, error) {
	return c.tell(c.Live.Set(ctx, settings, by))
}

func (c told) Undo(ctx context.Context, id int64, by config.By) (*config.State, error) {
	return c.tell(c.Live.Undo(ctx, id, by))
}

// optimise puts the real parts before the drawing of pages.
func optimise(t *testing.T, o *Options, live *config.Live) {
	t.Helper()
	for _, f := range feature.All() {
		o.Gates = append(o.Gates, guard.New(f, "device-of-the-tests", guard.Limits{}))
	}
	o.Control = told{live, o.Gates}
	cfg := live.State().Config
	draw := func(from page.Reader) page.Draw {
		return page.NewDirect(page.DirectOptions{Store: from, Config: cfg, Zone: o.Zone, Now: o.Now, Version: "test"}).Draw
	}
	o.Batch = page.NewBatch(o.Store, page.BatchOptions{Limits: cfg.Batch})
	memory := page.NewMemory(page.MemoryOptions{Generation: o.Store.Generation})
	var err error
	if o.Pipeline, err = page.NewPipeline(page.PipelineOptions{Draw: memory.Keep(draw(o.Batch)), Generation: o.Store.Generation, Now: o.Now, Cache: cfg.Cache}); err != nil {
		t.Fatal(err)
	}
	pipeline := slices.IndexFunc(o.Gates, func(g *guard.Gate) bool { return g.Stats().Feature == feature.RequestPipeline })
	o.Ladder = page.NewLadder(page.LadderOptions{
		Fast: o.Pipeline.Page, Plain: page.Filled(memory.Keep(draw(o.Store)), o.Now), Gate: o.Gates[pipeline], Memory: memory,
		Zone: o.Zone, Now: o.Now,
	})
	o.Page, o.Kept = o.Ladder.Page, o.Ladder.Kept
}

// answers is a ladder of one rung: an error becomes the page that says so.
func answers(draw page.Func) func(context.Context, page.Query) page.Page {
	return func(ctx context.Context, q page.Query) page.Page {
		p, err := draw(ctx, q)
		if err != nil {
			return page.Page{Status: http.StatusServiceUnavailable, Type: "application/problem+json", Rung: page.Foot,
				Body: []byte(`{"type":"about:blank","title":"Service Unavailable","status":503,"code":"unavailable","detail":"Nothing can be read."}`)}
		}
		return p
	}
}

// said puts a setting into the runtime layer.
func said(t *testing.T, key, text string) func(*Options) {
	return func(o *Options) {
		t.Helper()
		if _, err := o.Control.Set(t.Context(), map[string]*string{key: &text}, config.By{Who: "a test"}); err != nil {
			t.Fatal(err)
		}
	}
}

// fill makes the events the last good ones of a source. Each line is "title|start|end" with civil times of Berlin, further
// properties after more bars.
func (d *device) fill(source string, lines ...string) {
	d.t.Helper()
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n")
	for _, line := range lines {
		parts := strings.Split(line, "|")
		b.WriteString("BEGIN:VEVENT\r\nUID:" + strings.ReplaceAll(parts[0], " ", "-") + "@example.org\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:" + parts[0] + "\r\n")
		for i, name := range []string{"DTSTART", "DTEND"} {
			if value := parts[i+1]; len(value) == 8 {
				b.WriteString(name + ";VALUE=DATE:" + value + "\r\n")
			} else {
				b.WriteString(name + ";TZID=Europe/Berlin:" + value + "\r\n")
			}
		}
		for _, property := range parts[3:] {
			b.WriteString(property + "\r\n")
		}
		b.WriteString("END:VEVENT\r\n")
	}
	b.WriteString("END:VCALENDAR\r\n")
	draft, err := d.store.Draft(d.t.Context(), source)
	if err != nil {
		d.t.Fatal(err)
	}
	report, err := ics.Decode(d.t.Context(), strings.NewReader(b.String()), ics.DefaultLimits(), d.zone, draft.Keep)
	if err != nil {
		d.t.Fatal(err)
	}
	if _, err := draft.Commit(d.t.Context(), report, store.Validators{}, at(d.t, monday).Add(5*time.Minute)); err != nil {
		d.t.Fatal(err)
	}
}

// household fills the device with what most tests look at.
func (d *device) household() {
	d.t.Helper()
	d.fill("work",
		"Standup|20260615T090000|20260615T091500|RRULE:FREQ=DAILY;COUNT=10|LOCATION:Room 3B|DESCRIPTION:Bring news",
		"Budget & plan|20260615T110000|20260615T123000|ATTENDEE;CN=Ann:mailto:ann@example.org",
		"Review|20260616T073000|20260616T083000",
	)
	d.fill("family", "Fair|20260615|20260617", "Dentist|20260615T170000|20260615T173000")
}

// answer is what came back.
type answer struct {
	*http.Response
	body []byte
}

// header is a header field of a request.
type header struct{ name, value string }

func withToken() header { return header{"Authorization", "Bearer " + writeToken} }
func withVoice() header { return header{"Authorization", "Bearer " + voiceToken} }
func asJSON() header    { return header{"Content-Type", "application/json"} }
func asForm() header    { return header{"Content-Type", "application/x-www-form-urlencoded"} }

// ask sends a request; redirects are not followed.
func (d *device) ask(method, path, body string, headers ...header) answer {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, d.url+path, bytes.NewReader([]byte(body)))
	if err != nil {
		d.t.Fatal(err)
	}
	for _, h := range headers {
		if h.name == "Host" {
			r.Host = h.value
			continue
		}
		r.Header.Set(h.name, h.value)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() {
		if err := res.Body.Close(); err != nil {
			d.t.Error(err)
		}
	}()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	a := answer{res, text}
	checkAnswer(d.t, r, a)
	if a.StatusCode < 300 {
		checkRequest(d.t, r, body)
	}
	return a
}

// json decodes the body of an answer.
func (d *device) json(a answer) map[string]any {
	d.t.Helper()
	var out map[string]any
	if err := json.Unmarshal(a.body, &out); err != nil {
		d.t.Fatalf("%d %s: %v", a.StatusCode, a.body, err)
	}
	return out
}

// get asks for JSON that must be there.
func (d *device) get(path string, headers ...header) map[string]any {
	d.t.Helper()
	a := d.ask("GET", path, "", headers...)
	if a.StatusCode != http.StatusOK {
		d.t.Fatalf("%s: %d %s", path, a.StatusCode, a.body)
	}
	return d.json(a)
}

// forgive forgets every wrong secret, as after a long time.
func (d *device) forgive() {
	door := d.server.door
	door.mu.Lock()
	defer door.mu.Unlock()
	clear(door.tries)
	door.all = bucket{left: allTries}
}

// path follows keys into decoded JSON.
func path(v any, keys ...string) any {
	for _, k := range keys {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[k]
	}
	return v
}

// events reads the store for what is skipped and hidden.
func (d *device) kept() store.Snapshot {
	d.t.Helper()
	now := at(d.t, monday)
	snap, err := d.store.Between(d.t.Context(), calendar.Span{Start: now, End: now})
	if err != nil {
		d.t.Fatal(err)
	}
	return snap
}

func sec(n int) time.Duration { return time.Duration(n) * time.Second }

func configSource(url, username, password string) config.Source {
	return config.Source{
		ID: "a", URL: config.Secret(url), Username: username, Password: config.Secret(password), Bearer: "token",
		Headers: map[string]config.Secret{"X-Key": "abc"},
	}
}

func atoi(t testing.TB, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
