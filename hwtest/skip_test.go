package hwtest

import (
	"strings"
	"testing"
)

// TestEmulatedBoard runs all steps of quick mode on a board without a radio, a screen, a thermometer, a watchdog, and with too few cores: nothing
// fails for want of hardware, and each step that is skipped says why.
func TestEmulatedBoard(t *testing.T) {
	f := newFixture(t)
	for _, name := range []string{"/sys/class/thermal", "/sys/class/net/wlan0", "/sys/class/drm", "/sys/class/hwmon", "/sys/class/watchdog", "/sys/devices/system/cpu/cpu3",
		"/sys/devices/system/cpu/cpu2", "/sys/devices/system/cpu/cpu0/cpufreq", "/proc/device-tree/system", "/data/slots", "/sys/fs/ext4"} {
		f.drop(name)
	}
	f.put("/data/none", "")
	f.put("/fake/show.manager", "RuntimeWatchdogUSec=0\nUserspaceTimestampMonotonic=60000000\nFinishTimestampMonotonic=300000000\n")
	code, said := f.command(t.Context(), "--quick", "--emulated", "--wireless", "--rollback")
	if code != exitGood {
		t.Errorf("status %d: %s", code, said)
	}
	var r Record
	if err := f.load(jsonReport, &r); err != nil {
		t.Fatal(err)
	}
	for _, result := range r.Results {
		if result.Outcome == Skip && len(result.Reason) < 15 {
			t.Errorf("%s is skipped for no reason: %q", result.Step, result.Reason)
		}
	}
}

// TestSkipped holds why steps are skipped on a real board.
func TestSkipped(t *testing.T) {
	drop := func(name string) func(*fixture) { return func(f *fixture) { f.drop(name) } }
	put := func(name, text string) func(*fixture) { return func(f *fixture) { f.put(name, text) } }
	trial := func(f *fixture) { impatient(f); f.put("/fake/show.calendarbot-trial.service", "ActiveState=active\n") }
	for _, c := range []struct {
		step  string
		set   func(*fixture)
		tells string
	}{
		{"14-firmware-time", put("/fake/show.manager", "FirmwareTimestampMonotonic=0\n"), "nobody counts"},
		{"21-radio-reconnect", drop(radio), "no wlan0"},
		{"21-radio-reconnect", put(radio+"/operstate", "down"), "in no network"},
		{"22-access-point", put("/fake/show.calendarbot-ap.service", "LoadState=loaded\nActiveState=inactive\n"), "its own is off"},
		{"24-picture", put("/sys/class/drm/card0-HDMI-A-1/status", "disconnected"), "no screen"},
		{"26-under-voltage", drop("/sys/class/hwmon"), "no driver"},
		{"27-card-wear", drop("/sys/fs/ext4"), "no counter"},
		{"30-pools", func(f *fixture) { f.off = true }, "emergency"},
		{"31-pipeline", func(f *fixture) { f.level = "tight"; impatient(f) }, "scarce"},
		{"32-together", func(f *fixture) { f.stuck, f.reason, f.Emulated = true, "pressure", true }, "too slow"},
		{"33-budgets", func(f *fixture) { f.off = true }, "emergency"},
		{"40-level-1", func(f *fixture) { f.off = true }, "already"},
		{"61-thermal", drop("/sys/class/thermal"), "thermometer"},
		{"70-update", put("/data/slots/agent.json", `{"active":"b","trial":{"slot":"a"}}`), "on trial"},
		{"80-level-3", put("/data/slots/agent.json", `{"active":""}`), "nothing to go back to"},
		{"80-level-3", put("/data/slots/agent.json", `{"active":"b","trial":{"slot":"a"}}`), "on trial"},
		{"81-level-2", put("/run/calendarbot-boot/config", "b"), "stable one"},
		{"81-level-2", drop("/run/calendarbot-boot/config"), "no configuration slots"},
		{"90-panic", drop("/proc/sysrq-trigger"), "no sysrq"},
		{"50-hang", trial, "something is on trial"},
		{"70-update", trial, "something is on trial"},
		{"80-level-3", trial, "something is on trial"},
		{"81-level-2", trial, "something is on trial"},
		{"90-panic", trial, "something is on trial"},
		{"91-hardware-watchdog", trial, "something is on trial"},
	} {
		f := newFixture(t)
		c.set(f)
		if v := (broken{step: c.step}).judge(t, f); v.Outcome != Skip || !strings.Contains(v.Reason, c.tells) {
			t.Errorf("%s: %v, it is to be skipped with %q", c.step, v, c.tells)
		}
	}
	f := newFixture(t)
	f.drop("/run/systemd/timesync/synchronized")
	f.Waits = 0
	if v := (broken{step: "91-hardware-watchdog", resume: "dead"}).judge(t, f); v.Outcome != Skip || !strings.Contains(v.Reason, "without a clock") {
		t.Errorf("%v", v)
	}
}
