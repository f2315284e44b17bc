// Package trial watches what is on trial and decides about it: it is kept, or the device goes back. It carries out who asks to go back,
// and chooses the program that is started. It needs no network but the device's own page.
package trial

import (
	"fmt"
	"strings"
	"time"
)

// Observation is how the device is at one moment.
type Observation struct {
	Unit     string // what systemd has the program's unit as: "active" when it said that it is ready
	Restarts int    // by systemd, since the unit was started by somebody else
	Page     string // what is wrong with its page; "" for nothing
	Alive    string // what is wrong with /healthz; "" for nothing
	Memory   int64  // bytes that the unit has, in memory and in swap
	High     int64  // bytes from which on the kernel slows it down; 0 for none
	Kills    int    // how many of its processes the kernel ended for want of memory
	Data     string // what is wrong with /data; "" for nothing
}

// Complaint says what is wrong; "" when the device is well.
func (o Observation) Complaint() string {
	var wrong []string
	add := func(yes bool, format string, values ...any) {
		if yes {
			wrong = append(wrong, fmt.Sprintf(format, values...))
		}
	}
	add(o.Data != "", "%s", o.Data)
	if o.Unit != "active" {
		add(true, "the program is not ready (%s)", o.Unit)
		return strings.Join(wrong, "; ")
	}
	add(o.Page != "", "%s", o.Page)
	add(o.Alive != "", "%s", o.Alive)
	add(o.High > 0 && o.Memory >= o.High, "the program takes %d MiB of memory, of %d MiB that it may have", o.Memory>>20, o.High>>20)
	return strings.Join(wrong, "; ")
}

// Limits are how long a trial may take.
type Limits struct {
	Healthy  time.Duration // well for so long without a break: it is kept
	Patience time.Duration // never well within so long: back
	Unwell   time.Duration // not well for so long: back
	Falls    int           // ended and started again, or fallen ill, more often than that: back
}

// Usual are the limits of the device but for Healthy, which is a setting: a way back of the third level is to be done within five minutes.
func Usual(healthy time.Duration) Limits {
	return Limits{Healthy: healthy, Patience: 3 * time.Minute, Unwell: 90 * time.Second, Falls: 3}
}

// Verdict is what is to be done about a trial.
type Verdict string

// The verdicts.
const (
	Wait Verdict = "wait"
	Keep Verdict = "keep"
	Back Verdict = "back"
)

// Record is what was seen of a trial up to now. Begin makes the first one.
type Record struct {
	since time.Duration // when it became well or unwell
	well  bool
	ever  bool // it was well once
	falls int
	last  Observation
	seen  bool // last is an observation
}

// Begin is the record of a trial that begins now, by a clock that is never set.
func Begin(now time.Duration) Record { return Record{since: now} }

// Judge takes in what is seen now, and says what is to be done, with the reason for going back.
func Judge(r Record, l Limits, o Observation, now time.Duration) (Record, Verdict, string) {
	complaint := o.Complaint()
	fell := ""
	switch {
	case r.seen && o.Kills > r.last.Kills:
		fell = "the kernel ended a part of it for want of memory"
	case r.seen && o.Restarts > r.last.Restarts:
		fell = "it ended, and was started again"
	case r.well && complaint != "" && o.Unit == "active": // where it is not, it is started again, and counted then
		fell = complaint
	}
	if fell != "" {
		r.falls++
	}
	if well := complaint == ""; well != r.well || well && fell != "" {
		r.well, r.since = well, now
	}
	r.ever = r.ever || r.well
	r.last, r.seen = o, true
	past := now - r.since
	switch {
	case r.falls > l.Falls:
		return r, Back, fmt.Sprintf("it fell %d times; the last time: %s", r.falls, fell)
	case r.well && past >= l.Healthy:
		return r, Keep, ""
	case r.well:
		return r, Wait, ""
	case !r.ever && past >= l.Patience:
		return r, Back, fmt.Sprintf("it was not well within %s: %s", l.Patience, complaint)
	case r.ever && past >= l.Unwell:
		return r, Back, fmt.Sprintf("it was not well for %s: %s", l.Unwell, complaint)
	}
	return r, Wait, ""
}
