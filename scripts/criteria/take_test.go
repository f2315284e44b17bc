package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"calendarbot/scripts/facts"
)

func told(list []facts.Figure) string {
	var words []string
	for _, f := range list {
		words = append(words, strings.TrimSpace(fmt.Sprintf("%s=%g %s", f.Name, f.Value, f.Unit)))
	}
	return strings.Join(words, "; ")
}

func TestFiguresOfWords(t *testing.T) {
	for text, want := range map[string]string{
		"13673 req/s, p50 0.07 ms, 1.63 s CPU per 1000": "x=13673 req/s; x/p50=0.07 ms; x/CPU per 1000=1.63 s",
		"peak 27.5 MiB":                       "x/peak=27.5 MiB",
		"688 kB with a refresh every 5m0s":    "x/with a refresh every 5m0s=688 kB",
		"without cache_warming 56.2 %":        "x/without cache_warming=56.2 %",
		"off 24.0":                            "x/off=24",
		"the first fetch":                     "",
		"needs root, to make a control group": "",
		"0.96 ms, 3.15 ms":                    "x=0.96 ms; x=3.15 ms",
	} {
		if got := told(pieces("x", text)); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestReportsAreTakenIn(t *testing.T) {
	dist := t.TempDir()
	for name, text := range map[string]string{
		"bench/bench.json": `{"began": "2026-11-22T11:00:00Z", "version": "1.2.3", "took_seconds": 600,
			"rows": [{"part": "memory", "what": "peak, 500 events (0.4 MB)", "figure": "23.9 MiB", "against": "after the first fetch 20.7 MiB"}]}`,
		"soak/soak.json": `{"began": "2026-11-22T12:00:00Z", "took_seconds": 7200, "answers": 999, "bad": 1, "slowest_seconds": 1.5,
			"quantities": [{"name": "resident memory", "unit": "MiB", "highest": 28, "verdict": "missed"}, {"name": "open files", "highest": 40, "verdict": "met"}]}`,
		"hwtest/report.json": `{"options": {"mode": "quick", "emulated": true}, "began": "2026-11-22T13:00:00Z", "results": [
			{"step": "19-health", "outcome": "PASS", "reason": "version 1.2.4, all is well"},
			{"step": "60-load", "outcome": "FAIL", "figures": [{"name": "answers", "value": 5}, {"name": "heat", "value": null, "unit": "°C"}]},
			{"step": "61-thermal", "outcome": "SKIP"}]}`,
		"figures/board.json": `[{"name": "board/plain restart", "value": 58, "unit": "s", "command": "make test-update", "where": "an emulated board", "version": "1", "date": "2026-11-22T00:00:00Z"}]`,
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dist, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dist, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list, err := taken(dist, "0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	if some, err := readBench([]byte(`{"only": "load", "took_seconds": 60}`)); err != nil || len(some) != 0 {
		t.Errorf("of some parts %v is taken in, %v", some, err)
	}
	want := "bench/memory/peak, 500 events/off/after the first fetch=20.7 MiB; bench/memory/peak, 500 events/on=23.9 MiB; bench/seconds=600 s; board/plain restart=58 s; " +
		"hwtest/19-health=1; hwtest/60-load=0; hwtest/60-load/answers=5; soak/open files, highest=40; soak/quantities that rise=1; soak/resident memory, highest=28 MiB; soak/right answers=99.9 %; soak/seconds=7200 s; " +
		"soak/slowest answer=1.5 s; soak/wrong or no answers=1"
	if got := told(list); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	from := map[string]string{}
	for _, f := range list {
		from[strings.SplitN(f.Name, "/", 2)[0]] = fmt.Sprint(f.Command, ", ", f.Where, ", ", f.Version, ", ", f.Date.Hour())
	}
	for name, want := range map[string]string{
		"bench": "make bench, a computer, 1.2.3, 11", "soak": "make soak, a computer, 0.0.1, 12",
		"hwtest": "hwtest/run HOST, an emulated board, 1.2.4, 13", "board": "make test-update, an emulated board, 1, 0",
	} {
		if from[name] != want {
			t.Errorf("%s is from %s, want %s", name, from[name], want)
		}
	}
	if err := os.WriteFile(filepath.Join(dist, "soak/soak.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := taken(dist, "0.0.1"); err == nil {
		t.Error("a report of nothing is taken in")
	}
}

func TestCoverIsRead(t *testing.T) {
	const said = `ok  	calendarbot/agent/conn	3.012s	coverage: 95.8% of statements
	calendarbot/agent/house		coverage: 0.0% of statements
ok  	calendarbot/agent/guard	(cached)	coverage: 100.0% of statements
FAIL	calendarbot/agent/page	9.1s
`
	want := "cover/seconds of agent/conn=3.012 s; cover/agent/conn=95.8 %; cover/agent/guard=100 %"
	if got := told(readCover(said)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	all := strings.Repeat("ok  	calendarbot/agent/other	1s	coverage: 1.0% of statements\n", manyPackages) + "FAIL	calendarbot/agent/feed	9.1s\n"
	for _, name := range optional() {
		all += "ok  	calendarbot/" + name + "	2.5s	coverage: 96.0% of statements\n"
	}
	got := told(readCover(all))
	for _, want := range []string{"cover/seconds of the optional parts=", "cover/packages that failed=1"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s does not have %s", got, want)
		}
	}
	t.Chdir(t.TempDir())
	var out strings.Builder
	if err := start([]string{"--version", "1.2.3", "cover"}, strings.NewReader(said), &out); err != nil || out.String() != said {
		t.Errorf("handed on: %q, %v", out.String(), err)
	}
	list, err := taken("dist", "")
	if err != nil || len(list) != 3 || list[0].Version != "1.2.3" {
		t.Errorf("kept: %+v, %v", list, err)
	}
}

func TestRisksAreCounted(t *testing.T) {
	const text = "# Risks\n\n| | risks |\n|---|---|\n| all | 4 |\n\n## Of the design records\n\n| risk | said in |\n|---|---|\n| one | a |\n\n" +
		"## Of the threat model\n\n| risk | said in |\n|---|---|\n| two | tries: b |\n\n## Without a rule\n\n| risk | said in |\n|---|---|\n| three | c |\n\n" +
		"## Accepted\n\n| risk | said in |\n|---|---|\n| four | open: d |\n"
	if got, want := told(readRisks(text)), "risks/watched=50 %; risks/watched of the records=50 %"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestVersionsGoAlong: a figure that is counted again is of the version that was counted, unless only its files are newer.
func TestVersionsGoAlong(t *testing.T) {
	const clean, dirty, later = "1.2.3", "1.2.3.dirty", "1.2.4"
	for _, c := range []struct {
		was, now string
		value    float64 // it was 95
		want     bool
	}{
		{clean, later, 95, true}, {dirty, later, 95, true}, {dirty, dirty, 95, true},
		{clean, dirty, 95, false}, {clean, dirty, 96, true}, {clean, later, 96, true},
	} {
		was, now := facts.Figure{Value: 95, Version: c.was}, facts.Figure{Value: c.value, Version: c.now}
		if got := takesOver(was, now); got != c.want {
			t.Errorf("%+v", c)
		}
	}
}

func TestWordsThatAreWrong(t *testing.T) {
	for _, args := range [][]string{{"--fly"}, {"--version", "1", "fly"}, {"--version", "1", "cover", "twice"}} {
		if err := start(args, strings.NewReader(""), &strings.Builder{}); err == nil || !strings.Contains(err.Error(), "Usage") {
			t.Errorf("%q: %v", args, err)
		}
	}
	var out strings.Builder
	if err := start([]string{"--help"}, strings.NewReader(""), &out); err != nil || !strings.Contains(out.String(), "criteria cover") {
		t.Errorf("%v: %s", err, &out)
	}
}
