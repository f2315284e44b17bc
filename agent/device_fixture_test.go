package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// fixture is a device's /proc and /sys, of which a test changes the files. A new one is calm.
type fixture struct {
	t           *testing.T
	root        string
	busy, ticks uint64
}

const fixtureUnit = "/sys/fs/cgroup/system.slice/calendarbot.service/"

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, root: t.TempDir()}
	f.write("/proc/self/cgroup", "0::/system.slice/calendarbot.service\n")
	f.write("/proc/self/mountinfo", "26 24 0:23 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate\n")
	f.write("/proc/self/status", "Name:\tcalendarbot\nVmRSS:\t   24000 kB\nRssAnon:\t   12000 kB\nThreads:\t9\n")
	f.write(fixtureUnit+"cgroup.controllers", "cpu memory pids\n")
	f.write(fixtureUnit+"memory.high", "100000000\n")
	f.write(fixtureUnit+"memory.max", "120000000\n")
	f.write(fixtureUnit+"memory.events", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n")
	f.write(fixtureUnit+"memory.stat", "anon 20000000\ninactive_file 5000000\n")
	f.write(fixtureUnit+"cpu.stat", "usage_usec 1000000\nuser_usec 800000\nsystem_usec 200000\nnr_throttled 0\nthrottled_usec 0\n")
	f.calm()
	return f
}

// calm is as it was in the beginning.
func (f *fixture) calm() {
	f.unit(30)
	f.deviceUsed(200)
	f.stalls(0)
	f.cpu(0.05)
	f.celsius(48)
	f.throttled(false)
}

// write replaces a file whole, as a program may read it at that moment.
func (f *fixture) write(path, text string) {
	f.t.Helper()
	file := filepath.Join(f.root, path)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(file+".new", []byte(text), 0o644); err != nil {
		f.t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		f.t.Fatal(err)
	}
}

// unit makes the service use that share of its memory.high, in percent, beside what the kernel can drop at once.
func (f *fixture) unit(percent int) {
	f.write(fixtureUnit+"memory.current", fmt.Sprintln(percent*1_000_000+5_000_000))
}

// deviceUsed makes so many MB of the device's 512 be in use.
func (f *fixture) deviceUsed(mb int) {
	const total = 500_000 // kB: 512 MB
	f.write("/proc/meminfo", fmt.Sprintf("MemTotal: %d kB\nMemFree: 40000 kB\nMemAvailable: %d kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n", total, total-mb*1_000_000/1024))
}

// stalls makes the service wait for memory that share of the time, in percent.
func (f *fixture) stalls(percent float64) {
	text := fmt.Sprintf("some avg10=%.2f avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n", percent)
	f.write(fixtureUnit+"memory.pressure", text)
	f.write("/proc/pressure/memory", text)
	f.write("/proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n")
	f.write("/proc/pressure/io", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n")
}

// cpu makes the processors be busy that share of the time since they were looked at last, and later on.
func (f *fixture) cpu(share float64) {
	const passed = 10_000
	f.ticks += passed
	f.busy += uint64(share * passed)
	f.write("/proc/stat", fmt.Sprintf("cpu  %d 0 0 %d 0 0 0 0 0 0\nbtime 1780000000\n", f.busy, f.ticks-f.busy))
}

func (f *fixture) celsius(degrees int) {
	f.write("/sys/class/thermal/thermal_zone0/temp", fmt.Sprintln(degrees*1000))
}

// throttled makes the firmware say that it slows the processor down.
func (f *fixture) throttled(now bool) {
	word := "0x0\n"
	if now {
		word = "0x4\n"
	}
	f.write("/sys/devices/platform/soc/soc:firmware/get_throttled", word)
}
