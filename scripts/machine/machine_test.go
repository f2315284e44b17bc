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

// asked is the environment variable that asks for these tests. Emulating four processors beside much else makes the machine so slow that
// its watchdog strikes, so they are not run with all the others.
const asked = "CALENDARBOT_MACHINE"

// skipUnlessAsked skips a test that is not asked for.
func skipUnlessAsked(t *testing.T) {
	t.Helper()
	if os.Getenv(asked) == "" {
		t.Skipf("it wants this computer for itself; to run it: %s=1 go test -v -timeout 40m ./scripts/machine", asked)
	}
}

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
