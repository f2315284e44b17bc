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

	"calendarbot/agent/update/publish"
)

// agentUpdate has the updater take an update of the agent into a root of its own, from a repository in a folder, and counts what it hands to the
// disk. The programs are this machine's, for the updater runs what it took.
func (p plan) agentUpdate(ctx context.Context, dir, self string, from, to commit) ([]row, error) {
	old, err := p.build(ctx, from, runtime.GOARCH)
	if err != nil {
		return nil, err
	}
	program, err := p.build(ctx, to, runtime.GOARCH)
	if err != nil {
		return nil, err
	}
	updater := filepath.Join(dir, "calendarbot-update")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w -X main.version="+from.version, "-o", updater, "./agent/updater")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the updater: %w\n%s", err, out)
	}
	stubs := filepath.Join(dir, "stubs") // there is no systemd in that root
	if err := os.MkdirAll(stubs, 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(stubs, "systemctl"), []byte("#!/bin/sh\n"), 0o755); err != nil {
		return nil, err
	}
	var rows []row
	for _, way := range []struct {
		name    string
		patches int
	}{{"by a patch", 1}, {"whole", 0}} {
		place := filepath.Join(dir, "device"+strconv.Itoa(way.patches))
		root := filepath.Join(place, "root")
		keys, repo := filepath.Join(place, "keys"), filepath.Join(place, "repo")
		if err := fill(keys, repo, from, to, old, program, way.patches); err != nil {
			return nil, err
		}
		if err := lay(root, old, filepath.Join(keys, "root.json")); err != nil {
			return nil, err
		}
		c, err := measured(ctx, "env", "PATH="+stubs+":"+os.Getenv("PATH"), self, "watch", updater, "apply", "--kind", "agent", "--root", root, "--from", repo)
		if err != nil {
			return nil, err
		}
		if got, err := os.ReadFile(filepath.Join(root, "data", "slots", "agent.json")); err != nil || !strings.Contains(string(got), to.version) {
			return nil, fmt.Errorf("the updater did not take %s: %w\n%s", to.version, err, got)
		}
		where := "this machine, " + runtime.GOARCH + ", a root in a folder"
		rows = append(rows,
			row{What: "update of the agent " + way.name + ": written", Value: float64(c.Written), Unit: "bytes", Where: where},
			row{What: "update of the agent " + way.name, Value: c.Seconds, Unit: "s", Where: where},
			row{What: "update of the agent " + way.name + ": memory of the updater", Value: float64(c.Memory), Unit: "bytes", Where: where})
	}
	return rows, nil
}

// fill makes a repository with both programs.
func fill(keys, repo string, from, to commit, old, program string, patches int) error {
	now := time.Now()
	shares := publish.UsualShares()
	shares[publish.Root] = publish.Share{Keys: 1, Threshold: 1}
	if err := publish.NewKeys(keys, shares, nil, now); err != nil {
		return err
	}
	k, err := publish.LoadKeys(keys, nil)
	if err != nil {
		return err
	}
	r, err := publish.Open(repo, k)
	if err != nil {
		return err
	}
	if err := r.Create(now); err != nil {
		return err
	}
	for _, release := range []publish.Release{
		{Version: from.version, Channel: "stable", Percent: 100, Agent: old},
		{Version: to.version, Channel: "stable", Percent: 100, Agent: program, Patches: patches},
	} {
		if _, err := r.Add(now, release); err != nil {
			return err
		}
	}
	return nil
}

// lay makes the root of a device that runs a program.
func lay(root, program, tufRoot string) error {
	for to, from := range map[string]string{"usr/bin/calendarbot": program, "usr/share/calendarbot/update/root.json": tufRoot} {
		data, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, to)), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(root, to), data, 0o755); err != nil {
			return err
		}
	}
	return os.MkdirAll(filepath.Join(root, "data", "slots"), 0o755)
}

// systemUpdate reckons what an update of the system writes: the bundle, and the slot that it holds.
func (p plan) systemUpdate(ctx context.Context) ([]row, error) {
	bundles, err := filepath.Glob(filepath.Join(p.image, "*.raucb"))
	if err != nil || len(bundles) == 0 {
		return nil, err
	}
	newest := bundles[len(bundles)-1]
	info, err := os.Stat(newest)
	if err != nil {
		return nil, err
	}
	list, err := output(ctx, "unsquashfs", "-lln", newest)
	if err != nil {
		return nil, err
	}
	var slot float64
	for line := range strings.Lines(list) {
		fields := strings.Fields(line)
		if len(fields) < 6 || !strings.HasPrefix(fields[0], "-") {
			continue
		}
		size, err := strconv.ParseFloat(fields[2], 64)
		if err != nil {
			return nil, err
		}
		slot = max(slot, size)
	}
	size := float64(info.Size())
	return []row{
		{What: "bundle of the system", Value: size, Unit: "bytes", Where: filepath.Base(newest)},
		{What: "slot of the system", Value: slot, Unit: "bytes", Where: "inside of the bundle"},
		{What: "update of the system: written", Value: size + slot, Unit: "bytes", Where: "reckoned: bundle and slot"},
	}, nil
}
