package hwtest

import (
	"context"
	"os"
	"syscall"
	"time"
)

// hangLimit is what the units promise: ten seconds of the watchdog, the end, the start.
const hangLimit = 30 * time.Second

// hang stops the program by a signal, as a deadlock would, and waits until another one answers.
func hang(ctx context.Context, d *Device) Verdict {
	before, err := d.show(ctx, unit, "WatchdogUSec")
	if err != nil {
		return fail("%v", err)
	}
	if err := d.settled(ctx); err != nil {
		return unsettled(err)
	}
	was, err := d.mainPID(ctx)
	if err != nil {
		return fail("%v", err)
	}
	pid := int(atoi(was))
	if pid <= 1 {
		return fail("process %q can't be stopped", was)
	}
	t := &tally{}
	t.same("the unit's WatchdogSec", before["WatchdogUSec"], "10s")
	// Starts are counted: without that, a test that is run often looks like a crash loop.
	if err := d.before(Undo{Step: "50-hang", Words: "the count of starts", Command: []string{"systemctl", "reset-failed", unit}}); err != nil {
		return fail("%v", err)
	}
	// And with those of before, this one may be taken for one: the device would go back to another program.
	if _, err := d.command(ctx, "systemctl", "reset-failed", unit); t.trouble(err) {
		return t.verdict()
	}
	began := time.Now()
	if t.trouble(d.Signal(pid, syscall.SIGSTOP)) {
		return t.verdict()
	}
	_, err = d.until(ctx, 2*hangLimit, func() (bool, error) { return d.another(ctx, was) })
	if t.trouble(err) {
		if now, err := d.mainPID(ctx); err == nil && now == was {
			t.fault("nobody ended the program that hangs")
			t.trouble(d.Signal(pid, syscall.SIGCONT))
		}
	}
	judgeTime(t, "the pages were back after", time.Since(began), hangLimit, d.Emulated)
	return t.verdict()
}

// crash makes the kernel panic, and does not return where that works.
func (d *Device) crash(ctx context.Context, phase string) Verdict {
	if !d.there("/proc/sysrq-trigger") {
		return skip("this kernel has no sysrq")
	}
	if err := d.settled(ctx); err != nil {
		return unsettled(err)
	}
	if err := d.leave(phase, ""); err != nil {
		return fail("%v", err)
	}
	syscall.Sync()
	if err := d.write("/proc/sysrq-trigger", "c"); err != nil {
		return fail("%v", err)
	}
	if err := d.pause(ctx, d.seconds(60)); err != nil {
		return Verdict{Outcome: Waiting}
	}
	return fail("the kernel did not panic when it was told to")
}

// kernelPanic makes the kernel panic: it is to restart the board by itself.
func kernelPanic(ctx context.Context, d *Device) Verdict { return d.crash(ctx, "panic") }

func panicResumed(ctx context.Context, d *Device, n Note) Verdict {
	t := &tally{}
	d.judgeRestart(ctx, t, n, level3Limit)
	return t.verdict()
}

// deadKernel makes the kernel panic and stay so: the board's watchdog alone can restart it.
func deadKernel(ctx context.Context, d *Device) Verdict {
	if d.Emulated {
		return skip("an emulated board's watchdog is left alone")
	}
	if state, err := d.text("/sys/class/watchdog/watchdog0/state"); err != nil || state != "active" {
		return fail("the board's watchdog does not run, so nothing would restart the board: it is %q", state)
	}
	was, err := d.text("/proc/sys/kernel/panic")
	if err != nil {
		return fail("%v", err)
	}
	if err := d.before(Undo{Step: "91-hardware-watchdog", Words: "kernel.panic", Command: []string{"sh", "-c", "echo " + was + " >" + d.at("/proc/sys/kernel/panic")}}); err != nil {
		return fail("%v", err)
	}
	if err := d.write("/proc/sys/kernel/panic", "0"); err != nil {
		return fail("%v", err)
	}
	return d.crash(ctx, "dead")
}

