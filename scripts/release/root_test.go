package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

var releaseDir = flag.String("release.dir", "", "the folder with the release that is tried, from the root or from this folder")

// packages returns the Debian package of each processor, or skips the test where they cannot be tried.
func packages(t *testing.T) map[string]string {
	t.Helper()
	if *releaseDir == "" {
		t.Skip("no release to try is named; make test-release does")
	}
	if os.Getuid() != 0 {
		t.Skip("dpkg gives files to root and others, which root alone may do")
	}
	for _, tool := range []string{"dpkg", "dpkg-deb", "systemctl", "systemd-sysusers", "deb-systemd-helper", "unshare"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("this machine has no %s (scripts/setup release)", tool)
		}
	}
	found := map[string]string{}
	for _, arch := range []string{"amd64", "arm64"} {
		files, err := filepath.Glob(filepath.Join(*releaseDir, "calendarbot_*_"+arch+".deb"))
		if err != nil {
			t.Fatal(err)
		}
		if len(files) == 0 {
			t.Skipf("%s has no package for %s; make release-snapshot makes them", *releaseDir, arch)
		}
		if len(files) > 1 {
			t.Fatalf("which of %v is it?", files)
		}
		found[arch] = files[0]
	}
	return found
}

// command runs a program, which must succeed, and returns all that it says.
func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// root is a folder with a small Debian in it: dpkg's lists, and nothing that runs.
type root struct {
	t    *testing.T
	dir  string
	arch string
}

// newRoot makes one. What the package depends on stands in dpkg's lists only.
func newRoot(t *testing.T, arch string) root {
	t.Helper()
	r := root{t, filepath.Join(t.TempDir(), "root"), arch}
	for _, dir := range []string{"etc/systemd/system", "usr/bin", "usr/lib/systemd/system", "usr/lib/sysusers.d", "usr/share/doc", "var/lib/dpkg/info", "var/lib/dpkg/updates", "var/log"} {
		if err := os.MkdirAll(filepath.Join(r.dir, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"bin", "lib"} {
		if err := os.Symlink("usr/"+dir, filepath.Join(r.dir, dir)); err != nil {
			t.Fatal(err)
		}
	}
	r.write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n", 0o644)
	r.write("etc/group", "root:x:0:\n", 0o644)
	r.write("usr/bin/systemctl", "", 0o755) // seen by deb-systemd-helper, never run
	for _, other := range []string{"usr/lib/systemd/system/other.service", "usr/lib/sysusers.d/other.conf", "usr/share/doc/other"} {
		r.write(other, "somebody else's\n", 0o644)
	}
	var status strings.Builder
	for _, name := range []string{"systemd", "ca-certificates"} {
		fmt.Fprintf(&status, "Package: %s\nStatus: install ok installed\nMaintainer: Nobody <nobody@localhost>\nArchitecture: all\nMulti-Arch: foreign\nVersion: 252\nDescription: stands in\n\n", name)
	}
	r.write("var/lib/dpkg/status", status.String(), 0o644)
	r.write("var/lib/dpkg/arch", "amd64\narm64\n", 0o644)
	return r
}

func (r root) write(name, text string, mode fs.FileMode) {
	r.t.Helper()
	name = filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		r.t.Fatal(err)
	}
	if err := os.Chmod(name, mode); err != nil {
		r.t.Fatal(err)
	}
}

func (r root) read(name string) string {
	r.t.Helper()
	data, err := os.ReadFile(filepath.Join(r.dir, name))
	if err != nil {
		r.t.Fatal(err)
	}
	return string(data)
}

// has tells whether something of that name is there, be it a link to nowhere.
func (r root) has(name string) bool {
	r.t.Helper()
	_, err := os.Lstat(filepath.Join(r.dir, name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.t.Fatal(err)
	}
	return err == nil
}

// dpkg runs the real one on the root; maintainer scripts run here and are told where the root is. Without an input, so
// that a question would be an error.
func (r root) dpkg(args ...string) string {
	r.t.Helper()
	return command(r.t, "dpkg", append([]string{"--root=" + r.dir, "--log=" + filepath.Join(r.dir, "var/log/dpkg.log"), "--force-script-chrootless", "--path-include=/*"}, args...)...)
}

// status is what dpkg says of the package.
func (r root) status() string {
	r.t.Helper()
	return strings.TrimSpace(command(r.t, "dpkg-query", "--admindir="+filepath.Join(r.dir, "var/lib/dpkg"), "-W", "-f", "${Status} ${Version}", "calendarbot:"+r.arch))
}

// tree tells of each file in a folder what it is: mode, owner, group, and the hash of its bytes or where the link leads. dpkg's own
// lists and the users are left out.
func (r root) tree() map[string]string {
	r.t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(r.dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(r.dir, name)
		if err != nil {
			return err
		}
		if regexp.MustCompile(`^(var/lib/dpkg|var/log)$`).MatchString(rel) {
			return fs.SkipDir
		}
		if regexp.MustCompile(`^etc/(g?shadow|passwd|group|\.pwd\.lock)-?$`).MatchString(rel) {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		owner := info.Sys().(*syscall.Stat_t)
		what := fmt.Sprintf("%v %d:%d", info.Mode(), owner.Uid, owner.Gid)
		switch {
		case info.Mode().IsRegular():
			data, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			what += fmt.Sprintf(" %x", sha256.Sum256(data))
		case info.Mode().Type() == fs.ModeSymlink:
			to, err := os.Readlink(name)
			if err != nil {
				return err
			}
			what += " " + to
		}
		all[rel] = what
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return all
}

// newer makes the package of a later version: its reference configuration and a unit have another line.
func newer(t *testing.T, deb string) (file, version string) {
	t.Helper()
	r := root{t: t, dir: filepath.Join(t.TempDir(), "newer")}
	command(t, "dpkg-deb", "-R", deb, r.dir)
	control := r.read("DEBIAN/control")
	found := regexp.MustCompile(`(?m)^Version: (.*)$`).FindStringSubmatch(control)
	if found == nil {
		t.Fatalf("%s has no version", control)
	}
	version = found[1] + "+later"
	r.write("DEBIAN/control", strings.Replace(control, found[0], "Version: "+version, 1), 0o644)
	for _, name := range []string{"usr/share/calendarbot/calendarbot.example.yaml", "usr/lib/systemd/system/calendarbot.service"} {
		r.write(name, r.read(name)+"# later\n", 0o644)
	}
	// Its sums are of the files before.
	if err := os.Remove(filepath.Join(r.dir, "DEBIAN/md5sums")); err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "newer.deb")
	command(t, "dpkg-deb", "-Znone", "-b", r.dir, file)
	return file, version
}

// field is one field of a package's control file.
func field(t *testing.T, deb, name string) string {
	t.Helper()
	return strings.TrimSpace(command(t, "dpkg-deb", "-f", deb, name))
}

// same compares a file with one of the repository.
func (r root) same(name, source string) {
	r.t.Helper()
	want, err := os.ReadFile(filepath.Join("../..", source))
	if err != nil {
		r.t.Fatal(err)
	}
	if !bytes.Equal([]byte(r.read(name)), want) {
		r.t.Errorf("%s is not %s", name, source)
	}
}
