package differential

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"testing"
	"time"
)

// answers is what oracle.py says of one case. A way that has no answer has a reason in Why.
type answers struct {
	Rules   []string          `json:"rules"`
	Walls   []string          `json:"walls"`
	Library []string          `json:"library"`
	Why     map[string]string `json:"why"`
}

// oracle is a running oracle.py. It is asked by one goroutine.
type oracle struct {
	questions io.WriteCloser
	answers   *bufio.Reader
}

// python is Debian's, because the libraries come from Debian's packages.
const python = "/usr/bin/python3"

// newOracle starts oracle.py for the time of the test.
func newOracle(t *testing.T) *oracle {
	t.Helper()
	const libraries = "import dateutil.rrule, icalendar, recurring_ical_events, zoneinfo"
	if out, err := exec.Command(python, "-c", libraries).CombinedOutput(); err != nil {
		if testing.Short() {
			t.Skipf("the oracle's libraries are missing: %v", err)
		}
		t.Fatalf("%s lacks a library (%v), install them with: apt-get install python3-dateutil python3-icalendar "+
			"python3-recurring-ical-events tzdata\n%s", python, err, out)
	}
	cmd := exec.Command(python, "oracle.py")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr := &tail{}
	cmd.Stderr = stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stdin.Close(); err != nil {
			t.Errorf("close the oracle's input: %v", err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("oracle: %v\n%s", err, stderr.text)
		}
	})
	return &oracle{stdin, bufio.NewReaderSize(stdout, 1<<20)}
}

// tail keeps the first words that a process says on standard error.
type tail struct{ text []byte }

func (s *tail) Write(p []byte) (int, error) {
	if len(s.text) < 1<<16 {
		s.text = append(s.text, p...)
	}
	return len(p), nil
}

// ask asks for one case.
func (o *oracle) ask(c *testCase) (answers, error) {
	question, err := json.Marshal(map[string]any{
		"feed": c.feed, "device": c.device, "wrzone": c.wrZone, "zones": c.zones, "walls": c.walls, "horizon": c.hi.Format("2006-01-02T15:04:05"),
		"start": c.start.Format(time.RFC3339), "end": c.end.Format(time.RFC3339),
	})
	if err != nil {
		return answers{}, fmt.Errorf("write the question: %w", err)
	}
	if _, err := o.questions.Write(append(question, '\n')); err != nil {
		return answers{}, fmt.Errorf("ask the oracle: %w", err)
	}
	line, err := o.answers.ReadBytes('\n')
	if err != nil {
		return answers{}, fmt.Errorf("hear the oracle: %w", err)
	}
	var a answers
	if err := json.Unmarshal(line, &a); err != nil {
		return answers{}, fmt.Errorf("read the oracle's answer: %w", err)
	}
	return a, nil
}
