package board

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"calendarbot/hwtest"
)

// hwtestTime is the longest that the hardware test may take in quick mode on an emulated board: on a real one it takes three minutes.
const hwtestTime = 25 * time.Minute

// TestHardwareTest runs the hardware test on an emulated board from the flashed image, as a person does with hwtest/run. What the test says
// of it is kept in dist/hwtest.
func TestHardwareTest(t *testing.T) {
	n := newBench(t)
	n.seed(t, Settings{Hostname: "kitchen", Zone: "Europe/Berlin", PIN: personPIN})
	b := n.on(t)
	b.boots(t, "first boot")
	b.confirm(t)
	before := b.asFound(t)
	t.Logf("before it:\n%s", before)

	t.Run("quick", func(t *testing.T) {
		begin := time.Now()
		said, err := b.proved(t, t.Context(), "quick", "--quick", "--emulated")
		t.Logf("hwtest/run --quick took %.0f s:\n%s", time.Since(begin).Seconds(), said)
		if err != nil {
			t.Error(err)
		}
		judgeReport(t, "quick", nil)
		b.isAsFound(t, before)
	})
	if !all() || t.Failed() {
		return
	}
	t.Run("panic", func(t *testing.T) {
		said, err := b.proved(t, t.Context(), "panic", "--quick", "--only", "90-panic", "--panic", "--emulated")
		t.Logf("%s", said)
		if err != nil || !strings.Contains(said, "PASS 90-panic") {
			t.Errorf("a panic of the kernel: %v", err)
		}
		// The unit of the image went on with it, not hwtest/run.
		if ran := b.run(t, "systemctl show -P ExecMainStartTimestampMonotonic calendarbot-hwtest-resume.service"); ran == "0" {
			t.Error("calendarbot-hwtest-resume.service did not run")
		}
		b.isAsFound(t, before)
	})
	t.Run("power cut", func(t *testing.T) {
		const cutIn = "31-pipeline"
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_, _ = b.proved(t, ctx, "cut", "--quick", "--emulated") // cut off
		}()
		b.until(t, hwtestTime, `grep -q '"current": "`+cutIn+`"' /data/hwtest/run.json && calendarbot features list | grep -q '^request_pipeline *off *runtime'`)
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		cancel()
		<-ended
		b = n.on(t)
		b.comes(t, "after the power cut", b.shows)
		// Nobody asks it to.
		took := b.until(t, hwtestTime, "test -e /data/hwtest/report.json && ! systemctl is-active calendarbot-hwtest-resume.service")
		t.Logf("the run was gone on with for %.0f s:\n%s", took.Seconds(), b.run(t, "cat /data/hwtest/log"))
		b.bring(t, "cut")
		judgeReport(t, "cut", []string{cutIn})
		b.isAsFound(t, before)
	})
}

// confirm has the system of a new device confirmed, without waiting for that as long as the device does, and keeps it from copying itself to
// the other slot meanwhile: what takes time on an emulated board is to be the hardware test.
func (r *running) confirm(t *testing.T) {
	t.Helper()
	r.run(t, `systemctl stop calendarbot-clone.timer calendarbot-clone.service
		mkdir -p /run/systemd/system/calendarbot-trial.service.d
		printf '[Service]\nExecStart=\nExecStart=/usr/bin/calendarbot slots judge --for 5s --every 2s\n' >/run/systemd/system/calendarbot-trial.service.d/soon.conf
		systemctl daemon-reload; systemctl restart calendarbot-trial.service`)
	r.until(t, waitTime, bootState+" get BOOT_A_LEFT | grep -qx 9 && ! systemctl is-active calendarbot-trial.service")
	r.run(t, "rm -r /run/systemd/system/calendarbot-trial.service.d; systemctl daemon-reload")
	// What starting left to be done is not the hardware test's.
	r.until(t, waitTime, "systemctl is-system-running | grep -qx -e running -e degraded")
}

// reports is where they are kept.
var reports = filepath.Join(repository, "dist", "hwtest")

// proved runs hwtest/run for the board, keeps its reports as emulated-NAME, and returns what it printed.
func (r *running) proved(t *testing.T, ctx context.Context, name string, flags ...string) (said string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, hwtestTime)
	defer cancel()
	folder := t.TempDir()
	login := r.Login()
	host := login[len(login)-1]
	login = append(login[:len(login)-1:len(login)-1], "-n", "-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=60", "-o", "ServerAliveInterval=30", "-o", "ServerAliveCountMax=4")
	c := exec.CommandContext(ctx, "hwtest/run", append([]string{"--out", folder, host}, flags...)...)
	c.Dir = repository
	c.Env = append(os.Environ(), "CALENDARBOT_SSH="+strings.Join(login, " "))
	c.WaitDelay = time.Second
	out, err := c.CombinedOutput()
	for _, ending := range []string{"json", "xml"} {
		if data, wrong := os.ReadFile(filepath.Join(folder, "report."+ending)); wrong == nil {
			err = errors.Join(err, keepReport(name, ending, data))
		}
	}
	return string(out), err
}

