package hwtest

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// broken is one step, and how its subject is broken so that the step has to tell of it.
type broken struct {
	step   string
	resume string         // the note's phase, for a step that goes on after a restart
	set    func(*fixture) // besides what is well
	harm   func(*fixture) // what breaks the subject
	tells  string         // in the reason of the failure
	good   Outcome        // of the subject that is well; PASS where it is ""
	also   func(*fixture) // checked after the run of the good one
}

func impatient(f *fixture) { f.Waits = 0.001 }

// emulated has no time judged, as a test's are of a busy machine.
func emulated(f *fixture) { f.Emulated = true }

func table() []broken {
	put := func(name, text string) func(*fixture) { return func(f *fixture) { f.put(name, text) } }
	drop := func(name string) func(*fixture) { return func(f *fixture) { f.drop(name) } }
	return []broken{
		{step: "10-board", harm: put("/proc/sys/kernel/arch", "armv7l"), tells: "architecture"},
		{step: "10-board", harm: put("/proc/device-tree/model", "Raspberry Pi 3"), tells: "calls itself"},
		{step: "10-board", harm: drop("/sys/devices/system/cpu/cpu3"), tells: "cores is 3"},
		{step: "10-board", harm: put("/proc/meminfo", "MemTotal: 250000 kB"), tells: "memory is 244"},
		{step: "11-kernel", harm: drop("/proc/pressure/memory"), tells: "PSI does not tell of memory"},
		{step: "11-kernel", harm: put("/sys/fs/cgroup/cgroup.controllers", "cpu io"), tells: "no memory controller"},
		{step: "11-kernel", harm: put("/proc/sys/kernel/panic", "0"), tells: "does not restart"},
		{step: "11-kernel", harm: put("/proc/sys/kernel/panic_on_oops", "0"), tells: "oops"},
		{step: "12-limits", harm: put(fixtureGroup+"/memory.high", "max"), tells: "memory.high"},
		{step: "12-limits", harm: put(fixtureGroup+"/memory.max", "524288000"), tells: "memory.max is 500"},
		{step: "12-limits", harm: put(fixtureGroup+"/memory.min", "0"), tells: "memory.min is 0"},
		{step: "12-limits", harm: put(fixtureGroup+"/memory.events", "oom_kill 1"), tells: "ended for memory"},
		{step: "13-boot-time", harm: put("/fake/show.manager", "UserspaceTimestampMonotonic=6000000\nFinishTimestampMonotonic=300000000\n"), tells: "started after is 300 s"},
		{step: "13-boot-time", harm: put("/fake/show.manager", "FinishTimestampMonotonic=0\n"), tells: "has not ended"},
		{step: "13-boot-time", harm: func(f *fixture) {
			f.put("/fake/show.calendarbot.service", strings.ReplaceAll(f.unit("100"), "25000000", "130000000"))
			f.put("/fake/show.manager", "UserspaceTimestampMonotonic=6000000\nFinishTimestampMonotonic=110000000\n")
		}, tells: "the program was ready after is 130 s"},
		{step: "14-firmware-time", harm: put("/fake/show.manager", "FirmwareTimestampMonotonic=90000000\nLoaderTimestampMonotonic=1\n"), tells: "before the kernel"},
		{step: "15-watchdog", harm: put("/fake/show.manager", "RuntimeWatchdogUSec=0\nRebootWatchdogUSec=14s\n"), tells: "RuntimeWatchdogSec"},
		{step: "15-watchdog", harm: put("/sys/class/watchdog/watchdog0/state", "inactive"), tells: "watchdog is \"inactive\""},
		{step: "15-watchdog", harm: put("/sys/class/watchdog/watchdog0/identity", "Software Watchdog"), tells: "not the board's"},
		{step: "15-watchdog", harm: put("/sys/class/watchdog/watchdog0/timeout", "60"), tells: "it waits for is 60 s"},
		{step: "15-watchdog", harm: put("/proc/device-tree/system/linux,revision", "\x00\x90\x20\x92"), tells: "early on 902120 alone"},
		{step: "16-memory", harm: put("/proc/meminfo", "MemTotal: 430000 kB\nMemAvailable: 250000 kB\n"), tells: "without the program"},
		{step: "17-card-layout", harm: put("/proc/1/mounts", "/dev/mmcblk0p2 / ext4 rw 0 0\n/dev/mmcblk0p4 /data ext4 rw,noatime 0 0\n"), tells: "read-only"},
		{step: "17-card-layout", harm: put("/proc/1/mounts", "/dev/mmcblk0p2 / ext4 ro 0 0\n/dev/mmcblk0p4 /data ext4 rw,relatime 0 0\n"), tells: "not mounted noatime"},
		{step: "17-card-layout", harm: put("/proc/swaps", "/dev/mmcblk0p4 partition 1 0 1"), tells: "wears the card"},
		{step: "17-card-layout", harm: put("/run/calendarbot-boot/data", "lost"), tells: "runs from memory"},
		{step: "17-card-layout", harm: func(f *fixture) { f.script("df", "echo Used; echo 900000000") }, tells: "the system takes"},
		{step: "18-ports", harm: put("/proc/net/tcp", " 0: 00000000:0CEA 00000000:0000 0A\n"), tells: "port 3306"},
		{step: "18-ports", harm: put("/proc/net/tcp6", "\n"), tells: "nothing listens on port 80"},
		{step: "19-health", harm: func(f *fixture) { f.broken = true }, tells: "is not whole"},
		{step: "19-health", harm: func(f *fixture) { f.problem = `{"code":"loop_late","severity":"critical","title":"stands still"}` }, tells: "loop_late"},
		{step: "20-radio-firmware", harm: func(f *fixture) {
			f.drop(radio)
			f.drop("/usr/lib/firmware/brcm/brcmfmac43430b0-sdio.clm_blob")
		}, tells: "is no brcmfmac43430b0-sdio.clm_blob"},
		{step: "20-radio-firmware", harm: drop(radio), tells: "there is no wlan0, though"},
		{step: "21-radio-reconnect", harm: func(f *fixture) { impatient(f); f.put("/proc/net/route", "") }, tells: "not back"},
		{step: "22-access-point", harm: put("/fake/show.calendarbot-ap.service", "LoadState=not-found\n"), tells: "not-found"},
		{step: "22-access-point", harm: drop("/sys/class/net/wlan0/phy80211"), tells: "no radio"},
		{step: "23-name", harm: put("/proc/net/udp", ""), tells: "nobody answers mDNS"},
		{step: "23-name", harm: put("/proc/sys/kernel/hostname", "localhost"), tells: "no name"},
		{step: "24-picture", harm: drop("/sys/class/drm"), tells: "no HDMI socket"},
		{step: "24-picture", harm: put("/sys/class/drm/card0-HDMI-A-1/enabled", "disabled"), tells: "gets no picture"},
		{step: "25-clock", set: func(f *fixture) { impatient(f); f.drop("/run/systemd/timesync/synchronized") }, good: Fail, tells: "believes it"},
		{step: "25-clock", set: func(f *fixture) { f.drop("/run/systemd/timesync/synchronized"); f.trusted = "0" }, harm: func(f *fixture) { f.broken = true }, tells: "not whole"},
		{step: "25-clock", set: func(f *fixture) {
			f.drop("/run/systemd/timesync/synchronized")
			f.later = `{"code":"clock_unconfirmed"}`
		}, harm: func(f *fixture) { f.broken = true }, tells: "not whole"},
		{step: "25-clock", good: Skip, harm: func(f *fixture) { f.trusted = "0" }, tells: "does not believe it"},
		{step: "26-under-voltage", harm: put("/sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1"), tells: "too low"},
		{step: "27-card-wear", harm: put("/sys/fs/ext4/mmcblk0p4/errors_count", "3"), tells: "faults of the file system"},
		{step: "27-card-wear", harm: put("/sys/block/mmcblk0/device/life_time", "0x01 0x0B"), tells: "wear"},
		{step: "30-pools", set: emulated, harm: func(f *fixture) { f.cold = true }, tells: "found a connection open"},
		{step: "31-pipeline", set: emulated, harm: func(f *fixture) { f.cold = true }, tells: "kept ones", also: asBefore},
		{step: "32-together", set: emulated, harm: func(f *fixture) { f.stuck = true }, tells: "breaker"},
		{step: "32-together", set: emulated, harm: func(f *fixture) { f.broken = true }, tells: "wrong answers"},
		{step: "33-budgets", harm: put(fixtureGroup+"/memory.current", "300000000"), tells: "at most"},
		{step: "40-level-1", harm: func(f *fixture) { impatient(f); f.stuck = true }, tells: "still on", also: func(f *fixture) {
			if f.seen["DELETE emergency-off"] != 1 || f.off {
				f.t.Error("emergency-off was not ended once")
			}
		}},
		{step: "50-hang", harm: func(f *fixture) {
			impatient(f)
			f.Signal = func(int, syscall.Signal) error { return nil }
		}, tells: "nobody ended"},
		{step: "50-hang", harm: put("/fake/show.calendarbot.service", "MainPID=0\n"), tells: "does not run"},
		{step: "60-load", harm: func(f *fixture) { f.broken = true }, tells: "wrong answers"},
		{step: "60-load", harm: drop("/sys/class/thermal"), tells: "thermometer can't be read"},
		{step: "60-load", harm: put(fixtureGroup+"/memory.current", "300000000"), tells: "memory of the program, at most is"},
		{step: "60-load", harm: put("/sys/class/thermal/thermal_zone0/temp", "85000"), tells: "temperature, at most is 85"},
		{step: "60-load", harm: put("/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "600000"), tells: "processor under load is 600"},
		{step: "60-load", harm: put("/proc/meminfo", "MemTotal: 430000 kB\nMemAvailable: 10000 kB\n"), tells: "memory in use"},
		{step: "61-thermal", harm: put("/sys/class/thermal/thermal_zone0/temp", "82000"), tells: "temperature, at most"},
		{step: "62-soak", harm: func(f *fixture) { f.broken = true }, tells: "right answers"},
		{step: "70-update", set: func(f *fixture) { f.UpdateURL = "http://127.0.0.1:1/" }, harm: func(f *fixture) {
			impatient(f)
			f.script("calendarbot-update", `echo '{"active":"b","last":{"why":"no page came"}}' >`+f.Root+`/data/slots/agent.json`)
		}, tells: "it went back: no page came"},
		{step: "80-level-3", harm: func(f *fixture) { impatient(f); f.rollback = func(int) {} }, tells: "not within"},
		{step: "81-level-2", good: Waiting, harm: func(f *fixture) { f.script("calendarbot", "echo it does not read >&2; exit 1") }, tells: "it does not read"},
		{step: "81-level-2", resume: "tried", set: put("/run/calendarbot-boot/config", "b"), good: Waiting, harm: put("/run/calendarbot-boot/config", "a"), tells: "the candidate was to run"},
		{step: "81-level-2", resume: "asked", harm: put("/run/calendarbot-boot/config", "b"), tells: "config slot after going back"},
		{step: "90-panic", good: Fail, tells: "did not panic", also: func(f *fixture) {
			if text, err := os.ReadFile(f.at("/proc/sysrq-trigger")); err != nil || string(text) != "c" {
				f.t.Errorf("the trigger got %q, %v", text, err)
			}
		}},
		{step: "90-panic", resume: "panic", harm: func(f *fixture) { impatient(f); f.broken = true }, tells: "not whole"},
		{step: "91-hardware-watchdog", good: Fail, tells: "does not run", harm: put("/sys/class/watchdog/watchdog0/state", "inactive")},
		{step: "91-hardware-watchdog", resume: "dead", harm: put("/proc/uptime", "-100 0"), tells: "that was not its watchdog"},
	}
}

// asBefore asks that each part was set back to what it was.
func asBefore(f *fixture) {
	for _, name := range []string{pooling, piping, warming} {
		if f.seen[name+" auto"] != 1 {
			f.t.Errorf("%s was not set back: %v", name, f.seen)
		}
	}
	if list, err := f.Undone(); err != nil || len(list) != 0 {
		f.t.Errorf("there is still %v to be undone, %v", list, err)
	}
}

// judge runs the step of a line, or goes on with it, as a whole run would.
func (b broken) judge(t *testing.T, f *fixture) Verdict {
	t.Helper()
	for _, s := range Steps() {
		if s.Name != b.step {
			continue
		}
		var v Verdict
		if b.resume != "" {
			v = s.resume(t.Context(), f.Device, Note{Phase: b.resume, Boot: "first", At: time.Now().Add(-50 * time.Second), Clock: true})
		} else {
			v = s.run(t.Context(), f.Device)
		}
		if err := f.Restore(t.Context(), s.Name); err != nil {
			t.Error(err)
		}
		return v
	}
	t.Fatalf("there is no step %s", b.step)
	return Verdict{}
}

// TestStepsTellWhatIsBroken runs each step on a device that is well, and on one whose subject is broken.
func TestStepsTellWhatIsBroken(t *testing.T) {
	for _, b := range table() {
		t.Run(b.step+" "+b.tells, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			if b.set != nil {
				b.set(f)
			}
			want := b.good
			if want == "" {
				want = Pass
			}
			if v := b.judge(t, f); v.Outcome != want || want == Fail && b.harm == nil && !strings.Contains(v.Reason, b.tells) {
				t.Errorf("well: %s %s %v, it is to be %s", v.Outcome, v.Reason, v.Figures, want)
			}
			if b.also != nil {
				b.also(f)
			}
			if b.harm == nil {
				return
			}
			f = newFixture(t)
			if b.set != nil {
				b.set(f)
			}
			b.harm(f)
			if v := b.judge(t, f); v.Outcome != Fail || !strings.Contains(v.Reason, b.tells) {
				t.Errorf("broken: %s %s %v, it is to fail with %q", v.Outcome, v.Reason, v.Figures, b.tells)
			}
		})
	}
}

// TestEachStepCanFail holds that no step was forgotten above: each fails in a line of its own.
func TestEachStepCanFail(t *testing.T) {
	for _, s := range Steps() {
		found, resumed := false, s.resume == nil
		for _, b := range table() {
			fails := b.step == s.Name && b.tells != "" && (b.harm != nil || b.good == Fail)
			found = found || fails
			resumed = resumed || fails && b.resume != ""
		}
		if !found || !resumed {
			t.Errorf("no test breaks what %s judges", s.Name)
		}
	}
}
