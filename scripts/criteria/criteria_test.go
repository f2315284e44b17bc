package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"calendarbot/hwtest"
	"calendarbot/scripts/facts"
)

// top is the top of the repository, seen from here.
const top = "../.."

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(top, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestPageIsWhatTheProgramWrites: nobody has written into the page, and neither rows nor figures changed since it was made.
func TestPageIsWhatTheProgramWrites(t *testing.T) {
	have, err := facts.Read("figures.json")
	if err != nil {
		t.Fatal(err)
	}
	want, err := page(have)
	if err != nil {
		t.Fatal(err)
	}
	if read(t, pageFile) != want {
		t.Errorf("%s is not what \"make criteria\" writes: run it", pageFile)
	}
	for _, f := range have {
		if !slices.Contains(askedFor(), f.Name) {
			t.Errorf("no row asks for %q", f.Name)
		}
	}
}

// TestEveryCellSaysSomething looks at the page as it is read.
func TestEveryCellSaysSomething(t *testing.T) {
	rows := 0
	for line := range strings.Lines(read(t, pageFile)) {
		if line = strings.TrimSpace(line); !regexp.MustCompile(`^\| \d+ \|`).MatchString(line) {
			continue
		}
		rows++
		cells := regexp.MustCompile(`[^\\]\|`).Split(strings.TrimSuffix(strings.TrimPrefix(line, "|"), "|")+" ", -1)
		if len(cells) != 8 {
			t.Errorf("%d cells, want 8: %s", len(cells), line)
		}
		for _, cell := range cells {
			if strings.TrimSpace(cell) == "" {
				t.Errorf("an empty cell: %s", line)
			}
		}
		if len(line) > 700 {
			t.Errorf("nobody reads a row of %d letters: %s", len(line), line)
		}
	}
	if all := len(records()[0].rows) + len(records()[1].rows); rows != all || rows < 200 {
		t.Errorf("%d rows on the page, %d in the program", rows, all)
	}
}

// TestRowsAreWhole: each row is proved in one way, and by something that is there.
func TestRowsAreWhole(t *testing.T) {
	steps := map[string]bool{}
	for _, s := range hwtest.Steps() {
		steps[s.Name] = true
	}
	functions := map[string]string{}
	for _, record := range records() {
		seen := map[string]bool{}
		for _, r := range record.rows {
			at := record.title + ": " + r.text
			if r.line < 1 || r.text == "" || r.kind == "" || r.how == "" {
				t.Errorf("%s: not whole", at)
			}
			if seen[r.text+string(rune(r.line))] {
				t.Errorf("%s: stands twice", at)
			}
			seen[r.text+string(rune(r.line))] = true
			switch {
			case r.on != "" && (r.rule == rule{} || len(r.tests) > 0 || r.step != ""):
				t.Errorf("%s: a figure has a rule, and nothing else", at)
			case (r.off != "") != slices.Contains([]relation{saves, spares, reaches}, r.rule.relation):
				t.Errorf("%s: what is saved is held against something", at)
			case r.step != "" && !steps[r.step]:
				t.Errorf("%s: hwtest has no step %s", at, r.step)
			case r.on == "" && r.step == "" && len(r.tests) == 0 && r.why == "":
				t.Errorf("%s: nothing proves it, and nobody says why", at)
			}
			for _, name := range r.tests {
				if err := there(name, functions); err != "" {
					t.Errorf("%s: %s", at, err)
				}
			}
		}
	}
}

// there looks up "folder.Test"; it returns what is wrong.
func there(name string, functions map[string]string) string {
	dot := strings.LastIndex(name, ".")
	if dot < 0 {
		return name + " is no test of a folder"
	}
	folder := name[:dot]
	if _, known := functions[folder]; !known {
		files, err := filepath.Glob(filepath.Join(top, folder, "*_test.go"))
		if err != nil || len(files) == 0 {
			return "there are no tests in " + folder
		}
		var code strings.Builder
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return err.Error()
			}
			code.Write(text)
		}
		functions[folder] = code.String()
	}
	if !regexp.MustCompile(`(?m)^func ` + name[dot+1:] + `\(\w+ \*testing\.T\)`).MatchString(functions[folder]) {
		return "there is no test " + name
	}
	return ""
}

// TestCommandsAreThere: each command is a target of the Makefile, a program of the repository, or "go test".
func TestCommandsAreThere(t *testing.T) {
	makefile := read(t, "Makefile")
	seen := map[string]bool{}
	for _, found := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(read(t, pageFile), -1) {
		command := found[1]
		seen[command] = true
		words := strings.Fields(command)
		switch {
		case words[0] == "make" && len(words) == 2:
			if !strings.Contains(makefile, "\n"+words[1]+":") {
				t.Errorf("there is no target %s", words[1])
			}
		case words[0] == "go" && words[1] == "test": // its tests are looked up in TestRowsAreWhole
		case words[0] == "hwtest/run":
			if _, err := os.Stat(filepath.Join(top, "hwtest/run")); err != nil {
				t.Error(err)
			}
		default:
			t.Errorf("nobody knows the command %q", command)
		}
	}
	if len(seen) < 50 {
		t.Errorf("only %d commands found", len(seen))
	}
}

