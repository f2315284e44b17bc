package hwtest

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// command runs the command on a fixture, and returns its exit status and what it printed.
func (f *fixture) command(ctx context.Context, args ...string) (int, string) {
	var out bytes.Buffer
	code := Main(ctx, args, &out, &out, func(o Options) *Device { f.Options = o; return f.Device })
	return code, out.String()
}

// TestModesTakeAsLongAsTheySay adds up what the steps say that they take.
func TestModesTakeAsLongAsTheySay(t *testing.T) {
	var quick, whole time.Duration
	for _, s := range Steps() {
		if s.Boots || s.Flag != "" {
			continue // asked for besides
		}
		if s.In(Quick) {
			quick += s.Quick
		}
		if s.In(Whole) {
			whole += s.Takes
		}
	}
	if quick > 3*time.Minute {
		t.Errorf("quick mode takes %s", quick)
	}
	if whole < 45*time.Minute || whole > time.Hour {
		t.Errorf("a whole run takes %s", whole)
	}
}

func TestTableIsWhole(t *testing.T) {
	before := ""
	for _, s := range Steps() {
		if s.Name <= before || s.Name[2] != '-' {
			t.Errorf("%s is not in order", s.Name)
		}
		if before = s.Name; s.Purpose == "" || s.Judges == "" || len(s.Modes) == 0 || s.run == nil || s.Boots != (s.resume != nil) {
			t.Errorf("%s is not described", s.Name)
		}
	}
}

func TestQuickRunAndItsReports(t *testing.T) {
	f := newFixture(t)
	f.put("/data/none", "")
	code, said := f.command(t.Context(), "--quick", "--emulated")
	if code != exitGood || !strings.Contains(said, "PASS 10-board") || !strings.Contains(said, "SKIP 90-panic") || !strings.Contains(said, " 0 failed") {
		t.Errorf("status %d: %s", code, said)
	}
	var r Record
	if err := f.load(jsonReport, &r); err != nil || !r.Done || r.Count(Pass) < 15 {
		t.Errorf("the report has %d steps that passed, %v", r.Count(Pass), err)
	}
	data, err := os.ReadFile(filepath.Join(f.Folder(), junitReport))
	if err != nil {
		t.Fatal(err)
	}
	var suite struct {
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Cases    []struct{} `xml:"testcase"`
		About    []struct {
			Name  string `xml:"name,attr"`
			Value string `xml:"value,attr"`
		} `xml:"properties>property"`
	}
	if err := xml.Unmarshal(data, &suite); err != nil || suite.Tests != len(r.Results) || len(suite.Cases) != suite.Tests || suite.Failures != 0 ||
		len(suite.About) != 1 || suite.About[0].Name != "mode" || suite.About[0].Value != "quick" {
		t.Errorf("%+v, %v", suite, err)
	}
	if f.noted(runFile) || f.noted(undoFile) {
		t.Error("notes are left of a run that ended")
	}
}

func TestFailureIsTold(t *testing.T) {
	f := newFixture(t)
	f.put("/proc/sys/kernel/panic", "0")
	code, said := f.command(t.Context(), "--quick", "--only", "11-kernel", "--json")
	if code != exitFailed || !strings.Contains(said, "FAIL 11-kernel") {
		t.Errorf("status %d: %s", code, said)
	}
	data, err := os.ReadFile(f.note(junitReport))
	if err != nil || !bytes.Contains(data, []byte(`<failure message="a panic does not restart the board`)) {
		t.Errorf("%s, %v", data, err)
	}
}

