package hwtest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// wellness judges what the program says of itself, and that its pages come.
func wellness(ctx context.Context, d *Device) Verdict {
	t := &tally{}
	var status struct {
		Version, State, Headline, Level string
		Problems                        []struct{ Code, Severity, Title string }
	}
	if t.trouble(d.ask(ctx, "GET", "/api/v1/status", nil, &status)) {
		return t.verdict()
	}
	t.note("version %s, %s", status.Version, status.Headline)
	for _, p := range status.Problems {
		if p.Severity == "critical" {
			t.fault("the program tells of %s: %s", p.Code, p.Title)
		} else {
			t.note("it tells of %s (%s)", p.Code, p.Severity)
		}
	}
	for _, path := range householdPages() {
		var l Load
		d.one(ctx, &http.Client{Timeout: askTimeout}, path, &l)
		if l.Right != 1 {
			t.fault("%s is not whole: %s", path, l.Example)
		}
	}
	return t.verdict()
}

// clockGrace is how long after the start of a device without a network its pages tell that the clock is not set instead of what is next, and some
// time more.
const clockGrace = 4 * time.Minute

// awaitClock waits for that to pass: no step judges pages before, which are as they should be then. What is wrong with the program meanwhile is for
// the steps to tell.
func (d *Device) awaitClock(ctx context.Context, out io.Writer) {
	told := false
	_, _ = d.until(ctx, clockGrace, func() (bool, error) {
		up, wrong := d.uptime()
		metrics, unanswered := d.metrics(ctx)
		if wrong != nil || up > clockGrace || unanswered == nil && metrics["calendarbot_clock_trusted"] == 1 {
			return true, nil
		}
		if told {
			return false, nil
		}
		told = true
		_, err := fmt.Fprintln(out, "waiting for the clock: until it is set, or some minutes after the start, pages tell that alone")
		return false, err
	})
}

// clock judges a clock that nobody has set; one that is set can't show it. What the program says of its problems may be some seconds older than
// its belief.
func clock(ctx context.Context, d *Device) Verdict {
	var r clockReading
	var wrong error
	_, _ = d.until(ctx, time.Minute, func() (bool, error) {
		r, wrong = d.clock(ctx)
		return wrong != nil || !r.blind(), nil
	})
	if wrong != nil {
		return fail("%v", wrong)
	}
	return judgeClock(r, d.page(ctx))
}

func (d *Device) clock(ctx context.Context) (r clockReading, err error) {
	metrics, err := d.metrics(ctx)
	if err != nil {
		return r, err
	}
	var status struct{ Problems []struct{ Code string } }
	if err := d.ask(ctx, "GET", "/api/v1/status", nil, &status); err != nil {
		return r, err
	}
	trusted, known := metrics["calendarbot_clock_trusted"]
	r = clockReading{known: known, trusted: trusted == 1, synchronised: d.synchronised(), battery: len(d.found("/sys/class/rtc/rtc*")) > 0}
	for _, p := range status.Problems {
		r.unconfirmed = r.unconfirmed || p.Code == "clock_unconfirmed"
	}
	return r, nil
}

// clockReading is what is known of the clock.
type clockReading struct {
	known, trusted, unconfirmed bool // the program tells of its clock; it believes it; it says that nobody confirmed it
	synchronised                bool // the system's was set from the network
	battery                     bool // there is one with a battery
}

// blind tells whether the program believes a clock that nothing has set, without a word.
func (r clockReading) blind() bool {
	return !r.synchronised && r.trusted && !r.battery && !r.unconfirmed
}