// bring keeps the reports that lie on the board.
func (r *running) bring(t *testing.T, name string) {
	t.Helper()
	for _, ending := range []string{"json", "xml"} {
		if err := keepReport(name, ending, []byte(r.run(t, "cat /data/hwtest/report."+ending))); err != nil {
			t.Fatal(err)
		}
	}
}

func keepReport(name, ending string, data []byte) error {
	if err := os.MkdirAll(reports, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(reports, fmt.Sprintf("emulated-%s.%s", name, ending)), data, 0o644)
}

// judgeReport asks for each step in a report that is kept: it passed, or was skipped for a reason. Those that were cut have failed.
func judgeReport(t *testing.T, name string, cut []string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(reports, "emulated-"+name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var report hwtest.Record
	if err := json.Unmarshal(data, &report); err != nil {
		t.Fatal(err)
	}
	for _, step := range hwtest.Steps() {
		i := slices.IndexFunc(report.Results, func(r hwtest.Result) bool { return r.Step == step.Name })
		if i < 0 {
			t.Errorf("%s is not in the report", step.Name)
			continue
		}
		switch result := report.Results[i]; {
		case slices.Contains(cut, step.Name):
			if result.Outcome != hwtest.Fail || !strings.Contains(result.Reason, "in the middle of this step") {
				t.Errorf("%s: %s %s, though it was cut", step.Name, result.Outcome, result.Reason)
			}
		case result.Outcome == hwtest.Skip && len(result.Reason) < 15, result.Outcome != hwtest.Skip && result.Outcome != hwtest.Pass:
			t.Errorf("%s: %s %s", step.Name, result.Outcome, result.Reason)
		}
	}
	if len(report.Results) != len(hwtest.Steps()) || report.Count(hwtest.Pass) < len(report.Results)/2 {
		t.Errorf("of %d steps %d passed, %d were skipped; there are %d", len(report.Results), report.Count(hwtest.Pass), report.Count(hwtest.Skip), len(hwtest.Steps()))
	}
	t.Logf("%s: %d passed, %d failed, %d skipped", name, report.Count(hwtest.Pass), report.Count(hwtest.Fail), report.Count(hwtest.Skip))
}

// asFound is all of a device that a hardware test may change, and has to leave as it was.
func (r *running) asFound(t *testing.T) string {
	t.Helper()
	return r.run(t, `walk() { for f in "$1"/*; do
			case $f in */work) continue;; esac
			if [ -d "$f" ] && [ ! -L "$f" ]; then echo "$f/"; walk "$f"; elif [ -f "$f" ]; then sha256sum "$f"; fi
		done; }
		echo "configuration:"; cd /data; walk config
		echo "slots:"; walk slots; walk agent; head -c 4000 slots/*.json; `+bootState+` show 2>&1 | grep -v '^#'
		cat /run/calendarbot-boot/config
		echo "parts:"; calendarbot features list | awk '{ print $1, $2, $3 }'; calendarbot config show
		echo "kernel:"; cat /proc/sys/kernel/panic /proc/sys/kernel/panic_on_oops
		echo "units:"; systemctl list-units --failed --plain --no-legend; systemctl show -P ActiveState calendarbot.service calendarbot.socket ssh.socket calendarbot-trial.service
		sha256sum "/proc/$(systemctl show -P MainPID calendarbot.service)/exe" | cut -d ' ' -f 1
		echo "other files:"; ls -A /data`)
}

// isAsFound compares a device with what was found, but for what the hardware test leaves: its log, its lock and its reports.
func (r *running) isAsFound(t *testing.T, before string) {
	t.Helper()
	if left := r.run(t, "ls -A /data/hwtest"); left != "lock\nlog\nreport.json\nreport.xml" {
		t.Errorf("/data/hwtest has %q", left)
	}
	after := r.asFound(t)
	was, is := strings.Split(before, "\n"), strings.Split(after, "\n")
	for _, line := range was {
		if !slices.Contains(is, line) {
			t.Errorf("gone since: %s", line)
		}
	}
	for _, line := range is {
		if !slices.Contains(was, line) && line != "hwtest" {
			t.Errorf("new since: %s", line)
		}
	}
}
