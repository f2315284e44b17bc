package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// statusText is a status of a device in trouble, as the program answers it.
const statusText = `{"version":"1.4.2","now":"2026-06-15T06:30:00Z","uptime_s":777600,"state":"critical","headline":"The calendar Family cannot be read, and 2 more problems",
"since":"2026-06-15T04:12:00Z","level_words":"Very little is left: the processor was 81 °C hot.","problems":[
{"code":"heat","severity":"warning","title":"The device is too hot","about":"","words":"The processor has 81 °C; from 80 °C on it is slowed down, so that everything takes longer than it should.","do":"Give it air.","since":"2026-06-15T06:05:00Z","of":"","in_s":null},
{"code":"slow","severity":"warning","title":"Answers are slow","about":"","words":"Two seconds.","do":"","since":null,"of":"heat","in_s":null},
{"code":"off","severity":"notice","title":"Parts are off","about":"","words":"They rest.","do":"","since":null,"of":"slow","in_s":null},
{"code":"disk_fills","severity":"notice","title":"The disk will be full","about":"","words":"","do":"","since":null,"of":"","in_s":97200}],
"actions":[{"done":"Everything optional was switched off.","began":"2026-06-15T06:05:00Z","ended":null},{"done":"Less was kept.","began":"2026-06-14T06:05:00Z","ended":"2026-06-14T06:25:00Z"}],
"calendars":[{"id":"a","name":"Work\u001b[31m","state":"ok","events":3,"last_success":"2026-06-15T06:27:00Z"},{"id":"b","name":"","state":"failing","failing_since":"2026-06-15T04:12:00Z","next_try":"2026-06-15T06:45:00Z","error":"It answers 429."},
{"id":"c","name":"Choir","state":"disabled"},{"id":"d","name":"New","state":"waiting"}],
"features":[{"name":"cache_warming","setting":"25%","on":false,"words":"This device is not among them."}],"emergency_off":{"on":true,"words":"Everything optional is off."},
"clock":{"trusted":false,"words":"The time is not known.","jumps":2},"rollback":{"level":3,"why":"too many answers failed","by":"errors","at":"2026-06-15T06:05:00Z","count":1},"missing":["No pressure stall information in this kernel."]}`

func TestStatusIsPrinted(t *testing.T) {
	var status statusAnswer
	if err := json.Unmarshal([]byte(statusText), &status); err != nil {
		t.Fatal(err)
	}
	now := status.Since.Add(2 * time.Hour)
	var history historyAnswer
	if err := json.Unmarshal([]byte(`{"at":[`+fmt.Sprint(now.Unix()-3600)+`,`+fmt.Sprint(now.Unix()-60)+`,5],"series":{"resident_bytes":{"mean":[5e7,6e7,1],"high":[5e7,7e7,9e9]},"cpu":{"mean":[null,null,null],"high":[null,null,null]}}}`), &history); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		width int
		plots bool
	}{{80, false}, {120, true}, {80, true}, {40, true}} {
		var out bytes.Buffer
		if err := status.print(statusScreen{to: &out, width: c.width, plots: c.plots}, history, now); err != nil {
			t.Fatal(err)
		}
		text := out.String()
		for _, want := range []string{"CRITICAL: ", "What is wrong\n", "\n  [warning] The device is too hot", "\n      [warning] Answers are slow\n", "\n          [notice] Parts are off\n", "    What to do: Give it air.\n", "What will go wrong", "in about 27 h 0 min", "still so", "\n  b: failing, since ", "    It answers 429.", "Choir: switched off", "New: not fetched yet", "cache_warming (25%): off: ", "The time is not known; times that it jumped: 2", "asked to go back: To the other program, then the other system (level 3). Too many", "No pressure stall", "runs for 9 days"} {
			if got := strings.Join(strings.Fields(text), " "); !strings.Contains(text, want) && !strings.Contains(got, strings.TrimSpace(want)) {
				t.Errorf("%+v: %q is missing in\n%s", c, want, text)
			}
		}
		steering := strings.ReplaceAll(strings.ReplaceAll(text, "\x1b[1m", ""), "\x1b[0m", "")
		if strings.Contains(steering, "\x1b") || (!c.plots && steering != text) {
			t.Errorf("%+v: what steers a terminal is printed: %q", c, text)
		}
		for line := range strings.Lines(steering) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > c.width && n > 60 {
				t.Errorf("%+v: a line of %d: %s", c, n, line)
			}
		}
		if strings.ContainsRune(text, '█') != (c.plots && c.width > 70) || strings.Contains(text, "50 to 70 MB") != c.plots || strings.Contains(text, "Processor") != c.plots {
			t.Errorf("%+v: plots:\n%s", c, text)
		}
	}
}

func TestBlocks(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		values []float64
		want   string
	}{
		{nil, ""}, {[]float64{nan, nan}, "  "}, {[]float64{3, 3}, "▁▁"}, {[]float64{0, 1, nan, 8}, "▁▂ █"}, {[]float64{-1, 0, 1}, "▁▅█"},
	} {
		if got := blocks(c.values); got != c.want {
			t.Errorf("%v: %q", c.values, got)
		}
	}
}

func TestWrapped(t *testing.T) {
	for _, c := range []struct {
		text  string
		width int
		want  []string
	}{
		{"", 10, nil}, {"one two three", 7, []string{"one two", "three"}}, {"immeasurable", 4, []string{"immeasurable"}}, {"ä ö ü ß", 3, []string{"ä ö", "ü ß"}}, {"a\x1b[31mb\r\nc", 20, []string{"a [31mb c"}},
		{"in\u202evoice\u202c \u2067x\u2069\u061c\u200e\u200f\u2028y", 20, []string{"invoice x y"}}, {"שלום 👨\u200d👩", 20, []string{"שלום 👨\u200d👩"}},
	} {
		if got := wrapped(c.text, c.width); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q", c.text, got)
		}
	}
}

// TestStatusSaysByItsExit: a script learns whether anything is wrong without reading.
func TestStatusSaysByItsExit(t *testing.T) {
	for _, c := range []struct {
		state string
		flag  string
		want  int
	}{
		{"fine", "--json=false", 0}, {"unknown", "--json=false", 0}, {"warning", "--json=false", 3}, {"critical", "--json=false", 3}, {"critical", "--json", 0},
	} {
		r := respond(t, map[string]string{"GET /api/v1/status": strings.Replace(statusText, `"critical"`, `"`+c.state+`"`, 1)})
		code, out, errs := r.says(t, "", "status", c.flag)
		if code != c.want || errs != "" || !strings.Contains(out, "Family") {
			t.Errorf("%s %v: exit %d, %q, %s", c.state, c.flag, code, errs, out)
		}
		if len(r.asked) != 1 {
			t.Errorf("asked %v: without a terminal nobody sees plots", r.asked)
		}
	}
	r := respond(t, nil)
	if code, _, errs := r.says(t, "", "status", "--json"); code != 1 || errs == "" {
		t.Errorf("no answer: exit %d, %q", code, errs)
	}
}
