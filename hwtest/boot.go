package hwtest

import (
	"context"
	"encoding/binary"
	"os"
	"strings"
)

// bootTime judges how long starting took, from the kernel on.
func bootTime(ctx context.Context, d *Device) Verdict {
	whole, err := d.show(ctx, "", "UserspaceTimestampMonotonic", "FinishTimestampMonotonic")
	if err != nil {
		return fail("%v", err)
	}
	program, err := d.show(ctx, unit, "ActiveState", "ExecMainStartTimestampMonotonic", "ActiveEnterTimestampMonotonic", "NRestarts")
	if err != nil {
		return fail("%v", err)
	}
	return judgeBoot(bootReading{
		systemd: seconds(whole["UserspaceTimestampMonotonic"]), all: seconds(whole["FinishTimestampMonotonic"]),
		began: seconds(program["ExecMainStartTimestampMonotonic"]), ready: seconds(program["ActiveEnterTimestampMonotonic"]),
		state: program["ActiveState"], restarts: atoi(program["NRestarts"]),
	}, d.Emulated)
}

// seconds is a time of systemd's, in microseconds, in seconds.
func seconds(usec string) float64 { return float64(atoi(usec)) / 1e6 }

// mostBoot is how long a start may take, in seconds from the kernel's first moment.
const mostBoot = 120

// bootReading has seconds since the kernel's first moment.
type bootReading struct {
	systemd  float64 // when it began
	all      float64 // when all units of the start were started, for which the program has to be ready; 0 while they are not
	began    float64 // when the program's process was started
	ready    float64 // when it was ready; 0 for never
	state    string  // of the program's unit
	restarts int64   // of the program, by systemd
}

func judgeBoot(r bootReading, emulated bool) Verdict {
	t := &tally{}
	if r.all == 0 {
		return fail("the start has not ended: systemd still starts units")
	}
	t.told("kernel and initramfs", r.systemd, "s")
	t.told("systemd's units", r.all-r.systemd, "s")
	switch {
	case r.state != "active" || r.ready == 0:
		t.fault("the program is not ready: its unit is %q", r.state)
	case r.restarts > 0:
		t.note("systemd started the program anew %d times; when it was ready first is not known any more: journalctl -u calendarbot tells why", r.restarts)
	case r.began > r.all: // after the start, as after an update of the program
		t.note("the program was started anew since, by an update or a person; when it was ready first is not known any more")
	default:
		t.within("the program was ready after", r.ready, mostBoot, emulated)
	}
	t.within("all was started after", r.all, mostBoot, emulated)
	return t.verdict()
}

// firmwareTime tells what systemd knows of the time before the kernel; on a board without UEFI it knows nothing.
func firmwareTime(ctx context.Context, d *Device) Verdict {
	values, err := d.show(ctx, "", "FirmwareTimestampMonotonic", "LoaderTimestampMonotonic")
	if err != nil {
		return fail("%v", err)
	}
	firmware, loader := seconds(values["FirmwareTimestampMonotonic"]), seconds(values["LoaderTimestampMonotonic"])
	if firmware == 0 || d.Emulated {
		return skip("nobody counts before the kernel on this board: time it with a watch, from power to the first line on the screen, less 13-boot-time")
	}
	t := &tally{}
	t.told("firmware", firmware-loader, "s")
	t.told("loader", loader, "s")
	t.most("before the kernel", firmware, "s", 30)
	return t.verdict()
}

// armedRevision is the board on which boot.scr is to arm the watchdog before Linux does.
const armedRevision = 0x902120

// watchdog judges that the board's watchdog runs and that systemd feeds it, and that U-Boot armed it before.
func watchdog(ctx context.Context, d *Device) Verdict {
	if d.Emulated {
		return skip("an emulated board is reset as soon as its watchdog is opened, so it is left alone there")
	}
	t := &tally{}
	values, err := d.show(ctx, "", "RuntimeWatchdogUSec", "RebootWatchdogUSec")
	if !t.trouble(err) {
		t.same("systemd's RuntimeWatchdogSec", values["RuntimeWatchdogUSec"], "14s")
		t.same("systemd's RebootWatchdogSec", values["RebootWatchdogUSec"], "14s")
	}
	const folder = "/sys/class/watchdog/watchdog0"
	identity, err := d.text(folder + "/identity")
	if !t.trouble(err) && !strings.Contains(identity, "BCM2835") {
		t.fault("the watchdog is %q, not the board's", identity)
	}
	state, err := d.text(folder + "/state")
	if !t.trouble(err) {
		t.same("the watchdog", state, "active")
	}
	timeout, err := d.number(folder + "/timeout")
	if !t.trouble(err) {
		t.most("it waits for", timeout, "s", 16)
	}
	revision, err := os.ReadFile(d.at("/proc/device-tree/system/linux,revision"))
	if t.trouble(err) {
		return t.verdict()
	}
	if len(revision) != 4 || binary.BigEndian.Uint32(revision) != armedRevision {
		t.fault("the board's revision is %x, and boot.scr arms the watchdog early on %x alone", revision, armedRevision)
	} else {
		t.note("revision %x: boot.scr is to arm it before the kernel is started", armedRevision)
	}
	return t.verdict()
}
