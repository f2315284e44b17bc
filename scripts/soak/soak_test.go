package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if os.Getenv(asHog) != "" {
		if err := hog(os.Stdin, os.Stdout); err != nil {
			say("%v", err)
			os.Exit(1)
		}
		return
	}
	status := m.Run()
	if program.dir != "" {
		if err := os.RemoveAll(program.dir); err != nil {
			say("%v", err)
		}
	}
	os.Exit(status)
}

// program is the agent, built once for all tests.
var program struct {
	once sync.Once
	dir  string
	err  error
}

func binary(t *testing.T) string {
	t.Helper()
	program.once.Do(func() {
		if program.dir, program.err = os.MkdirTemp("", "calendarbot-soak-"); program.err != nil {
			return
		}
		out, err := exec.Command("go", "build", "-o", filepath.Join(program.dir, "calendarbot"), "calendarbot/agent").CombinedOutput()
		if err != nil {
			program.err = errors.Join(err, errors.New(string(out)))
		}
	})
	if program.err != nil {
		t.Fatal(program.err)
	}
	return filepath.Join(program.dir, "calendarbot")
}

const fixtures = "../../agent/pressure/testdata"

func TestTwoMinutes(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes two minutes")
	}
	t.Parallel()
	p := plan{agent: binary(t), roots: fixtures, length: 2 * time.Minute}
	p.bounds = p.defaultBounds()
	dest := t.TempDir()
	clean, err := p.prepare(dest)
	if err != nil {
		t.Fatal(err)
	}
	defer clean()
	r, err := p.soak(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := r.save(dest); err != nil {
		t.Error(err)
	}
	if !r.held() {
		t.Errorf("%s\n%s", r.table(), r.log)
	}
	for _, d := range r.Disturbances {
		if d.Done < 3 {
			t.Errorf("%s was done %d times only", d.Name, d.Done)
		}
	}
	t.Log("\n" + r.table())
}

// TestInterruptedEarly ends a run long before its time: what there is is told, and the agent has ended.
func TestInterruptedEarly(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the program")
	}
	t.Parallel()
	p := plan{agent: binary(t), roots: fixtures, length: time.Hour}
	p.bounds = p.defaultBounds()
	clean, err := p.prepare(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer clean()
	ctx, interrupt := context.WithTimeout(t.Context(), 2*time.Second)
	defer interrupt()
	r, err := p.soak(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if r.Ended != "" || r.Bad > 0 || r.Took > 60 || !strings.Contains(r.table(), "skipped") {
		t.Errorf("%s\n%s", r.table(), r.log)
	}
}

func TestCramped(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the program, and takes two minutes")
	}
	t.Parallel()
	roots, err := filepath.Abs(fixtures)
	if err != nil {
		t.Fatal(err)
	}
	d := drill{agent: binary(t), roots: roots, dir: filepath.Join(t.TempDir(), "test"), self: []string{os.Args[0]}, wait: 5 * time.Minute}
	r, err := d.run(t.Context())
	if errors.Is(err, errNoGroup) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + crampedTable([]squeezed{r}))
}

// A server that refuses connections when the run ends is closed already.
func TestPlaceIsClearedWhateverHappens(t *testing.T) {
	roots := t.TempDir()
	if err := os.Mkdir(filepath.Join(roots, "calm"), 0o755); err != nil {
		t.Fatal(err)
	}
	p, err := newPlace(t.TempDir(), roots)
	if err != nil {
		t.Fatal(err)
	}
	p.feeds[0].shut = true
	if err := p.feeds[0].Close(); err != nil {
		t.Fatal(err)
	}
	p.close()
	if err := p.scarce("nowhere"); err == nil {
		t.Error("a fixture that is not there is no error")
	}
}

func TestHogHoldsWhatItIsTold(t *testing.T) {
	g := &group{dir: t.TempDir()}
	h, err := startHog(g, []string{os.Args[0]}) // in a folder that is no control group, a hog is just a program
	if err != nil {
		t.Fatal(err)
	}
	for _, bytes := range []uint64{32 << 20, 8 << 20, 0} {
		if err := h.hold(t.Context(), bytes); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile("/proc/" + pidOf(h) + "/smaps_rollup")
		if err != nil {
			t.Fatal(err)
		}
		if got := fieldKiB(t, string(text), "Anonymous"); got < bytes>>10 || got > bytes>>10+16<<10 {
			t.Errorf("told to hold %d kB it holds %d", bytes>>10, got)
		}
	}
	if err := h.stop(); err != nil {
		t.Error(err)
	}
	if err := h.hold(t.Context(), 1); !errors.Is(err, errHogEnded) {
		t.Errorf("after its end: %v", err)
	}
	if err := hog(strings.NewReader("much\n"), io.Discard); err == nil {
		t.Error("words are no number of bytes")
	}
}

