package web

import (
	"context"
	"errors"
	"math"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"calendarbot/agent/budget"
	"calendarbot/agent/clock"
	"calendarbot/agent/health"
	"calendarbot/agent/pressure"
	"calendarbot/agent/slot"
)

// faring makes a device tell how it fares: too hot, slow because of that, about to fill its disk, asked to go back, and with a day of readings.
func faring(t *testing.T) func(*Options) {
	now := at(t, monday)
	kind := func(code health.Code, severity health.Severity, title, do string) health.Kind {
		return health.Kind{Code: code, Severity: severity, Title: title, Do: do}
	}
	report := health.Report{At: now, Since: now.Add(-25 * time.Minute), Problems: []health.Problem{
		{Kind: kind("feed_old", health.Severe, "A calendar cannot be read", "Look at its address."), About: "Family <b>", Words: "It answers 429.", Since: now.Add(-2 * time.Hour)},
		{Kind: kind("too_hot", health.Warning, "The device is too hot", "Give it air."), Words: "The processor has 81 °C.", Since: now.Add(-25 * time.Minute)},
		{Kind: kind("slow", health.Warning, "Answers are slow", ""), Words: "2 s.", Of: "too_hot", Since: now},
		{Kind: kind("parts_off", health.Notice, "Optional parts are off", ""), Of: "slow", Since: now},
		{Kind: kind("disk_fills", health.Warning, "The disk will be full", ""), In: 27 * time.Hour},
	}}
	reading := pressure.Reading{At: now, Device: pressure.Memory{Total: 437e6, Available: 200e6}, Temperature: 81, CPU: math.NaN(), Missing: []string{"no pressure stall information in this kernel"}}
	judged := pressure.Assessment{At: now, Level: pressure.Critical, Signs: []pressure.Standing{
		{Sign: pressure.Heat, Known: true, Value: 81, Unit: "°C", Step: 2, Limit: 80, Since: now}, {Sign: pressure.Slower, Unit: "times", Value: math.Inf(1), Limit: 2},
	}}
	nan32 := float32(math.NaN())
	history := []pressure.Sample{{At: now.Add(-time.Hour)}, {At: now.Add(-time.Minute)}}
	history[0].Mean[pressure.QHitRate], history[0].High[pressure.QHitRate] = nan32, nan32
	history[1].Mean[pressure.QResident], history[1].High[pressure.QResident] = 5e7, 6e7
	return func(o *Options) {
		o.Health = func() health.Report { return report }
		o.Pressure = func() (pressure.Assessment, *pressure.Reading) { return judged, &reading }
		o.History = func() []pressure.Sample { return history }
		o.Days = func(_ context.Context, limit int) ([]pressure.Day, error) {
			d := pressure.Day{Date: "2026-06-14", Minutes: 1440, Requests: 10, Failures: 1, Tight: time.Minute}
			d.Mean[pressure.QTemperature] = math.NaN()
			return []pressure.Day{d}[:min(1, limit)], nil
		}
		o.Actions = func(_ context.Context, limit int) ([]budget.Action, error) {
			lasting := []budget.Action{{ID: 2, Sign: pressure.Heat, Step: 2, Value: 81, Limit: 80, Unit: "°C", Done: "Every optional part was switched off, as the processor was 81 °C hot.", Began: now}}
			return append(lasting, []budget.Action{
				{ID: 1, Sign: pressure.Heat, Step: 1, Value: 76, Limit: 75, Unit: "°C", Done: "Fetched less often.", Began: now.Add(-20 * time.Minute), Ended: now},
			}[:min(1, limit)]...), nil
		}
		o.Clock = func() clock.State {
			return clock.State{Trusted: false, Words: "The time is not known.", Jumps: 1, Jumped: time.Hour}
		}
		o.Rollback = func() *slot.Request {
			return &slot.Request{Level: 2, Why: "Too many answers failed.", By: "errors", At: now, Count: 1}
		}
	}
}

