package hwtest

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"calendarbot/agent/durable"
)

// Names of the reports in the folder.
const (
	jsonReport  = "report.json"
	junitReport = "report.xml"
)

func printResult(out io.Writer, r Result) error {
	if _, err := fmt.Fprintf(out, "%s %-22s %6.1f s  %s\n", r.Outcome, r.Step, r.Seconds, r.Reason); err != nil {
		return err
	}
	for _, f := range r.Figures {
		if _, err := fmt.Fprintf(out, "       %s\n", f); err != nil {
			return err
		}
	}
	return nil
}

// Count is how many results have an outcome.
func (r Record) Count(o Outcome) int {
	n := 0
	for _, result := range r.Results {
		if result.Outcome == o {
			n++
		}
	}
	return n
}

type junitSuite struct {
	XMLName  xml.Name     `xml:"testsuite"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Time     float64      `xml:"time,attr"`
	At       string       `xml:"timestamp,attr"`
	About    []junitAbout `xml:"properties>property"`
	Cases    []*junitCase `xml:"testcase"`
}

type junitAbout struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Name    string     `xml:"name,attr"`
	Class   string     `xml:"classname,attr"`
	Time    float64    `xml:"time,attr"`
	Failure *junitText `xml:"failure"`
	Skipped *junitText `xml:"skipped"`
	Out     string     `xml:"system-out,omitempty"`
}

type junitText struct {
	Message string `xml:"message,attr"`
}

// JUnit is the record as a program that shows tests reads it.
func (r Record) JUnit() ([]byte, error) {
	suite := junitSuite{
		Name: "calendarbot-hwtest", Tests: len(r.Results), Failures: r.Count(Fail), Skipped: r.Count(Skip),
		At: r.Began.UTC().Format(time.RFC3339), About: []junitAbout{{"mode", string(r.Options.Mode)}},
	}
	for _, result := range r.Results {
		suite.Time += result.Seconds
		c := &junitCase{Name: result.Step, Class: "hwtest", Time: result.Seconds}
		var lines []string
		for _, f := range result.Figures {
			lines = append(lines, f.String())
		}
		switch result.Outcome {
		case Fail:
			c.Failure = &junitText{result.Reason}
		case Skip:
			c.Skipped = &junitText{result.Reason}
		default:
			if result.Reason != "" {
				lines = append(lines, result.Reason)
			}
		}
		c.Out = strings.Join(lines, "\n")
		suite.Cases = append(suite.Cases, c)
	}
	data, err := xml.MarshalIndent(suite, "", "  ")
	return append([]byte(xml.Header), append(data, '\n')...), err
}

// report writes both reports.
func (d *Device) report(r Record) error {
	if err := d.save(jsonReport, r); err != nil {
		return err
	}
	data, err := r.JUnit()
	if err != nil {
		return err
	}
	return durable.Write(d.note(junitReport), data, 0o600)
}

// listed is a step as it is listed.
type listed struct {
	Step
	Skipped string `json:",omitempty"` // why; "" when it is run
}

// printList prints the steps that a run with the options tells of, and which of them it skips.
func printList(out io.Writer, o Options, asJSON bool) error {
	var list []listed
	for _, s := range o.of(Steps()) {
		list = append(list, listed{s, o.leavesOut(s)})
	}
	if asJSON {
		return printJSON(out, list)
	}
	for _, s := range list {
		takes := s.Takes
		if o.Mode == Quick && s.In(Quick) {
			takes = s.Quick
		}
		if _, err := fmt.Fprintf(out, "%-22s %6s  %s\n    judges:  %s\n", s.Name, takes, s.Purpose, s.Judges); err != nil {
			return err
		}
		if s.Skipped != "" {
			if _, err := fmt.Fprintf(out, "    skipped: %s\n", s.Skipped); err != nil {
				return err
			}
		}
		if s.Changes != "" {
			if _, err := fmt.Fprintf(out, "    changes: %s\n", s.Changes); err != nil {
				return err
			}
		}
	}
	return nil
}

func printJSON(out io.Writer, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err == nil {
		_, err = fmt.Fprintf(out, "%s\n", data)
	}
	return err
}