func deadKernelResumed(ctx context.Context, d *Device, n Note) Verdict {
	t := &tally{}
	whole, ready, known := d.judgeRestart(ctx, t, n, level3Limit)
	// 16 s of the watchdog and half a minute before the kernel; what took longer was somebody at the plug.
	switch {
	case len(t.faults) > 0:
	case !known:
		return skip("the device is back, but without a clock that was set it can't tell whether the watchdog or a person restarted it")
	case whole-ready > 75*time.Second:
		t.fault("the board stood still for %s before it started: that was not its watchdog", (whole - ready).Round(time.Second))
	}
	return t.verdict()
}

// judgeRestart judges how long the device was away since a note: whole is the time from then on, ready the part of it since the kernel
// started. Without a clock that was set before and after, the second alone is known.
func (d *Device) judgeRestart(ctx context.Context, t *tally, n Note, limit time.Duration) (whole, ready time.Duration, known bool) {
	if _, err := d.until(ctx, limit, func() (bool, error) { err := d.page(ctx); return err == nil, err }); t.trouble(err) {
		return 0, 0, false
	}
	values, err := d.show(ctx, unit, "ActiveEnterTimestampMonotonic")
	if t.trouble(err) {
		return 0, 0, false
	}
	up, err := d.uptime()
	if t.trouble(err) {
		return 0, 0, false
	}
	ready = time.Duration(atoi(values["ActiveEnterTimestampMonotonic"])) * time.Microsecond
	if n.Clock {
		if _, err := d.until(ctx, time.Minute, func() (bool, error) { return d.synchronised(), nil }); err == nil {
			known = true
		}
	}
	whole = d.Now().Add(-up).Add(ready).Sub(n.At)
	if known {
		judgeTime(t, "from then to the program's readiness", whole, limit, d.Emulated)
		t.told("of it since the kernel started", ready.Seconds(), "s")
		return whole, ready, known
	}
	judgeTime(t, "from the kernel's start to the program's readiness", ready, limit, d.Emulated)
	t.note("the clock is not set from the network, so what was before the kernel's start is not in that")
	return whole, ready, known
}

// updateAndBack takes an update, waits until it is kept, and goes back.
func updateAndBack(ctx context.Context, d *Device) Verdict {
	before, err := d.slot("agent")
	if err != nil && !os.IsNotExist(err) {
		return fail("%v", err)
	}
	if before.Trial != nil {
		return skip("a program is on trial")
	}
	if err := d.settled(ctx); err != nil {
		return unsettled(err)
	}
	if _, err := d.command(ctx, "calendarbot-update", "check", "--url", d.UpdateURL); err != nil {
		return fail("ask the repository: %v", err)
	}
	was, err := d.mainPID(ctx)
	if err != nil {
		return fail("%v", err)
	}
	undo := Undo{Step: "70-update", Words: "the program of before", Program: &Program{Slot: before.Active, Version: before.Slots[before.Active].Version}}
	if err := d.before(undo); err != nil {
		return fail("%v", err)
	}
	t := &tally{}
	began := time.Now()
	if _, err := d.command(ctx, "calendarbot-update", "apply", "--kind", "agent", "--url", d.UpdateURL); t.trouble(err) {
		return t.verdict()
	}
	var now slotState
	_, err = d.until(ctx, 15*time.Minute, func() (bool, error) {
		now, err = d.slot("agent")
		return err == nil && now.Trial == nil && now.Active != before.Active, err
	})
	if t.trouble(err) {
		if now.Last != nil && !now.Last.Kept {
			t.fault("it went back: %s", now.Last.Why)
		}
		return t.verdict()
	}
	version := now.Slots[now.Active].Version
	t.told("kept after", time.Since(began).Seconds(), "s")
	t.note("the update was %s", version)
	if _, err := d.until(ctx, level3Limit, func() (bool, error) { return d.another(ctx, was) }); t.trouble(err) {
		return t.verdict()
	}
	if was, err = d.mainPID(ctx); t.trouble(err) {
		return t.verdict()
	}
	began = time.Now()
	if t.trouble(d.Restore(ctx, undo.Step)) {
		return t.verdict()
	}
	_, err = d.until(ctx, level3Limit, func() (bool, error) { return d.another(ctx, was) })
	t.trouble(err)
	judgeTime(t, "back after", time.Since(began), level3Limit, d.Emulated)
	return t.verdict()
}