func TestStatusOfADeviceInTrouble(t *testing.T) {
	d := start(t, faring(t))
	d.household()
	v := d.get("/api/v1/status")
	if v["state"] != "critical" || v["headline"] != "A calendar cannot be read: Family <b>, and 2 more problems" || v["level"] != "critical" || path(v, "rollback", "level") != 2.0 || path(v, "clock", "trusted") != false {
		t.Errorf("%v", v)
	}
	problems, actions := v["problems"].([]any), v["actions"].([]any)
	if len(problems) != 5 || path(problems[2], "of") != "too_hot" || path(problems[4], "in_s") != 97200.0 || path(problems[0], "in_s") != nil {
		t.Errorf("%v", problems)
	}
	if len(actions) != 2 || path(actions[0], "ended") != nil || path(actions[1], "ended") == nil || path(actions[1], "cause") != "the processor was 76 °C hot" {
		t.Errorf("%v", actions)
	}
	if len(v["calendars"].([]any)) != 2 || len(v["features"].([]any)) == 0 || len(v["pools"].([]any)) != 2 || len(v["missing"].([]any)) != 1 {
		t.Errorf("%v", v)
	}

	p := d.ask("GET", "/status", "")
	body := string(p.body)
	if p.StatusCode != http.StatusOK || p.Header.Get("Content-Security-Policy") != contentPolicy || p.Header.Get("Cache-Control") != "no-store" || len(body) > 60_000 {
		t.Errorf("%d %v, %d bytes", p.StatusCode, p.Header, len(body))
	}
	for _, want := range []string{
		"A calendar cannot be read: Family &lt;b&gt;, and 2 more problems", "since Mon 15 Jun, 08:05", "Give it air.", "in about 27 hours", "Every optional part was switched off", "still so", "Mon 15 Jun, 08:10 to 08:30",
		"The time is not known; it jumped once, 60 minutes ahead", "To the other configuration (level 2). Too many answers failed.", "237 MB of 437 MB in use", "no pressure stall information", "3 events, fetched", "request pipeline: on", "<svg", "Very little is left: the processor was 81 °C hot.", `data-stream="status"`, "Connections, ",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	// What follows stands inside its cause, at any depth, and what will be stands apart.
	hot, slow, off, coming := strings.Index(body, "The device is too hot"), strings.Index(body, "Answers are slow"), strings.Index(body, "Optional parts are off"), strings.Index(body, "The disk will be full")
	depth := func(to int) int { return strings.Count(body[:to], "<ul") - strings.Count(body[:to], "</ul>") }
	if !(hot < slow && slow < off && off < coming) || depth(slow) != depth(hot)+1 || depth(off) != depth(hot)+2 || depth(coming) != depth(hot) {
		t.Errorf("depths %d %d %d %d", depth(hot), depth(slow), depth(off), depth(coming))
	}
	if strings.Contains(body, "secret-path") || strings.Contains(body, "<b>") || strings.Contains(body, "style=") || strings.Contains(body, "<form") {
		t.Error("the page has what it should not")
	}
	for theme, want := range map[string]string{"eink": "eink", "dark": "dark", "nonsense": "auto"} {
		if got := string(d.ask("GET", "/status?theme="+theme, "").body); !strings.Contains(got, `data-theme="`+want+`"`) {
			t.Errorf("%s: %.100s", theme, got)
		}
	}
	for _, asset := range regexp.MustCompile(`/assets/[^"]+`).FindAllString(body, -1) {
		if a := d.ask("GET", asset, ""); a.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", asset, a.StatusCode)
		}
	}
}

func TestStatusOfADeviceThatKnowsNothing(t *testing.T) {
	d := start(t)
	v := d.get("/api/v1/status")
	if v["state"] != "unknown" || v["level"] != nil || v["clock"] != nil || v["since"] != nil || v["rollback"] != nil {
		t.Errorf("%v", v)
	}
	if p := d.ask("GET", "/status", ""); p.StatusCode != http.StatusOK || !has(p, "How the device fares is not known yet", "Nothing had to be done.", "Nothing is known of the last day yet.", "not watched") {
		t.Errorf("%d %s", p.StatusCode, p.body)
	}
	if v := d.get("/api/v1/pressure"); v["level"] != nil || v["reading"] != nil {
		t.Errorf("%v", v)
	}
	if v := d.get("/api/v1/pressure/history"); len(v["at"].([]any)) != 0 {
		t.Errorf("%v", v)
	}
	if v := d.get("/api/v1/pressure/history?range=days"); len(v["days"].([]any)) != 0 {
		t.Errorf("%v", v)
	}
}

