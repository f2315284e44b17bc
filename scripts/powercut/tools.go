package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"calendarbot/agent/update/publish"
)

// The versions that there are: the one of the system, and two in the repository.
const (
	baked  = "1.0.0"
	newer  = "1.1.0"
	newest = "1.2.0"
)

// programSize is about how long the programs are, in bytes: many blocks of a file system, and few seconds to make a patch of.
const programSize = 1 << 20

// tools is what is tried, built so that it kills itself before a durable step, and what it updates to.
type tools struct {
	agent, updater string // the programs
	fake           string // a folder with what stands in for the system's programs
	url            string // of the repository
	root           []byte // the keys that a device is baked with
	programs       map[string][]byte
	now            time.Time
	server         *httptest.Server
}

// newTools builds the programs in a folder and serves a repository on loopback. It ends with close.
func newTools(ctx context.Context, repository, folder string) (*tools, error) {
	t := &tools{
		agent: filepath.Join(folder, "calendarbot"), updater: filepath.Join(folder, "calendarbot-update"), fake: filepath.Join(folder, "fake"),
		programs: map[string][]byte{}, now: time.Now().UTC().Truncate(time.Second),
	}
	for _, version := range []string{baked, newer, newest} {
		t.programs[version] = program(version)
	}
	// With the flags of the Makefile, so that what was built once need not be compiled again.
	build := []string{"build", "-trimpath", "-tags", "sqlite_omit_load_extension,netgo,osusergo,nethttpomithttp2,powercut", "-ldflags", "-X main.version=" + baked, "-o"}
	for _, one := range []struct{ out, source, cgo string }{{t.agent, "./agent", "1"}, {t.updater, "./agent/updater", "0"}} {
		c := exec.CommandContext(ctx, "go", append(build[:len(build):len(build)], one.out, one.source)...)
		c.Dir = repository
		c.Env = append(os.Environ(), "CGO_ENABLED="+one.cgo)
		if said, err := c.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build %s: %w\n%s", one.source, err, said)
		}
	}
	if err := os.MkdirAll(t.fake, 0o755); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(t.fake, "systemctl"), []byte("#!/bin/sh\nexit 0\n"), 0o755); err != nil {
		return nil, err
	}
	public := filepath.Join(folder, "public")
	if err := t.publish(filepath.Join(folder, "keys"), public, folder); err != nil {
		return nil, fmt.Errorf("publish a repository: %w", err)
	}
	t.server = httptest.NewServer(http.FileServer(http.Dir(public)))
	t.url = t.server.URL
	return t, nil
}

func (t *tools) close() { t.server.Close() }

// program is one that says its version, and is as long as one: most of it is the same in each.
func program(version string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "#!/bin/sh\necho calendarbot %s\nexit 0\n", version)
	x := uint32(1)
	for line := 0; b.Len() < programSize; line++ {
		if line%97 == 0 {
			b.WriteString(version)
		}
		for range 8 {
			x ^= x << 13
			x ^= x >> 17
			x ^= x << 5
			fmt.Fprintf(&b, "%08x", x)
		}
		b.WriteByte('\n')
	}
	return []byte(b.String())
}

func (t *tools) publish(keys, public, folder string) error {
	began := t.now.Add(-time.Hour)
	one := publish.Share{Keys: 1, Threshold: 1}
	shares := map[string]publish.Share{}
	for _, role := range publish.Roles() {
		shares[role] = one
	}
	if err := publish.NewKeys(keys, shares, nil, began); err != nil {
		return err
	}
	loaded, err := publish.LoadKeys(keys, nil)
	if err != nil {
		return err
	}
	r, err := publish.Open(public, loaded)
	if err != nil {
		return err
	}
	if err := r.Create(began); err != nil {
		return err
	}
	name, former := filepath.Join(folder, "program"), filepath.Join(folder, "former")
	for i, version := range []string{newer, newest} {
		err := errors.Join(os.WriteFile(name, t.programs[version], 0o755), os.WriteFile(former, t.programs[[]string{baked, newer}[i]], 0o755))
		if err != nil {
			return err
		}
		release := publish.Release{Version: version, Channel: "stable", Percent: 100, Agent: name, From: []string{former}}
		if _, err := r.Add(began, release); err != nil {
			return err
		}
	}
	t.root, err = os.ReadFile(filepath.Join(keys, "root.json"))
	return err
}
