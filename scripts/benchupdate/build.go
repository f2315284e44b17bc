package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// commit is one of the repository.
type commit struct {
	hash, version, subject string
	apart                  bool // others that cannot be built lie between it and the next in a list: no neighbours
}

// commits are the newest that change the program, the newest first; each and the next are neighbours, for what lies between them
// changes nothing of it.
func commits(ctx context.Context, n int) ([]commit, error) {
	text, err := output(ctx, "git", "log", "--no-merges", fmt.Sprintf("--max-count=%d", n), "--format=%H%x00%ct%x00%h%x00%s", "--",
		"agent/*.go", "go.mod", ":!agent/**_test.go", ":!agent/update/publish", ":!agent/update/repository", ":!agent/update/install", ":!agent/updater", ":!agent/house", ":!agent/differential")
	if err != nil {
		return nil, err
	}
	var list []commit
	for line := range strings.Lines(text) {
		fields := strings.SplitN(strings.TrimSpace(line), "\x00", 4)
		if len(fields) == 4 {
			list = append(list, commit{hash: fields[0], version: "0.0.1-dev." + fields[1] + ".g" + fields[2], subject: fields[3]})
		}
	}
	return list, nil
}

// built are the newest n commits that can be built; one that cannot is left out, and told.
func (p plan) built(ctx context.Context, n int) ([]commit, error) {
	list, err := commits(ctx, 4*n)
	if err != nil {
		return nil, err
	}
	var good []commit
	for _, c := range list {
		if _, err := p.build(ctx, c, "arm64"); ctx.Err() != nil {
			return nil, ctx.Err()
		} else if err != nil {
			fmt.Fprintf(p.said, "left out: %v\n", err)
			if len(good) > 0 {
				good[len(good)-1].apart = true
			}
			continue
		}
		if good = append(good, c); len(good) == n {
			return good, nil
		}
	}
	return nil, fmt.Errorf("of the newest %d commits %d can be built, and it takes %d", len(list), len(good), n)
}

// build builds the agent of a commit just as the Makefile of today would, unless it lies there already.
func (p plan) build(ctx context.Context, c commit, arch string) (string, error) {
	name := filepath.Join(p.builds, "calendarbot-"+c.version+"-"+arch)
	if _, err := os.Stat(name); err == nil {
		return name, nil
	}
	fmt.Fprintf(p.said, "building %s for %s\n", c.version, arch)
	tree := filepath.Join(p.builds, "tree-"+arch)
	if err := os.RemoveAll(tree); err != nil {
		return "", err
	}
	if err := os.MkdirAll(tree, 0o755); err != nil {
		return "", err
	}
	const unpack = `git archive "$1" | tar -x -C "$2"`
	if _, err := output(ctx, "bash", "-o", "pipefail", "-c", unpack, "bash", c.hash, tree); err != nil {
		return "", err
	}
	// The same as the Makefile's, but for one processor or the other, and of no use to git.
	args := []string{
		"build", "-C", tree, "-buildvcs=false", "-trimpath", "-tags", "sqlite_omit_load_extension,netgo,osusergo,nethttpomithttp2",
		"-ldflags", "-s -w -X main.version=" + c.version + " -linkmode external -extldflags -static", "-o", name, "./agent",
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1", "GOARCH="+arch)
	if arch == "arm64" {
		cmd.Env = append(cmd.Env, "CC=aarch64-linux-gnu-gcc")
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", c.version, err, out)
	}
	return name, os.RemoveAll(tree)
}

// output is what a program says.
func output(ctx context.Context, name string, args ...string) (string, error) {
	var said strings.Builder
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("run %s: %w: %s", name, err, strings.TrimSpace(said.String()))
	}
	return string(out), nil
}
