package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"calendarbot/hwtest"
	"calendarbot/scripts/facts"
)

// kind says what a line of a record is.
type kind string

const (
	target    kind = "target"
	gate      kind = "gate"
	threshold kind = "threshold"
	success   kind = "success criterion"
)

// verdict is what became of a criterion. It follows from the figures; nobody writes it.
type verdict string

const (
	met         verdict = "met"
	notMet      verdict = "not met"
	onlyOnBoard verdict = "only on a board"
	notOurs     verdict = "does not apply"
)

// row is one criterion. It is proved in one of four ways: by a figure and a rule, by tests, by a step of hwtest on a board, or it does not
// apply, which is said in why.
type row struct {
	line  int // of the record
	kind  kind
	text  string // in the record's words, shortened
	how   string // how it is measured here
	on    string // name of the figure that the rule is about
	off   string // and of the one that it is held against, where everything optional, or the part that is named, is off
	rule  rule
	tests []string // "folder.Test", which have to pass before a change lands
	step  string   // of hwtest
	why   string   // it does not apply; beside a figure or tests: a remark
}

// rule is what a figure has to be.
type rule struct {
	relation relation
	bound    float64
	unit     string
}

// relation is how a figure and a bound are held against each other.
type relation string

const (
	atMost  relation = "at most"
	atLeast relation = "at least"
	below   relation = "less than"
	above   relation = "more than"
	// The next two are about what is saved: off less on, as an amount or in percent of off.
	saves  relation = "saves"
	spares relation = "spares"
	// reaches is on at most so many times off.
	reaches relation = "reaches"
)

func (r rule) String() string {
	switch r.relation {
	case reaches:
		return "on at most " + number(r.bound) + " times off"
	case spares:
		return "at least " + number(r.bound) + " % less on than off"
	case saves:
		return "at least " + quantity(r.bound, r.unit) + " less on than off"
	case atMost:
		if r.bound == 0 {
			return "none"
		}
	}
	return string(r.relation) + " " + quantity(r.bound, r.unit)
}

// factors turn units into those of a rule.
func factors() map[string]float64 {
	return map[string]float64{
		"MB": 1e6, "MiB": 1 << 20, "kB": 1e3, "bytes": 1,
		"s": 1, "ms": 1e-3, "%": 1, "": 1, "req/s": 1,
	}
}

// in is a figure in another unit.
func in(f facts.Figure, unit string) (float64, error) {
	from, known := factors()[f.Unit]
	to := factors()[unit]
	bytes := []string{"MB", "MiB", "kB", "bytes"}
	times := []string{"s", "ms"}
	alike := f.Unit == unit || slices.Contains(bytes, f.Unit) && slices.Contains(bytes, unit) || slices.Contains(times, f.Unit) && slices.Contains(times, unit)
	if !known || !alike {
		return 0, fmt.Errorf("%s is in %q, and the rule asks for %q", f.Name, f.Unit, unit)
	}
	return f.Value * from / to, nil
}

// judged is a row with what is told of it.
type judged struct {
	row
	figure, where, command string
	verdict                verdict
	reason                 string
}

// judge holds a row against the figures that there are. An error is a row that cannot be told: its figure is not there, or in another
// unit than its rule.
func (r row) judge(have map[string]facts.Figure) (judged, error) {
	j := judged{row: r, reason: r.why}
	switch {
	case r.on != "":
		return j.byFigure(have)
	case r.step != "":
		return j.byStep(have), nil
	case len(r.tests) > 0:
		j.verdict, j.command, j.where = met, commands(r.tests), place(r.tests)
		j.figure = fmt.Sprintf("%d tests", len(r.tests))
		if len(r.tests) == 1 {
			j.figure = "a test"
		}
		return j, nil
	}
	j.verdict, j.figure, j.where, j.command = notOurs, "none", "nowhere", "none"
	return j, nil
}

func (j judged) byFigure(have map[string]facts.Figure) (judged, error) {
	on, there := have[j.on]
	if !there {
		return j, fmt.Errorf("line %d: nobody measured %q", j.line, j.on)
	}
	j.where, j.command = on.Where, code(on.Command)
	value, err := in(on, unitOf(j.rule, on))
	if err != nil {
		return j, fmt.Errorf("line %d: %w", j.line, err)
	}
	j.figure = quantity(on.Value, on.Unit)
	if j.off == "" {
		j.verdict = verdictOf(j.rule.holds(value))
		return j, nil
	}
	off, there := have[j.off]
	if !there {
		return j, fmt.Errorf("line %d: nobody measured %q", j.line, j.off)
	}
	was, err := in(off, unitOf(j.rule, off))
	if err != nil {
		return j, fmt.Errorf("line %d: %w", j.line, err)
	}
	j.figure = fmt.Sprintf("off %s, on %s", quantity(off.Value, off.Unit), quantity(on.Value, on.Unit))
	switch j.rule.relation {
	case spares:
		saved := 100 * (1 - value/was)
		j.figure += fmt.Sprintf(": %s %% less", number(saved))
		j.verdict = verdictOf(saved >= j.rule.bound)
	case reaches:
		j.verdict = verdictOf(value <= j.rule.bound*was)
	default:
		j.verdict = verdictOf(was-value >= j.rule.bound)
		if was <= j.rule.bound {
			j.verdict = notOurs
			j.reason = strings.TrimSuffix("off it is "+quantity(off.Value, off.Unit)+" in all. "+j.why, " ")
		}
	}
	return j, nil
}

