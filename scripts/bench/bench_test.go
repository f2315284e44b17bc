package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

const wrkPrinted = `Running 2s test @ http://127.0.0.1:8080/api/whats-next
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   360.25us  250.50%    6.12ms   99.50%
    Req/Sec    46.43k     2.01k   50.11k    75.00%
  Latency Distribution
     50%  310.00us
     75%  400.00us
     90%  600.00us
     99%    1.25ms
  92345 requests in 2.00s, 101.23MB read
Requests/sec:  46172.50
Transfer/sec:     50.61MB
`

func TestReadLoad(t *testing.T) {
	l, err := readLoad(wrkPrinted)
	want := load{requests: 92345, rate: 46172.5, p50: 310 * time.Microsecond, p99: 1250 * time.Microsecond}
	if err != nil || l != want {
		t.Errorf("%+v, %v", l, err)
	}
	for _, missing := range []string{"Requests/sec", "     50%", "     99%", "requests in"} {
		if _, err := readLoad(strings.Replace(wrkPrinted, missing, "", 1)); err == nil {
			t.Errorf("nothing is said of a missing %q", missing)
		}
	}
	if badLine.MatchString(wrkPrinted) || !badLine.MatchString(wrkPrinted+"  Non-2xx or 3xx responses: 3\n") {
		t.Error("answers that failed are not seen")
	}
}

func TestMedianLoadTakesEachFigureByItself(t *testing.T) {
	got := medianLoad([]load{{rate: 3, p99: 1, cpu: 9}, {rate: 1, p99: 5, cpu: 7}, {rate: 2, p99: 3, cpu: 8}})
	if got.rate != 2 || got.p99 != 3 || got.cpu != 8 {
		t.Errorf("%+v", got)
	}
}

func TestFigures(t *testing.T) {
	const before = "# HELP x y\nhits_total 1\npool{pool=\"http\"} 2\npool{pool=\"database\"} 3\n"
	const after = "hits_total 4\npool{pool=\"http\"} 2\npool{pool=\"database\"} 1e1\n"
	a, errA := readFigures(before)
	b, errB := readFigures(after)
	d := b.less(a)
	if errors.Join(errA, errB) != nil || d["hits_total"] != 3 || d["pool"] != 7 || d[`pool{pool="http"}`] != 0 {
		t.Errorf("%v, %v, %v", d, errA, errB)
	}
	for _, bad := range []string{"alone\n", "x notanumber\n"} {
		if _, err := readFigures(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
	f := figures{"calendarbot_cache_hits_total": 7, "calendarbot_cache_misses_total": 2, "calendarbot_cache_joined_total": 1}
	if f.hitRate() != 0.7 || (figures{}).hitRate() != 0 {
		t.Errorf("hit rate %v", f.hitRate())
	}
}

func TestGoalsAreJudged(t *testing.T) {
	if r := (row{}).goal("≥ 0.90", 0.9, atLeast, 0.9); r.Verdict != met || r.Goal != "≥ 0.90" {
		t.Errorf("%+v", r)
	}
	if r := (row{}).goal("≤ 24 MiB", 24.1, atMost, 24); r.Verdict != missed {
		t.Errorf("%+v", r)
	}
}

func TestCompareLoads(t *testing.T) {
	// In the second round the machine was slow, which the ratios do not see.
	of := map[string][]load{
		everythingOn: {{rate: 95, p99: 2}, {rate: 9, p99: 20}, {rate: 95, p99: 2}}, bareFiber: {{rate: 100, p99: 1}, {rate: 9.4, p99: 10}, {rate: 101, p99: 1}},
		nginxStatic: {{rate: 96, p99: 1}, {rate: 9.2, p99: 1}, {rate: 94, p99: 1}}, nginxTuned: {{rate: 97, p99: 1}, {rate: 97, p99: 1}, {rate: 97, p99: 1}},
		nginxProxy: {{rate: 90, p99: 1}, {rate: 9, p99: 1}, {rate: 90, p99: 1}}, everythingOff: {{rate: 5, p99: 9}, {rate: 0.4, p99: 9}, {rate: 5, p99: 9}},
	}
	rows := compareLoads(16, of)
	var verdicts []string
	for _, r := range rows {
		verdicts = append(verdicts, string(r.Verdict))
	}
	if got := strings.Join(verdicts, ","); got != "met,met,,missed,,,met," {
		t.Errorf("%s: %+v", got, rows)
	}
	if last := rows[len(rows)-1]; last.Figure != "0.7 %" {
		t.Errorf("ratios of 0.95, 0.957 and 0.941 spread by %s", last.Figure)
	}
	for _, r := range compareLoads(1, of) {
		if r.Verdict != "" {
			t.Errorf("a goal at one connection: %+v", r)
		}
	}
	for i := range rows {
		rows[i].Part = "load"
	}
	bars := barsOf(rows)
	if len(bars) != 6 || bars[0] != (bar{"16 connections", everythingOn, 95}) {
		t.Errorf("%+v", bars)
	}
	drawing := xml.NewDecoder(bytes.NewReader(plot(bars)))
	for {
		if _, err := drawing.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestTableCountsVerdicts(t *testing.T) {
	r := result{Rows: []row{{What: "a", Verdict: met}, {What: "b", Figure: "two\nlines", Verdict: missed}, {What: "c"}}}
	table := r.table()
	if !strings.Contains(table, "1 goals met, 1 missed, 0 skipped") || !strings.Contains(table, "two lines") {
		t.Error(table)
	}
}
