package machine

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Where the repository has the units, and where they expect the program.
const (
	unitFolder  = "../../systemd"
	program     = "/usr/bin/calendarbot"
	requestFile = "/var/lib/calendarbot/rollback/request.json"
	hanging     = "/usr/lib/machine/calendarbot-hang" // built with the tag "hang": SIGUSR2 stops its control loop for ever
)

// buildAgent builds the agent as the device has it, with some tags more.
func buildAgent(t *testing.T, tags ...string) string {
	t.Helper()
	compiler := "aarch64-linux-gnu-gcc"
	if _, err := exec.LookPath(compiler); err != nil {
		t.Skipf("no agent for the machine can be built here: %v (scripts/setup machine)", err)
	}
	binary := filepath.Join(t.TempDir(), "calendarbot")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath",
		"-tags", strings.Join(append([]string{"sqlite_omit_load_extension", "netgo", "osusergo", "nethttpomithttp2"}, tags...), ","),
		"-ldflags", "-s -w -X main.version=machine -linkmode external -extldflags -static", "-o", binary, "../../agent")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1", "CC="+compiler, "GOOS=linux", "GOARCH="+debArch)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the agent: %v: %s", err, out)
	}
	return binary
}

// startAgent boots a machine with the agent installed as on the device, and returns when it has told that it is ready.
func startAgent(t *testing.T, more ...File) *Machine {
	t.Helper()
	files := append(installed(t), more...)
	begin := time.Now()
	m := start(t, files...)
	m.until(t, "systemctl is-active calendarbot.service || systemctl is-failed calendarbot.service")
	if m.run(t, "systemctl is-active calendarbot.service || true") != "active\n" {
		t.Fatal(m.run(t, "systemctl status --no-pager -l calendarbot.service || true; journalctl -u calendarbot.service --no-pager | tail -50"))
	}
	t.Logf("the agent was ready %.1f s after the machine's start", time.Since(begin).Seconds())
	return m
}

// installed are the files of the agent where the device has them, with its units enabled.
func installed(t *testing.T) []File {
	t.Helper()
	files := []File{{Path: program, From: buildAgent(t), Mode: 0o755}}
	for from, to := range map[string]string{
		unitFolder + "/calendarbot*":                   "/usr/lib/systemd/system",
		unitFolder + "/sysusers.d/*.conf":              "/usr/lib/sysusers.d",
		"../../overlay/common/usr/share/calendarbot/*": "/usr/share/calendarbot",
	} {
		found, err := filepath.Glob(from)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: found %q, %v", from, found, err)
		}
		for _, name := range found {
			files = append(files, File{Path: filepath.Join(to, filepath.Base(name)), From: name, Mode: 0o644})
		}
	}
	for target, unit := range map[string]string{"sockets.target": "calendarbot.socket", "multi-user.target": "calendarbot.service"} {
		files = append(files, File{Path: "/etc/systemd/system/" + target + ".wants/" + unit, Text: "/usr/lib/systemd/system/" + unit, Mode: os.ModeSymlink})
	}
	return files
}

// until waits for a script to succeed, and returns how long that took.
func (m *Machine) until(t *testing.T, script string) time.Duration {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), waitTime)
	defer cancel()
	took, err := m.Until(ctx, script)
	if err != nil {
		t.Fatalf("%v\n%s", err, m.run(t, "journalctl --no-pager | tail -50"))
	}
	return took
}

// property is what systemd says about the agent's unit.
func (m *Machine) property(t *testing.T, name string) string {
	t.Helper()
	return strings.TrimSpace(m.run(t, "systemctl show --value -p "+name+" calendarbot.service"))
}