// The status is what is looked at when something cannot be read.
func TestStatusWithoutItsRecord(t *testing.T) {
	d := start(t, faring(t), func(o *Options) {
		o.Actions = func(context.Context, int) ([]budget.Action, error) {
			return nil, errors.New("list actions: the disk is gone")
		}
		o.Days = func(context.Context, int) ([]pressure.Day, error) {
			return nil, errors.New("list days: the disk is gone")
		}
	})
	if v := d.get("/api/v1/status"); v["actions"] != nil || v["state"] != "critical" {
		t.Errorf("%v", v)
	}
	if v := d.get("/api/v1/pressure"); v["actions"] != nil || v["level"] != "critical" {
		t.Errorf("%v", v)
	}
	if p := d.ask("GET", "/status", ""); p.StatusCode != http.StatusOK || !has(p, "The record of it cannot be read") {
		t.Errorf("%d", p.StatusCode)
	}
	if a := d.ask("GET", "/api/v1/pressure/history?range=days", ""); a.StatusCode != http.StatusInternalServerError {
		t.Errorf("%d", a.StatusCode)
	}
}

func TestStatusHeadline(t *testing.T) {
	p := func(severity health.Severity, title string, in time.Duration) health.Problem {
		return health.Problem{Kind: health.Kind{Severity: severity, Title: title}, In: in}
	}
	for _, c := range []struct {
		fine     bool
		problems []health.Problem
		state    string
		headline string
	}{
		{true, nil, "fine", "Everything is fine"},
		{true, []health.Problem{p(health.Notice, "N", 0)}, "fine", "Everything is fine"},
		{false, []health.Problem{p(health.Warning, "W", 0)}, "warning", "W"},
		{false, []health.Problem{p(health.Severe, "S", 0), p(health.Warning, "W", 0), p(health.Notice, "N", 0)}, "critical", "S, and one more problem"},
		{false, []health.Problem{p(health.Severe, "S", time.Hour)}, "warning", "Something will go wrong"},
	} {
		f := fare{report: &health.Report{Fine: c.fine, Problems: c.problems}}
		if got := f.headline(); got != c.headline || f.state() != c.state {
			t.Errorf("%+v: %q, %s", c, got, f.state())
		}
	}
}

// A report whose causes go round in a ring, or are not there, is still told whole.
func TestProblemRowsLoseNothing(t *testing.T) {
	p := func(code, of health.Code) health.Problem {
		return health.Problem{Kind: health.Kind{Code: code, Title: string(code)}, Of: of}
	}
	now, coming := problemRows([]health.Problem{p("a", "b"), p("b", "a"), p("c", "missing"), p("d", "d"), p("e", "c")}, time.Time{}, time.UTC)
	var told []string
	for _, r := range now {
		told = append(told, r.Title)
		for _, u := range r.Under {
			told = append(told, ">"+u.Title)
		}
	}
	if got := strings.Join(told, " "); got != "a >b c >e d" || len(coming) != 0 {
		t.Errorf("%s, %v", got, coming)
	}
}

func TestPressureAndItsHistory(t *testing.T) {
	d := start(t, faring(t))
	v := d.get("/api/v1/pressure")
	signs := v["signs"].([]any)
	if v["level"] != "critical" || len(signs) != 2 || path(signs[0], "step") != 2.0 || path(signs[1], "value") != nil || len(v["actions"].([]any)) != 1 || path(v, "reading", "cpu") != nil || path(v, "reading", "device_used_bytes") != 237e6 {
		t.Errorf("%v", v)
	}
	day := d.get("/api/v1/pressure/history?range=day")
	hits, resident := path(day, "series", "hit_rate", "mean").([]any), path(day, "series", "resident_bytes", "high").([]any)
	if len(day["at"].([]any)) != 2 || hits[0] != nil || resident[1] != 6e7 || len(day["series"].(map[string]any)) != int(pressure.Quantities) {
		t.Errorf("%v", day)
	}
	days := d.get("/api/v1/pressure/history?range=days")["days"].([]any)
	if len(days) != 1 || path(days[0], "tight_s") != 60.0 || path(days[0], "figures", "temperature_c", "mean") != nil {
		t.Errorf("%v", days)
	}
	for _, bad := range []string{"?range=year", "?span=day", "?range=day&range=days", "?range=%zz"} {
		if a := d.ask("GET", "/api/v1/pressure/history"+bad, ""); a.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d", bad, a.StatusCode)
		}
	}
}

