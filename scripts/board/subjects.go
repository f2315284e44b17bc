package board

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Fault is what is wrong with a program that was built to try updates with: see scripts/board/subject.
type Fault string

// The faults.
const (
	Crash     Fault = "crash"     // ends as soon as it is started
	Later     Fault = "later"     // the healthy program, until a file says that it is to crash
	Silent    Fault = "silent"    // never says that it is ready
	Stall     Fault = "stall"     // says that it is ready, and then nothing more: the watchdog's business
	Unhealthy Fault = "unhealthy" // answers 503 to everything
	Greedy    Fault = "greedy"    // takes ever more memory
)

// Subject builds a program for the device with a fault into a file, and returns its name. The words that have nothing to do with
// the fault go to the program at healthy; "" is the one that is baked.
func Subject(ctx context.Context, fault Fault, version, healthy, file string) (string, error) {
	flags := fmt.Sprintf("-s -w -X main.fault=%s -X main.version=%s", fault, version)
	if healthy != "" {
		flags += " -X main.healthy=" + healthy
	}
	return file, build(ctx, []string{"CGO_ENABLED=0", "GOARCH=arm64", "GOOS=linux"},
		"go", "build", "-trimpath", "-ldflags", flags, "-o", file, "./scripts/board/subject")
}

// Agent builds the program itself, for the device and with another version, into a file, and returns its name.
func Agent(ctx context.Context, version, file string) (string, error) {
	file, err := filepath.Abs(file)
	if err != nil {
		return "", fmt.Errorf("build the agent: %w", err)
	}
	return file, build(ctx, nil, "make", "--no-print-directory", "build-arm64", "VERSION="+version, "TO="+file)
}

// Renumber makes a copy of a program that has another version, as long as its own: a newer one, in no time.
func Renumber(from, old, file, new string) (string, error) {
	data, err := os.ReadFile(from)
	if err != nil {
		return "", fmt.Errorf("give a program another version: %w", err)
	}
	if len(old) != len(new) || !bytes.Contains(data, []byte(old)) {
		return "", fmt.Errorf("give a program another version: %s is not of version %s, or %s is not as long", from, old, new)
	}
	if err := os.WriteFile(file, bytes.ReplaceAll(data, []byte(old), []byte(new)), 0o755); err != nil {
		return "", fmt.Errorf("give a program another version: %w", err)
	}
	return file, nil
}

// repository is the top of this one, from this folder.
const repository = "../.."

// build runs a program at the top of the repository.
func build(ctx context.Context, env []string, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = repository, append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, out)
	}
	return nil
}