// struck does what makes the agent hang, waits until the watchdog has ended it, it has started once more and answers, and
// returns how long that took.
func (m *Machine) struck(t *testing.T, harm string) time.Duration {
	t.Helper()
	m.run(t, "systemctl reset-failed calendarbot.service")
	before := m.property(t, "InvocationID")
	begin := time.Now()
	m.run(t, harm)
	m.until(t, `test "$(systemctl show --value -p InvocationID calendarbot.service)" != "`+before+`" && systemctl is-active calendarbot.service`)
	answers(t, m.Agent)
	took := time.Since(begin)
	if out := m.run(t, "journalctl --sync; journalctl --no-pager -o cat INVOCATION_ID="+before); !strings.Contains(out, "Watchdog timeout") {
		t.Errorf("the watchdog did not strike:\n%s", out)
	}
	return took
}

// view is the part of the answers of /api/v1/status and /api/v1/pressure that the tests look at.
type view struct {
	Clock struct {
		Trusted bool
		Words   string
	}
	Missing []string
	Signs   []struct {
		Sign string
		Step int
	}
}

// view asks the agent for one of them.
func (m *Machine) view(t *testing.T, path string) (v view) {
	t.Helper()
	if err := json.Unmarshal(m.get(t, path), &v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return v
}

// get asks the agent once, which has to answer well.
func (m *Machine) get(t *testing.T, path string) []byte {
	t.Helper()
	body, err := get(t.Context(), http.DefaultClient, m.Agent+path)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestService(t *testing.T) {
	skipUnlessAsked(t)
	m := startAgent(t, File{Path: hanging, From: buildAgent(t, "hang"), Mode: 0o755})

	t.Run("the clock is not believed before the network told the time", m.clockIsNotBelieved)

	t.Run("the machine is as the device", func(t *testing.T) {
		out := m.run(t, `. /etc/os-release; echo "$VERSION_CODENAME $(uname -m) $(ps -o comm= 1)"; cat /sys/fs/cgroup/cgroup.controllers /proc/pressure/memory; nproc; free -m; systemctl --version | head -1`)
		for _, want := range []string{"trixie aarch64 systemd\n", " memory ", "some avg10="} {
			if !strings.Contains(out, want) {
				t.Errorf("there is no %q", want)
			}
		}
		t.Log(out)
		if _, err := m.Run(t.Context(), "exit 3"); err == nil {
			t.Error("a script that fails is no error")
		}
	})

	t.Run("units are valid", func(t *testing.T) {
		// The others are the card's, and need programs that only an image has.
		t.Log(m.run(t, "cd /usr/lib/systemd/system && systemd-analyze verify --man=no calendarbot.* calendarbot-rollback.* calendarbot-retry.*"))
	})

	t.Run("the agent is shut in", func(t *testing.T) {
		out := m.run(t, "systemd-analyze security --no-pager calendarbot.service")
		found := regexp.MustCompile(`Overall exposure level for calendarbot.service: ([\d.]+)`).FindStringSubmatch(out)
		if found == nil {
			t.Fatal(out)
		}
		if exposure, err := strconv.ParseFloat(found[1], 64); err != nil || exposure > 1.5 {
			t.Errorf("exposure %s, %v; allowed is 1.5\n%s", found[1], err, out)
		}
		t.Logf("exposure %s", found[1])
	})

	t.Run("it is ready", func(t *testing.T) {
		answers(t, m.Agent)
		kind, status := m.property(t, "Type"), m.property(t, "StatusText")
		if !strings.HasPrefix(kind, "notify") || status == "" {
			t.Errorf("type %s, status %q", kind, status)
		}
		t.Logf("type %s, status %q; %s", kind, status, m.run(t, "systemd-analyze time; systemctl show -p MemoryCurrent,MemoryPeak,WatchdogUSec calendarbot.service"))
	})

	t.Run("it measures all that there is, shut in as it is", func(t *testing.T) {
		// That the kernel does not wake it when memory runs short would be told too.
		if v := m.view(t, "/api/v1/pressure"); !slices.Equal(v.Missing, []string{"no thermometer"}) {
			t.Errorf("missing are %q", v.Missing)
		}
	})

	t.Run("its commands work for root and for its user", func(t *testing.T) {
		for _, as := range []string{"", "setpriv --reuid calendarbot --regid calendarbot --clear-groups "} {
			out := m.run(t, as+`calendarbot status; s=$?; test $s = 0 || test $s = 3`)
			if !strings.Contains(out, "version machine, runs for") {
				t.Errorf("%scalendarbot status: %s", as, out)
			}
			if out := m.run(t, as+"calendarbot config show"); !strings.Contains(out, "device.time_zone") {
				t.Errorf("%scalendarbot config show: %s", as, out)
			}
		}
		t.Log(m.run(t, "calendarbot status || true"))
		if out, err := m.Run(t.Context(), "setpriv --reuid nobody --regid nogroup --clear-groups calendarbot config reload"); err == nil {
			t.Errorf("a stranger may have the configuration read again: %s", out)
		} else {
			t.Logf("a stranger is told: %s", out)
		}
	})

	t.Run("it reloads", func(t *testing.T) {
		before := m.property(t, "InvocationID")
		// What the agent tells is in the journal when systemd is asked to write down all that it does.
		out := m.run(t, `systemctl log-level debug; systemctl reload calendarbot.service; systemctl log-level info; journalctl --sync; journalctl --no-pager -o cat | grep -o "Got notification message from PID.*"`)
		if !regexp.MustCompile(`(?s)RELOADING=1.*MONOTONIC_USEC=\d+.*READY=1`).MatchString(out) || m.property(t, "InvocationID") != before {
			t.Errorf("it did not tell of a reload:\n%s", out)
		}
		t.Log(out)
	})

	t.Run("the watchdog ends a stopped program", func(t *testing.T) {
		took := m.struck(t, "systemctl kill --kill-whom=main --signal=STOP calendarbot.service")
		t.Logf("back in service %.1f s after SIGSTOP (WatchdogSec %s)", took.Seconds(), m.property(t, "WatchdogUSec"))
	})

	t.Run("the watchdog ends a deadlock", func(t *testing.T) {
		m.run(t, `systemctl reset-failed calendarbot.service
			mkdir -p /run/systemd/system/calendarbot.service.d
			systemctl cat calendarbot.service | sed -n 's#^ExecStart=[^ ]*#[Service]\nExecStart=\nExecStart=`+hanging+`#p' >/run/systemd/system/calendarbot.service.d/hang.conf
			systemctl daemon-reload && systemctl restart calendarbot.service`)
		answers(t, m.Agent)
		took := m.struck(t, "systemctl kill --kill-whom=main --signal=USR2 calendarbot.service")
		t.Logf("back in service %.1f s after the deadlock (WatchdogSec %s)", took.Seconds(), m.property(t, "WatchdogUSec"))
		m.run(t, "rm /run/systemd/system/calendarbot.service.d/hang.conf; systemctl daemon-reload && systemctl reset-failed && systemctl restart calendarbot.service")
	})

	t.Run("restarts lose no request", func(t *testing.T) {
		restarts := 5 * runs(t)
		// So many starts are a crash loop to systemd, unless they were asked for.
		load := begin(t, m.Agent, 0)
		for range restarts {
			m.run(t, "systemctl reset-failed calendarbot.service calendarbot.socket; systemctl restart calendarbot.service")
		}
		answered, lost := load.end()
		t.Logf("%d restarts, %d requests answered, %d lost", restarts, answered, len(lost))
		if len(lost) > 0 {
			t.Errorf("%d requests were lost; the first: %v", len(lost), errors.Join(lost[:min(len(lost), 20)]...))
		}
		if answered < restarts {
			t.Errorf("only %d requests over %d restarts", answered, restarts)
		}
	})

	t.Run("the clock is believed in the end", m.clockIsBelieved)
	t.Run("a program that is killed again and again", m.killedAgainAndAgain)
	t.Run("a program that ends at once", m.endsAtOnce)
}
