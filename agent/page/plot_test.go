package page

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"calendarbot/agent/pressure"
)

// curveOf has the given values in its first bins, and none in the others.
func curveOf(values ...float64) Curve {
	c := Curve{To: time.Date(2026, 6, 15, 8, 30, 0, 0, time.UTC), Zone: time.UTC, Floor: math.NaN(), Roof: math.NaN()}
	for i := range plotBins {
		v := math.NaN()
		if i < len(values) {
			v = values[i]
		}
		c.Mean, c.High = append(c.Mean, v), append(c.High, v)
	}
	return c
}

func TestPlotPaths(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name   string
		values []float64
		path   string
		top    string
	}{
		{"nothing", nil, "", ""},
		{"a line", []float64{0, 10, 5}, "M41 102L42.9 8L44.8 55", "42.9 8"},
		{"a gap", []float64{0, 10, nan, 10, 0}, "M41 102L42.9 8M46.7 8L48.6 102", "42.9 8"},
		{"a lonely value between gaps is a dot", []float64{nan, 10, nan, 0, 5}, "M42.9 8h.1M46.7 102L48.6 55", "42.9 8"},
		{"a lonely value at the end", []float64{10, 0, nan, 5}, "M41 8L42.9 102M46.7 55h.1", "41 8"},
	} {
		p := NewPlot(curveOf(c.values...))
		top := ""
		if p.Top != nil {
			top = p.Top.X + " " + p.Top.Y
		}
		if p.Mean != c.path || top != c.top {
			t.Errorf("%s: %q, highest at %q", c.name, p.Mean, top)
		}
	}
}

func TestNiceTicks(t *testing.T) {
	for _, c := range []struct {
		from, to float64
		want     []float64
		digits   int
	}{
		{0, 100, []float64{0, 50, 100}, 0},
		{0, 71, []float64{0, 20, 40, 60, 80}, 0},
		{47.1, 57, []float64{45, 50, 55, 60}, 0},
		{0, 1, []float64{0, .5, 1}, 1},
		{0, .03, []float64{0, .01, .02, .03}, 2},
		{0, 3.9, []float64{0, 1, 2, 3, 4}, 0},
		{-5, 5, []float64{-5, 0, 5}, 0},
		{50, 50, []float64{50, 60, 70, 80}, 0}, // all the same
		{0, 0, []float64{0, .0005, .001}, 4},
		{0, 1e9, []float64{0, 5e8, 1e9}, 0},
	} {
		got, digits := niceTicks(c.from, c.to)
		same := slices.EqualFunc(got, c.want, func(a, b float64) bool { return math.Abs(a-b) < 1e-9*math.Max(1, math.Abs(b)) })
		if !same || digits != c.digits {
			t.Errorf("from %v to %v: %v with %d digits", c.from, c.to, got, digits)
		}
	}
}

// Whatever the values are, the axis has them between its ends and a few ticks.
func FuzzNiceTicks(f *testing.F) {
	f.Add(0.0, 1.0)
	f.Add(-3.5, 1e6)
	f.Fuzz(func(t *testing.T, a, b float64) {
		from, to := min(a, b), max(a, b)
		if !finite(from) || !finite(to) || math.Abs(from) > 1e12 || math.Abs(to) > 1e12 || (to-from != 0 && to-from < 1e-6) {
			t.Skip()
		}
		ticks, digits := niceTicks(from, to)
		if n := len(ticks); n < 2 || n > 8 || digits < 0 || digits > 12 {
			t.Fatalf("%d ticks, %d digits: %v", n, digits, ticks)
		}
		slack := 1e-6 * math.Max(1, math.Max(math.Abs(from), math.Abs(to)))
		if ticks[0] > from+slack || ticks[len(ticks)-1] < to-slack {
			t.Errorf("%v to %v is not between %v", from, to, ticks)
		}
	})
}

