package hwtest

import (
	"context"
	"slices"
	"strings"
)

// board judges what the device is.
func board(_ context.Context, d *Device) Verdict {
	t := &tally{}
	machine, err := d.machine()
	t.trouble(err)
	model, err := d.text("/proc/device-tree/model")
	t.trouble(err)
	memory, err := d.table("/proc/meminfo")
	t.trouble(err)
	cores := len(d.found("/sys/devices/system/cpu/cpu[0-9]*"))
	judgeBoard(t, boardReading{machine, model, cores, memory["MemTotal"] * 1024}, d.Emulated)
	return t.verdict()
}

type boardReading struct {
	machine, model string
	cores          int
	memory         float64 // bytes that the kernel has
}

func judgeBoard(t *tally, r boardReading, emulated bool) {
	t.same("the processor's architecture", r.machine, "aarch64")
	if !strings.Contains(r.model, "Raspberry Pi Zero 2") {
		t.fault("the board calls itself %q, not a Raspberry Pi Zero 2 W", r.model)
	}
	if emulated {
		t.told("cores", float64(r.cores), "")
	} else {
		t.least("cores", float64(r.cores), "", 4)
	}
	// The firmware keeps some of the 512 MiB for itself.
	t.least("memory", r.memory/mib, "MiB", 380)
	t.most("memory", r.memory/mib, "MiB", 512)
}

// machine is what uname calls the processor.
func (d *Device) machine() (string, error) { return d.text("/proc/sys/kernel/arch") }

// kernel judges what the kernel has switched on.
func kernel(_ context.Context, d *Device) Verdict {
	t := &tally{}
	for _, of := range []string{"cpu", "memory", "io"} {
		text, err := d.text("/proc/pressure/" + of)
		if err != nil || !strings.HasPrefix(text, "some ") {
			t.fault("PSI does not tell of %s", of)
		}
	}
	controllers, err := d.text("/sys/fs/cgroup/cgroup.controllers")
	if t.trouble(err); !slices.Contains(strings.Fields(controllers), "memory") {
		t.fault("there is no memory controller among the control groups: %q", controllers)
	}
	panics, err := d.number("/proc/sys/kernel/panic")
	if !t.trouble(err) && panics <= 0 {
		t.fault("a panic does not restart the board: kernel.panic is %s", number(panics))
	}
	oops, err := d.number("/proc/sys/kernel/panic_on_oops")
	if !t.trouble(err) && oops != 1 {
		t.fault("an oops is no panic: kernel.panic_on_oops is %s", number(oops))
	}
	return t.verdict()
}

// limits judges the limits of memory as the kernel has them.
func limits(ctx context.Context, d *Device) Verdict {
	t := &tally{}
	group, err := d.group(ctx)
	if t.trouble(err) {
		return t.verdict()
	}
	high, err := d.number(group + "/memory.high")
	if !t.trouble(err) {
		t.most("memory.high", high/mib, "MiB", 200)
	}
	most, err := d.number(group + "/memory.max")
	if !t.trouble(err) {
		t.most("memory.max", most/mib, "MiB", 240)
	}
	kept, err := d.number(group + "/memory.min")
	if !t.trouble(err) {
		t.least("memory.min", kept/mib, "MiB", 32)
	}
	t.told("memory of the program now", d.unitMemory(group)/mib, "MiB")
	events, err := d.table(group + "/memory.events")
	if !t.trouble(err) {
		t.most("ended for memory", known(events, "oom_kill"), "times", 0)
	}
	return t.verdict()
}

// memoryInUse judges what the system takes beside the program.
func memoryInUse(ctx context.Context, d *Device) Verdict {
	t := &tally{}
	group, err := d.group(ctx)
	if t.trouble(err) {
		return t.verdict()
	}
	all, own := d.deviceMemory(), d.unitOwn(group)
	t.told("memory in use on the device", all/mib, "MiB")
	t.told("of it the program's", own/mib, "MiB")
	t.most("without the program", (all-own)/mib, "MiB", 90)
	return t.verdict()
}

// cardLayout judges how the card is used.
func cardLayout(ctx context.Context, d *Device) Verdict {
	t := &tally{}
	mounts, err := d.text("/proc/1/mounts") // those of the device: a unit of systemd's has its own
	if t.trouble(err) {
		return t.verdict()
	}
	options := map[string][]string{}
	for line := range strings.Lines(mounts) {
		if f := strings.Fields(line); len(f) > 3 {
			options[f[1]] = strings.Split(f[3], ",")
		}
	}
	if !slices.Contains(options["/"], "ro") {
		t.fault("the system is not mounted read-only")
	}
	for _, want := range []string{"rw", "noatime"} {
		if !slices.Contains(options["/data"], want) {
			t.fault("/data is not mounted %s", want)
		}
	}
	how, err := d.text("/run/calendarbot-boot/data")
	if !t.trouble(err) && how == "lost" {
		t.fault("/data could not be mounted at the start; the device runs from memory")
	} else if how == "mended" {
		t.note("/data was mended at the start")
	}
	if out, err := d.command(ctx, "df", "-B1", "--output=used", "/"); !t.trouble(err) {
		fields := strings.Fields(out)
		t.most("the system takes", float64(atoi(fields[len(fields)-1]))/mib, "MiB", 400)
	}
	swaps, err := d.text("/proc/swaps")
	t.trouble(err)
	for line := range strings.Lines(swaps) {
		if f := strings.Fields(line); len(f) > 0 && f[0] != "Filename" && !strings.HasPrefix(f[0], "/dev/zram") {
			t.fault("%s is swapped to, which wears the card out", f[0])
		}
	}
	return t.verdict()
}
