package hwtest

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
)

// Outcome is what a step says in one word.
type Outcome string

// The outcomes. Waiting is for a step that restarts the device, and is judged after that.
const (
	Pass    Outcome = "PASS"
	Fail    Outcome = "FAIL"
	Skip    Outcome = "SKIP"
	Waiting Outcome = "WAIT"
)

// Figure is one reading of a step. Limit is what was asked of it, in words; "" for a figure that is only told.
type Figure struct {
	Name  string `json:"name"`
	Value Value  `json:"value"`
	Unit  string `json:"unit,omitempty"`
	Limit string `json:"limit,omitempty"`
}

// Value is a number that may be unknown (NaN), which is null as JSON.
type Value float64

// MarshalJSON writes what is no number as null.
func (v Value) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(v))
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (v *Value) UnmarshalJSON(data []byte) error {
	number := math.NaN()
	err := json.Unmarshal(data, &number) // null leaves it as it is
	*v = Value(number)
	return err
}

func (f Figure) String() string {
	text := f.Name + " " + number(float64(f.Value))
	if f.Unit != "" {
		text += " " + f.Unit
	}
	if f.Limit != "" {
		text += " (" + f.Limit + ")"
	}
	return text
}

// number is a figure with as many digits as mean something.
func number(v float64) string {
	switch {
	case math.IsNaN(v):
		return "unknown"
	case math.IsInf(v, 0):
		return "without end"
	case v == float64(int64(v)):
		return fmt.Sprintf("%d", int64(v))
	case v >= 100 || v <= -100:
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

// Verdict is what a step found. Reason is a sentence or more; of a step that passed, what a reader should know besides.
type Verdict struct {
	Outcome Outcome  `json:"outcome"`
	Reason  string   `json:"reason,omitempty"`
	Figures []Figure `json:"figures,omitempty"`
}

// skip is the verdict of a step that cannot be judged here.
func skip(format string, args ...any) Verdict {
	return Verdict{Outcome: Skip, Reason: fmt.Sprintf(format, args...)}
}

// fail is the verdict of a step that ended before it had figures.
func fail(format string, args ...any) Verdict {
	return Verdict{Outcome: Fail, Reason: fmt.Sprintf(format, args...)}
}

// tally collects what is found, until it is a verdict.
type tally struct {
	figures       []Figure
	faults, notes []string
}

// told adds a figure that is not judged.
func (t *tally) told(name string, value float64, unit string) {
	t.figures = append(t.figures, Figure{Name: name, Value: Value(value), Unit: unit})
}

// most adds a figure that may not be above a limit.
func (t *tally) most(name string, value float64, unit string, limit float64) {
	t.figures = append(t.figures, Figure{name, Value(value), unit, "at most " + number(limit)})
	if !(value <= limit) {
		t.fault("%s is %s %s, at most %s is allowed", name, number(value), unit, number(limit))
	}
}

// within adds a time in seconds that may not be above a limit; of an emulated board it is told alone.
func (t *tally) within(name string, value, limit float64, emulated bool) {
	if emulated {
		t.told(name, value, "s")
	} else {
		t.most(name, value, "s", limit)
	}
}

// least adds a figure that may not be below a limit.
func (t *tally) least(name string, value float64, unit string, limit float64) {
	t.figures = append(t.figures, Figure{name, Value(value), unit, "at least " + number(limit)})
	if !(value >= limit) {
		t.fault("%s is %s %s, at least %s is asked for", name, number(value), unit, number(limit))
	}
}

// same asks for one text.
func (t *tally) same(what, got, want string) {
	if got != want {
		t.fault("%s is %q, it is to be %q", what, got, want)
	}
}

func (t *tally) fault(format string, args ...any) {
	t.faults = append(t.faults, fmt.Sprintf(format, args...))
}

func (t *tally) note(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

// trouble adds an error as a fault, and tells whether there was one.
func (t *tally) trouble(err error) bool {
	if err != nil {
		t.fault("%v", err)
	}
	return err != nil
}

func (t *tally) verdict() Verdict {
	v := Verdict{Outcome: Pass, Figures: t.figures}
	if len(t.faults) > 0 {
		v.Outcome = Fail
	}
	v.Reason = strings.Join(append(append([]string{}, t.faults...), t.notes...), "; ")
	return v
}