func TestPlotHours(t *testing.T) {
	labels := func(ticks []Tick) (text string) {
		for _, tick := range ticks {
			text += tick.Label + " "
		}
		return text
	}
	zone := berlin(t)
	kolkata, err := time.LoadLocation("Asia/Kolkata") // 5:30 from UTC
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		to   time.Time
		want string
	}{
		{time.Date(2026, 6, 15, 8, 30, 0, 0, zone), "12:00 18:00 00:00 06:00 "},
		{time.Date(2026, 6, 15, 12, 0, 0, 0, zone), "12:00 18:00 00:00 06:00 12:00 "},
		{time.Date(2026, 3, 29, 12, 0, 0, 0, zone), "12:00 18:00 00:00 06:00 12:00 "},
		{time.Date(2026, 6, 15, 8, 30, 0, 0, kolkata), "12:00 18:00 00:00 06:00 "},
	} {
		if got := labels(hours(c.to, c.to.Location())); got != c.want {
			t.Errorf("%s: %s", c.to, got)
		}
	}
}

func TestPlotsOfADay(t *testing.T) {
	now := statusNow(t)
	future := pressure.Sample{At: now.Add(time.Hour)}
	future.High[pressure.QResident] = 9e9
	old := pressure.Sample{At: now.Add(-25 * time.Hour)}
	old.High[pressure.QResident] = 9e9
	odd := pressure.Sample{At: now.Add(-time.Hour)}
	odd.Mean[pressure.QResident], odd.High[pressure.QResident] = float32(math.Inf(1)), float32(math.Inf(1))
	history := append(append([]pressure.Sample{old}, sampled(now, 3)...), odd, future)
	plots, table := Plots(history[:len(history)-2], now, now.Location())
	if len(plots) != 6 || len(table.Rows) != 12 || len(table.Rows[0].Cells) != 6 || table.Rows[0].When != "Sun 08:30" {
		t.Fatalf("%d plots, table %+v", len(plots), table)
	}
	for _, p := range plots {
		if p.Empty || strings.Count(p.Mean, "M") < 2 || len(p.Y) < 3 || p.Now == "" {
			t.Errorf("%s: %q now %q, %v", p.ID, p.Text, p.Now, p.Y)
		}
	}
	if got := plots[0]; got.Text != "from 50 to 71 MB" || got.Now != "56 MB" {
		t.Errorf("memory %q, now %q", got.Text, got.Now)
	}
	plots, _ = Plots(history, now, now.Location())
	if got := plots[0]; got.Text != "from 50 to 71 MB" {
		t.Errorf("what is not of the day is plotted: %q", got.Text)
	}
	for i := range history {
		history[i].Mean[pressure.QTemperature] = float32(math.NaN()) // a device without a thermometer
	}
	plots, table = Plots(history, now, now.Location())
	if p := plots[4]; !p.Empty || p.Mean != "" || p.Now != "" || table.Rows[3].Cells[4] != "–" || table.Rows[3].Cells[0] == "–" {
		t.Errorf("of nothing: %+v, %+v", p, table.Rows[3])
	}
	if plots, table = Plots(nil, now, now.Location()); plots != nil || table.Rows != nil {
		t.Errorf("%v, %v", plots, table)
	}
}

// TestStatusIsSmallAndPlain: what a browser with the strict policy does not run is not there, and all of it is light.
func TestStatusIsSmallAndPlain(t *testing.T) {
	for name, v := range statusScenes(t) {
		v.Actions = append(v.Actions, ActionRow{Done: `<b>"& all`, When: "x"})
		body := string(Status(&Frame{Device: "<Kitchen>", Theme: "auto", CSS: "/settings.css"}, v))
		if len(body) > maxHTML {
			t.Errorf("%s has %d bytes", name, len(body))
		}
		if strings.Contains(body, "style=") || strings.Contains(body, "<b>") || strings.Contains(body, "<Kitchen>") || strings.Count(body, "<script") != 1 || strings.Contains(body, " on") && regexp.MustCompile(` on\w+="`).MatchString(body) {
			t.Errorf("%s: %s", name, body)
		}
		for _, svg := range regexp.MustCompile(`(?s)<svg.*?</svg>`).FindAllString(body, -1) {
			if !strings.Contains(svg, `aria-hidden="true"`) && !(strings.Contains(svg, "<title") && strings.Contains(svg, "<desc")) {
				t.Errorf("%s: a picture without words: %.200s", name, svg)
			}
		}
		ids := map[string]bool{}
		for _, id := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(body, -1) {
			if ids[id[1]] {
				t.Errorf("%s: two of %s", name, id[1])
			}
			ids[id[1]] = true
		}
		if !strings.Contains(body, `<noscript><meta http-equiv="refresh"`) {
			t.Errorf("%s stays as it is without scripts", name)
		}
	}
}