func TestWhatIsAnAnswer(t *testing.T) {
	var y tally
	y.note("/", http.StatusOK, time.Second, nil)
	y.note("/", http.StatusNotModified, 0, nil)
	y.note("/api/health", http.StatusServiceUnavailable, 0, nil)
	y.note("/", http.StatusTooManyRequests, 0, nil)
	for range mostFaults {
		y.note("/", http.StatusServiceUnavailable, 0, nil)
	}
	y.note("/", 0, 0, errors.New("refused\nindeed"))
	if good, limited, bad := y.all(); good != 3 || limited != 1 || bad != mostFaults+1 || len(y.Faults) != mostFaults || y.Slowest != time.Second {
		t.Errorf("%+v", &y)
	}
}

func TestResultIsShown(t *testing.T) {
	r := &result{Took: 7200, Began: time.Date(2026, 6, 15, 9, 0, 0, 0, time.UTC), Disturbances: []count{{"clock", 12}}}
	for i := range 240 {
		at := float64(i) * 30
		r.Samples = append(r.Samples, sample{At: at, Resident: 20 << 20, Anonymous: 8<<20 + at*2048, Goroutines: 30, Files: 25, Requests: at * 9})
	}
	r.tally.note("/", http.StatusOK, time.Millisecond, nil)
	p := plan{length: 2 * time.Hour}
	p.bounds = p.defaultBounds()
	r.judge(p)
	if r.held() {
		t.Error("a leak of 2 kB a second was not found")
	}
	table := r.table()
	for _, want := range []string{"| its own memory | ", "| missed |", "| goroutines | 30.00 | 30.00 |", "clock 12", "3600 s of warm-up, 240 samples"} {
		if !strings.Contains(table, want) {
			t.Errorf("no %q in\n%s", want, table)
		}
	}
	drawing := xml.NewDecoder(bytes.NewReader(r.plot()))
	for {
		if _, err := drawing.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	dest := t.TempDir()
	if err := r.save(dest); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dest, "soak.json"))
	if err != nil {
		t.Fatal(err)
	}
	var read struct {
		Quantities []struct {
			Name    string
			Verdict verdict
			Rise    float64
		}
		Answers int
	}
	if err := json.Unmarshal(text, &read); err != nil || len(read.Quantities) != 4 || read.Quantities[1].Verdict != missed || read.Quantities[1].Rise < 6 || read.Answers != 1 {
		t.Errorf("%+v, %v", read, err)
	}
	r.Samples = nil
	r.Quantities = nil
	r.judge(p)
	if !r.held() || r.tally.Good != 1 {
		t.Error("too few samples are no fault")
	}
	r.Ended = "by itself"
	if r.held() {
		t.Error("an agent that ended is a fault")
	}
}

func TestCommandLine(t *testing.T) {
	for _, args := range [][]string{{"--for", "2s"}, {"--for", "much"}, {"now"}, {"cramped", "--runs", "0"}, {"cramped", "--wait", "1s"}} {
		if err := start(t.Context(), args, io.Discard); err == nil {
			t.Errorf("%q was understood", args)
		}
	}
	var help bytes.Buffer
	if err := start(t.Context(), []string{"--help"}, &help); !errors.Is(err, flag.ErrHelp) || !strings.Contains(help.String(), "Examples:") {
		t.Errorf("%v: %s", err, help.String())
	}
}

func TestTailKeepsTheEnd(t *testing.T) {
	var kept tail
	for range 100 {
		if _, err := kept.Write(bytes.Repeat([]byte("x"), 5000)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := kept.Write([]byte("end")); err != nil {
		t.Fatal(err)
	}
	if text := kept.text(); len(text) > 2*tailBytes || !strings.HasSuffix(text, "xend") {
		t.Error(len(text))
	}
}

func pidOf(h *hogProgram) string { return fmt.Sprint(h.cmd.Process.Pid) }

// fieldKiB is a line of a file under /proc.
func fieldKiB(t *testing.T, text, name string) uint64 {
	t.Helper()
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			kib, err := strconv.ParseUint(strings.Fields(value)[0], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kib
		}
	}
	t.Fatalf("no %s in\n%s", name, text)
	return 0
}