// judgeClock asks that a clock which nobody set is not believed, or, some minutes after the start, with a word of doubt alone. The page comes
// in any case.
func judgeClock(r clockReading, page error) Verdict {
	t := &tally{}
	t.trouble(page)
	switch {
	case !r.known:
		t.fault("the program does not tell whether it believes its clock")
	case r.synchronised && !r.trusted:
		t.fault("the clock was set from the network, and the program does not believe it")
	case r.blind():
		t.fault("nothing has set the clock, and the program believes it")
	case !r.synchronised && !r.trusted:
		t.note("nothing has set the clock; the program does not believe it, and still shows its page")
	case !r.synchronised && r.unconfirmed:
		t.note("nothing has set the clock; the program still shows its page, and says that nobody confirmed the time")
	case len(t.faults) == 0:
		return skip("the clock was set from the network, and the program believes it; without harm the other case can't be made: switch the device on without a network, and run --only 25-clock")
	}
	return t.verdict()
}

// synchronised tells whether the system's clock was set from the network since the start.
func (d *Device) synchronised() bool { return d.there("/run/systemd/timesync/synchronized") }

// underVoltage judges the supply where the kernel tells of it.
func underVoltage(_ context.Context, d *Device) Verdict {
	for _, name := range d.found("/sys/class/hwmon/hwmon*/in0_lcrit_alarm") {
		alarm, err := d.number(name)
		if err != nil {
			return fail("%v", err)
		}
		if alarm != 0 {
			return fail("the supply's voltage was too low since the start: take another one, or a shorter cable")
		}
		return Verdict{Outcome: Pass, Reason: "the firmware tells of no under-voltage since the start"}
	}
	return skip("Debian's kernel has no driver that tells of under-voltage on this board")
}

// picture judges the connection to a screen.
func picture(_ context.Context, d *Device) Verdict {
	sockets := d.found("/sys/class/drm/card*-HDMI-A-*")
	if len(sockets) == 0 {
		if d.Emulated {
			return skip("an emulated board's screen is not driven by the kernel's graphics")
		}
		return fail("the kernel has no HDMI socket")
	}
	for _, socket := range sockets {
		status, err := d.text(socket + "/status")
		if err != nil {
			return fail("%v", err)
		}
		if status != "connected" {
			continue
		}
		t := &tally{}
		enabled, err := d.text(socket + "/enabled")
		if !t.trouble(err) && enabled != "enabled" {
			t.fault("a screen is connected, and gets no picture: it is %s", enabled)
		}
		modes, err := d.text(socket + "/modes")
		t.trouble(err)
		first, _, _ := strings.Cut(modes, "\n")
		t.note("a screen is connected, its best picture is %s; look at it", first)
		return t.verdict()
	}
	return skip("no screen is connected")
}

// cardWear tells what the card knows of its age; SD cards have no counter that all of them share.
func cardWear(_ context.Context, d *Device) Verdict {
	t := &tally{}
	worn := false
	for _, name := range d.found("/sys/block/mmcblk*/device/life_time") {
		text, err := d.text(name)
		if t.trouble(err) {
			continue
		}
		for _, of := range strings.Fields(text) {
			worn = true
			// 1 is new, 10 is 90 to 100 % of the life that was meant, 11 beyond it.
			t.most("wear, in tenths", float64(hex(of)), "", 9)
		}
	}
	faults := d.found("/sys/fs/ext4/*/errors_count")
	for _, name := range faults {
		n, err := d.number(name)
		if !t.trouble(err) {
			t.most("faults of the file system "+strings.Split(name, "/")[4], n, "", 0)
		}
	}
	for _, name := range d.found("/sys/fs/ext4/*/lifetime_write_kbytes") {
		n, err := d.number(name)
		if !t.trouble(err) {
			t.told("written to "+strings.Split(name, "/")[4]+" since it was made", n/1024, "MiB")
		}
	}
	for _, of := range []string{"name", "manfid", "date"} {
		if text, err := d.text("/sys/block/mmcblk0/device/" + of); err == nil {
			t.note("the card's %s is %s", of, text)
		}
	}
	if v := t.verdict(); v.Outcome == Fail || worn {
		return v
	}
	v := t.verdict()
	if len(faults) == 0 {
		v.Outcome = Skip
	}
	v.Reason = strings.TrimSuffix("an SD card has no counter of its wear to be read; judged are the faults that its file systems had; "+v.Reason, "; ")
	return v
}
