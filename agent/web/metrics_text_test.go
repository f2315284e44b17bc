package web

import (
	"fmt"
	"maps"
	"math"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"calendarbot/agent/pressure"
)

// written is what a meter tells.
func written(m *meter) string {
	e := &exposition{}
	m.write(e)
	return string(e.text)
}

// values reads what a meter tells: series -> value, of a histogram the count.
func values(t *testing.T, m *meter) map[string]float64 {
	t.Helper()
	return parsed(t, written(m))
}

// parsed reads the text format, and fails when it is not of it: help and type once, then the series of that metric alone.
func parsed(t *testing.T, text string) map[string]float64 {
	t.Helper()
	all, seen := map[string]float64{}, map[string]bool{}
	sample := regexp.MustCompile(`^([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\]|\\[\\"n])*",?)+)\})? (\S+)$`)
	pair := regexp.MustCompile(`([a-z]+)="((?:[^"\\]|\\.)*)"`)
	name, kind := "", ""
	lines := strings.Split(text, "\n")
	if lines[len(lines)-1] != "" {
		t.Error("the last line does not end")
	}
	for i, line := range lines[:len(lines)-1] {
		if help, is := strings.CutPrefix(line, "# HELP "); is {
			name, help, _ = strings.Cut(help, " ")
			if kind, is = strings.CutPrefix(lines[i+1], "# TYPE "+name+" "); !is || help == "" || seen[name] {
				t.Errorf("%q, then %q", line, lines[i+1])
			}
			seen[name] = true
			continue
		}
		if strings.HasPrefix(line, "# TYPE "+name+" ") && strings.HasPrefix(lines[max(0, i-1)], "# HELP ") {
			continue
		}
		m := sample.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("no line of the format: %q", line)
			continue
		}
		value, err := strconv.ParseFloat(m[3], 64)
		if err != nil {
			t.Errorf("%q: %v", line, err)
		}
		if kind == "histogram" {
			if m[1] != name+"_count" {
				continue
			}
			m[1] = name
		}
		var labels []string
		for _, l := range pair.FindAllStringSubmatch(m[2], -1) {
			labels = append(labels, l[1]+"="+strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\n`, "\n").Replace(l[2]))
		}
		series := m[1]
		if len(labels) > 0 {
			series += "{" + strings.Join(labels, ",") + "}"
		}
		if _, twice := all[series]; twice || m[1] != name {
			t.Errorf("%q is there twice, or among %s", series, name)
		}
		all[series] = value
	}
	return all
}

// family is the text of a metric that tells what read says.
func family(m metric, read func(*look, *exposition)) string {
	m.read = read
	e := &exposition{}
	e.family(&m, nil)
	return string(e.text)
}

func TestTextOfAMetric(t *testing.T) {
	one := metric{name: "one", help: `Back\slash, "quotes" and` + "\na line.", kind: gauge}
	two := metric{name: "two_total", help: "Two.", kind: counter, labels: []string{"a", "b"}}
	for _, test := range []struct {
		metric metric
		read   func(*look, *exposition)
		want   string
	}{
		{one, func(_ *look, to *exposition) {}, ""},
		{one, func(_ *look, to *exposition) { to.put(1.5) }, `# HELP one Back\\slash, "quotes" and\na line.` + "\n# TYPE one gauge\none 1.5\n"},
		{two, func(_ *look, to *exposition) {
			to.put(3, "z", "")
			to.put(1, "a", "b")
			to.put(2, "a", "ä\xff\r \"\\\n")
		}, "# HELP two_total Two.\n# TYPE two_total counter\ntwo_total{a=\"a\",b=\"b\"} 1\ntwo_total{a=\"a\",b=\"ä\ufffd\r \\\"\\\\\\n\"} 2\ntwo_total{a=\"z\",b=\"\"} 3\n"},
	} {
		if got := family(test.metric, test.read); got != test.want {
			t.Errorf("%q\nwant\n%q", got, test.want)
		}
	}
}

func TestNumbersInText(t *testing.T) {
	for want, value := range map[string]float64{
		"0": 0, "1": 1, "-3": -3, "1795345200": 1795345200, "9007199254740991": 1<<53 - 1, "9.007199254740992e+15": 1 << 53, "9.223372036854776e+18": math.MaxInt64,
		"0.0005": 0.0005, "0.1": 0.1, "1e-09": 1e-9, "+Inf": math.Inf(1), "-Inf": math.Inf(-1), "NaN": math.NaN(), "-9.223372036854776e+18": math.MinInt64,
	} {
		if got := string(number(nil, value)); got != want {
			t.Errorf("%v is %s, want %s", value, got, want)
		}
	}
}

// FuzzLabelValues: whatever the values are, they are read back, and nothing else comes of them.
func FuzzLabelValues(f *testing.F) {
	for _, s := range []string{"", "home", `"} 1`, "\n# TYPE x", `\`, `\n`, "\xff\xfe", "\x00", "\u2028ä", "a\r\nb"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		text := family(metric{name: "m", help: "H" + a, kind: gauge, labels: []string{"a", "b"}}, func(_ *look, to *exposition) { to.put(7, a, b) })
		want := map[string]float64{"m{a=" + string([]rune(a)) + ",b=" + string([]rune(b)) + "}": 7}
		if got := parsed(t, text); !maps.Equal(got, want) || !utf8.ValidString(text) {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	})
}

// TestLatencyFallsIntoItsBucket: at each bound, and just above it.
func TestLatencyFallsIntoItsBucket(t *testing.T) {
	in := func(took time.Duration) int {
		h := &histogram{}
		h.add(took)
		within, _ := h.read()
		return slices.Index(within[:], 1)
	}
	for i := range bounds {
		if below, above := in(bound(i)), in(bound(i)+1); below != i || above != i+1 {
			t.Errorf("%v is in %d, and a nanosecond more in %d", bound(i), below, above)
		}
	}
	for took, want := range map[time.Duration]int{math.MinInt64: 0, -1: 0, 0: 0, 1: 0, time.Second: 13, time.Hour: bounds, math.MaxInt64: bounds} {
		if got := in(took); got != want {
			t.Errorf("%d is in %d, want %d", took, got, want)
		}
	}
	if bound(bounds-1) != 33554432*time.Microsecond {
		t.Errorf("the last bound is %v", bound(bounds-1))
	}
}

// TestTextOfAHistogram: buckets that include those before, with the bounds as exact decimals, then sum and count.
func TestTextOfAHistogram(t *testing.T) {
	m := newMeter(Options{Now: noon}, time.Now())
	for _, took := range []time.Duration{1, 128 * time.Microsecond, 128*time.Microsecond + 1, time.Second, 40 * time.Second} {
		m.requests.elsewhere.observe(200, took)
	}
	want := &strings.Builder{}
	want.WriteString("# TYPE calendarbot_http_request_duration_seconds histogram\n")
	counts := []int{2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 5}
	for i, le := range strings.Fields("0.000128 0.000256 0.000512 0.001024 0.002048 0.004096 0.008192 0.016384 0.032768 0.065536 0.131072 0.262144 0.524288 " +
		"1.048576 2.097152 4.194304 8.388608 16.777216 33.554432 +Inf") {
		fmt.Fprintf(want, "calendarbot_http_request_duration_seconds_bucket{method=\"any\",route=\"none\",le=\"%s\"} %d\n", le, counts[i])
	}
	want.WriteString("calendarbot_http_request_duration_seconds_sum{method=\"any\",route=\"none\"} 41.000256002\n" +
		"calendarbot_http_request_duration_seconds_count{method=\"any\",route=\"none\"} 5\n")
	if got := written(m); !strings.Contains(got, want.String()) {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	h := &histogram{}
	h.add(time.Second)
	bare := family(metric{name: "h", help: "H.", kind: timing}, func(_ *look, to *exposition) { to.latency(h) })
	if !strings.Contains(bare, "\nh_bucket{le=\"0.524288\"} 0\nh_bucket{le=\"1.048576\"} 1\n") || !strings.HasSuffix(bare, "\nh_sum 1\nh_count 1\n") {
		t.Errorf("without labels: %s", bare)
	}
}

// TestServedIsTheSumOfRoutes: a device that says that it is not well has not failed to answer.
func TestServedIsTheSumOfRoutes(t *testing.T) {
	s := &Server{meter: newMeter(Options{Now: noon}, time.Now())}
	for _, path := range []string{"/", "/readyz", "/api/health"} {
		o := s.meter.requests.of(route{method: "GET", path: path})
		o.observe(200, 128*time.Microsecond)
		o.observe(503, time.Second)
	}
	s.meter.requests.elsewhere.observe(404, time.Minute)
	answered, failed, fast := s.Served()
	if answered != 7 || failed != 1 || fast.Sum != 63*time.Second+384*time.Microsecond || fast.Count() != 7 ||
		fast.Counts[pressure.Bin(128*time.Microsecond)] != 3 || fast.Counts[pressure.Bin(time.Second)] != 3 || fast.Counts[pressure.Bin(time.Minute)] != 1 {
		t.Errorf("%d answered, %d failed, %s in all", answered, failed, fast.Sum)
	}
	if got := testing.AllocsPerRun(100, func() { s.Served() }); got > 0 {
		t.Errorf("%v allocations", got)
	}
}

// TestWritingAgainAllocatesNothing, and tells the same.
func TestWritingAgainAllocatesNothing(t *testing.T) {
	m, e := meterOf(full()), &exposition{}
	m.requests.elsewhere.observe(200, time.Millisecond)
	m.write(e)
	first := string(e.text)
	l := m.look()
	m.look = func() *look { return l }
	if got := testing.AllocsPerRun(100, func() { m.write(e) }); got > 0 {
		t.Errorf("%v allocations", got)
	}
	if !regexp.MustCompile(`go="`+regexp.QuoteMeta(runtime.Version())).MatchString(first) || len(e.text) < 5000 {
		t.Errorf("%d bytes", len(e.text))
	}
}

// TestManyReadWhileManyAreCounted is for the race detector; who asks gets their own whole text.
func TestManyReadWhileManyAreCounted(t *testing.T) {
	d := start(t)
	var wg sync.WaitGroup
	bodies := make([]string, 8)
	for i := range bodies {
		wg.Go(func() {
			for range 5 {
				bodies[i] = string(d.ask("GET", "/metrics", "").body)
				d.ask("GET", "/nowhere", "")
			}
		})
	}
	wg.Wait()
	for _, body := range bodies {
		if got := parsed(t, body)["calendarbot_http_requests_total{class=4xx,method=any,route=none}"]; got < 4 {
			t.Errorf("%v counted", got)
		}
	}
	if got := values(t, d.server.meter)["calendarbot_http_requests_total{class=4xx,method=any,route=none}"]; got != 40 {
		t.Errorf("%v counted of 40", got)
	}
}

func TestProcessIsReadFromStat(t *testing.T) {
	page := float64(os.Getpagesize())
	fields := func(name string, rest ...string) string { return "42 (" + name + ") S " + strings.Join(rest, " ") }
	numbers := make([]string, 40)
	for i := range numbers {
		numbers[i] = strconv.Itoa(i + 4)
	}
	numbers[14-4], numbers[15-4], numbers[24-4] = "250", "131", "6000"
	for _, name := range []string{"calendarbot", "a) R 1 (b", ""} {
		if p, err := parseStat(fields(name, numbers...)); err != nil || p.cpu != 3.81 || p.resident != 6000*page {
			t.Errorf("%q: %+v, %v", name, p, err)
		}
	}
	for _, stat := range []string{"", ")", fields("a", numbers[:20]...), fields("a", slices.Replace(slices.Clone(numbers), 10, 11, "x")...), fields("a", slices.Replace(slices.Clone(numbers), 10, 11, "-1")...)} {
		if p, err := parseStat(stat); err == nil {
			t.Errorf("%q: %+v", stat, p)
		}
	}
}

func TestProcessIsThisOne(t *testing.T) {
	p, err := readProcess()
	if err != nil {
		t.Fatal(err)
	}
	if p.resident < 1<<20 || p.resident > 1<<36 || p.files < 3 || p.files > p.most || p.cpu < 0 {
		t.Errorf("%+v", p)
	}
}
