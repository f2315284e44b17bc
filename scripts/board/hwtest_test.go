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

	"calendarbot/agent/slot"
	"calendarbot/hwtest"
)

// hwtestTime is the longest that a run of the hardware test may take here on an emulated board: in quick mode a real one takes three minutes.
const hwtestTime = 40 * time.Minute

// TestHardwareTest runs the hardware test on an emulated board from the flashed image, as a person does with hwtest/run. What the test says
// of it is kept in dist/hwtest.
func TestHardwareTest(t *testing.T) {
	t.Parallel()
	n := newBench(t)
	n.seed(t, Settings{Hostname: "kitchen", Zone: "Europe/Berlin", PIN: personPIN})
	b := n.on(t)
	b.boots(t, "first boot")
	b.letsIn(t)
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
		judgeSteps(t, readReport(t, "quick"), hwtest.Steps(), nil)
		b.isAsFound(t, before)
	})
	t.Run("its unit", func(t *testing.T) {
		// What only looks sees the same in the unit that goes on with a run, which has less than root's rights.
		b.lookInUnit(t)
		judgeSteps(t, b.keptReport(t, "unit"), looking(), nil)
		b.isAsFound(t, before)
	})
	if !all() || t.Failed() {
		return
	}
	t.Run("copied", func(t *testing.T) {
		if err := build(t.Context(), nil, "make", "--no-print-directory", "hwtest"); err != nil {
			t.Fatal(err)
		}
		said, err := b.proved(t, t.Context(), "copied", "--copy", "", "--emulated", "--only", "10-board")
		if err != nil || !strings.Contains(said, "copying bin/") || !strings.Contains(said, "PASS 10-board") {
			t.Errorf("%v: %s", err, said)
		}
		b.isAsFound(t, before)
	})
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
		b.letsIn(t)
		// Nobody asks it to.
		took := b.until(t, hwtestTime, "test -e /data/hwtest/report.json && ! systemctl is-active calendarbot-hwtest-resume.service")
		t.Logf("the run was gone on with for %.0f s:\n%s", took.Seconds(), b.run(t, "cat /data/hwtest/log"))
		judgeSteps(t, b.keptReport(t, "cut"), hwtest.Steps(), []string{cutIn})
		b.isAsFound(t, before)
	})
}

// provesUpdates runs the hardware test's steps that change versions: on a device that took a program, with another one in the repository.
func (h *home) provesUpdates(t *testing.T, b *running, c *channel) {
	if !all() {
		t.Skip("some updates are asked for, not all")
	}
	defer b.log(t)
	offered := func() string {
		file, version := c.file()
		if _, err := Agent(t.Context(), version, file); err != nil {
			t.Fatal(err)
		}
		c.offer(t, slot.Agent, version, file)
		return version
	}
	own := offered()
	b.take(t)
	b.await(t, slot.Agent, bootTime, judged(own))
	b.runsAgain(t, own)
	offered()
	said, err := b.proved(t, t.Context(), "updates", "--emulated", "--only", "70-update,80-level-3,81-level-2", "--rollback",
		"--update-url", fmt.Sprintf("http://%s:%d/updates/", HostAddress, h.Port))
	t.Logf("%s", said)
	if err != nil || !strings.Contains(said, "3 passed, 0 failed, 0 skipped") {
		t.Errorf("the steps that change versions: %v", err)
	}
	b.runsAgain(t, own)
	if got := b.run(t, "cat /run/calendarbot-boot/config; ls -A /data/hwtest"); got != "a\nlock\nlog\nreport.json\nreport.xml" {
		t.Errorf("the configuration and what is left are %q", got)
	}
	b.keepsPerson(t)
}

// letsIn waits until somebody can log in, which a computer with much else to do makes take minutes after a boot.
func (r *running) letsIn(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), waitTime)
	defer cancel()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		if _, err := r.Run(ctx, "true"); err == nil {
			return
		} else if ctx.Err() != nil {
			t.Fatal(err)
		}
		<-tick.C
	}
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

// looking are the steps that change nothing.
func looking() []hwtest.Step {
	return slices.DeleteFunc(hwtest.Steps(), func(s hwtest.Step) bool { return s.Changes != "" || !s.In(hwtest.Quick) })
}

// lookInUnit has the unit go on with a run that was cut short before its first step, of the steps that look only.
func (r *running) lookInUnit(t *testing.T) {
	t.Helper()
	run := hwtest.Record{Options: hwtest.Options{Mode: hwtest.Quick, Emulated: true}, Began: time.Now()}
	for _, s := range looking() {
		run.Options.Only = append(run.Options.Only, s.Name)
	}
	text, err := json.Marshal(run)
	if err != nil {
		t.Fatal(err)
	}
	r.run(t, "rm /data/hwtest/report.json; echo '"+string(text)+"' >/data/hwtest/run.json; systemctl start calendarbot-hwtest-resume.service")
	r.until(t, waitTime, "test -e /data/hwtest/report.json && ! systemctl is-active calendarbot-hwtest-resume.service")
}

// proved runs hwtest/run for the board, keeps its reports as emulated-NAME, and returns what it printed. Flags before "" go in front of
// the board's name.
func (r *running) proved(t *testing.T, ctx context.Context, name string, flags ...string) (said string, err error) {
	t.Helper()
	in := slices.Index(flags, "") // -1 where there is none
	args := append([]string{}, flags[:max(in, 0)]...)
	ctx, cancel := context.WithTimeout(ctx, hwtestTime)
	defer cancel()
	folder := t.TempDir()
	login := r.Login()
	host := login[len(login)-1]
	login = append(login[:len(login)-1:len(login)-1], "-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=60", "-o", "ServerAliveInterval=30", "-o", "ServerAliveCountMax=4")
	c := exec.CommandContext(ctx, "hwtest/run", append(append(args, "--out", folder, host), flags[in+1:]...)...)
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

// keptReport keeps the reports that lie on the board.
func (r *running) keptReport(t *testing.T, name string) hwtest.Record {
	t.Helper()
	for _, ending := range []string{"json", "xml"} {
		if err := keepReport(name, ending, []byte(r.run(t, "cat /data/hwtest/report."+ending))); err != nil {
			t.Fatal(err)
		}
	}
	return readReport(t, name)
}

func keepReport(name, ending string, data []byte) error {
	if err := os.MkdirAll(reports, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(reports, fmt.Sprintf("emulated-%s.%s", name, ending)), data, 0o644)
}

// readReport reads one that is kept.
func readReport(t *testing.T, name string) (report hwtest.Record) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(reports, "emulated-"+name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &report); err != nil {
		t.Fatal(err)
	}
	return report
}

// judgeSteps asks for each of some steps in a report: it passed, or was skipped for a reason. Those that were cut have failed.
func judgeSteps(t *testing.T, report hwtest.Record, steps []hwtest.Step, cut []string) {
	t.Helper()
	for _, step := range steps {
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
	if len(report.Results) != len(steps) || report.Count(hwtest.Pass) < len(report.Results)/2 {
		t.Errorf("of %d steps %d passed, %d were skipped; there are %d", len(report.Results), report.Count(hwtest.Pass), report.Count(hwtest.Skip), len(steps))
	}
	t.Logf("%d passed, %d failed, %d skipped", report.Count(hwtest.Pass), report.Count(hwtest.Fail), report.Count(hwtest.Skip))
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
