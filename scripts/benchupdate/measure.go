package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"calendarbot/agent/update/patch"
)

// goal is how big a patch between neighbours may be, of the older way: the program packed whole by zstd at its level 19.
const goal = 0.15

// measure measures everything, in a folder that is thrown away.
func (p plan) measure(ctx context.Context, dir string) ([]row, error) {
	list, err := p.built(ctx, p.pairs+1)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p.arm64 = filepath.Join(dir, "benchupdate-arm64")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", p.arm64, "./scripts/benchupdate")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm64")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build this for the device's processor: %w\n%s", err, out)
	}
	var rows []row
	for i := range len(list) - 1 {
		more, err := p.pair(ctx, dir, self, list[i+1], list[i], i == 0)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	more, err := p.agentUpdate(ctx, dir, self, list[1], list[0])
	if err != nil {
		return nil, err
	}
	rows = append(rows, more...)
	more, err = p.systemUpdate(ctx)
	return append(rows, more...), err
}

// pair measures the way from a commit to its neighbour; the first pair also what applying takes.
func (p plan) pair(ctx context.Context, dir, self string, from, to commit, first bool) ([]row, error) {
	oldName, err := p.build(ctx, from, "arm64")
	if err != nil {
		return nil, err
	}
	newName, err := p.build(ctx, to, "arm64")
	if err != nil {
		return nil, err
	}
	old, err := os.ReadFile(oldName)
	if err != nil {
		return nil, err
	}
	program, err := os.ReadFile(newName)
	if err != nil {
		return nil, err
	}
	zstd, err := output(ctx, "bash", "-o", "pipefail", "-c", `zstd -19 --stdout --quiet "$1" | wc -c`, "bash", newName)
	if err != nil {
		return nil, err
	}
	reference, err := strconv.ParseFloat(strings.TrimSpace(zstd), 64)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	made, err := patch.Make(old, program)
	if err != nil {
		return nil, err
	}
	took := time.Since(began)
	var rows []row
	if first {
		packed, err := patch.Pack(program)
		if err != nil {
			return nil, err
		}
		rows = append(rows,
			row{What: "program", Value: float64(len(program)), Unit: "bytes", Where: "arm64 build"},
			row{What: "program, zstd -19", Value: reference, Unit: "bytes", Against: "the program", Ratio: reference / float64(len(program)), Where: "arm64 build"},
			row{What: "program, as published whole", Value: float64(len(packed)), Unit: "bytes", Against: "zstd -19", Ratio: float64(len(packed)) / reference, Where: "arm64 build"})
	}
	size := row{
		What: "patch to " + to.version + ": " + to.subject, Value: float64(len(made)), Unit: "bytes", Against: "zstd -19", Ratio: float64(len(made)) / reference, Goal: goal, Where: "arm64 builds of neighbouring commits",
	}
	if to.apart {
		size.Goal, size.Where = 0, "arm64 builds, not of neighbours: commits between them cannot be built"
	}
	rows = append(rows, size)
	if !first {
		return rows, nil
	}
	rows = append(rows, row{What: "make that patch", Value: took.Seconds(), Unit: "s", Where: "this machine"})
	name := filepath.Join(dir, "patch")
	if err := os.WriteFile(name, made, 0o644); err != nil {
		return nil, err
	}
	args := []string{"apply", oldName, name, filepath.Join(dir, "program"), strconv.Itoa(len(program))}
	native, err := measured(ctx, self, args...)
	if err != nil {
		return nil, err
	}
	rows = append(rows,
		row{What: "apply it", Value: native.Seconds, Unit: "s", Where: "this machine, " + runtime.GOARCH},
		row{What: "memory to apply it", Value: float64(native.Memory), Unit: "bytes", Where: "this machine, " + runtime.GOARCH})
	if emulator, err := exec.LookPath("qemu-aarch64-static"); err == nil && runtime.GOARCH != "arm64" {
		emulated, err := measured(ctx, emulator, append([]string{p.arm64}, args...)...)
		if err != nil {
			return nil, err
		}
		rows = append(rows,
			row{What: "apply it", Value: emulated.Seconds, Unit: "s", Where: "emulated arm64 (qemu-user)"},
			row{What: "memory to apply it", Value: float64(emulated.Memory), Unit: "bytes", Where: "emulated arm64 (qemu-user), the emulator's own with it"})
	}
	return rows, nil
}