func TestCommandIsUnderstood(t *testing.T) {
	f := newFixture(t)
	for words, want := range map[string]struct {
		code  int
		tells string
	}{
		"--help":              {exitGood, "Examples:"},
		"--list":              {exitGood, "judges:  rollback level 2"},
		"--list --quick":      {exitGood, "10-board"},
		"--list --json":       {exitGood, `"Name": "62-soak"`},
		"--only 99-nothing":   {exitUsage, "there is no step"},
		"--soak 0.01":         {exitUsage, "0.1 to 1000"},
		"--soak 0":            {exitUsage, "0.1 to 1000"},
		"--soak NaN":          {exitUsage, "0.1 to 1000"},
		"--soak 1001":         {exitUsage, "0.1 to 1000"},
		"--soak -1":           {exitUsage, "0.1 to 1000"},
		"--soak 0 --quick":    {exitUsage, "0.1 to 1000"},
		"--soak 0.1 --list":   {exitGood, "62-soak"},
		"--soak 2 --quick":    {exitUsage, "exclude each other"},
		"quick":               {exitUsage, "only flags"},
		"--nothing":           {exitUsage, "--help"},
		"--resume":            {exitBroken, "no run to go on with"},
		"--restore":           {exitGood, ""},
		"--only 14-firmware-": {exitUsage, "there is no step"},
	} {
		if code, said := f.command(t.Context(), strings.Fields(words)...); code != want.code || !strings.Contains(said, want.tells) {
			t.Errorf("%s: status %d, %s", words, code, said)
		}
	}
}

// TestListTellsWhatARunDoes, in both forms: each step of a run, and why those that it skips are.
func TestListTellsWhatARunDoes(t *testing.T) {
	f := newFixture(t)
	for words, want := range map[string]struct {
		steps   int
		skipped []string
	}{
		"":                           {len(Steps()), []string{"21-radio-reconnect", "62-soak", "70-update", "80-level-3", "81-level-2", "90-panic", "91-hardware-watchdog"}},
		"--quick --wireless --panic": {len(Steps()), []string{"61-thermal", "62-soak", "70-update", "80-level-3", "81-level-2"}},
		"--only 10-board,62-soak":    {2, []string{"62-soak"}},
		"--soak 1 --only 60-load":    {1, nil},
	} {
		args := append(strings.Fields(words), "--list")
		code, said := f.command(t.Context(), args...)
		if n := strings.Count(said, "judges:"); code != exitGood || n != want.steps || strings.Count(said, "skipped:") != len(want.skipped) {
			t.Errorf("%s: status %d, %d steps: %s", words, code, n, said)
		}
		code, said = f.command(t.Context(), append(args, "--json")...)
		var list []struct{ Name, Skipped string }
		if err := json.Unmarshal([]byte(said), &list); code != exitGood || err != nil || len(list) != want.steps {
			t.Errorf("%s: status %d, %d steps, %v", words, code, len(list), err)
		}
		var skipped []string
		for _, s := range list {
			if s.Skipped != "" {
				skipped = append(skipped, s.Name)
			}
		}
		if !slices.Equal(skipped, want.skipped) {
			t.Errorf("%s: skipped are %v", words, skipped)
		}
	}
}

// TestOtherMachinesAreLeftAlone is of the program on somebody's computer.
func TestOtherMachinesAreLeftAlone(t *testing.T) {
	f := newFixture(t)
	f.drop(baked)
	if code, said := f.command(t.Context()); code != exitBroken || !strings.Contains(said, "no device") || f.noted(runFile) || f.noted(jsonReport) {
		t.Errorf("status %d: %s", code, said)
	}
}

