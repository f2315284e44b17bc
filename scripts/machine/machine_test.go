package machine

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// The longest that booting may take on a host that has much else to do, and the longest that anything in it may.
const (
	bootTime = 15 * time.Minute
	waitTime = 4 * time.Minute
)

// prepare returns the machine's parts, or skips the test where there are none to be had.
func prepare(t *testing.T) Parts {
	t.Helper()
	program := filepath.Join(t.TempDir(), "guest")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "./guest")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+debArch)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the guest: %v: %s", err, out)
	}
	begin := time.Now()
	parts, err := Prepare(t.Context(), program, "root")
	if errors.Is(err, ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("prepared in %.1f s", time.Since(begin).Seconds())
	return parts
}

// start boots a machine with some files.
func start(t *testing.T, files ...File) *Machine {
	t.Helper()
	parts := prepare(t)
	ctx, cancel := context.WithTimeout(t.Context(), bootTime)
	defer cancel()
	begin := time.Now()
	m, err := Start(ctx, parts, files)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("booted in %.1f s", time.Since(begin).Seconds())
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the machine's last words:\n%s", m.Console())
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// run runs a script in the machine, which must succeed.
func (m *Machine) run(t *testing.T, script string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), waitTime)
	defer cancel()
	out, err := m.Run(ctx, script)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestMachineIsADebianWithMemoryControlAndPressure(t *testing.T) {
	m := start(t)
	out := m.run(t, `. /etc/os-release; echo "$VERSION_CODENAME $(uname -m) $(ps -o comm= 1)"
		cat /sys/fs/cgroup/cgroup.controllers /proc/pressure/memory; free -m; systemd-analyze time; systemd-analyze blame | head -20; systemctl --failed; cat /proc/uptime`)
	t.Log(out)
	if _, err := m.Run(t.Context(), "exit 3"); err == nil {
		t.Error("a script that fails is no error")
	}
}