// TestCommandsRunTheirSteps: hwtest understands each step's command, in a mode in which the step is run, with the flag that it needs. The
// program itself reads the words; the device is an empty folder, so it stops there.
func TestCommandsRunTheirSteps(t *testing.T) {
	for _, s := range hwtest.Steps() {
		var o hwtest.Options
		var out strings.Builder
		hwtest.Main(t.Context(), strings.Fields(stepFlags(s.Name)), &out, &out, func(understood hwtest.Options) *hwtest.Device {
			o = understood
			d := hwtest.NewDevice(o)
			d.Root = t.TempDir()
			return d
		})
		given := map[string]bool{"": true, "--panic": o.Panic, "--rollback": o.Rollback, "--wireless": o.Wireless, "--update-url": o.UpdateURL != ""}
		if !slices.Equal(o.Only, []string{s.Name}) || !s.In(o.Mode) || !given[s.Flag] {
			t.Errorf("%s is not run by %q: %+v\n%s", s.Name, stepFlags(s.Name), o, out.String())
		}
		if told := (judged{row: row{step: s.Name}}).byStep(nil).command; told != "`hwtest/run HOST "+stepFlags(s.Name)+"`" {
			t.Errorf("%s has the command %s", s.Name, told)
		}
	}
}

// TestVerdictsFollowFromFigures: the same row with other figures is judged otherwise.
func TestVerdictsFollowFromFigures(t *testing.T) {
	figure := func(name string, value float64, unit string) facts.Figure {
		return facts.Figure{Name: name, Value: value, Unit: unit, Command: "make bench", Where: facts.Computer, Version: "1", Date: time.Now()}
	}
	of := func(list ...facts.Figure) map[string]facts.Figure {
		m := map[string]facts.Figure{}
		for _, f := range list {
			m[f.Name] = f
		}
		return m
	}
	on := func(v float64, unit string) facts.Figure { return figure("on", v, unit) }
	off := func(v float64, unit string) facts.Figure { return figure("off", v, unit) }
	step := func(v float64, where string) facts.Figure {
		f := figure("hwtest/60-load", v, "")
		f.Where = where
		return f
	}
	for _, c := range []struct {
		name string
		row  row
		have map[string]facts.Figure
		want verdict
		told string
	}{
		{"below its limit", measured(1, gate, "a", "b", "on", rule{atMost, 50, "MB"}), of(on(47, "MiB")), met, "47 MiB"},
		{"above it, in another unit", measured(1, gate, "a", "b", "on", rule{atMost, 50, "MB"}), of(on(48, "MiB")), notMet, "48 MiB"},
		{"exactly what is too much", measured(1, gate, "a", "b", "on", rule{below, 30, "s"}), of(on(30, "s")), notMet, "30 s"},
		{"exactly what is asked for", measured(1, gate, "a", "b", "on", rule{atLeast, 70, "%"}), of(on(70, "%")), met, "70 %"},
		{"more than", measured(1, gate, "a", "b", "on", rule{above, 80, "%"}), of(on(80, "%")), notMet, "80 %"},
		{"an amount that is saved", held(1, gate, "a", "b", "on", "off", rule{saves, 40, "MB"}), of(on(10, "MB"), off(60, "MB")), met, "off 60 MB, on 10 MB"},
		{"an amount that is not", held(1, gate, "a", "b", "on", "off", rule{saves, 40, "MB"}), of(on(30, "MB"), off(60, "MB")), notMet, "off 60 MB, on 30 MB"},
		{"an amount that nothing could save", held(1, gate, "a", "b", "on", "off", rule{saves, 40, "MB"}), of(on(20, "MB"), off(25, "MB")), notOurs, "off 25 MB, on 20 MB"},
		{"a share, over units", held(1, gate, "a", "b", "on", "off", rule{spares, 20, ""}), of(on(40, "ms"), off(1.6, "s")), met, "off 1.6 s, on 40 ms: 97.5 % less"},
		{"a share that is not", held(1, gate, "a", "b", "on", "off", rule{spares, 20, ""}), of(on(460, "ms"), off(444, "ms")), notMet, "off 444 ms, on 460 ms: -3.6 % less"},
		{"within a tolerance", held(1, gate, "a", "b", "on", "off", rule{reaches, 1.05, ""}), of(on(104, "ms"), off(100, "ms")), met, "off 100 ms, on 104 ms"},
		{"beyond it", held(1, gate, "a", "b", "on", "off", rule{reaches, 1.05, ""}), of(on(106, "ms"), off(100, "ms")), notMet, "off 100 ms, on 106 ms"},
		{"tests", tested(1, gate, "a", "b", "agent.TestScripts"), of(), met, "a test"},
		{"a board", onBoard(1, gate, "a", "b", "60-load"), of(), onlyOnBoard, "none"},
		{"a board that is emulated", onBoard(1, gate, "a", "b", "60-load"), of(step(1, facts.EmulatedBoard)), onlyOnBoard, "passed on an emulated board"},
		{"a board that passed", onBoard(1, gate, "a", "b", "60-load"), of(step(1, facts.Board)), met, "passed"},
		{"a board that failed", onBoard(1, gate, "a", "b", "60-load"), of(step(0, facts.Board)), notMet, "failed"},
		{"of another world", foreign(1, gate, "a", "b"), of(), notOurs, "none"},
	} {
		j, err := c.row.judge(c.have)
		if err != nil || j.verdict != c.want || j.figure != c.told {
			t.Errorf("%s: %s, %q, %v; want %s, %q", c.name, j.verdict, j.figure, err, c.want, c.told)
		}
	}
	for name, c := range map[string]struct {
		row  row
		have map[string]facts.Figure
	}{
		"nobody measured it":        {measured(1, gate, "a", "b", "on", rule{atMost, 1, "s"}), of()},
		"nobody measured the other": {held(1, gate, "a", "b", "on", "off", rule{saves, 1, "s"}), of(on(1, "s"))},
		"seconds are no bytes":      {measured(1, gate, "a", "b", "on", rule{atMost, 1, "s"}), of(on(1, "MB"))},
	} {
		if j, err := c.row.judge(c.have); err == nil {
			t.Errorf("%s: %+v", name, j)
		}
	}
}