// What is not known is told as such, not as 0; what is known to be 0 is told.
func TestUnknownFiguresAreNull(t *testing.T) {
	var reading pressure.Reading
	judge := func(change func(*pressure.Reading)) map[string]any {
		reading = pressure.Reading{At: at(t, monday)}
		change(&reading)
		judged := pressure.NewPolicy(pressure.Limits{}).Judge(reading)
		return start(t, func(o *Options) {
			o.Pressure = func() (pressure.Assessment, *pressure.Reading) { return judged, &reading }
		}).get("/api/v1/pressure")
	}
	sign := func(v map[string]any, name pressure.Sign) any {
		for _, s := range v["signs"].([]any) {
			if path(s, "sign") == string(name) {
				return path(s, "value")
			}
		}
		t.Fatalf("no sign %s", name)
		return nil
	}

	// A device without anything to read.
	v := judge(func(r *pressure.Reading) { pressure.NewSensor(t.TempDir()).Read(r) })
	for name, figure := range v["reading"].(map[string]any) {
		switch name {
		case "at", "goroutines", "requests", "failures":
			continue
		case "memory_stall", "cpu_stall", "io_stall":
			figure = path(figure, "some_10s")
		}
		if figure != nil {
			t.Errorf("%s is %v", name, figure)
		}
	}
	for _, s := range v["signs"].([]any) {
		if path(s, "known") != true && path(s, "value") != nil {
			t.Errorf("%v", s)
		}
	}
	if got := sign(v, pressure.Heat); got != nil {
		t.Errorf("the heat is %v", got)
	}

	v = judge(func(r *pressure.Reading) {
		r.Temperature, r.Device.Total, r.Unit.Current, r.UnitCPU = 40, 437e6, 5e7, 0.1
	})
	if path(v, "reading", "throttled") != false || path(v, "reading", "cpu") != 0.0 || path(v, "reading", "memory_stall", "some_10s") != 0.0 ||
		path(v, "reading", "swap_total_bytes") != 0.0 || path(v, "reading", "unit_high_bytes") != 0.0 || path(v, "reading", "unit_held_back") != 0.0 ||
		sign(v, pressure.Heat) != 40.0 || sign(v, pressure.Processor) != 0.0 {
		t.Errorf("%v", v)
	}

	v = judge(func(r *pressure.Reading) { r.Throttled = true })
	if path(v, "reading", "throttled") != true || path(v, "reading", "temperature_c") != nil || sign(v, pressure.Heat) != nil || v["level"] != "critical" {
		t.Errorf("%v", v)
	}
}

func TestStatusIsReading(t *testing.T) {
	d := start(t, faring(t), said(t, "web.reads", "closed"))
	away := header{"X-Forwarded-For", "192.168.1.7"}
	for _, path := range []string{"/api/v1/status", "/api/v1/pressure", "/api/v1/pressure/history"} {
		if a := d.ask("GET", path, "", away); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %d", path, a.StatusCode)
		}
		if a := d.ask("GET", path, "", away, withToken()); a.StatusCode != http.StatusOK {
			t.Errorf("%s with the token: %d", path, a.StatusCode)
		}
	}
	if a := d.ask("GET", "/status", "", away); a.StatusCode != http.StatusSeeOther {
		t.Errorf("/status: %d", a.StatusCode)
	}
}

// A page that is open hears of a problem, of a sign's step and of the clock; a figure that is another is no news.
func TestStatusStream(t *testing.T) {
	var step, jumps atomic.Int64
	var fine atomic.Bool
	var value atomic.Int64
	now := at(t, monday)
	d := start(t, func(o *Options) {
		o.Health = func() health.Report { return health.Report{At: now, Fine: fine.Load()} }
		o.Pressure = func() (pressure.Assessment, *pressure.Reading) {
			return pressure.Assessment{Signs: []pressure.Standing{{Step: int(step.Load()), Value: float64(value.Load())}}}, &pressure.Reading{}
		}
		o.Clock = func() clock.State { return clock.State{Jumps: uint64(jumps.Load())} }
	})
	l := d.listenTo("/stream?of=status")
	d.until("watching", func() bool { return d.server.vital.watching.Load() })
	before := d.server.vitalMark()
	value.Store(99)
	if d.server.vitalMark() != before {
		t.Error("a figure is news")
	}
	step.Store(1)
	l.until("event: status")
	fine.Store(true)
	l.until("event: status")
	jumps.Store(1)
	l.until("event: status")
	if a := d.ask("GET", "/stream?of=x", ""); a.StatusCode != http.StatusBadRequest {
		t.Errorf("%d", a.StatusCode)
	}
}

func TestStatusWords(t *testing.T) {
	for d, want := range map[time.Duration]string{59 * time.Second: "59 seconds", 119 * time.Minute: "119 minutes", 47 * time.Hour: "47 hours", 49 * time.Hour: "2 days"} {
		if got := spell(d); got != want {
			t.Errorf("%s: %s", d, got)
		}
	}
}