// TestOneRunAtATime has a second one while the first is under way.
func TestOneRunAtATime(t *testing.T) {
	f := newFixture(t)
	lock, err := f.alone()
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{"--quick --only 10-board", "--restore", "--resume"} {
		if code, said := f.command(t.Context(), strings.Fields(words)...); code != exitBroken || !strings.Contains(said, "another run") {
			t.Errorf("%s: status %d: %s", words, code, said)
		}
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	if code, said := f.command(t.Context(), "--quick", "--only", "10-board"); code != exitGood {
		t.Errorf("status %d: %s", code, said)
	}
}

// TestPowerCutInTheMiddle stops a step after its change, and asks the next start to take it back.
func TestPowerCutInTheMiddle(t *testing.T) {
	for _, next := range []string{"--restore", "--quick --only 10-board", "--resume"} {
		f := newFixture(t)
		f.Second = time.Second // the step would wait for its load for long
		ctx, cut := context.WithCancel(t.Context())
		done := make(chan int)
		go func() {
			code, _ := f.command(ctx, "--quick", "--only", "31-pipeline")
			done <- code
		}()
		changed := func() bool {
			f.mu.Lock()
			defer f.mu.Unlock()
			return f.seen[piping+" off"] > 0
		}
		for !changed() {
			select {
			case code := <-done:
				t.Fatalf("it ended with %d before it changed anything", code)
			case <-time.After(time.Millisecond):
			}
		}
		cut()
		if code := <-done; code != exitRestarting {
			t.Errorf("status %d", code)
		}
		if list, err := f.Undone(); err != nil || len(list) != 4 {
			t.Errorf("noted to be undone are %v, %v", list, err)
		}
		f.Second = 2 * time.Millisecond
		code, said := f.command(t.Context(), strings.Fields(next)...)
		if want := map[string]int{"--resume": exitFailed}[next]; code != want {
			t.Errorf("%s: status %d: %s", next, code, said)
		}
		if next == "--resume" && !strings.Contains(said, "in the middle of this step") {
			t.Error(said)
		}
		if f.noted(runFile) {
			t.Errorf("%s: the next start would go on with the run", next)
		}
		asBefore(f)
	}
}

// TestStartTakesBackWhatAnEndedRunLeft is of a run that ended while the program did not answer.
func TestStartTakesBackWhatAnEndedRunLeft(t *testing.T) {
	f := newFixture(t)
	if err := f.before(Undo{Step: "40-level-1", Words: "emergency-off ended", Method: "DELETE", Path: "/api/v1/emergency-off"}); err != nil {
		t.Fatal(err)
	}
	if code, said := f.command(t.Context(), "--resume"); code != exitGood || f.noted(undoFile) || f.seen["DELETE emergency-off"] != 1 {
		t.Errorf("status %d: %s; %v", code, said, f.seen)
	}
}

// TestEachStepIsInTheReport holds that a step which a mode does not have is told, with the reason.
func TestEachStepIsInTheReport(t *testing.T) {
	f := newFixture(t)
	f.put("/data/none", "")
	if code, said := f.command(t.Context(), "--quick", "--emulated"); code != exitGood {
		t.Errorf("status %d: %s", code, said)
	}
	var r Record
	if err := f.load(jsonReport, &r); err != nil || len(r.Results) != len(Steps()) {
		t.Fatalf("the report has %d steps of %d, %v", len(r.Results), len(Steps()), err)
	}
	for name, tells := range map[string]string{"61-thermal": "18m0s", "62-soak": "--soak"} {
		if i := slices.IndexFunc(r.Results, func(r Result) bool { return r.Step == name }); r.Results[i].Outcome != Skip || !strings.Contains(r.Results[i].Reason, tells) {
			t.Errorf("%v", r.Results[i])
		}
	}
}

// when does something as soon as something is printed.
type when func()

func (w when) Write(text []byte) (int, error) { w(); return len(text), nil }

// TestRunWaitsForTheClock begins soon after a start without a network, when pages tell that the clock is not set.
func TestRunWaitsForTheClock(t *testing.T) {
	for _, c := range []struct {
		of   string
		then func(f *fixture)
	}{
		{"the clock is set", func(f *fixture) { f.trusted = "1" }},
		{"the time for that is over", func(f *fixture) { f.put("/proc/uptime", "241 900") }},
	} {
		f, waited := newFixture(t), 0
		f.trusted = "0"
		f.put("/proc/uptime", "60 90")
		f.awaitClock(t.Context(), when(func() {
			waited++
			f.mu.Lock()
			defer f.mu.Unlock()
			c.then(f)
		}))
		if waited != 1 {
			t.Errorf("%s: told %d times", c.of, waited)
		}
		// Afterwards nothing is waited for.
		f.awaitClock(t.Context(), when(func() { t.Errorf("%s: waits again", c.of) }))
	}
	f := newFixture(t)
	f.trusted = "0"
	f.put("/proc/uptime", "60 90")
	cut, cancel := context.WithCancel(t.Context())
	f.awaitClock(cut, when(cancel)) // and comes back at once
}

// TestRunGoesOnAfterARestart makes two restarts of the device, and asks for one report of all.
func TestRunGoesOnAfterARestart(t *testing.T) {
	f := newFixture(t)
	restart := func(boot, slot string) {
		f.put("/proc/sys/kernel/random/boot_id", boot)
		f.put("/run/calendarbot-boot/config", slot)
	}
	run := func(args ...string) (int, string) {
		// The device ends the program when it restarts: here, as soon as the step waits for that.
		ctx, cut := context.WithCancel(t.Context())
		defer cut()
		left := make(chan struct{})
		go func() {
			defer close(left)
			boot, err := f.boot()
			if err != nil {
				t.Error(err)
			}
			for ctx.Err() == nil {
				var r Record
				if err := f.load(runFile, &r); err == nil && r.Note != nil && r.Note.Boot == boot {
					if log, err := os.ReadFile(f.at("/fake/log")); err == nil && bytes.Contains(log, []byte(args[len(args)-1])) {
						cut()
					}
				}
				select {
				case <-ctx.Done():
				case <-time.After(time.Millisecond):
				}
			}
		}()
		code, said := f.command(ctx, args[:len(args)-1]...)
		cut()
		<-left
		return code, said
	}
	f.rollback = func(int) { f.put("/fake/log", "asked") }
	if code, said := run("--rollback", "--only", "10-board,81-level-2", "slots config try"); code != exitRestarting || !strings.Contains(said, "PASS 10-board") {
		t.Fatalf("status %d: %s", code, said)
	}
	restart("third", "b")
	if code, said := run("--resume", "asked"); code != exitRestarting {
		t.Fatalf("status %d: %s", code, said)
	}
	restart("fourth", "a")
	f.put("/proc/uptime", "10.00 10.00\n")
	f.put("/fake/show.calendarbot.service", strings.ReplaceAll(f.unit("100"), "25000000", "9000000"))
	code, said := f.command(t.Context(), "--resume")
	if code != exitGood || !strings.Contains(said, "PASS 81-level-2") {
		t.Fatalf("status %d: %s", code, said)
	}
	var r Record
	if err := f.load(jsonReport, &r); err != nil || len(r.Results) != 2 {
		t.Errorf("%v, %v", r, err)
	}
	if log, err := os.ReadFile(f.at("/fake/log")); err != nil || !bytes.Contains(log, []byte("cp -a")) {
		t.Errorf("the slot was not put back: %s, %v", log, err)
	}
}

// TestDeviceThatDoesNotRestart is one that takes the order and does nothing.
func TestDeviceThatDoesNotRestart(t *testing.T) {
	f := newFixture(t)
	f.Waits = 0.0001
	if code, said := f.command(t.Context(), "--rollback", "--only", "81-level-2"); code != exitFailed || !strings.Contains(said, "did not restart") {
		t.Errorf("status %d: %s", code, said)
	}
}

// TestWhatCannotBeTakenBackStaysNoted has a program that does not answer when it is to be set back.
func TestWhatCannotBeTakenBackStaysNoted(t *testing.T) {
	f := newFixture(t)
	if err := f.before(Undo{Step: "x", Words: "all", Method: "GET", Path: "/nothing"}, Undo{Step: "x", Words: "other", Method: "DELETE", Path: "/api/v1/emergency-off"}); err != nil {
		t.Fatal(err)
	}
	if code, said := f.command(t.Context(), "--restore"); code != exitBroken || !strings.Contains(said, "undo (all)") {
		t.Errorf("status %d: %s", code, said)
	}
	list, err := f.Undone()
	if text, _ := json.Marshal(list); err != nil || len(list) != 1 || list[0].Words != "all" {
		t.Errorf("noted are %s, %v", text, err)
	}
}
