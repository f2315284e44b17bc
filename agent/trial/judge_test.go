package trial

import (
	"strings"
	"testing"
	"time"
)

// well is a device with which all is well.
func well() Observation { return Observation{Unit: "active", Memory: 30 << 20, High: 200 << 20} }

// with is a device with which one thing is not.
func with(change func(*Observation)) Observation {
	o := well()
	change(&o)
	return o
}

func TestComplaints(t *testing.T) {
	for _, c := range []struct {
		name string
		o    Observation
		want string
	}{
		{"all is well", well(), ""},
		{"without a limit of memory", with(func(o *Observation) { o.High, o.Memory = 0, 1<<40 }), ""},
		{"not ready", with(func(o *Observation) { o.Unit = "activating" }), "the program is not ready (activating)"},
		{"ended", with(func(o *Observation) { o.Unit, o.Page = "failed", "/ does not answer" }), "the program is not ready (failed)"},
		{"the page", with(func(o *Observation) { o.Page = "/ answers with 500" }), "/ answers with 500"},
		{"alive", with(func(o *Observation) { o.Alive = "/healthz does not answer" }), "/healthz does not answer"},
		{"memory", with(func(o *Observation) { o.Memory = 200 << 20 }), "the program takes 200 MiB of memory, of 200 MiB that it may have"},
		{"data", with(func(o *Observation) { o.Data = "/data could not be mounted" }), "/data could not be mounted"},
		{"all of it", with(func(o *Observation) { o.Data, o.Page, o.Alive = "d", "p", "a" }), "d; p; a"},
	} {
		if got := c.o.Complaint(); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// seen is the same observation for some time.
type seen struct {
	what Observation
	long time.Duration
}

// judged is what is decided on what is seen, when, and why; looks are five seconds apart.
func judged(what ...seen) (Verdict, time.Duration, string) {
	const every = 5 * time.Second
	now := 7 * time.Hour
	began := now
	r := Begin(now)
	for _, s := range what {
		for end := now + s.long; now < end; now += every {
			var v Verdict
			var why string
			if r, v, why = Judge(r, Usual(3*time.Minute), s.what, now); v != Wait {
				return v, now - began, why
			}
		}
	}
	return Wait, now - began, ""
}

func TestJudge(t *testing.T) {
	starting := with(func(o *Observation) { o.Unit = "activating" })
	page := with(func(o *Observation) { o.Page = "/ does not answer" })
	restarted := func(n int) Observation { return with(func(o *Observation) { o.Restarts = n }) }
	looping := func(n int) Observation {
		return with(func(o *Observation) { o.Unit, o.Restarts = "activating", n })
	}
	killed := func(n int) Observation { return with(func(o *Observation) { o.Kills = n }) }
	const minute, hour = time.Minute, time.Hour
	for _, c := range []struct {
		name string
		what []seen
		want Verdict
		at   time.Duration // since the judge began
		why  string
	}{
		{"well for long enough", []seen{{well(), hour}}, Keep, 3 * minute, ""},
		{"well after a start", []seen{{starting, minute}, {well(), hour}}, Keep, 4 * minute, ""},
		{"well, but not for long enough yet", []seen{{well(), 3 * minute}}, Wait, 3 * minute, ""},
		{"never ready", []seen{{starting, hour}}, Back, 3 * minute, "it was not well within 3m0s: the program is not ready (activating)"},
		{"never well", []seen{{starting, 2 * minute}, {page, hour}}, Back, 3 * minute, "it was not well within 3m0s: / does not answer"},
		{"ill for too long", []seen{{well(), minute}, {page, hour}}, Back, 2*minute + 30*time.Second, "it was not well for 1m30s: / does not answer"},
		{"ill, and well again: it counts anew", []seen{{well(), 2 * minute}, {page, minute}, {well(), hour}}, Keep, 6 * minute, ""},
		{"started again between two looks: it counts anew", []seen{{well(), 2 * minute}, {restarted(1), hour}}, Keep, 5 * minute, ""},
		{"somebody else started it: systemd counts from none", []seen{{restarted(2), 2 * minute}, {well(), hour}}, Keep, 3 * minute, ""},
		{"a process was ended for want of memory: it counts anew", []seen{{well(), 2 * minute}, {killed(1), hour}}, Keep, 5 * minute, ""},
		{"falls again and again", []seen{{well(), minute}, {restarted(1), minute}, {restarted(2), minute}, {restarted(3), minute}, {restarted(4), minute}}, Back, 4 * minute,
			"it fell 4 times; the last time: it ended, and was started again"},
		{"crashes at once, and again", []seen{{starting, 5 * time.Second}, {looping(1), 5 * time.Second}, {looping(2), 5 * time.Second}, {looping(3), 5 * time.Second}, {looping(4), 5 * time.Second}}, Back, 20 * time.Second,
			"it fell 4 times; the last time: it ended, and was started again"},
		{"ended for want of memory, again and again", []seen{{well(), minute}, {killed(1), minute}, {killed(2), minute}, {killed(3), minute}, {killed(4), minute}}, Back, 4 * minute,
			"it fell 4 times; the last time: the kernel ended a part of it for want of memory"},
		{"falls ill again and again", []seen{{well(), minute}, {page, minute}, {well(), minute}, {page, minute}, {well(), minute}, {page, minute}, {well(), minute}, {page, minute}}, Back, 7 * minute,
			"it fell 4 times; the last time: / does not answer"},
		{"one crash counts once", []seen{{well(), minute}, {starting, minute}, {restarted(1), minute}, {with(func(o *Observation) { o.Unit, o.Restarts = "activating", 1 }), minute},
			{restarted(2), minute}, {with(func(o *Observation) { o.Unit, o.Restarts = "activating", 2 }), minute}, {restarted(3), hour}}, Keep, 9 * minute, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if v, at, why := judged(c.what...); v != c.want || at != c.at || !strings.HasPrefix(why, c.why) {
				t.Errorf("%s after %s: %q; want %s after %s: %q", v, at, why, c.want, c.at, c.why)
			}
		})
	}
}