// unitOf is the unit in which a rule compares; where it only compares two figures, their own.
func unitOf(r rule, f facts.Figure) string {
	if r.relation == spares || r.relation == reaches {
		switch f.Unit {
		case "MB", "MiB", "kB":
			return "MB"
		case "s", "ms":
			return "ms"
		}
		return f.Unit
	}
	return r.unit
}

func (r rule) holds(value float64) bool {
	switch r.relation {
	case atMost:
		return value <= r.bound
	case atLeast:
		return value >= r.bound
	case below:
		return value < r.bound
	case above:
		return value > r.bound
	}
	return false
}

// byStep is of what only a board can show: the step's outcome on one, where there is a report of it.
func (j judged) byStep(have map[string]facts.Figure) judged {
	j.command = code("hwtest/run HOST " + stepFlags(j.step))
	j.verdict, j.figure, j.where = onlyOnBoard, "none", facts.Board
	if len(j.tests) > 0 {
		j.figure = fmt.Sprintf("the step's rules: %d tests", len(j.tests))
		if len(j.tests) == 1 {
			j.figure = "the step's rules: a test"
		}
		j.command += "; " + commands(j.tests)
	}
	outcome, there := have["hwtest/"+j.step]
	if !there {
		return j
	}
	word := "passed"
	if outcome.Value == 0 {
		word = "failed"
	}
	if outcome.Where == facts.Board {
		j.verdict, j.figure = verdictOf(outcome.Value == 1), word
		return j
	}
	j.figure = word + " on " + outcome.Where
	return j
}

// stepFlags are the words with which hwtest runs a step, and nothing else: those of its mode and the one that it needs, without which it is
// skipped.
func stepFlags(name string) string {
	var words []string
	steps := hwtest.Steps()
	if i := slices.IndexFunc(steps, func(s hwtest.Step) bool { return s.Name == name }); i >= 0 {
		if !steps[i].In(hwtest.Whole) {
			words = append(words, "--soak 24")
		}
		switch steps[i].Flag {
		case "":
		case "--update-url":
			words = append(words, "--update-url ADDRESS")
		default:
			words = append(words, steps[i].Flag)
		}
	}
	return strings.Join(append(words, "--only "+name), " ")
}

func verdictOf(good bool) verdict {
	if good {
		return met
	}
	return notMet
}

// place says where tests run.
func place(tests []string) string {
	for _, t := range tests {
		if strings.HasPrefix(t, "scripts/board.") || strings.HasPrefix(t, "scripts/machine.") {
			return facts.EmulatedBoard
		}
	}
	return facts.Computer
}

// commands run tests: those of an emulated board have targets of their own.
func commands(tests []string) string {
	var list, names, folders []string
	for _, t := range tests {
		dot := strings.LastIndex(t, ".")
		folder, name := t[:dot], t[dot+1:]
		if target := targetOf(folder, name); target != "" {
			list = append(list, code("make "+target))
			continue
		}
		names = append(names, name)
		if folder = "./" + folder; !slices.Contains(folders, folder) {
			folders = append(folders, folder)
		}
	}
	if len(names) > 0 {
		pattern := strings.Join(names, `\|`)
		if len(names) > 1 {
			pattern = "'" + pattern + "'"
		}
		list = append(list, code("go test -run "+pattern+" "+strings.Join(folders, " ")))
	}
	slices.Sort(list)
	return strings.Join(slices.Compact(list), "; ")
}

// targetOf is the target of the Makefile that runs a test on an emulated board, "" of a test that "go test" runs.
func targetOf(folder, name string) string {
	switch {
	case folder == "scripts/machine":
		return "test-machine"
	case folder != "scripts/board":
		return ""
	case strings.HasPrefix(name, "TestDrillLevel"):
		return "drill-" + strings.TrimPrefix(name, "TestDrillLevel")
	case name == "TestUpdatePowerCuts":
		return "test-powercut-board"
	case name == "TestUpdate":
		return "test-update"
	}
	return "test-image"
}

func code(text string) string { return "`" + text + "`" }

func quantity(v float64, unit string) string { return strings.TrimSuffix(number(v)+" "+unit, " ") }

// number has as many digits as mean something.
func number(v float64) string {
	switch {
	case v == float64(int64(v)):
		return strconv.FormatInt(int64(v), 10)
	case v >= 100 || v <= -100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}
