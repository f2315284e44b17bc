package hwtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"calendarbot/agent/durable"
)

// Result is what one step came to.
type Result struct {
	Step    string    `json:"step"`
	Purpose string    `json:"purpose"`
	Judges  string    `json:"judges"`
	Began   time.Time `json:"began"`
	Seconds float64   `json:"seconds"`
	Verdict
}

// Record is a run, as far as it is. It is kept on the disk while the run lasts.
type Record struct {
	Options Options   `json:"options"`
	Began   time.Time `json:"began"`
	Clock   bool      `json:"clock"`             // the clock was synchronised then
	Ended   string    `json:"ended,omitempty"`   // why no further step is run; "" while they are
	Current string    `json:"current,omitempty"` // the step that is running
	Note    *Note     `json:"note,omitempty"`    // what that left for after a start of the device
	Results []Result  `json:"results"`
	Done    bool      `json:"done"`
}

const runFile = "run.json"

// errRestarting ends a run before its end.
var errRestarting = errors.New("the device is being restarted, or the test was told to end: the next start of the device goes on with it, or --resume now; --restore tidies up, and ends it")

// mostShutdown is how long a device may take from being asked to restart until this program is ended.
const mostShutdown = 3 * time.Minute

// awaitRestart waits for the end of this program: where that does not come, the device did not restart.
func (d *Device) awaitRestart(ctx context.Context) Verdict {
	if d.pause(ctx, time.Duration(float64(mostShutdown)*d.Waits)) != nil {
		return Verdict{Outcome: Waiting}
	}
	return fail("it was to restart the device, which did not restart")
}

// mostAway is how long a run may have been cut short and is gone on with: afterwards nobody waits for it, and it would load or restart a device that
// is in use.
const mostAway = time.Hour

// late ends a run that is gone on with, where it was cut short too long ago by a clock that is set.
func (d *Device) late(ctx context.Context, r *Record) {
	if r.Clock { // so there is a network, from which it is set soon after the start
		if _, err := d.until(ctx, time.Minute, func() (bool, error) { return d.synchronised(), nil }); err != nil {
			return
		}
	}
	last := r.Began
	for _, result := range r.Results {
		last = result.Began.Add(time.Duration(result.Seconds * float64(time.Second)))
	}
	if r.Note != nil {
		last = r.Note.At
	}
	// The step that was cut may have been soaking for as long as it was to.
	if away := d.Now().Sub(last); d.synchronised() && away > mostAway+r.Options.Soak {
		r.Ended = fmt.Sprintf("the run was cut short %s ago, and is not gone on with after so long: run it again", away.Round(time.Minute))
	}
}

// leave writes down what a step goes on with after the device was started anew.
func (d *Device) leave(phase, text string) error {
	boot, err := d.boot()
	if err != nil {
		return err
	}
	var r Record
	if err := d.load(runFile, &r); err != nil {
		return err
	}
	r.Note = &Note{Phase: phase, Boot: boot, At: d.Now(), Clock: d.synchronised(), Text: text}
	return d.save(runFile, r)
}

// Run runs the steps of the table, skips those that this mode does not have, from the start or from where a record ends, and prints each verdict.
// It returns the record, and errRestarting when the device is about to be started anew.
func (d *Device) Run(ctx context.Context, steps []Step, r Record, out io.Writer) (Record, error) {
	for _, s := range d.of(steps) {
		if slices.ContainsFunc(r.Results, func(done Result) bool { return done.Step == s.Name }) {
			continue
		}
		began := time.Now()
		verdict, err := d.step(ctx, s, &r)
		if err != nil {
			return r, err
		}
		r.Current, r.Note = "", nil
		r.Results = append(r.Results, Result{Step: s.Name, Purpose: s.Purpose, Judges: s.Judges, Began: d.Now().Add(-time.Since(began)), Seconds: time.Since(began).Seconds(), Verdict: verdict})
		if err := d.save(runFile, r); err != nil {
			return r, err
		}
		if err := printResult(out, r.Results[len(r.Results)-1]); err != nil {
			return r, err
		}
	}
	r.Done = true
	return r, errors.Join(d.Restore(ctx, ""), d.report(r), durable.Remove(d.note(runFile)))
}

// begin runs a step from its beginning. While one changes something or lasts, the device does not update itself.
func (d *Device) begin(ctx context.Context, s Step) Verdict {
	if !s.looks() {
		switch reason, err := d.hold(ctx); {
		case err != nil:
			return fail("%v", err)
		case reason != "":
			return skip("%s", reason)
		}
	}
	return s.run(ctx, d)
}

// step runs one step, or goes on with it, and takes back what it changed.
func (d *Device) step(ctx context.Context, s Step, r *Record) (Verdict, error) {
	var v Verdict
	switch {
	case r.Ended != "" && r.Current != s.Name:
		return skip("%s", r.Ended), nil
	case r.Ended == "" && r.Current == s.Name && r.Note != nil && s.resume != nil:
		boot, err := d.boot()
		if err != nil {
			return v, err
		}
		if boot == r.Note.Boot {
			v = d.awaitRestart(ctx)
			break
		}
		note := *r.Note
		v = s.resume(ctx, d, note)
	case r.Current == s.Name:
		v = fail("the device was started anew, or the run was stopped, in the middle of this step")
	case d.leavesOut(s) != "":
		return skip("%s", d.leavesOut(s)), nil
	default:
		r.Current, r.Note = s.Name, nil
		if err := d.save(runFile, *r); err != nil {
			return v, err
		}
		v = d.begin(ctx, s)
	}
	if v.Outcome == Waiting {
		v = d.awaitRestart(ctx)
	}
	if ctx.Err() != nil {
		return v, errRestarting // by the device, or by a person: it is gone on with, or tidied up
	}
	if err := d.Restore(ctx, s.Name); err != nil {
		v.Outcome = Fail
		v.Reason = fmt.Sprintf("the device is not as it was: %v; %s", err, v.Reason)
	}
	return v, nil
}
